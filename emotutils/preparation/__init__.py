"""From published sets to training arrays, step by step (thesis 4.7).

Taught in notebooks/03_face_data, notebooks/04_film_data, notebooks/05_voice_data and notebooks/14_one_network.
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
from .pairs import (
    FACES_EACH,
    FRAMES,
    UNITS,
    Pairs,
    PairSet,
    augment_pairs,
    film_faces,
    is_pairs,
    jitter,
    load_pairs,
    pair_up,
    units_part,
)
from .parts import Part, extract_features, face_part, load_joblib, part, save_joblib, voice_part, window_features

__all__ = [
    "FACES_EACH",
    "FRAMES",
    "UNITS",
    "PairSet",
    "Pairs",
    "Part",
    "Prepared",
    "augment_pairs",
    "balance",
    "check_files",
    "clean",
    "describe",
    "extract_faces",
    "extract_features",
    "face_part",
    "film_faces",
    "is_pairs",
    "jitter",
    "load_joblib",
    "load_pairs",
    "pair_up",
    "part",
    "prepare_films",
    "publish",
    "save_joblib",
    "sharpness",
    "shuffle",
    "sort_into_folders",
    "units_part",
    "voice_part",
    "window_features",
]
