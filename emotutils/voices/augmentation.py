"""Faces and voices varied as the world varies them: for training parts only. Taught in
notebooks/03_face_data and notebooks/05_voice_data.
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
    deltas : as in ``voices.Features``. Slopes and curvatures are shifted and hidden together with
        the bands that they belong to; they are not computed again at the new edges.
    """
    out = np.full_like(x, PAD)
    for i, clip in enumerate(x):
        rows = clip[clip[:, 0] != PAD]
        keep = max(1, int(len(rows) * rng.uniform(0.7, 1.0)))
        start = rng.integers(0, len(rows) - keep + 1)
        rows = rows[start : start + keep].reshape(keep, 1 + deltas, -1)
        shift = rng.integers(-2, 3)
        if shift:
            rows = np.roll(rows, shift, axis=2)
            edge = slice(0, shift) if shift > 0 else slice(shift, None)
            rows[:, :, edge] = rows[:, :, [shift if shift > 0 else shift - 1]]
        else:
            rows = rows.copy()
        quiet = np.array([rows[:, k].mean() for k in range(1 + deltas)])[:, None]
        for _ in range(2):
            width = rng.integers(0, 9)
            band = rng.integers(0, rows.shape[2] - width + 1)
            rows[:, :, band : band + width] = quiet
            width = rng.integers(0, max(1, len(rows) // 6) + 1)
            moment = rng.integers(0, len(rows) - width + 1)
            rows[moment : moment + width] = quiet
        out[i, :keep] = rows.reshape(keep, -1)
    return out


def augment_sound(x: np.ndarray, sr: int, rng: np.random.Generator) -> np.ndarray:
    """Vary a recording as speakers, rooms and microphones do. For training only.

    Drawn evenly from these ranges, one after the other: pitch -2..2 semitones, rate 0.9..1.1, shift
    -0.1..0.1 s, white noise 10..30 dB below the voice. Wider ones would change what the voice
    sounds like, not only who speaks where.

    Parameters
    ----------
    x : float32 (samples,) in -1..1 at ``sr`` Hz.

    Returns
    -------
    A changed copy, longer or shorter by the rate, cut off at -1 and 1.
    """
    x = shift_pitch(x, sr, rng.uniform(-2, 2))
    x = stretch_time(x, rng.uniform(0.9, 1.1))
    x = shift_time(x, sr, rng.uniform(-0.1, 0.1))
    return np.clip(add_noise(x, rng.uniform(10, 30), rng), -1, 1)


def add_noise(x: np.ndarray, snr: float, rng: np.random.Generator) -> np.ndarray:
    """The clip in white noise of a mean power ``snr`` dB below its own; silence stays silence.
    Peaks may pass 1.
    """
    noise = rng.standard_normal(len(x))
    power = np.mean(np.square(x, dtype=np.float64)) / 10 ** (snr / 10)
    return (x + noise * np.sqrt(power / np.mean(noise**2))).astype(x.dtype)


def shift_pitch(x: np.ndarray, sr: int, semitones: float) -> np.ndarray:
    """The clip higher (``semitones`` above 0) or lower, at the same pace and of the same length
    (librosa.effects).
    """
    import librosa  # seconds: not for those who only draw faces

    return librosa.effects.pitch_shift(x, sr=sr, n_steps=semitones)


def stretch_time(x: np.ndarray, rate: float) -> np.ndarray:
    """The clip at ``rate`` times its pace and at the same pitch: ``samples / rate`` long
    (librosa.effects).
    """
    import librosa

    return librosa.effects.time_stretch(x, rate=rate)


def shift_time(x: np.ndarray, sr: int, seconds: float) -> np.ndarray:
    """The clip ``seconds`` later (above 0) or earlier, of the same length: silence comes in, the
    far end is lost.
    """
    n = round(seconds * sr)
    return np.pad(x, (max(n, 0), max(-n, 0)))[max(-n, 0) :][: len(x)]
