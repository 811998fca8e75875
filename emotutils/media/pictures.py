"""The pictures of a film, upright and with their true times.

The first step of the system in section 4.4 of the thesis (one film in, frames and sound out);
taught in notebooks/04_film_data.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import av
import cv2
import numpy as np
from av.sidedata.sidedata import Type as SideData
from av.video.stream import VideoStream
from PIL import ExifTags, Image

from ..errors import MediaError
from .opening import StrPath, Track, Warn, open_film, stream_of

# s: Matroska and Flash keep whole milliseconds, so a frame may seem to come this much early
_ROUNDING = 1e-3
# EXIF's numbers for how a photo is to be turned and mirrored, as display matrices
_ORIENTATIONS = {
    1: [[1, 0], [0, 1]],
    2: [[-1, 0], [0, 1]],
    3: [[-1, 0], [0, -1]],
    4: [[1, 0], [0, -1]],
    5: [[0, 1], [1, 0]],
    6: [[0, 1], [-1, 0]],
    7: [[0, -1], [-1, 0]],
    8: [[0, -1], [1, 0]],
}


@dataclass(frozen=True)
class Frame:
    """One picture of a film.

    Attributes
    ----------
    t : seconds from the film's start.
    index : number of the decoded frame, from 0.
    image : RGB uint8 (height, width, 3).
    """

    t: float
    index: int
    image: np.ndarray


def frames(
    path: StrPath,
    fps: float | None = 5.0,
    *,
    max_side: int | None = None,
    track: int | None = None,
    warn: Warn | None = None,
    ended: Callable[[float], None] | None = None,
) -> Iterator[Frame]:
    """The pictures of a film, one after the other, upright and with their true times.

    Parameters
    ----------
    path : the film.
    fps : how many pictures a second: the first frame at or after each k/fps, never the same one
        twice (so a film with fewer gives all it has). ``None`` gives every frame. Frames that are
        not wanted are decoded, because later ones build on them, but not converted.
    max_side : the longer side in pixels is scaled down to this while converting; a smaller film is
        not enlarged.
    track : number of the picture, from 1, of a film that has several.
    warn : called with one line for each kind of damage met; default ``warnings.warn``. A cut-off or
        damaged film gives the pictures that can be read.
    ended : called after the last one, with when (s) the last picture ends that could be decoded; it
        stands for as long as the longest.

    Raises
    ------
    MediaError : as ``probe``; no picture in the file; ``fps`` not above 0.

    Examples
    --------
    >>> from emotutils import config, media
    >>> film = config.shipped_root() / "sample" / "demo.mp4"
    >>> first = next(media.frames(film, fps=2, max_side=320))
    >>> first.t, first.index, max(first.image.shape)
    (0.0, 0, 320)
    """
    if fps is not None and not fps > 0:
        raise MediaError(path, f"{fps} frames per second asked for", "give a number above 0")
    with open_film(path) as container:
        stream = stream_of(container, "video", track)
        if stream is None:
            raise MediaError(path, "has no picture", "use its sound alone")
        matrix = None
        for t, index, frame in _due(Track(container, stream, warn), fps, ended):
            if matrix is None:
                matrix = display_matrix(frame, container.name)
            size = shown_size(frame, stream, matrix, max_side)
            yield Frame(max(t, 0.0), index, _upright(frame, matrix, size))


def _due(
    track: Track, fps: float | None, ended: Callable[[float], None] | None
) -> Iterator[tuple[float, int, av.VideoFrame]]:
    """Time, number and stored picture of the frames that are wanted."""
    times = _Times(track)
    last = -_ROUNDING
    due = 0
    for index, frame in enumerate(track.decoded()):
        t = times.of(frame)
        if t <= last:
            track.damaged += 1
            continue
        last = t
        if fps is not None:
            position = (t + _ROUNDING) * fps
            if position < due:
                continue
            due = math.floor(position) + 1
        yield t, index, frame
    if ended is not None:
        ended(track.picture_end(last))


class _Times:
    """The film time of each decoded picture, which come in the order in which they are shown.

    Where the file does not say when one is shown (AVI), it says when it is decoded: pictures that
    build on later ones are decoded ahead, all by the same time.
    """

    def __init__(self, track: Track):
        self._track = track
        self._step = _step(track.stream)
        self._ahead: float | None = None
        self._last: float | None = None

    def of(self, frame: av.VideoFrame) -> float:
        t = self._stamp(frame)
        if self._last is not None and t > self._last:
            self._step = t - self._last
        self._last = t
        return t

    def _stamp(self, frame: av.VideoFrame) -> float:
        if frame.pts is not None:
            return float(self._track.time(frame.pts))
        following = 0.0
        if self._last is not None:
            following = self._last + self._step
        if frame.dts is None:
            return following
        decoded = float(self._track.time(frame.dts))
        if self._ahead is None:
            self._ahead = decoded - following
        return decoded - self._ahead


def _step(stream: VideoStream) -> float:
    """Seconds from a picture to the next, where the film has no time stamps: as their heads say."""
    rate = stream.codec_context.framerate or stream.guessed_rate or stream.average_rate or 25
    return float(1 / rate)


def _upright(frame: av.VideoFrame, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The frame as RGB uint8 (height, width, 3), turned and mirrored as its film's matrix says."""
    width, height = size
    turned = rotation(matrix) % 180 != 0
    if turned:
        width, height = height, width
    image = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")
    if turned:
        image = cv2.transpose(image)
        matrix = matrix[::-1]
    across = matrix[0, 0] < 0
    down = matrix[1, 1] < 0
    if across and down:
        return cv2.flip(image, -1)
    if across:
        return cv2.flip(image, 1)
    if down:
        return cv2.flip(image, 0)
    return image


