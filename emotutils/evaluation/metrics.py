"""The arithmetic of a report, for thousands of resamples at once. Taught in
notebooks/11_evaluation.

scikit-learn computes one table a call; a bootstrap needs thousands. So what is resampled is written
out here over whole stacks of tables, and compared with scikit-learn's (``sample_weight``) in the
tests.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

RESAMPLES = 2000
BINS = 15

#: A probability of 0 counts as this, float16's smallest step: records keep float16, in which a 0 is
#: only "less".
LEAST = 2.0**-24

#: With fewer groups than the first there is no interval: a bootstrap over them says nothing. With
#: fewer than the second it is rough, and is said to be.
LEAST_GROUPS = 4
FEW_GROUPS = 8

#: Rows times resamples looked at together: 16 MB of weights.
_BLOCK = 2_000_000


def check(
    y: np.ndarray,
    proba: np.ndarray,
    k: int,
    groups: np.ndarray | None = None,
) -> None:
    """Raise ValueError unless labels (n,), probabilities (n, k) and groups (n,) or (n, 2) belong
    together and hold no gaps.
    """
    expected = (len(y), k)
    if y.ndim != 1 or proba.shape != expected:
        raise ValueError(
            f"{y.shape} labels need probabilities of shape {expected}, not {proba.shape}"
        )
    if not len(y):
        raise ValueError("nothing to evaluate: no rows")
    if not np.isfinite(proba).all():
        raise ValueError(
            "probabilities hold NaN or infinity: "
            "leave rows without a prediction out, and say how many"
        )
    if y.min() < 0 or y.max() >= k:
        raise ValueError(f"labels must lie in 0..{k - 1}")
    if groups is None:
        return
    some_missing = pd.isna(groups).any()
    fits = groups.shape in (y.shape, (len(y), 2))
    if not fits or some_missing:
        raise ValueError(
            f"{len(y)} rows need as many groups, none of them missing; here are {groups.shape}"
        )


def normalised(proba: np.ndarray) -> np.ndarray:
    """Probabilities (n, k) as float64 above 0, each row adding up to 1 exactly; the order in a row
    stays.

    Raises
    ------
    ValueError : a row is further from 1 than rounding to float16 explains: scores, not
        probabilities.
    """
    p = np.asarray(proba, np.float64)
    sums = p.sum(axis=1)
    is_off = np.abs(sums - 1) > 0.01
    is_negative = p < 0
    if is_negative.any() or is_off.any():
        raise ValueError("these are no probabilities: each row must be 0 or more and add up to 1")
    p = np.maximum(p, LEAST)
    total = p.sum(axis=1, keepdims=True)
    return p / total


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval (1927) of the proportion ``hits / n``.

    Parameters
    ----------
    hits, n : counts, hits among them.

    Returns
    -------
    Its two ends, 0..1; NaN where n is 0.

    Examples
    --------
    >>> low, high = wilson(8, 10)
    >>> print(f"{low:.3f} to {high:.3f}")
    0.490 to 0.943
    """
    if n == 0:
        return np.nan, np.nan
    from scipy.stats import binomtest  # here, because `analyze` starts sooner without it

    test = binomtest(int(hits), int(n))
    interval = test.proportion_ci(method="wilson")
    low = float(interval.low)
    high = float(interval.high)
    return low, high


