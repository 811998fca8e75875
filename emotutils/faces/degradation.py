"""What can be done to a crop of a face to make it worse.

Taught in notebooks/11_evaluation.
"""

from collections.abc import Callable

import cv2
import numpy as np

# --- faces: numbers (n, 48, 48, 1) in 0..255 → float32 of the same shape and range ----------------


def brightness(x: np.ndarray, levels: float) -> np.ndarray:
    """Faces with so many grey levels added (below 0: darker). What would leave 0..255 is cut off,
    and lost.
    """
    return np.clip(x.astype(np.float32) + np.float32(levels), 0, 255)


def blur(x: np.ndarray, sigma: float) -> np.ndarray:
    """Faces out of focus: a Gaussian of ``sigma`` pixels (of 48), mirrored at the edges. 0 changes
    nothing.
    """
    return (
        x.astype(np.float32)
        if sigma == 0
        else _each(x, lambda face: cv2.GaussianBlur(face, (0, 0), sigma))
    )


def occlusion(x: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Faces of which a mid-grey square (128) covers ``share`` (0..1, to the nearest whole side), at
    a place drawn.
    """
    out, side = x.astype(np.float32), round(x.shape[1] * np.sqrt(share))
    # Drawn as a part of the room there is: the same generator puts smaller and larger squares
    # alike.
    places = (rng.random((len(x), 2)) * (x.shape[1] - side + 1)).astype(int)
    for face, (top, left) in zip(out, places, strict=True):
        face[top : top + side, left : left + side] = 128
    return out


def tilt(x: np.ndarray, degrees: float, rng: np.random.Generator) -> np.ndarray:
    """Faces turned by ``degrees`` about the middle, to the side that is drawn for each; corners
    repeat the edge.
    """
    middle = (x.shape[1] - 1) / 2

    def turned(face: np.ndarray) -> np.ndarray:
        matrix = cv2.getRotationMatrix2D((middle, middle), degrees * rng.choice((-1, 1)), 1)
        return cv2.warpAffine(face, matrix, face.shape, borderMode=cv2.BORDER_REPLICATE)

    return _each(x, turned)


def jpeg(x: np.ndarray, quality: int) -> np.ndarray:
    """Faces written as JPEG of ``quality`` 1..100 and read again (by OpenCV); grey levels become
    whole numbers.
    """

    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    files = [cv2.imencode(".jpg", face, options)[1] for face in np.rint(x).astype(np.uint8)]
    return np.stack([cv2.imdecode(file, cv2.IMREAD_GRAYSCALE) for file in files]).astype(
        np.float32
    )[..., None]


def _each(x: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """``change`` done to each face as float32 (48, 48); weights that do not quite add up to 1 may
    not leave 0..255.
    """
    return np.clip(np.stack([change(face) for face in x[..., 0].astype(np.float32)]), 0, 255)[
        ..., None
    ]
