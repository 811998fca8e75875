"""A person's own neutral as the zero: the arithmetic by hand, streams of several faces, a film, the
command line, and stretches that cannot be.
"""

import json
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from fabricated import fabricated
from raising import raises_error
from skimage import data as pictures

from emotutils import plots, report
from emotutils.analysis import analyze
from emotutils.analysis.baseline import apply_baseline, read_baseline
from emotutils.cli import main
from emotutils.emotions import EMOTIONS, EMOTIONS_WITH_CALM
from emotutils.errors import DataError, EmotutilsError
from emotutils.evaluation import Answers, Calibration
from emotutils.findings import FRAME_COLUMNS, SPEECH_COLUMNS, UNSHIFTED, P, Stream
from emotutils.fusion import shift_to, shifted
from emotutils.media import FilmWriter
from emotutils.studies import baseline as study
from emotutils.training import records

#: What a network says of an average neutral row, and of one person at rest: anger instead.
AVERAGE = np.array([0.1, 0.05, 0.05, 0.05, 0.1, 0.05, 0.6])
AT_REST = np.array([0.4, 0.05, 0.05, 0.05, 0.1, 0.05, 0.3])
SAD = np.array([0.3, 0.05, 0.05, 0.05, 0.3, 0.05, 0.2])
NETWORK = SimpleNamespace(
    name="a", kind="face", card={"calibration": {"neutral": np.log(AVERAGE).tolist()}}
)
NETWORKS = {"face": NETWORK, "voice": NETWORK}


def faces(*tracks, fps=5):
    """A table of the face: for each track, (first s, last s, probabilities by second)."""
    rows = []
    for number, (start, end, say) in enumerate(tracks):
        for t in np.arange(start, end, 1 / fps):
            row = dict.fromkeys(FRAME_COLUMNS, 1.0) | dict(zip(P, say(t), strict=True))
            rows.append(row | {"t": t, "frame": round(t * fps), "track": number, "found": True})
    table = pd.DataFrame(rows, columns=FRAME_COLUMNS).sort_values(["t", "track"])
    return table.astype({"track": "Int64", "found": bool}).reset_index(drop=True)


def windows(*says):
    """A table of the voice: windows of 3 s every second; None where nobody speaks."""
    rows = []
    for start, p in enumerate(says):
        values = np.full(7, np.nan) if p is None else p
        row = {"t0": float(start), "t1": start + 3.0, "voiced": p is not None, "snr": 20.0}
        rows.append(row | dict(zip(P, values, strict=True)))
    return pd.DataFrame(rows, columns=SPEECH_COLUMNS)


def moody(t):
    """Neutral for 5 s, then sad."""
    return AT_REST if t < 5 else SAD


def streams(face=None, voice=None):
    return {
        "face": Stream("face", faces((0, 20, moody)) if face is None else face),
        "voice": Stream("voice", windows() if voice is None else voice),
    }


def taken(table, baseline, voice=None):
    found = streams(table, voice)
    return apply_baseline(found, read_baseline(baseline, NETWORKS, 20.0, False), NETWORKS)


# --- the arithmetic -------------------------------------------------------------------------------


def test_what_is_neutral_for_a_person_becomes_an_average_neutral():
    shift = shift_to(AT_REST[None], np.log(AVERAGE))
    # By hand: a quarter of the anger, twice the neutral, everything else as it was.
    np.testing.assert_allclose(np.exp(shift), [0.25, 1, 1, 1, 1, 1, 2], atol=1e-9)
    np.testing.assert_allclose(shifted(AT_REST[None], shift)[0], AVERAGE, atol=1e-9)
    expected = np.array([0.075, 0.05, 0.05, 0.05, 0.3, 0.05, 0.4])
    np.testing.assert_allclose(shifted(SAD[None], shift)[0], expected / expected.sum(), atol=1e-9)


def test_of_several_moments_the_mean_logarithm_counts():
    two = np.array([[0.4, 0.6], [0.1, 0.9]])
    shift = shift_to(np.vstack([two, [np.nan, np.nan]]), np.log([0.5, 0.5]))
    np.testing.assert_allclose(shift, np.log([0.5 / 0.2, 0.5 / np.sqrt(0.54)]))


def test_gaps_stay_gaps_and_no_probability_of_0_decides():
    p = np.vstack([np.full(7, np.nan), np.eye(7)[3]])
    out = shifted(p, shift_to(AT_REST[None], np.log(AVERAGE)))
    assert np.isnan(out[0]).all() and np.isfinite(out[1]).all()
    assert out[1].argmax() == 3 and out[1].sum() == pytest.approx(1)


