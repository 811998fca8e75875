"""The files of a corpus: each found once, known by its name, and read strictly.

A film that somebody wants analysed is mended in silence (``media.load_sound`` puts zeros where
samples are missing); a corpus that is learned from must not hold such a recording. Taught in
notebooks/05_voice_data.
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from .. import media
from ..errors import DataError, LocatedError, MediaError
from .base import Rejects
from .listing import files_in

SUFFIXES = {".wav", ".flac"}
REMEDY = "fetch the set again, or take the file away"

_UNKNOWN = (
    0xFFFFFFFF  # the size in a wav whose writer could not go back to its head, such as a pipe
)


def read(path: str | os.PathLike, sr: int = 16000) -> np.ndarray:
    """One recording, or the sound of one film, as float32 (samples,) in −1..1, mono, at ``sr`` Hz.

    Anything that ``media.load_sound`` reads (8 to 64 bits, any rate, any number of channels), if it
    is whole.

    Raises
    ------
    DataError : as ``check``.
    """
    check(path)
    return media.load_sound(path, sr)


def load_voices(table: pd.DataFrame, sr: int) -> list[np.ndarray]:
    """The sound of each row's ``path``, as ``read`` gives it."""
    return [read(path, sr) for path in table["path"]]


def check(path: str | os.PathLike) -> None:
    """Decode a recording and refuse what is unfit to be learned from.

    Raises
    ------
    DataError : missing, empty, not a sound, shorter than its head says, damaged, without samples,
        silent from end to end, or with samples that are not numbers (NaN, infinite).
    """
    path = Path(path)
    try:
        x, faults = soundfile.read(path, dtype="float32")[0], []
    except (
        soundfile.LibsndfileError
    ) as error:  # a film, or something wrong: FFmpeg has words for most of it
        x, faults = _by_ffmpeg(path)
        if path.suffix.lower() in SUFFIXES:
            faults.append(f"cannot be decoded whole ({error.error_string.strip(' .')})")
    if _is_cut(path):
        faults.append("is cut off, shorter than its head says")
    if not x.size:
        faults.append("holds no samples")
    elif not np.isfinite(x).all():
        faults.append("holds samples that are not numbers (NaN or infinite)")
    elif not x.any():
        faults.append("is silent from end to end")
    if faults:
        raise DataError(path, faults[0], REMEDY)


def _by_ffmpeg(path: Path) -> tuple[np.ndarray, list[str]]:
    """The samples, and what FFmpeg warned of."""
    warnings: list[str] = []
    try:
        x = np.concatenate(
            [np.empty(0, np.float32), *media.sound_blocks(path, warn=warnings.append)]
        )
    except MediaError as error:
        raise DataError(path, error.what, REMEDY) from None
    return x, [f"cannot be decoded whole ({warning})" for warning in warnings]


def _is_cut(path: Path) -> bool:
    """Whether a wav is shorter than its head says: libsndfile reads what there is of it without a
    word.
    """
    with path.open("rb") as file:
        head = file.read(8)
    size = int.from_bytes(head[4:], "little")
    # The pad byte after an odd number of bytes is often counted and not written, which harms
    # nothing.
    return head[:4] == b"RIFF" and size != _UNKNOWN and 8 + size > path.stat().st_size + 1


def collect(
    folder: Path,
    suffixes: set[str],
    parse: Callable[[Path], dict | None],
    rejects: Rejects,
    missing: str,
    remedy: str,
    fit: Callable[[Path], object] = check,
) -> pd.DataFrame:
    """The table of a set: one row for each file, in the order of the names.

    Published copies hold some sets twice, the second one folder deeper. A file name counts once:
    the copy nearest to ``folder`` (then the first in the alphabet), unless that one is refused and
    another is not.

    Parameters
    ----------
    folder : searched in any depth; hidden files are left alone.
    suffixes : the endings that the set's files may have, in small letters.
    parse : from a path to its row; None where the file belongs to another part of the set.
    rejects : takes what is refused. Where it collects, ``fit`` looks into every file; where it
        raises, only names are looked at, and the content when it is read.
    missing : what is missing if there is no file at all.
    remedy : what to unpack then.
    fit, parse : raise a DataError or MediaError for a file, or a name, that cannot be used.

    Raises
    ------
    DataError : no file, or none that can be used; what ``rejects`` raises.
    """
    rows, seen = [], set()
    for path in sorted(files_in(folder), key=lambda p: (p.name, len(p.parts), p)):
        whole = Path(path.name.removesuffix(".part"))
        if whole.suffix.lower() not in suffixes or whole.stem in seen:
            continue
        if path.suffix == ".part":
            rejects.add(path, "was left by a copy that broke off", REMEDY)
            continue
        try:
            row = parse(path)
            if row and rejects.on_error == "report":
                fit(path)
        except LocatedError as error:
            rejects.refuse(error)
            continue
        if row:
            seen.add(path.stem)
            rows.append(row)
    refused = rejects.table()
    if not rows and len(refused):
        first = refused.iloc[0]
        raise DataError(
            folder,
            "no file in it can be used",
            f"the first, {first['where']}: {first['what']}; {first['remedy']}",
        )
    if not rows:
        raise DataError(
            folder, missing, f"{remedy} there, or name the folder's parent in EMOTUTILS_DATA"
        )
    return pd.DataFrame(rows)
