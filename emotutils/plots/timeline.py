"""A film's timeline. Taught in notebooks/13_fusion."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from ..emotions import EMOTIONS
from .common import COLORS, ink, new_axes

#: The three lanes of a timeline: its columns' prefix, and what the lane says.
LANES = {
    "face": ("face_", "the face looks like"),
    "voice": ("voice_", "the voice sounds like"),
    "both": ("", "both together"),
}

_GAP, _DOUBT = "#e9e9e9", "||||||"


def clock(t: float) -> str:
    """Seconds as m:ss, or h:mm:ss from an hour on."""
    minutes, seconds = divmod(int(t + 1e-6), 60)
    return (
        f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
        if minutes >= 60
        else f"{minutes}:{seconds:02d}"
    )


def ticks(duration: float) -> list[float]:
    """At most eight round moments (s) from 0 to ``duration``."""
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 4 * 3600)
    step = next((s for s in steps if duration / s <= 7), duration)
    return np.arange(0, duration + 1e-6, step or 1).tolist()


def lane(timeline: pd.DataFrame, name: str) -> tuple[np.ndarray, list[str]]:
    """Probabilities (n, 7), NaN rows where there is nothing, and labels ("" there) of a lane in
    ``LANES``.
    """
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
    """Three lanes over time: what the face looks like, what the voice sounds like, and both
    together.

    In each lane the seven probabilities are stacked to 1, under a ribbon that names the largest.
    Hatched grey: nothing to go by. A frame around face and voice marks where they disagree, with
    the two words (face / voice). Stripes under the lane of both mark moments that are not sure.

    Parameters
    ----------
    analysis : an ``Analysis``, or its ``timeline`` alone.
    """
    ax = new_axes(ax, (7, 6.6))
    timeline = getattr(analysis, "timeline", analysis)
    t = timeline["t"].to_numpy(float)
    hop = t[1] - t[0] if len(t) > 1 else 1.0
    end = t[-1] + hop if len(t) else 1.0
    edges = np.append(t, end)
    bottoms = {name: 1.5 * k for k, name in enumerate(reversed(LANES))}
    for name, bottom in bottoms.items():
        _plot_lane(ax, edges, *lane(timeline, name), bottom)
    doubts = [(a, b) for a, b, unsure in runs(timeline["unsure"].tolist()) if unsure]
    for a, b in doubts:
        x, width = edges[a], edges[b] - edges[a]
        ax.add_patch(
            Rectangle(
                (x, -0.15),
                width,
                0.11,
                facecolor="none",
                edgecolor="#333",
                hatch=_DOUBT,
                linewidth=0,
            )
        )
    apart = [
        (a, b, pair) for a, b, pair in runs(timeline["disagreement"].fillna("").tolist()) if pair
    ]
    _plot_apart(ax, [(edges[a], edges[b], pair) for a, b, pair in apart], end, bottoms)
    ax.set(xlim=(0, end), ylim=(-0.2, max(bottoms.values()) + 1.55), xlabel="time (m:ss)")
    ax.set_yticks(
        [b + 0.6 for b in bottoms.values()], [_two_lines(LANES[name][1]) for name in bottoms]
    )
    ax.tick_params(axis="both", length=0, labelsize=12)
    moments = ticks(end)
    ax.set_xticks(moments, [clock(t) for t in moments])
    ax.spines[:].set_visible(False)
    handles = [
        Patch(facecolor=c, edgecolor="#444", linewidth=0.6, label=e) for e, c in COLORS.items()
    ]
    handles.append(
        Patch(
            facecolor=_GAP, edgecolor="#888", hatch="////", linewidth=0.6, label="nothing to go by"
        )
    )
    if doubts:
        handles.append(
            Patch(facecolor="none", edgecolor="#333", hatch=_DOUBT, linewidth=0.6, label="not sure")
        )
    if apart:
        handles.append(
            Patch(
                facecolor="none", edgecolor="black", linewidth=1.8, label="≠ face / voice disagree"
            )
        )
    ax.legend(handles=handles, ncols=4, loc="upper center", bbox_to_anchor=(0.42, -0.12), fontsize=11, frameon=False,
              columnspacing=1.0, handlelength=1.2)  # fmt: skip
    return ax


def _plot_lane(
    ax: Axes, edges: np.ndarray, p: np.ndarray, labels: list[str], bottom: float
) -> None:
    tops = bottom + np.hstack(
        [np.zeros((len(p), 1)), np.cumsum(p, axis=1)]
    )  # NaN, so left out, where p is
    for k, emotion in enumerate(EMOTIONS):
        ax.stairs(
            tops[:, k + 1],
            edges,
            baseline=tops[:, k],
            fill=True,
            color=COLORS[emotion],
            linewidth=0,
        )
    for a, b, label in runs(labels):
        x, width = edges[a], edges[b] - edges[a]
        if not label:
            gap = Rectangle(
                (x, bottom),
                width,
                1.25,
                facecolor=_GAP,
                edgecolor="#aaa",
                hatch="////",
                linewidth=0,
            )
            ax.add_patch(gap)
            continue
        color = COLORS[label]
        ax.add_patch(Rectangle((x, bottom + 1.04), width, 0.21, facecolor=color, linewidth=0))
        room = int(width / (0.015 * edges[-1]))  # letters
        if room >= 3:
            words = label if len(label) <= room else label[:3]
            ax.text(
                x + width / 2,
                bottom + 1.14,
                words,
                color=ink(color),
                ha="center",
                va="center",
                fontsize=10,
            )


def _plot_apart(
    ax: Axes, stretches: list[tuple[float, float, str]], end: float, bottoms: dict[str, float]
) -> None:
    """Frames around face and voice, over each as much of its two words as fits between its
    neighbours.
    """
    low, high = bottoms["voice"] - 0.06, bottoms["face"] + 1.31
    middles = [(t0 + t1) / 2 for t0, t1, _ in stretches]
    # As if each end of the film were a mirror: words must not leave the picture.
    walls = [-middles[0], *middles, 2 * end - middles[-1]] if stretches else []
    for k, (t0, t1, pair) in enumerate(stretches):
        ax.add_patch(
            Rectangle(
                (t0, low),
                t1 - t0,
                high - low,
                fill=False,
                edgecolor="black",
                linewidth=1.8,
                zorder=4,
            )
        )
        room = min(walls[k + 1] - walls[k], walls[k + 2] - walls[k + 1]) / (0.0115 * end)  # letters
        face, voice = pair.split("/")
        words = [f"≠ {face} / {voice}", f"≠ {face[:3]} / {voice[:3]}", "≠"]
        fitting = next((w for w in words if len(w) + 2 <= room), words[-1])
        ax.text(
            middles[k], high + 0.03, fitting, ha="center", va="bottom", fontsize=11, clip_on=False
        )


def _two_lines(words: str) -> str:
    first, _, rest = words.partition(" looks") if "looks" in words else words.partition(" sounds")
    return f"{first}\n{words[len(first) + 1 :]}" if rest else words.replace(" ", "\n")
