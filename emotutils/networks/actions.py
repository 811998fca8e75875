"""Action units of a whole film: what OpenFace measured in a face, not its picture.

Thesis 6.2 wishes for more of OpenFace's features; ``datasets.ravdess_units`` reads them.
"""

import keras
from keras import layers


def build(
    variant: str = "best",
    *,
    n_labels: int = 8,
    input_shape: tuple[int, ...] = (35,),
    units: tuple[int, ...] = (64,),
    dropout: float = 0.4,
) -> keras.Model:
    """Build the network, untrained.

    Parameters
    ----------
    variant : only ``"best"``: the thesis has no such network.
    n_labels : length of the softmax.
    input_shape : (action units,), each one's mean over a film, in the order of
        ``datasets.openface.UNITS``.
    units : of the dense layers, one after the other.
    dropout : share dropped behind each of them.

    Returns
    -------
    keras.Model: (batch, *input_shape) → (batch, n_labels) probabilities.

    Raises
    ------
    ValueError : another variant.
    """
    if variant != "best":
        raise ValueError(
            f"actions has no variant {variant!r}: the thesis does not describe such a network"
        )
    inputs = keras.Input(input_shape, name="units")
    x = layers.Normalization(name="normalization")(inputs)
    for n in units:
        x = layers.Dense(n, activation="relu")(x)
        x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(n_labels, activation="softmax", dtype="float32")(x)
    return keras.Model(inputs, outputs, name="actions")
