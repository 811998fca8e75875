"""What a film or recording is: how long, how large, with picture or sound."""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from ..errors import MediaError
from .clock import Clock
from .opening import (
    StrPath,
    declared_end,
    film_start,
    first_frame,
    open_film,
    packets,
    says_its_length,
    stream_of,
    tracks_of,
)
from .pictures import display_matrix, rotation, shown_size

_ALIKE = 0.5  # s: a head that is right to within so much is believed


@dataclass(frozen=True)
class FilmInfo:
    """What a film or recording is.

    ``duration`` in seconds: to the end of the last picture or sound in the file, whatever its head
    says. ``width`` and ``height`` in pixels as shown: upright, with square pixels, of the first
    picture. ``fps`` is the average.
    ``rotation`` is the clockwise turn in degrees (0, 90, 180, 270) that sets the stored picture
    upright; ``frames`` applies it. ``has_video`` and ``has_audio`` say that at least one picture,
    or some sound, can be decoded; a cover picture in a recording is no video. ``picture_end`` is
    when (s) the last picture ends; where the film does not say, it stands as long as the longest.
    ``picture_tracks`` and ``sound_tracks`` say what each of the film's tracks is, ``picture_track``
    and ``sound_track`` which of them, from 1, is meant here.
    """

    path: Path
    duration: float
    width: int | None
    height: int | None
    fps: float | None
    rotation: int
    has_video: bool
    has_audio: bool
    sample_rate: int | None
    size: int
    container: str | None
    video_codec: str | None
    audio_codec: str | None
    picture_end: float = math.inf
    picture_tracks: tuple[str, ...] = ()
    sound_tracks: tuple[str, ...] = ()
    picture_track: int | None = None
    sound_track: int | None = None


def probe(
    path: StrPath, picture_track: int | None = None, sound_track: int | None = None
) -> FilmInfo:
    """Look at a film or recording.

    It is read through, because heads are wrong about the length, but only its first picture and its
    first piece of sound are decoded.

    Parameters
    ----------
    path : the film.
    picture_track, sound_track : numbers, from 1, of what is to be read of a film that has several;
        by default what the film itself names, else the first.

    Raises
    ------
    MediaError : missing, a folder, empty, not a film or recording, or one without any picture or
        sound to decode; a track that is not there.

    Examples
    --------
    >>> from emotutils import config, media
    >>> info = media.probe(config.shipped_root() / "sample" / "demo.mp4")
    >>> info.has_video, info.has_audio, info.rotation
    (True, True, 0)
    """
    path = Path(path)
    shown = first_frame(path, "video", picture_track)
    sounding = first_frame(path, "audio", sound_track)
    if shown is None and sounding is None:
        raise MediaError(
            path,
            "holds neither a picture nor a sound that can be read",
            "check the file in a player",
        )
    with open_film(path) as container:
        picture = stream_of(container, "video", picture_track) if shown else None
        sound = stream_of(container, "audio", sound_track) if sounding else None
        clock = _read_through(container)
        return FilmInfo(
            path=path,
            duration=_duration(container, clock, [picture, sound]),
            has_video=shown is not None,
            has_audio=sounding is not None,
            sample_rate=sounding.sample_rate if sounding else None,
            size=path.stat().st_size,
            container=container.format.name,
            video_codec=_codec(picture),
            audio_codec=_codec(sound),
            picture_end=_picture_end(picture, clock),
            picture_tracks=_named(tracks_of(container, "video")),
            sound_tracks=_named(tracks_of(container, "audio")),
            picture_track=_number(tracks_of(container, "video"), picture),
            sound_track=_number(tracks_of(container, "audio"), sound),
            **_picture_facts(shown, picture, clock),
        )


def _named(tracks: Sequence[Stream]) -> tuple[str, ...]:
    """The language or title of each track, else its codec."""
    names = []
    for track in tracks:
        title = track.metadata.get("title") or track.language
        names.append(title or track.codec_context.name)
    return tuple(names)


def _number(tracks: Sequence[Stream], chosen: Stream | None) -> int | None:
    for number, track in enumerate(tracks, start=1):
        if chosen is not None and track.index == chosen.index:
            return number
    return None


def _read_through(container: InputContainer) -> Clock:
    """The film's clock after the last packet that can be read."""
    clock = Clock(container, film_start(container))
    with suppress(av.FFmpegError):  # who reads the film next tells of damage
        for _ in packets(container, clock):
            pass
    return clock


def _duration(container: InputContainer, clock: Clock, tracks: list[Stream | None]) -> float:
    """The film's length: what its head says, where that is what is there; else what is there."""
    measured = max(clock.of(track).end for track in tracks if track is not None)
    declared = declared_end(container, clock.zero)
    if declared is None or not says_its_length(container):
        return measured
    if abs(float(declared) - measured) > _ALIKE:
        return measured
    return float(declared)


def _picture_end(stream: VideoStream | None, clock: Clock) -> float:
    if stream is None:
        return math.inf
    course = clock.of(stream)
    return course.end + course.longest


def _rate(stream: VideoStream, clock: Clock) -> float | None:
    """Pictures a second: the rate that the film says, where it is about that; else as counted."""
    said = [float(rate) for rate in (stream.average_rate, stream.guessed_rate) if rate]
    course = clock.of(stream)
    seconds = course.end - course.first
    if course.count < 2 or not seconds > 0:
        return said[0] if said else None
    counted = course.count / seconds
    for rate in said:
        if abs(counted - rate) < 0.1 * rate:
            return rate
    return counted


def _codec(stream) -> str | None:
    return stream and stream.codec_context.codec.canonical_name


def _picture_facts(shown: av.VideoFrame | None, stream: VideoStream | None, clock: Clock) -> dict:
    if shown is None:
        return {"width": None, "height": None, "fps": None, "rotation": 0}
    matrix = display_matrix(shown, stream.container.name)
    width, height = shown_size(shown, stream, matrix)
    return {
        "width": width,
        "height": height,
        "fps": _rate(stream, clock),
        "rotation": rotation(matrix),
    }
