"""What an experiment leaves: for each way to divide, the answers to every row that it tested.

Taught in notebooks/12_leakage.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from ... import config
from ...errors import DataError
from ...evaluation import Comparison, Score, compare, score
from ...support.files import replacing
from ...training.records import surroundings, write_json

#: Row numbers to train on and to test on, one pair a fold.
Folds = Sequence[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Outcome:
    """The answers of networks that differ in nothing but what they were trained on.

    Attributes
    ----------
    name : of the experiment.
    rows : DataFrame, one row a face, recording or window: ``id``, ``y`` (index into ``labels``),
        ``group`` (speaker …: rows that are not independent of each other; for pictures each row its
        own) and the experiment's own columns.
    labels : names of the k labels.
    arms : name of the way to divide → float16 (seeds, n, k) probabilities, NaN in rows that it did
        not test.
    facts : ``data``, ``network``, ``trained_on`` (rows, by arm), hardware, versions …
    """

    name: str
    rows: pd.DataFrame
    labels: tuple[str, ...]
    arms: dict[str, np.ndarray]
    facts: dict = field(default_factory=dict)

    def score(self, arm: str, where: np.ndarray | None = None, metric: str = "accuracy") -> Score:
        """The mean over seeds of a metric of ``score`` and of its 95 % interval.

        Parameters
        ----------
        where : bool (n,): of these rows only. metric : ``"accuracy"``, ``"uar"`` or ``"macro_f1"``.

        Raises
        ------
        DataError : an unknown arm, or none of these rows tested.
        """
        scores = [getattr(r, metric) for r in self._reports(arm, where)]
        return Score(
            *(float(np.mean([getattr(s, k) for s in scores])) for k in ("value", "low", "high"))
        )

    def gap(self, a: str, b: str, where: np.ndarray | None = None) -> Comparison:
        """By how much arm a scores better than b on the rows that both tested, with a paired
        interval.

        Raises
        ------
        DataError : an unknown arm, or no such rows.
        """
        tested = self._tested(a, where) & self._tested(b, where)
        if not tested.any():
            raise DataError(
                self.name,
                f"no rows that both {a!r} and {b!r} tested",
                "compare arms that were tested on the same rows",
            )
        y, groups = self.rows["y"].to_numpy()[tested], self._groups(tested)
        return compare(y, *(self.arms[arm][:, tested].astype(float) for arm in (a, b)), groups)

    @cached_property
    def _groups_are_rows(self) -> bool:
        return bool(self.rows["group"].is_unique)

    def _groups(self, tested: np.ndarray) -> np.ndarray | None:
        groups = self.rows["group"].to_numpy(str)[tested]
        return None if self._groups_are_rows or len(set(groups)) < 2 else groups

    def _tested(self, arm: str, where: np.ndarray | None) -> np.ndarray:
        if arm not in self.arms:
            raise DataError(self.name, f"has no arm {arm!r}", f"it has {', '.join(self.arms)}")
        tested = np.isfinite(self.arms[arm]).all(axis=(0, 2))
        return tested if where is None else tested & np.asarray(where)

    def _reports(self, arm: str, where: np.ndarray | None) -> list:
        tested = self._tested(arm, where)
        if not tested.any():
            raise DataError(
                self.name, f"{arm!r} tested none of these rows", "ask for rows that it tested"
            )
        y, groups = self.rows["y"].to_numpy()[tested], self._groups(tested)
        return [
            score(y, proba[tested].astype(float), self.labels, groups) for proba in self.arms[arm]
        ]

    def table(self, where: np.ndarray | None = None) -> pd.DataFrame:
        """One row an arm: rows trained on and tested, accuracy and UAR (mean over seeds) with
        ``low`` and ``high`` of the accuracy, and the lowest and highest seed's accuracy.
        """
        rows = []
        for arm in self.arms:
            tested = self._tested(arm, where)
            if tested.any():
                seeds = [r.accuracy.value for r in self._reports(arm, where)]
                score = self.score(arm, where)
                rows.append({
                    "arm": arm, "trained_on": self.facts["trained_on"][arm], "n": int(tested.sum()),
                    "accuracy": score.value, "low": score.low, "high": score.high,
                    "uar": self.score(arm, where, "uar").value, "lowest": min(seeds), "highest": max(seeds),
                })  # fmt: skip
        return pd.DataFrame(rows).set_index("arm")

    def save(self, folder: Path | None = None) -> Path:
        """Write ``leak-NAME.json`` (for people) and ``.npz`` (all answers) into ``folder``
        (``data/runs``).
        """
        folder = folder or config.shipped_root() / "runs"
        arrays = {f"row_{name}": np.array(column.tolist()) for name, column in self.rows.items()}
        with replacing(folder / f"leak-{self.name}.npz") as temporary:
            np.savez_compressed(temporary, labels=np.array(self.labels), **arrays, **self.arms)
        table = json.loads(self.table().round(4).reset_index().to_json(orient="records"))
        return write_json(f"leak-{self.name}", {**self.facts, "arms": table}, folder)


def read(name: str, folder: Path | None = None) -> Outcome | None:
    """The recorded outcome of that name, with every answer; None, and a line saying so, where it is
    missing.
    """
    path = (folder or config.shipped_root() / "runs") / f"leak-{name}.json"
    if not path.is_file():
        print(f"leak-{name}: not run yet")
        return None
    facts = json.loads(path.read_text(encoding="utf-8"))
    arms = [row["arm"] for row in facts.pop("arms")]
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as a:
        rows = pd.DataFrame(
            {key.removeprefix("row_"): a[key] for key in a.files if key.startswith("row_")}
        )
        return Outcome(
            name, rows, tuple(a["labels"].tolist()), {arm: a[arm] for arm in arms}, facts
        )


def answers(
    estimator: BaseEstimator, X: np.ndarray, y: np.ndarray, folds: Folds, k: int, seed: int = 0
) -> np.ndarray:
    """Train anew on each fold and ask about the rows it keeps out: float16 (n, k), NaN in rows
    never asked about.

    scikit-learn's ``cross_val_predict`` wants folds that test every row once; these need not.
    """
    proba = np.full((len(y), k), np.nan, np.float16)
    for train, test in folds:
        fitted = clone(estimator)
        fitted.set_params(
            **{name: seed for name in fitted.get_params() if name.endswith("random_state")}
        )
        fitted.fit(X[train], y[train])
        said = np.zeros((len(test), k))
        said[:, fitted.classes_] = fitted.predict_proba(X[test])
        proba[test] = said
    return proba


def collect(
    name: str,
    rows: pd.DataFrame,
    labels: Sequence[str],
    arms: Mapping[str, Callable[[int], tuple[np.ndarray, float]]],
    seeds: Iterable[int],
    **facts,
) -> Outcome:
    """Run every arm with every seed; the rows that no arm tested are left out of what comes back.

    Parameters
    ----------
    arms : name → function of the seed that gives answers (n, k) and the number of rows trained on.
    facts : what the record shall say beside hardware and versions.
    """
    found, trained, seeds = {}, {}, list(seeds)
    for arm, run in arms.items():
        runs = [run(seed) for seed in seeds]
        found[arm] = np.stack([proba for proba, _ in runs])
        trained[arm] = round(float(np.mean([n for _, n in runs])))
    kept = np.any(
        [np.isfinite(p).all(axis=(0, 2)) for p in found.values()], axis=0
    )  # tested by any arm
    found = {arm: p[:, kept] for arm, p in found.items()}
    facts = {**facts, "seeds": seeds, "trained_on": trained, **surroundings()}
    return Outcome(name, rows[kept].reset_index(drop=True), tuple(labels), found, facts)


def divided(
    estimator: BaseEstimator,
    X: np.ndarray,
    rows: pd.DataFrame,
    k: int,
    folds: Callable[[int], Folds],
) -> Callable[[int], tuple[np.ndarray, float]]:
    """An arm for `collect`: one estimator on one table, divided by ``folds(seed)``."""
    y = rows["y"].to_numpy()

    def run(seed: int) -> tuple[np.ndarray, float]:
        parts = folds(seed)
        return answers(estimator, X, y, parts, k, seed), float(
            np.mean([len(train) for train, _ in parts])
        )

    return run
