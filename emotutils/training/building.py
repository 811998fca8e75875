"""A network made ready for a training: built for its rows, normalised by them, compiled as its
recipe says. Taught in notebooks/07_conv2d.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np
from keras import ops

from ..datasets import Pairs, Part
from ..errors import NetworkError
from ..networks import build_network, compile_for, with_seed
from ..texts import Tokens
from ..voices import PAD
from .batches import Input, as_floats, count_batches
from .callbacks import each_layer
from .metrics import UnweightedAverageRecall
from .recipes import Recipe


def build_for(
    recipe: Recipe, network: str, part: Part | Pairs, n_labels: int, seed: int | None = None
) -> keras.Model:
    """A registered network for the rows of a part; untrained, and not yet compiled: see `prepare`.

    Parameters
    ----------
    recipe : its ``variant`` and ``options`` say how the network is built.
    network : a registered name.
    part : rows of the shape that it shall take.
    n_labels : how many labels it shall tell apart.
    seed : of its weights and dropout; without one they are drawn as ``keras.utils.set_random_seed``
        says.
    """
    x = part.x
    if isinstance(x, dict):
        shape = {name: rows.shape[1:] for name, rows in x.items() if name != "present"}
    else:
        shape = x.shape[1:]
    options = dict(recipe.options)
    if isinstance(recipe.features, Tokens):
        options["buckets"] = recipe.features.buckets
    model = build_network(network, recipe.variant, n_labels=n_labels, input_shape=shape, **options)
    if seed is None:
        return model
    return with_seed(model, seed)


@contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Layers that are built inside compute in this precision, such as ``"mixed_bfloat16"``."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def copy_weights(source: keras.Model, target: keras.Model) -> keras.Model:
    """Give a network the weights of another one, built in the same way but for its precision.

    Keras' own ``clone_model`` would keep the operations between layers as they were: numbers that
    are taken away from a picture, rounded to 16 bits.

    Returns
    -------
    ``target``.
    """
    target.set_weights(source.get_weights())
    for layer in each_layer(target):
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    return target


def prepare(model: keras.Model, part: Part | Pairs, recipe: Recipe) -> int:
    """Make a model ready to be trained: its normalisation fitted on the training rows, where it
    has one that was never fitted, and compiled as the recipe says.

    Parameters
    ----------
    model : any Keras model that answers with one probability a label.
    part : the training rows.
    recipe : how it will be trained.

    Returns
    -------
    How many labels it tells apart.

    Raises
    ------
    NetworkError : rows of another shape, or more labels than it tells apart.
    """
    n_labels = _count_labels(model, part)
    adapt_normalization(model, part.x)
    optimizer = build_optimizer(recipe, steps=recipe.epochs * count_batches(len(part), recipe))
    compile_for(
        model,
        optimizer=optimizer,
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        metrics=["accuracy", UnweightedAverageRecall(n_labels)],
    )
    optimizer.build(model.trainable_variables)
    _build_metrics(model, n_labels)
    return n_labels


def _build_metrics(model: keras.Model, n_labels: int) -> None:
    """Have the metrics make their variables before the training. Where they make them in its first
    step, TensorFlow compiles the whole step twice: seconds, for a large network many.
    """
    answer = np.eye(1, n_labels, dtype=np.float32)
    model.compute_metrics(None, answer, answer)
    model.reset_metrics()


def _count_labels(model: keras.Model, part: Part | Pairs) -> int:
    """How many labels a model tells apart. One row goes through it, which also builds a model
    whose layers wait for their first input.
    """
    try:
        if isinstance(model, keras.Sequential) and not model.built:
            model.build((None, *part.x.shape[1:]))  # or it would take one row at a time ever after
        # Where it is not told, a model that resizes pictures (Keras 3.15) takes this for training.
        answer = model(as_floats(part.x, slice(0, 1)), training=False)
    except ValueError as error:
        reason = str(error).strip().splitlines()[0]
        raise NetworkError(f"{_misfit(model, part)}: {reason}") from error
    if answer.ndim != 2:
        raise NetworkError(
            f"{_misfit(model, part)}: the answer to one row has the shape {tuple(answer.shape[1:])}"
        )
    n_labels = int(answer.shape[-1])
    highest = int(part.y.max())
    if highest >= n_labels:
        raise NetworkError(
            f"network {model.name!r} tells {n_labels} labels apart, but the rows have label "
            f"number {highest} (the first is 0): build it for {highest + 1} labels or more"
        )
    return n_labels


def _misfit(model: keras.Model, part: Part | Pairs) -> str:
    shapes = keras.tree.map_structure(lambda rows: rows.shape[1:], part.x)
    return f"network {model.name!r} cannot take rows of shape {shapes}"


def adapt_normalization(model: keras.Model, x: Input) -> None:
    """Fit the ``Normalization`` layers of a model on training rows, but for those that were fitted
    before, such as those of trained parts.

    Parameters
    ----------
    model : of a network that takes a face and a voice, ``face_trunk`` and ``voice_trunk`` are
        looked through.
    x : what the model takes, of the training rows.
    """
    if isinstance(x, dict):
        for trunk in model.layers:
            if trunk.name not in ("face_trunk", "voice_trunk"):
                continue
            rows = x[trunk.name.removesuffix("_trunk")]
            if rows.ndim == 5:  # several faces a row
                rows = rows.reshape(-1, *rows.shape[2:])
            adapt_normalization(trunk, rows)
        return
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization) and _is_new(layer):
            layer.adapt(_rows_before(model, layer, x))


def _is_new(layer: keras.layers.Normalization) -> bool:
    """Whether a layer still has the mean 0 and the variance 1 that it begins with."""
    if layer.input_mean is not None:  # given when it was made
        return False
    mean = np.array(layer.mean)
    variance = np.array(layer.variance)
    return not mean.any() and (variance == 1).all()


def _rows_before(
    model: keras.Model, layer: keras.layers.Normalization, x: np.ndarray
) -> np.ndarray:
    """What reaches a layer when rows are put into its model."""
    if layer.input is not model.inputs[0]:
        before = keras.Model(model.inputs, layer.input)
        return before.predict(as_floats(x), batch_size=256, verbose=0)
    x = as_floats(x)
    if x.ndim == 3:
        # Padding is not sound: mean and variance come from real frames only.
        x = x[x[:, :, 0] != PAD][None]
    return x


class RiseAndFall(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises over the first twentieth of the steps and then falls as half a
    cosine wave.

    The values are those of Keras' ``CosineDecay`` with warm-up. That one puts a branch into the
    graph for every weight that decays: seconds, each time that a training begins.

    Parameters
    ----------
    highest : the rate at the end of the rise; it begins at a fiftieth of that.
    steps : of the whole training; two at least.
    """

    def __init__(self, highest: float, steps: int):
        super().__init__()
        self.highest = highest
        self.steps = max(2, steps)
        self.rise = max(1, self.steps // 20)

    def __call__(self, step):
        step = ops.cast(step, "float32")
        lowest = self.highest / 50
        rising = (self.highest - lowest) * (step / self.rise) + lowest
        fall = self.steps - self.rise
        done = ops.minimum(step - self.rise, fall) / fall
        falling = self.highest * (0.5 * (1.0 + ops.cos(np.pi * done)))
        return ops.where(step < self.rise, rising, falling)

    def get_config(self) -> dict:
        return {"highest": self.highest, "steps": self.steps}


def build_optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    """The recipe's optimizer, with its learning rate over all steps of the training: with
    ``cosine`` it is `RiseAndFall`.

    Averaged weights reach back over a fifth of the steps at most: otherwise a short training
    would end with the random weights that it began with.
    """
    rate = recipe.learning_rate
    if recipe.cosine:
        rate = RiseAndFall(recipe.learning_rate, steps)
    config = {"learning_rate": rate}
    if recipe.ema:
        config["use_ema"] = True
        config["ema_momentum"] = min(recipe.ema, 1 - 5 / max(steps, 10))
    if recipe.weight_decay or recipe.optimizer == "adamw":  # which has a default of its own
        config["weight_decay"] = recipe.weight_decay
    return keras.optimizers.get({"class_name": recipe.optimizer, "config": config})
