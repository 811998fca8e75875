"""What words tell: the floors beside the network, one corpus after the other, and what is gained
where everybody says the same.

Taught in notebooks/15_words.
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline, make_union

from .. import config, datasets, evaluation
from ..datasets import Dataset
from ..emotions import EMOTIONS
from ..errors import DataError
from ..evaluation import Answers
from ..fusion import weights_from
from ..networks import Network, as_network, save_card, shared_network
from ..support.machine import surroundings
from ..training import records
from ..training.records import Record
from . import takes
from .fitting import learn
from .takes.outcomes import gain

FLOORS_RECORD = "floors-texts"
TRUST_RECORD = "trust-meld-textcnn"
#: Of our sets the one nearest to what is said in films.
DIALOGUE = "meld"
ACROSS_RECORD = "across-goemotions-meld"
RAVDESS_RECORD = "words-ravdess"
#: The sets whose floors are recorded.
SETS = ("goemotions", "meld", "meld-context")
#: What was trained on what, and tested on what.
WAYS = (
    ("goemotions", "goemotions"),
    ("meld", "meld"),
    ("meld-context", "meld-context"),
    ("goemotions", "meld"),
    ("goemotions", "meld-context"),
)
#: Of the recorded study of real pairs: which face stands beside the voice, and how its units are
#: taken.
FACE = ("trees", "raw")
#: Rules that are tried with and without the words.
RULES = ("mean", "weighted", "product", "stacking")


def floor_methods() -> dict[str, Pipeline]:
    """The floors by name: the most frequent label, and logistic regression on weighted counts
    (TF-IDF) of words and pairs of words, without and with runs of three to five letters.

    Nothing is chosen: C is 1, and every label weighs the same.
    """
    words = {
        "ngram_range": (1, 2),
        "min_df": 2,
        "sublinear_tf": True,
        "token_pattern": r"\w+|[^\w\s]",
    }
    letters = {"analyzer": "char_wb", "ngram_range": (3, 5), "min_df": 3, "sublinear_tf": True}
    regression = {"class_weight": "balanced", "max_iter": 300}
    return {
        "majority": make_pipeline(TfidfVectorizer(), DummyClassifier()),
        "words": make_pipeline(TfidfVectorizer(**words), LogisticRegression(**regression)),
        "words and letters": make_pipeline(
            make_union(TfidfVectorizer(**words), TfidfVectorizer(**letters)),
            LogisticRegression(**regression),
        ),
    }


def floors(root: str | os.PathLike | None = None) -> dict:
    """Train the floors on the training part of each of `SETS`, and score their test parts; those
    of GoEmotions on MELD's lines as well, alone and with the line before.

    Parameters
    ----------
    root : the data root.

    Returns
    -------
    For a record: ``floors``, reports by set and method, or by two sets, as in
    ``goemotions to meld``.
    """
    began = time.perf_counter()
    sets = {name: datasets.load(name, root) for name in SETS}
    found: dict[str, dict] = {}
    for source, data in sets.items():
        learned = data.rows("train")
        tests = {_way(source, tested): sets[tested] for tested in _tested_by(source)}
        for method, floor in floor_methods().items():
            floor.fit(data.texts(learned), data.table["y"].iloc[learned])
            for way, other in tests.items():
                found.setdefault(way, {})[method] = _tested(floor, other)
    return {
        "floors": found,
        "wall_time_s": round(time.perf_counter() - began, 1),
        **surroundings(),
    }


def _tested_by(source: str) -> list[str]:
    """The sets on which what was trained on this one is tested."""
    return [tested for trained, tested in WAYS if trained == source]


def _way(source: str, tested: str) -> str:
    """What reports of the floors stand under."""
    return source if source == tested else f"{source} to {tested}"


def _tested(floor: Pipeline, data: Dataset) -> dict:
    """The report of a floor on a set's test part, intervals by group."""
    rows = data.rows("test")
    proba = np.zeros((len(rows), len(EMOTIONS)))
    proba[:, floor.classes_] = floor.predict_proba(data.texts(rows))
    table = data.table.iloc[rows]
    groups = table["group"].to_numpy(str)
    return evaluation.score(table["y"].to_numpy(), proba, EMOTIONS, groups).to_dict()


def across(
    networks: Sequence[Network | str | os.PathLike], root: str | os.PathLike | None = None
) -> dict:
    """Ask networks that learned from GoEmotions about MELD's test part, each line alone and with
    the line before it.

    Parameters
    ----------
    networks : of one training, a seed each.
    root : the data root.

    Returns
    -------
    For a record: ``tests``, by set a list of reports, one a network.
    """
    from ..training.testing import evaluate  # needs Keras; those who read the record do not

    began = time.perf_counter()
    networks = [as_network(network) for network in networks]
    tests: dict[str, list[dict]] = {}
    for name in ("meld", "meld-context"):
        data = datasets.load(name, root)
        tests[name] = [evaluate(network, data).to_dict() for network in networks]
    return {
        "learned": networks[0].card["data"],
        "runs": [network.card["run"] for network in networks],
        "tests": tests,
        "wall_time_s": round(time.perf_counter() - began, 1),
        **surroundings(),
    }


