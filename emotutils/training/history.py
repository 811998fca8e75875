"""What a training was like, epoch by epoch. Taught in notebooks/07_conv2d."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd


@dataclass
class History:
    """The course of a training.

    Attributes
    ----------
    epochs : one dict an epoch: ``loss``, ``accuracy``, ``uar``, and ``val_…`` where there are
        validation rows.
    seconds : how long it took, a broken-off part before a resume included.
    monitor : by what the epoch is chosen, such as ``"val_accuracy"``; ``None`` takes the last one.

    Examples
    --------
    >>> history = History([{"val_uar": 0.3}, {"val_uar": 0.5}, {"val_uar": 0.4}], monitor="val_uar")
    >>> history.best_epoch
    2
    """

    epochs: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    monitor: str | None = None

    def __len__(self) -> int:
        return len(self.epochs)

    @property
    def best_epoch(self) -> int:
        """The epoch whose weights are kept, counted from 1; the first one of several that are
        equally good.
        """
        if self.monitor is None:
            return len(self.epochs)
        values = [epoch[self.monitor] for epoch in self.epochs]
        return int(np.argmax(values)) + 1

    def table(self) -> pd.DataFrame:
        """One row an epoch, counted from 1; one column a figure."""
        numbers = pd.RangeIndex(1, len(self.epochs) + 1, name="epoch")
        return pd.DataFrame(self.epochs, index=numbers)
