"""People as the yardstick: what they choose from voice, face and both, and what our rules make of
their answers.

CREMA-D asked people about each clip three times: sound alone, picture alone, both. The shares of
their votes stand where a network's probabilities would, so that a fusion rule can be held against
the people who had both, on real performances.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

from .. import datasets
from ..datasets import Dataset, crema_d
from ..emotions import EMOTIONS, to_seven
from ..evaluation import Score, difference
from ..evaluation.metrics import RESAMPLES, Units
from ..fusion import fuse, weights_from
from ..support.machine import surroundings
from ..training import records

NAME = "people-crema-d"
PEOPLE = ("voice", "face", "both")
RULES = ("weighted", "mean", "product", "maximum", "majority")
#: Added to each count: a half, Jeffreys' choice, made before anything was scored.
SMOOTHING = 0.5
#: What else was tried, to see how much hangs on it; the record has all.
SMOOTHINGS = (0.0, 0.1, 0.5, 1.0, 2.0)
FOLDS = 5
#: Ages of the actors, by the first year of each group.
AGES = {"under 30": 0, "30 to 49": 30, "50 and older": 50}
#: Two shares as near as this are a tie.
_NEAR = 1e-9


def credit(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How far each row is answered right, 0..1: labels that share the first place share it equally.

    Parameters
    ----------
    p : (n, k) shares or probabilities.
    y : int (n,), the right answers.

    Examples
    --------
    >>> credit(np.array([[0.5, 0.5, 0.0], [0.2, 0.2, 0.6]]), np.array([1, 2])).tolist()
    [0.5, 1.0]
    """
    tied = _winners(p)
    right = tied[np.arange(len(y)), y]
    return right / tied.sum(axis=1)


def study(dataset: Dataset | None = None) -> dict:
    """Score people and rules against what the actors were asked for.

    Everything is an accuracy over six labels with a 95 % interval by bootstrap over the actors;
    ties count by `credit`. The rules see the shares of voice and face, smoothed; the weights of
    ``weighted`` are each label's F1 on the actors of the other folds.

    Parameters
    ----------
    dataset : as ``crema_d.load`` reads it, by default whole.

    Returns
    -------
    A record for `write`: ``scores`` of each source with its share of ``ties`` and the accuracy if
    ties were all wrong (``least``) or all right (``most``); ``gains``; ``smoothings``; ``apart``
    (whom people with both follow where voice and face differ); ``recalls`` by label; ``sex`` and
    ``age`` of the actors.
    """
    dataset = dataset or datasets.load("crema-d")
    clips = _Clips(dataset.table)
    answers = clips.people() | clips.rules(SMOOTHING)
    credits = {source: credit(p, clips.y) for source, p in answers.items()}
    return {
        "data": dataset.name,
        "clips": len(clips.y),
        "actors": int(pd.Series(clips.actor).nunique()),
        "votes": int(dataset.table.filter(like="votes_").to_numpy().sum()),
        "labels": list(crema_d.LABELS),
        "smoothing": SMOOTHING,
        "folds": FOLDS,
        "scores": {source: _scored(p, clips) for source, p in answers.items()},
        "gains": _gains(credits, clips.actor),
        "smoothings": _by_smoothing(clips),
        "apart": _apart(clips),
        "recalls": _recalls(credits, clips),
        "sex": _by_sex(credits, clips),
        "age": _by_age(credits, clips),
        **surroundings(),
    }


def write(record: Mapping, folder: Path | None = None, *, publish: bool = False) -> Path:
    """Write a record of `study`.

    Parameters
    ----------
    record : as `study` gives it.
    folder : where to; by default the output root, ``./runs``.
    publish : put it where records ship instead.
    """
    return records.write(NAME, record, folder=folder, publish=publish)


class _Clips:
    """The clips that were judged in all three ways, one row each.

    Attributes
    ----------
    tables : by modality, all in one order.
    y, actor : int (n,), the intended label and the actor.
    facts : DataFrame (n rows) with ``sex`` and ``age``.
    """

    def __init__(self, table: pd.DataFrame):
        complete = table.groupby("clip")["modality"].transform("nunique") == len(PEOPLE)
        table = table[complete].sort_values("clip")
        self.tables = {name: table[table["modality"] == name] for name in PEOPLE}
        first = self.tables["both"]
        self.y = first["y"].to_numpy()
        self.actor = first["actor"].to_numpy()
        self.facts = first[["sex", "age"]].reset_index(drop=True)

    def people(self, add: float = 0.0) -> dict[str, np.ndarray]:
        """The shares of the votes by modality, (n, 6)."""
        return {name: crema_d.distributions(table, add) for name, table in self.tables.items()}

    def rules(self, add: float) -> dict[str, np.ndarray]:
        """What each rule makes of voice and face, (n, 6)."""
        shares = self.people(add)
        streams = {}
        for name in ("voice", "face"):
            streams[name] = to_seven(shares[name], crema_d.LABELS)
        # Nobody could choose surprise, and no rule may either.
        offered = [EMOTIONS.index(label) for label in crema_d.LABELS]
        found = {"weighted": self._weighted(streams)[:, offered]}
        for rule in RULES[1:]:
            found[rule] = fuse(streams, rule)[:, offered]
        return found

    def _weighted(self, streams: dict[str, np.ndarray]) -> np.ndarray:
        y = np.array([EMOTIONS.index(crema_d.LABELS[label]) for label in self.y])
        fused = np.full((len(y), len(EMOTIONS)), np.nan)
        for others, tested in GroupKFold(FOLDS).split(y, groups=self.actor):
            trust = {}
            for name, p in streams.items():
                trust[name] = weights_from(_confusion(p[others], y[others]))
                trust[name][EMOTIONS.index("surprise")] = 1  # never said and never meant
            chosen = {name: p[tested] for name, p in streams.items()}
            fused[tested] = fuse(chosen, "weighted", trust)
        return fused


