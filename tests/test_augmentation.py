"""Variations for training: still faces and voices, as much as was asked for, and the same for the
same seed.
"""

import numpy as np
import pytest

from emotutils import datasets, faces, voices
from emotutils.voices import PAD

SR = 16000


def tone(hz: float, seconds: float = 1.0) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * SR)) / SR)).astype(np.float32)


def loudest_hz(x: np.ndarray) -> float:
    return np.abs(np.fft.rfft(x)).argmax() * SR / len(x)


def windows(rng: np.random.Generator) -> np.ndarray:
    """Eight log-mel windows of 20 to 90 real frames."""
    x = np.full((8, 100, 64), PAD, np.float32)
    for i in range(8):
        x[i, : 20 + 10 * i] = rng.normal(-40, 10, (20 + 10 * i, 64))
    return x


def test_augmented_faces_are_still_faces():
    x = datasets.load("sample-fer2013").faces(np.arange(32))
    y = faces.augment_faces(x, np.random.default_rng(0))
    assert y.shape == x.shape and y.dtype == x.dtype and y.min() >= 0 and y.max() <= 255
    assert not np.array_equal(x, y)
    np.testing.assert_array_equal(y, faces.augment_faces(x, np.random.default_rng(0)))
    # A face stays where it was, within the shift: blurred, the two still resemble each other.
    assert np.corrcoef(x.mean(0).ravel(), y.mean(0).ravel())[0, 1] > 0.8


def test_augmented_voices_keep_their_padding_at_the_end():
    x = windows(np.random.default_rng(0))
    y = voices.augment_log_mel(x, np.random.default_rng(0))
    for before, after in zip(x, y, strict=True):
        heard = after[:, 0] != PAD
        n = heard.sum()
        assert 0 < n <= (before[:, 0] != PAD).sum() and heard[:n].all()
        assert (after[:n] != PAD).all() and (after[n:] == PAD).all()


def test_deltas_are_varied_with_the_bands_they_belong_to():
    x = windows(np.random.default_rng(0))
    plain = voices.augment_log_mel(x, np.random.default_rng(1))
    slopes = np.where(
        x == PAD, PAD, x + 40
    )  # other numbers at the same places: what happens to them must be the same
    both = voices.augment_log_mel(
        np.concatenate([x, slopes], axis=2), np.random.default_rng(1), deltas=1
    )
    np.testing.assert_array_equal(both[..., :64], plain)
    np.testing.assert_allclose(both[..., 64:], np.where(plain == PAD, PAD, plain + 40), atol=1e-4)


@pytest.mark.parametrize("snr", [-5, 0, 20])
def test_noise_is_as_loud_as_asked(snr):
    x = tone(220)
    y = voices.add_noise(x, snr, np.random.default_rng(0))
    added = y.astype(np.float64) - x
    assert y.dtype == np.float32
    assert 10 * np.log10(np.mean(x.astype(np.float64) ** 2) / np.mean(added**2)) == pytest.approx(
        snr, abs=0.01
    )
    # White: every quarter of the band holds about a quarter of the power.
    power = np.abs(np.fft.rfft(added)[: SR // 2].reshape(4, -1)) ** 2
    np.testing.assert_allclose(power.sum(axis=1) / power.sum(), 0.25, atol=0.02)


def test_silence_stays_silence():
    x = np.zeros(1000, np.float32)
    np.testing.assert_array_equal(voices.add_noise(x, 10, np.random.default_rng(0)), x)


@pytest.mark.parametrize("semitones, hz", [(-12, 220), (2, 440 * 2 ** (2 / 12)), (12, 880)])
def test_pitch_moves_by_semitones_and_the_length_stays(semitones, hz):
    y = voices.shift_pitch(tone(440), SR, semitones)
    assert len(y) == SR and y.dtype == np.float32
    assert loudest_hz(y) == pytest.approx(hz, rel=0.02)


@pytest.mark.parametrize("rate", [0.8, 1.25])
def test_time_is_stretched_and_the_pitch_stays(rate):
    y = voices.stretch_time(tone(440), rate)
    assert len(y) == pytest.approx(SR / rate, abs=1) and y.dtype == np.float32
    assert loudest_hz(y) == pytest.approx(440, rel=0.02)


@pytest.mark.parametrize(
    "seconds, expected",
    [
        (0, [1, 2, 3, 4]),
        (0.1, [0, 1, 2, 3]),
        (-0.3, [4, 0, 0, 0]),
        (0.4, [0, 0, 0, 0]),
        (-2, [0, 0, 0, 0]),
    ],
)
def test_a_shift_brings_silence_in(seconds, expected):
    np.testing.assert_array_equal(
        voices.shift_time(np.array([1.0, 2, 3, 4]), 10, seconds), expected
    )


@pytest.mark.filterwarnings("ignore:n_fft")
@pytest.mark.parametrize("samples", [1900, 16000])
def test_a_varied_recording_is_still_a_recording(samples):
    x = tone(220)[:samples] + np.float32(0.69)  # peaks near 1, so that noise passes it
    y, again, other = (
        voices.augment_sound(x, SR, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(y, again)
    assert not np.array_equal(y, other) and not np.array_equal(y, x)
    assert y.dtype == np.float32 and y.ndim == 1 and np.abs(y).max() <= 1
    assert samples / 1.1 - 1 <= len(y) <= samples / 0.9 + 1
