"""A network on a set that it never learned from: which rows, which labels, which groups."""

import json

import cv2
import numpy as np
import pytest
import soundfile
from raising import raises_error

from emotutils import datasets, training
from emotutils.cli import main
from emotutils.emotions import EMOTIONS
from emotutils.errors import DataError
from emotutils.evaluation import score
from emotutils.networks import load_network
from emotutils.studies import elsewhere
from emotutils.training import records


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOTUTILS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def root(tmp_path):
    """Noise in the layouts of EMO-DB and CK+: who answers it is right by chance alone."""
    rng = np.random.default_rng(0)
    for name in ("03a01Fa", "03a01Nc", "08b02Wb", "09a05Ea", "16b10Td", "11a02Ac"):
        path = tmp_path / "emodb" / "wav" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, rng.uniform(-0.3, 0.3, 16000), 16000)
    for number, folder in enumerate(("anger", "disgust", "fear", "happy", "sadness", "surprise")):
        path = tmp_path / "ckplus" / folder / f"S0{10 + number}_001_00000009.png"
        path.parent.mkdir(parents=True)
        cv2.imwrite(str(path), rng.integers(0, 256, (48, 48), dtype=np.uint8))
    return tmp_path


def test_faces_are_scored_over_the_labels_that_are_there(root):
    said = []
    report = training.evaluate("conv2d", "ckplus", root=root, say=said.append)
    faces = datasets.load("ckplus", root)
    proba = load_network("conv2d").predict_proba(faces.faces())
    y = np.array([EMOTIONS.index(label) for label in faces.table["label"]])
    right = proba.argmax(axis=1) == y
    assert report.uar.value == pytest.approx(right.mean())  # one face a label
    assert (report.n, report.n_groups) == (6, 6)
    assert len(said) == 1 and said[0].startswith("neutral: not in ckplus")


def test_calm_counts_as_neutral_where_the_set_has_none(root):
    said = []
    report = training.evaluate("crnn", "emodb", "all", root, say=said.append)
    assert report.labels == EMOTIONS and report.n_groups == 5
    assert said[0].startswith("calm counts as neutral")
    assert said[1].startswith("surprise: not in emodb")


def test_all_rows_of_a_set_that_was_learned_are_refused():
    with raises_error(DataError, "ravdess"):
        training.evaluate("crnn", datasets.Dataset("ravdess", *[None] * 4), "all")


@pytest.mark.parametrize(
    "data, never",
    [("ravdess-song", False), ("ravdess+tess", False), ("tess", True), ("sample-ravdess", True)],
)
def test_the_actors_of_ravdess_are_known_from_all_its_sets(data, never):
    named = datasets.Dataset(data, *[None] * 4)
    assert training.testing.never_seen(load_network("crnn"), named) is never


def test_the_command_line_notes_it_beside_the_report(root, capsys):
    command = ["evaluate", "conv2d", "--data", "ckplus", "--split", "all", "--root", str(root)]
    assert main([*command, "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["n"] == 6 and "note: neutral" in told.err


def test_the_study_keeps_answers_and_says_what_they_mean(root, tmp_path):
    found = elsewhere.study("conv2d", "ckplus", root)
    path = elsewhere.write(found, tmp_path / "runs")
    record = records.read(path.stem, path.parent)
    assert path.stem == "elsewhere-conv2d-ckplus" and record["learned"] == "fer2013"
    answers = record.answers("test")
    groups = answers.groups["group"].to_numpy(str)
    again = score(answers.y, answers.proba, answers.labels, groups).to_dict()
    assert record["test"] == again
    home = records.read("official-fer2013-conv2d-best-s0").answers("test")
    kept = home.take(home.y != EMOTIONS.index("neutral"))
    expected = score(kept.y, kept.proba, EMOTIONS).uar.value
    assert record["home"]["value"] == pytest.approx(expected, abs=1e-4)


def test_a_set_of_the_same_name_is_refused():
    with raises_error(DataError, "fer2013"):
        elsewhere.study("conv2d", datasets.Dataset("fer2013", *[None] * 4))


@pytest.mark.parametrize("row", [r for r in elsewhere.rows() if "uar" in r], ids=str)
def test_recorded_rows_can_be_had_again(row):
    record = records.read(elsewhere.name_of(row["network"], row["data"]))
    if record is None:  # of the experiment on leakage, held to its answers in test_leakage.py
        assert row["network"].startswith("conv1d")
        return
    answers = record.answers("test")
    groups = answers.groups["group"].to_numpy(str)
    again = score(answers.y, answers.proba, answers.labels, groups)
    assert again.uar.value == pytest.approx(row["uar"].value, abs=1e-4)
    assert record["test"] == again.to_dict()
