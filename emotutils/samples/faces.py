"""A drawn, shaded face whose muscles are FACS action units: the picture half of the sample sets.

The head is a small relief (a height map) that is lit from a chosen side, so that brows, cheeks and
folds cast the soft shadows a camera would see; eyes, lips, teeth and hair are painted on it. What
moves, and in which units lengths are, stands in ``muscles``. Nothing here was measured on real
pictures.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from .canvas import BOTH, Canvas, curve
from .muscles import Identity, Muscles

HEAD = (-1.6, -1.85, 3.2, 3.75)  # left, top, width and height of the head's canvas, in units
_FINE = 70  # pixels per unit above which single hairs and teeth are drawn


class _Bump(NamedTuple):
    """A rounded hill of the relief and its mirror image; ``height`` below 0 is a hollow."""

    x: float
    y: float
    wide: float
    high: float
    height: float


class _Fold(NamedTuple):
    """A furrow of the skin along ``points``, and its mirror image."""

    points: list[tuple[float, float]]
    width: float
    blur: float
    depth: float


def _bumps(m: Muscles) -> list[_Bump]:
    return _on_the_nose(m) + _around_the_eyes(m) + _on_the_cheeks(m) + _around_the_mouth(m)


def _on_the_nose(m: Muscles) -> list[_Bump]:
    """Bridge, tip and wings of the nose."""
    au = m.au
    nose = m.who.nose
    raised = 0.05 * au[9]
    ridge = _Bump(
        x=0,
        y=0.16,
        wide=0.085 * nose,
        high=0.24,
        height=0.085,
    )
    tip = _Bump(
        x=0,
        y=0.43 - raised / 2,
        wide=0.11 * nose,
        high=0.095,
        height=0.085,
    )
    wings = _Bump(
        x=0.145 * nose,
        y=0.475 - raised,
        wide=0.06,
        high=0.055,
        height=0.075 + 0.03 * au[9],
    )
    return [ridge, tip, wings]


def _around_the_eyes(m: Muscles) -> list[_Bump]:
    """Sockets, eyeballs, and the muscles of the brows."""
    au = m.au
    brow_y = -0.30 - 0.06 * au[2] + 0.06 * au[4]
    sockets = _Bump(
        x=0.40,
        y=-0.02,
        wide=0.22,
        high=0.15,
        height=-0.10,
    )
    eyeballs = _Bump(
        x=0.41,
        y=0.0,
        wide=0.13,
        high=0.10,
        height=0.05,
    )
    brow_ridge = _Bump(
        x=0.42,
        y=brow_y,
        wide=0.24,
        high=0.08,
        height=0.045 + 0.02 * au[4],
    )
    corrugator = _Bump(
        x=0.13,
        y=-0.27,
        wide=0.07,
        high=0.09,
        height=0.045 * au[4],
    )
    return [sockets, eyeballs, brow_ridge, corrugator]


def _on_the_cheeks(m: Muscles) -> list[_Bump]:
    """The cheeks, which a smile lifts."""
    au = m.au
    cheek = 0.08 * au[6] + 0.05 * au[9]
    cheeks = _Bump(
        x=0.55 + 0.02 * au[12],
        y=0.40 - cheek,
        wide=0.19,
        high=0.15,
        height=0.05 + cheek + 0.05 * au[12],
    )
    return [cheeks]


def _around_the_mouth(m: Muscles) -> list[_Bump]:
    """What surrounds the lips, down to the chin."""
    au = m.au
    around_mouth = _Bump(
        x=0,
        y=0.80,
        wide=0.34,
        high=0.22,
        height=0.04,
    )
    philtrum = _Bump(
        x=0,
        y=0.62,
        wide=0.035,
        high=0.07,
        height=-0.01,
    )
    under_lip = _Bump(
        x=0,
        y=m.rim + 0.055,
        wide=0.19,
        high=0.045,
        height=-0.025,
    )
    chin = _Bump(
        x=0,
        y=1.17 + m.drop,
        wide=0.18,
        high=0.12,
        height=0.035 + 0.015 * au[15],
    )
    hollow_cheek = _Bump(
        x=0.62,
        y=0.75,
        wide=0.16,
        high=0.25,
        height=-0.03,
    )
    return [around_mouth, philtrum, under_lip, chin, hollow_cheek]


def _folds(m: Muscles) -> list[_Fold]:
    folds = _folds_of_the_mouth(m) + _folds_of_the_eyes(m.au)
    for k in range(3):
        folds += _wrinkles(k, m.au)
    return folds


def _folds_of_the_mouth(m: Muscles) -> list[_Fold]:
    """From the nose around the mouth, and below its corners."""
    au = m.au
    x, y = m.corner
    raised = 0.05 * au[9]
    lift = 0.06 * au[12] + raised
    smile = [
        (0.20 * m.who.nose, 0.44 - raised),
        (0.34 + 0.05 * au[12], 0.58 - lift),
        (x + 0.10, y - 0.06),
        (x + 0.10, y + 0.06),
    ]
    corner = [
        (x + 0.03, y),
        (x + 0.05, y + 0.09),
        (x + 0.03, y + 0.19),
    ]
    smile_depth = 0.012 + 0.06 * au[12] + 0.06 * au[9] + 0.02 * au[20]
    return [
        _Fold(smile, width=0.05, blur=0.022, depth=smile_depth),
        _Fold(corner, width=0.05, blur=0.022, depth=0.055 * au[15]),
    ]


def _folds_of_the_eyes(au: Mapping[int, float]) -> list[_Fold]:
    """Between the brows, and below the eyes."""
    frown = [
        (0.07, -0.16),
        (0.06, -0.27),
        (0.075, -0.40),
    ]
    pouch = [
        (0.24, 0.13),
        (0.42, 0.185),
        (0.60, 0.13),
    ]
    pouch_depth = 0.010 + 0.022 * au[6] + 0.015 * au[7]
    return [
        _Fold(frown, width=0.045, blur=0.012, depth=0.045 * au[4]),
        _Fold(pouch, width=0.04, blur=0.016, depth=pouch_depth),
    ]


def _wrinkles(k: int, au: Mapping[int, float]) -> list[_Fold]:
    """One of three rows on the forehead, at the root of the nose and beside the eyes."""
    row = -0.56 - 0.10 * k
    root = -0.04 + 0.07 * k
    foot = 0.03 * (k - 1)
    forehead = [
        (0.0, row),
        (0.25, row - 0.04 * au[2]),
        (0.55, row + 0.02 - 0.02 * au[2]),
    ]
    nose = [
        (0.0, root),
        (0.08, root - 0.02),
        (0.14, root + 0.04),
    ]
    crows_foot = [
        (0.66, 0.02 + foot),
        (0.80, 0.02 + 3 * foot),
    ]
    return [
        _Fold(
            points=forehead,
            width=0.035,
            blur=0.012,
            depth=0.030 * min(au[1], 0.4 + au[2]),
        ),
        _Fold(
            points=nose,
            width=0.03,
            blur=0.010,
            depth=0.030 * au[9],
        ),
        _Fold(
            points=crows_foot,
            width=0.028,
            blur=0.008,
            depth=0.014 * au[6],
        ),
    ]


def _relief(c: Canvas, m: Muscles) -> np.ndarray:
    """Height of the face towards the camera, in units."""
    across = (c.x[None] / 1.06) ** 2
    down = ((c.y[:, None] + 0.02) / (1.52 * m.who.long + m.drop)) ** 2
    dome = 1 - across - down
    z = (0.92 * np.sqrt(np.maximum(dome, 0.04))).astype(np.float32)
    for bump in _bumps(m):
        right = np.exp(-0.5 * ((c.x - bump.x) / bump.wide) ** 2)
        left = np.exp(-0.5 * ((c.x + bump.x) / bump.wide) ** 2)
        rows = bump.height * np.exp(-0.5 * ((c.y - bump.y) / bump.high) ** 2)
        z += rows[:, None] * (right + left)
    for fold in _folds(m):
        if fold.depth <= 0.002:
            continue
        for side in BOTH:
            points = np.float32(fold.points) * (side, 1)
            where, mask = c.stroke(points, fold.width, fold.blur)
            z[where] -= fold.depth * mask
    return z


@lru_cache(maxsize=8)
def _grain(h: int, w: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Skin mottling and hair strands, about −1..1."""
    noise = np.random.default_rng(seed).standard_normal((h, w)).astype(np.float32)
    fine = cv2.GaussianBlur(noise, (0, 0), max(w / 200, 0.6))
    coarse = cv2.GaussianBlur(noise, (0, 0), w / 24)
    skin = fine * 0.6 + coarse * 4
    strands = cv2.GaussianBlur(noise[::-1], (0, 0), sigmaX=max(w / 500, 0.4), sigmaY=h / 14)
    strands += 1.5 * cv2.GaussianBlur(noise, (0, 0), sigmaX=w / 120, sigmaY=h / 10)
    skin = skin / (skin.std() + 1e-6) / 2
    strands = strands / (strands.std() + 1e-6) / 2
    return skin, strands


