"""FER2013: what its twins, a shuffle and more faces do to the thesis's Conv2D."""

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split

from ...datasets import Dataset, duplicate_groups
from ...search import NetworkClassifier
from .collecting import Experiment, Folds
from .outcomes import Outcome
from .voices import SEEDS

#: Faces that each arm but those of the learning curve trains on.
TRAINED = 8_000
#: Faces of the learning curve.
SIZES = (1_000, 2_000, 4_000, 8_000)


def fer2013(
    dataset: Dataset,
    *,
    seeds: Sequence[int] = SEEDS,
    trained: int = TRAINED,
    sizes: Sequence[int] = SIZES,
    estimator: BaseEstimator | None = None,
    name: str = "fer2013",
) -> Outcome:
    """FER2013 with and without the twins (near-duplicates) of its test faces in training, shuffled,
    and with fewer or more faces.

    ``"with twins"`` trains on ``trained`` Training faces, among them all that are twins of a
    PrivateTest face (the same picture, or nearly); ``"without twins"`` on as many, none of them;
    both are asked about PrivateTest. ``"shuffled"`` divides the whole set anew, at random and once
    for all seeds, and trains on as many. ``"1000 faces"`` … is the learning curve over Training
    faces; the one of ``trained`` faces is what ``"shuffled"`` is to be held against.

    Parameters
    ----------
    dataset : FER2013, with its official split.
    seeds : one training of everything for each.
    trained : faces that each arm but those of the learning curve trains on.
    sizes : of the learning curve.
    estimator : instead of the thesis's Conv2D after the 10 epochs that its text chooses.
    name : of the outcome.

    Returns
    -------
    Outcome; its rows have ``twin``: whether a Training face is this one's twin.
    """
    faces = dataset.faces().astype(np.uint8)
    table = dataset.table.reset_index(drop=True)
    train = np.flatnonzero(table["split"] == "train")
    test = np.flatnonzero(table["split"] == "test")
    cluster = duplicate_groups(faces=faces)
    copied = np.isin(cluster, np.intersect1d(cluster[train], cluster[test]))
    rows = table[["id", "y"]].assign(group=table["id"], twin=copied & (table["split"] == "test"))
    y = rows["y"].to_numpy()
    twins = train[copied[train]]
    others = train[~copied[train]]
    trained = min(trained, len(others))

    def with_twins(seed: int) -> Folds:
        filled_up = _drawn(others, trained - len(twins), seed)
        return [(np.append(twins, filled_up), test)]

    def without_twins(seed: int) -> Folds:
        return [(_drawn(others, trained, seed), test)]

    def shuffled(seed: int) -> Folds:
        everything = np.arange(len(y))
        pool, asked = train_test_split(everything, test_size=len(test), stratify=y, random_state=0)
        return [(_drawn(pool, trained, seed), asked)]

    def some(n: int):
        return lambda seed: [(_drawn(train, n, seed), test)]

    ways = {"with twins": with_twins, "without twins": without_twins}
    for n in sizes:
        if n < len(train):
            ways[f"{n} faces"] = some(n)
    ways["shuffled"] = shuffled
    network = estimator or NetworkClassifier("conv2d", epochs=10, batch_size=100)
    experiment = Experiment(name, dataset, rows, seeds)
    arms = experiment.all_divided(network, faces, ways)
    return experiment.collect(arms, network="conv2d (thesis), 10 epochs, batches of 100")


def _drawn(pool: np.ndarray, n: int, seed: int) -> np.ndarray:
    """``n`` rows of a pool; the same for the same seed and number."""
    return np.random.default_rng([seed, n]).permutation(pool)[:n]
