"""Variations for training: still faces and voices, as much as was asked for, and the same for the
same seed.
"""

import cv2
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


@pytest.mark.parametrize("vary", [faces.augment_faces, faces.augment_film_faces])
def test_augmented_faces_are_still_faces(vary):
    x = datasets.load("sample-fer2013").faces(np.arange(32))
    before = x.copy()
    y = vary(x, np.random.default_rng(0))
    assert y.shape == x.shape and y.dtype == x.dtype and y.min() >= 0 and y.max() <= 255
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(y, vary(x, np.random.default_rng(0)))
    assert not np.array_equal(y, vary(x, np.random.default_rng(1)))
    # A face stays where it was, within the shift: blurred, the two still resemble each other.
    assert np.corrcoef(x.mean(0).ravel(), y.mean(0).ravel())[0, 1] > 0.7


def discs(n: int = 600, radius: int = 12) -> np.ndarray:
    """White discs in the middle of black pictures."""
    away = np.hypot(*np.mgrid[-23.5:24, -23.5:24])
    disc = np.where(away <= radius, 255, 0).astype(np.float32)
    return np.repeat(disc[None, ..., None], n, axis=0)


def test_faces_of_films_are_smaller_and_larger_and_beside_the_middle():
    y = faces.augment_film_faces(discs(), np.random.default_rng(0))[..., 0]
    rows = np.arange(48) - 23.5
    sizes = []
    places = []
    for face in y:
        levels = face - np.median(face[[0, -1]])
        if levels.max() < 90:  # nearly all of it lies under the patch
            continue
        disc = levels > levels.max() / 2
        sizes.append(np.sqrt(disc.sum() / np.pi) / 12)
        places.append([(disc.sum(axis=k) * rows).sum() / disc.sum() for k in (0, 1)])
    # The patch hides some of a disc, or adds to it: the outermost are left out.
    assert np.quantile(sizes, [0.05, 0.95]) == pytest.approx([0.72, 1.13], abs=0.05)
    assert np.quantile(sizes, 0.5) == pytest.approx(0.925, abs=0.03)
    assert np.abs(np.mean(places, axis=0)).max() < 0.6
    assert np.quantile(np.abs(places), 0.9) == pytest.approx(0.09 * 48, abs=0.7)


def test_faces_of_films_have_less_contrast_and_are_less_sharp():
    x = datasets.load("sample-fer2013").faces(np.arange(100))
    y = faces.augment_film_faces(x, np.random.default_rng(0))
    film = y.std(axis=(1, 2, 3)) / x.std(axis=(1, 2, 3))
    assert np.median(film) == pytest.approx(0.8, abs=0.12) and film.min() < 0.55
    edges = [[cv2.Laplacian(face, cv2.CV_32F).var() for face in z] for z in (x, y)]
    per_contrast = np.divide(*edges[::-1]) / film**2
    assert np.mean(per_contrast < 0.25) == pytest.approx(0.45, abs=0.15)  # every second one


def test_every_second_face_of_a_film_went_through_jpeg():
    """After JPEG all grey levels are whole; light and contrast leave hardly any of them whole."""
    x = datasets.load("sample-fer2013").faces(np.arange(100))
    y = faces.augment_film_faces(x, np.random.default_rng(0))
    whole = (y % 1 == 0).all(axis=(1, 2, 3))
    assert 35 < whole.sum() < 65


def test_every_second_face_is_mirrored():
    right = discs(400)
    right[:, :, :24] = 0  # the right half only
    for vary in (faces.augment_faces, faces.augment_film_faces):
        y = vary(right, np.random.default_rng(0))[..., 0]
        middle = y[:, 16:32] - y[:, 16:32].min(axis=(1, 2), keepdims=True)
        balance = middle[..., 24:].sum(axis=(1, 2)) - middle[..., :24].sum(axis=(1, 2))
        assert np.mean(balance < 0) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("low, high", [(0, 20), (235, 255), (0, 255)])
def test_no_picture_is_empty_however_dark_or_bright_it_was(low, high):
    """Light moves the grey levels towards black or white, never all the way."""
    face = np.linspace(low, high, 48 * 48, dtype=np.float32).reshape(48, 48)
    x = np.repeat(face[None, ..., None], 300, axis=0)
    y = faces.augment_film_faces(x, np.random.default_rng(0))
    assert np.all(y.std(axis=(1, 2, 3)) > 0.15 * face.std())


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
