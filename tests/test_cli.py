import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emotutils import config, faces, samples
from emotutils.cli import main
from emotutils.datasets.catalog import CATALOG
from emotutils.fusion import rules

DEMO = config.shipped_root() / "sample" / "demo.mp4"


@pytest.fixture
def recording(tmp_path):
    files = sorted((samples.ensure() / "ravdess").rglob("*.wav"))[:3]
    x = np.concatenate([soundfile.read(f, dtype="float32")[0] for f in files])
    soundfile.write(tmp_path / "voice.wav", x, 16000)
    return tmp_path / "voice.wav"


def test_analyze_writes_everything_and_tells(recording, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["analyze", str(recording), "--out", str(out)]) == 0
    names = {p.name for p in out.iterdir()}
    assert names == {
        "frames.csv",
        "speech.csv",
        "timeline.csv",
        "result.json",
        "timeline.png",
        "report.html",
    }
    told = capsys.readouterr().out
    assert "sounds" in told and str(out / "report.html") in told.splitlines()[-1]


def test_json_is_for_scripts(recording, tmp_path, capsys):
    options = ["--out", str(tmp_path / "out"), "--only", "voice", "--export", "srt, csv", "--json"]
    assert main(["analyze", str(recording), *options]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert {"label", "probabilities", "face", "voice", "files"} <= set(summary)
    exported = {"voice.emotions.srt", "voice.emotions.long.csv"}
    assert exported <= set(summary["files"])
    assert exported <= {p.name for p in (tmp_path / "out").iterdir()}


@pytest.mark.parametrize(
    "words",
    [
        ["analyze", "none.mp4"],
        ["analyze", "{folder}"],
        ["analyze", "{demo}", "--face-network", "conv9d"],
        ["analyze", "{demo}", "--voice-network", "{wrong}"],
        ["analyze", "{demo}", "--out", "{wrong}"],
        ["analyze", "{demo}", "--out", "{wrong}/out"],
        ["analyze", "{demo}", "--fps", "0"],
        ["evaluate", "conv2d", "--data", "sample-ravdess"],
        ["evaluate", "conv2d", "--data", "imagenet"],
        ["evaluate", "conv2d", "--data", "sample-fer2013", "--out", "{wrong}/out"],
        ["train", "conv2d", "--data", "fer2013", "--root", "{folder}"],
        ["data", "check", "ravdess", "--root", "{folder}"],
    ],
)
def test_an_error_is_one_line_and_exit_2(words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wrong = tmp_path / "wrong.keras"
    wrong.write_text("not a network")
    places = {"folder": tmp_path, "demo": DEMO, "wrong": wrong}
    before = sorted(tmp_path.rglob("*"))
    assert main([w.format(**places) for w in words]) == 2
    told = capsys.readouterr().err.strip()
    assert told.splitlines()[-1].startswith("emotutils: ") and "Traceback" not in told
    assert len([line for line in told.splitlines() if line.startswith("emotutils: ")]) == 1
    assert sorted(tmp_path.rglob("*")) == before, "something half-written was left"


def test_evaluate_and_train_on_the_samples(tmp_path, capsys):
    words = [
        "train",
        "conv1d",
        "--data",
        "sample-ravdess",
        "--recipe",
        "thesis",
        "--epochs",
        "1",
        "--out",
        str(tmp_path),
    ]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "accuracy" in told and "record: " in told
    network = told.split("network: ")[1].strip()
    out = tmp_path / "new" / "scored"
    assert main(["evaluate", network, "--data", "sample-ravdess", "--json", "--out", str(out)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["n_groups"] >= 2 and found["scores"]["accuracy"] == found["accuracy"]
    assert {p.name for p in out.iterdir()} == {"report.json", "labels.csv", "report.png"}
    assert json.loads((out / "report.json").read_text()) == found
    assert len((out / "labels.csv").read_text().splitlines()) == 1 + len(found["labels"])
    assert main(["evaluate", network, "--data", "sample-ravdess"]) == 0
    told = capsys.readouterr().out
    assert f"{found['n']} rows in {found['n_groups']} groups" in told
    assert {line.split()[0] for line in told.splitlines()} >= {*found["scores"], *found["labels"]}


def test_a_set_is_audited(capsys):
    assert main(["data", "audit", "sample-tess"]) == 0
    out = capsys.readouterr().out
    assert "near-duplicate recording" in out and "same word" in out and "100.0%" in out


def test_films_become_faces_and_what_is_left_out_is_told(capsys, tmp_path):
    root = tmp_path / "data"
    shutil.copytree(
        samples.ensure() / "affwild2", root / "affwild2", ignore=shutil.ignore_patterns("faces")
    )
    next((root / "affwild2" / "videos").glob("2-*.mp4")).write_text("no film")
    assert main(["data", "prepare", "affwild2", "--root", str(root), "--jobs", "1"]) == 0
    out = capsys.readouterr().out
    assert "unannotated" in out and "left out: " in out and "2-15-320x240.mp4" in out
    assert main(["data", "check", "affwild2", "--root", str(root)]) == 0
    assert "42 faces" in capsys.readouterr().out


def test_data_and_networks_are_listed(capsys, tmp_path):
    assert main(["data", "list"]) == 0 and "fer2013" in capsys.readouterr().out
    assert main(["data", "check", "--root", str(tmp_path)]) == 0
    assert capsys.readouterr().out.count("not found") == len(
        CATALOG.keys() - {"crema-d"}
    )  # its votes ship
    assert main(["networks"]) == 0 and "conv2d" in capsys.readouterr().out


def test_check_ends_as_the_install_guide_says(capsys):
    assert main(["check"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    guide = Path(__file__).resolve().parents[1] / "INSTALL.md"
    assert f"`{last}`" in guide.read_text(encoding="utf-8")


def test_an_unknown_word_is_named(capsys):
    with pytest.raises(SystemExit) as end:
        main(["guess"])
    assert end.value.code == 2 and "guess" in capsys.readouterr().err


def test_help_names_what_is_registered(monkeypatch, capsys):
    monkeypatch.setattr(faces.detectors, "DETECTORS", dict(faces.DETECTORS))
    monkeypatch.setattr(rules, "RULES", dict(rules.RULES))
    faces.register_detector("cascade", faces.Haar)
    rules.register_rule("geometric", rules.RULES["mean"])
    for command in ("analyze", "demo"):
        with pytest.raises(SystemExit) as end:
            main([command, "--help"])
        assert end.value.code == 0
        words = " ".join(capsys.readouterr().out.split())
        assert "blazeface, haar, cascade (default: blazeface)" in words
        assert "geometric or joint (default: " in words
