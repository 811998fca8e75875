"""Streams from outside: what another program says over the time of a film."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import DataError
from ..findings import FRAME_COLUMNS, SPEECH_COLUMNS, P, Stream

#: Probabilities may miss a sum of 1 by so much, for rounding; they are brought to it.
TOLERANCE = 0.05
#: A film's sound and picture may end so many seconds after what its file declares.
BEYOND = 0.5
#: Words that stand for something else in an analysis's columns, keys or file names.
TAKEN = {
    "face", "voice", "openface", "words", "frames", "speech", "timeline", "result", "report",
    "annotated", "joint", "together", "both", "all", "p", "t", "t0", "t1", "label",
    "probabilities", "sure", "unsure", "source", "agreement", "disagreement", "disagreements",
    "seconds", "duration",
}  # fmt: skip

Given = Mapping[str, pd.DataFrame | str | os.PathLike]


def read_streams(given: Given, duration: float) -> dict[str, Stream]:
    """Streams from outside, by name.

    Parameters
    ----------
    given : by name a table, or the path of a CSV file, with the columns ``t`` (s), or ``t0`` and
        ``t1`` (s), and ``p_anger`` … ``p_neutral``. Each row of ``t`` is a moment; rows of ``t0``
        and ``t1`` are windows. Where there are no rows the stream has nothing. Other columns are
        kept, but for those that our own tables have (``found``, ``track``, ``voiced`` …).
    duration : of the film (s).

    Raises
    ------
    DataError : a name that is taken or no word; a file that is no CSV; missing columns; times
        or probabilities that cannot be. It names the stream, the file and the first bad row.
    """
    streams = {}
    for name, source in given.items():
        _check_name(name, streams)
        if isinstance(source, pd.DataFrame):
            where = f"stream {name}"
            table = source
        else:
            where = f"stream {name}, {Path(source)}"
            table = _read_csv(Path(source), where)
        streams[name] = Stream(name, _checked(table, where, duration), f"nothing from {name}")
    return streams


def _check_name(name: str, others: Mapping[str, Stream]) -> None:
    where = f"stream {name!r}"
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9]{0,19}", name):
        remedy = "choose one short word of small letters and digits, such as pose"
        raise DataError(where, "this is no name for a stream", remedy)
    if name in TAKEN or name in others:
        raise DataError(where, "this name is taken", "choose another word")


def _read_csv(path: Path, where: str) -> pd.DataFrame:
    try:
        return pd.read_csv(path, encoding="utf-8-sig")
    except OSError as error:
        what = error.strerror or "cannot be read"
        raise DataError(where, what, "give the path of a CSV file") from None
    except pd.errors.EmptyDataError:
        raise DataError(where, "the file is empty", "write a CSV with a header") from None
    except (ValueError, pd.errors.ParserError):  # bytes that are no text, rows of other lengths
        remedy = "separate columns by commas, save it as UTF-8"
        raise DataError(where, "this is no CSV file", remedy) from None


def _checked(table: pd.DataFrame, where: str, duration: float) -> pd.DataFrame:
    """The table in our columns, probabilities summing to 1."""
    times = ["t"]
    if {"t0", "t1"} <= set(table.columns):
        times = ["t0", "t1"]
    needed = [*times, *P]
    if missing := [column for column in needed if column not in table]:
        remedy = f"the header must name t, or t0 and t1, and {', '.join(P)}, separated by commas"
        raise DataError(where, f"no column {', '.join(missing)}", remedy)
    if not len(table):
        raise DataError(where, "there are no rows", "write one for each moment or window")
    ours = {*FRAME_COLUMNS, *SPEECH_COLUMNS}
    others = [column for column in table if column not in ours]
    table = table[[*times, *others, *P]].reset_index(drop=True)
    for column in needed:
        table[column] = _numbers(table[column], where)
    _check_times(table[times], where, duration)
    _check_probabilities(table[P], where)
    sums = table[P].sum(axis=1)
    table[P] = table[P].div(sums, axis=0)
    return table


def _numbers(column: pd.Series, where: str) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    _refuse(
        ~np.isfinite(numbers),
        where,
        f"{column.name} is no number",
        "leave out rows that have nothing to say",
    )
    return numbers


def _check_times(times: pd.DataFrame, where: str, duration: float) -> None:
    start = times.iloc[:, 0]
    end = times.iloc[:, -1]
    _refuse(start < 0, where, "a time below 0 s", "count seconds from the film's start")
    _refuse(
        end > duration + BEYOND,
        where,
        f"a time beyond the film's end at {duration:.2f} s",
        "count in seconds, and check that it is the same film",
    )
    _refuse(start.diff() <= 0, where, "a time not after the one before", "sort the rows by time")
    if len(times.columns) > 1:
        _refuse(end <= start, where, "t1 is not after t0", "give windows that last")


def _check_probabilities(p: pd.DataFrame, where: str) -> None:
    below = (p < 0).any(axis=1)
    _refuse(below, where, "a probability below 0", "give shares from 0 to 1")
    off = p.sum(axis=1) - 1
    _refuse(
        off.abs() > TOLERANCE,
        where,
        "the seven probabilities do not add up to 1",
        "divide each row by its sum",
    )


def _refuse(bad: pd.Series, where: str, what: str, remedy: str) -> None:
    if bad.any():
        row = int(np.flatnonzero(bad)[0]) + 1
        raise DataError(f"{where}, row {row}", what, remedy)
