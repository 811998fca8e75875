"""Is one network better than another? Taught in notebooks/11_evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from .metrics import RESAMPLES, check, codes_of, per_unit, percentiles, weights
from .reports import Score


@dataclass(frozen=True)
class Comparison:
    """What ``compare`` finds of networks a and b on the same rows.

    Attributes
    ----------
    n, n_groups : rows, and independent groups among them (``None``: every row is its own).
    accuracy, uar : ``Score`` of a minus b, -1..1.
    only_a, only_b : how many rows only one of them has right; for several seeds the mean over their
        pairs.
    p : of McNemar's exact test (1947) that both err equally often; ``None`` with groups or several
        seeds, because its rows must be independent and each right or wrong.
    """

    n: int
    n_groups: int | None
    accuracy: Score
    uar: Score
    only_a: float
    only_b: float
    p: float | None

    @property
    def real(self) -> bool:
        """Whether the interval of the difference in accuracy leaves out 0."""
        return self.accuracy.low > 0 or self.accuracy.high < 0

    def __str__(self) -> str:
        value, low, high = (
            100 * v for v in (self.accuracy.value, self.accuracy.low, self.accuracy.high)
        )
        return f"{value:+.1f} points ({low:.1f} to {high:.1f})"


def compare(
    y: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    groups: Sequence | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Compare two networks' answers to the same rows: a hard row is hard for both, so pairs tell
    more than two scores.

    Intervals are the middle 95 % of a bootstrap that draws rows (or groups) with both answers.

    Parameters
    ----------
    y : int (n,) true labels.
    a, b : (n, k) probabilities, or (s, n, k) of s trainings with different seeds. A row then counts
        by its mean over the seeds: the interval speaks of other rows or speakers, not of other
        seeds.
    groups : (n,) speaker, film …, as for ``score``.
    resamples, seed : of the bootstrap.

    Raises
    ------
    ValueError : a and b differ in rows or labels, or any of what ``score`` refuses.
    """
    y, a, b = np.asarray(y), np.asarray(a), np.asarray(b)
    groups = None if groups is None else np.asarray(groups)
    if a.shape[-2:] != b.shape[-2:]:
        raise ValueError(
            f"two networks must answer the same rows with the same labels, not {a.shape} and {b.shape}"
        )
    right_a, right_b = _right(y, a, groups), _right(y, b, groups)
    occurs = np.eye(a.shape[-1])[y]
    sums = per_unit(
        codes_of(groups, len(y)), np.hstack([occurs * (right_a - right_b)[:, None], occurs])
    )
    drawn = np.concatenate([_differences(w @ sums) for w in weights(len(sums), resamples, seed)])
    values = _differences(sums.sum(axis=0, keepdims=True))[0]
    accuracy, uar = (Score(float(v), *percentiles(d)) for v, d in zip(values, drawn.T, strict=True))
    only_a, only_b = float((right_a * (1 - right_b)).sum()), float((right_b * (1 - right_a)).sum())
    p, apart = None, round(only_a + only_b)
    if groups is None and a.size == b.size == a.shape[-2] * a.shape[-1]:
        p = float(binomtest(round(only_a), apart).pvalue) if apart else 1.0
    return Comparison(
        len(y), None if groups is None else len(sums), accuracy, uar, only_a, only_b, p
    )


def difference(a: Score, b: Score) -> Score:
    """a minus b of two scores from unlike rows, from nothing but their intervals.

    "Square and add" (Newcombe 1998, Statistics in Medicine 17, method 10). On the same rows
    ``compare`` is sharper.
    """
    d = a.value - b.value
    low = d - np.hypot(a.value - a.low, b.high - b.value)
    return Score(d, float(low), float(d + np.hypot(a.high - a.value, b.value - b.low)))


def _right(y: np.ndarray, proba: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """How often each row is answered right, (n,) in 0..1: over one training's answers or the mean
    of several.
    """
    several = proba[None] if proba.ndim == 2 else proba
    for one in several:
        check(y, one, proba.shape[-1], groups)
    return (several.argmax(axis=2) == y).mean(axis=0)


def _differences(sums: np.ndarray) -> np.ndarray:
    """Accuracy and UAR, a minus b, from each label's sum of differences and its number of rows: (m,
    2k) → (m, 2).
    """
    gained, rows = np.split(sums, 2, axis=1)
    with np.errstate(invalid="ignore"):
        recall = np.where(rows > 0, gained / rows, 0)
    return np.stack(
        [gained.sum(axis=1) / rows.sum(axis=1), recall.sum(axis=1) / (rows > 0).sum(axis=1)], axis=1
    )
