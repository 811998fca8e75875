"""Windows, voice activity and features, with librosa as the oracle of the spectra."""

import json
import warnings

import numpy as np
import pytest
import soundfile
from raising import raises_error
from scipy import signal

from emotutils import media, voices

SR = voices.SAMPLE_RATE


def noise(seconds: float, slope: float = 0.0, seed: int = 0) -> np.ndarray:
    """Noise of 0.05 RMS whose amplitude falls with frequency ** slope: 0 white, 0.5 pink, 1 brown."""
    n = round(seconds * SR)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=n))
    shaped = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 20) ** slope, n)
    return (0.05 * shaped / shaped.std()).astype(np.float32)


def hum(seconds: float, hz: float = 50.0) -> np.ndarray:
    t = np.arange(round(seconds * SR)) / SR
    return sum(0.05 / k * np.sin(2 * np.pi * hz * k * t + k) for k in range(1, 12)).astype(
        np.float32
    )


def talk(seconds: float, hz: float = 120.0, sr: int = SR) -> np.ndarray:
    """Speech-like sound of peak 0.5: a gliding pulse train through moving formants, four syllables
    a second.
    """
    t = np.arange(round(seconds * sr)) / sr
    phase = np.cumsum(hz * (1 + 0.15 * np.sin(2 * np.pi * 0.7 * t)) / sr)
    source = np.diff(np.floor(phase), prepend=0)
    vowels = [(700, 1200), (300, 2200), (400, 800), (500, 1700)]
    out = np.zeros(len(t))
    for i, begin in enumerate(range(0, len(t), sr // 4)):
        part = source[begin : begin + sr // 4]
        for formant in vowels[i % len(vowels)]:
            part = signal.lfilter(*signal.iirpeak(formant, 6, fs=sr), part) + 0.1 * part
        out[begin : begin + sr // 4] = part * np.hanning(len(part))
    return (0.5 * out / np.abs(out).max()).astype(np.float32)


def between_silence(
    x: np.ndarray, before: float = 1.0, after: float = 1.0, sr: int = SR
) -> np.ndarray:
    """The clip in a quiet room: white noise at -80 dBFS before, during and after."""
    room = np.random.default_rng(1).normal(scale=1e-4, size=round((before + after) * sr) + len(x))
    room[round(before * sr) : round(before * sr) + len(x)] += x
    return room.astype(np.float32)


# --- windows --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("duration", "starts"),
    [
        (0, []),
        (0.2, [0]),
        (3, [0]),
        (3.25, [0, 0.25]),
        (3.5, [0, 0.5]),
        (4.7, [0, 0.5, 1, 1.5, 1.7]),
        (60, np.arange(115) / 2),
    ],
)
def test_window_starts(duration, starts):
    np.testing.assert_allclose(voices.window_starts(duration), starts, atol=1e-9)


@pytest.mark.parametrize("samples", [1, 299, 300, 301, 349, 350, 351, 1234])
@pytest.mark.parametrize("block", [1, 7, 50, 301, 5000])
def test_stream_is_cut_as_window_starts_says(samples, block):
    x = np.arange(samples, dtype=np.float32)
    windows = list(voices.iter_windows((x[i : i + block] for i in range(0, samples, block)), 100))
    np.testing.assert_allclose(
        [t0 for t0, _, _ in windows], voices.window_starts(samples / 100), atol=1e-9
    )
    for t0, t1, part in windows:
        assert t1 == min(t0 + 3, samples / 100) or samples > 300
        np.testing.assert_array_equal(part, x[round(t0 * 100) : round(t1 * 100)])
    assert {len(part) for _, _, part in windows} == {min(samples, 300)}
    assert windows[-1][1] == samples / 100


def test_stream_reads_no_further_than_the_window():
    read = 0

    def blocks():
        nonlocal read
        for _ in range(100):
            read += 1
            yield np.zeros(SR // 2)

    next(voices.iter_windows(blocks()))
    assert read == 6


def test_windows_belong_to_the_caller():
    parts = []
    for _, _, part in voices.iter_windows([np.ones(500)], 100):
        parts.append(part.copy())
        part[:] = -1
    assert all((part == 1).all() for part in parts)


def test_empty_stream_has_no_windows():
    assert list(voices.iter_windows([])) == list(voices.iter_windows([np.zeros(0)])) == []


@pytest.mark.parametrize("hop", [0, -1, 3.5])
def test_windows_must_leave_no_gaps(hop):
    with raises_error(ValueError, "hop", hop):
        voices.window_starts(10, hop=hop)
    with raises_error(ValueError, "hop", hop):
        next(voices.iter_windows([np.zeros(10)], hop=hop))


# --- spectra against librosa ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def librosa():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import librosa
        import librosa.feature
    return librosa


CLIPS = {
    "talk": talk(1.5),
    "quiet": 0.001 * talk(1.5),
    "noise": noise(1.0),
    "double": noise(0.5).astype(np.float64),
    "silence": np.zeros(8000, dtype=np.float32),
    "silence and talk": np.concatenate([np.zeros(8000, dtype=np.float32), talk(0.5)]),
    "short": noise(0.1)[:700],
    "one sample": np.array([0.5], dtype=np.float32),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("x", CLIPS.values(), ids=CLIPS)
@pytest.mark.parametrize("sr", [16000, 22050, 48000])
def test_mfcc_equals_librosa(librosa, x, sr):
    expected = librosa.feature.mfcc(y=x, sr=sr, n_mfcc=40)
    found = voices.mfcc(x, sr)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-3)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("x", CLIPS.values(), ids=CLIPS)
@pytest.mark.parametrize(
    "options", [{}, {"n_mels": 40, "n_fft": 1024, "hop_length": 256, "fmin": 50.0, "fmax": 7600.0}]
)
def test_log_mel_and_mfcc_equal_librosa_with_other_settings(librosa, x, options):
    options = {"n_mels": 64, "n_fft": 512, "hop_length": 160} | options
    mel = librosa.power_to_db(librosa.feature.melspectrogram(y=x, sr=SR, **options))
    np.testing.assert_allclose(voices.log_mel(x, **options), mel, rtol=1e-5, atol=2e-3)
    expected = librosa.feature.mfcc(y=x, sr=SR, n_mfcc=13, **options)
    np.testing.assert_allclose(voices.mfcc(x, n_mfcc=13, **options), expected, rtol=1e-5, atol=2e-3)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("width", [5, 9])
@pytest.mark.parametrize("name", ["talk", "double", "silence and talk"])
def test_deltas_equal_librosa(librosa, name, width, order):
    x = voices.log_mel(CLIPS[name])
    found = voices.delta(x, width, order)
    assert found.dtype == x.dtype and found.shape == x.shape
    np.testing.assert_array_equal(found, librosa.feature.delta(x, width=width, order=order))
    # A straight line has its own slope everywhere, a parabola its own curvature: no library needed
    # to know.
    line = np.arange(20.0)[None] ** order
    np.testing.assert_allclose(voices.delta(line, width, order), order, atol=1e-9)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("frames", [1, 2, 8])
def test_deltas_of_a_clip_shorter_than_their_width(librosa, frames, order):
    x = np.random.default_rng(0).normal(size=(3, frames))
    found = voices.delta(x, order=order)
    np.testing.assert_array_equal(found, librosa.feature.delta(x, order=order, mode="nearest"))
    assert frames > 1 or np.abs(found).max() < 1e-12


@pytest.mark.parametrize(
    "arguments",
    [(16000, 512, 64, 0, 8000), (22050, 2048, 128, 0, 11025), (8000, 256, 20, 90, 3000)],
)
def test_mel_filters_equal_librosa(librosa, arguments):
    expected = librosa.filters.mel(
        **dict(zip(("sr", "n_fft", "n_mels", "fmin", "fmax"), arguments, strict=True))
    )
    np.testing.assert_allclose(voices.mel_filters(*arguments), expected, atol=1e-8)


def test_spectra_refuse_settings_that_do_not_fit():
    with raises_error(ValueError, "41", "40"):
        voices.mfcc(noise(0.1), n_mfcc=41, n_mels=40)
    with raises_error(ValueError, "8001 Hz", "16000 Hz"):
        voices.log_mel(noise(0.1), fmax=8001)


# --- voice activity -------------------------------------------------------------------------------

NOT_VOICE = {
    "digital silence": np.zeros(3 * SR),
    "offset": np.full(3 * SR, 0.3),
    "dither": np.random.default_rng(0).integers(-1, 2, 3 * SR) / 32768,
    "white": noise(3),
    "faint white": 0.01 * noise(3),
    "pink": noise(3, 0.5),
    "brown": noise(3, 1.0),
    "mains 50 Hz": hum(3),
    "mains 60 Hz": hum(3, 60),
    "hum 120 Hz in noise": hum(3, 120) + 0.1 * noise(3),
    "a tone": 0.1 * np.sin(2 * np.pi * 200 * np.arange(3 * SR) / SR),
    "white begins": np.concatenate([0.01 * noise(1), noise(2)]),
    "pink begins": np.concatenate([0.01 * noise(1, 0.5), noise(2, 0.5)]),
    "brown begins": np.concatenate([0.01 * noise(1, 1.0), noise(2, 1.0)]),
    "hum begins": np.concatenate([np.zeros(SR), hum(2)]),
    "pulsing noise": noise(3) * (1 + np.sin(2 * np.pi * 3 * np.arange(3 * SR) / SR)),
}


@pytest.mark.parametrize("x", NOT_VOICE.values(), ids=NOT_VOICE)
def test_steady_sound_is_no_voice(x):
    assert not voices.voice_activity(x).any()
    assert not voices.is_voiced(x)
    assert len(voices.trim(x)) == 0


@pytest.mark.parametrize("hz", [90, 120, 220, 300])
@pytest.mark.parametrize("gain", [0.01, 0.1, 1.0, 2.0])
def test_voice_is_found_at_any_level_and_pitch(hz, gain):
    x = gain * between_silence(talk(1.5, hz))
    assert voices.is_voiced(x)
    assert len(voices.trim(x)) / SR == pytest.approx(1.5, abs=0.25)


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_voice_is_found_in_noise_10_db_below(slope):
    x = talk(3)
    masked = x + noise(3, slope) * (x.std() / 0.05 / 10**0.5)
    assert voices.is_voiced(masked)
    assert voices.is_voiced(
        np.concatenate([masked[:SR], noise(2, slope) * (x.std() / 0.05 / 10**0.5)])
    )


def test_voice_without_a_pause_is_found():
    assert voices.voice_activity(talk(3)).mean() > 0.7


def test_activity_lies_where_the_voice_is():
    x = between_silence(talk(1.0), 1.0, 1.0)
    voiced = np.flatnonzero(voices.voice_activity(x)) * voices.FRAME
    assert 0.9 < voiced[0] < 1.15
    assert 1.8 < voiced[-1] < 2.1


@pytest.mark.parametrize("sr", [8000, 22050, 48000])
def test_other_sampling_rates(sr):
    x = between_silence(talk(1.5, sr=sr), sr=sr)
    assert len(voices.voice_activity(x, sr)) == -(-len(x) // round(sr / 100))
    assert len(voices.trim(x, sr)) / sr == pytest.approx(1.5, abs=0.3)


def test_is_voiced_needs_some_voice():
    assert not voices.is_voiced(between_silence(talk(3)[:2400]))
    assert voices.is_voiced(between_silence(talk(0.75)))


def test_trim_keeps_pauses_and_samples():
    x = between_silence(np.concatenate([talk(1), np.zeros(SR // 2, np.float32), talk(1)]))
    y = voices.trim(x)
    assert len(y) / SR == pytest.approx(2.5, abs=0.25)
    begin = np.flatnonzero(x == y[0])
    assert any(np.array_equal(x[i : i + len(y)], y) for i in begin)


@pytest.mark.parametrize("samples", [0, 1, 159, 160, 161, 500])
def test_very_short_clips(samples):
    x = noise(1)[:samples]
    assert voices.voice_activity(x).shape == (-(-samples // 160),)
    assert not voices.is_voiced(x)
    assert voices.trim(x).shape == (0,)


def test_activity_that_is_known_changes_no_answer():
    x = between_silence(talk(1.5) + noise(1.5) * 0.02)
    activity = voices.voice_activity(x)
    assert voices.is_voiced(x, activity=activity) == voices.is_voiced(x)
    assert voices.signal_to_noise(x, activity=activity) == voices.signal_to_noise(x)
    np.testing.assert_array_equal(voices.trim(x, activity=activity), voices.trim(x))
    features = voices.Features()
    np.testing.assert_array_equal(features(x, activity), features(x))


def test_activity_is_looked_for_once_where_it_is_known(monkeypatch):
    looked = []
    find = voices.activity.voice_activity

    def counted(x, sr):
        looked.append(len(x))
        return find(x, sr)

    monkeypatch.setattr(voices.activity, "voice_activity", counted)
    monkeypatch.setattr(voices.features, "voice_activity", counted)
    x = between_silence(talk(4.5))
    windows, snr = voices.measured_windows(x, voices.Features())
    assert len(windows) == len(snr) > 1
    assert len(looked) == 1 + len(windows)  # the recording, then each window


@pytest.mark.parametrize("seconds", [1.0, 4.2])
def test_windows_of_a_recording_are_those_of_its_trimmed_part(seconds):
    x = between_silence(talk(seconds))
    trimmed = voices.trim(x)
    windows = voices.voiced_windows(x)
    starts = voices.window_starts(len(trimmed) / SR)
    assert len(windows) == len(starts)
    for start, window in zip(starts, windows, strict=True):
        begin = round(start * SR)
        np.testing.assert_array_equal(window, trimmed[begin : begin + 3 * SR])


def test_windows_of_a_recording_without_voice_are_those_of_the_whole():
    x = noise(2.0)
    assert [len(window) for window in voices.voiced_windows(x)] == [len(x)]
    assert len(voices.trim_or_whole(between_silence(talk(0.6)), shortest=2.0)) > 2 * SR


# --- features -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "shape"), [("log_mel", (301, 64)), ("mfcc", (301, 40)), ("mfcc_mean", (40,))]
)
@pytest.mark.parametrize("seconds", [0.0001, 0.5, 2.9999, 3, 7])
def test_features_have_exactly_their_shape(kind, shape, seconds):
    features = voices.Features(kind)
    for x in (
        talk(max(seconds, 0.01))[: round(seconds * SR)],
        noise(seconds)[: round(seconds * SR)],
    ):
        found = features(x)
        assert found.shape == features.shape == shape
        assert found.dtype == np.float32
        assert np.isfinite(found).all()


@pytest.mark.parametrize("kind", ["log_mel", "mfcc"])
@pytest.mark.parametrize("seconds", [0.0001, 0.05, 0.5, 3])
def test_deltas_stand_behind_their_bands(kind, seconds):
    x = noise(max(seconds, 0.01))[: max(1, round(seconds * SR))]
    plain, one, two = (voices.Features(kind, deltas=n) for n in range(3))
    bands = plain.shape[1]
    found = two(x)
    assert found.shape == two.shape == (301, 3 * bands) and found.dtype == np.float32
    np.testing.assert_array_equal(found[:, :bands], plain(x))
    np.testing.assert_array_equal(found[:, : 2 * bands], one(x))
    real = found[:, 0] != voices.PAD
    for order in (1, 2):
        block = found[:, order * bands : (order + 1) * bands]
        np.testing.assert_array_equal(block[real], voices.delta(plain(x)[real].T, order=order).T)
        assert (block[~real] == voices.PAD).all() and (block[real] != voices.PAD).all()


def test_padding_rows_and_no_others_hold_pad():
    features = voices.Features()
    voice = voices.trim(between_silence(talk(1.5)))
    found = features(voice)
    real = 1 + len(voices.trim(voice)) // 160
    assert (found[real:] == voices.PAD).all() and len(found) - real > 100
    assert (found[:real] > voices.PAD).all()


@pytest.mark.parametrize("kind", ["log_mel", "mfcc"])
@pytest.mark.parametrize("level", ["clip", "none"])
@pytest.mark.parametrize("n_mels", [40, voices.MAX_MELS])
def test_no_real_value_comes_near_pad(kind, level, n_mels):
    features = voices.Features(kind, n_mels=n_mels, n_fft=2048, level=level, deltas=2)
    spike = np.zeros(3 * SR)
    spike[SR] = 1
    for x in (np.zeros(3 * SR), spike, 1e-9 * noise(3), 1000 * noise(3), np.ones(3 * SR)):
        assert features(x).min() >= -100 * n_mels**0.5 - 1 > voices.PAD
    assert np.float16(voices.PAD) == voices.PAD


def test_level_of_the_recording_does_not_matter_unless_asked_for():
    x = between_silence(talk(2))
    np.testing.assert_allclose(voices.Features()(x), voices.Features()(0.03 * x), atol=0.01)
    loud, quiet = (voices.Features(level="none")(gain * x) for gain in (1, 0.1))
    real = loud[:, 0] != voices.PAD
    np.testing.assert_allclose(loud[real] - quiet[real], 20, atol=0.01)


def test_features_see_the_voice_not_where_it_lies():
    voice = talk(1.5)
    early, late = between_silence(voice, 0.5, 2.5), between_silence(voice, 2.5, 0.5)
    padding = [(voices.Features()(x) == voices.PAD).all(axis=1).sum() for x in (early, late)]
    assert abs(padding[0] - padding[1]) <= 10


def test_clip_without_voice_is_used_whole():
    found = voices.Features()(noise(2))
    assert (found == voices.PAD).all(axis=1).sum() == 301 - 201


def test_long_clip_is_cut_to_its_middle():
    x = noise(5)
    np.testing.assert_array_equal(voices.Features()(x), voices.Features()(x[SR : 4 * SR]))


def test_mean_of_mfccs_is_the_recipe_of_the_thesis(librosa):
    x = noise(2)
    features = voices.Features(
        "mfcc_mean", n_mels=128, n_fft=2048, hop_length=512, fmin=0, fmax=8000, level="none"
    )
    expected = librosa.feature.mfcc(y=x, sr=SR, n_mfcc=40).mean(axis=1)
    np.testing.assert_allclose(features(x), expected, rtol=1e-5, atol=2e-3)


def test_features_survive_a_card():
    features = voices.Features("mfcc", n_mels=80, seconds=2.0, deltas=1)
    assert voices.Features.from_dict(json.loads(json.dumps(features.to_dict()))) == features
    old = features.to_dict()
    del old["deltas"]  # cards written before there were deltas
    assert voices.Features.from_dict(old).deltas == 0
    with raises_error(ValueError, "n_mel_bands"):
        voices.Features.from_dict({"n_mel_bands": 64})


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "wavelet"},
        {"level": "film"},
        {"n_mels": 257},
        {"n_mfcc": 65},
        {"n_mfcc": 0},
        {"fmax": 9000},
        {"fmin": 7700},
        {"hop_length": 0},
        {"n_fft": 511},
        {"seconds": -1},
        {"deltas": 3},
        {"deltas": -1},
        {"kind": "mfcc_mean", "deltas": 1},
    ],
)
def test_features_refuse_settings_that_do_not_fit(options):
    with pytest.raises(ValueError):
        voices.Features(**options)


@pytest.mark.parametrize(
    ("x", "thing"),
    [
        (np.zeros((100, 2)), "(100, 2)"),
        (np.zeros(100, np.int16), "int16"),
        (np.array([0.0, np.nan]), "NaN"),
        (np.array([0.0, np.inf], np.float32), "NaN"),
    ],
    ids=["stereo", "integers", "nan", "inf"],
)
def test_what_is_not_a_mono_clip_is_refused(x, thing):
    for function in (
        voices.Features(),
        voices.log_mel,
        voices.mfcc,
        voices.voice_activity,
        voices.trim,
    ):
        with raises_error(ValueError, thing):
            function(x)
    with raises_error(ValueError, thing):
        list(voices.iter_windows([x]))


@pytest.mark.parametrize("function", [voices.Features(), voices.log_mel, voices.mfcc])
def test_nothing_has_no_features(function):
    with raises_error(ValueError):
        function(np.zeros(0))


# --- real recordings ------------------------------------------------------------------------------


@pytest.mark.real
@pytest.mark.parametrize(
    ("pattern", "every"),
    [("ravdess/**/03-01-*.wav", 12), ("tess/**/*.wav", 25)],
    ids=["ravdess", "tess"],
)
def test_real_recordings_have_a_voice_of_plausible_length(real_data, pattern, every):
    paths = sorted(real_data.glob(pattern))[::every]
    assert len(paths) > 100
    clips = [soundfile.read(path, dtype="float32")[0] for path in paths]
    lengths = np.array([len(voices.trim(x)) / SR for x in clips])
    assert np.mean([voices.is_voiced(x) for x in clips]) >= 0.99
    assert np.mean((lengths >= 1) & (lengths <= 3.5)) >= 0.98


@pytest.mark.real
@pytest.mark.filterwarnings("ignore")
def test_real_recordings_have_librosas_mfccs(librosa, real_data):
    paths = sorted(real_data.glob("ravdess/**/03-01-*.wav")) + sorted(
        real_data.glob("tess/**/*.wav")
    )
    assert len(paths) == 4238
    for path in paths[::40]:
        expected = librosa.feature.mfcc(y=librosa.load(path, sr=SR)[0], sr=SR, n_mfcc=40)
        np.testing.assert_allclose(
            voices.mfcc(media.load_sound(path)), expected, rtol=0, atol=1.4e-3
        )
