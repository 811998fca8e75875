"""Aff-Wild2's files as distributed, and what is said when they are not."""

import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from raising import raises_error

from emotutils.datasets import affwild2
from emotutils.emotions import EMOTIONS
from emotutils.errors import DataError

HEADER = "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise,Other"
HEADER_2020 = "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise"
EXPR = "EXPR_Classification_Challenge"


def annotate(root, name, codes=(0, 4), header=HEADER, part=f"{EXPR}/Train_Set"):
    path = root / "affwild2" / part / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *map(str, codes)]) + "\n")
    return path


def film(root, name, folder="videos"):
    path = root / "affwild2" / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_films_are_found_with_their_annotations_in_any_depth(tmp_path):
    for name, folder in {
        "1-30.mp4": "videos",
        "video 2.avi": "batch1/a",
        "112.MP4": "new_vids",
        "x.mkv": "b",
    }.items():
        film(tmp_path, name, folder)
    film(tmp_path, "._1-30.mp4")  # what macOS puts beside a copy
    annotate(tmp_path, "1-30", [1, 2, -1])
    annotate(
        tmp_path, "video 2", part="Third ABAW Annotations/EXPR_Recognition_Challenge/Validation_Set"
    )
    annotate(tmp_path, "112", header=HEADER_2020, part="annotations/EXPR_Set/Training_Set")
    annotate(tmp_path, "1-30", header="valence,arousal", part="VA_Estimation_Challenge/Train_Set")
    annotate(tmp_path, "1-30", header="AU1,AU2", part="AU_Detection_Challenge/Train_Set")
    table = affwild2.films(tmp_path).set_index("name")
    assert dict(table["split"]) == {"1-30": "train", "video 2": "validation", "112": "train"}
    assert dict(table["n_lines"]) == {"1-30": 3, "video 2": 2, "112": 2}
    assert (table["problem"] == "").all() and (table["side"] == "").all()
    assert table.loc["112", "path"] == str(tmp_path / "affwild2" / "new_vids" / "112.MP4")


def test_two_people_in_one_film(tmp_path):
    """The four kinds of names in the published set; video5_left has a film of its own name only
    here.
    """
    for name in ("30-30", "10-60", "video2", "video5_left", "alone"):
        film(tmp_path, f"{name}.mp4")
    annotated = (
        "30-30_left",
        "30-30_right",
        "10-60",
        "10-60_right",
        "video2",
        "video2_left",
        "video5_left",
        "alone",
    )
    for name in annotated:
        annotate(tmp_path, name)
    table = affwild2.films(tmp_path).set_index("name")
    assert dict(zip(table.index, zip(table["film"], table["side"], strict=True), strict=True)) == {
        "30-30_left": ("30-30", "left"),
        "30-30_right": ("30-30", "right"),
        "10-60": ("10-60", "left"),
        "10-60_right": ("10-60", "right"),
        "video2": ("video2", "right"),
        "video2_left": ("video2", "left"),
        "video5_left": ("video5_left", ""),
        "alone": ("alone", ""),
    }


def test_what_cannot_be_used_is_raised_or_noted(tmp_path):
    for name in (
        "good.mp4",
        "twice.mp4",
        "bad.mp4",
        "test film.mp4",
        "a/copied.mp4",
        "b/copied.avi",
    ):
        film(tmp_path, name)
    for name in ("good", "twice", "copied", "gone"):
        annotate(tmp_path, name)
    annotate(tmp_path, "twice", part="EXPR_Set/Validation_Set")
    annotate(tmp_path, "bad", [0, 8])
    table = affwild2.films(tmp_path, on_error="report")
    problems = dict(zip(table["name"] + table["split"].str[:1], table["problem"], strict=True))
    remedies = dict(zip(table["name"], table["remedy"], strict=True))
    assert remedies["gone"] == "unpack the archive that holds it"
    for name, problem in {
        "goodt": "^$",
        "twicet": "^$",
        "twicev": "annotated in .*Train_Set.* as well",
        "copiedt": "two films of that name, .*copied.mp4 and .*copied.avi",
        "gonet": "no film gone.mp4 or .avi under ",
        "badt": "line 3 is '8', expected a code from -1 to 7",
        "test film": "^not annotated$",
    }.items():
        assert re.search(problem, problems.pop(name)), name
    assert not problems
    with raises_error(DataError, "bad.txt", "line 3", "'8'"):
        affwild2.films(tmp_path)
    with raises_error(DataError, "ignore", where="on_error"):
        affwild2.films(tmp_path, on_error="ignore")


