"""The drawn head put into a picture: body, room, pose, and a scene in which it moves by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from .canvas import BOTH, Canvas, curve, mirror
from .faces import HEAD, draw_head
from .muscles import Identity

_BODY = (-3.2, 0.0, 6.4, 4.0)  # left, top, width and height of the body's canvas, in units
_CLOTH = np.float32((0.22, 0.33, 0.42))


@dataclass(frozen=True)
class Pose:
    """Where the head is in the picture: middle between the eyes (px), px per unit, tilt (degrees,
    clockwise).
    """

    x: float
    y: float
    unit: float
    tilt: float = 0.0


# Right halves of outlines, from the top (x = 0) to the bottom (x = 0).
_BACK_HAIR = (
    (0, 0.0),
    (1.05, 0.1),
    (1.18, 1.0),
    (1.10, 1.55),
    (0.7, 1.75),
    (0, 1.8),
)
_NECK = (
    (0, 0.5),
    (0.60, 0.5),
    (0.60, 1.3),
    (0.64, 1.7),
    (0.6, 2.2),
    (0, 2.4),
)
_SHOULDERS = (
    (0, 2.12),
    (0.36, 2.02),
    (0.66, 1.68),
    (1.20, 1.88),
    (1.95, 2.15),
    (2.35, 2.7),
    (2.5, 4.4),
    (0, 4.6),
)
# Lines on them.
_CHIN_SHADOW = (
    (-0.75, 1.22),
    (0, 1.50),
    (0.75, 1.22),
)
_TENDON = (
    (0.42, 1.2),
    (0.30, 1.7),
    (0.06, 2.02),
)
_COLLAR = (
    (-0.70, 1.68),
    (-0.40, 2.01),
    (0, 2.12),
    (0.40, 2.01),
    (0.70, 1.68),
)
_SLEEVE = (
    (1.55, 2.2),
    (1.45, 2.8),
    (1.5, 3.6),
)


@lru_cache(maxsize=4)
def draw_body(who: Identity, unit: float) -> np.ndarray:
    """Neck and shoulders, to be laid under the head: float32 RGBA (4·unit, 6.4·unit, 4)."""
    c = Canvas(unit, _BODY)
    skin = np.float32(who.skin)
    if who.hair == 2:
        hair = np.float32(who.hair_colour) * 0.62
        c.shape(mirror(_BACK_HAIR), hair, blur=0.03, cover=True)
    _paint_neck(c, skin)
    _paint_clothes(c)
    return np.dstack([c.rgb, c.alpha])


def _paint_neck(c: Canvas, skin: np.ndarray) -> None:
    """With the chin's shadow and the tendons."""
    neck = mirror(_NECK)
    c.shape(neck, skin * 0.80, cover=True)
    throat = c.full(c.area(curve(neck, closed=True)))
    c.line(
        _CHIN_SHADOW,
        colour=skin * (0.42, 0.32, 0.28),
        opacity=0.75,
        width=0.55,
        blur=0.12,
        taper=0.0,
        within=throat,
    )
    c.line(
        _TENDON,
        colour=skin * 0.55,
        opacity=0.5,
        width=0.09,
        blur=0.04,
        sides=BOTH,
        within=throat,
    )


def _paint_clothes(c: Canvas) -> None:
    """Shoulders, collar and the folds of the sleeves."""
    area = c.area(curve(mirror(_SHOULDERS), closed=True))
    x = c.x[None]
    outside = np.clip(np.abs(x) - 1.3, 0, 1)
    tone = 1.2 - 0.08 * x - 0.25 * outside - 0.10 * c.y[:, None]
    cloth = tone[area.where][..., None] * _CLOTH
    c.paint(area, np.clip(cloth, 0, 1), cover=True)
    inside = c.full(area)
    collar = np.float32(_COLLAR)
    c.line(
        collar + (0, 0.09),
        colour=_CLOTH * 0.78,
        opacity=0.9,
        width=0.16,
        blur=0.01,
        taper=0.0,
        within=inside,
    )
    c.line(
        collar + (0, 0.20),
        colour=_CLOTH * 0.5,
        opacity=0.6,
        width=0.05,
        blur=0.03,
        taper=0.0,
        within=inside,
    )
    c.line(
        _SLEEVE,
        colour=_CLOTH * 0.55,
        opacity=0.5,
        width=0.16,
        blur=0.08,
        sides=BOTH,
        within=inside,
    )


class _Thing(NamedTuple):
    """A rectangle in the room: its sides as shares of the picture, and its colour."""

    left: float
    top: float
    right: float
    bottom: float
    colour: tuple[float, float, float]


_FURNITURE = {
    "window": _Thing(
        left=0.04,
        top=0.10,
        right=0.20,
        bottom=0.56,
        colour=(0.92, 0.92, 0.86),
    ),
    "bookcase": _Thing(
        left=0.80,
        top=0.00,
        right=0.98,
        bottom=1.00,
        colour=(0.38, 0.31, 0.25),
    ),
    "upper books": _Thing(
        left=0.82,
        top=0.12,
        right=0.96,
        bottom=0.30,
        colour=(0.47, 0.28, 0.22),
    ),
    "lower books": _Thing(
        left=0.82,
        top=0.42,
        right=0.96,
        bottom=0.62,
        colour=(0.28, 0.37, 0.39),
    ),
    "edge of the wainscot": _Thing(
        left=0.00,
        top=0.78,
        right=1.00,
        bottom=0.80,
        colour=(0.50, 0.48, 0.44),
    ),
}


