"""VGG16, sixteen layers of 3×3 convolutions (Simonyan & Zisserman 2015), for faces.

Thesis 4.6; taught in notebooks/08_vgg16.
"""

import keras

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
    """Build the network, untrained above its trunk.

    Parameters
    ----------
    variant : what stands on top: ``"thesis"``: dropout, flatten, dense, softmax; ``"best"``: global average pooling,
        dropout, softmax.
    n_labels : length of the softmax.
    input_shape : (height, width, channels), values 0..255.
    weights : ``None`` (random), ``"imagenet"`` (downloaded by Keras) or the path of a weights file of the trunk.
    dropout : share dropped before the last layers.
    size : enlarge the picture to this many pixels first (``None``: as it is).

    Returns
    -------
    keras.Model: (batch, *input_shape) → (batch, n_labels) probabilities.
    """
    application = keras.applications.vgg16
    return on_trunk(
        "vgg16",
        application.VGG16,
        application.preprocess_input,
        variant,
        n_labels,
        input_shape,
        weights,
        dropout,
        size,
    )
