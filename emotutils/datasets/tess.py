"""TESS: two women say "Say the word …" with seven emotions (Pichora-Fuller & Dupuis 2020; thesis
4.7).

Taught in notebooks/05_voice_data.
"""

import os
from pathlib import Path

from .. import config
from ..emotions import CODES, EMOTIONS
from ..errors import DataError
from . import recordings
from .base import Dataset, Rejects
from .catalog import CATALOG

CITATION = CATALOG["tess"].citation
LICENCE = CATALOG["tess"].licence
# "OA" is the published spelling of one file, OA_bite_neutral.
SPEAKERS = {"OAF": "older", "OA": "older", "YAF": "younger"}


def load(root: str | os.PathLike | None = None, *, on_error: str = "raise") -> Dataset:
    """Read the recordings under ``tess/``, in any depth, as ``OAF_angry/OAF_back_angry.wav`` (or
    .flac).

    The file name alone tells a recording, because published folders are named in many ways
    (``OAF_Pleasant_surprise``, ``YAF_pleasant_surprised``), and some copies hold the whole set
    twice: each file name counts once.

    Parameters
    ----------
    root : the data root; see ``config.data_root``.
    on_error : ``"raise"`` looks at names now and at sound when it is read; ``"report"`` decodes all
        sound now, leaves out what is unfit and lists it in ``rejects``.

    Returns
    -------
    Dataset with columns ``path``, ``speaker``, ``word``, ``kind`` (speech), ``corpus``; ``group``
    is the speaker. There are only two: the older woman is ``train`` and the younger ``test``,
    because a random split measures memory of a voice.

    Raises
    ------
    DataError : no recordings there, or (``"raise"``) a file name that does not parse.
    """
    rejects = Rejects(on_error)
    folder = config.data_root(root) / "tess"
    table = recordings.collect(
        folder,
        recordings.SUFFIXES,
        _parse,
        rejects,
        missing="TESS not found",
        remedy="unpack its 14 folders (OAF_angry …)",
    )
    return Dataset(
        "tess",
        table,
        EMOTIONS,
        CITATION,
        LICENCE,
        read_voices=recordings.load_voices,
        rejects=rejects.table(),
    )


def _parse(path: Path) -> dict:
    try:
        speaker, word, emotion = path.stem.split("_")
        age = SPEAKERS[speaker]
        label = CODES["tess"][emotion.lower()]
    except (ValueError, KeyError):
        raise DataError(
            path,
            "not a TESS file name (speaker_word_emotion, such as OAF_back_angry)",
            recordings.REMEDY,
        ) from None
    return {
        "id": path.stem,
        "path": str(path),
        "label": label,
        "y": EMOTIONS.index(label),
        "group": f"tess-{age}",
        "split": "train" if age == "older" else "test",
        "speaker": age,
        "word": word,
        "kind": "speech",
        "corpus": "tess",
    }
