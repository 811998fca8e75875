"""Deep stacks of layers, with and without what helps them: which of them begin to learn? Taught in
notebooks/08_vgg16 and notebooks/09_resnet50.

A modest experiment on real faces: small networks, some hundred pictures, few epochs, three seeds.
"""

import time
from collections.abc import Callable, Sequence

import keras
from keras import layers

from .. import datasets
from ..datasets import Dataset
from ..networks.vgg16 import BLOCKS
from ..support.machine import surroundings
from ..training import Recipe, fit

RECIPE = Recipe(epochs=8, batch_size=32, optimizer="adam", cosine=False, monitor=None)


def vgg_stack(norm: bool) -> keras.Model:
    """VGG16's thirteen convolutions with an eighth of its filters, for grey faces of 48×48.

    Taught in notebooks/08_vgg16.

    Parameters
    ----------
    norm : with batch normalisation behind every convolution.
    """
    inputs = keras.Input((48, 48, 1))
    x = layers.Rescaling(1.0, offset=-115)(inputs)  # a mean is taken away, as VGG16 does
    for filters, depth in BLOCKS:
        for _ in range(depth):
            x = layers.Conv2D(filters // 8, 3, padding="same")(x)
            if norm:
                x = layers.BatchNormalization()(x)
            x = layers.Activation("relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(7, activation="softmax")(x))


def residual_stack(shortcut: bool, norm: bool, pairs: int = 9) -> keras.Model:
    """Pairs of 3×3 convolutions for grey faces of 48×48; with nine pairs, twenty layers.

    Taught in notebooks/09_resnet50.

    Parameters
    ----------
    shortcut : what goes into a pair is added to what comes out.
    norm : with batch normalisation behind each of their convolutions.
    pairs : how many.
    """
    inputs = keras.Input((48, 48, 1))
    x = layers.Rescaling(1 / 64, offset=-2)(inputs)
    x = layers.Conv2D(16, 7, strides=2, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for _ in range(pairs):
        change = layers.Activation("relu")(_convolved(x, norm))
        change = _convolved(change, norm)
        if shortcut:
            change = layers.Add()([x, change])
        x = layers.Activation("relu")(change)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(7, activation="softmax")(x))


def _convolved(x, norm: bool):
    x = layers.Conv2D(16, 3, padding="same")(x)
    if norm:
        return layers.BatchNormalization()(x)
    return x


#: What is compared in each family: name → how it is built, and its learning rate.
ARMS: dict[str, dict[str, tuple[Callable[[], keras.Model], float]]] = {
    "vgg": {
        "as published, rate 0.001": (lambda: vgg_stack(False), 1e-3),
        "as published, rate 0.0001": (lambda: vgg_stack(False), 1e-4),
        "normalised, rate 0.001": (lambda: vgg_stack(True), 1e-3),
    },
    "residual": {
        "plain": (lambda: residual_stack(False, False), 1e-3),
        "shortcuts": (lambda: residual_stack(True, False), 1e-3),
        "plain + norm": (lambda: residual_stack(False, True), 1e-3),
        "shortcuts + norm": (lambda: residual_stack(True, True), 1e-3),
    },
}


def study(
    family: str,
    faces: str = "fer2013",
    *,
    root=None,
    seeds: Sequence[int] = (0, 1, 2),
    learned: int = 1200,
    watched: int = 300,
    epochs: int = 8,
) -> dict:
    """Train every arm of a family once a seed: other weights, another order of the same rows.

    Parameters
    ----------
    family : one of `ARMS`.
    faces : name of a data set.
    root : the data root.
    seeds : of weights and order.
    learned, watched : so many training and validation faces, the first of their parts.
    epochs : of each training, in batches of 32.

    Returns
    -------
    A record: ``arms``, by name a list with the history of each seed.
    """
    began = time.perf_counter()
    seen = datasets.load(faces, root)
    train = _first(seen, "train", learned)
    validation = _first(seen, "validation", watched)
    recipe = RECIPE.replace(epochs=epochs)
    arms = {}
    for name, (build, rate) in ARMS[family].items():
        arms[name] = []
        for seed in seeds:
            keras.utils.set_random_seed(seed)
            chosen = recipe.replace(learning_rate=rate)
            history = fit(build(), train, validation, chosen, seed=seed, progress=False)
            arms[name].append(history.epochs)
    return {
        "data": faces,
        "family": family,
        "seeds": list(seeds),
        "rows": {"learned": len(train[1]), "watched": len(validation[1])},
        "epochs": epochs,
        "batch_size": recipe.batch_size,
        "arms": arms,
        "wall_time_s": round(time.perf_counter() - began, 1),
        **surroundings(),
    }


def _first(seen: Dataset, part: str, n: int) -> tuple:
    """The first ``n`` faces of a part, and their labels."""
    rows = seen.rows(part)[:n]
    return seen.faces(rows), seen.table["y"].to_numpy()[rows]