def test_a_film_without_annotation_is_no_error(tmp_path):
    film(tmp_path, "a.mp4"), film(tmp_path, "of the test set.mp4")
    annotate(tmp_path, "a")
    last = affwild2.films(tmp_path).iloc[-1]
    assert (last["name"], last["annotation"], last["split"]) == ("of the test set", "", "")


def test_codes_go_by_the_header(tmp_path):
    eight = affwild2.read_annotation(annotate(tmp_path, "a", [0, 1, 2, 3, 4, 5, 6, 7, -1]))
    assert eight == [
        "neutral",
        "anger",
        "disgust",
        "fear",
        "happiness",
        "sadness",
        "surprise",
        "other",
        "",
    ]
    assert affwild2.read_annotation(annotate(tmp_path, "b", [6, -1, 0], HEADER_2020)) == [
        "surprise",
        "",
        "neutral",
    ]
    turned = ",".join(reversed(HEADER.split(",")))
    assert affwild2.read_annotation(annotate(tmp_path, "c", [0, 3], turned)) == [
        "other",
        "happiness",
    ]
    odd = tmp_path / "odd.txt"
    odd.write_bytes(("\ufeff" + HEADER.replace(",", ", ") + "\r\n 4 \r\n-1\r\n\r\n").encode())
    assert affwild2.read_annotation(odd) == ["happiness", ""]


@pytest.mark.parametrize(
    "text, line, found",
    [
        ("", 1, "''"),
        ("0\n0\n", 1, "'0'"),
        ("valence,arousal\n0.1,0.2\n", 1, "'valence,arousal'"),
        (HEADER.replace("Anger", "Angry") + "\n0\n", 1, "Angry"),
        (HEADER_2020.replace("Fear,", "") + "\n0\n", 1, "Disgust,Happiness"),
        (f"image_location,{HEADER}\na/00001.jpg,0\n", 1, "image_location"),
        (f"{HEADER}\n", 1, "-1 to 7"),
        (f"{HEADER}\n0\n8\n", 3, "'8', expected a code from -1 to 7"),
        (f"{HEADER_2020}\n7\n", 2, "'7', expected a code from -1 to 6"),
        (f"{HEADER}\n0\n-2\n", 3, "'-2'"),
        (f"{HEADER}\n0\n\n1\n", 3, "''"),
        (f"{HEADER}\n0\nhappy\n", 3, "'happy'"),
        (f"{HEADER}\n0.0\n", 2, "'0.0'"),
    ],
)
def test_a_damaged_annotation_says_which_line(tmp_path, text, line, found):
    path = tmp_path / "a.txt"
    path.write_text(text)
    with raises_error(DataError, f"line {line}", found, where=path):
        affwild2.read_annotation(path)


def test_a_binary_file_is_no_annotation(tmp_path):
    (tmp_path / "a.txt").write_bytes(bytes(range(256)))
    with raises_error(DataError, "line 1", where=tmp_path / "a.txt"):
        affwild2.read_annotation(tmp_path / "a.txt")


def put_affwild(folder, valence, arousal, name="105"):
    for dimension, text in (("valence", valence), ("arousal", arousal)):
        path = folder / dimension / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_affwilds_valence_and_arousal(tmp_path):
    folder = put_affwild(tmp_path / "annotations" / "train", "0.25\n-1\n1.0\n", "0\n0.5\n-0.125\n")
    table = affwild2.read_valence_arousal(folder, "105")
    expected = {"frame": [1, 2, 3], "valence": [0.25, -1, 1], "arousal": [0, 0.5, -0.125]}
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected), check_dtype=False)


