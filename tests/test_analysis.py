"""The main job, with the shipped networks: on the bundled film, on a real face, and on what goes
wrong.
"""

import json
import shutil
import subprocess
import sys

import av
import cv2
import numpy as np
import pandas as pd
import pytest
import soundfile
from raising import raises_error
from skimage import data as pictures
from tqdm.auto import tqdm

from emotutils import config, plots, report, samples
from emotutils.analysis import analyze
from emotutils.analysis.given import read_streams
from emotutils.cli import main
from emotutils.emotions import EMOTIONS
from emotutils.errors import DataError, EmotutilsError, MediaError, NetworkError
from emotutils.findings import (
    FRAME_COLUMNS,
    SPEECH_COLUMNS,
    P,
    agreement_column,
    columns,
    disagreement_column,
    runs,
)
from emotutils.fusion import DEFAULT_RULE, RULES, agreement, fuse
from emotutils.media import FilmWriter
from emotutils.networks import DEFAULTS, build_network, load_network, save_network
from emotutils.training import records

DEMO = config.shipped_root() / "sample" / "demo.mp4"
SR = 16000
FACE_P = columns("face")
VOICE_P = columns("voice")
# The public-domain portrait of E. Collins (NASA): a real, smiling face. Its centre and size in the
# picture:
ASTRONAUT, CENTRE = pictures.astronaut(), (223, 120)


def astronaut(t, width=640, height=480, *, scale=1.0, tilt=0.0, at=(0.5, 0.5)):
    turn = cv2.getRotationMatrix2D(CENTRE, tilt, scale)
    turn[:, 2] += np.array(at) * (width, height) - CENTRE
    return cv2.warpAffine(ASTRONAUT, turn, (width, height), borderValue=(90, 110, 130))


def film(path, draw, seconds, fps=10, size=(640, 480), sound=None):
    with FilmWriter(path, *size, fps, None if sound is None else (sound, SR)) as writer:
        for k in range(int(seconds * fps)):
            writer.write(draw(k / fps), k / fps)
    return path


def empty_room(t):
    return np.full((480, 640, 3), 120, np.uint8)


@pytest.fixture(scope="session")
def voice(tmp_path_factory):
    """A few seconds of the synthetic voice of the samples."""
    files = sorted((samples.ensure() / "ravdess").rglob("*.wav"))[:6]
    return np.concatenate([soundfile.read(f, dtype="float32")[0] for f in files])[: 8 * SR]


@pytest.fixture(scope="module")
def demo():
    return analyze(DEMO, progress=False)


def test_the_tables_are_as_promised(demo):
    assert list(demo.frames) == FRAME_COLUMNS and list(demo.speech) == SPEECH_COLUMNS
    expected = [
        "t",
        *P,
        "label",
        "unsure",
        *FACE_P,
        "face_label",
        "face_person",
        *VOICE_P,
        "voice_label",
        *columns("words"),
        "words_label",
    ]
    for pair in ("face_voice", "face_words", "voice_words"):
        expected += [f"agreement_{pair}", f"disagreement_{pair}"]
    assert list(demo.timeline) == [*expected, "source"]
    for table in (demo.frames, demo.speech, demo.timeline):
        p = table[P].dropna()
        np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.diff(demo.timeline["t"]), 0.5)
    assert demo.frames["frame"].is_monotonic_increasing and demo.frames["frame"].nunique() >= 5 * 60


def test_the_bundled_film_is_read_as_it_was_scripted(demo):
    script = pd.read_csv(DEMO.with_suffix(".csv")).fillna("")
    line = demo.timeline
    for row in script.itertuples():
        # Away from the edges, where windows of 3 s look over them.
        inside = line[(line["t"] >= row.t0 + 1.5) & (line["t"] < row.t1 - 1.5)]
        assert len(inside) >= 3
        faces, voices = inside["face_label"] != "", inside["voice_label"] != ""
        assert faces.mean() >= 0.95 if row.face else not faces.any()
        assert voices.mean() >= 0.9 if row.voice else not voices.any()


