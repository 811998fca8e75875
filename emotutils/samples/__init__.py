"""The sample sets: drawn faces and synthetic voices, so that everything runs before real data is
there.

They lie in the layouts in which FER2013, RAVDESS, TESS and Aff-Wild2 are published, and the same
readers read them. **Synthetic**: a score on them shows that code works, not how well. Used by the
notebooks in the ``sample`` profile.
"""

import os
from pathlib import Path

import pandas as pd

from .. import config
from ..errors import DataError
from ..support.files import clear, temporary_folder
from .sets import make

#: Changes whenever the sets do, so that an old cache is not taken for the new one.
VERSION = "sample-v4"


def ensure(root: str | os.PathLike | None = None) -> Path:
    """The folder that holds the sample sets; they are made (some seconds) when they are not there.

    They are drawn and spoken by ``samples.sets``. Used in notebooks/13_fusion.

    Parameters
    ----------
    root : where to keep them; the user's cache by default.

    Returns
    -------
    A path for ``datasets.fer2013.load(root)`` and the other readers. It is there whole or not at
    all.

    Raises
    ------
    DataError : they could not be made, with the reason.
    """
    parent = Path(root) if root is not None else config.cache_root()
    folder = parent / VERSION
    clear(parent)
    if folder.is_dir():
        return folder
    try:
        with temporary_folder(parent) as temporary:
            building = temporary / VERSION
            building.mkdir()
            make(building)
            building.rename(folder)
    except Exception as error:  # drawing, speaking and writing: anything may go wrong
        if folder.is_dir():  # somebody else made the same sets meanwhile
            return folder
        raise DataError(
            parent,
            f"the sample sets could not be made ({error})",
            "see that there is room and that the folder can be written, or name another one in "
            "EMOTUTILS_CACHE",
        ) from error
    return folder


def sentences() -> pd.DataFrame:
    """Short English sentences, written for this course before any network had read them.

    Twenty for each of the seven labels, by one author and plainly meant: an answer to them shows
    how a network reads, never how well. Used in notebooks/15_words.

    Returns
    -------
    140 rows: ``part`` (``train``, 98, or ``test``, 42), ``label``, ``text``.

    Examples
    --------
    >>> written = sentences()
    >>> written["part"].value_counts().to_dict()
    {'train': 98, 'test': 42}
    """
    return pd.read_csv(config.shipped_root() / "sample" / "sentences.csv")


def named(timeline: pd.DataFrame) -> dict[str, list[str]]:
    """Which of the seven emotions acted in the bundled film each stream names, most of the time
    they are acted.

    Parameters
    ----------
    timeline : of ``analyze(demo.mp4)``; the truth is ``demo.csv``, which lies beside the film.

    Returns
    -------
    ``{"face": [...], "voice": [...]}``, and ``"words"`` where there is such a lane: of the
    stretches in which face and voice act the same, and the words say it too, those named rightly.
    """
    script = pd.read_csv(config.shipped_root() / "sample" / "demo.csv").fillna("")
    out: dict[str, list[str]] = {}
    for stream in ("face", "voice", "words"):
        if f"{stream}_label" in timeline:
            out[stream] = []
    for row in script[script["face"] == script["voice"]].itertuples():
        inside = timeline[(timeline["t"] >= row.t0) & (timeline["t"] < row.t1)]
        for stream, right in out.items():
            if (inside[f"{stream}_label"].mode() == row.face).any():
                right.append(row.face)
    return out
