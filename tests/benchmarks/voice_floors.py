"""What simple classifiers make of RAVDESS's time-averaged MFCCs, on actors they never heard: the
floors to beat.

The cells of notebooks/10_conv1d, section 5, kept as a record for readers without the recordings:
five folds by actor, k and C chosen by four inner folds by actor, out-of-fold answers of all 24
actors, intervals by bootstrap over actors.

    python tests/benchmarks/voice_floors.py [DATA_ROOT]

writes ``data/runs/folds-5-ravdess-floors.json``.
"""

import os
import platform
import sys
from importlib.metadata import version

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from emotutils import datasets
from emotutils.datasets import splits
from emotutils.evaluation import score
from emotutils.training import records
from emotutils.training.recipes import recipe_for

SEED = 0
FLOORS = {
    "SVC": (SVC(), {"svc__C": [1, 10, 100]}),
    "nearest neighbours": (
        KNeighborsClassifier(),
        {"kneighborsclassifier__n_neighbors": [1, 5, 15]},
    ),
    "dummy": (DummyClassifier(strategy="stratified", random_state=SEED), {}),
}


def main(root: str | None = None) -> None:
    """Run all three and write the record."""
    data, features = datasets.load("ravdess", root), recipe_for("conv1d", "thesis").features
    X = datasets.extract_features(data, features)
    y, actors = data.table["y"].to_numpy(), data.table["group"].to_numpy()
    methods = {}
    for name, (method, grid) in FLOORS.items():
        said = np.empty_like(y)
        for fold in splits.folds(data.table, 5, groups="group", seed=SEED):
            known, unknown = (fold == "train").to_numpy(), (fold == "test").to_numpy()
            pipeline = make_pipeline(StandardScaler(), method)
            search = GridSearchCV(pipeline, grid, cv=GroupKFold(4), scoring="balanced_accuracy")
            said[unknown] = search.fit(X[known], y[known], groups=actors[known]).predict(X[unknown])
        report = score(y, np.eye(len(data.labels))[said], data.labels, groups=actors)
        methods[name] = report.to_dict() | {"grid": grid}
        print(f"{name:20} UAR {report.uar}")
    record = {
        "protocol": "folds-5",
        "data": "ravdess",
        "seed": SEED,
        "features": features.to_dict(),
        "hardware": f"{os.cpu_count()} processor cores, {platform.machine()}, no GPU",
        "versions": {"python": platform.python_version(), "scikit-learn": version("scikit-learn")},
        "methods": methods,
    }
    records.write("folds-5-ravdess-floors", record, publish=True)


if __name__ == "__main__":
    main(*sys.argv[1:2])
