"""What an analysis found against what a person says of the same film.

Taught in notebooks/13_fusion.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import cohen_kappa_score

from .. import plots
from ..emotions import EMOTIONS
from ..errors import DataError
from ..findings import (
    FUSED,
    TOGETHER,
    Findings,
    Stretch,
    clock,
    fused_names,
    label_column,
    moment_edges,
    stream_names,
    stretches_of,
    title,
)
from ..report.reading import REMEDY, OfAFilm, read_result, read_timeline
from ..support.files import replacing
from ..support.tables import to_csv
from .reading import Annotation, read_annotation
from .words import emotion_of

NOTE = (
    "No interval is given: moments that follow each other are not independent, and one film by one "
    "person is one case. kappa: agreement beyond chance, 1 for all, 0 for as much as by chance."
)


@dataclass(frozen=True)
class Agreement:
    """How far one lane of the timeline agrees with a person.

    Attributes
    ----------
    title : what the lane says.
    annotated : seconds that the person gave one of the seven labels.
    confusion_seconds : (7, 7) seconds: the person's label in the row, the lane's in the column.
    confusion_stretches : (7, 7) counts of the person's stretches, each with the label that the
        lane gives for most of it.
    stretches : how many the person made.
    confusion_sure : as ``confusion_seconds``, over moments that are not ``unsure``; of all streams
        together only, else None.
    """

    title: str
    annotated: float
    confusion_seconds: np.ndarray
    confusion_stretches: np.ndarray
    stretches: int
    confusion_sure: np.ndarray | None = None

    def figures(self) -> dict[str, float | None]:
        """Seconds and stretches with an answer (``answered``), those with the person's label
        (``agreed``), the share of these, and Cohen's kappa; None where it is not defined. What has
        no answer counts in none but ``annotated``.
        """
        found = {"annotated_seconds": self.annotated, "stretches": self.stretches}
        found |= _figures(self.confusion_seconds, "seconds")
        found |= _figures(self.confusion_stretches, "stretches")
        if self.confusion_sure is not None:
            found |= _figures(self.confusion_sure, "sure_seconds")
        rounded = {}
        for name, value in found.items():
            rounded[name] = None if value is None else round(float(value), 4)
        return rounded


@dataclass(frozen=True)
class Comparison:
    """An analysis beside a person's annotation.

    Attributes
    ----------
    film : the film's name, "" where it is not known.
    annotation : what was read.
    duration : of the film (s).
    streams : by name, how far each lane agrees; the last is ``together``.
    table : a row for each of the person's stretches that lie in the film: ``t0``, ``t1`` (s),
        ``word`` as written, ``person`` (its label, "" where it is none of the seven), and for each
        stream the label it gives for most of the time, "" where it has no answer.
    left_out : seconds in the film of each word that is none of the seven.
    beyond : seconds of annotations beyond the film's end.
    lanes : what the person and each stream say, as stretches.
    """

    film: str
    annotation: Annotation
    duration: float
    streams: dict[str, Agreement]
    table: pd.DataFrame
    left_out: dict[str, float]
    beyond: float
    lanes: dict[str, list[Stretch]]

    def figures(self) -> pd.DataFrame:
        """A row a stream: see ``Agreement.figures``."""
        rows = {name: one.figures() for name, one in self.streams.items()}
        return pd.DataFrame(rows).T

    def text(self) -> str:
        """For a terminal."""
        return _text(self)

    def to_dict(self) -> dict:
        """Plain values only, for JSON."""
        streams = {}
        for name, one in self.streams.items():
            streams[name] = one.figures() | {
                "confusion_seconds": one.confusion_seconds.round(3).tolist(),
                "confusion_stretches": one.confusion_stretches.tolist(),
            }
        return {
            "film": self.film,
            "duration": self.duration,
            "annotation": Path(self.annotation.where).name,
            "tier": self.annotation.tier,
            "labels": list(EMOTIONS),
            "streams": streams,
            "stretches": self.table.to_dict("records"),
            "left_out": self.left_out,
            "beyond": self.beyond,
            "note": NOTE,
        }

    def plot(self, ax: Axes | None = None) -> Axes:
        """The person's labels above those of each stream, over time."""
        return plots.plot_ribbons(self.lanes, self.duration, ax)

    def save(self, directory: str | os.PathLike) -> dict[str, Path]:
        """Write ``comparison.json``, ``confusion.csv`` (a row a stream, person's label and lane's
        label), ``stretches.csv`` and ``comparison.png``; give the paths by file name.

        Raises
        ------
        WriteError : the folder cannot be written to.
        """
        directory = Path(directory)
        content = json.dumps(self.to_dict(), indent=2, ensure_ascii=False)
        texts = {
            "comparison.json": f"{content}\n",
            "confusion.csv": to_csv(_long_confusion(self.streams)),
            "stretches.csv": to_csv(self.table),
        }
        paths = {name: directory / name for name in [*texts, "comparison.png"]}
        for name, text in texts.items():
            with replacing(paths[name]) as temporary:
                temporary.write_text(text, encoding="utf-8")
        figure = Figure(figsize=plots.ribbons_size(self.lanes), layout="constrained")
        self.plot(figure.subplots())
        with replacing(paths["comparison.png"]) as temporary:
            figure.savefig(temporary, dpi=100)
        return paths


