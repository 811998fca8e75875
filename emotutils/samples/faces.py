"""A drawn, shaded face whose muscles are FACS action units: the picture half of the sample sets.

The head is a small relief (a height map) that is lit from a chosen side, so that brows, cheeks and
folds cast the soft shadows a camera would see; eyes, lips, teeth and hair are painted on it. What
moves is named by the action units of the Facial Action Coding System (Ekman and Friesen 1978; the
prototypes per emotion after Ekman, Friesen and Hager 2002). Nothing here was measured on real
pictures.

Lengths are in *units*: half the width of the head; x to the right, y down, the origin between the
eyes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

#: Action units (FACS number: intensity 0..1) of each emotion's prototype; taught in
#: notebooks/03_face_data.
EXPRESSIONS: dict[str, dict[int, float]] = {
    "anger": {4: 1.0, 5: 0.5, 7: 0.8, 23: 0.9},
    "disgust": {9: 1.0, 15: 0.7, 16: 0.6},
    "fear": {1: 1.0, 2: 0.7, 4: 0.7, 5: 1.0, 20: 0.9, 26: 0.5},
    "happiness": {6: 0.9, 12: 1.0, 25: 0.5},
    "sadness": {1: 1.0, 4: 0.6, 15: 1.0},
    "surprise": {1: 1.0, 2: 1.0, 5: 0.7, 26: 1.0},
    "neutral": {},
}

HEAD = (-1.6, -1.85, 3.2, 3.75)  # left, top, width and height of the head's canvas, in units
BOTH = (1, -1)  # the sides of a face
_FINE = 70  # pixels per unit above which single hairs and teeth are drawn
_SKINS = (
    (0.95, 0.77, 0.66),
    (0.88, 0.68, 0.55),
    (0.77, 0.56, 0.42),
    (0.62, 0.42, 0.30),
    (0.46, 0.30, 0.21),
)
_HAIRS = (
    (0.10, 0.08, 0.07),
    (0.22, 0.14, 0.09),
    (0.40, 0.26, 0.15),
    (0.60, 0.46, 0.30),
    (0.55, 0.53, 0.52),
)
_IRISES = ((0.28, 0.18, 0.10), (0.36, 0.26, 0.12), (0.30, 0.42, 0.52), (0.30, 0.40, 0.28))


@dataclass(frozen=True)
class Identity:
    """Who is drawn: colours (RGB 0..1), ``hair`` (0 short, 1 parted, 2 long), and factors around 1."""

    skin: tuple[float, float, float] = _SKINS[1]
    hair_colour: tuple[float, float, float] = _HAIRS[1]
    iris: tuple[float, float, float] = _IRISES[2]
    hair: int = 1
    jaw: float = 1.0
    long: float = 1.0
    eyes: float = 1.0
    brows: float = 1.0
    nose: float = 1.0
    lips: float = 1.0
    mouth: float = 1.0
    seed: int = 0

    @classmethod
    def random(cls, rng: np.random.Generator) -> "Identity":
        """Somebody new, drawn from ``rng``."""

        def around(spread: float) -> float:
            return float(rng.uniform(1 - spread, 1 + spread))

        skin = int(rng.integers(len(_SKINS)))
        dark = skin > 1  # dark skin comes with dark hair and eyes here
        return cls(
            skin=_SKINS[skin],
            hair_colour=_HAIRS[rng.integers(2 if dark else len(_HAIRS))],
            iris=_IRISES[rng.integers(2 if dark else len(_IRISES))],
            hair=int(rng.integers(3)),
            jaw=around(0.08),
            long=around(0.06),
            eyes=around(0.12),
            brows=around(0.35),
            nose=around(0.18),
            lips=around(0.25),
            mouth=around(0.10),
            seed=int(rng.integers(1 << 30)),
        )


Area = tuple[tuple[slice, slice], np.ndarray]


def curve(points: np.ndarray, closed: bool = False, steps: int = 8) -> np.ndarray:
    """Catmull–Rom through (n, 2) points."""
    p = np.asarray(points, np.float32)
    p = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([p[:1], p, p[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False, dtype=np.float32)[:, None]
    a, b, c, d = (p[i : len(p) - 3 + i, None] for i in range(4))
    out = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    return out.reshape(-1, 2) if closed else np.concatenate([out.reshape(-1, 2), p[-1:]])


def mirror(half: np.ndarray) -> np.ndarray:
    """A closed outline from its right half, given from the top (x = 0) down to the bottom (x = 0)."""
    half = np.asarray(half, np.float32)
    return np.concatenate([half, (half * (-1, 1))[-2:0:-1]])


class Canvas:
    """Float RGB with alpha, in units; every mark is anti-aliased and touches only its own
    rectangle.

    ``box``: left, top, width and height of what it covers, in units; ``unit``: pixels per unit.
    """

    def __init__(self, unit: float, box: tuple[float, float, float, float]):
        self.unit, (self.left, self.top, width, height) = unit, box
        self.h, self.w = round(height * unit), round(width * unit)
        self.rgb = np.zeros((self.h, self.w, 3), np.float32)
        self.alpha = np.zeros((self.h, self.w), np.float32)
        self.x = (np.arange(self.w, dtype=np.float32) + 0.5) / unit + self.left
        self.y = (np.arange(self.h, dtype=np.float32) + 0.5) / unit + self.top

    def area(self, points: np.ndarray, blur: float = 0.0) -> Area:
        """A polygon's rectangle and its mask 0..1 there, softened by ``blur`` units."""
        p = (points - (self.left, self.top)) * self.unit - 0.5
        pad = int(3 * blur * self.unit) + 2
        x0, y0 = np.clip(np.floor(p.min(0)).astype(int) - pad, 0, (self.w - 1, self.h - 1))
        x1, y1 = np.clip(np.ceil(p.max(0)).astype(int) + pad, 1, (self.w, self.h))
        mask = np.zeros((max(y1 - y0, 1), max(x1 - x0, 1)), np.uint8)
        cv2.fillPoly(mask, [np.round((p - (x0, y0)) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        mask = mask.astype(np.float32) / 255
        if blur * self.unit > 0.3:
            mask = cv2.GaussianBlur(mask, (0, 0), blur * self.unit)
        return (slice(y0, y0 + mask.shape[0]), slice(x0, x0 + mask.shape[1])), mask

    def stroke(self, points, width: float, blur: float = 0.0, taper: float = 1.0) -> Area:
        """Like ``area`` for a curve of ``width`` units, thinning towards its ends by ``taper``."""
        p = curve(points)
        along = np.gradient(p, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], 1) / (
            np.linalg.norm(along, axis=1, keepdims=True) + 1e-6
        )
        profile = 1 - taper * np.linspace(-1, 1, len(p), dtype=np.float32) ** 2
        side = normal * (0.5 * width * profile)[:, None]
        return self.area(np.concatenate([p + side, (p - side)[::-1]]), blur)

    def paint(
        self,
        area: Area,
        colour,
        opacity: float = 1.0,
        within: np.ndarray | None = None,
        cover=False,
    ) -> None:
        """Lay ``colour`` over an area, where the whole-canvas mask ``within`` lets it; ``cover``:
        make it opaque.
        """
        where, mask = area
        a = mask * opacity
        if within is not None:
            a = a * within[where]
        self.rgb[where] += (np.asarray(colour, np.float32) - self.rgb[where]) * a[..., None]
        if cover:
            self.alpha[where] = np.maximum(self.alpha[where], a)

    def shape(
        self, points, colour, opacity: float = 1.0, blur: float = 0.0, *, sides=(1,), **kwargs
    ) -> None:
        """Paint the closed curve through ``points``; ``sides=BOTH`` paints its mirror image as
        well.
        """
        for side in sides:
            self.paint(
                self.area(curve(points, closed=True) * (side, 1), blur), colour, opacity, **kwargs
            )

    def line(
        self, points, colour, opacity, width, blur, taper: float = 1.0, *, sides=(1,), **kwargs
    ) -> None:
        """Paint a stroke, likewise."""
        for side in sides:
            self.paint(
                self.stroke(np.float32(points) * (side, 1), width, blur, taper),
                colour,
                opacity,
                **kwargs,
            )

    def full(self, area: Area) -> np.ndarray:
        """The mask as a whole-canvas array."""
        out = np.zeros((self.h, self.w), np.float32)
        out[area[0]] = area[1]
        return out


class _Muscles:
    """Where the movable parts are, for a set of action units and an opening of the mouth."""

    def __init__(self, who: Identity, aus: Mapping[int, float], mouth: float, blink: float):
        au = {n: float(aus.get(n, 0.0)) for n in (1, 2, 4, 5, 6, 7, 9, 12, 15, 16, 20, 23, 25, 26)}
        self.au, self.who = au, who
        self.drop = 0.30 * au[26] + 0.20 * mouth * (1 - 0.6 * au[26])  # of the jaw, units
        self.brow = np.float32(
            [
                (0.16 - 0.06 * au[4], -0.34 - 0.19 * au[1] + 0.12 * au[4] + 0.11 * au[9]),
                (
                    0.31 - 0.04 * au[4],
                    -0.40 - 0.12 * au[1] - 0.05 * au[2] + 0.09 * au[4] + 0.08 * au[9],
                ),
                (0.51, -0.415 - 0.01 * au[1] - 0.16 * au[2] + 0.06 * au[4] + 0.02 * au[9]),
                (0.71, -0.325 + 0.03 * au[1] - 0.17 * au[2] + 0.02 * au[4] + 0.02 * au[6]),
            ]
        )
        squint = 0.45 * au[7] + 0.40 * au[6] + 0.40 * au[9]
        wide = 0.118 * (1 + 0.50 * au[5] - 0.35 * squint - 0.18 * au[15])
        shut = 1 - blink
        self.lid_up = -wide * who.eyes * shut + 0.05 * blink
        self.lid_low = (
            max(0.085 * (1 - 0.75 * squint + 0.12 * au[5]), 0.02) * who.eyes * (1 - 0.3 * blink)
        )
        self.slant = (
            0.030 * au[1] * au[4] + 0.02 * au[15]
        )  # the inner end of the lid goes up with AU1+4

        w = who.mouth * (
            0.34 + 0.14 * au[12] + 0.11 * au[20] - 0.04 * au[23] - 0.08 * au[26] - 0.05 * mouth
        )
        opening = 0.95 * self.drop + 0.15 * au[25] + 0.04 * au[20] * au[26]
        corner = 0.800 - 0.15 * au[12] + 0.115 * au[15] + 0.03 * au[20] + 0.45 * self.drop
        thin = (1 - 0.55 * au[23] - 0.30 * au[12]) * who.lips
        up = 0.795 - 0.065 * au[9] - 0.02 * au[25] - 0.02 * au[26]  # lower edge of the upper lip
        low = 0.797 + opening + 0.06 * au[16] - 0.03 * au[15]
        round_ = min(opening / 0.22, 1.0) * (1 - 0.8 * au[12]) * (1 - 0.5 * au[20])

        def lip(middle: float, shift: float = 0.0) -> np.ndarray:
            """From corner to corner through ``middle``: a parabola when shut, rounder when open."""
            k = np.float32([0, 0.35, 0.62, 0.86, 1])
            bend = (1 - round_) * k**2 + round_ * (1 - np.sqrt(1 - k**2))
            half = np.stack([w * k, middle + shift * (1 - k**4) + bend * (corner - middle)], 1)
            return np.concatenate([(half * (-1, 1))[:0:-1], half]).astype(np.float32)

        self.corner = np.float32((w, corner))
        self.lip_up, self.lip_low = lip(up), lip(low)
        self.lip_top = lip(up, -0.095 * thin)
        self.lip_top[4, 1] += 0.018 * thin  # Cupid's bow
        self.lip_rim = lip(low, (0.115 + 0.02 * au[16]) * thin)
        self.gap, rim = low - up, float(self.lip_rim[4, 1])
        self.rim = rim

    def outline(self) -> np.ndarray:
        """The head's closed contour; what lies below the nose follows the jaw."""
        who = self.who
        half = [
            (0, -1.38),
            (0.42, -1.33),
            (0.80, -1.04),
            (0.96, -0.55),
            (0.97, 0.0),
            (0.93, 0.42),
            (0.82, 0.80),
        ]
        half += [(0.60, 1.10), (0.30, 1.29), (0, 1.335)]
        half = np.float32(half)
        low = np.clip((half[:, 1] - 0.3) / 1.0, 0, 1)
        half[:, 0] *= 1 + (who.jaw - 1) * low - 0.06 * low * self.drop
        half[:, 1] = half[:, 1] * who.long + low * self.drop
        return curve(mirror(half), closed=True)

    def eye(self, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Upper and lower lid from the inner to the outer corner."""
        r = 0.19 * self.who.eyes
        inner, outer = (0.41 - r, 0.025 - self.slant), (0.41 + r, -0.005 + self.slant)
        up, low = [inner], [inner]
        up.append((0.41 - 0.5 * r, self.lid_up * 0.78 - self.slant))
        up += [(0.42, self.lid_up), (0.41 + 0.62 * r, self.lid_up * 0.66 + self.slant), outer]
        low += [
            (0.41 - 0.4 * r, self.lid_low * 0.75),
            (0.43, self.lid_low),
            (0.41 + 0.6 * r, self.lid_low * 0.75),
            outer,
        ]
        return curve(up) * (side, 1), curve(low) * (side, 1)


def _relief(c: Canvas, m: _Muscles) -> np.ndarray:
    """Height of the face towards the camera, in units."""
    au, nose, x, y = m.au, m.who.nose, c.x, c.y
    dome = 1 - (x[None] / 1.06) ** 2 - ((y[:, None] + 0.02) / (1.52 * m.who.long + m.drop)) ** 2
    z = (0.92 * np.sqrt(np.maximum(dome, 0.04))).astype(np.float32)
    raised, cheek = 0.05 * au[9], 0.08 * au[6] + 0.05 * au[9]
    for cx, cy, sx, sy, height in (
        (0, 0.16, 0.085 * nose, 0.24, 0.085),  # ridge of the nose
        (0, 0.43 - raised / 2, 0.11 * nose, 0.095, 0.085),  # its tip
        (0.145 * nose, 0.475 - raised, 0.06, 0.055, 0.075 + 0.03 * au[9]),  # its wings
        (0.40, -0.02, 0.22, 0.15, -0.10),  # eye sockets
        (0.41, 0.0, 0.13, 0.10, 0.05),  # eyeballs
        (0.42, -0.30 - 0.06 * au[2] + 0.06 * au[4], 0.24, 0.08, 0.045 + 0.02 * au[4]),  # brow ridge
        (0.13, -0.27, 0.07, 0.09, 0.045 * au[4]),  # corrugator
        (0.55 + 0.02 * au[12], 0.40 - cheek, 0.19, 0.15, 0.05 + cheek + 0.05 * au[12]),  # cheeks
        (0, 0.80, 0.34, 0.22, 0.04),  # around the mouth
        (0, 0.62, 0.035, 0.07, -0.01),  # philtrum
        (0, m.rim + 0.055, 0.19, 0.045, -0.025),  # under the lip
        (0, 1.17 + m.drop, 0.18, 0.12, 0.035 + 0.015 * au[15]),  # chin
        (0.62, 0.75, 0.16, 0.25, -0.03),  # hollow of the cheek
    ):
        across = np.exp(-0.5 * ((x - cx) / sx) ** 2) + np.exp(-0.5 * ((x + cx) / sx) ** 2)
        z += (height * np.exp(-0.5 * ((y - cy) / sy) ** 2))[:, None] * across

    (cx, cy), lift, brows = m.corner, 0.06 * au[12] + raised, 0.030 * min(au[1], 0.4 + au[2])
    smile = [
        (0.20 * nose, 0.44 - raised),
        (0.34 + 0.05 * au[12], 0.58 - lift),
        (cx + 0.10, cy - 0.06),
    ]
    smile.append((cx + 0.10, cy + 0.06))
    folds = [
        (smile, 0.05, 0.022, 0.012 + 0.06 * au[12] + 0.06 * au[9] + 0.02 * au[20]),
        (
            [(cx + 0.03, cy), (cx + 0.05, cy + 0.09), (cx + 0.03, cy + 0.19)],
            0.05,
            0.022,
            0.055 * au[15],
        ),
        ([(0.07, -0.16), (0.06, -0.27), (0.075, -0.40)], 0.045, 0.012, 0.045 * au[4]),
        (
            [(0.24, 0.13), (0.42, 0.185), (0.60, 0.13)],
            0.04,
            0.016,
            0.010 + 0.022 * au[6] + 0.015 * au[7],
        ),
    ]
    for k in range(3):  # forehead, root of the nose, crow's feet
        row, root, foot = -0.56 - 0.10 * k, -0.04 + 0.07 * k, 0.03 * (k - 1)
        arc = [(0.0, row), (0.25, row - 0.04 * au[2]), (0.55, row + 0.02 - 0.02 * au[2])]
        folds.append((arc, 0.035, 0.012, brows))
        folds.append(
            ([(0.0, root), (0.08, root - 0.02), (0.14, root + 0.04)], 0.03, 0.010, 0.030 * au[9])
        )
        folds.append(([(0.66, 0.02 + foot), (0.80, 0.02 + 3 * foot)], 0.028, 0.008, 0.014 * au[6]))
    for points, width, blur, depth in folds:
        for side in BOTH if depth > 0.002 else ():
            where, mask = c.stroke(np.float32(points) * (side, 1), width, blur)
            z[where] -= depth * mask
    return z


@lru_cache(maxsize=8)
def _grain(h: int, w: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Skin mottling and hair strands, about −1..1."""
    noise = np.random.default_rng(seed).standard_normal((h, w)).astype(np.float32)
    skin = (
        cv2.GaussianBlur(noise, (0, 0), max(w / 200, 0.6)) * 0.6
        + cv2.GaussianBlur(noise, (0, 0), w / 24) * 4
    )
    strands = cv2.GaussianBlur(noise[::-1], (0, 0), sigmaX=max(w / 500, 0.4), sigmaY=h / 14)
    strands += 1.5 * cv2.GaussianBlur(noise, (0, 0), sigmaX=w / 120, sigmaY=h / 10)
    return skin / (skin.std() + 1e-6) / 2, strands / (strands.std() + 1e-6) / 2


def _paint_skin(c: Canvas, m: _Muscles, z: np.ndarray, light: float) -> None:
    """Ears, then the lit skin inside the outline."""
    skin = np.float32(m.who.skin)
    ear = [(0.90, -0.18), (1.05, -0.22), (1.10, -0.02), (1.04, 0.26), (0.92, 0.34)]
    c.shape(ear, skin * 0.74, sides=BOTH, cover=True)
    c.line([(0.98, -0.10), (1.045, -0.04), (0.99, 0.18)], skin * 0.5, 0.8, 0.07, 0.025, sides=BOTH)
    area = c.area(m.outline())
    zs = cv2.GaussianBlur(z, (0, 0), max(0.006 * c.unit, 0.5)) * np.float32(c.unit)
    gx = cv2.Sobel(zs, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)[area[0]]
    gy = cv2.Sobel(zs, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)[area[0]]
    sun = np.float32((np.sin(light), -0.42, 0.85))
    lit = (-gx * sun[0] - gy * sun[1] + sun[2]) / (
        np.sqrt(gx * gx + gy * gy + 1) * np.linalg.norm(sun)
    )
    mottle, _ = _grain(c.h, c.w, m.who.seed)
    k = (0.36 + 0.72 * np.clip(lit * 0.9 + 0.1, 0, 1)) * (1 + 0.012 * mottle[area[0]])
    k, gloss = k[..., None], np.clip(lit, 0, 1)[..., None] ** 2
    gloss = (gloss * gloss * gloss) ** 4
    dark = skin * np.float32((0.80, 0.66, 0.60))  # shadows of skin are redder than skin
    c.paint(area, k * (dark + (skin - dark) * np.clip(k * 1.15, 0, 1)) + 0.16 * gloss, cover=True)
    cheek = [(0.36, 0.40), (0.55, 0.24), (0.76, 0.36), (0.62, 0.56)]
    c.shape(cheek, skin * (1.0, 0.62, 0.58), 0.22, 0.10, sides=BOTH)
    socket = [(0.20, -0.02), (0.40, -0.20), (0.66, -0.08), (0.42, 0.12)]
    c.shape(socket, skin * (0.58, 0.44, 0.42), 0.38, 0.05, sides=BOTH)
    nose, up = np.float32((m.who.nose, 1)), 0.04 * m.au[9]
    c.shape([(-0.14, 0.545), (0, 0.56), (0.14, 0.545), (0, 0.61)], skin * 0.45, 0.5, 0.03)
    nostril = np.float32([(0.045, 0.51), (0.085, 0.488), (0.13, 0.51), (0.08, 0.53)]) - (0, up)
    c.shape(nostril * nose, skin * (0.26, 0.16, 0.14), 0.85, 0.008, sides=BOTH)
    wing = np.float32([(0.175, 0.41), (0.21, 0.48), (0.17, 0.54)]) - (0, up)
    c.line(wing * nose, skin * (0.5, 0.36, 0.32), 0.6, 0.022, 0.008, sides=BOTH)


def _paint_eyes(c: Canvas, m: _Muscles, gaze: tuple[float, float]) -> None:
    skin, iris, hair = np.float32(m.who.skin), np.float32(m.who.iris), np.float32(m.who.hair_colour)
    ring = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    disc = 0.098 * m.who.eyes * np.stack([np.cos(ring), np.sin(ring)], 1).astype(np.float32)
    for side in BOTH:
        up, low = m.eye(side)
        area = c.area(np.concatenate([up, low[::-1]]))
        eye = c.full(area)
        centre = np.float32((side * 0.41 + 0.07 * gaze[0], -0.018 + 0.05 * gaze[1]))
        c.paint(area, (0.93, 0.92, 0.90))
        c.paint(c.area(centre + disc), iris * 0.45, within=eye)
        c.paint(c.area(centre + (0, 0.012) + 0.78 * disc, 0.012), iris * 1.25, within=eye)
        c.paint(c.area(centre + 0.45 * disc), (0.03, 0.03, 0.03), within=eye)
        c.line(up + (0, 0.025), (0.25, 0.18, 0.16), 0.65, 0.07, 0.018, within=eye)
        c.paint(c.area(centre + (-0.030, -0.034) + 0.20 * disc), (1, 1, 1), 0.95, within=eye)
        crease = up * (1, 0.9) + (0.008 * side, -0.055 + 0.02 * m.au[5])
        c.line(crease, skin * (0.42, 0.30, 0.27), 0.7, 0.022, 0.008)
        c.line(low + (0, 0.008), skin * (0.45, 0.32, 0.30), 0.8, 0.016, 0.005, 0.6)
        c.line(up, (0.10, 0.07, 0.06), 0.95, 0.040, 0.004, 0.5)
    c.line(m.brow, hair * 0.75, 0.80, 0.105 * m.who.brows, 0.014, 0.55, sides=BOTH)
    for k, t in enumerate(np.linspace(0.02, 0.95, 22) if c.unit > _FINE else ()):
        root = np.float32([np.interp(3 * t, range(4), m.brow[:, axis]) for axis in (0, 1)])
        single = [root + (-0.025, 0.030), root + (0.02 + 0.015 * (k % 3), -0.03 + 0.02 * t)]
        c.line(single, hair * 0.52, 0.6, 0.018, 0.003, 0.6, sides=BOTH)


def _paint_mouth(c: Canvas, m: _Muscles) -> None:
    skin = np.float32(m.who.skin)
    lip = skin * (0.82, 0.53, 0.53)
    up, low, top, rim = (curve(p) for p in (m.lip_up, m.lip_low, m.lip_top, m.lip_rim))
    if m.gap > 0.02:
        _paint_inside(c, m, up, low)
    c.paint(c.area(np.concatenate([low, rim[::-1]]), 0.008), lip)
    c.paint(c.area(np.concatenate([top, up[::-1]]), 0.008), lip * 0.80)
    shine = (m.lip_low + m.lip_rim) * (0.2, 0.5)
    c.line(shine, np.minimum(lip * 1.35 + 0.08, 1), 0.55, 0.04, 0.018)
    c.line(up, skin * (0.30, 0.14, 0.14), 0.85, 0.020, 0.005, 0.4)
    c.line(
        m.corner + np.float32([(-0.03, 0), (0.03, 0)]), skin * 0.35, 0.55, 0.04, 0.016, sides=BOTH
    )


def _paint_inside(c: Canvas, m: _Muscles, up: np.ndarray, low: np.ndarray) -> None:
    """Tongue and teeth in the opening between the lips' edges."""
    area = c.area(np.concatenate([up, low[::-1]]))
    inside = c.full(area)
    c.paint(area, (0.16, 0.05, 0.05))
    y = m.lip_low[4, 1]
    tongue = [(-0.16, y), (-0.08, y - 0.07), (0.08, y - 0.07), (0.16, y), (0, y + 0.06)]
    c.shape(tongue, (0.66, 0.30, 0.30), 0.9 * min(1, m.drop * 6), 0.025, within=inside)
    k = np.linspace(-1, 1, 17, dtype=np.float32)
    edge = m.lip_up[4, 1] + min(0.095, 0.8 * m.gap) - (0.10 * m.au[12] + 0.03) * k**2
    row = np.stack([0.85 * m.corner[0] * k, edge], 1)
    teeth = np.concatenate([row, np.float32([(1, 0.3), (-1, 0.3)])])
    c.paint(c.area(teeth, 0.006), (0.93, 0.91, 0.87), within=inside)
    for x in np.arange(-5, 6) * 0.055 if c.unit > _FINE else ():
        gap = [(x, 0.55), (x, np.interp(x, row[:, 0], row[:, 1]))]
        c.line(gap, (0.58, 0.53, 0.50), 0.5, 0.007, 0.003, 0.0, within=inside)
    lower = np.concatenate([low * (0.8, 1) - (0, 0.05), (low * (0.9, 1))[::-1]])
    c.paint(c.area(lower, 0.008), (0.86, 0.83, 0.79), m.au[16], within=inside)
    c.line(up, (0.10, 0.03, 0.03), 0.55, 0.05, 0.02, 0.2, within=inside)


# Right halves of hairline and outer edge, from the ear to the top, for Identity.hair 0, 1, 2.
_HAIRLINES = (
    [(0.985, -0.12), (0.90, -0.32), (0.84, -0.70), (0.55, -0.93), (0.0, -0.97)],
    [(0.985, -0.02), (0.90, -0.30), (0.82, -0.66), (0.50, -0.84), (-0.10, -0.98)],
    [
        (1.14, 1.46),
        (0.99, 0.95),
        (0.97, 0.30),
        (0.93, 0.10),
        (0.88, -0.40),
        (0.62, -0.80),
        (0.0, -1.02),
    ],
)
_HAIR_EDGES = (
    [(1.00, -0.15), (1.03, -0.60), (0.90, -1.06), (0.60, -1.35), (0.29, -1.47), (0.0, -1.50)],
    [(1.01, -0.05), (1.07, -0.60), (0.95, -1.08), (0.65, -1.41), (0.32, -1.56), (0.0, -1.60)],
    [
        (1.16, 1.48),
        (1.24, 1.00),
        (1.22, 0.20),
        (1.16, -0.55),
        (0.98, -1.05),
        (0.66, -1.40),
        (0.33, -1.55),
        (0.0, -1.59),
    ],
)


def _paint_hair(c: Canvas, who: Identity) -> None:
    right, rim = np.float32(_HAIRLINES[who.hair]), np.float32(_HAIR_EDGES[who.hair])
    left = (right * (-1, 1))[::-1][1:]
    if who.hair == 1:  # a side parting: the fringe sweeps lower on one side
        left = np.float32([(-0.42, -0.80), (-0.74, -0.62), (-0.88, -0.32), (-0.985, -0.02)])
    inner = curve(np.concatenate([right, left]))
    outer = curve(np.concatenate([rim, (rim * (-1, 1))[::-1][1:]]))
    c.line(inner + (0, 0.035), np.float32(who.skin) * 0.35, 0.45, 0.07, 0.035, 0.0, within=c.alpha)
    area = c.area(np.concatenate([inner, outer[::-1]]), 0.012)
    _, strands = _grain(c.h, c.w, who.seed)
    gloss = np.exp(-0.5 * ((c.y[:, None] + 1.22 - 0.25 * c.x[None] ** 2) / 0.16) ** 2)
    tone = (0.86 + 0.30 * strands + 0.55 * gloss) * (
        1 - 0.35 * np.clip(np.abs(c.x[None]) - 0.5, 0, 1)
    )
    c.paint(
        area,
        np.clip(np.float32(who.hair_colour) * tone[area[0]][..., None] + 0.02, 0, 1),
        cover=True,
    )


def draw_head(
    who: Identity,
    aus: Mapping[int, float],
    unit: float,
    *,
    mouth: float = 0.0,
    blink: float = 0.0,
    gaze: tuple[float, float] = (0.0, 0.0),
    yaw: float = 0.0,
    pitch: float = 0.0,
    light: float = -0.5,
) -> np.ndarray:
    """The head alone, as RGBA.

    Parameters
    ----------
    who : the face; ``aus``: intensities 0..1 by FACS number (see ``EXPRESSIONS``); ``unit``: pixels
        per unit.
    mouth, blink : 0 closed .. 1 wide open, 0 open .. 1 shut; ``gaze``: (right, down), −1..1.
    yaw, pitch : small turns, −1..1; ``light``: where the light comes from, radians (negative:
        left).

    Returns
    -------
    float32 (3.75·unit, 3.2·unit, 4), 0..1, the point between the eyes at (1.6, 1.85)·unit.
    """
    c, m = Canvas(unit, HEAD), _Muscles(who, aus, mouth, blink)
    z = _relief(c, m)
    _paint_skin(c, m, z, light)
    _paint_mouth(c, m)
    _paint_eyes(c, m, gaze)
    _paint_hair(c, who)
    rgba = np.dstack([c.rgb, c.alpha])
    if yaw or pitch:  # near parts move further than far ones
        depth = cv2.GaussianBlur(z, (0, 0), 0.03 * unit) * float(0.30 * unit)
        gx, gy = np.meshgrid(np.arange(c.w, dtype=np.float32), np.arange(c.h, dtype=np.float32))
        rgba = cv2.remap(rgba, gx - float(yaw) * depth, gy - float(pitch) * depth, cv2.INTER_LINEAR)
    return rgba
