"""Data sets by name: the course's own, their samples, several as one, and those registered from
outside.

Taught in notebooks/03_face_data.
"""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pandas as pd

from ..emotions import EMOTIONS_WITH_CALM
from ..errors import DataError
from ..support.plugins import add_announced, check_usable
from . import (
    affwild2,
    ckplus,
    crema_d,
    emodb,
    fer2013,
    goemotions,
    meld,
    ravdess,
    ravdess_tracking,
    ravdess_units,
    recordings,
    tess,
)
from .base import Dataset, checked
from .names import parse

_READERS = {
    "fer2013": fer2013.load,
    "affwild2": affwild2.load,
    "ravdess": ravdess.load,
    "ravdess-song": partial(ravdess.load, kind="song"),
    "tess": tess.load,
    "ravdess-tracking": ravdess_tracking.load,
    "ravdess-units": ravdess_units.load,
    "emodb": emodb.load,
    "ckplus": ckplus.load,
    "crema-d": crema_d.load,
    "goemotions": goemotions.load,
    "meld": meld.load,
    "meld-context": meld.load_with_context,
}
NAMES = (*_READERS, "ravdess+tess", "ravdess+ravdess-song+tess")
#: Those of which a synthetic set comes with the course.
SAMPLES = (
    "fer2013",
    "affwild2",
    "ravdess",
    "tess",
    "ravdess-tracking",
    "ravdess-units",
    "ravdess+tess",
)
_ADDED: dict[str, Callable[..., Dataset]] = {}


def register(name: str, reader: Callable[..., Dataset]) -> None:
    """Make a reader known under ``name``, to ``load`` and the command line.

    A package can also announce a reader by the entry-point group ``emotutils.datasets``.

    Parameters
    ----------
    name : letters, digits, dots and dashes.
    reader : ``reader(root, *, on_error="raise") -> Dataset``. ``root`` is the data root or None
        (``config.data_root(root)`` is the folder); ``on_error`` as in ``load``, see ``Rejects``.

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
    add_announced("datasets", {*NAMES, *_ADDED}, register)
    return _ADDED


def names_from_outside() -> list[str]:
    """The sets that other packages announce, or that were registered, by name."""
    return sorted(_added())


def from_outside(name: str) -> bool:
    """Whether a set of this name, or one of two that stand in it side by side, is none of the
    course's own.
    """
    own = {*_READERS, "ravdess-films"}
    return not own.issuperset(parse(name).sets)


def load(
    data: str | Dataset, root: str | os.PathLike | None = None, *, on_error: str = "raise"
) -> Dataset:
    """Read a set by its name.

    Parameters
    ----------
    data : a name of ``NAMES``; ``sample-`` and a name of ``SAMPLES``; one that was registered. A
        Dataset is handed back as it is, so that whoever takes a name takes a set as well.
    root : the data root, see ``config.data_root``; samples come from the bundled ones.
    on_error : ``"raise"``: the first thing that cannot be used is an error. ``"report"``: it is
        left out, and ``rejects`` says why.

    Returns
    -------
    Dataset, with a row of ``table`` for each picture, recording or text.

    Raises
    ------
    DataError : an unknown name, a set that is not where it should be, or (``"raise"``) something in
        it is wrong; a registered reader whose set lacks something.

    Examples
    --------
    >>> faces = load("sample-fer2013")
    >>> len(faces), faces.modality
    (630, 'face')
    >>> faces.faces([0, 1]).shape
    (2, 48, 48, 1)
    >>> load(faces) is faces
    True
    """
    if isinstance(data, Dataset):
        return data
    if data in NAMES:
        return _read(data, root, on_error)
    plain = "+".join(parse(data).sets)
    if plain in SAMPLES and data == f"sample-{plain}":
        from .. import samples  # draws faces and voices: not needed by those who read real ones

        # Under its full name: what was learned from drawn faces shall say so.
        return replace(_read(plain, samples.ensure(), on_error), name=data)
    if data in _added():
        return checked(_ADDED[data](root, on_error=on_error))
    check_usable("datasets", data)
    known = ", ".join([*NAMES, *_ADDED])
    raise DataError(
        f"data set {data!r}",
        "is unknown",
        f"known are {known}, and sample-{', sample-'.join(SAMPLES)}",
    )


def _read(name: str, root: str | os.PathLike | None, on_error: str) -> Dataset:
    sets = [_READERS[part](root, on_error=on_error) for part in parse(name).parts]
    if len(sets) == 1:
        return sets[0]
    return merge(*sets)


def merge(first: Dataset, *others: Dataset) -> Dataset:
    """Recordings of several sets as one, with eight labels and the set's name in ``corpus``.

    The first set keeps its split. Whoever speaks in it stays where he or she is in the others
    (RAVDESS's songs), and all other speakers are training material: a score stays on speakers that
    were never trained on.
    """
    part_of = dict(zip(first.table["group"], first.table["split"], strict=True))
    tables = [first.table]
    for other in others:
        split = other.table["group"].map(part_of).fillna("train")
        tables.append(other.table.assign(split=split))
    table = pd.concat(tables, ignore_index=True)
    table["y"] = [EMOTIONS_WITH_CALM.index(label) for label in table["label"]]
    sets = (first, *others)
    return Dataset(
        name="+".join(one.name for one in sets),
        table=table,
        labels=EMOTIONS_WITH_CALM,
        citation="; ".join(dict.fromkeys(one.citation for one in sets)),
        licence="; ".join(dict.fromkeys(one.licence for one in sets)),
        read_voices=recordings.load_voices,
        rejects=pd.concat([one.rejects for one in sets], ignore_index=True),
    )
