"""From the frames of a film to tracked crops of its faces."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from .appearance import Look, look
from .crops import MARGIN, Face, align_crop
from .cuts import Cuts
from .quality import sharpness
from .tracking import Tracker

#: A film's frames are scaled down to this many pixels on their longer side before faces are sought:
#: the crops need no more.
MAX_SIDE = 960
#: Frames for each thread that wait to be taken: it does not stand still while a network answers.
AHEAD = 4


class Frame(Protocol):
    """A picture of a film, as ``media.frames`` gives it."""

    t: float
    index: int
    image: np.ndarray


class Detector(Protocol):
    """Whatever finds faces in a picture; see `register_detector`. One that may be called by several
    threads says by how many, as ``at_once``.
    """

    def detect(self, image: np.ndarray) -> list[Face]: ...


@dataclass(frozen=True, eq=False)
class FilmFace:
    """One face in one frame of a film, measured and cut out.

    Attributes
    ----------
    t : seconds from the start of the film.
    index : number of the frame in the film, from 0.
    track : number of the person, the same from frame to frame; None where nobody is followed.
    found : the `Face` as the detector gave it, in pixels of the picture that it was given.
    box : (x, y, w, h) in pixels of the film: upper left corner, width and height.
    size : side of the square that was cut out, in pixels of the picture.
    tilt : degrees, -90..90, positive is clockwise; 0 where the detector gives no eyes.
    sharpness : of the crop; see `sharpness`.
    crop : float32 (48, 48, 1), grey 0..255; see `align_crop`.
    """

    t: float
    index: int
    track: int | None
    found: Face
    box: tuple[float, float, float, float]
    size: float
    tilt: float
    sharpness: float
    crop: np.ndarray

    @property
    def picture(self) -> np.ndarray:
        """The crop in whole grey levels, as a file holds it: uint8 (48, 48)."""
        return as_picture(self.crop)


def cut_faces(
    frame: Frame, detector: Detector, film_size: tuple[int, int] | None = None
) -> list[FilmFace]:
    """All faces in one frame, in the detector's order (largest first), not followed.

    Parameters
    ----------
    frame : of ``media.frames``.
    detector : of `build_detector`, or anything with such a ``detect``.
    film_size : (width, height) in pixels, where the frame is a smaller copy of the film's, or the
        film's pictures change their size: boxes are given in pixels of a picture of that size, into
        which the frame was fitted.
    """
    height, width = frame.image.shape[:2]
    place = fitted((width, height), film_size or (width, height))
    found = detector.detect(frame.image)
    return [_cut_face(frame, face, place) for face in found]


def fitted(size: tuple[int, int], into: tuple[int, int]) -> tuple[float, float, float]:
    """How a picture lies in the middle of another that has room for it: (scale, left, top).

    Examples
    --------
    >>> fitted((360, 640), into=(640, 480))  # a phone that was turned
    (0.75, 185.0, 0.0)
    """
    width, height = size
    room_across, room_down = into
    scale = min(room_across / width, room_down / height)
    left = (room_across - scale * width) / 2
    top = (room_down - scale * height) / 2
    return scale, left, top


def _cut_face(frame: Frame, face: Face, place: tuple[float, float, float]) -> FilmFace:
    scale, left, top = place
    crop = align_crop(frame.image, face)
    corner = (left + scale * face.x, top + scale * face.y)
    size = (scale * face.w, scale * face.h)
    return FilmFace(
        t=frame.t,
        index=frame.index,
        track=None,
        found=face,
        box=(*corner, *size),
        size=MARGIN * face.side,
        tilt=math.degrees(face.tilt),
        sharpness=sharpness(as_picture(crop)),
        crop=crop,
    )


def as_picture(crop: np.ndarray) -> np.ndarray:
    """A crop (48, 48, 1) in whole grey levels: uint8 (48, 48)."""
    return np.rint(crop[..., 0]).astype(np.uint8)


def follow(
    frames: Iterable[Frame],
    detector: Detector,
    tracker: Tracker | None = None,
    *,
    film_size: tuple[int, int] | None = None,
) -> Iterator[tuple[Frame, list[FilmFace]]]:
    """Find, number and cut out the faces of a film: each frame with its faces (maybe none).

    Parameters
    ----------
    frames : of ``media.frames(path, fps, max_side=MAX_SIDE)``, in the order of time.
    detector : of `build_detector`, or anything with such a ``detect``.
    tracker : gives the numbers; by default a new `Tracker`. With your own you can ask it afterwards
        which tracks were confirmed.
    film_size : as in `cut_faces`.

    Raises
    ------
    ValueError : frames that are no pictures, or time that runs backwards.
    """
    if tracker is None:
        tracker = Tracker()
    cuts = Cuts()

    def seek(frame: Frame) -> tuple[list[FilmFace], list[Look]]:
        found = cut_faces(frame, detector, film_size)
        return found, [look(frame.image, face.found, face.crop) for face in found]

    for frame, (found, looks) in _each(frames, seek, getattr(detector, "at_once", 1)):
        seen = [face.found for face in found]
        is_cut = cuts.begins(frame.image)
        numbers = tracker.update(frame.t, seen, looks, is_cut=is_cut)
        pairs = zip(found, numbers, strict=True)
        yield frame, [replace(face, track=number) for face, number in pairs]


def _each(
    frames: Iterable[Frame], work: Callable[[Frame], Any], at_once: int
) -> Iterator[tuple[Frame, Any]]:
    """Each frame, in order, with what ``work`` makes of it, while others are worked on already."""
    if at_once == 1:
        for frame in frames:
            yield frame, work(frame)
        return
    waiting: deque = deque()
    with ThreadPoolExecutor(at_once) as pool:
        for frame in frames:
            waiting.append((frame, pool.submit(work, frame)))
            if len(waiting) > AHEAD * at_once:
                frame, job = waiting.popleft()
                yield frame, job.result()
        for frame, job in waiting:
            yield frame, job.result()
