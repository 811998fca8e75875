"""What an analysis has written, read again: ``result.json`` and ``timeline.csv`` of its folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypedDict

import numpy as np
import pandas as pd
from msgspec import Meta

from ..errors import DataError
from ..findings import TOGETHER, columns
from ..support.reading import check, read_json

RESULT = "result.json"
TIMELINE = "timeline.csv"
#: Of a folder with the folders of many films.
TABLE = "films.csv"
INDEX = "index.html"
REMEDY = "analyse the film anew, or give the folder that emotutils analyze wrote"

Share = Annotated[float, Meta(ge=0, le=1)]
Seconds = Annotated[float, Meta(ge=0, le=1e7)]


class FileFields(TypedDict):
    """What a result says of its film."""

    name: str
    duration: Seconds


class OfAFilm(TypedDict):
    """A result of any version."""

    file: FileFields


class PartFields(TypedDict):
    """What one stream, or all together, say of the whole film."""

    label: str
    probabilities: Annotated[dict[str, Share], Meta(min_length=1)] | None


class SummaryFields(PartFields):
    """Of all together; streams stand beside it by name."""

    sure: bool | None
    unsure: Share | None


class ResultFields(TypedDict):
    """A result of this version, as far as the overview of many films shows it."""

    file: FileFields
    verdict: str
    summary: SummaryFields
    warnings: list[str]


def read_result(folder: Path, schema: object = ResultFields) -> dict:
    """The content of a folder's ``result.json``.

    Raises
    ------
    DataError : no result there, or a damaged one.
    """
    path = folder / RESULT
    found = read_json(path, schema, REMEDY)
    for name, part in found.get("summary", {}).items():
        if schema is ResultFields and isinstance(part, dict) and "label" in part:
            check(part, PartFields, f"{path}, {name}", REMEDY)
    return found


def read_timeline(folder: Path, names: Sequence[str] | None = None) -> pd.DataFrame:
    """The timeline in a folder.

    Parameters
    ----------
    folder : of an analysis.
    names : of the columns; all by default.

    Raises
    ------
    DataError : no timeline there, or a damaged one.
    """
    path = folder / TIMELINE
    numbers = ["t", *columns(TOGETHER)]
    try:
        timeline = pd.read_csv(path, usecols=names)
        timeline[numbers] = timeline[numbers].astype(float)
    except OSError as error:
        raise DataError(path, f"cannot be read ({error.strerror})", REMEDY) from None
    except (ValueError, KeyError, TypeError, OverflowError):  # pandas' own are ValueErrors
        raise DataError(path, "is not what analyze writes", REMEDY) from None
    t = timeline["t"].to_numpy()
    if not len(t) or not np.isfinite(t).all() or (np.diff(t) <= 0).any():
        raise DataError(path, "its times are not in order", REMEDY)
    return timeline


def is_of_another(folder: Path, name: str, size: int | None) -> bool:
    """Whether a folder holds the results of a film with another name or another size."""
    try:
        film = read_result(folder, OfAFilm)["file"]
    except DataError:
        return False
    written = name.encode(errors="replace").decode()  # bytes that are no letters are not
    return film["name"] != written or film.get("size") != size
