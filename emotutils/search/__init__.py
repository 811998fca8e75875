"""Hyperparameter search over any registered network, with scikit-learn. Taught in
notebooks/06_hyperparameter_search.

``NetworkClassifier`` makes a network a scikit-learn classifier; the thesis's three searches (4.5),
random search and halving are one function each; ``table`` and ``compare`` say what was found and
how much of it is noise.
"""

from .estimator import NetworkClassifier
from .results import compare, fold_scores, name_of, record, table
from .searches import (
    ACTIVATIONS,
    EPOCHS_AND_BATCH,
    JOINT,
    OPTIMIZERS,
    SCORING,
    grid_search,
    halving_search,
    random_search,
    rounds,
    search_activation,
    search_epochs_and_batch,
    search_optimizer,
)

__all__ = [
    "ACTIVATIONS",
    "EPOCHS_AND_BATCH",
    "JOINT",
    "NetworkClassifier",
    "OPTIMIZERS",
    "SCORING",
    "compare",
    "fold_scores",
    "grid_search",
    "halving_search",
    "name_of",
    "random_search",
    "record",
    "rounds",
    "search_activation",
    "search_epochs_and_batch",
    "search_optimizer",
    "table",
]
