"""Where Silero's detector hears speech, and what the studies of it count."""

import numpy as np
import pytest
from raising import raises_error
from scipy import signal

from emotutils import media, voices
from emotutils.config import shipped_root
from emotutils.studies import backgrounds, speech_activity, speech_detection, tables
from emotutils.training import records
from emotutils.voices import SpeechDetector

SR = 16000


@pytest.fixture(scope="module")
def spoken() -> np.ndarray:
    """Six seconds of the bundled film's voice."""
    return media.load_sound(shipped_root() / "sample" / "demo.mp4")[: 6 * SR]


def windows(x: np.ndarray, sr: int = SR, block: int = SR) -> list[tuple[float, np.ndarray]]:
    detector = SpeechDetector(sr)
    blocks = detector.listen(x[i : i + block] for i in range(0, len(x), block))
    cut = voices.iter_windows(blocks, sr)
    return [(detector.seconds(t0, t1), detector.frames(t0, t1)) for t0, t1, _ in cut]


def speech_seconds(x: np.ndarray, sr: int = SR) -> list[float]:
    return [seconds for seconds, _ in windows(x, sr)]


def test_a_voice_is_heard_about_where_ours_hears_it(spoken):
    detector = SpeechDetector()
    detector.hear(spoken)
    ours = voices.voice_activity(spoken)
    assert np.mean(detector.frames(0, 6) == ours) > 0.8
    assert detector.seconds(0, 6) == pytest.approx(ours.sum() * voices.FRAME, rel=0.25)


