"""What reading pictures and reading sound have in common: an open file, its streams, its clock.

Everything is streamed, so memory does not grow with the length of the film. Picture and sound share
one clock: t = 0 is the moment at which a player starts the film, whatever time stamps the file uses
inside.
"""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from ..errors import MediaError

Warn = Callable[[str], None]
StrPath = str | os.PathLike

_CUT_OFF = 0.5  # s: a track that ends this long before its declared end was cut off
_STILLS = Disposition.attached_pic | Disposition.timed_thumbnails


class Track:
    """One stream of an open film on the film's clock.

    It counts damage while decoding and tells it once, at the end.
    """

    def __init__(self, container: InputContainer, stream: Stream, warn: Warn | None):
        self.container = container
        self.stream = stream
        self.warn = warn or _warn
        self.zero = _film_start(container)
        self.own_end = self._declared_end()
        #: the declared end in film time, or None where the file does not say
        self.end = self.own_end
        if self.end is None:
            self.end = declared_end(container, self.zero)
        self.reached = Fraction(0)  # film time up to which packets were read
        self.damaged = 0

    def _declared_end(self) -> Fraction | None:
        if self.stream.duration is None:
            return None
        return self.time((self.stream.start_time or 0) + self.stream.duration)

    def time(self, pts: int, time_base: Fraction | None = None) -> Fraction:
        """Film time in seconds of a time stamp."""
        return pts * (time_base or self.stream.time_base) - self.zero

    def packets(self) -> Iterator[av.Packet | None]:
        """The stream's packets, then ``None`` if the file broke off in an error (the decoder still
        holds frames).
        """
        try:
            for packet in self.container.demux(self._followed()):
                self._note_end(packet)
                if packet.stream == self.stream:
                    self.damaged += packet.is_corrupt
                    yield packet
        except av.FFmpegError:
            self.damaged += 1
            yield None

    def _followed(self) -> list[Stream]:
        # Where only the film as a whole declares an end, all streams together say whether it was
        # reached.
        if self.own_end is None:
            return list(_decodable(self.container))
        return [self.stream]

    def _note_end(self, packet: av.Packet) -> None:
        if packet.pts is not None:
            end = self.time(packet.pts + (packet.duration or 0), packet.time_base)
            self.reached = max(self.reached, end)
        elif packet.stream == self.stream and packet.size:
            self.reached += (packet.duration or 0) * packet.time_base

    def decoded(self) -> Iterator:
        """The frames that can be decoded; at the end, a warning for what could not."""
        self.stream.thread_type = "AUTO"
        for packet in self.packets():
            try:
                decoded = self.stream.decode(packet)
            except av.FFmpegError:
                self.damaged += 1
                continue
            for frame in decoded:
                self.damaged += frame.is_corrupt
                yield frame
        self._tell_damage()

    def _tell_damage(self) -> None:
        name = Path(self.container.name).name
        kind = "picture" if self.stream.type == "video" else "sound"
        if self.damaged:
            places = f"{self.damaged} places"
            self.warn(f"{name}: damage in the {kind} ({places}); what could be read was used")
        if self.end is not None and self.reached < self.end - _CUT_OFF:
            reached = float(self.reached)
            end = float(self.end)
            self.warn(
                f"{name}: the {kind} breaks off at {reached:.1f} s of {end:.1f} s; "
                "the rest is missing"
            )


@contextmanager
def open_film(path: StrPath) -> Iterator[InputContainer]:
    """The film or recording, opened for reading, or a ``MediaError`` that says what it is."""
    path = Path(path)
    _check_file(path)
    try:
        # An absolute path, because FFmpeg would take "a:b.mp4" for the protocol "a".
        container = av.open(str(path.absolute()), metadata_errors="ignore")
    except PermissionError as error:
        raise MediaError(path, "may not be read", "check the rights") from error
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(
            path, "not a film or recording, or cut off before its index", "copy it again"
        ) from error
    with container:
        if container.format.name == "tty":  # FFmpeg draws a text file as a film of a terminal
            raise MediaError(path, "is a text, not a film or recording", "name a film or recording")
        yield container


def _check_file(path: Path) -> None:
    try:
        if not path.exists():
            raise MediaError(path, "no such file", "check the name")
        if not path.is_file():
            raise MediaError(path, "is a folder, not a file", "name a film or recording in it")
        if not path.stat().st_size:
            raise MediaError(path, "is empty (0 bytes)", "copy or record it again")
    except OSError as error:
        reason = error.strerror
        raise MediaError(
            path, f"cannot be opened ({reason})", "check the name and the rights"
        ) from error


def _decodable(container: InputContainer) -> Iterator[VideoStream | AudioStream]:
    for stream in container.streams:
        if stream.type not in ("video", "audio") or not stream.codec_context:
            continue
        if not stream.disposition & _STILLS:
            yield stream


def stream_of(container: InputContainer, kind: str) -> VideoStream | AudioStream | None:
    """The film's picture ("video") or sound ("audio"): the default one, else the first."""
    streams = [stream for stream in _decodable(container) if stream.type == kind]
    for stream in streams:
        if stream.disposition & Disposition.default:
            return stream
    return streams[0] if streams else None


def first_frame(path: Path, kind: str) -> av.VideoFrame | av.AudioFrame | None:
    """The first picture ("video") or piece of sound ("audio") that can be decoded."""
    with open_film(path) as container:
        stream = stream_of(container, kind)
        if stream is None:
            return None
        return next(Track(container, stream, ignore).decoded(), None)


def _film_start(container: InputContainer) -> Fraction:
    """The time stamp, in seconds, at which a player starts: that of the track that begins first.

    Sound before 0 is the run-in of a codec, never meant to be heard, and does not count.
    """
    starts = []
    for kind in ("video", "audio"):
        stream = stream_of(container, kind)
        if stream is None or stream.start_time is None:
            continue
        start = stream.start_time * stream.time_base
        if kind == "audio":
            start = max(start, Fraction(0))
        starts.append(start)
    return min(starts, default=Fraction(0))


def declared_end(container: InputContainer, zero: Fraction) -> Fraction | None:
    """The film's end in seconds from ``zero``, as the file as a whole declares it."""
    if container.duration is None:
        return None
    start = container.start_time or 0
    if "matroska" in container.format.name:
        start = 0  # it declares the last time stamp, the others the length from the first one
    return Fraction(start + container.duration, av.time_base) - zero


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=2)


def ignore(message: str) -> None:
    """For looks that a full read will follow: it tells."""
