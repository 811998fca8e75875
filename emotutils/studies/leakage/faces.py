"""FER2013: what its twins, a shuffle and more faces do to the thesis's Conv2D. Taught in
notebooks/12_leakage.
"""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split

from ...datasets import Dataset, duplicate_groups
from ...search import NetworkClassifier
from .collecting import collect, divided
from .outcomes import Outcome
from .voices import SEEDS

TRAINED = 8_000  # faces that each arm but those of the learning curve trains on
SIZES = (1_000, 2_000, 4_000, 8_000)  # of the learning curve


def fer2013(
    dataset: Dataset,
    *,
    seeds=SEEDS,
    trained: int = TRAINED,
    sizes=SIZES,
    estimator: BaseEstimator | None = None,
    name: str = "fer2013",
) -> Outcome:
    """FER2013 with and without the twins of its test faces in training, shuffled, and with fewer or
    more faces.

    ``"with twins"`` trains on ``trained`` Training faces, among them all that are twins of a
    PrivateTest face (the same picture, or nearly); ``"without twins"`` on as many, none of them;
    both are asked about PrivateTest. ``"shuffled"`` divides the whole set anew, at random and once
    for all seeds, and trains on as many. ``"1000 faces"`` … is the learning curve over Training
    faces; the one of ``trained`` faces is what ``"shuffled"`` is to be held against.

    Returns
    -------
    Outcome; its rows have ``twin``: whether a Training face is this one's twin.

    Parameters
    ----------
    estimator : instead of the thesis's Conv2D after the 10 epochs that its text chooses.
    """
    judge = estimator or NetworkClassifier("conv2d", epochs=10, batch_size=100)
    X, table = dataset.faces().astype(np.uint8), dataset.table.reset_index(drop=True)
    cluster = duplicate_groups(faces=X)
    train, test = (np.flatnonzero(table["split"] == part) for part in ("train", "test"))
    copied = np.isin(cluster, np.intersect1d(cluster[train], cluster[test]))
    rows = table[["id", "y"]].assign(group=table["id"], twin=copied & (table["split"] == "test"))
    with_twin, free = train[copied[train]], train[~copied[train]]
    y, trained = rows["y"].to_numpy(), min(trained, len(free))

    def some(pool: np.ndarray, n: int, seed: int) -> np.ndarray:
        return np.random.default_rng([seed, n]).permutation(pool)[:n]

    def shuffled(seed: int):
        pool, asked = train_test_split(
            np.arange(len(y)), test_size=len(test), stratify=y, random_state=0
        )
        return [(some(pool, trained, seed), asked)]

    def official(n: int):
        return lambda seed: [(some(train, n, seed), test)]

    ways = {
        "with twins": lambda seed: [
            (np.append(with_twin, some(free, trained - len(with_twin), seed)), test)
        ],
        "without twins": lambda seed: [(some(free, trained, seed), test)],
        **{f"{n} faces": official(n) for n in sizes if n < len(train)},
    }
    k = len(dataset.labels)
    arms = {way: divided(judge, X, rows, k, folds) for way, folds in ways.items()}
    arms["shuffled"] = divided(judge, X, rows, k, shuffled)
    return collect(name, rows, dataset.labels, arms, seeds, data=dataset.name,
                    network="conv2d (thesis), 10 epochs, batches of 100")  # fmt: skip
