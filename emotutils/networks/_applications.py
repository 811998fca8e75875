"""What VGG16 and ResNet50 share: a ``keras.applications`` trunk under the thesis's or our own top."""

from collections.abc import Callable

import keras
from keras import layers


def on_trunk(
    name: str,
    application: Callable[..., keras.Model],
    preprocess: Callable,
    variant: str,
    n_labels: int,
    input_shape: tuple[int, ...],
    weights: str | None,
    dropout: float,
    size: int | None,
) -> keras.Model:
    """Grey 0..255 faces → three channels, preprocessed as the trunk expects, → trunk → top.

    The thesis's top is dropout, flatten, dense, softmax (4.6); ours averages over the picture instead of flattening.
    """
    inputs = keras.Input(input_shape, name="face")
    x = inputs
    if size and (size, size) != tuple(input_shape[:2]):
        x = layers.Resizing(size, size)(x)
    if input_shape[-1] == 1:
        x = layers.Concatenate()([x, x, x])
    trunk = application(include_top=False, weights=weights, input_shape=tuple(x.shape[1:]))
    x = trunk(preprocess(x))
    if variant == "thesis":
        x = layers.Dropout(dropout)(x)
        x = layers.Flatten()(x)
        x = layers.Dense(128, activation="relu")(x)
    else:
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dropout(dropout)(x)
    return keras.Model(inputs, layers.Dense(n_labels, activation="softmax", dtype="float32")(x), name=name)
