"""What a search found, how sure that is, and which differences are real. Taught in
notebooks/06_hyperparameter_search.

A record is a plain dict, so that a search just made and one from ``data/runs`` are read by the same
functions.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import t as student
from sklearn.base import BaseEstimator

from ..errors import DataError
from ..support.machine import surroundings
from .memory import read_fit

METRICS = ("accuracy", "uar", "largest_share")


def fold_scores(search: BaseEstimator, metric: str = "accuracy") -> np.ndarray:
    """Scores (points, folds) of a fitted search, NaN where a fit failed.

    Parameters
    ----------
    search : what ``grid_search`` and the others give.
    metric : one of ``METRICS``; halving knows ``"accuracy"`` alone.
    """
    found = search.cv_results_
    name = "score"
    if f"split0_test_{metric}" in found:
        name = metric
    folds = range(len(search.cv))
    columns = [found[f"split{fold}_test_{name}"] for fold in folds]
    return np.stack(columns, axis=1)


def record(search: BaseEstimator, **facts) -> dict:
    """A fitted search as plain numbers and words, for `table`, `compare` and JSON.

    Parameters
    ----------
    **facts : what the search cannot know: ``data``, ``note`` …

    Returns
    -------
    ``network``, ``settings`` (what was not searched), ``rows`` (of training and test in each fold),
    ``points`` (for each its ``parameters``, the scores of every fold, seconds a fit, and why it
    ``failed``), ``wall_time_s``, hardware and versions. Both times are of this run alone: where a
    search was resumed, fits that were remembered took hardly any.
    """
    points = _points(search)
    searched = points[0]["parameters"]
    settings = {}
    for name, value in search.estimator.get_params().items():
        if name != "memory" and name not in searched:
            settings[name] = value
    rows = [[len(train), len(test)] for train, test in search.cv]
    return {
        "search": type(search).__name__,
        **facts,
        "network": search.estimator.network,
        "settings": settings,
        "rows": rows,
        "wall_time_s": search.wall_time_s_,
        "fits_at_a_time": search.n_jobs or 1,
        **surroundings(),
        "points": points,
    }


def _points(search: BaseEstimator) -> list[dict]:
    """Of every point its parameters, the scores of every fold, seconds a fit, and why it failed."""
    found = search.cv_results_
    metrics = [metric for metric in METRICS if f"split0_test_{metric}" in found]
    if not metrics:
        metrics = ["accuracy"]
    scores = {metric: fold_scores(search, metric) for metric in metrics}
    reasons = _reasons(search)
    points = []
    for k, tried in enumerate(found["params"]):
        parameters = {}
        for name, value in sorted(tried.items()):
            parameters[name] = _plain(value)
        point = {"parameters": parameters}
        for metric in metrics:
            point[metric] = _rounded(scores[metric][k])
        seconds = float(found["mean_fit_time"][k])
        point["seconds"] = round(seconds, 2)
        point["failed"] = reasons.get(_key(parameters))
        points.append(point)
    return points


def _plain(value):
    """A NumPy number as one of Python's; anything else as it is."""
    if hasattr(value, "item"):
        return value.item()
    return value


def _rounded(scores: np.ndarray) -> list[float | None]:
    """Scores for JSON, which has no NaN: None where a fit failed."""
    found = []
    for score in scores:
        if np.isnan(score):
            found.append(None)
        else:
            found.append(round(float(score), 5))
    return found


def table(found: Mapping | BaseEstimator, metric: str = "accuracy") -> pd.DataFrame:
    """One row a point, in the order tried.

    Parameters
    ----------
    found : a record, or a search fitted by this package.
    metric : ``"accuracy"``, ``"uar"`` or ``"largest_share"`` (of the commonest answer: 1 is a
        collapsed network).

    Returns
    -------
    DataFrame: the searched parameters, ``mean`` over folds with ``low`` and ``high`` (95 %),
    ``worst`` and ``best`` fold, ``seconds`` a fit, and ``failed`` (the reason, or nothing).

    The interval is Student's with the variance that Nadeau and Bengio (2003) correct for training
    rows shared between folds: without that it would be far too narrow.

    Examples
    --------
    >>> tanh = {"parameters": {"activation": "tanh"}, "accuracy": [0.4, 0.5, 0.6]}
    >>> point = {**tanh, "seconds": 1.5, "failed": None}
    >>> tried = table({"points": [point], "rows": [[20, 10]] * 3})
    >>> tried[["activation", "mean", "worst", "best", "seconds"]]
      activation  mean  worst  best  seconds
    0       tanh   0.5    0.4   0.6      1.5
    """
    found = _recorded(found)
    rows = []
    for point in found["points"]:
        scores = np.array(point[metric], dtype=float)
        row = dict(point["parameters"])
        row |= _interval(scores, found["rows"])
        row["worst"] = scores.min()
        row["best"] = scores.max()
        row["seconds"] = point["seconds"]
        row["failed"] = point["failed"] or ""
        rows.append(row)
    return pd.DataFrame(rows)


