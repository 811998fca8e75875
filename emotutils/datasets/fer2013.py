"""FER2013: 35,887 web pictures of faces, 48×48 grey, with seven emotions (Goodfellow et al. 2013; thesis 4.7).

Taught in notebooks/03_face_data.
"""

import hashlib
import os
from pathlib import Path

import numpy as np
import pandas as pd

from .. import config
from ..emotions import CODES, EMOTIONS
from ..errors import DataError
from ..files import replacing
from .base import Dataset

CITATION = (
    "Goodfellow et al., Challenges in Representation Learning: a report on three machine learning contests, ICONIP 2013"
)
LICENCE = "ICML 2013 / Kaggle challenge: research use"
SPLITS = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
PIXELS = 48 * 48


def load(root: str | os.PathLike | None = None) -> Dataset:
    """Read ``fer2013/fer2013.csv`` under the data root, with its official split.

    The table's own columns: ``usage`` (the csv's word) and, as ``group``, a hash of the pixels, because FER2013
    holds the same picture several times. ``split`` maps Training / PublicTest / PrivateTest to train /
    validation / test: choose on the second, report the third once.

    Raises
    ------
    DataError : no such file, a missing column, a label outside 0..6, a row without 2,304 pixels in 0..255.
    """
    path = config.data_root(root) / "fer2013" / "fer2013.csv"
    if not path.is_file():
        raise DataError(
            f"FER2013 not found at {path}: request it from the Kaggle challenge and put fer2013.csv there, "
            "or name its folder's parent in EMOTUTILS_DATA"
        )
    codes, usage, pixels = _read_cached(path)
    names = pd.Series([CODES["fer2013"][c] for c in codes])
    table = pd.DataFrame(
        {
            "row": np.arange(len(codes)),
            "label": names,
            "y": codes.astype(np.int32),
            "group": [hashlib.sha1(p.tobytes()).hexdigest()[:16] for p in pixels],
            "split": [SPLITS[u] for u in usage],
            "usage": usage,
        }
    )
    return Dataset(
        "fer2013",
        table,
        EMOTIONS,
        CITATION,
        LICENCE,
        _faces=lambda rows: pixels[rows].reshape(-1, 48, 48, 1).astype(np.float32),
    )


def _read_cached(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The csv is 290 MB of text: parse it once, then keep it as arrays, keyed by place, size and time."""
    stat = path.stat()
    key = hashlib.sha1(f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}".encode()).hexdigest()[:16]
    cached = config.cache_root() / f"fer2013-{key}.npz"
    if cached.is_file():
        with np.load(cached, allow_pickle=False) as a:
            return a["codes"], a["usage"], a["pixels"]
    codes, usage, pixels = _parse(path)
    cached.parent.mkdir(parents=True, exist_ok=True)
    with replacing(cached) as temporary:
        np.savez(temporary, codes=codes, usage=usage, pixels=pixels)
    return codes, usage, pixels


def _parse(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = pd.read_csv(path, skipinitialspace=True)
    table.columns = table.columns.str.strip()
    missing = sorted({"emotion", "pixels", "Usage"} - set(table.columns))
    if missing:
        raise DataError(f"{path}: no column {', '.join(missing)}; is this fer2013.csv, separated by commas?")
    wrong = table.index[~table["emotion"].isin(range(7))]
    if len(wrong):
        raise DataError(f"{path}: line {wrong[0] + 2} has label {table['emotion'][wrong[0]]}, expected 0..6")
    wrong = table.index[~table["Usage"].isin(SPLITS)]
    if len(wrong):
        raise DataError(f"{path}: line {wrong[0] + 2} has Usage {table['Usage'][wrong[0]]!r}, expected {list(SPLITS)}")
    pixels = np.empty((len(table), PIXELS), np.uint8)
    for i, text in enumerate(table["pixels"]):
        try:
            values = np.array(text.split(), dtype=np.int64)
        except (AttributeError, ValueError):
            values = np.empty(0, np.int64)
        if len(values) != PIXELS or values.min() < 0 or values.max() > 255:
            raise DataError(f"{path}: line {i + 2} does not hold {PIXELS} pixels in 0..255")
        pixels[i] = values
    return table["emotion"].to_numpy(np.int64), table["Usage"].to_numpy(str), pixels
