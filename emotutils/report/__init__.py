"""What an `Analysis` writes: tables, JSON, a picture, a page that opens offline, and the film with
boxes drawn in.

Taught in notebooks/13_fusion and notebooks/15_responsible_use.
"""

import json
import math
import os
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from .. import plots
from ..analysis import Analysis
from ..errors import EmotutilsError
from ..support.files import replacing
from .annotated import write_annotated
from .thumbnails import take_thumbnails
from .webpage import film_address, page
from .words import summary_text, verdict

__all__ = ["page", "result", "save", "summary_text", "verdict"]

SCHEMA, SCHEMA_VERSION = "emotutils.analysis", 2


def save(
    analysis: Analysis,
    directory: str | os.PathLike,
    *,
    annotate: bool = False,
    film: str | os.PathLike | None = None,
    thumbnails: bool = False,
) -> dict[str, Path]:
    """Write everything an analysis found into a folder (made if need be) and give the paths by file
    name.

    ``frames.csv``, ``speech.csv``, ``timeline.csv``, ``result.json``, ``timeline.png``,
    ``report.html``, and ``annotated.mp4`` if wanted. Each file is there whole or not at all. The
    page plays the film from where it lies, by relative path, and is complete without it.

    Parameters
    ----------
    annotate : also decode the film once more and write it with boxes, words and its sound.
    film : where the film lies now, if it was moved since.
    thumbnails : also keep small pictures of the film in the page. Off, no picture of a face leaves
        the film.

    Raises
    ------
    EmotutilsError : the folder cannot be written to; ``annotate`` or ``thumbnails`` for a recording
        without picture, or for a film that is gone (everything else is written before).
    """
    directory, film = Path(directory), Path(film or analysis.info.path)
    tables = {f"{name}.csv": getattr(analysis, name) for name in ("frames", "speech", "timeline")}
    texts = {name: table.round(5).to_csv(index=False) for name, table in tables.items()}
    texts["result.json"] = (
        json.dumps(result(analysis), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    )
    address = film_address(film, directory)
    texts["report.html"] = page(analysis, film=address)
    paths = {name: directory / name for name in [*texts, "timeline.png"]}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            _write(paths[name], text)
        # Not through pyplot: saving must not touch the figures of a notebook.
        figure = Figure(figsize=(7, 6.6), layout="constrained")
        plots.plot_timeline(analysis, ax=figure.subplots())
        with replacing(paths["timeline.png"]) as temporary:
            figure.savefig(temporary, dpi=100)
        if thumbnails:
            _write(
                paths["report.html"],
                page(analysis, film=address, pictures=take_thumbnails(film, analysis.info)),
            )
    except OSError as error:
        raise EmotutilsError(
            f"{directory}: cannot be written ({error.strerror}); choose another folder"
        ) from error
    if annotate:
        paths["annotated.mp4"] = write_annotated(analysis, film, directory / "annotated.mp4")
    return paths


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def result(analysis: Analysis) -> dict:
    """The content of ``result.json``: plain values only, ``None`` where there is no number."""
    info = analysis.info
    picture = {
        "width": info.width,
        "height": info.height,
        "fps": info.fps,
        "codec": info.video_codec,
    }
    sound = {"sample_rate": info.sample_rate, "codec": info.audio_codec}
    return _plain(
        {
            "schema": SCHEMA,
            "schema_version": SCHEMA_VERSION,
            "emotutils": version("emotutils"),
            "file": {
                "name": info.path.name,
                "size": info.size,
                "duration": info.duration,
                "container": info.container,
                "picture": picture | {"rotation": info.rotation} if info.has_video else None,
                "sound": sound if info.has_audio else None,
            },
            "networks": analysis.networks,
            "settings": analysis.settings,
            "summary": analysis.summary,
            "warnings": analysis.warnings,
        }
    )


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
    return (
        None if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)) else value
    )
