"""Every figure of the course. Each function takes ``ax=None``, draws into it or into a new figure, and gives the Axes.

Colour is never the only cue: names, numbers, line styles or hatching say the same. Taught in
notebooks/03_face_data and notebooks/04_film_data (data), notebooks/11_evaluation (scores, confusion, curves) and
notebooks/13_fusion (timelines).
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from .emotions import EMOTIONS

#: One colour an emotion, in figures and reports alike. Found by random search: every pair stays at least 13 CIELAB
#: units apart in normal, protan, deutan and tritan vision (Machado et al. 2009), and every two at least 8 in lightness,
#: so that they differ in a grey print too.
COLORS = {
    "anger": "#e03218",
    "disgust": "#30ab80",
    "fear": "#7d49a2",
    "happiness": "#fede6f",
    "sadness": "#074077",
    "surprise": "#4cb9ef",
    "neutral": "#cfc4ba",
}

#: The three lanes of a timeline: its columns' prefix, and what the lane says.
LANES = {
    "face": ("face_", "the face looks like"),
    "voice": ("voice_", "the voice sounds like"),
    "both": ("", "both together"),
}

_GAP = "#e9e9e9"


def ink(color: str) -> str:
    """Black or white: whichever can be read better on ``color`` (WCAG contrast)."""
    rgb = np.array(to_rgb(color))
    luminance = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
    return "#000" if (luminance + 0.05) ** 2 > 0.05 * 1.05 else "#fff"


def clock(t: float) -> str:
    """Seconds as m:ss, or h:mm:ss from an hour on."""
    minutes, seconds = divmod(int(t + 1e-6), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}" if minutes >= 60 else f"{minutes}:{seconds:02d}"


def ticks(duration: float) -> list[float]:
    """At most eight round moments (s) from 0 to ``duration``."""
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 4 * 3600)
    step = next((s for s in steps if duration / s <= 7), duration)
    return np.arange(0, duration + 1e-6, step or 1).tolist()


def lane(timeline: pd.DataFrame, name: str) -> tuple[np.ndarray, list[str]]:
    """Probabilities (n, 7), NaN rows where there is nothing, and labels ("" there) of a lane in ``LANES``."""
    prefix, _ = LANES[name]
    p = timeline[[f"{prefix}p_{e}" for e in EMOTIONS]].to_numpy(float)
    return p, timeline[f"{prefix}label"].fillna("").tolist()


def runs(values: Sequence) -> Iterator[tuple[int, int, object]]:
    """Stretches of equal values: (first, one past the last, value)."""
    start = 0
    for value, group in groupby(values):
        end = start + sum(1 for _ in group)
        yield start, end, value
        start = end


def plot_timeline(analysis, ax: Axes | None = None) -> Axes:
    """Three lanes over time: what the face looks like, what the voice sounds like, and both together.

    In each lane the seven probabilities are stacked to 1, under a ribbon that names the largest. Hatched grey: nothing
    to go by. A frame around face and voice marks where they disagree.

    Parameters
    ----------
    analysis : an ``Analysis``, or its ``timeline`` alone (then without the disagreements).
    """
    ax = _axes(ax, (7, 6.2))
    timeline = getattr(analysis, "timeline", analysis)
    t = timeline["t"].to_numpy(float)
    hop = t[1] - t[0] if len(t) > 1 else 1.0
    end = t[-1] + hop if len(t) else 1.0
    edges = np.append(t, end)
    bottoms = {name: 1.5 * k for k, name in enumerate(reversed(LANES))}
    for name, bottom in bottoms.items():
        _plot_lane(ax, edges, *lane(timeline, name), bottom)
    for stretch in getattr(analysis, "summary", {}).get("disagreements", []):
        _frame(ax, stretch["t0"], stretch["t1"], bottoms["voice"] - 0.06, bottoms["face"] + 1.31)
    ax.set(xlim=(0, end), ylim=(-0.08, max(bottoms.values()) + 1.55), xlabel="time (m:ss)")
    ax.set_yticks([b + 0.6 for b in bottoms.values()], [_two_lines(LANES[name][1]) for name in bottoms])
    ax.tick_params(axis="both", length=0, labelsize=12)
    moments = ticks(end)
    ax.set_xticks(moments, [clock(t) for t in moments])
    ax.spines[:].set_visible(False)
    handles = [Patch(facecolor=c, edgecolor="#444", linewidth=0.6, label=e) for e, c in COLORS.items()]
    handles.append(Patch(facecolor=_GAP, edgecolor="#888", hatch="////", linewidth=0.6, label="nothing to go by"))
    ax.legend(handles=handles, ncols=4, loc="upper center", bbox_to_anchor=(0.42, -0.12), fontsize=11, frameon=False,
              columnspacing=1.0, handlelength=1.2)  # fmt: skip
    return ax


def _plot_lane(ax: Axes, edges: np.ndarray, p: np.ndarray, labels: list[str], bottom: float) -> None:
    tops = bottom + np.hstack([np.zeros((len(p), 1)), np.cumsum(p, axis=1)])  # NaN, so left out, where p is
    for k, emotion in enumerate(EMOTIONS):
        ax.stairs(tops[:, k + 1], edges, baseline=tops[:, k], fill=True, color=COLORS[emotion], linewidth=0)
    for a, b, label in runs(labels):
        x, width = edges[a], edges[b] - edges[a]
        if not label:
            gap = Rectangle((x, bottom), width, 1.25, facecolor=_GAP, edgecolor="#aaa", hatch="////", linewidth=0)
            ax.add_patch(gap)
            continue
        color = COLORS[label]
        ax.add_patch(Rectangle((x, bottom + 1.04), width, 0.21, facecolor=color, linewidth=0))
        room = int(width / (0.015 * edges[-1]))  # letters
        if room >= 3:
            words = label if len(label) <= room else label[:3]
            ax.text(x + width / 2, bottom + 1.14, words, color=ink(color), ha="center", va="center", fontsize=10)


def _frame(ax: Axes, t0: float, t1: float, low: float, high: float) -> None:
    ax.add_patch(Rectangle((t0, low), t1 - t0, high - low, fill=False, edgecolor="black", linewidth=1.8, zorder=4))
    ax.text((t0 + t1) / 2, high + 0.03, "≠ disagree", ha="center", va="bottom", fontsize=11, clip_on=False)


def _two_lines(words: str) -> str:
    first, _, rest = words.partition(" looks") if "looks" in words else words.partition(" sounds")
    return f"{first}\n{words[len(first) + 1 :]}" if rest else words.replace(" ", "\n")


def plot_confusion(report, labels: Sequence[str] | None = None, ax: Axes | None = None, **kwargs) -> Axes:
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
    ax = _axes(ax, (1.6 + 0.75 * len(counts), 1.2 + 0.65 * len(counts)))
    totals = counts.sum(axis=1, keepdims=True)
    rates = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    words = [[f"{100 * r:.0f} %\n{c}" for r, c in zip(*row, strict=True)] for row in zip(rates, counts, strict=True)]
    options = {"cmap": "Blues", "vmin": 0, "vmax": 1, "square": True, "linewidths": 0.5, "cbar": False} | kwargs
    sns.heatmap(rates, annot=np.array(words), fmt="", xticklabels=labels, yticklabels=labels, ax=ax, **options)
    ax.set(xlabel="the network's answer", ylabel="true label")
    ax.tick_params(length=0)
    plt.setp(ax.get_xticklabels(), rotation=45, ha="right", rotation_mode="anchor")
    plt.setp(ax.get_yticklabels(), rotation=0)
    return ax


def plot_history(history, metric: str = "loss", ax: Axes | None = None) -> Axes:
    """A metric over the epochs of a training, on the training and the validation data; the best epoch is marked.

    Parameters
    ----------
    history : one dict an epoch (a run record's ``history``), or a dict of lists (Keras' ``History.history``).
    metric : drawn as ``metric`` and ``val_metric``, whichever are there.

    Raises
    ------
    ValueError : neither is there.
    """
    table = pd.DataFrame(history)
    table.index = np.arange(1, len(table) + 1)
    if metric not in table and f"val_{metric}" not in table:
        known = ", ".join(sorted({c.removeprefix("val_") for c in table.columns}))
        raise ValueError(f"no {metric!r} in this history: choose {known}")
    ax = _axes(ax, (6, 3.6))
    for column, name, style in ((metric, "training", "--"), (f"val_{metric}", "validation", "-")):
        if column in table:
            ax.plot(table.index, table[column], style, color="#074077" if style == "-" else "#b3541e", label=name)
    chosen = table[f"val_{metric}" if f"val_{metric}" in table else metric]
    best = chosen.idxmin() if "loss" in metric else chosen.idxmax()
    ax.plot(best, chosen[best], "o", color="black", label=f"best: {chosen[best]:.3g} in epoch {best}")
    ax.set(xlabel="epoch", ylabel=metric.replace("_", " "))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.3)
    ax.legend(frameon=False)
    sns.despine(ax=ax)
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
    ax = _axes(ax, (6.5, 0.8 + 0.45 * len(scores)))
    quoted = {y: 100 * thesis[row] for y, row in enumerate(scores) if row in thesis} if thesis else {}
    if quoted:
        ax.plot(quoted.values(), quoted.keys(), "D", mfc="none", mec="#b3541e", ms=7, label="the thesis's figure")
        ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    for y, score in enumerate(scores.values()):
        value, low, high = (
            score[k] if isinstance(score, Mapping) else getattr(score, k) for k in ("value", "low", "high")
        )
        ax.plot([100 * low, 100 * high], [y, y], color="#074077", linewidth=1.5, marker="|", markersize=9)
        ax.plot(100 * value, y, "o", color="#074077", markersize=5)
        ax.annotate(f"{100 * value:.1f}", (100 * value, y), (0, 7), textcoords="offset points", ha="center", fontsize=9)
    if chance is not None:
        ax.axvline(100 * chance, color="#555", linestyle=":")
        ax.annotate("guessing", (100 * chance, 0), (4, 7), textcoords="offset points", color="#555", fontsize=9)
    ax.set_yticks(range(len(scores)), list(scores))
    ax.set(xlim=(0, 100), ylim=(len(scores) - 0.5, -0.7), xlabel=f"{name} in %, with 95 % interval")
    ax.grid(axis="x", alpha=0.3)
    sns.despine(ax=ax, left=True)
    ax.tick_params(axis="y", length=0)
    return ax


def plot_grid(
    table: pd.DataFrame, rows: str, columns: str, value: str = "mean", ax: Axes | None = None, **kwargs
) -> Axes:
    """A search over two parameters as a heat map; the number in each cell says what its colour does.

    Taught in notebooks/06_hyperparameter_search.

    Parameters
    ----------
    table : one row a point, as ``search.table`` gives it. A point that failed is left white, with a cross.
    rows, columns : the two parameters. value : what the colour shows, 0..1: ``mean``, ``low``, ``worst`` …
    kwargs : for ``seaborn.heatmap``.
    """
    wide = 100 * table.pivot(index=rows, columns=columns, values=value).astype(float)
    ax = _axes(ax, (2.4 + 0.9 * wide.shape[1], 1.2 + 0.6 * wide.shape[0]))
    options = {"cmap": "cividis", "annot": True, "fmt": ".1f", "linewidths": 0.5} | kwargs
    sns.heatmap(wide, ax=ax, **{"cbar_kws": {"label": f"accuracy in %, {value}"}, **options})
    for y, x in np.argwhere(wide.isna().to_numpy()):
        ax.text(x + 0.5, y + 0.5, "×", ha="center", va="center", fontsize=14)
    ax.set(xlabel=columns.replace("_", " "), ylabel=rows.replace("_", " "))
    ax.tick_params(length=0)
    plt.setp(ax.get_yticklabels(), rotation=0)
    return ax


def plot_faces(
    faces: np.ndarray, titles: Sequence[str] | None = None, columns: int = 7, ax: Axes | None = None
) -> Axes:
    """Faces side by side, each under its title. Taught in notebooks/03_face_data.

    Parameters
    ----------
    faces : (n, 48, 48, 1) grey 0..255.
    titles : n words; none by default.
    columns : faces in a row.
    """
    n, size = len(faces), faces.shape[1]
    rows, gap = -(-n // columns), 14 if titles is not None else 2
    inches = max(1.0, 2.2 / columns)
    ax = _axes(ax, (inches * columns, inches * rows * (size + gap) / size))
    for k, face in enumerate(faces[..., 0]):
        left, top = (k % columns) * (size + 2), (k // columns) * (size + gap) + gap
        ax.imshow(face, cmap="gray", vmin=0, vmax=255, extent=(left, left + size, top + size, top))
        if titles is not None:
            ax.text(left + size / 2, top - 3, titles[k], ha="center", va="bottom", fontsize=9)
    ax.set(xlim=(0, columns * (size + 2)), ylim=(rows * (size + gap), 0))
    ax.axis("off")
    return ax


def plot_balance(table: pd.DataFrame, by: str = "split", ax: Axes | None = None) -> Axes:
    """How many rows each label has, in one bar a part. Taught in notebooks/03_face_data.

    Parameters
    ----------
    table : a data set's table, with the columns ``label`` and ``by``.
    by : a column whose values share a label's bars: ``split``, ``corpus`` …
    """
    ax = _axes(ax, (7, 3.6))
    order = [label for label in (*EMOTIONS, "calm") if (table["label"] == label).any()]
    sns.countplot(table, x="label", hue=by, order=order, ax=ax, palette="colorblind", edgecolor="white")
    for bars, hatch in zip(ax.containers, ("", "///", "...", "xx"), strict=False):
        plt.setp(bars.patches, hatch=hatch)
        ax.bar_label(bars, fontsize=8)
    ax.set(xlabel="", ylabel="rows")
    sns.move_legend(ax, "lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, title=None, frameon=False)
    sns.despine(ax=ax)
    return ax


def plot_removed(steps: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """What each step of a preparation took away, and what was left. Taught in notebooks/04_film_data.

    Parameters
    ----------
    steps : one row a step and reason, with columns ``step``, ``before``, ``removed``, ``after`` and ``reason``.
    """
    ax = _axes(ax, (7, 0.8 + 0.36 * len(steps)))
    names = [f"{row.step}: {row.reason}" if row.reason else row.step for row in steps.itertuples()]
    ax.barh(range(len(steps)), steps["after"], color="#074077", label="kept")
    ax.barh(range(len(steps)), steps["removed"], left=steps["after"], color="#fede6f", hatch="///", label="taken away")
    for k, row in enumerate(steps.itertuples()):
        ax.annotate(
            f"−{row.removed}" if row.removed else "", (row.before, k), (3, 0), textcoords="offset points", va="center"
        )
    ax.set_yticks(range(len(steps)), names)
    ax.set(xlabel="frames", xlim=(0, 1.12 * steps["before"].max()))
    ax.invert_yaxis()
    ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    sns.despine(ax=ax)
    return ax


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    return ax if ax is not None else plt.subplots(figsize=size, layout="constrained")[1]
