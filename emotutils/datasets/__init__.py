"""The data sets of the course, each read in the layout in which it is published.

``load("fer2013")``, ``load("ravdess")``, ``load("tess")`` …; several voices as one with ``+``:
``"ravdess+tess"`` (spoken) and ``"ravdess+ravdess-song+tess"`` (the thesis's 5,252). With
``sample-`` in front: the small synthetic set of the same layout. A set of one's own becomes known
by ``register``. Taught in notebooks/03_face_data, notebooks/04_film_data and
notebooks/05_voice_data.
"""

from . import (
    affwild2,
    fer2013,
    films,
    openface,
    pairs,
    parts,
    ravdess,
    ravdess_tracking,
    recordings,
    splits,
    tess,
)
from .auditing import audit, duplicate_groups
from .base import Dataset, Rejects
from .facts import describe, publish
from .films import (
    Prepared,
    balance,
    check_files,
    clean,
    extract_faces,
    prepare_films,
    shuffle,
    sort_into_folders,
)
from .loading import NAMES, SAMPLES, from_outside, load, merge, register
from .names import SetName, parse, sample_of
from .pairs import (
    FACES_EACH,
    FRAMES,
    UNITS,
    Pairs,
    PairSet,
    augment_pairs,
    film_faces,
    is_pairs,
    load_pairs,
    pair_up,
    units_part,
)
from .parts import Part, extract_features, face_part, load_joblib, part, save_joblib, voice_part

__all__ = [
    "FACES_EACH",
    "FRAMES",
    "NAMES",
    "SAMPLES",
    "UNITS",
    "Dataset",
    "PairSet",
    "SetName",
    "Pairs",
    "Part",
    "Prepared",
    "Rejects",
    "affwild2",
    "audit",
    "augment_pairs",
    "balance",
    "check_files",
    "clean",
    "describe",
    "duplicate_groups",
    "extract_faces",
    "extract_features",
    "face_part",
    "fer2013",
    "film_faces",
    "films",
    "from_outside",
    "is_pairs",
    "load",
    "load_joblib",
    "load_pairs",
    "merge",
    "openface",
    "pair_up",
    "pairs",
    "parse",
    "part",
    "parts",
    "prepare_films",
    "publish",
    "ravdess",
    "ravdess_tracking",
    "recordings",
    "register",
    "save_joblib",
    "sample_of",
    "shuffle",
    "sort_into_folders",
    "splits",
    "tess",
    "units_part",
    "voice_part",
]