def test_what_the_networks_make_of_the_script_is_counted(demo):
    named = samples.named(demo.timeline)
    assert set(named) == {"face", "voice", "words"}
    assert all(set(right) <= set(EMOTIONS) for right in named.values())
    acted = demo.timeline.assign(face_label="anger", voice_label="fear", words_label="")
    assert samples.named(acted) == {"face": ["anger"], "voice": ["fear"], "words": []}
    without = acted.drop(columns="words_label")
    assert set(samples.named(without)) == {"face", "voice"}


def test_both_together_is_the_fusion_of_the_two(demo):
    line = demo.timeline
    shares = []
    for net in (DEFAULTS["face"], DEFAULTS["voice"]):
        counts = np.sum(load_network(net).card["calibration"]["confusion"], axis=1) + 1
        shares.append(counts / counts.sum())
    prior = np.sqrt(shares[0] * shares[1])
    streams = {"face": line[FACE_P].to_numpy(), "voice": line[VOICE_P].to_numpy()}
    fused = fuse(streams, "product", prior=prior / prior.sum())
    np.testing.assert_allclose(line[P], fused)
    assert set(line["source"]) == {"face+voice", "face", "voice"}
    assert (line["agreement_face_voice"].isna() == (line["source"] != "face+voice")).all()


def test_the_summary_holds_face_voice_and_both(demo):
    for part in (demo.summary, demo.summary["face"], demo.summary["voice"]):
        assert part["label"] == max(part["probabilities"], key=part["probabilities"].get)
        assert sum(part["probabilities"].values()) == pytest.approx(1, abs=0.001)
    assert sum(demo.summary["seconds"].values()) <= demo.info.duration + 0.5


def test_a_real_face_is_found_however_it_moves_scales_and_tilts(tmp_path, voice):
    def draw(t):
        where = 0.5 + 0.2 * np.sin(t), 0.5 + 0.08 * np.cos(1.3 * t)
        return astronaut(t, scale=0.95 + 0.55 * np.sin(2 * t), tilt=30 * np.sin(0.9 * t), at=where)

    result = analyze(film(tmp_path / "a.mp4", draw, 8, sound=voice), progress=False)
    assert result.summary["face"]["found"] >= 0.95
    assert result.summary["face"]["tracks"] == 1
    assert result.summary["face"]["label"] == "happiness", "she smiles"
    assert result.timeline["source"].eq("face+voice").all()


def test_two_people_keep_their_names(tmp_path):
    def draw(t):
        left = astronaut(t, 320, scale=0.7, at=(0.5 + 0.1 * np.sin(t), 0.5))
        right = astronaut(t, 320, scale=0.5, at=(0.5 - 0.1 * np.sin(t), 0.5))
        return np.hstack([left, right])

    frames = analyze(film(tmp_path / "two.mp4", draw, 5), progress=False).frames
    per_frame = frames.groupby("frame")["track"].nunique()
    assert (per_frame == 2).mean() >= 0.9 and frames["track"].nunique() == 2
    sides = frames.groupby("track")["x"].agg(["min", "max"]).sort_values("min")
    assert sides["max"].iloc[0] < 320 - 60 < sides["min"].iloc[1] + 60, (
        "each name stays on its side"
    )


def test_a_film_of_one_frame_a_second_has_no_holes(tmp_path):
    result = analyze(film(tmp_path / "slow.mp4", lambda t: astronaut(t), 6, fps=1), progress=False)
    assert (result.timeline["face_label"][:-1] != "").all()


