"""Scores and confusions, of one network or many. Taught in notebooks/11_evaluation."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from ..evaluation import Score
from .common import ABOVE, COLORS, DARK, GREY, RUST, annotate, new_axes


def plot_confusion(
    report,
    labels: Sequence[str] | None = None,
    ax: Axes | None = None,
    **kwargs,
) -> Axes:
    """A confusion matrix: the true label in the row, the network's answer in the column.

    Colour and percentage are the share of the row (0..1), the number below it counts.

    Parameters
    ----------
    report : an ``evaluation.Report``, or int counts (k, k).
    labels : k names; a report brings its own.
    ax : drawn into; a new figure by default.
    **kwargs : for ``seaborn.heatmap``.

    Returns
    -------
    The Axes.

    Examples
    --------
    >>> ax = plot_confusion(np.array([[8, 2], [3, 1]]), labels=["anger", "fear"])
    >>> [text.get_text().split() for text in ax.texts]
    [['80', '%', '8'], ['20', '%', '2'], ['75', '%', '3'], ['25', '%', '1']]
    """
    counts = np.asarray(getattr(report, "confusion", report))
    k = len(counts)
    if labels is None:
        labels = getattr(report, "labels", range(k))
    ax = new_axes(ax, (1.6 + 0.75 * k, 1.2 + 0.65 * k))
    totals = counts.sum(axis=1, keepdims=True)
    rates = counts / np.maximum(totals, 1)
    options = {
        "cmap": "Blues",
        "vmin": 0,
        "vmax": 1,
        "square": True,
        "linewidths": 0.5,
        "cbar": False,
        "annot": _rates_and_counts(rates, counts),
        "fmt": "",
        "xticklabels": labels,
        "yticklabels": labels,
    }
    sns.heatmap(rates, ax=ax, **(options | kwargs))
    ax.set(xlabel="the network's answer", ylabel="true label")
    ax.tick_params(length=0)
    slanted = {
        "rotation": 45,
        "ha": "right",
        "rotation_mode": "anchor",
    }
    plt.setp(ax.get_xticklabels(), **slanted)
    plt.setp(ax.get_yticklabels(), rotation=0)
    return ax


def _rates_and_counts(rates: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """A cell's words: its share in percent, below it the count."""
    words = np.empty(counts.shape, dtype=object)
    for cell, count in np.ndenumerate(counts):
        words[cell] = f"{100 * rates[cell]:.0f} %\n{count}"
    return words


def plot_scores(
    scores: Mapping,
    ax: Axes | None = None,
    *,
    chance: float | None = None,
    name: str = "score",
    thesis: Mapping[str, float] | None = None,
) -> Axes:
    """Scores with their 95 % intervals, one row each, the first on top.

    Parameters
    ----------
    scores : name → ``evaluation.Score`` or a dict with value, low and high, all 0..1.
    ax : drawn into; a new figure by default.
    chance : 0..1, drawn as a dotted line: what guessing gives.
    name : of the score, for the axis.
    thesis : for some of the names the thesis's own score (0..1), drawn as a hollow diamond.

    Returns
    -------
    The Axes.

    Examples
    --------
    >>> conv2d = {"value": 0.65, "low": 0.63, "high": 0.67}
    >>> ax = plot_scores({"conv2d": conv2d}, chance=1 / 7, name="accuracy")
    >>> [text.get_text() for text in ax.texts]
    ['65.0', 'guessing']
    """
    ax = new_axes(ax, (6.5, 0.8 + 0.45 * len(scores)))
    if thesis:
        rows = list(scores)
        quoted = {rows.index(row): thesis[row] for row in rows if row in thesis}
        _draw_quoted(ax, quoted)
    for y, score in enumerate(scores.values()):
        _draw_score(ax, score, y)
    if chance is not None:
        ax.axvline(100 * chance, color=GREY, linestyle=":")
        top = (100 * chance, -0.7)
        annotate(ax, "guessing", top, (0, 2), color=GREY, fontsize=9, ha="center")
    ax.set_yticks(range(len(scores)), list(scores))
    ax.set_xlim(0, 100)
    ax.set_ylim(len(scores) - 0.5, -0.7)
    ax.set_xlabel(f"{name} in %, with 95 % interval")
    ax.grid(axis="x", alpha=0.3)
    sns.despine(ax=ax, left=True)
    ax.tick_params(axis="y", length=0)
    return ax


