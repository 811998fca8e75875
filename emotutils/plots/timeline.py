"""A film's timeline. Taught in notebooks/13_fusion."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from ..emotions import EMOTIONS
from ..findings import (
    TOGETHER,
    Findings,
    clock,
    columns,
    disagreement_column,
    label_column,
    pairs,
    stream_names,
    title,
)
from .common import COLORS, ink, new_axes

_GAP = "#e9e9e9"
_DOUBT = "||||||"
#: In the picture's own units: a lane's probabilities are stacked to 1.
_LANE = 1.25
_STEP = 1.5
_STRIP = 0.42
#: Share of the film's length that one letter of a word takes.
_LETTER = 0.015


@dataclass(frozen=True)
class Lane:
    """What one lane of a timeline shows.

    Attributes
    ----------
    name : of a stream, or ``TOGETHER``.
    title : what the lane says.
    p : (n, 7) probabilities, NaN rows where there is nothing.
    labels : n words, "" there.
    """

    name: str
    title: str
    p: np.ndarray
    labels: list[str]


def lanes(timeline: pd.DataFrame) -> list[Lane]:
    """A lane for each stream of a timeline, in its order, and the last for all together."""
    streams = stream_names(timeline)
    return [
        Lane(
            name=name,
            title=title(name, len(streams)),
            p=timeline[columns(name)].to_numpy(float),
            labels=timeline[label_column(name)].fillna("").tolist(),
        )
        for name in [*streams, TOGETHER]
    ]


def ticks(duration: float) -> list[float]:
    """At most eight round moments (s) from 0 to ``duration``."""
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 4 * 3600)
    step = next((s for s in steps if duration / s <= 7), duration)
    return np.arange(0, duration + 1e-6, step or 1).tolist()


def runs(values: Sequence) -> Iterator[tuple[int, int, object]]:
    """Stretches of equal values: (first, one past the last, value)."""
    start = 0
    for value, group in groupby(values):
        end = start + sum(1 for _ in group)
        yield start, end, value
        start = end


def timeline_size(timeline: pd.DataFrame) -> tuple[float, float]:
    """Inches of a figure in which a timeline's lanes can be read."""
    more = len(stream_names(timeline)) - 2
    strips = 0 if more <= 0 else len(_apart(timeline))
    return 7.0, 6.6 + 1.75 * max(0, more) + 0.5 * strips


def plot_timeline(analysis: Findings | pd.DataFrame, ax: Axes | None = None) -> Axes:
    """A lane over time for each stream, such as what the face looks like and what the voice sounds
    like, and one for all together.

    In each lane the seven probabilities are stacked to 1, under a ribbon that names the largest.
    Hatched grey: nothing to go by. A frame around two streams marks where they disagree, with the
    two words (face / voice); of three streams and more, a strip below the lanes for each pair that
    disagrees anywhere. Stripes under the lowest lane mark moments that are not sure.

    Parameters
    ----------
    analysis : of one film; or its ``timeline`` alone.
    ax : where to draw; a new figure by default.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from emotutils.findings import columns
    >>> timeline = pd.DataFrame({"t": [0.0, 0.5, 1.0], "unsure": False})
    >>> for name in ("face", "voice", ""):
    ...     timeline[columns(name)] = np.eye(7)[[3, 3, 4]]
    ...     timeline[f"{name}_label" if name else "label"] = ["happiness", "happiness", "sadness"]
    >>> ax = plot_timeline(timeline)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['the face\\nlooks like', 'the voice\\nsounds like', 'both\\ntogether']
    """
    timeline = getattr(analysis, "timeline", analysis)
    ax = new_axes(ax, timeline_size(timeline))
    edges = _edges(timeline)
    shown = lanes(timeline)
    bottoms = {lane.name: _STEP * k for k, lane in enumerate(reversed(shown))}
    for lane in shown:
        _plot_lane(ax, edges, lane, bottoms[lane.name])
    unsure = _plot_doubts(ax, edges, timeline)
    apart = _apart(timeline)
    floor = -0.2
    places = {_two_lines(lane.title): bottoms[lane.name] + 0.6 for lane in shown}
    if len(shown) <= 3:
        for (a, b), stretches in apart.items():
            _plot_frames(ax, edges, stretches, bottoms[b] - 0.06, bottoms[a] + _LANE + 0.06)
    else:
        for (a, b), stretches in apart.items():
            floor -= _STRIP
            _plot_strip(ax, edges, stretches, floor)
            places[f"{a} ≠ {b}"] = floor + 0.15
    ceiling = _STEP * len(shown) + 0.05
    ax.set(xlim=(0, edges[-1]), ylim=(floor, ceiling), xlabel="time (m:ss)")
    ax.set_yticks(list(places.values()), list(places))
    ax.tick_params(axis="both", length=0, labelsize=12)
    moments = ticks(edges[-1])
    ax.set_xticks(moments, [clock(t) for t in moments])
    ax.spines[:].set_visible(False)
    _plot_key(ax, unsure, apart, below=0.56 / (ceiling - floor))
    return ax


def _edges(timeline: pd.DataFrame) -> np.ndarray:
    """Where each moment begins, and where the last one ends (s)."""
    t = timeline["t"].to_numpy(float)
    if len(t) > 1:
        return np.append(t, 2 * t[-1] - t[-2])
    return np.append(t, 1.0 + t.sum())


def _apart(timeline: pd.DataFrame) -> dict[tuple[str, str], list[tuple[int, int, str]]]:
    """By pair of streams the stretches over which they disagree, where there are any."""
    found = {}
    for a, b in pairs(stream_names(timeline)):
        column = disagreement_column(a, b)
        if column in timeline:
            labels = timeline[column].fillna("").tolist()
            stretches = [stretch for stretch in runs(labels) if stretch[2]]
            if stretches:
                found[a, b] = stretches
    return found


