"""EMO-DB and CK+: files built in the layout of each, with sounds and pictures of no person."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile
from raising import raises_error

from emotutils import datasets
from emotutils.datasets import ckplus
from emotutils.errors import DataError

EMODB = ("03a01Fa", "03a01Nc", "08b02Wb", "09a05Ea", "16b10Td", "11a02Ac", "03a04Lb")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOTUTILS_CACHE", str(tmp_path / "cache"))


def tone(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.sin(np.arange(16000) / 10), 16000)


def picture(path, side=48, level=100):
    path.parent.mkdir(parents=True, exist_ok=True)
    grey = np.full((side, side), level, np.uint8)
    grey[10:20] = 200
    cv2.imwrite(str(path), grey)


@pytest.fixture
def german(tmp_path):
    for name in EMODB:
        tone(tmp_path / "emodb" / "wav" / f"{name}.wav")
    return tmp_path


@pytest.fixture
def posed(tmp_path):
    folder = tmp_path / "ckplus" / "CK+48"
    for name in (
        "anger/S010_004_00000017",
        "anger/S010_004_00000018",
        "anger/S010_004_00000019",
        "happy/S010_006_00000015",
        "surprise/S011_001_00000016",
        "contempt/S138_008_00000007",
    ):
        picture(folder / f"{name}.png", level=int(name[-2:]))
    return tmp_path


def test_emodb_names_are_read(german):
    voices = datasets.load("emodb", german)
    table = voices.table.set_index("id")
    labels = table["label"].to_dict()
    assert labels == {  # Freude, neutral, Wut, Ekel, Trauer, Angst; boredom is left out
        "03a01Fa": "happiness",
        "03a01Nc": "neutral",
        "08b02Wb": "anger",
        "09a05Ea": "disgust",
        "16b10Td": "sadness",
        "11a02Ac": "fear",
    }
    assert "surprise" not in voices.labels and len(voices.labels) == 6
    row = table.loc["16b10Td"]
    assert (row.speaker, row.sentence, row.version, row.group) == ("16", "b10", "d", "emodb-16")
    assert voices.table["group"].nunique() == 5 and set(table["split"]) == {"test"}
    assert [sound.shape for sound in voices.voices([0, 1])] == [(16000,)] * 2


@pytest.mark.parametrize("name", ["3a01Fa", "03a01Xa", "03c01Fa", "03a01F", "OAF_back_angry"])
def test_another_name_in_emodb_is_refused(german, name):
    tone(german / "emodb" / "wav" / f"{name}.wav")
    with raises_error(DataError, name):
        datasets.load("emodb", german)
    voices = datasets.load("emodb", german, on_error="report")
    assert len(voices) == 6 and name in voices.rejects["where"][0]


def test_a_silent_recording_is_reported(german):
    soundfile.write(german / "emodb" / "wav" / "03a07Wa.wav", np.zeros(16000), 16000)
    assert "silent" in datasets.load("emodb", german, on_error="report").rejects["what"][0]


def test_ckplus_keeps_the_peak_of_each_series(posed):
    faces = datasets.load("ckplus", posed)
    assert list(faces.table["id"]) == [
        "S010_004_00000019",
        "S010_006_00000015",
        "S011_001_00000016",
    ]
    assert list(faces.table["label"]) == ["anger", "happiness", "surprise"]
    assert list(faces.table["group"]) == ["ckplus-S010", "ckplus-S010", "ckplus-S011"]
    assert "neutral" not in faces.labels and len(faces.labels) == 6
    x = faces.faces()
    assert x.shape == (3, 48, 48, 1) and x[:, 0, 0, 0].tolist() == [19, 15, 16]


def test_ckplus_can_keep_all_pictures(posed):
    faces = ckplus.load(posed, last=False)
    assert len(faces) == 5 and set(faces.table["label"]) == {"anger", "happiness", "surprise"}


BAD_PICTURES = {
    "another size": ("anger/S010_004_00000020.png", 64, "64×64"),
    "another name": ("anger/face_1.png", 48, "face_1"),
    "another folder": ("boredom/S010_004_00000020.png", 48, "boredom"),
}


@pytest.mark.parametrize("name, side, thing", BAD_PICTURES.values(), ids=BAD_PICTURES)
def test_a_picture_that_cannot_be_used_is_refused(posed, name, side, thing):
    picture(posed / "ckplus" / "CK+48" / name, side)
    with raises_error(DataError, Path(name).name, thing):
        datasets.load("ckplus", posed)
    faces = datasets.load("ckplus", posed, on_error="report")
    assert len(faces) == 3 and len(faces.rejects) == 1


def test_a_file_that_is_no_picture_is_refused(posed):
    path = posed / "ckplus" / "CK+48" / "anger" / "S010_004_00000020.png"
    path.write_text("no picture")
    with raises_error(DataError, path.name):
        datasets.load("ckplus", posed)


def test_contempt_alone_is_no_set(tmp_path):
    picture(tmp_path / "ckplus" / "contempt" / "S138_008_00000007.png")
    with raises_error(DataError, tmp_path):
        datasets.load("ckplus", tmp_path)