def test_without_sound_the_face_stands_alone_and_it_is_said(tmp_path):
    result = analyze(film(tmp_path / "mute.mp4", lambda t: astronaut(t), 3), progress=False)
    assert any("no sound track" in w for w in result.warnings)
    assert (
        set(result.timeline["source"]) == {"face"} and result.timeline["voice_label"].eq("").all()
    )
    assert result.summary["voice"]["probabilities"] is None
    with raises_error(EmotutilsError, tmp_path / "mute.mp4", "only='voice'"):
        analyze(tmp_path / "mute.mp4", only="voice", progress=False)


def test_a_recording_gives_the_voice_alone_and_fills_its_bar(tmp_path, voice, monkeypatch):
    soundfile.write(tmp_path / "voice.wav", voice, SR)
    bars = []

    def kept(**how):
        bars.append(tqdm(**how))
        return bars[0]

    monkeypatch.setattr("emotutils.analysis.tqdm", kept)
    result = analyze(tmp_path / "voice.wav")
    assert bars[0].n == bars[0].total, "a bar that is not full is red in a notebook"
    assert any("no picture" in w for w in result.warnings)
    assert result.summary["voice"]["label"] and not result.summary["face"]["label"]
    assert set(result.timeline["source"]) <= {"voice", ""}


def test_nobody_there_is_not_guessed(tmp_path):
    path = film(tmp_path / "empty.mp4", empty_room, 4, sound=np.zeros(4 * SR, np.float32))
    result = analyze(path, progress=False)
    assert not result.frames["found"].any() and len(result.frames) == 20
    assert not result.speech["voiced"].any() and len(result.speech) == 3
    assert result.timeline[P].isna().all(axis=None) and result.timeline["label"].eq("").all()
    assert result.summary["label"] == "" and result.summary["probabilities"] is None
    assert {"no face was found in the picture", "nobody was heard speaking"} <= set(result.warnings)


def test_only_one_stream_is_read_when_asked(tmp_path, voice):
    path = film(tmp_path / "a.mp4", lambda t: astronaut(t), 4, sound=voice[: 4 * SR])
    face, sound = (analyze(path, only=s, progress=False) for s in ("face", "voice"))
    assert len(face.speech) == 0 and set(face.networks) == {"face"} and not face.warnings
    assert len(sound.frames) == 0 and set(sound.networks) == {"voice"}


def test_a_truncated_film_gives_what_can_be_read_and_says_so(tmp_path, voice):
    rng = np.random.default_rng(0)

    def draw(
        t,
    ):  # noise, so that every picture costs bytes and the cut falls in the middle of the film
        return cv2.add(astronaut(t), rng.integers(0, 60, (480, 640, 3), dtype=np.uint8))

    whole = film(tmp_path / "whole.mp4", draw, 6, sound=voice[: 6 * SR])
    stream = tmp_path / "whole.ts"  # a transport stream can be read up to where it was cut
    with av.open(whole) as source, av.open(stream, "w") as target:
        pairs = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = pairs[packet.stream.index]
                target.mux(packet)
    cut = tmp_path / "cut.ts"
    cut.write_bytes(stream.read_bytes()[: int(stream.stat().st_size * 0.6)])
    result = analyze(cut, progress=False)
    assert 10 <= result.frames["frame"].nunique() < 30 and result.frames["found"].mean() > 0.9


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "text"])
def test_what_is_no_film_is_refused(tmp_path, kind):
    path = tmp_path / "film.mp4"
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("this is no film\n" * 100)
    with raises_error(MediaError, where=path):
        analyze(path, progress=False)


def test_settings_that_cannot_be_are_named(talking):
    with raises_error(NetworkError, "'conv9d'", "conv2d"):
        analyze(talking, face_network="conv9d", progress=False)
    with raises_error(EmotutilsError, "'crnn'", "voice", "face"):
        analyze(talking, face_network="crnn", progress=False)
    even = {"face": 1, "voice": 1}
    for wrong in (
        {"only": "words"},
        {"fps": 0},
        {"hop": 5.0},
        {"fusion": "median"},
        {"detector": "yolo"},
        {"smoothing": -1},
        {"error_rate": 2},
        {"weights": {"face": 1}},
        {"weights": {"face": -1, "voice": 1}},
        {"weights": even, "fusion": "product"},
        {"voice_network": "conv1d", "fusion": "joint"},
    ):
        with pytest.raises(EmotutilsError):
            analyze(talking, progress=False, **wrong)