def trust(
    network: Network | str | os.PathLike = "textcnn",
    data: str = DIALOGUE,
    root: str | os.PathLike | None = None,
) -> dict:
    """Ask a network about the validation part of a set that it never learned from and that is
    nearer to films than its own: how far each of its labels is to be trusted there.

    Parameters
    ----------
    network : a network, a shipped one's name or the path of a ``.keras`` file; it reads text.
    data : the set's name.
    root : the data root.

    Returns
    -------
    For a record, which `keep_trust` takes up: ``validation`` (the report) and ``f1``, by label.

    Raises
    ------
    DataError : a set that the network learned from.
    """
    from ..training.testing import evaluate, never_seen

    network = as_network(network)
    dataset = datasets.load(data, root)
    if not never_seen(network, dataset):
        raise DataError(network.name, f"learned from {data}", "name a set it never saw")
    report = evaluate(network, dataset, "validation")
    f1 = weights_from(report.confusion)
    return {
        "network": network.name,
        "run": network.card["run"],
        "weights_hash": network.card["weights_hash"],
        "learned": network.card["data"],
        "data": data,
        "validation": report.to_dict(),
        "f1": dict(zip(report.labels, f1.round(4).tolist(), strict=True)),
        **surroundings(),
    }


def keep_trust(record: Record, path: str | os.PathLike | None = None) -> Path:
    """Write into a network's card how far each of its labels is to be trusted in films: the fusion
    rule ``"weighted"`` goes by it.

    Parameters
    ----------
    record : as `trust` makes it.
    path : of the network's ``.keras`` file; by default the shipped one.

    Returns
    -------
    The card's path.

    Raises
    ------
    DataError : a record of other weights than the network has.
    """
    path = Path(path or config.shipped_root() / "weights" / f"{record['network']}.keras")
    card = as_network(path).card
    if card["weights_hash"] != record["weights_hash"]:
        remedy = "measure it anew (studies.texts.trust)"
        raise DataError(record.path, f"is of other weights than {path.name} has", remedy)
    rows = f"{record['validation']['n']:,} validation rows of {record['data']}"
    f1 = [record["f1"][label] for label in EMOTIONS]
    return save_card(card | {"trust": {"rows": rows, "record": record.name, "f1": f1}}, path)


def tests_of(source: str, tested: str) -> dict[str, list[dict]]:
    """The recorded reports of what was trained on one set and tested on another.

    Parameters
    ----------
    source, tested : names of sets, as in `WAYS`.

    Returns
    -------
    By method a list of reports, of ``textcnn`` one a seed; empty where nothing is recorded.
    """
    found = {}
    floor = records.read(FLOORS_RECORD)
    if floor:
        for method, report in floor["floors"].get(_way(source, tested), {}).items():
            found[method] = [report]
    return found | {"`textcnn`": _network_tests(source, tested)}


def _network_tests(source: str, tested: str) -> list[dict]:
    if source == tested:
        runs = records.find(protocol="official", data=source, network="textcnn", variant="best")
        return [run["test"] for run in runs]
    record = records.read(ACROSS_RECORD)
    return record["tests"][tested] if record else []


def ravdess(network: Network | str | os.PathLike = "textcnn") -> dict:
    """Join what a network makes of RAVDESS's two sentences with the recorded answers to faces and
    voices of the same takes: every emotion is said in the same words, so words must gain nothing.

    Out of fold on all 24 actors: temperatures, weights and stacking come from the other folds.

    Returns
    -------
    For a record: ``sentences`` (the network's answers to both), ``alone`` (its score on the takes)
    and ``rules``, by rule the accuracy without and with the words and the gain, intervals by actor.
    """
    # Only the run needs recordings; a table that reads its record does not.
    from ..datasets.ravdess import STATEMENTS

    began = time.perf_counter()
    network = shared_network(network)
    outcome = takes.read()
    said = network.predict_proba(list(STATEMENTS.values()))
    streams = outcome.streams(*FACE, outcome.there(FACE[1]))
    voice = streams["voice"]
    sentence = [int(take.split("-")[3]) - 1 for take in voice.id]
    words = Answers(voice.id, voice.groups, *_over_seven(voice, said[sentence]))
    rules = {}
    for rule in RULES:
        without = _out_of_fold(streams, rule)
        joined = _out_of_fold(streams | {"words": words}, rule)
        rules[rule] = {
            "without": _accuracy(without),
            "with": _accuracy(joined),
            "gain": gain(joined, without).accuracy.to_dict(),
        }
    alone = evaluation.score(words.y, words.proba, words.labels, _actors(words)).to_dict()
    return {
        "network": network.name,
        "run": network.card["run"],
        "labels": list(network.labels),
        "sentences": said.round(4).tolist(),
        "alone": alone,
        "rules": rules,
        "wall_time_s": round(time.perf_counter() - began, 1),
        **surroundings(),
    }


def _over_seven(voice: Answers, proba: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple]:
    """The takes' labels over the seven, and a text network's answers: it knows no ``calm``."""
    return voice.to_seven().y, proba, EMOTIONS


def _out_of_fold(streams: Mapping[str, Answers], rule: str) -> Answers:
    """What a rule says of all takes, each fold by what was fitted on the others."""
    seven = streams["voice"].to_seven()
    fold = seven.groups["fold"].to_numpy()
    proba = np.empty((len(seven), len(EMOTIONS)))
    for number in np.unique(fold):
        tested = fold == number
        fit = learn({name: one.take(~tested) for name, one in streams.items()})
        proba[tested] = fit.proba({name: one.take(tested) for name, one in streams.items()}, rule)
    return replace(seven, proba=proba)


def _accuracy(answers: Answers) -> dict:
    report = evaluation.score(answers.y, answers.proba, answers.labels, _actors(answers))
    return report.accuracy.to_dict()


def _actors(answers: Answers) -> np.ndarray:
    return answers.groups["actor"].to_numpy(str)
