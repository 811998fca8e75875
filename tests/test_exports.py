"""An analysis in other programs' formats, read again by their libraries."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pympi
import pytest
import webvtt
from fabricated import fabricated
from praatio import textgrid
from raising import raises_error

from emotutils import config, report
from emotutils.cli import main
from emotutils.emotions import EMOTIONS
from emotutils.errors import EmotutilsError
from emotutils.findings import P, Stream, columns, labels_of
from emotutils.report import exports

DEMO = config.shipped_root() / "sample" / "demo.mp4"
NAME = 'Größe "eins" & zwei\'s'
TIERS = ["face", "voice", "together", "disagreement", "not sure"]


def small(labels=("anger", "anger", "", "fear"), duration=1.9, hop=0.5, **facts):
    """A film in which the face has these labels, a moment each, and nothing else is known."""
    findings = fabricated(duration=(len(labels) - 0.5) * hop, hop=hop, voice=False)
    p = np.full((len(labels), 7), np.nan)
    for moment, label in enumerate(labels):
        if label:
            p[moment] = np.eye(7)[EMOTIONS.index(label)]
    timeline = findings.timeline
    for name in ("", "face"):
        timeline[columns(name)] = p
        timeline[f"{name}_label" if name else "label"] = labels_of(p)
    timeline["unsure"] = False
    findings.info = replace(findings.info, duration=duration, **facts)
    return findings


def with_pose(findings):
    """The same with a third stream, which contradicts the face in the second second."""
    timeline = findings.timeline
    timeline[columns("pose")] = np.eye(7)[np.full(len(timeline), 6)]
    timeline["pose_label"] = "neutral"
    for other in ("face", "voice"):
        timeline[f"agreement_{other}_pose"] = 0.5
        timeline[f"disagreement_{other}_pose"] = ""
    inside = timeline["t"].between(1, 1.9)
    timeline.loc[inside, "disagreement_face_pose"] = "anger/neutral"
    timeline["source"] = "face+voice+pose"
    findings.streams["pose"] = Stream("pose", pd.DataFrame(columns=["t", *P]))
    findings.summary["pose"] = findings.summary["face"]
    findings.settings["disagree_below"] |= {"face+pose": 0.4, "voice+pose": 0.4}
    return findings


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """All formats of one made-up analysis of a film whose name is awkward."""
    folder = tmp_path_factory.mktemp("ünï 'q'")
    film = folder / f"{NAME}.mp4"
    shutil.copy(DEMO, film)
    findings = fabricated(path=str(film))
    return findings, report.save(findings, folder / "out", export=exports.FORMATS), folder


def of(paths: dict[str, Path], ending: str) -> Path:
    return paths[f"{NAME}.emotions{ending}"]


def as_seconds(triples):
    return [(start / 1000, end / 1000, text) for start, end, text in triples]


def expected(findings, column: str) -> list[tuple[float, float, str]]:
    """Stretches of a column of words, found anew and naively."""
    found = []
    for t, word in zip(findings.timeline["t"], findings.timeline[column], strict=True):
        if found and found[-1][2] == word and found[-1][1] == t:
            found[-1] = (found[-1][0], t + 0.5, word)
        elif word:
            found.append((t, t + 0.5, word))
    return found


def test_names_say_that_these_are_no_subtitles(saved):
    _, paths, folder = saved
    found = {path.name for path in (folder / "out").iterdir()}
    endings = [ending for endings in exports.FORMATS.values() for ending in endings]
    assert all(ending.startswith(".emotions.") for ending in endings)
    assert {f"{NAME}{ending}" for ending in endings} <= found & paths.keys()
    assert not [name for name in found if name.startswith(".part")]


def test_elan_reads_the_tiers_again(saved):
    findings, paths, _ = saved
    eaf = pympi.Eaf(of(paths, ".eaf"))
    assert list(eaf.get_tier_names()) == TIERS
    for tier, column in (("face", "face_label"), ("voice", "voice_label"), ("together", "label")):
        there = as_seconds(eaf.get_annotation_data_for_tier(tier))
        assert there == expected(findings, column)
    (apart,) = eaf.get_annotation_data_for_tier("disagreement")
    (known,) = findings.summary["disagreements"]
    assert known["t0"] * 1000 <= apart[0] <= known["t0"] * 1000 + 500
    assert apart[2] == "face sadness, voice happiness"
    doubts = as_seconds(eaf.get_annotation_data_for_tier("not sure"))
    marked = sum(end - start for start, end, _ in doubts)
    assert marked == pytest.approx(findings.timeline["unsure"].sum() * 0.5)


def test_elan_finds_the_film_from_where_its_file_lies(saved):
    _, paths, folder = saved
    path = of(paths, ".eaf")
    (media,) = ElementTree.parse(path).getroot().iter("MEDIA_DESCRIPTOR")
    link = media.get("RELATIVE_MEDIA_URL")
    assert (path.parent / link).resolve() == (folder / f"{NAME}.mp4").resolve()
    assert media.get("MIME_TYPE") == "video/mp4"
    assert str(folder) not in path.read_text(encoding="utf-8"), "no path of this machine"


def test_a_second_time_leaves_no_old_copies(saved):
    findings, _, folder = saved
    report.save(findings, folder / "out", export=["eaf"])
    assert not list((folder / "out").glob("*.bak"))


def test_praat_reads_the_tiers_again(saved):
    findings, paths, _ = saved
    grid = textgrid.openTextgrid(str(of(paths, ".TextGrid")), includeEmptyIntervals=False)
    assert list(grid.tierNames) == TIERS and grid.maxTimestamp == findings.info.duration
    for tier, column in (("face", "face_label"), ("voice", "voice_label"), ("together", "label")):
        there = [tuple(entry) for entry in grid.getTier(tier).entries]
        assert there == expected(findings, column)


@pytest.mark.parametrize("ending", [".vtt", ".srt"])
def test_captions_say_all_lanes_at_once(saved, ending):
    findings, paths, _ = saved
    read = webvtt.read if ending == ".vtt" else webvtt.from_srt
    cues = read(str(of(paths, ending))).captions
    for row in findings.timeline.itertuples():
        clock = pd.Timedelta(seconds=row.t + 0.1)
        there = [cue for cue in cues if pd.Timedelta(cue.start) <= clock < pd.Timedelta(cue.end)]
        lines = [
            f"{n}: {w}" for n, w in (("face", row.face_label), ("voice", row.voice_label)) if w
        ]
        if row.label:
            lines.append(f"together: {row.label}" + (" (not sure)" if row.unsure else ""))
        if row.disagreement_face_voice:
            lines.append("face and voice disagree")
        assert [cue.text for cue in there] == (["\n".join(lines)] if lines else [])


def test_label_studio_gets_frames_that_fit_its_interface(saved):
    findings, paths, _ = saved
    (task,) = json.loads(of(paths, ".labelstudio.json").read_text(encoding="utf-8"))
    view = ElementTree.parse(of(paths, ".labelstudio.xml")).getroot()
    (video,) = view.iter("Video")
    assert video.get("value") == "$video" and video.get("frameRate") == "$fps"
    assert task["data"]["fps"] == 25.0 and "%22eins%22" in task["data"]["video"]
    known = {}
    for control in view.iter("TimelineLabels"):
        known[control.get("name")] = {label.get("value") for label in control}
    (prediction,) = task["predictions"]
    for result in prediction["result"]:
        assert result["to_name"] == control.get("toName") == "video"
        assert set(result["value"][result["type"]]) <= known[result["from_name"]]
    faces = [r["value"] for r in prediction["result"] if r["from_name"] == "face"]
    for value, (start, end, label) in zip(faces, expected(findings, "face_label"), strict=True):
        (frames,) = value["ranges"]
        # Frame k, counted from 1, is shown from (k - 1) / 25 s.
        assert start <= (frames["start"] - 1) / 25 < start + 0.04
        assert end - 0.04 <= (frames["end"] - 1) / 25 < end
        assert value["timelinelabels"] == [label]
    assert len({r["id"] for r in prediction["result"]}) == len(prediction["result"])


def test_label_studio_gets_seconds_where_there_is_no_picture(tmp_path):
    findings = fabricated(face=False, path="a talk.wav")
    findings.info = replace(findings.info, fps=None, width=None, height=None)
    paths = report.save(findings, tmp_path, export=["labelstudio"])
    (task,) = json.loads(paths["a talk.emotions.labelstudio.json"].read_text(encoding="utf-8"))
    view = ElementTree.parse(paths["a talk.emotions.labelstudio.xml"]).getroot()
    assert view.find("Audio").get("value") == "$audio" and "audio" in task["data"]
    voice = [r for r in task["predictions"][0]["result"] if r["from_name"] == "voice"]
    found = [(r["value"]["start"], r["value"]["end"], *r["value"]["labels"]) for r in voice]
    assert found == expected(findings, "voice_label")


def test_the_long_table_has_a_row_a_moment_and_stream(saved):
    findings, paths, _ = saved
    table = pd.read_csv(
        of(paths, ".long.csv"), keep_default_na=False, na_values=dict.fromkeys(P, "")
    )
    assert table.groupby("stream").size().to_dict() == dict.fromkeys(TIERS[:3], 128)
    assert set(table["film"]) == {f"{NAME}.mp4"}
    both = table[table["stream"] == "together"]
    np.testing.assert_allclose(both[P], findings.timeline[P], atol=1e-5)
    assert both["label"].tolist() == findings.timeline["label"].tolist()
    assert (both["unsure"] == "True").tolist() == findings.timeline["unsure"].tolist()
    face = table[table["stream"] == "face"]
    there = findings.timeline["disagreement_face_voice"].ne("")
    assert (face["apart"] == "voice").tolist() == there.tolist()
    assert face["t1"].iloc[-1] == findings.info.duration and not (face["unsure"] != "").any()


def test_a_third_stream_comes_along(tmp_path):
    paths = report.save(with_pose(fabricated()), tmp_path, export=exports.FORMATS)
    eaf = pympi.Eaf(paths["a film.emotions.eaf"])
    pairs = ["disagreement face voice", "disagreement face pose", "disagreement voice pose"]
    assert list(eaf.get_tier_names()) == ["face", "voice", "pose", "together", *pairs, "not sure"]
    said = eaf.get_annotation_data_for_tier("disagreement face pose")
    assert said == [(1000, 2000, "face anger, pose neutral")]
    assert eaf.get_annotation_data_for_tier("pose") == [(0, 64000, "neutral")]
    grid = textgrid.openTextgrid(str(paths["a film.emotions.TextGrid"]), False)
    assert list(grid.tierNames) == list(eaf.get_tier_names())
    table = pd.read_csv(paths["a film.emotions.long.csv"], keep_default_na=False)
    assert set(table["stream"]) == {"face", "voice", "pose", "together"}
    moment = table[(table["t0"] == 1.5) & (table["stream"] == "face")]
    assert moment["apart"].tolist() == ["pose"]
    assert "pose: neutral" in paths["a film.emotions.vtt"].read_text(encoding="utf-8")


def test_what_is_not_there_is_an_empty_tier(tmp_path):
    nothing = fabricated(face=False, voice=False)
    paths = report.save(nothing, tmp_path, export=exports.FORMATS)
    eaf = pympi.Eaf(paths["a film.emotions.eaf"])
    assert [eaf.get_annotation_data_for_tier(tier) for tier in TIERS] == [[]] * 5
    grid = textgrid.openTextgrid(str(paths["a film.emotions.TextGrid"]), includeEmptyIntervals=True)
    assert [tuple(e) for e in grid.getTier("face").entries] == [(0, 64, "")]
    assert not webvtt.read(str(paths["a film.emotions.vtt"])).captions


@pytest.mark.parametrize("hop", [0.5, 1 / 3, 0.0333667, 1.0011])
def test_milliseconds_never_overlap_and_never_pass_the_end(hop):
    labels = ["anger", "fear", "fear", "", "anger", "sadness", "anger"] * 9
    duration = len(labels) * hop - 0.4 * hop
    findings = small(labels, duration, hop)
    for tier in exports.build_tiers(findings, tuple(EMOTIONS)):
        for interval in tier.intervals:
            assert 0 <= interval.start < interval.end <= 1000 * duration
        ends = [interval.end for interval in tier.intervals]
        starts = [interval.start for interval in tier.intervals]
        assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))
        gaps = sum(start - end for end, start in zip(ends, starts[1:], strict=False))
        if tier.name == "face":
            assert gaps == pytest.approx(9 * 1000 * hop, abs=9)


def test_the_last_interval_ends_with_the_film_and_a_moment_too_short_is_left_out():
    face = exports.build_tiers(small(), tuple(EMOTIONS))[0]
    assert [i.seconds for i in face.intervals] == [(0, 1), (1.5, 1.9)]
    face = exports.build_tiers(small(duration=1.5003), tuple(EMOTIONS))[0]
    assert [i.seconds for i in face.intervals] == [(0, 1)]


def test_a_film_that_is_gone_is_linked_by_its_name(tmp_path):
    paths = report.save(fabricated(), tmp_path, export=["eaf"])
    (media,) = ElementTree.parse(paths["a film.emotions.eaf"]).getroot().iter("MEDIA_DESCRIPTOR")
    assert media.get("RELATIVE_MEDIA_URL") == "./a film.mp4"


@pytest.mark.parametrize("names", [["elan"], ["eaf", ""], "eaf"])
def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path, names):
    with raises_error(EmotutilsError, "eaf"):
        report.save(fabricated(), tmp_path / "out", export=names)
    assert not (tmp_path / "out").exists()


def test_the_command_line_refuses_an_unknown_format_at_once(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["analyze", str(DEMO), "--out", str(out), "--export", "eaf,word"]) == 2
    said = capsys.readouterr().err
    assert "'word'" in said and "textgrid" in said and said.count("\n") == 1
    assert not out.exists()


def test_a_folder_in_the_way_is_one_line(tmp_path):
    (tmp_path / "a film.emotions.eaf").mkdir()
    with raises_error(EmotutilsError, tmp_path):
        report.save(fabricated(), tmp_path, export=["eaf"])
    assert not list(tmp_path.glob(".part*"))
