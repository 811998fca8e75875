"""The exercises of notebooks/12_leakage."""

import numpy as np
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .registry import exercise


def _judge_group_split(answer) -> None:
    rng = np.random.default_rng(0)
    for share in (0.2, 0.5):
        actors = [f"actor {i:02}" for i in range(20)]
        frequency = rng.dirichlet(np.full(20, 5.0))
        groups = rng.choice(actors, 400, p=frequency)
        got = answer(groups, share, 0)
        assert got is not None, "the function returns nothing yet"
        mask = np.asarray(got)
        assert mask.shape == groups.shape, "give one True or False for each row"
        assert mask.dtype == bool, "give True for test, False for the others"
        for group in np.unique(groups):
            sides = set(mask[groups == group])
            assert len(sides) == 1, f"{group} lies on both sides"
        assert mask.any() and not mask.all(), "one side is empty"
        _, rows = np.unique(groups, return_counts=True)
        most = share + rows.max() / len(groups)
        assert share - 1e-9 <= mask.mean() <= most, (
            f"asked for a share of {share:.0%}: it should be that, and at most one group more, "
            f"not {mask.mean():.0%}"
        )
        again = answer(groups, share, 0)
        assert np.array_equal(mask, again), "the same seed should give the same mask"
        others = [answer(groups, share, seed) for seed in (1, 2, 3)]
        same = [np.array_equal(mask, other) for other in others]
        assert not all(same), "the seed changes nothing"


@exercise("12.1", _judge_group_split)
def group_split(groups, share: float, seed: int) -> np.ndarray:
    """Which rows test: whole groups, drawn one after the other until they hold the share of the
    rows.
    """
    test = np.zeros(len(groups), bool)
    names = np.unique(groups)
    for group in np.random.default_rng(seed).permutation(names):
        if test.mean() < share:
            test |= np.asarray(groups) == group
    return test


def _judge_nearest_gap(answer) -> None:
    t = np.array([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    cases = (
        (t, [1, 0, 1, 1, 0, 1], [0.2, 0.2]),
        (t, [1, 1, 0, 0, 0, 0], [0.2, 0.4, 0.6, 0.8]),
        (t[::-1], [1, 0, 0, 0, 0, 0], [0.2, 0.4, 0.6, 0.8, 1.0]),
    )
    for times, train, expected in cases:
        got = answer(times.copy(), np.array(train, bool))
        assert got is not None, "the function returns nothing yet"
        assert len(got) == len(expected), (
            f"one number for each test frame: {len(expected)}, not {len(got)}"
        )
        assert np.allclose(got, expected), (
            f"t = {times.tolist()}, is_train = {train}: it should be {expected}"
        )


@exercise("12.2", _judge_nearest_gap)
def nearest_gap(t, is_train) -> np.ndarray:
    """For each test frame the seconds to the nearest training frame of the same film."""
    test = t[~is_train]
    train = t[is_train]
    apart = np.abs(test[:, None] - train)
    return apart.min(axis=1)


def _honest(X, y) -> float:
    chosen = make_pipeline(StandardScaler(), SelectKBest(k=10), LogisticRegression())
    return cross_val_score(chosen, X, y, cv=5).mean()


def _scaled_on_all(X, y) -> float:
    return _honest(StandardScaler().fit_transform(X), y)


def _chosen_on_all(X, y) -> float:
    columns = SelectKBest(k=10).fit_transform(X, y)
    return cross_val_score(LogisticRegression(), columns, y, cv=5).mean()


def _copied_first(X, y) -> float:
    wobble = np.random.default_rng(0).normal(0, 0.05, X.shape)
    twice = np.concatenate([X, X + wobble])
    labels = np.concatenate([y, y])
    return cross_val_score(KNeighborsClassifier(1), twice, labels, cv=5).mean()


def _judge_leaks(answer) -> None:
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


@exercise("12.3", _judge_leaks)
def leaks(pipeline) -> bool:
    """Whether a pipeline finds labels in noise: where there is nothing to learn, more than chance
    is a leak.
    """
    scores = []
    for seed in range(3):
        noise = np.random.default_rng(seed).normal(size=(200, 500))
        labels = np.arange(200) % 2
        scores.append(pipeline(noise, labels))
    return bool(np.mean(scores) > 0.65)
