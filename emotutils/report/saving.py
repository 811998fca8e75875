"""An analysis as a folder of files. Taught in notebooks/13_fusion and
notebooks/16_responsible_use.
"""

import json
import math
import os
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import style
from matplotlib.figure import Figure

from .. import plots
from ..findings import Findings
from ..media import FilmInfo
from ..support.files import replacing, writing
from ..support.tables import to_csv
from . import exports
from .annotated import write_annotated
from .links import film_address
from .reading import RESULT, is_of_another
from .thumbnails import take_thumbnails
from .webpage import page
from .words import verdict

SCHEMA = "emotutils.analysis"
SCHEMA_VERSION = 4


def save(
    findings: Findings,
    directory: str | os.PathLike,
    *,
    annotate: bool = False,
    film: str | os.PathLike | None = None,
    thumbnails: bool = False,
    export: Collection[str] = (),
    request: dict | None = None,
) -> dict[str, Path]:
    """Write everything an analysis found into a folder (made if need be) and give the paths by file
    name.

    ``frames.csv``, ``speech.csv`` and one CSV for each other stream, ``timeline.csv``,
    ``result.json``, ``timeline.png``, ``report.html``, and ``annotated.mp4`` if wanted. Each file
    is there whole or not at all. The page plays the film from where it lies, by relative path, and
    is complete without it.

    Parameters
    ----------
    findings : of one film.
    directory : where to.
    annotate : also decode the film once more and write it with boxes, words and its sound.
    film : where the film lies now, if it was moved since.
    thumbnails : also keep small pictures of the film in the page. Off, no picture of a face leaves
        the film.
    export : names of further formats (``exports.FORMATS``), each in a file of its own:
        ``FILM.emotions.eaf`` for ELAN …
    request : what was asked for. It is put into ``result.json`` when all else is written: where it
        is, all is.

    Raises
    ------
    EmotutilsError : the folder cannot be written to; an unknown format; ``annotate`` or
        ``thumbnails`` for a recording without picture, or for a film that is gone (everything else
        is written before).
    """
    exports.check_formats(export)
    directory = Path(directory)
    film = Path(film or findings.info.path)
    address = film_address(film, directory)
    texts = _texts(findings, address)
    paths = {name: directory / name for name in [*texts, RESULT, "timeline.png"]}
    with writing(directory):
        if is_of_another(directory, findings.info.path.name, findings.info.size):
            for name in ("annotated.mp4", "people.csv"):
                (directory / name).unlink(missing_ok=True)
        paths[RESULT].unlink(missing_ok=True)
        for name, text in texts.items():
            _write(paths[name], text)
        _write_picture(findings, paths["timeline.png"])
        paths |= exports.write(findings, directory, export, film)
        _write_result(findings, paths[RESULT])
        if thumbnails:
            pictures = take_thumbnails(film, findings.info)
            _write(paths["report.html"], page(findings, film=address, pictures=pictures))
    if annotate:
        paths["annotated.mp4"] = write_annotated(findings, film, directory / "annotated.mp4")
    if request:
        _write_result(findings, paths[RESULT], request)
    return paths


def _write_result(findings: Findings, path: Path, request: dict | None = None) -> None:
    values = result(findings, request)
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    _write(path, f"{text}\n")


def _texts(findings: Findings, address: str | None) -> dict[str, str]:
    """The content of each text file, by its name."""
    texts = {}
    for stream in findings.streams.values():
        texts[f"{stream.table_name}.csv"] = _csv(stream.table)
    texts["timeline.csv"] = _csv(findings.timeline)
    if findings.people["person"].nunique() > 1:
        texts["people.csv"] = _csv(findings.people)
    texts["report.html"] = page(findings, film=address)
    return texts


def _csv(table: pd.DataFrame) -> str:
    return to_csv(table.round(5))


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        # A file's name may hold bytes that are no letters.
        temporary.write_text(text, encoding="utf-8", errors="replace")


def _write_picture(findings: Findings, path: Path) -> None:
    # Not through pyplot: saving must not touch the figures of a notebook, nor a notebook's style
    # the picture.
    size = plots.timeline_size(findings.timeline)
    with style.context("default"):
        figure = Figure(figsize=size, layout="constrained")
        plots.plot_timeline(findings, ax=figure.subplots())
        with replacing(path) as temporary:
            figure.savefig(temporary, dpi=100)


def result(findings: Findings, request: dict | None = None) -> dict:
    """The content of ``result.json``: plain values only, ``None`` where there is no number.

    Parameters
    ----------
    findings : of one film.
    request : what was asked for, if that is to be known later.
    """
    content = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "emotutils": version("emotutils"),
        "file": _file_facts(findings.info),
        "networks": findings.networks,
        "settings": findings.settings,
        "verdict": verdict(findings),
        "summary": findings.summary,
        "warnings": findings.warnings,
    }
    if request:
        content["request"] = request
    return _plain(content)


def _file_facts(info: FilmInfo) -> dict:
    picture = None
    if info.has_video:
        picture = {
            "width": info.width,
            "height": info.height,
            "fps": info.fps,
            "codec": info.video_codec,
            "rotation": info.rotation,
            "track": info.picture_track,
            "tracks": info.picture_tracks,
        }
    sound = None
    if info.has_audio:
        sound = {
            "sample_rate": info.sample_rate,
            "codec": info.audio_codec,
            "track": info.sound_track,
            "tracks": info.sound_tracks,
        }
    return {
        "name": info.path.name,
        "size": info.size,
        "duration": info.duration,
        "container": info.container,
        "picture": picture,
        "sound": sound,
    }


def _plain(value):
    """Numpy scalars, paths and tuples as JSON knows them; NaN and infinity become ``None``."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if value is pd.NA:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