#: By a name (a source, a rule, a group of actors): a value, or whether it belongs, for each clip.
ByName = dict[str, np.ndarray]


def _winners(p: np.ndarray) -> np.ndarray:
    """Which labels are in the first place, bool (n, k)."""
    best = p.max(axis=1, keepdims=True)
    return p >= best - _NEAR


def _confusion(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Counts (k, k), true labels in the rows; a tie is shared."""
    tied = _winners(p)
    shared = tied / tied.sum(axis=1, keepdims=True)
    counts = np.zeros((p.shape[1], p.shape[1]))
    np.add.at(counts, y, shared)
    return counts


def _mean(values: np.ndarray, actor: np.ndarray) -> Score:
    """The mean of a row's value with its interval over actors."""
    units = Units.of(actor, len(actor))
    rows = np.ones(len(values))
    sums = units.sums(np.column_stack([values, rows]))
    draws = []
    for drawn in units.draws(RESAMPLES, seed=0):
        totals = drawn @ sums
        draws.append(totals[:, 0] / totals[:, 1])
    ends = units.interval(np.concatenate(draws))
    return Score(float(values.mean()), *ends)


def _scored(p: np.ndarray, clips: _Clips) -> dict:
    tied = _winners(p)
    is_tie = tied.sum(axis=1) > 1
    in_front = tied[np.arange(len(p)), clips.y]
    return {
        "accuracy": _mean(credit(p, clips.y), clips.actor).to_dict(),
        "ties": round(float(is_tie.mean()), 4),
        "least": round(float((in_front & ~is_tie).mean()), 4),
        "most": round(float(in_front.mean()), 4),
    }


def _gains(credits: ByName, actor: np.ndarray) -> dict[str, dict]:
    """``a over b`` → the difference of their accuracies on the same clips."""
    asked = [("both", "voice"), ("both", "face")]
    for rule in RULES:
        asked.append((rule, "face"))
        asked.append(("both", rule))
    found = {}
    for a, b in asked:
        gain = _mean(credits[a] - credits[b], actor)
        found[f"{a} over {b}"] = gain.to_dict()
    return found


def _by_smoothing(clips: _Clips) -> list[dict]:
    """The accuracy of each rule with each smoothing."""
    found = []
    for add in SMOOTHINGS:
        row = {"added": add}
        for rule, p in clips.rules(add).items():
            accuracy = credit(p, clips.y).mean()
            row[rule] = round(float(accuracy), 4)
        found.append(row)
    return found


def _apart(clips: _Clips) -> dict:
    """Whom people with both follow where voice and face have one winner each, and not the same."""
    shares = clips.people()
    chosen = {name: p.argmax(axis=1) for name, p in shares.items()}
    clear = np.ones(len(clips.y), bool)
    for name in ("voice", "face"):
        clear &= _winners(shares[name]).sum(axis=1) == 1
    rows = clear & (chosen["voice"] != chosen["face"])
    actor = clips.actor[rows]
    both = shares["both"][rows]
    follow = {}
    for name in ("face", "voice"):
        follow[name] = credit(both, chosen[name][rows])
    follow["neither"] = 1 - follow["face"] - follow["voice"]
    found = {"clips": int(rows.sum()), "share": round(float(rows.mean()), 4)}
    for name, values in follow.items():
        found[name] = _mean(values, actor).to_dict()
    return found


def _recalls(credits: ByName, clips: _Clips) -> dict:
    """Of each source, the accuracy on the clips of each label."""
    found = {}
    for source, values in credits.items():
        found[source] = {}
        for code, label in enumerate(crema_d.LABELS):
            rows = clips.y == code
            recall = _mean(values[rows], clips.actor[rows])
            found[source][label] = recall.to_dict()
    return found


def _by_sex(credits: ByName, clips: _Clips) -> dict:
    sex = clips.facts["sex"].to_numpy()
    groups = {name: sex == name for name in ("female", "male")}
    return _compared(credits, clips, groups, "female", "male")


def _by_age(credits: ByName, clips: _Clips) -> dict:
    age = clips.facts["age"].to_numpy()
    first_years = [*AGES.values(), 200]
    groups = {}
    for place, name in enumerate(AGES):
        old_enough = age >= first_years[place]
        too_old = age >= first_years[place + 1]
        groups[name] = old_enough & ~too_old
    return _compared(credits, clips, groups, "under 30", "50 and older")


def _compared(credits: ByName, clips: _Clips, groups: ByName, a: str, b: str) -> dict:
    """What people chose right of each group of actors, and by how much group a is ahead of b."""
    found = {"actors": {}}
    for name, rows in groups.items():
        found["actors"][name] = len(set(clips.actor[rows]))
    for source in PEOPLE:
        scores = {}
        for name, rows in groups.items():
            scores[name] = _mean(credits[source][rows], clips.actor[rows])
        scores[f"{a} over {b}"] = difference(scores[a], scores[b])
        found[source] = {name: score.to_dict() for name, score in scores.items()}
    return found
