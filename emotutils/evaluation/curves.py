"""What the curves of a training say (thesis 4.8: how many epochs)."""

import numpy as np
import pandas as pd

#: For so many epochs on end training must lead before the curves count as parted.
LEAD = 3


def history_table(history) -> pd.DataFrame:
    """A training's history, one row an epoch, numbered from 1 or by its own ``epoch``.

    Parameters
    ----------
    history : one dict an epoch (a run record's ``history``), or a dict of lists (Keras'
        ``History.history``).
    """
    table = pd.DataFrame(history)
    if "epoch" in table:
        return table.set_index("epoch")
    numbers = np.arange(1, len(table) + 1)
    return table.set_axis(numbers)


def parting_epoch(history, metric: str = "loss") -> int | None:
    """The epoch after which training stays better than validation for good: from then on it learns
    by heart.

    Early on validation is often the better one, because training is measured with dropout and
    before each epoch is over. So the curves part after the last epoch in which validation was at
    least as good, provided that training has led for three epochs or more, and at last (mean of
    three) by more than validation usually moves between two epochs (median); otherwise the lead may
    be chance.

    Parameters
    ----------
    history : as for ``history_table``; epochs without both values do not count.
    metric : smaller is better if its name holds ``loss``, else larger.

    Returns
    -------
    An epoch's number; the one before the first if training leads in all; ``None``: not parted, or
    no validation.

    Raises
    ------
    ValueError : a metric that the history does not have.

    Examples
    --------
    >>> loss = [1.0, 0.8, 0.6, 0.4, 0.2, 0.1]
    >>> val_loss = [0.9, 0.8, 0.75, 0.74, 0.76, 0.8]
    >>> parting_epoch({"loss": loss, "val_loss": val_loss})
    2
    """
    table = history_table(history)
    if len(table) and metric not in table:
        raise ValueError(f"no {metric!r} in this history: it has {', '.join(table)}")
    columns = [metric, f"val_{metric}"]
    if not set(columns) <= set(table):
        return None
    both = table[columns].dropna()
    training = both[metric]
    validation = both[f"val_{metric}"]
    lead = (training - validation).to_numpy()
    if "loss" in metric:
        lead = -lead
    start = 0  # of the epochs in which training leads to the end
    together = np.flatnonzero(lead <= 0)
    if len(together):
        start = together[-1] + 1
    usual = validation.diff().abs().median()
    if len(lead) - start < LEAD or lead[-LEAD:].mean() <= usual:
        return None
    return int(both.index[start]) - 1
