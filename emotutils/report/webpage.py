"""The report as a page of HTML, from ``templates/report.html.j2``. Taught in notebooks/13_fusion."""

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
from ..analysis import Analysis
from ..emotions import EMOTIONS
from ..plots import COLORS, LANES, clock
from .words import (
    LABELS_NOTE,
    LAW_NOTE,
    facts,
    film_level,
    gap,
    scores,
    settings_rows,
    stretch,
    threshold_note,
    unsure_share,
    verdict,
)

#: Moments shown in the page; a longer film is thinned to this many (the CSV keeps them all).
SHOWN = 600


def page(
    analysis: Analysis, *, film: str | None = None, pictures: Sequence[tuple[float, str]] = ()
) -> str:
    """The report: one HTML page that needs no network, no other file, and no script to be read.

    Parameters
    ----------
    film : where the film lies, as an address relative to the page (``film_address``), to be played
        beside the timeline; None: without it.
    pictures : (time in s, ``data:`` address) of the thumbnails to keep in the page
        (``take_thumbnails``).
    """
    shown, step = _thinned(analysis.timeline)
    end = max(1e-9, step * len(shown))
    lanes = [_lane_view(analysis, shown, step, name) for name in LANES]
    agreement = shown["agreement"].to_numpy(float)
    moments = {
        "step": step,
        "emotions": EMOTIONS,
        "lanes": [{"title": v["title"], "gap": v["gap"], "p": v["percent"]} for v in lanes],
        "unsure": np.flatnonzero(shown["unsure"]).tolist(),
        "agreement": [None if np.isnan(a) else round(float(a), 2) for a in agreement],
    }
    apart = [
        (100 * d["t0"] / end, 100 * (d["t1"] - d["t0"]) / end, d)
        for d in analysis.summary["disagreements"]
    ]
    return _template().render(
        analysis=analysis,
        info=analysis.info,
        summary=analysis.summary,
        film=film,
        pictures=pictures,
        verdict=verdict(analysis),
        facts=facts(analysis),
        lanes=lanes,
        moments=moments,
        ticks=[(100 * t / end, clock(t)) for t in plots.ticks(analysis.info.duration)],
        agreement_path=_bars(agreement),
        agreement_gaps=[span for span in _spans(np.isnan(agreement)) if span[2]],
        apart=apart,
        shown=len(shown),
        thinned=len(shown) < len(analysis.timeline),
        step=step,
        colors={e: (c, plots.ink(c)) for e, c in COLORS.items()},
        scores={stream: scores(card) for stream, card in analysis.networks.items()},
        settings=settings_rows(analysis),
        threshold_note=threshold_note(analysis),
        unsure_share=unsure_share(analysis) if analysis.summary["unsure"] is not None else "",
        labels_note=LABELS_NOTE,
        law_note=LAW_NOTE,
        version=version("emotutils"),
    )


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
    hop = float(t[1] - t[0]) if len(t) > 1 else 1.0
    every = max(1, math.ceil(len(timeline) / SHOWN))
    if every == 1:
        return timeline, hop
    numbers = timeline.select_dtypes(["number", "bool"])
    shown = numbers.groupby(np.arange(len(timeline)) // every).mean()
    shown["t"] = t[::every]
    shown["unsure"] = shown["unsure"] >= 0.5
    for prefix, _ in LANES.values():
        p = shown[[f"{prefix}p_{e}" for e in EMOTIONS]].to_numpy(float)
        shown[f"{prefix}label"] = [
            "" if np.isnan(row[0]) else EMOTIONS[int(row.argmax())] for row in p
        ]
    return shown, hop * every


def _lane_view(analysis: Analysis, shown: pd.DataFrame, step: float, name: str) -> dict:
    """What the page draws of one lane; positions in % of its width."""
    p, labels = plots.lane(shown, name)
    tops = np.cumsum(np.hstack([np.zeros((len(p), 1)), p]), axis=1)
    stretches, spans = list(plots.runs(labels)), _spans(labels)
    doubts = shown["unsure"].tolist() if name == "both" else [False] * len(labels)
    film = film_level(analysis.summary, name)
    return {
        "name": name,
        "title": LANES[name][1],
        # From the top one down, each painted over the one before: one outline an emotion is enough.
        "areas": [(e, _bars(tops[:, k + 1])) for k, e in reversed(list(enumerate(EMOTIONS)))],
        "ribbon": [
            (e, _blocks((a, b) for a, b, x in stretches if x == e)) for e in EMOTIONS if e in labels
        ],
        "words": [
            (left, width, *said)
            for left, width, said in _spans(list(zip(labels, doubts, strict=True)))
            if said[0] and width >= 0.6
        ],
        "gaps": [span for span in spans if not span[2]],
        "unsure": [span for span in _spans(doubts) if span[2]],
        "said": _said(stretches, step, gap(analysis, name)),
        "film": film["probabilities"],
        "top": film["label"],
        "sure": film["sure"],
        "gap": gap(analysis, name),
        "percent": [None if np.isnan(row[0]) else [round(100 * v) for v in row] for row in p],
    }


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
