"""The few layers Keras does not have, registered so that a saved network opens in safe mode.

Taught in notebooks/14_one_network.
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
        differs = ops.not_equal(x, self.pad)
        is_sound = ops.any(differs, axis=-1, keepdims=True)
        return ops.cast(is_sound, self.compute_dtype)

    def get_config(self):
        config = super().get_config()
        config["pad"] = self.pad
        return config


@keras.saving.register_keras_serializable("emotutils")
class PieceEmbedding(keras.layers.Layer):
    """A vector for each word: the sum of its pieces' vectors, which are learned.

    Takes the numbers of pieces, (batch, words, pieces), 0 for nothing; gives (batch, words, units).
    The sum is divided by the root of the number of pieces: long words are no larger than short
    ones.
    """

    def __init__(self, buckets: int, units: int, **kwargs):
        super().__init__(**kwargs)
        self.buckets = buckets
        self.units = units

    def build(self, input_shape):
        self.vectors = self.add_weight(
            name="vectors",
            shape=(self.buckets + 1, self.units),
            initializer=keras.initializers.RandomNormal(stddev=0.1),
        )

    def call(self, x):
        numbers = ops.cast(x, "int32")
        numbers = ops.clip(numbers, 0, self.buckets)
        is_piece = ops.cast(numbers > 0, self.compute_dtype)
        is_piece = ops.expand_dims(is_piece, -1)
        pieces = ops.take(self.vectors, numbers, axis=0)
        total = ops.sum(is_piece * pieces, axis=-2)
        count = ops.sum(is_piece, axis=-2)
        return total / ops.sqrt(ops.maximum(count, 1.0))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        config = super().get_config()
        config["buckets"] = self.buckets
        config["units"] = self.units
        return config


@keras.saving.register_keras_serializable("emotutils")
class AttentiveStatistics(keras.layers.Layer):
    """Weighted mean and standard deviation over time, the weights learned (Okabe et al. 2018).

    Takes ``[x, mask]`` of shapes (batch, frames, n) and (batch, frames, 1); gives (batch, 2·n).
    Frames with mask 0 get no weight.
    """

    def __init__(self, units: int = 64, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        # It takes its mask as an input; whatever travels along is not needed.
        self.supports_masking = True
        self.hidden = keras.layers.Dense(units, activation="tanh")
        self.score = keras.layers.Dense(1)

    def build(self, input_shape):
        x_shape, _ = input_shape
        self.hidden.build(x_shape)
        self.score.build((*x_shape[:-1], self.units))

    def call(self, inputs):
        x, mask = inputs
        hidden = self.hidden(x)
        score = self.score(hidden)
        score = score - 1e4 * (1 - mask)
        weight = ops.softmax(score, axis=1)
        mean = ops.sum(weight * x, axis=1)
        away = x - mean[:, None]
        squares = ops.square(away)
        variance = ops.sum(weight * squares, axis=1)
        deviation = ops.sqrt(variance + 1e-6)
        return ops.concatenate([mean, deviation], axis=-1)

    def compute_mask(self, inputs, previous_mask=None):
        return None

    def compute_output_shape(self, input_shape):
        x_shape, _ = input_shape
        return (x_shape[0], 2 * x_shape[-1])

    def get_config(self):
        config = super().get_config()
        config["units"] = self.units
        return config


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
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, present, training=False):
        if not training or not self.rate:
            return present
        rows = ops.shape(present)[0]
        drawn = keras.random.uniform((rows, 1), seed=self.seed_generator)
        # Below half the rate the face is hidden, from there up to the rate the voice.
        half = self.rate / 2
        hide_face = drawn < half
        above_half = drawn >= half
        hide_voice = ops.logical_and(above_half, drawn < self.rate)
        hidden = ops.concatenate([hide_face, hide_voice], axis=-1)
        both = ops.all(present > 0.5, axis=1, keepdims=True)
        hidden = ops.logical_and(hidden, both)
        return ops.where(hidden, 0.0, present)

    def get_config(self):
        config = super().get_config()
        config["rate"] = self.rate
        config["seed"] = self.seed
        return config


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
        column = present[:, self.index : self.index + 1]
        there = column > 0.5
        nothing = ops.zeros_like(x)
        return ops.where(there, x, nothing)

    def get_config(self):
        config = super().get_config()
        config["index"] = self.index
        return config


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
        self.sides = [
            keras.layers.Dense(units, activation="tanh"),
            keras.layers.Dense(units, activation="tanh"),
        ]
        self.gate = keras.layers.Dense(units, activation="sigmoid")

    def build(self, input_shape):
        face, voice, _ = input_shape
        self.sides[0].build(face)
        self.sides[1].build(voice)
        batch = face[0]
        width = face[-1] + voice[-1]
        self.gate.build((batch, width))

    def call(self, inputs):
        face, voice, present = inputs
        both = ops.concatenate([face, voice], axis=-1)
        gate = self.gate(both)
        face_weight = gate * present[:, :1]
        voice_weight = (1 - gate) * present[:, 1:]
        total = ops.maximum(face_weight + voice_weight, 1e-6)
        of_face = face_weight * self.sides[0](face)
        of_voice = voice_weight * self.sides[1](voice)
        return (of_face + of_voice) / total

    def compute_output_shape(self, input_shape):
        face, _, _ = input_shape
        return (face[0], self.units)

    def get_config(self):
        config = super().get_config()
        config["units"] = self.units
        return config
