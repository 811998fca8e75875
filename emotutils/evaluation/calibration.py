"""Whether a network's probabilities can be believed, and what it gains by saying "not sure".

Taught in notebooks/11_evaluation.
"""

import numpy as np
import pandas as pd

from .metrics import BINS, bin_of, check, normalised, wilson


def reliability(y: np.ndarray, proba: np.ndarray, bins: int = BINS) -> pd.DataFrame:
    """How often a network is right when it says that it is so and so sure (Guo et al. 2017).

    Parameters
    ----------
    y : int (n,) true labels.
    proba : (n, k) probabilities.
    bins : of equal width, for the largest probability of each row.

    Returns
    -------
    One row a bin (``low``, ``high``]: ``n`` rows, their mean ``confidence`` and ``accuracy`` (NaN
    in an empty bin), and ``accuracy_low``, ``accuracy_high``: Wilson's 95 % interval, which takes
    rows for independent.

    Raises
    ------
    ValueError : bad input, as in ``score``, or rows that do not add up to 1.

    Examples
    --------
    >>> y = np.array([0, 0, 1, 1])
    >>> proba = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.2, 0.8]])
    >>> table = reliability(y, proba, bins=2)
    >>> table[["low", "high", "n", "confidence", "accuracy"]]
       low  high  n  confidence  accuracy
    0  0.0   0.5  0         NaN       NaN
    1  0.5   1.0  4         0.8      0.75
    """
    y = np.asarray(y)
    proba = np.asarray(proba)
    check(y, proba, proba.shape[-1])
    confidence = normalised(proba).max(axis=1)
    predicted = proba.argmax(axis=1)
    right = predicted == y
    index = bin_of(confidence, bins)
    # Sums over the rows of each bin, (bins,).
    n = np.bincount(index, minlength=bins)
    total_confidence = np.bincount(index, weights=confidence, minlength=bins)
    hits = np.bincount(index, weights=right, minlength=bins)

    edges = np.linspace(0, 1, bins + 1)
    table = pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "n": n,
        }
    )
    with np.errstate(invalid="ignore"):
        table["confidence"] = total_confidence / n
        table["accuracy"] = hits / n
    intervals = []
    for bin_hits, bin_n in zip(hits, n, strict=True):
        ends = wilson(bin_hits, bin_n)
        intervals.append(ends)
    table[["accuracy_low", "accuracy_high"]] = np.array(intervals)
    return table


def ece(table: pd.DataFrame) -> float:
    """Expected calibration error of a ``reliability`` table, 0..1: the mean gap between confidence
    and accuracy.

    Examples
    --------
    >>> table = pd.DataFrame({"n": [3, 1], "confidence": [0.9, 0.6], "accuracy": [1.0, 0.0]})
    >>> round(ece(table), 3)
    0.225
    """
    n = table["n"]
    gaps = table["confidence"] - table["accuracy"]
    weighted = gaps.abs() * n
    mean = weighted.sum() / n.sum()
    return float(mean)


def risk_coverage(y: np.ndarray, proba: np.ndarray) -> pd.DataFrame:
    """What is gained by answering only when sure (El-Yaniv and Wiener 2010).

    Parameters
    ----------
    y : int (n,) true labels.
    proba : (n, k) probabilities.

    Returns
    -------
    One row a ``threshold`` that the largest probability must reach, highest first: ``coverage``,
    the share of rows then answered, and ``risk``, the error rate among these; all 0..1.

    Raises
    ------
    ValueError : as ``reliability``.
    """
    y = np.asarray(y)
    proba = np.asarray(proba)
    check(y, proba, proba.shape[-1])
    confidence = normalised(proba).max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    surest_first = confidence[order]
    predicted = proba.argmax(axis=1)
    wrong = predicted != y

    # Equally sure rows are answered together: a step ends where the next row is less sure.
    less_sure_next = np.diff(surest_first) != 0
    is_last = np.append(less_sure_next, True)
    last = np.flatnonzero(is_last)
    answered = last + 1
    coverage = answered / len(y)
    errors_so_far = np.cumsum(wrong[order])
    errors = errors_so_far[last]
    return pd.DataFrame(
        {
            "threshold": surest_first[last],
            "coverage": coverage,
            "risk": errors / answered,
        }
    )
