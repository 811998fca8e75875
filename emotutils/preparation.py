"""From a data set to the arrays a network trains on. Taught in notebooks/03_face_data and notebooks/05_voice_data."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import cv2
import numpy as np
from scipy.signal import resample_poly

from . import config
from .datasets import Dataset
from .errors import DataError
from .files import replacing
from .speech import HOP, PAD, WINDOW, Features, trim, window_starts

Augment = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Part:
    """Training, validation or test material: ``x`` (n, …), ``y`` int32 (n,), ``group`` and ``id`` str (n,).

    ``id`` names the image row or, for sound, the recording: the windows of one recording share it.
    """

    x: np.ndarray
    y: np.ndarray
    group: np.ndarray
    id: np.ndarray

    def __len__(self) -> int:
        return len(self.y)


def part(
    dataset: Dataset, split: str, modality: str, features: Features | None = None, speeds: tuple[float, ...] = (1.0,)
) -> Part:
    """One split of a data set as arrays.

    Faces are uint8 (n, 48, 48, 1); voices are what ``features`` gives for windows of 3 s, as ``analyze`` hears them.

    Parameters
    ----------
    speeds : plays each recording at these speeds as well (0.9: slower and lower); for training parts only.

    Raises
    ------
    DataError : the set does not hold what the modality needs, or has no rows in that split.
    """
    if modality != dataset.modality:
        raise DataError(f"a {modality} network cannot use {dataset.name}: it holds {dataset.modality}s")
    if not len(dataset.rows(split)):
        raise DataError(f"{dataset.name} has no {split} rows")
    return face_part(dataset, split) if modality == "face" else voice_part(dataset, split, features, speeds)


def face_part(dataset: Dataset, split: str) -> Part:
    """The faces of one split; kept as uint8, a quarter of the memory that float32 would take."""
    rows = dataset.rows(split)
    table = dataset.table.iloc[rows]
    ids = np.array([f"{dataset.name}-{r}" for r in rows], dtype=str)
    x = dataset.faces(rows).astype(np.uint8)
    return Part(x, table["y"].to_numpy(np.int32), table["group"].to_numpy(str), ids)


def voice_part(dataset: Dataset, split: str, features: Features, speeds: tuple[float, ...] = (1.0,)) -> Part:
    """Recordings of one split → silence trimmed → windows of 3 s → features; one row a window.

    A clip shorter than a window is one window, padded and masked. Features are cached by recording and settings.
    """
    rows = dataset.rows(split)
    table = dataset.table.iloc[rows]
    key = json.dumps([sorted(features.to_dict().items()), list(speeds), WINDOW, HOP, version("emotutils")])
    key += "|".join(f"{p}:{_stamp(p)}" for p in table["path"])
    cached = config.cache_root() / f"voices-{hashlib.sha1(key.encode()).hexdigest()[:20]}.npz"
    if cached.is_file():
        with np.load(cached, allow_pickle=False) as a:
            x, source = a["x"], a["source"]
    else:
        x, source = _windows(dataset.voices(rows, features.sr), features, speeds)
        cached.parent.mkdir(parents=True, exist_ok=True)
        with replacing(cached) as temporary:
            np.savez(temporary, x=x, source=source)
    table = table.iloc[source]
    return Part(x, table["y"].to_numpy(np.int32), table["group"].to_numpy(str), table["id"].to_numpy(str))


def _stamp(path: str) -> str:
    stat = os.stat(path)
    return f"{stat.st_size}:{stat.st_mtime_ns}"


def _windows(voices: list[np.ndarray], features: Features, speeds: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    x, source = [], []
    for i, voice in enumerate(voices):
        for speed in speeds:
            played = voice if speed == 1 else resample_poly(voice, 100, round(100 * speed)).astype(np.float32)
            heard = trim(played, features.sr)
            heard = heard if len(heard) else played
            for start in window_starts(len(heard) / features.sr):
                begin = round(start * features.sr)
                x.append(features(heard[begin : begin + round(WINDOW * features.sr)]))
                source.append(i)
    return np.stack(x), np.array(source)


def augment_faces(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Vary faces as cameras and detectors do: flip, shift, tilt, scale, light, an erased patch. For training only.

    Parameters
    ----------
    x : float32 (n, 48, 48, 1) in 0..255.

    Returns
    -------
    A changed copy of the same shape and range.
    """
    out = np.empty_like(x)
    size = x.shape[1]
    for i, face in enumerate(x[..., 0]):
        angle, scale = rng.uniform(-12, 12), rng.uniform(0.88, 1.12)
        turn = cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), angle, scale)
        turn[:, 2] += rng.uniform(-0.08, 0.08, 2) * size
        if rng.random() < 0.5:
            face = face[:, ::-1]
        face = cv2.warpAffine(np.ascontiguousarray(face), turn, (size, size), borderMode=cv2.BORDER_REPLICATE)
        mean = face.mean()
        face = (face - mean) * rng.uniform(0.8, 1.2) + mean + rng.uniform(-20, 20)
        if rng.random() < 0.2:
            h, w = rng.integers(size // 8, size // 3, 2)
            top, left = rng.integers(0, size - h), rng.integers(0, size - w)
            face[top : top + h, left : left + w] = rng.uniform(0, 255)
        out[i, ..., 0] = face
    return np.clip(out, 0, 255)


def augment_log_mel(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Vary log-mel windows: shorten, raise or lower the voice by up to two bands, hide bands and moments.

    The last two are SpecAugment (Park et al. 2019). For training only; padding stays padding.

    Parameters
    ----------
    x : float32 (n, frames, n_mels) in dB, padding rows ``speech.PAD`` at the end.
    """
    out = np.full_like(x, PAD)
    for i, clip in enumerate(x):
        rows = clip[clip[:, 0] != PAD]
        keep = max(1, int(len(rows) * rng.uniform(0.7, 1.0)))
        start = rng.integers(0, len(rows) - keep + 1)
        rows = rows[start : start + keep]
        shift = rng.integers(-2, 3)
        if shift:
            rows = np.roll(rows, shift, axis=1)
            edge = slice(0, shift) if shift > 0 else slice(shift, None)
            rows[:, edge] = rows[:, [shift if shift > 0 else shift - 1]]
        else:
            rows = rows.copy()
        quiet = rows.mean()
        for _ in range(2):
            width = rng.integers(0, 9)
            band = rng.integers(0, rows.shape[1] - width + 1)
            rows[:, band : band + width] = quiet
            width = rng.integers(0, max(1, len(rows) // 6) + 1)
            moment = rng.integers(0, len(rows) - width + 1)
            rows[moment : moment + width] = quiet
        out[i, : len(rows)] = rows
    return out
