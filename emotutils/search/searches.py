"""The thesis's three searches and their modern kin, each one function. Taught in
notebooks/06_hyperparameter_search.

Thesis 4.5 has a file for each of its choices: epochs and batch size, activation, optimizer. Each
function here gives back a fitted scikit-learn search, with ``best_params_`` and ``cv_results_``;
``table`` and ``record`` read it.
"""

import math
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from scipy.stats import loguniform, uniform
from sklearn.base import BaseEstimator
from sklearn.exceptions import FitFailedWarning

# Without it the line after the next has no halving.
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.metrics import make_scorer
from sklearn.model_selection import (
    BaseCrossValidator,
    GridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
)
from tqdm.auto import tqdm

from .. import config
from ..errors import SearchError
from .estimator import NetworkClassifier, check_names, check_values
from .results import fold_scores

OPTIMIZERS = ("sgd", "rmsprop", "adagrad", "adadelta", "adam", "adamax", "nadam")
ACTIVATIONS = (
    "softmax",
    "softplus",
    "softsign",
    "relu",
    "tanh",
    "sigmoid",
    "hard_sigmoid",
    "linear",
)
#: Thesis figures 4.2 (Conv2D) and 4.6 (ResNet50): epochs × batch size.
EPOCHS_AND_BATCH = {
    "conv2d": {"epochs": (5, 10, 50), "batch_size": (10, 20, 50, 100)},
    "resnet50": {"epochs": (10, 20, 30), "batch_size": (64, 128)},
}
#: A joint space: what the thesis searches one after the other, and the learning rate, which it does
#: not search.
JOINT = {
    "batch_size": [10, 20, 50, 100],
    "optimizer": list(OPTIMIZERS),
    "learning_rate": loguniform(1e-4, 3e-2),
    "activation": ["relu", "tanh", "softsign", "softplus"],
    "dropout": uniform(0, 0.7),
}


def largest_share(y, answers) -> float:
    """The share of the commonest answer (0..1): 1 means that a network answers the same to
    everything.
    """
    _, counts = np.unique(answers, return_counts=True)
    return float(counts.max() / len(answers))


#: What every search measures of each fold: accuracy (by which it chooses), UAR, and whether the
#: network collapsed.
SCORING = {
    "accuracy": "accuracy",
    "uar": "balanced_accuracy",
    "largest_share": make_scorer(largest_share),
}


def search_epochs_and_batch(X, y, network: str = "conv2d", **options) -> GridSearchCV:
    """The thesis's first search: epochs × batch size (figure 4.2 for Conv2D, 4.6 for ResNet50).

    Parameters
    ----------
    X, y, **options : as in `grid_search`.
    """
    space = EPOCHS_AND_BATCH.get(network, EPOCHS_AND_BATCH["conv2d"])
    return grid_search(X, y, space, network, **options)


def search_activation(X, y, network: str = "conv2d", **options) -> GridSearchCV:
    """The thesis's second search: the activation of the hidden layers (figure 4.3); options as in
    `grid_search`.
    """
    return grid_search(X, y, {"activation": ACTIVATIONS}, network, **options)


def search_optimizer(X, y, network: str = "conv2d", **options) -> GridSearchCV:
    """The thesis's third search: the optimizer, each at its own learning rate (figures 4.4 and
    4.5).

    Parameters
    ----------
    X, y, **options : as in `grid_search`.
    """
    return grid_search(X, y, {"optimizer": OPTIMIZERS}, network, **options)


@dataclass(frozen=True)
class SearchOptions:
    """What the three searches have in common; each is given to them by its name.

    Attributes
    ----------
    groups : (n,) what must not cross a fold, for splitters that ask for it.
    cv : a number of stratified folds, a splitter, or pairs of row numbers, such as
        ``splits.cross_validation`` gives.
    memory : the folder that keeps every finished fit; a search that was interrupted goes on from
        there. ``None``: ``searches`` under the output root.
    n_jobs : fits at a time; through joblib, so that ``joblib.parallel_config(backend="dask")`` uses
        a cluster.
    refit : train the winner on all rows in the end (``best_estimator_``).
    progress : a bar over the fits, with the time left.
    """

    groups: np.ndarray | None = None
    cv: int | BaseCrossValidator | Sequence = 3
    memory: str | Path | None = None
    n_jobs: int | None = None
    refit: bool = True
    progress: bool = True

    def for_scikit_learn(self) -> dict:
        """The arguments that all of scikit-learn's searches take."""
        cv = self.cv
        if isinstance(cv, int):
            cv = StratifiedKFold(cv, shuffle=True, random_state=0)
        return {"cv": cv, "n_jobs": self.n_jobs}

    def chosen_by(self) -> str | bool:
        """By which score scikit-learn chooses the point to train again; False: it trains none."""
        if self.refit:
            return "accuracy"
        return False


