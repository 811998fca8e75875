"""VGG16, sixteen layers of 3×3 convolutions (Simonyan & Zisserman 2015), for faces.

Thesis 4.6; taught in notebooks/08_vgg16.
"""

import keras

from ._applications import on_trunk


def build(variant: str = "best", **options) -> keras.Model:
    """Build the network, untrained above its trunk; the options and shapes are those of ``on_trunk``."""
    return on_trunk(keras.applications.vgg16, "VGG16", variant, **options)
