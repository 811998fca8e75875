"""People of a film: over a cut, at swapped places, one alone."""

import json

import numpy as np
import pandas as pd
import pytest
import soundfile
from raising import raises_error

from emotutils import analyze, cli
from emotutils.analysis.people import only_person, people_over_time
from emotutils.analysis.streams import Found
from emotutils.analysis.timeline import Clock
from emotutils.emotions import EMOTIONS
from emotutils.errors import EmotutilsError
from emotutils.findings import FRAME_COLUMNS, PEOPLE_COLUMNS, P, Stream
from emotutils.media import FilmWriter
from emotutils.samples.muscles import EXPRESSIONS, Identity
from emotutils.samples.scene import Scene

FPS = 5
PEOPLE = {
    "A": Identity(skin=(0.95, 0.77, 0.66), hair_colour=(0.10, 0.08, 0.07), hair=2, seed=1),
    "B": Identity(skin=(0.62, 0.42, 0.30), hair_colour=(0.22, 0.14, 0.09), hair=0, seed=2),
}
ACTED = {"A": "happiness", "B": "sadness"}


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Makes films of drawn people: shots as ``("A", 2), ("AB", 1)``: who, side by side, and for
    how many seconds.
    """
    folder = tmp_path_factory.mktemp("films")

    def make(*shots):
        path = folder / f"{'-'.join(who for who, _ in shots)}.mp4"
        width = 320 * len(shots[0][0])
        scenes = {name: Scene(who, 320, 240, seed=who.seed) for name, who in PEOPLE.items()}
        shown = [who for who, seconds in shots for _ in range(round(seconds * FPS))]
        with FilmWriter(path, width, 240, FPS) as writer:
            for i, who in enumerate(shown):
                t = i / FPS
                heads = [scenes[name].picture(t, EXPRESSIONS[ACTED[name]]) for name in who]
                writer.write(np.hstack(heads), t)
        return path

    return make


@pytest.fixture(scope="module")
def swapped(film):
    return film(("AB", 2), ("BA", 1.4))


@pytest.fixture(scope="module")
def everybody(swapped):
    return analyze(swapped, progress=False)


def test_somebody_who_comes_back_has_one_number(film):
    found = analyze(film(("A", 1.6), ("B", 1.4), ("A", 1.6)), progress=False)
    frames = found.frames
    assert frames["found"].all()
    assert frames["person"].tolist() == [1] * 8 + [2] * 7 + [1] * 8
    assert frames["track"].nunique() == 3
    first, second = found.summary["face"]["people"]
    assert (first["person"], first["seconds"], len(first["tracks"])) == (1, 3.2, 2)
    assert (second["seconds"], second["first"]) == (1.4, 1.6)


def test_places_that_are_swapped_by_a_cut_do_not_swap_the_people(everybody):
    left = everybody.frames[everybody.frames["x"] < 320].set_index("t")["person"]
    right = everybody.frames[everybody.frames["x"] > 320].set_index("t")["person"]
    before, after = slice(0, 1.9), slice(2.0, None)
    assert left[before].nunique() == left[after].nunique() == 1
    assert set(left[before]) == set(right[after]) != set(left[after])
    timeline = everybody.timeline
    assert set(timeline["face_person"]) <= {1, 2}
    people = everybody.people
    assert list(people) == PEOPLE_COLUMNS and people.groupby("t").size().eq(2).all()


def test_one_person_alone_is_as_among_all(swapped, everybody):
    for person in (1, 2):
        alone = analyze(swapped, person=person, progress=False)
        assert set(alone.timeline["face_person"]) == {person}
        theirs = everybody.people[everybody.people["person"] == person]
        np.testing.assert_allclose(alone.timeline[[f"face_{p}" for p in P]], theirs[P], atol=1e-6)
        assert alone.settings["person"] == person
        assert [one["person"] for one in alone.summary["face"]["people"]] == [person]


def test_people_are_written_and_shown(everybody, tmp_path):
    paths = everybody.save(tmp_path)
    assert list(pd.read_csv(paths["people.csv"])) == PEOPLE_COLUMNS
    assert "person" in pd.read_csv(paths["frames.csv"])
    summary = json.loads(paths["result.json"].read_text())["summary"]
    assert [one["person"] for one in summary["face"]["people"]] == [1, 2]
    page = paths["report.html"].read_text(encoding="utf-8")
    assert "person 1, in view for 0:03" in page and "person 2, in view for" in page


def test_somebody_who_is_not_there_is_one_line(swapped, tmp_path, capsys):
    with raises_error(EmotutilsError, "person 7", "1, 2"):
        analyze(swapped, person=7, progress=False)
    code = cli.main(["analyze", str(swapped), "--person", "7", "--out", str(tmp_path / "out")])
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert code == 2 and "person 7" in error
    recording = tmp_path / "voice.wav"
    soundfile.write(recording, np.zeros(16000), 16000)
    with raises_error(EmotutilsError, "person 1"):
        analyze(recording, person=1, progress=False)


# --- tables ---------------------------------------------------------------------------------------


def face_rows(*seen):
    """Rows of the face's table: (t, person or None, side of the face, emotion)."""
    rows = []
    for t, person, side, emotion in seen:
        row = dict.fromkeys(FRAME_COLUMNS, 0.0) | {"t": t, "frame": round(10 * t), "w": side}
        row |= {"h": side, "track": person, "person": person, "found": person is not None}
        row |= dict.fromkeys(P, np.nan)
        if person is not None:
            row |= dict(zip(P, np.eye(7)[EMOTIONS.index(emotion)], strict=True))
        rows.append(row)
    table = pd.DataFrame(rows, columns=FRAME_COLUMNS)
    return table.astype({"found": bool, "track": "Int64", "person": "Int64", "frame": "int64"})


def test_frames_without_that_person_stay_without_a_face():
    table = face_rows(
        (0.0, 1, 50, "anger"), (0.0, 2, 90, "fear"), (0.5, 2, 90, "fear"), (1.0, None, 0, "")
    )
    embeddings = np.arange(4.0)[:, None]
    found = only_person({"face": Found(table, embeddings)}, 1)["face"]
    assert found.table["t"].tolist() == [0.0, 0.5, 1.0]
    assert found.table["found"].tolist() == [True, False, False]
    assert found.table.loc[1, ["person", "x", "p_fear"]].isna().all()
    np.testing.assert_array_equal(found.embeddings[:2, 0], [0, np.nan])
    everybody = {"face": Found(table, None)}
    assert only_person(everybody, None) == everybody


def test_nobody_is_averaged_with_somebody_else():
    rows = [(0.5 * k, 1 + (k >= 4), 50, "anger" if k < 4 else "fear") for k in range(8)]
    stream = Stream("face", face_rows(*rows), step=0.5)
    clock = Clock(duration=4.0, hop=0.5, smoothing=1.5)
    whose = clock.whose(stream)
    smoothed = clock.smooth(clock.bring(stream), whose)
    assert set(smoothed.max(axis=1)) == {1.0}
    people = people_over_time(stream, clock)
    assert people["label"].tolist() == ["anger"] * 4 + ["fear"] * 4
    assert people["person"].tolist() == [1] * 4 + [2] * 4
