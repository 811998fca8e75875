"""The custom 2-D convolutional network for faces (thesis 4.6, figure 4.8). Taught in
notebooks/07_conv2d.
"""

import keras
from keras import layers


def build(
    variant: str = "best",
    *,
    n_labels: int = 7,
    input_shape: tuple[int, ...] = (48, 48, 1),
    activation: str = "relu",
    dropout: float | None = None,
    widths: tuple[int, ...] = (32, 64, 80, 128, 160, 224, 320),
) -> keras.Model:
    """Build the network, untrained.

    Parameters
    ----------
    variant : ``"thesis"``: convolutions with ReLU, 2×2 max-pooling, dropout 50 %, flatten, dense,
        softmax (the numbers of layers and filters are not stated there: assumed). ``"best"``: seven
        3×3 convolutions with batch normalisation, global average pooling.
    n_labels : length of the softmax.
    input_shape : (height, width, channels), grey values 0..255.
    activation : of the hidden layers.
    dropout : share dropped before the dense layers (``None``: 0.5 in the thesis's, 0.3 in ours).
    widths : filters of the seven convolutions of ``"best"``.

    Returns
    -------
    keras.Model: (batch, *input_shape) → (batch, n_labels) probabilities.
    """
    inputs = keras.Input(input_shape, name="face")
    x = layers.Normalization(name="normalization")(inputs)
    if dropout is None and variant == "thesis":
        dropout = 0.5
    elif dropout is None:
        dropout = 0.3
    if variant == "thesis":
        for filters in (32, 64):
            x = layers.Conv2D(filters, 3, padding="same", activation=activation)(x)
            x = layers.MaxPooling2D(2)(x)
        x = layers.Dropout(dropout)(x)
        x = layers.Flatten()(x)
        x = layers.Dense(128, activation=activation)(x)
    else:
        # Only the first, narrow layer sees 48×48 pixels: with pooling before more filters, all cost
        # about the same.
        for depth, filters in enumerate(widths):
            if depth in (1, 3, 5):
                x = layers.MaxPooling2D(2)(x)
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization()(x)
            x = layers.Activation(activation)(x)
        x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(dropout)(x)
    outputs = layers.Dense(n_labels, activation="softmax", dtype="float32")(x)
    return keras.Model(inputs, outputs, name="conv2d")
