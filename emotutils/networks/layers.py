"""The few layers Keras does not have, registered so that a saved network opens in safe mode."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("emotutils")
class PadMask(keras.layers.Layer):
    """1 where a frame holds sound, 0 where it is padding: (batch, frames, features) → (batch, frames, 1)."""

    def __init__(self, pad: float, **kwargs):
        super().__init__(**kwargs)
        self.pad = pad

    def call(self, x):
        return ops.cast(ops.any(ops.not_equal(x, self.pad), axis=-1, keepdims=True), self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "pad": self.pad}


@keras.saving.register_keras_serializable("emotutils")
class AttentiveStatistics(keras.layers.Layer):
    """Weighted mean and standard deviation over time, the weights learned (Okabe et al. 2018).

    Takes ``[x, mask]`` of shapes (batch, frames, n) and (batch, frames, 1); gives (batch, 2·n). Frames with mask 0
    get no weight.
    """

    def __init__(self, units: int = 64, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.supports_masking = True  # takes its mask as an input; whatever travels along is not needed
        self.hidden = keras.layers.Dense(units, activation="tanh")
        self.score = keras.layers.Dense(1)

    def build(self, input_shape):
        x_shape, _ = input_shape
        self.hidden.build(x_shape)
        self.score.build((*x_shape[:-1], self.units))

    def call(self, inputs):
        x, mask = inputs
        score = self.score(self.hidden(x)) - 1e4 * (1 - mask)
        weight = ops.softmax(score, axis=1)
        mean = ops.sum(weight * x, axis=1)
        variance = ops.sum(weight * ops.square(x - mean[:, None]), axis=1)
        return ops.concatenate([mean, ops.sqrt(variance + 1e-6)], axis=-1)

    def compute_mask(self, inputs, previous_mask=None):
        return None

    def compute_output_shape(self, input_shape):
        x_shape, _ = input_shape
        return (x_shape[0], 2 * x_shape[-1])

    def get_config(self):
        return {**super().get_config(), "units": self.units}