@pytest.mark.parametrize(
    "valence, arousal, damaged, things",
    [
        ("0\n1.5\n", "0\n0\n", "valence", ["line 2", "1.5"]),
        ("0\n0\n", "0\nhigh\n", "arousal", ["high"]),
        ("0\n0\n", "0\nnan\n", "arousal", ["line 2", "nan"]),
        ("0\n0\n", "0\n", "arousal", ["1 lines", "2 of valence"]),
    ],
)
def test_damaged_valence_or_arousal(tmp_path, valence, arousal, damaged, things):
    root = put_affwild(tmp_path, valence, arousal)
    with raises_error(DataError, *things, where=root / damaged / "105.txt"):
        affwild2.read_valence_arousal(root, "105")


def test_a_film_of_affwild_that_is_not_there(tmp_path):
    with raises_error(DataError, where=tmp_path / "valence" / "7.txt"):
        affwild2.read_valence_arousal(tmp_path, "7")


def test_who_may_ask_for_the_set_is_said(tmp_path):
    for ask in (affwild2.films, affwild2.load):
        with raises_error(DataError, "emotutils data fetch affwild2", where=tmp_path / "affwild2"):
            ask(tmp_path)


@pytest.mark.parametrize("part", ["VA_Estimation_Challenge/Train_Set", "annotations/train/valence"])
def test_valence_alone_cannot_be_sorted(tmp_path, part):
    film(tmp_path, "105.mp4")
    annotate(tmp_path, "105", [0.1], "0.5", part)
    with raises_error(DataError, "EXPR", where=tmp_path / "affwild2"):
        affwild2.films(tmp_path)


def faces(root, labels=("anger", "neutral", "fear"), size=(48, 48)):
    """A table as `prepare_films` writes it, and its pictures: each grey as its row."""
    folder = root / "affwild2" / "faces"
    rows = []
    for k, label in enumerate(labels):
        name, path = f"007_{k + 1:05d}", f"{label}/007_{k + 1:05d}.png"
        (folder / label).mkdir(parents=True, exist_ok=True)
        Image.new("L", size, 10 * k).save(folder / path)
        rows.append((name, path, label, "007", "", "007", "train", k + 1, k / 5))
    columns = ["id", "path", "label", "film", "side", "group", "split", "frame", "t"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "table.csv", index=False)
    return folder


def test_prepared_faces_are_loaded(tmp_path):
    faces(tmp_path)
    data = affwild2.load(tmp_path)
    assert (
        data.labels == EMOTIONS and list(data.table["y"]) == [0, 6, 2] and data.modality == "face"
    )
    assert (
        list(data.table["film"]) == ["007"] * 3 and list(data.table["side"]) == [""] * 3
    )  # text stays text
    assert list(data.table["t"]) == [0, 0.2, 0.4] and not len(data.rejects)
    pixels = data.faces(np.array([2, 0]))
    assert pixels.shape == (2, 48, 48, 1) and pixels.dtype == np.float32
    assert (pixels[0] == 20).all() and (pixels[1] == 0).all()
    assert data.faces(np.array([], int)).shape == (0, 48, 48, 1)


def test_faces_without_their_file(tmp_path):
    folder = faces(tmp_path)
    (folder / "neutral" / "007_00002.png").unlink()
    missing = folder / "neutral" / "007_00002.png"
    with raises_error(DataError, "emotutils.datasets.prepare_films", where=missing):
        affwild2.load(tmp_path)
    data = affwild2.load(tmp_path, on_error="report")
    assert list(data.table["label"]) == ["anger", "fear"] and len(data.rejects) == 1
    assert (data.faces()[1] == 20).all()
    (folder / "fear" / "007_00003.png").write_bytes(b"\x89PNG\r\n\x1a\n cut off")
    with raises_error(DataError, where=folder / "fear" / "007_00003.png"):
        data.faces()


def test_films_without_faces_say_what_to_run(tmp_path):
    film(tmp_path, "a.mp4"), annotate(tmp_path, "a")
    with raises_error(DataError, f"emotutils.datasets.prepare_films({str(tmp_path)!r}"):
        affwild2.load(tmp_path)


@pytest.mark.parametrize("change", [{"label": "joy"}, {"film": None}])
def test_a_table_of_something_else_is_refused(tmp_path, change):
    path = faces(tmp_path) / "table.csv"
    table = affwild2.read_table(path)
    for name, value in change.items():
        table = table.drop(columns=name) if value is None else table.assign(**{name: value})
    table.to_csv(path, index=False)
    with raises_error(DataError, "table.csv", where=path.parent):
        affwild2.load(tmp_path)
