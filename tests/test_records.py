"""The shipped run records: complete, and in agreement with each other and with what was chosen from
them.
"""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from raising import raises_error

from emotutils.errors import NetworkError
from emotutils.evaluation import Answers, score
from emotutils.networks import DEFAULTS, shipped_cards
from emotutils.studies.tables import is_cut_short
from emotutils.support import machine
from emotutils.training import records
from emotutils.training.describing import run_name
from emotutils.training.recipes import recipe_for

#: Of trainings; the experiments' are held to their answers in test_leakage.py and
#: test_fusion_study.py.
RECORDS = [
    record
    for record in records.find()
    if record.arrays_path.is_file() and "network" in record and "protocol" in record
]
FACES = [record for record in RECORDS if record["data"] == "fer2013"]
JOINT = [record for record in RECORDS if record["network"] == "joint"]


def speakers(answers):
    return answers.groups["group"].to_numpy(str)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_every_figure_can_be_had_again_from_the_probabilities(record):
    plan = replace(
        recipe_for(record["network"], record["recipe"]), epochs=record["options"]["epochs"]
    )
    assert record.name == run_name(
        record["protocol"], record["data"], record["network"], plan, record["seed"]
    )
    for split in ("validation", "test"):
        if split in record:
            answers = record.answers(split)
            groups = speakers(answers) if record[split].get("n_groups") else None
            again = score(answers.y, answers.proba, answers.labels, groups).to_dict()
            assert again == {k: v for k, v in record[split].items() if k in again}
    if record["recipe"] == "thesis" or is_cut_short(record):
        assert record["notes"], (
            "the thesis is not matched to the letter, or the run was cut short: say so"
        )
    monitor = record["options"]["monitor"]
    for run in record.get("folds", [record]):
        values = (
            [epoch[monitor] for epoch in run["history"]] if monitor else range(len(run["history"]))
        )
        assert run["best_epoch"] == int(np.argmax(values)) + 1


@pytest.mark.parametrize("record", FACES, ids=lambda record: record.name)
def test_every_face_record_tells_flip_duplicates_and_majority(record):
    test, answers = record["test"], record.answers("test")
    mirrored = record.answers("test", "mirrored").proba
    y, proba, votes = answers.y, answers.proba, answers.groups["ferplus"].to_numpy()
    fresh = ~answers.groups["duplicate"].to_numpy()
    right = {
        "flip": (proba + mirrored).argmax(axis=1) == y,
        "without_duplicates": (proba.argmax(axis=1) == y)[fresh],
        "ferplus": (proba.argmax(axis=1) == votes)[votes >= 0],
    }
    for name, hits in right.items():
        assert test[name]["n"] == len(hits)
        assert test[name]["accuracy"]["value"] == pytest.approx(hits.mean(), abs=1e-4)
    if record["protocol"] == "official":
        assert (~fresh).sum() == 288  # PrivateTest rows that are identical to a Training row


@pytest.mark.parametrize("record", JOINT, ids=lambda record: record.name)
def test_every_joint_record_tells_face_alone_voice_alone_and_clips(record):
    for split in ("validation", "test"):
        told = record[split]
        for source, recorded in (
            (None, told),
            ("face", told["face_only"]),
            ("voice", told["voice_only"]),
        ):
            answers = record.answers(split, source)
            again = score(answers.y, answers.proba, answers.labels, speakers(answers)).to_dict()
            assert again == {k: v for k, v in recorded.items() if k in again}
            clips = answers.by_recording()
            again = score(clips.y, clips.proba, clips.labels, speakers(clips)).to_dict()
            assert again == recorded["clips"]
    made_up = record["data"].startswith("paired-")
    assert made_up == any("No film" in note for note in record["notes"])
    heard = [set(part["groups"]) for part in record["split"].values()]
    assert sum(map(len, heard)) == len(set().union(*heard)), "an actor in two parts"


