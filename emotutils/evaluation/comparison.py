"""Is one network better than another? Taught in notebooks/11_evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from .figures import Score
from .metrics import RESAMPLES, Units, check, one_hot


@dataclass(frozen=True)
class Comparison:
    """What ``compare`` finds of networks a and b on the same rows.

    Attributes
    ----------
    n, n_groups : rows, and independent groups among them (``None``: every row is its own; of two
        crossed groupings the number of the one with fewer).
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
        """Whether the interval of the difference in accuracy leaves out 0; without an interval
        nothing is shown.
        """
        if self.accuracy.low is None:
            return False
        return self.accuracy.low > 0 or self.accuracy.high < 0

    def __str__(self) -> str:
        value = 100 * self.accuracy.value
        if self.accuracy.low is None:
            return f"{value:+.1f} points (no interval)"
        low = 100 * self.accuracy.low
        high = 100 * self.accuracy.high
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
    groups : (n,) speaker, film …, or (n, 2) of two that are crossed, as for ``score``.
    resamples, seed : of the bootstrap.

    Raises
    ------
    ValueError : a and b differ in rows or labels, or any of what ``score`` refuses.

    Examples
    --------
    >>> y = np.array([0, 0, 0, 1, 1, 1])
    >>> a = np.eye(2)[[0, 0, 0, 1, 1, 0]]
    >>> b = np.eye(2)[[0, 1, 1, 1, 1, 0]]
    >>> found = compare(y, a, b)
    >>> round(found.accuracy.value, 3), found.only_a, found.only_b
    (0.333, 2.0, 0.0)
    >>> found.p
    0.5
    >>> found.real
    False
    """
    y = np.asarray(y)
    a = np.asarray(a)
    b = np.asarray(b)
    if groups is not None:
        groups = np.asarray(groups)
    if a.shape[-2:] != b.shape[-2:]:
        raise ValueError(
            "two networks must answer the same rows with the same labels, "
            f"not {a.shape} and {b.shape}"
        )
    right_a = _right(y, a, groups)
    right_b = _right(y, b, groups)
    gain = right_a - right_b
    occurs = one_hot(y, a.shape[-1])  # (n, k)
    gained = occurs * gain[:, None]
    per_row = np.hstack([gained, occurs])
    units = Units.of(groups, len(y))
    accuracy, uar = _resampled_differences(units, per_row, resamples, seed)

    right_in_a_only = right_a * (1 - right_b)
    right_in_b_only = right_b * (1 - right_a)
    only_a = float(right_in_a_only.sum())
    only_b = float(right_in_b_only.sum())
    one_training_each = a.size == b.size == y.size * a.shape[-1]
    p = None
    n_groups = None
    if groups is not None:
        n_groups = units.fewest
    elif one_training_each:
        p = _mcnemar(round(only_a), round(only_b))
    return Comparison(
        n=len(y),
        n_groups=n_groups,
        accuracy=accuracy,
        uar=uar,
        only_a=only_a,
        only_b=only_b,
        p=p,
    )


def difference(a: Score, b: Score) -> Score:
    """a minus b of two scores from unlike rows, from nothing but their intervals.

    "Square and add" (Newcombe 1998, Statistics in Medicine 17, method 10). On the same rows
    ``compare`` is sharper.

    Parameters
    ----------
    a, b : of unlike rows, each with its 95 % interval; without one there is none of the difference.

    Returns
    -------
    ``Score``, -1..1.

    Examples
    --------
    >>> gap = difference(Score(0.7, 0.6, 0.8), Score(0.4, 0.3, 0.5))
    >>> print(gap)
    30.0 % (15.9–44.1)
    """
    value = a.value - b.value
    if a.low is None or b.low is None:
        return Score(value, None, None)
    below = np.hypot(a.value - a.low, b.high - b.value)
    above = np.hypot(a.high - a.value, b.value - b.low)
    return Score(
        value=value,
        low=float(value - below),
        high=float(value + above),
    )


def _right(y: np.ndarray, proba: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """How often each row is answered right, (n,) in 0..1: over one training's answers or the mean
    of several.
    """
    trainings = proba
    if proba.ndim == 2:
        trainings = proba[None]
    for training in trainings:
        check(y, training, proba.shape[-1], groups)
    right = trainings.argmax(axis=2) == y
    return right.mean(axis=0)


def _mcnemar(only_a: int, only_b: int) -> float:
    """The chance of so uneven a split of the rows that only one has right, if both err alike."""
    apart = only_a + only_b
    if not apart:
        return 1.0
    return float(binomtest(only_a, apart).pvalue)


def _resampled_differences(
    units: Units, per_row: np.ndarray, resamples: int, seed: int
) -> tuple[Score, Score]:
    """Accuracy and UAR, a minus b, with their intervals, from what each row adds (n, 2k)."""
    sums = units.sums(per_row)
    blocks = []
    for drawn in units.draws(resamples, seed):
        totals = drawn @ sums
        blocks.append(_differences(totals))
    draws = np.concatenate(blocks)
    whole = sums.sum(axis=0, keepdims=True)
    accuracy, uar = _differences(whole)[0].tolist()
    accuracy_ends = units.interval(draws[:, 0])
    uar_ends = units.interval(draws[:, 1])
    accuracy_score = Score(accuracy, *accuracy_ends)
    uar_score = Score(uar, *uar_ends)
    return accuracy_score, uar_score


def _differences(sums: np.ndarray) -> np.ndarray:
    """Accuracy and UAR, a minus b, from each label's sum of differences and its number of rows: (m,
    2k) → (m, 2).
    """
    gained, rows = np.split(sums, 2, axis=1)
    occurs = rows > 0
    with np.errstate(invalid="ignore"):
        ratio = gained / rows
    recall = np.where(occurs, ratio, 0)  # its difference, label by label
    labels = occurs.sum(axis=1)
    with np.errstate(invalid="ignore"):  # a draw of crossed groups may hold no row: NaN
        accuracy = gained.sum(axis=1) / rows.sum(axis=1)
        uar = recall.sum(axis=1) / labels
    return np.stack([accuracy, uar], axis=1)
