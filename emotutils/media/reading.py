"""Films and recordings: pictures with their true times, and sound as float32 mono.

Everything is streamed, so memory does not grow with the length of the film. Picture and sound share
one clock: t = 0 is the moment at which a player starts the film, whatever time stamps the file uses
inside.

The first step of the system in section 4.4 of the thesis (one film in, frames and sound out);
taught in notebooks/04_film_data (pictures) and notebooks/05_voice_data (sound).
"""

import math
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import cv2
import numpy as np
import soundfile
import soxr
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.sidedata.sidedata import Type as SideData
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from ..errors import MediaError

Warn = Callable[[str], None]
StrPath = str | os.PathLike

_ROUNDING = 1e-3  # s: Matroska and Flash keep whole milliseconds, so a frame may seem to come this much early
_JITTER = 0.015  # s: time stamps of sound may wander by this much; the shortest lost packet (AAC, 48 kHz) is 0.021 s
_TAIL = 0.25  # s: a codec pads its last packet by less than this
_CUT_OFF = 0.5  # s: a track that ends this long before its declared end was cut off


@dataclass(frozen=True)
class FilmInfo:
    """What a film or recording is.

    ``duration`` in seconds: what the file declares, or else the end of its last packet. ``width``
    and ``height`` in pixels as shown: upright, with square pixels. ``fps`` is the average.
    ``rotation`` is the clockwise turn in degrees (0, 90, 180, 270) that sets the stored picture
    upright; ``frames`` applies it. ``has_video`` and ``has_audio`` say that at least one picture,
    or some sound, can be decoded; a cover picture in a recording is no video.
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


@dataclass(frozen=True)
class Frame:
    """One picture: ``t`` (s) from the film's start, ``index`` of the decoded frame, ``image`` RGB
    uint8 (h, w, 3).
    """

    t: float
    index: int
    image: np.ndarray


def probe(path: StrPath) -> FilmInfo:
    """Look at a film or recording without reading it through (unless it does not say how long it
    is).

    Raises
    ------
    MediaError : missing, a folder, empty, not a film or recording, or one without any picture or
        sound to decode.
    """
    path = Path(path)
    shown, heard = _first(path, "video"), _first(path, "audio")
    if shown is None and heard is None:
        raise MediaError(
            path,
            "holds neither a picture nor a sound that can be read",
            "check the file in a player",
        )
    with _opened(path) as container:
        picture = _stream(container, "video") if shown else None
        sound = _stream(container, "audio") if heard else None
        track = _Track(container, picture or sound, _ignore)
        duration = _container_end(container, track.zero)
        if duration is None:
            for _ in track.packets():
                pass
            duration = track.reached
        matrix = _display_matrix(shown) if shown else np.eye(2)
        width, height = _shown_size(shown, picture, matrix) if shown else (None, None)
        rate = picture and (picture.average_rate or picture.guessed_rate)
        return FilmInfo(
            path=path,
            duration=float(duration),
            width=width,
            height=height,
            fps=float(rate) if rate else None,
            rotation=_rotation(matrix),
            has_video=shown is not None,
            has_audio=heard is not None,
            sample_rate=heard.sample_rate if heard else None,
            size=path.stat().st_size,
            container=container.format.name,
            video_codec=picture and picture.codec_context.codec.canonical_name,
            audio_codec=sound and sound.codec_context.codec.canonical_name,
        )


def frames(
    path: StrPath, fps: float | None = 5.0, *, max_side: int | None = None, warn: Warn | None = None
) -> Iterator[Frame]:
    """The pictures of a film, one after the other, upright and with their true times.

    Parameters
    ----------
    fps : how many pictures a second: the first frame at or after each k/fps, never the same one
        twice (so a film with fewer gives all it has). ``None`` gives every frame. Frames that are
        not wanted are decoded, because later ones build on them, but not converted.
    max_side : the longer side in pixels is scaled down to this while converting; a smaller film is
        not enlarged.
    warn : called with one line for each kind of damage met; default ``warnings.warn``. A cut-off or
        damaged film gives the pictures that can be read.

    Raises
    ------
    MediaError : as ``probe``; no picture in the file; ``fps`` not above 0.
    """
    if fps is not None and not fps > 0:
        raise MediaError(path, f"{fps} frames per second asked for", "give a number above 0")
    with _opened(path) as container:
        stream = _stream(container, "video")
        if stream is None:
            raise MediaError(path, "has no picture", "use its sound alone")
        track = _Track(container, stream, warn)
        step = 1 / (stream.average_rate or stream.guessed_rate or 25)
        last, due, matrix = -_ROUNDING, 0, None
        for index, frame in enumerate(track.decoded()):
            t = index * float(step) if frame.pts is None else float(track.time(frame.pts))
            if t <= last:
                track.damaged += 1
                continue
            last = t
            if fps is not None:
                if (t + _ROUNDING) * fps < due:
                    continue
                due = math.floor((t + _ROUNDING) * fps) + 1
            if matrix is None:
                matrix = _display_matrix(frame)
                width, height = _shown_size(frame, stream, matrix, max_side)
            yield Frame(max(t, 0.0), index, _upright(frame, matrix, width, height))


def sound_blocks(
    path: StrPath, sr: int = 16000, *, block: float = 1.0, warn: Warn | None = None
) -> Iterator[np.ndarray]:
    """The sound of a film or recording as float32 mono (mean of the channels) in −1..1 at ``sr``
    Hz, block by block.

    It starts at film time 0 (a late track is preceded by zeros, an early one is cut), lost
    stretches are filled with zeros, and what a codec pads behind the film's end is cut: sample i is
    heard at i / sr seconds. Resampled by soxr's HQ setting, librosa's default.

    Parameters
    ----------
    block : length of a block in seconds; the last one is shorter.
    warn : as in ``frames``.

    Raises
    ------
    MediaError : as ``probe``; no sound in the file.
    """
    size, held = max(1, round(block * sr)), np.empty(0, np.float32)
    with _opened(path) as container:
        stream = _stream(container, "audio")
        track = _Track(container, stream, warn) if stream else None
        decoded = track.decoded() if track else iter(())
        first = next(decoded, None)
        if first is None:
            raise MediaError(path, "has no sound that can be read", "use its picture alone")
        pieces = _in_place(track, chain([first], decoded), first.sample_rate)
        if track.end is not None:
            pieces = _without_tail(
                pieces, round(track.end * first.sample_rate), round(_TAIL * first.sample_rate)
            )
        for piece in _resampled(pieces, first.sample_rate, sr):
            held = np.concatenate([held, piece])
            whole = len(held) // size * size
            for start in range(0, whole, size):
                yield held[start : start + size].copy()
            held = held[whole:]
    if len(held):
        yield held.copy()


def load_sound(path: StrPath, sr: int = 16000) -> np.ndarray:
    """A whole clip as float32 (n,), mono, −1..1, at ``sr`` Hz: the blocks of ``sound_blocks`` in
    one array.

    wav and flac are read by soundfile, which is several times faster on the thousands of short
    clips of a data set.

    Raises
    ------
    MediaError : as ``sound_blocks``.
    """
    if Path(path).suffix.lower() in (".wav", ".flac"):
        # What it cannot read (a rare codec, another file under this name, damage) is left to FFmpeg
        # and its errors.
        with suppress(soundfile.LibsndfileError):
            x, rate = soundfile.read(path, dtype="float32", always_2d=True)
            if len(x):
                x = _finite(x[:, 0] if x.shape[1] == 1 else x.mean(axis=1))
                return np.clip(x if rate == sr else soxr.resample(x, rate, sr), -1, 1)
    return np.concatenate(list(sound_blocks(path, sr, block=10.0)))


class _Track:
    """One stream of an open film on the film's clock; it counts damage while decoding and tells it
    once, at the end.
    """

    def __init__(self, container: InputContainer, stream: Stream, warn: Warn | None):
        self.container, self.stream, self.warn = container, stream, warn or _warn
        self.zero = _film_start(container)
        self.own_end = (
            None
            if stream.duration is None
            else self.time((stream.start_time or 0) + stream.duration)
        )
        #: the declared end in film time, or None where the file does not say
        self.end = _container_end(container, self.zero) if self.own_end is None else self.own_end
        self.reached = Fraction(0)  # film time up to which packets were read
        self.damaged = 0

    def time(self, pts: int, time_base: Fraction | None = None) -> Fraction:
        """Film time in seconds of a time stamp."""
        return pts * (time_base or self.stream.time_base) - self.zero

    def packets(self) -> Iterator[av.Packet | None]:
        """The stream's packets, then ``None`` if the file broke off in an error (the decoder still
        holds frames).
        """
        # Where only the film as a whole declares an end, all streams together say whether it was
        # reached.
        followed = [self.stream] if self.own_end is not None else list(_decodable(self.container))
        try:
            for packet in self.container.demux(followed):
                if packet.pts is not None:
                    end = self.time(packet.pts + (packet.duration or 0), packet.time_base)
                    self.reached = max(self.reached, end)
                elif packet.stream == self.stream and packet.size:
                    self.reached += (packet.duration or 0) * packet.time_base
                if packet.stream == self.stream:
                    self.damaged += packet.is_corrupt
                    yield packet
        except av.FFmpegError:
            self.damaged += 1
            yield None

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
        name, kind = (
            Path(self.container.name).name,
            "picture" if self.stream.type == "video" else "sound",
        )
        if self.damaged:
            self.warn(
                f"{name}: damage in the {kind} ({self.damaged} places); what could be read was used"
            )
        if self.end is not None and self.reached < self.end - _CUT_OFF:
            reached, end = float(self.reached), float(self.end)
            self.warn(
                f"{name}: the {kind} breaks off at {reached:.1f} s of {end:.1f} s; the rest is missing"
            )


def _check_file(path: Path) -> None:
    try:
        if not path.exists():
            raise MediaError(path, "no such file", "check the name")
        if not path.is_file():
            raise MediaError(path, "is a folder, not a file", "name a film or recording in it")
        if not path.stat().st_size:
            raise MediaError(path, "is empty (0 bytes)", "copy or record it again")
    except OSError as error:
        raise MediaError(
            path, f"cannot be opened ({error.strerror})", "check the name and the rights"
        ) from error


@contextmanager
def _opened(path: StrPath) -> Iterator[InputContainer]:
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


def _decodable(container: InputContainer) -> Iterator[VideoStream | AudioStream]:
    stills = Disposition.attached_pic | Disposition.timed_thumbnails
    for stream in container.streams:
        if (
            stream.type in ("video", "audio")
            and stream.codec_context
            and not stream.disposition & stills
        ):
            yield stream


def _stream(container: InputContainer, kind: str) -> VideoStream | AudioStream | None:
    """The film's picture ("video") or sound ("audio"): the one marked as default, else the first."""
    streams = [stream for stream in _decodable(container) if stream.type == kind]
    return max(
        streams, key=lambda stream: bool(stream.disposition & Disposition.default), default=None
    )