def _draw_quoted(ax: Axes, scores: Mapping[int, float]) -> None:
    """The thesis's scores (0..1) by their row."""
    if not scores:
        return
    ax.plot(
        [100 * score for score in scores.values()],
        list(scores),
        "D",
        mfc="none",
        mec=RUST,
        ms=7,
        label="the thesis's score",
    )
    ax.legend(**ABOVE)


def _draw_score(ax: Axes, score: Score | Mapping, y: int) -> None:
    """A dot with its number, and its interval where it has one, in row y."""
    if isinstance(score, Mapping):
        score = Score(score["value"], score["low"], score["high"])
    value = 100 * score.value
    if score.low is not None:
        ends = [100 * score.low, 100 * score.high]
        ax.plot(
            ends,
            [y, y],
            "|-",
            color=DARK,
            linewidth=1.5,
            markersize=9,
        )
    ax.plot(value, y, "o", color=DARK, markersize=5)
    words = f"{value:.1f}"
    annotate(ax, words, (value, y), (0, 7), ha="center", fontsize=9)


def plot_labels(report, ax: Axes | None = None, metric: str = "recall") -> Axes:
    """One bar a label, with the number of rows behind it and, for recall, its 95 % interval.

    Parameters
    ----------
    report : an ``evaluation.Report``.
    ax : drawn into; a new figure by default.
    metric : a column of its ``table()``: ``recall``, ``precision``, ``f1`` …
    """
    table = report.table()
    ax = new_axes(ax, (6.5, 0.9 + 0.38 * len(table)))
    rows = range(len(table))
    values = 100 * table[metric]
    colors = [COLORS.get(label, "#aaa") for label in table.index]
    ax.barh(rows, values, color=colors, edgecolor="#222")
    ends = values
    interval = ""
    if metric == "recall":
        interval = ", with 95 % interval"
        ends = 100 * table["recall_high"]
        _draw_intervals(ax, 100 * table["recall_low"], ends)
    for row in rows:
        words = f"{values.iloc[row]:.0f}"
        end = ends.iloc[row]
        if np.isnan(values.iloc[row]):
            words = "undefined"
            end = 0
        annotate(ax, words, (end, row), (5, 0), va="center", fontsize=10)
    names = [f"{label} ({n})" for label, n in table["support"].items()]
    ax.set_yticks(rows, names)
    ax.set(xlim=(0, 105), xlabel=f"{metric} in %{interval} (number of rows)")
    ax.invert_yaxis()
    ax.set_axisbelow(True)
    ax.grid(axis="x", alpha=0.3)
    sns.despine(ax=ax, left=True)
    ax.tick_params(axis="y", length=0)
    return ax


def _draw_intervals(ax: Axes, low: pd.Series, high: pd.Series) -> None:
    """A line a row, with a white edge, so that it is seen on dark bars too."""
    rows = range(len(low))
    halo = withStroke(linewidth=4, foreground="white")
    options = {"color": "black", "path_effects": [halo]}
    ax.hlines(rows, low, high, **options)
    ax.plot([low, high], [rows, rows], "|", **options)


def plot_grid(
    table: pd.DataFrame,
    rows: str,
    columns: str,
    value: str = "mean",
    ax: Axes | None = None,
    **kwargs,
) -> Axes:
    """A search over two parameters as a heat map; the number in each cell says what its colour
    does.

    Taught in notebooks/06_hyperparameter_search.

    Parameters
    ----------
    table : one row a point, as ``search.table`` gives it. A point that failed is left white, with a
        cross.
    rows, columns : the two parameters.
    value : what the colour shows, 0..1: ``mean``, ``low``, ``worst`` …
    ax : drawn into; a new figure by default.
    **kwargs : for ``seaborn.heatmap``.
    """
    wide = table.pivot(
        index=rows,
        columns=columns,
        values=value,
    )
    percent = 100 * wide.astype(float)
    height, width = percent.shape
    ax = new_axes(ax, (2.4 + 0.9 * width, 1.2 + 0.6 * height))
    options = {
        "cmap": "cividis",
        "annot": True,
        "fmt": ".1f",
        "linewidths": 0.5,
        "cbar_kws": {"label": f"accuracy in %, {value}"},
    }
    sns.heatmap(percent, ax=ax, **(options | kwargs))
    missing = np.argwhere(percent.isna().to_numpy())
    for y, x in missing + 0.5:
        ax.text(
            x,
            y,
            "×",
            ha="center",
            va="center",
            fontsize=14,
        )
    ax.set_xlabel(columns.replace("_", " "))
    ax.set_ylabel(rows.replace("_", " "))
    ax.tick_params(length=0)
    plt.setp(ax.get_yticklabels(), rotation=0)
    return ax
