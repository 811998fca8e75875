"""A person's annotation: read from the files of other programs, and held against an analysis."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fabricated import fabricated
from praatio import textgrid
from pympi import Eaf
from raising import raises_error
from sklearn.metrics import cohen_kappa_score

from emotutils import report
from emotutils.annotations import compare, emotion_of, read_annotation
from emotutils.cli import main
from emotutils.emotions import EMOTIONS
from emotutils.errors import DataError, EmotutilsError

ROWS = [(0.0, 1.5, "angry"), (1.5, 4.0, "Fear"), (4.5, 6.0, "bored")]


def timeline(face, together=None, unsure=None, hop=1.0):
    """One stream, and what all say together; a moment every ``hop`` seconds."""
    table = pd.DataFrame({"t": hop * np.arange(len(face)), "face_label": face})
    table["label"] = together or face
    table["unsure"] = unsure or [False] * len(face)
    return table


def person(*rows):
    return pd.DataFrame(rows, columns=["t0", "t1", "label"])


def write_eaf(path: Path, tiers: dict) -> Path:
    eaf = Eaf()
    eaf.remove_tier("default")
    for name, rows in tiers.items():
        eaf.add_tier(name)
        for start, end, word in rows:
            eaf.add_annotation(name, round(1000 * start), round(1000 * end), word)
    eaf.to_file(path)
    return path


def write_textgrid(path: Path, tiers: dict, end=6.0) -> Path:
    grid = textgrid.Textgrid(0, end)
    for name, rows in tiers.items():
        grid.addTier(textgrid.IntervalTier(name, rows, 0, end))
    grid.save(str(path), "short_textgrid", includeBlankSpaces=True)
    return path


def triples(annotation):
    return [(s.start, s.end, s.value) for s in annotation.stretches]


def test_seconds_by_hand():
    found = compare(
        timeline(["anger", "anger", "fear", ""]), person((0, 1.5, "anger"), (1.5, 4, "fear"))
    )
    face = found.streams["face"].figures()
    assert face["annotated_seconds"] == 4 and face["answered_seconds"] == 3
    assert face["agreed_seconds"] == 2.5
    # p_o = 2.5 / 3, p_e = (1.5 · 2 + 1.5 · 1) / 9 = 1/2
    assert face["kappa_seconds"] == pytest.approx(2 / 3, abs=1e-4)
    expected = np.zeros((7, 7))
    expected[0, 0], expected[2, 0], expected[2, 2] = 1.5, 0.5, 1.0
    np.testing.assert_allclose(found.streams["face"].confusion_seconds, expected)
    assert found.table["face"].tolist() == ["anger", "fear"]
    assert face["agreed_stretches"] == 2 and face["kappa_stretches"] == 1


def test_seconds_and_stretches_are_scikit_learns():
    rng = np.random.default_rng(4)
    labels = rng.choice(EMOTIONS[:3], 60).tolist()
    said = rng.choice(EMOTIONS[:3], 20).tolist()
    rows = [(0.75 * i, 0.75 * (i + 1), word) for i, word in enumerate(said)]
    found = compare(timeline(labels, hop=0.25), person(*rows)).streams["face"]
    each = np.repeat(said, 3)
    assert found.figures()["kappa_seconds"] == pytest.approx(
        cohen_kappa_score(each, labels), abs=1e-4
    )
    most = []
    for i in range(20):
        three = labels[3 * i : 3 * i + 3]
        most.append(max(EMOTIONS, key=lambda e: (three.count(e), -EMOTIONS.index(e))))
    figures = found.figures()
    assert figures["kappa_stretches"] == pytest.approx(cohen_kappa_score(said, most), abs=1e-4)
    assert figures["agreed_seconds"] == pytest.approx(0.25 * np.sum(each == labels))
    assert (
        found.confusion_seconds.sum() == pytest.approx(15) and found.confusion_stretches.sum() == 20
    )


def test_where_it_is_not_sure_and_where_it_says_nothing_count_apart():
    table = timeline(["anger"] * 4, ["anger", "fear", "anger", ""], [False, True, False, False])
    found = compare(table, person((0, 4, "anger"))).streams["together"].figures()
    assert found["annotated_seconds"] == 4 and found["answered_seconds"] == 3
    assert found["answered_sure_seconds"] == found["agreed_sure_seconds"] == 2
    assert found["share_seconds"] == pytest.approx(2 / 3, abs=1e-4)


def test_kappa_is_not_defined_where_there_is_one_label():
    found = compare(timeline(["anger"] * 3), person((0, 3, "anger")))
    assert found.streams["face"].figures()["kappa_seconds"] is None
    assert found.streams["face"].figures()["share_seconds"] == 1
    silent = compare(timeline([""] * 3), person((0, 3, "anger"))).streams["face"].figures()
    assert silent["share_seconds"] is None and silent["answered_stretches"] == 0
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("word", "emotion"),
    [
        ("happy", "happiness"),
        ("ANGRY ", "anger"),
        ("sad", "sadness"),
        ("disgusted", "disgust"),
        ("fearful", "fear"),
        ("scared", "fear"),
        ("surprised", "surprise"),
        ("calm", "neutral"),
        ("neutral", "neutral"),
        ("bored", ""),
        ("", ""),
    ],
)
def test_words_for_the_seven(word, emotion):
    assert emotion_of(word) == emotion


def test_what_is_left_out_is_said():
    found = compare(timeline(["anger"] * 5), person(*ROWS))
    assert found.left_out == {"bored": 0.5} and found.beyond == 1.0
    assert found.streams["face"].figures()["annotated_seconds"] == 4
    assert found.table["person"].tolist() == ["anger", "fear", ""]
    assert "'bored'" in found.text() and "1.0 s beyond" in found.text()


@pytest.mark.parametrize("kind", ["eaf", "TextGrid", "csv", "semicolons", "tabs", "table"])
def test_each_format_gives_the_same(tmp_path, kind):
    table = person(*ROWS)
    source = tmp_path / f"ä person's.{kind}"
    if kind == "eaf":
        write_eaf(source, {"notes": [(0, 1, "he smiles")], "mine": ROWS})
    elif kind == "TextGrid":
        write_textgrid(source, {"notes": [(0, 1, "he smiles")], "mine": ROWS})
    elif kind == "csv":
        table.set_axis(["Onset", "offset", "Emotion"], axis=1).to_csv(source, index=False)
    elif kind == "semicolons":
        source = source.with_suffix(".csv")
        table.to_csv(source, index=False, sep=";", decimal=",", encoding="utf-8-sig")
    elif kind == "tabs":
        source = source.with_suffix(".csv")
        table.assign(tier="mine").to_csv(source, index=False, sep="\t")
    else:
        source = table
    read = read_annotation(source)
    assert triples(read) == ROWS
    assert read.tier == ("" if kind in ("csv", "semicolons", "table") else "mine")


def test_moments_last_until_the_next():
    table = pd.DataFrame({"time": [0, 2, 3], "emotion": ["sad", "", "happy"]})
    assert triples(read_annotation(table)) == [(0, 2, "sad"), (2, 3, ""), (3, 4.5, "happy")]
    found = compare(timeline(["sadness"] * 5), table)
    assert found.streams["face"].figures()["annotated_seconds"] == 3.5


def test_a_tier_is_chosen_by_name(tmp_path):
    path = write_eaf(tmp_path / "two.eaf", {"anna": ROWS, "ben": [(0, 2, "sad")]})
    with raises_error(DataError, "'anna'", "'ben'", where=path):
        read_annotation(path)
    assert triples(read_annotation(path, "ben")) == [(0, 2, "sad")]
    with raises_error(DataError, "'carl'", "'anna'", "'ben'", where=path):
        read_annotation(path, "carl")


@pytest.mark.parametrize("suffix", [".eaf", ".TextGrid", ".csv"])
@pytest.mark.parametrize(
    "content", [b"", b"<ANNOTATION_DOCUMENT><TIER", b"\xff\xfe\x00\xd8abc", b"a,b\n1,2,3\n"]
)
def test_a_broken_file_is_one_line(tmp_path, suffix, content):
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(content)
    with raises_error(DataError, where=path):
        read_annotation(path)


@pytest.mark.parametrize(
    ("name", "tiers"),
    [
        ("a.eaf", {"mine": []}),
        ("a.eaf", {}),
        ("a.TextGrid", {"mine": []}),
        ("a.eaf", {"x": [(0, 1, "hm")]}),
    ],
)
def test_an_annotation_without_emotions_is_refused(tmp_path, name, tiers):
    path = tmp_path / name
    write = write_eaf if name.endswith("eaf") else write_textgrid
    with raises_error(DataError, where=path):
        read_annotation(write(path, tiers))


def test_other_xml_and_other_files_are_refused(tmp_path):
    (tmp_path / "page.eaf").write_text("<html/>")
    (tmp_path / "notes.docx").write_text("x")
    for name in ("page.eaf", "notes.docx", "none.eaf", "none.csv", "none.TextGrid"):
        with raises_error(DataError, where=tmp_path / name):
            read_annotation(tmp_path / name)
    (tmp_path / "folder.csv").mkdir()
    with raises_error(DataError, where=tmp_path / "folder.csv"):
        read_annotation(tmp_path / "folder.csv")


@pytest.mark.parametrize(
    ("table", "named"),
    [
        (person((0, 2, "sad"), (1.5, 3, "happy")), ("'sad'", "'happy'", "1.500", "2.000")),
        (person((0, 2, "sad"), (3, 3, "happy")), ("'happy'",)),
        (person((-1, 2, "sad")), ("'sad'",)),
        (person(("x", 2, "sad")), ("t0", "row 1")),
        (person((0, np.nan, "sad")), ("t1", "row 1")),
        (person(), ()),
        (pd.DataFrame({"t": [0], "label": ["sad"]}), ("t0",)),
        (pd.DataFrame({"t": [1, 0], "label": ["sad", "sad"]}), ("row 2",)),
        (pd.DataFrame({"begin": [1], "word": ["sad"]}), ("begin", "word")),
    ],
)
def test_times_and_columns_that_cannot_be_are_named(table, named):
    with raises_error(DataError, *named, where="a table"):
        read_annotation(table)


def test_neighbours_that_touch_do_not_overlap():
    assert len(read_annotation(person((0, 1.0004, "sad"), (1, 2, "happy"))).stretches) == 2


@pytest.mark.parametrize("rows", [[(9, 12, "sad")], [(0, 1, "bored"), (9, 12, "sad")]])
def test_an_annotation_of_another_film_is_refused(rows):
    with raises_error(DataError, where="a table"):
        compare(timeline(["anger"] * 3), person(*rows))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("result")
    findings = fabricated()
    findings = replace(findings, info=replace(findings.info, duration=63.8))
    report.save(findings, folder, export=["eaf", "textgrid"])
    return findings, folder


@pytest.mark.parametrize("name", ["a film.emotions.eaf", "a film.emotions.TextGrid"])
def test_an_export_agrees_with_where_it_came_from(saved, name):
    findings, folder = saved
    found = compare(folder, folder / name, tier="face")
    face = found.streams["face"].figures()
    assert face["kappa_seconds"] == face["kappa_stretches"] == face["share_seconds"] == 1
    assert face["annotated_seconds"] == pytest.approx(
        0.5 * (findings.timeline["face_label"] != "").sum() - 0.2
    )
    assert found.film == "a film.mp4" and found.duration == 63.8


def test_object_folder_and_file_give_the_same(saved):
    findings, folder = saved
    mine = person((0, 30, "neutral"), (30, 60, "sadness"))
    by = [
        compare(r, mine).to_dict()
        for r in (findings, folder, folder / "result.json", str(folder / "timeline.csv"))
    ]
    assert by[0] == by[1] == by[2] == by[3]
    assert list(by[0]["streams"]) == ["face", "voice", "together"]


def test_compare_writes_and_prints(saved, tmp_path, capsys):
    _, folder = saved
    path = tmp_path / "mine.csv"
    person((0, 30, "neutral"), (30, 60, "sad")).to_csv(path, index=False)
    out = tmp_path / "out"
    assert main(["compare", str(folder), str(path), "--json", "--out", str(out)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((out / "comparison.json").read_text(encoding="utf-8"))
    confusion = pd.read_csv(out / "confusion.csv")
    seconds = confusion.groupby("stream")["seconds"].sum()
    for name, one in printed["streams"].items():
        assert seconds[name] == pytest.approx(one["answered_seconds"], abs=0.01)
    assert len(pd.read_csv(out / "stretches.csv")) == 2
    assert (out / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert main(["compare", str(folder), str(path)]) == 0
    told = capsys.readouterr().out
    assert "face and voice together" in told and "60.0 s" in told


def test_bad_input_is_one_line(saved, tmp_path, capsys):
    _, folder = saved
    path = tmp_path / "mine.csv"
    person((0, 30, "neutral")).to_csv(path, index=False)
    (tmp_path / "in the way").write_text("")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "timeline.csv").write_text("t,label\n0,anger\n")
    (tmp_path / "half" / "result.json").write_text('{"file": {"name": "x", "duration": 1}}')
    calls = [
        [str(tmp_path), str(path)],
        [str(tmp_path / "none"), str(path)],
        [str(tmp_path / "half"), str(path)],
        [str(folder), str(tmp_path / "none.eaf")],
        [str(folder), str(path), "--tier", "ben"],
        [str(folder), str(path), "--out", str(tmp_path / "in the way")],
    ]
    for call in calls:
        assert main(["compare", *call]) == 2, call
        said = capsys.readouterr().err
        assert said.startswith("emotutils: ") and said.count("\n") == 1, said


def test_a_folder_that_cannot_be_written_is_said(saved, tmp_path):
    (tmp_path / "file").write_text("")
    found = compare(saved[1], person((0, 30, "neutral")))
    with raises_error(EmotutilsError, tmp_path / "file"):
        found.save(tmp_path / "file")
