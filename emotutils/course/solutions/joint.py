"""The exercises of notebooks/14_one_network."""

import numpy as np

from .registry import exercise


def _check_dropout(answer) -> None:
    present = np.ones((4000, 2))
    given = present.copy()
    rng = np.random.default_rng(1)
    got = answer(given, 0.5, rng)
    assert got is not None, "the function returns nothing yet"
    untouched = (given == present).all()
    assert untouched, "leave the array that comes in as it is: return a new one"
    got = np.asarray(got)
    assert got.shape == present.shape, f"give presences of shape (n, 2), not {got.shape}"
    binary = np.isin(got, (0, 1))
    assert binary.all(), "a presence is 0 or 1"
    left = got.sum(axis=1)
    hint = "a row without face and voice teaches nothing: hide one of them, never both"
    assert left.min() > 0, hint
    alone = left == 1
    hidden = alone.mean()
    assert 0.45 < hidden < 0.55, f"asked for half of the rows, {hidden:.0%} lose one"
    faces = got[alone, 0]
    share = faces.mean()
    assert 0.45 < share < 0.55, "face and voice should be hidden equally often"
    for seed in (1, 2):
        rng = np.random.default_rng(seed)
        again = answer(present.copy(), 0.5, rng)
        same = np.array_equal(again, got)
        first = seed == 1
        hint = "draw from rng alone: the same seed hides the same, another seed other rows"
        assert same == first, hint
    _check_dropout_where_some_are_missing(answer)


def _check_dropout_where_some_are_missing(answer) -> None:
    rng = np.random.default_rng(0)
    luck = rng.random((500, 2))
    drawn = luck < 0.5
    some = drawn.astype(float)
    n_present = some.sum(axis=1)
    neither = n_present == 0
    some[neither, 0] = 1
    rng = np.random.default_rng(2)
    got = answer(some.copy(), 1.0, rng)
    got = np.asarray(got)
    possible = got <= some
    assert possible.all(), "what is missing cannot come back"
    left = got.sum(axis=1)
    alone = left == 1
    hint = "with rate 1 every row with both loses one, and a row with one keeps it"
    assert alone.all(), hint


@exercise("14.1", _check_dropout)
def modality_dropout(present: np.ndarray, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Hide face or voice, each as often, from this share of the rows that have both; ``present`` is
    (n, 2), 1 or 0.
    """
    n = len(present)
    both = present.all(axis=1)
    drawn = rng.random(n) < rate
    hit = both & drawn
    side = rng.integers(0, 2, n)
    out = present.copy()
    out[hit, side[hit]] = 0
    return out


def _check_shared(answer) -> None:
    cases = (
        ("ab", "xx", "c", "y", "", ""),
        ("ab", "xy", "bd", "zy", "b", "y"),
    )
    for *sides, same_faces, same_actors in cases:
        arrays = [np.array(list(names)) for names in sides]
        got = answer(*arrays)
        assert got is not None, "the function returns nothing yet"
        faces, actors = got
        train = sides[:2]
        test = sides[2:]
        case = f"faces and actors {train} in train, {test} in test"
        expected = list(same_faces)
        hint = f"{case}: the same faces are {expected}"
        assert set(faces) == set(expected), hint
        expected = list(same_actors)
        hint = f"{case}: the same actors are {expected}"
        assert set(actors) == set(expected), hint


@exercise("14.2", _check_shared)
def shared(train_faces, train_actors, test_faces, test_actors) -> tuple[set, set]:
    """The faces, and the actors, that stand on both sides of a split."""
    faces = set(train_faces) & set(test_faces)
    actors = set(train_actors) & set(test_actors)
    return faces, actors