def _first(path: Path, kind: str) -> av.VideoFrame | av.AudioFrame | None:
    with _opened(path) as container:
        stream = _stream(container, kind)
        return next(_Track(container, stream, _ignore).decoded(), None) if stream else None


def _film_start(container: InputContainer) -> Fraction:
    """The time stamp, in seconds, at which a player starts: that of the track that begins first.

    Sound before 0 is the run-in of a codec, never meant to be heard, and does not count.
    """
    starts = []
    for stream in (_stream(container, "video"), _stream(container, "audio")):
        if stream is not None and stream.start_time is not None:
            start = stream.start_time * stream.time_base
            starts.append(start if stream.type == "video" else max(start, Fraction(0)))
    return min(starts, default=Fraction(0))


def _container_end(container: InputContainer, zero: Fraction) -> Fraction | None:
    if container.duration is None:
        return None
    # Matroska declares the last time stamp, the others the length from the first one.
    start = 0 if "matroska" in container.format.name else container.start_time or 0
    return Fraction(start + container.duration, av.time_base) - zero


def _display_matrix(frame: av.VideoFrame) -> np.ndarray:
    """The 2×2 part of the film's display matrix: (x, y) of the stored picture times this is (x, y)
    as shown.

    Ask the first frame only: a frame whose side data was looked at refers to itself, and its pixels
    stay in memory until Python's garbage collector comes by, hundreds of frames later.
    """
    data = frame.side_data.get(SideData.DISPLAYMATRIX)
    return (
        np.eye(2) if data is None else np.frombuffer(data, np.int32).reshape(3, 3)[:2, :2] / 65536
    )


