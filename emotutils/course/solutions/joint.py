"""The exercises of notebooks/14_one_network."""

import numpy as np

from .registry import exercise


def _judge_dropout(answer) -> None:
    rng = np.random.default_rng(0)
    present = np.ones((4000, 2))
    got = answer(present.copy(), 0.5, np.random.default_rng(1))
    assert got is not None, "the function returns nothing yet"
    got = np.asarray(got)
    assert got.shape == present.shape and set(np.unique(got)) <= {0, 1}, (
        "give (n, 2) presences, 0 or 1"
    )
    assert (got.sum(axis=1) > 0).all(), (
        "a row without face and voice teaches nothing: hide one of them, never both"
    )
    hidden = (got.sum(axis=1) == 1).mean()
    assert 0.45 < hidden < 0.55, f"asked for half of the rows, {hidden:.0%} lose one"
    sides = got[got.sum(axis=1) == 1].mean(axis=0)
    assert abs(sides[0] - 0.5) < 0.05, "face and voice should be hidden equally often"
    some = (rng.random((500, 2)) < 0.5).astype(float)
    some[some.sum(axis=1) == 0, 0] = 1
    again = np.asarray(answer(some.copy(), 1.0, np.random.default_rng(2)))
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
        ((["a", "b"], ["x", "x"]), (["c"], ["y"]), (set(), set())),
        ((["a", "b"], ["x", "y"]), (["b", "d"], ["z", "y"]), ({"b"}, {"y"})),
    )
    for (faces_1, actors_1), (faces_2, actors_2), expected in cases:
        got = answer(np.array(faces_1), np.array(actors_1), np.array(faces_2), np.array(actors_2))
        assert got is not None, "the function returns nothing yet"
        found = tuple({str(name) for name in part} for part in got)
        assert found == expected, (
            f"faces {faces_1} and {faces_2}, actors {actors_1} and {actors_2}: {expected}"
        )


@exercise("14.2", _judge_shared)
def shared(train_faces, train_actors, test_faces, test_actors) -> tuple[set, set]:
    """The faces, and the actors, that stand on both sides of a split."""
    return set(train_faces) & set(test_faces), set(train_actors) & set(test_actors)
