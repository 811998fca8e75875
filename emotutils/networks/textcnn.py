"""A convolution over the words of a text, each word the sum of its pieces.

After Kim (2014) and, for the pieces, Bojanowski et al. (2017). What a piece means is learned from
the training rows alone.
"""

import keras
from keras import layers

from .layers import AttentiveStatistics, PadMask, PieceEmbedding


def build(
    variant: str = "best",
    *,
    n_labels: int = 7,
    input_shape: tuple[int, ...] = (32, 14),
    buckets: int = 16384,
    units: int = 48,
    filters: int = 96,
    width: int = 3,
    dropout: float = 0.3,
) -> keras.Model:
    """Build the network, untrained.

    Parameters
    ----------
    variant : only ``"best"``: the thesis has no such network.
    n_labels : length of the softmax.
    input_shape : (words, pieces), the numbers that ``texts.Tokens`` gives; 0 is nothing.
    buckets : of the pieces, see ``texts.Tokens``.
    units : length of a piece's vector.
    filters, width : of the convolution: how many, and over how many words.
    dropout : share dropped before the softmax; of the words' vectors half of it.

    Returns
    -------
    keras.Model: (batch, words, pieces) → (batch, n_labels) probabilities.

    Raises
    ------
    ValueError : another variant.
    """
    if variant != "best":
        raise ValueError(
            f"textcnn has no variant {variant!r}: the thesis does not describe such a network"
        )
    inputs = keras.Input(input_shape, name="text")
    mask = PadMask(0.0)(inputs)
    x = PieceEmbedding(buckets, units)(inputs)
    x = layers.SpatialDropout1D(dropout / 2)(x)
    x = layers.Conv1D(filters, width, padding="same", activation="relu")(x)
    x = layers.Multiply()([x, mask])
    strongest = layers.GlobalMaxPooling1D()(x)
    weighted = AttentiveStatistics(units)([x, mask])
    x = layers.Concatenate()([strongest, weighted])
    x = layers.Dropout(dropout)(x)
    x = layers.Dense(units, activation="relu")(x)
    x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(n_labels, activation="softmax", dtype="float32")(x)
    return keras.Model(inputs, outputs, name="textcnn")