def test_weights_of_ones_own_need_not_add_up_to_one(talking):
    one, tenfold = (
        analyze(talking, progress=False, weights=w).timeline
        for w in ({"face": 0.3, "voice": 0.1}, {"face": 3, "voice": 1})
    )
    pd.testing.assert_frame_equal(one, tenfold)
    face = analyze(talking, progress=False, weights={"face": 1, "voice": 0}).timeline
    np.testing.assert_allclose(face[P], face[FACE_P])


@pytest.fixture(scope="module")
def talking(tmp_path_factory, voice):
    path = tmp_path_factory.mktemp("talking") / "talking.mp4"
    return film(path, lambda t: astronaut(t), 5, sound=voice[: 5 * SR])


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_can_be_chosen_and_is_named(talking, rule):
    result = analyze(talking, progress=False, fusion=rule)
    assert result.settings["fusion"] == rule
    np.testing.assert_allclose(result.timeline[P].dropna().sum(axis=1), 1, atol=1e-9)
    assert (
        set(result.settings["unsure_below"]) == {"face", "voice", "face+voice"}
        and not result.warnings
    )


@pytest.mark.parametrize("rule", ["weighted", "product", "joint"])
def test_together_streams_must_be_as_sure_as_alone(talking, rule):
    result = analyze(talking, progress=False, fusion=rule)
    limits = result.settings["unsure_below"]
    assert limits["face+voice"] >= max(limits["face"], limits["voice"]) > 0.4
    assert result.settings["fitted_on"].startswith("paired-fer2013+ravdess: made-up pairs")
    assert result.settings["fitted_on"] in report.summary_text(result)


def test_the_default_is_the_rule_that_real_pairs_chose(talking):
    record = records.read("fusion-real-ravdess")
    picked = record["found"]["nested"]["raw"]["picked"]
    assert [rule for _, rule in picked] == [DEFAULT_RULE] * 5
    assert analyze(talking, progress=False).settings["fusion"] == DEFAULT_RULE
    weights = {"face": 1, "voice": 1}
    assert analyze(talking, progress=False, weights=weights).settings["fusion"] == "weighted"


def test_the_more_errors_are_allowed_the_less_is_unsure(talking):
    strict, lax = (analyze(talking, progress=False, error_rate=e) for e in (0.0, 1.0))
    assert strict.summary["unsure"] >= lax.summary["unsure"] == 0
    assert all(
        strict.settings["unsure_below"][s] >= t for s, t in lax.settings["unsure_below"].items()
    )
    top = strict.timeline[P].max(axis=1)
    below = strict.timeline["source"].map(strict.settings["unsure_below"])
    assert (strict.timeline["unsure"] == (top < below)).all()


def test_a_network_without_calibration_is_taken_as_it_is_and_said(talking, tmp_path):
    shipped = config.shipped_root() / "weights"
    shutil.copy(shipped / "conv2d.keras", tmp_path / "own.keras")
    card = json.loads((shipped / "conv2d.card.json").read_text())
    del card["calibration"]
    (tmp_path / "own.card.json").write_text(json.dumps(card | {"name": "own", "temperature": 1.0}))
    result = analyze(talking, progress=False, face_network=tmp_path / "own.keras")
    assert result.settings["fusion"] == "mean" and "face" not in result.settings["unsure_below"]
    assert any("'own' is not calibrated" in w for w in result.warnings)
    with raises_error(EmotutilsError, "weighted"):
        analyze(talking, progress=False, face_network=tmp_path / "own.keras", fusion="weighted")
    with raises_error(EmotutilsError, "stacking", "own"):
        analyze(talking, progress=False, face_network=tmp_path / "own.keras", fusion="stacking")


