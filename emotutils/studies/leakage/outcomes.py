"""What an experiment leaves: for each way to divide, the answers to every row that it tested.

Taught in notebooks/12_leakage. Reading what was recorded needs no Keras.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from ... import evaluation
from ...errors import DataError
from ...evaluation import Answers, Comparison, Report, Score, compare
from ...support.reading import read_arrays
from ...training import records


@dataclass(frozen=True)
class Outcome:
    """The answers of networks that differ in nothing but what they were trained on.

    Attributes
    ----------
    name : of the experiment.
    arms : name of the way to divide → the answers with each seed, all to the same n rows; NaN in
        rows that this arm did not test. ``groups`` has ``group`` (speaker …: rows that are not
        independent of each other; for pictures each row its own) and the experiment's own columns.
    facts : ``data``, ``network``, ``trained_on`` (rows, by arm), hardware, versions …
    """

    name: str
    arms: Mapping[str, Sequence[Answers]]
    facts: dict = field(default_factory=dict)

    @cached_property
    def _first(self) -> Answers:
        return next(iter(self.arms.values()))[0]

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the labels."""
        return self._first.labels

    @cached_property
    def rows(self) -> pd.DataFrame:
        """One row a face, recording or window: ``id``, ``y`` (index into ``labels``), ``group`` and
        the experiment's own columns.
        """
        first = self._first
        names = pd.DataFrame({"id": first.id, "y": first.y})
        return pd.concat([names, first.groups], axis=1)

    def score(self, arm: str, where: np.ndarray | None = None, metric: str = "accuracy") -> Score:
        """The mean over seeds of a metric and of its 95 % interval, where there is one.

        Parameters
        ----------
        arm : one of ``arms``.
        where : bool (n,): of these rows only.
        metric : ``"accuracy"``, ``"uar"`` or ``"macro_f1"``.

        Raises
        ------
        DataError : an unknown arm, or none of these rows tested.
        """
        scores = [getattr(report, metric) for report in self._reports(arm, where)]
        value = float(np.mean([score.value for score in scores]))
        if scores[0].low is None:
            return Score(value, None, None)
        return Score(
            value,
            low=float(np.mean([score.low for score in scores])),
            high=float(np.mean([score.high for score in scores])),
        )

    def gap(self, a: str, b: str, where: np.ndarray | None = None) -> Comparison:
        """By how much arm a scores better than b on the rows that both tested, with a paired
        interval.

        Parameters
        ----------
        a, b : two of ``arms``.
        where : bool (n,): of these rows only.

        Raises
        ------
        DataError : an unknown arm, or no such rows.
        """
        tested = self.tested(a, where) & self.tested(b, where)
        if not tested.any():
            raise DataError(
                self.name,
                f"no rows that both {a!r} and {b!r} tested",
                "compare arms that were tested on the same rows",
            )
        proba_a = np.stack([answers.proba[tested] for answers in self.arms[a]])
        proba_b = np.stack([answers.proba[tested] for answers in self.arms[b]])
        return compare(self._first.y[tested], proba_a, proba_b, self._groups(tested))

    def tested(self, arm: str, where: np.ndarray | None = None) -> np.ndarray:
        """Which rows an arm tested with every seed: bool (n,).

        Raises
        ------
        DataError : an unknown arm.
        """
        if arm not in self.arms:
            known = "; ".join(self.arms)
            raise DataError(self.name, f"has no arm {arm!r}", f"it has: {known}")
        tested = np.ones(len(self._first), bool)
        for answers in self.arms[arm]:
            tested &= np.isfinite(answers.proba).all(axis=1)
        if where is not None:
            tested &= np.asarray(where)
        return tested

    @cached_property
    def _groups_are_rows(self) -> bool:
        return bool(self._first.groups["group"].is_unique)

    def _groups(self, tested: np.ndarray) -> np.ndarray | None:
        groups = self._first.groups["group"].to_numpy(str)[tested]
        if self._groups_are_rows or len(set(groups)) < 2:
            return None
        return groups

    def _reports(self, arm: str, where: np.ndarray | None) -> list[Report]:
        tested = self.tested(arm, where)
        if not tested.any():
            raise DataError(
                self.name, f"{arm!r} tested none of these rows", "ask for rows that it tested"
            )
        groups = self._groups(tested)
        reports = []
        for answers in self.arms[arm]:
            asked = answers.take(tested)
            reports.append(evaluation.score(asked.y, asked.proba, asked.labels, groups))
        return reports

    def table(self, where: np.ndarray | None = None) -> pd.DataFrame:
        """One row an arm: rows trained on and tested, accuracy and UAR (mean over seeds) with
        ``low`` and ``high`` of the accuracy, and the lowest and highest seed's accuracy.
        """
        rows = []
        for arm in self.arms:
            tested = self.tested(arm, where)
            if not tested.any():
                continue
            seeds = [report.accuracy.value for report in self._reports(arm, where)]
            score = self.score(arm, where)
            rows.append(
                {
                    "arm": arm,
                    "trained_on": self.facts["trained_on"][arm],
                    "n": int(tested.sum()),
                    "accuracy": score.value,
                    "low": score.low,
                    "high": score.high,
                    "uar": self.score(arm, where, "uar").value,
                    "lowest": min(seeds),
                    "highest": max(seeds),
                }
            )
        ends = {"low": float, "high": float}  # None, where there is no interval, becomes NaN
        return pd.DataFrame(rows).set_index("arm").astype(ends)

    def save(self, folder: Path | None = None, *, publish: bool = False) -> Path:
        """Write ``leak-NAME.json`` (for people) and ``.npz`` (all answers).

        Parameters
        ----------
        folder : where to; by default the output root, ``./runs``.
        publish : put them where records ship instead.
        """
        arrays = {"labels": np.array(self.labels)}
        for name, column in self.rows.items():
            arrays[f"row_{name}"] = np.array(column.tolist())
        for arm, seeds in self.arms.items():
            arrays[arm] = np.stack([answers.proba for answers in seeds]).astype(np.float16)
        table = json.loads(self.table().round(4).reset_index().to_json(orient="records"))
        facts = {**self.facts, "arms": table}
        return records.write(f"leak-{self.name}", facts, arrays, folder=folder, publish=publish)


