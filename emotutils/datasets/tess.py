"""TESS: two women say "Say the word …" with seven emotions (Pichora-Fuller & Dupuis 2020; thesis 4.7).

Taught in notebooks/05_voice_data.
"""

import os
from pathlib import Path

import pandas as pd

from .. import config
from ..emotions import CODES, EMOTIONS
from ..errors import DataError
from .base import Dataset
from .ravdess import load_voices

CITATION = "Pichora-Fuller & Dupuis (2020), Toronto emotional speech set (TESS), doi:10.5683/SP2/E8H2MF"
LICENCE = "CC BY-NC-ND 4.0"
# "OA" is the published spelling of one file, OA_bite_neutral.
SPEAKERS = {"OAF": "older", "OA": "older", "YAF": "younger"}


def load(root: str | os.PathLike | None = None) -> Dataset:
    """Read the recordings under ``tess/``, in any depth, as ``OAF_angry/OAF_back_angry.wav`` (or .flac).

    Returns
    -------
    Dataset with columns ``path``, ``speaker``, ``word``, ``corpus``; ``group`` is the speaker. There are only two:
    the older woman is ``train`` and the younger ``test``, because a random split measures memory of a voice.

    Raises
    ------
    DataError : no recordings there, or a file name that does not parse.
    """
    folder = config.data_root(root) / "tess"
    files = sorted((p for p in folder.rglob("*_*_*") if p.suffix in {".wav", ".flac"}), key=lambda p: p.name)
    if not files:
        raise DataError(
            f"TESS not found under {folder}: unpack its 14 folders (OAF_angry …) there, "
            "or name the folder's parent in EMOTUTILS_DATA"
        )
    table = pd.DataFrame(map(_parse, files))
    table["y"] = [EMOTIONS.index(n) for n in table["label"]]
    return Dataset("tess", table, EMOTIONS, CITATION, LICENCE, _voices=load_voices)


def _parse(path: Path) -> dict:
    try:
        speaker, word, emotion = path.stem.split("_")
        age, label = SPEAKERS[speaker], CODES["tess"][emotion.lower()]
    except (ValueError, KeyError):
        raise DataError(f"{path}: not a TESS file name (speaker_word_emotion, such as OAF_back_angry)") from None
    return {
        "id": path.stem,
        "path": str(path),
        "label": label,
        "group": f"tess-{age}",
        "split": "train" if age == "older" else "test",
        "speaker": age,
        "word": word,
        "corpus": "tess",
    }
