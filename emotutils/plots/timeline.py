"""A film's timeline. Taught in notebooks/13_fusion."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from ..findings import (
    TOGETHER,
    Findings,
    Stretch,
    baseline_column,
    clock,
    columns,
    disagreement_column,
    fused_names,
    label_column,
    moment_edges,
    pairs,
    person_column,
    stream_names,
    stretches_of,
    title,
    unshifted_column,
)
from .common import COLORS, ink, new_axes

_GAP = "#e9e9e9"
_NOTHING = {"facecolor": _GAP, "edgecolor": "#aaa", "hatch": "////"}
_DOUBT = "||||||"
_DOTTED = {"fill": False, "edgecolor": "black", "linewidth": 1.8, "linestyle": ":", "zorder": 4}
#: In the picture's own units: a lane's probabilities are stacked to 1.
_LANE = 1.25
_STEP = 1.5
_STRIP = 0.42
#: Seconds between ticks.
TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
#: A lane's name has lines of so many letters.
LETTERS = 14
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
    unshifted : the words without the baseline, where the stream has one.
    baseline : n times whether the person was named neutral, likewise.
    people : n numbers of people, 0 where nobody is; only where the stream speaks of several.
    """

    name: str
    title: str
    p: np.ndarray
    labels: list[str]
    unshifted: list[str] = field(default_factory=list)
    baseline: list[bool] = field(default_factory=list)
    people: list[int] = field(default_factory=list)


def lanes(timeline: pd.DataFrame) -> list[Lane]:
    """A lane for each stream of a timeline, in its order, and the last for what those that are
    fused say together.
    """
    streams = stream_names(timeline)
    fused = fused_names(timeline)
    found = []
    for name in [*streams, TOGETHER]:
        lane = Lane(
            name=name,
            title=title(name, fused),
            p=timeline[columns(name)].to_numpy(float),
            labels=timeline[label_column(name)].fillna("").tolist(),
        )
        if unshifted_column(name) in timeline:
            lane = replace(
                lane,
                unshifted=timeline[unshifted_column(name)].fillna("").tolist(),
                baseline=timeline[baseline_column(name)].tolist(),
            )
        found.append(replace(lane, people=_people(timeline, name)))
    return found


def _people(timeline: pd.DataFrame, name: str) -> list[int]:
    """Whom a stream speaks of at each moment, 0 for nobody; nothing unless of several people."""
    column = person_column(name)
    if column not in timeline or timeline[column].nunique() < 2:
        return []
    return timeline[column].fillna(0).astype(int).tolist()


def ticks(duration: float) -> list[float]:
    """At most eight round moments (s) from 0 to ``duration``."""
    step = duration or 1
    for seconds in TICKS:
        if duration / seconds <= 7:
            step = seconds
            break
    return np.arange(0, duration + 1e-6, step).tolist()


def timeline_size(timeline: pd.DataFrame) -> tuple[float, float]:
    """Inches of a figure in which a timeline's lanes can be read."""
    more = len(stream_names(timeline)) - 2
    apart = _apart(timeline)
    strips = len(apart) - len(_framed(apart, timeline))
    return 7.0, 6.6 + 1.75 * max(0, more) + 0.5 * strips


