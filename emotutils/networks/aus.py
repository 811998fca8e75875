"""Action units over time: what OpenFace measured in a face, not its picture.

Thesis 6.2 wishes for more of OpenFace's features; ``datasets.units_part`` reads them.
"""

import keras
from keras import layers

from ..voices import PAD
from .layers import AttentiveStatistics, PadMask


def build(
    variant: str = "best",
    *,
    n_labels: int = 8,
    input_shape: tuple[int, ...] = (50, 35),
    filters: int = 48,
    units: int = 32,
    dropout: float = 0.3,
) -> keras.Model:
    """Build the network, untrained.

    Parameters
    ----------
    variant : only ``"best"``: the thesis has no such network.
    n_labels : length of the softmax.
    input_shape : (frames, action units); frames that equal ``voices.PAD`` are padding and are
        masked throughout.
    filters : of the convolution over five frames.
    units : of the recurrent layer, in each direction.
    dropout : share dropped between the layers.

    Returns
    -------
    keras.Model: (batch, *input_shape) → (batch, n_labels) probabilities.

    Raises
    ------
    ValueError : another variant.
    """
    if variant != "best":
        raise ValueError(
            f"aus has no variant {variant!r}: the thesis does not describe such a network"
        )
    inputs = keras.Input(input_shape, name="units")
    mask = PadMask(PAD)(inputs)
    x = layers.Normalization(name="normalization")(inputs)
    x = layers.Multiply()([x, mask])
    x = layers.Conv1D(filters, 5, padding="same", activation="relu")(x)
    x = layers.Multiply()([x, mask])
    x = layers.Dropout(dropout)(x)
    is_there = keras.ops.squeeze(mask, -1) > 0.5
    recurrent = layers.GRU(units, return_sequences=True)
    x = layers.Bidirectional(recurrent)(x, mask=is_there)
    x = AttentiveStatistics(units)([x, mask])
    x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(n_labels, activation="softmax", dtype="float32")(x)
    return keras.Model(inputs, outputs, name="aus")
