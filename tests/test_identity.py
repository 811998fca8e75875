"""The study of looks: stand-ins for people, and what it chose."""

import numpy as np
import pytest

from emotutils.faces import appearance
from emotutils.studies import identity
from emotutils.training import records


def people(count, spread, seed=0):
    """Made-up people of two shots of two pictures, whose looks differ by ``spread`` a picture."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        middle = rng.normal(0, 1, 432)
        shots = [middle + rng.normal(0, spread, (2, 432)) for _ in range(2)]
        colours = np.zeros((3, 3))
        made.append([[appearance.Look(x, colours) for x in shot] for shot in shots])
    return made


def test_people_who_never_change_have_one_number_each():
    found = identity._films(people(8, 0), np.random.default_rng(0), films=5)
    assert found["two_in_one"] == 0 and found["numbers"] == identity.CAST and found["whole"] == 1


def test_people_who_change_altogether_are_split_and_not_merged():
    found = identity._films(people(8, 3), np.random.default_rng(0), films=5)
    assert found["two_in_one"] == 0 and found["whole"] == 0
    assert found["numbers"] == 2 * identity.CAST


def test_what_ships_is_what_the_study_chose():
    record = records.read("identity")
    assert record["details"]["limit"] == appearance.DETAILS
    assert record["colours"]["limit"] == appearance.COLOURS
    assert record["moment"]["limits"] == [appearance.OTHER_DETAILS, appearance.OTHER_COLOURS]
    assert record["chosen"]["details"] == pytest.approx(appearance.DETAILS, abs=1e-3)
    assert record["chosen"]["colours"] == pytest.approx(appearance.COLOURS, abs=0.1)
    assert record["moment"]["fer2013"]["lost"] == record["moment"]["drawn"]["lost"] == 0
