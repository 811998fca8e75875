"""Faces varied as cameras and detectors vary them: for training parts only.

Taught in notebooks/03_face_data.
"""

import cv2
import numpy as np


def augment_faces(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Vary faces as cameras and detectors do: flip, shift, tilt, scale, light, an erased patch. For
    training only.

    Parameters
    ----------
    x : float32 (n, 48, 48, 1) in 0..255.

    Returns
    -------
    A changed copy of the same shape and range.
    """
    out = np.empty_like(x)
    size = x.shape[1]
    for i, face in enumerate(x[..., 0]):
        angle, scale = rng.uniform(-12, 12), rng.uniform(0.88, 1.12)
        turn = cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), angle, scale)
        turn[:, 2] += rng.uniform(-0.08, 0.08, 2) * size
        if rng.random() < 0.5:
            face = face[:, ::-1]
        face = cv2.warpAffine(
            np.ascontiguousarray(face), turn, (size, size), borderMode=cv2.BORDER_REPLICATE
        )
        mean = face.mean()
        face = (face - mean) * rng.uniform(0.8, 1.2) + mean + rng.uniform(-20, 20)
        if rng.random() < 0.2:
            h, w = rng.integers(size // 8, size // 3, 2)
            top, left = rng.integers(0, size - h), rng.integers(0, size - w)
            face[top : top + h, left : left + w] = rng.uniform(0, 255)
        out[i, ..., 0] = face
    return np.clip(out, 0, 255)


def jitter(x: np.ndarray, frames: int, rng: np.random.Generator) -> np.ndarray:
    """Each face as ``frames`` crops of one track: turned by about 2°, scaled by 2 %, shifted by 0.7
    of 48 pixels.

    (``faces.augment_faces`` varies far more, and mirrors: one person would look like several.)

    Parameters
    ----------
    x : uint8 (n, 48, 48, 1).

    Returns
    -------
    uint8 (n, frames, 48, 48, 1).
    """
    size = x.shape[1]
    out = np.empty((len(x), frames, *x.shape[1:]), np.uint8)
    for face, seen in zip(x, out, strict=True):
        for k in range(frames):
            turn = cv2.getRotationMatrix2D(
                ((size - 1) / 2,) * 2, rng.normal(0, 2), rng.normal(1, 0.02)
            )
            turn[:, 2] += rng.normal(0, 0.7, 2) * size / 48
            seen[k, ..., 0] = cv2.warpAffine(
                face[..., 0], turn, (size, size), borderMode=cv2.BORDER_REPLICATE
            )
    return out
