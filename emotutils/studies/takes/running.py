"""The study of real pairs, run: classifiers of action units beside the recorded answers of
``crnn``, in the same five folds by actor.
"""

import os
import time
from dataclasses import replace

import keras
import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from tqdm.auto import tqdm

from ... import datasets
from ...datasets.openface import UNITS
from ...emotions import EMOTIONS_WITH_CALM
from ...errors import DataError
from ...evaluation import Answers
from ...networks import in_batches
from ...support.machine import surroundings
from ...training import records
from ...training.batches import as_part
from ...training.building import build_for
from ...training.loop import fit
from ...training.recipes import recipe_for
from .. import out_of_fold
from .outcomes import FLOORS, NETWORK, TREATMENTS, Outcome
from .summary import summarise

FACE_DATA = "ravdess-units"
#: The network's training, in the same folds: on the units as they were measured.
ACTIONS = "folds-5-ravdess-units-actions-best-s0"


def study(
    root: str | os.PathLike | None = None, *, seed: int = 0, progress: bool = False
) -> Outcome:
    """Train scikit-learn's classifiers and the network ``actions`` in every fold and under every
    treatment, and put their answers beside those of the voice. On units as they were measured the
    network's answers are those of its own record.

    Parameters
    ----------
    root : the data root.
    seed : of the trees and the networks.
    progress : show a bar.

    Returns
    -------
    Outcome

    Raises
    ------
    DataError : the set is not there, or lacks a take that the voice answered.
    """
    began = time.perf_counter()
    films = datasets.load(FACE_DATA, root)
    voice = out_of_fold.voices()
    table = _beside(films.table, voice)
    units = table[list(UNITS)].to_numpy(np.float32)
    voice.groups["neutral"] = neutral_order(table)
    faces = {}
    network = _actions(voice)
    if network is not None:
        faces[NETWORK, "raw"] = network
    todo = [(name, treatment) for treatment in TREATMENTS for name in (NETWORK, *FLOORS)]
    todo.remove((NETWORK, "raw"))
    for name, treatment in tqdm(todo, disable=not progress, dynamic_ncols=True):
        faces[name, treatment] = _out_of_fold(units, voice, treatment, name, seed)
    outcome = Outcome({}, voice, faces)
    facts = {
        "data": f"{FACE_DATA}+ravdess",
        "source": films.source,
        "voice": out_of_fold.VOICE,
        "faces": [list(pair) for pair in faces],
        "treatments": dict(TREATMENTS),
        "takes": len(voice),
        "actors": int(voice.groups["actor"].nunique()),
        "folds": _actors_by_fold(voice.groups),
        "seed": seed,
        "found": summarise(outcome),
        "wall_time_s": round(time.perf_counter() - began, 1),
        **surroundings(),
    }
    return replace(outcome, facts=facts)


def _beside(films: pd.DataFrame, voice: Answers) -> pd.DataFrame:
    """The films' rows in the order of the voice's takes."""
    by_take = films.set_index("take")
    missing = [take for take in voice.id if take not in by_take.index]
    if missing:
        raise DataError(
            FACE_DATA,
            f"lacks {len(missing)} of {len(voice)} takes, such as {missing[0]}",
            "take all speech films",
        )
    table = by_take.loc[voice.id]
    if (table["y"].to_numpy() != voice.y).any():
        raise DataError(FACE_DATA, "labels takes otherwise than the voices", "read both anew")
    return table


def neutral_order(table: pd.DataFrame) -> np.ndarray:
    """Int (n,): 0 to 3 for a person's neutral films, the first time of both sentences first; -1 for
    all others.

    Parameters
    ----------
    table : of RAVDESS, its columns ``label``, ``group``, ``repetition`` and ``statement``.
    """
    table = table.reset_index(drop=True)
    neutral = table[table["label"] == "neutral"]
    ordered = neutral.sort_values(["repetition", "statement"])
    order = np.full(len(table), -1)
    order[ordered.index] = ordered.groupby("group").cumcount()
    return order


