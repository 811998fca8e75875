"""The pictures of a film, upright and with their true times.

The first step of the system in section 4.4 of the thesis (one film in, frames and sound out);
taught in notebooks/04_film_data.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import av
import cv2
import numpy as np
from av.sidedata.sidedata import Type as SideData
from av.video.stream import VideoStream

from ..errors import MediaError
from .opening import StrPath, Track, Warn, open_film, stream_of

# s: Matroska and Flash keep whole milliseconds, so a frame may seem to come this much early
_ROUNDING = 1e-3


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
    warn: Warn | None = None,
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
    warn : called with one line for each kind of damage met; default ``warnings.warn``. A cut-off or
        damaged film gives the pictures that can be read.

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
        stream = stream_of(container, "video")
        if stream is None:
            raise MediaError(path, "has no picture", "use its sound alone")
        upright = None
        for t, index, frame in _due(Track(container, stream, warn), fps):
            if upright is None:
                upright = _Upright(frame, stream, max_side)
            yield Frame(max(t, 0.0), index, upright(frame))


def _due(track: Track, fps: float | None) -> Iterator[tuple[float, int, av.VideoFrame]]:
    """Time, number and stored picture of the frames that are wanted."""
    stream = track.stream
    step = 1 / (stream.average_rate or stream.guessed_rate or 25)
    last = -_ROUNDING
    due = 0
    for index, frame in enumerate(track.decoded()):
        if frame.pts is None:
            t = index * float(step)
        else:
            t = float(track.time(frame.pts))
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


class _Upright:
    """Turns a film's stored pictures upright and gives them square pixels.

    The first frame says how for all: a frame whose side data was looked at refers to itself, and
    its pixels stay in memory until Python's garbage collector comes by, hundreds of frames later.
    """

    def __init__(self, first: av.VideoFrame, stream: VideoStream, max_side: int | None):
        self.matrix = display_matrix(first)
        self.width, self.height = shown_size(first, stream, self.matrix, max_side)

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        """The frame as RGB uint8 (height, width, 3), turned and mirrored as its matrix says."""
        matrix = self.matrix
        width = self.width
        height = self.height
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


def display_matrix(frame: av.VideoFrame) -> np.ndarray:
    """The 2×2 part of the film's display matrix.

    (x, y) of the stored picture times this is (x, y) as shown. Ask the first frame only; see
    `_Upright`.
    """
    data = frame.side_data.get(SideData.DISPLAYMATRIX)
    if data is None:
        return np.eye(2)
    return np.frombuffer(data, np.int32).reshape(3, 3)[:2, :2] / 65536


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
