"""The training loop. Taught in notebooks/07_conv2d."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np

from ..datasets import Pairs
from ..errors import EmotutilsError
from .batches import (
    Batches,
    Input,
    Material,
    as_floats,
    as_part,
    count_batches,
    one_hot,
)
from .building import prepare
from .callbacks import BestWeights, Checkpoint, EpochSeeds, ProgressBar, RawState, Recorder
from .history import History
from .recipes import Recipe


def fit(
    model: keras.Model,
    train: Material,
    validation: Material | None,
    recipe: Recipe,
    *,
    seed: int = 0,
    folder: str | os.PathLike | None = None,
    resume: bool = False,
    progress: bool = True,
    draw: Callable[[list[int]], Pairs] | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> History:
    """Train a Keras model as a recipe says; in the end it has the weights of its best epoch.

    Parameters
    ----------
    model : any Keras model that answers with one probability a label. It is compiled here, and a
        ``Normalization`` layer that was never fitted is fitted on the training rows.
    train, validation : parts of a data set (``datasets.part``), or ``(x, y)``: input (n, …) and
        labels int (n,) from 0. Where the recipe takes the last epoch, ``validation`` may be
        ``None``.
    recipe : epochs, optimizer, augmentation and the rest; see ``recipe_for`` and
        ``Recipe.replace``.
    seed : of the order of the rows, of augmentation and dropout. The model brings its own weights:
        ``keras.utils.set_random_seed`` before it is built makes these the same every time.
    folder : where finished epochs are kept, so that a training that was broken off can go on;
        nothing is written without it.
    resume : go on from the last finished epoch in ``folder``, if there is one.
    progress : show a bar with the time left.
    draw : gives each epoch a training part of its own, see `Batches`.
    callbacks : Keras callbacks of your own. They are called before ours: after an epoch they find
        the weights as they are, not yet averaged.

    Returns
    -------
    History: the figures of each epoch, and which one is the best.

    Raises
    ------
    EmotutilsError : rows that do not fit the model, nothing to choose the epoch by, a loss that is
        not finite, memory that ran out.

    Examples
    --------
    >>> x = np.repeat(np.eye(2), 8, axis=0)
    >>> y = np.repeat([0, 1], 8)
    >>> model = keras.Sequential([keras.layers.Dense(2, activation="softmax")])
    >>> recipe = Recipe(epochs=20, batch_size=4, learning_rate=0.1, monitor=None)
    >>> history = fit(model, (x, y), None, recipe, progress=False)
    >>> history.epochs[-1]["accuracy"]
    1.0
    """
    _check(recipe, validation, folder, resume)
    train = as_part(train)
    n_labels = prepare(model, train, recipe)
    history = History(monitor=recipe.monitor)
    best = BestWeights(history)
    checkpoint = Checkpoint(folder, history, best)
    if resume:
        checkpoint.restore(model, count_batches(len(train), recipe))
    batches = Batches(train, n_labels, recipe, seed, epoch=len(history), draw=draw)

    ours = [EpochSeeds(seed), Recorder(history), RawState(folder)]
    if recipe.ema:
        ours.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
    ours += [best, checkpoint]
    if progress:
        name = Path(folder).name if folder else model.name
        ours.append(ProgressBar(name, recipe.epochs * len(batches), len(history) * len(batches)))

    with _memory_errors_in_words(recipe):
        model.fit(
            batches,
            initial_epoch=len(history),
            epochs=recipe.epochs,
            # The batches are shuffled already; Keras would use a state that no resume restores.
            shuffle=False,
            validation_data=_as_validation(validation, n_labels),
            validation_batch_size=256,
            callbacks=[*callbacks, *ours],
            verbose=0,
        )
    model.set_weights(best.weights)
    return history


def _check(recipe: Recipe, validation: Material | None, folder, resume: bool) -> None:
    if validation is None and recipe.monitor:
        raise EmotutilsError(
            f"the recipe chooses the epoch by {recipe.monitor}: give validation rows, or take the "
            "last epoch with recipe.replace(monitor=None)"
        )
    if resume and folder is None:
        raise EmotutilsError("a training goes on from what its folder holds: give folder=…")


def _as_validation(material: Material | None, n_labels: int) -> tuple[Input, np.ndarray] | None:
    """Validation rows as Keras takes them: input in floats, labels one-hot."""
    if material is None:
        return None
    part = as_part(material)
    return as_floats(part.x), one_hot(part.y, n_labels)


@contextmanager
def _memory_errors_in_words(recipe: Recipe) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        text = str(error)
        if "RESOURCE_EXHAUSTED" in text or "OOM" in text or isinstance(error, MemoryError):
            raise EmotutilsError(
                f"memory ran out at batch size {recipe.batch_size}: close other programs or use a "
                "smaller network; finished epochs are kept where the run has a folder (--resume)"
            ) from error
        raise
