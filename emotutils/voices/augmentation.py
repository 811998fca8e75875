"""Voices varied as the world varies them: for training parts only.

Taught in notebooks/05_voice_data.
"""

import numpy as np

from .features import PAD


def augment_log_mel(x: np.ndarray, rng: np.random.Generator, deltas: int = 0) -> np.ndarray:
    """Vary log-mel windows: shorten, raise or lower the voice by up to two bands, hide bands and
    moments.

    The last two are SpecAugment (Park et al. 2019). For training only; padding stays padding.

    Parameters
    ----------
    x : float32 (n, frames, n_mels · (1 + deltas)) in dB, padding rows ``voices.PAD`` at the end.
    rng : decides everything that is drawn.
    deltas : as in ``voices.Features``. Slopes and curvatures are shifted and hidden together with
        the bands that they belong to; they are not computed again at the new edges.

    Returns
    -------
    A changed copy of the same shape.
    """
    out = np.full_like(x, PAD)
    for i, clip in enumerate(x):
        rows = clip[clip[:, 0] != PAD]
        kept = _shortened(rows, rng)
        # frames, (bands, slopes …), n_mels
        parts = kept.reshape(len(kept), 1 + deltas, -1)
        shifted = _shifted(parts, rng.integers(-2, 3))
        _hide(shifted, rng)
        frames = len(kept)
        out[i, :frames] = shifted.reshape(frames, -1)
    return out


def _shortened(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A stretch of 70 to 100 % of the frames."""
    share = rng.uniform(0.7, 1.0)
    frames = max(1, int(len(rows) * share))
    start = rng.integers(0, len(rows) - frames + 1)
    return rows[start : start + frames]


def _shifted(parts: np.ndarray, bands: int) -> np.ndarray:
    """A copy, higher by so many bands; the edge is repeated."""
    shifted = np.roll(parts, bands, axis=2)
    if bands > 0:
        lowest = shifted[:, :, [bands]]
        shifted[:, :, :bands] = lowest
    elif bands < 0:
        highest = shifted[:, :, [bands - 1]]
        shifted[:, :, bands:] = highest
    return shifted


def _hide(parts: np.ndarray, rng: np.random.Generator) -> None:
    """Two stretches of bands, and two of frames, brought to the mean of their part, in place."""
    frames, kinds, n_mels = parts.shape
    means = [parts[:, kind].mean() for kind in range(kinds)]
    quiet = np.array(means)[:, None]
    longest = max(1, frames // 6)
    for _ in range(2):
        width = rng.integers(0, 9)
        band = rng.integers(0, n_mels - width + 1)
        parts[:, :, band : band + width] = quiet
        width = rng.integers(0, longest + 1)
        moment = rng.integers(0, frames - width + 1)
        parts[moment : moment + width] = quiet


def augment_sound(x: np.ndarray, sr: int, rng: np.random.Generator) -> np.ndarray:
    """Vary a recording as speakers, rooms and microphones do. For training only.

    Drawn evenly from these ranges, one after the other: pitch -2..2 semitones, rate 0.9..1.1, shift
    -0.1..0.1 s, white noise 10..30 dB below the voice. Wider ones would change what the voice
    sounds like, not only who speaks where.

    Parameters
    ----------
    x : float32 (samples,) in -1..1.
    sr : samples a second.
    rng : decides everything that is drawn.

    Returns
    -------
    A changed copy, longer or shorter by the rate, cut off at -1 and 1.
    """
    x = shift_pitch(x, sr, rng.uniform(-2, 2))
    x = stretch_time(x, rng.uniform(0.9, 1.1))
    x = shift_time(x, sr, rng.uniform(-0.1, 0.1))
    x = add_noise(x, rng.uniform(10, 30), rng)
    return np.clip(x, -1, 1)


def add_noise(x: np.ndarray, snr: float, rng: np.random.Generator) -> np.ndarray:
    """The clip in white noise; silence stays silence. Peaks may pass 1.

    Parameters
    ----------
    x : float (samples,) in -1..1.
    snr : dB by which the noise's mean power lies below the clip's own.
    rng : draws the noise.

    Returns
    -------
    A changed copy, of the clip's float type.

    Examples
    --------
    >>> tone = np.sin(np.arange(16000))
    >>> noisy = add_noise(tone, 20, np.random.default_rng(0))
    >>> round(10 * np.log10(np.mean(tone**2) / np.mean((noisy - tone) ** 2)))
    20
    """
    noise = rng.standard_normal(len(x))
    power = np.mean(np.square(x, dtype=np.float64))
    wanted = power / 10 ** (snr / 10)
    gain = np.sqrt(wanted / np.mean(noise**2))
    return (x + noise * gain).astype(x.dtype)


def shift_pitch(x: np.ndarray, sr: int, semitones: float) -> np.ndarray:
    """The clip higher or lower, at the same pace and of the same length (librosa.effects).

    Parameters
    ----------
    x : float (samples,) in -1..1.
    sr : samples a second.
    semitones : above 0 is higher; 12 are an octave.
    """
    import librosa  # seconds: not for those who only draw faces

    return librosa.effects.pitch_shift(x, sr=sr, n_steps=semitones)


def stretch_time(x: np.ndarray, rate: float) -> np.ndarray:
    """The clip faster or slower at the same pitch: ``samples / rate`` long (librosa.effects).

    Parameters
    ----------
    x : float (samples,) in -1..1.
    rate : times the clip's own pace; above 1 is faster.
    """
    import librosa

    return librosa.effects.time_stretch(x, rate=rate)


def shift_time(x: np.ndarray, sr: int, seconds: float) -> np.ndarray:
    """The clip later or earlier, of the same length: silence comes in, the far end is lost.

    Parameters
    ----------
    x : float (samples,) in -1..1.
    sr : samples a second.
    seconds : above 0 is later.

    Examples
    --------
    >>> shift_time(np.array([1.0, 2.0, 3.0, 4.0]), sr=1, seconds=1)
    array([0., 1., 2., 3.])
    """
    n = round(seconds * sr)
    later = max(n, 0)
    earlier = max(-n, 0)
    padded = np.pad(x, (later, earlier))
    return padded[earlier:][: len(x)]