def plot_timeline(analysis: Findings | pd.DataFrame, ax: Axes | None = None) -> Axes:
    """A lane over time for each stream, such as what the face looks like and what the voice sounds
    like, and one for what those that are fused say together.

    In each lane the seven probabilities are stacked to 1, under a ribbon that names the largest.
    Hatched grey: nothing to go by. A frame around two streams that are combined marks where they
    disagree, with the two words (face / voice); every other pair that disagrees anywhere, and all
    pairs where three and more are combined, have a strip below the lanes. Stripes under the lowest
    lane mark moments that are not sure. A stream with a baseline has a thin line below it, its
    labels without the baseline, and dots around the stretch that was named neutral. A grey band
    below the face says whose it is, where several people are seen.

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
    ['the face\\nlooks like', 'the voice\\nsounds like', 'face and voice\\ntogether']
    """
    timeline = getattr(analysis, "timeline", analysis)
    ax = new_axes(ax, timeline_size(timeline))
    edges = moment_edges(timeline)
    shown = lanes(timeline)
    bottoms = {}
    for place, lane in enumerate(reversed(shown)):
        bottoms[lane.name] = _STEP * place
    for lane in shown:
        _plot_lane(ax, edges, lane, bottoms[lane.name])
        _plot_baseline(ax, edges, lane, bottoms[lane.name])
        _plot_people(ax, edges, lane, bottoms[lane.name])
    doubts = stretches_of(timeline["unsure"].tolist(), edges)
    _plot_doubts(ax, doubts)
    apart = _apart(timeline)
    framed = _framed(apart, timeline)
    _plot_frames(ax, framed, bottoms, edges[-1])
    rest = {pair: stretches for pair, stretches in apart.items() if pair not in framed}
    strips = _plot_strips(ax, rest, edges[-1])
    floor = min([0, *strips.values()]) - 0.2
    ceiling = _STEP * len(shown) + 0.05
    ax.set(xlim=(0, edges[-1]), ylim=(floor, ceiling), xlabel="time (m:ss)")
    titles = {_two_lines(lane.title): bottoms[lane.name] + 0.6 for lane in shown}
    _name_places(ax, titles | strips, edges[-1])
    key = _key(bool(doubts), list(apart), shown)
    _plot_key(ax, key, below=0.56 / (ceiling - floor))
    return ax


def ribbons_size(lanes: Mapping[str, Sequence[Stretch]]) -> tuple[float, float]:
    """Inches of a figure in which so many ribbons can be read."""
    return 7.0, 1.4 + 0.5 * len(lanes)


def plot_ribbons(
    lanes: Mapping[str, Sequence[Stretch]], duration: float, ax: Axes | None = None
) -> Axes:
    """Words over time, a ribbon for each lane, the first one on top; grey hatching where there is
    nothing.

    Parameters
    ----------
    lanes : by name, stretches of words; emotions have their colours, other words stand on white.
    duration : of the film (s).
    ax : where to draw; a new figure by default.

    Examples
    --------
    >>> from emotutils.findings import Stretch
    >>> lanes = {"a person": [Stretch(0, 3, "fear")], "the face looks like": []}
    >>> ax = plot_ribbons(lanes, 4)
    >>> [text.get_text() for text in ax.texts]
    ['fear']
    """
    ax = new_axes(ax, ribbons_size(lanes))
    heights = {}
    for place, (name, stretches) in enumerate(lanes.items()):
        bottom = -float(place)
        _plot_box(ax, Stretch(0, duration, None), bottom, 0.8, **_NOTHING)
        for stretch in stretches:
            color = COLORS.get(stretch.value, "#ffffff")
            style = {"facecolor": color, "edgecolor": "white", "linewidth": 0.6}
            _plot_box(ax, stretch, bottom, 0.8, **style)
            word = _fitting(stretch.value, stretch.width / duration)
            _write(ax, stretch.middle, bottom + 0.38, word, color=ink(color), fontsize=9)
        heights[name] = bottom + 0.4
    ax.set(xlim=(0, duration), ylim=(0.9 - len(lanes), 0.9), xlabel="time (m:ss)")
    _name_places(ax, heights, duration)
    return ax


def _apart(timeline: pd.DataFrame) -> dict[tuple[str, str], list[Stretch]]:
    """By pair of streams the stretches over which they disagree, where there are any."""
    edges = moment_edges(timeline)
    found = {}
    for pair in pairs(stream_names(timeline)):
        column = disagreement_column(*pair)
        if column not in timeline:
            continue
        labels = timeline[column].fillna("").tolist()
        if any(labels):
            found[pair] = stretches_of(labels, edges)
    return found


def _framed(apart: dict[tuple[str, str], list[Stretch]], timeline: pd.DataFrame) -> dict:
    """Of streams apart the one pair that gets frames: of two that are combined. Frames of several
    pairs would lie over each other.
    """
    combined = pairs(fused_names(timeline))
    if len(combined) != 1:
        return {}
    return {pair: stretches for pair, stretches in apart.items() if pair == combined[0]}


