"""The exercises of notebooks/01_background."""

import numpy as np

from .registry import exercise


def _check_softmax(answer) -> None:
    third = 1 / 3
    three_equal = [5, 5, 5]
    last_twice = [0, 0, np.log(2)]
    cases = (
        ([[0, 0]], [[0.5, 0.5]]),
        ([[1, 2, 3]], [[0.09003, 0.24473, 0.66524]]),
        (
            [three_equal, last_twice],
            [[third, third, third], [0.25, 0.25, 0.5]],
        ),
    )
    for scores, expected in cases:
        with np.errstate(all="ignore"):
            z = np.array(scores, float)
            got = answer(z)
        assert got is not None, "the function returns nothing yet"
        shape = np.shape(scores)
        assert np.shape(got) == shape, f"{shape} in, {shape} out"
        totals = np.sum(got, axis=1)
        hint = "each row must sum to 1: add up along axis 1, with keepdims=True"
        assert np.allclose(totals, 1), hint
        right = np.allclose(got, expected, atol=1e-4)
        assert right, f"for {scores} it should be {expected}"
    extreme = (
        [[1000.0, 1000.0, 0.0]],
        [[-1000.0, -1000.0, -2000.0]],
    )
    for scores in extreme:
        with np.errstate(all="ignore"):
            got = answer(np.array(scores))
        finite = np.isfinite(got).all()
        hint = "e¹⁰⁰⁰ is no number for a computer: what may be taken from all scores of a row?"
        assert finite, hint
        expected = [[0.5, 0.5, 0.0]]
        right = np.allclose(got, expected)
        assert right, f"for {scores} it should be {expected}"
    two_rows = [
        [1000.0, 999.0],
        [0.0, 1.0],
    ]
    two_rows = np.array(two_rows)
    with np.errstate(all="ignore"):
        got = answer(two_rows)
    expected = [
        [0.73106, 0.26894],
        [0.26894, 0.73106],
    ]
    right = np.allclose(got, expected, atol=1e-4)
    assert right, "take each row's own maximum from it"


@exercise("01.1", _check_softmax)
def softmax(z: np.ndarray) -> np.ndarray:
    """Probabilities (n, k) from scores (n, k). The largest exponent is 0, so that nothing
    overflows.
    """
    largest = z.max(axis=1, keepdims=True)
    e = np.exp(z - largest)
    return e / e.sum(axis=1, keepdims=True)


def _check_step(answer) -> None:
    rng = np.random.default_rng(0)
    cases = (
        (5, 1, 0.1),
        (40, 3, 0.02),
    )
    for n, k, rate in cases:
        X = rng.normal(size=(n, k))
        y = rng.normal(size=n)
        w = rng.normal(size=k)
        b = 0.5
        got = answer(w.copy(), b, X.copy(), y.copy(), rate)
        assert got is not None, "the function returns nothing yet"
        assert len(got) == 2, "give the new w and the new b"
        new_w, new_b = got
        assert np.shape(new_w) == (k,), f"the new w should have the shape ({k},)"
        predicted = X @ w + b
        error = predicted - y
        of_w = 2 * X.T @ error / n
        of_b = 2 * error.mean()
        gradient = np.append(of_w, of_b)
        moved = np.append(new_w - w, new_b - b)
        expected = -rate * gradient
        uphill = np.allclose(moved, -expected)
        assert not uphill, "that is uphill: the gradient points to where the loss grows"
        summed = np.allclose(moved, n * expected)
        assert not summed, "the loss is a mean: divide by the number of rows"
        halved = np.allclose(moved, expected / 2)
        assert not halved, "the slope of a square has a factor of 2"
        w_is_right = np.allclose(moved[:-1], expected[:-1])
        b_stays = np.isclose(moved[-1], 0)
        assert not (w_is_right and b_stays), "b takes a step too"
        right = np.allclose(moved, expected)
        assert right, "compare your gradient with finite differences, as in section 9"


