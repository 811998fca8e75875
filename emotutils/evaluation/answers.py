"""What a network answered to which rows: the one form of it, in memory and on disk.

Taught in notebooks/11_evaluation.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..emotions import EMOTIONS, to_seven
from ..errors import DataError
from ..support.files import replacing
from ..support.reading import read_arrays

REMEDY = "put the file back that was written with the record"


@dataclass(frozen=True)
class Answers:
    """A network's answers to n rows.

    Attributes
    ----------
    id : str (n,), the picture, recording or pair that a row is from; the windows of a recording
        share its id.
    groups : DataFrame, one row a row: what ties rows together or tells them apart, such as
        ``group`` (the speaker, the film, the picture's own hash).
    y : int (n,), the true label as an index into ``labels``.
    proba : float64 (n, k) probabilities; NaN in rows that were not asked about.
    labels : names of the k labels.

    Examples
    --------
    >>> speakers = pd.DataFrame({"group": ["Ann", "Ann", "Bob"]})
    >>> proba = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]])
    >>> y = np.array([0, 0, 1])
    >>> windows = Answers(np.array(["a", "a", "b"]), speakers, y, proba, labels=("no", "yes"))
    >>> windows.by_recording().proba
    array([[0.8, 0.2],
           [0.2, 0.8]])
    """

    id: np.ndarray
    groups: pd.DataFrame
    y: np.ndarray
    proba: np.ndarray
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: np.ndarray) -> "Answers":
        """Some of the rows.

        Parameters
        ----------
        rows : bool (n,), or row numbers.
        """
        chosen = np.arange(len(self))[rows]
        return replace(
            self,
            id=self.id[rows],
            groups=self.groups.iloc[chosen].reset_index(drop=True),
            y=self.y[rows],
            proba=self.proba[rows],
        )

    def by_recording(self) -> "Answers":
        """One row for each id, in the order of the ids: the mean over its windows and frames."""
        _, first, code = np.unique(self.id, return_index=True, return_inverse=True)
        recordings = self.take(first)
        proba = by_recording(self.proba, code)
        return replace(recordings, proba=proba)

    def to_seven(self) -> "Answers":
        """The same over the seven emotions: ``calm`` counts as ``neutral``."""
        codes = []  # of each label among the seven
        for name in self.labels:
            if name == "calm":
                name = "neutral"
            codes.append(EMOTIONS.index(name))
        codes = np.array(codes)
        proba = to_seven(self.proba, self.labels)
        return replace(
            self,
            y=codes[self.y],
            proba=proba,
            labels=EMOTIONS,
        )

    def rounded(self) -> "Answers":
        """The same in half precision, as they are saved: figures computed from these can be had
        again from the file.
        """
        half = self.proba.astype(np.float16)
        return replace(self, proba=half.astype(np.float64))

    def arrays(self, split: str) -> dict[str, np.ndarray]:
        """What a file holds of it: ``<split>_id``, ``<split>_y``, ``<split>_proba`` (float16) and
        one array for each column of ``groups``.
        """
        found = {f"{split}_id": self.id}
        for name, column in self.groups.items():
            found[f"{split}_{name}"] = np.array(column.tolist())
        found[f"{split}_y"] = self.y
        found[f"{split}_proba"] = self.proba.astype(np.float16)
        return found

    def save(self, path: str | os.PathLike, split: str = "test") -> None:
        """Write them to an ``.npz`` file, from which `load` reads them."""
        labels = np.array(self.labels)
        arrays = self.arrays(split)
        with replacing(path) as temporary:
            np.savez_compressed(temporary, labels=labels, **arrays)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike,
        split: str = "test",
        labels: Sequence[str] | None = None,
        source: str | None = None,
    ) -> "Answers":
        """Read them from an ``.npz`` file.

        Parameters
        ----------
        path : of the file.
        split : ``"test"`` or ``"validation"``.
        labels : their names, of a file that does not hold them.
        source : other answers to the same rows, where there are any: those of ``<split>_<source>``
            or ``<split>_<source>_proba``.

        Raises
        ------
        DataError : a file that is missing or damaged, or holds no such answers.
        """
        arrays = read_arrays(path, REMEDY)
        if labels is None:
            labels = arrays["labels"].tolist()
        start = f"{split}_"
        key = f"{start}proba"
        if f"{start}{source}" in arrays:
            key = f"{start}{source}"
        elif source:
            key = f"{start}{source}_proba"
        y = arrays[f"{start}y"]
        proba = arrays[key]
        _check(path, y, proba, labels)
        columns = {}
        for name, values in arrays.items():
            column = name.removeprefix(start)
            if name.startswith(start) and values.ndim == 1 and column not in ("id", "y"):
                columns[column] = values
        if any(len(values) != len(y) for values in columns.values()):
            raise DataError(path, "its columns have other lengths than its answers", REMEDY)
        return cls(
            id=arrays[f"{start}id"],
            groups=pd.DataFrame(columns),
            y=y,
            proba=proba.astype(np.float64),
            labels=tuple(labels),
        )


def _check(path: str | os.PathLike, y: np.ndarray, proba: np.ndarray, labels: Sequence) -> None:
    """Refuse labels and probabilities that do not belong together."""
    numbers = y.dtype.kind in "iu" and proba.dtype.kind == "f"
    if not numbers or y.ndim != 1 or proba.shape != (len(y), len(labels)):
        what = f"holds answers {proba.shape} to {y.shape} rows of {len(labels)} labels"
        raise DataError(path, what, REMEDY)
    if len(y) and not 0 <= y.min() <= y.max() < len(labels):
        raise DataError(path, "holds a label that has no name", REMEDY)


def concatenate(parts: Sequence[Answers]) -> Answers:
    """Several answers over the same labels, one below the other."""
    ids = [part.id for part in parts]
    groups = [part.groups for part in parts]
    y = [part.y for part in parts]
    proba = [part.proba for part in parts]
    return Answers(
        id=np.concatenate(ids),
        groups=pd.concat(groups, ignore_index=True),
        y=np.concatenate(y),
        proba=np.concatenate(proba),
        labels=parts[0].labels,
    )


def by_recording(proba: np.ndarray, code: np.ndarray) -> np.ndarray:
    """The answer to a recording: the mean over its windows.

    Parameters
    ----------
    proba : (windows, k) probabilities.
    code : int (windows,), the recording 0, 1, 2 … that each window is from.

    Returns
    -------
    float64 (recordings, k).
    """
    windows = np.bincount(code)  # (recordings,)
    total = np.zeros((len(windows), proba.shape[1]))
    np.add.at(total, code, proba)
    return total / windows[:, None]
