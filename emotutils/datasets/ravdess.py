"""RAVDESS: 24 actors, eight emotions, two sentences (Livingstone & Russo 2018; thesis 4.7).

Taught in notebooks/05_voice_data.
"""

import os
from pathlib import Path

import pandas as pd

from .. import config
from ..emotions import CODES, EMOTIONS_WITH_CALM
from ..errors import DataError
from ..media import load_sound
from .base import Dataset

CITATION = "Livingstone & Russo (2018), The Ryerson Audio-Visual Database of Emotional Speech and Song, PLoS ONE 13(5)"
LICENCE = "CC BY-NC-SA 4.0"
CHANNELS = {1: "speech", 2: "song"}
PARTS = ("modality", "channel", "emotion", "intensity", "statement", "repetition", "actor")


def split_of(actor: int) -> str:
    """The course's fixed partition: actors 1–16 train, 17–20 validation, 21–24 test."""
    return "train" if actor <= 16 else "validation" if actor <= 20 else "test"


def load(root: str | os.PathLike | None = None, kind: str = "speech") -> Dataset:
    """Read the recordings under ``ravdess/``, in any depth, as ``Actor_NN/03-01-….wav`` (or .flac).

    Parameters
    ----------
    root : the data root; see ``config.data_root``.
    kind : ``"speech"`` or ``"song"``.

    Returns
    -------
    Dataset with columns ``path``, ``actor``, ``sex``, ``intensity``, ``statement``, ``repetition``, ``corpus``;
    ``group`` is the actor, ``split`` the fixed partition of ``split_of``.

    Raises
    ------
    DataError : no recordings there, or a file name that does not parse.
    """
    if kind not in CHANNELS.values():
        raise DataError(f"RAVDESS has no kind {kind!r}: choose speech or song")
    folder = config.data_root(root) / "ravdess"
    files = sorted((p for p in folder.rglob("03-*") if p.suffix in {".wav", ".flac"}), key=lambda p: p.name)
    rows = [row for row in map(_parse, files) if row["kind"] == kind]
    if not rows:
        raise DataError(
            f"RAVDESS {kind} not found under {folder}: unpack Audio_{kind.title()}_Actors_01-24.zip there, "
            "or name the folder's parent in EMOTUTILS_DATA"
        )
    table = pd.DataFrame(rows)
    table["y"] = [EMOTIONS_WITH_CALM.index(n) for n in table["label"]]
    return Dataset("ravdess", table, EMOTIONS_WITH_CALM, CITATION, LICENCE, _voices=load_voices)


def load_voices(table: pd.DataFrame, sr: int) -> list:
    """The sound of each row's ``path``: float32 (samples,) at ``sr`` Hz."""
    return [load_sound(p, sr) for p in table["path"]]


def _parse(path: Path) -> dict:
    parts = path.stem.split("-")
    try:
        code = dict(zip(PARTS, map(int, parts), strict=True))
        label, kind = CODES["ravdess"][code["emotion"]], CHANNELS[code["channel"]]
        if not 1 <= code["actor"] <= 24:
            raise KeyError(code["actor"])
    except (ValueError, KeyError):
        raise DataError(
            f"{path}: not a RAVDESS file name (seven two-digit parts, such as 03-01-05-01-02-01-12)"
        ) from None
    actor = code["actor"]
    return {
        "id": path.stem,
        "path": str(path),
        "label": label,
        "group": f"ravdess-{actor:02d}",
        "split": split_of(actor),
        "kind": kind,
        "actor": actor,
        "sex": "male" if actor % 2 else "female",
        "intensity": "normal" if code["intensity"] == 1 else "strong",
        "statement": code["statement"],
        "repetition": code["repetition"],
        "corpus": "ravdess",
    }
