"""One picture → faces → tracked crops of 48×48 pixels, and what can be done to a crop.

``degradation`` (worse pictures) and ``fingerprints`` (near-duplicates) are modules of their own.
Taught in notebooks/03_face_data and notebooks/13_fusion.
"""

from .augmentation import augment_faces, augment_film_faces, augment_mixed_faces, jitter
from .crops import FACE_SIZE, MARGIN, SHIFT, Face, align_crop, as_rgb, cut_square
from .detectors import (
    DETECTORS,
    HAAR_SCALE,
    HAAR_SHIFT,
    BlazeFace,
    Haar,
    build_detector,
    detector_names,
    register_detector,
)
from .following import MAX_SIDE, FilmFace, cut_faces, fitted, follow
from .people import number_people
from .quality import sharpness
from .tracking import Tracker

__all__ = [
    "DETECTORS",
    "FACE_SIZE",
    "HAAR_SCALE",
    "HAAR_SHIFT",
    "MARGIN",
    "MAX_SIDE",
    "SHIFT",
    "BlazeFace",
    "Face",
    "FilmFace",
    "Haar",
    "Tracker",
    "align_crop",
    "as_rgb",
    "augment_faces",
    "augment_film_faces",
    "augment_mixed_faces",
    "build_detector",
    "cut_faces",
    "cut_square",
    "detector_names",
    "fitted",
    "follow",
    "jitter",
    "number_people",
    "register_detector",
    "sharpness",
]