def grid_search(
    X: np.ndarray,
    y: np.ndarray,
    space: Mapping[str, Sequence],
    network: str | NetworkClassifier = "conv2d",
    **options,
) -> GridSearchCV:
    """Try every combination of a space by cross-validation.

    Parameters
    ----------
    X, y : rows (n, …) and labels (n,), as ``NetworkClassifier.fit`` takes them.
    space : for each parameter or option of the network the values to try.
    network : a registered name, or a ``NetworkClassifier`` whose other parameters stay as they are.
    **options : those of `SearchOptions` (``cv``, ``groups``, ``memory``, ``n_jobs``, ``refit``,
        ``progress``), and settings of the ``NetworkClassifier`` that are not searched: ``epochs``,
        ``batch_size``, ``dropout`` …

    Returns
    -------
    The fitted search. A fit that diverges scores NaN, is counted in a warning, and named in
    ``table``.

    Raises
    ------
    SearchError : an unknown parameter or value, missing groups, fewer rows than folds, or no fit
        that succeeded.

    Examples
    --------
    >>> grid_search([[0.0]], ["anger"], {"epochs": [1, 0]}, "conv2d")
    Traceback (most recent call last):
    emotutils.errors.SearchError: epochs=0: choose a whole number from 1
    """
    estimator, common = _prepare(network, space, options)
    space = {name: list(values) for name, values in space.items()}
    search = GridSearchCV(
        estimator,
        space,
        scoring=SCORING,
        refit=common.chosen_by(),
        **common.for_scikit_learn(),
    )
    points = math.prod(len(values) for values in space.values())
    return _fit(search, points, X, y, common)


def random_search(
    X: np.ndarray,
    y: np.ndarray,
    space: Mapping = JOINT,
    network: str | NetworkClassifier = "conv2d",
    *,
    n_iter: int = 20,
    seed: int = 0,
    **options,
) -> RandomizedSearchCV:
    """Try ``n_iter`` points drawn from a joint space (Bergstra and Bengio 2012).

    Parameters
    ----------
    X, y, network, **options : as in `grid_search`.
    space : for each name a list of values or a scipy distribution; `JOINT` by default.
    n_iter : how many points.
    seed : of the draw.
    """
    estimator, common = _prepare(network, space, options)
    search = RandomizedSearchCV(
        estimator,
        dict(space),
        n_iter=n_iter,
        random_state=seed,
        scoring=SCORING,
        refit=common.chosen_by(),
        **common.for_scikit_learn(),
    )
    return _fit(search, n_iter, X, y, common)


def halving_search(
    X: np.ndarray,
    y: np.ndarray,
    space: Mapping = JOINT,
    network: str | NetworkClassifier = "conv2d",
    *,
    n_candidates: int = 27,
    epochs: tuple[int, int] = (1, 9),
    factor: int = 3,
    seed: int = 0,
    **options,
) -> HalvingRandomSearchCV:
    """Give many points few epochs, keep the best of each round, and give these more (Jamieson and
    Talwalkar 2016).

    Parameters
    ----------
    X, y, space, network, **options : as in `random_search`.
    n_candidates : points in the first round, drawn as in `random_search`.
    epochs : of the first and at most of the last round. ``epochs`` itself cannot be in the space.
    factor : so many times more epochs in each round, for as many times fewer points.
    seed : of the draw.
    """
    estimator, common = _prepare(network, space, options)
    search = HalvingRandomSearchCV(
        estimator,
        dict(space),
        n_candidates=n_candidates,
        resource="epochs",
        min_resources=epochs[0],
        max_resources=epochs[1],
        factor=factor,
        random_state=seed,
        scoring="accuracy",  # scikit-learn's halving takes one score
        refit=common.refit,
        **common.for_scikit_learn(),
    )
    points = sum(n for n, _ in rounds(n_candidates, epochs, factor))
    return _fit(search, points, X, y, common)


