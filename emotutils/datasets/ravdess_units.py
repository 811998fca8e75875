"""RAVDESS's speech films as 35 action units each: the mean over the film's frames.

A film is the same performance as the recording 03-… with the same ``take``, so that these are
**real** pairs of a face and a voice, without the films themselves (25 GB). Two sources hold such
means, and they are the same kind of table with different numbers:

- ``film_means.csv``: OpenFace run on each film with ``FeatureExtraction -au_static``, in which each
  frame is taken by itself; published in the repository
  KangHyunWook/Pytorch-implementation-of-Multimodal-emotion-recognition-on-RAVDESS-dataset.
- the tracking archive (``ravdess_tracking``), a row a frame: OpenFace's default, dynamic models,
  which first subtract what is usual for this face in this film. The means are taken here.
"""

import os
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from .. import config
from ..emotions import EMOTIONS_WITH_CALM
from ..errors import DataError
from . import openface, ravdess, recordings
from .base import Dataset, Rejects, read_csv
from .catalog import CATALOG
from .listing import named
from .openface import AU_INTENSITIES, UNITS
from .parts import cached

CITATION = CATALOG["ravdess-units"].citation
LICENCE = CATALOG["ravdess-units"].licence
#: The table of means; it lies in ``ravdess-tracking/``, beside the archive's files if these are
#: there.
FILE = "film_means.csv"
#: What ``Dataset.source`` says of the two.
STATIC = f"{FILE}: OpenFace's static models"
DYNAMIC = "tracking archive: OpenFace's dynamic models"
_REMEDY = "take the published file again, or leave the row out"


def load(root: str | os.PathLike | None = None, *, on_error: str = "raise") -> Dataset:
    """Read ``ravdess-tracking/film_means.csv``; where there is none, take means of the archive.

    Parameters
    ----------
    root : the data root; see ``config.data_root``.
    on_error : ``"raise"``: the first row or file that is unfit is an error; ``"report"``: it is
        left out and listed in ``rejects``.

    Returns
    -------
    Dataset of the 1,440 speech films with the columns of ``ravdess.load`` and one for each of
    ``openface.UNITS``: 17 intensities (0..5), 18 presences (share of the frames, 0..1). ``path`` is
    the file in which the row stands, ``source`` says which of the two it was.

    Raises
    ------
    DataError : neither of them is there; a table that is empty or lacks a column; (``"raise"``) a
        film twice, a name that does not parse, a value that is no number or out of range.
    """
    rejects = Rejects(on_error)
    folder = config.data_root(root) / "ravdess-tracking"
    found = list(named(folder, FILE))
    if found:
        source = STATIC
        table = _read(found[0], rejects)
    else:
        source = DYNAMIC
        table = _of_archive(folder, rejects)
    return Dataset(
        "ravdess-units",
        table,
        EMOTIONS_WITH_CALM,
        CITATION,
        LICENCE,
        source=source,
        rejects=rejects.table(),
    )


def _read(path: Path, rejects: Rejects) -> pd.DataFrame:
    """The rows of ``film_means.csv`` that can be used, with what their names tell."""
    means = read_csv(path, ("film", *UNITS))
    numbers = means[list(UNITS)].apply(pd.to_numeric, errors="coerce")
    rows = []
    seen = set()
    for k, film in enumerate(means["film"]):
        where = f"{path}, line {k + 2}"
        try:
            row = _named(film, path)
        except DataError as error:
            rejects.add(where, error.what, _REMEDY)
            continue
        fault = _fault(numbers.iloc[k])
        if film in seen:
            fault = f"{film} comes twice"
        if fault:
            rejects.add(where, fault, _REMEDY)
            continue
        seen.add(film)
        rows.append(row | numbers.iloc[k].to_dict())
    if not rows:
        first = rejects.table().iloc[0]
        raise DataError(path, "no row can be used", f"the first: {first['what']}; {_REMEDY}")
    return pd.DataFrame(rows).sort_values("id", ignore_index=True)


def _named(film: object, path: Path) -> dict:
    """What the name of a film tells, in the columns of ``ravdess.load``."""
    row = ravdess.parse(Path(f"{film}.csv"), "audio-visual", "speech")
    if row is None:
        raise DataError(path, f"{film} is no film of speech (01-01-…)", _REMEDY)
    return row | {"path": str(path)}


def _fault(values: pd.Series) -> str:
    """What is wrong with the 35 values of a film; "" if nothing is."""
    for name, value in values.items():
        highest = 1
        if name in AU_INTENSITIES:
            highest = 5
        if not np.isfinite(value):
            return f"{name} is no number"
        if not 0 <= value <= highest:
            return f"{name} is {value:g}, not 0 to {highest}"
    return ""


def _of_archive(folder: Path, rejects: Rejects) -> pd.DataFrame:
    """The same table from the archive's files, a row each."""
    table = recordings.collect(
        folder,
        {".csv"},
        partial(ravdess.parse, modality="audio-visual", kind="speech"),
        rejects,
        missing=f"neither {FILE} nor RAVDESS tracking found",
        remedy="unpack FacialTracking_Actors_01-24.zip",
        fit=means,
    )

    def compute() -> dict[str, np.ndarray]:
        return {"x": np.stack([means(path) for path in table["path"]])}

    x = cached("film-means", UNITS, table["path"], ["x"], compute)["x"]
    units = pd.DataFrame(x, columns=list(UNITS))
    return pd.concat([table, units], axis=1)


def means(path: str | os.PathLike) -> np.ndarray:
    """Each of ``openface.UNITS`` as the mean over those frames of a film in which a face was
    tracked: float64 (35,).

    Raises
    ------
    DataError : as ``openface.read``; no frame with a face and numbers.
    """
    frames = openface.tracked(openface.read(path))
    if frames.empty:
        raise DataError(path, "has no frame with a face", "leave it out")
    return frames[list(UNITS)].mean().to_numpy()