def compare(found: Mapping | BaseEstimator, metric: str = "accuracy") -> pd.DataFrame:
    """Which differences between points are real: every pair, tested over the folds that both went
    through.

    Parameters
    ----------
    found : a fitted search, or its record.
    metric : one of ``METRICS``.

    Returns
    -------
    DataFrame, smallest p first: ``a``, ``b`` (a is the better), ``difference`` with ``low`` and
    ``high`` (95 %), ``p`` of the corrected resampled t-test (Nadeau and Bengio 2003), ``p_holm``
    corrected for the number of pairs (Holm 1979), and ``real`` (``p_holm`` below 0.05). Points with
    a failed fit are left out.
    """
    found = _recorded(found)
    whole = []
    for point in found["points"]:
        if None not in point[metric]:
            scores = np.array(point[metric], float)
            whole.append(_Tried(name_of(point["parameters"]), scores))
    whole.sort(key=lambda tried: -tried.scores.mean())
    rows = []
    for better, other in combinations(whole, 2):
        differences = better.scores - other.scores
        interval = _interval(differences, found["rows"])
        row = {"a": better.name, "b": other.name}
        row["difference"] = interval["mean"]
        row["low"] = interval["low"]
        row["high"] = interval["high"]
        row["p"] = _p(differences, found["rows"])
        rows.append(row)
    pairs = pd.DataFrame(rows, columns=["a", "b", "difference", "low", "high", "p"])
    pairs = pairs.sort_values("p", kind="stable")
    # Written out: scipy has no Holm, and statsmodels would be a new package for one line.
    left = np.arange(len(pairs), 0, -1)
    raised = pairs["p"].to_numpy() * left
    holm = np.maximum.accumulate(raised)
    pairs["p_holm"] = np.minimum(holm, 1)
    pairs["real"] = holm < 0.05
    return pairs.reset_index(drop=True)


@dataclass(frozen=True)
class _Tried:
    """A point by its name, with its score in every fold."""

    name: str
    scores: np.ndarray


def _recorded(found: Mapping | BaseEstimator) -> Mapping:
    """The record; of a fitted search, the one it makes."""
    if isinstance(found, Mapping):
        return found
    return record(found)


def name_of(parameters: Mapping) -> str:
    """A point in words: ``tanh`` where one parameter was searched, ``batch_size=10, epochs=5``
    where several were.

    Examples
    --------
    >>> name_of({"activation": "tanh"}), name_of({"epochs": 5, "learning_rate": 0.001})
    ('tanh', 'epochs=5, learning_rate=0.001')
    """
    if len(parameters) == 1:
        return str(*parameters.values())
    words = []
    for name, value in parameters.items():
        if isinstance(value, float):
            value = f"{value:.3g}"
        words.append(f"{name}={value}")
    return ", ".join(words)


def _deviation(values: np.ndarray, rows: list) -> float:
    """The deviation of a mean over folds, corrected: folds share training rows, so they are not
    independent.
    """
    shares = [test / train for train, test in rows]
    factor = 1 / len(values) + np.mean(shares)
    variance = factor * values.var(ddof=1)
    return float(np.sqrt(variance))


def _interval(values: np.ndarray, rows: list) -> dict[str, float]:
    mean = values.mean()
    quantile = student.ppf(0.975, len(values) - 1)
    reach = quantile * _deviation(values, rows)
    return {
        "mean": mean,
        "low": mean - reach,
        "high": mean + reach,
    }


def _p(values: np.ndarray, rows: list) -> float:
    mean = values.mean()
    deviation = _deviation(values, rows)
    if deviation == 0:
        return float(mean == 0)  # every fold says the same
    t = abs(mean) / deviation
    return float(2 * student.sf(t, len(values) - 1))


def _reasons(search: BaseEstimator) -> dict[str, str]:
    """Why fits failed, by the searched parameters: read from what the fits left in their folder."""
    if not np.isnan(fold_scores(search)).any():
        return {}
    names = sorted(search.cv_results_["params"][0])
    found = {}
    for path in Path(search.estimator.memory).glob("*.json"):
        try:
            facts = read_fit(path)
        except DataError:  # it was made anew elsewhere, or never
            continue
        epochs = len(facts["history"])
        loss = facts["history"][-1]["loss"]
        if not np.isfinite(loss):
            parameters = {name: facts["parameters"].get(name) for name in names}
            found[_key(parameters)] = f"the loss is {loss} in epoch {epochs}"
    return found


def _key(parameters: Mapping) -> str:
    return json.dumps(parameters, sort_keys=True, default=str)
