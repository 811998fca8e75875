"""The report as a page of HTML, from ``templates/report.html.j2``."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import jinja2
import numpy as np
import pandas as pd

from .. import plots
from ..emotions import EMOTIONS
from ..findings import (
    TOGETHER,
    Findings,
    P,
    agreement_column,
    baseline_column,
    clock,
    columns,
    fused_names,
    label_column,
    labels_of,
    person_column,
    runs,
    stream_names,
    unshifted_column,
)
from ..plots import COLORS, Lane
from .words import (
    LABELS_NOTE,
    LAW_NOTE,
    baseline_rows,
    facts,
    film_level,
    gap,
    scores,
    settings_rows,
    source_words,
    stretch,
    threshold_note,
    unsure_share,
    verdict_sentences,
)

#: Moments shown in the page; a longer film is thinned to this many (the CSV keeps them all).
SHOWN = 600


@dataclass(frozen=True)
class Span:
    """A stretch of equal values, in % of the page's width.

    Attributes
    ----------
    left, width : 0..100.
    value : what it is a stretch of.
    """

    left: float
    width: float
    value: object


def page(
    findings: Findings, *, film: str | None = None, pictures: Sequence[tuple[float, str]] = ()
) -> str:
    """The report: one HTML page that needs no network, no other file, and no script to be read.

    Parameters
    ----------
    findings : of one film.
    film : where the film lies, as an address relative to the page (``film_address``), or the film
        itself as a ``data:`` address, to be played beside the timeline; None: without it.
    pictures : (time in s, ``data:`` address) of the thumbnails to keep in the page
        (``take_thumbnails``).
    """
    shown, step = thinned(findings.timeline)
    end = max(1e-9, step * len(shown))
    met = findings.summary["agreement"]
    pairs = [_pair_view(findings, shown, end, pair) for pair in met]
    lanes = [_lane_view(findings, shown, step, lane, pairs) for lane in plots.lanes(shown)]
    ticks = plots.ticks(findings.info.duration)
    share = ""
    if findings.summary["unsure"] is not None:
        share = unsure_share(findings)
    return template("report.html.j2").render(
        analysis=findings,
        info=findings.info,
        summary=findings.summary,
        film=film,
        pictures=pictures,
        verdict=verdict_sentences(findings),
        facts=facts(findings),
        lanes=lanes,
        people=_people_views(findings, shown, step),
        transcript=_transcript_view(findings),
        pairs=pairs,
        limits=_limits(findings),
        moments=_moments(shown, step, lanes, pairs),
        ticks=[(100 * t / end, clock(t)) for t in ticks],
        shown=len(shown),
        thinned=len(shown) < len(findings.timeline),
        step=step,
        colors={emotion: (color, plots.ink(color)) for emotion, color in COLORS.items()},
        scores={stream: scores(card) for stream, card in findings.networks.items()},
        settings=settings_rows(findings),
        baselines=baseline_rows(findings),
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
        "count": len(shown),
        "emotions": EMOTIONS,
        "lanes": [_picked(lane, "title", "gap", "percent", "unshifted", "whose") for lane in lanes],
        "unsure": np.flatnonzero(shown["unsure"]).tolist(),
        "agreement": [_picked(pair, "words", "values") for pair in pairs],
    }


def _picked(view: dict, *keys: str) -> dict:
    return {key: view[key] for key in keys}


@cache
def template(name: str) -> jinja2.Template:
    """One of the pages in ``templates/``."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("emotutils.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"clock": clock, "stretch": stretch}
    return environment.get_template(name)


