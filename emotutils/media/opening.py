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
from .clock import Clock

Warn = Callable[[str], None]
StrPath = str | os.PathLike

_CUT_OFF = 0.5  # s: a track that ends this long before its declared end was cut off
_SAME = 0.01  # s: times of one picture, of its packet and decoded, differ by less
_NOTICED = 0.1  # s of sound that are missing and worth a word
#: samples a second: a sound that says fewer is none in which a voice could be
SLOWEST = 2000
_STILLS = Disposition.attached_pic | Disposition.timed_thumbnails
# Formats that are no film but name other files, or addresses.
_LISTS = {
    "applehttp", "avisynth", "concat", "dash", "hls", "imf", "rtp", "rtsp", "sap", "sdp",
    "vapoursynth", "vobsub", "webm_dash_manifest",
}  # fmt: skip
_OPTIONS = {
    "format_whitelist": ",".join(sorted(av.formats_available - _LISTS)),
    "protocol_whitelist": "file",
    "pattern_type": "none",  # a picture called "%d.png" is one picture
}
# Of these, FFmpeg knows no track before its first packet: look far enough to see a late one.
_WITHOUT_A_HEAD = {"flv", "live_flv", "mpeg"}
_FAR = {"probesize": "32000000", "analyzeduration": "3600000000"}
# The head of these says how long the film is; of others the length is measured, or guessed.
_SAY_THEIR_LENGTH = {"mov", "matroska", "avi", "flv", "wav", "w64", "flac", "asf", "aiff"}


class Track:
    """One stream of an open film on the film's clock.

    It counts damage while decoding and tells it once, at the end.
    """

    def __init__(self, container: InputContainer, stream: Stream, warn: Warn | None):
        self.container = container
        self.stream = stream
        self.warn = warn or _warn
        self.clock = Clock(container, film_start(container))
        self.own_end = self._declared_end()
        #: the declared end in film time, or None where the file does not say
        self.end = self.own_end
        if self.end is None:
            self.end = declared_end(container, self.clock.zero)
        self.damaged = 0
        self._lost = 0.0  # s of sound that are missing between others
        self._lost_from: float | None = None

    def _declared_end(self) -> Fraction | None:
        if self.stream.duration is None:
            return None
        return self.time((self.stream.start_time or 0) + self.stream.duration)

    def time(self, pts: int) -> Fraction:
        """Film time in seconds of a time stamp on the film's clock."""
        return pts * self.stream.time_base - self.clock.zero

    @property
    def reached(self) -> float:
        """Film time up to which packets were read."""
        if self.own_end is None:
            return self.clock.reached
        return self.clock.of(self.stream).end

    def picture_end(self, last: float) -> float:
        """When (s) the picture ends of which ``last`` is when the last one is shown that could be
        decoded: it stands for as long as the longest.
        """
        course = self.clock.of(self.stream)
        end = last
        if last + _SAME >= course.last:
            end = course.end
        return end + course.longest

    def note_lost(self, begin: float, end: float) -> None:
        """Between these film times (s) nothing could be read."""
        self._lost += end - begin
        if self._lost_from is None:
            self._lost_from = begin

    def decoded(self) -> Iterator:
        """The frames that can be decoded; at the end, a warning for what could not."""
        self.stream.thread_type = "AUTO"
        # The last bytes of uncompressed sound may be no whole packet; nothing in it can be damaged.
        uncompressed = self.stream.codec_context.name.startswith("pcm_")
        for packet in self._packets():
            try:
                decoded = self.stream.decode(packet)
            except av.FFmpegError:
                self.damaged += 1
                continue
            for frame in decoded:
                self.damaged += frame.is_corrupt and not uncompressed
                yield frame
        self._tell_damage()

    def _packets(self) -> Iterator[av.Packet | None]:
        """The stream's packets, and ``None`` at the end: the decoder still holds frames."""
        try:
            for packet in packets(self.container, self.clock):
                if packet.stream == self.stream:
                    yield packet
        except av.FFmpegError:
            self.damaged += 1
        yield None

    def _tell_damage(self) -> None:
        name = Path(self.container.name).name
        kind = "picture" if self.stream.type == "video" else "sound"
        if self.damaged:
            places = f"{self.damaged} places"
            self.warn(f"{name}: damage in the {kind} ({places}); what could be read was used")
        if self._lost > _NOTICED:
            lost = f"{self._lost:.1f} s of the {kind} are missing"
            self.warn(f"{name}: {lost} from {self._lost_from:.1f} s on; silence stands there")
        for begin, end in self._elsewhere():
            self.warn(
                f"{name}: the {kind} goes on in another track, from {begin:.1f} s to {end:.1f} s; "
                "that was not read"
            )
        if self.clock.jumps:
            self.warn(
                f"{name}: its time stamps jump or start again ({self.clock.jumps} places); "
                "what follows was put behind what was before"
            )
        elif self._breaks_off():
            end = float(self.end)
            self.warn(
                f"{name}: the {kind} breaks off at {self.reached:.1f} s of {end:.1f} s; "
                "the rest is missing"
            )

    def _elsewhere(self) -> Iterator[tuple[float, float]]:
        """From when to when (s) tracks run that begin where this one has ended."""
        own = self.clock.of(self.stream)
        for stream in tracks_of(self.container, self.stream.type):
            other = self.clock.of(stream)
            if other.count and other.first > own.end - _CUT_OFF and other.end > own.end:
                yield other.first, other.end

    def _breaks_off(self) -> bool:
        if self.end is None or not says_its_length(self.container):
            return False
        # The last picture stands for as long as others did.
        stands = self.clock.of(self.stream).longest
        return self.reached + stands + _CUT_OFF < self.end < self.clock.most


