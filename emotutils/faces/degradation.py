"""What can be done to a crop of a face to make it worse.

Each takes numbers (n, 48, 48, 1) in 0..255 and gives float32 of the same shape and range. Taught in
notebooks/11_evaluation.
"""

from collections.abc import Callable

import numpy as np

from . import effects

_GREY = 128


def brightness(x: np.ndarray, levels: float) -> np.ndarray:
    """Brighter or darker faces. What would leave 0..255 is cut off, and lost.

    Parameters
    ----------
    x : numbers (n, 48, 48, 1) in 0..255.
    levels : grey levels added; below 0 is darker.

    Returns
    -------
    float32, the shape of ``x``, in 0..255.

    Examples
    --------
    >>> brightness(np.array([[[[100], [250]]]]), 20).ravel()
    array([120., 255.], dtype=float32)
    """
    brighter = x.astype(np.float32) + np.float32(levels)
    return np.clip(brighter, 0, 255)


def blur(x: np.ndarray, sigma: float) -> np.ndarray:
    """Faces out of focus: a Gaussian, mirrored at the edges.

    Parameters
    ----------
    x : numbers (n, 48, 48, 1) in 0..255.
    sigma : width of the Gaussian in pixels (of 48); 0 changes nothing.

    Returns
    -------
    float32, the shape of ``x``, in 0..255.
    """
    if sigma == 0:
        return x.astype(np.float32)
    return _each(x, lambda face: effects.blurred(face, sigma))


def occlusion(x: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Faces partly covered by a mid-grey square (128), at a place drawn for each.

    Parameters
    ----------
    x : numbers (n, 48, 48, 1) in 0..255.
    share : how much of the face is covered, 0..1, to the nearest whole side.
    rng : draws the places.

    Returns
    -------
    float32, the shape of ``x``, in 0..255.
    """
    out = x.astype(np.float32)
    side = round(x.shape[1] * np.sqrt(share))
    # Drawn as a part of the room there is: the same generator puts smaller and larger squares
    # alike.
    room = x.shape[1] - side + 1
    drawn = rng.random((len(x), 2)) * room
    corners = drawn.astype(int)
    for face, corner in zip(out, corners, strict=True):
        top, left = corner
        face[top : top + side, left : left + side] = _GREY
    return out


def tilt(x: np.ndarray, degrees: float, rng: np.random.Generator) -> np.ndarray:
    """Faces turned about the middle, to the side that is drawn for each; corners repeat the edge.

    Parameters
    ----------
    x : numbers (n, 48, 48, 1) in 0..255.
    degrees : by which all are turned.
    rng : draws the sides.

    Returns
    -------
    float32, the shape of ``x``, in 0..255.
    """
    return _each(x, lambda face: effects.moved(face, degrees * rng.choice((-1, 1))))


def jpeg(x: np.ndarray, quality: int) -> np.ndarray:
    """Faces written as JPEG and read again (by OpenCV); grey levels become whole numbers.

    Parameters
    ----------
    x : numbers (n, 48, 48, 1) in 0..255.
    quality : 1 (smallest file) .. 100 (hardly changed).

    Returns
    -------
    float32, the shape of ``x``, in 0..255.
    """
    return _each(x, lambda face: effects.coded(face, quality))


def scale(x: np.ndarray, factor: float) -> np.ndarray:
    """Faces smaller or larger in their crop, as if the detector's box were too large or too small.

    Parameters
    ----------
    x : numbers (n, 48, 48, 1) in 0..255.
    factor : of the face's size; below 1 the crop's edge is repeated around it. 1 changes nothing.

    Returns
    -------
    float32, the shape of ``x``, in 0..255.
    """
    return _each(x, lambda face: effects.moved(face, scale=factor))


def shift(x: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Faces beside the middle of their crop, in a direction drawn for each; the edge is repeated.

    Parameters
    ----------
    x : numbers (n, 48, 48, 1) in 0..255.
    share : how far, as a share of the crop's side.
    rng : draws the directions.

    Returns
    -------
    float32, the shape of ``x``, in 0..255.
    """
    distance = share * x.shape[1]

    def beside(face: np.ndarray) -> np.ndarray:
        angle = rng.uniform(0, 2 * np.pi)
        direction = np.array([np.cos(angle), np.sin(angle)])
        return effects.moved(face, shift=distance * direction)

    return _each(x, beside)


def contrast(x: np.ndarray, factor: float) -> np.ndarray:
    """Faces with less or more contrast around their own mean grey.

    Parameters
    ----------
    x : numbers (n, 48, 48, 1) in 0..255.
    factor : of each pixel's distance from the mean; 1 changes nothing. What would leave 0..255 is
        cut off.

    Returns
    -------
    float32, the shape of ``x``, in 0..255.
    """
    return _each(x, lambda face: effects.contrasted(face, factor))


def resolution(x: np.ndarray, pixels: int) -> np.ndarray:
    """Faces that were so small in their picture: shrunk, then enlarged again.

    Parameters
    ----------
    x : numbers (n, 48, 48, 1) in 0..255.
    pixels : on each side of the small face; 48 changes nothing.

    Returns
    -------
    float32, the shape of ``x``, in 0..255.
    """
    return _each(x, lambda face: effects.shrunk(face, pixels))


def film(x: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Faces with all that a film may do to them at once, drawn for each.

    At strength 1 a face has 0.65 to 1.3 of its size, is shifted by up to 10 % of the crop in each
    direction, has 0.4 to 1 of its contrast, is blurred (σ 0.2 to 1 of 48 pixels), has 20 to 48
    pixels, and went through JPEG of quality 20 to 80. At lower strengths the same is drawn, nearer
    to no change. The ranges are assumed, not measured on films.

    Parameters
    ----------
    x : numbers (n, 48, 48, 1) in 0..255.
    strength : 0 (no change) .. 1.
    rng : decides everything that is drawn.

    Returns
    -------
    float32, the shape of ``x``, in 0..255.
    """
    if strength == 0:
        return x.astype(np.float32)
    return _each(x, lambda face: _filmed(face, strength, rng))


def _filmed(face: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """One face as `film` says."""
    size = len(face)
    zoom = rng.uniform(np.log(0.65), np.log(1.3))
    shifts = rng.uniform(-0.1, 0.1, 2) * size
    paler = rng.uniform(0, 0.6)
    sigma = rng.uniform(0.2, 1)
    smaller = rng.uniform(0, 1.4)
    squeezed = rng.uniform(20, 80)
    face = effects.moved(face, scale=np.exp(strength * zoom), shift=strength * shifts)
    face = effects.contrasted(face, 1 - strength * paler)
    face = effects.blurred(face, strength * sigma)
    face = effects.shrunk(face, round(size / (1 + strength * smaller)))
    return effects.coded(np.clip(face, 0, 255), round(100 - strength * squeezed))


def _each(x: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """``change`` done to each face as float32 (48, 48).

    Weights that do not quite add up to 1 may not leave 0..255.
    """
    faces = x[..., 0].astype(np.float32)
    changed = np.stack([change(face) for face in faces])
    return np.clip(changed, 0, 255)[..., None]
