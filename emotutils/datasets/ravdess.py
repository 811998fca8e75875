"""RAVDESS: 24 actors, eight emotions, two sentences, spoken and sung (Livingstone & Russo 2018;
thesis 4.7).

Taught in notebooks/05_voice_data.
"""

import os
import re
from functools import partial
from pathlib import Path

from .. import config, media
from ..emotions import CODES, EMOTIONS_WITH_CALM
from ..errors import DataError
from . import recordings
from .base import Dataset, Rejects
from .catalog import CATALOG

CITATION = CATALOG["ravdess"].citation
LICENCE = CATALOG["ravdess"].licence
MODALITIES = {1: "audio-visual", 2: "video", 3: "audio"}
KINDS = {1: "speech", 2: "song"}
STATEMENTS = {1: "Kids are talking by the door", 2: "Dogs are sitting by the door"}

# modality, kind, emotion, intensity, statement, repetition, actor
_NAME = re.compile(r"0([123])-0([12])-0([1-8])-0([12])-0([12])-0([12])-(0[1-9]|1\d|2[0-4])")


def split_of(actor: int) -> str:
    """The course's fixed partition: actors 1–16 train, 17–20 validation, 21–24 test."""
    if actor <= 16:
        return "train"
    if actor <= 20:
        return "validation"
    return "test"


def load(
    root: str | os.PathLike | None = None,
    kind: str = "speech",
    *,
    modality: str = "audio",
    on_error: str = "raise",
) -> Dataset:
    """Read the files under ``ravdess/``, in any depth, as ``Actor_NN/03-01-….wav`` (or .flac, or
    .mp4).

    The audio, audio-visual and video files of one performance carry the same ``take``, and the
    first two the same sound; all files of an actor, spoken or sung, are one group. Song clips may
    come cut (the copy that this course was built with has the first 2.389 s of each): never beside
    uncut speech without cutting both, or their length gives the answer away.

    Parameters
    ----------
    root : the data root; see ``config.data_root``.
    kind : ``"speech"`` (1,440 takes) or ``"song"`` (1,012; actor 18 sang none).
    modality : ``"audio"`` (03-….wav), ``"audio-visual"`` (01-….mp4) or ``"video"`` (02-….mp4, which
        has no sound).
    on_error : ``"raise"`` looks at names now and at sound when it is read; ``"report"`` decodes all
        sound now, leaves out what is unfit and lists it in ``rejects``.

    Returns
    -------
    Dataset with columns ``path``, ``modality``, ``kind``, ``intensity``, ``statement``,
    ``repetition``, ``actor``, ``sex``, ``take`` (the last six parts of the name) and ``corpus``;
    ``group`` is the actor, ``split`` the fixed partition of ``split_of``.

    Raises
    ------
    DataError : an unknown kind or modality, no such files there, or (``"raise"``) a name that does
        not parse.
    """
    if kind not in KINDS.values() or modality not in MODALITIES.values():
        known = f"{' or '.join(KINDS.values())}, as {' or '.join(MODALITIES.values())}"
        raise DataError("ravdess", f"there is no {kind} as {modality}", f"choose {known}")
    rejects = Rejects(on_error)
    audio = modality == "audio"
    archive = (
        f"Audio_{kind.title()}_Actors_01-24.zip"
        if audio
        else f"Video_{kind.title()}_Actor_01.zip … _24.zip"
    )
    table = recordings.collect(
        config.data_root(root) / "ravdess",
        recordings.SUFFIXES if audio else {".mp4"},
        partial(parse, kind=kind, modality=modality),
        rejects,
        missing=f"RAVDESS {kind} not found",
        remedy=f"unpack {archive}",
        fit=media.probe if modality == "video" else recordings.check,
    )
    return Dataset(
        "ravdess" if kind == "speech" else "ravdess-song",
        table,
        EMOTIONS_WITH_CALM,
        CITATION,
        LICENCE,
        read_voices=None if modality == "video" else recordings.load_voices,
        rejects=rejects.table(),
    )


def parse(path: Path, modality: str, kind: str | None = None) -> dict | None:
    """The row that a file name tells; None if it is of another modality or (where one is given)
    another kind.

    Parameters
    ----------
    path : of a recording or film; it need not be there.
    modality, kind : what is wanted, as in ``MODALITIES`` and ``KINDS``.

    Raises
    ------
    DataError : the name does not parse.
    """
    match = _NAME.fullmatch(path.stem)
    if match is None:
        raise DataError(
            path,
            "not a RAVDESS file name (seven two-digit parts, such as 03-01-05-01-02-01-12)",
            recordings.REMEDY,
        )
    *codes, intensity, statement, repetition, actor = map(int, match.groups())
    row = {
        "id": path.stem,
        "path": str(path),
        "label": CODES["ravdess"][codes[2]],
        "y": EMOTIONS_WITH_CALM.index(CODES["ravdess"][codes[2]]),
        "group": f"ravdess-{actor:02d}",
        "split": split_of(actor),
        "modality": MODALITIES[codes[0]],
        "kind": KINDS[codes[1]],
        "actor": actor,
        "sex": "male" if actor % 2 else "female",
        "intensity": "normal" if intensity == 1 else "strong",
        "statement": statement,
        "repetition": repetition,
        "take": path.stem[3:],
        "corpus": "ravdess",
    }
    if row["modality"] != modality or kind not in (None, row["kind"]):
        return None
    return row
