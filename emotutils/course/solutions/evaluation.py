"""The exercises of notebooks/11_evaluation."""

import numpy as np
from scipy.stats import binomtest

from ...evaluation import reliability
from ...evaluation.calibration import ece as measured
from .registry import exercise


def _check_specificity(answer) -> None:
    two = [
        [8, 2],
        [1, 9],
    ]
    three = [
        [3, 0, 1],
        [1, 2, 0],
        [0, 1, 2],
    ]
    rare = [
        [50, 0, 0],
        [5, 0, 0],
        [0, 0, 45],
    ]
    cases = (
        (two, [0.9, 0.8]),
        (three, [5 / 6, 6 / 7, 6 / 7]),
        (rare, [0.9, 1, 1]),
    )
    for confusion, expected in cases:
        counts = np.array(confusion)
        got = answer(counts.copy())
        assert got is not None, "the function returns nothing yet"
        n_labels = len(counts)
        assert np.shape(got) == (n_labels,), "give one number a label"
        recall = counts.diagonal() / counts.sum(axis=1)
        swapped = np.allclose(got, recall)
        assert not swapped, "that is the sensitivity: of a label's own rows, the share found"
        right = np.allclose(got, expected)
        rounded = np.round(expected, 3).tolist()
        assert right, f"for {confusion} it should be {rounded}"


@exercise("11.1", _check_specificity)
def specificity(confusion: np.ndarray) -> np.ndarray:
    """Of all rows that do not have a label, the share that is not given it; one number a label."""
    hits = np.diag(confusion)
    rows = confusion.sum(axis=1)
    answers = confusion.sum(axis=0)
    others = confusion.sum() - rows
    false_alarms = answers - hits
    return 1 - false_alarms / others


def _check_wilson(answer) -> None:
    cases = (
        (7, 10),
        (2474, 3589),
        (0, 20),
        (20, 20),
    )
    for hits, n in cases:
        got = answer(hits, n)
        assert got is not None, "the function returns nothing yet"
        assert np.shape(got) == (2,), "give two numbers: low and high"
        found = binomtest(hits, n).proportion_ci(method="wilson")
        share = hits / n
        variance = share * (1 - share) / n
        plain = 1.96 * np.sqrt(variance)
        around = (share - plain, share + plain)
        naive = np.allclose(got, around, atol=1e-4)
        if n <= 20:
            hint = f"share ± 1.96 · error is not Wilson's: see what it gives for {hits} of {n}"
            assert not naive, hint
        expected = (found.low, found.high)
        right = np.allclose(got, expected, atol=1e-4)
        hint = f"for {hits} of {n} it should be {found.low:.4f} to {found.high:.4f}"
        assert right, hint


@exercise("11.2", _check_wilson)
def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (1927)."""
    z = 1.96
    share = hits / n
    widened = 1 + z**2 / n
    variance = share * (1 - share) / n
    variance += z**2 / (4 * n**2)
    middle = share + z**2 / (2 * n)
    middle /= widened
    reach = z * np.sqrt(variance) / widened
    return middle - reach, middle + reach


def _check_ece(answer) -> None:
    rng = np.random.default_rng(0)
    cases = (
        (1, 3, 10),
        (200, 3, 10),
        (500, 7, 15),
    )
    for n, k, bins in cases:
        alpha = np.full(k, 0.6)
        proba = rng.dirichlet(alpha, n)
        y = rng.integers(0, k, n)
        if k == 7:  # unsure rows are right, so that not all bins err to the same side
            unsure = proba.max(axis=1) < 0.6
            y[unsure] = proba[unsure].argmax(axis=1)
        got = answer(y.copy(), proba.copy(), bins)
        assert got is not None, "the function returns nothing yet"
        table = reliability(y, proba, bins)
        expected = measured(table)
        gaps = table["confidence"] - table["accuracy"]
        unweighted = gaps.abs().mean()
        assert not np.isnan(got), "an empty bin has no mean: leave it out"
        if n > 1:
            naive = np.isclose(got, unweighted)
            assert not naive, "weigh each bin by its rows"
        right = np.isclose(got, expected)
        hint = f"for {n} rows, {k} labels, {bins} bins it should be {expected:.4f}"
        assert right, hint


@exercise("11.3", _check_ece)
def calibration_error(y: np.ndarray, proba: np.ndarray, bins: int) -> float:
    """The mean gap between how sure a network is and how often it is right, over bins of equal
    width.
    """
    sure = proba.max(axis=1)
    right = proba.argmax(axis=1) == y
    bin_of = (sure * bins).astype(int)
    bin_of = np.minimum(bin_of, bins - 1)  # a probability of 1 belongs to the last bin
    total = 0.0
    for b in np.unique(bin_of):
        inside = bin_of == b
        gap = sure[inside].mean() - right[inside].mean()
        total += inside.mean() * abs(gap)
    return total
