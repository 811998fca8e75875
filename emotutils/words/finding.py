"""The transcript of a film, looked for beside it and inside its file."""

import os
from collections.abc import Sequence
from pathlib import Path

from ..media import subtitle_lines, subtitle_tracks
from .cues import Transcript, make_cue
from .reading import language_in_name, read_transcript, short_language, tidy

ENGLISH = "en"
#: Files that lie beside a film and have its name are read by themselves if they end like this.
KINDS = (".srt", ".vtt")
#: What our own exports are called, ``FILM.emotions.srt``: no subtitles.
OURS = "emotions"


def find_transcript(film: str | os.PathLike) -> Transcript | None:
    """The subtitles that lie beside a film under its name (``FILM.srt``, ``FILM.en.vtt``), else
    those inside its file; English ones before others.

    Parameters
    ----------
    film : its path.

    Returns
    -------
    Transcript; its notes say what else was there. None where there are no subtitles.

    Raises
    ------
    DataError, MediaError : what was found cannot be read.
    """
    film = Path(film)
    beside = files_beside(film)
    if beside:
        found = read_transcript(beside[0])
        found.notes.extend(_others(beside))
        return found
    return _inside(film)


def files_beside(film: Path) -> list[Path]:
    """Subtitles in a film's folder that bear its name, the one to be read first."""
    found = []
    try:
        names = sorted(os.listdir(film.parent))
    except OSError:
        return []
    for name in names:
        path = film.parent / name
        rest = path.stem.removeprefix(film.stem)
        is_named_so = path.stem.startswith(film.stem) and rest[:1] in ("", ".")
        if not is_named_so or path.suffix.lower() not in KINDS or OURS in rest.split("."):
            continue
        if path.is_file():
            found.append(path)
    return sorted(found, key=lambda path: _rank(path, film))


def _rank(path: Path, film: Path) -> tuple[bool, bool, str]:
    """English first, then the film's very name, then by the alphabet."""
    is_exact = path.stem == film.stem
    is_english = not is_exact and language_in_name(path) == ENGLISH
    return not is_english, not is_exact, path.name


def _others(beside: Sequence[Path]) -> list[str]:
    others = ", ".join(path.name for path in beside[1:])
    if not others:
        return []
    return [f"subtitles: {beside[0].name} was read, and not {others}"]


def _inside(film: Path) -> Transcript | None:
    """The first English track of subtitles in a film's file, else the first."""
    tracks = subtitle_tracks(film)
    texts = [track for track in tracks if track.is_text]
    if not texts:
        return None
    chosen = min(texts, key=lambda track: short_language(track.language) != ENGLISH)
    where = f"{film.name}, track {chosen.index}"
    lines = subtitle_lines(film, chosen)
    notes = []
    if len(tracks) > 1:
        notes.append(f"subtitles: {where} was read, of {len(tracks)} tracks of subtitles")
    cues = tidy((make_cue(*line) for line in lines), where, notes)
    return Transcript(where, cues, short_language(chosen.language), notes)
