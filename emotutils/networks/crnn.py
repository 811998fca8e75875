"""Convolutions, a recurrent layer and attention over a log-mel spectrogram. Taught in
notebooks/10_conv1d.

Unlike the thesis's ``conv1d`` it sees how a voice moves: log-mel frames over time, not their mean.
"""

import keras
from keras import layers

from ..voices import PAD
from .layers import AttentiveStatistics, PadMask


def build(
    variant: str = "best",
    *,
    n_labels: int = 8,
    input_shape: tuple[int, ...] = (301, 64),
    filters: tuple[int, ...] = (16, 48, 96),
    units: int = 64,
    dropout: float = 0.3,
) -> keras.Model:
    """Build the network, untrained.

    Parameters
    ----------
    variant : only ``"best"``: the thesis has no such network.
    n_labels : length of the softmax.
    input_shape : (frames, n_mels) in dB; frames that equal ``voices.PAD`` are padding and are
        masked throughout.
    filters : of the convolution blocks; each halves time and mel bands.
    units : of the recurrent layer, in each direction.
    dropout : share dropped between blocks and before the softmax.

    Returns
    -------
    keras.Model: (batch, frames, n_mels) → (batch, n_labels) probabilities.
    """
    if variant != "best":
        raise ValueError(
            f"crnn has no variant {variant!r}: the thesis does not describe such a network"
        )
    inputs = keras.Input(input_shape, name="voice")
    mask = PadMask(PAD)(inputs)
    x = layers.Normalization(name="normalization")(inputs)
    x = layers.Multiply()([x, mask])
    x = layers.Reshape((*input_shape, 1))(x)
    for n in filters:
        x = layers.Conv2D(n, 3, padding="same", use_bias=False)(x)
        # Pooled first, a quarter of the values is left to be normalised: that was half of the time
        # of a step.
        x = layers.MaxPooling2D(2)(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("relu")(x)
        mask = layers.MaxPooling1D(2)(mask)
        # Padding must stay zero, or the next convolution would see where the sound ends by what
        # leaks out of it.
        mask_of_all = layers.Reshape((-1, 1, 1))(mask)
        x = layers.Multiply()([x, mask_of_all])
        x = layers.SpatialDropout2D(dropout / 2)(x)
    _, frames, bands, channels = x.shape
    x = layers.Reshape((frames, bands * channels))(x)
    x = layers.Dense(2 * units, activation="relu")(x)
    x = layers.Dropout(dropout)(x)
    is_there = keras.ops.squeeze(mask, -1) > 0.5
    recurrent = layers.GRU(units, return_sequences=True)
    x = layers.Bidirectional(recurrent)(x, mask=is_there)
    x = AttentiveStatistics(units)([x, mask])
    x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(n_labels, activation="softmax", dtype="float32")(x)
    return keras.Model(inputs, outputs, name="crnn")
