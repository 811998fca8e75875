"""The drawn face, the synthetic voice, the bundled film and the sample sets."""

import csv

import av
import numpy as np
import pytest
from raising import raises_error
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from emotutils import analyze, config, datasets, faces, media, samples, voices
from emotutils.datasets import fer2013, ravdess, ravdess_tracking, splits, tess
from emotutils.emotions import EMOTIONS, EMOTIONS_WITH_CALM
from emotutils.errors import DataError
from emotutils.samples import film as make_demo
from emotutils.samples import sets as make_sets
from emotutils.samples.faces import draw_head
from emotutils.samples.muscles import EXPRESSIONS, Identity
from emotutils.samples.scene import Scene
from emotutils.samples.voice import STYLES, Speaker, loudness, speak, talk
from emotutils.studies.leakage.voices import mean_mfccs
from emotutils.words import find_transcript

DEMO = config.shipped_root() / "sample" / "demo.mp4"


@pytest.fixture(scope="module")
def script() -> list[dict]:
    with open(DEMO.with_suffix(".csv"), newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    return media.load_sound(DEMO, sr=voices.SAMPLE_RATE)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Small sets, made twice from one seed."""
    roots = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make_sets, "WORDS", {"back": "ba", "moon": "mu"})
        for root in roots:
            make_sets.make_fer2013(root, np.random.default_rng(5), rows=(2, 1, 1))
            make_sets.make_tess(root, np.random.default_rng(6))
    return roots


# --- the film and its table -----------------------------------------------------------------------


def test_table_and_film_agree(script):
    info = media.probe(DEMO)
    ends = [(float(r["t0"]), float(r["t1"])) for r in script]
    assert ends[0][0] == 0 and all(a[1] == b[0] for a, b in zip(ends, ends[1:], strict=False))
    assert all(t1 - t0 >= 5 for t0, t1 in ends)
    assert ends[-1][1] >= 60 and abs(info.duration - ends[-1][1]) < 0.15
    assert (info.width, info.height, info.has_audio) == (640, 480, True)
    assert DEMO.stat().st_size < 4e6
    with av.open(str(DEMO)) as film:
        assert [s.codec_context.name for s in film.streams] == ["h264", "aac"]


def test_table_holds_what_the_film_should_show(script):
    agree = {r["face"] for r in script if r["face"] == r["voice"]}
    assert agree == set(EMOTIONS)
    assert {r["voice"] for r in script} <= {*EMOTIONS, ""}
    assert any(r["face"] and r["voice"] and r["face"] != r["voice"] for r in script)
    assert any(not r["face"] and r["voice"] for r in script)
    assert any(r["face"] and not r["voice"] for r in script)


def test_voice_is_where_the_table_says(script, sound):
    for row in script:
        a, b = (round(float(row[k]) * voices.SAMPLE_RATE) for k in ("t0", "t1"))
        x = sound[a + 1600 : b - 1600]
        if row["voice"]:
            assert voices.voice_activity(x).mean() > 0.4, row
            assert 0.01 < np.sqrt(np.mean(x**2)) < 0.3
        else:
            assert np.abs(x).max() < 1e-3


@pytest.mark.parametrize("detector", ["blazeface", "haar"])
def test_detectors_find_the_face_where_the_table_says(script, detector):
    find = faces.build_detector(detector)
    found, empty = [], []
    for frame in media.frames(DEMO, fps=1.0):
        row = next((r for r in script if float(r["t0"]) <= frame.t < float(r["t1"])), script[-1])
        if frame.t - float(row["t0"]) > 0.5:  # the change from one stretch to the next takes 0.4 s
            (found if row["face"] else empty).append(len(find.detect(frame.image)) == 1)
    assert len(empty) >= 4 and not any(empty)
    assert np.mean(found) >= 0.95


def test_the_networks_read_the_film_and_its_disagreement(script):
    """The actor is cast for just this (see make_demo.py): it shows how the tool works, and says
    nothing of how well.
    """
    analysis = analyze(DEMO, progress=False)
    for right in samples.named(analysis.timeline).values():
        assert {"neutral", "happiness", "sadness"} <= set(right)
    (acted,) = (r for r in script if r["face"] and r["voice"] and r["face"] != r["voice"])
    (found,) = (d for d in analysis.summary["disagreements"] if "words" not in d)
    assert (
        (found["face"], found["voice"])
        == (acted["face"], acted["voice"])
        == ("happiness", "sadness")
    )
    assert found["t0"] == pytest.approx(float(acted["t0"]), abs=1.5)
    assert found["t1"] == pytest.approx(float(acted["t1"]), abs=1.5)


def test_the_bundled_film_has_the_subtitles_that_were_written_for_it():
    shipped = DEMO.with_suffix(".en.srt")
    assert shipped.read_text("utf-8") == make_demo.demo_subtitles()
    found = find_transcript(DEMO)
    assert found.language == "en" and not found.notes
    assert [cue.said for cue in found.cues] == [
        line for lines in make_demo.DEMO_WORDS for line in lines
    ]
    assert len(make_demo.DEMO_WORDS) == len(make_demo.DEMO_SCRIPT)
    assert [bool(lines) for lines in make_demo.DEMO_WORDS] == [
        bool(voice) for _, voice, _ in make_demo.DEMO_SCRIPT
    ]
    for k, cue in enumerate(found.cues):
        assert 3.5 * k <= cue.start < cue.end < 3.5 * (k + 1)


def test_film_comes_from_the_code(sound):
    """Drawn again, a moment of the film is what lies in the file, but for what compression loses."""
    start = 28.4
    kept = [f.image for f in media.frames(DEMO, fps=None) if start - 0.01 < f.t < start + 0.24]
    drawn = [picture for _, picture in make_demo.demo_pictures(start, start + 0.25)]
    assert len(kept) == len(drawn) == 5
    for a, b in zip(kept, drawn, strict=True):
        assert np.abs(a.astype(float) - b).mean() < 3
    again = make_demo.demo_sound()
    n = min(len(again), len(sound))
    assert np.corrcoef(again[:n], sound[:n])[0, 1] > 0.95


# --- face and voice -------------------------------------------------------------------------------


def test_scene_repeats_itself_and_blinks():
    scene = Scene(Identity(), 160, 120, seed=3)
    look = EXPRESSIONS["neutral"]
    assert np.array_equal(scene.picture(1.0, look), scene.picture(1.0, look))
    shut = draw_head(Identity(), look, 40, blink=1.0)
    open_ = draw_head(Identity(), look, 40)
    rows, cols = slice(70, 78), slice(76, 86)  # the eye at (0.41, 0) units
    assert np.abs(shut - open_)[rows, cols].mean() > 0.1
    assert np.abs(shut - open_)[110:, :].max() == 0


def test_lids_droop_with_action_unit_43():
    """As in a blink, but for as long as the look is held; 0 changes nothing."""
    scene, t = Scene(Identity(), 160, 120, seed=3), 1.0
    awake = scene.picture(t, {}).astype(int)
    assert np.array_equal(scene.picture(t, {43: 0.0}), awake)
    half, shut = (np.abs(scene.picture(t, {43: droop}) - awake).mean() for droop in (0.5, 1.0))
    assert 0 < half < shut


def test_a_speaker_may_have_styles_of_their_own():
    own = STYLES | {"sadness": STYLES["anger"]}
    usual, other = (
        talk("sadness", Speaker(), 3.0, np.random.default_rng(0), styles)
        for styles in (STYLES, own)
    )
    assert np.array_equal(usual, talk("sadness", Speaker(), 3.0, np.random.default_rng(0)))
    assert np.sqrt(np.mean(other**2)) > 3 * np.sqrt(np.mean(usual**2))


def test_expressions_differ_and_empty_picture_has_no_face():
    heads = [draw_head(Identity(), EXPRESSIONS[e], 40) for e in EMOTIONS]
    for i, a in enumerate(heads):
        assert a.shape == (150, 128, 4) and a.min() >= 0 and a.max() <= 1.5
        assert all(np.abs(a - b).max() > 0.2 for b in heads[:i])
    room = Scene(Identity(), 320, 240).picture(0.0, {}, away=1.0)
    assert not faces.build_detector("haar").detect(room)


@pytest.mark.parametrize("female", [False, True])
def test_pitch_of_the_voice_is_the_speakers(female):
    speaker = Speaker(210, 1.15) if female else Speaker(110)
    x = speak("ma na la ma na la", "neutral", speaker, np.random.default_rng(0))
    assert x.dtype == np.float32 and np.abs(x).max() <= 1
    frames = np.lib.stride_tricks.sliding_window_view(x[3000:-3000], 1024)[::256]
    repeats = np.fft.irfft(np.abs(np.fft.rfft(frames, 2048)) ** 2)[
        :, 40:230
    ]  # autocorrelation, 70 to 400 Hz
    assert (
        0.85 * speaker.pitch
        < 16000 / (40 + np.median(repeats.argmax(axis=1)))
        < 1.25 * speaker.pitch
    )


def test_styles_follow_the_literature():
    """Anger louder and brighter than neutral, sadness softer, slower and duller (Juslin and Laukka
    2003).
    """
    loud, bright, slow = {}, {}, {}
    for emotion in ("anger", "neutral", "sadness"):
        x = np.concatenate(
            [speak("ma do li", emotion, Speaker(), np.random.default_rng(k)) for k in range(6)]
        )
        power = np.abs(np.fft.rfft(x)) ** 2
        f = np.fft.rfftfreq(len(x), 1 / 16000)
        loud[emotion], slow[emotion] = np.mean(x**2), len(x)
        bright[emotion] = power[f > 1000].sum() / power.sum()
    for scale in (loud, bright):
        assert scale["anger"] > 1.3 * scale["neutral"] > 1.3 * 1.2 * scale["sadness"]
    assert slow["anger"] < slow["neutral"] < slow["sadness"]


def test_talk_fills_its_time_and_moves_the_mouth():
    assert set(STYLES) == set(EMOTIONS_WITH_CALM)
    x = talk("fear", Speaker(), 4.0, np.random.default_rng(2))
    assert x.shape == (64000,) and voices.is_voiced(x, 16000)
    mouth = loudness(x, 25)
    assert mouth.shape == (100,) and mouth.max() > 0.8 and mouth[:4].max() < 0.1
    assert not loudness(np.zeros(16000, np.float32), 25).any()


# --- the sets -------------------------------------------------------------------------------------


def test_same_seed_same_bytes(small):
    first, second = (
        sorted(p.relative_to(root) for p in root.rglob("*") if p.is_file()) for root in small
    )
    assert first == second
    assert all((small[0] / p).read_bytes() == (small[1] / p).read_bytes() for p in first)


def test_readers_take_the_sets(small, tmp_path, monkeypatch):
    monkeypatch.setenv("EMOTUTILS_CACHE", str(tmp_path))
    faces_ = fer2013.load(small[0])
    assert faces_.table["split"].value_counts().to_dict() == {
        "train": 14,
        "validation": 7,
        "test": 7,
    }
    assert set(faces_.table["label"]) == set(EMOTIONS)
    x = faces_.faces(np.arange(len(faces_.table)))
    assert x.shape == (28, 48, 48, 1) and x.std() > 20
    voices = tess.load(small[0])
    assert len(voices) == 2 * 7 * 2 and {
        p.parent.name for p in (small[0] / "tess").rglob("*.wav")
    } >= {
        "OAF_pleasant_surprise",
        "YAF_sad",
    }


def test_drawn_votes_lie_beside_the_faces_in_the_same_order(small):
    folder = small[0] / "fer2013"
    faces_, votes = (
        list(csv.DictReader((folder / name).read_text().splitlines()))
        for name in ("fer2013.csv", "fer2013new.csv")
    )
    assert [row["Usage"] for row in votes] == [row["Usage"] for row in faces_]
    counts = np.array([[int(row[e]) for e in EMOTIONS] for row in votes])
    assert all(
        sum(int(v) for k, v in row.items() if k not in ("Usage", "Image name")) == 10
        for row in votes
    )
    acted = [int(row["emotion"]) for row in faces_]
    assert 0.6 < np.mean(counts.argmax(axis=1) == acted) < 1


def test_ravdess_layout_covers_the_fixed_partition(tmp_path, monkeypatch):
    monkeypatch.setattr(make_sets, "RAVDESS_ACTORS", (2, 17, 22))
    make_sets.make_ravdess(tmp_path, np.random.default_rng(0))
    table = ravdess.load(tmp_path).table
    assert set(table["split"]) == {"train", "validation", "test"}
    assert set(table["label"]) == set(EMOTIONS_WITH_CALM) and len(table) == 3 * 30
    assert all(voices.is_voiced(media.load_sound(p), 16000) for p in table["path"][::9])


@pytest.fixture(scope="module")
def spoken():
    """The whole set of voices: the mean MFCCs of each recording, and its table."""
    data = datasets.load("sample-ravdess")
    return mean_mfccs(data), data.table


def nearest_is_right(X, y, train, test):
    scaler = StandardScaler().fit(X[train])
    nearest = KNeighborsClassifier(1).fit(scaler.transform(X[train]), y[train])
    return nearest.score(scaler.transform(X[test]), y[test])


def test_a_speaker_is_known_by_the_voice(spoken):
    X, table = spoken
    actor = table["actor"].to_numpy()
    folds = splits.cross_validation(table, 5, groups=None, seed=0)
    known = np.mean([nearest_is_right(X, actor, *fold) for fold in folds])
    assert 0.7 < known < 0.98, "RAVDESS: 0.86 of as many recordings; ten speakers, chance 0.1"


def test_a_voice_never_heard_is_harder_than_a_known_one(spoken):
    """As in RAVDESS, where nearest neighbours lose 16 points with as many speakers and recordings
    (one repetition of ten actors).
    """
    X, table = spoken
    y, gaps = table["y"].to_numpy(), []
    for seed in range(10):
        right = {}
        for groups in (None, "group"):
            folds = splits.cross_validation(table, 3, groups=groups, seed=seed)
            right[groups] = np.mean([nearest_is_right(X, y, *fold) for fold in folds])
        gaps.append(right[None] - right["group"])
    assert min(gaps) > 0 and 0.08 < np.mean(gaps) < 0.3


def test_the_actor_of_notebook_05_is_louder_in_anger(spoken):
    table = spoken[1]
    hers = table[(table["actor"] == 4) & (table["statement"] == 1)]
    anger = hers.index[(hers["label"] == "anger") & (hers["intensity"] == "strong")]
    calm = hers.index[hers["label"] == "calm"]
    paths = [table["path"][rows[0]] for rows in (anger, calm)]
    loud = [np.mean(media.load_sound(path) ** 2) for path in paths]
    assert loud[0] > 4 * loud[1]


def test_tracked_faces_pair_with_the_voices_and_move_as_acted(tmp_path, monkeypatch):
    monkeypatch.setattr(make_sets, "RAVDESS_ACTORS", (2,))
    make_sets.make_ravdess(tmp_path, np.random.default_rng(0))
    make_sets.make_ravdess_tracking(tmp_path, np.random.default_rng(0))
    tracking = ravdess_tracking.load(tmp_path, on_error="report")
    assert len(tracking.rejects) == 0
    pairs = ravdess_tracking.pair(tracking, ravdess.load(tmp_path))
    assert len(pairs) == len(tracking) == 30
    strong = pairs[(pairs["label"] == "happiness") & (pairs["intensity"] == "strong")]
    smile = [ravdess_tracking.features(p)["AU12_r"].max() for p in strong["path_face"]]
    sad = [
        ravdess_tracking.features(p)["AU12_r"].max()
        for p in pairs.loc[pairs["label"] == "sadness", "path_face"]
    ]
    assert min(smile) > 3 > 2 > max(sad)


def test_affwild2_has_a_label_for_every_frame(tmp_path):
    folder = make_sets.make_affwild2(tmp_path, np.random.default_rng(0), seconds=0.14)
    tables = sorted((folder / "EXPR_Classification_Challenge").rglob("*.txt"))
    assert [p.parent.name for p in tables] == ["Train_Set", "Train_Set", "Validation_Set"]
    for path in tables:
        header, *codes = path.read_text().split()
        assert header.split(",")[::7] == ["Neutral", "Other"]
        assert set(map(int, codes)) == set(range(-1, 8))
        frames = list(media.frames(folder / "videos" / f"{path.stem}.mp4", fps=None))
        assert len(frames) == len(codes)
        assert voices.voice_activity(media.load_sound(folder / "videos" / f"{path.stem}.mp4")).any()


def test_ensure_makes_once_and_leaves_nothing_behind(tmp_path, monkeypatch):
    def no_paint(folder):
        (folder / "half").touch()
        raise OSError("no paint left")

    monkeypatch.setattr(samples, "make", no_paint)
    place = tmp_path / "cache"
    with raises_error(DataError, "no paint left"):
        samples.ensure(place)
    assert not list(place.iterdir())
    monkeypatch.setattr(samples, "make", lambda folder: (folder / "whole").touch(exist_ok=False))
    assert samples.ensure(place) == samples.ensure(place) == place / samples.VERSION
    assert [p.name for p in place.iterdir()] == [samples.VERSION]
