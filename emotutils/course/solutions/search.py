"""The exercises of notebooks/06_hyperparameter_search."""

import numpy as np
from scipy.stats import t as student

from .registry import exercise


def _check_fits(answer) -> None:
    grid = {"epochs": (5, 10, 50), "batch_size": (10, 20, 50, 100)}
    two = {"activation": ("relu", "tanh")}
    cases = (
        (two, 3, 1, False, 6),
        (grid, 3, 1, False, 36),
        (grid, 5, 2, False, 120),
        (grid, 5, 1, True, 61),
        (grid, 5, 2, True, 121),
    )
    for space, folds, repeats, refit, expected in cases:
        got = answer(space, folds, repeats, refit)
        assert got is not None, "the function returns nothing yet"
        lengths = [str(len(values)) for values in space.values()]
        sizes = " × ".join(lengths)
        case = f"{sizes} points, folds={folds}, repeats={repeats}, refit={refit}"
        assert got == expected, f"{case} makes {expected} fits, not {got}"


@exercise("06.1", _check_fits)
def fits(space: dict, folds: int, repeats: int, refit: bool) -> int:
    """How many networks a grid search trains."""
    points = 1
    for values in space.values():
        points *= len(values)
    in_folds = points * folds * repeats
    return in_folds + int(refit)


def _check_interval(answer) -> None:
    rng = np.random.default_rng(0)
    cases = (
        (3, 1600, 800),
        (6, 1600, 800),
        (5, 80, 20),
    )
    for k, n_train, n_test in cases:
        scores = rng.normal(0.5, 0.02, k)
        got = answer(scores, n_train, n_test)
        assert got is not None, "the function returns nothing yet"
        assert np.shape(got) == (2,), "give two numbers: low and high"
        quantile = student.ppf(0.975, k - 1)
        deviation = scores.std(ddof=1)
        factor = quantile * deviation
        expected = factor * np.sqrt(1 / k + n_test / n_train)
        low, high = got
        half = (high - low) / 2
        narrow = np.isclose(half, factor / np.sqrt(k))
        hint = "too narrow: folds share training rows, so add n_test / n_train to 1 / k"
        assert not narrow, hint
        by_k = np.sqrt((k - 1) / k)
        divided_by_k = np.isclose(half, expected * by_k)
        assert not divided_by_k, "divide by k − 1: std(ddof=1)"
        mean = scores.mean()
        from_here = mean - expected
        to_here = mean + expected
        right = np.allclose(got, (from_here, to_here))
        assert right, (
            f"for {scores.round(3).tolist()} of {n_train} and {n_test} rows it should be "
            f"{from_here:.4f} to {to_here:.4f}"
        )


@exercise("06.2", _check_interval)
def interval(scores, n_train: int, n_test: int) -> tuple[float, float]:
    """The 95 % interval of a mean over folds (Nadeau and Bengio 2003)."""
    scores = np.asarray(scores)
    k = len(scores)
    factor = 1 / k + n_test / n_train
    variance = factor * scores.var(ddof=1)
    quantile = student.ppf(0.975, k - 1)
    reach = quantile * np.sqrt(variance)
    mean = scores.mean()
    return mean - reach, mean + reach


def _check_holm(answer) -> None:
    cases = {
        (0.01,): [0.01],
        (0.01, 0.04): [0.02, 0.04],
        (0.04, 0.01, 0.03): [0.06, 0.03, 0.06],
        (0.5, 0.6, 0.001): [1, 1, 0.003],
        (0.7, 0.9): [1, 1],
    }
    for values, expected in cases.items():
        p = list(values)
        got = answer(p.copy())
        assert got is not None, "the function returns nothing yet"
        n = len(p)
        assert len(got) == n, f"{n} values in, {n} values out"
        right = np.allclose(got, expected)
        rounded = np.round(got, 4).tolist()
        assert right, f"p = {p} gives {expected}, not {rounded}"


@exercise("06.3", _check_holm)
def holm(p) -> np.ndarray:
    """p-values corrected for their number (Holm 1979), in the order given."""
    p = np.asarray(p, dtype=float)
    n = len(p)
    order = p.argsort()
    left = np.arange(n, 0, -1)
    raised = p[order] * left
    rising = np.maximum.accumulate(raised)
    corrected = np.empty(n)
    corrected[order] = np.minimum(rising, 1)
    return corrected
