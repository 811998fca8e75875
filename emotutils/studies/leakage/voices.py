"""Known voices, known words, known corpora: the same network on RAVDESS and TESS, divided in
several ways.

Taught in notebooks/12_leakage.
"""

from functools import partial

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from ...datasets import Dataset, extract_features
from ...datasets.splits import cross_validation
from ...search import NetworkClassifier
from ...training.recipes import recipe_for
from .collecting import collect, divided
from .outcomes import Outcome

SEEDS = (0, 1, 2)
FOLDS = 3


def voice_network(**options) -> NetworkClassifier:
    """The thesis's Conv1D as its recipe trains it, as a scikit-learn classifier."""
    recipe = recipe_for("conv1d", "thesis")
    given = {
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "optimizer": recipe.optimizer,
    }
    return NetworkClassifier(
        "conv1d", **{**given, "learning_rate": recipe.learning_rate, **options}
    )


def heard(dataset: Dataset) -> np.ndarray:
    """The 40 time-averaged MFCCs of each recording, float32 (n, 40): what the thesis's network
    takes.
    """
    return extract_features(dataset, recipe_for("conv1d", "thesis").features)


def speakers(
    dataset: Dataset,
    *,
    seeds=SEEDS,
    folds: int = FOLDS,
    estimator: BaseEstimator | None = None,
    name: str = "speakers",
) -> Outcome:
    """RAVDESS at random and by actor; and in halves: at random, by actor, by sentence.

    Halves, because there are two sentences: each arm of a kind trains on as many recordings.

    Parameters
    ----------
    dataset : with columns ``group`` and ``statement``.
    seeds : one training of everything for each. folds : of the first two arms. estimator : instead
        of Conv1D.
    """
    X, rows = heard(dataset), dataset.table[["id", "y", "group", "statement"]]
    arm = partial(divided, estimator or voice_network(), X, rows, len(dataset.labels))
    by = partial(_dealt, dataset.table)
    arms = {
        "random": arm(by(folds, None)),
        "actor": arm(by(folds, "group")),
        "random, halves": arm(by(2, None)),
        "sentence, halves": arm(by(2, "statement")),
        "actor, halves": arm(by(2, "group")),
    }
    return collect(name, rows, dataset.labels, arms, seeds, **_facts(dataset))


def words(
    dataset: Dataset, *, seeds=SEEDS, estimator: BaseEstimator | None = None, name: str = "words"
) -> Outcome:
    """TESS in halves: at random, by word, and by woman, of whom there are two."""
    X, rows = heard(dataset), dataset.table[["id", "y", "group", "word"]]
    arm = partial(divided, estimator or voice_network(), X, rows, len(dataset.labels))
    by = partial(_dealt, dataset.table)
    arms = {"random": arm(by(2, None)), "word": arm(by(2, "word")), "woman": arm(by(2, "group"))}
    return collect(name, rows, dataset.labels, arms, seeds, **_facts(dataset))


def corpora(
    dataset: Dataset,
    *,
    seeds=SEEDS,
    folds: int = FOLDS,
    estimator: BaseEstimator | None = None,
    name: str = "corpora",
) -> Outcome:
    """RAVDESS and TESS as one: at random; RAVDESS by actor, without and with TESS; from one corpus
    to the other.

    Parameters
    ----------
    dataset : with column ``corpus``, ``"ravdess"`` and ``"tess"``.

    Returns
    -------
    Outcome with arms ``"merged, random"``, ``"ravdess, actor"``, ``"ravdess + tess, actor"``,
    ``"ravdess to tess"``, ``"tess to ravdess"``. In the last two ``calm`` can only be answered, or
    only be asked: score them in seven labels.
    """
    X, rows, table = heard(dataset), dataset.table[["id", "y", "group", "corpus"]], dataset.table
    arm = partial(divided, estimator or voice_network(), X, rows, len(dataset.labels))
    first, second = (np.flatnonzero(table["corpus"] == corpus) for corpus in ("ravdess", "tess"))

    def by_actor(seed: int, more: np.ndarray):
        parts = _dealt(table.iloc[first], folds, "group")(seed)
        return [(np.concatenate([first[train], more]), first[test]) for train, test in parts]

    arms = {
        "merged, random": arm(_dealt(table, folds, None)),
        "ravdess, actor": arm(lambda seed: by_actor(seed, second[:0])),
        "ravdess + tess, actor": arm(lambda seed: by_actor(seed, second)),
        "ravdess to tess": arm(lambda seed: [(first, second)]),
        "tess to ravdess": arm(lambda seed: [(second, first)]),
    }
    return collect(name, rows, dataset.labels, arms, seeds, **_facts(dataset))


def _dealt(table: pd.DataFrame, folds: int, groups: str | None):
    return lambda seed: cross_validation(table, folds, groups=groups, seed=seed)


def _facts(dataset: Dataset) -> dict:
    return {
        "data": dataset.name,
        "network": "conv1d (thesis), 40 time-averaged MFCCs of whole recordings",
    }