def rounds(n_candidates: int, epochs: tuple[int, int], factor: int = 3) -> list[tuple[int, int]]:
    """The rounds of a halving search: (points, epochs of each).

    Parameters
    ----------
    n_candidates : points of the first round.
    epochs : of the first round, and the most that a later one may have.
    factor : by which the points become fewer and the epochs more.

    Examples
    --------
    >>> rounds(9, (2, 20))
    [(9, 2), (3, 6), (1, 18)]
    """
    first, last = epochs
    found = [(n_candidates, first)]
    points = n_candidates
    each = first * factor
    while points > 1 and each <= last and len(found) <= math.log(n_candidates, factor):
        points = math.ceil(n_candidates / factor ** len(found))
        found.append((points, each))
        each *= factor
    return found


def _prepare(
    network: str | NetworkClassifier, space: Mapping, options: dict
) -> tuple[NetworkClassifier, SearchOptions]:
    """The estimator to clone, after a look at every name and at every value that is listed, and
    what the searches have in common.
    """
    names = {field.name for field in fields(SearchOptions)}
    common = SearchOptions(**{name: options[name] for name in names & set(options)})
    settings = {name: value for name, value in options.items() if name not in names}
    if not isinstance(network, NetworkClassifier):
        network = NetworkClassifier(network)
    check_names(network, [*space, *settings])
    for name, values in space.items():
        if values is None or isinstance(values, str | int | float):
            raise SearchError(f"{name}={values!r}: give a list of values to try")
        if isinstance(values, list | tuple):
            for value in values:
                check_values({name: value})
    memory = common.memory or network.memory or config.output_root() / "searches"
    estimator = NetworkClassifier(**network.get_params(deep=False))
    estimator.set_params(memory=str(memory), **settings)
    check_values(estimator.get_params())
    return estimator, common


def _fit(
    search: BaseEstimator, points: int, X: np.ndarray, y: np.ndarray, common: SearchOptions
) -> BaseEstimator:
    """Fit a search over so many points, with a bar, and say in one line how many fits failed."""
    pairs = _pairs(search.cv, X, y, common.groups)
    search.cv = pairs  # so that what is recorded of the folds is what was run
    total = points * len(pairs) + bool(search.refit)
    started = time.monotonic()
    memory = Path(search.estimator.memory)
    with _bar(memory, total, common.progress), warnings.catch_warnings():
        # Failed fits are counted below, in one line, and in the table with the reason.
        warnings.simplefilter("ignore", FitFailedWarning)
        warnings.filterwarnings("ignore", "One or more of the (test|train) scores are non-finite")
        try:
            search.fit(X, y)
        except ValueError as error:
            if "fits failed" not in str(error):
                raise
            reason = _last_error(str(error))
            raise SearchError(f"not one of {total} fits succeeded: {reason}") from error
    search.wall_time_s_ = round(time.monotonic() - started, 1)
    scores = fold_scores(search)
    failed = int(np.isnan(scores).sum())
    if failed:
        print(f"{failed} of {scores.size} fits failed; search.table says which and why")
    return search


def _last_error(report: str) -> str:
    """The last error in the tracebacks of scikit-learn, without its kind."""
    for line in reversed(report.splitlines()):
        if "Error: " in line:
            return line.partition("Error: ")[2]
    return ""


def _pairs(cv, X, y, groups) -> list[tuple[np.ndarray, np.ndarray]]:
    if not hasattr(cv, "split"):
        return list(cv)
    if groups is None and "Group" in type(cv).__name__:
        raise SearchError(
            f"{type(cv).__name__} divides by groups: give groups, one for each of the {len(y)} rows"
        )
    try:
        return list(cv.split(X, y, groups))
    except ValueError as error:  # fewer rows, groups or rows of a label than folds
        raise SearchError(f"{cv}: {error}") from error


@contextmanager
def _bar(memory: Path, total: int, progress: bool) -> Iterator[None]:
    """Counts the fits whose facts were written or asked for since the start: in this process or in
    any other.
    """
    if not progress:
        yield
        return
    since = time.time_ns()
    over = threading.Event()

    def watch() -> None:
        with tqdm(total=total, desc="fits", unit="fit", dynamic_ncols=True) as bar:
            while True:
                last = over.wait(0.5)
                touched = [path.stat().st_mtime_ns for path in memory.glob("*.json")]
                finished = sum(when >= since for when in touched)
                bar.update(finished - bar.n)
                if last:
                    return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
