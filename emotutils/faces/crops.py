"""What a face in a picture is, and cutting it out: a level grey crop.

Thesis 4.7 cuts every face out of its film before a network sees it. Taught in
notebooks/04_film_data.

Coordinates are pixels of the picture given, counted from its upper left corner: the first pixel
spans 0..1.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

#: Pixels on each side of a crop: the size of FER2013's pictures, on which the face networks are
#: trained.
FACE_SIZE = 48

#: How many detected boxes a FER2013 picture spans, and how far below the box's centre (in box
#: sides; negative is above) the picture's centre lies: medians over 2,000 Training faces, from
#: tests/benchmarks/fit_face_margin.py.
MARGIN = 1.12
SHIFT = -0.065
OVERLAP = 0.3  #: two boxes that share more than this of their area are of one face


@dataclass(frozen=True, eq=False)
class Face:
    """One face in one picture.

    ``x, y`` is the upper left corner and ``w, h`` the size of its box in pixels; for a tilted face
    the box is as large as it would be were the face level. ``score`` is 0..1. ``eyes`` is a float
    (2, 2) array of (x, y), the eye on the picture's left first, or None where the detector gives
    none.
    """

    x: float
    y: float
    w: float
    h: float
    score: float
    eyes: np.ndarray | None = None

    @property
    def centre(self) -> np.ndarray:
        """The middle of the box, (x, y)."""
        x = self.x + self.w / 2
        y = self.y + self.h / 2
        return np.array([x, y])

    @property
    def side(self) -> float:
        """The side of the square with the box's area."""
        return math.sqrt(self.w * self.h)

    @property
    def tilt(self) -> float:
        """Angle of the line from left to right eye in radians, -pi/2..pi/2; positive is clockwise,
        0 without eyes.
        """
        if self.eyes is None:
            return 0.0
        dx, dy = self.eyes[1] - self.eyes[0]
        return math.atan2(dy, dx)


def as_rgb(image: np.ndarray) -> np.ndarray:
    """Bring a grey (h, w) or (h, w, 1) or RGBA (h, w, 4) picture to RGB (h, w, 3); all are uint8.

    Raises
    ------
    ValueError : another type or shape, or a picture without pixels.

    Examples
    --------
    >>> as_rgb(np.zeros((20, 30), np.uint8)).shape
    (20, 30, 3)
    """
    image = np.asarray(image)
    if image.dtype != np.uint8:
        raise ValueError(
            f"a picture must be uint8 0..255, this one is {image.dtype}: scale and convert it first"
        )
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[2] not in (1, 3, 4) or 0 in image.shape:
        raise ValueError(
            f"a picture must be (height, width) with 1, 3 or 4 channels, this one is {image.shape}"
        )
    if image.shape[2] == 1:
        return np.repeat(image, 3, axis=2)
    return np.ascontiguousarray(image[..., :3])


def cut_square(
    image: np.ndarray,
    centre: np.ndarray,
    side: float,
    tilt: float,
    size: int,
    border: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Turn a tilted square of the picture level and scale it to ``size`` x ``size`` without
    aliasing.

    Parameters
    ----------
    image : uint8 RGB (h, w, 3).
    centre : (x, y) of the square's middle, in pixels.
    side : of the square, in pixels.
    tilt : radians, positive is clockwise.
    size : pixels on each side of the cut.
    border : OpenCV's number for what lies outside the picture.

    Returns
    -------
    The cut, uint8 (size, size, 3), and the (2, 2) matrix that turns a step in the cut into a step
    in the picture.
    """
    cos = math.cos(tilt)
    sin = math.sin(tilt)
    # warpAffine skips pixels when it shrinks. So the area average does the whole part of the
    # shrinking beforehand, and the rest, below 2, after a warp at double size.
    shrink = max(1, int(side // size))
    fine = 2 * size if side > shrink * size else size
    reach = side * (abs(cos) + abs(sin)) / 2 + shrink
    part, start = _shrunk_part(image, centre, reach, shrink)
    step = np.array([[cos, -sin], [sin, cos]])
    matrix = step * (side / fine / shrink)
    # OpenCV counts from pixel middles.
    middle = (centre - start) / shrink - 0.5
    origin = middle + matrix @ np.full(2, 0.5 - fine / 2)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    place = np.c_[matrix, origin]
    cut = cv2.warpAffine(part, place, (fine, fine), flags=flags, borderMode=border)
    if fine > size:
        cut = cv2.resize(cut, (size, size), interpolation=cv2.INTER_AREA)
    return cut, step * (side / size)


def _shrunk_part(
    image: np.ndarray,
    centre: np.ndarray,
    reach: float,
    shrink: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The part of the picture within ``reach`` of ``centre``, made smaller by a whole factor, and
    where it starts.
    """
    limit = np.array(image.shape[1::-1])
    first = np.floor(centre - reach)
    last = np.ceil(centre + reach)
    start = np.clip(first, 0, limit - 1).astype(int)
    end = np.clip(last, start + 1, limit).astype(int)
    count = np.maximum(end - start, shrink) // shrink
    stop = start + count * shrink
    left, top = start
    right, bottom = stop
    part = image[top:bottom, left:right]
    if shrink > 1:
        part = cv2.resize(part, count.tolist(), interpolation=cv2.INTER_AREA)
    return part, start


def align_crop(
    image: np.ndarray,
    face: Face,
    *,
    size: int = FACE_SIZE,
    margin: float = MARGIN,
) -> np.ndarray:
    """Cut one face out: turned level by its eyes, framed as FER2013 frames its faces, grey.

    Parameters
    ----------
    image : uint8 RGB (h, w, 3); grey and RGBA are taken too.
    face : where the face is in this picture.
    size : pixels on each side of the crop.
    margin : side of the crop in units of the face's box; the default is the one the networks are
        trained for.

    Returns
    -------
    float32 (size, size, 1), grey 0..255. What lies outside the picture repeats the picture's edge.

    Raises
    ------
    ValueError : the picture is not one (`as_rgb`).

    Examples
    --------
    >>> picture = np.full((100, 120, 3), 90, np.uint8)
    >>> crop = align_crop(picture, Face(x=30, y=20, w=50, h=50, score=1.0))
    >>> crop.shape, crop.dtype, float(crop.mean())
    ((48, 48, 1), dtype('float32'), 90.0)
    """
    tilt = face.tilt
    down = np.array([-math.sin(tilt), math.cos(tilt)])  # from the forehead to the chin
    cut, _ = cut_square(
        as_rgb(image),
        centre=face.centre + SHIFT * face.side * down,
        side=margin * face.side,
        tilt=tilt,
        size=size,
        border=cv2.BORDER_REPLICATE,
    )
    grey = cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY)
    return grey[..., None].astype(np.float32)


def overlap(a: Face, b: Face) -> float:
    """Intersection over union of two boxes, 0..1."""
    right = min(a.x + a.w, b.x + b.w)
    bottom = min(a.y + a.h, b.y + b.h)
    width = right - max(a.x, b.x)
    height = bottom - max(a.y, b.y)
    shared = max(0.0, width) * max(0.0, height)
    if not shared:
        return 0.0
    together = a.w * a.h + b.w * b.h - shared
    return shared / together
