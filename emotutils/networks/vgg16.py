"""VGG16, sixteen layers of 3×3 convolutions (Simonyan & Zisserman 2015), for faces.

Thesis 4.6; taught in notebooks/08_vgg16.
"""

import keras
from keras import layers
from keras.applications import vgg16

from ._applications import on_trunk

#: Filters and number of convolutions of each block; a 2×2 max-pooling ends it.
BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


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

    From random weights, ``"best"`` normalises every batch behind every convolution: thirteen layers
    learn slowly or not at all without it. The thesis's variant, and a trunk with given weights, are
    VGG16 as published.
    """
    trunk = vgg16.VGG16
    if variant == "best" and weights is None:
        trunk = VGG16
    options = {
        "n_labels": n_labels,
        "input_shape": input_shape,
        "weights": weights,
        "dropout": dropout,
        "size": size,
    }
    return on_trunk("vgg16", vgg16.preprocess_input, trunk, variant, **options)


def VGG16(*, include_top: bool, weights: None, input_shape: tuple[int, ...]) -> keras.Model:
    """VGG16's convolutions with batch normalisation, which keras.applications does not have; only
    without a top.
    """
    inputs = keras.Input(input_shape)
    x = inputs
    for filters, depth in BLOCKS:
        for _ in range(depth):
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization()(x)
            x = layers.Activation("relu")(x)
        x = layers.MaxPooling2D(2)(x)
    return keras.Model(inputs, x, name="vgg16")
