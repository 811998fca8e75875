"""The exercises of notebooks/14_one_network."""

import numpy as np

from .registry import exercise


def _judge_dropout(answer) -> None:
    rng = np.random.default_rng(0)
    present = np.ones((4000, 2))
    got = answer(present.copy(), 0.5, np.random.default_rng(1))
    assert got is not None, "the function returns nothing yet"
    got = np.asarray(got)
    assert got.shape == present.shape, f"give presences of shape (n, 2), not {got.shape}"
    assert np.isin(got, (0, 1)).all(), "a presence is 0 or 1"
    assert (got.sum(axis=1) > 0).all(), (
        "a row without face and voice teaches nothing: hide one of them, never both"
    )
    hidden = (got.sum(axis=1) == 1).mean()
    assert 0.45 < hidden < 0.55, f"asked for half of the rows, {hidden:.0%} lose one"
    alone = got[got.sum(axis=1) == 1]
    faces = alone[:, 0].mean()
    assert abs(faces - 0.5) < 0.05, "face and voice should be hidden equally often"
    some = (rng.random((500, 2)) < 0.5).astype(float)
    some[some.sum(axis=1) == 0, 0] = 1
    again = answer(some.copy(), 1.0, np.random.default_rng(2))
    again = np.asarray(again)
    assert (again <= some).all(), "what is missing cannot come back"
    assert (again.sum(axis=1) == 1).all(), (
        "with rate 1 every row with both loses one, and a row with one keeps it"
    )


@exercise("14.1", _judge_dropout)
def modality_dropout(present: np.ndarray, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Hide face or voice, each as often, from this share of the rows that have both; ``present`` is
    (n, 2), 1 or 0.
    """
    both = present.all(axis=1)
    hit = both & (rng.random(len(present)) < rate)
    side = rng.integers(0, 2, len(present))
    out = present.copy()
    out[hit, side[hit]] = 0
    return out


def _judge_shared(answer) -> None:
    cases = (
        ("ab", "xx", "c", "y", "", ""),
        ("ab", "xy", "bd", "zy", "b", "y"),
    )
    for *sides, same_faces, same_actors in cases:
        got = answer(*(np.array(list(names)) for names in sides))
        assert got is not None, "the function returns nothing yet"
        faces, actors = got
        hint = f"faces and actors {sides[:2]} in train, {sides[2:]} in test: "
        assert set(faces) == set(same_faces), hint + f"the same faces are {list(same_faces)}"
        assert set(actors) == set(same_actors), hint + f"the same actors are {list(same_actors)}"


@exercise("14.2", _judge_shared)
def shared(train_faces, train_actors, test_faces, test_actors) -> tuple[set, set]:
    """The faces, and the actors, that stand on both sides of a split."""
    faces = set(train_faces) & set(test_faces)
    actors = set(train_actors) & set(test_actors)
    return faces, actors
