"""OpenFace's csv of a film in the main job: a lane of its own, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from raising import raises_error

from emotutils.analysis import analyze
from emotutils.cli import main
from emotutils.datasets.openface import AU_PRESENCES, UNITS
from emotutils.emotions import EMOTIONS, to_seven
from emotutils.errors import DataError, EmotutilsError
from emotutils.findings import P, columns, stream_names
from emotutils.media import FilmWriter
from emotutils.networks import DEFAULTS, KINDS, load_network

FPS = 10
SECONDS = 6


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """An empty room, silent: only OpenFace has something to say."""
    path = tmp_path_factory.mktemp("film") / "room.mp4"
    with FilmWriter(path, 320, 240, FPS) as writer:
        for k in range(SECONDS * FPS):
            writer.write(np.full((240, 320, 3), 120, np.uint8), k / FPS)
    return path


def frames(n=SECONDS * FPS, fps=FPS):
    """A face that smiles more and more, as OpenFace writes it."""
    table = pd.DataFrame(0.0, index=range(n), columns=list(UNITS))
    table["AU12_r"] = np.linspace(0, 4, n).round(2)
    table["AU06_r"] = np.linspace(0, 3, n).round(2)
    table[list(AU_PRESENCES)] = 0
    table["AU12_c"] = 1
    table.insert(0, "frame", np.arange(n) + 1)
    table.insert(1, "timestamp", (np.arange(n) / fps).round(3))
    table.insert(2, "confidence", 0.98)
    table.insert(3, "success", 1)
    return table


def put(folder, table):
    path = folder / "room.csv"
    table.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def found(film, tmp_path_factory):
    path = put(tmp_path_factory.mktemp("openface"), frames())
    return analyze(film, openface=path, smoothing=0, progress=False)


def test_windows_hold_what_the_network_says_of_their_means(found):
    table = found.streams["openface"].table
    assert list(table) == ["t0", "t1", "tracked", *P]
    np.testing.assert_allclose(table["t1"] - table["t0"], 4)
    np.testing.assert_allclose(table["t0"], np.arange(0, 2.01, 0.5))
    network = load_network("actions")
    first = frames()[list(UNITS)][:40].mean().to_numpy()[None]
    wanted = to_seven(network.predict_proba(first), network.labels)
    np.testing.assert_allclose(table.loc[0, P].to_numpy(float), wanted[0], atol=1e-6)
    np.testing.assert_allclose(table[P].sum(axis=1), 1)
    smile = f"p_{EMOTIONS[EMOTIONS.index('happiness')]}"
    assert table[smile].iloc[-1] > table[smile].iloc[0]


def test_it_stands_beside_and_is_fused_only_when_asked(found, film, tmp_path):
    line = found.timeline
    assert stream_names(line) == ["face", "voice", "openface"]
    assert (line["openface_label"] != "").any()
    assert (line["label"] == "").all() and (line["source"] == "").all()
    assert found.summary["label"] == "" and found.summary["openface"]["label"]
    assert found.summary["openface"]["sure"] is None
    path = put(tmp_path, frames())
    fused = analyze(film, openface=path, fuse_openface=True, smoothing=0, progress=False)
    there = fused.timeline["openface_label"] != ""
    assert set(fused.timeline["source"][there]) == {"openface"}
    np.testing.assert_allclose(
        fused.timeline.loc[there, P], fused.timeline.loc[there, columns("openface")]
    )
    assert fused.settings["fusion"] == "mean" and not fused.timeline["unsure"].any()
    with raises_error(EmotutilsError, "fuse_openface"):
        analyze(film, fuse_openface=True, progress=False)
    with raises_error(EmotutilsError, "joint", "openface"):
        analyze(film, openface=path, fuse_openface=True, fusion="joint", progress=False)


def test_without_it_nothing_changes_and_its_network_is_nobodys_default(found, film):
    without = analyze(film, smoothing=0, progress=False)
    kept = [name for name in found.timeline if "openface" not in name]
    pd.testing.assert_frame_equal(found.timeline[kept], without.timeline[kept])
    assert "openface" not in without.networks and not any("static" in w for w in without.warnings)
    assert KINDS["units"].stream is None and "actions" not in DEFAULTS.values()


def test_the_difference_is_said_and_all_is_written(found, tmp_path):
    assert any("static" in warning and "dynamic" in warning for warning in found.warnings)
    paths = found.save(tmp_path)
    back = pd.read_csv(paths["openface.csv"])
    assert list(back) == ["t0", "t1", "tracked", *P]
    page = paths["report.html"].read_text("utf-8")
    for words in ("OpenFace", "actions", "dynamic", "room.csv"):
        assert words in page, words
    result = json.loads(paths["result.json"].read_text("utf-8"))
    assert result["settings"]["openface"] == "room.csv"
    assert result["networks"]["openface"]["name"] == "actions"
    assert result["summary"]["openface"]["label"] in EMOTIONS


def test_where_no_face_was_tracked_nothing_is_said(film, tmp_path):
    table = frames()
    table.loc[20:, "success"] = 0  # seen for two of six seconds
    path = put(tmp_path, table)
    found = analyze(film, openface=path, smoothing=0, progress=False).streams["openface"].table
    assert found["tracked"].tolist() == pytest.approx([0.5, 0.375, 0.25, 0.125, 0])
    assert found[P].isna().all(axis=1).tolist() == [False, True, True, True, True]


def shorter(table):
    return table[:40]


def faster(table):
    return frames(SECONDS * 25, 25)


def unseen(table):
    return table.assign(success=0)


def of_two(table):
    return pd.concat([table.assign(face_id=0), table.assign(face_id=1)])


def without_smile(table):
    return table.drop(columns="AU12_r")


@pytest.mark.parametrize(
    "change, things",
    [
        (shorter, ["3.90 s", "room.mp4", "6.00 s"]),
        (faster, ["150", "room.mp4", "60"]),
        (unseen, ["no frame"]),
        (of_two, ["faces"]),
        (without_smile, ["AU12_r"]),
    ],
)
def test_a_csv_that_is_unfit_is_named(film, tmp_path, capsys, change, things):
    path = put(tmp_path, change(frames()))
    with raises_error(DataError, path, *things) as caught:
        analyze(film, openface=path, progress=False)
    command = ["analyze", str(film), "--openface", str(path), "--out", str(tmp_path / "out")]
    assert main(command) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and str(caught.value) in told


def test_a_csv_that_is_not_there_is_named(film, tmp_path):
    with raises_error(DataError, where=tmp_path / "none.csv"):
        analyze(film, openface=tmp_path / "none.csv", progress=False)


def test_on_the_command_line(film, tmp_path, capsys):
    path = put(tmp_path, frames())
    out = tmp_path / "out"
    assert main(["analyze", str(film), "--openface", str(path), "--out", str(out)]) == 0
    assert "action units look like" in capsys.readouterr().out
    assert (out / "openface.csv").is_file()
    line = pd.read_csv(out / "timeline.csv")
    assert line["label"].isna().all() and line["openface_label"].notna().any()
    command = ["analyze", str(film), "--openface", str(path), "--fuse-openface"]
    assert main([*command, "--out", str(out)]) == 0
    assert pd.read_csv(out / "timeline.csv")["label"].notna().any()


def test_a_baseline_of_the_units_alone(film, tmp_path):
    path = put(tmp_path, frames())
    options = {"openface": path, "baseline": {"openface": [(0, 4)]}, "progress": False}
    relative = analyze(film, smoothing=0, **options)
    (shift,) = relative.summary["openface"]["baseline"]
    assert shift["rows"] == 1 and shift["track"] is None
    assert relative.timeline["openface_label"].iloc[0] == "neutral"
    assert relative.summary["openface"]["sure"] is False
    assert relative.settings["unsure_below"]["openface"] == np.inf
