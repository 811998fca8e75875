"""What can be done to one crop of a face: moved, blurred, paler, smaller, squeezed by JPEG.

Each takes float32 (48, 48) and gives the same; with grey levels in 0..255 `augmentation` and
`degradation` see to it that they stay there.
"""

from collections.abc import Sequence

import cv2
import numpy as np


def moved(
    face: np.ndarray,
    degrees: float = 0.0,
    scale: float = 1.0,
    shift: Sequence[float] = (0.0, 0.0),
) -> np.ndarray:
    """Turned and scaled about the middle, then shifted; the edge is repeated outside.

    All in one step: a picture that is resampled three times is blurred three times.

    Parameters
    ----------
    face : float32 or uint8 (48, 48).
    degrees : counterclockwise.
    scale : size of the face; below 1 it is smaller, as if the detector's box were too large.
    shift : (x, y) in pixels, to the right and down.
    """
    size = len(face)
    middle = (size - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), degrees, scale)
    matrix[:, 2] += shift
    whole = np.ascontiguousarray(face)
    return cv2.warpAffine(whole, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)


def blurred(face: np.ndarray, sigma: float) -> np.ndarray:
    """Out of focus: a Gaussian of ``sigma`` pixels, mirrored at the edges."""
    return cv2.GaussianBlur(face, (0, 0), sigma)


def contrasted(face: np.ndarray, factor: float) -> np.ndarray:
    """Each pixel's distance from the mean grey times ``factor``."""
    mean = face.mean()
    return (face - mean) * factor + mean


def shrunk(face: np.ndarray, pixels: int) -> np.ndarray:
    """As small as ``pixels`` on each side, then enlarged again: a face far from the camera."""
    size = len(face)
    small = cv2.resize(face, (pixels, pixels), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR)


def coded(face: np.ndarray, quality: int) -> np.ndarray:
    """Written as JPEG and read again (by OpenCV); grey levels become whole numbers.

    Parameters
    ----------
    face : float32 (48, 48) in 0..255.
    quality : 1 (smallest file) .. 100 (hardly changed).
    """
    pixels = np.rint(face).astype(np.uint8)
    _, file = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(file, cv2.IMREAD_GRAYSCALE).astype(np.float32)
