"""What happens between the epochs of a training: count, keep, go on after a break, show.

Keras' BackupAndRestore is not used: it keeps no history, does not draw dropout anew from seed and
epoch, and saves weights wherever it stands among the callbacks, raw or averaged.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TypedDict

import keras
import numpy as np
from msgspec import Meta
from tqdm.auto import tqdm

from ..errors import DataError, EmotutilsError
from ..support.files import clear, replacing
from ..support.reading import read_arrays, read_json
from .history import History

#: The files of a broken-off training, in the folder of its run.
STATE = "state.npz"
NEXT_STATE = "next.npz"
HISTORY = "history.json"
#: What to do with a run that cannot go on.
DAMAGED = "train it anew with --overwrite, or elsewhere (--out)"


class HistoryFields(TypedDict):
    """What ``history.json`` says: the figures of each epoch."""

    seconds: Annotated[float, Meta(ge=0)]
    epochs: Annotated[list[dict[str, float]], Meta(min_length=1)]


def each_layer(model: keras.Model) -> Iterator[keras.Layer]:
    """The layers of a model and of the models in it."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from each_layer(layer)
        else:
            yield layer


def rounded(figures: dict[str, float]) -> dict[str, float]:
    """An epoch's figures as histories hold them."""
    return {name: round(float(value), 5) for name, value in figures.items()}


class EpochSeeds(keras.callbacks.Callback):
    """Dropout draws anew from seed and epoch, so that a resumed run drops what an unbroken one
    would have dropped.
    """

    def __init__(self, seed: int):
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch, logs=None):
        for i, layer in enumerate(each_layer(self.model)):
            if hasattr(layer, "seed_generator"):
                state = np.array([1000 * self.seed + i, epoch], np.uint32)
                layer.seed_generator.state.assign(state)


class Recorder(keras.callbacks.Callback):
    """Writes each epoch's figures and the time into a `History`."""

    def __init__(self, history: History):
        super().__init__()
        self.history = history
        self.earlier = history.seconds

    def on_train_begin(self, logs=None):
        self.started = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        if not np.isfinite(logs["loss"]):
            raise EmotutilsError(
                f"training stopped in epoch {epoch + 1}: the loss is {logs['loss']}; "
                "lower the learning rate"
            )
        self.history.epochs.append(rounded(logs))
        self._count_seconds()

    def on_train_end(self, logs=None):
        self._count_seconds()

    def _count_seconds(self) -> None:
        self.history.seconds = self.earlier + time.monotonic() - self.started


class BestWeights(keras.callbacks.Callback):
    """Keeps the weights (averaged ones, where the recipe averages) of the best epoch in memory."""

    def __init__(self, history: History):
        super().__init__()
        self.history = history
        self.weights: list[np.ndarray] | None = None

    def on_epoch_end(self, epoch, logs=None):
        if self.history.best_epoch == epoch + 1:
            self.weights = self.model.get_weights()


class RawState(keras.callbacks.Callback):
    """Saves weights and the optimizer's state before they are averaged; `Checkpoint` makes it
    count.

    Parameters
    ----------
    folder : of the run; without one nothing is saved.
    """

    def __init__(self, folder: str | os.PathLike | None):
        super().__init__()
        self.folder = folder

    def on_epoch_end(self, epoch, logs=None):
        if self.folder is not None:
            # Not by model.save_weights: on a full disk HDF5 ends the whole process.
            save_arrays(Path(self.folder) / NEXT_STATE, _state(self.model))


