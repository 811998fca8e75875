"""CK+: posed expressions from neutral to their peak (Lucey et al. 2010), in the widely used folders
of 48×48 pictures.

A set to be tested on: faces in a laboratory, where networks learned from faces on the web. Contempt
is left out, and neutral is not in these folders.
"""

import os
import re
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from .. import config
from ..emotions import CODES, EMOTIONS
from ..errors import DataError
from .base import Dataset, Rejects
from .catalog import CATALOG
from .listing import named

CITATION = CATALOG["ckplus"].citation
LICENCE = CATALOG["ckplus"].licence
LABELS = tuple(label for label in EMOTIONS if label != "neutral")
CONTEMPT = "contempt"
REMEDY = "fetch the folders again, or take the file away"

# subject, series, frame
_NAME = re.compile(r"(S\d{3})_(\d{3})_(\d{8})")


def load(
    root: str | os.PathLike | None = None, *, last: bool = True, on_error: str = "raise"
) -> Dataset:
    """Read the pictures under ``ckplus/``, in any depth, as ``anger/S010_004_00000017.png``.

    Parameters
    ----------
    root : the data root; see ``config.data_root``.
    last : only the last picture of each series, the peak. The folders hold three of each, which are
        nearly one picture.
    on_error : ``"raise"``: the first picture that cannot be used is an error. ``"report"``: it is
        left out and listed in ``rejects``.

    Returns
    -------
    Dataset of faces with columns ``path``, ``subject``, ``series`` and ``frame``; ``group`` is the
    subject. All rows are ``test``; who wants to learn from them takes folds by subject
    (``folds-5``).

    Raises
    ------
    DataError : no pictures there, or (``"raise"``) an unknown folder or name, or a file that is no
        picture of 48×48.
    """
    folder = config.data_root(root) / "ckplus"
    rejects = Rejects(on_error)
    rows = []
    for path in sorted(named(folder, "*.png")):
        try:
            row = _parse(path)
            if row:
                row["pixels"] = _read(path)
        except DataError as error:
            rejects.refuse(error)
            continue
        if row:
            rows.append(row)
    if not rows:
        remedy = "put its folders anger … surprise there"
        raise DataError(
            folder, "CK+ not found", f"{remedy}, or name the folder's parent in EMOTUTILS_DATA"
        )
    table = pd.DataFrame(rows)
    if last:
        table = table[table.groupby("series")["frame"].transform("max") == table["frame"]]
    table = table.drop_duplicates("id").reset_index(drop=True)
    pixels = np.stack(table.pop("pixels").tolist())
    return Dataset(
        "ckplus",
        table,
        LABELS,
        CITATION,
        LICENCE,
        read_faces=lambda rows: pixels[rows],
        rejects=rejects.table(),
    )


def _parse(path: Path) -> dict | None:
    """The row that a picture's folder and name tell; None for contempt."""
    folder = path.parent.name.lower()
    if folder == CONTEMPT:
        return None
    if folder not in CODES["ckplus"]:
        known = ", ".join([*CODES["ckplus"], CONTEMPT])
        raise DataError(path, f"is in a folder that is none of {known}", REMEDY)
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise DataError(path, "not a CK+ file name (such as S010_004_00000017.png)", REMEDY)
    subject, series, frame = match.groups()
    label = CODES["ckplus"][folder]
    return {
        "id": path.stem,
        "path": str(path),
        "label": label,
        "y": LABELS.index(label),
        "group": f"ckplus-{subject}",
        "split": "test",
        "subject": subject,
        "series": f"{subject}_{series}",
        "frame": int(frame),
    }


def _read(path: Path) -> np.ndarray:
    """Grey uint8 (48, 48, 1)."""
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise DataError(path, "is no picture", REMEDY)
    if picture.shape != (48, 48):
        height, width = picture.shape
        raise DataError(path, f"has {width}×{height} pixels, not 48×48", REMEDY)
    return picture[:, :, None]