def test_calibration_keeps_what_an_average_neutral_row_gets():
    said = np.array([6, 3, 7, *range(6), *range(6)])
    p = np.full((15, 8), 0.05) + 0.6 * np.eye(8)[said]
    y = np.array([6, 6, 7, *range(6), 1, 2, 3, 4, 5, 0])
    temperature, found = Calibration.measure(y, p, EMOTIONS_WITH_CALM, "15 rows")
    logits = np.log(p[:2]) / temperature
    soft = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    seven = soft[:, :7] + np.eye(7)[6] * soft[:, 7:]  # calm counts as neutral, but is no such row
    np.testing.assert_allclose(found.neutral, np.log(seven).mean(axis=0), atol=1e-4)
    assert Calibration.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    two = np.array([[0.8, 0.2], [0.3, 0.7]])
    assert Calibration.measure(np.array([0, 0]), two, EMOTIONS[:2], "")[1].neutral is None


# --- streams --------------------------------------------------------------------------------------


def test_a_track_is_shifted_by_what_it_shows_in_the_stretch():
    found = taken(None, [(0, 5)])
    table = found.streams["face"].table
    np.testing.assert_allclose(table[UNSHIFTED], faces((0, 20, moody))[P])
    np.testing.assert_allclose(table[P].iloc[0], AVERAGE, atol=1e-6)
    assert table[P].iloc[-1].to_numpy().argmax() == EMOTIONS.index("neutral")
    assert list(table)[: len(FRAME_COLUMNS)] == FRAME_COLUMNS
    (shift,) = found.shifts["face"]
    assert shift.track == 0 and shift.rows == 25
    assert shift.shift["anger"] == pytest.approx(np.log(0.25), abs=1e-3)


def test_each_track_has_its_own_baseline_and_one_without_a_face_there_stays():
    def always_sad(t):
        return SAD

    table = faces((0, 20, moody), (2, 20, always_sad), (9, 20, always_sad))
    found = taken(table, [(0, 5)])
    first, second, third = found.shifts["face"]
    assert (first.rows, second.rows, third.rows) == (25, 15, 0) and third.shift is None
    after = found.streams["face"].table
    np.testing.assert_allclose(after[after["track"] == 1][P].iloc[-1], AVERAGE, atol=1e-6)
    np.testing.assert_allclose(after[after["track"] == 2][P].iloc[-1], SAD, atol=1e-6)
    assert any("track 2" in note for note in found.notes)


def test_a_voice_counts_where_a_whole_window_lies_in_the_stretch():
    voice = windows(AT_REST, AT_REST, None, SAD, SAD)
    found = taken(None, [(0, 4)], voice)
    (shift,) = found.shifts["voice"]
    assert shift.rows == 2 and shift.track is None
    np.testing.assert_allclose(found.streams["voice"].p[0], AVERAGE, atol=1e-6)
    assert np.isnan(found.streams["voice"].p[2]).all()
    short = taken(None, [(0, 2.5)], voice)
    assert set(short.shifts) == {"face"} and UNSHIFTED[0] not in short.streams["voice"].table
    assert any("voice is not shifted" in note for note in short.notes)


def test_one_stream_alone_and_several_stretches():
    voice = windows(AT_REST, AT_REST, SAD)
    found = taken(None, {"face": [(3, 4), (0, 1)]}, voice)
    assert set(found.shifts) == {"face"} and found.shifts["face"][0].rows in (10, 11, 12)
    assert found.stretches == {"face": [(0.0, 1.0), (3.0, 4.0)]}


def test_auto_takes_the_median_for_neutral_which_a_sad_film_pays_for():
    def mostly_at_rest(t):
        return AT_REST if t < 15 else SAD

    def sad(t):
        return SAD

    good = taken(faces((0, 20, mostly_at_rest)), "auto").streams["face"].p
    np.testing.assert_allclose(good[0], AVERAGE, atol=1e-6)
    assert good[-1][EMOTIONS.index("sadness")] > AVERAGE[EMOTIONS.index("sadness")]
    found = taken(faces((0, 20, sad)), "auto")
    np.testing.assert_allclose(found.streams["face"].p, np.tile(AVERAGE, (100, 1)), atol=1e-6)
    assert any("throughout" in note for note in found.notes)


def test_auto_leaves_a_face_seen_for_a_moment_alone():
    found = taken(faces((0, 20, moody), (3, 8, moody)), "auto")
    assert [shift.shift is None for shift in found.shifts["face"]] == [False, True]
    with raises_error(DataError, where="baseline auto"):
        taken(faces((3, 8, moody)), "auto")


