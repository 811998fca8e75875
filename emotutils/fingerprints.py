"""What tells that two pictures, or two recordings, are the same or nearly the same.

*The same* is a hash of the pixels or samples. *Nearly the same* is the same photograph or recording, found again after
it was made brighter, louder, smaller or coarser, cropped a little, or printed over: not the same person twice.
The thresholds were chosen by eye on pairs from FER2013, and on recordings of RAVDESS and TESS that were damaged on
purpose; beside each stands what was seen.
Taught in notebooks/03_face_data and notebooks/05_voice_data.
"""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image
from scipy import fft
from scipy.ndimage import gaussian_filter

from .speech import SAMPLE_RATE, log_mel

#: Bits in which the hashes of near-duplicate pictures may differ: 99 % of the FER2013 pairs that are alike by
#: `FACES_ALIKE` without any shift lie within 12 bits (96 % within 10); 14 would make four times as many candidates.
HASH_BITS = 12
#: Correlation from which two pictures count as one photograph. The scores of FER2013's candidates have two humps with a
#: valley near 0.70. Of 64 pairs at random in each range, looked at one by one, about 45 are one photograph from 0.70 to
#: 0.75, 62 from 0.75 to 0.80 (two show one person twice) and all from 0.80; so are 64 more across the official parts.
FACES_ALIKE = 0.80
SHIFTS = np.arange(-3, 4)  #: pixels by which one of two 48x48 crops may lie beside the other

#: Correlation from which two sounds count as one recording. Among the 5,247 of RAVDESS (speech and song) and TESS, two
#: different ones reach 0.93 at most (one singer, one sentence, one emotion). 120 of them at random, made quieter by
#: 26 dB, cut or delayed by 0.05 to 0.12 s, brought to 8 kHz and back, sent through MP3 or AAC at 16 to 32 kbit/s, or
#: laid under noise 20 dB below, all stay above 0.96.
SOUNDS_ALIKE = 0.945
BANDS, FRAMES, STEP, FLOOR = 32, 320, 0.0125, 30.0  # mel bands; frames, every 12.5 ms (4 s); dB below the loudest
LAGS = np.arange(-4, 5)  #: frames by which the alignment of two sounds may be wrong
WORTH_A_LOOK = 0.6  # correlation without a lag from which the lags are tried: under 2 in 1,000 pairs

BLOCK = 512  # rows compared at a time: bounds the memory


# --- pictures --------------------------------------------------------------------------------------------------------


def pixel_hash(faces: np.ndarray) -> np.ndarray:
    """Sixteen hexadecimal digits for each picture, equal where all pixels are: str (n,).

    Parameters
    ----------
    faces : (n, height, width) or (n, height, width, 1), grey 0..255; rounded to whole grey levels.

    Raises ``ValueError`` for another shape.
    """
    return np.array([hashlib.sha1(f.tobytes()).hexdigest()[:16] for f in _grey(faces)], dtype="U16")


def perceptual_hash(faces: np.ndarray) -> np.ndarray:
    """The 64-bit pHash of each picture: uint64 (n,); alike pictures differ in few bits.

    Reduced to 32x32, its 8x8 lowest frequencies (DCT-II), one bit each: above their median or not. Bit for bit
    ``imagehash.phash`` (a test compares them), which takes one picture at a time. Of the mirrored pictures:
    ``perceptual_hash(faces[:, :, ::-1])``. Zauner, *Implementation and Benchmarking of Perceptual Image Hash
    Functions*, 2010.

    Raises ``ValueError`` for another shape than `pixel_hash` takes.
    """
    small = [Image.fromarray(f).resize((32, 32), Image.Resampling.LANCZOS) for f in _grey(faces)]
    low = fft.dctn(np.array(small, dtype=np.float64).reshape(-1, 32, 32), axes=(1, 2))[:, :8, :8].reshape(-1, 64)
    return np.packbits(low > np.median(low, axis=1, keepdims=True), axis=1).view(">u8")[:, 0].astype(np.uint64)


def near_pairs(hashes: np.ndarray, distance: int, others: np.ndarray | None = None) -> np.ndarray:
    """All pairs i < k whose hashes differ in at most ``distance`` bits: int64 (m, 2).

    ``others`` (``hashes`` by default) is where the second of each pair is looked up: give the hashes of the mirrored
    pictures to find those. Every pair is compared, a block at a time: 36,000 pictures in seconds.
    """
    others = hashes if others is None else others
    return _pairs(len(hashes), lambda a, b: np.bitwise_count(hashes[a, None] ^ others[b]) <= distance)


