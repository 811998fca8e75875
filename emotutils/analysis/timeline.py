"""The timeline of a film and what it says in sum. Taught in notebooks/13_fusion."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..emotions import EMOTIONS
from ..findings import (
    TOGETHER,
    UNSHIFTED,
    P,
    Stream,
    agreement_column,
    baseline_column,
    columns,
    disagreement_column,
    label_column,
    labels_of,
    moment_edges,
    pairs,
    person_column,
    stretches_of,
    unshifted_column,
)
from ..fusion import agreement, at_moments, disagreements, smooth
from ..fusion.moments import INSTANT
from .combining import Combination

#: Seconds over which all streams are averaged: three moments of the timeline.
SMOOTHING = 1.5
#: Two streams disagree where they do so for at least so many seconds.
DISAGREE_SECONDS = 2.0
#: What all streams say is a stretch of its own where it holds for at least so many seconds.
STRETCH_SECONDS = 2.0


@dataclass(frozen=True)
class Clock:
    """The timeline's moments.

    Attributes
    ----------
    duration : of the film (s).
    hop : seconds from one moment to the next.
    smoothing : seconds over which each stream is averaged, 0 for none.
    """

    duration: float
    hop: float
    smoothing: float

    @property
    def t(self) -> np.ndarray:
        """Each moment (s): 0, hop, 2 · hop, … before the film's end."""
        hops = self.duration / self.hop
        n = max(1, int(np.ceil(hops - INSTANT)))
        return self.hop * np.arange(n)

    def bring(self, stream: Stream, values: np.ndarray | None = None) -> np.ndarray:
        """(n, 7) of a stream at each moment, or (n, k) of values that it has beside its rows."""
        width = self.hop
        if "found" not in stream.table:
            width = max(width, stream.step, _spacing(stream.table))
        return at_moments(stream.table, self.t, width, values, stream.until)

    def smooth(self, p: np.ndarray, whose: np.ndarray | None = None) -> np.ndarray:
        """Averaged over ``smoothing`` seconds; each person alone, where numbers (n,) of people are
        given.
        """
        if whose is None:
            return smooth(p, self.smoothing, self.hop)
        smoothed = np.full(p.shape, np.nan)
        for person in np.unique(whose[~np.isnan(whose)]):
            theirs = whose == person
            alone = np.where(theirs[:, None], p, np.nan)
            smoothed[theirs] = smooth(alone, self.smoothing, self.hop)[theirs]
        return smoothed

    def whose(self, stream: Stream) -> np.ndarray | None:
        """(n,) number of the person at each moment, NaN where nobody is; None of other streams."""
        if "person" not in stream.table:
            return None
        return self.bring(stream, stream.table[["person"]].to_numpy(float))[:, 0]


def _spacing(table: pd.DataFrame) -> float:
    """Seconds between the rows that are moments: of one a second there is no more to show."""
    if "t" not in table:
        return 0.0
    times = table["t"].drop_duplicates().to_numpy(float)
    if len(times) < 2:
        return 0.0
    return float(np.median(np.diff(times)))


def build_timeline(
    streams: Mapping[str, Stream],
    embeddings: Mapping[str, np.ndarray],
    clock: Clock,
    combination: Combination,
    aside: Collection[str] = (),
) -> tuple[pd.DataFrame, list[dict]]:
    """One row every ``hop`` seconds, and the stretches over which two streams disagree.

    Parameters
    ----------
    streams : by name, in the order of the timeline's columns.
    embeddings : by stream (rows, k), what the joint network makes of each row of its table.
    clock : the timeline's moments.
    combination : how the streams become one.
    aside : names of streams that have lanes of their own and no part in that.

    Returns
    -------
    The timeline, and of each stretch what ``fusion.disagreements`` gives, in order of time.
    """
    p = {}
    whose = {}
    for name, stream in streams.items():
        whose[name] = clock.whose(stream)
        p[name] = clock.bring(stream)
        if not stream.holds:
            p[name] = clock.smooth(p[name], whose[name])
    embedded = {}
    for name, values in embeddings.items():
        embedded[name] = clock.bring(streams[name], values)
    fused = {name: values for name, values in p.items() if name not in aside}
    together = combination(fused, embedded)
    if combination.joint:
        together = clock.smooth(together)
    sources = _sources(fused)
    limits = [combination.thresholds.get(source, 0.0) for source in sources]
    # Where nothing is known, nothing is unsure either.
    highest = np.nan_to_num(together, nan=np.inf).max(axis=1)
    timeline = pd.DataFrame({"t": clock.t})
    timeline[columns(TOGETHER)] = together
    timeline[label_column(TOGETHER)] = labels_of(together)
    timeline["unsure"] = highest < limits
    for name, values in p.items():
        timeline[columns(name)] = values
        timeline[label_column(name)] = labels_of(values)
        if whose[name] is not None:
            timeline[person_column(name)] = pd.array(whose[name], dtype="Int64")
    stretches = []
    for a, b in pairs(p):
        timeline[agreement_column(a, b)] = agreement(p[a], p[b])
        apart = disagreements(
            p[a],
            p[b],
            clock.hop,
            below=combination.disagree_below[f"{a}+{b}"],
            least=DISAGREE_SECONDS,
            end=clock.duration,
            names=(a, b),
        )
        timeline[disagreement_column(a, b)] = _labels_apart(apart, a, b, clock.t)
        stretches += apart
    timeline["source"] = sources
    return timeline, sorted(stretches, key=lambda stretch: stretch["t0"])