def test_what_was_fitted_for_other_weights_is_not_used_and_this_is_said(talking, tmp_path):
    shipped = load_network("conv2d")
    small = build_network("conv2d", widths=(4, 4, 4, 4, 4, 4, 4))
    retrained = save_network(small, shipped.card, tmp_path)
    before = analyze(talking, progress=False)
    result = analyze(talking, progress=False, face_network=retrained)
    assert result.networks["face"]["run"] == before.networks["face"]["run"]
    assert "face+voice" in before.settings["unsure_below"]
    assert "face+voice" not in result.settings["unsure_below"]
    assert not any("other weights" in w for w in before.warnings)
    assert ["conv2d" in w for w in result.warnings if "other weights" in w] == [True]
    with raises_error(EmotutilsError, "stacking", "conv2d"):
        analyze(talking, progress=False, face_network=retrained, fusion="stacking")


def own_conv2d(folder, **changes):
    """The shipped face network under another name, with another card."""
    shipped = config.shipped_root() / "weights"
    shutil.copy(shipped / "conv2d.keras", folder / "own.keras")
    card = json.loads((shipped / "conv2d.card.json").read_text())
    (folder / "own.card.json").write_text(json.dumps(card | {"name": "own"} | changes))
    return folder / "own.keras"


def test_labels_that_no_timeline_has_are_refused(talking, tmp_path):
    other = own_conv2d(tmp_path, labels=["bored", *EMOTIONS[1:]])
    with raises_error(EmotutilsError, "'own'", "bored"):
        analyze(talking, progress=False, face_network=other)


def test_labels_in_another_order_are_put_right(talking, tmp_path):
    turned = own_conv2d(tmp_path, labels=EMOTIONS[::-1])
    p, q = (
        analyze(talking, progress=False, face_network=n).frames[P].to_numpy()
        for n in ("conv2d", turned)
    )
    np.testing.assert_allclose(q, p[:, ::-1], atol=1e-5)


def test_sound_shorter_than_the_picture_ends_where_it_ends(tmp_path, voice):
    line = analyze(
        film(tmp_path / "a.mp4", lambda t: astronaut(t), 8, sound=voice[: 4 * SR]), progress=False
    ).timeline
    assert len(line) == 16 and (line["source"][line["t"] > 5] == "face").all()
    assert (line["source"][line["t"].between(1, 3)] == "face+voice").all()


def test_a_sound_track_that_begins_late_is_heard_where_it_is(tmp_path, voice):
    whole, late = tmp_path / "whole.mp4", tmp_path / "late.mkv"
    film(whole, lambda t: astronaut(t), 8, sound=voice[: 4 * SR])
    with av.open(whole) as source, av.open(late, "w") as target:
        pairs = {s.index: target.add_stream_from_template(s) for s in source.streams}
        packets = [p for p in source.demux() if p.dts is not None]
        for packet in packets:
            if packet.stream.type == "audio":
                shift = round(4 / packet.time_base)
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
        for packet in sorted(packets, key=lambda p: float(p.dts * p.time_base)):
            packet.stream = pairs[packet.stream.index]
            target.mux(packet)
    line = analyze(late, progress=False).timeline
    assert (line["voice_label"][line["t"] < 2] == "").all() and (
        line["voice_label"][line["t"].between(5, 7)] != ""
    ).all()


