"""Two augmentations, tried on the shipped face network: same rows, same steps, same questions."""

import pytest

from emotutils.studies import augmenting
from emotutils.studies.robustness import FILM
from emotutils.training import records


def test_both_ways_are_asked_the_same():
    record = augmenting.study(
        data="sample-fer2013", rows=128, faces=20, epochs=2, learning_rate=1e-3, seeds=(0,)
    )
    steps = [(name, strength) for name, one in FILM.items() for strength in one.strengths]
    asked = [(point["degradation"], point["strength"]) for point in record["points"]]
    assert asked == [("", None), *steps]
    assert record["n"] == 20 and record["rows"] == 128
    for point in record["points"]:
        gain = point["film"][0] - point["faces"][0]
        assert point["gain"]["value"] == pytest.approx(gain, abs=1e-3)


def test_the_recipe_of_conv2d_has_what_the_record_speaks_for():
    """Better where films do most, at a small cost on clean faces after few steps."""
    record = records.read("augmenting-fer2013-conv2d")
    assert record["split"] == "validation" and record["ways"] == ["faces", "film"]
    points = {(point["degradation"], point["strength"]): point for point in record["points"]}
    assert points["film", 1]["gain"]["low"] > 0
    assert points["resolution", 14]["gain"]["low"] > 0  # the augmentation does not shrink faces
    assert points["", None]["gain"]["low"] > -0.03
