"""VGG16 and ResNet50 share a ``keras.applications`` trunk under the thesis's or our own top."""

from collections.abc import Callable
from types import ModuleType

import keras
from keras import layers


def on_trunk(
    application: ModuleType,
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
    application : the module of ``keras.applications`` whose ``preprocess_input`` the trunk expects.
    trunk : builds it, called as that module's own builder is.
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
    x = application.preprocess_input(x)
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
    return keras.Model(inputs, outputs, name=trunk.__name__.lower())