def _plot_lane(ax: Axes, edges: np.ndarray, lane: Lane, bottom: float) -> None:
    # NaN, so left out, where there is nothing.
    tops = bottom + np.cumsum(lane.p, axis=1)
    below = np.where(np.isnan(lane.p[:, 0]), np.nan, bottom)
    for top, color in zip(tops.T, COLORS.values(), strict=True):
        ax.stairs(top, edges, baseline=below, fill=True, color=color, linewidth=0)
        below = top
    for stretch in stretches_of(lane.labels, edges):
        _plot_word(ax, stretch, bottom, room=stretch.width / edges[-1])
    missing = [not label for label in lane.labels]
    for stretch in stretches_of(missing, edges):
        _plot_box(ax, stretch, bottom, _LANE, **_NOTHING)


def _plot_word(ax: Axes, stretch: Stretch, bottom: float, room: float) -> None:
    """A lane's ribbon over one stretch, with as much of its word as fits into a share of the
    picture's width.
    """
    label = stretch.value
    color = COLORS[label]
    _plot_box(ax, stretch, bottom + 1.04, 0.21, facecolor=color)
    word = _fitting(label, room)
    _write(ax, stretch.middle, bottom + 1.14, word, color=ink(color), fontsize=10)


def _fitting(word: str, room: float) -> str:
    """A word, its first letters, or nothing: what fits into a share of the picture's width."""
    letters = int(room / _LETTER)
    if letters < 3:
        return ""
    return word if len(word) <= letters else word[:3]


def _plot_box(ax: Axes, stretch: Stretch, bottom: float, height: float, **style) -> None:
    style = {"linewidth": 0} | style
    box = Rectangle((stretch.start, bottom), stretch.width, height, **style)
    ax.add_patch(box)


def _write(ax: Axes, x: float, y: float, words: str, **style) -> None:
    if not words:
        return
    style = {"ha": "center", "va": "center", "fontsize": 11} | style
    ax.text(x, y, words, **style)


def _plot_baseline(ax: Axes, edges: np.ndarray, lane: Lane, bottom: float) -> None:
    """What a lane said without its baseline, and where that was named."""
    for stretch in stretches_of(lane.unshifted, edges):
        _plot_box(ax, stretch, bottom - 0.15, 0.1, facecolor=COLORS[stretch.value])
    for stretch in stretches_of(lane.baseline, edges):
        _plot_box(ax, stretch, bottom - 0.02, _LANE + 0.04, **_DOTTED)


def _plot_people(ax: Axes, edges: np.ndarray, lane: Lane, bottom: float) -> None:
    """A band below a lane that says whom it speaks of; neighbours differ in their grey."""
    for stretch in stretches_of(lane.people, edges):
        dark = stretch.value % 2
        style = {"facecolor": "#555" if dark else "#bbb", "edgecolor": "white", "linewidth": 0.6}
        _plot_box(ax, stretch, bottom - 0.19, 0.15, **style)
        words = f"person {stretch.value}"
        if stretch.width / edges[-1] < _LETTER * len(words):
            words = str(stretch.value)
        color = "white" if dark else "black"
        _write(ax, stretch.middle, bottom - 0.12, words, color=color, fontsize=8)


def _plot_doubts(ax: Axes, doubts: list[Stretch]) -> None:
    """Stripes under the moments that are not sure."""
    for stretch in doubts:
        style = {"facecolor": "none", "edgecolor": "#333", "hatch": _DOUBT}
        _plot_box(ax, stretch, -0.15, 0.11, **style)


def _plot_frames(
    ax: Axes,
    apart: dict[tuple[str, str], list[Stretch]],
    bottoms: dict[str, float],
    end: float,
) -> None:
    """Frames around two lanes, over each as much of its two words as fits between neighbours."""
    style = {"fill": False, "edgecolor": "black", "linewidth": 1.8, "zorder": 4}
    for (upper, lower), stretches in apart.items():
        low = bottoms[lower] - 0.06
        high = bottoms[upper] + _LANE + 0.06
        for stretch, room in zip(stretches, _rooms(stretches, end), strict=True):
            _plot_box(ax, stretch, low, high - low, **style)
            words = _words_apart(stretch.value, room)
            _write(ax, stretch.middle, high + 0.03, words, va="bottom", clip_on=False)


