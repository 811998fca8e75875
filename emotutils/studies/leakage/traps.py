"""Smaller leaks, each by itself: what is fitted, copied, chosen or peeked at too early.

Taught in notebooks/12_leakage.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ...datasets import Dataset, Part
from ...datasets.splits import cross_validation
from ...training import Batches, build_for, prepare
from ...training.recipes import recipe_for
from ...voices import augment_sound
from ...voices.degradation import mp3
from .collecting import Experiment, Folds, cross_validated, predict_folds
from .neighbours import small_network
from .outcomes import Outcome
from .voices import FOLDS, SEEDS, mean_mfccs

#: Columns of noise, and how many of them are chosen.
COLUMNS = 2_000
BEST = 20
#: kbit/s of the second copy of each recording.
KBITS = 128
#: Divisions of a leaderboard that are tried at most.
BOARDS = 2_000
SMALL_NETWORK = "two hidden layers (256, 128) on 40 time-averaged MFCCs"

#: Makes another recording of one: samples, their rate in Hz, a seed.
Vary = Callable[[np.ndarray, int, list[int]], np.ndarray]


def scaled(
    dataset: Dataset,
    *,
    seeds: Sequence[int] = SEEDS,
    folds: int = FOLDS,
    name: str = "scaled",
) -> Outcome:
    """Logistic regression by actor, its scaler fitted on training rows or, leaking, on all rows.

    Parameters
    ----------
    dataset : of voices.
    seeds : one training of everything for each.
    folds : by actor.
    name : of the outcome.
    """
    X = mean_mfccs(dataset)
    X_scaled = StandardScaler().fit_transform(X)
    rows = dataset.table[["id", "y", "group"]]
    experiment = Experiment(name, dataset, rows, seeds)
    parts = cross_validated(dataset.table, folds, "group")
    regression = LogisticRegression(max_iter=2000)
    honest = make_pipeline(StandardScaler(), regression)
    arms = {
        "fitted on all rows": experiment.divided(regression, X_scaled, parts),
        "fitted on training rows": experiment.divided(honest, X, parts),
    }
    return experiment.collect(arms, network="logistic regression")


def chosen_columns(
    dataset: Dataset,
    *,
    seeds: Sequence[int] = SEEDS,
    folds: int = FOLDS,
    name: str = "chosen-columns",
) -> Outcome:
    """The best columns of thousands, chosen before or after the split. All columns are noise:
    chance is all there is.

    What happens to anybody who computes 6,000 features of 240 recordings and keeps those that go
    with the label.

    Parameters
    ----------
    dataset : of voices; its labels are used, its sound is not.
    seeds : of the noise; one training of everything for each.
    folds : by actor.
    name : of the outcome.
    """
    rows = dataset.table[["id", "y", "group"]]
    y = rows["y"].to_numpy()
    divide = cross_validated(dataset.table, folds, "group")

    def run(early: bool, seed: int) -> tuple[np.ndarray, float]:
        X = np.random.default_rng(seed).normal(size=(len(y), COLUMNS))
        choose = SelectKBest(f_classif, k=BEST)
        model = LogisticRegression(max_iter=2000)
        if early:
            X = choose.fit_transform(X, y)
        else:
            model = make_pipeline(choose, model)
        parts = divide(seed)
        proba = predict_folds(model, X, y, parts, len(dataset.labels), seed)
        return proba, float(np.mean([len(train) for train, _ in parts]))

    arms = {
        "chosen on all rows": partial(run, True),
        "chosen on training rows": partial(run, False),
    }
    return Experiment(name, dataset, rows, seeds).collect(
        arms,
        network=f"logistic regression on {BEST} of {COLUMNS} random columns",
    )


def augmented(
    dataset: Dataset,
    *,
    seeds: Sequence[int] = SEEDS,
    folds: int = FOLDS,
    copies: int = 3,
    estimator: BaseEstimator | None = None,
    name: str = "augmented",
) -> Outcome:
    """Varied copies of each recording, made before the division or after it; both divide at random.

    Asked about are the originals alone.

    Parameters
    ----------
    dataset : of voices.
    seeds : one training of everything for each.
    folds : of both arms.
    copies : of each recording, by ``voices.augment_sound``.
    estimator : instead of ``small_network``.
    name : of the outcome.
    """

    def varied(voice: np.ndarray, sr: int, seed: list[int]) -> np.ndarray:
        return augment_sound(voice, sr, np.random.default_rng(seed))

    X, table = _with_copies(dataset, varied, copies)
    divisions = {
        "copies first": cross_validated(table, folds),
        "division first": cross_validated(table, folds, "recording"),
    }
    return _of_originals(dataset, X, table, divisions, seeds, estimator, name)


def twins(
    dataset: Dataset,
    *,
    seeds: Sequence[int] = SEEDS,
    folds: int = FOLDS,
    estimator: BaseEstimator | None = None,
    name: str = "twins",
) -> Outcome:
    """Every recording twice, once as MP3, like RAVDESS's audio-only and audio-visual files of one
    performance.

    Divided at random by file, or by performance; asked about are the originals alone.

    Parameters
    ----------
    dataset : of voices.
    seeds : one training of everything for each.
    folds : of both arms.
    estimator : instead of ``small_network``.
    name : of the outcome.
    """

    def coded(voice: np.ndarray, sr: int, seed: list[int]) -> np.ndarray:
        return mp3(voice, KBITS, sr)

    X, table = _with_copies(dataset, coded, 1)
    divisions = {
        "by file": cross_validated(table, folds),
        "by performance": cross_validated(table, folds, "recording"),
    }
    return _of_originals(dataset, X, table, divisions, seeds, estimator, name)


def _with_copies(dataset: Dataset, vary: Vary, copies: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Features and table of the recordings and, below them, of their copies.

    A copy gets an id of its own, so that only the column ``recording`` tells whose it is.
    """
    features = recipe_for("conv1d", "thesis").features
    voices = dataset.voices(sr=features.sr)
    more = []
    for copy in range(copies):
        for i, voice in enumerate(voices):
            more.append(features(vary(voice, features.sr, [i, copy])))
    X = np.concatenate([mean_mfccs(dataset), np.array(more, np.float32)])
    one = dataset.table.assign(recording=dataset.table["id"])
    table = pd.concat([one] * (copies + 1), ignore_index=True)
    names = [f"{name}/{row // len(one)}" for row, name in enumerate(table["id"])]
    return X, table.assign(id=names)


