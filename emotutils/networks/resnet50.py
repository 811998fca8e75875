"""ResNet50, fifty layers with shortcuts (He et al. 2016), for faces.

Thesis 4.6; taught in notebooks/09_resnet50.
"""

import keras
from keras.applications import resnet50

from ._applications import on_trunk


def build(variant: str = "best", **options) -> keras.Model:
    """Build the network, untrained above its trunk; the options and shapes are those of ``on_trunk``."""
    return on_trunk(resnet50, resnet50.ResNet50, variant, **options)
