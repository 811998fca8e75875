"""VGG16, ResNet50 and EfficientNet-Lite0: a trunk that others designed, under the thesis's top or
our own.
"""

from collections.abc import Callable

import keras
from keras import layers


def on_trunk(
    name: str,
    preprocess_input: Callable,
    trunk: Callable[..., keras.Model],
    variant: str,
    *,
    n_labels: int = 7,
    input_shape: tuple[int, ...] = (48, 48, 1),
    weights: str | None = None,
    dropout: float = 0.5,
    size: int | None = None,
) -> keras.Model:
    """Faces of 0..255 → three channels, preprocessed as the trunk expects → trunk → top.

    Parameters
    ----------
    name : of the whole network.
    preprocess_input : brings 0..255 in three channels to what the trunk expects.
    trunk : builds it, called as the builders of ``keras.applications`` are.
    variant : what stands on top: ``"thesis"``: dropout, flatten, dense, softmax (4.6); ``"best"``:
        global average pooling, dropout, softmax.
    n_labels : length of the softmax.
    input_shape : (height, width, channels), values 0..255.
    weights : ``None`` (random), ``"imagenet"`` (downloaded by Keras) or the path of a weights file
        of the trunk.
    dropout : share dropped before the last layers.
    size : enlarge the picture to this many pixels first (``None``: as it is).

    Returns
    -------
    keras.Model: (batch, *input_shape) → (batch, n_labels) probabilities.
    """
    inputs = keras.Input(input_shape, name="face")
    x = inputs
    if size and (size, size) != tuple(input_shape[:2]):
        x = layers.Resizing(size, size)(x)
    if input_shape[-1] == 1:
        x = layers.Concatenate()([x, x, x])
    x = preprocess_input(x)
    convolutions = trunk(
        include_top=False,
        weights=weights,
        input_shape=tuple(x.shape[1:]),
    )
    x = convolutions(x)
    if variant == "thesis":
        x = layers.Dropout(dropout)(x)
        x = layers.Flatten()(x)
        x = layers.Dense(128, activation="relu")(x)
    else:
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(n_labels, activation="softmax", dtype="float32")(x)
    return keras.Model(inputs, outputs, name=name)
