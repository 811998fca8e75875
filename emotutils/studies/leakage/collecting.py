"""How an experiment is run: one estimator, trained anew for every way to divide, fold and seed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from ...datasets import Dataset
from ...datasets.splits import cross_validation
from ...support.machine import surroundings
from .outcomes import Outcome, answers_of

#: Row numbers to train on and to test on, one pair a fold.
Folds = Sequence[tuple[np.ndarray, np.ndarray]]
#: A way to divide, run with a seed: probabilities (n, k) and the number of rows trained on.
Arm = Callable[[int], tuple[np.ndarray, float]]


def predict_folds(
    estimator: BaseEstimator, X: np.ndarray, y: np.ndarray, folds: Folds, k: int, seed: int = 0
) -> np.ndarray:
    """Train anew on each fold and ask about the rows it keeps out.

    scikit-learn's ``cross_val_predict`` wants folds that test every row once; these need not.

    Parameters
    ----------
    estimator : a scikit-learn classifier; a clone of it is fitted.
    X, y : all n rows and their labels, int (n,).
    folds : rows to train on and to ask about.
    k : the number of labels.
    seed : for every ``random_state`` in the estimator.

    Returns
    -------
    float16 (n, k), NaN in rows never asked about.
    """
    proba = np.full((len(y), k), np.nan, np.float16)
    seeded = [name for name in estimator.get_params() if name.endswith("random_state")]
    for train, test in folds:
        fitted = clone(estimator)
        fitted.set_params(**dict.fromkeys(seeded, seed))
        fitted.fit(X[train], y[train])
        answers = np.zeros((len(test), k))
        answers[:, fitted.classes_] = fitted.predict_proba(X[test])
        proba[test] = answers
    return proba


@dataclass(frozen=True)
class Experiment:
    """What the arms of an experiment have in common.

    Attributes
    ----------
    name : of the outcome.
    dataset : the answers are over its labels.
    rows : DataFrame with ``id``, ``y``, ``group`` and the experiment's own columns.
    seeds : every arm is run with each.
    """

    name: str
    dataset: Dataset
    rows: pd.DataFrame
    seeds: Sequence[int]

    def divided(
        self, estimator: BaseEstimator, X: np.ndarray, folds: Callable[[int], Folds]
    ) -> Arm:
        """An arm: one estimator on all rows, divided by ``folds(seed)``.

        Parameters
        ----------
        estimator : a scikit-learn classifier.
        X : all rows.
        folds : from a seed, rows to train on and to ask about.
        """
        y = self.rows["y"].to_numpy()
        k = len(self.dataset.labels)

        def run(seed: int) -> tuple[np.ndarray, float]:
            parts = folds(seed)
            trained = float(np.mean([len(train) for train, _ in parts]))
            return predict_folds(estimator, X, y, parts, k, seed), trained

        return run

    def all_divided(
        self,
        estimator: BaseEstimator,
        X: np.ndarray,
        ways: Mapping[str, Callable[[int], Folds]],
    ) -> dict[str, Arm]:
        """One arm for each way to divide: `divided` by name."""
        return {way: self.divided(estimator, X, folds) for way, folds in ways.items()}

    def collect(self, arms: Mapping[str, Arm], **facts) -> Outcome:
        """Run every arm with every seed; rows that no arm tested are left out of what comes back.

        Parameters
        ----------
        arms : name → function of the seed that gives answers (n, k) and the number of rows trained
            on.
        facts : what the record shall say beside data, hardware and versions.
        """
        found = {}
        trained = {}
        tested = np.zeros(len(self.rows), bool)  # by any arm
        for arm, run in arms.items():
            runs = [run(seed) for seed in self.seeds]
            found[arm] = np.stack([proba for proba, _ in runs])
            trained[arm] = round(float(np.mean([n for _, n in runs])))
            tested |= np.isfinite(found[arm]).all(axis=(0, 2))
        rows = self.rows[tested].reset_index(drop=True)
        answers = {}
        for arm, proba in found.items():
            answers[arm] = answers_of(rows, self.dataset.labels, proba[:, tested])
        record = {"data": self.dataset.name, **facts}
        record |= {"seeds": list(self.seeds), "trained_on": trained}
        return Outcome(self.name, answers, record | surroundings())


def cross_validated(
    table: pd.DataFrame, folds: int, groups: str | None = None
) -> Callable[[int], Folds]:
    """Folds for `Experiment.divided`, from the seed.

    Parameters
    ----------
    table : DataFrame with ``id`` and ``label``.
    folds : how many.
    groups : the column whose values stay on one side; None divides at random.
    """
    return lambda seed: cross_validation(table, folds, groups=groups, seed=seed)
