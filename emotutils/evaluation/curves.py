"""What the curves of a training say. Taught in notebooks/11_evaluation (thesis 4.8: how many
epochs).
"""

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
    return (
        table.set_index("epoch")
        if "epoch" in table
        else table.set_axis(np.arange(1, len(table) + 1))
    )


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
    """
    table = history_table(history)
    if not {metric, f"val_{metric}"} <= set(table):
        return None
    both = table[[metric, f"val_{metric}"]].dropna()
    lead = (both[metric] - both[f"val_{metric}"]).to_numpy() * (-1 if "loss" in metric else 1)
    together = np.flatnonzero(lead <= 0)
    start = together[-1] + 1 if len(together) else 0
    usual = both[f"val_{metric}"].diff().abs().median()
    if len(lead) - start < LEAD or lead[-LEAD:].mean() <= usual:
        return None
    return int(both.index[start]) - 1
