"""Smaller leaks, each by itself: what is fitted, copied, chosen or peeked at too early.

Taught in notebooks/12_leakage.
"""

from functools import partial
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
from .collecting import collect, divided, predict_folds
from .neighbours import small_network
from .outcomes import Outcome
from .voices import FOLDS, SEEDS, heard

COLUMNS, BEST = 2_000, 20  # random columns beside the features, and how many are chosen
KBITS = 128  # kbit/s of the second copy of each recording


def scaled(dataset: Dataset, *, seeds=SEEDS, folds: int = FOLDS, name: str = "scaled") -> Outcome:
    """Logistic regression by actor, its scaler fitted on training rows or, leaking, on all rows."""
    X, rows, k = heard(dataset), dataset.table[["id", "y", "group"]], len(dataset.labels)
    judge = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    by = _by(dataset, folds, "group")
    arms = {
        "fitted on all rows": divided(judge[-1], StandardScaler().fit_transform(X), rows, k, by),
        "fitted on training rows": divided(judge, X, rows, k, by),
    }
    return collect(
        name, rows, dataset.labels, arms, seeds, data=dataset.name, network="logistic regression"
    )


def chosen_columns(
    dataset: Dataset, *, seeds=SEEDS, folds: int = FOLDS, name: str = "chosen-columns"
) -> Outcome:
    """The best columns of thousands, chosen before or after the split. All columns are noise:
    chance is all there is.

    What happens to anybody who computes 6,000 features of 240 recordings and keeps those that go
    with the label.
    """
    rows, k = dataset.table[["id", "y", "group"]], len(dataset.labels)
    y, by = rows["y"].to_numpy(), _by(dataset, folds, "group")

    def run(early: bool, seed: int) -> tuple[np.ndarray, float]:
        X = np.random.default_rng(seed).normal(size=(len(y), COLUMNS))
        choose, model = SelectKBest(f_classif, k=BEST), LogisticRegression(max_iter=2000)
        if early:
            X = choose.fit_transform(X, y)
        parts = by(seed)
        proba = predict_folds(
            model if early else make_pipeline(choose, model), X, y, parts, k, seed
        )
        return proba, float(np.mean([len(train) for train, _ in parts]))

    arms = {
        "chosen on all rows": partial(run, True),
        "chosen on training rows": partial(run, False),
    }
    network = f"logistic regression on {BEST} of {COLUMNS} random columns"
    return collect(name, rows, dataset.labels, arms, seeds, data=dataset.name, network=network)


def augmented(
    dataset: Dataset,
    *,
    seeds=SEEDS,
    folds: int = FOLDS,
    copies: int = 3,
    estimator: BaseEstimator | None = None,
    name: str = "augmented",
) -> Outcome:
    """Varied copies of each recording, made before the division or after it; both divide at random.

    Asked about are the originals alone. ``copies`` by ``voices.augment_sound``.
    """

    def varied(voice: np.ndarray, sr: int, key: list[int]) -> np.ndarray:
        return augment_sound(voice, sr, np.random.default_rng(key))

    ways = {"copies first": None, "division first": "id"}
    return _copied(dataset, varied, copies, ways, seeds, folds, estimator, name)


def twins(
    dataset: Dataset,
    *,
    seeds=SEEDS,
    folds: int = FOLDS,
    estimator: BaseEstimator | None = None,
    name: str = "twins",
) -> Outcome:
    """Every recording twice, once as MP3, like RAVDESS's audio-only and audio-visual files of one
    performance.

    Divided at random by file, or by performance; asked about are the originals alone.
    """

    def coded(voice: np.ndarray, sr: int, key: list[int]) -> np.ndarray:
        return mp3(voice, KBITS, sr)

    ways = {"by file": None, "by performance": "id"}
    return _copied(dataset, coded, 1, ways, seeds, folds, estimator, name)


def _copied(dataset, vary, copies, ways, seeds, folds, estimator, name) -> Outcome:
    """Arms over the originals and their copies, dealt out by row or by recording; answers to the
    originals only.
    """
    features = recipe_for("conv1d", "thesis").features
    voices, n, k = dataset.voices(sr=features.sr), len(dataset.table), len(dataset.labels)
    more = [
        features(vary(v, features.sr, [i, c])) for c in range(copies) for i, v in enumerate(voices)
    ]
    X = np.concatenate([heard(dataset), np.array(more, np.float32)])
    # A copy gets an id of its own, so that only the column to divide by tells whose it is.
    table = pd.concat(
        [dataset.table.assign(recording=dataset.table["id"])] * (copies + 1), ignore_index=True
    )
    table = table.assign(id=[f"{i}/{row // n}" for row, i in enumerate(table["id"])])
    column = {None: None, "id": "recording"}

    def originals(groups: str | None):
        def parts(seed: int):
            dealt = cross_validation(table, folds, groups=column[groups], seed=seed)
            return [(train, test[test < n]) for train, test in dealt]

        return parts

    rows = table[["id", "y", "group"]]
    arms = {
        w: divided(estimator or small_network(), X, rows, k, originals(groups))
        for w, groups in ways.items()
    }
    network = "two hidden layers (256, 128) on 40 time-averaged MFCCs"
    return collect(
        name, rows, dataset.labels, arms, seeds, data=dataset.name, network=network, copies=copies
    )


