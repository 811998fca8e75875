"""The 1-D convolutional network on time-averaged MFCCs (thesis 4.6, figure 4.7). Taught in
notebooks/10_conv1d.
"""

import keras
from keras import layers


def build(
    variant: str = "best",
    *,
    n_labels: int = 8,
    input_shape: tuple[int, ...] = (40,),
    activation: str = "relu",
    dropout: float = 0.2,
    filters: tuple[int, ...] = (64, 128, 128),
) -> keras.Model:
    """Build the network, untrained.

    Parameters
    ----------
    variant : ``"thesis"``: three 1-D convolutions, batch normalisation, ReLU, dropout 20 %,
        max-pooling, flatten, dense, softmax (numbers of filters are not stated there: assumed).
        ``"best"``: the same on standardised coefficients, with global average pooling in place of
        flatten.
    n_labels : length of the softmax.
    input_shape : (n_mfcc,), the mean over time of each coefficient.
    activation, dropout, filters : of the convolutions.

    Returns
    -------
    keras.Model: (batch, *input_shape) → (batch, n_labels) probabilities.
    """
    inputs = keras.Input(input_shape, name="voice")
    x = layers.Normalization(name="normalization")(inputs)
    x = layers.Reshape((*input_shape, 1))(x)
    for n in filters:
        x = layers.Conv1D(n, 5, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation(activation)(x)
        x = layers.Dropout(dropout)(x)
        x = layers.MaxPooling1D(2)(x)
    if variant == "thesis":
        x = layers.Flatten()(x)
        x = layers.Dense(128, activation=activation)(x)
    else:
        x = layers.GlobalAveragePooling1D()(x)
    x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(n_labels, activation="softmax", dtype="float32")(x)
    return keras.Model(inputs, outputs, name="conv1d")
