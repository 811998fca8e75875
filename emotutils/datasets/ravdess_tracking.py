"""RAVDESS Facial Landmark Tracking: OpenFace 2.1 in each of RAVDESS's 2,452 films (Swanson et al.
2019).

With RAVDESS speech (215 MB) it is a real set of paired faces and voices for everybody: 417 MB in
place of 25 GB of films. Taught in notebooks/04_film_data.
"""

import os
from pathlib import Path

import pandas as pd

from .. import config
from ..emotions import EMOTIONS_WITH_CALM
from ..errors import DataError
from . import openface, ravdess, recordings
from .base import Dataset, Rejects
from .catalog import CATALOG

CITATION = CATALOG["ravdess-tracking"].citation
LICENCE = CATALOG["ravdess-tracking"].licence


def load(root: str | os.PathLike | None = None, *, on_error: str = "raise") -> Dataset:
    """Read the names of the files under ``ravdess-tracking/``, in any depth, as
    ``01-01-01-01-01-01-01.csv``.

    A file has the name of its film; the last six parts (``take``) are those of the recording 03-…:
    see ``pair``. Its 712 columns are all that OpenFace 2.1 writes, but for ``face_id`` and
    ``success``.

    Parameters
    ----------
    root : the data root; see ``config.data_root``.
    on_error : ``"raise"`` looks at names now and into files when they are read; ``"report"`` reads
        them all now (about a minute), leaves out what is unfit and lists it in ``rejects``.

    Returns
    -------
    Dataset with the columns of ``ravdess.load``, speech (1,440 rows) and song (1,012; actor 18 sang
    none). What ``path`` holds is read by ``features``; there are neither faces nor voices.

    Raises
    ------
    DataError : no such files there, or (``"raise"``) a name that does not parse.
    """
    rejects = Rejects(on_error)
    folder = config.data_root(root) / "ravdess-tracking"
    table = recordings.collect(
        folder,
        {".csv"},
        _parse,
        rejects,
        missing="RAVDESS tracking not found",
        remedy="unpack FacialTracking_Actors_01-24.zip",
        fit=features,
    )
    return Dataset(
        "ravdess-tracking", table, EMOTIONS_WITH_CALM, CITATION, LICENCE, rejects=rejects.table()
    )


def _parse(path: Path) -> dict | None:
    """The row of one film; None for the table of means (``ravdess_units``) beside the films."""
    if path.name == "film_means.csv":
        return None
    return ravdess.parse(path, modality="audio-visual")


def features(path: str | os.PathLike) -> pd.DataFrame:
    """How one face moved: 17 intensities and 18 presences of action units, the head's pose (6) and
    the gaze (8).

    Returns
    -------
    One row a frame, about 30 a second: ``t`` (s), ``confidence`` (0..1), then the columns of
    ``openface.AU_INTENSITIES``, ``AU_PRESENCES``, ``POSE`` and ``GAZE``.

    Raises
    ------
    DataError : as ``openface.read``.
    """
    columns = (*openface.AU_INTENSITIES, *openface.AU_PRESENCES, *openface.POSE, *openface.GAZE)
    table = openface.read(path, columns)
    return table[["timestamp", "confidence", *columns]].rename(columns={"timestamp": "t"})


def pair(tracking: Dataset, recorded: Dataset, *, rejects: Rejects | None = None) -> pd.DataFrame:
    """The performances that are in both sets, a row each: what the face did beside what the voice
    did.

    Parameters
    ----------
    tracking : of ``load`` here or in ``ravdess_units``.
    recorded : of ``ravdess.load``, speech or song; films of the other kind are left aside.
    rejects : gets the films that have no recording; without it the first one is an error.

    Returns
    -------
    The table of ``tracking`` with ``id`` and ``path`` as ``id_face`` and ``path_face``, and those
    of the recording as ``id_voice`` and ``path_voice``. ``group`` and ``split`` serve both.
    Recordings without a film are not in it.

    Raises
    ------
    DataError : no film of that kind; without ``rejects``, a film that has no recording.
    """
    rejects = rejects or Rejects()
    kinds = recorded.table["kind"].unique()
    films = tracking.table[tracking.table["kind"].isin(kinds)]
    if films.empty:
        raise DataError(
            tracking.name, f"has no film of {' or '.join(kinds)}", "take the other kind"
        )
    is_alone = ~films["take"].isin(recorded.table["take"])
    for film in films["id"][is_alone]:
        where = f"{tracking.name}, {film}"
        rejects.add(where, f"has no recording in {recorded.name}", f"take {recorded.name} whole")
    voices = recorded.table[["take", "id", "path"]]
    return films.merge(voices, on="take", suffixes=("_face", "_voice"), validate="one_to_one")
