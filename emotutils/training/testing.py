"""Score a trained network on a data set, divided as it was for the training."""

import os
from dataclasses import replace

import numpy as np

from .. import datasets
from ..datasets import splits
from ..errors import DataError
from ..evaluation import Report, score
from ..networks import Network, as_network
from . import records


def unseen(judge: Network, data: str, root: str | os.PathLike | None = None) -> datasets.Dataset:
    """The set, divided so that its test rows are no rows that the network learned from.

    Raises
    ------
    DataError : a set of the other modality, or one that the network learned from, divided
        otherwise.
    """
    dataset = datasets.load(data, root)
    learned = datasets.parse(judge.card["data"]).parts
    protocol = judge.card["protocol"]
    if dataset.modality != judge.kind:
        raise DataError(
            judge.name,
            f"takes {judge.kind}s, {data} holds {dataset.modality}s",
            "name a set of the network's own kind",
        )
    if missing := [name for name in dataset.labels if name not in judge.labels]:
        raise DataError(
            judge.name,
            f"does not know all labels of {data}",
            f"leave out the rows of {', '.join(missing)}",
        )
    if data == judge.card["data"]:
        return _divided_as_trained(dataset, judge)
    # Of sets learned together, the first alone keeps its own split (``datasets.merge``).
    if set(datasets.parse(data).parts) & set(learned) and (
        data != learned[0] or protocol not in splits.OWN
    ):
        raise DataError(
            judge.name,
            f"learned from {data} divided otherwise",
            f"score it on {judge.card['data']}",
        )
    return dataset


def _divided_as_trained(dataset: datasets.Dataset, network: Network) -> datasets.Dataset:
    """The set that a network learned from, divided as it was for the training."""
    protocol = network.card["protocol"]
    seed = 0
    if protocol not in splits.OWN:
        folder = network.path.parent if network.path else None
        seed = records.of_card(network.card, folder)["seed"]
    parts = splits.by_protocol(dataset.table, protocol, seed)
    return replace(dataset, table=dataset.table.assign(split=parts))


def evaluate_network(
    network: Network | str | os.PathLike,
    data: str,
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
    data, root : a data set's name and the data root, as in ``datasets.load``.
    flip : answer each face by the mean of what is said of it and of its mirror image; not for
        voices.

    Raises
    ------
    EmotutilsError : an unknown network or set, or one that does not fit the other.
    """
    judge = as_network(network)
    if judge.kind == "both" or datasets.is_pairs(data):
        return _of_pairs(judge, data, split, root, flip)
    dataset = datasets.load(data, root)
    if data == judge.card["data"]:
        dataset = _divided_as_trained(dataset, judge)
    part = datasets.part(dataset, split, judge.kind, judge.features)
    own = [judge.labels.index(name) for name in dataset.labels if name in judge.labels]
    if len(own) < len(dataset.labels):
        raise DataError(
            network,
            f"does not know all labels of {data}",
            f"take a network with {', '.join(dataset.labels)}",
        )
    if flip and judge.kind == "voice":
        raise DataError(
            network, "hears voices, and only a face has a mirror image", "leave flip out"
        )
    y, proba = np.array(own)[part.y], judge.predict_proba(part.x)
    if flip:
        proba = (proba + judge.predict_proba(part.x[:, :, ::-1])) / 2
    return score(y, proba, judge.labels, part.group if judge.kind == "voice" else None)


def _of_pairs(judge: Network, data: str, split: str, root, flip: bool) -> Report:
    if judge.kind != "both" or not datasets.is_pairs(data) or flip:
        raise DataError(
            judge.name,
            f"is not scored on {data}",
            "joint is scored on pairs, such as paired-fer2013+ravdess, and no other network is; pairs are not mirrored",
        )
    part = datasets.load_pairs(data, root).part(split, judge.features)
    return score(part.y, judge.predict_proba(part.x), judge.labels, part.group)
