"""A timeline in the formats of other programs: ELAN, Praat, players, Label Studio, R and pandas.

All go over the streams that are there, by name. Text files are called ``FILM.emotions.vtt`` and
``.srt``, so that nobody takes them for subtitles.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from ...emotions import EMOTIONS
from ...errors import EmotutilsError
from ...findings import Findings
from ...support.files import printable, replacing
from ...support.tables import to_csv
from ..links import relative_film
from .captions import write_srt, write_vtt
from .elan import write_eaf
from .labelstudio import write_interface, write_task
from .long import long_table
from .praat import write_textgrid
from .tiers import Interval, Tier, build_tiers, captions

__all__ = ["FORMATS", "Interval", "Tier", "build_tiers", "check_formats", "long_table", "write"]

#: The files of each format, by its name: what follows the film's name.
FORMATS = {
    "eaf": (".emotions.eaf",),
    "textgrid": (".emotions.TextGrid",),
    "vtt": (".emotions.vtt",),
    "srt": (".emotions.srt",),
    "labelstudio": (".emotions.labelstudio.json", ".emotions.labelstudio.xml"),
    "csv": (".emotions.long.csv",),
}


def check_formats(names: Collection[str]) -> None:
    """Raise EmotutilsError unless each is the name of a format."""
    if isinstance(names, str):
        raise EmotutilsError(f"export={names!r}: give a list, such as ['eaf', 'csv']")
    for name in names:
        if name not in FORMATS:
            raise EmotutilsError(f"export {name!r}: choose from {', '.join(FORMATS)}")


def write(
    findings: Findings, directory: Path, formats: Sequence[str], film: Path
) -> dict[str, Path]:
    """Write a film's timeline into a folder, each file whole or not at all.

    Parameters
    ----------
    findings : of one film.
    directory : where to; it is there.
    formats : names in ``FORMATS``.
    film : where the film lies.

    Returns
    -------
    The paths by file name.

    Raises
    ------
    OSError : the folder cannot be written to.
    """
    info = findings.info
    tiers = build_tiers(findings, tuple(EMOTIONS))
    networks = [card["name"] for card in findings.networks.values()]
    link = printable(relative_film(film, directory) or film.name)
    writers = {
        ".emotions.eaf": lambda path: write_eaf(tiers, path, link),
        ".emotions.TextGrid": lambda path: write_textgrid(tiers, path, info.duration),
        ".emotions.vtt": lambda path: write_vtt(captions(findings), path),
        ".emotions.srt": lambda path: write_srt(captions(findings), path),
        ".emotions.labelstudio.json": lambda path: write_task(tiers, path, info, networks),
        ".emotions.labelstudio.xml": lambda path: write_interface(tiers, path, info),
        ".emotions.long.csv": lambda path: _write_long(findings, path),
    }
    paths = {}
    for name in formats:
        for ending in FORMATS[name]:
            path = directory / f"{film.stem}{ending}"
            with replacing(path) as temporary:
                writers[ending](temporary)
            paths[path.name] = path
    return paths


def _write_long(findings: Findings, path: Path) -> None:
    text = to_csv(long_table(findings).round(5))
    path.write_text(text, encoding="utf-8", errors="replace")