def _plot_lane(ax: Axes, edges: np.ndarray, lane: Lane, bottom: float) -> None:
    nothing = np.zeros((len(lane.p), 1))
    # NaN, so left out, where p is.
    tops = bottom + np.hstack([nothing, np.cumsum(lane.p, axis=1)])
    for k, emotion in enumerate(EMOTIONS):
        ax.stairs(
            tops[:, k + 1],
            edges,
            baseline=tops[:, k],
            fill=True,
            color=COLORS[emotion],
            linewidth=0,
        )
    for start, stop, label in runs(lane.labels):
        x = edges[start]
        width = edges[stop] - x
        if label:
            _plot_word(ax, x, width, bottom, label, room=width / (_LETTER * edges[-1]))
        else:
            _plot_box(ax, x, bottom, width, _LANE, facecolor=_GAP, edgecolor="#aaa", hatch="////")


def _plot_word(ax: Axes, x: float, width: float, bottom: float, label: str, room: float) -> None:
    """A lane's ribbon over one stretch, with as much of its word as fits into ``room`` letters."""
    color = COLORS[label]
    _plot_box(ax, x, bottom + 1.04, width, 0.21, facecolor=color)
    if room < 3:
        return
    word = label
    if len(label) > int(room):
        word = label[:3]
    centred = {"ha": "center", "va": "center"}
    ax.text(x + width / 2, bottom + 1.14, word, color=ink(color), fontsize=10, **centred)


def _plot_box(ax: Axes, x: float, y: float, width: float, height: float, **style) -> None:
    ax.add_patch(Rectangle((x, y), width, height, **{"linewidth": 0} | style))


def _plot_doubts(ax: Axes, edges: np.ndarray, timeline: pd.DataFrame) -> bool:
    """Stripes under the moments that are not sure; whether there are any."""
    doubts = [stretch for stretch in runs(timeline["unsure"].tolist()) if stretch[2]]
    for start, stop, _ in doubts:
        width = edges[stop] - edges[start]
        stripes = {"facecolor": "none", "edgecolor": "#333", "hatch": _DOUBT}
        _plot_box(ax, edges[start], -0.15, width, 0.11, **stripes)
    return bool(doubts)


def _plot_frames(
    ax: Axes, edges: np.ndarray, stretches: list[tuple[int, int, str]], low: float, high: float
) -> None:
    """Frames around two lanes, over each as much of its words as fits between its neighbours."""
    end = edges[-1]
    style = {"fill": False, "edgecolor": "black", "linewidth": 1.8, "zorder": 4}
    middles = [(edges[start] + edges[stop]) / 2 for start, stop, _ in stretches]
    # As if each end of the film were a mirror: words must not leave the picture.
    walls = [-middles[0], *middles, 2 * end - middles[-1]]
    for k, (start, stop, labels) in enumerate(stretches):
        width = edges[stop] - edges[start]
        _plot_box(ax, edges[start], low, width, high - low, **style)
        room = min(walls[k + 1] - walls[k], walls[k + 2] - walls[k + 1])
        words = _words_apart(labels, room / end)
        ax.text(
            middles[k], high + 0.03, words, ha="center", va="bottom", fontsize=11, clip_on=False
        )


def _plot_strip(
    ax: Axes, edges: np.ndarray, stretches: list[tuple[int, int, str]], bottom: float
) -> None:
    """Boxes in a line of their own below the lanes, in each as much of its two words as fits."""
    _plot_box(ax, 0, bottom, edges[-1], 0.3, facecolor="#f4f4f4")
    style = {"facecolor": "white", "edgecolor": "black", "linewidth": 1.4}
    for start, stop, labels in stretches:
        width = edges[stop] - edges[start]
        _plot_box(ax, edges[start], bottom, width, 0.3, **style)
        words = _words_apart(labels, width / edges[-1])
        middle = edges[start] + width / 2
        ax.text(middle, bottom + 0.14, words, ha="center", va="center", fontsize=10)


def _words_apart(labels: str, room: float) -> str:
    """As much of ``one/other`` as fits into a share of the picture's width."""
    letters = room / 0.0115
    a, b = labels.split("/")
    words = [f"≠ {a} / {b}", f"≠ {a[:3]} / {b[:3]}", "≠"]
    return next((word for word in words if len(word) + 2 <= letters), words[-1])


def _plot_key(ax: Axes, unsure: bool, apart: dict[tuple[str, str], list], below: float) -> None:
    thin = {"edgecolor": "#444", "linewidth": 0.6}
    handles = [Patch(facecolor=color, label=emotion, **thin) for emotion, color in COLORS.items()]
    gap = {"facecolor": _GAP, "edgecolor": "#888", "hatch": "////", "linewidth": 0.6}
    handles.append(Patch(label="nothing to go by", **gap))
    if unsure:
        doubt = {"facecolor": "none", "edgecolor": "#333", "hatch": _DOUBT, "linewidth": 0.6}
        handles.append(Patch(label="not sure", **doubt))
    if apart:
        names = "two streams"
        if len(apart) == 1:
            names = " / ".join(*apart)
        frame = {"facecolor": "none", "edgecolor": "black", "linewidth": 1.8}
        handles.append(Patch(label=f"≠ {names} disagree", **frame))
    ax.legend(
        handles=handles,
        ncols=4,
        loc="upper center",
        bbox_to_anchor=(0.42, -below),
        fontsize=11,
        frameon=False,
        columnspacing=1.0,
        handlelength=1.2,
    )


def _two_lines(words: str) -> str:
    for verb in (" looks", " sounds"):
        first, found, rest = words.partition(verb)
        if found:
            return f"{first}\n{found.strip()}{rest}"
    return words.replace(" ", "\n")