@exercise("01.2", _check_step)
def gradient_step(
    w: np.ndarray, b: float, X: np.ndarray, y: np.ndarray, rate: float
) -> tuple[np.ndarray, float]:
    """One step of gradient descent for y ≈ X w + b, where the loss is the mean squared error."""
    predicted = X @ w + b
    error = predicted - y
    of_w = 2 * X.T @ error / len(y)
    of_b = 2 * error.mean()
    new_w = w - rate * of_w
    new_b = b - rate * of_b
    return new_w, new_b


def _check_precision_recall(answer) -> None:
    y = np.repeat(["joy", "fear", "calm"], [4, 2, 2])
    said = np.array(["joy", "joy", "fear", "joy", "joy", "joy", "calm", "joy"])
    cases = {
        "joy": (3 / 6, 3 / 4),
        "calm": (1, 1 / 2),
        "fear": (0, 0),
    }
    for label, expected in cases.items():
        got = answer(y.copy(), said.copy(), label)
        assert got is not None, "the function returns nothing yet"
        assert np.shape(got) == (2,), "give two numbers: precision and recall"
        precision, recall = expected
        if precision != recall:
            other_order = (recall, precision)
            swapped = np.allclose(got, other_order)
            assert not swapped, "the right numbers in the wrong order: precision first"
        right = np.allclose(got, expected)
        hint = f"for {label} it should be {precision:.2f} and {recall:.2f}"
        assert right, hint
    always_joy = np.full(8, "joy")
    with np.errstate(all="ignore"):
        precision, recall = answer(y, always_joy, "calm")
    assert np.isnan(precision), (
        "of no answers at all no share is right: the precision of a label never said is nan"
    )
    assert recall == 0, "a label that is never said is never found: its recall is 0"


@exercise("01.3", _check_precision_recall)
def precision_recall(y: np.ndarray, said: np.ndarray, label: str) -> tuple[float, float]:
    """Of the answers ``label`` the share that is right, and of the rows with that label the share
    that is found.
    """
    has_label = y == label
    gets_label = said == label
    found = np.sum(has_label & gets_label)
    answers = np.sum(gets_label)
    rows = np.sum(has_label)
    precision = np.nan
    recall = np.nan
    if answers:
        precision = found / answers
    if rows:
        recall = found / rows
    return precision, recall


def _check_read_curves(answer) -> None:
    still_learning = {
        "accuracy": [0.3, 0.5, 0.7, 0.9],
        "val_accuracy": [0.3, 0.45, 0.44, 0.4],
    }
    best_at_the_end = {
        "accuracy": [0.2, 0.3, 0.4],
        "val_accuracy": [0.2, 0.3, 0.35],
    }
    twice_the_same = {
        "accuracy": [0.3, 0.6, 0.605, 0.61],
        "val_accuracy": [0.3, 0.5, 0.4, 0.5],
    }
    falls_at_the_end = {
        "accuracy": [0.3, 0.6, 0.9, 0.5],
        "val_accuracy": [0.3, 0.5, 0.4, 0.4],
    }
    cases = (
        (still_learning, (2, True)),
        (best_at_the_end, (3, False)),
        (twice_the_same, (2, False)),
        (falls_at_the_end, (2, False)),
    )
    for history, expected in cases:
        got = answer({name: list(values) for name, values in history.items()})
        assert got is not None, "the function returns nothing yet"
        assert np.shape(got) == (2,), "give two things: the epoch, and True or False"
        epoch, rises = got
        right_epoch, right_rises = expected
        assert epoch != right_epoch - 1, "epochs are counted from 1, a list from 0"
        hint = f"the highest of {history['val_accuracy']} is first reached in epoch {right_epoch}"
        assert epoch == right_epoch, hint
        hint = (
            f"training: {history['accuracy']}; compare the last epoch with epoch {right_epoch}: "
            f"it should be {right_rises}"
        )
        assert bool(rises) == right_rises, hint


@exercise("01.4", _check_read_curves)
def read_curves(history: dict[str, list[float]]) -> tuple[int, bool]:
    """The epoch with the best validation, and whether training rises by more than 0.02 after it."""
    best = int(np.argmax(history["val_accuracy"]))
    training = history["accuracy"]
    rises = training[-1] - training[best] > 0.02
    return best + 1, bool(rises)
