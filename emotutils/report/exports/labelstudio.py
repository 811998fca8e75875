"""A timeline for Label Studio: a task with predictions, and the labelling interface they fit.

The forms are those of its documentation: ``TimelineLabels`` over the frames of a ``Video``, counted
from 1; ``Labels`` over the seconds of an ``Audio`` where there is no picture.
"""

import json
import math
import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from ... import plots
from ...media import FilmInfo
from .tiers import Interval, Tier

#: Label Studio's own where nobody names another.
FRAME_RATE = 24.0


def write_task(tiers: Sequence[Tier], path: Path, info: FilmInfo, networks: Sequence[str]) -> None:
    """A list of one task, to be imported.

    Parameters
    ----------
    tiers : with intervals.
    path : where to.
    info : about the film. Its address is that of a film in the folder that Label Studio serves
        (``LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT``); change it if yours lies elsewhere.
    networks : the names of those that answered.
    """
    kind = _kind(info)
    rate = info.fps or FRAME_RATE
    data = {kind: f"/data/local-files/?d={quote(os.fsencode(info.path.name))}"}
    if info.has_video:
        data["fps"] = rate
    results = []
    for tier in tiers:
        for interval in tier.intervals:
            value = _frames(interval, rate) if info.has_video else _seconds(interval)
            if value is not None:
                results.append(_result(tier, kind, value, _label(tier, interval), len(results)))
    model = " ".join(["emotutils", version("emotutils"), *networks])
    task = {"data": data, "predictions": [{"model_version": model, "result": results}]}
    text = json.dumps([task], indent=2, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")


def write_interface(tiers: Sequence[Tier], path: Path, info: FilmInfo) -> None:
    """The labelling interface (XML) of a project that takes such tasks.

    Parameters
    ----------
    tiers : their names and labels.
    path : where to.
    info : about the film.
    """
    kind = _kind(info)
    view = ElementTree.Element("View")
    film = {"name": kind, "value": f"${kind}"}
    tag = "Audio"
    labels_tag = "Labels"
    if info.has_video:
        film["frameRate"] = "$fps"
        tag = "Video"
        labels_tag = "TimelineLabels"
    ElementTree.SubElement(view, tag, film)
    for tier in tiers:
        ElementTree.SubElement(view, "Header", {"value": tier.name})
        attributes = {"name": _tag_name(tier), "toName": kind}
        labels = ElementTree.SubElement(view, labels_tag, attributes)
        for label in tier.labels or (tier.name,):
            color = plots.COLORS.get(label, "#888888")
            attributes = {"value": label, "background": color}
            ElementTree.SubElement(labels, "Label", attributes)
    ElementTree.indent(view)
    text = ElementTree.tostring(view, encoding="unicode")
    path.write_text(f"{text}\n", encoding="utf-8")


def _kind(info: FilmInfo) -> str:
    return "video" if info.has_video else "audio"


def _tag_name(tier: Tier) -> str:
    return tier.name.replace(" ", "_")


def _label(tier: Tier, interval: Interval) -> str:
    """What may be anything has one label: the tier's name."""
    return interval.text if tier.labels else tier.name


def _frames(interval: Interval, rate: float) -> dict | None:
    """The frames that begin in an interval, counted from 1; None where none does."""
    start, end = (math.ceil(t * rate - 1e-6) for t in interval.seconds)
    if end <= start:
        return None
    return {"ranges": [{"start": start + 1, "end": end}]}


def _seconds(interval: Interval) -> dict:
    start, end = interval.seconds
    return {"start": start, "end": end, "channel": 0}


def _result(tier: Tier, kind: str, value: dict, label: str, number: int) -> dict:
    form = "timelinelabels" if kind == "video" else "labels"
    return {
        "id": f"{_tag_name(tier)}-{number}",
        "from_name": _tag_name(tier),
        "to_name": kind,
        "type": form,
        "value": value | {form: [label]},
    }