# Outlines of what is painted on the right side of the skin.
_EAR = (
    (0.90, -0.18),
    (1.05, -0.22),
    (1.10, -0.02),
    (1.04, 0.26),
    (0.92, 0.34),
)
_CONCHA = (
    (0.98, -0.10),
    (1.045, -0.04),
    (0.99, 0.18),
)
_CHEEK = (
    (0.36, 0.40),
    (0.55, 0.24),
    (0.76, 0.36),
    (0.62, 0.56),
)
_SOCKET = (
    (0.20, -0.02),
    (0.40, -0.20),
    (0.66, -0.08),
    (0.42, 0.12),
)
_UNDER_NOSE = (
    (-0.14, 0.545),
    (0, 0.56),
    (0.14, 0.545),
    (0, 0.61),
)
_NOSTRIL = (
    (0.045, 0.51),
    (0.085, 0.488),
    (0.13, 0.51),
    (0.08, 0.53),
)
_WING = (
    (0.175, 0.41),
    (0.21, 0.48),
    (0.17, 0.54),
)


def _paint_skin(c: Canvas, m: Muscles, z: np.ndarray, light: float) -> None:
    """Ears, then the lit skin inside the outline, then what colours it."""
    skin = np.float32(m.who.skin)
    c.shape(_EAR, skin * 0.74, sides=BOTH, cover=True)
    c.line(
        _CONCHA,
        colour=skin * 0.5,
        opacity=0.8,
        width=0.07,
        blur=0.025,
        sides=BOTH,
    )
    area = c.area(m.outline())
    lit = _lit(c, z, light)[area.where]
    mottle, _ = _grain(c.h, c.w, m.who.seed)
    bright = 0.36 + 0.72 * np.clip(lit * 0.9 + 0.1, 0, 1)
    k = bright * (1 + 0.012 * mottle[area.where])
    k = k[..., None]
    gloss = np.clip(lit, 0, 1)[..., None] ** 2
    gloss = (gloss * gloss * gloss) ** 4
    dark = skin * np.float32((0.80, 0.66, 0.60))  # shadows of skin are redder than skin
    tone = dark + (skin - dark) * np.clip(k * 1.15, 0, 1)
    c.paint(area, k * tone + 0.16 * gloss, cover=True)
    c.shape(
        _CHEEK,
        colour=skin * (1.0, 0.62, 0.58),
        opacity=0.22,
        blur=0.10,
        sides=BOTH,
    )
    c.shape(
        _SOCKET,
        colour=skin * (0.58, 0.44, 0.42),
        opacity=0.38,
        blur=0.05,
        sides=BOTH,
    )
    _paint_nose(c, m)


