"""ResNet50, fifty layers with shortcuts (He et al. 2016), for faces.

Thesis 4.6; taught in notebooks/09_resnet50.
"""

import keras
from keras.applications import resnet50

from ._applications import on_trunk


def build(
    variant: str = "best",
    *,
    n_labels: int = 7,
    input_shape: tuple[int, ...] = (48, 48, 1),
    weights: str | None = None,
    dropout: float = 0.5,
    size: int | None = None,
) -> keras.Model:
    """Build the network, untrained above its trunk; options and shapes are explained in
    ``on_trunk``.
    """
    options = {
        "n_labels": n_labels,
        "input_shape": input_shape,
        "weights": weights,
        "dropout": dropout,
        "size": size,
    }
    return on_trunk("resnet50", resnet50.preprocess_input, resnet50.ResNet50, variant, **options)
