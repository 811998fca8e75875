"""Hyperparameter search over any registered network, with scikit-learn. Taught in
notebooks/06_hyperparameter_search.

``NetworkClassifier`` makes a network a scikit-learn classifier; the thesis's three searches (4.5),
random search and halving are one function each; ``table`` and ``compare`` say what was found and
how much of it is noise.
Names are loaded on first use: `table` and `compare` of a record need no Keras.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["estimator", "results", "searches"],
    submod_attrs={
        "estimator": ["NetworkClassifier"],
        "results": ["compare", "fold_scores", "name_of", "record", "table"],
        "searches": [
            "ACTIVATIONS",
            "EPOCHS_AND_BATCH",
            "JOINT",
            "OPTIMIZERS",
            "SCORING",
            "SearchOptions",
            "grid_search",
            "halving_search",
            "random_search",
            "rounds",
            "search_activation",
            "search_epochs_and_batch",
            "search_optimizer",
        ],
    },
)
