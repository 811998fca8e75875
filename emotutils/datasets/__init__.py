"""The data sets of the course, each read in the layout in which it is published.

``load("fer2013")``, ``load("ravdess")``, ``load("tess")``, ``load("ravdess+tess")`` (the thesis's merger), each also
with ``sample-`` in front for the small synthetic set of the same layout.
"""

import os

import pandas as pd

from ..emotions import EMOTIONS_WITH_CALM
from ..errors import DataError
from . import fer2013, ravdess, tess
from .base import Dataset

__all__ = ["NAMES", "Dataset", "fer2013", "load", "merge", "ravdess", "tess"]

_READERS = {"fer2013": fer2013.load, "ravdess": ravdess.load, "tess": tess.load}
NAMES = (*_READERS, "ravdess+tess")


def load(name: str, root: str | os.PathLike | None = None) -> Dataset:
    """Read a set by name, from ``root`` or the data root (``sample-…``: from the bundled samples).

    Raises
    ------
    DataError : an unknown name, or a set that is not where it should be.
    """
    plain = name.removeprefix("sample-")
    if plain not in NAMES:
        raise DataError(f"unknown data set {name!r}: known are {', '.join(NAMES)}, each also as sample-NAME")
    if plain != name:
        from . import sample  # draws faces and voices: not needed by those who read real ones

        root = sample.ensure()
    sets = [_READERS[part](root) for part in plain.split("+")]
    return sets[0] if len(sets) == 1 else merge(*sets)


def merge(first: Dataset, *others: Dataset) -> Dataset:
    """Recordings of several sets as one, with eight labels and the set's name in ``corpus``.

    The first set keeps its split; the others are all training material, so that a score stays on the first set's
    unseen speakers.
    """
    tables = [first.table, *(o.table.assign(split="train") for o in others)]
    table = pd.concat(tables, ignore_index=True)
    table["y"] = [EMOTIONS_WITH_CALM.index(n) for n in table["label"]]
    sets = (first, *others)
    return Dataset(
        "+".join(s.name for s in sets),
        table,
        EMOTIONS_WITH_CALM,
        "; ".join(s.citation for s in sets),
        "; ".join(s.licence for s in sets),
        _voices=ravdess.load_voices,
    )
