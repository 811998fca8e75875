"""Who is drawn, and where the parts of a face go when its muscles move: FACS action units.

What moves is named by the action units of the Facial Action Coding System (Ekman and Friesen 1978;
the prototypes per emotion after Ekman, Friesen and Hager 2002). Lengths are in *units*: half the
width of the head; x to the right, y down, the origin between the eyes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .canvas import curve, mirror

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

#: The action units that move the drawing.
UNITS = (1, 2, 4, 5, 6, 7, 9, 12, 15, 16, 20, 23, 25, 26)

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
_IRISES = (
    (0.28, 0.18, 0.10),
    (0.36, 0.26, 0.12),
    (0.30, 0.42, 0.52),
    (0.30, 0.40, 0.28),
)
#: The right half of the head's contour, from the top to the chin.
_CONTOUR = (
    (0, -1.38),
    (0.42, -1.33),
    (0.80, -1.04),
    (0.96, -0.55),
    (0.97, 0.0),
    (0.93, 0.42),
    (0.82, 0.80),
    (0.60, 1.10),
    (0.30, 1.29),
    (0, 1.335),
)


@dataclass(frozen=True)
class Identity:
    """Who is drawn: colours (RGB 0..1), ``hair`` (0 short, 1 parted, 2 long), factors around 1."""

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
        hairs = _HAIRS
        irises = _IRISES
        if skin > 1:  # dark skin comes with dark hair and eyes here
            hairs = _HAIRS[:2]
            irises = _IRISES[:2]
        return cls(
            skin=_SKINS[skin],
            hair_colour=hairs[rng.integers(len(hairs))],
            iris=irises[rng.integers(len(irises))],
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


class Muscles:
    """Where the movable parts are, for a set of action units and an opening of the mouth.

    Parameters
    ----------
    who : the face.
    aus : intensities 0..1 by FACS number.
    mouth : 0 closed .. 1 wide open, beside what the action units do.
    blink : 0 open .. 1 shut.
    """

    def __init__(self, who: Identity, aus: Mapping[int, float], mouth: float, blink: float):
        self.who = who
        self.au = {n: float(aus.get(n, 0.0)) for n in UNITS}
        jaw = self.au[26]
        self.drop = 0.30 * jaw + 0.20 * mouth * (1 - 0.6 * jaw)  # of the jaw, units
        self.brow = self._brow()
        self._move_lids(blink)
        self._move_lips(mouth)

    def _brow(self) -> np.ndarray:
        """Four points of the right brow, from the nose outwards."""
        au = self.au
        inner_x = 0.16 - 0.06 * au[4]
        inner_y = -0.34 - 0.19 * au[1]
        inner_y = inner_y + 0.12 * au[4] + 0.11 * au[9]
        second_x = 0.31 - 0.04 * au[4]
        second_y = -0.40 - 0.12 * au[1] - 0.05 * au[2]
        second_y = second_y + 0.09 * au[4] + 0.08 * au[9]
        third_y = -0.415 - 0.01 * au[1] - 0.16 * au[2]
        third_y = third_y + 0.06 * au[4] + 0.02 * au[9]
        outer_y = -0.325 + 0.03 * au[1] - 0.17 * au[2]
        outer_y = outer_y + 0.02 * au[4] + 0.02 * au[6]
        return np.float32(
            [
                (inner_x, inner_y),
                (second_x, second_y),
                (0.51, third_y),
                (0.71, outer_y),
            ]
        )

    def _move_lids(self, blink: float) -> None:
        au = self.au
        size = self.who.eyes
        squint = 0.45 * au[7] + 0.40 * au[6] + 0.40 * au[9]
        opened = 1 + 0.50 * au[5] - 0.35 * squint - 0.18 * au[15]
        wide = 0.118 * opened
        shut = 1 - blink
        self.lid_up = -wide * size * shut + 0.05 * blink
        low_opened = 1 - 0.75 * squint + 0.12 * au[5]
        below = max(0.085 * low_opened, 0.02)
        self.lid_low = below * size * (1 - 0.3 * blink)
        # The inner end of the lid goes up with AU1+4.
        self.slant = 0.030 * au[1] * au[4] + 0.02 * au[15]

    def _move_lips(self, mouth: float) -> None:
        au = self.au
        spread = 0.34 + 0.14 * au[12] + 0.11 * au[20]
        spread = spread - 0.04 * au[23] - 0.08 * au[26]
        w = self.who.mouth * (spread - 0.05 * mouth)
        opening = 0.95 * self.drop + 0.15 * au[25]
        opening = opening + 0.04 * au[20] * au[26]
        corner = 0.800 - 0.15 * au[12] + 0.115 * au[15]
        corner = corner + 0.03 * au[20] + 0.45 * self.drop
        thin = 1 - 0.55 * au[23] - 0.30 * au[12]
        thin = thin * self.who.lips
        # The lower edge of the upper lip, and the upper edge of the lower one.
        up = 0.795 - 0.065 * au[9] - 0.02 * au[25] - 0.02 * au[26]
        low = 0.797 + opening + 0.06 * au[16] - 0.03 * au[15]
        round_ = min(opening / 0.22, 1.0)
        round_ = round_ * (1 - 0.8 * au[12]) * (1 - 0.5 * au[20])

        def lip(middle: float, shift: float = 0.0) -> np.ndarray:
            """From corner to corner through ``middle``: a parabola when shut, rounder when open."""
            k = np.float32([0, 0.35, 0.62, 0.86, 1])
            parabola = (1 - round_) * k**2
            circle = round_ * (1 - np.sqrt(1 - k**2))
            to_corner = (parabola + circle) * (corner - middle)
            y = middle + shift * (1 - k**4) + to_corner
            half = np.stack([w * k, y], axis=1)
            mirrored = half * (-1, 1)
            other = mirrored[:0:-1]
            both = np.concatenate([other, half])
            return both.astype(np.float32)

        self.corner = np.float32((w, corner))
        self.lip_up = lip(up)
        self.lip_low = lip(low)
        self.lip_top = lip(up, -0.095 * thin)
        self.lip_top[4, 1] += 0.018 * thin  # Cupid's bow
        self.lip_rim = lip(low, (0.115 + 0.02 * au[16]) * thin)
        self.gap = low - up
        self.rim = float(self.lip_rim[4, 1])

    def outline(self) -> np.ndarray:
        """The head's closed contour; what lies below the nose follows the jaw."""
        x, y = np.float32(_CONTOUR).T
        low = np.clip((y - 0.3) / 1.0, 0, 1)
        x = x * (1 + (self.who.jaw - 1) * low - 0.06 * low * self.drop)
        y = y * self.who.long + low * self.drop
        half = np.stack([x, y], axis=1)
        return curve(mirror(half), closed=True)

    def eye(self, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Upper and lower lid from the inner to the outer corner."""
        r = 0.19 * self.who.eyes
        inner = (0.41 - r, 0.025 - self.slant)
        outer = (0.41 + r, -0.005 + self.slant)
        inner_up = self.lid_up * 0.78 - self.slant
        outer_up = self.lid_up * 0.66 + self.slant
        up = [
            inner,
            (0.41 - 0.5 * r, inner_up),
            (0.42, self.lid_up),
            (0.41 + 0.62 * r, outer_up),
            outer,
        ]
        corner_low = self.lid_low * 0.75
        low = [
            inner,
            (0.41 - 0.4 * r, corner_low),
            (0.43, self.lid_low),
            (0.41 + 0.6 * r, corner_low),
            outer,
        ]
        upper = curve(up) * (side, 1)
        lower = curve(low) * (side, 1)
        return upper, lower
