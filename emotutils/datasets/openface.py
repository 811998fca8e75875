"""What OpenFace writes: one csv for a film, and beside it a folder of aligned faces.

The thesis (4.7) found and cropped its faces with OpenFace (Baltrušaitis et al. 2018, OpenFace 2.0:
facial behavior analysis toolkit, FG 2018). Our own path does not need it; who has it can use its
output. Taught in notebooks/04_film_data.
"""

import os
import re
from pathlib import Path

import pandas as pd

from ..errors import DataError

#: The command that writes all that is read here, run once for each film (first converted to avi in
#: the thesis): ``folder/film.csv`` and ``folder/film_aligned/``. Faces of 112 pixels, the
#: background kept, none of failed frames.
COMMAND = (
    "FeatureExtraction -f film.avi -out_dir folder -2Dfp -3Dfp -pdmparams -pose -aus -gaze "
    "-simalign -simsize 112 -nomask -nobadaligned"
)

_UNITS = "01 02 04 05 06 07 09 10 12 14 15 17 20 23 25 26".split()
#: Action units (Ekman & Friesen 1978), intensity 0 (absent) to 5: 17 columns.
AU_INTENSITIES = tuple(f"AU{unit}_r" for unit in [*_UNITS, "45"])
#: Action units, absent 0 or present 1: 18 columns; lip suck (28) has no intensity.
AU_PRESENCES = tuple(f"AU{unit}_c" for unit in [*_UNITS, "28", "45"])
#: Both, in the order in which networks take them: 35 columns.
UNITS = (*AU_INTENSITIES, *AU_PRESENCES)
#: Place of the head in mm from the camera, and its turn in radians (pitch, yaw, roll).
POSE = (
    "pose_Tx",
    "pose_Ty",
    "pose_Tz",
    "pose_Rx",
    "pose_Ry",
    "pose_Rz",
)
#: Where the left (0) and the right eye look, as unit vectors, and both together in radians (since
#: OpenFace 2.0).
GAZE = (
    "gaze_0_x",
    "gaze_0_y",
    "gaze_0_z",
    "gaze_1_x",
    "gaze_1_y",
    "gaze_1_z",
    "gaze_angle_x",
    "gaze_angle_y",
)

_PICTURE = re.compile(r"frame_det_(?:(\d+)_)?(\d{6})\.(?:bmp|png|jpe?g)")
_REMEDY = "run FeatureExtraction again, or fetch the set again"


def read(path: str | os.PathLike, columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """The csv of one film: a row for each frame (and face), in the layout of OpenFace 1 or 2.

    Parameters
    ----------
    columns : names that must be there besides ``frame``, ``timestamp``, ``confidence`` and the
        action units. OpenFace 2 adds ``face_id``, the gaze angles and the landmarks of the eyes; a
        published file may lack ``success``.

    Returns
    -------
    All columns of the file, names without spaces. ``frame`` (from 1), ``face_id``, ``success`` and
    the presences are int64, all others float64: ``timestamp`` in seconds, ``confidence`` 0..1,
    landmarks in pixels (x, y) or mm (X, Y, Z). NaN where OpenFace found no number.

    Raises
    ------
    DataError : no such file, empty, cut off, a missing column, or a text in place of a number.
    """
    try:
        return _parse(Path(path), columns)
    except ValueError as error:  # pandas' own errors for what is no csv are among these
        raise DataError(path, str(error).strip(), _REMEDY) from None


def _parse(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    if not path.is_file():
        raise ValueError("no such file")
    # Visual C++ writes NaN as -nan(ind).
    table = pd.read_csv(
        path,
        skipinitialspace=True,
        index_col=False,
        na_values=["-nan(ind)", "nan(ind)"],
    )
    table.columns = table.columns.str.strip()
    needed = [
        "frame",
        "timestamp",
        "confidence",
        *AU_INTENSITIES,
        *AU_PRESENCES,
        *columns,
    ]
    missing = [name for name in needed if name not in table]
    if missing:
        words = ", ".join(missing[:3])
        if len(missing) > 3:
            words += " …"
        raise ValueError(f"no column {words}")
    if table.empty:
        raise ValueError("holds no frames")
    for name in table.select_dtypes(exclude="number"):
        column = table[name]
        numbers = pd.to_numeric(column, errors="coerce")
        is_text = numbers.isna() & column.notna()
        row = is_text.idxmax()
        raise ValueError(f"line {row + 2} has {column[row]!r} as {name}, not a number")
    counted = ("frame", "face_id", "success", *AU_PRESENCES)
    whole = [name for name in counted if name in table]
    never_empty = [*whole, "timestamp", "confidence"]
    holes = table[never_empty].isna().any(axis=1)
    if holes.any():  # presences come last in a row
        raise ValueError(f"line {holes.idxmax() + 2} is cut off or lacks a number")
    table = table.astype(float)
    table[whole] = table[whole].astype("int64")
    return table.copy()  # in one piece again: pandas warns of hundreds of columns put in one by one


def tracked(table: pd.DataFrame) -> pd.DataFrame:
    """The frames of ``read`` in which a face was tracked and all of ``UNITS`` are numbers.

    They are those with ``success`` 1; a published file without that column has ``confidence`` 0
    where nothing was found.
    """
    is_tracked = table["confidence"] > 0
    if "success" in table:
        is_tracked = table["success"] == 1
    return table[is_tracked].dropna(subset=list(UNITS))


def read_aligned(folder: str | os.PathLike) -> pd.DataFrame:
    """The aligned faces of one film with all that OpenFace measured in them.

    Parameters
    ----------
    folder : ``NAME_aligned``, with ``frame_det_00_000001.bmp`` … (face, frame; OpenFace 1:
        ``frame_det_000001.bmp``), and ``NAME.csv`` beside it, as ``COMMAND`` writes them.

    Returns
    -------
    A row for each row of the csv: ``film`` (NAME), ``frame`` (from 1), ``face_id`` (0 in OpenFace
    1), ``t`` (s, the csv's ``timestamp``), ``path`` of the picture ("" where OpenFace wrote none),
    ``confidence``, ``success``, and the csv's other columns as ``read`` gives them.

    Raises
    ------
    DataError : no such folder, no pictures in it, no csv beside it or one that ``read`` refuses, or
        a picture without a row.
    """
    folder = Path(folder)
    film = folder.name.removesuffix("_aligned")
    # Path of the picture by frame and face.
    pictures = {}
    for path in folder.glob("frame_det_*"):
        match = _PICTURE.fullmatch(path.name)
        if match:
            frame = int(match[2])
            face = int(match[1] or 0)
            pictures[frame, face] = str(path)
    if not pictures:
        raise DataError(folder, "no frame_det_….bmp there", "run FeatureExtraction with -simalign")
    table = read(folder.with_name(f"{film}.csv"), columns=("success",))
    table = table.rename(columns={"timestamp": "t"})
    if "face_id" not in table:
        table["face_id"] = 0
    keys = list(zip(table["frame"], table["face_id"], strict=True))
    for strange in sorted(pictures.keys() - set(keys)):
        raise DataError(pictures[strange], f"has no row in {film}.csv", _REMEDY)
    paths = [pictures.get(key, "") for key in keys]
    table = table.assign(film=film, path=paths)
    first = [
        "film",
        "frame",
        "face_id",
        "t",
        "path",
        "confidence",
        "success",
    ]
    rest = [name for name in table if name not in first]
    return table[first + rest]
