"""Faces varied as cameras and detectors vary them: for training parts only.

Taught in notebooks/03_face_data.
"""

import numpy as np

from . import effects


def augment_faces(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Vary faces as cameras and detectors do: flip, shift, tilt, scale, light, an erased patch.

    For training only.

    Parameters
    ----------
    x : float32 (n, 48, 48, 1) in 0..255.
    rng : decides everything that is drawn.

    Returns
    -------
    A changed copy of the same shape and range.

    Examples
    --------
    >>> grey = np.full((2, 48, 48, 1), 128, np.float32)
    >>> varied = augment_faces(grey, np.random.default_rng(0))
    >>> varied.shape, varied.dtype
    ((2, 48, 48, 1), dtype('float32'))
    >>> bool((varied == grey).all()), bool(varied.min() >= 0 and varied.max() <= 255)
    (False, True)
    """
    out = np.empty_like(x)
    for i, face in enumerate(x[..., 0]):
        face = _moved(face, rng, scales=(0.88, 1.12), shift=0.08)
        face = _relit(face, rng)
        out[i, ..., 0] = _erased(face, rng)
    return np.clip(out, 0, 255)


def augment_film_faces(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Vary faces as films do: beside the flip, tilt and patch of `augment_faces`, boxes too large
    or beside the face, poor light, blur and JPEG.

    For training only. The face is drawn at 0.7 to 1.15 of its size, shifted by up to 10 %, with
    0.4 to 1.2 of its contrast; every second face is blurred (σ up to 2 of 48 pixels) and every
    second one squeezed by JPEG (quality 15 to 90).

    Keras' layers (``RandomZoom`` and others) are not used: each resamples the picture once more,
    which blurs it, none knows JPEG, and what they draw does not go by ``rng``.

    Parameters
    ----------
    x : float32 (n, 48, 48, 1) in 0..255.
    rng : decides everything that is drawn.

    Returns
    -------
    A changed copy of the same shape and range. However dark or bright, no face is lost in black or
    white.

    Examples
    --------
    >>> ramp = np.tile(np.arange(48, dtype=np.float32)[:, None, None], (2, 1, 48, 1))
    >>> varied = augment_film_faces(ramp, np.random.default_rng(0))
    >>> varied.shape, varied.dtype
    ((2, 48, 48, 1), dtype('float32'))
    >>> bool((varied == ramp).all()), bool(varied.min() >= 0 and varied.max() <= 255)
    (False, True)
    """
    out = np.empty_like(x)
    for i, face in enumerate(x[..., 0]):
        face = _moved(face, rng, scales=(0.7, 1.15), shift=0.1)
        face = _lit_as_in_films(face, rng)
        face = _erased(face, rng)
        out[i, ..., 0] = _filmed(face, rng)
    return out


def augment_mixed_faces(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Vary about half of the faces by `augment_faces`, and the others by `augment_film_faces`: a
    network shall read films, and clean pictures no worse.

    For training only.

    Parameters
    ----------
    x : float32 (n, 48, 48, 1) in 0..255.
    rng : decides everything that is drawn.

    Returns
    -------
    A changed copy of the same shape and range.
    """
    out = np.empty_like(x)
    filmed = rng.random(len(x)) < 0.5
    out[filmed] = augment_film_faces(x[filmed], rng)
    out[~filmed] = augment_faces(x[~filmed], rng)
    return out


def _moved(
    face: np.ndarray,
    rng: np.random.Generator,
    scales: tuple[float, float],
    shift: float,
) -> np.ndarray:
    """Tilted by up to 12°, scaled, shifted by up to a share of its side, and every second one
    mirrored.
    """
    degrees = rng.uniform(-12, 12)
    scale = rng.uniform(*scales)
    shifts = rng.uniform(-shift, shift, 2) * len(face)
    if rng.random() < 0.5:
        face = face[:, ::-1]
    return effects.moved(face, degrees, scale, shifts)


def _relit(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """With up to 20 % more or less contrast, and up to 20 grey levels lighter or darker."""
    contrast = rng.uniform(0.8, 1.2)
    light = rng.uniform(-20, 20)
    return effects.contrasted(face, contrast) + light


def _lit_as_in_films(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """With 0.4 to 1.2 of its contrast, its mean grey up to a fifth nearer to black or white: never
    all the way.
    """
    face = effects.contrasted(face, rng.uniform(0.4, 1.2))
    light = rng.uniform(-0.2, 0.2)
    room = face.mean()
    if light > 0:
        room = 255 - room
    return np.clip(face + light * room, 0, 255)


def _filmed(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every second one blurred, every second one squeezed by JPEG."""
    sigma = rng.uniform(0.3, 2.0)
    quality = int(rng.integers(15, 91))
    is_blurred, is_coded = rng.random(2) < 0.5
    if is_blurred:
        face = effects.blurred(face, sigma)
    if is_coded:
        face = effects.coded(face, quality)
    return np.clip(face, 0, 255)


def _erased(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every fifth face with a rectangle of one grey."""
    if rng.random() >= 0.2:
        return face
    size = len(face)
    height, width = rng.integers(size // 8, size // 3, 2)
    top = rng.integers(0, size - height)
    left = rng.integers(0, size - width)
    hidden = face[top : top + height, left : left + width]
    hidden[:] = rng.uniform(0, 255)
    return face


def jitter(x: np.ndarray, frames: int, rng: np.random.Generator) -> np.ndarray:
    """Each face as the crops of one track: turned by about 2°, scaled by 2 %, shifted by 0.7 of 48
    pixels.

    (``faces.augment_faces`` varies far more, and mirrors: one person would look like several.)

    Parameters
    ----------
    x : uint8 (n, 48, 48, 1).
    frames : crops of each face.
    rng : decides everything that is drawn.

    Returns
    -------
    uint8 (n, frames, 48, 48, 1).
    """
    size = x.shape[1]
    out = np.empty((len(x), frames, *x.shape[1:]), np.uint8)
    for face, track in zip(x[..., 0], out, strict=True):
        for crop in track:
            degrees = rng.normal(0, 2)
            scale = rng.normal(1, 0.02)
            shift = rng.normal(0, 0.7, 2) * size / 48
            crop[..., 0] = effects.moved(face, degrees, scale, shift)
    return out