def test_without_a_baseline_nothing_changes_but_a_face_that_never_moves_gets_a_hint():
    found = taken(None, None)
    assert not found.shifts and UNSHIFTED[0] not in found.streams["face"].table
    assert not found.notes
    stiff = taken(faces((4, 12, lambda t: AVERAGE), (0, 2, lambda t: AVERAGE)), [])
    (hint,) = stiff.notes
    assert "--baseline face=0:04-0:09" in hint


# --- what cannot be -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("baseline", "thing"),
    [
        ([(8, 3)], "8–3"),
        ([(3, 3)], "3–3"),
        ([(np.nan, 3)], "nan–3"),
        ([(-1, 3)], "-1–3"),
        ([(18, 25)], "18–25"),
        ([(3, np.inf)], "3–inf"),
        ([(3, 8), (7, 9)], "7"),
        ([3, 8], "3"),
        ([(3, 8, 9)], "(3, 8, 9)"),
        ([("a", "b")], "('a', 'b')"),
        ("always", "'always'"),
        ({"face": "0:03"}, "'0:03'"),
    ],
)
def test_stretches_that_cannot_be(baseline, thing):
    with raises_error(DataError, thing):
        read_baseline(baseline, NETWORKS, 20.0, False)


def test_a_stretch_in_which_nobody_is_seen_or_heard():
    with raises_error(DataError, "0:12", "0:15"):
        taken(faces((0, 10, moody)), [(12, 15)])
    with raises_error(DataError, "face", "0:12", "0:15"):
        taken(faces((0, 10, moody)), {"face": [(12, 15)]}, windows(*[SAD] * 17))


def test_streams_and_networks_that_take_no_baseline():
    with raises_error(EmotutilsError, "pose"):
        read_baseline({"pose": [(3, 8)]}, NETWORKS, 20.0, False)
    with raises_error(EmotutilsError, "joint"):
        read_baseline([(3, 8)], NETWORKS, 20.0, True)
    old = SimpleNamespace(name="old", kind="face", card={"calibration": {"neutral": None}})
    for card in ({}, old.card):
        old.card = card
        with raises_error(EmotutilsError, "old", "calibrate"):
            read_baseline("auto", {"face": old}, 20.0, False)


# --- a film ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("baseline") / "smile.mp4"
    picture = pictures.astronaut()
    with FilmWriter(path, 512, 512, 5, None) as writer:
        for k in range(15):
            writer.write(np.roll(picture, k, axis=1), k / 5)
    return path


@pytest.fixture(scope="module")
def smiling(film):
    return analyze(film, baseline=[(0, 1)], progress=False)


def test_a_smile_that_is_named_neutral_is_neutral(film, smiling):
    plain = analyze(film, progress=False)
    assert plain.summary["label"] == "happiness" and plain.settings["baseline"] is None
    assert set(plain.timeline["label"]) == {"happiness"} and "baseline" not in plain.summary["face"]
    assert set(smiling.timeline["label"]) == {"neutral"}
    assert set(smiling.timeline["face_unshifted"]) == {"happiness"}
    assert smiling.timeline["face_baseline"].tolist() == (smiling.timeline["t"] < 1).tolist()
    np.testing.assert_allclose(smiling.frames[UNSHIFTED], plain.frames[P])


def test_nothing_relative_to_a_baseline_is_sure(smiling):
    assert smiling.timeline["unsure"].all() and smiling.summary["sure"] is False
    assert smiling.summary["face"]["sure"] is False
    assert any("sure" in warning for warning in smiling.warnings)


def test_the_results_say_what_was_done(smiling, tmp_path):
    smiling.save(tmp_path)
    found = json.loads((tmp_path / "result.json").read_text())
    assert found["settings"]["baseline"] == {"face": [[0.0, 1.0]]}
    (track,) = found["summary"]["face"]["baseline"]
    assert track["rows"] >= 5 and set(track["shift"]) == set(EMOTIONS)
    page = (tmp_path / "report.html").read_text()
    assert 'id="h-baseline"' in page and "0:00–0:01" in page and 'class="at named"' in page
    assert list(pd.read_csv(tmp_path / "frames.csv")) == [*FRAME_COLUMNS, *UNSHIFTED]
    assert "baseline" in report.summary_text(smiling)


def test_both_answers_are_in_the_picture(smiling):
    lane = plots.lanes(smiling.timeline)[0]
    assert set(lane.unshifted) == {"happiness"} and any(lane.baseline) and not all(lane.baseline)
    words = [text.get_text() for text in plots.plot_timeline(smiling).get_legend().get_texts()]
    assert "named neutral" in words


