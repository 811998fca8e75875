"""What a person's own neutral is worth as a baseline, and what the median over a film does instead:
measured on real pairs, RAVDESS's films and recordings of the same performances.

Both streams are out of fold: nobody answers for an actor that it learned from. The face is a
logistic regression on action units (means over each film), the voice the recorded ``crnn``. Film
means say nothing of moments within a film, so that a film is put together from performances of one
actor in known shares.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .. import datasets
from ..datasets.openface import UNITS
from ..emotions import EMOTIONS
from ..errors import DataError
from ..evaluation import Answers, compare, logs, score
from ..fusion import shift_to, shifted
from ..support.machine import surroundings
from ..training import records

NAME = "baseline-ravdess"
#: The recorded answers of the voice; its folds are those of the face too.
VOICE = "folds-5-ravdess-crnn-best-s0"
STREAMS = ("face", "voice")
#: Of an actor's four neutral performances, so many are the baseline.
TAKES = (1, 2, 4)
#: Performances in a film that is put together, and how many of them are of one emotion; the others
#: are neutral or calm.
FILM = 8
EMOTIONAL = (1, 2, 4, 6, 8)
#: Films of each actor and emotion.
FILMS = 10
_NEUTRAL = EMOTIONS.index("neutral")
_SAD = EMOTIONS.index("sadness")


@dataclass(frozen=True)
class Outcome:
    """The answers of both streams to the same performances, and what was found.

    Attributes
    ----------
    facts : JSON: ``named``, a row for each stream and baseline; ``auto``, a row for each stream and
        kind of film (see `named` and `mixed`); and how it was done.
    answers : by stream, over the eight labels; ``groups`` has ``actor`` and ``fold``.
    """

    facts: dict
    answers: dict[str, Answers]

    def save(self, folder: Path | None = None, *, publish: bool = False) -> Path:
        """Write the record; by default into the output root, ``./runs``."""
        arrays = {}
        for name, answers in self.answers.items():
            found = answers.arrays(name)
            proba = found.pop(f"{name}_proba")
            # What both share stands there once.
            arrays |= {key.replace(name, "test", 1): value for key, value in found.items()}
            arrays[f"test_{name}_proba"] = proba
        return records.write(NAME, self.facts, arrays, folder=folder, publish=publish)


def read(folder: Path | None = None) -> Outcome | None:
    """The recorded study; None where it was not run yet."""
    record = records.read(NAME, folder)
    if record is None:
        return None
    labels = record["labels"]
    answers = {}
    for name in STREAMS:
        answers[name] = Answers.load(record.arrays_path, "test", labels, name)
    return Outcome(record.facts, answers)


def study(root: str | os.PathLike | None = None) -> Outcome:
    """Measure it.

    Parameters
    ----------
    root : the data root, with ``ravdess-units``.

    Raises
    ------
    DataError : no action units there, or other films than recordings.
    """
    record = records.read(VOICE)
    voice = _voice(record)
    data = datasets.load("ravdess-units", root)
    answers = {"face": _face(data, voice), "voice": voice}
    rows = []
    films = []
    for name, found in answers.items():
        rows += [{"stream": name, **row} for row in named(found)]
        films += [{"stream": name, **row} for row in mixed(found)]
    facts = {
        "data": "ravdess-units and ravdess, the same performances",
        "source": data.source,
        "face": "logistic regression on 35 action units, standardised, C = 1",
        "voice": VOICE,
        "labels": list(voice.labels),
        "n": len(voice),
        "film": FILM,
        "films": FILMS,
        "named": rows,
        "auto": films,
        **surroundings(),
    }
    return Outcome(facts, answers)


def _voice(record: records.Record) -> Answers:
    """The recorded answers, a row a performance, with the fold that held each actor out."""
    answers = record.answers().by_recording().rounded()
    actor = answers.groups["group"]
    fold = {}
    for number, one in enumerate(record["folds"]):
        fold |= dict.fromkeys(one["split"]["test"]["groups"], number)
    groups = pd.DataFrame({"actor": actor, "fold": actor.map(fold)})
    take = [name.partition("-")[2] for name in answers.id]
    return replace(answers, id=np.array(take), groups=groups)


def _face(data: datasets.Dataset, voice: Answers) -> Answers:
    """What a logistic regression says of the same performances, fold by fold."""
    table = data.table.set_index("take")
    if set(table.index) != set(voice.id):
        raise DataError("ravdess-units", "other films than recordings", "take all 1,440 of both")
    x = table.loc[voice.id, list(UNITS)].to_numpy(float)
    fold = voice.groups["fold"].to_numpy()
    proba = np.zeros_like(voice.proba)
    for one in np.unique(fold):
        held_out = fold == one
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
        model.fit(x[~held_out], voice.y[~held_out])
        proba[held_out] = model.predict_proba(x[held_out])
    return replace(voice, proba=proba).rounded()


@dataclass(frozen=True)
class _Stream:
    """One stream's answers over the seven labels.

    Attributes
    ----------
    p : (n, 7) probabilities. y : int (n,), labels.
    actor : (n,) names.
    at_rest : bool (n,), labelled neutral; calm, which counts as neutral, is not among these.
    average : (n, 7), what the stream says of an average neutral performance of the other folds.
    """

    p: np.ndarray
    y: np.ndarray
    actor: np.ndarray
    at_rest: np.ndarray
    average: np.ndarray

    @classmethod
    def of(cls, answers: Answers) -> "_Stream":
        seven = answers.to_seven()
        at_rest = np.array(answers.labels)[answers.y] == "neutral"
        fold = answers.groups["fold"].to_numpy()
        average = np.zeros_like(seven.proba)
        for one in np.unique(fold):
            others = at_rest & (fold != one)
            average[fold == one] = logs(seven.proba[others]).mean(axis=0)
        actor = answers.groups["actor"].to_numpy(str)
        return cls(seven.proba, seven.y, actor, at_rest, average)

    def people(self) -> Iterator[np.ndarray]:
        """Each actor's rows."""
        for name in np.unique(self.actor):
            yield np.flatnonzero(self.actor == name)

    def relative(self, rows: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Some rows of one actor, relative to ``own`` (m, 7) as this person's neutral."""
        return shifted(self.p[rows], shift_to(own, self.average[rows[0]]))


def named(answers: Answers) -> list[dict]:
    """Baselines that somebody names, each compared on rows that hold none of them.

    Parameters
    ----------
    answers : of one stream, as `Outcome` has them.

    Returns
    -------
    One row for each number of neutral ``takes``, and for two that were sad instead (``true``
    False), over every choice of them: for ``neutral`` (its recall), ``others`` (mean recall of the
    six) and ``uar`` (of all seven) the score ``before``, ``after`` and the ``gain``, with intervals
    by actor.
    """
    stream = _Stream.of(answers)
    found = []
    for takes in TAKES:
        pairs = [(own, stream.at_rest[own]) for own in stream.people()]
        found.append({"takes": takes, "true": True, **_named(stream, pairs, takes)})
    pairs = [(own, stream.y[own] == _SAD) for own in stream.people()]
    found.append({"takes": 2, "true": False, **_named(stream, pairs, 2)})
    return found


def _named(
    stream: _Stream, people: Sequence[tuple[np.ndarray, np.ndarray]], takes: int
) -> dict[str, dict]:
    rows = []
    after = []
    for own, may_serve in people:
        for baseline in combinations(own[may_serve], takes):
            rest = np.setdiff1d(own, baseline)
            rows.append(rest)
            after.append(stream.relative(rest, stream.p[list(baseline)]))
    return _figures(stream, np.concatenate(rows), np.concatenate(after))


def mixed(answers: Answers) -> list[dict]:
    """Films put together from one actor's performances, relative to their own median.

    Parameters
    ----------
    answers : of one stream, as `Outcome` has them.

    Returns
    -------
    One row for each share of one emotion (``share``, 0..1, the rest neutral or calm), and one for a
    balanced film (``share`` None: each emotion once, the rest neutral or calm): figures as in
    `named`; absent where no row has such a label.
    """
    stream = _Stream.of(answers)
    found = []
    for emotional in EMOTIONAL:
        films = _films(stream, emotional)
        found.append({"share": emotional / FILM, **_mixed(stream, list(films))})
    films = _balanced_films(stream)
    found.append({"share": None, **_mixed(stream, list(films))})
    return found


def _films(stream: _Stream, emotional: int) -> Iterator[np.ndarray]:
    """The rows of each film that has so many performances of one emotion."""
    rng = np.random.default_rng(0)
    for own in stream.people():
        for emotion in range(_NEUTRAL):
            one = own[stream.y[own] == emotion]
            rest = own[stream.y[own] == _NEUTRAL]
            for _ in range(FILMS):
                drawn = rng.choice(one, emotional, replace=False)
                others = rng.choice(rest, FILM - emotional, replace=False)
                yield np.concatenate([drawn, others])


def _balanced_films(stream: _Stream) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    for own in stream.people():
        for _ in range(FILMS * _NEUTRAL):
            drawn = [rng.choice(own[stream.y[own] == emotion]) for emotion in range(_NEUTRAL)]
            rest = own[stream.y[own] == _NEUTRAL]
            others = rng.choice(rest, FILM - len(drawn), replace=False)
            yield np.concatenate([drawn, others])


def _mixed(stream: _Stream, films: Sequence[np.ndarray]) -> dict[str, dict]:
    after = []
    for rows in films:
        median = np.median(logs(stream.p[rows]), axis=0, keepdims=True)
        after.append(stream.relative(rows, np.exp(median)))
    return _figures(stream, np.concatenate(films), np.concatenate(after))


def _figures(stream: _Stream, rows: np.ndarray, after: np.ndarray) -> dict[str, dict]:
    """What a baseline changes, as `named` gives it."""
    y = stream.y[rows]
    parts = {"neutral": y == _NEUTRAL, "others": y != _NEUTRAL, "uar": np.ones(len(y), bool)}
    found = {}
    for name, part in parts.items():
        if not part.any() or (name == "uar" and len(np.unique(y)) < len(EMOTIONS)):
            continue
        chosen = rows[part]
        actor = stream.actor[chosen]
        before = score(y[part], stream.p[chosen], EMOTIONS, groups=actor)
        later = score(y[part], after[part], EMOTIONS, groups=actor)
        gain = compare(y[part], after[part], stream.p[chosen], groups=actor)
        found[name] = {
            "before": before.uar.to_dict(),
            "after": later.uar.to_dict(),
            "gain": gain.uar.to_dict(),
        }
    return found
