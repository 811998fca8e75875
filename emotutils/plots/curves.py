"""Lines: a training's epochs, and scores along something that varies. Taught in
notebooks/11_evaluation.
"""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..evaluation import parting_epoch
from ..evaluation.curves import history_table
from .common import COLORS, DARK, GREY, LINES, RUST, annotate, line_color, new_axes


def plot_history(history, metric: str = "loss", ax: Axes | None = None) -> Axes:
    """A metric over the epochs of a training, on the training and the validation data.

    Marked are the best epoch and, as a dotted line, where the two part for good
    (``evaluation.parting_epoch``).

    Parameters
    ----------
    history : one dict an epoch (a run record's ``history``), or a dict of lists (Keras'
        ``History.history``). Epochs are numbered from 1, or by their own ``epoch``.
    metric : drawn as ``metric`` and ``val_metric``, whichever are there.
    ax : drawn into; a new figure by default.

    Returns
    -------
    The Axes.

    Raises
    ------
    ValueError : neither is there.

    Examples
    --------
    >>> history = {"loss": [1.9, 1.4, 1.1], "val_loss": [1.8, 1.5, 1.6]}
    >>> ax = plot_history(history)
    >>> [line.get_label() for line in ax.lines]
    ['training', 'validation', 'best: 1.5 in epoch 2']
    """
    table = history_table(history)
    if metric not in table and f"val_{metric}" not in table:
        known = {column.removeprefix("val_") for column in table.columns}
        raise ValueError(f"no {metric!r} in this history: choose {', '.join(sorted(known))}")
    ax = new_axes(ax, (6, 3.6))
    if metric in table:
        ax.plot(table.index, table[metric], "--", color=RUST, label="training")
    decides = table.get(f"val_{metric}")
    if decides is None:
        decides = table[metric]
    else:
        ax.plot(table.index, decides, "-", color=DARK, label="validation")
    _mark_parting(ax, table.index, parting_epoch(history, metric))
    if "loss" in metric:
        best = decides.idxmin()
    else:
        best = decides.idxmax()
    words = f"best: {decides[best]:.3g} in epoch {best}"
    ax.plot(best, decides[best], "o", color="black", label=words)
    ax.set(xlabel="epoch", ylabel=metric.replace("_", " ").replace("uar", "UAR"))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
    sns.despine(ax=ax)
    return ax


def _mark_parting(ax: Axes, epochs: pd.Index, parted: int | None) -> None:
    if parted is None:
        return
    words = "apart in every epoch"
    if parted in epochs:
        words = f"part after epoch {parted}"
    ax.axvline(
        parted + 0.5,
        color=GREY,
        linestyle=":",
        label=words,
    )


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
    ax : drawn into; a new figure by default.
    name : of the score, for the axis.
    chance : 0..1, drawn as a dotted line: what guessing gives.

    Returns
    -------
    The Axes.

    Examples
    --------
    >>> table = pd.DataFrame({"rows": [100, 200, 400], "value": [0.31, 0.37, 0.45]})
    >>> ax = plot_curves(table, "rows", chance=1 / 7)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('rows', 'accuracy in %')
    """
    ax = new_axes(ax, (6.5, 4))
    if not pd.api.types.is_numeric_dtype(table[x]):
        words = table[x].unique()
        in_order = pd.Categorical(table[x], categories=words)
        table = table.assign(**{x: in_order})
        ax.set_xticks(range(len(words)), words)
    parts = [("", table)]
    if by is not None:
        parts = table.groupby(by, sort=False, observed=True)
    for k, (label, part) in enumerate(parts):
        _draw_curve(ax, part.sort_values(x), x, label, k)
    if chance is not None:
        ax.axhline(100 * chance, color=GREY, linestyle=":")
        annotate(
            ax,
            "guessing",
            (1, 100 * chance),
            (-2, 3),
            xycoords=("axes fraction", "data"),
            ha="right",
            color=GREY,
            fontsize=9,
        )
    ylabel = f"{name} in %"
    if {"low", "high"} <= set(table):
        ylabel = f"{ylabel}, with 95 % interval"
    ax.set(xlabel=x.replace("_", " "), ylabel=ylabel)
    ax.grid(alpha=0.3)
    if by is not None:
        ax.legend(handlelength=3.5)
    sns.despine(ax=ax)
    return ax


def _draw_curve(
    ax: Axes,
    part: pd.DataFrame,
    x: str,
    label: str,
    k: int,
) -> None:
    """The k-th line, in its own colour, dash and marker."""
    at = part[x]
    if at.dtype == "category":
        at = at.cat.codes
    dash, marker = LINES[k % len(LINES)]
    color = _curve_color(label, k)
    ax.plot(
        at,
        100 * part["value"],
        linestyle=dash,
        marker=marker,
        color=color,
        label=label,
    )
    if {"low", "high"} <= set(part):
        low = 100 * part["low"]
        high = 100 * part["high"]
        ax.fill_between(
            at,
            low,
            high,
            color=color,
            alpha=0.12,
            linewidth=0,
        )
        ax.vlines(at, low, high, color=color, linewidth=1)


def _curve_color(label: str, k: int) -> str:
    """An emotion's own colour, or for other names the k-th of seven."""
    if label in COLORS:
        return line_color(label)
    emotions = ("disgust", "fear", "surprise", "happiness", "neutral")
    colors = [DARK, RUST, *map(line_color, emotions)]
    return colors[k % len(colors)]
