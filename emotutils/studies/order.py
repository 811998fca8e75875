"""Do the 40 averaged coefficients have neighbours? The thesis's Conv1D with the coefficients in
their own order, and shuffled.
"""

import time
from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator

from .. import datasets
from ..evaluation import compare, score
from ..support.machine import surroundings
from .leakage.collecting import cross_validated, predict_folds
from .leakage.voices import FOLDS, mean_mfccs, voice_network

NAME = "order-ravdess-conv1d"


def study(
    data: str = "ravdess",
    *,
    root=None,
    seeds: Sequence[int] = (0, 1, 2),
    estimator: BaseEstimator | None = None,
) -> dict:
    """Folds by actor, each seed with the coefficients in order and in a random order of its own.

    Parameters
    ----------
    data : a set of recordings.
    root : the data root.
    seeds : of the folds, the weights and the random order.
    estimator : a classifier in place of the thesis's network.

    Returns
    -------
    A record: ``arms`` with the UAR of each seed, and ``gap``, in order less shuffled, paired over
    actors, as shares.
    """
    began = time.perf_counter()
    dataset = datasets.load(data, root)
    y = dataset.table["y"].to_numpy()
    actors = dataset.table["group"].to_numpy(str)
    X = mean_mfccs(dataset)
    network = estimator or voice_network()
    divide = cross_validated(dataset.table, FOLDS, "group")
    answers = {"in order": [], "shuffled": []}
    uar = {"in order": [], "shuffled": []}
    k = len(dataset.labels)
    for seed in seeds:
        folds = divide(seed)
        rng = np.random.default_rng(seed)
        order = rng.permutation(X.shape[1])
        columns = {"in order": X, "shuffled": X[:, order]}
        for arm, x in columns.items():
            proba = predict_folds(network, x, y, folds, k, seed)
            proba = proba.astype(float)
            report = score(y, proba, dataset.labels, actors)
            rounded = round(report.uar.value, 4)
            uar[arm].append(rounded)
            answers[arm].append(proba)
    in_order = np.stack(answers["in order"])
    shuffled = np.stack(answers["shuffled"])
    gap = compare(y, in_order, shuffled, actors)
    seconds = time.perf_counter() - began
    return {
        "data": data,
        "features": "40 time-averaged MFCCs of whole recordings",
        "division": f"{FOLDS} folds by actor",
        "seeds": list(seeds),
        "n": len(y),
        "arms": uar,
        "gap": gap.uar.to_dict(),
        "wall_time_s": round(seconds, 1),
        **surroundings(),
    }
