"""VGG16, sixteen layers of 3×3 convolutions (Simonyan & Zisserman 2015), for faces.

Thesis 4.6; taught in notebooks/08_vgg16.
"""

import keras
from keras import layers
from keras.applications import vgg16

from ._applications import on_trunk

#: Filters and number of convolutions of each block; a 2×2 max-pooling ends it.
BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


def build(variant: str = "best", *, weights: str | None = None, **options) -> keras.Model:
    """Build the network, untrained above its trunk; the options and shapes are those of ``on_trunk``.

    From random weights, ``"best"`` normalises every batch behind every convolution: thirteen layers learn slowly or
    not at all without it. The thesis's variant, and a trunk with given weights, are VGG16 as published.
    """
    trunk = VGG16 if variant == "best" and weights is None else vgg16.VGG16
    return on_trunk(vgg16, trunk, variant, weights=weights, **options)


def VGG16(*, include_top: bool, weights: None, input_shape: tuple[int, ...]) -> keras.Model:
    """VGG16's convolutions with batch normalisation, which keras.applications does not have; only without a top."""
    inputs = x = keras.Input(input_shape)
    for filters, depth in BLOCKS:
        for _ in range(depth):
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization()(x)
            x = layers.Activation("relu")(x)
        x = layers.MaxPooling2D(2)(x)
    return keras.Model(inputs, x, name="vgg16")