@pytest.mark.parametrize("block", [1, 777, 512, 6 * SR])
def test_blocks_of_any_size_give_the_same(spoken, block):
    x = spoken[: SR // 4] if block == 1 else spoken
    for (seconds, frames), (others, other_frames) in zip(
        windows(x), windows(x, block=block), strict=True
    ):
        assert seconds == others
        np.testing.assert_array_equal(frames, other_frames)


def test_there_is_a_decision_for_each_10_ms_of_a_window(spoken):
    assert [len(frames) for _, frames in windows(spoken)] == [300] * 7


@pytest.mark.parametrize("sr", [8000, 22050, 44100, 48000])
def test_other_sampling_rates_are_resampled(spoken, sr):
    x = signal.resample_poly(spoken, sr, SR)
    assert speech_seconds(x, sr) == pytest.approx(speech_seconds(spoken), abs=0.2)


@pytest.mark.parametrize(
    "change",
    [lambda x: x + 0.3, lambda x: np.clip(30 * x, -1, 1), lambda x: 0.05 * x, lambda x: 2 * x],
    ids=["offset", "clipped", "quiet", "too loud"],
)
def test_a_bad_recording_is_still_heard(spoken, change):
    assert speech_seconds(change(spoken)) == pytest.approx(speech_seconds(spoken), abs=0.8)


@pytest.mark.parametrize("samples", [0, 1, 511, 512, 1000])
def test_less_than_a_chunk_is_nothing(samples):
    detector = SpeechDetector()
    detector.hear(np.zeros(samples))
    assert len(detector.probabilities) == samples // 512
    assert detector.seconds(0, samples / SR) == 0
    assert not detector.frames(0, samples / SR).any()


@pytest.mark.parametrize(
    "x, thing",
    [
        (np.zeros((100, 2)), "(100, 2)"),
        (np.zeros(100, np.int16), "int16"),
        (np.array([0.0, np.nan]), "NaN"),
        (np.array([0.0, np.inf], np.float32), "NaN"),
    ],
    ids=["stereo", "integers", "nan", "inf"],
)
def test_what_is_no_mono_sound_is_refused(x, thing):
    with raises_error(ValueError, thing):
        SpeechDetector().hear(x)


@pytest.mark.parametrize("name", backgrounds.BACKGROUNDS)
def test_nothing_that_can_be_made_by_formula_is_speech(name):
    for scene in speech_detection.alone(name, 2, seed=1):
        assert not speech_detection.by_silero(scene.x).windows.any()


def test_silence_is_no_speech():
    assert speech_seconds(np.zeros(4 * SR)) == [0, 0, 0]


def test_loading_it_leaves_the_environment_alone(monkeypatch):
    import os

    monkeypatch.setenv("OMP_THREAD_LIMIT", "7")
    voices.speech._library.cache_clear()
    SpeechDetector()
    assert os.environ["OMP_THREAD_LIMIT"] == "7"


# --- the studies ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", backgrounds.BACKGROUNDS)
def test_backgrounds_have_power_1_and_their_seed_decides(name):
    make = backgrounds.BACKGROUNDS[name]
    x = make(5 * SR, np.random.default_rng(3))
    assert x.shape == (5 * SR,) and np.mean(x**2) == pytest.approx(1, rel=0.02)
    np.testing.assert_array_equal(x, make(5 * SR, np.random.default_rng(3)))


def test_speech_is_where_the_energy_is():
    loud = np.sin(2 * np.pi * 200 * np.arange(SR) / SR)
    clip = np.concatenate([np.zeros(SR), loud, 0.001 * loud, loud, np.zeros(SR // 10), loud])
    found = speech_detection.where_speech(clip)
    expected = np.zeros(510, bool)
    expected[100:200] = True  # 60 dB less is no speech, a pause of 0.1 s is
    expected[300:] = True
    np.testing.assert_array_equal(found, expected)
    assert not speech_detection.where_speech(np.zeros(SR)).any()


def test_a_scene_has_the_wanted_voice_to_noise():
    clip = 0.1 * np.sin(2 * np.pi * 200 * np.arange(SR) / SR)
    clean = speech_detection.scene(clip, "somebody")
    assert len(clean.x) % (3 * SR) == 0 and clean.speech.sum() == 100
    noise = backgrounds.white(len(clean.x), np.random.default_rng(0))
    noisy = speech_detection.mixed(clean, noise, 10)
    added = noisy.x - clean.x
    assert 10 * np.log10(0.1**2 / 2 / np.mean(added**2)) == pytest.approx(10, abs=0.1)
    loud = speech_detection.mixed(speech_detection.scene(9 * clip, "somebody"), noise, 0)
    assert np.abs(loud.x).max() == pytest.approx(1)


def test_errors_are_counted_by_window_and_frame(monkeypatch):
    quiet = speech_detection.Scene(np.zeros(6 * SR, np.float32), np.zeros(600, bool), "a")
    spoken = speech_detection.Scene(np.zeros(6 * SR, np.float32), np.zeros(600, bool), "b")
    spoken.speech[:100] = True

    def always(x):
        return speech_detection.Heard(np.ones(600, bool), np.ones(3, bool))

    def never(x):
        return speech_detection.Heard(np.zeros(600, bool), np.zeros(3, bool))

    both = {"always": (always, None), "never": (never, None)}
    monkeypatch.setattr(speech_detection, "DETECTORS", both)
    found = speech_detection.count([quiet, spoken])
    assert found["always"]["missed"]["value"] == 0 and found["always"]["false"]["value"] == 1
    assert found["never"]["missed"]["value"] == 1 and found["never"]["false"]["value"] == 0
    # windows begin at 0, 1.5 and 3 s: one of six has speech; 100 of 1200 frames
    assert [found["never"][k]["of"] for k in ("missed", "false")] == [1, 5]
    assert [found["never"][k]["of"] for k in ("missed_frames", "false_frames")] == [100, 1100]
    assert speech_detection.count([quiet])["never"]["missed"] is None


def test_without_webrtc_the_study_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "webrtcvad", None)
    with raises_error(Exception, "webrtcvad-wheels"):
        speech_detection.study()


def test_the_record_says_why_silero_decides():
    record = records.read("speech-detection")
    for found in record["alone"].values():
        assert found["Silero"]["false"]["value"] < 0.02
    assert record["alone"]["music"]["voice_activity"]["false"]["value"] > 0.5
    assert record["clean"]["Silero"]["missed"]["value"] < 0.1
    assert record["costs"]["Silero"]["requires"] == []
    assert set(record["left_out"]) == set(speech_detection.LEFT_OUT)
    assert "Silero" in tables.speech_table()


@pytest.mark.real
def test_real_voices_are_heard_alone_and_amid_music(real_data):
    paths = sorted(real_data.glob("ravdess/**/03-01-*-01-01.wav"))[::4]
    assert len(paths) > 5
    missed = []
    for number, path in enumerate(paths):
        clean = speech_detection.scene(media.load_sound(path), path.name)
        rng = np.random.default_rng(number)
        noisy = speech_detection.mixed(clean, backgrounds.music(len(clean.x), rng), 20)
        for one in (clean, noisy):
            heard = speech_detection.by_silero(one.x)
            assert not heard.windows[0] and not heard.windows[-1]
            missed.append(np.mean(~heard.frames[one.speech]))
    assert np.mean(missed) < 0.3


def test_the_record_compares_all_ways_on_the_validation_actors():
    record = records.read("speech-activity-ravdess-crnn")
    assert record["speakers"] == [f"ravdess-{actor}" for actor in (17, 18, 19, 20)]
    assert list(record["conditions"]) == list(speech_activity.CONDITIONS)
    for found in record["conditions"].values():
        assert list(found["ways"]) == list(speech_activity.WAYS)
