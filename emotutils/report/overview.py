"""Many films at one look: a table, and a page that links to the films' reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from .. import plots
from ..findings import TOGETHER, P, clock, columns, label_column, runs
from ..plots import COLORS
from ..support.files import replacing
from ..support.tables import to_csv
from .reading import INDEX, TABLE, read_result, read_timeline
from .webpage import areas, ribbon, spans, template, thinned
from .words import LABELS_NOTE, LAW_NOTE

#: What became of a film: analysed, analysed by an earlier run, or not.
DONE = "done"
KEPT = "kept"
FAILED = "failed"
#: Moments of a small timeline.
SHOWN = 240
TIMELINE = ["t", *columns(TOGETHER), label_column(TOGETHER), "unsure", "source"]


@dataclass(frozen=True)
class Entry:
    """What became of one of several films.

    Attributes
    ----------
    film : how the table calls it.
    folder : of its results, relative to the table, with ``/``.
    status : ``DONE``, ``KEPT`` or ``FAILED``.
    error : why it failed, in one line.
    """

    film: str
    folder: str
    status: str
    error: str = ""


def write_overview(
    entries: Sequence[Entry], directory: Path, listed: int | None = None
) -> pd.DataFrame:
    """Write ``films.csv`` and ``index.html`` from the results that lie in the films' folders.

    Parameters
    ----------
    entries : the films, in their order.
    directory : where the folders lie, and where to write.
    listed : how many films there were to do, if not all were come to.

    Returns
    -------
    The table: a row a film.

    Raises
    ------
    WriteError : the folder cannot be written to.
    """
    results = [_read_result(entry, directory) for entry in entries]
    rows = [_row(entry, found) for entry, found in zip(entries, results, strict=True)]
    table = pd.DataFrame(rows, columns=_columns(results))
    views = [_view(*pair, directory) for pair in zip(entries, results, strict=True)]
    page = _page(views, listed or len(entries))
    # With its mark: else a spreadsheet takes umlauts for other letters.
    texts = {TABLE: "\ufeff" + to_csv(table), INDEX: page}
    for name, text in texts.items():
        with replacing(directory / name) as temporary:
            temporary.write_text(text, encoding="utf-8", errors="replace")
    return table


def _read_result(entry: Entry, directory: Path) -> dict | None:
    if entry.status == FAILED:
        return None
    return read_result(directory / entry.folder)


def _stream_names(found: dict) -> list[str]:
    """The streams of a result, in its order: those of which its summary says something."""
    parts = found["summary"].items()
    return [name for name, part in parts if isinstance(part, dict) and "label" in part]


def _columns(results: Sequence[dict | None]) -> list[str]:
    names = ["face", "voice"]
    for found in results:
        if found is not None:
            names += [name for name in _stream_names(found) if name not in names]
    by_stream = [f"{name}_{what}" for name in names for what in ("label", "p")]
    about = ["film", "status", "seconds", "streams", "label", "p", "sure", "unsure"]
    return [*about, *by_stream, "warnings", "error", "folder"]


def _row(entry: Entry, found: dict | None) -> dict:
    row = {
        "film": entry.film,
        "status": entry.status,
        "error": entry.error,
        "folder": entry.folder,
    }
    if found is None:
        return row
    summary = found["summary"]
    names = _stream_names(found)
    row |= {
        "seconds": round(found["file"]["duration"], 3),
        "streams": "+".join(name for name in names if summary[name]["label"]),
        "label": summary["label"],
        "p": _highest(summary),
        "sure": summary["sure"],
        "unsure": summary["unsure"],
        "warnings": " | ".join(found["warnings"]),
    }
    for name in names:
        row[f"{name}_label"] = summary[name]["label"]
        row[f"{name}_p"] = _highest(summary[name])
    return row


def _highest(part: dict) -> float | None:
    if part["probabilities"] is None:
        return None
    return max(part["probabilities"].values())


def _view(entry: Entry, found: dict | None, directory: Path) -> dict:
    """What the page shows of one film; positions in % of its timeline's width."""
    view = {"entry": entry, "error": entry.error, "seconds": -1, "label": "", "unsure": -1}
    if found is None:
        return view
    summary = found["summary"]
    return view | {
        "address": quote(f"{entry.folder}/report.html"),
        "verdict": found["verdict"],
        "seconds": found["file"]["duration"],
        "label": summary["label"],
        "unsure": summary["unsure"] if summary["unsure"] is not None else -1,
        "warnings": found["warnings"],
        "line": _line(directory / entry.folder),
    }


def _line(folder: Path) -> dict:
    """A film's small timeline of all streams together."""
    timeline = read_timeline(folder, TIMELINE)
    texts = ["source", label_column(TOGETHER)]
    timeline[texts] = timeline[texts].fillna("")
    shown, step = thinned(timeline, SHOWN)
    labels = shown[label_column(TOGETHER)].tolist()
    doubts = shown["unsure"].tolist()
    return {
        "count": len(shown),
        "areas": areas(shown[P].to_numpy(float)),
        "ribbon": ribbon(list(runs(labels))),
        "gaps": [span for span in spans(labels) if not span.value],
        "doubts": [span for span in spans(doubts) if span.value],
        "said": _said(labels, step),
    }


def _said(labels: list[str], step: float) -> str:
    """A small timeline in words: how long each emotion is the likeliest."""
    seconds = {}
    for label in labels:
        seconds[label or "nothing to go by"] = seconds.get(label or "nothing to go by", 0) + step
    ordered = sorted(seconds.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{label} {clock(total)}" for label, total in ordered)


def _page(views: list[dict], listed: int) -> str:
    analysed = [view for view in views if view["entry"].status != FAILED]
    return template("index.html.j2").render(
        views=views,
        count=len(views),
        listed=listed,
        failed=len(views) - len(analysed),
        kept=sum(view["entry"].status == KEPT for view in views),
        seconds=sum(view["seconds"] for view in analysed),
        colors={emotion: (color, plots.ink(color)) for emotion, color in COLORS.items()},
        labels_note=LABELS_NOTE,
        law_note=LAW_NOTE,
        version=version("emotutils"),
    )
