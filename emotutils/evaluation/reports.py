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
from .metrics import RESAMPLES

#: Figures that are no shares and so are not written in %.
PLAIN = ("kappa", "auc", "brier", "nll")


@dataclass(frozen=True)
class Score:
    """A figure with its 95 % interval: a share (0..1), unless it is one of ``PLAIN``."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict:
        return {
            "value": round(self.value, 4),
            "low": round(self.low, 4),
            "high": round(self.high, 4),
        }

    def __str__(self) -> str:
        return f"{100 * self.value:.1f} % ({100 * self.low:.1f}–{100 * self.high:.1f})"


@dataclass(frozen=True)
class Report:
    """What ``score`` finds.

    Attributes
    ----------
    n : rows; ``n_groups``: independent groups among them (``None``: every row is its own).
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
        p, table = metrics.normalised(self.proba), self.table()
        known = {
            name: float(v[0])
            for name, v in metrics.of_confusions(self.confusion[None].astype(float)).items()
        }
        several = np.count_nonzero(self.confusion.sum(axis=0) + self.confusion.sum(axis=1)) > 1
        hits = metrics.top2_hits(self.y, self.proba)
        known |= {
            "top2": float(hits.mean()),
            "kappa": float(cohen_kappa_score(self.y, self.proba.argmax(axis=1)))
            if several
            else np.nan,
            "auc": float(table["auc"].mean()),
            "brier": float(metrics.losses(self.y, p)[:, 0].mean()),
            "nll": float(log_loss(self.y, p, labels=range(len(self.labels)))),
            "ece": ece(reliability(self.y, self.proba)),
        }
        codes = metrics.codes_of(self.groups, self.n)
        draws = metrics.resampled(self.y, self.proba, codes, self.resamples, self.seed)
        found = {
            name: Score(value, *metrics.percentiles(draws[name])) for name, value in known.items()
        }
        away = known["ece"] - draws["ece"].mean()
        found["ece"] = Score(
            known["ece"], max(0.0, found["ece"].low + away), found["ece"].high + away
        )
        if self.groups is None:
            found["top2"] = Score(known["top2"], *metrics.wilson(hits.sum(), self.n))
        found |= {name: getattr(self, name) for name in ("accuracy", "uar", "macro_f1")}
        right = self.accuracy
        found["error_rate"] = Score(1 - right.value, 1 - right.high, 1 - right.low)
        order = (
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
        return {name: found[name] for name in order}

    def table(self) -> pd.DataFrame:
        """One row a label, each against the rest; shares 0..1, NaN where undefined.

        Columns ``precision``, ``recall`` (sensitivity) with its 95 % interval ``recall_low``,
        ``recall_high`` (Wilson, or a bootstrap over groups), ``f1``, ``specificity``, ``auc`` and
        ``support``, the rows that have the label.
        """
        hits, k = np.diag(self.confusion), len(self.labels)
        said, true = self.confusion.sum(axis=0), self.confusion.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision, recall, f1 = hits / said, hits / true, 2 * hits / (said + true)
            specificity = (self.n - true - said + hits) / (self.n - true)
        if self.groups is None:
            bounds = np.array([metrics.wilson(*pair) for pair in zip(hits, true, strict=True)])
        else:
            predicted, codes = self.proba.argmax(axis=1), metrics.codes_of(self.groups, self.n)
            drawn = metrics.confusions(self.y, predicted, k, codes, self.resamples, self.seed)
            bounds = np.array([metrics.percentiles(column) for column in metrics.recalls(drawn).T])
        scored = self.proba.astype(np.float64)  # float16 overflows in the area's sum
        auc = [
            roc_auc_score(self.y == i, scored[:, i]) if 0 < true[i] < self.n else np.nan
            for i in range(k)
        ]
        columns = {
            "precision": precision,
            "recall": recall,
            "recall_low": bounds[:, 0],
            "recall_high": bounds[:, 1],
        }
        columns |= {"f1": f1, "specificity": specificity, "auc": auc, "support": true}
        return pd.DataFrame(columns, index=pd.Index(self.labels, name="label"))

    def summary(self) -> str:
        """All scores in words, one a line: shares in %, the others as they are."""
        lines = []
        for name, score in self.scores.items():
            plain = f"{score.value:.3f} ({score.low:.3f}–{score.high:.3f})"
            lines.append(f"  {name:11} {plain if name in PLAIN else score}")
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
        told = {name: score.to_dict() for name, score in self.scores.items()}
        scores = {
            name: {k: None if np.isnan(v) else v for k, v in score.items()}
            for name, score in told.items()
        }
        table = json.loads(self.table().to_json(orient="index", double_precision=4))
        bins = json.loads(
            reliability(self.y, self.proba).to_json(orient="records", double_precision=4)
        )
        found = {**self.to_dict(), "scores": scores, "table": table, "reliability": bins}
        text = json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)
        if path is not None:
            with replacing(path) as temporary:
                temporary.write_text(text + "\n", encoding="utf-8")
        return text


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
    groups : (n,) speaker, film …: rows that are not independent of each other. The intervals then
        come from a bootstrap over groups; a handful of groups gives a rough interval at best.
        Without groups: Wilson's interval for accuracy, a bootstrap over rows for the rest.
    resamples, seed : of the bootstrap.

    Raises
    ------
    ValueError : no rows, lengths that differ, NaN, or a label outside 0..k-1.
    """
    y, proba = np.asarray(y), np.asarray(proba)
    groups = None if groups is None else np.asarray(groups)
    k = len(labels)
    metrics.check(y, proba, k, groups)
    predicted = proba.argmax(axis=1)
    confusion = confusion_matrix(y, predicted, labels=range(k))
    if (
        groups is None
    ):  # rows that fall into one cell are alike: drawing cells is drawing rows, only faster
        rng = np.random.default_rng(seed)
        draws = rng.multinomial(len(y), confusion.ravel() / len(y), size=resamples).reshape(
            -1, k, k
        )
    else:
        draws = metrics.confusions(
            y, predicted, k, metrics.codes_of(groups, len(y)), resamples, seed
        )
    values, drawn = (
        metrics.of_confusions(confusion[None].astype(float)),
        metrics.of_confusions(draws),
    )
    names = ("accuracy", "uar", "macro_f1")
    scores = {
        name: Score(float(values[name][0]), *metrics.percentiles(drawn[name])) for name in names
    }
    if groups is None:
        scores["accuracy"] = Score(
            scores["accuracy"].value, *metrics.wilson(np.trace(confusion), len(y))
        )
    n_groups = None if groups is None else len(pd.unique(groups))
    return Report(len(y), n_groups, **scores, confusion=confusion, labels=tuple(labels), y=y, proba=proba,
                  groups=groups, resamples=resamples, seed=seed)  # fmt: skip