def _rooms(stretches: list[Stretch], end: float) -> list[float]:
    """The share of the picture's width that each stretch's words may take."""
    middles = [stretch.middle for stretch in stretches]
    # As if each end of the film were a mirror: words must not leave the picture.
    mirrored = [-middles[0], *middles, 2 * end - middles[-1]]
    distances = np.diff(mirrored) / end
    return np.minimum(distances[:-1], distances[1:]).tolist()


def _plot_strips(
    ax: Axes, apart: dict[tuple[str, str], list[Stretch]], end: float
) -> dict[str, float]:
    """A line for each pair below the lanes, with boxes that hold as much of the two words as fits;
    gives each line's height by its name.
    """
    whole = Stretch(0, end, None)
    style = {"facecolor": "white", "edgecolor": "black", "linewidth": 1.4}
    heights = {}
    bottom = -0.2
    for (a, b), stretches in apart.items():
        bottom -= _STRIP
        _plot_box(ax, whole, bottom, 0.3, facecolor="#f4f4f4")
        for stretch in stretches:
            _plot_box(ax, stretch, bottom, 0.3, **style)
            words = _words_apart(stretch.value, stretch.width / end)
            _write(ax, stretch.middle, bottom + 0.14, words, fontsize=10)
        heights[f"{a} ≠ {b}"] = bottom + 0.14
    return heights


def _words_apart(labels: str, room: float) -> str:
    """As much of ``one/other`` as fits into a share of the picture's width."""
    letters = room / 0.0115 - 2
    a, b = labels.split("/")
    for words in (f"≠ {a} / {b}", f"≠ {a[:3]} / {b[:3]}"):
        if len(words) <= letters:
            return words
    return "≠"


def _name_places(ax: Axes, places: dict[str, float], end: float) -> None:
    """The lanes' names at their heights, and round times below."""
    moments = ticks(end)
    ax.set_yticks(list(places.values()), list(places))
    ax.set_xticks(moments, [clock(t) for t in moments])
    ax.tick_params(axis="both", length=0, labelsize=12)
    ax.spines[:].set_visible(False)


def _key(unsure: bool, apart: list[tuple[str, str]], shown: list[Lane]) -> list[Patch]:
    """What the colours and patterns of a picture mean."""
    handles = []
    for emotion, color in COLORS.items():
        handles.append(_sample(emotion, facecolor=color, edgecolor="#444"))
    handles.append(_sample("nothing to go by", facecolor=_GAP, edgecolor="#888", hatch="////"))
    if unsure:
        handles.append(_sample("not sure", facecolor="none", edgecolor="#333", hatch=_DOUBT))
    if apart:
        names = "two streams"
        if len(apart) == 1:
            names = " / ".join(apart[0])
        frame = {"facecolor": "none", "edgecolor": "black", "linewidth": 1.8}
        handles.append(_sample(f"≠ {names} disagree", **frame))
    if any(any(lane.baseline) for lane in shown):
        handles.append(_sample("named neutral", **(_DOTTED | {"zorder": 1})))
    if any(lane.people for lane in shown):
        handles.append(_sample("whose face it is", facecolor="#bbb", edgecolor="#555"))
    if any(lane.unshifted for lane in shown):
        handles.append(_sample("thin line: no baseline", facecolor="none", edgecolor="none"))
    return handles


def _plot_key(ax: Axes, handles: list[Patch], below: float) -> None:
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


def _sample(label: str, **style) -> Patch:
    style = {"linewidth": 0.6} | style
    return Patch(label=label, **style)


def _two_lines(words: str) -> str:
    for verb in (" looks", " sounds", " read"):
        first, found, rest = words.partition(verb)
        if found:
            return f"{first}\n{found.strip()}{rest}"
    return textwrap.fill(words, LETTERS, break_long_words=False)
