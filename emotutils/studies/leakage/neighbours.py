"""Shuffled frames: what happens when neighbours of test rows are in training (thesis 4.7 and 5.1).

Taught in notebooks/12_leakage.
"""

import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ...datasets import Dataset
from ...datasets.splits import cross_validation
from ...training.recipes import recipe_for
from ...voices import trim_or_whole
from .collecting import Experiment, Folds, cross_validated
from .outcomes import Outcome
from .voices import FOLDS, SEEDS

#: Seconds: a window, and from one to the next.
LENGTH = 0.5
STEP = 0.1
#: Seconds from a test window to the nearest of its recording in training.
DISTANCES = (0.1, 0.2, 0.3, 0.5)
#: Windows that every arm of the curve is trained on, so that nothing but the distance changes.
TRAINED = 10_000


def small_network(**options) -> BaseEstimator:
    """Standardised inputs and two hidden layers: 256 and 128 units, 40 passes over the data."""
    # Stopped by its number of passes on purpose, hence the tolerance: no part of the data is spent
    # on stopping.
    settings = {"max_iter": 40, "tol": 0.0, "n_iter_no_change": 1000}
    return make_pipeline(StandardScaler(), _Quiet((256, 128), **(settings | options)))


class _Quiet(MLPClassifier):
    """Without the warning that it has not converged: see `small_network`."""

    def fit(self, X, y):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return super().fit(X, y)


def windows(
    dataset: Dataset,
    *,
    seeds: Sequence[int] = SEEDS,
    folds: int = FOLDS,
    trained: int = TRAINED,
    estimator: BaseEstimator | None = None,
    name: str = "windows",
) -> Outcome:
    """Overlapping windows of half a second, ten a second, as a film has frames; shuffled, by
    recording, by actor.

    Of each recording one window is drawn and tested, the same in all arms. Arms ``"0.1 s"``, ``"0.2
    s"`` … are trained on windows of all recordings that are so far from the tested one of their
    own; ``"recording"`` on other recordings, ``"actor"`` on other actors. Arms beginning with
    ``"1-NN"`` ask the nearest window instead of a network.

    Parameters
    ----------
    dataset : of voices.
    seeds : one training of everything for each.
    folds : of the arms by recording and by actor.
    trained : windows to train on in every arm, drawn from those permitted (fewer where there are
        fewer).
    estimator : instead of `small_network`.
    name : of the outcome.
    """
    X, source, start = _cut(dataset)
    table = dataset.table.iloc[source].reset_index(drop=True)
    rows = table.assign(start=start)[["id", "y", "group", "start"]]
    tested = _one_each(source)
    centre = np.zeros(source.max() + 1)
    centre[source[tested]] = start[tested]
    distance = np.abs(start - centre[source])

    def drawn(allowed: np.ndarray, seed: int) -> np.ndarray:
        rng = np.random.default_rng([seed, len(allowed)])
        return np.sort(rng.permutation(allowed)[:trained])

    def distant(seconds: float) -> Callable[[int], Folds]:
        allowed = np.flatnonzero(distance > seconds - STEP / 2)
        return lambda seed: [(drawn(allowed, seed), tested)]

    def apart(groups: str) -> Callable[[int], Folds]:
        def parts(seed: int) -> Folds:
            found = []
            for train, test in cross_validation(dataset.table, folds, groups=groups, seed=seed):
                allowed = np.flatnonzero(np.isin(source, train))
                asked = np.intersect1d(tested, np.flatnonzero(np.isin(source, test)))
                found.append((drawn(allowed, seed), asked))
            return found

        return parts

    ways = {f"{seconds} s": distant(seconds) for seconds in DISTANCES}
    ways["recording"] = apart("id")
    ways["actor"] = apart("group")
    nearest = make_pipeline(StandardScaler(), KNeighborsClassifier(1))
    experiment = Experiment(name, dataset, rows, seeds)
    arms = experiment.all_divided(estimator or small_network(), X, ways)
    for way, arm in experiment.all_divided(nearest, X, ways).items():
        arms[f"1-NN, {way}"] = arm
    return experiment.collect(
        arms,
        window=LENGTH,
        step=STEP,
        network="two hidden layers (256, 128) on 40 MFCCs, mean over half a second",
    )


def _cut(dataset: Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (m, 40) of all windows, the recording that each is from, and where in it it begins
    (s).
    """
    features = recipe_for("conv1d", "thesis").features
    length = round(LENGTH * features.sr)
    X = []
    source = []
    start = []
    for i, voice in enumerate(dataset.voices(sr=features.sr)):
        sound = trim_or_whole(voice, features.sr, shortest=LENGTH)
        for t in np.arange(0, len(sound) / features.sr - LENGTH + 1e-9, STEP):
            begin = round(t * features.sr)
            X.append(features(sound[begin : begin + length]))
            source.append(i)
            start.append(t)
    return np.array(X, np.float32), np.array(source), np.array(start)


def _one_each(source: np.ndarray) -> np.ndarray:
    """One window of each recording, drawn: the same whatever the seed of a training, so that arms
    and seeds pair.
    """
    drawn = pd.Series(np.arange(len(source))).groupby(source).sample(1, random_state=0)
    return np.sort(drawn.to_numpy())


def films(
    dataset: Dataset,
    *,
    seeds: Sequence[int] = SEEDS,
    folds: int = FOLDS,
    estimator: BaseEstimator | None = None,
    name: str = "films",
) -> Outcome:
    """Frames of films, shuffled as in thesis 4.7, and film by film.

    Parameters
    ----------
    dataset : faces with a column ``film``. Of drawn films this is a simulation, and nothing else.
    seeds : one training of everything for each.
    folds : of both arms.
    estimator : on flat pixels, standardised; by default the nearest frame answers, which is all
        that shuffling needs.
    name : of the outcome.
    """
    table = dataset.table.assign(group=dataset.table["film"])
    rows = table[["id", "y", "group"]]
    X = dataset.faces().reshape(len(table), -1) / 255
    classifier = estimator or KNeighborsClassifier(1)
    experiment = Experiment(name, dataset, rows, seeds)
    ways = {
        "shuffled frames": cross_validated(table, folds),
        "film": cross_validated(table, folds, "group"),
    }
    arms = experiment.all_divided(classifier, X, ways)
    return experiment.collect(arms, network="nearest frame")