def thinned(timeline: pd.DataFrame, most: int = SHOWN) -> tuple[pd.DataFrame, float]:
    """The timeline as shown, and its step in seconds: means over so many rows that at most ``most``
    moments remain.
    """
    t = timeline["t"].to_numpy(float)
    hop = 1.0
    if len(t) > 1:
        hop = float(t[1] - t[0])
    every = max(1, math.ceil(len(timeline) / most))
    if every == 1:
        return timeline, hop
    numbers = timeline.select_dtypes(["number", "bool"])
    shown = numbers.groupby(np.arange(len(timeline)) // every).mean()
    shown["t"] = t[::every]
    shown["unsure"] = shown["unsure"] >= 0.5
    shown["source"] = timeline["source"][::every].tolist()
    for name in [*stream_names(timeline), TOGETHER]:
        shown[label_column(name)] = labels_of(shown[columns(name)].to_numpy(float))
        if unshifted_column(name) in timeline:
            shown[unshifted_column(name)] = timeline[unshifted_column(name)][::every].tolist()
            shown[baseline_column(name)] = shown[baseline_column(name)] >= 0.5
        if person_column(name) in timeline:
            shown[person_column(name)] = timeline[person_column(name)].array[::every]
    return shown, hop * every


def _pair_view(findings: Findings, shown: pd.DataFrame, end: float, pair: str) -> dict:
    """What the page draws of two streams' agreement; positions in % of its width."""
    a, b = pair.split("+")
    agreement = shown[agreement_column(a, b)].to_numpy(float)
    missing = np.isnan(agreement)
    stretches = []
    for found in findings.summary["disagreements"]:
        if a in found and b in found:
            place = {
                "left": 100 * found["t0"] / end,
                "width": 100 * (found["t1"] - found["t0"]) / end,
                "labels": (found[a], found[b]),
            }
            stretches.append(found | place)
    return {
        "names": (a, b),
        "words": f"{a} and {b}",
        "titles": (findings.streams[a].title, findings.streams[b].title),
        "mean": findings.summary["agreement"][pair],
        "path": _bars(agreement),
        "gaps": [span for span in spans(missing.tolist()) if span.value],
        "values": np.where(missing, None, agreement.round(2)).tolist(),
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
    stretches = list(runs(lane.labels))
    return {
        "name": lane.name,
        "title": lane.title,
        "areas": areas(lane.p),
        "ribbon": ribbon(stretches),
        "words": _words(lane.labels, doubts),
        "gaps": [span for span in spans(lane.labels) if not span.value],
        "frames": _frames(lane, pairs, fused_names(findings.timeline)),
        "unshifted": lane.unshifted,
        "said_unshifted": _in_words(list(runs(lane.unshifted)), step, nothing),
        "thin": ribbon(list(runs(lane.unshifted))),
        "baseline": [span for span in spans(lane.baseline) if span.value],
        "whose": lane.people,
        "people": [span for span in spans(lane.people) if span.value],
        "unsure": [span for span in spans(doubts) if span.value],
        "said": _in_words(stretches, step, nothing),
        "film": film["probabilities"],
        "top": film["label"],
        "sure": film["sure"],
        "gap": nothing,
        "percent": _percent(lane.p),
    }


def _people_views(findings: Findings, shown: pd.DataFrame, step: float) -> list[dict]:
    """What the page draws of each person's face, where there are several; positions in % of its
    width.
    """
    described = findings.summary["face"]["people"]
    if len(described) < 2:
        return []
    views = []
    for one in described:
        theirs = findings.people[findings.people["person"] == one["person"]]
        labels = theirs.set_index("t")["label"].reindex(shown["t"]).fillna("").tolist()
        stretches = list(runs(labels))
        view = {
            "title": f"person {one['person']}, in view for {clock(one['seconds'])}",
            "ribbon": ribbon(stretches),
            "words": _words(labels, [False] * len(labels)),
            "said": _in_words(stretches, step, "not in view"),
        }
        views.append(view)
    return views


def _transcript_view(findings: Findings) -> list[dict]:
    """Each line of the words: when it is said, by whom, and what the network says of it."""
    words = findings.words
    labels = labels_of(words[P].to_numpy(float))
    lines = []
    for row, label in zip(words.itertuples(), labels, strict=True):
        line = {
            "start": round(row.t0, 3),
            "end": round(row.t1, 3),
            "speaker": row.speaker,
            "text": row.text,
            "label": label,
        }
        lines.append(line)
    return lines


def _frames(lane: Lane, pairs: list[dict], fused: list[str]) -> list[dict]:
    """The stretches framed in a lane: of the one pair of streams that are combined. Those of
    several pairs would lie over each other: they stand in the pairs' own strips alone.
    """
    combined = [pair for pair in pairs if set(pair["names"]) <= set(fused)]
    if len(combined) != 1 or lane.name not in combined[0]["names"]:
        return []
    return combined[0]["apart"]


def areas(p: np.ndarray) -> list[tuple[str, str]]:
    """Outlines of the stacked probabilities, from the top one down, each painted over the one
    before: one outline an emotion is enough.
    """
    tops = np.cumsum(p, axis=1).T
    outlines = [_bars(top) for top in tops]
    return list(zip(reversed(EMOTIONS), reversed(outlines), strict=True))


def ribbon(stretches: list[tuple[int, int, str]]) -> list[tuple[str, str]]:
    """By emotion, an outline of the blocks over which it is the likeliest."""
    outlines = []
    for emotion in EMOTIONS:
        blocks = [_block(start, stop) for start, stop, label in stretches if label == emotion]
        if blocks:
            outlines.append((emotion, "".join(blocks)))
    return outlines


def _block(start: int, stop: int) -> str:
    width = stop - start
    return f"M{start} 0h{width}v1h-{width}z"


def _words(labels: list[str], doubts: list[bool]) -> list[Span]:
    """(label, whether not sure) of the stretches that have room for a word."""
    found = spans(list(zip(labels, doubts, strict=True)))
    return [span for span in found if span.value[0] and span.width >= 0.6]


def spans(values: Sequence) -> list[Span]:
    """Stretches of equal values."""
    unit = 100 / max(1, len(values))
    found = []
    for start, stop, value in runs(values):
        left = round(unit * start, 2)
        width = round(unit * (stop - start), 2)
        found.append(Span(left, width, value))
    return found


def _bars(height: np.ndarray) -> str:
    """An SVG path of bars one unit wide, from 0 up to ``height`` (0..1, drawn 0..100 downwards);
    none at NaN.
    """
    path = []
    for first, end, nothing in runs(np.isnan(height)):
        if nothing:
            continue
        shares = np.minimum(1.0, height[first:end])
        levels = [round(100 * (1 - share)) for share in shares.tolist()]
        steps = [f"V{level}h{stop - start}" for start, stop, level in runs(levels)]
        path += [f"M{first} 100", *steps, "V100z"]
    return "".join(path)


def _percent(p: np.ndarray) -> list[list[int] | None]:
    """Whole percents of each moment, None where there is nothing."""
    rows = []
    for row in p:
        percent = None
        if not np.isnan(row[0]):
            percent = [round(100 * value) for value in row]
        rows.append(percent)
    return rows


def _in_words(stretches: list[tuple[int, int, str]], step: float, nothing: str) -> str:
    """A lane in words, for those who hear the page: its longest stretches in order of time."""
    by_length = sorted(stretches, key=lambda stretch: stretch[0] - stretch[1])
    longest = sorted(by_length[:12])
    words = []
    for start, stop, label in longest:
        times = f"{clock(start * step)} to {clock(stop * step)}"
        words.append(f"{times} {label or nothing}")
    if len(longest) < len(stretches):
        words[0] = f"longest stretches: {words[0]}"
    return ", ".join(words)
