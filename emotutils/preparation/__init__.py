"""From published sets to training arrays, step by step (thesis 4.7).

Taught in notebooks/03_face_data, notebooks/04_film_data and notebooks/05_voice_data.
"""

from .facts import describe, publish
from .films import (
    Prepared,
    balance,
    check_files,
    clean,
    extract_faces,
    prepare_films,
    sharpness,
    shuffle,
    sort_into_folders,
)
from .parts import Part, extract_features, face_part, load_joblib, part, save_joblib, voice_part, window_features

__all__ = [
    "Part",
    "Prepared",
    "balance",
    "check_files",
    "clean",
    "describe",
    "extract_faces",
    "extract_features",
    "face_part",
    "load_joblib",
    "part",
    "prepare_films",
    "publish",
    "save_joblib",
    "sharpness",
    "shuffle",
    "sort_into_folders",
    "voice_part",
    "window_features",
]
