"""Faces beside voices: nobody in two parts, the same draw again, calm as neutral, and films in
RAVDESS's layout.
"""

from dataclasses import replace

import numpy as np
import pytest
from raising import raises_error

from emotutils import datasets, faces, media
from emotutils.datasets import Part, load_pairs, pair_up, ravdess_tracking
from emotutils.emotions import CODES, EMOTIONS
from emotutils.errors import DataError
from emotutils.media import FilmWriter
from emotutils.samples.muscles import EXPRESSIONS, Identity
from emotutils.samples.scene import Scene
from emotutils.samples.voice import SAMPLE_RATE, Speaker, loudness, speak
from emotutils.training.recipes import RECIPES
from emotutils.voices import PAD

FEATURES = RECIPES["joint", "best"].features
PAIRED, TRACKED = "paired-sample-fer2013+sample-ravdess", "sample-ravdess-units+sample-ravdess"


@pytest.fixture(scope="module")
def pairs():
    found = load_pairs(PAIRED)
    return {split: found.part(split, FEATURES) for split in ("train", "validation", "test")}


def test_neither_actors_nor_faces_cross_the_parts(pairs):
    pixels = datasets.load("sample-fer2013").table.set_index("id")["group"]
    for one, two in (("train", "validation"), ("train", "test"), ("validation", "test")):
        assert not set(pairs[one].actor) & set(pairs[two].actor)
        assert not set(pixels[pairs[one].face_id]) & set(pixels[pairs[two].face_id])


def test_twins_of_earlier_parts_are_left_out():
    table = datasets.load("sample-fer2013").table.copy()
    first = {
        split: np.flatnonzero(table["split"] == split)[0]
        for split in ("train", "validation", "test")
    }
    groups = table["group"].to_numpy(copy=True)
    groups[first["validation"]] = groups[first["train"]]
    second = np.flatnonzero(table["split"] == "validation")[1]
    groups[first["test"]] = groups[second]
    known = frozenset([table["id"][np.flatnonzero(table["split"] == "test")[-1]]])
    found = datasets.pairs._without_twins(table.assign(group=groups), known)
    gone = np.flatnonzero(found["split"] == "twin")
    assert {first["validation"], first["test"]} <= set(gone)
    assert known < set(found["id"].iloc[gone])
    assert {first["train"], second}.isdisjoint(gone)


def test_face_and_voice_of_a_pair_have_one_label_and_calm_is_neutral(pairs):
    face, voice = (
        datasets.load(f"sample-{name}").table.set_index("id")["label"]
        for name in ("fer2013", "ravdess")
    )
    for part in pairs.values():
        said = voice[part.voice_id].replace("calm", "neutral").to_list()
        assert said == face[part.face_id].to_list() == [EMOTIONS[y] for y in part.y]
    assert (voice[pairs["train"].voice_id] == "calm").any()


def test_arrays_are_what_the_networks_take(pairs):
    for part in pairs.values():
        n = len(part)
        assert part.face.shape == (n, datasets.FRAMES, 48, 48, 1) and part.face.dtype == np.uint8
        assert part.voice.shape == (n, *FEATURES.shape) and part.voice.dtype == np.float32
        assert part.y.dtype == np.int32 and part.x["present"].tolist() == [[1, 1]] * n


def test_a_held_out_recording_stands_beside_several_faces_each_with_all_of_its_windows(pairs):
    voices = datasets.voice_part(datasets.load("sample-ravdess"), "test", FEATURES)
    part = pairs["test"]
    assert len(part) == datasets.FACES_EACH * len(voices)
    for recording in set(part.voice_id):
        beside = part.face_id[part.voice_id == recording]
        names, counts = np.unique(beside, return_counts=True)
        assert len(names) == datasets.FACES_EACH and set(counts) == {(voices.id == recording).sum()}
    assert len(set(part.id)) == datasets.FACES_EACH * len(set(part.voice_id))


