"""Lines: a training's epochs, and scores along something that varies. Taught in
notebooks/11_evaluation.
"""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..evaluation import parting_epoch
from ..evaluation.curves import history_table
from .common import COLORS, DARK, GREY, LINES, RUST, line_color, new_axes


def plot_history(history, metric: str = "loss", ax: Axes | None = None) -> Axes:
    """A metric over the epochs of a training, on the training and the validation data.

    Marked are the best epoch and, as a dotted line, where the two part for good
    (``evaluation.parting_epoch``).

    Parameters
    ----------
    history : one dict an epoch (a run record's ``history``), or a dict of lists (Keras'
        ``History.history``). Epochs are numbered from 1, or by their own ``epoch``.
    metric : drawn as ``metric`` and ``val_metric``, whichever are there.

    Raises
    ------
    ValueError : neither is there.
    """
    table = history_table(history)
    if metric not in table and f"val_{metric}" not in table:
        known = ", ".join(sorted({c.removeprefix("val_") for c in table.columns}))
        raise ValueError(f"no {metric!r} in this history: choose {known}")
    ax = new_axes(ax, (6, 3.6))
    for column, name, style in ((metric, "training", "--"), (f"val_{metric}", "validation", "-")):
        if column in table:
            ax.plot(
                table.index, table[column], style, color=DARK if style == "-" else RUST, label=name
            )
    parted = parting_epoch(history, metric)
    if parted is not None:
        words = f"part after epoch {parted}" if parted in table.index else "apart in every epoch"
        ax.axvline(parted + 0.5, color=GREY, linestyle=":", label=words)
    chosen = table[f"val_{metric}" if f"val_{metric}" in table else metric]
    best = chosen.idxmin() if "loss" in metric else chosen.idxmax()
    ax.plot(
        best, chosen[best], "o", color="black", label=f"best: {chosen[best]:.3g} in epoch {best}"
    )
    ax.set(xlabel="epoch", ylabel=metric.replace("_", " "))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
    sns.despine(ax=ax)
    return ax


def plot_curves(
    table: pd.DataFrame,
    x: str,
    by: str | None = None,
    ax: Axes | None = None,
    *,
    name: str = "accuracy",
    chance: float | None = None,
) -> Axes:
    """A score along something that varies: rows learned from, strength of a disturbance, distance
    between splits.

    Parameters
    ----------
    table : one row a point: column ``value`` and, where known, the 95 % interval ``low`` and
        ``high`` (bars and a band), all 0..1.
    x : the column along the axis; numbers are put to scale, words stand in their order in the
        table.
    by : a column with one line for each of its values.
    name : of the score, for the axis. chance : drawn as a dotted line: what guessing gives.
    """
    ax = new_axes(ax, (6.5, 4))
    if not pd.api.types.is_numeric_dtype(table[x]):
        table = table.assign(**{x: pd.Categorical(table[x], categories=table[x].unique())})
        ax.set_xticks(range(table[x].nunique()), table[x].cat.categories)
    parts = [("", table)] if by is None else table.groupby(by, sort=False, observed=True)
    colors = [
        DARK,
        RUST,
        *(line_color(e) for e in ("disgust", "fear", "surprise", "happiness", "neutral")),
    ]
    for k, (label, part) in enumerate(parts):
        part = part.sort_values(x)
        at = part[x].cat.codes if part[x].dtype == "category" else part[x]
        (dash, marker), color = (
            LINES[k % len(LINES)],
            line_color(label) if label in COLORS else colors[k % len(colors)],
        )
        ax.plot(at, 100 * part["value"], linestyle=dash, marker=marker, color=color, label=label)
        if {"low", "high"} <= set(part):
            low, high = 100 * part["low"], 100 * part["high"]
            ax.fill_between(at, low, high, color=color, alpha=0.12, linewidth=0)
            ax.vlines(at, low, high, color=color, linewidth=1)
    if chance is not None:
        ax.axhline(100 * chance, color=GREY, linestyle=":")
        ax.annotate("guessing", (1, 100 * chance), (-2, 3), xycoords=("axes fraction", "data"), ha="right",
                    textcoords="offset points", color=GREY, fontsize=9)  # fmt: skip
    interval = ", with 95 % interval" if {"low", "high"} <= set(table) else ""
    ax.set(xlabel=x.replace("_", " "), ylabel=f"{name} in %{interval}")
    ax.grid(alpha=0.3)
    if by is not None:
        ax.legend(handlelength=3.5)
    sns.despine(ax=ax)
    return ax
