"""What every data set looks like once it is read. Taught in notebooks/03_face_data."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..emotions import EMOTIONS_WITH_CALM
from ..errors import DataError, LocatedError
from .listing import named
from .openface import UNITS

#: What each set's table has, whatever else it may have.
COLUMNS = ("id", "label", "y", "group", "split")


def plural(modality: str) -> str:
    """What a set of this ``Dataset.modality`` holds, in words."""
    if modality == "units":
        return "action units"
    return f"{modality}s"


class Rejects:
    """What could not be used and why: raised at once, or collected so that the rest loads.

    Parameters
    ----------
    on_error : ``"raise"``: `add` raises a DataError that says what, where and what to do.
        ``"report"``: it notes them.

    Raises
    ------
    DataError : another value of ``on_error``.
    """

    def __init__(self, on_error: str = "raise"):
        if on_error not in ("raise", "report"):
            raise DataError("on_error", f"is {on_error!r}", "choose raise or report")
        self.on_error = on_error
        self._rows: list[tuple[str, str, str]] = []

    def add(self, where: object, what: str, remedy: str) -> None:
        """Refuse one file, row or film: ``where`` it is, ``what`` is wrong, and what to do
        (``remedy``).
        """
        self.refuse(DataError(where, what, remedy))

    def refuse(self, error: LocatedError) -> None:
        """Refuse what an error of its reader tells of: raised as a DataError, or noted by its
        fields.
        """
        if self.on_error == "raise":
            raise DataError(error.where, error.what, error.remedy)
        self._rows.append((error.where, error.what, error.remedy))

    def table(self) -> pd.DataFrame:
        """One row a refusal, columns ``where``, ``what``, ``remedy`` (str); empty where nothing was
        refused.
        """
        return pd.DataFrame(self._rows, columns=["where", "what", "remedy"], dtype=str)


def read_csv(path: Path, columns: Sequence[str], **options) -> pd.DataFrame:
    """A published csv as text; it must have all these columns and a row.

    Parameters
    ----------
    path : of the file, in UTF-8.
    columns : that it must have.
    **options : of ``pandas.read_csv``.

    Raises
    ------
    DataError : it cannot be read, lacks a column, or is empty.
    """
    remedy = "take the published file again"
    try:
        table = pd.read_csv(path, dtype=str, encoding="utf-8-sig", **options)
    except (ValueError, OSError) as error:  # among these pandas' own for what is no csv
        raise DataError(path, f"cannot be read: {str(error).strip()}", remedy) from None
    missing = [name for name in columns if name not in table]
    if missing:
        raise DataError(path, f"no column {', '.join(missing)}", remedy)
    if table.empty:
        raise DataError(path, "holds no rows", remedy)
    return table


def usable_rows(
    lines: Iterable[tuple[str, Any]],
    parse: Callable[[Any], dict],
    rejects: Rejects,
    remedy: str,
) -> list[dict]:
    """The rows that a file's lines hold; what cannot be used is refused.

    Parameters
    ----------
    lines : where each stands, and the line.
    parse : makes a row with an ``id`` of a line; ValueError says why it cannot.
    rejects : gets the others, and every line whose id came before.
    remedy : what to do about them.
    """
    rows = []
    seen = set()
    for where, line in lines:
        try:
            row = parse(line)
            if row["id"] in seen:
                raise ValueError(f"the id {row['id']} comes twice")
        except ValueError as error:
            rejects.add(where, error, remedy)
            continue
        seen.add(row["id"])
        rows.append(row)
    return rows


@dataclass(frozen=True)
class Dataset:
    """A labelled set: one row of ``table`` an image, a recording or a text.

    Attributes
    ----------
    name : the set's short name.
    table : columns ``id`` (str, unique), ``label`` (name), ``y`` (int, index into ``labels``),
        ``group`` (what must not cross a split: speaker, film or pixel hash), ``split`` (``train``,
        ``validation``, ``test``), ``path`` for files, and the set's own columns.
    labels : the names behind ``y``.
    read_faces : of a set of faces, from row numbers (n,) to uint8 or float32 (n, 48, 48, 1), grey
        0..255; ``faces`` gives them as float32.
    read_voices : of recordings, from rows of the table and a sample rate to a list of float32
        (samples,); where ``path`` names sound files, ``recordings.load_voices``.
    source : of a set that comes in several forms, which one this is; else "".
    rejects : what was left out and why (``where``, ``what``, ``remedy``), after loading with
        ``on_error="report"``.
    """

    name: str
    table: pd.DataFrame
    labels: tuple[str, ...]
    citation: str
    licence: str
    read_faces: Callable[[np.ndarray], np.ndarray] | None = field(default=None, repr=False)
    read_voices: Callable[[pd.DataFrame, int], list[np.ndarray]] | None = field(
        default=None, repr=False
    )
    source: str = ""
    rejects: pd.DataFrame = field(default_factory=lambda: Rejects().table(), repr=False)

    @property
    def modality(self) -> str:
        """What the rows are: ``"face"``, ``"voice"``, ``"units"`` where the table has a column for
        each of ``openface.UNITS``, ``"text"`` where it has a column ``text``, or ``"film"`` where
        the set hands out nothing.
        """
        if self.read_faces:
            return "face"
        if self.read_voices:
            return "voice"
        if set(UNITS).issubset(self.table.columns):
            return "units"
        if "text" in self.table.columns:
            return "text"
        return "film"

    def __len__(self) -> int:
        return len(self.table)

    def rows(self, split: str | None = None) -> np.ndarray:
        """Row numbers of one split (``None``: all), in the set's own order, int64."""
        if split is None:
            return np.arange(len(self))
        return np.flatnonzero(self.table["split"] == split)

    def faces(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Faces of these rows (``None``: all): float32 (n, 48, 48, 1), grey 0..255."""
        if self.read_faces is None:
            raise TypeError(f"{self.name} holds no faces")
        if rows is None:
            rows = self.rows()
        return np.asarray(self.read_faces(np.asarray(rows)), np.float32)

    def voices(self, rows: np.ndarray | None = None, sr: int = 16000) -> list[np.ndarray]:
        """Recordings of these rows (``None``: all): a list of float32 (samples,) in −1..1 at ``sr``
        Hz.
        """
        if self.read_voices is None:
            raise TypeError(f"{self.name} holds no recordings")
        if rows is None:
            rows = self.rows()
        return self.read_voices(self.table.iloc[np.asarray(rows)], sr)

    def units(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Action units of these rows (``None``: all): float32 (n, 35), as ``openface.UNITS``."""
        if self.modality != "units":
            raise TypeError(f"{self.name} holds no action units")
        if rows is None:
            rows = self.rows()
        return self.table[list(UNITS)].iloc[np.asarray(rows)].to_numpy(np.float32)

    def texts(self, rows: np.ndarray | None = None) -> list[str]:
        """Texts of these rows (``None``: all)."""
        if self.modality != "text":
            raise TypeError(f"{self.name} holds no texts")
        if rows is None:
            rows = self.rows()
        return self.table["text"].iloc[np.asarray(rows)].tolist()


def find_file(folder: Path, name: str, title: str) -> Path:
    """A published file in any depth of a folder, the nearest; DataError where it is not there.

    Parameters
    ----------
    folder, name : where it should be, and what it is called; large letters count as small ones.
    title : of the set, for the error.
    """
    found = sorted(named(folder, name), key=lambda path: (len(path.parts), path))
    if not found:
        raise DataError(
            folder,
            f"{title} not found: no {name}",
            "put its files there, or name the folder's parent in EMOTUTILS_DATA",
        )
    return found[0]


def checked(dataset: Dataset) -> Dataset:
    """A set that somebody else's reader gave, unchanged, if training, evaluation and audits can
    rely on it.

    Raises
    ------
    DataError : what its table, its labels or its readers lack.
    """
    table, labels = dataset.table, np.array(dataset.labels)
    lacking = [
        c for c in (*COLUMNS, *(["path"] if dataset.modality == "voice" else [])) if c not in table
    ]
    if lacking:
        fault = f"its table lacks {', '.join(lacking)}"
    elif table.empty or table[list(COLUMNS)].isna().any(axis=None):
        fault = "its table is empty, or has empty places"
    elif unknown := sorted(set(labels) - set(EMOTIONS_WITH_CALM)):
        fault = (
            f"it has labels {', '.join(unknown)}; the course knows {', '.join(EMOTIONS_WITH_CALM)}"
        )
    elif (
        not table["y"].isin(range(len(labels))).all()
        or (labels[table["y"]] != table["label"]).any()
    ):
        fault = "y must be the place of each row's label in labels, 0, 1, 2 …"
    elif table["id"].duplicated().any():
        fault = f"the id {table['id'][table['id'].duplicated()].iloc[0]} comes twice"
    elif not table["split"].isin(["train", "validation", "test"]).all():
        fault = "split must be train, validation or test in each row"
    elif dataset.modality == "film":
        fault = "it has neither read_faces nor read_voices, nor columns of action units or text"
    else:
        return dataset
    raise DataError(f"data set {dataset.name}", fault, "mend its reader")