def test_the_seed_decides_which_faces(pairs):
    draw = load_pairs(PAIRED).drawer("validation", FEATURES)
    again, other = draw(0), draw(1)
    np.testing.assert_array_equal(again.face, pairs["validation"].face)
    np.testing.assert_array_equal(again.face_id, pairs["validation"].face_id)
    assert (other.face_id != again.face_id).mean() > 0.5
    np.testing.assert_array_equal(other.voice, again.voice)


def test_one_pictures_frames_are_alike_but_not_the_same(pairs):
    face = pairs["test"].face.astype(float)
    same = np.abs(face[:, 0] - face[:, 1]).mean(axis=(1, 2, 3))
    strangers = np.abs(face[:, 0] - np.roll(face[:, 1], 40, axis=0)).mean(axis=(1, 2, 3))
    assert (same > 0).all() and np.median(same) < 0.3 * np.median(strangers)


def test_varied_for_training_the_padding_stays_and_action_units_too(pairs):
    x = {name: values[:8].astype(np.float32) for name, values in pairs["train"].x.items()}
    varied = datasets.augment_pairs(x, np.random.default_rng(0))
    assert (varied["face"] != x["face"]).any(axis=(2, 3, 4)).all()
    assert (varied["voice"][x["voice"] == PAD] == PAD).all()
    units = x | {"face": np.ones((8, 35), np.float32)}
    np.testing.assert_array_equal(
        datasets.augment_pairs(units, np.random.default_rng(0))["face"], units["face"]
    )


def test_a_label_with_too_few_faces_is_named():
    voices = Part(
        np.zeros((2, 4, 3), np.float32),
        np.array([1, 1], np.int32),
        np.array(["a"] * 2),
        np.array(["v", "w"]),
    )
    one = Part(
        np.zeros((1, 48, 48, 1), np.uint8),
        np.array([1], np.int32),
        np.array(["f"]),
        np.array(["f"]),
    )
    assert len(pair_up(one, voices)) == 2
    with raises_error(DataError, "1 faces of disgust", "3 ", where="faces"):
        pair_up(one, voices, each=3)


# --- action units ---------------------------------------------------------------------------------


def test_action_units_stand_beside_the_recording_of_their_take():
    found = load_pairs(TRACKED)
    for split, actors in (("train", 6), ("validation", 2), ("test", 2)):
        part = found.part(split, FEATURES)
        assert len(set(part.actor)) == actors
        assert part.face.shape[1:] == (35,) and part.face.dtype == np.float32
        assert [name[3:] for name in part.face_id] == [name[3:] for name in part.voice_id]
        codes = [CODES["ravdess"][int(name.split("-")[2])] for name in part.face_id]
        assert [EMOTIONS[y] for y in part.y] == ["neutral" if c == "calm" else c for c in codes]


def test_a_part_of_action_units_holds_the_means_of_its_films():
    data = datasets.load("sample-ravdess-units")
    part = datasets.part(data, "test", "units")
    assert set(part.group) == set(data.table["group"][data.rows("test")])
    path = data.table.set_index("id").loc[part.id[0], "path"]
    told = ravdess_tracking.features(path)[list(datasets.UNITS)].mean()
    np.testing.assert_allclose(part.x[0], told, rtol=1e-5, atol=1e-7)


def test_a_film_without_its_recording_is_named():
    found = load_pairs(TRACKED)
    table = found.voices.table
    gone = table[table["split"] == "test"].iloc[0]
    few = replace(found, voices=replace(found.voices, table=table.drop(index=gone.name)))
    with raises_error(DataError, f"01{gone['id'][2:]}"):
        few.part("test", FEATURES)