def compare(
    result: Findings | pd.DataFrame | str | os.PathLike,
    annotation: Annotation | pd.DataFrame | str | os.PathLike,
    tier: str | None = None,
) -> Comparison:
    """How far an analysis agrees with a person, stream by stream.

    In seconds: each moment of the timeline weighs as long as it lies under an annotation. By
    stretch: each of the person's annotations counts once, with the label that the stream gives for
    most of it (of two that are equally long, the first in the order of ``EMOTIONS``). Common other
    words count for the seven (``SYNONYMS``); the rest is left out and listed. Where a stream has no
    answer it is neither right nor wrong. There are no intervals, because moments are not
    independent.

    Parameters
    ----------
    result : what ``analyze`` gave; the folder it was saved in, or a file there; or a timeline.
    annotation : as ``read_annotation`` takes it.
    tier : likewise.

    Raises
    ------
    DataError : a result or annotation that cannot be read; the two do not meet in time, or in no
        word.

    Examples
    --------
    >>> import pandas as pd
    >>> labels = ["anger", "anger", "fear", ""]
    >>> timeline = pd.DataFrame({"t": [0.0, 1.0, 2.0, 3.0], "label": labels, "unsure": False})
    >>> timeline["face_label"] = timeline["label"]
    >>> person = pd.DataFrame({"t0": [0, 1.5], "t1": [1.5, 4], "label": ["angry", "scared"]})
    >>> found = compare(timeline, person)
    >>> found.figures().loc["face", ["annotated_seconds", "answered_seconds", "agreed_seconds"]]
    annotated_seconds    4.0
    answered_seconds     3.0
    agreed_seconds       2.5
    Name: face, dtype: float64
    """
    film, timeline, duration = _read_result(result)
    annotation = read_annotation(annotation, tier)
    within, beyond = _clip(annotation, duration)
    emotions = [emotion_of(stretch.value) for stretch in within]
    if not any(emotions):
        words = ", ".join(sorted({stretch.value for stretch in within}))
        what = f"no word in the film stands for one of the seven emotions ({words})"
        raise DataError(annotation.where, what, "write anger, disgust, fear, happiness …")
    edges = moment_edges(timeline, duration)
    overlap = _overlaps(within, edges)
    names = stream_names(timeline)
    table = pd.DataFrame(
        {
            "t0": [stretch.start for stretch in within],
            "t1": [stretch.end for stretch in within],
            "word": [stretch.value for stretch in within],
            "person": emotions,
        }
    )
    streams = {}
    lanes = {"a person": _in_our_words(within)}
    for name in [*names, TOGETHER]:
        labels = timeline[label_column(name)].fillna("").tolist()
        seconds = _by_label(overlap, labels)
        most = _most_of_the_time(seconds)
        table[name or FUSED] = most
        words = title(name, fused_names(timeline))
        lanes[words] = stretches_of(labels, edges)
        sure = None
        if name == TOGETHER:
            certain = ~timeline["unsure"].to_numpy(bool)
            sure = _confusion(emotions, _by_label(overlap * certain, labels))
        streams[name or FUSED] = Agreement(
            title=words,
            annotated=_annotated(emotions, overlap),
            confusion_seconds=_confusion(emotions, seconds),
            confusion_stretches=_confusion(emotions, _one_hot(most)).astype(int),
            stretches=sum(map(bool, emotions)),
            confusion_sure=sure,
        )
    return Comparison(film, annotation, duration, streams, table, _left_out(within), beyond, lanes)


