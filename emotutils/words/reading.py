"""A transcript in a file: SubRip, WebVTT, or the JSON that Whisper and its kin write.

Taught in notebooks/15_words.
"""

import io
import json
import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from ..errors import DataError
from .cues import Cue, Transcript, make_cue

#: A transcript of a day is smaller than this (bytes).
LARGEST = 20e6
#: What JSON calls a line's times (s).
STARTS = ("start", "t0")
ENDS = ("end", "t1")
_REMEDY = "give a .srt, a .vtt, or the .json that Whisper writes"


def read_transcript(path: str | os.PathLike) -> Transcript:
    """The lines of a file, whatever its letters' code and its ends of lines.

    Parameters
    ----------
    path : ``.srt``, ``.vtt``, or ``.json``: a list of ``{"start", "end", "text"}`` (s), or an
        object that has it under ``segments`` (Whisper, faster-whisper, WhisperX) or, in
        milliseconds, under ``transcription`` (whisper.cpp). ``speaker`` is read where it is there.

    Returns
    -------
    Transcript, in order of time. Empty lines are left out, and so are those that last no time: its
    notes say how many.

    Raises
    ------
    DataError : a file that is missing, empty, no text, of another kind, or broken.
    """
    path = Path(path)
    readers: dict[str, Callable] = {".srt": _read_srt, ".vtt": _read_vtt, ".json": _read_json}
    kind = path.suffix.lower()
    if kind not in readers:
        raise DataError(path, "this is no transcript that can be read", _REMEDY)
    notes = []
    text = _decoded(path, notes)
    if not text.strip():
        raise DataError(path, "the file is empty", _REMEDY)
    language = language_in_name(path)
    if kind == ".json":
        language = _language_in_json(text) or language
    cues = readers[kind](text, path)
    return Transcript(path.name, tidy(cues, path, notes), language, notes)


def language_in_name(path: Path) -> str:
    """The language that a file's name tells, as in ``film.en.srt``; else empty."""
    found = path.stem.rpartition(".")[2].lower()
    if found == path.stem.lower():
        return ""
    return short_language(found)


def short_language(word: str | None) -> str:
    """Two letters of a language as files name it; empty for what is none."""
    word = (word or "").lower().partition("-")[0]
    if word in ("eng", "english"):
        return "en"
    return word if word.isalpha() and 2 <= len(word) <= 3 and word != "und" else ""


def tidy(cues: Iterable[Cue], where: object, notes: list[str]) -> list[Cue]:
    """Cues in order of time, without those that are empty or last no time.

    Parameters
    ----------
    cues : as they were read.
    where : the file, for errors and notes.
    notes : gets what was left out.

    Raises
    ------
    DataError : nothing is left, or times that cannot be.
    """
    kept = []
    timeless = 0
    for cue in cues:
        if not (math.isfinite(cue.start) and math.isfinite(cue.end) and cue.start >= 0):
            what = f"{cue.text[:30]!r} is said at {cue.start} to {cue.end} s, which cannot be"
            raise DataError(where, what, "give seconds from the film's start")
        if not cue.text:
            continue
        if cue.end <= cue.start:
            timeless += 1
            continue
        kept.append(cue)
    if not kept:
        raise DataError(where, "there is no line in it", "give the transcript of this film")
    if timeless:
        notes.append(f"{_name(where)}: {timeless} lines that last no time were left out")
    return sorted(kept, key=lambda cue: (cue.start, cue.end))


def _name(where: object) -> str:
    return where.name if isinstance(where, Path) else str(where)


def _decoded(path: Path, notes: list[str]) -> str:
    """A file's letters: UTF-8, UTF-16 by its mark, else Latin-1, which is said."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            what = f"{size / 1e6:.0f} MB are no transcript"
            raise DataError(path, what, _REMEDY)
        content = path.read_bytes()
    except OSError as error:
        what = error.strerror or "cannot be read"
        raise DataError(path, what, "give the path of a transcript") from None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if b"\x00" in content:
        raise DataError(path, "this is no text", _REMEDY)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    if any(ord(letter) < 9 for letter in text):
        raise DataError(path, "this is no text", _REMEDY)
    notes.append(f"{path.name}: not in UTF-8, read as Latin-1 (Windows-1252)")
    return text


def _read_srt(text: str, path: Path) -> list[Cue]:
    return _read_captions(text, path, "srt")


def _read_vtt(text: str, path: Path) -> list[Cue]:
    return _read_captions(text, path, "vtt")


def _read_captions(text: str, path: Path, kind: str) -> list[Cue]:
    import webvtt
    from webvtt.errors import MalformedCaptionError, MalformedFileError

    lines = io.StringIO("\n".join(text.splitlines()))
    try:
        captions = webvtt.from_buffer(lines, format=kind)
    except (MalformedFileError, MalformedCaptionError, ValueError) as error:
        what = f"these are no subtitles of the kind {kind} ({error})"
        raise DataError(path, what, _REMEDY) from None
    cues = []
    for caption in captions:
        start = caption.start_time.in_milliseconds() / 1000
        end = caption.end_time.in_milliseconds() / 1000
        cues.append(make_cue(start, end, caption.raw_text, caption.voice or ""))
    return cues


def _parsed(text: str, path: Path) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise DataError(path, "this is no JSON", _REMEDY) from None


def _language_in_json(text: str) -> str:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    named = content.get("language") if isinstance(content, dict) else None
    return short_language(named if isinstance(named, str) else None)


def _read_json(text: str, path: Path) -> list[Cue]:
    content = _parsed(text, path)
    lines = content
    if isinstance(content, dict):
        lines = content.get("segments", content.get("transcription"))
    if not isinstance(lines, list):
        raise DataError(path, "no list of segments in it", _REMEDY)
    return [_cue_of(line, k, path) for k, line in enumerate(lines, start=1)]


def _cue_of(line: object, number: int, path: Path) -> Cue:
    """A line of JSON; whisper.cpp has its times in milliseconds, as ``offsets``."""
    try:
        if "offsets" in line:
            start = line["offsets"]["from"] / 1000
            end = line["offsets"]["to"] / 1000
        else:
            start = float(_first(line, STARTS))
            end = float(_first(line, ENDS))
        return make_cue(start, end, line["text"], str(line.get("speaker") or ""))
    except (TypeError, LookupError, ValueError, AttributeError):
        what = f"segment {number} has no start, end and text"
        raise DataError(path, what, _REMEDY) from None


def _first(line: dict, names: tuple[str, ...]) -> object:
    there = [name for name in names if name in line]
    return line[there[0]]
