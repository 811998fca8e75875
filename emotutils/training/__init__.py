"""A network and data → a trained network and its record. Names are loaded on first use: reading a
record needs no Keras.

Taught in notebooks/07_conv2d, notebooks/10_conv1d and notebooks/11_evaluation.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["calibrating", "recipes", "records", "run", "testing"],
    submod_attrs={
        "calibrating": ["calibrate"],
        "run": ["Batches", "Run", "build_for", "train"],
        "testing": ["evaluate_network", "unseen"],
    },
)
