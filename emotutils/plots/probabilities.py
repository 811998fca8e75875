"""What a network's probabilities are worth, and a whole report.

Taught in notebooks/11_evaluation.
"""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from ..evaluation import ece, reliability, risk_coverage
from .common import DARK, GREY, LINES, annotate, line_color, new_axes
from .scores import plot_confusion, plot_labels


def plot_roc(report, ax: Axes | None = None) -> Axes:
    """The ROC curve of each label against the rest, its area in the legend; labels that do not
    occur have none.

    Parameters
    ----------
    report : an ``evaluation.Report``.
    ax : drawn into; a new figure by default.
    """
    ax = new_axes(ax, (6.5, 5))
    ax.axline(
        (0, 0),
        slope=1,
        linestyle=":",
        color=GREY,
        label="guessing (0.50)",
    )
    areas = report.table()["auc"]
    for k, (label, area) in enumerate(areas.items()):
        if np.isnan(area):
            continue
        has_label = report.y == k
        false, true, _ = roc_curve(has_label, report.proba[:, k])
        dash, marker = LINES[k % len(LINES)]
        ax.plot(
            100 * false,
            100 * true,
            linestyle=dash,
            marker=marker,
            markersize=6,
            color=line_color(label),
            markevery=(0.02 * k, 0.18),
            label=f"{label} ({area:.2f})",
        )
    ax.set_xlim(-1, 101)
    ax.set_ylim(-1, 101)
    ax.set_xlabel("false alarms: % of all other rows")
    ax.set_ylabel("found: % of its rows")
    ax.grid(alpha=0.3)
    ax.legend(
        title="label (area)",
        loc="lower right",
        handlelength=4,
    )
    sns.despine(ax=ax)
    return ax


def plot_reliability(report, ax: Axes | None = None) -> Axes:
    """How often a network is right against how sure it says it is; bars, with counts, show how
    often it is so sure.

    Points above the diagonal: more often right than it says. Intervals take rows for independent.

    Parameters
    ----------
    report : an ``evaluation.Report``.
    ax : drawn into; a new figure by default.
    """
    table = reliability(report.y, report.proba)
    error = ece(table)
    table = table[table["n"] > 0]
    ax = new_axes(ax, (6.5, 5))
    _draw_shares(ax, table)
    ax.axline(
        (0, 0),
        slope=1,
        linestyle=":",
        color=GREY,
        label="as sure as right",
    )
    sure = 100 * table["confidence"]
    low = 100 * table["accuracy_low"]
    high = 100 * table["accuracy_high"]
    ax.vlines(sure, low, high, color=DARK)
    words = f"right, with 95 % interval (ECE {100 * error:.1f} %)"
    right = 100 * table["accuracy"]
    ax.plot(
        sure,
        right,
        "o-",
        color=DARK,
        linewidth=1,
        label=words,
    )
    ax.set_xlim(0, 100)
    ax.set_ylim(0, 103)
    ax.set_xlabel("how sure: largest probability in %")
    ax.set_ylabel("%")
    # Below the axes, because points may lie anywhere.
    ax.legend(
        frameon=False,
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        borderaxespad=4,
    )
    sns.despine(ax=ax)
    return ax


def _draw_shares(ax: Axes, table: pd.DataFrame) -> None:
    """How many rows each bin holds: a bar, and the count on it."""
    shares = 100 * table["n"] / table["n"].sum()
    left = 100 * table["low"]
    right = 100 * table["high"]
    ax.bar(
        left,
        shares,
        right - left,
        align="edge",
        color="#ddd",
        edgecolor="white",
        label="share of the rows, and how many",
    )
    middles = (left + right) / 2
    style = {
        "ha": "center",
        "fontsize": 9,
        "color": "#333",
    }
    for middle, share, n in zip(middles, shares, table["n"], strict=True):
        annotate(ax, str(n), (middle, share), (0, 2), **style)


def plot_risk_coverage(report, ax: Axes | None = None) -> Axes:
    """Errors among the answers, if the network may say "not sure" below a threshold; some
    thresholds are marked.

    Parameters
    ----------
    report : an ``evaluation.Report``.
    ax : drawn into; a new figure by default.
    """
    table = risk_coverage(report.y, report.proba)
    ax = new_axes(ax, (6.5, 4))
    coverage = 100 * table["coverage"]
    risk = 100 * table["risk"]
    ax.plot(coverage, risk, color=DARK)
    for threshold in (0.9, 0.8, 0.7, 0.6, 0.5, 0.4):
        answered = np.flatnonzero(table["threshold"] >= threshold)
        if not len(answered):
            continue
        last = answered[-1]
        point = (coverage[last], risk[last])
        ax.plot(*point, "o", color=DARK)
        words = f"sure of {100 * threshold:.0f} %"
        if point[0] < 30:  # left of it the words would run into the axis
            annotate(ax, words, point, (7, -4), ha="left", va="top", fontsize=9)
        else:
            annotate(ax, words, point, (-6, 5), ha="right", fontsize=9)
    ax.set_xlim(0, 101)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("rows answered, in %")
    ax.set_ylabel("wrong answers among them, in %")
    ax.grid(alpha=0.3)
    sns.despine(ax=ax)
    return ax


def plot_report(report) -> Figure:
    """Confusion matrix, recall of each label, ROC curves and reliability below each other, for a
    narrow screen.

    Parameters
    ----------
    report : an ``evaluation.Report``.

    Returns
    -------
    A whole matplotlib Figure.
    """
    k = len(report.labels)
    heights = (1.2 + 0.7 * k, 1.2 + 0.38 * k, 5, 5)
    figure = Figure(figsize=(7, sum(heights)), layout="constrained")
    confusion, labels, roc, sure = figure.subplots(4, height_ratios=heights)
    plot_confusion(report, ax=confusion)
    plot_labels(report, ax=labels)
    plot_roc(report, ax=roc)
    plot_reliability(report, ax=sure)
    return figure
