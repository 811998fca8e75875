"""The exercises of notebooks/08_vgg16."""

import numpy as np
from scipy.signal import correlate2d

from .registry import exercise


def _check_stacked(answer) -> None:
    cases = {
        (5, 1): (2, 18, 25),
        (3, 64): (1, 36864, 36864),
        (7, 64): (3, 110592, 200704),
        (11, 2): (5, 180, 484),
    }
    for case, expected in cases.items():
        got = answer(*case)
        assert got is not None, "the function returns nothing yet"
        assert tuple(got) == expected, f"size, channels = {case} gives {expected}, not {got}"


@exercise("08.1", _check_stacked)
def stacked(size: int, channels: int) -> tuple[int, int, int]:
    """How many 3×3 layers see as much as one large filter, their weights, and those of the large
    one.
    """
    layers = (size - 1) // 2  # each adds one pixel on every side
    pairs = channels**2
    small = layers * 9 * pairs
    large = size**2 * pairs
    return layers, small, large


def _check_compose(answer) -> None:
    rng = np.random.default_rng(0)
    cases = (
        (3, 3),
        (3, 5),
        (2, 3),
    )
    for size, other in cases:
        first = rng.normal(size=(size, size))
        second = rng.normal(size=(other, other))
        got = answer(first, second)
        assert got is not None, "the function returns nothing yet"
        whole = size + other - 1
        assert np.shape(got) == (whole, whole), (
            f"{size}×{size} and {other}×{other} make {whole}×{whole}"
        )
        picture = rng.normal(size=(12, 12))
        once = correlate2d(picture, first, "valid")
        twice = correlate2d(once, second, "valid")
        in_one = correlate2d(picture, got, "valid")
        right = np.allclose(in_one, twice)
        assert right, "it does not answer as the two in a row do"


@exercise("08.2", _check_compose)
def compose(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The one filter that answers as two in a row do: ``scipy.signal.convolve2d`` of both."""
    size = len(first)
    whole = size + len(second) - 1
    large = np.zeros((whole, whole))
    for row, column in np.ndindex(second.shape):
        part = large[row : row + size, column : column + size]
        part += second[row, column] * first
    return large


def _check_freeze(answer) -> None:
    from keras import Input, Sequential, layers

    def build():
        steps = [
            Input((6, 6, 1)),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(5),
            layers.Dense(7),
        ]
        return Sequential(steps)

    # Weights: convolution 40, the dense layers 25 and 42.
    cases = {1: 42, 2: 67, 3: 107, 0: 0}
    for open_layers, expected in cases.items():
        model = build()
        got = answer(model, open_layers)
        assert got is not None, "the function returns nothing yet"
        assert not model.layers[1].trainable, "batch normalisation must not learn"
        left = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
        assert left == expected, (
            f"with {open_layers} open layers {expected} numbers can change, in your model {left}"
        )
        assert got == expected, f"{expected} numbers can change, but the function returns {got}"


@exercise("08.3", _check_freeze)
def freeze(model, open_layers: int) -> int:
    """Leave only the last layers of a Keras model open, and no batch normalisation; how many
    numbers can change.
    """
    from keras.layers import BatchNormalization

    learned = []
    for layer in model.layers:
        layer.trainable = False
        if layer.weights and not isinstance(layer, BatchNormalization):
            learned.append(layer)
    first = len(learned) - open_layers
    for layer in learned[first:]:
        layer.trainable = True
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)
