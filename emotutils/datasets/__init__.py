"""The data sets of the course, each read in the layout in which it is published.

``load("fer2013")``, ``load("ravdess")``, ``load("tess")`` …; several voices as one with ``+``:
``"ravdess+tess"`` (spoken) and ``"ravdess+ravdess-song+tess"`` (the thesis's 5,252). With
``sample-`` in front: the small synthetic set of the same layout. A set of one's own becomes known
by ``register``. Names below are loaded on first use: who reads a set's name needs no OpenCV. Taught
in notebooks/03_face_data, notebooks/04_film_data and notebooks/05_voice_data.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "affwild2",
        "auditing",
        "catalog",
        "ckplus",
        "crema_d",
        "download",
        "emodb",
        "fer2013",
        "films",
        "goemotions",
        "loading",
        "meld",
        "openface",
        "pairs",
        "parts",
        "ravdess",
        "ravdess_tracking",
        "ravdess_units",
        "recordings",
        "splits",
        "tess",
    ],
    submod_attrs={
        "auditing": ["audit", "duplicate_groups"],
        "base": ["Dataset", "Rejects"],
        "films": [
            "Prepared",
            "balance",
            "check_files",
            "clean",
            "extract_faces",
            "prepare_films",
            "shuffle",
            "sort_into_folders",
        ],
        "loading": ["NAMES", "SAMPLES", "from_outside", "load", "merge", "register"],
        "names": ["SetName", "parse", "sample_of"],
        "openface": ["UNITS"],
        "pairs": [
            "FACES_EACH",
            "FRAMES",
            "PairSet",
            "Pairs",
            "augment_pairs",
            "film_faces",
            "is_pairs",
            "load_pairs",
            "pair_up",
        ],
        "parts": [
            "Part",
            "extract_features",
            "face_part",
            "load_joblib",
            "part",
            "save_joblib",
            "text_part",
            "units_part",
            "voice_part",
        ],
    },
)
