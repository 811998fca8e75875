"""Faces varied as cameras and detectors vary them: for training parts only.

Taught in notebooks/03_face_data.
"""

import cv2
import numpy as np


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
        face = _moved(face, rng)
        face = _relit(face, rng)
        out[i, ..., 0] = _erased(face, rng)
    return np.clip(out, 0, 255)


def _moved(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Tilted by up to 12°, scaled by 12 %, shifted by 8 %, and every second one mirrored."""
    size = len(face)
    degrees = rng.uniform(-12, 12)
    scale = rng.uniform(0.88, 1.12)
    shift = rng.uniform(-0.08, 0.08, 2) * size
    if rng.random() < 0.5:
        face = face[:, ::-1]
    return _warped(face, degrees, scale, shift)


def _relit(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """With up to 20 % more or less contrast, and up to 20 grey levels lighter or darker."""
    mean = face.mean()
    contrast = rng.uniform(0.8, 1.2)
    light = rng.uniform(-20, 20)
    return (face - mean) * contrast + mean + light


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
            crop[..., 0] = _warped(face, degrees, scale, shift)
    return out


def _warped(
    face: np.ndarray,
    degrees: float,
    scale: float,
    shift: np.ndarray,
) -> np.ndarray:
    """Turned and scaled about the middle, then shifted (pixels); the edge is repeated outside."""
    size = len(face)
    middle = (size - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), degrees, scale)
    matrix[:, 2] += shift
    whole = np.ascontiguousarray(face)
    return cv2.warpAffine(whole, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)