def test_a_blurred_face_and_a_noisy_voice_are_believed_less(tmp_path, voice):
    rng = np.random.default_rng(0)
    sharp = film(tmp_path / "sharp.mp4", lambda t: astronaut(t), 4, sound=voice[: 4 * SR])
    noise = voice[: 4 * SR] + 0.03 * np.abs(voice).max() * rng.standard_normal(4 * SR).astype(
        np.float32
    )

    def soft(t):
        return cv2.GaussianBlur(astronaut(t), (0, 0), 5)

    spoiled = film(tmp_path / "soft.mp4", soft, 4, sound=noise.clip(-1, 1))
    good, bad = (analyze(path, progress=False) for path in (sharp, spoiled))
    assert bad.frames["sharpness"].mean() < good.frames["sharpness"].mean()
    assert bad.speech["snr"].mean() < good.speech["snr"].mean()
    assert bad.timeline[FACE_P].max(axis=1).mean() < good.timeline[FACE_P].max(axis=1).mean()


def test_a_network_is_replaced_by_path(tmp_path):
    weights = config.shipped_root() / "weights" / "conv2d.keras"
    path = film(tmp_path / "a.mp4", lambda t: astronaut(t), 2)
    by_path, by_name = (analyze(path, face_network=n, progress=False) for n in (weights, "conv2d"))
    pd.testing.assert_frame_equal(by_path.frames, by_name.frames)


def test_the_same_film_twice_gives_the_same_timeline(tmp_path, voice):
    path = film(tmp_path / "a.mp4", lambda t: astronaut(t, tilt=5 * t), 4, sound=voice[: 4 * SR])
    first, second = (analyze(path, progress=False).timeline for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


#: What a process has needed at most after each of the films, in the system's unit.
PEAKS = """
import resource, sys
from emotutils.analysis import analyze
for path in sys.argv[1:]:
    analyze(path, progress=False)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_film(tmp_path, voice):
    """The pictures that the longer film has more would fill 220 MiB."""

    def draw(t):
        return astronaut(t, at=(0.5 + 0.1 * np.sin(t), 0.5))

    films = [
        film(tmp_path / f"{n}.mp4", draw, n, 5, sound=np.resize(voice, n * SR)) for n in (10, 60)
    ]
    command = [sys.executable, "-c", PEAKS, *films]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    short, long = map(int, done.stdout.split()[-2:])
    assert (long - short) / (1024 if sys.platform != "darwin" else 1024**2) < 100


INTERRUPTED = """
import os, signal, sys
from emotutils import media
from emotutils.cli import main

def interrupted(*args, frames=media.frames, **options):
    for k, frame in enumerate(frames(*args, **options)):
        if k == 5:
            os.kill(os.getpid(), signal.SIGINT)
        yield frame

media.frames = interrupted
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is born ignoring it
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals work otherwise there")
@pytest.mark.parametrize("annotate", [False, True])
def test_ctrl_c_leaves_nothing_behind(tmp_path, voice, annotate):
    size = 320, 240
    path = film(
        tmp_path / "long.mp4",
        lambda t: astronaut(t, *size),
        12,
        10,
        size,
        np.resize(voice, 12 * SR),
    )
    out = tmp_path / "out"
    # The signal comes at the sixth frame read: in the analysis, or, where that looks at three only,
    # in the annotation.
    words = ["analyze", path, "--out", out, *(["--fps", "0.25", "--annotate"] if annotate else [])]
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, *words], capture_output=True, text=True, timeout=300
    )
    assert (
        done.returncode == 130
        and "nothing half-written" in done.stderr
        and "Traceback" not in done.stderr
    )
    left = {p.name for p in out.iterdir()} if out.exists() else set()
    assert not any(name.startswith(".") or name == "annotated.mp4" for name in left)
    assert annotate or not left


# --- a stream from outside ------------------------------------------------------------------------


def own_stream(seconds, every=0.5, label="fear"):
    """A table as another program would write it: always the same answer, but for a gap at 2–3 s."""
    t = np.arange(0, seconds, every)
    table = pd.DataFrame({"t": t[(t < 2) | (t >= 3)]})
    table[P] = np.full((len(table), 7), 0.05) + 0.65 * np.eye(7)[EMOTIONS.index(label)]
    return table.assign(quality=0.9)


