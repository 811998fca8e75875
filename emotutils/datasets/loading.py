"""Data sets by name: the course's own, their samples, several as one, and those registered from
outside.

Taught in notebooks/03_face_data.
"""

import os
import re
from collections.abc import Callable
from functools import partial

import pandas as pd

from ..emotions import EMOTIONS_WITH_CALM
from ..errors import DataError
from ..support.plugins import announced
from . import affwild2, fer2013, ravdess, ravdess_tracking, recordings, tess
from .base import Dataset, checked

_READERS = {
    "fer2013": fer2013.load,
    "affwild2": affwild2.load,
    "ravdess": ravdess.load,
    "ravdess-song": partial(ravdess.load, kind="song"),
    "tess": tess.load,
    "ravdess-tracking": ravdess_tracking.load,
}
NAMES = (*_READERS, "ravdess+tess", "ravdess+ravdess-song+tess")
#: Those of which a synthetic set comes with the course.
SAMPLES = ("fer2013", "affwild2", "ravdess", "tess", "ravdess-tracking", "ravdess+tess")
_ADDED: dict[str, Callable[..., Dataset]] = {}


def register(name: str, reader: Callable[..., Dataset]) -> None:
    """Make ``reader(root, *, on_error="raise") -> Dataset`` known under ``name``, to ``load`` and
    the command line.

    ``root`` is the data root or None (``config.data_root(root)`` is the folder); ``on_error`` as in
    ``load``, see ``Rejects``. A package can also announce a reader by the entry-point group
    ``emotutils.datasets``.

    Raises
    ------
    DataError : a name of the course's own sets, or one that says something else here (``sample-…``,
        ``paired-…``, +).
    """
    if name in NAMES or not re.fullmatch(r"(?!sample-|paired-)[\w.-]+", name):
        raise DataError(
            f"data set {name!r}",
            "taken, or no name",
            "letters, digits, dots, dashes, not sample- or paired- in front",
        )
    _ADDED[name] = reader


def _added() -> dict[str, Callable[..., Dataset]]:
    for name, reader in announced("datasets", {*NAMES, *_ADDED}):
        register(name, reader)
    return _ADDED


def from_outside(name: str) -> bool:
    """Whether a set of this name, or one of two that stand in it side by side, is none of the
    course's own.
    """
    return any(part in _ADDED for part in name.removeprefix("paired-").split("+"))


def load(name: str, root: str | os.PathLike | None = None, *, on_error: str = "raise") -> Dataset:
    """Read a set by name, from ``root`` or the data root (``sample-…``: from the bundled samples).

    Parameters
    ----------
    on_error : ``"raise"``: the first thing that cannot be used is an error. ``"report"``: it is
        left out, and ``rejects`` says why.

    Raises
    ------
    DataError : an unknown name, a set that is not where it should be, or (``"raise"``) something in
        it is wrong; a registered reader whose set lacks something.
    """
    plain = name.removeprefix("sample-")
    if plain not in (NAMES if plain == name else SAMPLES):
        if name in _added():
            return checked(_ADDED[name](root, on_error=on_error))
        known = ", ".join([*NAMES, *_ADDED])
        raise DataError(
            f"data set {name!r}",
            "is unknown",
            f"known are {known}, and sample-{', sample-'.join(SAMPLES)}",
        )
    if plain != name:
        from .. import samples  # draws faces and voices: not needed by those who read real ones

        root = samples.ensure()
    sets = [_READERS[part](root, on_error=on_error) for part in plain.split("+")]
    return sets[0] if len(sets) == 1 else merge(*sets)


def merge(first: Dataset, *others: Dataset) -> Dataset:
    """Recordings of several sets as one, with eight labels and the set's name in ``corpus``.

    The first set keeps its split. Whoever is heard in it stays where he or she is in the others
    (RAVDESS's songs), and all other speakers are training material: a score stays on speakers that
    were never trained on.
    """
    splits = dict(zip(first.table["group"], first.table["split"], strict=True))
    tables = [
        first.table,
        *(o.table.assign(split=o.table["group"].map(splits).fillna("train")) for o in others),
    ]
    table = pd.concat(tables, ignore_index=True)
    table["y"] = [EMOTIONS_WITH_CALM.index(n) for n in table["label"]]
    sets = (first, *others)
    return Dataset(
        "+".join(s.name for s in sets),
        table,
        EMOTIONS_WITH_CALM,
        "; ".join(dict.fromkeys(s.citation for s in sets)),
        "; ".join(dict.fromkeys(s.licence for s in sets)),
        read_voices=recordings.load_voices,
        rejects=pd.concat([s.rejects for s in sets], ignore_index=True),
    )