class Checkpoint(keras.callbacks.Callback):
    """Makes an epoch count, after all of it is on disk.

    A run can be killed at any time. The best weights have their epoch in their name, and the older
    ones stay until the new state is there; the state is renamed last. So whatever state is found,
    the history and the best weights that belong to it are there too.

    Parameters
    ----------
    folder : of the run; without one nothing is written.
    history, best : what the callbacks before this one have filled.
    """

    def __init__(self, folder: str | os.PathLike | None, history: History, best: BestWeights):
        super().__init__()
        self.folder = folder
        self.history = history
        self.best = best

    def on_epoch_end(self, epoch, logs=None):
        if self.folder is None:
            return
        folder = Path(self.folder)
        best = self.history.best_epoch
        kept = best_path(folder, best)
        if best == epoch + 1 or not kept.is_file():
            save_arrays(kept, self.best.weights)
        facts = {"seconds": self.history.seconds, "epochs": self.history.epochs}
        with replacing(folder / HISTORY) as temporary:
            temporary.write_text(json.dumps(facts), encoding="utf-8")
        os.replace(folder / NEXT_STATE, folder / STATE)
        _remove_but(folder, kept)

    def restore(self, model: keras.Model, batches_an_epoch: int) -> None:
        """Put the last finished epoch of an earlier run, if there is one, into the model, the
        history and the best weights; take away what was left half done.

        Raises
        ------
        DataError : a file of that run is damaged or missing.
        """
        folder = Path(self.folder)
        clear(folder)
        state = folder / STATE
        if not state.is_file():
            return
        facts = read_json(folder / HISTORY, HistoryFields, DAMAGED)
        done = _load(model, state) // batches_an_epoch
        epochs = facts["epochs"][:done]
        if len(epochs) != done or any(self.history.monitor not in (None, *e) for e in epochs):
            raise DataError(folder / HISTORY, f"does not tell of {done} epochs", DAMAGED)
        self.history.epochs = epochs
        self.history.seconds = facts["seconds"]
        kept = best_path(folder, self.history.best_epoch)
        self.best.weights = load_arrays(kept)
        if not fits(model, self.best.weights):
            raise DataError(kept, "holds weights of another network", DAMAGED)
        _remove_but(folder, kept)
        (folder / NEXT_STATE).unlink(missing_ok=True)


def _variables(model: keras.Model) -> list:
    """What a training changes: weights, and the optimizer's own variables."""
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    return [*model.weights, *model.optimizer.variables]


def _state(model: keras.Model) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(variable) for variable in _variables(model)]


def _load(model: keras.Model, state: Path) -> int:
    """Put a state into the model; how many steps it had taken."""
    arrays = load_arrays(state)
    variables = _variables(model)
    if not _alike(arrays, variables):
        raise DataError(state, "is the state of another network", DAMAGED)
    for variable, values in zip(variables, arrays, strict=True):
        variable.assign(values)
    return int(model.optimizer.iterations)


def _remove_but(folder: Path, kept: Path) -> None:
    """Remove the best weights of earlier epochs."""
    for path in folder.glob("best-epoch-*.npz"):
        if path != kept:
            path.unlink(missing_ok=True)


def fits(model: keras.Model, weights: list[np.ndarray]) -> bool:
    """Whether some weights have the shapes of a model's."""
    return _alike(weights, model.weights)


def _alike(arrays: list[np.ndarray], variables: list) -> bool:
    return [a.shape for a in arrays] == [tuple(v.shape) for v in variables]


def best_path(folder: Path, epoch: int) -> Path:
    """Where a run keeps the weights of its best epoch, counted from 1."""
    return folder / f"best-epoch-{epoch}.npz"


def save_arrays(path: Path, arrays: list[np.ndarray]) -> None:
    """Write a list of arrays, such as a model's weights, in a format that cannot run code."""
    with replacing(path) as temporary:
        np.savez(temporary, *arrays)


def load_arrays(path: Path) -> list[np.ndarray]:
    """What `save_arrays` wrote; DataError where that is damaged."""
    return list(read_arrays(path, DAMAGED).values())


class ProgressBar(keras.callbacks.Callback):
    """One bar over all epochs, with the time left.

    Parameters
    ----------
    name : what stands in front of it.
    total, done : batches of the whole training, and those of epochs finished before a resume.
    """

    SHOWN = ("loss", "accuracy", "val_accuracy", "val_uar")

    def __init__(self, name: str, total: int, done: int):
        super().__init__()
        self.bar = tqdm(desc=name, total=total, initial=done, unit="batch", dynamic_ncols=True)

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update()

    def on_epoch_end(self, epoch, logs=None):
        figures = {name: f"{logs[name]:.3f}" for name in self.SHOWN if name in logs}
        self.bar.set_postfix(epoch=epoch + 1, **figures)

    def on_train_end(self, logs=None):
        self.bar.close()
