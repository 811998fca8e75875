"""A canvas of floats on which the sample sets' faces are painted: soft shapes and lines, in units.

What a unit is, the painter says; x goes to the right, y down.
"""

from typing import NamedTuple

import cv2
import numpy as np

BOTH = (1, -1)  #: the sides of a face


class Area(NamedTuple):
    """A rectangle of a canvas (slices of rows and columns) and a mask 0..1 there."""

    where: tuple[slice, slice]
    mask: np.ndarray


def curve(points: np.ndarray, closed: bool = False, steps: int = 8) -> np.ndarray:
    """Catmull–Rom through (n, 2) points, ``steps`` from each to the next."""
    p = np.asarray(points, np.float32)
    before = p[:1]
    after = p[-1:]
    if closed:
        before = p[-1:]
        after = p[:2]
    p = np.concatenate([before, p, after])[:, None]
    t = np.linspace(0, 1, steps, endpoint=False, dtype=np.float32)
    t = t[:, None]
    a = p[:-3]
    b = p[1:-2]
    c = p[2:-1]
    d = p[3:]
    linear = (c - a) * t
    square = (2 * a - 5 * b + 4 * c - d) * t**2
    cubic = (3 * b - a - 3 * c + d) * t**3
    out = 0.5 * (2 * b + linear + square + cubic)
    out = out.reshape(-1, 2)
    if closed:
        return out
    return np.concatenate([out, after])


def mirror(half: np.ndarray) -> np.ndarray:
    """A closed outline from its right half, given from the top (x = 0) to the bottom (x = 0)."""
    half = np.asarray(half, np.float32)
    left = half * (-1, 1)
    return np.concatenate([half, left[-2:0:-1]])


class Canvas:
    """Float RGB with alpha, in units; every mark is anti-aliased and touches only its own
    rectangle.

    Parameters
    ----------
    unit : pixels per unit.
    box : left, top, width and height of what it covers, in units.
    """

    def __init__(self, unit: float, box: tuple[float, float, float, float]):
        self.unit = unit
        self.left, self.top, width, height = box
        self.h = round(height * unit)
        self.w = round(width * unit)
        size = (self.h, self.w)
        self.rgb = np.zeros((*size, 3), np.float32)
        self.alpha = np.zeros(size, np.float32)
        columns = np.arange(self.w, dtype=np.float32)
        rows = np.arange(self.h, dtype=np.float32)
        self.x = (columns + 0.5) / unit + self.left
        self.y = (rows + 0.5) / unit + self.top

    def area(self, points: np.ndarray, blur: float = 0.0) -> Area:
        """A polygon's rectangle and its mask 0..1 there, softened by ``blur`` units."""
        p = (points - (self.left, self.top)) * self.unit - 0.5
        sigma = blur * self.unit  # pixels
        pad = int(3 * blur * self.unit) + 2
        first = np.floor(p.min(0)).astype(int) - pad
        last = np.ceil(p.max(0)).astype(int) + pad
        x0, y0 = np.clip(first, 0, (self.w - 1, self.h - 1))
        x1, y1 = np.clip(last, 1, (self.w, self.h))
        height = max(y1 - y0, 1)
        width = max(x1 - x0, 1)
        mask = np.zeros((height, width), np.uint8)
        sixteenths = np.round((p - (x0, y0)) * 16)
        outline = sixteenths.astype(np.int32)
        cv2.fillPoly(
            mask,
            [outline],
            color=255,
            lineType=cv2.LINE_AA,
            shift=4,
        )
        mask = mask.astype(np.float32) / 255
        if sigma > 0.3:
            mask = cv2.GaussianBlur(mask, (0, 0), sigma)
        rows = slice(y0, y0 + height)
        columns = slice(x0, x0 + width)
        return Area((rows, columns), mask)

    def stroke(self, points, width: float, blur: float = 0.0, taper: float = 1.0) -> Area:
        """Like ``area`` for a curve of ``width`` units, thinning towards its ends by ``taper``."""
        p = curve(points)
        along = np.gradient(p, axis=0)
        across = np.stack([-along[:, 1], along[:, 0]], axis=1)
        length = np.linalg.norm(along, axis=1, keepdims=True)
        normal = across / (length + 1e-6)
        place = np.linspace(-1, 1, len(p), dtype=np.float32)
        profile = 1 - taper * place**2
        half = 0.5 * width * profile
        side = normal * half[:, None]
        there = p + side
        back = (p - side)[::-1]
        return self.area(np.concatenate([there, back]), blur)

    def paint(
        self,
        area: Area,
        colour,
        opacity: float = 1.0,
        within: np.ndarray | None = None,
        cover: bool = False,
    ) -> None:
        """Lay ``colour`` over an area, where the whole-canvas mask ``within`` lets it; ``cover``:
        make it opaque.
        """
        where, mask = area
        a = mask * opacity
        if within is not None:
            a = a * within[where]
        change = np.asarray(colour, np.float32) - self.rgb[where]
        self.rgb[where] += change * a[..., None]
        if cover:
            self.alpha[where] = np.maximum(self.alpha[where], a)

    def shape(
        self,
        points,
        colour,
        opacity: float = 1.0,
        blur: float = 0.0,
        *,
        sides=(1,),
        **kwargs,
    ) -> None:
        """Paint the closed curve through ``points``; ``sides=BOTH`` paints its mirror image as
        well.
        """
        for side in sides:
            outline = curve(points, closed=True) * (side, 1)
            area = self.area(outline, blur)
            self.paint(area, colour, opacity, **kwargs)

    def line(
        self,
        points,
        colour,
        opacity: float,
        width: float,
        blur: float,
        taper: float = 1.0,
        *,
        sides=(1,),
        **kwargs,
    ) -> None:
        """Paint a stroke, likewise."""
        for side in sides:
            here = np.float32(points) * (side, 1)
            area = self.stroke(here, width, blur, taper)
            self.paint(area, colour, opacity, **kwargs)

    def full(self, area: Area) -> np.ndarray:
        """The mask as a whole-canvas array."""
        out = np.zeros_like(self.alpha)
        out[area.where] = area.mask
        return out
