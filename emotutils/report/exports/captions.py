"""A timeline to be read while a film plays, by webvtt."""

from collections.abc import Sequence
from pathlib import Path

from .tiers import Interval

NOTE = (
    "No subtitles: what the face looks like and the voice sounds like, by emotutils. It does not "
    "say what anybody feels."
)


def write_vtt(intervals: Sequence[Interval], path: Path) -> None:
    """WebVTT, with a note of what it is."""
    _captions(intervals).save(str(path))


def write_srt(intervals: Sequence[Interval], path: Path) -> None:
    """SubRip."""
    _captions(intervals).save_as_srt(str(path))


def _captions(intervals: Sequence[Interval]):
    from webvtt import Caption, WebVTT

    cues = []
    for interval in intervals:
        cues.append(Caption(_stamp(interval.start), _stamp(interval.end), interval.text))
    return WebVTT(captions=cues, header_comments=[NOTE])


def _stamp(milliseconds: int) -> str:
    """``hh:mm:ss.mmm``."""
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{rest:03d}"
