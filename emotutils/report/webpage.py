"""The report as a page of HTML, from ``templates/report.html.j2``."""

import math
import os
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import jinja2
import numpy as np
import pandas as pd

from .. import plots
from ..emotions import EMOTIONS
from ..findings import (
    TOGETHER,
    Findings,
    agreement_column,
    clock,
    columns,
    label_column,
    labels_of,
    stream_names,
)
from ..plots import COLORS, Lane
from .words import (
    LABELS_NOTE,
    LAW_NOTE,
    facts,
    film_level,
    gap,
    scores,
    settings_rows,
    source_words,
    stretch,
    threshold_note,
    unsure_share,
    verdict,
)

#: Moments shown in the page; a longer film is thinned to this many (the CSV keeps them all).
SHOWN = 600


def page(
    findings: Findings, *, film: str | None = None, pictures: Sequence[tuple[float, str]] = ()
) -> str:
    """The report: one HTML page that needs no network, no other file, and no script to be read.

    Parameters
    ----------
    findings : of one film.
    film : where the film lies, as an address relative to the page (``film_address``), to be played
        beside the timeline; None: without it.
    pictures : (time in s, ``data:`` address) of the thumbnails to keep in the page
        (``take_thumbnails``).
    """
    shown, step = _thinned(findings.timeline)
    end = max(1e-9, step * len(shown))
    pairs = [_pair_view(findings, shown, end, pair) for pair in findings.summary["agreement"]]
    lanes = [_lane_view(findings, shown, step, lane, pairs) for lane in plots.lanes(shown)]
    share = ""
    if findings.summary["unsure"] is not None:
        share = unsure_share(findings)
    return _template().render(
        analysis=findings,
        info=findings.info,
        summary=findings.summary,
        film=film,
        pictures=pictures,
        verdict=verdict(findings),
        facts=facts(findings),
        lanes=lanes,
        pairs=pairs,
        limits=_limits(findings),
        moments=_moments(shown, step, lanes, pairs),
        ticks=[(100 * t / end, clock(t)) for t in plots.ticks(findings.info.duration)],
        shown=len(shown),
        thinned=len(shown) < len(findings.timeline),
        step=step,
        colors={emotion: (color, plots.ink(color)) for emotion, color in COLORS.items()},
        scores={stream: scores(card) for stream, card in findings.networks.items()},
        settings=settings_rows(findings),
        threshold_note=threshold_note(findings),
        unsure_share=share,
        labels_note=LABELS_NOTE,
        law_note=LAW_NOTE,
        version=version("emotutils"),
    )


def _limits(findings: Findings) -> str:
    """Below which agreement stretches are listed."""
    below = findings.settings["disagree_below"]
    met = list(findings.summary["agreement"])
    if len(met) == 1:
        return f"{below[met[0]]:.2f}"
    return ", ".join(f"{below[pair]:.2f} ({source_words(pair)})" for pair in met)


def _moments(shown: pd.DataFrame, step: float, lanes: list[dict], pairs: list[dict]) -> dict:
    """What the page's script says of each moment."""
    return {
        "step": step,
        "emotions": EMOTIONS,
        "lanes": [{"title": v["title"], "gap": v["gap"], "p": v["percent"]} for v in lanes],
        "unsure": np.flatnonzero(shown["unsure"]).tolist(),
        "count": len(shown),
        "agreement": [{"words": v["words"], "values": v["values"]} for v in pairs],
    }