def percentiles(draws: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of resampled values; those that are undefined (NaN) do not count."""
    is_known = np.isfinite(draws)
    known = draws[is_known]
    if not len(known):
        return np.nan, np.nan
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


@dataclass(frozen=True)
class Units:
    """What a bootstrap draws: rows, groups of rows, or the groups of two crossed groupings.

    Where clips lie within speakers, speakers are drawn. Where speakers are crossed with pictures,
    each beside many of the other, both are drawn, independently, and a row counts as often as its
    speaker was drawn times its picture (the pigeonhole bootstrap: Owen 2007, Annals of Applied
    Statistics 1(2), 386-411).

    Attributes
    ----------
    code : int (n,), the cell of each row: its group, or its pair of groups.
    groups : int (cells, 1) or (cells, 2), the group of each cell in each grouping.
    """

    code: np.ndarray
    groups: np.ndarray

    @classmethod
    def of(cls, groups: Sequence | None, n: int) -> "Units":
        """Of n rows: each its own, or in groups (n,), or in two crossed groupings (n, 2)."""
        if groups is None:
            rows = np.arange(n)
            return cls(rows, rows[:, None])
        columns = np.asarray(groups).reshape(n, -1).T
        codes = [pd.factorize(column)[0] for column in columns]
        if len(codes) == 1:
            (code,) = codes
            return cls(code, np.arange(code.max() + 1)[:, None])
        cells, code = np.unique(np.stack(codes, axis=1), axis=0, return_inverse=True)
        return cls(code.reshape(n), cells)

    def __len__(self) -> int:
        return len(self.groups)

    @property
    def fewest(self) -> int:
        """The number of groups; of two groupings, that of the one with fewer."""
        return int(self.groups.max(axis=0).min()) + 1

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sums (cells, c) of the rows' values (n, c): all a resample needs of whatever adds up."""
        sums = np.zeros((len(self), values.shape[1]))
        np.add.at(sums, self.code, values)
        return sums

    def draws(self, resamples: int, seed: int, rows: int = 1) -> Iterator[np.ndarray]:
        """How often each cell counts: int (m, cells) in blocks, so that m · ``rows`` bounds the
        memory.
        """
        rows = max(rows, len(self))
        first, *crossed = self.groups.T
        if not crossed:
            yield from weights(first.max() + 1, resamples, seed, rows)
            return
        (second,) = crossed
        drawn = _weights_once(int(first.max()) + 1, resamples, (seed,), rows)
        others = _weights_once(int(second.max()) + 1, resamples, (seed, 1), rows)
        for block, other in zip(drawn, others, strict=True):
            yield block[:, first].astype(np.int64) * other[:, second]

    def interval(self, draws: np.ndarray) -> tuple[float | None, float | None]:
        """The ends of the 95 % interval; None where there are too few groups for one."""
        if self.fewest < LEAST_GROUPS:
            return None, None
        return percentiles(draws)


def caution(n_groups: int | None) -> str:
    """What has to be said of intervals from so few groups; empty where there is nothing to say."""
    if n_groups is None or n_groups >= FEW_GROUPS:
        return ""
    if n_groups < LEAST_GROUPS:
        return f"{n_groups} groups are too few for an interval"
    return f"from {n_groups} groups only: the intervals are rough, and likely too narrow"


def weights(
    units: int,
    resamples: int,
    seed: int | Sequence[int],
    rows: int = 1,
) -> Iterator[np.ndarray]:
    """How often each unit is drawn: int (m, units) in blocks, so that m · ``rows`` bounds the
    memory.
    """
    rng = np.random.default_rng(seed)
    even = np.full(units, 1 / units)
    widest = max(rows, units)
    block = max(1, _BLOCK // widest)
    for start in range(0, resamples, block):
        left = resamples - start
        size = min(block, left)
        yield rng.multinomial(units, even, size=size)


@lru_cache(maxsize=4)
def _weights_once(units: int, resamples: int, seed: tuple[int, ...], rows: int) -> list[np.ndarray]:
    """The blocks of `weights`, kept: a table scores the same pairs by many rules, and drawing takes
    longer than scoring. Small numbers, because there are many.
    """
    return [block.astype(np.int16) for block in weights(units, resamples, seed, rows)]


def one_hot(index: np.ndarray, length: int) -> np.ndarray:
    """int (n,) → (n, length), 1 in the column of that index."""
    return np.eye(length)[index]


def confusions(
    y: np.ndarray,
    predicted: np.ndarray,
    k: int,
    units: Units,
    resamples: int,
    seed: int,
) -> np.ndarray:
    """Resampled confusion matrices (resamples, k, k)."""
    cell = y * k + predicted
    row_cells = one_hot(cell, k * k)  # (n, k * k)
    cells = units.sums(row_cells)
    blocks = []
    for drawn in units.draws(resamples, seed):
        block = drawn @ cells
        blocks.append(block)
    draws = np.concatenate(blocks)
    return draws.reshape(-1, k, k)


def recalls(confusion: np.ndarray) -> np.ndarray:
    """Recall of each label, (m, k, k) → (m, k); NaN for one that does not occur."""
    hits = np.diagonal(confusion, axis1=1, axis2=2)
    true = confusion.sum(axis=2)
    return _ratio(hits, true)


def of_confusions(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """Figures of many confusion matrices at once, (m, k, k) → name → (m,).

    Averages are over labels, each counting the same; those that never occur are left out. Of
    precision and F1 only those that are never predicted either, as in scikit-learn: naming what is
    not there is a mistake.
    """
    hits = np.diagonal(confusion, axis1=1, axis2=2)
    true = confusion.sum(axis=2)
    predicted = confusion.sum(axis=1)
    n = true.sum(axis=1)
    right = hits.sum(axis=1)
    accuracy = _ratio(right, n)
    by_chance = true * predicted
    chance = _ratio(by_chance.sum(axis=1), n**2)

    named = true + predicted
    never_named = named == 0
    precision = hits / np.maximum(predicted, 1)
    precision[never_named] = np.nan
    others = n[:, None] - true
    rejected = others - predicted + hits
    specificity = _ratio(rejected, others)
    specificity[true == 0] = np.nan
    beyond_chance = accuracy - chance
    possible = 1 - chance
    with np.errstate(invalid="ignore", divide="ignore"):
        kappa = beyond_chance / possible
    recall = recalls(confusion)
    f1 = _ratio(2 * hits, named)
    return {
        "accuracy": accuracy,
        "uar": _mean(recall),
        "macro_f1": _mean(f1),
        "precision": _mean(precision),
        "specificity": _mean(specificity),
        "kappa": kappa,
    }


def top2_hits(y: np.ndarray, proba: np.ndarray) -> np.ndarray:
    """Whether the true label is among the first two answers, bool (n,); of equal ones the first in
    order leads.
    """
    own_column = y[:, None]
    own = np.take_along_axis(proba, own_column, axis=1)
    column = np.arange(proba.shape[1])
    is_larger = proba > own
    is_equal = proba == own
    is_earlier = column < own_column
    leads = is_larger | (is_equal & is_earlier)
    return leads.sum(axis=1) < 2


def losses(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Brier score (0..2: over all labels, Brier 1950) and negative log-likelihood (nats) of each
    row, (n, 2).

    scikit-learn before 1.7 knows the Brier score of two labels only.
    """
    k = p.shape[1]
    truth = one_hot(y, k)
    away = p - truth
    squares = away**2
    brier = squares.sum(axis=1)
    rows = np.arange(len(y))
    likelihood = p[rows, y]
    nll = -np.log(likelihood)
    return np.stack([brier, nll], axis=1)


def bin_of(confidence: np.ndarray, bins: int) -> np.ndarray:
    """The bin (low, high] of equal width that holds each probability, 0..bins-1."""
    upper_edge = np.ceil(confidence * bins)
    upper_edge = upper_edge.astype(int)
    index = upper_edge - 1
    return np.clip(index, 0, bins - 1)


def auc(positive: np.ndarray, score: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Areas under the ROC curve for many weightings of the same rows: the chance that a true row
    outscores another.

    Parameters
    ----------
    positive : bool (n,), whether a row has the label.
    score : (n,); equal scores count half.
    weight : (n, m), how often each row counts.

    Returns
    -------
    (m,), NaN where all weight lies on one side.
    """
    negative = np.flatnonzero(~positive)
    order = np.argsort(score[negative], kind="stable")
    negative = negative[order]
    other_score = score[negative]
    other_weight = weight[negative]
    # Row i: the weight of the i lowest of the other rows.
    up_the_ranks = np.cumsum(other_weight, axis=0)
    none = np.zeros((1, weight.shape[1]))
    beaten = np.concatenate([none, up_the_ranks])

    own_score = score[positive]
    own_weight = weight[positive]
    below = np.searchsorted(other_score, own_score, side="left")
    up_to = np.searchsorted(other_score, own_score, side="right")
    beaten_or_equal = beaten[below] + beaten[up_to]
    wins = own_weight * (beaten_or_equal / 2)
    won = wins.sum(axis=0)
    own_total = own_weight.sum(axis=0)
    other_total = beaten[-1]
    pairs = own_total * other_total
    with np.errstate(invalid="ignore", divide="ignore"):
        return won / pairs


def resampled(
    y: np.ndarray,
    proba: np.ndarray,
    units: Units,
    resamples: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """Every headline figure on ``resamples`` draws of units with replacement.

    Parameters
    ----------
    y : int (n,) true labels.
    proba : (n, k) probabilities.
    units : what is drawn.
    resamples, seed : how many draws, and of which random numbers.

    Returns
    -------
    name → (resamples,).
    """
    n, k = proba.shape
    predicted = proba.argmax(axis=1)
    cell = y * k + predicted
    cells = one_hot(cell, k * k)  # (n, k * k)
    others = _row_figures(y, proba)  # (n, 3 + BINS)
    per_row = np.hstack([cells, others])
    sums = units.sums(per_row)
    blocks = []
    for drawn in units.draws(resamples, seed, rows=n):
        totals = drawn @ sums  # (m, k * k + 3 + BINS)
        counts, rest = np.split(totals, [k * k], axis=1)
        rows = counts.sum(axis=1, keepdims=True)
        means = _ratio(rest, rows)
        confusion = counts.reshape(-1, k, k)
        block = of_confusions(confusion)
        block["top2"] = means[:, 0]
        block["brier"] = means[:, 1]
        block["nll"] = means[:, 2]
        gaps = np.abs(means[:, 3:])
        block["ece"] = gaps.sum(axis=1)
        row_weight = drawn.T[units.code]  # (n, m)
        areas = _areas(y, proba, row_weight.astype(float))
        block["auc"] = _mean(areas)
        blocks.append(block)
    figures = {}
    for name in blocks[0]:
        values = [block[name] for block in blocks]
        figures[name] = np.concatenate(values)
    return figures


def _row_figures(y: np.ndarray, proba: np.ndarray) -> np.ndarray:
    """What each row adds to the figures that are means over rows, (n, 3 + BINS): whether it is
    right at the second guess, its two losses, and in its bin how far confidence is above accuracy.
    """
    p = normalised(proba)
    confidence = p.max(axis=1)
    predicted = proba.argmax(axis=1)
    right = predicted == y
    gap = confidence - right
    index = bin_of(confidence, BINS)
    in_bin = one_hot(index, BINS)
    gaps = in_bin * gap[:, None]
    top2 = top2_hits(y, proba)
    row_losses = losses(y, p)
    return np.column_stack([top2, row_losses, gaps])


def _areas(y: np.ndarray, proba: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """``auc`` of each label that occurs against the rest, (m, labels)."""
    areas = []
    for label in np.unique(y):
        positive = y == label
        score = proba[:, label]
        areas.append(auc(positive, score, weight))
    return np.stack(areas, axis=1)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole; NaN, and no warning, where the whole is not above 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = part / whole
    return np.where(whole > 0, ratio, np.nan)


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the second axis of what is there; NaN, and no warning, where nothing is."""
    known = ~np.isnan(values)
    filled = np.where(known, values, 0)
    total = filled.sum(axis=1)
    n = known.sum(axis=1)
    with np.errstate(invalid="ignore"):
        return total / n
