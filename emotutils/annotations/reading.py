"""A person's annotation of a film: ELAN, Praat, or a table."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from ..errors import DataError
from ..findings import Stretch
from .words import emotion_of

#: What the columns of a table may be called; capitals do not matter.
NAMES = {
    "t0": ("t0", "start", "begin", "onset", "from"),
    "t1": ("t1", "end", "stop", "offset", "to"),
    "t": ("t", "time"),
    "label": ("label", "emotion", "annotation", "value", "text"),
    "tier": ("tier",),
}
#: Two annotations may run into each other by so many seconds, for rounding.
ROUNDING = 0.0015


@dataclass(frozen=True)
class Annotation:
    """What one person said of a film.

    Attributes
    ----------
    where : the file, or "a table".
    tier : the tier that was read, "" where the file has none.
    stretches : from when to when (s), with the word as it was written; in order of time, none
        overlaps another.
    """

    where: str
    tier: str
    stretches: list[Stretch]


def read_annotation(
    source: str | os.PathLike | pd.DataFrame | Annotation, tier: str | None = None
) -> Annotation:
    """What a person said of a film, from one tier.

    Parameters
    ----------
    source : path of an ELAN file (``.eaf``), of a Praat ``.TextGrid``, or of a CSV (separated by
        commas, semicolons or tabs); or a table. A table has ``t0``, ``t1`` (s) and ``label``; or
        ``t`` and ``label``, where each label lasts until the next row, and the last one as long as
        rows usually do. Other names for these are in ``NAMES``; a column ``tier`` may tell several
        apart.
    tier : which to read; by default the only one that has emotion words.

    Raises
    ------
    DataError : a file that is missing, broken, empty or of another kind; a tier that is not there,
        or several to choose from; times that cannot be; annotations that overlap.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"start": [0, 2], "end": [2, 3.5], "emotion": ["happy", "sad"]})
    >>> read_annotation(table).stretches[1]
    Stretch(start=2.0, end=3.5, value='sad')
    """
    if isinstance(source, Annotation):
        return source
    if isinstance(source, pd.DataFrame):
        where = "a table"
        tiers = _from_table(source, where)
    else:
        where = str(source)
        tiers = _read(Path(source))
    name = _choose(tiers, tier, where)
    stretches = sorted(tiers[name], key=lambda stretch: stretch.start)
    _check(stretches, where)
    return Annotation(where, name, stretches)


def _read(path: Path) -> dict[str, list[Stretch]]:
    """By tier, from a file."""
    readers = {".eaf": _read_eaf, ".textgrid": _read_textgrid, ".csv": _read_csv}
    kind = path.suffix.lower()
    if kind not in readers:
        remedy = f"give one of {', '.join(readers)}"
        raise DataError(path, "this is no annotation that can be read", remedy)
    try:
        return readers[kind](path)
    except OSError as error:
        what = error.strerror or "cannot be read"
        raise DataError(path, what, "give the path of an annotation") from None
    except UnicodeDecodeError:
        raise DataError(path, "this is no text in UTF-8", "save it as UTF-8") from None


def _read_eaf(path: Path) -> dict[str, list[Stretch]]:
    from pympi import Eaf

    remedy = "open it in ELAN and save it again"
    try:
        root = ElementTree.parse(path).getroot()
        if root.tag != "ANNOTATION_DOCUMENT":
            raise DataError(path, "this is no ELAN file", remedy)
        eaf = Eaf(path, suppress_version_warning=True)
        tiers = {}
        for name in eaf.get_tier_names():
            tiers[name] = _in_seconds(eaf.get_annotation_data_for_tier(name))
    except (ElementTree.ParseError, LookupError, TypeError, ValueError):
        raise DataError(path, "this ELAN file is broken", remedy) from None
    return tiers


def _in_seconds(annotations: Sequence[tuple]) -> list[Stretch]:
    """Of (start, end, word …) in milliseconds."""
    found = []
    for start, end, word, *_ in annotations:
        found.append(Stretch(start / 1000, end / 1000, word.strip()))
    return found


def _read_textgrid(path: Path) -> dict[str, list[Stretch]]:
    from praatio import textgrid
    from praatio.utilities.errors import PraatioException

    try:
        grid = textgrid.openTextgrid(
            str(path),
            includeEmptyIntervals=False,
            reportingMode="silence",
            duplicateNamesMode="rename",
        )
    except UnicodeDecodeError:
        raise
    except (PraatioException, LookupError, TypeError, ValueError, AttributeError):
        remedy = "open it in Praat and save it again"
        raise DataError(path, "this TextGrid is broken", remedy) from None
    tiers = {}
    for tier in grid.tiers:
        if isinstance(tier, textgrid.IntervalTier):
            tiers[tier.name] = [Stretch(e.start, e.end, e.label.strip()) for e in tier.entries]
    return tiers


def _read_csv(path: Path) -> dict[str, list[Stretch]]:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    if not lines:
        raise DataError(path, "the file is empty", "write a header and a row an annotation")
    separator = max(",;\t", key=lines[0].count)
    try:
        table = pd.read_csv(
            path, sep=separator, encoding="utf-8-sig", dtype=str, keep_default_na=False
        )
    except ValueError:  # rows of other lengths; pandas' own errors are ValueErrors
        raise DataError(path, "this is no CSV file", "write as many cells in each row") from None
    return _from_table(table, str(path))


def _from_table(table: pd.DataFrame, where: str) -> dict[str, list[Stretch]]:
    """By tier, "" where no column tells them apart."""
    header = ", ".join(map(str, table.columns))
    table = table.rename(columns=_our_name).reset_index(drop=True)
    named = set(table.columns)
    if "label" not in named or not ({"t0", "t1"} <= named or "t" in named):
        what = f"the header ({header}) does not say when and what"
        raise DataError(where, what, "name them t0, t1, label, or t, label")
    if not len(table):
        raise DataError(where, "there are no annotations", "write one a row")
    words = table["label"].fillna("").astype(str).str.strip()
    names = pd.Series("", index=table.index)
    if "tier" in named:
        names = table["tier"].fillna("").astype(str)
    tiers = {}
    for name, part in table.groupby(names, sort=False):
        tiers[name] = _stretches(part, words, where)
    return tiers


def _our_name(column: object) -> str:
    word = str(column).strip().lower()
    for name, others in NAMES.items():
        if word in others:
            return name
    return str(column)


def _stretches(table: pd.DataFrame, words: pd.Series, where: str) -> list[Stretch]:
    """The rows of one tier."""
    if {"t0", "t1"} <= set(table.columns):
        starts = _numbers(table["t0"], where)
        ends = _numbers(table["t1"], where)
    else:
        starts = _numbers(table["t"], where)
        ends = _until_the_next(starts, where)
    found = []
    for start, end, word in zip(starts, ends, words[table.index], strict=True):
        found.append(Stretch(start, end, word))
    return found


def _numbers(column: pd.Series, where: str) -> list[float]:
    texts = column.astype(str).str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(texts, errors="coerce").astype(float)
    for row, number in numbers.items():
        if not np.isfinite(number):
            what = f"row {row + 1}: {column.name} is {column[row]!r}, no number"
            raise DataError(where, what, "write seconds, such as 12.5")
    return numbers.tolist()


def _until_the_next(starts: list[float], where: str) -> list[float]:
    steps = np.diff(starts)
    if not len(steps):
        raise DataError(where, "one moment alone lasts no time", "give t0 and t1")
    if (steps <= 0).any():
        row = int(np.argmax(steps <= 0)) + 2
        raise DataError(where, f"row {row}: not after the row before", "sort the rows by time")
    return [*starts[1:], starts[-1] + float(np.median(steps))]


def _choose(tiers: Mapping[str, list[Stretch]], wanted: str | None, where: str) -> str:
    """The tier to read."""
    there = ", ".join(map(repr, tiers)) or "none"
    if not any(tiers.values()):
        raise DataError(where, "there are no annotations", f"fill a tier; there are {there}")
    if wanted is not None:
        if wanted not in tiers:
            raise DataError(where, f"no tier {wanted!r}", f"choose from {there}")
        return wanted
    speaking = []
    for name, stretches in tiers.items():
        if any(emotion_of(stretch.value) for stretch in stretches):
            speaking.append(name)
    if len(speaking) > 1:
        names = ", ".join(map(repr, speaking))
        raise DataError(where, "several tiers have emotion words", f"name one (tier): {names}")
    if not speaking:
        what = f"no tier has a word for one of the seven emotions (tiers: {there})"
        raise DataError(where, what, "write anger, disgust, fear, happiness …")
    return speaking[0]


def _check(stretches: Sequence[Stretch], where: str) -> None:
    """Raise DataError at times that cannot be."""
    if not stretches:
        raise DataError(where, "this tier has no annotations", "fill it, or name another")
    for stretch in stretches:
        if stretch.start < 0:
            raise DataError(where, f"{_named(stretch)} begins before 0 s", "correct its times")
        if stretch.end <= stretch.start:
            raise DataError(where, f"{_named(stretch)} lasts no time", "correct its times")
    for one, other in zip(stretches, stretches[1:], strict=False):
        if other.start < one.end - ROUNDING:
            what = f"{_named(one)} and {_named(other)} overlap"
            raise DataError(where, what, "one tier holds one word at a time: correct their times")


def _named(stretch: Stretch) -> str:
    return f"{stretch.value!r} ({stretch.start:.3f}–{stretch.end:.3f} s)"