def _paint_nose(c: Canvas, m: Muscles) -> None:
    """The shadow under it, nostrils and wings."""
    skin = np.float32(m.who.skin)
    c.shape(
        _UNDER_NOSE,
        colour=skin * 0.45,
        opacity=0.5,
        blur=0.03,
    )
    wide = np.float32((m.who.nose, 1))
    raised = (0, 0.04 * m.au[9])
    nostril = np.float32(_NOSTRIL) - raised
    c.shape(
        nostril * wide,
        colour=skin * (0.26, 0.16, 0.14),
        opacity=0.85,
        blur=0.008,
        sides=BOTH,
    )
    wing = np.float32(_WING) - raised
    c.line(
        wing * wide,
        colour=skin * (0.5, 0.36, 0.32),
        opacity=0.6,
        width=0.022,
        blur=0.008,
        sides=BOTH,
    )


def _lit(c: Canvas, z: np.ndarray, light: float) -> np.ndarray:
    """How much light falls on each place of the relief: the cosine to where it comes from."""
    height = cv2.GaussianBlur(z, (0, 0), max(0.006 * c.unit, 0.5)) * np.float32(c.unit)
    gx = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    gy = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    sun = np.float32((np.sin(light), -0.42, 0.85))
    towards = -gx * sun[0] - gy * sun[1] + sun[2]
    steep = np.sqrt(gx * gx + gy * gy + 1)
    return towards / (steep * np.linalg.norm(sun))


