"""Faces and voices varied as the world varies them: for training parts only. Taught in notebooks/03_face_data and
notebooks/05_voice_data.
"""

import cv2
import numpy as np

from .speech import PAD


def augment_faces(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Vary faces as cameras and detectors do: flip, shift, tilt, scale, light, an erased patch. For training only.

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
        face = cv2.warpAffine(np.ascontiguousarray(face), turn, (size, size), borderMode=cv2.BORDER_REPLICATE)
        mean = face.mean()
        face = (face - mean) * rng.uniform(0.8, 1.2) + mean + rng.uniform(-20, 20)
        if rng.random() < 0.2:
            h, w = rng.integers(size // 8, size // 3, 2)
            top, left = rng.integers(0, size - h), rng.integers(0, size - w)
            face[top : top + h, left : left + w] = rng.uniform(0, 255)
        out[i, ..., 0] = face
    return np.clip(out, 0, 255)


def augment_log_mel(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Vary log-mel windows: shorten, raise or lower the voice by up to two bands, hide bands and moments.

    The last two are SpecAugment (Park et al. 2019). For training only; padding stays padding.

    Parameters
    ----------
    x : float32 (n, frames, n_mels) in dB, padding rows ``speech.PAD`` at the end.
    """
    out = np.full_like(x, PAD)
    for i, clip in enumerate(x):
        rows = clip[clip[:, 0] != PAD]
        keep = max(1, int(len(rows) * rng.uniform(0.7, 1.0)))
        start = rng.integers(0, len(rows) - keep + 1)
        rows = rows[start : start + keep]
        shift = rng.integers(-2, 3)
        if shift:
            rows = np.roll(rows, shift, axis=1)
            edge = slice(0, shift) if shift > 0 else slice(shift, None)
            rows[:, edge] = rows[:, [shift if shift > 0 else shift - 1]]
        else:
            rows = rows.copy()
        quiet = rows.mean()
        for _ in range(2):
            width = rng.integers(0, 9)
            band = rng.integers(0, rows.shape[1] - width + 1)
            rows[:, band : band + width] = quiet
            width = rng.integers(0, max(1, len(rows) // 6) + 1)
            moment = rng.integers(0, len(rows) - width + 1)
            rows[moment : moment + width] = quiet
        out[i, : len(rows)] = rows
    return out
