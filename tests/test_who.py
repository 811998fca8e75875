"""Who is who in a film: looks, cuts, tracks and people."""

import cv2
import numpy as np
import pytest

from emotutils import faces
from emotutils.faces import Face, Tracker, appearance, number_people
from emotutils.faces.appearance import Look
from emotutils.faces.cuts import Cuts

SKIN = np.zeros((3, 3), np.float32)


def somebody(who, n=1, colours=SKIN):
    """A look; different numbers are people who have hardly anything in common."""
    details = np.full(432, 0.001, np.float32)
    details[who] = 1
    return Look(details, colours, n)


def square(x, y, side=100.0):
    return Face(x, y, side, side, score=1.0)


# --- looks ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def portrait():
    """A mottled face on a wall, above clothes: (picture, face)."""
    rng = np.random.default_rng(0)
    picture = np.full((300, 200, 3), 200, np.uint8)
    picture[50:100, 50:150] = (60, 40, 20)
    skin = rng.integers(120, 220, (10, 10, 1)).repeat(10, 0).repeat(10, 1)
    picture[100:200, 50:150] = skin * (1, 0.7, 0.5)
    picture[220:] = (20, 60, 160)
    return picture, square(50, 100)


def seen(picture, face):
    return appearance.look(picture, face, faces.align_crop(picture, face))


def test_light_and_contrast_hardly_change_the_details(portrait):
    picture, face = portrait
    known = seen(picture, face)
    darker = seen((0.6 * picture + 10).astype(np.uint8), face)
    assert appearance.cosine(known, darker) > 0.99
    assert appearance.alike(known, known) == pytest.approx(1)


def test_hair_skin_and_clothes_each_tell_people_apart(portrait):
    picture, face = portrait
    known = seen(picture, face)
    for rows in (slice(50, 100), slice(100, 200), slice(220, 300)):
        other = picture.copy()
        other[rows] = np.roll(other[rows], 1, axis=2)  # another colour, about as light
        assert appearance.alike(known, seen(other, face)) < 0


def test_what_lies_outside_the_picture_does_not_count(portrait):
    picture, face = portrait
    close = seen(picture[:205], face)
    assert np.isnan(close.colours[2]).all() and not np.isnan(close.colours[:2]).any()
    assert appearance.alike(close, seen(picture, face)) > 0.9
    mean = close.joined(seen(picture, face))
    assert not np.isnan(mean.colours).any() and mean.n == 2


def test_a_mean_counts_every_picture_once():
    mean = somebody(0, n=3).joined(somebody(1))
    assert mean.n == 4
    assert mean.details[:2] == pytest.approx([0.75, 0.25], abs=1e-3)


# --- cuts -----------------------------------------------------------------------------------------


def test_another_picture_is_a_cut_and_a_movement_is_none():
    rng = np.random.default_rng(0)
    mottled = rng.integers(60, 190, (2, 6, 8, 3)).astype(np.uint8)
    room, street = (cv2.resize(picture, (240, 180)) for picture in mottled)
    cuts = Cuts()
    shown = [room, np.roll(room, 4, axis=1), street, street, room]
    assert [cuts.begins(picture) for picture in shown] == [False, False, True, False, True]


# --- tracks ---------------------------------------------------------------------------------------


def test_somebody_else_at_the_same_place_is_another_track():
    tracker = Tracker()
    assert tracker.update(0.0, [square(100, 100)], [somebody(0)]) == [0]
    assert tracker.update(0.2, [square(100, 100)], [somebody(1)]) == [1]
    assert tracker.update(0.4, [square(100, 100)], [somebody(1)]) == [1]
    assert tracker.looks[0].n == 1 and tracker.looks[1].n == 2


def test_over_a_cut_looks_count_and_places_do_not():
    tracker = Tracker()
    two = [square(100, 100), square(400, 100)]
    assert tracker.update(0.0, two, [somebody(0), somebody(1)]) == [0, 1]
    swapped = [somebody(1), somebody(0)]
    assert tracker.update(0.2, two, swapped, is_cut=True) == [1, 0]
    assert tracker.update(0.4, [square(250, 50, 300)], [somebody(0)], is_cut=True) == [0]
    assert tracker.update(0.6, [square(250, 50, 300)], [somebody(2)], is_cut=True) == [2]


# --- people ---------------------------------------------------------------------------------------


def test_people_are_numbered_by_how_long_they_are_seen():
    looks = {0: somebody(0), 1: somebody(1), 2: somebody(0), 3: somebody(2)}
    pictures = {0: {0, 1}, 1: {2, 3, 4}, 2: {5, 6}, 3: {7}}
    assert number_people(looks, pictures) == {0: 1, 2: 1, 1: 2, 3: 3}


def test_two_faces_of_one_picture_are_never_one_person():
    looks = dict.fromkeys(range(3), somebody(0))
    pictures = {0: {0, 1, 2}, 1: {2, 3}, 2: {4}}
    numbers = number_people(looks, pictures)
    assert numbers[0] != numbers[1] and numbers[2] in (numbers[0], numbers[1])


def test_nobody_gives_nothing():
    assert number_people({}, {}) == {}


def test_other_colours_keep_twins_apart():
    grey = somebody(0, colours=SKIN + 2 * appearance.COLOURS)
    numbers = number_people({0: somebody(0), 1: grey}, {0: {0}, 1: {1}})
    assert numbers == {0: 1, 1: 2}
