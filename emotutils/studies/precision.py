"""Does a network learn as well with shorter numbers? The same short training with 32 and with 16
bits a number, three seeds each.

A modest experiment, before hours are spent: none of these networks is kept.
"""

import time
from collections.abc import Sequence

import keras
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from .. import datasets, training
from ..support.machine import surroundings
from ..training.batches import as_floats
from ..training.building import build_for, computing_in, copy_weights
from ..training.recipes import recipe_for
from ..training.run import PRECISIONS


def study(
    network: str = "vgg16",
    data: str = "fer2013",
    variant: str = "thesis",
    *,
    root=None,
    rows: int = 6_000,
    epochs: int = 3,
    seeds: Sequence[int] = (0, 1, 2),
) -> dict:
    """Train a network with each of `PRECISIONS`, and ask it about all validation faces.

    Parameters
    ----------
    network : of faces.
    data : that it learns from: the first ``rows`` of the training part.
    variant : the recipe, but for its epochs; the last one is taken.
    root : the data root.
    rows, epochs : of each training.
    seeds : of weights, order and dropout; the same ones for each precision.

    Returns
    -------
    A record: ``runs``, for each precision a list with one dict a seed: ``accuracy`` and ``uar`` on
    validation faces, the ``history`` on training rows, and ``seconds``; and ``within``: whether the
    mean accuracy with 16 bits lies within the range of the 32 bits' seeds.
    """
    began = time.perf_counter()
    dataset = datasets.load(data, root)
    known = datasets.part(dataset, "train", "face")
    asked = datasets.part(dataset, "validation", "face")
    recipe = recipe_for(network, variant).replace(epochs=epochs, monitor=None)
    learned = known.x[:rows], known.y[:rows]

    def build() -> keras.Model:
        return build_for(recipe, network, known, len(dataset.labels))

    def run(precision: str, seed: int) -> dict:
        keras.utils.set_random_seed(seed)
        with computing_in(precision):
            model = build()
        history = training.fit(model, learned, None, recipe, seed=seed, progress=False)
        kept = copy_weights(model, build())
        proba = kept.predict(as_floats(asked.x), batch_size=256, verbose=0)
        answers = proba.argmax(axis=1)
        return {
            "seed": seed,
            "accuracy": round(float(accuracy_score(asked.y, answers)), 4),
            "uar": round(float(balanced_accuracy_score(asked.y, answers)), 4),
            "seconds": round(history.seconds, 1),
            "history": history.epochs,
        }

    runs = {precision: [run(precision, seed) for seed in seeds] for precision in PRECISIONS}
    return {
        "network": network,
        "data": data,
        "split": "validation",
        "rows": len(learned[1]),
        "n": len(asked),
        "seeds": list(seeds),
        "options": recipe.to_dict(),
        "runs": runs,
        "within": _is_within(runs),
        "wall_time_s": round(time.perf_counter() - began, 1),
        **surroundings(),
    }


def _is_within(runs: dict[str, list[dict]]) -> bool:
    full, short = ([run["accuracy"] for run in runs[precision]] for precision in PRECISIONS)
    mean = sum(short) / len(short)
    return min(full) <= mean <= max(full)