def _rotation(matrix: np.ndarray) -> int:
    """Clockwise degrees (0, 90, 180, 270) of a display matrix, to the nearest quarter turn, after
    any mirroring.
    """
    return round(math.degrees(math.atan2(-matrix[1, 0], matrix[1, 1])) / 90) * 90 % 360


def _shown_size(
    frame: av.VideoFrame, stream: VideoStream, matrix: np.ndarray, max_side: int | None = None
) -> tuple[int, int]:
    """(width, height) of the upright picture with square pixels, scaled down to ``max_side``."""
    aspect = float(stream.sample_aspect_ratio or 1)
    width, height = frame.width * (aspect if 0.2 < aspect < 5 else 1), frame.height
    if _rotation(matrix) % 180:
        width, height = height, width
    scale = min(1, (max_side or math.inf) / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _upright(frame: av.VideoFrame, matrix: np.ndarray, width: int, height: int) -> np.ndarray:
    """The frame as RGB uint8 (height, width, 3), turned and mirrored as its display matrix says."""
    turned = _rotation(matrix) % 180 != 0
    if turned:
        width, height = height, width
    image = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")
    if turned:
        image, matrix = cv2.transpose(image), matrix[::-1]
    across, down = matrix[0, 0] < 0, matrix[1, 1] < 0
    return cv2.flip(image, -1 if across and down else int(across)) if across or down else image


def _mono(frame: av.AudioFrame, rate: int) -> np.ndarray:
    """Any sample format and number of channels to float32 (n,), full scale ±1."""
    if frame.format.name.startswith("s64"):
        frame = av.AudioResampler(format="dblp").resample(frame)[0]
    x = frame.to_ndarray()
    if not frame.format.is_planar:
        x = x.reshape(-1, len(frame.layout.channels)).T
    kind, bits = x.dtype.kind, 8 * x.dtype.itemsize
    x = x.mean(axis=0)
    if kind != "f":
        x = (x - (2 ** (bits - 1) if kind == "u" else 0)) / 2 ** (bits - 1)
    x = x.astype(np.float32)
    return x if frame.sample_rate == rate else soxr.resample(x, frame.sample_rate, rate)


def _finite(x: np.ndarray) -> np.ndarray:
    return np.nan_to_num(x, copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def _in_place(track: _Track, decoded: Iterable[av.AudioFrame], rate: int) -> Iterator[np.ndarray]:
    """The sound without holes or overlaps: the first sample is film time 0, zeros stand where there
    is none.
    """
    tick = float(track.stream.time_base)
    position, tolerance = (
        0,
        tick,
    )  # a track that starts late or early by its clock's resolution starts at 0
    for frame in decoded:
        x = _mono(frame, rate)
        if not np.isfinite(x).all():
            track.damaged += 1
            _finite(x)
        start = position if frame.pts is None else round(track.time(frame.pts) * rate)
        beyond = track.end is not None and start > (track.end + 1) * rate
        if start > position + tolerance * rate and not beyond:
            for done in range(position, start, rate):
                yield np.zeros(min(rate, start - done), np.float32)
            position = start
        elif start < position - tolerance * rate:
            x = x[position - start :]
        tolerance = max(tick, _JITTER)
        position += len(x)
        yield x


def _without_tail(pieces: Iterable[np.ndarray], end: int, longest: int) -> Iterator[np.ndarray]:
    """Cut the samples behind ``end``, unless they are more than ``longest``: then the declared end
    is wrong.
    """
    tail, over = [], 0
    for piece in pieces:
        inside = max(0, min(len(piece), end))
        end -= len(piece)
        yield piece[:inside]
        if inside < len(piece):
            tail.append(piece[inside:])
            over += len(piece) - inside
        if over > longest:
            yield from tail
            tail.clear()


def _resampled(pieces: Iterable[np.ndarray], rate: int, sr: int) -> Iterator[np.ndarray]:
    """Resample a stream of pieces, the filter's last samples included, and keep within −1..1
    (filters overshoot).
    """
    if rate == sr:
        yield from (np.clip(piece, -1, 1) for piece in pieces)
        return
    stream = soxr.ResampleStream(rate, sr, 1, dtype="float32")
    for piece in pieces:
        yield np.clip(stream.resample_chunk(piece), -1, 1)
    yield np.clip(stream.resample_chunk(np.empty(0, np.float32), last=True), -1, 1)


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=2)


def _ignore(message: str) -> None:
    """For looks that a full read will follow: it tells."""
