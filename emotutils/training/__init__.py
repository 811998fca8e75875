"""A network and data → a trained network and its record. Names are loaded on first use: reading a
record needs no Keras.

Taught in notebooks/07_conv2d, notebooks/10_conv1d and notebooks/11_evaluation.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "batches",
        "building",
        "calibrating",
        "callbacks",
        "describing",
        "history",
        "loop",
        "material",
        "metrics",
        "recipes",
        "records",
        "run",
        "testing",
    ],
    submod_attrs={
        "batches": ["Batches"],
        "building": ["build_for", "prepare"],
        "calibrating": ["calibrate"],
        "history": ["History"],
        "loop": ["fit"],
        "recipes": ["RECIPES", "Recipe", "recipe_for"],
        "run": ["Run", "train"],
        "testing": ["evaluate", "unseen"],
    },
)
