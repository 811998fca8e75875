"""What a person's own neutral is worth as a baseline, and what the median over a film does instead:
measured on real pairs, RAVDESS's films and recordings of the same performances.

Both streams are recorded answers out of fold: nobody answers for an actor that it learned from. The
face is the network ``actions`` (action units, means over each film), the voice ``crnn``. Film means
say nothing of moments within a film, so that a film is put together from performances of one actor
in known shares.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from ..emotions import EMOTIONS
from ..evaluation import Answers, compare, logs, score
from ..fusion import shift_to, shifted
from ..support.machine import surroundings
from ..training import records
from ..training.records import Record

NAME = "baseline-ravdess"
#: The recorded answers of each stream; the folds are the same.
RUNS = {
    "face": {"protocol": "folds-5", "data": "ravdess-units", "network": "actions"},
    "voice": {"protocol": "folds-5", "data": "ravdess", "network": "crnn"},
}
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


def study() -> dict:
    """Measure it.

    Returns
    -------
    JSON, for `write`: ``named``, a row for each stream and baseline, and ``auto``, a row for each
    stream and kind of film, both of the first seed (see `named` and `mixed`); ``seeds``, by stream
    what the named baselines give with each seed; how it was done.
    """
    rows = []
    films = []
    seeds = {}
    runs = {}
    for stream, wanted in RUNS.items():
        found = records.find(**wanted, variant="best")
        runs[stream] = [record.name for record in found]
        seeds[stream] = [named(answers(record)) for record in found]
        rows += [{"stream": stream, **row} for row in seeds[stream][0]]
        films += [{"stream": stream, **row} for row in mixed(answers(found[0]))]
    return {
        "runs": runs,
        "n": len(answers(found[0])),
        "film": FILM,
        "films": FILMS,
        "named": rows,
        "auto": films,
        "seeds": seeds,
        **surroundings(),
    }


def write(record: Mapping, folder: Path | None = None, *, publish: bool = False) -> Path:
    """Write what `study` gives.

    Parameters
    ----------
    record : as `study` gives it.
    folder : where to; by default the output root, ``./runs``.
    publish : put it where records ship instead.
    """
    return records.write(NAME, record, folder=folder, publish=publish)


def answers(record: Record) -> Answers:
    """Recorded answers, a row a performance; ``groups`` has ``actor`` and ``fold``, which held that
    actor out.
    """
    found = record.answers().by_recording()
    actor = found.groups["group"]
    fold = {}
    for number, one in enumerate(record["folds"]):
        fold |= dict.fromkeys(one["split"]["test"]["groups"], number)
    return replace(found, groups=pd.DataFrame({"actor": actor, "fold": actor.map(fold)}))


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


def named(found: Answers) -> list[dict]:
    """Baselines that somebody names, each compared on rows that hold none of them.

    Parameters
    ----------
    found : of one stream, as `answers` gives them.

    Returns
    -------
    One row for each number of neutral ``takes``, and for two that were sad instead (``true``
    False), over every choice of them: for ``neutral`` (its recall), ``others`` (mean recall of the
    six) and ``uar`` (of all seven) the score ``before``, ``after`` and the ``gain``, with intervals
    by actor.
    """
    stream = _Stream.of(found)
    at_rest = [(own, stream.at_rest[own]) for own in stream.people()]
    sad = [(own, stream.y[own] == _SAD) for own in stream.people()]
    rows = [{"takes": n, "true": True, **_named(stream, at_rest, n)} for n in TAKES]
    rows.append({"takes": 2, "true": False, **_named(stream, sad, 2)})
    return rows


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


def mixed(found: Answers) -> list[dict]:
    """Films put together from one actor's performances, relative to their own median.

    Parameters
    ----------
    found : of one stream, as `answers` gives them.

    Returns
    -------
    One row for each share of one emotion (``share``, 0..1, the rest neutral or calm), and one for a
    balanced film (``share`` None: each emotion once, the rest neutral or calm): figures as in
    `named`; absent where no row has such a label.
    """
    stream = _Stream.of(found)
    rows = []
    for emotional in EMOTIONAL:
        films = list(_films(stream, emotional))
        rows.append({"share": emotional / FILM, **_mixed(stream, films)})
    films = list(_balanced_films(stream))
    rows.append({"share": None, **_mixed(stream, films)})
    return rows


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
