"""What somebody looks like, roughly: enough to tell the people of one film apart.

Two measures without a trained network. The *details* are gradients of the level crop, in which
light and contrast count little; the *colours* are those of hair, skin and clothes. Neither knows
anybody: across films, years or other clothes they say nothing.

They are a person's likeness all the same. They stay in memory, as one mean for each track, and are
gone when the film is read: nothing here is ever written to a file.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from .crops import FACE_SIZE, Face

#: Two tracks may be one person from this cosine of their details on: at most one pair in 1,000 of
#: different FER2013 PublicTest faces reaches it (``studies.identity``).
DETAILS = 0.908
#: And up to this distance (CIELAB, 1976) of hair, skin and clothes: 95 of 100 pairs of tracks of
#: one drawn person, in another light, keep within it.
COLOURS = 8.3
#: From one picture to the next a face at the same place is somebody else below this cosine, or
#: beyond this distance of hair or skin: no stand-in that stayed comes near.
OTHER_DETAILS = 0.75
OTHER_COLOURS = 25.0

#: Of the crop, in pixels: 9 overlapping blocks of 24, each 4 cells with 12 directions.
_GRADIENTS = cv2.HOGDescriptor((FACE_SIZE, FACE_SIZE), (24, 24), (12, 12), (12, 12), 12)
#: Middle and half the size of the places whose colours count, in face sides from the face's middle:
#: x, y, half the width, half the height.
_PLACES = (
    (0.0, -0.75, 0.35, 0.15),  # hair
    (0.0, 0.05, 0.30, 0.35),  # skin
    (0.0, 1.45, 0.60, 0.35),  # clothes
)
_SKIN = 1
_CLOTHES = 2
_POINTS = np.linspace(-1, 1, 8)  #: of each place 8 x 8 pixels are looked at


@dataclass(frozen=True, eq=False)
class Look:
    """What one face looks like in one picture, or on the mean of several.

    Attributes
    ----------
    details : float32 (432,), gradients of the crop.
    colours : float32 (3, 3), CIELAB of hair, skin and clothes; lightness relative to the skin's
        (that of the skin halved); NaN of what lies outside the picture.
    n : how many pictures.
    """

    details: np.ndarray
    colours: np.ndarray
    n: int = 1

    def joined(self, other: "Look") -> "Look":
        """The mean over the pictures of both."""
        n = self.n + other.n
        share = other.n / n
        details = (1 - share) * self.details + share * other.details
        colours = (1 - share) * self.colours + share * other.colours
        colours = np.where(np.isnan(self.colours), other.colours, colours)
        colours = np.where(np.isnan(other.colours), self.colours, colours)
        return Look(details, colours, n)


def look(image: np.ndarray, face: Face, crop: np.ndarray) -> Look:
    """Measure a face in its picture; takes about 0.2 ms.

    Parameters
    ----------
    image : uint8 RGB (h, w, 3).
    face : where the face is in it.
    crop : of that face, float32 (48, 48, 1), as `align_crop` gives it.

    Examples
    --------
    >>> picture = np.full((90, 90, 3), 128, np.uint8)
    >>> seen = look(picture, Face(30, 30, 30, 30, score=1.0), np.zeros((48, 48, 1), np.float32))
    >>> seen.details.shape, seen.colours.shape, seen.n
    ((432,), (3, 3), 1)
    """
    return Look(details(crop[..., 0]), _colours(image, face))


def details(crop: np.ndarray) -> np.ndarray:
    """Gradients of a grey crop, after light and contrast were evened out around each pixel.

    Parameters
    ----------
    crop : float32 (48, 48), grey 0..255.

    Returns
    -------
    float32 (432,).
    """
    smooth = cv2.GaussianBlur(crop, (5, 5), 1.0)
    around = (17, 17)
    rest = smooth - cv2.blur(smooth, around)
    power = cv2.blur(rest * rest, around)
    spread = np.sqrt(power.clip(0))  # running sums round to just below 0
    # Four grey levels more, or the noise of a plain wall would count as much as an eye.
    even = rest / (spread + 4)
    grey = 128 + 40 * even
    grey = grey.clip(0, 255)
    return _GRADIENTS.compute(grey.astype(np.uint8))


def _colours(image: np.ndarray, face: Face) -> np.ndarray:
    height, width = image.shape[:2]
    x, y = face.centre
    pixels = np.zeros((len(_PLACES), 64, 3), np.uint8)
    outside = np.zeros(len(_PLACES), bool)
    for k, (right, down, half_width, half_height) in enumerate(_PLACES):
        columns = right + half_width * _POINTS
        columns = x + face.side * columns
        rows = down + half_height * _POINTS
        rows = y + face.side * rows
        there = (rows >= 0) & (rows < height)
        outside[k] = there.mean() < 0.5
        columns = columns.clip(0, width - 1)
        columns = columns.astype(int)
        rows = rows.clip(0, height - 1)
        rows = rows.astype(int)
        place = image[rows[:, None], columns]
        pixels[k] = place.reshape(-1, 3)
    shares = pixels.astype(np.float32) / 255
    lab = cv2.cvtColor(shares, cv2.COLOR_RGB2LAB)
    means = lab.mean(axis=1)
    light = means[_SKIN, 0]
    means[:, 0] -= light
    means[_SKIN, 0] = light / 2
    outside[_SKIN] = False
    means[outside] = np.nan
    return means


def alike(a: Look, b: Look, *, clothes: bool = True) -> float:
    """How surely two looks are one person's, the weaker of both measures: up to 1, the same; from 0
    on they may be; below they are kept apart. ``clothes``: whether their colours count.
    """
    details = (cosine(a, b) - DETAILS) / (1 - DETAILS)
    places = None if clothes else _CLOTHES
    colours = 1 - np.nanmax(_distances(a, b)[:places]) / COLOURS
    return float(min(details, colours))


def is_other(a: Look, b: Look) -> bool:
    """Whether a face that is where another one was a moment ago is plainly somebody else's.

    Clothes do not count here: a hand may pass before them.
    """
    changed = _distances(a, b)[:_CLOTHES]
    return bool(0 < cosine(a, b) < OTHER_DETAILS or np.nanmax(changed) > OTHER_COLOURS)


def cosine(a: Look, b: Look) -> float:
    """Of the angle between two looks' details, 0..1; 0 where one has none."""
    lengths = np.linalg.norm(a.details)
    lengths = lengths * np.linalg.norm(b.details)
    if not lengths:
        return 0.0
    product = a.details @ b.details
    return float(product / lengths)


def distance(a: Look, b: Look) -> float:
    """The largest distance in CIELAB between the colours of hair, of skin, or of clothes."""
    distances = _distances(a, b)
    return float(np.nanmax(distances))


def _distances(a: Look, b: Look) -> np.ndarray:
    """In CIELAB, of hair, skin and clothes; NaN of what one of the two does not show."""
    return np.linalg.norm(a.colours - b.colours, axis=1)
