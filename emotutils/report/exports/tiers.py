"""A timeline as annotation tools hold it: tiers of intervals that do not overlap."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...findings import (
    FUSED,
    TOGETHER,
    Findings,
    Stretch,
    disagreement_column,
    label_column,
    moment_edges,
    pairs,
    stream_names,
    stretches_of,
)

NOT_SURE = "not sure"
DISAGREEMENT = "disagreement"


@dataclass(frozen=True)
class Interval:
    """From when to when, in whole milliseconds, and what is said of it."""

    start: int
    end: int
    text: str

    @property
    def seconds(self) -> tuple[float, float]:
        """Its start and end in seconds."""
        return self.start / 1000, self.end / 1000


@dataclass(frozen=True)
class Tier:
    """Intervals in order of time; between them there is nothing.

    Attributes
    ----------
    name : unlike that of every other tier.
    labels : what may stand in it, in the order of print; none: anything.
    intervals : none overlaps another, each lasts at least a millisecond, none ends after the film.
    """

    name: str
    labels: tuple[str, ...]
    intervals: list[Interval]


def build_tiers(findings: Findings, labels: tuple[str, ...]) -> list[Tier]:
    """A tier for each stream, for what those that are fused say together, for what is not sure, and
    for where two streams disagree: one, or with three streams and more one for each pair.

    Parameters
    ----------
    findings : of one film.
    labels : the labels of streams.
    """
    timeline = findings.timeline
    edges = moment_edges(timeline, findings.info.duration)
    found = []
    for name in stream_names(timeline):
        intervals = _intervals(timeline[label_column(name)], edges)
        found.append(Tier(name, labels, intervals))
    intervals = _intervals(timeline[label_column(TOGETHER)], edges)
    found.append(Tier(FUSED, labels, intervals))
    met = pairs(stream_names(timeline))
    for a, b in met:
        apart = timeline[disagreement_column(a, b)].fillna("")
        words = [_apart_words(a, b, value) for value in apart]
        name = DISAGREEMENT
        if len(met) > 1:
            name = f"{DISAGREEMENT} {a} {b}"
        found.append(Tier(name, (), _intervals(words, edges)))
    doubts = np.where(timeline["unsure"], NOT_SURE, "").tolist()
    found.append(Tier(NOT_SURE, (NOT_SURE,), _intervals(doubts, edges)))
    return found


def captions(findings: Findings) -> list[Interval]:
    """What all tiers say at once, a line each; a new interval wherever a line changes."""
    timeline = findings.timeline
    lines = []
    for name in stream_names(timeline):
        labels = timeline[label_column(name)].fillna("")
        lines.append([f"{name}: {label}" if label else "" for label in labels])
    lines.append(_together_lines(timeline))
    for a, b in pairs(stream_names(timeline)):
        apart = timeline[disagreement_column(a, b)].fillna("")
        lines.append([f"{a} and {b} disagree" if value else "" for value in apart])
    texts = ["\n".join(filter(None, moment)) for moment in zip(*lines, strict=True)]
    return _intervals(texts, moment_edges(timeline, findings.info.duration))


def _together_lines(timeline: pd.DataFrame) -> list[str]:
    lines = []
    labels = timeline[label_column(TOGETHER)].fillna("")
    for label, unsure in zip(labels, timeline["unsure"], strict=True):
        line = f"{FUSED}: {label}" if label else ""
        if unsure:
            line += f" ({NOT_SURE})"
        lines.append(line)
    return lines


def _apart_words(a: str, b: str, value: str) -> str:
    """``happiness/sadness`` with the names of the two streams."""
    if not value:
        return ""
    one, other = value.split("/")
    return f"{a} {one}, {b} {other}"


def _intervals(values: Iterable[str], edges: np.ndarray) -> list[Interval]:
    words = pd.Series(values, dtype=object).fillna("").tolist()
    found = []
    for stretch in stretches_of(words, edges):
        interval = _whole_milliseconds(stretch, float(edges[-1]))
        if interval.end > interval.start:
            found.append(interval)
    return found


def _whole_milliseconds(stretch: Stretch, end: float) -> Interval:
    """Neighbours share their edge also when it is rounded; the film's end is rounded down."""
    last = int(1000 * end + 1e-6)
    start = min(round(1000 * stretch.start), last)
    stop = min(round(1000 * stretch.end), last)
    return Interval(start, stop, stretch.value)
