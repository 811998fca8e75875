"""The experiments that were run on the real sets and recorded.

Taught in notebooks/12_leakage.
"""

from ... import datasets
from ...errors import DataError
from . import faces, neighbours, traps, voices
from .outcomes import Outcome

#: By the name of their record (``leak-NAME``): the function, and the set that it is run on.
STUDIES = {
    "speakers": (voices.speakers, "ravdess"),
    "nearest": (voices.nearest, "ravdess"),
    "known": (voices.known, "ravdess"),
    "words": (voices.words, "tess"),
    "windows": (neighbours.windows, "ravdess"),
    "scaled": (traps.scaled, "ravdess"),
    "chosen-columns": (traps.chosen_columns, "ravdess"),
    "augmented": (traps.augmented, "ravdess"),
    "twins": (traps.twins, "ravdess"),
    "leaderboard": (traps.leaderboard, "ravdess"),
    "corpora": (voices.corpora, "ravdess+tess"),
    "best-epoch": (traps.best_epoch, "ravdess"),
    "fer2013": (faces.fer2013, "fer2013"),
}


def study(name: str, *, root=None, **options) -> Outcome:
    """Run an experiment on its data set, in full.

    Parameters
    ----------
    name : in `STUDIES`.
    root : data root.
    options : for the experiment: ``seeds``, ``folds`` …

    Raises
    ------
    DataError : an unknown name, or a set that is not there.
    """
    if name not in STUDIES:
        raise DataError(f"experiment {name!r}", "is unknown", f"known are {', '.join(STUDIES)}")
    experiment, data = STUDIES[name]
    return experiment(datasets.load(data, root), name=name, **options)
