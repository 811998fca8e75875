"""EMO-DB: ten people speak ten German sentences with seven emotions (Burkhardt et al. 2005).

A set to be tested on: another language than the networks learned from. Boredom is left out, and
surprise is not in it.
"""

import os
import re
from pathlib import Path

from .. import config
from ..emotions import CODES, EMOTIONS
from ..errors import DataError
from . import recordings
from .base import Dataset, Rejects
from .catalog import CATALOG

CITATION = CATALOG["emodb"].citation
LICENCE = CATALOG["emodb"].licence
LABELS = tuple(label for label in EMOTIONS if label != "surprise")
BOREDOM = "L"

# speaker, sentence, emotion, version
_NAME = re.compile(r"(\d\d)([ab]\d\d)([A-Z])([a-z])")


def load(root: str | os.PathLike | None = None, *, on_error: str = "raise") -> Dataset:
    """Read the recordings under ``emodb/``, in any depth, as ``03a01Fa.wav`` (or .flac).

    Parameters
    ----------
    root : the data root; see ``config.data_root``.
    on_error : ``"raise"`` looks at names now and at sound when it is read; ``"report"`` decodes all
        sound now, leaves out what is unfit and lists it in ``rejects``.

    Returns
    -------
    Dataset with columns ``path``, ``speaker`` (03, 08 … 16), ``sentence`` (a01 …), ``version``,
    ``kind`` (speech) and ``corpus``; ``group`` is the speaker. All rows are ``test``; who wants to
    learn from them takes folds by speaker (``folds-5``).

    Raises
    ------
    DataError : no recordings there, or (``"raise"``) a file name that does not parse.
    """
    rejects = Rejects(on_error)
    table = recordings.collect(
        config.data_root(root) / "emodb",
        recordings.SUFFIXES,
        _parse,
        rejects,
        missing="EMO-DB not found",
        remedy="unpack its folder wav (03a01Fa.wav …)",
    )
    return Dataset(
        "emodb",
        table,
        LABELS,
        CITATION,
        LICENCE,
        read_voices=recordings.load_voices,
        rejects=rejects.table(),
    )


def _parse(path: Path) -> dict | None:
    match = _NAME.fullmatch(path.stem)
    if match is None or match[3] not in (BOREDOM, *CODES["emodb"]):
        raise DataError(
            path,
            "not an EMO-DB file name (speaker, sentence, emotion, version, such as 03a01Fa)",
            recordings.REMEDY,
        )
    speaker, sentence, emotion, version = match.groups()
    if emotion == BOREDOM:
        return None
    label = CODES["emodb"][emotion]
    return {
        "id": path.stem,
        "path": str(path),
        "label": label,
        "y": LABELS.index(label),
        "group": f"emodb-{speaker}",
        "split": "test",
        "speaker": speaker,
        "sentence": sentence,
        "version": version,
        "kind": "speech",
        "corpus": "emodb",
    }