def film_address(film: Path, directory: Path) -> str | None:
    """A film's address relative to a folder, as a page in that folder links to it; None where there
    is none to give.

    That is a film that is gone, or one on another drive.
    """
    if not film.is_file():
        return None
    try:
        path = Path(os.path.relpath(film.resolve(), directory.resolve()))
    except ValueError:  # Windows: two drives have no relative path
        return None
    return quote(path.as_posix())


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("emotutils.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"clock": clock, "stretch": stretch}
    return environment.get_template("report.html.j2")


def _thinned(timeline: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """The timeline as shown, and its step in seconds: means over so many rows that at most
    ``SHOWN`` moments remain.
    """
    t = timeline["t"].to_numpy(float)
    hop = 1.0
    if len(t) > 1:
        hop = float(t[1] - t[0])
    every = max(1, math.ceil(len(timeline) / SHOWN))
    if every == 1:
        return timeline, hop
    numbers = timeline.select_dtypes(["number", "bool"])
    shown = numbers.groupby(np.arange(len(timeline)) // every).mean()
    shown["t"] = t[::every]
    shown["unsure"] = shown["unsure"] >= 0.5
    for name in [*stream_names(timeline), TOGETHER]:
        shown[label_column(name)] = labels_of(shown[columns(name)].to_numpy(float))
    return shown, hop * every


def _pair_view(findings: Findings, shown: pd.DataFrame, end: float, pair: str) -> dict:
    """What the page draws of two streams' agreement; positions in % of its width."""
    a, b = pair.split("+")
    agreement = shown[agreement_column(a, b)].to_numpy(float)
    stretches = []
    for found in findings.summary["disagreements"]:
        if a in found and b in found:
            left = 100 * found["t0"] / end
            width = 100 * (found["t1"] - found["t0"]) / end
            stretches.append(found | {"left": left, "width": width, "labels": (found[a], found[b])})
    return {
        "names": (a, b),
        "words": f"{a} and {b}",
        "titles": (findings.streams[a].title, findings.streams[b].title),
        "mean": findings.summary["agreement"][pair],
        "path": _bars(agreement),
        "gaps": [span for span in _spans(np.isnan(agreement)) if span[2]],
        "values": [None if np.isnan(value) else round(float(value), 2) for value in agreement],
        "apart": stretches,
    }


def _lane_view(
    findings: Findings, shown: pd.DataFrame, step: float, lane: Lane, pairs: list[dict]
) -> dict:
    """What the page draws of one lane; positions in % of its width."""
    doubts = [False] * len(lane.labels)
    if lane.name == TOGETHER:
        doubts = shown["unsure"].tolist()
    nothing = gap(findings, lane.name)
    film = film_level(findings.summary, lane.name)
    stretches = list(plots.runs(lane.labels))
    return {
        "name": lane.name,
        "title": lane.title,
        "areas": _areas(lane.p),
        "ribbon": _ribbon(stretches),
        "words": _words(lane.labels, doubts),
        "gaps": [span for span in _spans(lane.labels) if not span[2]],
        "frames": _frames(lane, pairs),
        "unsure": [span for span in _spans(doubts) if span[2]],
        "said": _said(stretches, step, nothing),
        "film": film["probabilities"],
        "top": film["label"],
        "sure": film["sure"],
        "gap": nothing,
        "percent": [None if np.isnan(row[0]) else [round(100 * v) for v in row] for row in lane.p],
    }


def _frames(lane: Lane, pairs: list[dict]) -> list[dict]:
    """The stretches framed in a lane. Those of several pairs would lie over each other: they stand
    in the pairs' own strips alone.
    """
    if len(pairs) != 1 or lane.name not in pairs[0]["names"]:
        return []
    return pairs[0]["apart"]


def _areas(p: np.ndarray) -> list[tuple[str, str]]:
    """Outlines of the stacked probabilities, from the top one down, each painted over the one
    before: one outline an emotion is enough.
    """
    tops = np.cumsum(np.hstack([np.zeros((len(p), 1)), p]), axis=1)
    numbered = reversed(list(enumerate(EMOTIONS)))
    return [(emotion, _bars(tops[:, k + 1])) for k, emotion in numbered]


def _ribbon(stretches: list[tuple[int, int, str]]) -> list[tuple[str, str]]:
    """By emotion, an outline of the blocks over which it is the likeliest."""
    outlines = []
    for emotion in EMOTIONS:
        blocks = [(start, stop) for start, stop, label in stretches if label == emotion]
        if blocks:
            outlines.append((emotion, _blocks(blocks)))
    return outlines


def _words(labels: list[str], doubts: list[bool]) -> list[tuple[float, float, str, bool]]:
    """(left, width, label, whether not sure) of the stretches that have room for a word."""
    said = _spans(list(zip(labels, doubts, strict=True)))
    return [(left, width, *words) for left, width, words in said if words[0] and width >= 0.6]


def _spans(values: Sequence) -> list[tuple[float, float, object]]:
    """Stretches of equal values as (left, width) in % of all, and the value."""
    unit = 100 / max(1, len(values))
    return [
        (round(unit * a, 2), round(unit * (b - a), 2), value) for a, b, value in plots.runs(values)
    ]


def _bars(height: np.ndarray) -> str:
    """An SVG path of bars one unit wide, from 0 up to ``height`` (0..1, drawn 0..100 downwards);
    none at NaN.
    """
    path = []
    for a, b, nothing in plots.runs(np.isnan(height)):
        if not nothing:
            levels = [round(100 * (1 - min(1.0, float(h)))) for h in height[a:b]]
            path.append(
                f"M{a} 100" + "".join(f"V{y}h{d - c}" for c, d, y in plots.runs(levels)) + "V100z"
            )
    return "".join(path)


def _blocks(stretches: Iterable[tuple[int, int]]) -> str:
    return "".join(f"M{a} 0h{b - a}v1h-{b - a}z" for a, b in stretches)


def _said(stretches: list, step: float, nothing: str) -> str:
    """A lane in words, for those who hear the page: its longest stretches in order of time."""
    longest = sorted(sorted(stretches, key=lambda s: s[0] - s[1])[:12])
    words = [
        f"{clock(a * step)} to {clock(b * step)} {label or nothing}" for a, b, label in longest
    ]
    return ("" if len(longest) == len(stretches) else "longest stretches: ") + ", ".join(words)
