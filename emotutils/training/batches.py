"""The batches of a training: shuffled, balanced, varied, and the same after a resume.

Taught in notebooks/07_conv2d (faces) and notebooks/10_conv1d (voices).
"""

from collections.abc import Callable
from functools import partial

import keras
import numpy as np

from .. import datasets, faces, voices
from ..datasets import Pairs, Part
from ..voices import Features
from .recipes import Recipe

#: A network's input: one array, or several by name; rows first.
Input = np.ndarray | dict[str, np.ndarray]
#: What `fit` learns from: a part of a data set, or a pair of input and labels.
Material = Part | Pairs | tuple[Input, np.ndarray]

AUGMENTATIONS: dict[str, Callable] = {
    "faces": faces.augment_faces,
    "film": faces.augment_film_faces,
    "mixed": faces.augment_mixed_faces,
    "log_mel": voices.augment_log_mel,
    "pairs": datasets.augment_pairs,
}


class Batches(keras.utils.PyDataset):
    """Shuffled, augmented training batches; the same seed and epoch give the same batches, also
    after a resume.

    Parameters
    ----------
    part : rows to learn from, see `as_part`.
    n_labels : how many labels the network tells apart; labels are handed out one-hot.
    recipe : its ``batch_size``, ``augment`` and ``balanced`` (rare labels weigh more) count here.
    seed, epoch : decide the order of the rows and how each is varied; the epoch counts from 0.
    sample_weight : float (n,), how much each row counts in the loss.
    draw : a function of ``[seed, epoch]`` that gives each epoch a part of its own, of the same
        labels: other faces beside the same voices.
    """

    def __init__(
        self,
        part: Material,
        n_labels: int,
        recipe: Recipe,
        seed: int,
        epoch: int,
        sample_weight: np.ndarray | None = None,
        draw: Callable[[list[int]], Pairs] | None = None,
    ):
        super().__init__(workers=1)
        self.part = as_part(part)
        self.n_labels = n_labels
        self.recipe = recipe
        self.seed = seed
        self.epoch = epoch
        self.draw = draw
        self.augment = augmentation_of(recipe)
        self.weight = sample_weight
        if recipe.balanced:
            self.weight = balanced_weights(self.part.y, n_labels)
            if sample_weight is not None:
                self.weight = self.weight * sample_weight
        self._shuffle()

    def _shuffle(self) -> None:
        if self.draw:
            self.part = self.draw([self.seed, self.epoch])
        rng = np.random.default_rng([self.seed, self.epoch])
        self.order = rng.permutation(len(self.part))

    def __len__(self) -> int:
        return count_batches(len(self.part), self.recipe)

    def __getitem__(self, index: int):
        size = self.recipe.batch_size
        start = index * size
        rows = self.order[start : start + size]
        x = as_floats(self.part.x, rows)
        if self.augment:
            rng = np.random.default_rng([self.seed, self.epoch, index])
            x = self.augment(x, rng)
        y = one_hot(self.part.y[rows], self.n_labels)
        if self.weight is None:
            return x, y
        return x, y, self.weight[rows]

    def on_epoch_end(self) -> None:
        self.epoch += 1
        self._shuffle()


def as_part(material: Material) -> Part | Pairs:
    """A part of a data set as it is, and a pair of arrays as one.

    Parameters
    ----------
    material : a part, or ``(x, y)``: input (n, …) and labels int (n,) from 0.
    """
    if not isinstance(material, tuple):
        return material
    x, y = material
    unnamed = np.empty(0, str)
    return Part(x, np.asarray(y, dtype=np.int32), unnamed, unnamed)


def count_batches(rows: int, recipe: Recipe) -> int:
    """How many batches an epoch has; the last one may be smaller."""
    return -(-rows // recipe.batch_size)


def as_floats(x: Input, rows: np.ndarray | slice = slice(None)) -> Input:
    """Some rows of an input as float32."""
    return keras.tree.map_structure(lambda values: values[rows].astype(np.float32), x)


def one_hot(y: np.ndarray, n_labels: int) -> np.ndarray:
    """Labels int (n,) → float32 (n, n_labels), 1 at each row's label."""
    return np.eye(n_labels, dtype=np.float32)[y]


def balanced_weights(y: np.ndarray, n_labels: int) -> np.ndarray:
    """Weights of rows, float32 (n,), by which every label that occurs counts the same in the loss.

    Examples
    --------
    >>> balanced_weights(np.array([0, 0, 0, 1]), n_labels=2)
    array([0.6666667, 0.6666667, 0.6666667, 2.       ], dtype=float32)
    """
    counts = np.bincount(y, minlength=n_labels)
    weights = len(y) / (n_labels * np.maximum(counts, 1))
    return weights[y].astype(np.float32)


def augmentation_of(recipe: Recipe) -> Callable | None:
    """A function of a batch and a generator of random numbers that varies the batch, as the recipe
    says.
    """
    if recipe.augment is None:
        return None
    vary = AUGMENTATIONS[recipe.augment]
    if isinstance(recipe.features, Features):
        return partial(vary, deltas=recipe.features.deltas)
    return vary
