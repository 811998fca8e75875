"""The few layers Keras does not have, registered so that a saved network opens in safe mode.

Taught in notebooks/10_conv1d and notebooks/14_one_network.
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable("emotutils")
class PadMask(keras.layers.Layer):
    """1 where a frame holds sound, 0 where it is padding: (batch, frames, features) → (batch,
    frames, 1).
    """

    def __init__(self, pad: float, **kwargs):
        super().__init__(**kwargs)
        self.pad = pad

    def call(self, x):
        return ops.cast(
            ops.any(ops.not_equal(x, self.pad), axis=-1, keepdims=True), self.compute_dtype
        )

    def get_config(self):
        return {**super().get_config(), "pad": self.pad}


@keras.saving.register_keras_serializable("emotutils")
class AttentiveStatistics(keras.layers.Layer):
    """Weighted mean and standard deviation over time, the weights learned (Okabe et al. 2018).

    Takes ``[x, mask]`` of shapes (batch, frames, n) and (batch, frames, 1); gives (batch, 2·n).
    Frames with mask 0 get no weight.
    """

    def __init__(self, units: int = 64, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.supports_masking = (
            True  # takes its mask as an input; whatever travels along is not needed
        )
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


@keras.saving.register_keras_serializable("emotutils")
class ModalityDropout(keras.layers.Layer):
    """In training, hides one of two modalities from some rows: presences (batch, 2), 1 or 0, in and
    out.

    Parameters
    ----------
    rate : share of the rows with both that lose one of them, each as often (Neverova et al. 2016,
        ModDrop).
    """

    def __init__(self, rate: float = 0.5, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.seed = rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, present, training=False):
        if not training or not self.rate:
            return present
        drawn = keras.random.uniform((ops.shape(present)[0], 1), seed=self.seed_generator)
        face = ops.cast(drawn >= self.rate / 2, present.dtype)
        voice = ops.cast(ops.logical_or(drawn < self.rate / 2, drawn >= self.rate), present.dtype)
        both = ops.cast(ops.all(present > 0.5, axis=1, keepdims=True), present.dtype)
        return present * (1 - both * (1 - ops.concatenate([face, voice], axis=1)))

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


@keras.saving.register_keras_serializable("emotutils")
class Present(keras.layers.Layer):
    """What is there of one modality: ``[x, present]``, (batch, n) and (batch, 2) → (batch, n), 0
    where it is missing.

    Chosen, not multiplied: whatever a missing input holds, also NaN, cannot pass.
    """

    def __init__(self, index: int, **kwargs):
        super().__init__(**kwargs)
        self.index = index

    def call(self, inputs):
        x, present = inputs
        return ops.where(present[:, self.index : self.index + 1] > 0.5, x, ops.zeros_like(x))

    def get_config(self):
        return {**super().get_config(), "index": self.index}


@keras.saving.register_keras_serializable("emotutils")
class Gate(keras.layers.Layer):
    """A gated multimodal unit (Arevalo et al. 2017): number by number, how much of each of two
    modalities counts.

    Takes ``[face, voice, present]`` of shapes (batch, n), (batch, m), (batch, 2); gives (batch,
    units). Where one is missing the other has all the weight.
    """

    def __init__(self, units: int = 128, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.sides = [keras.layers.Dense(units, activation="tanh") for _ in range(2)]
        self.gate = keras.layers.Dense(units, activation="sigmoid")

    def build(self, input_shape):
        face, voice, _ = input_shape
        for side, shape in zip(self.sides, (face, voice), strict=True):
            side.build(shape)
        self.gate.build((face[0], face[-1] + voice[-1]))

    def call(self, inputs):
        face, voice, present = inputs
        gate = self.gate(ops.concatenate([face, voice], axis=-1))
        weights = gate * present[:, :1], (1 - gate) * present[:, 1:]
        total = ops.maximum(weights[0] + weights[1], 1e-6)
        return (weights[0] * self.sides[0](face) + weights[1] * self.sides[1](voice)) / total

    def compute_output_shape(self, input_shape):
        return (input_shape[0][0], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}
