"""Known voices, known words, known corpora: the same network on RAVDESS and TESS, divided in
several ways.

Taught in notebooks/12_leakage.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ...datasets import Dataset, extract_features
from ...search import NetworkClassifier
from ...training.recipes import recipe_for
from .collecting import Experiment, Folds, cross_validated
from .outcomes import Outcome

SEEDS = (0, 1, 2)
FOLDS = 3
#: So many recordings of each tested speaker are in training, one arm each.
KNOWN = (0, 1, 2, 4, 8, 16, 30)


def voice_network(**options) -> NetworkClassifier:
    """The thesis's Conv1D as its recipe trains it, as a scikit-learn classifier."""
    recipe = recipe_for("conv1d", "thesis")
    settings = {
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "optimizer": recipe.optimizer,
        "learning_rate": recipe.learning_rate,
    }
    return NetworkClassifier("conv1d", **(settings | options))


def mean_mfccs(dataset: Dataset) -> np.ndarray:
    """The 40 time-averaged MFCCs of each recording, float32 (n, 40): what the thesis's network
    takes.
    """
    return extract_features(dataset, recipe_for("conv1d", "thesis").features)


def speakers(
    dataset: Dataset,
    *,
    seeds: Sequence[int] = SEEDS,
    folds: int = FOLDS,
    estimator: BaseEstimator | None = None,
    name: str = "speakers",
) -> Outcome:
    """RAVDESS at random and by actor; and in halves: at random, by actor, by sentence.

    Halves, because there are two sentences: each arm of a kind trains on as many recordings.

    Parameters
    ----------
    dataset : with columns ``group`` and ``statement``.
    seeds : one training of everything for each.
    folds : of the first two arms.
    estimator : instead of Conv1D.
    name : of the outcome.
    """
    table = dataset.table
    rows = table[["id", "y", "group", "statement"]]
    ways = {
        "random": cross_validated(table, folds),
        "actor": cross_validated(table, folds, "group"),
        "random, halves": cross_validated(table, 2),
        "sentence, halves": cross_validated(table, 2, "statement"),
        "actor, halves": cross_validated(table, 2, "group"),
    }
    return _of_conv1d(name, dataset, rows, seeds, estimator, ways)


