"""A timeline as a long table: one row a moment and stream, for R and pandas."""

import numpy as np
import pandas as pd

from ...findings import (
    FUSED,
    TOGETHER,
    Findings,
    P,
    columns,
    disagreement_column,
    label_column,
    moment_edges,
    pairs,
    stream_names,
)
from ...support.files import printable


def long_table(findings: Findings) -> pd.DataFrame:
    """One row a moment and stream, all moments of a stream together.

    Returns
    -------
    Table with the columns ``film`` (file name); ``stream`` (a name; ``together`` for what
    those that are fused say); ``t0`` and ``t1`` (s), where the moment begins and ends; ``label``,
    empty where there is nothing; ``p_anger`` … ``p_neutral``, likewise; ``unsure`` (of
    ``together``, else empty); ``apart``, the streams with which this one disagrees there, joined by
    ``+``.
    """
    timeline = findings.timeline
    edges = moment_edges(timeline, findings.info.duration)
    film = printable(findings.info.path.name)
    parts = []
    for name in [*stream_names(timeline), TOGETHER]:
        part = pd.DataFrame({"film": film}, index=timeline.index)
        part["stream"] = name or FUSED
        part["t0"] = edges[:-1]
        part["t1"] = edges[1:]
        part["label"] = timeline[label_column(name)].fillna("")
        part[P] = timeline[columns(name)].to_numpy()
        part["unsure"] = "" if name else timeline["unsure"].astype(str)
        part["apart"] = _apart(timeline, name)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _apart(timeline: pd.DataFrame, name: str) -> list[str]:
    """The streams with which one disagrees at each moment."""
    names = stream_names(timeline)
    found = np.full(len(timeline), "", dtype=object)
    for a, b in pairs(names):
        if name not in (a, b):
            continue
        other = b if name == a else a
        there = timeline[disagreement_column(a, b)].fillna("").to_numpy() != ""
        joint = np.where(found == "", "", "+")
        found[there] = (found + joint + other)[there]
    return found.tolist()
