"""The shipped run records: complete, and in agreement with each other and with what was chosen from
them.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from emotutils import config
from emotutils.evaluation import by_recording, score
from emotutils.networks import DEFAULTS
from emotutils.training.recipes import recipe_for
from emotutils.training.records import run_name

#: Of trainings; the experiments' are held to their answers in test_leakage.py and
#: test_fusion_study.py.
EXPERIMENTS = ("leak-", "fusion-")
ANSWERS = sorted((config.shipped_root() / "runs").glob("*.npz"))
RECORDS = [path.with_suffix(".json") for path in ANSWERS if not path.stem.startswith(EXPERIMENTS)]


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", RECORDS, ids=lambda p: p.stem)
def test_every_figure_can_be_had_again_from_the_probabilities(path):
    record, arrays = read(path), np.load(path.with_suffix(".npz"), allow_pickle=False)
    plan = replace(
        recipe_for(record["network"], record["recipe"]), epochs=record["options"]["epochs"]
    )
    assert path.stem == run_name(
        record["protocol"], record["data"], record["network"], plan, record["seed"]
    )
    for split in ("validation", "test"):
        if split in record:
            groups = arrays[f"{split}_group"] if "clips" in record[split] else None
            y, proba = arrays[f"{split}_y"], arrays[f"{split}_proba"].astype(float)
            again = score(y, proba, record[split]["labels"], groups).to_dict()
            assert again == {k: v for k, v in record[split].items() if k in again}
    if record["recipe"] == "thesis" or "-epochs-" in path.stem:
        assert record["notes"], (
            "the thesis is not matched to the letter, or the run was cut short: say so"
        )
    monitor = record["options"]["monitor"]
    for run in record.get("folds", [record]):
        values = (
            [epoch[monitor] for epoch in run["history"]] if monitor else range(len(run["history"]))
        )
        assert run["best_epoch"] == int(np.argmax(values)) + 1


@pytest.mark.parametrize(
    "path",
    [p for p in RECORDS if "fer2013" in p.stem and "paired-" not in p.stem],
    ids=lambda p: p.stem,
)
def test_every_face_record_tells_flip_duplicates_and_majority(path):
    test, a = read(path)["test"], np.load(path.with_suffix(".npz"), allow_pickle=False)
    y, proba, votes, fresh = (
        a["test_y"],
        a["test_proba"].astype(float),
        a["test_ferplus"],
        ~a["test_duplicate"],
    )
    right = {
        "flip": (proba + a["test_mirrored"]).argmax(axis=1) == y,
        "without_duplicates": (proba.argmax(axis=1) == y)[fresh],
        "ferplus": (proba.argmax(axis=1) == votes)[votes >= 0],
    }
    for name, hits in right.items():
        assert test[name]["n"] == len(hits)
        assert test[name]["accuracy"]["value"] == pytest.approx(hits.mean(), abs=1e-4)
    if path.stem.startswith("official"):
        assert (~fresh).sum() == 288  # PrivateTest rows that are identical to a Training row


@pytest.mark.parametrize("path", [p for p in RECORDS if "-joint-" in p.stem], ids=lambda p: p.stem)
def test_every_joint_record_tells_face_alone_voice_alone_and_clips(path):
    record, arrays = read(path), np.load(path.with_suffix(".npz"), allow_pickle=False)
    for split in ("validation", "test"):
        y, groups, told = arrays[f"{split}_y"], arrays[f"{split}_group"], record[split]
        _, first, code = np.unique(arrays[f"{split}_id"], return_index=True, return_inverse=True)
        for key, recorded in (
            ("", told),
            ("face_", told["face_only"]),
            ("voice_", told["voice_only"]),
        ):
            proba = arrays[f"{split}_{key}proba"].astype(float)
            again = score(y, proba, told["labels"], groups).to_dict()
            assert again == {k: v for k, v in recorded.items() if k in again}
            clips = score(
                y[first], by_recording(proba, code), told["labels"], groups[first]
            ).to_dict()
            assert clips == recorded["clips"]
    assert "paired-" not in path.stem or any("No film" in note for note in record["notes"])
    heard = [set(part["groups"]) for part in record["split"].values()]
    assert sum(map(len, heard)) == len(set().union(*heard)), "an actor in two parts"


def test_the_voice_network_that_ships_is_the_better_one_on_the_validation_actors():
    """RAVDESS alone or with TESS: decided on actors 17–20, at the same number of training steps."""
    alone, merged = (
        read(config.shipped_root() / "runs" / f"actors-16-4-4-{run}-s0.json")
        for run in ("ravdess-crnn-best", "ravdess+tess-crnn-best-13-epochs")
    )
    steps = [
        r["options"]["epochs"] * -(-3 * r["split"]["train"]["n"] // 32) for r in (alone, merged)
    ]
    card = read(config.shipped_root() / "weights" / "crnn.card.json")
    better = max((alone, merged), key=lambda r: r["validation"]["uar"]["value"])
    assert card["data"] == better["data"]
    assert max(steps) / min(steps) < 1.1


def test_the_quoted_figures_of_the_thesis_agree_with_themselves():
    quoted = read(config.shipped_root() / "runs" / "quoted-thesis.json")["figures"]
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
    runs = config.shipped_root() / "runs"
    record, floors = (
        read(runs / "folds-5-ravdess-crnn-best-s0.json"),
        read(runs / "folds-5-ravdess-floors.json"),
    )
    assert record["test"]["n_groups"] == 24 and record["test"]["clips"]["n"] == 1440
    heard = [group for fold in record["folds"] for group in fold["split"]["test"]["groups"]]
    assert len(heard) == len(set(heard)) == 24
    best = max(method["uar"]["high"] for method in floors["methods"].values())
    assert record["test"]["clips"]["uar"]["low"] > best
    assert record["test"]["uar"]["value"] >= 0.58
    assert record["parameters"] <= 500_000


def test_the_default_networks_are_the_best_measured():
    runs = config.shipped_root() / "runs"
    faces = {
        read(p)["network"]: read(p)["test"]["accuracy"]["value"]
        for p in runs.glob("official-fer2013-*-s0.json")
    }
    voices = {
        read(p)["network"]: read(p)["test"]["uar"]["value"]
        for p in runs.glob("folds-5-ravdess-*-s0.json")
    }
    assert {"face": max(faces, key=faces.get), "voice": max(voices, key=voices.get)} == DEFAULTS
