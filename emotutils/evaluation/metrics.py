"""The arithmetic of a report, for thousands of resamples at once. Taught in
notebooks/11_evaluation.

scikit-learn computes one table a call; a bootstrap needs thousands. So what is resampled is written
out here over whole stacks of tables, and compared with scikit-learn's (``sample_weight``) in the
tests.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.stats import binomtest

RESAMPLES = 2000
BINS = 15

#: A probability of 0 counts as this, float16's smallest step: records keep float16, in which a 0 is
#: only "less".
LEAST = 2.0**-24

#: Rows times resamples looked at together: 16 MB of weights.
_BLOCK = 2_000_000


def check(y: np.ndarray, proba: np.ndarray, k: int, groups: np.ndarray | None = None) -> None:
    """Raise ValueError unless labels (n,), probabilities (n, k) and groups (n,) belong together and
    hold no gaps.
    """
    if y.ndim != 1 or proba.shape != (len(y), k):
        raise ValueError(
            f"{y.shape} labels need probabilities of shape ({len(y)}, {k}), not {proba.shape}"
        )
    if not len(y):
        raise ValueError("nothing to evaluate: no rows")
    if not np.isfinite(proba).all():
        raise ValueError(
            "probabilities hold NaN or infinity: leave rows without a prediction out, and say how many"
        )
    if y.min() < 0 or y.max() >= k:
        raise ValueError(f"labels must lie in 0..{k - 1}")
    if groups is not None and (groups.shape != y.shape or pd.isna(groups).any()):
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
    if (p < 0).any() or (np.abs(p.sum(axis=1) - 1) > 0.01).any():
        raise ValueError("these are no probabilities: each row must be 0 or more and add up to 1")
    p = np.maximum(p, LEAST)
    return p / p.sum(axis=1, keepdims=True)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval (1927) of the proportion ``hits / n``; NaN where n is 0."""
    if n == 0:
        return np.nan, np.nan
    found = binomtest(int(hits), int(n)).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def percentiles(draws: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of resampled values; those that are undefined (NaN) do not count."""
    known = draws[np.isfinite(draws)]
    return tuple(np.percentile(known, [2.5, 97.5]).tolist()) if len(known) else (np.nan, np.nan)


def codes_of(groups: Sequence | None, n: int) -> np.ndarray:
    """The units that are drawn, int (n,): each row its own, or rows of a group together."""
    return np.arange(n) if groups is None else pd.factorize(np.asarray(groups))[0]


def weights(units: int, resamples: int, seed: int, rows: int = 1) -> Iterator[np.ndarray]:
    """How often each unit is drawn: int (m, units) in blocks, so that m · ``rows`` bounds the
    memory.
    """
    rng, even = np.random.default_rng(seed), np.full(units, 1 / units)
    block = max(1, _BLOCK // max(rows, units))
    for start in range(0, resamples, block):
        yield rng.multinomial(units, even, size=min(block, resamples - start))


def per_unit(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sums (units, c) of the rows' values (n, c): all a resample of units needs of whatever adds
    up.
    """
    sums = np.zeros((codes.max() + 1, values.shape[1]))
    np.add.at(sums, codes, values)
    return sums


def confusions(
    y: np.ndarray, said: np.ndarray, k: int, codes: np.ndarray, resamples: int, seed: int
) -> np.ndarray:
    """Resampled confusion matrices (resamples, k, k)."""
    cells = per_unit(codes, np.eye(k * k)[y * k + said])
    return np.concatenate([w @ cells for w in weights(len(cells), resamples, seed)]).reshape(
        -1, k, k
    )


def recalls(confusion: np.ndarray) -> np.ndarray:
    """Recall of each label, (m, k, k) → (m, k); NaN for one that does not occur."""
    true = confusion.sum(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(true > 0, np.diagonal(confusion, axis1=1, axis2=2) / true, np.nan)


def of_confusions(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """Figures of many confusion matrices at once, (m, k, k) → name → (m,).

    Averages are over labels, each counting the same; those that never occur are left out. Of
    precision and F1 only those that are never said either, as in scikit-learn: naming what is not
    there is a mistake.
    """
    hits = np.diagonal(confusion, axis1=1, axis2=2)
    true, said = confusion.sum(axis=2), confusion.sum(axis=1)
    n = true.sum(axis=1)
    some, others = true + said > 0, n[:, None] - true
    with np.errstate(invalid="ignore", divide="ignore"):
        accuracy, chance = hits.sum(axis=1) / n, (true * said).sum(axis=1) / n**2
        return {
            "accuracy": accuracy,
            "uar": _mean(recalls(confusion)),
            "macro_f1": _mean(np.where(some, 2 * hits / (true + said), np.nan)),
            "precision": _mean(np.where(some, hits / np.maximum(said, 1), np.nan)),
            "specificity": _mean(
                np.where((true > 0) & (others > 0), (others - said + hits) / others, np.nan)
            ),
            "kappa": (accuracy - chance) / (1 - chance),
        }


def top2_hits(y: np.ndarray, proba: np.ndarray) -> np.ndarray:
    """Whether the true label is among the first two answers, bool (n,); of equal ones the first in
    order leads.
    """
    own = np.take_along_axis(proba, y[:, None], axis=1)
    before = (proba > own) | ((proba == own) & (np.arange(proba.shape[1]) < y[:, None]))
    return before.sum(axis=1) < 2


def losses(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Brier score (0..2: over all labels, Brier 1950) and negative log-likelihood (nats) of each
    row, (n, 2).

    scikit-learn before 1.7 knows the Brier score of two labels only.
    """
    truth = np.eye(p.shape[1])[y]
    return np.stack([((p - truth) ** 2).sum(axis=1), -np.log(p[np.arange(len(y)), y])], axis=1)


def bin_of(confidence: np.ndarray, bins: int) -> np.ndarray:
    """The bin (low, high] of equal width that holds each probability, 0..bins-1."""
    return np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)


def auc(positive: np.ndarray, score: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Areas under the ROC curve for many weightings of the same rows: the chance that a true row
    outscores another.

    Parameters
    ----------
    positive : bool (n,). score : (n,); equal scores count half.
    weight : (n, m), how often each row counts.

    Returns
    -------
    (m,), NaN where all weight lies on one side.
    """
    order = np.flatnonzero(~positive)[np.argsort(score[~positive], kind="stable")]
    beaten = np.vstack([np.zeros(weight.shape[1]), np.cumsum(weight[order], axis=0)])
    mine, ours = score[positive], weight[positive]
    below, upto = (np.searchsorted(score[order], mine, side=side) for side in ("left", "right"))
    wins = (ours * (beaten[below] + beaten[upto])).sum(axis=0) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return wins / (ours.sum(axis=0) * beaten[-1])


def resampled(
    y: np.ndarray, proba: np.ndarray, codes: np.ndarray, resamples: int, seed: int
) -> dict[str, np.ndarray]:
    """Every headline figure on ``resamples`` draws of units with replacement: name → (resamples,)."""
    n, k = proba.shape
    said, p = proba.argmax(axis=1), normalised(proba)
    top = p.max(axis=1)
    gaps = np.eye(BINS)[bin_of(top, BINS)] * (top - (said == y))[:, None]
    sums = per_unit(
        codes,
        np.hstack([np.eye(k * k)[y * k + said], top2_hits(y, proba)[:, None], losses(y, p), gaps]),
    )
    blocks = []
    for w in weights(len(sums), resamples, seed, rows=n):
        cells, rest = np.split(w @ sums, [k * k], axis=1)
        rest = rest / cells.sum(axis=1, keepdims=True)
        areas = np.stack(
            [auc(y == label, proba[:, label], w.T[codes].astype(float)) for label in np.unique(y)],
            axis=1,
        )
        block = {
            "top2": rest[:, 0],
            "brier": rest[:, 1],
            "nll": rest[:, 2],
            "ece": np.abs(rest[:, 3:]).sum(axis=1),
        }
        blocks.append(of_confusions(cells.reshape(-1, k, k)) | block | {"auc": _mean(areas)})
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the second axis of what is there; NaN, and no warning, where nothing is."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0).sum(axis=1) / known.sum(axis=1)
