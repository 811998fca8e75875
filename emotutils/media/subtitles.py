"""The subtitles that lie inside a film's own file."""

from collections.abc import Iterator
from dataclasses import dataclass

import av

from .opening import StrPath, film_start, open_film

#: Subtitles drawn as pictures hold no letters.
_PICTURES = (
    "dvd_subtitle",
    "dvdsub",
    "dvb_subtitle",
    "dvbsub",
    "hdmv_pgs_subtitle",
    "pgssub",
    "xsub",
)


@dataclass(frozen=True)
class SubtitleTrack:
    """One track of subtitles in a film.

    Attributes
    ----------
    index : its place among the film's tracks.
    language : as the file names it, empty where it does not.
    is_text : False of pictures of letters, which cannot be read.
    """

    index: int
    language: str
    is_text: bool


def subtitle_tracks(path: StrPath) -> list[SubtitleTrack]:
    """The tracks of subtitles in a film's file, in its order.

    Raises
    ------
    MediaError : as ``probe``.
    """
    with open_film(path) as container:
        found = []
        for stream in container.streams:
            if stream.type != "subtitle" or not stream.codec_context:
                continue
            is_text = stream.codec_context.name not in _PICTURES
            found.append(SubtitleTrack(stream.index, stream.language or "", is_text))
        return found


def subtitle_lines(path: StrPath, track: SubtitleTrack) -> Iterator[tuple[float, float, str]]:
    """Each line of a track: from when to when (s), and its text, maybe with marks of formatting.

    Parameters
    ----------
    path : of the film.
    track : one of ``subtitle_tracks`` that is text.

    Raises
    ------
    MediaError : as ``probe``.
    """
    with open_film(path) as container:
        stream = container.streams[track.index]
        zero = film_start(container)
        for packet in container.demux(stream):
            if packet.pts is None or not packet.duration:
                continue
            start = float(packet.pts * stream.time_base - zero)
            end = start + float(packet.duration * stream.time_base)
            text = "\n".join(_texts(stream, packet))
            if text.strip():
                yield max(start, 0.0), end, text


def _texts(stream, packet: av.Packet) -> Iterator[str]:
    """What a packet says; a damaged one says nothing."""
    try:
        subtitles = stream.codec_context.decode2(packet)
    except av.FFmpegError:
        return
    for rect in subtitles or ():
        if rect.type in (b"ass", b"text"):
            words = rect.dialogue or rect.text
            yield words.decode("utf-8", errors="replace")