def treated(
    units: np.ndarray, actor: np.ndarray, neutral: np.ndarray, treatment: str
) -> np.ndarray:
    """The units of all films under one treatment, (n, 35).

    A film that is itself a baseline is set against the person's other neutral films, so that
    training can use it: it is never tested.

    Parameters
    ----------
    units : (n, 35).
    actor : (n,).
    neutral : (n,), see `neutral_order`.
    treatment : of `TREATMENTS`.
    """
    if treatment == "raw":
        return units
    out = np.empty_like(units)
    for person in np.unique(actor):
        own = np.flatnonzero(actor == person)
        if treatment == "z":
            spread = units[own].std(axis=0) + 1e-6
            out[own] = (units[own] - units[own].mean(axis=0)) / spread
            continue
        films = own[neutral[own] >= 0]
        baseline = own[served(neutral[own], treatment)]
        out[own] = units[own] - units[baseline].mean(axis=0)
        for film in baseline:
            others = films[films != film]
            out[film] = units[film] - units[others].mean(axis=0)
    return out


def served(neutral: np.ndarray, treatment: str) -> np.ndarray:
    """Which films are the baseline of their person, bool (n,)."""
    if not treatment.startswith("own"):
        return np.zeros(len(neutral), bool)
    n = int(treatment.removeprefix("own "))
    return (neutral >= 0) & (neutral < n)


def _actions(voice: Answers) -> np.ndarray | None:
    """The network's recorded answers to the same takes, in the same folds; None, and a line saying
    so, where there is no record.
    """
    record = records.read(ACTIONS)
    if record is None:
        print(f"{ACTIONS}: not run yet")
        return None
    answers = record.answers("test")
    row = {name[3:]: k for k, name in enumerate(answers.id)}
    return answers.proba[[row[take] for take in voice.id]]


def _out_of_fold(
    units: np.ndarray, voice: Answers, treatment: str, name: str, seed: int
) -> np.ndarray:
    """A classifier's answers to actors that it did not learn from, (n, 8); NaN for baselines."""
    actor = voice.groups["actor"].to_numpy()
    neutral = voice.groups["neutral"].to_numpy()
    fold = voice.groups["fold"].to_numpy()
    x = treated(units, actor, neutral, treatment)
    proba = np.full((len(voice), len(EMOTIONS_WITH_CALM)), np.nan)
    for number in np.unique(fold):
        training = fold != number
        learned = (x[training], voice.y[training])
        if name == NETWORK:
            proba[~training] = _network_answers(*learned, x[~training], seed)
        else:
            proba[~training] = _floor(name, seed).fit(*learned).predict_proba(x[~training])
    proba[served(neutral, treatment)] = np.nan
    return proba


def _network_answers(x: np.ndarray, y: np.ndarray, asked: np.ndarray, seed: int) -> np.ndarray:
    """What ``actions`` answers to other rows than those that it learned from; its last epoch, as
    in all folds.
    """
    recipe = recipe_for(NETWORK, "best").replace(monitor=None)
    keras.utils.set_random_seed(seed)
    model = build_for(recipe, NETWORK, as_part((x, y)), len(EMOTIONS_WITH_CALM))
    fit(model, (x, y), None, recipe, seed=seed, progress=False)
    return in_batches(model, asked)


def _floor(name: str, seed: int) -> ClassifierMixin:
    """One of scikit-learn's; every label counts the same."""
    if name == "logistic":
        model = LogisticRegression(C=0.1, max_iter=2000, class_weight="balanced")
    elif name == "svm":
        model = CalibratedClassifierCV(SVC(class_weight="balanced"), ensemble=False)
    else:
        return ExtraTreesClassifier(
            500, min_samples_leaf=2, class_weight="balanced", random_state=seed
        )
    return make_pipeline(StandardScaler(), model)


def _actors_by_fold(groups: pd.DataFrame) -> list[list[str]]:
    found = []
    for _, rows in groups.groupby("fold"):
        found.append(sorted(set(rows["actor"])))
    return found