def _read_result(source: Findings | pd.DataFrame | str | os.PathLike):
    """The film's name, its timeline, and how long it is (s)."""
    if isinstance(source, Findings):
        return source.info.path.name, source.timeline, source.info.duration
    if isinstance(source, pd.DataFrame):
        return "", source, float(moment_edges(source)[-1])
    folder = Path(source)
    if not folder.is_dir():
        folder = folder.parent
    film = read_result(folder, OfAFilm)["file"]
    timeline = read_timeline(folder)
    missing = {"unsure", label_column(TOGETHER)} - set(timeline.columns)
    if missing:
        raise DataError(folder / "timeline.csv", f"lacks {', '.join(sorted(missing))}", REMEDY)
    return film["name"], timeline, film["duration"]


def _clip(annotation: Annotation, duration: float) -> tuple[list[Stretch], float]:
    """The annotations as far as they lie in the film, and how many seconds do not."""
    within = []
    beyond = 0.0
    for stretch in annotation.stretches:
        end = min(stretch.end, duration)
        if not stretch.value:
            continue
        if end > stretch.start:
            within.append(Stretch(stretch.start, end, stretch.value))
        beyond += stretch.end - max(end, stretch.start)
    if not within:
        what = f"nothing in it lies in the film, which is {duration:.1f} s long"
        raise DataError(annotation.where, what, "check that both are of one film, in seconds")
    return within, round(beyond, 3)


def _in_our_words(within: Sequence[Stretch]) -> list[Stretch]:
    return [replace(one, value=emotion_of(one.value) or one.value) for one in within]


def _overlaps(within: Sequence[Stretch], edges: np.ndarray) -> np.ndarray:
    """(annotations, moments) seconds that both have in common."""
    starts = np.array([[stretch.start] for stretch in within])
    ends = np.array([[stretch.end] for stretch in within])
    common = np.minimum(ends, edges[1:]) - np.maximum(starts, edges[:-1])
    return common.clip(0)


def _one_hot(labels: Sequence[str]) -> np.ndarray:
    """(n, 7), a row of zeros where there is no label."""
    return np.array([[label == emotion for emotion in EMOTIONS] for label in labels], float)