# --- films ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Three drawn films in the layout of RAVDESS's audio-visual files, one actor for each part; no
    recordings.
    """
    root, rng = tmp_path_factory.mktemp("films"), np.random.default_rng(4)
    for actor, code in ((1, 3), (17, 5), (21, 2)):
        emotion = CODES["ravdess"][code]
        look = {} if emotion == "calm" else EXPRESSIONS[emotion]
        x = speak(
            "ki da to ba do", emotion, Speaker.random(rng, female=actor % 2 == 0), rng, strength=1.0
        )
        scene, mouth = Scene(Identity.random(rng), 320, 240, seed=actor), loudness(x, 10)
        path = (
            root / "ravdess" / f"Actor_{actor:02d}" / f"01-01-{code:02d}-01-01-01-{actor:02d}.mp4"
        )
        path.parent.mkdir(parents=True)
        with FilmWriter(path, 320, 240, 10, (x, SAMPLE_RATE)) as film:
            for i, opened in enumerate(mouth):
                film.write(scene.picture(i / 10, look, float(opened)), i / 10)
    return root


def test_a_films_face_stands_beside_its_own_sound(films):
    found = load_pairs("ravdess-films", films)
    for split, label in (("train", "happiness"), ("validation", "anger"), ("test", "neutral")):
        part = found.part(split, FEATURES, frames=3)
        assert {EMOTIONS[y] for y in part.y} == {label} and part.face.shape[1:] == (3, 48, 48, 1)
        assert part.face_id.tolist() == part.voice_id.tolist()
        assert part.face.std(axis=(2, 3, 4)).min() > 10, "an empty crop"


def test_faces_of_films_are_cut_as_analyze_cuts_them(films):
    (path,) = films.rglob("01-01-05-*.mp4")
    finder, cut = faces.build_detector(), []
    for frame in media.frames(path, 5.0):
        cut += [faces.align_crop(frame.image, face) for face in finder.detect(frame.image)[:1]]
    got = datasets.film_faces(path, 2)
    expected = [cut[int(k * len(cut))].round() for k in (0.25, 0.75)]
    np.testing.assert_array_equal(got, expected)


def test_a_film_without_a_face_is_named(tmp_path):
    path = tmp_path / "01-01-03-01-01-01-01.mp4"
    with FilmWriter(path, 64, 48, 5) as film:
        for i in range(5):
            film.write(np.full((48, 64, 3), 128, np.uint8), i / 5)
    with raises_error(DataError, where=path):
        datasets.film_faces(path)


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, where",
    [
        ("paired-sample-fer2013", "paired-sample-fer2013"),
        ("paired-sample-ravdess+sample-fer2013", "paired-sample-ravdess+sample-fer2013"),
        ("sample-fer2013+sample-ravdess", "sample-fer2013+sample-ravdess"),
        ("paired-sample-fer2014+sample-ravdess", "data set 'sample-fer2014'"),
    ],
)
def test_what_cannot_be_paired_is_named(name, where):
    with raises_error(DataError, where=where):
        load_pairs(name)


def test_which_names_are_pairs():
    assert all(map(datasets.is_pairs, (PAIRED, TRACKED, "paired-fer2013+ravdess", "ravdess-films")))
    assert not any(
        map(datasets.is_pairs, ("fer2013", "ravdess+tess", "ravdess-tracking", "sample-ravdess"))
    )


def test_pairs_that_are_open_are_handed_back():
    found = load_pairs(TRACKED)
    assert load_pairs(found) is found and datasets.is_pairs(found)
    assert not datasets.is_pairs(found.voices)


def test_a_recording_without_its_film_is_left_out_and_a_part_without_rows_is_an_error():
    found = load_pairs(TRACKED)
    table = found.faces.table
    one = table[table["split"] == "test"].head(1)
    few = replace(found, faces=replace(found.faces, table=one))
    assert set(few.part("test", FEATURES).face_id) == set(one["id"])
    with raises_error(DataError, "train"):
        few.part("train", FEATURES)


def test_units_are_of_a_set_of_units_only():
    with raises_error(DataError, "units network", where="sample-fer2013"):
        datasets.part(datasets.load("sample-fer2013"), "train", "units")
