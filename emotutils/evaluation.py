"""How good a network is, and how sure of that we can be. Taught in notebooks/11_evaluation (thesis 2.2.5, 4.8)."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix

from . import datasets, preparation, splits
from .errors import DataError
from .networks import load_network

RESAMPLES = 2000


@dataclass(frozen=True)
class Score:
    """A figure with its 95 % interval, all in 0..1."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict:
        return {"value": round(self.value, 4), "low": round(self.low, 4), "high": round(self.high, 4)}

    def __str__(self) -> str:
        return f"{100 * self.value:.1f} % ({100 * self.low:.1f}–{100 * self.high:.1f})"


@dataclass(frozen=True)
class Report:
    """What ``evaluate`` finds.

    Attributes
    ----------
    n : rows; ``n_groups``: independent groups among them (``None``: every row is its own).
    accuracy, uar, macro_f1 : ``Score``; UAR is the unweighted average recall over the labels that occur.
    confusion : int (k, k) counts, true label in the row, predicted in the column.
    labels : names of the k labels.
    """

    n: int
    n_groups: int | None
    accuracy: Score
    uar: Score
    macro_f1: Score
    confusion: np.ndarray
    labels: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """One row a label: precision, recall, F1 (0..1, NaN where undefined) and support (true rows)."""
        hits = np.diag(self.confusion)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = hits / self.confusion.sum(axis=0)
            recall = hits / self.confusion.sum(axis=1)
            f1 = 2 * hits / (self.confusion.sum(axis=0) + self.confusion.sum(axis=1))
        return pd.DataFrame(
            {"precision": precision, "recall": recall, "f1": f1, "support": self.confusion.sum(axis=1)},
            index=pd.Index(self.labels, name="label"),
        )

    def to_dict(self) -> dict:
        """For a run record: plain numbers and lists."""
        return {
            "n": self.n,
            "n_groups": self.n_groups,
            "accuracy": self.accuracy.to_dict(),
            "uar": self.uar.to_dict(),
            "macro_f1": self.macro_f1.to_dict(),
            "confusion": self.confusion.tolist(),
            "labels": list(self.labels),
        }


def evaluate(
    y: np.ndarray,
    proba: np.ndarray,
    labels: Sequence[str],
    groups: Sequence | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Report:
    """Score predictions against labels.

    Parameters
    ----------
    y : int (n,) true labels, indices into ``labels``.
    proba : (n, k) probabilities; the largest is the answer.
    groups : (n,) speaker, film …: rows that are not independent of each other. The intervals then come from a
        bootstrap over groups; a handful of groups gives a rough interval at best. Without groups: Wilson's interval
        for accuracy, a bootstrap over rows for the rest.
    resamples, seed : of the bootstrap.

    Raises
    ------
    ValueError : no rows, lengths that differ, NaN, or a label outside 0..k-1.
    """
    y, proba = np.asarray(y), np.asarray(proba)
    k = len(labels)
    if y.ndim != 1 or proba.shape != (len(y), k):
        raise ValueError(f"{y.shape} labels need probabilities of shape ({len(y)}, {k}), not {proba.shape}")
    if not len(y):
        raise ValueError("nothing to evaluate: no rows")
    if not np.isfinite(proba).all():
        raise ValueError("probabilities hold NaN or infinity: leave rows without a prediction out, and say how many")
    if y.min() < 0 or y.max() >= k:
        raise ValueError(f"labels must lie in 0..{k - 1}")
    predicted = proba.argmax(axis=1)
    confusion = confusion_matrix(y, predicted, labels=range(k))
    values = _metrics(confusion[None].astype(float))
    rng = np.random.default_rng(seed)
    if groups is None:
        draws = rng.multinomial(len(y), confusion.ravel() / len(y), size=resamples).reshape(-1, k, k)
        wilson = binomtest(int(np.trace(confusion)), len(y)).proportion_ci(method="wilson")
    else:
        codes, names = pd.factorize(np.asarray(groups))
        per_group = np.zeros((len(names), k * k))
        np.add.at(per_group, (codes, y * k + predicted), 1)
        weights = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
        draws = (weights @ per_group).reshape(-1, k, k)
    bounds = np.nanpercentile(_metrics(draws), [2.5, 97.5], axis=1)
    scores = [Score(float(values[i, 0]), float(bounds[0, i]), float(bounds[1, i])) for i in range(3)]
    if groups is None:
        scores[0] = Score(scores[0].value, float(wilson.low), float(wilson.high))
    return Report(len(y), None if groups is None else len(names), *scores, confusion, tuple(labels))


def evaluate_network(
    network: str | os.PathLike,
    data: str,
    split: str = "test",
    root: str | os.PathLike | None = None,
    *,
    flip: bool = False,
) -> Report:
    """Score a trained network on one split of a data set; a shipped one gives its card's figures again.

    Parameters
    ----------
    network : a shipped network's name or the path of a ``.keras`` file.
    data, root : a data set's name and the data root, as in ``datasets.load``.
    flip : answer each face by the mean of what is said of it and of its mirror image; not for voices.

    Raises
    ------
    EmotutilsError : an unknown network or set, or one that does not fit the other.
    """
    judge = load_network(network)
    dataset = datasets.load(data, root)
    if data == judge.card["data"]:  # divided as it was for the training
        seed = int(judge.card["run"].rpartition("-s")[2])
        parts = splits.by_protocol(dataset.table, judge.card["protocol"], seed)
        dataset = replace(dataset, table=dataset.table.assign(split=parts))
    part = preparation.part(dataset, split, judge.modality, judge.features)
    own = [judge.labels.index(name) for name in dataset.labels if name in judge.labels]
    if len(own) < len(dataset.labels):
        raise DataError(f"{network} does not know all labels of {data}: {', '.join(dataset.labels)}")
    if flip and judge.modality == "voice":
        raise DataError(f"{network} hears voices: only a face has a mirror image")
    y, proba = np.array(own)[part.y], judge.predict_proba(part.x)
    if flip:
        proba = (proba + judge.predict_proba(part.x[:, :, ::-1])) / 2
    return evaluate(y, proba, judge.labels, part.group if judge.modality == "voice" else None)


def _metrics(confusions: np.ndarray) -> np.ndarray:
    """Accuracy, UAR and macro-F1 of many confusion matrices at once: (m, k, k) → (3, m).

    scikit-learn computes one matrix a call; a bootstrap needs thousands, so the three are written out here and
    compared with scikit-learn's in the tests. Labels that never occur (for F1: nor are said) are left out.
    """
    hits = np.diagonal(confusions, axis1=1, axis2=2)
    true, said = confusions.sum(axis=2), confusions.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = np.where(true > 0, hits / true, np.nan)
        f1 = np.where(true + said > 0, 2 * hits / (true + said), np.nan)
        accuracy = hits.sum(axis=1) / true.sum(axis=1)
    return np.stack([accuracy, np.nanmean(recall, axis=1), np.nanmean(f1, axis=1)])