def add_unshifted(
    timeline: pd.DataFrame,
    streams: Mapping[str, Stream],
    stretches: Mapping[str, Sequence[tuple[float, float]]],
    clock: Clock,
) -> None:
    """Give a timeline what streams with a baseline said without it, and where it was named.

    Parameters
    ----------
    timeline : changed in place: ``NAME_unshifted`` and ``NAME_baseline``.
    streams : by name.
    stretches : of each stream with a baseline, from when to when (s).
    clock : the timeline's moments.
    """
    t = clock.t
    for name, named in stretches.items():
        stream = streams[name]
        p = clock.bring(stream, stream.table[UNSHIFTED].to_numpy(float))
        timeline[unshifted_column(name)] = labels_of(clock.smooth(p, clock.whose(stream)))
        inside = np.zeros(len(t), bool)
        for start, end in named:
            inside |= (t >= start - INSTANT) & (t < end - INSTANT)
        timeline[baseline_column(name)] = inside


def _sources(p: Mapping[str, np.ndarray]) -> list[str]:
    """The streams that have something at each moment, joined by ``+``."""
    missing = [np.isnan(values[:, 0]) for values in p.values()]
    present = ~np.column_stack(missing)
    names = np.array(list(p))
    return ["+".join(names[there]) for there in present]


def _labels_apart(stretches: list[dict], a: str, b: str, t: np.ndarray) -> list[str]:
    """The two labels of a stretch at each of its moments, "" elsewhere."""
    labels = np.full(len(t), "", dtype=object)
    for stretch in stretches:
        begun = t >= stretch["t0"] - INSTANT
        ended = t >= stretch["t1"] - INSTANT
        labels[begun & ~ended] = f"{stretch[a]}/{stretch[b]}"
    return labels.tolist()


def summarise(
    timeline: pd.DataFrame,
    streams: Mapping[str, Stream],
    stretches: list[dict],
    clock: Clock,
    thresholds: Mapping[str, float],
    aside: Collection[str] = (),
) -> dict:
    """What ``Findings.summary`` holds.

    Parameters
    ----------
    timeline, stretches : as ``build_timeline`` gives them.
    streams : by name.
    clock : the timeline's moments.
    thresholds : by source, the least probability of a sure answer.
    aside : as in ``build_timeline``.
    """
    answered = timeline[label_column(TOGETHER)] != ""
    there = [name for name in streams if (timeline[label_column(name)] != "").any()]
    together = timeline[columns(TOGETHER)]
    source = "+".join(name for name in there if name not in aside)
    summary = _whole_film(together, thresholds.get(source))
    for name, stream in streams.items():
        p = timeline[columns(name)]
        whole = _whole_film(p, thresholds.get(name))
        summary[name] = whole | _counts(stream.table)
    return summary | {
        "agreement": _mean_agreements(timeline, there),
        "disagreements": stretches,
        "stretches": _sure_stretches(timeline, clock),
        "unsure": _share(timeline["unsure"][answered]),
        "seconds": _seconds(timeline, clock),
        "duration": round(clock.duration, 3),
    }


def _sure_stretches(timeline: pd.DataFrame, clock: Clock) -> list[dict]:
    """Where all streams together say one label for long, and are sure: it and its times (s)."""
    labels = timeline[label_column(TOGETHER)].mask(timeline["unsure"], "")
    found = []
    for stretch in stretches_of(labels.tolist(), moment_edges(timeline, clock.duration)):
        if stretch.width >= STRETCH_SECONDS:
            t0 = round(stretch.start, 3)
            t1 = round(stretch.end, 3)
            found.append({"label": stretch.value, "t0": t0, "t1": t1})
    return found


def _whole_film(p: pd.DataFrame, threshold: float | None) -> dict:
    """One label and vector for the film, the mean over the moments that have an answer, and whether
    that is sure.
    """
    mean = p.mean().to_numpy(float)
    if np.isnan(mean).any():
        return {"label": "", "probabilities": None, "sure": None}
    sure = None
    if threshold is not None:
        sure = bool(mean.max() >= threshold)
    rounded = [round(float(value), 4) for value in mean]
    return {
        "label": labels_of([mean])[0],
        "probabilities": dict(zip(EMOTIONS, rounded, strict=True)),
        "sure": sure,
    }


def _counts(table: pd.DataFrame) -> dict:
    """How much a stream had to go by: frames and faces, windows and voices, or rows."""
    if "found" in table:
        by_frame = table.groupby("frame")["found"]
        seen = by_frame.any().astype(bool)
        return {
            "frames": len(seen),
            "found": _share(seen),
            "tracks": int(table["track"].nunique()),
        }
    if "voiced" in table:
        return {"windows": len(table), "voiced": _share(table["voiced"])}
    if "text" in table:
        return {"lines": len(table), "said": _share(table[P[0]].notna())}
    return {"rows": len(table)}


def _share(values: pd.Series) -> float | None:
    if not len(values):
        return None
    return round(float(values.mean()), 4)


def _mean_agreements(timeline: pd.DataFrame, there: list[str]) -> dict[str, float]:
    """By pair, over the moments that have both; pairs that never meet are left out."""
    means = {}
    for a, b in pairs(there):
        together = timeline[agreement_column(a, b)].dropna()
        if len(together):
            means[f"{a}+{b}"] = round(float(together.mean()), 4)
    return means


def _seconds(timeline: pd.DataFrame, clock: Clock) -> dict[str, float]:
    """How long all streams together give each emotion."""
    left = clock.duration - timeline["t"].to_numpy()
    steps = np.minimum(clock.hop, left).clip(0)
    labels = timeline[label_column(TOGETHER)].to_numpy()
    seconds = {}
    for emotion in EMOTIONS:
        total = steps[labels == emotion].sum()
        seconds[emotion] = round(float(total), 2)
    return seconds
