"""Recordings that are one recording, or nearly.

Taught in notebooks/12_leakage.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

from ..support.similarity import best_correlation, close_pairs
from .spectra import SAMPLE_RATE, log_mel

#: Correlation from which two sounds count as one recording. Among the 5,247 of RAVDESS (speech and
#: song) and TESS, two different ones reach 0.93 at most (one singer, one sentence, one emotion).
#: 120 of them at random, made quieter by 26 dB, cut or delayed by 0.05 to 0.12 s, brought to 8 kHz
#: and back, sent through MP3 or AAC at 16 to 32 kbit/s, or laid under noise 20 dB below, all stay
#: above 0.96.
SOUNDS_ALIKE = 0.945
BANDS, FRAMES, STEP, FLOOR = (
    32,
    320,
    0.0125,
    30.0,
)  # mel bands; frames, every 12.5 ms (4 s); dB below the loudest
LAGS = np.arange(-4, 5)  #: frames by which the alignment of two sounds may be wrong
WORTH_A_LOOK = (
    0.6  # correlation without a lag from which the lags are tried: under 2 in 1,000 pairs
)


# --- sound ----------------------------------------------------------------------------------------


def sound_hash(voices: Sequence[np.ndarray]) -> np.ndarray:
    """Sixteen hexadecimal digits for each recording, equal where all samples (float32) are: str
    (n,).
    """
    return np.array(
        [hashlib.sha1(np.float32(x).tobytes()).hexdigest()[:16] for x in voices], dtype="U16"
    )


def sound_fingerprint(x: np.ndarray, sr: int = SAMPLE_RATE) -> np.ndarray:
    """A coarse picture of one sound that hardly depends on level, codec, rate, faint noise or
    delay.

    Its `voices.log_mel` from 100 to 3800 Hz, from `FLOOR` decibels below the loudest value upwards,
    laid with its centre of gravity into the middle of 4 s (the rest of a longer sound is left out).
    Each band's mean is taken off and the whole has unit length: the sum of the product of two is
    their correlation.

    Returns
    -------
    float32 (`BANDS`, `FRAMES`); next to nothing for silence.

    Raises ``ValueError`` as `voices.log_mel` does: not mono, integers, NaN, empty.
    """
    options = {
        "n_fft": 2 * round(0.032 * sr),
        "hop_length": round(STEP * sr),
        "fmin": 100.0,
        "fmax": 3800.0,
    }
    mel = log_mel(x, sr, n_mels=BANDS, **options)
    mel = np.maximum(mel - mel.max() + FLOOR, 0)
    weight = mel.sum(axis=0)
    centre = round(float(weight @ np.arange(len(weight)) / max(weight.sum(), 1e-9)))
    mel = np.pad(mel, ((0, 0), (FRAMES // 2, FRAMES // 2)))[:, centre : centre + FRAMES]
    heard = mel.any(axis=0)
    mel = np.where(heard, mel - mel.sum(axis=1, keepdims=True) / max(heard.sum(), 1), 0)
    return (mel / max(np.linalg.norm(mel), 1.0)).astype(np.float32)


def near_sounds(voices: Sequence[np.ndarray], sr: int = SAMPLE_RATE) -> np.ndarray:
    """Pairs i < k of recordings that are one, also if they are identical: int64 (m, 2).

    They correlate by `SOUNDS_ALIKE` or more at the best of a few small lags. Every pair is
    compared.

    Raises ``ValueError`` as `sound_fingerprint` does.
    """
    prints = np.array([sound_fingerprint(x, sr) for x in voices]).reshape(-1, BANDS, FRAMES)
    flat = prints.reshape(-1, BANDS * FRAMES)
    pairs = close_pairs(len(flat), lambda a, b: flat[a] @ flat[b].T >= WORTH_A_LOOK)
    return pairs[best_correlation(prints, prints, pairs, [0], LAGS) >= SOUNDS_ALIKE]
