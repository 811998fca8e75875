"""From a data set to the arrays a network trains on. Taught in notebooks/03_face_data and notebooks/05_voice_data."""

import hashlib
import json
import os
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from scipy.signal import resample_poly

from .. import config
from ..datasets import Dataset
from ..errors import DataError
from ..files import replacing
from ..speech import HOP, WINDOW, Features, trim, window_starts


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