@contextmanager
def open_film(path: StrPath) -> Iterator[InputContainer]:
    """The film or recording, opened for reading, or a ``MediaError`` that says what it is."""
    path = Path(path)
    _check_file(path)
    container = _opened(path, _OPTIONS)
    if container.format.name in _WITHOUT_A_HEAD:
        container.close()
        container = _opened(path, _OPTIONS | _FAR)
    # FFmpeg would make up the time stamps that are missing, and mix those it knows with them.
    container.flags &= ~av.container.Flags.gen_pts.value
    with container:
        if container.format.name == "tty":  # FFmpeg draws a text file as a film of a terminal
            raise MediaError(path, "is a text, not a film or recording", "name a film or recording")
        yield container


def _opened(path: Path, options: dict[str, str]) -> InputContainer:
    try:
        # An absolute path, because FFmpeg would take "a:b.mp4" for the protocol "a".
        return av.open(str(path.absolute()), metadata_errors="ignore", options=options)
    except PermissionError as error:
        raise MediaError(path, "may not be read", "check the rights") from error
    except av.ArgumentError as error:
        raise MediaError(
            path, "is a list of other files, or no film at all", "name the film itself"
        ) from error
    except (av.FFmpegError, ValueError) as error:
        raise MediaError(
            path, "not a film or recording, or cut off before its index", "copy it again"
        ) from error


def _check_file(path: Path) -> None:
    try:
        if not path.exists():
            raise MediaError(path, "no such file", "check the name")
        if path.is_dir():
            raise MediaError(path, "is a folder, not a file", "name a film or recording in it")
        if not path.is_file():
            raise MediaError(path, "is a pipe or a device, not a file", "save the film as a file")
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
        if stream.type == "audio" and 0 < stream.sample_rate < SLOWEST:
            continue
        if not stream.disposition & _STILLS:
            yield stream


def tracks_of(container: InputContainer, kind: str) -> list[VideoStream | AudioStream]:
    """The film's pictures ("video") or sounds ("audio"), in the order of the file."""
    return [stream for stream in _decodable(container) if stream.type == kind]


def stream_of(
    container: InputContainer, kind: str, number: int | None = None
) -> VideoStream | AudioStream | None:
    """One of the film's pictures ("video") or sounds ("audio"): by its number from 1, or the
    default one, else the first.
    """
    streams = tracks_of(container, kind)
    if number is not None:
        if not 1 <= number <= len(streams):
            name = {"video": "picture", "audio": "sound"}[kind]
            raise MediaError(
                container.name,
                f"{name} track {number} of {len(streams)} asked for",
                "choose one that is there",
            )
        return streams[number - 1]
    for stream in streams:
        if stream.disposition & Disposition.default:
            return stream
    return streams[0] if streams else None


def first_frame(
    path: Path, kind: str, number: int | None = None
) -> av.VideoFrame | av.AudioFrame | None:
    """The first picture ("video") or piece of sound ("audio") that can be decoded."""
    with open_film(path) as container:
        stream = stream_of(container, kind, number)
        if stream is None:
            return None
        return next(Track(container, stream, ignore).decoded(), None)


def says_its_length(container: InputContainer) -> bool:
    """Whether the file's head says how long the film is; else what FFmpeg gives may be a guess."""
    return not _SAY_THEIR_LENGTH.isdisjoint(container.format.name.split(","))


def packets(container: InputContainer, clock: Clock) -> Iterator[av.Packet]:
    """All packets of pictures and sound, their time stamps put on the film's clock."""
    in_avi = container.format.name == "avi"
    try:
        for packet in container.demux(list(_decodable(container))):
            if in_avi and packet.stream.type == "video":
                packet.pts = None  # AVI says when a picture is to be decoded, not when it is shown
            if packet.size:
                clock.mend(packet)
                yield packet
    except IndexError:
        # Of a track that begins after the first 32 MB, PyAV knows nothing.
        return


def film_start(container: InputContainer) -> Fraction:
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
