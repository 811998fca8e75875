"""The same network under other ways to divide: how much of a score is leaked. Taught in
notebooks/12_leakage.

Names are loaded on first use: `read` and `gaps` of what was recorded need no Keras.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["collecting", "faces", "neighbours", "outcomes", "studies", "traps", "voices"],
    submod_attrs={
        "faces": ["fer2013"],
        "neighbours": ["films", "windows"],
        "outcomes": ["GAPS", "Outcome", "gaps", "read"],
        "studies": ["STUDIES", "study"],
        "traps": ["augmented", "best_epoch", "chosen_columns", "leaderboard", "scaled", "twins"],
        "voices": ["corpora", "known", "nearest", "speakers", "words"],
    },
)