def near_faces(faces: np.ndarray) -> np.ndarray:
    """Pairs i < k of pictures that are one photograph, also mirrored or identical: int64 (m, 2), sorted.

    Candidates differ in at most `HASH_BITS` bits of `perceptual_hash`. They count when their details correlate by
    `FACES_ALIKE` or more at the best of a few small shifts. Details are what lies between fine and coarse blur,
    because lit faces before a dark wall are alike in everything coarse.

    Raises ``ValueError`` for another shape than `pixel_hash` takes.
    """
    grey = _grey(faces)
    hashes, details, found = perceptual_hash(grey), _details(grey), []
    for step in (1, -1):
        pairs = near_pairs(hashes, HASH_BITS, perceptual_hash(grey[:, :, ::step]))
        found.append(pairs[_likeness(details, details[:, :, ::step], pairs, SHIFTS, SHIFTS) >= FACES_ALIKE])
    return np.unique(np.concatenate(found), axis=0)


def _grey(faces: np.ndarray) -> np.ndarray:
    faces = np.asarray(faces)
    if faces.ndim < 3 or faces.shape[3:] not in ((), (1,)):
        raise ValueError(f"pictures of shape {faces.shape}: expected grey ones, (n, height, width) or with a last 1")
    return np.clip(np.rint(faces), 0, 255).astype(np.uint8).reshape(faces.shape[:3])


def _details(grey: np.ndarray) -> np.ndarray:
    """Each picture between blurs of 1 and 3 pixels, with zero mean and unit length; a plain one is all zeros."""
    x = grey.astype(np.float32)
    x = gaussian_filter(x, (0, 1, 1)) - gaussian_filter(x, (0, 3, 3))
    x -= x.mean(axis=(1, 2), keepdims=True)
    return x / np.maximum(np.sqrt(np.square(x).sum(axis=(1, 2), keepdims=True)), 1e-3)


# --- sound -----------------------------------------------------------------------------------------------------------


def sound_hash(voices: Sequence[np.ndarray]) -> np.ndarray:
    """Sixteen hexadecimal digits for each recording, equal where all samples (float32) are: str (n,)."""
    return np.array([hashlib.sha1(np.float32(x).tobytes()).hexdigest()[:16] for x in voices], dtype="U16")


def sound_fingerprint(x: np.ndarray, sr: int = SAMPLE_RATE) -> np.ndarray:
    """A coarse picture of one sound that hardly depends on level, codec, rate, faint noise or delay.

    Its `speech.log_mel` from 100 to 3800 Hz, from `FLOOR` decibels below the loudest value upwards, laid with its
    centre of gravity into the middle of 4 s (the rest of a longer sound is left out). Each band's mean is taken off
    and the whole has unit length: the sum of the product of two is their correlation.

    Returns
    -------
    float32 (`BANDS`, `FRAMES`); next to nothing for silence.

    Raises ``ValueError`` as `speech.log_mel` does: not mono, integers, NaN, empty.
    """
    options = {"n_fft": 2 * round(0.032 * sr), "hop_length": round(STEP * sr), "fmin": 100.0, "fmax": 3800.0}
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

    They correlate by `SOUNDS_ALIKE` or more at the best of a few small lags. Every pair is compared.

    Raises ``ValueError`` as `sound_fingerprint` does.
    """
    prints = np.array([sound_fingerprint(x, sr) for x in voices]).reshape(-1, BANDS, FRAMES)
    flat = prints.reshape(-1, BANDS * FRAMES)
    pairs = _pairs(len(flat), lambda a, b: flat[a] @ flat[b].T >= WORTH_A_LOOK)
    return pairs[_likeness(prints, prints, pairs, [0], LAGS) >= SOUNDS_ALIKE]


def _pairs(n: int, close: Callable[[slice, slice], np.ndarray]) -> np.ndarray:
    """The pairs i < k that ``close`` says yes to, asked for a block of rows against all later ones."""
    found = [np.zeros((0, 2), np.int64)]
    for start in range(0, n, BLOCK):
        i, k = np.nonzero(close(slice(start, start + BLOCK), slice(start, None)))
        found.append(start + np.stack([i, k], axis=1)[i < k])
    return np.concatenate(found)


def _likeness(a: np.ndarray, b: np.ndarray, pairs: np.ndarray, ys: Sequence[int], xs: Sequence[int]) -> np.ndarray:
    """Correlation of ``a[i]`` and ``b[k]`` at the best of these shifts (edges wrap around): float32 (m,)."""
    best = [np.zeros(0, np.float32)]
    for i, k in (pairs[n : n + BLOCK].T for n in range(0, len(pairs), BLOCK)):
        shifted = fft.irfft2(fft.rfft2(a[i]).conj() * fft.rfft2(b[k]), a.shape[1:])
        best.append(shifted[:, ys][:, :, xs].max(axis=(1, 2)))
    return np.concatenate(best)
