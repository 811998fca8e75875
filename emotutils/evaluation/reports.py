"""One network's answers, scored. Taught in notebooks/11_evaluation (thesis 2.2.5, 4.8)."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.metrics import cohen_kappa_score, confusion_matrix, log_loss, roc_auc_score

from ..support.files import replacing
from . import metrics
from .calibration import ece, reliability
from .figures import Score
from .metrics import RESAMPLES

#: Figures that are no shares and so are not written in %.
PLAIN = ("kappa", "auc", "brier", "nll")

#: All figures, in the order in which they are shown.
FIGURES = (
    "accuracy",
    "error_rate",
    "top2",
    "uar",
    "specificity",
    "precision",
    "macro_f1",
    *PLAIN,
    "ece",
)


@dataclass(frozen=True)
class Report:
    """What ``score`` finds.

    Attributes
    ----------
    n : rows; ``n_groups``: independent groups among them (``None``: every row is its own; of two
        crossed groupings the number of the one with fewer).
    accuracy, uar, macro_f1 : ``Score``; UAR is the unweighted average recall over the labels that
        occur.
    confusion : int (k, k) counts, true label in the row, predicted in the column.
    labels : names of the k labels.
    y, proba, groups, resamples, seed : what ``score`` was given.
    """

    n: int
    n_groups: int | None
    accuracy: Score
    uar: Score
    macro_f1: Score
    confusion: np.ndarray
    labels: tuple[str, ...]
    y: np.ndarray = field(repr=False)
    proba: np.ndarray = field(repr=False)
    groups: np.ndarray | None = field(repr=False)
    resamples: int = field(repr=False)
    seed: int = field(repr=False)

    @property
    def caution(self) -> str:
        """What has to be said beside the intervals: that there are few groups. Mostly empty."""
        return metrics.caution(self.n_groups)

    @cached_property
    def scores(self) -> dict[str, Score]:
        """Every headline figure with its 95 % interval, computed when first asked for.

        ``accuracy``, ``error_rate``; ``top2``: the true label is among the first two answers;
        ``uar``, ``specificity``, ``precision``, ``macro_f1``: averages over labels, each against
        the rest; ``kappa``: Cohen's (1960), agreement beyond chance; ``auc``: area under the ROC
        curve, mean of each label against the rest; ``brier`` (0..2) and ``nll`` (nats): how far the
        probabilities are from the truth; ``ece``: expected calibration error (``reliability``). NaN
        where undefined, as ``auc`` with a single true label.

        Intervals: Wilson for the first three if rows are independent, else percentiles of a
        bootstrap over groups; for all others percentiles of a bootstrap over rows or groups. Of
        ``ece`` they are moved to lie around the value, because resampling adds noise, which this
        figure takes for miscalibration.

        Raises
        ------
        ValueError : a row of ``proba`` does not add up to 1.
        """
        values = self._values()
        units = metrics.Units.of(self.groups, self.n)
        draws = metrics.resampled(
            self.y,
            self.proba,
            units,
            self.resamples,
            self.seed,
        )
        found = {}
        for name, value in values.items():
            ends = units.interval(draws[name])
            found[name] = Score(value, *ends)
        found["ece"] = _around(found["ece"], draws["ece"])
        if self.groups is None:
            hits = metrics.top2_hits(self.y, self.proba)
            ends = metrics.wilson(hits.sum(), self.n)
            found["top2"] = Score(values["top2"], *ends)
        found["accuracy"] = self.accuracy
        found["uar"] = self.uar
        found["macro_f1"] = self.macro_f1
        found["error_rate"] = _of_errors(self.accuracy)
        return {name: found[name] for name in FIGURES}

    def _values(self) -> dict[str, float]:
        """The figures of these very rows, but for those that are known already."""
        p = metrics.normalised(self.proba)
        predicted = self.proba.argmax(axis=1)
        labels = range(len(self.labels))
        table = self.table()
        bins = reliability(self.y, self.proba)
        losses = metrics.losses(self.y, p)
        hits = metrics.top2_hits(self.y, self.proba)
        named = np.union1d(self.y, predicted)

        figures = metrics.of_confusions(self.confusion[None].astype(float))
        values = {}
        for name, value in figures.items():
            values[name] = value.item()
        values["kappa"] = np.nan
        if len(named) > 1:
            values["kappa"] = float(cohen_kappa_score(self.y, predicted))
        values["top2"] = float(hits.mean())
        values["auc"] = float(table["auc"].mean())
        values["brier"] = float(losses[:, 0].mean())
        values["nll"] = float(log_loss(self.y, p, labels=labels))
        values["ece"] = ece(bins)
        return values

    def table(self) -> pd.DataFrame:
        """One row a label, each against the rest; shares 0..1, NaN where undefined.

        Columns ``precision``, ``recall`` (sensitivity) with its 95 % interval ``recall_low``,
        ``recall_high`` (Wilson, or a bootstrap over groups), ``f1``, ``specificity``, ``auc`` and
        ``support``, the rows that have the label.
        """
        hits = np.diag(self.confusion)
        true = self.confusion.sum(axis=1)
        predicted = self.confusion.sum(axis=0)
        table = pd.DataFrame(index=pd.Index(self.labels, name="label"))
        others = self.n - true
        rejected = others - predicted + hits
        with np.errstate(invalid="ignore", divide="ignore"):
            table["precision"] = hits / predicted
            table["recall"] = hits / true
            table[["recall_low", "recall_high"]] = self._recall_intervals(hits, true)
            table["f1"] = 2 * hits / (predicted + true)
            table["specificity"] = rejected / others
        table["auc"] = self._areas(true)
        table["support"] = true
        return table

    def _recall_intervals(self, hits: np.ndarray, true: np.ndarray) -> np.ndarray:
        """Of each label, (k, 2)."""
        if self.groups is None:
            intervals = []
            for label_hits, n in zip(hits, true, strict=True):
                ends = metrics.wilson(label_hits, n)
                intervals.append(ends)
            return np.array(intervals)
        units = metrics.Units.of(self.groups, self.n)
        drawn = metrics.confusions(
            self.y,
            predicted=self.proba.argmax(axis=1),
            k=len(self.labels),
            units=units,
            resamples=self.resamples,
            seed=self.seed,
        )
        recalls = metrics.recalls(drawn)
        return np.array([units.interval(column) for column in recalls.T], dtype=float)

    def _areas(self, true: np.ndarray) -> np.ndarray:
        """Of each label under its ROC curve, (k,)."""
        proba = self.proba.astype(np.float64)  # float16 overflows in the area's sum
        areas = np.full(len(self.labels), np.nan)
        some_have_it = (true > 0) & (true < self.n)
        for label in np.flatnonzero(some_have_it):
            has_it = self.y == label
            areas[label] = roc_auc_score(has_it, proba[:, label])
        return areas

    def summary(self) -> str:
        """All scores in words, one a line: shares in %, the others as they are; where there are few
        groups, a line that says so.
        """
        lines = []
        for name, score in self.scores.items():
            words = str(score)
            if name in PLAIN:
                words = _plain(score)
            lines.append(f"  {name:11} {words}")
        if self.caution:
            lines.append(f"  ({self.caution})")
        return "\n".join(lines)

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

    def to_json(self, path: str | os.PathLike | None = None) -> str:
        """``to_dict`` with all ``scores``, the ``table`` and the ``reliability`` as JSON; NaN
        becomes null.

        Parameters
        ----------
        path : the text is also written there.
        """
        found = self.to_dict()
        scores = {}
        for name, score in self.scores.items():
            scores[name] = _with_null(score)
        table = self.table().to_json(orient="index", double_precision=4)
        bins = reliability(self.y, self.proba)
        found["scores"] = scores
        found["table"] = json.loads(table)
        bins = bins.to_json(orient="records", double_precision=4)
        found["reliability"] = json.loads(bins)
        text = json.dumps(
            found,
            indent=2,
            ensure_ascii=False,
            allow_nan=False,
        )
        if path is not None:
            with replacing(path) as temporary:
                temporary.write_text(text + "\n", encoding="utf-8")
        return text


def _around(score: Score, draws: np.ndarray) -> Score:
    """The same with an interval that is moved to lie around the value."""
    if score.low is None:
        return score
    away = score.value - np.nanmean(draws)
    low = max(0.0, score.low + away)
    return Score(score.value, low, score.high + away)


def _of_errors(accuracy: Score) -> Score:
    """The error rate."""
    value = 1 - accuracy.value
    if accuracy.low is None:
        return Score(value, None, None)
    return Score(value, low=1 - accuracy.high, high=1 - accuracy.low)


def _plain(score: Score) -> str:
    """A figure that is no share, in words."""
    if score.low is None:
        return f"{score.value:.3f} (no interval)"
    return f"{score.value:.3f} ({score.low:.3f}–{score.high:.3f})"


def _with_null(score: Score) -> dict[str, float | None]:
    """JSON knows no NaN."""
    values = {}
    for name, value in score.to_dict().items():
        if pd.isna(value):
            value = None
        values[name] = value
    return values


def score(
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
    labels : names of the k labels.
    groups : (n,) speaker, film …: rows that are not independent of each other. The intervals then
        come from a bootstrap over groups. (n, 2) where two things are crossed, such as speakers and
        the pictures beside them: both are drawn (Owen 2007, see ``metrics.Units``). Below four
        groups there is no interval, below eight ``Report.caution`` says that it is rough. Without
        groups: Wilson's interval for accuracy, a bootstrap over rows for the rest.
    resamples, seed : of the bootstrap.

    Returns
    -------
    Report

    Raises
    ------
    ValueError : no rows, lengths that differ, NaN, or a label outside 0..k-1.

    Examples
    --------
    >>> y = np.array([0, 0, 0, 1, 1])
    >>> proba = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8], [0.1, 0.9]])
    >>> report = score(y, proba, ["sadness", "happiness"])
    >>> print(report.accuracy)
    80.0 % (37.6–96.4)
    >>> report.confusion
    array([[2, 1],
           [0, 2]])
    >>> report.table()["recall"].round(2).to_dict()
    {'sadness': 0.67, 'happiness': 1.0}
    """
    y = np.asarray(y)
    proba = np.asarray(proba)
    if groups is not None:
        groups = np.asarray(groups)
    k = len(labels)
    metrics.check(y, proba, k, groups)
    predicted = proba.argmax(axis=1)
    confusion = confusion_matrix(y, predicted, labels=range(k))
    units = metrics.Units.of(groups, len(y))
    if groups is None:
        n_groups = None
        # Rows that fall into one cell are alike: drawing cells is drawing rows, only faster.
        rng = np.random.default_rng(seed)
        shares = confusion.ravel() / len(y)
        draws = rng.multinomial(len(y), shares, size=resamples)
        draws = draws.reshape(-1, k, k)
    else:
        n_groups = units.fewest
        draws = metrics.confusions(y, predicted, k, units, resamples, seed)

    values = metrics.of_confusions(confusion[None].astype(float))
    drawn = metrics.of_confusions(draws)
    scores = {}
    for name in ("accuracy", "uar", "macro_f1"):
        value = values[name].item()
        ends = metrics.percentiles(drawn[name])
        if groups is not None:
            ends = units.interval(drawn[name])
        scores[name] = Score(value, *ends)
    if groups is None:
        hits = np.trace(confusion)
        ends = metrics.wilson(hits, len(y))
        scores["accuracy"] = Score(scores["accuracy"].value, *ends)
    return Report(
        n=len(y),
        n_groups=n_groups,
        **scores,
        confusion=confusion,
        labels=tuple(labels),
        y=y,
        proba=proba,
        groups=groups,
        resamples=resamples,
        seed=seed,
    )
