"""Score a trained network on a data set, divided as it was for the training."""

import os
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from .. import datasets
from ..datasets import Dataset, PairSet, Part, splits
from ..datasets.base import plural
from ..emotions import EMOTIONS, to_seven
from ..errors import DataError
from ..evaluation import Answers, Report, score
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
    say: Callable[[str], None] = print,
) -> Report:
    """Score a trained network on one split of a data set; a shipped one gives its card's figures
    again.

    On a set that the network never learned from, only labels that both know are scored. Where one
    of the two knows ``calm`` and the other does not, it counts as ``neutral``.

    Parameters
    ----------
    network : a network, a shipped one's name or the path of a ``.keras`` file.
    dataset : a data set or its name. The set that the network learned from is divided as it was for
        the training.
    split : ``"train"``, ``"validation"`` or ``"test"``; ``"all"`` rows of a set that the network
        never learned from.
    root : the data root, as in ``datasets.load``.
    flip : answer each face by the mean of the answers to it and to its mirror image; for
        nothing else.
    say : gets what is worth telling of a set that the network never learned from, a line each:
        rows left out, labels that can only be wrong answers.

    Returns
    -------
    Report: accuracy, UAR and the rest with 95 % intervals, of voices resampled by speaker; of a set
    that the network never learned from, by its groups. UAR is over the labels that occur: any other
    answer is wrong.

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
    if never_seen(network, dataset):
        answers = answers_elsewhere(network, dataset, split, flip=flip, say=say)
        groups = answers.groups["group"].to_numpy(str)
        return score(answers.y, answers.proba, answers.labels, groups)
    if split == "all":
        raise DataError(
            network.name, f"learned from {dataset.name}", "score it on its validation or test part"
        )
    if dataset.name == network.card["data"]:
        dataset = _divided_as_trained(dataset, network)
    part = datasets.part(dataset, split, network.kind, network.features)
    _check_labels(network, dataset)
    own = np.array([network.labels.index(name) for name in dataset.labels])
    proba = _asked(network, part, flip)
    groups = part.group
    if network.kind == "face":
        groups = None
    return score(own[part.y], proba, network.labels, groups)


def never_seen(network: Network, dataset: Dataset) -> bool:
    """Whether a network learned from no part of a set, and from none of its people."""
    learned = _sources(network.card["data"])
    return learned.isdisjoint(_sources(dataset.name))


def _sources(data: str) -> set[tuple[str, bool]]:
    """The sets in a name, and whether each is a sample; RAVDESS's are one, for its actors."""
    found = set()
    for part in datasets.parse(data).parts:
        name = datasets.parse(part)
        (source,) = name.sets
        if name.of_ravdess:
            source = "ravdess"
        found.add((source, name.sample))
    return found


def answers_elsewhere(
    network: Network,
    dataset: Dataset,
    split: str = "all",
    *,
    flip: bool = False,
    say: Callable[[str], None] = print,
) -> Answers:
    """What a network answers to a set that it never learned from, over labels that are the same for
    both.

    Parameters
    ----------
    network, dataset, split, flip, say : as for `evaluate`.

    Returns
    -------
    Answers, one row a face or a window, over the network's labels; over the seven where only one of
    the two knows ``calm``. Rows of labels that the network does not know are left out.

    Raises
    ------
    DataError : a set of another kind, without such rows, or without a label that the network knows.
    """
    rows = None if split == "all" else split
    part = datasets.part(dataset, rows, network.kind, network.features)
    proba = _asked(network, part, flip)
    labels = network.labels
    names = list(dataset.labels)
    if ("calm" in labels) != ("calm" in names):
        say("calm counts as neutral: only one of network and set knows it")
        proba = to_seven(proba, labels)
        labels = EMOTIONS
        names = ["neutral" if name == "calm" else name for name in names]
    # What the network itself can answer, which may be fewer than the seven.
    known = [name for name in labels if name in network.labels]
    own = np.array([labels.index(name) if name in known else -1 for name in names])
    y = own[part.y]
    kept = y >= 0
    if not kept.any():
        raise DataError(network.name, f"knows no label of {dataset.name}", "take another set")
    if not kept.all():
        say(f"{(~kept).sum():,} rows left out: {network.name} does not know their label")
    never = [name for code, name in enumerate(labels) if code not in y[kept] and name in known]
    if never:
        say(f"{', '.join(never)}: not in {dataset.name}, so such an answer is wrong")
    answers = Answers(part.id, pd.DataFrame({"group": part.group}), y, proba, tuple(labels))
    return answers.take(kept)


def _asked(network: Network, part: Part, flip: bool) -> np.ndarray:
    """The network's answers, (n, labels)."""
    proba = network.predict_proba(part.x)
    if flip:
        proba = (proba + network.predict_proba(part.x[:, :, ::-1])) / 2
    return proba


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