def read(name: str, folder: Path | None = None) -> Outcome | None:
    """The recorded outcome of that name, with every answer; None, and a line saying so, where it is
    missing.

    Parameters
    ----------
    name : of the experiment, one of ``leakage.STUDIES``.
    folder : where the record lies; by default where records ship.
    """
    record = records.read(f"leak-{name}", folder)
    if record is None:
        print(f"leak-{name}: not run yet")
        return None
    facts = dict(record)
    names = [row["arm"] for row in facts.pop("arms")]
    arrays = read_arrays(record.arrays_path, records.REMEDY)
    labels = tuple(arrays["labels"].tolist())
    columns = {}
    for key, values in arrays.items():
        if key.startswith("row_"):
            columns[key.removeprefix("row_")] = values
    arms = {}
    for arm in names:
        arms[arm] = answers_of(pd.DataFrame(columns), labels, arrays[arm])
    return Outcome(name, arms, facts)


def answers_of(
    rows: pd.DataFrame, labels: Sequence[str], seeds: np.ndarray | Sequence[np.ndarray]
) -> list[Answers]:
    """The answers with each seed to one table of rows.

    Parameters
    ----------
    rows : DataFrame with ``id``, ``y`` and the columns of `Answers.groups`.
    labels : names of the k labels.
    seeds : (seeds, n, k) probabilities.
    """
    groups = rows.drop(columns=["id", "y"])
    found = []
    for proba in seeds:
        answers = Answers(
            id=rows["id"].to_numpy(str),
            groups=groups,
            y=rows["y"].to_numpy(),
            proba=proba.astype(np.float64),
            labels=tuple(labels),
        )
        found.append(answers)
    return found


@dataclass(frozen=True)
class Gap:
    """A leak, and the two arms of an experiment that differ by it."""

    leak: str
    experiment: str
    leaking: str
    honest: str


GAPS = (
    Gap(
        "overlapping windows in training, remembered (1-NN)",
        "windows",
        "1-NN, 0.1 s",
        "1-NN, actor",
    ),
    Gap("overlapping windows in training, a network", "windows", "0.1 s", "actor"),
    Gap("overlapping windows, against other recordings", "windows", "0.1 s", "recording"),
    Gap("windows of the same recording, no overlap", "windows", "0.5 s", "actor"),
    Gap("known voices, RAVDESS", "speakers", "random", "actor"),
    Gap("known sentences, RAVDESS", "speakers", "random, halves", "sentence, halves"),
    Gap("known voices, TESS", "words", "random", "woman"),
    Gap("known words, TESS", "words", "random", "word"),
    Gap(
        "known voices, RAVDESS in the merged set",
        "corpora",
        "merged, random",
        "ravdess + tess, actor",
    ),
    Gap("two files of one performance", "twins", "by file", "by performance"),
    Gap("varied copies made before the division", "augmented", "copies first", "division first"),
    Gap(
        "columns chosen on all rows (all are noise)",
        "chosen-columns",
        "chosen on all rows",
        "chosen on training rows",
    ),
    Gap("scaler fitted on all rows", "scaled", "fitted on all rows", "fitted on training rows"),
    Gap("epoch chosen on the test part", "best-epoch", "chosen on test", "chosen on validation"),
    Gap("FER2013's twins in training", "fer2013", "with twins", "without twins"),
)


def gaps() -> pd.DataFrame:
    """Every recorded leak and what it is worth.

    Returns
    -------
    DataFrame, one row an entry of `GAPS` whose record is there: ``leak``, ``record``, the
    accuracies ``leaking`` and ``honest`` (``Score``, mean over seeds) on the rows that both arms
    tested, and the paired ``gap`` (``Comparison``).
    """
    rows = []
    for one in GAPS:
        found = read(one.experiment)
        if found is None:
            continue
        both = found.tested(one.leaking) & found.tested(one.honest)
        rows.append(
            {
                "leak": one.leak,
                "record": f"leak-{one.experiment}",
                "leaking": found.score(one.leaking, both),
                "honest": found.score(one.honest, both),
                "gap": found.gap(one.leaking, one.honest),
            }
        )
    return pd.DataFrame(rows)
