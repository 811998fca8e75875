"""GoEmotions: sentences from Reddit with 28 labels by those who read them (Demszky et al. 2020).

A label is what readers saw in the words, not what the writer felt. The 28 become our seven by the
authors' own grouping after Ekman (their ``ekman_mapping.json``; joy is our happiness). A sentence
may have several labels: where they all belong to one of the seven it has that one, else it is left
out, because a network of ours answers with one distribution and is scored by one right answer.
"""

import os
from pathlib import Path

import pandas as pd

from .. import config
from ..emotions import CODES, EMOTIONS
from ..errors import DataError
from ..texts.fingerprints import text_hash
from .base import Dataset, Rejects, find_file, usable_rows
from .catalog import CATALOG

CITATION = CATALOG["goemotions"].citation
LICENCE = CATALOG["goemotions"].licence
#: The 28 in the order of the published ``emotions.txt``: a number's place.
OWN_LABELS = tuple(CODES["goemotions"])
#: The published parts, and what we call them.
FILES = {"train.tsv": "train", "dev.tsv": "validation", "test.tsv": "test"}
_REMEDY = "take the published file again, or leave the line out"


def load(root: str | os.PathLike | None = None, *, on_error: str = "raise") -> Dataset:
    """Read ``train.tsv``, ``dev.tsv`` and ``test.tsv`` under ``goemotions/``, in any depth.

    Parameters
    ----------
    root : the data root; see ``config.data_root``.
    on_error : ``"raise"``: the first line that cannot be used is an error. ``"report"``: it is left
        out and listed in ``rejects``.

    Returns
    -------
    Dataset with ``text`` (as published: persons are ``[NAME]``) and ``emotions`` (its own labels,
    joined by +); ``group`` is the same for texts of the same words. ``source`` says how many
    sentences were left out for labels of several emotions.

    Raises
    ------
    DataError : a file is missing or no text, or (``"raise"``) a line without text, labels and id,
        with an unknown label or an id that came before.
    """
    rejects = Rejects(on_error)
    folder = config.data_root(root) / "goemotions"
    rows = []
    for name, split in FILES.items():
        rows += _read(find_file(folder, name, "GoEmotions"), split, rejects)
    if not rows:
        raise DataError(folder, "no line can be used", _REMEDY)
    table = pd.DataFrame(rows)
    several = table["label"] == ""
    source = f"{several.sum():,} of {len(table):,} left out: labels of several emotions"
    table = table[~several].reset_index(drop=True)
    table["y"] = [EMOTIONS.index(label) for label in table["label"]]
    table["group"] = text_hash(table["text"])
    return Dataset(
        "goemotions",
        table,
        EMOTIONS,
        CITATION,
        LICENCE,
        source=source,
        rejects=rejects.table(),
    )


def _read(path: Path, split: str, rejects: Rejects) -> list[dict]:
    """The lines of a file that can be used."""
    lines = [(f"{path}, line {number}", line) for number, line in read_lines(path)]
    rows = usable_rows(lines, _parse, rejects, _REMEDY)
    return [row | {"split": split} for row in rows]


def _parse(line: str) -> dict:
    """Text, labels and id of a line; ValueError where it is another kind of line."""
    fields = line.split("\t")
    if len(fields) != 3 or not all(field.strip() for field in fields):
        raise ValueError("not text, labels and id with a tab between them")
    text, numbers, name = fields
    own = []
    for number in numbers.split(","):
        if not number.isdecimal() or int(number) >= len(OWN_LABELS):
            raise ValueError(f"label {number!r} is not 0 to {len(OWN_LABELS) - 1}")
        own.append(OWN_LABELS[int(number)])
    labels = {CODES["goemotions"][label] for label in own}
    label = labels.pop()
    if labels:  # others are left
        label = ""
    return {"id": name, "label": label, "text": text, "emotions": "+".join(own)}


def read_lines(path: Path) -> list[tuple[int, str]]:
    """The lines of a text file in UTF-8 with their numbers from 1, empty ones left out; DataError
    where it is none.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise DataError(path, f"cannot be read: {error}", "take the published file again") from None
    return [(number, line) for number, line in enumerate(content.split("\n"), 1) if line]
