"""The exercises of notebooks/10_conv1d."""

import numpy as np
import pandas as pd
from sklearn.metrics import recall_score

from .registry import exercise


def _check_steps_left(answer) -> None:
    block = [("conv", 5, "same"), ("pool", 2)]
    three = 3 * block
    narrowing = [("conv", 5, "valid")]
    pool = [("pool", 3)]
    cases = (
        (40, three, 5),
        (188, three, 23),
        (40, narrowing, 36),
        (7, pool, 2),
        (9, [], 9),
    )
    for n, layers, expected in cases:
        got = answer(n, layers)
        assert got is not None, "the function returns nothing yet"
        assert got == expected, f"of {n} steps, {layers} should leave {expected}, not {got}"


@exercise("10.1", _check_steps_left)
def steps_left(n: int, layers: list[tuple]) -> int:
    """How many steps come out of convolutions (stride 1) and poolings in a row."""
    for kind, size, *padding in layers:
        if kind == "pool":
            n = n // size
        elif padding == ["valid"]:
            n = n - size + 1
    return n


def _check_average_recall(answer) -> None:
    y = np.repeat([0, 1, 3], [8, 2, 1])
    said = np.repeat([0, 1, 2], [9, 1, 1])
    got = answer(y, said)
    assert got is not None, "the function returns nothing yet"
    accuracy = np.mean(y == said)
    same = np.isclose(got, accuracy)
    assert not same, "that is the accuracy: here each label should count the same"
    expected = recall_score(y, said, labels=[0, 1, 3], average="macro")
    right = np.isclose(got, expected)
    hint = f"mean recall of the labels that occur in y: {expected:.3f}, not {got:.3f}"
    assert right, hint


@exercise("10.2", _check_average_recall)
def average_recall(y: np.ndarray, said: np.ndarray) -> float:
    """The unweighted average recall: of each label that occurs the share that was found, and their
    mean.
    """
    recalls = []
    for label in np.unique(y):
        its_own = said[y == label]
        found = its_own == label
        recalls.append(found.mean())
    mean = np.mean(recalls)
    return float(mean)


def _check_clip_means(answer) -> None:
    ids = np.array(["b", "a", "b", "c", "b"])
    rng = np.random.default_rng(0)
    alpha = np.ones(4)
    proba = rng.dirichlet(alpha, len(ids))
    got = answer(proba, ids)
    assert got is not None, "the function returns nothing yet"
    shape = np.shape(got)
    assert shape == (3, 4), f"three clips and four labels: shape (3, 4), not {shape}"
    expected = []
    for name in ("a", "b", "c"):
        windows = proba[ids == name]
        expected.append(windows.mean(axis=0))
    right = np.allclose(got, expected)
    hint = "one row a clip, in the order of the sorted ids: the mean over its windows"
    assert right, hint


@exercise("10.3", _check_clip_means)
def clip_means(proba: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """One row of probabilities a clip, the mean over its windows, by the sorted ids."""
    windows = pd.DataFrame(proba, index=ids)
    clips = windows.groupby(level=0)
    return clips.mean().to_numpy()
