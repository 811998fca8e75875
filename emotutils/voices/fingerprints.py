"""Recordings that are one recording, or nearly."""

import hashlib
from collections.abc import Sequence

import numpy as np

from ..support.similarity import best_correlation, close_pairs
from .sound import SAMPLE_RATE
from .spectra import log_mel

#: Correlation from which two sounds count as one recording. Among the 5,247 of RAVDESS (speech and
#: song) and TESS, two different ones reach 0.93 at most (one singer, one sentence, one emotion).
#: 120 of them at random, made quieter by 26 dB, cut or delayed by 0.05 to 0.12 s, brought to 8 kHz
#: and back, sent through MP3 or AAC at 16 to 32 kbit/s, or laid under noise 20 dB below, all stay
#: above 0.96.
SOUNDS_ALIKE = 0.945
BANDS = 32  #: mel bands
FRAMES = 320  #: one every 12.5 ms: 4 s
STEP = 0.0125  #: seconds from one frame to the next
FLOOR = 30.0  #: dB below the loudest
LAGS = np.arange(-4, 5)  #: frames by which the alignment of two sounds may be wrong
#: Correlation without a lag from which the lags are tried: under 2 in 1,000 pairs.
WORTH_A_LOOK = 0.6


def sound_hash(voices: Sequence[np.ndarray]) -> np.ndarray:
    """Sixteen hexadecimal digits for each recording, equal where all samples (float32) are: str
    (n,).

    Examples
    --------
    >>> silence = np.zeros(5)
    >>> first, second, third = sound_hash([silence, silence.copy(), silence + 1])
    >>> bool(first == second), bool(first == third)
    (True, False)
    """
    digits = []
    for x in voices:
        samples = np.float32(x).tobytes()
        digest = hashlib.sha1(samples).hexdigest()
        digits.append(digest[:16])
    return np.array(digits, dtype="U16")


def sound_fingerprint(x: np.ndarray, sr: int = SAMPLE_RATE) -> np.ndarray:
    """A coarse picture of one sound that hardly depends on level, codec, rate, faint noise or
    delay.

    Its `voices.log_mel` from 100 to 3800 Hz, from `FLOOR` decibels below the loudest value upwards,
    laid with its centre of gravity into the middle of 4 s (the rest of a longer sound is left out).
    Each band's mean is taken off and the whole has unit length: the sum of the product of two is
    their correlation.

    Parameters
    ----------
    x : float (samples,), mono, in -1..1.
    sr : samples a second.

    Returns
    -------
    float32 (`BANDS`, `FRAMES`); next to nothing for silence.

    Raises
    ------
    ValueError : as `voices.log_mel`: not mono, integers, NaN, empty.
    """
    decibels = log_mel(
        x,
        sr,
        n_mels=BANDS,
        n_fft=2 * round(0.032 * sr),
        hop_length=round(STEP * sr),
        fmin=100.0,
        fmax=3800.0,
    )
    above_floor = np.maximum(decibels - decibels.max() + FLOOR, 0)
    centred = _centred(above_floor)
    there = centred.any(axis=0)  # frames that hold any sound
    total = centred.sum(axis=1, keepdims=True)
    mean = total / max(there.sum(), 1)
    details = np.where(there, centred - mean, 0)
    length = max(np.linalg.norm(details), 1.0)
    return (details / length).astype(np.float32)


def _centred(mel: np.ndarray) -> np.ndarray:
    """`FRAMES` frames with the centre of gravity in their middle."""
    weight = mel.sum(axis=0)
    moment = weight @ np.arange(len(weight))
    centre = moment / max(weight.sum(), 1e-9)
    begin = round(float(centre))
    half = FRAMES // 2
    padded = np.pad(mel, ((0, 0), (half, half)))
    return padded[:, begin : begin + FRAMES]


def near_sounds(voices: Sequence[np.ndarray], sr: int = SAMPLE_RATE) -> np.ndarray:
    """Pairs i < k of recordings that are one, also if they are identical: int64 (m, 2).

    They correlate by `SOUNDS_ALIKE` or more at the best of a few small lags. Every pair is
    compared.

    Parameters
    ----------
    voices : recordings, each float (samples,), mono, in -1..1.
    sr : samples a second.

    Raises
    ------
    ValueError : as `sound_fingerprint`.
    """
    if not len(voices):
        return np.zeros((0, 2), np.int64)
    prints = np.array([sound_fingerprint(x, sr) for x in voices])
    flat = prints.reshape(len(prints), -1)

    def worth_a_look(rows: slice, others: slice) -> np.ndarray:
        return flat[rows] @ flat[others].T >= WORTH_A_LOOK

    pairs = close_pairs(len(flat), worth_a_look)
    correlation = best_correlation(prints, prints, pairs, [0], LAGS)
    return pairs[correlation >= SOUNDS_ALIKE]
