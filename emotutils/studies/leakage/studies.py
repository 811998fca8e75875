"""The experiments that were run on the real sets and recorded, and what each leak was worth.

Taught in notebooks/12_leakage.
"""

import numpy as np
import pandas as pd

from ... import datasets
from ...errors import DataError
from . import faces, neighbours, traps, voices
from .outcomes import Outcome, read

#: By the name of their record (``leak-NAME``): the function, and the set that it is run on.
STUDIES = {
    "speakers": (voices.speakers, "ravdess"),
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
    name : in `STUDIES`. root : data root. options : for the experiment: ``seeds``, ``folds`` …

    Raises
    ------
    DataError : an unknown name, or a set that is not there.
    """
    if name not in STUDIES:
        raise DataError(f"experiment {name!r}", "is unknown", f"known are {', '.join(STUDIES)}")
    experiment, data = STUDIES[name]
    return experiment(datasets.load(data, root), name=name, **options)


#: What leaks, in words; the experiment, its leaking and its honest arm.
GAPS = (
    (
        "neighbouring windows in training, remembered (1-NN)",
        "windows",
        "1-NN, 0.1 s",
        "1-NN, actor",
    ),
    ("neighbouring windows in training, a network", "windows", "0.1 s", "actor"),
    ("neighbouring windows, against other recordings", "windows", "0.1 s", "recording"),
    ("known voices, RAVDESS", "speakers", "random", "actor"),
    ("known sentences, RAVDESS", "speakers", "random, halves", "sentence, halves"),
    ("known voices, TESS", "words", "random", "woman"),
    ("known words, TESS", "words", "random", "word"),
    (
        "known voices, RAVDESS in the merged set",
        "corpora",
        "merged, random",
        "ravdess + tess, actor",
    ),
    ("two files of one performance", "twins", "by file", "by performance"),
    ("varied copies made before the division", "augmented", "copies first", "division first"),
    (
        "columns chosen on all rows (all are noise)",
        "chosen-columns",
        "chosen on all rows",
        "chosen on training rows",
    ),
    ("scaler fitted on all rows", "scaled", "fitted on all rows", "fitted on training rows"),
    ("epoch chosen on the test part", "best-epoch", "chosen on test", "chosen on validation"),
    ("FER2013's twins in training", "fer2013", "with twins", "without twins"),
)


def gaps() -> pd.DataFrame:
    """Every recorded leak and what it is worth.

    Returns
    -------
    DataFrame, one row an entry of `GAPS` whose record is there: ``leak``, ``record``, the
    accuracies ``leaking`` and ``honest`` (``Score``, mean over seeds) on the rows that both arms
    tested, and the paired ``gap`` (``Comparison``).
    """
    rows = []
    for leak, name, leaking, honest in GAPS:
        if found := read(name):
            both = np.isfinite(found.arms[leaking]).all(axis=(0, 2)) & np.isfinite(
                found.arms[honest]
            ).all(axis=(0, 2))
            scores = {"leaking": found.score(leaking, both), "honest": found.score(honest, both)}
            rows.append(
                {
                    "leak": leak,
                    "record": f"leak-{name}",
                    **scores,
                    "gap": found.gap(leaking, honest),
                }
            )
    return pd.DataFrame(rows)
