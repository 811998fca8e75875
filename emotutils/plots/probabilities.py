"""What a network's probabilities are worth, and a whole report. Taught in notebooks/11_evaluation."""

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from ..evaluation import ece, reliability, risk_coverage
from .common import DARK, GREY, LINES, line_color, new_axes
from .scores import plot_confusion, plot_labels


def plot_roc(report, ax: Axes | None = None) -> Axes:
    """The ROC curve of each label against the rest, its area in the legend; labels that do not
    occur have none.

    Parameters
    ----------
    report : an ``evaluation.Report``.
    """
    ax = new_axes(ax, (6.5, 5))
    ax.plot([0, 100], [0, 100], ":", color=GREY, label="guessing (0.50)")
    for k, (label, area) in enumerate(report.table()["auc"].items()):
        if np.isnan(area):
            continue
        false, true, _ = roc_curve(report.y == k, report.proba[:, k])
        dash, marker = LINES[k % len(LINES)]
        ax.plot(100 * false, 100 * true, linestyle=dash, marker=marker, markersize=6, color=line_color(label),
                markevery=(0.02 * k, 0.18), label=f"{label} ({area:.2f})")  # fmt: skip
    ax.set(
        xlim=(-1, 101),
        ylim=(-1, 101),
        xlabel="false alarms: % of all other rows",
        ylabel="found: % of its rows",
    )
    ax.grid(alpha=0.3)
    ax.legend(title="label (area)", loc="lower right", handlelength=4)
    sns.despine(ax=ax)
    return ax


def plot_reliability(report, ax: Axes | None = None) -> Axes:
    """How often a network is right against how sure it says it is; bars, with counts, show how
    often it is so sure.

    Points above the diagonal: more often right than it says. Intervals take rows for independent.

    Parameters
    ----------
    report : an ``evaluation.Report``.
    """
    table = reliability(report.y, report.proba)
    error, table = ece(table), table[table["n"] > 0]
    ax = new_axes(ax, (6.5, 5))
    shares = 100 * table["n"] / table["n"].sum()
    ax.bar(100 * table["low"], shares, 100 * (table["high"] - table["low"]), align="edge", color="#ddd",
           edgecolor="white", label="share of the rows, and how many")  # fmt: skip
    for x, share, n in zip(50 * (table["low"] + table["high"]), shares, table["n"], strict=True):
        ax.annotate(
            f"{n}",
            (x, share),
            (0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=9,
            color="#333",
        )
    ax.plot([0, 100], [0, 100], ":", color=GREY, label="as sure as right")
    ax.vlines(
        100 * table["confidence"],
        100 * table["accuracy_low"],
        100 * table["accuracy_high"],
        color=DARK,
    )
    ax.plot(100 * table["confidence"], 100 * table["accuracy"], "o-", color=DARK, linewidth=1,
            label=f"right, with 95 % interval (ECE {100 * error:.1f} %)")  # fmt: skip
    ax.set(xlim=(0, 100), ylim=(0, 103), xlabel="how sure: largest probability in %", ylabel="%")
    ax.legend(
        frameon=False, loc="upper center", bbox_to_anchor=(0.5, 0), borderaxespad=4
    )  # points may lie anywhere
    sns.despine(ax=ax)
    return ax


def plot_risk_coverage(report, ax: Axes | None = None) -> Axes:
    """Errors among the answers, if the network may say "not sure" below a threshold; some
    thresholds are marked.

    Parameters
    ----------
    report : an ``evaluation.Report``.
    """
    table = risk_coverage(report.y, report.proba)
    ax = new_axes(ax, (6.5, 4))
    ax.plot(100 * table["coverage"], 100 * table["risk"], color=DARK)
    for threshold in (0.9, 0.8, 0.7, 0.6, 0.5, 0.4):
        at = table[table["threshold"] >= threshold].tail(1)
        if len(at):
            point = (100 * at["coverage"].item(), 100 * at["risk"].item())
            ax.plot(*point, "o", color=DARK)
            ax.annotate(f"sure of {100 * threshold:.0f} %", point, (-6, 5), textcoords="offset points", ha="right",
                        fontsize=9)  # fmt: skip
    ax.set(xlim=(0, 101), xlabel="rows answered, in %", ylabel="wrong answers among them, in %")
    ax.set_ylim(bottom=0)
    ax.grid(alpha=0.3)
    sns.despine(ax=ax)
    return ax


def plot_report(report) -> Figure:
    """Confusion matrix, recall of each label, ROC curves and reliability below each other, for a
    narrow screen.

    Parameters
    ----------
    report : an ``evaluation.Report``.
    """
    k = len(report.labels)
    heights = (1.2 + 0.7 * k, 1.2 + 0.38 * k, 5, 5)
    figure = Figure(figsize=(7, sum(heights)), layout="constrained")
    parts = figure.subplots(4, height_ratios=heights)
    for draw, ax in zip(
        (plot_confusion, plot_labels, plot_roc, plot_reliability), parts, strict=True
    ):
        draw(report, ax=ax)
    return figure
