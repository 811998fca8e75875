"""How good a crop of a face is.

Taught in notebooks/04_film_data.
"""

import cv2
import numpy as np


def sharpness(picture: np.ndarray) -> float:
    """How sharp a grey picture is: variance of its Laplacian, divided by the picture's own.

    The plain variance (Pech-Pacheco et al. 2000, doi:10.1109/ICPR.2000.903548) also grows with
    contrast: a threshold on it removes dark pictures and dark faces first. Divided, it does not
    depend on how bright or strong the picture is.

    Parameters
    ----------
    picture : uint8 or float64 (height, width), grey.

    Returns
    -------
    float, from 0: of a constant picture, or one blurred to nothing.

    Examples
    --------
    >>> edge = np.zeros((48, 48), np.uint8)
    >>> edge[:, 24:] = 200
    >>> blurred = cv2.GaussianBlur(edge, (0, 0), 3)
    >>> sharpness(edge) > 10 * sharpness(blurred) > 0
    True
    >>> sharpness(edge // 4) == sharpness(edge)  # a darker picture is as sharp
    True
    >>> sharpness(np.zeros((48, 48), np.uint8))
    0.0
    """
    variance = picture.var()
    if variance == 0:
        return 0.0
    edges = cv2.Laplacian(picture, cv2.CV_64F)
    return float(edges.var() / variance)
