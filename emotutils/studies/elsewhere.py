"""Trained here, tested there: how a network does on a set that it never learned from, made by other
people in another place.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .. import datasets, evaluation
from ..datasets import Dataset
from ..errors import DataError
from ..evaluation import Answers, Score
from ..networks import Network, as_network, shipped_cards
from ..support.machine import surroundings
from ..training import records
from . import leakage

#: The network and the set of each row that is to be run.
PAIRS = (("conv2d", "ckplus"), ("crnn", "tess"), ("crnn", "emodb"), ("conv1d", "emodb"))
#: Arms of the recorded experiment ``leak-corpora``, and the set on which each was tested.
ARMS = {"ravdess to tess": "tess", "tess to ravdess": "ravdess"}


def study(
    network: Network | str | os.PathLike, data: str | Dataset, root: str | os.PathLike | None = None
) -> dict:
    """Ask a network about all rows of a set that it never learned from.

    Parameters
    ----------
    network : a network, a shipped one's name or the path of a ``.keras`` file.
    data : a set or its name.
    root : the data root.

    Returns
    -------
    For `write`: ``facts``, with what was learned from, ``notes`` on the labels, ``test`` (the
    report: of recordings the mean over their windows, intervals by group) and ``home``, the UAR
    over the same labels on people held out of its own set; and ``answers``.

    Raises
    ------
    DataError : a set that the network learned from, or one that does not fit it.
    """
    network = as_network(network)
    # Only the run needs networks and films; a table that reads its record does not.
    from ..training.testing import answers_elsewhere, never_seen

    dataset = datasets.load(data, root)
    if not never_seen(network, dataset):
        raise DataError(network.name, f"learned from {dataset.name}", "name a set it never saw")
    notes = []
    answers = answers_elsewhere(network, dataset, say=notes.append)
    if network.kind == "voice":
        answers = answers.by_recording()
    answers = answers.rounded()
    groups = answers.groups["group"].to_numpy(str)
    report = evaluation.score(answers.y, answers.proba, answers.labels, groups)
    asked = {answers.labels[code] for code in np.unique(answers.y)}
    facts = {
        "network": network.name,
        "run": network.card["run"],
        "learned": network.card["data"],
        "data": dataset.name,
        "notes": notes,
        "test": report.to_dict(),
        "home": _uar_over(_at_home(network), asked, network.kind == "voice").to_dict(),
        **surroundings(),
    }
    return {"facts": facts, "answers": answers}


def write(found: Mapping, folder: Path | None = None, *, publish: bool = False) -> Path:
    """Write what `study` found as ``elsewhere-NETWORK-SET``.

    Parameters
    ----------
    found : as `study` gives it.
    folder : where to; by default the output root, ``./runs``.
    publish : put it where records ship instead.
    """
    facts = found["facts"]
    name = name_of(facts["network"], facts["data"])
    arrays = found["answers"].arrays("test")
    return records.write(name, facts, arrays, folder=folder, publish=publish)


def name_of(network: str, data: str) -> str:
    """The record's name."""
    return f"elsewhere-{network}-{data}"


def rows() -> list[dict]:
    """What is recorded, and what is still to be run.

    Returns
    -------
    One dictionary a row: ``network``, ``learned``, ``data`` (where it was tested), and where it was
    run ``n``, ``n_groups``, ``uar`` and ``home`` (``Score``); of several seeds their mean.
    """
    learned = {card["name"]: card["data"] for card in shipped_cards()}
    found = []
    for network, data in PAIRS:
        record = records.read(name_of(network, data))
        row = {"network": network, "learned": learned[network], "data": data}
        if record:
            test = record["test"]
            uar = Score(**test["uar"])
            home = Score(**record["home"])
            row |= {"n": test["n"], "n_groups": test["n_groups"], "uar": uar, "home": home}
        found.append(row)
    corpora = leakage.read("corpora")
    if corpora is None:
        return found
    homes = {"tess": leakage.read("words").arms["woman"], "ravdess": corpora.arms["ravdess, actor"]}
    for arm, data in ARMS.items():
        own = "ravdess" if data == "tess" else "tess"
        tested = [_tested(answers).to_seven() for answers in corpora.arms[arm]]
        asked = {answers.labels[code] for answers in tested for code in np.unique(answers.y)}
        reports = [evaluation.score(a.y, a.proba, a.labels, _groups(a)) for a in tested]
        at_home = [_uar_over(_tested(answers), asked, True) for answers in homes[own]]
        row = {
            "network": "conv1d (thesis)",
            "learned": own,
            "data": data,
            "n": reports[0].n,
            "n_groups": reports[0].n_groups,
            "uar": _mean([report.uar for report in reports]),
            "home": _mean(at_home),
        }
        found.append(row)
    return found


def _at_home(network: Network) -> Answers:
    """A network's answers to people held out of its own set: of all folds, where it was trained in
    folds as well, else of its own test part.
    """
    card = network.card
    same = {"data": card["data"], "network": card["name"], "variant": card["variant"]}
    folds = records.find(protocol="folds-5", **same)
    record = folds[0] if folds else records.of_card(card)
    answers = record.answers("test")
    return answers.by_recording() if network.kind == "voice" else answers


def _uar_over(answers: Answers, asked: set[str], by_group: bool) -> Score:
    """UAR over these labels of the seven alone."""
    answers = answers.to_seven()
    codes = [answers.labels.index(name) for name in asked]
    chosen = answers.take(np.isin(answers.y, codes))
    groups = _groups(chosen) if by_group else None
    return evaluation.score(chosen.y, chosen.proba, chosen.labels, groups).uar


def _groups(answers: Answers) -> np.ndarray:
    return answers.groups["group"].to_numpy(str)


def _tested(answers: Answers) -> Answers:
    """The rows that were asked about."""
    return answers.take(np.isfinite(answers.proba).all(axis=1))


def _mean(scores: list[Score]) -> Score:
    """Of several seeds; without an interval where one of them has none."""
    value = float(np.mean([score.value for score in scores]))
    if any(score.low is None for score in scores):
        return Score(value, None, None)
    low = float(np.mean([score.low for score in scores]))
    high = float(np.mean([score.high for score in scores]))
    return Score(value, low, high)