def display_matrix(frame: av.VideoFrame, path: StrPath) -> np.ndarray:
    """The 2×2 part of the film's display matrix.

    (x, y) of the stored picture times this is (x, y) as shown. The first frame says it for all: a
    frame whose side data was looked at refers to itself, and its pixels stay in memory until
    Python's garbage collector comes by, hundreds of frames later.

    Parameters
    ----------
    frame : the first.
    path : of the film.
    """
    try:
        data = frame.side_data.get(SideData.DISPLAYMATRIX)
    except ValueError:  # beside it there is EXIF, for which PyAV has no name
        return _exif_matrix(path)
    if data is None:
        return np.eye(2)
    return np.frombuffer(data, np.int32).reshape(3, 3)[:2, :2] / 65536


def _exif_matrix(path: StrPath) -> np.ndarray:
    """The same of a photo, from its tag for the orientation."""
    tag = 1
    with suppress(OSError), Image.open(path) as photo:
        tag = photo.getexif().get(ExifTags.Base.Orientation, 1)
    return np.array(_ORIENTATIONS.get(tag, _ORIENTATIONS[1]), float)


def rotation(matrix: np.ndarray) -> int:
    """Clockwise degrees (0, 90, 180, 270) of a display matrix, to the nearest quarter turn, after
    any mirroring.
    """
    degrees = math.degrees(math.atan2(-matrix[1, 0], matrix[1, 1]))
    return round(degrees / 90) * 90 % 360


def shown_size(
    frame: av.VideoFrame,
    stream: VideoStream,
    matrix: np.ndarray,
    max_side: int | None = None,
) -> tuple[int, int]:
    """(width, height) of the upright picture with square pixels, scaled down to ``max_side``."""
    aspect = float(stream.sample_aspect_ratio or 1)
    if not 0.2 < aspect < 5:
        aspect = 1
    width = frame.width * aspect
    height = frame.height
    if rotation(matrix) % 180:
        width, height = height, width
    scale = min(1, (max_side or math.inf) / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
