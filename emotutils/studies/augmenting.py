"""Does an augmentation help against what films do? The shipped face network learns on with each,
for the same few steps, and is asked about degraded validation faces.

A modest experiment for the choice of a recipe: none of these networks ships.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

import keras
import numpy as np

from .. import datasets, training
from ..datasets import Part
from ..evaluation import compare
from ..networks import Network, load_network
from ..support.machine import surroundings
from ..training.recipes import recipe_for
from .robustness import FILM


def study(
    network: str = "conv2d",
    data: str = "fer2013",
    ways: Sequence[str] = ("faces", "film"),
    *,
    root=None,
    rows: int = 3_840,
    faces: int = 1_200,
    epochs: int = 1,
    learning_rate: float = 5e-4,
    seeds: Sequence[int] = (0, 1),
) -> dict:
    """Train a shipped network on with each augmentation and compare the answers.

    Parameters
    ----------
    network : of faces, shipped.
    data : that it learned from.
    ways : two keys of ``training.batches.AUGMENTATIONS``: what is, and what is to be better.
    root : the data root.
    rows : so many training rows, drawn; the same, in the same order, for both ways.
    faces : so many validation faces are asked about, drawn.
    epochs, learning_rate : of the training, otherwise by the network's own recipe, without averaged
        weights; the last epoch is taken.
    seeds : one training with each way for each.

    Returns
    -------
    A record: the settings and ``points``, one for untouched faces (``degradation`` empty) and one
    for each degradation in `robustness.FILM` and strength: ``before``, the accuracy of the shipped
    network, for each way the accuracies of its seeds, and ``gain``, the second way's mean accuracy
    minus the first's with its 95 % interval over faces.
    """
    began = time.perf_counter()
    dataset = datasets.load(data, root)
    known = datasets.part(dataset, "train", "face")
    asked = _drawn(datasets.part(dataset, "validation", "face"), faces, seed=0)
    plan = recipe_for(network, "best").replace(
        epochs=epochs, learning_rate=learning_rate, ema=0.0, monitor=None
    )
    trained = {}
    for way in ways:
        recipe = plan.replace(augment=way)
        trained[way] = [
            _trained_on(network, _drawn(known, rows, seed), recipe, seed) for seed in seeds
        ]
    return {
        "network": network,
        "data": data,
        "split": "validation",
        "ways": list(ways),
        "rows": min(rows, len(known)),
        "n": len(asked),
        "seeds": list(seeds),
        "options": plan.replace(augment=None).to_dict(),
        "points": _points(load_network(network), trained, asked),
        "wall_time_s": round(time.perf_counter() - began, 1),
        **surroundings(),
    }


def _drawn(known: Part, rows: int, seed: int) -> Part:
    order = np.random.default_rng(seed).permutation(len(known))
    chosen = np.sort(order[:rows])
    return replace(
        known,
        x=known.x[chosen],
        y=known.y[chosen],
        group=known.group[chosen],
        id=known.id[chosen],
    )


def _trained_on(network: str, known: Part, recipe: training.Recipe, seed: int) -> Network:
    keras.utils.set_random_seed(seed)
    again = load_network(network)
    training.fit(again.model, known, None, recipe, seed=seed, progress=False)
    return again


def _points(before: Network, trained: dict[str, list[Network]], asked: Part) -> list[dict]:
    """What all networks have right of untouched and of degraded faces."""
    points = [{"degradation": "", "strength": None, **_scores(before, trained, asked.x, asked.y)}]
    for name, degradation in FILM.items():
        for strength in degradation.strengths:
            x = degradation(asked.x, strength)
            scores = _scores(before, trained, x, asked.y)
            points.append({"degradation": name, "strength": strength, **scores})
    return points


def _scores(
    before: Network, trained: dict[str, list[Network]], x: np.ndarray, y: np.ndarray
) -> dict:
    answers = {}
    for way, networks in trained.items():
        answers[way] = np.stack([network.predict_proba(x) for network in networks])
    first, second = answers.values()
    scores = {"before": _accuracy(before.predict_proba(x), y)}
    for way, proba in answers.items():
        scores[way] = [_accuracy(one, y) for one in proba]
    return {**scores, "gain": compare(y, second, first).accuracy.to_dict()}


def _accuracy(proba: np.ndarray, y: np.ndarray) -> float:
    right = proba.argmax(axis=1) == y
    return round(float(right.mean()), 4)