@pytest.mark.parametrize("seconds", [60.0, 600.0])
def test_the_page_of_a_film_of_any_length_shows_both(seconds):
    findings = fabricated(seconds)
    timeline = findings.timeline
    timeline["face_unshifted"] = timeline["face_label"].where(timeline["face_label"] == "", "fear")
    timeline["face_baseline"] = timeline["t"] < 5
    shift = dict.fromkeys(EMOTIONS, 0.25)
    tracks = [{"track": 1, "rows": 25, "shift": shift}, {"track": 2, "rows": 0, "shift": None}]
    findings.summary["face"]["baseline"] = tracks
    findings.settings["baseline"] = {"face": [(0.0, 5.0)]}
    page = report.page(findings)
    assert page.count('class="at named"') == 1 and "not shifted" in page
    (moments,) = re.findall('id="moments">(.*?)</script>', page)
    face, voice, _ = json.loads(moments)["lanes"]
    assert set(face["unshifted"]) == {"fear", ""} and voice["unshifted"] == []


def test_the_command_line(film, tmp_path, capsys):
    options = ["--out", str(tmp_path), "--json", "--baseline"]
    assert main(["analyze", str(film), *options, "face=0:00-0:01.0"]) == 0
    assert json.loads(capsys.readouterr().out)["face"]["label"] == "neutral"
    for bad in ("0:05-0:09", "0:02-0:01", "voice=0:00-0:01", "auto"):
        assert main(["analyze", str(film), *options, bad]) == 2
        assert capsys.readouterr().err.startswith("emotutils: ")
    twice = ["--baseline", "auto"]
    assert main(["analyze", str(film), *options, "0:00-0:01", *twice]) == 2
    assert main(["analyze", str(film), *options, "face=0:00-0:01", *twice]) == 2
    for words in ("0:03", "3 to 8", "=0:03-0:08", "a-b", "0:03-"):
        with pytest.raises(SystemExit):
            main(["analyze", str(film), *options, words])
    assert "0:03-0:08" in capsys.readouterr().err


# --- what it is worth -----------------------------------------------------------------------------


def test_the_recorded_figures_follow_from_the_recorded_answers():
    record = records.read(study.NAME)
    assert record["n"] == 1440
    face = study.answers(records.read(record["runs"]["face"][0]))
    assert face.groups["actor"].nunique() == 24
    per_actor = face.groups.groupby("actor")["fold"].nunique()
    assert (per_actor == 1).all()  # nobody answers for whom it learned from
    rows = [{"stream": "face", **row} for row in study.named(face)]
    assert rows == [row for row in record["named"] if row["stream"] == "face"]


def test_both_streams_answer_for_the_same_performances():
    record = records.read(study.NAME)
    face, voice = (study.answers(records.read(record["runs"][s][0])) for s in ("face", "voice"))
    assert set(face.labels) == set(voice.labels) and len(face) == len(voice)
    fold = [dict(zip(a.groups["actor"], a.groups["fold"], strict=True)) for a in (face, voice)]
    assert fold[0] == fold[1]


def actors_with_a_bias():
    """Answers that are right but for one person's own: each actor always looks a little like one
    other emotion. Per actor 4 neutral performances, 8 calm, 8 of each of the six.
    """
    y = np.tile(np.array([6] * 4 + [7] * 8 + [e for e in range(6) for _ in range(8)]), 6)
    actor = np.repeat(np.arange(6), 60)
    logits = 2.0 * np.eye(8)[y]
    logits[np.arange(len(y)), actor] += 3.0
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    groups = pd.DataFrame({"actor": actor.astype(str), "fold": actor % 2})
    return Answers(np.arange(len(y)).astype(str), groups, y, proba, EMOTIONS_WITH_CALM)


def test_who_looks_angry_at_rest_gains_by_a_baseline():
    one, two, four, wrong = study.named(actors_with_a_bias())
    assert one["uar"]["before"]["value"] < 0.5 and one["uar"]["after"]["value"] > 0.9
    assert wrong["uar"]["after"]["value"] < one["uar"]["after"]["value"]


def test_a_film_of_one_emotion_becomes_neutral_by_its_median():
    rows = {row["share"]: row for row in study.mixed(actors_with_a_bias())}
    assert set(rows) == {0.125, 0.25, 0.5, 0.75, 1.0, None}
    assert rows[1.0]["others"]["after"]["value"] == 0 and "neutral" not in rows[1.0]
    assert rows[0.125]["others"]["after"]["value"] > 0.9
