"""What notebooks/01_background does on drawn faces and made-up voices, done on the real sets and
several times: do its sentences hold there?

A modest experiment: 800 faces of FER2013, and the 40 averages of the thesis for RAVDESS.
"""

import time
from collections.abc import Sequence

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Perceptron, Ridge
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from .. import datasets
from ..datasets import Dataset
from ..search.estimator import NetworkClassifier
from ..support.machine import surroundings
from ..training.recipes import recipe_for

COMPONENTS = (4, 16, 64, 128)
PRICES = (0.001, 10)


def study(
    faces: str = "fer2013",
    voices: str = "ravdess",
    *,
    root=None,
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    learned: int = 800,
    asked: int = 400,
    epochs: int = 15,
) -> dict:
    """Classical methods on voices; regression, compression and a first network on faces.

    Parameters
    ----------
    faces, voices : names of data sets.
    root : the data root.
    seeds : of the rows drawn and of the network; each is one repetition with faces.
    learned : so many training faces. asked : so many validation faces, drawn too.
    epochs : of the network, in batches of 20.

    Returns
    -------
    A record: ``voices`` with ``clusters`` (adjusted Rand index of two groups with each column) and
    ``methods`` (accuracy on training and validation rows); ``faces``, a list with one dict a seed.
    """
    began = time.perf_counter()
    spoken = datasets.load(voices, root)
    seen = datasets.load(faces, root)
    repetitions = []
    for seed in seeds:
        repetitions.append(_of_faces(seen, seed, learned, asked, epochs))
    return {
        "data": f"{faces}+{voices}",
        "seeds": list(seeds),
        "rows": {"learned": learned, "asked": asked},
        "epochs": epochs,
        "batch_size": 20,
        "voices": _of_voices(spoken),
        "faces": repetitions,
        "wall_time_s": round(time.perf_counter() - began, 1),
        **surroundings(),
    }


def methods(seed: int = 0) -> dict[str, ClassifierMixin]:
    """The classifiers of section 6, straight and bent, by name."""
    return {
        "straight: SVM": SVC(kernel="linear"),
        "straight: perceptron": Perceptron(random_state=seed),
        "bent: SVM": SVC(),
        "bent: tree, 2 questions deep": DecisionTreeClassifier(max_depth=2, random_state=seed),
        "bent: tree, as deep as it likes": DecisionTreeClassifier(random_state=seed),
        "bent: 1 neighbour": KNeighborsClassifier(1),
        "bent: 45 neighbours": KNeighborsClassifier(45),
    }


def _of_voices(spoken: Dataset) -> dict:
    features = recipe_for("conv1d", "thesis").features
    X = datasets.extract_features(spoken, features)
    part = spoken.table["split"].to_numpy()
    word = spoken.table["label"].to_numpy()
    Z = StandardScaler().fit_transform(X)
    group = KMeans(2, n_init=10, random_state=0).fit_predict(Z)
    clusters = {}
    for column in ("label", "sex", "intensity"):
        agreement = adjusted_rand_score(spoken.table[column], group)
        clusters[column] = _rounded(agreement)
    train = part == "train"
    scores = {}
    for name, method in methods().items():
        model = make_pipeline(StandardScaler(), method)
        model.fit(X[train], word[train])
        scores[name] = {}
        for which in ("train", "validation"):
            rows = part == which
            score = model.score(X[rows], word[rows])
            scores[name][which] = _rounded(score)
    return {"clusters": clusters, "methods": scores}


def _of_faces(seen: Dataset, seed: int, learned: int, asked: int, epochs: int) -> dict:
    rng = np.random.default_rng(seed)
    pictures = {}
    labels = {}
    for part, n in (("train", learned), ("validation", asked)):
        rows = rng.permutation(seen.rows(part))[:n]
        pictures[part] = seen.faces(rows)
        labels[part] = seen.table["y"].to_numpy()[rows]
    small = {part: _flat(one) for part, one in pictures.items()}
    counts = np.bincount(labels["train"])
    always = labels["validation"] == counts.argmax()
    network = NetworkClassifier("conv2d", epochs=epochs, batch_size=20, random_state=seed)
    network.fit(pictures["train"], labels["train"])
    known = network.score(pictures["train"], labels["train"])
    new = network.score(pictures["validation"], labels["validation"])
    return {
        "seed": seed,
        "lower halves": _lower_halves(small),
        "components": _components(small, labels),
        "commonest label": _rounded(always.mean()),
        "network": _rounded(new),
        "network, training": _rounded(known),
    }


def _flat(faces: np.ndarray) -> np.ndarray:
    """(n, 576): faces of 24×24 pixels, from 0 to 1, each in one row."""
    squares = faces.reshape(-1, 24, 2, 24, 2)
    small = squares.mean(axis=(2, 4))
    return small.reshape(-1, 576) / 255


def _lower_halves(small: dict[str, np.ndarray]) -> dict:
    """Root mean squared error, in grey levels, of the lower half told from the upper."""
    upper = {part: rows[:, :288] for part, rows in small.items()}
    lower = {part: rows[:, 288:] for part, rows in small.items()}
    mean_face = lower["train"].mean(axis=0)
    found = {"mean face": _grey_levels(mean_face, lower["validation"])}
    for alpha in PRICES:
        model = Ridge(alpha)
        model.fit(upper["train"], lower["train"])
        name = f"alpha {alpha:g}"
        found[name] = {}
        for part in ("train", "validation"):
            told = model.predict(upper[part])
            found[name][part] = _grey_levels(told, lower[part])
    return found


def _components(small: dict[str, np.ndarray], labels: dict[str, np.ndarray]) -> dict:
    """Accuracy of a logistic regression on so many principal components, and on all pixels."""
    found = {}
    for k in COMPONENTS:
        turned = PCA(k, random_state=0)
        found[str(k)] = _accuracy(small, labels, turned)
    found["all pixels"] = _accuracy(small, labels)
    return found


def _accuracy(small: dict[str, np.ndarray], labels: dict[str, np.ndarray], *steps) -> float:
    classifier = LogisticRegression(C=0.1, max_iter=1000)
    model = make_pipeline(*steps, StandardScaler(), classifier)
    model.fit(small["train"], labels["train"])
    score = model.score(small["validation"], labels["validation"])
    return _rounded(score)


def _grey_levels(predicted: np.ndarray, true: np.ndarray) -> float:
    squared = (predicted - true) ** 2
    root = np.sqrt(squared.mean())
    return round(255 * float(root), 1)


def _rounded(share: float) -> float:
    return round(float(share), 4)
