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
    y, proba : (n,) true labels and (n, k) probabilities.
    bins : of equal width, for the largest probability of each row.

    Returns
    -------
    One row a bin (``low``, ``high``]: ``n`` rows, their mean ``confidence`` and ``accuracy`` (NaN
    in an empty bin), and ``accuracy_low``, ``accuracy_high``: Wilson's 95 % interval, which takes
    rows for independent.

    Raises
    ------
    ValueError : bad input, as in ``score``, or rows that do not add up to 1.
    """
    y, proba = np.asarray(y), np.asarray(proba)
    check(y, proba, proba.shape[-1])
    top, right = normalised(proba).max(axis=1), proba.argmax(axis=1) == y
    held = bin_of(top, bins)
    n, sure, hits = (np.bincount(held, weights=w, minlength=bins) for w in (None, top, right))
    edges = np.linspace(0, 1, bins + 1)
    bounds = np.array([wilson(h, m) for h, m in zip(hits, n, strict=True)])
    with np.errstate(invalid="ignore"):
        means = {"confidence": sure / n, "accuracy": hits / n}
    return pd.DataFrame(
        {"low": edges[:-1], "high": edges[1:], "n": n}
        | means
        | {"accuracy_low": bounds[:, 0], "accuracy_high": bounds[:, 1]}
    )


def ece(table: pd.DataFrame) -> float:
    """Expected calibration error of a ``reliability`` table, 0..1: the mean gap between confidence
    and accuracy.
    """
    gaps = (table["confidence"] - table["accuracy"]).abs() * table["n"]
    return float(gaps.sum() / table["n"].sum())


def risk_coverage(y: np.ndarray, proba: np.ndarray) -> pd.DataFrame:
    """What is gained by answering only when sure (El-Yaniv and Wiener 2010).

    Parameters
    ----------
    y, proba : (n,) true labels and (n, k) probabilities.

    Returns
    -------
    One row a ``threshold`` that the largest probability must reach, highest first: ``coverage``,
    the share of rows then answered, and ``risk``, the error rate among these; all 0..1.

    Raises
    ------
    ValueError : as ``reliability``.
    """
    y, proba = np.asarray(y), np.asarray(proba)
    check(y, proba, proba.shape[-1])
    top, wrong = normalised(proba).max(axis=1), proba.argmax(axis=1) != y
    order = np.argsort(-top, kind="stable")
    last = np.flatnonzero(
        np.append(np.diff(top[order]) != 0, True)
    )  # equally sure rows are answered together
    answered = last + 1
    risk = np.cumsum(wrong[order])[last] / answered
    return pd.DataFrame(
        {"threshold": top[order][last], "coverage": answered / len(y), "risk": risk}
    )
