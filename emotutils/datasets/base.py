"""What every data set looks like once it is read. Taught in notebooks/03_face_data."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Dataset:
    """A labelled set: one row of ``table`` an image or recording.

    Attributes
    ----------
    name : the set's short name.
    table : columns ``label`` (name), ``y`` (int, index into ``labels``), ``group`` (what must not cross a
        split: speaker, film or pixel hash), ``split`` (``train``, ``validation``, ``test``), ``path`` for
        recordings, and the set's own columns.
    labels : the names behind ``y``.
    """

    name: str
    table: pd.DataFrame
    labels: tuple[str, ...]
    citation: str
    licence: str
    _faces: Callable[[np.ndarray], np.ndarray] | None = field(default=None, repr=False)
    _voices: Callable[[pd.DataFrame, int], list[np.ndarray]] | None = field(default=None, repr=False)

    @property
    def modality(self) -> str:
        """``"face"`` or ``"voice"``: what the rows are."""
        return "face" if self._faces else "voice"

    def __len__(self) -> int:
        return len(self.table)

    def rows(self, split: str | None = None) -> np.ndarray:
        """Row numbers of one split (``None``: all), in the set's own order, int64."""
        keep = np.ones(len(self), bool) if split is None else (self.table["split"] == split).to_numpy()
        return np.flatnonzero(keep)

    def faces(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Faces of these rows (``None``: all): float32 (n, 48, 48, 1), grey 0..255."""
        if self._faces is None:
            raise TypeError(f"{self.name} holds no faces")
        return self._faces(self.rows() if rows is None else np.asarray(rows))

    def voices(self, rows: np.ndarray | None = None, sr: int = 16000) -> list[np.ndarray]:
        """Recordings of these rows (``None``: all): a list of float32 (samples,) in −1..1 at ``sr`` Hz."""
        if self._voices is None:
            raise TypeError(f"{self.name} holds no recordings")
        return self._voices(self.table.iloc[self.rows() if rows is None else np.asarray(rows)], sr)
