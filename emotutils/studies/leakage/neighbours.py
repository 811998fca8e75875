"""Shuffled frames: what happens when neighbours of test rows are in training (thesis 4.7 and 5.1).

Taught in notebooks/12_leakage.
"""

import warnings

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
from .collecting import Folds, collect, divided
from .outcomes import Outcome
from .voices import FOLDS, SEEDS

LENGTH, STEP = 0.5, 0.1  # seconds: a window, and from one to the next
DISTANCES = (
    0.1,
    0.2,
    0.3,
    0.5,
)  # seconds from a test window to the nearest of its recording in training
TRAINED = 10_000  # windows that every arm of the curve is trained on, so that nothing but the distance changes


def small_network(**options) -> BaseEstimator:
    """Standardised inputs and two hidden layers: 256 and 128 units, 40 passes over the data."""
    # Stopped by its number of passes on purpose, hence the tolerance: no part of the data is spent
    # on stopping.
    given = {"max_iter": 40, "tol": 0.0, "n_iter_no_change": 1000, **options}
    return make_pipeline(StandardScaler(), _Quiet((256, 128), **given))


class _Quiet(MLPClassifier):
    """Without the warning that it has not converged: see `small_network`."""

    def fit(self, X, y):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return super().fit(X, y)


def windows(
    dataset: Dataset,
    *,
    seeds=SEEDS,
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
    trained : windows to train on in every arm, drawn from those permitted (fewer where there are
        fewer).
    estimator : instead of `small_network`.
    """
    X, source, start = _cut(dataset)
    table = dataset.table.iloc[source].reset_index(drop=True)
    tested = _one_each(source)
    centre = np.zeros(source.max() + 1)
    centre[source[tested]] = start[tested]
    away = np.abs(start - centre[source])
    k, rows = len(dataset.labels), table.assign(start=start)[["id", "y", "group", "start"]]

    def drawn(allowed: np.ndarray, seed: int) -> np.ndarray:
        rng = np.random.default_rng([seed, len(allowed)])
        return np.sort(rng.permutation(allowed)[:trained])

    def distant(seconds: float):
        return lambda seed: [(drawn(np.flatnonzero(away > seconds - STEP / 2), seed), tested)]

    def apart(groups: str):
        def parts(seed: int) -> Folds:
            dealt = cross_validation(dataset.table, folds, groups=groups, seed=seed)
            inside = [(np.isin(source, train), np.intersect1d(tested, np.flatnonzero(np.isin(source, test))))
                      for train, test in dealt]  # fmt: skip
            return [(drawn(np.flatnonzero(train), seed), test) for train, test in inside]

        return parts

    ways = {f"{d} s": distant(d) for d in DISTANCES} | {
        "recording": apart("id"),
        "actor": apart("group"),
    }
    judges = {
        "": estimator or small_network(),
        "1-NN, ": make_pipeline(StandardScaler(), KNeighborsClassifier(1)),
    }
    arms = {f"{who}{way}": divided(judge, X, rows, k, folds_of) for who, judge in judges.items()
            for way, folds_of in ways.items()}  # fmt: skip
    return collect(name, rows, dataset.labels, arms, seeds, data=dataset.name, window=LENGTH, step=STEP,
                   network="two hidden layers (256, 128) on 40 MFCCs, mean over half a second")  # fmt: skip


def _cut(dataset: Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (m, 40) of all windows, the recording that each is from, and where in it it begins
    (s).
    """
    features = recipe_for("conv1d", "thesis").features
    X, source, start = [], [], []
    for i, voice in enumerate(dataset.voices(sr=features.sr)):
        sound = trim_or_whole(voice, features.sr, shortest=LENGTH)
        for t in np.arange(0, len(sound) / features.sr - LENGTH + 1e-9, STEP):
            begin = round(t * features.sr)
            X.append(features(sound[begin : begin + round(LENGTH * features.sr)]))
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
    seeds=SEEDS,
    folds: int = FOLDS,
    estimator: BaseEstimator | None = None,
    name: str = "films",
) -> Outcome:
    """Frames of films, shuffled as in thesis 4.7, and film by film.

    Parameters
    ----------
    dataset : faces with a column ``film``. Of drawn films this is a simulation, and nothing else.
    estimator : on flat pixels, standardised; by default the nearest frame answers, which is all
        that shuffling needs.
    """
    table = dataset.table.assign(group=dataset.table["film"])
    X, rows = dataset.faces().reshape(len(table), -1) / 255, table[["id", "y", "group"]]
    judge = estimator or KNeighborsClassifier(1)
    arms = {
        way: divided(judge, X, rows, len(dataset.labels), lambda seed, g=g: cross_validation(table, folds, groups=g,
                                                                                              seed=seed))
        for way, g in (("shuffled frames", None), ("film", "group"))
    }  # fmt: skip
    return collect(
        name, rows, dataset.labels, arms, seeds, data=dataset.name, network="nearest frame"
    )