def _paint_eyes(c: Canvas, m: Muscles, gaze: tuple[float, float]) -> None:
    skin = np.float32(m.who.skin)
    ring = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    circle = np.stack([np.cos(ring), np.sin(ring)], 1).astype(np.float32)
    disc = 0.098 * m.who.eyes * circle
    for side in BOTH:
        up, low = m.eye(side)
        _paint_eyeball(c, m, side, gaze, disc)
        crease = up * (1, 0.9) + (0.008 * side, -0.055 + 0.02 * m.au[5])
        c.line(
            crease,
            colour=skin * (0.42, 0.30, 0.27),
            opacity=0.7,
            width=0.022,
            blur=0.008,
        )
        c.line(
            low + (0, 0.008),
            colour=skin * (0.45, 0.32, 0.30),
            opacity=0.8,
            width=0.016,
            blur=0.005,
            taper=0.6,
        )
        c.line(
            up,
            colour=(0.10, 0.07, 0.06),
            opacity=0.95,
            width=0.040,
            blur=0.004,
            taper=0.5,
        )
    _paint_brows(c, m)


def _paint_eyeball(
    c: Canvas, m: Muscles, side: int, gaze: tuple[float, float], disc: np.ndarray
) -> None:
    """White, iris, pupil, the lid's shadow and a light, in the opening between the lids."""
    iris = np.float32(m.who.iris)
    up, low = m.eye(side)
    area = c.area(np.concatenate([up, low[::-1]]))
    eye = c.full(area)
    middle_x = side * 0.41 + 0.07 * gaze[0]
    middle_y = -0.018 + 0.05 * gaze[1]
    centre = np.float32((middle_x, middle_y))
    glint = centre + (-0.030, -0.034) + 0.20 * disc
    inner = centre + (0, 0.012) + 0.78 * disc
    c.paint(area, (0.93, 0.92, 0.90))
    c.paint(c.area(centre + disc), iris * 0.45, within=eye)
    c.paint(c.area(inner, 0.012), iris * 1.25, within=eye)
    c.paint(c.area(centre + 0.45 * disc), (0.03, 0.03, 0.03), within=eye)
    c.line(
        up + (0, 0.025),
        colour=(0.25, 0.18, 0.16),
        opacity=0.65,
        width=0.07,
        blur=0.018,
        within=eye,
    )
    c.paint(c.area(glint), (1, 1, 1), 0.95, within=eye)


def _paint_brows(c: Canvas, m: Muscles) -> None:
    hair = np.float32(m.who.hair_colour)
    c.line(
        m.brow,
        colour=hair * 0.75,
        opacity=0.80,
        width=0.105 * m.who.brows,
        blur=0.014,
        taper=0.55,
        sides=BOTH,
    )
    if c.unit <= _FINE:
        return
    for k, t in enumerate(np.linspace(0.02, 0.95, 22)):
        x = np.interp(3 * t, range(4), m.brow[:, 0])
        y = np.interp(3 * t, range(4), m.brow[:, 1])
        root = np.float32([x, y])
        single = [
            root + (-0.025, 0.030),
            root + (0.02 + 0.015 * (k % 3), -0.03 + 0.02 * t),
        ]
        c.line(
            single,
            colour=hair * 0.52,
            opacity=0.6,
            width=0.018,
            blur=0.003,
            taper=0.6,
            sides=BOTH,
        )