@pytest.fixture(scope="module")
def with_pose(talking, tmp_path_factory):
    path = tmp_path_factory.mktemp("pose") / "pose.csv"
    own_stream(5).to_csv(path, index=False)
    return analyze(talking, progress=False, streams={"pose": path}, smoothing=0)


def test_a_stream_from_outside_is_fused_and_compared_by_pairs(with_pose):
    line = with_pose.timeline
    gap = line["t"].between(2, 2.9)
    assert (line["pose_label"] == np.where(gap, "", "fear")).all()
    assert set(line["source"]) == {"face+voice+pose", "face+voice"}
    assert (line["source"] == np.where(gap, "face+voice", "face+voice+pose")).all()
    streams = {name: line[columns(name)].to_numpy() for name in ("face", "voice", "pose")}
    np.testing.assert_allclose(line[P], fuse(streams, "mean"))
    for a, b in (("face", "voice"), ("face", "pose"), ("voice", "pose")):
        alike = line[agreement_column(a, b)]
        np.testing.assert_allclose(alike, agreement(streams[a], streams[b]))
        assert (alike.isna() == (gap & (b == "pose"))).all()
        assert disagreement_column(a, b) in line
    smiling = [d for d in with_pose.summary["disagreements"] if "face" in d and "pose" in d]
    assert [(d["t0"], d["t1"]) for d in smiling] == [(0.0, 2.0), (3.0, 5.0)]
    assert {(d["face"], d["pose"]) for d in smiling} == {("happiness", "fear")}
    assert set(with_pose.summary["agreement"]) == {"face+voice", "face+pose", "voice+pose"}
    assert with_pose.summary["pose"]["label"] == "fear" and with_pose.summary["pose"]["rows"] == 8


def test_a_stream_from_outside_is_never_sure_and_that_is_said(with_pose):
    assert with_pose.settings["fusion"] == "mean"
    assert not with_pose.timeline["unsure"][with_pose.timeline["pose_label"] != ""].any()
    assert any("how far to believe pose" in w and "count alike" in w for w in with_pose.warnings)
    assert any("no threshold is known for whatever pose" in w for w in with_pose.warnings)


def test_a_stream_from_outside_is_written_and_drawn(with_pose, tmp_path):
    paths = with_pose.save(tmp_path, annotate=True)
    back = pd.read_csv(paths["pose.csv"])
    assert list(back) == ["t", "quality", *P]
    pd.testing.assert_frame_equal(back, own_stream(5)[list(back)], check_exact=False, atol=1e-5)
    page = paths["report.html"].read_text("utf-8")
    for words in (
        "pose says",
        "face, voice and pose together",
        "agreement of face and pose",
        "pose.csv",
    ):
        assert words in page, words
    found = json.loads(paths["result.json"].read_text("utf-8"))
    assert found["settings"]["streams"] == {"pose": "pose.csv"}
    ax = plots.plot_timeline(with_pose)
    words = {label.get_text().replace("\n", " ") for label in ax.get_yticklabels()}
    assert {"pose says", "face, voice and pose together", "face ≠ pose"} <= words


def test_a_stream_from_outside_can_be_weighted(talking):
    weights = {"face": 0, "voice": 0, "pose": 1}
    own = own_stream(5)
    line = analyze(talking, progress=False, streams={"pose": own}, weights=weights).timeline
    there = line["pose_label"] != ""
    np.testing.assert_allclose(line.loc[there, P], line.loc[there, columns("pose")])
    for rule in ("stacking", "joint", "weighted"):
        with raises_error(EmotutilsError, rule, "pose"):
            analyze(talking, progress=False, streams={"pose": own}, fusion=rule)


def test_windows_from_outside_hold_from_their_start_to_their_end(talking):
    table = pd.DataFrame({"t0": [0.0, 3.0], "t1": [2.9, 3.4]})
    table[P] = np.eye(7)[[0, 2]]
    line = analyze(talking, progress=False, streams={"pose": table}, smoothing=0).timeline
    expected = np.select([line["t"] < 3, line["t"] == 3], ["anger", "fear"], "")
    assert line["pose_label"].tolist() == expected.tolist()


