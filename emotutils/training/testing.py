"""Score a trained network on a data set, divided as it was for the training."""

import os
from dataclasses import replace

import numpy as np

from .. import datasets
from ..datasets import Dataset, PairSet, splits
from ..datasets.base import plural
from ..errors import DataError
from ..evaluation import Report, score
from ..networks import Network, as_network
from . import records
from .material import load_set


def evaluate(
    network: Network | str | os.PathLike,
    dataset: str | Dataset | PairSet,
    split: str = "test",
    root: str | os.PathLike | None = None,
    *,
    flip: bool = False,
) -> Report:
    """Score a trained network on one split of a data set; a shipped one gives its card's figures
    again.

    Parameters
    ----------
    network : a network, a shipped one's name or the path of a ``.keras`` file.
    dataset : a data set or its name. The set that the network learned from is divided as it was for
        the training.
    split : ``"train"``, ``"validation"`` or ``"test"``.
    root : the data root, as in ``datasets.load``.
    flip : answer each face by the mean of the answers to it and to its mirror image; for
        nothing else.

    Returns
    -------
    Report: accuracy, UAR and the rest with 95 % intervals, of voices resampled by speaker.

    Raises
    ------
    EmotutilsError : an unknown network or set, or one that does not fit the other.

    Examples
    --------
    >>> report = evaluate("conv2d", "sample-fer2013", "validation")
    >>> report.n, len(report.labels)
    (105, 7)
    """
    network = as_network(network)
    dataset = load_set(dataset, root)
    if network.kind == "both" or isinstance(dataset, PairSet):
        return _evaluate_pairs(network, dataset, split, flip)
    if flip and network.kind != "face":
        what = f"takes {plural(network.kind)}, and only a face has a mirror image"
        raise DataError(network.name, what, "leave flip out")
    if dataset.name == network.card["data"]:
        dataset = _divided_as_trained(dataset, network)
    part = datasets.part(dataset, split, network.kind, network.features)
    _check_labels(network, dataset)
    own = np.array([network.labels.index(name) for name in dataset.labels])
    proba = network.predict_proba(part.x)
    if flip:
        proba = (proba + network.predict_proba(part.x[:, :, ::-1])) / 2
    groups = part.group
    if network.kind == "face":
        groups = None
    return score(own[part.y], proba, network.labels, groups)


def _evaluate_pairs(network: Network, dataset: Dataset | PairSet, split: str, flip: bool) -> Report:
    if network.kind != "both" or not isinstance(dataset, PairSet) or flip:
        raise DataError(
            network.name,
            f"is not scored on {dataset.name}",
            "joint is scored on pairs, such as paired-fer2013+ravdess, and no other network is; "
            "pairs are not mirrored",
        )
    part = dataset.part(split, network.features)
    return score(part.y, network.predict_proba(part.x), network.labels, part.group)


def unseen(
    network: Network | str | os.PathLike,
    dataset: str | Dataset,
    root: str | os.PathLike | None = None,
) -> Dataset:
    """The set, divided so that its test rows are no rows that the network learned from.

    Parameters
    ----------
    network : a network, a shipped one's name or the path of a ``.keras`` file.
    dataset : a data set or its name.
    root : the data root, as in ``datasets.load``.

    Raises
    ------
    DataError : a set of the other kind, or one that the network learned from, divided otherwise.
    """
    network = as_network(network)
    dataset = load_set(dataset, root)
    data = dataset.name
    learned = network.card["data"]
    if dataset.modality != network.kind:
        raise DataError(
            network.name,
            f"takes {plural(network.kind)}, {data} holds {plural(dataset.modality)}",
            "name a set of the network's own kind",
        )
    _check_labels(network, dataset)
    if data == learned:
        return _divided_as_trained(dataset, network)
    # Of sets learned together, the first alone keeps its own split (``datasets.merge``).
    learned_sets = datasets.parse(learned).parts
    shared = set(datasets.parse(data).parts).intersection(learned_sets)
    is_first = data == learned_sets[0] and network.card["protocol"] in splits.OWN
    if shared and not is_first:
        raise DataError(
            network.name, f"learned from {data} divided otherwise", f"score it on {learned}"
        )
    return dataset


def _check_labels(network: Network, dataset: Dataset) -> None:
    missing = [name for name in dataset.labels if name not in network.labels]
    if missing:
        raise DataError(
            network.name,
            f"does not know all labels of {dataset.name}",
            f"leave out the rows of {', '.join(missing)}, or take a network that knows them",
        )


def _divided_as_trained(dataset: Dataset, network: Network) -> Dataset:
    """The set that a network learned from, divided as it was for the training."""
    protocol = network.card["protocol"]
    seed = 0
    if protocol not in splits.OWN:
        folder = None
        if network.path:
            folder = network.path.parent
        seed = records.of_card(network.card, folder)["seed"]
    parts = splits.by_protocol(dataset.table, protocol, seed)
    return replace(dataset, table=dataset.table.assign(split=parts))