def _paint_mouth(c: Canvas, m: Muscles) -> None:
    skin = np.float32(m.who.skin)
    lip = skin * (0.82, 0.53, 0.53)
    up = curve(m.lip_up)
    low = curve(m.lip_low)
    top = curve(m.lip_top)
    rim = curve(m.lip_rim)
    if m.gap > 0.02:
        _paint_inside(c, m, up, low)
    c.paint(c.area(np.concatenate([low, rim[::-1]]), 0.008), lip)
    c.paint(c.area(np.concatenate([top, up[::-1]]), 0.008), lip * 0.80)
    shine = (m.lip_low + m.lip_rim) * (0.2, 0.5)
    c.line(
        shine,
        colour=np.minimum(lip * 1.35 + 0.08, 1),
        opacity=0.55,
        width=0.04,
        blur=0.018,
    )
    c.line(
        up,
        colour=skin * (0.30, 0.14, 0.14),
        opacity=0.85,
        width=0.020,
        blur=0.005,
        taper=0.4,
    )
    corner = m.corner + np.float32([(-0.03, 0), (0.03, 0)])
    c.line(
        corner,
        colour=skin * 0.35,
        opacity=0.55,
        width=0.04,
        blur=0.016,
        sides=BOTH,
    )


def _paint_inside(c: Canvas, m: Muscles, up: np.ndarray, low: np.ndarray) -> None:
    """Tongue and teeth in the opening between the lips' edges."""
    area = c.area(np.concatenate([up, low[::-1]]))
    inside = c.full(area)
    c.paint(area, (0.16, 0.05, 0.05))
    y = m.lip_low[4, 1]
    tongue = [
        (-0.16, y),
        (-0.08, y - 0.07),
        (0.08, y - 0.07),
        (0.16, y),
        (0, y + 0.06),
    ]
    c.shape(
        tongue,
        colour=(0.66, 0.30, 0.30),
        opacity=0.9 * min(1, m.drop * 6),
        blur=0.025,
        within=inside,
    )
    k = np.linspace(-1, 1, 17, dtype=np.float32)
    edge = m.lip_up[4, 1] + min(0.095, 0.8 * m.gap) - (0.10 * m.au[12] + 0.03) * k**2
    row = np.stack([0.85 * m.corner[0] * k, edge], 1)
    teeth = np.concatenate([row, np.float32([(1, 0.3), (-1, 0.3)])])
    c.paint(c.area(teeth, 0.006), (0.93, 0.91, 0.87), within=inside)
    if c.unit > _FINE:
        for x in np.arange(-5, 6) * 0.055:
            gap = [(x, 0.55), (x, np.interp(x, row[:, 0], row[:, 1]))]
            c.line(
                gap,
                colour=(0.58, 0.53, 0.50),
                opacity=0.5,
                width=0.007,
                blur=0.003,
                taper=0.0,
                within=inside,
            )
    gums = low * (0.8, 1) - (0, 0.05)
    lower = np.concatenate([gums, (low * (0.9, 1))[::-1]])
    c.paint(c.area(lower, 0.008), (0.86, 0.83, 0.79), m.au[16], within=inside)
    c.line(
        up,
        colour=(0.10, 0.03, 0.03),
        opacity=0.55,
        width=0.05,
        blur=0.02,
        taper=0.2,
        within=inside,
    )