def best_epoch(
    dataset: Dataset, *, seeds=SEEDS, folds: int = 6, epochs: int = 60, name: str = "best-epoch"
) -> Outcome:
    """Conv1D by actor, its epoch chosen on the test actors, on validation actors, or the last one.

    One training a fold and seed, looked at after every epoch; the next fold's actors are for
    validation.
    """
    X, rows, k = heard(dataset), dataset.table[["id", "y", "group"]], len(dataset.labels)
    y, plan = rows["y"].to_numpy(np.int32), recipe_for("conv1d", "thesis")

    def looked_at(train: np.ndarray, asked: np.ndarray, seed: int) -> np.ndarray:
        part = Part(X[train], y[train], np.empty(0, str), np.empty(0, str))
        model = build_for(plan, "conv1d", part, k, seed)
        prepare(model, part, plan)
        batches = Batches(part, k, plan, seed, 0)
        seen = []
        for epoch in range(epochs):
            model.fit(batches, epochs=epoch + 1, initial_epoch=epoch, shuffle=False, verbose=0)
            seen.append(model.predict_on_batch(X[asked]))
        return np.stack(seen)

    kept: dict[int, dict[str, np.ndarray]] = {}

    def run(way: str, seed: int) -> tuple[np.ndarray, float]:
        dealt = cross_validation(dataset.table, folds, groups="group", seed=seed)
        if seed not in kept:
            kept[seed] = {
                w: np.full((len(y), k), np.nan, np.float16) for w in ("test", "validation", "last")
            }
            for fold, (train, test) in enumerate(dealt):
                chosen_on = dealt[(fold + 1) % folds][1]
                seen = looked_at(np.setdiff1d(train, chosen_on), np.append(test, chosen_on), seed)
                right = seen.argmax(axis=2) == y[np.append(test, chosen_on)]
                best = {
                    "test": right[:, : len(test)].mean(axis=1).argmax(),
                    "validation": right[:, len(test) :].mean(axis=1).argmax(),
                    "last": epochs - 1,
                }
                for w, epoch in best.items():
                    kept[seed][w][test] = seen[epoch, : len(test)]
        return kept[seed][way], len(y) * (folds - 2) / folds

    arms = {
        f"chosen on {w}" if w != "last" else "last epoch": partial(run, w)
        for w in ("test", "validation", "last")
    }
    return collect(name, rows, dataset.labels, arms, seeds, data=dataset.name, epochs=epochs,
                   network="conv1d (thesis)")  # fmt: skip


def leaderboard(
    dataset: Dataset, *, seeds=tuple(range(13)), folds: int = FOLDS, estimator: BaseEstimator | None = None,
    name: str = "leaderboard",
) -> Outcome:  # fmt: skip
    """Thirteen submissions: one network with thirteen seeds, by actor. `peek` divides its answers
    into boards.
    """
    X, rows = heard(dataset), dataset.table[["id", "y", "group"]]
    arms = {"submissions": divided(estimator or small_network(), X, rows, len(dataset.labels),
                                   lambda seed: cross_validation(dataset.table, folds, groups="group"))}  # fmt: skip
    network = "two hidden layers (256, 128) on 40 time-averaged MFCCs"
    return collect(name, rows, dataset.labels, arms, seeds, data=dataset.name, network=network)


def peek(outcome: Outcome, actors: int = 4) -> pd.DataFrame:
    """Choose the best of the submissions on a public board of a few actors, then look at the
    others.

    Returns
    -------
    DataFrame, one row a choice of ``actors`` for the board (at most 2,000, drawn): ``public``
    accuracy of the submission that is best there, its ``private`` accuracy on all other actors, and
    ``typical``, the mean submission's on the board. Taught in notebooks/12_leakage.
    """
    answers = outcome.arms["submissions"]
    right = np.stack([one.proba.argmax(axis=1) == one.y for one in answers])
    people, code = np.unique(outcome.rows["group"].to_numpy(str), return_inverse=True)
    hits = np.stack([np.bincount(code, r, len(people)) for r in right])
    n = np.bincount(code, minlength=len(people))
    boards = np.array(list(combinations(range(len(people)), actors)))
    rng = np.random.default_rng(0)
    boards = boards if len(boards) <= 2000 else boards[rng.choice(len(boards), 2000, replace=False)]
    found = []
    for board in boards:
        there = np.isin(np.arange(len(people)), board)
        public = hits[:, there].sum(axis=1) / n[there].sum()
        best = int(public.argmax())
        found.append((public[best], hits[best, ~there].sum() / n[~there].sum(), public.mean()))
    return pd.DataFrame(found, columns=["public", "private", "typical"])


def _by(dataset: Dataset, folds: int, groups: str | None):
    return lambda seed: cross_validation(dataset.table, folds, groups=groups, seed=seed)
