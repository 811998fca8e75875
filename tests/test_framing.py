"""Faces set into larger pictures, found there, and cut out with several margins."""

import numpy as np
import pytest

from emotutils.faces import MARGIN
from emotutils.studies import framing
from emotutils.training import records


@pytest.mark.parametrize("surrounding, corner", [("black", 0), ("grey", 90), ("edge", 60)])
def test_a_face_stands_whole_in_the_middle_of_its_picture(surrounding, corner):
    face = np.full((48, 48), 60, np.float32)
    face[12:36, 12:36] = 180  # a quarter of it: the mean is 90
    picture = framing.set_into_picture(face, surrounding)
    inside = picture[framing.PAD : -framing.PAD, framing.PAD : -framing.PAD]
    assert inside.shape == (framing.LARGE, framing.LARGE) and picture.dtype == np.uint8
    assert inside[0, 0] == 60 and inside[48, 48] == 180
    assert picture[0, 0] == pytest.approx(corner, abs=1)


def test_drawn_faces_are_found_and_asked_about():
    record = framing.study(
        data="sample-fer2013", rows=24, margins=(1.0, MARGIN, 1.25), several=((1.0, MARGIN, 1.25),)
    )
    assert list(record["conditions"]) == list(framing.CONDITIONS) and record["n"] == 24
    clean = record["conditions"]["clean"]
    assert 12 <= clean["found"] <= 24
    assert [one["margin"] for one in clean["one"]] == [1.0, MARGIN, 1.25]
    gain = clean["several"][0]["accuracy"]["value"] - clean["one"][1]["accuracy"]["value"]
    assert clean["several"][0]["gain"]["value"] == pytest.approx(gain, abs=2e-3)


def test_the_margin_is_the_detectors_and_no_other_is_clearly_better():
    record = records.read("framing-fer2013-conv2d")
    assert record["default"] == MARGIN
    for found in record["conditions"].values():
        assert found["margin"] == pytest.approx(MARGIN, abs=0.05)
        by_margin = {one["margin"]: one["accuracy"] for one in found["one"]}
        best = max(accuracy["value"] for accuracy in by_margin.values())
        assert by_margin[MARGIN]["high"] > best