# Right halves of hairline and outer edge, from the ear to the top, by Identity.hair.
_SHORT_LINE = (
    (0.985, -0.12),
    (0.90, -0.32),
    (0.84, -0.70),
    (0.55, -0.93),
    (0.0, -0.97),
)
_PARTED_LINE = (
    (0.985, -0.02),
    (0.90, -0.30),
    (0.82, -0.66),
    (0.50, -0.84),
    (-0.10, -0.98),
)
_LONG_LINE = (
    (1.14, 1.46),
    (0.99, 0.95),
    (0.97, 0.30),
    (0.93, 0.10),
    (0.88, -0.40),
    (0.62, -0.80),
    (0.0, -1.02),
)
_SHORT_EDGE = (
    (1.00, -0.15),
    (1.03, -0.60),
    (0.90, -1.06),
    (0.60, -1.35),
    (0.29, -1.47),
    (0.0, -1.50),
)
_PARTED_EDGE = (
    (1.01, -0.05),
    (1.07, -0.60),
    (0.95, -1.08),
    (0.65, -1.41),
    (0.32, -1.56),
    (0.0, -1.60),
)
_LONG_EDGE = (
    (1.16, 1.48),
    (1.24, 1.00),
    (1.22, 0.20),
    (1.16, -0.55),
    (0.98, -1.05),
    (0.66, -1.40),
    (0.33, -1.55),
    (0.0, -1.59),
)
_HAIRLINES = (_SHORT_LINE, _PARTED_LINE, _LONG_LINE)
_HAIR_EDGES = (_SHORT_EDGE, _PARTED_EDGE, _LONG_EDGE)
#: The left half where the hair is parted: the fringe sweeps lower on this side.
_FRINGE = (
    (-0.42, -0.80),
    (-0.74, -0.62),
    (-0.88, -0.32),
    (-0.985, -0.02),
)


def _paint_hair(c: Canvas, who: Identity) -> None:
    right = np.float32(_HAIRLINES[who.hair])
    rim = np.float32(_HAIR_EDGES[who.hair])
    left = (right * (-1, 1))[::-1][1:]
    if who.hair == 1:
        left = np.float32(_FRINGE)
    other_rim = (rim * (-1, 1))[::-1][1:]
    inner = curve(np.concatenate([right, left]))
    outer = curve(np.concatenate([rim, other_rim]))
    shadow = np.float32(who.skin) * 0.35
    c.line(
        inner + (0, 0.035),
        colour=shadow,
        opacity=0.45,
        width=0.07,
        blur=0.035,
        taper=0.0,
        within=c.alpha,
    )
    area = c.area(np.concatenate([inner, outer[::-1]]), 0.012)
    _, strands = _grain(c.h, c.w, who.seed)
    from_shine = c.y[:, None] + 1.22 - 0.25 * c.x[None] ** 2
    gloss = np.exp(-0.5 * (from_shine / 0.16) ** 2)
    sides = 1 - 0.35 * np.clip(np.abs(c.x[None]) - 0.5, 0, 1)
    tone = (0.86 + 0.30 * strands + 0.55 * gloss) * sides
    colour = np.float32(who.hair_colour) * tone[area.where][..., None] + 0.02
    c.paint(area, np.clip(colour, 0, 1), cover=True)


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
    who : the face.
    aus : intensities 0..1 by FACS number (see ``muscles.EXPRESSIONS``).
    unit : pixels per unit.
    mouth, blink : 0 closed .. 1 wide open, 0 open .. 1 shut.
    gaze : (right, down), −1..1.
    yaw, pitch : small turns, −1..1.
    light : where the light comes from, radians (negative: left).

    Returns
    -------
    float32 (3.75·unit, 3.2·unit, 4), 0..1, the point between the eyes at (1.6, 1.85)·unit.
    """
    c = Canvas(unit, HEAD)
    m = Muscles(who, aus, mouth, blink)
    z = _relief(c, m)
    _paint_skin(c, m, z, light)
    _paint_mouth(c, m)
    _paint_eyes(c, m, gaze)
    _paint_hair(c, who)
    rgba = np.dstack([c.rgb, c.alpha])
    if not (yaw or pitch):
        return rgba
    # Near parts move further than far ones.
    depth = cv2.GaussianBlur(z, (0, 0), 0.03 * unit) * float(0.30 * unit)
    columns = np.arange(c.w, dtype=np.float32)
    rows = np.arange(c.h, dtype=np.float32)
    x, y = np.meshgrid(columns, rows)
    from_x = x - float(yaw) * depth
    from_y = y - float(pitch) * depth
    return cv2.remap(rgba, from_x, from_y, cv2.INTER_LINEAR)