def _of_originals(
    dataset: Dataset,
    X: np.ndarray,
    table: pd.DataFrame,
    divisions: dict[str, Callable[[int], Folds]],
    seeds: Sequence[int],
    estimator: BaseEstimator | None,
    name: str,
) -> Outcome:
    """Arms over the recordings and their copies, of which the recordings alone are asked about."""
    n = len(dataset.table)
    rows = table[["id", "y", "group"]]

    def originals(divide: Callable[[int], Folds]) -> Callable[[int], Folds]:
        return lambda seed: [(train, test[test < n]) for train, test in divide(seed)]

    ways = {way: originals(divide) for way, divide in divisions.items()}
    experiment = Experiment(name, dataset, rows, seeds)
    arms = experiment.all_divided(estimator or small_network(), X, ways)
    return experiment.collect(
        arms,
        network=SMALL_NETWORK,
        copies=len(table) // n - 1,
    )


def best_epoch(
    dataset: Dataset,
    *,
    seeds: Sequence[int] = SEEDS,
    folds: int = 6,
    epochs: int = 60,
    name: str = "best-epoch",
) -> Outcome:
    """Conv1D by actor, its epoch chosen on the test actors, on validation actors, or the last one.

    One training a fold and seed, looked at after every epoch; the next fold's actors are for
    validation.

    Parameters
    ----------
    dataset : of voices.
    seeds : one training of everything for each.
    folds : by actor.
    epochs : of each training.
    name : of the outcome.
    """
    X = mean_mfccs(dataset)
    rows = dataset.table[["id", "y", "group"]]
    y = rows["y"].to_numpy(np.int32)
    k = len(dataset.labels)
    ways = ("chosen on test", "chosen on validation", "last epoch")

    @cache  # all ways look at the same trainings
    def all_ways(seed: int) -> dict[str, np.ndarray]:
        proba = {way: np.full((len(y), k), np.nan, np.float16) for way in ways}
        parts = cross_validation(dataset.table, folds, groups="group", seed=seed)
        for fold, (rest, test) in enumerate(parts):
            _, validation = parts[(fold + 1) % folds]
            asked = np.append(test, validation)
            train = np.setdiff1d(rest, validation)
            by_epoch = _answers_by_epoch(X, y, train, asked, k, seed, epochs)
            right = by_epoch.argmax(axis=2) == y[asked]
            chosen = {
                "chosen on test": right[:, : len(test)].mean(axis=1).argmax(),
                "chosen on validation": right[:, len(test) :].mean(axis=1).argmax(),
                "last epoch": epochs - 1,
            }
            for way, epoch in chosen.items():
                proba[way][test] = by_epoch[epoch, : len(test)]
        return proba

    def run(way: str, seed: int) -> tuple[np.ndarray, float]:
        return all_ways(seed)[way], len(y) * (folds - 2) / folds

    arms = {way: partial(run, way) for way in ways}
    return Experiment(name, dataset, rows, seeds).collect(
        arms,
        epochs=epochs,
        network="conv1d (thesis)",
    )