def _by_label(overlap: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """(annotations, 7) seconds of each label."""
    return overlap @ _one_hot(labels)


def _most_of_the_time(seconds: np.ndarray) -> list[str]:
    found = []
    for row in seconds:
        found.append(EMOTIONS[int(row.argmax())] if row.any() else "")
    return found


def _confusion(emotions: Sequence[str], seconds: np.ndarray) -> np.ndarray:
    """(7, 7): the person's label in the row."""
    return _one_hot(emotions).T @ seconds


def _annotated(emotions: Sequence[str], overlap: np.ndarray) -> float:
    is_known = np.array(emotions) != ""
    return float(overlap[is_known].sum())


def _left_out(within: Sequence[Stretch]) -> dict[str, float]:
    seconds = {}
    for stretch in within:
        if not emotion_of(stretch.value):
            seconds[stretch.value] = seconds.get(stretch.value, 0.0) + stretch.width
    return {word: round(total, 3) for word, total in seconds.items()}


def _figures(confusion: np.ndarray, of: str) -> dict[str, float | None]:
    answered = float(confusion.sum())
    agreed = float(np.trace(confusion))
    return {
        f"answered_{of}": answered,
        f"agreed_{of}": agreed,
        f"share_{of}": agreed / answered if answered else None,
        f"kappa_{of}": _kappa(confusion),
    }


def _kappa(confusion: np.ndarray) -> float | None:
    """Cohen's kappa of a table; None where both say one and the same label only, or nothing."""
    rows, columns = np.nonzero(confusion)
    if len(set(rows) | set(columns)) < 2:
        return None
    return float(cohen_kappa_score(rows, columns, sample_weight=confusion[rows, columns]))


def _long_confusion(streams: dict[str, Agreement]) -> pd.DataFrame:
    rows = []
    for name, one in streams.items():
        for i, person in enumerate(EMOTIONS):
            for j, label in enumerate(EMOTIONS):
                row = {
                    "stream": name,
                    "person": person,
                    "label": label,
                    "seconds": round(float(one.confusion_seconds[i, j]), 3),
                    "stretches": int(one.confusion_stretches[i, j]),
                }
                rows.append(row)
    return pd.DataFrame(rows)


def _text(comparison: Comparison) -> str:
    tier = comparison.annotation.tier
    name = Path(comparison.annotation.where).name
    source = f"{name}, tier {tier}" if tier else name
    film = comparison.film or "the film"
    fused = comparison.streams[FUSED]
    lines = [
        f"{film} ({clock(comparison.duration)} long) and {source}: {fused.annotated:.1f} s in "
        f"{fused.stretches} stretches",
        "",
    ]
    lines += _left_out_lines(comparison)
    lines.append(_row("", "answered", "agreed", "kappa", "stretches agreed", "kappa"))
    for one in comparison.streams.values():
        lines += _agreement_lines(one)
    lines += ["", "together, in seconds; rows: the person"]
    lines += _confusion_lines(fused.confusion_seconds)
    lines += ["", NOTE]
    return "\n".join(lines)


def _left_out_lines(comparison: Comparison) -> list[str]:
    lines = []
    for word, seconds in comparison.left_out.items():
        lines.append(f"left out: {seconds:.1f} s of {word!r}, none of the seven")
    if comparison.beyond:
        lines.append(f"left out: {comparison.beyond:.1f} s beyond the film's end")
    return [*lines, ""] if lines else []


def _agreement_lines(one: Agreement) -> list[str]:
    found = one.figures()
    cells = [
        f"{found['answered_seconds']:.1f} s",
        _of(f"{found['agreed_seconds']:.1f} s", found["share_seconds"]),
        _number(found["kappa_seconds"]),
        f"{found['agreed_stretches']:.0f} of {found['answered_stretches']:.0f}",
        _number(found["kappa_stretches"]),
    ]
    lines = [_row(one.title, *cells)]
    if one.confusion_sure is not None:
        cells = [
            f"{found['answered_sure_seconds']:.1f} s",
            _of(f"{found['agreed_sure_seconds']:.1f} s", found["share_sure_seconds"]),
            _number(found["kappa_sure_seconds"]),
        ]
        lines.append(_row("  where it is sure", *cells, "", ""))
    return lines


def _row(name: str, *cells: str) -> str:
    widths = (10, 18, 7, 18, 7)
    padded = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
    return f"  {name:24}{''.join(padded)}".rstrip()


def _of(words: str, share: float | None) -> str:
    return words if share is None else f"{words} ({100 * share:.0f} %)"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _confusion_lines(confusion: np.ndarray) -> list[str]:
    table = pd.DataFrame(confusion, index=EMOTIONS, columns=EMOTIONS)
    is_used = table.any(axis=1) | table.any(axis=0)
    text = table.loc[is_used, is_used].to_string(float_format="%.1f")
    return [f"  {line}" for line in text.splitlines()]