def test_the_voice_network_that_ships_is_the_better_one_on_the_validation_actors():
    """RAVDESS alone or with TESS: decided on actors 17–20, at the same number of training steps."""
    crnn = {"protocol": "actors-16-4-4", "network": "crnn", "seed": 0}
    alone, merged = (records.find(data=data, **crnn)[0] for data in ("ravdess", "ravdess+tess"))
    steps = [
        r["options"]["epochs"] * -(-3 * r["split"]["train"]["n"] // 32) for r in (alone, merged)
    ]
    (card,) = [card for card in shipped_cards() if card["name"] == "crnn"]
    better = max((alone, merged), key=lambda r: r["validation"]["uar"]["value"])
    assert card["data"] == better["data"]
    assert max(steps) / min(steps) < 1.1


def test_the_quoted_figures_of_the_thesis_agree_with_themselves():
    quoted = records.read("quoted-thesis")["figures"]
    confusion = np.array(quoted["5.7"]["confusion"])
    assert confusion.sum() == 1734
    assert np.trace(confusion) / confusion.sum() == pytest.approx(
        quoted["5.7"]["test_accuracy"], abs=1e-6
    )
    recall = [row[1] for row in quoted["5.7"]["report"]]
    np.testing.assert_allclose(np.diag(confusion) / confusion.sum(axis=1), recall, atol=0.0051)
    # FER2013's tests had a tenth of its 35,887 pictures: each accuracy is a whole number of 3,589.
    for figure in ("5.2", "5.6"):
        right = quoted[figure]["test_accuracy"] * 3589
        assert right == pytest.approx(round(right), abs=1e-3)
    # One log stands under two captions: Conv2D on Affwild (4.10) and VGG16 on Affwild (5.3).
    logs = [
        [(e["epoch"], e["accuracy"], e["val_accuracy"]) for e in quoted[f]["epochs"]]
        for f in ("4.10", "5.3")
    ]
    assert logs[0] == logs[1]


def test_the_voice_network_beats_the_floors_on_the_same_folds():
    """Every actor tested by a network that never heard him; the folds are those of the floors."""
    record = records.read("folds-5-ravdess-crnn-best-s0")
    floors = records.read("folds-5-ravdess-floors")
    assert record["test"]["n_groups"] == 24 and record["test"]["clips"]["n"] == 1440
    heard = [group for fold in record["folds"] for group in fold["split"]["test"]["groups"]]
    assert len(heard) == len(set(heard)) == 24
    best = max(method["uar"]["high"] for method in floors["methods"].values())
    assert record["test"]["clips"]["uar"]["low"] > best
    assert record["test"]["uar"]["value"] >= 0.58
    assert record["parameters"] <= 500_000


def test_the_default_networks_are_the_best_measured():
    faces, voices, words = {}, {}, {}
    for record in records.find(protocol="official", data="fer2013", seed=0):
        faces[record["network"]] = record["test"]["accuracy"]["value"]
    for record in records.find(protocol="folds-5", data="ravdess", variant="best", seed=0):
        voices[record["network"]] = record["test"]["uar"]["value"]
    for record in records.find(protocol="official", data="goemotions", seed=0):
        words[record["network"]] = record["test"]["uar"]["value"]
    streams = {"face": faces, "voice": voices, "words": words}
    assert {name: max(found, key=found.get) for name, found in streams.items()} == DEFAULTS


def test_records_are_read_by_name_and_found_by_what_they_say(tmp_path):
    record = records.read("official-fer2013-conv2d-best-s0")
    assert {**record} == record.facts and len(record) == len(record.facts)
    assert records.read("never-run") is None and records.find(protocol="never") == []
    records.write("mine", {"protocol": "mine", "seed": 1}, folder=tmp_path)
    records.write("ours", {"protocol": "mine", "seed": 0}, folder=tmp_path)
    assert [one.name for one in records.find(tmp_path, protocol="mine")] == ["ours", "mine"]


def test_the_record_of_a_network_lies_beside_it_or_among_the_shipped_ones(tmp_path):
    card = {"name": "own", "run": "official-fer2013-conv2d-best-s0"}
    assert records.of_card(card, tmp_path)["data"] == "fer2013"
    records.write(card["run"], {"data": "own"}, folder=tmp_path)
    assert records.of_card(card, tmp_path)["data"] == "own"
    with raises_error(NetworkError, "own", "elsewhere.json"):
        records.of_card(card | {"run": "elsewhere"}, tmp_path)


def test_answers_are_read_as_they_were_saved(tmp_path):
    answers = records.read("folds-5-ravdess-crnn-best-s0").answers("test")
    answers.save(tmp_path / "answers.npz", "test")
    again = Answers.load(tmp_path / "answers.npz", "test")
    assert again.labels == answers.labels
    pd.testing.assert_frame_equal(again.groups, answers.groups)
    for name in ("id", "y", "proba"):
        np.testing.assert_array_equal(getattr(again, name), getattr(answers, name))


def test_over_seven_labels_calm_is_neutral():
    answers = records.read("folds-5-ravdess-crnn-best-s0").answers("test")
    seven = answers.to_seven()
    assert seven.proba.shape == (len(answers), 7) and seven.y.max() == 6
    assert (seven.y[answers.y == 7] == 6).all()


LIGHT = """
import contextlib, io, sys
import emotutils.evaluation, emotutils.plots
from emotutils import networks
assert networks.shipped_cards(networks.KINDS)
from emotutils.training import records
records.read("official-fer2013-conv2d-best-s0").answers("test").by_recording()
from emotutils import search
from emotutils.studies import leakage, paired
search.table(records.read("search-activation-fer2013-conv2d"))
leakage.read("words").table()
paired.read().report("clean", "weighted")
from emotutils.cli import main
with contextlib.redirect_stdout(io.StringIO()):
    assert main(["networks"]) in (0, None)
print(*{"keras", "tensorflow", "ai_edge_litert", "librosa", "cv2", "av"} & sys.modules.keys())
"""


def test_cards_records_scores_and_figures_need_no_network_and_no_film():
    out = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == ""


def test_a_package_that_is_not_installed_has_no_version(monkeypatch):
    monkeypatch.setattr(machine, "PACKAGES", ("numpy", "no-such-package"))
    versions = machine.surroundings()["versions"]
    assert versions["numpy"] == np.__version__
    assert versions["tensorflow"] and "no-such-package" not in versions
