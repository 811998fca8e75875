"""Scores and confusions, of one network or many. Taught in notebooks/11_evaluation."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from .common import COLORS, DARK, GREY, RUST, new_axes


def plot_confusion(
    report, labels: Sequence[str] | None = None, ax: Axes | None = None, **kwargs
) -> Axes:
    """A confusion matrix: the true label in the row, the network's answer in the column.

    Colour and percentage are the share of the row (0..1), the number below it counts.

    Parameters
    ----------
    report : an ``evaluation.Report``, or int counts (k, k).
    labels : k names; a report brings its own.
    kwargs : for ``seaborn.heatmap``.
    """
    counts = np.asarray(getattr(report, "confusion", report))
    labels = labels if labels is not None else getattr(report, "labels", range(len(counts)))
    ax = new_axes(ax, (1.6 + 0.75 * len(counts), 1.2 + 0.65 * len(counts)))
    totals = counts.sum(axis=1, keepdims=True)
    rates = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    words = [
        [f"{100 * r:.0f} %\n{c}" for r, c in zip(*row, strict=True)]
        for row in zip(rates, counts, strict=True)
    ]
    options = {
        "cmap": "Blues",
        "vmin": 0,
        "vmax": 1,
        "square": True,
        "linewidths": 0.5,
        "cbar": False,
    } | kwargs
    sns.heatmap(
        rates,
        annot=np.array(words),
        fmt="",
        xticklabels=labels,
        yticklabels=labels,
        ax=ax,
        **options,
    )
    ax.set(xlabel="the network's answer", ylabel="true label")
    ax.tick_params(length=0)
    plt.setp(ax.get_xticklabels(), rotation=45, ha="right", rotation_mode="anchor")
    plt.setp(ax.get_yticklabels(), rotation=0)
    return ax


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
    chance : drawn as a dotted line: what guessing gives.
    name : of the score, for the axis.
    thesis : for some of the names the thesis's own figure (0..1), drawn as a hollow diamond.
    """
    ax = new_axes(ax, (6.5, 0.8 + 0.45 * len(scores)))
    quoted = (
        {y: 100 * thesis[row] for y, row in enumerate(scores) if row in thesis} if thesis else {}
    )
    if quoted:
        ax.plot(
            quoted.values(),
            quoted.keys(),
            "D",
            mfc="none",
            mec=RUST,
            ms=7,
            label="the thesis's figure",
        )
        ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    for y, score in enumerate(scores.values()):
        value, low, high = (
            score[k] if isinstance(score, Mapping) else getattr(score, k)
            for k in ("value", "low", "high")
        )
        ax.plot(
            [100 * low, 100 * high], [y, y], color=DARK, linewidth=1.5, marker="|", markersize=9
        )
        ax.plot(100 * value, y, "o", color=DARK, markersize=5)
        ax.annotate(
            f"{100 * value:.1f}",
            (100 * value, y),
            (0, 7),
            textcoords="offset points",
            ha="center",
            fontsize=9,
        )
    if chance is not None:
        ax.axvline(100 * chance, color=GREY, linestyle=":")
        ax.annotate(
            "guessing",
            (100 * chance, 0),
            (4, 7),
            textcoords="offset points",
            color=GREY,
            fontsize=9,
        )
    ax.set_yticks(range(len(scores)), list(scores))
    ax.set(xlim=(0, 100), ylim=(len(scores) - 0.5, -0.7), xlabel=f"{name} in %, with 95 % interval")
    ax.grid(axis="x", alpha=0.3)
    sns.despine(ax=ax, left=True)
    ax.tick_params(axis="y", length=0)
    return ax


def plot_labels(report, ax: Axes | None = None, metric: str = "recall") -> Axes:
    """One bar a label, with the number of rows behind it and, for recall, its 95 % interval.

    Parameters
    ----------
    report : an ``evaluation.Report``. metric : a column of its ``table()``: ``recall``,
        ``precision``, ``f1`` …
    """
    table = report.table()
    ax = new_axes(ax, (6.5, 0.9 + 0.38 * len(table)))
    values, ends = 100 * table[metric], 100 * table[metric]
    ax.barh(
        range(len(table)),
        values,
        color=[COLORS.get(label, "#aaa") for label in table.index],
        edgecolor="#222",
    )
    if metric == "recall":
        ends, halo = (
            100 * table["recall_high"],
            [withStroke(linewidth=4, foreground="white")],
        )  # seen on dark bars too
        ax.hlines(
            range(len(table)), 100 * table["recall_low"], ends, color="black", path_effects=halo
        )
        ax.plot(
            [100 * table["recall_low"], ends],
            [range(len(table))] * 2,
            "|",
            color="black",
            path_effects=halo,
        )
    for k, (value, end) in enumerate(zip(values, ends, strict=True)):
        words, x = ("undefined", 0) if np.isnan(value) else (f"{value:.0f}", end)
        ax.annotate(words, (x, k), (5, 0), textcoords="offset points", va="center", fontsize=10)
    ax.set_yticks(range(len(table)), [f"{label} ({n})" for label, n in table["support"].items()])
    interval = ", with 95 % interval" if metric == "recall" else ""
    ax.set(xlim=(0, 105), xlabel=f"{metric} in %{interval} (number of rows)")
    ax.invert_yaxis()
    ax.set_axisbelow(True)
    ax.grid(axis="x", alpha=0.3)
    sns.despine(ax=ax, left=True)
    ax.tick_params(axis="y", length=0)
    return ax


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
    rows, columns : the two parameters. value : what the colour shows, 0..1: ``mean``, ``low``,
        ``worst`` …
    kwargs : for ``seaborn.heatmap``.
    """
    wide = 100 * table.pivot(index=rows, columns=columns, values=value).astype(float)
    ax = new_axes(ax, (2.4 + 0.9 * wide.shape[1], 1.2 + 0.6 * wide.shape[0]))
    options = {"cmap": "cividis", "annot": True, "fmt": ".1f", "linewidths": 0.5} | kwargs
    sns.heatmap(wide, ax=ax, **{"cbar_kws": {"label": f"accuracy in %, {value}"}, **options})
    for y, x in np.argwhere(wide.isna().to_numpy()):
        ax.text(x + 0.5, y + 0.5, "×", ha="center", va="center", fontsize=14)
    ax.set(xlabel=columns.replace("_", " "), ylabel=rows.replace("_", " "))
    ax.tick_params(length=0)
    plt.setp(ax.get_yticklabels(), rotation=0)
    return ax
