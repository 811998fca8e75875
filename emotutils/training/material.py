"""From a data set to the parts of a training: who trains, who chooses, who tests.

Taught in notebooks/07_conv2d.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from .. import datasets
from ..datasets import Dataset, Pairs, PairSet, Part, splits
from ..errors import DataError, EmotutilsError
from .recipes import Recipe


@dataclass(frozen=True)
class Material:
    """What a training learns from and is scored on.

    Attributes
    ----------
    source : the data set, divided as the protocol says.
    labels : names of the labels that ``y`` of the parts counts.
    train, validation, test : the parts.
    draw : of pairs, a function of ``[seed, epoch]`` that draws the training part anew.
    tested_once : whether validation and test are two parts. Where they are one, what is fitted on
        the validation part would be fitted on the test part.
    """

    source: Dataset | PairSet
    labels: tuple[str, ...]
    train: Part | Pairs
    validation: Part | Pairs
    test: Part | Pairs
    draw: Callable[[list[int]], Pairs] | None = None
    tested_once: bool = True

    @property
    def parts(self) -> dict[str, Part | Pairs]:
        """The three parts by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def own_protocol(data: str, kind: str) -> str:
    """How rows are divided unless the user says otherwise (``thesis-NAME``, see ``splits.THESIS``).

    RAVDESS, also where other sets or faces stand beside its voices: actors 1–16 train, 17–20
    validation, 21–24 test. Everything else has its official split: FER2013's, or that of the table
    that a set's reader gives.

    Parameters
    ----------
    data : a set's name.
    kind : what the network takes, see ``networks.KINDS``.

    Examples
    --------
    >>> own_protocol("ravdess+tess", "voice"), own_protocol("ravdess-my-own-cuts", "voice")
    ('actors-16-4-4', 'official')
    """
    if kind != "face" and datasets.parse(data).of_ravdess:
        return "actors-16-4-4"
    return "official"


def load_set(
    dataset: str | Dataset | PairSet, root: str | os.PathLike | None = None
) -> Dataset | PairSet:
    """A set as it is, or the one of that name."""
    if datasets.is_pairs(dataset):
        return datasets.load_pairs(dataset, root)
    return datasets.load(dataset, root)


def kind_of_rows(dataset: Dataset | PairSet) -> str:
    """What a network takes that learns from a set, see ``networks.KINDS``.

    Raises
    ------
    EmotutilsError : a set of films, which are not learned from as they are.
    """
    if isinstance(dataset, PairSet):
        return "both"
    if dataset.modality == "film":
        raise EmotutilsError(
            f"{dataset.name} holds films: cut faces out of them first (datasets.prepare_films)"
        )
    return dataset.modality


def divide(
    dataset: Dataset | PairSet, kind: str, protocol: str, recipe: Recipe, seed: int
) -> Material:
    """The parts of a set, as arrays.

    Parameters
    ----------
    dataset : what is learned from.
    kind : what the network takes, see ``networks.KINDS``.
    protocol : how rows are divided, see `own_protocol` and ``splits.by_protocol``.
    recipe : its ``features`` and ``speeds`` count here, and whether it chooses an epoch.
    seed : of a random division, and of the first pairs.

    Raises
    ------
    EmotutilsError : a set that does not hold what the network takes, or that cannot be divided so.
    """
    pairs = isinstance(dataset, PairSet)
    if pairs != (kind == "both"):
        holds = "pairs" if pairs else "no pairs"
        raise EmotutilsError(
            f"{dataset.name} holds {holds}: joint learns from pairs, such as "
            "paired-fer2013+ravdess, and no other network does"
        )
    if pairs and protocol not in splits.OWN:
        own = own_protocol(dataset.name, kind)
        raise EmotutilsError(
            f"protocol {protocol} is not for {dataset.name}: its own split is {own}"
        )
    if pairs:
        return _divide_pairs(dataset, recipe, seed)
    return _divide_rows(dataset, kind, protocol, recipe, seed)


def _divide_pairs(dataset: PairSet, recipe: Recipe, seed: int) -> Material:
    draw = dataset.drawer("train", recipe.features, speeds=recipe.speeds)
    return Material(
        dataset,
        dataset.labels,
        train=draw([seed, 0]),
        # Drawn by another seed they would be another test: all runs are scored on the same pairs.
        validation=dataset.part("validation", recipe.features),
        test=dataset.part("test", recipe.features),
        draw=draw,
    )


def _divide_rows(dataset: Dataset, kind: str, protocol: str, recipe: Recipe, seed: int) -> Material:
    split = splits.by_protocol(dataset.table, protocol, seed)
    dataset = replace(dataset, table=dataset.table.assign(split=split))
    held = [name for name in ("validation", "test") if (split == name).any()]
    if not held or not (split == "train").any():
        groups = dataset.table["group"].nunique()
        raise DataError(
            dataset.name,
            f"holds {groups} speakers or pictures, none for each part of protocol {protocol}",
            f"fetch the whole set: emotutils data fetch {dataset.name}",
        )
    if len(held) < 2 and recipe.monitor:
        raise EmotutilsError(
            f"protocol {protocol} leaves no part to choose the epoch by: take --recipe thesis"
        )
    train = datasets.part(dataset, "train", kind, recipe.features, recipe.speeds)
    parts = [datasets.part(dataset, name, kind, recipe.features) for name in held]
    return Material(
        dataset,
        dataset.labels,
        train=train,
        validation=parts[0],
        test=parts[-1],
        tested_once=len(held) == 2,
    )
