"""What a search found, how sure that is, and which differences are real. Taught in
notebooks/06_hyperparameter_search.

A record is a plain dict, so that a search just made and one from ``data/runs`` are read by the same
functions.
"""

import json
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import t as student
from sklearn.base import BaseEstimator

from ..support.machine import surroundings

METRICS = ("accuracy", "uar", "largest_share")


def fold_scores(search: BaseEstimator, metric: str = "accuracy") -> np.ndarray:
    """Scores (points, folds) of a fitted search, NaN where a fit failed.

    Parameters
    ----------
    search : what ``grid_search`` and the others give.
    metric : one of ``METRICS``; halving knows ``"accuracy"`` alone.
    """
    found, n = search.cv_results_, len(search.cv)
    name = metric if f"split0_test_{metric}" in found else "score"
    return np.stack([found[f"split{k}_test_{name}"] for k in range(n)], axis=1)


def record(search: BaseEstimator, **facts) -> dict:
    """A fitted search as plain numbers and words, for `table`, `compare` and JSON.

    Parameters
    ----------
    **facts : what the search cannot know: ``data``, ``note`` …

    Returns
    -------
    ``network``, ``settings`` (what was not searched), ``rows`` (of training and test in each fold),
    ``points`` (for each its ``parameters``, the scores of every fold, seconds a fit, and why it
    ``failed``), hardware and versions.
    """
    estimator, found = search.estimator, search.cv_results_
    metrics = [m for m in METRICS if f"split0_test_{m}" in found] or ["accuracy"]
    scores = {metric: fold_scores(search, metric) for metric in metrics}
    reasons = _reasons(search)
    points = []
    for k, parameters in enumerate(found["params"]):
        parameters = {
            name: getattr(value, "item", lambda v=value: v)()
            for name, value in sorted(parameters.items())
        }
        point = {"parameters": parameters}
        point |= {
            m: [None if np.isnan(v) else round(float(v), 5) for v in scores[m][k]] for m in metrics
        }
        point |= {
            "seconds": round(float(found["mean_fit_time"][k]), 2),
            "failed": reasons.get(_key(parameters)),
        }
        points.append(point)
    settings = {
        k: v
        for k, v in estimator.get_params().items()
        if k not in ("memory", *points[0]["parameters"])
    }
    return {
        "search": type(search).__name__,
        **facts,
        "network": estimator.network,
        "settings": settings,
        "rows": [[len(train), len(test)] for train, test in search.cv],
        "wall_time_s": search.wall_time_s_,
        "fits_at_a_time": search.n_jobs or 1,
        **surroundings(),
        "points": points,
    }


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
    """
    found = found if isinstance(found, Mapping) else record(found)
    rows = []
    for point in found["points"]:
        scores = np.array(point[metric], dtype=float)
        rows.append({**point["parameters"], **_interval(scores, found["rows"]), "worst": scores.min(),
                     "best": scores.max(), "seconds": point["seconds"], "failed": point["failed"] or ""})  # fmt: skip
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
    found = found if isinstance(found, Mapping) else record(found)
    whole = [
        (name_of(p["parameters"]), np.array(p[metric], float))
        for p in found["points"]
        if None not in p[metric]
    ]
    rows = []
    for (a, one), (b, other) in combinations(sorted(whole, key=lambda pair: -pair[1].mean()), 2):
        difference = _interval(one - other, found["rows"])
        rows.append({"a": a, "b": b, "difference": difference["mean"], **{k: difference[k] for k in ("low", "high")},
                     "p": _p(one - other, found["rows"])})  # fmt: skip
    pairs = pd.DataFrame(rows, columns=["a", "b", "difference", "low", "high", "p"]).sort_values(
        "p", kind="stable"
    )
    # Written out: scipy has no Holm, and statsmodels would be a new package for one line.
    holm = np.maximum.accumulate(pairs["p"].to_numpy() * np.arange(len(pairs), 0, -1))
    return pairs.assign(p_holm=np.minimum(holm, 1), real=holm < 0.05).reset_index(drop=True)


def name_of(parameters: Mapping) -> str:
    """A point in words: ``tanh`` where one parameter was searched, ``batch_size=10, epochs=5``
    where several were.
    """
    if len(parameters) == 1:
        return str(*parameters.values())
    return ", ".join(
        f"{k}={v:.3g}" if isinstance(v, float) else f"{k}={v}" for k, v in parameters.items()
    )


def _deviation(values: np.ndarray, rows: list) -> float:
    """The deviation of a mean over folds, corrected: folds share training rows, so they are not
    independent.
    """
    share = np.mean([test / train for train, test in rows])
    return float(np.sqrt((1 / len(values) + share) * values.var(ddof=1)))


def _interval(values: np.ndarray, rows: list) -> dict[str, float]:
    mean, reach = values.mean(), student.ppf(0.975, len(values) - 1) * _deviation(values, rows)
    return {"mean": mean, "low": mean - reach, "high": mean + reach}


def _p(values: np.ndarray, rows: list) -> float:
    deviation = _deviation(values, rows)
    if deviation == 0:
        return 1.0 if values.mean() == 0 else 0.0
    return float(2 * student.sf(abs(values.mean()) / deviation, len(values) - 1))


def _reasons(search: BaseEstimator) -> dict[str, str]:
    """Why fits failed, by the searched parameters: read from what the fits left in their folder."""
    if not np.isnan(fold_scores(search)).any():
        return {}
    names, found = list(search.cv_results_["params"][0]), {}
    for path in Path(search.estimator.memory).glob("*.json"):
        facts = json.loads(path.read_text(encoding="utf-8"))
        last = facts["history"][-1]
        if not np.isfinite(last["loss"]):
            parameters = {name: facts["parameters"].get(name) for name in sorted(names)}
            found[_key(parameters)] = f"the loss is {last['loss']} in epoch {len(facts['history'])}"
    return found


def _key(parameters: Mapping) -> str:
    return json.dumps(parameters, sort_keys=True, default=str)
