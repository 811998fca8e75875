"""How good a crop of a face is.

Taught in notebooks/04_film_data.
"""

import cv2
import numpy as np


def sharpness(picture: np.ndarray) -> float:
    """Variance of the Laplacian of a grey picture, divided by the picture's own variance; 0 for a
    constant one.

    The plain variance (Pech-Pacheco et al. 2000, doi:10.1109/ICPR.2000.903548) also grows with
    contrast: a threshold on it removes dark pictures and dark faces first. Divided, it does not
    depend on how bright or strong the picture is.
    """
    variance = picture.var()
    return float(cv2.Laplacian(picture, cv2.CV_64F).var() / variance) if variance else 0.0