@lru_cache(maxsize=4)
def draw_room(width: int, height: int) -> np.ndarray:
    """What lies behind the head, out of focus: float32 RGB (height, width, 3), 0..1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / np.float32([[[height]], [[width]]])
    room = np.float32((0.60, 0.62, 0.60)) * (1.06 - 0.30 * x - 0.12 * y)[..., None]
    for thing in _FURNITURE.values():
        rows = slice(int(thing.top * height), int(thing.bottom * height))
        columns = slice(int(thing.left * width), int(thing.right * width))
        room[rows, columns] = thing.colour
    return cv2.GaussianBlur(room, (0, 0), width / 40)


def place(picture: np.ndarray, rgba: np.ndarray, pose: Pose) -> np.ndarray:
    """Lay what ``draw_head`` or ``draw_body`` drew over a float32 RGB picture (h, w, 3), 0..1;
    gives a new picture.
    """
    left, top, width, _ = HEAD if rgba.shape[1] < rgba.shape[0] else _BODY
    unit = rgba.shape[1] / width
    scale = pose.unit / unit
    tilt = np.deg2rad(pose.tilt)
    cosine = np.cos(tilt)
    sine = np.sin(tilt)
    turn = np.array([[cosine, -sine], [sine, cosine]])
    turn = scale * turn
    begin = np.array([left, top]) * unit
    shift = np.array([pose.x, pose.y]) + turn @ begin
    h, w = rgba.shape[:2]
    corners = np.array([[0, 0], [w, 0], [0, h], [w, h]])
    corners = corners @ turn.T + shift
    x0, y0 = np.clip(np.floor(corners.min(0)).astype(int), 0, None)
    x1, y1 = np.clip(np.ceil(corners.max(0)).astype(int), 0, picture.shape[1::-1])
    if x0 >= x1 or y0 >= y1:
        return picture
    # Premultiplied, so that edges stay clean.
    alpha = rgba[..., 3:]
    layer = np.dstack([rgba[..., :3] * alpha, alpha])
    there = np.column_stack([turn, shift - (x0, y0)])
    size = (x1 - x0, y1 - y0)
    layer = cv2.warpAffine(layer, there, size, flags=cv2.INTER_LINEAR)
    picture = picture.copy()
    covered = picture[y0:y1, x0:x1]
    covered *= 1 - layer[..., 3:]
    covered += layer[..., :3]
    return picture


def blend(a: Mapping[int, float], b: Mapping[int, float], weight: float) -> dict[int, float]:
    """Action units on the way from ``a`` (weight 0) to ``b`` (weight 1)."""
    out = {}
    for au in {**a, **b}:
        out[au] = (1 - weight) * a.get(au, 0) + weight * b.get(au, 0)
    return out


@dataclass(frozen=True)
class Scene:
    """A talking head in a room: it sways, nods, looks about and blinks by itself, the same way
    every time.
    """

    who: Identity
    width: int
    height: int
    seed: int = 0

    def picture(
        self, t: float, look: Mapping[int, float], mouth: float = 0.0, away: float = 0.0
    ) -> np.ndarray:
        """The picture at ``t`` seconds: uint8 RGB (height, width, 3).

        ``look``: action units, also 43, lids that droop (1: shut); ``mouth``: 0 shut .. 1 open;
        ``away``: 0 in the picture .. 1 gone to the left.
        """
        room = draw_room(self.width, self.height)
        if away < 1:
            room = self._with_head(room, t, look, mouth, away)
        return np.clip(room * 255 + 0.5, 0, 255).astype(np.uint8)

    def _with_head(
        self, room: np.ndarray, t: float, look: Mapping[int, float], mouth: float, away: float
    ) -> np.ndarray:
        unit = 0.21 * self.height
        drawn_at = 1.2 * unit
        sway = self._sway(t)
        middle = self.width * (0.5 - 0.95 * away)
        height = 0.45 * self.height
        pose = Pose(
            x=middle + 0.14 * unit * sway[0],
            y=height + 0.07 * unit * sway[1],
            unit=unit * (1 + 0.02 * sway[2]),
            tilt=3.5 * sway[3],
        )
        body_pose = Pose(middle + 0.05 * unit * sway[0], height, unit)
        body = draw_body(self.who, drawn_at)
        strength = 0.94 + 0.06 * sway[4]
        head = draw_head(
            self.who,
            {au: intensity * strength for au, intensity in look.items()},
            drawn_at,
            mouth=mouth,
            blink=max(self._blink(t), look.get(43, 0.0)),
            gaze=(0.35 * sway[5], 0.2 * sway[6]),
            yaw=0.35 * sway[0],
            pitch=0.16 * sway[1] + 0.10 * mouth,
        )
        picture = place(room, body, body_pose)
        return place(picture, head, pose)

    def _sway(self, t: float) -> np.ndarray:
        """Seven slow wanderings, about −1..1."""
        rng = np.random.default_rng([self.seed, 1])
        speed = rng.uniform(0.06, 0.22, (7, 3))
        phase = rng.uniform(0, 1, (7, 3))
        turns = speed * t + phase
        waves = np.sin(2 * np.pi * turns)
        return waves @ np.array([0.5, 0.3, 0.2])

    def _blink(self, t: float) -> float:
        """0 open .. 1 shut: a fifth of a second, every three seconds or so."""
        beat = int(t / 3.1)
        rng = np.random.default_rng([self.seed, 2, beat])
        at = 3.1 * beat + rng.uniform(0.3, 2.7)
        return float(np.clip(1.3 - abs(t - at) / 0.1, 0, 1))
