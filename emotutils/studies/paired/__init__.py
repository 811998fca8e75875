"""What fusion gains, rule by rule, and what happens when a stream is missing, degraded or
contradicts the other: `study` runs it, `read` gives its record, which needs no Keras.

Taught in notebooks/13_fusion.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["all_actors", "outcomes", "running"],
    submod_attrs={
        "outcomes": [
            "ALL_ACTORS",
            "BLIND",
            "CONDITIONS",
            "METHODS",
            "STREAMS",
            "Outcome",
            "crossed",
            "read",
        ],
        "running": ["BLUR", "NOISE", "SEEDS", "study"],
    },
)
