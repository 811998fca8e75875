"""The exercises of notebooks/12_leakage."""

import itertools
from collections.abc import Callable

import numpy as np
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .registry import exercise


def _check_group_split(answer) -> None:
    rng = np.random.default_rng(0)
    actors = [f"actor {i:02}" for i in range(20)]
    for share in (0.2, 0.5):
        alpha = np.full(20, 0.7)  # some say much, some little
        frequency = rng.dirichlet(alpha)
        groups = rng.choice(actors, 400, p=frequency)
        masks = []
        for seed in range(5):
            mask = answer(groups.copy(), share, seed)
            _check_mask(mask, groups, share)
            masks.append(np.asarray(mask))
        again = answer(groups.copy(), share, 0)
        same = np.array_equal(masks[0], again)
        assert same, "the same seed should give the same mask"
        counts = np.sum(masks, axis=0)
        differ = ((counts > 0) & (counts < 5)).any()
        assert differ, "the seed changes nothing"


def _check_mask(got, groups: np.ndarray, share: float) -> None:
    assert got is not None, "the function returns nothing yet"
    mask = np.asarray(got)
    assert mask.shape == groups.shape, "give one True or False for each row"
    assert mask.dtype == bool, "give True for test, False for the others"
    for group in np.unique(groups):
        its_own = groups == group
        sides = set(mask[its_own])
        assert len(sides) == 1, f"{group} lies on both sides"
    reached = mask.mean()
    assert 0 < reached < 1, "one side is empty"
    tested = groups[mask]
    _, rows = np.unique(tested, return_counts=True)
    largest = rows.max() / len(groups)
    hint = f"asked for a share of {share:.0%} of the rows: it should be that, and at most one group"
    assert reached >= share - 1e-9, f"{hint} more, not {reached:.0%}"
    assert reached - largest < share, f"{hint} more, not {reached:.0%}"


@exercise("12.1", _check_group_split)
def group_split(groups, share: float, seed: int) -> np.ndarray:
    """Which rows test: whole groups, drawn one after the other until they hold the share of the
    rows.
    """
    groups = np.asarray(groups)
    test = np.zeros(len(groups), bool)
    names = np.unique(groups)
    rng = np.random.default_rng(seed)
    for group in rng.permutation(names):
        if test.mean() < share:
            its_own = groups == group
            test[its_own] = True
    return test


def _check_nearest_gap(answer) -> None:
    t = np.array([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    scattered = [1, 0, 1, 1, 0, 1]
    first_two = [1, 1, 0, 0, 0, 0]
    first = [1, 0, 0, 0, 0, 0]
    mixed = np.array([1.0, 0.1, 0.5, 0.0, 0.6])
    cases = (
        (t, scattered, [0.2, 0.2]),
        (t, first_two, [0.2, 0.4, 0.6, 0.8]),
        (t[::-1], first, [0.2, 0.4, 0.6, 0.8, 1.0]),
        (mixed, [0, 0, 0, 1, 1], [0.4, 0.1, 0.1]),
    )
    for times, train, expected in cases:
        is_train = np.array(train, bool)
        got = answer(times.copy(), is_train)
        assert got is not None, "the function returns nothing yet"
        n = len(expected)
        assert len(got) == n, f"one number for each test frame: {n}, not {len(got)}"
        right = np.allclose(got, expected)
        hint = f"t = {times.tolist()}, is_train = {train}: it should be {expected}"
        assert right, hint


@exercise("12.2", _check_nearest_gap)
def nearest_gap(t, is_train) -> np.ndarray:
    """For each test frame the seconds to the nearest training frame of the same film."""
    test = t[~is_train]
    train = t[is_train]
    differences = test[:, None] - train
    apart = np.abs(differences)
    return apart.min(axis=1)


def _honest(X, y) -> float:
    scaler = StandardScaler()
    choice = SelectKBest(k=10)
    classifier = LogisticRegression()
    pipeline = make_pipeline(scaler, choice, classifier)
    scores = cross_val_score(pipeline, X, y, cv=5)
    return scores.mean()


def _scaled_on_all(X, y) -> float:
    scaler = StandardScaler()
    scaled = scaler.fit_transform(X)
    return _honest(scaled, y)


def _chosen_on_all(X, y) -> float:
    choice = SelectKBest(k=10)
    columns = choice.fit_transform(X, y)
    classifier = LogisticRegression()
    scores = cross_val_score(classifier, columns, y, cv=5)
    return scores.mean()


def _copied_first(X, y) -> float:
    rng = np.random.default_rng(0)
    wobble = rng.normal(0, 0.05, X.shape)
    twice = np.concatenate([X, X + wobble])
    labels = np.concatenate([y, y])
    classifier = KNeighborsClassifier(1)
    scores = cross_val_score(classifier, twice, labels, cv=5)
    return scores.mean()


def _check_leaks(answer) -> None:
    cases = (
        (_honest, False, "a pipeline whose every step is fitted on training rows"),
        (_chosen_on_all, True, "one that chooses its columns on all rows"),
        (_copied_first, True, "one that adds varied copies before it divides"),
        (_scaled_on_all, False, "one whose scaler sees all rows: on noise it gains nothing"),
    )
    for pipeline, expected, words in cases:
        got = answer(pipeline)
        assert got is not None, "the function returns nothing yet"
        assert bool(got) == expected, f"{words}: should be {expected}"
    asked = []
    assert not answer(_told([0.5, 0.6, 0.7], asked)), "a mean of 0.6 is luck: should be False"
    assert answer(_told([0.5, 0.8, 0.8], asked)), "three rounds with a mean of 0.7: should be True"
    assert not np.array_equal(asked[0], asked[1]), "draw other noise in each round"


def _told(accuracies: list[float], asked: list) -> Callable:
    """A pipeline that gives these accuracies in turn and keeps the rows it was asked about."""
    rounds = itertools.cycle(accuracies)

    def pipeline(X, y) -> float:
        asked.append(X)
        return next(rounds)

    return pipeline


@exercise("12.3", _check_leaks)
def leaks(pipeline) -> bool:
    """Whether a pipeline finds labels in noise: where there is nothing to learn, more than chance
    is a leak.
    """
    scores = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        noise = rng.normal(size=(200, 500))
        labels = np.arange(200) % 2
        scores.append(pipeline(noise, labels))
    accuracy = np.mean(scores)
    return bool(accuracy > 0.65)