def test_the_command_line_takes_a_stream(talking, tmp_path, capsys):
    path = tmp_path / "mine.csv"
    own_stream(5).to_csv(path, index=False)
    out = tmp_path / "out"
    assert main(["analyze", str(talking), "--out", str(out), "--stream", f"mine={path}"]) == 0
    assert "mine says" in capsys.readouterr().out
    assert "mine_label" in pd.read_csv(out / "timeline.csv")
    assert main(["analyze", str(talking), "--out", str(out), "--stream", f"face={path}"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


BAD_TABLES = {
    "no column p_fear": lambda table: table.drop(columns="p_fear"),
    "no column t;": lambda table: table.drop(columns="t"),
    "no rows": lambda table: table.iloc[:0],
    "row 3: p_anger is no number": lambda table: table.assign(
        p_anger=table["p_anger"].where(table.index != 2)
    ),
    "row 1: t is no number": lambda table: table.assign(t="soon"),
    "row 1: the seven probabilities do not add up": lambda table: table.assign(p_fear=0.9),
    "row 1: a probability below 0": lambda table: table.assign(p_fear=-0.3, p_anger=1.05),
    "row 5: a time beyond the film's end at 5": lambda table: table.assign(t=2 * table["t"]),
    "row 1: a time below 0": lambda table: table.assign(t=table["t"] - 1),
    "row 2: a time not after the one before": lambda table: table.iloc[::-1],
    "row 1: t1 is not after t0": lambda table: table.assign(t0=table["t"], t1=table["t"]),
}


@pytest.mark.parametrize("message", BAD_TABLES)
def test_a_bad_stream_is_one_line_with_what_where_and_what_to_do(tmp_path, message):
    path = tmp_path / "bad.csv"
    BAD_TABLES[message](own_stream(5)).to_csv(path, index=False)
    with pytest.raises(DataError) as caught:
        read_streams({"mine": path}, 5.0)
    told = str(caught.value)
    assert message in told and "stream mine" in told and "bad.csv" in told
    assert "\n" not in told and caught.value.remedy


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "bytes", "ragged"])
def test_what_is_no_csv_is_refused(tmp_path, kind):
    path = tmp_path / "mine.csv"
    contents = {"empty": b"", "bytes": bytes(range(128, 256)), "ragged": b"a,b\n1\n1,2,3\n"}
    if kind == "folder":
        path.mkdir()
    elif kind in contents:
        path.write_bytes(contents[kind])
    with raises_error(DataError, where=f"stream mine, {path}"):
        read_streams({"mine": path}, 5.0)


@pytest.mark.parametrize("name", ["face", "voice", "timeline", "", "two words", "a_b", "Pose", "é"])
def test_a_name_that_is_taken_or_no_word_is_refused(name):
    with raises_error(DataError, where=f"stream {name!r}"):
        read_streams({name: own_stream(5)}, 5.0)


def test_the_summary_lists_what_is_said_for_long_and_for_sure(demo):
    line = demo.timeline
    stretches = demo.summary["stretches"]
    assert len({one["label"] for one in stretches}) >= 4
    for one in stretches:
        inside = line[line["t"].between(one["t0"], one["t1"], inclusive="left")]
        assert set(inside["label"]) == {one["label"]} and not inside["unsure"].any()
        assert 2 <= one["t1"] - one["t0"] <= demo.info.duration
        around = line[line["t"].isin([one["t0"] - 0.5, one["t1"]])]
        assert all(around["unsure"] | (around["label"] != one["label"]))
    long = [e - s for s, e, v in runs(line["label"].mask(line["unsure"], "").tolist()) if v]
    assert len(stretches) == sum(n >= 4 for n in long)