def _answers_by_epoch(
    X: np.ndarray,
    y: np.ndarray,
    train: np.ndarray,
    asked: np.ndarray,
    k: int,
    seed: int,
    epochs: int,
) -> np.ndarray:
    """Conv1D's probabilities (epochs, rows asked about, k) after each epoch of one training."""
    recipe = recipe_for("conv1d", "thesis")
    part = Part(X[train], y[train], np.empty(0, str), np.empty(0, str))
    model = build_for(recipe, "conv1d", part, k, seed)
    prepare(model, part, recipe)
    batches = Batches(part, k, recipe, seed, 0)
    answers = []
    for epoch in range(epochs):
        model.fit(batches, epochs=epoch + 1, initial_epoch=epoch, shuffle=False, verbose=0)
        answers.append(model.predict_on_batch(X[asked]))
    return np.stack(answers)


def leaderboard(
    dataset: Dataset,
    *,
    seeds: Sequence[int] = tuple(range(13)),
    folds: int = FOLDS,
    estimator: BaseEstimator | None = None,
    name: str = "leaderboard",
) -> Outcome:
    """Thirteen submissions: one network with thirteen seeds, by actor. `peek` divides its answers
    into boards.

    Parameters
    ----------
    dataset : of voices.
    seeds : one submission each.
    folds : by actor, the same for all.
    estimator : instead of ``small_network``.
    name : of the outcome.
    """
    rows = dataset.table[["id", "y", "group"]]
    parts = cross_validation(dataset.table, folds, groups="group")
    experiment = Experiment(name, dataset, rows, seeds)
    submissions = experiment.divided(
        estimator or small_network(),
        mean_mfccs(dataset),
        lambda seed: parts,
    )
    return experiment.collect({"submissions": submissions}, network=SMALL_NETWORK)


def peek(outcome: Outcome, actors: int = 4) -> pd.DataFrame:
    """Choose the best of the submissions on a public board of a few actors, then look at the
    others.

    Parameters
    ----------
    outcome : of `leaderboard`.
    actors : on the public board.

    Returns
    -------
    DataFrame, one row a choice of ``actors`` for the board (at most ``BOARDS``, drawn): ``public``
    accuracy of the submission that is best there, its ``private`` accuracy on all other actors, and
    ``typical``, the mean submission's on the board. Taught in notebooks/12_leakage.
    """
    speakers, code = np.unique(outcome.rows["group"].to_numpy(str), return_inverse=True)
    n = np.bincount(code, minlength=len(speakers))
    hits = []  # by submission, each speaker's right answers
    for answers in outcome.arms["submissions"]:
        right = answers.proba.argmax(axis=1) == answers.y
        hits.append(np.bincount(code, right, len(speakers)))
    hits = np.stack(hits)
    boards = np.array(list(combinations(range(len(speakers)), actors)))
    if len(boards) > BOARDS:
        drawn = np.random.default_rng(0).choice(len(boards), BOARDS, replace=False)
        boards = boards[drawn]
    found = []
    for board in boards:
        there = np.isin(np.arange(len(speakers)), board)
        public = hits[:, there].sum(axis=1) / n[there].sum()
        private = hits[:, ~there].sum(axis=1) / n[~there].sum()
        best = int(public.argmax())
        found.append((public[best], private[best], public.mean()))
    return pd.DataFrame(found, columns=["public", "private", "typical"])
