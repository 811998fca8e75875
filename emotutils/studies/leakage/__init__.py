"""The same network under other ways to divide: how much of a score is leaked. Taught in
notebooks/12_leakage.
"""

from .faces import fer2013
from .neighbours import films, windows
from .outcomes import Outcome, read
from .studies import GAPS, STUDIES, gaps, study
from .traps import augmented, best_epoch, chosen_columns, leaderboard, scaled, twins
from .voices import corpora, speakers, words

__all__ = [
    "GAPS",
    "STUDIES",
    "Outcome",
    "augmented",
    "best_epoch",
    "chosen_columns",
    "corpora",
    "fer2013",
    "films",
    "gaps",
    "leaderboard",
    "read",
    "scaled",
    "speakers",
    "study",
    "twins",
    "windows",
    "words",
]