def nearest(
    dataset: Dataset,
    *,
    seeds: Sequence[int] = tuple(range(20)),
    folds: int = FOLDS,
    estimator: BaseEstimator | None = None,
    name: str = "nearest",
) -> Outcome:
    """The nearest recording answers: RAVDESS at random, by actor, and its last third.

    Used in notebooks/05_voice_data. No network: a score that needs a minute, and many draws.

    Parameters
    ----------
    dataset : with column ``group``; its rows in the order of the file names.
    seeds : one division of everything for each.
    folds : of the arms at random and by actor.
    estimator : instead of the nearest neighbour in standardised features.
    name : of the outcome.
    """
    table = dataset.table
    rows = table[["id", "y", "group"]]
    everything = np.arange(len(table))
    first, last = np.split(everything, [len(table) - len(table) // 3])
    ways = {
        "random": cross_validated(table, folds),
        "actor": cross_validated(table, folds, "group"),
        "last third": lambda seed: [(first, last)],
    }
    experiment = Experiment(name, dataset, rows, seeds)
    one = make_pipeline(StandardScaler(), KNeighborsClassifier(1))
    arms = experiment.all_divided(estimator or one, mean_mfccs(dataset), ways)
    return experiment.collect(
        arms,
        network="nearest neighbour, 40 time-averaged MFCCs of whole recordings",
    )


def known(
    dataset: Dataset,
    *,
    seeds: Sequence[int] = tuple(range(10)),
    folds: int = FOLDS,
    estimator: BaseEstimator | None = None,
    name: str = "known",
) -> Outcome:
    """The nearest recording answers, and training has 0, 1, 2 … recordings of each tested speaker.

    Half of a tested speaker's recordings are asked in every arm; some of the other half take the
    place of other people's, so that all arms train on equally many.

    Parameters
    ----------
    dataset : with column ``group``.
    seeds : one division of everything for each.
    folds : by speaker.
    estimator : instead of the nearest neighbour in standardised features.
    name : of the outcome.
    """
    table = dataset.table
    rows = table[["id", "y", "group"]]
    shuffled = table.sample(frac=1, random_state=0)
    place = shuffled.groupby("group").cumcount().sort_index()
    size = table.groupby("group")["group"].transform("size")
    asked = place >= size // 2
    ways = {}
    for n in KNOWN:
        if n <= size.min() // 2:
            ways[f"{n} known"] = partial(_with_known, table, asked, folds, n)
    experiment = Experiment(name, dataset, rows, seeds)
    one = make_pipeline(StandardScaler(), KNeighborsClassifier(1))
    arms = experiment.all_divided(estimator or one, mean_mfccs(dataset), ways)
    return experiment.collect(
        arms,
        network="nearest neighbour, 40 time-averaged MFCCs of whole recordings",
    )


def _with_known(table: pd.DataFrame, asked: pd.Series, folds: int, n: int, seed: int) -> Folds:
    """Folds by speaker whose training rows have ``n`` recordings of each tested speaker."""
    rng = np.random.default_rng(seed)
    found = []
    for train, test in cross_validated(table, folds, "group")(seed):
        theirs = table.iloc[test]
        candidates = theirs[~asked.iloc[test]]
        shuffled = candidates.sample(frac=1, random_state=rng)
        moved = shuffled.groupby("group").head(n).index
        others = rng.permutation(train)[len(moved) :]
        found.append((np.concatenate([others, moved]), test[asked.iloc[test]]))
    return found


def words(
    dataset: Dataset,
    *,
    seeds: Sequence[int] = SEEDS,
    estimator: BaseEstimator | None = None,
    name: str = "words",
) -> Outcome:
    """TESS in halves: at random, by word, and by woman, of whom there are two.

    Parameters
    ----------
    dataset : with columns ``group`` and ``word``.
    seeds : one training of everything for each.
    estimator : instead of Conv1D.
    name : of the outcome.
    """
    table = dataset.table
    rows = table[["id", "y", "group", "word"]]
    ways = {
        "random": cross_validated(table, 2),
        "word": cross_validated(table, 2, "word"),
        "woman": cross_validated(table, 2, "group"),
    }
    return _of_conv1d(name, dataset, rows, seeds, estimator, ways)


def corpora(
    dataset: Dataset,
    *,
    seeds: Sequence[int] = SEEDS,
    folds: int = FOLDS,
    estimator: BaseEstimator | None = None,
    name: str = "corpora",
) -> Outcome:
    """RAVDESS and TESS as one: at random; RAVDESS by actor, without and with TESS; from one corpus
    to the other.

    Parameters
    ----------
    dataset : with column ``corpus``, ``"ravdess"`` and ``"tess"``.
    seeds : one training of everything for each.
    folds : of the arms by actor and at random.
    estimator : instead of Conv1D.
    name : of the outcome.

    Returns
    -------
    Outcome with arms ``"merged, random"``, ``"ravdess, actor"``, ``"ravdess + tess, actor"``,
    ``"ravdess to tess"``, ``"tess to ravdess"``. In the last two ``calm`` can only be answered, or
    only be asked: score them in seven labels.
    """
    table = dataset.table
    rows = table[["id", "y", "group", "corpus"]]
    ravdess = np.flatnonzero(table["corpus"] == "ravdess")
    tess = np.flatnonzero(table["corpus"] == "tess")
    by_actor = cross_validated(table.iloc[ravdess], folds, "group")

    def alone(seed: int) -> Folds:
        return [(ravdess[train], ravdess[test]) for train, test in by_actor(seed)]

    def with_tess(seed: int) -> Folds:
        return [(np.concatenate([train, tess]), test) for train, test in alone(seed)]

    ways = {
        "merged, random": cross_validated(table, folds),
        "ravdess, actor": alone,
        "ravdess + tess, actor": with_tess,
        "ravdess to tess": lambda seed: [(ravdess, tess)],
        "tess to ravdess": lambda seed: [(tess, ravdess)],
    }
    return _of_conv1d(name, dataset, rows, seeds, estimator, ways)


def _of_conv1d(
    name: str,
    dataset: Dataset,
    rows: pd.DataFrame,
    seeds: Sequence[int],
    estimator: BaseEstimator | None,
    ways: Mapping[str, Callable[[int], Folds]],
) -> Outcome:
    """Conv1D, or the estimator in its place, on one set divided in several ways."""
    experiment = Experiment(name, dataset, rows, seeds)
    network = estimator or voice_network()
    arms = experiment.all_divided(network, mean_mfccs(dataset), ways)
    return experiment.collect(
        arms,
        network="conv1d (thesis), 40 time-averaged MFCCs of whole recordings",
    )
