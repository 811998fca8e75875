"""How much do made-up pairs flatter? The same answers, each face beside voices of other people."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...evaluation import Answers, Score, metrics
from ...evaluation.metrics import RESAMPLES
from ...fusion import combine
from ..fitting import Fit
from .outcomes import Outcome

BOTH_WRONG = "both wrong"


@dataclass(frozen=True)
class Crossing:
    """Real pairs against the same streams put together anew within a label.

    Attributes
    ----------
    real, crossed : a share of the real pairs, and of all pairs of a face and a voice that have one
        label and two actors: what making pairs up gives on average over all draws.
    difference : crossed minus real.
    n : pairs of each kind.
    """

    real: Score
    crossed: Score
    difference: Score
    n: tuple[int, int]


@dataclass
class _Sums:
    """Hits and pairs of each two actors, whose face and whose voice."""

    hits: np.ndarray
    pairs: np.ndarray

    @classmethod
    def none(cls, actors: int) -> "_Sums":
        return cls(np.zeros((actors, actors)), np.zeros((actors, actors)))

    def add(self, face: np.ndarray, voice: np.ndarray, hits: np.ndarray) -> None:
        np.add.at(self.hits, (face, voice), hits)
        np.add.at(self.pairs, (face, voice), 1)

    def shares(self, weights: np.ndarray, *, crossed: bool) -> np.ndarray:
        """The share of hits under weights (m, actors) of the actors, (m,)."""
        if not crossed:
            return (weights @ np.diag(self.hits)) / (weights @ np.diag(self.pairs))
        hits = np.einsum("ma,ab,mb->m", weights, self.hits, weights)
        pairs = np.einsum("ma,ab,mb->m", weights, self.pairs, weights)
        return hits / pairs


def cross(outcome: Outcome, classifier: str, treatment: str, method: str) -> Crossing:
    """Score a method on the real pairs and on all that could be made up of the same answers.

    Pairs are made up within a fold, so that what was fitted for it knows neither of the two. For
    the intervals actors are drawn; a made-up pair counts by both of its actors.

    Parameters
    ----------
    outcome : the study.
    classifier, treatment : of the face.
    method : a rule, or `BOTH_WRONG`: the share of pairs in which both streams are.
    """
    actors, actor = np.unique(outcome.voice.groups["actor"], return_inverse=True)
    there = outcome.there(treatment)
    real = _Sums.none(len(actors))
    crossed = _Sums.none(len(actors))
    for fold in outcome.folds:
        rows = np.flatnonzero(there & (outcome.voice.groups["fold"] == fold).to_numpy())
        fit = outcome.fit(classifier, treatment, fold)
        streams = fit.calibrated(outcome.streams(classifier, treatment, rows))
        y = streams["voice"].y
        who = actor[rows]
        same = np.arange(len(rows))
        real.add(who, who, _hits(streams, method, fit, same, same))
        one_label = y[:, None] == y[None]
        other_person = who[:, None] != who[None]
        i, j = np.nonzero(one_label & other_person)
        crossed.add(who[i], who[j], _hits(streams, method, fit, i, j))
    return _compared(real, crossed)


def _hits(
    streams: Mapping[str, Answers], method: str, fit: Fit, i: np.ndarray, j: np.ndarray
) -> np.ndarray:
    """Of which pairs of a face ``i`` and a voice ``j`` it is true; both have the label of ``i``."""
    face = streams["face"].proba[i]
    voice = streams["voice"].proba[j]
    y = streams["voice"].y[i]
    if method == BOTH_WRONG:
        return (face.argmax(axis=1) != y) & (voice.argmax(axis=1) != y)
    fused = combine({"face": face, "voice": voice}, method, fit.calibrations, fit.stacking)
    return fused.argmax(axis=1) == y


def _compared(real: _Sums, crossed: _Sums) -> Crossing:
    actors = len(real.hits)
    drawn = np.concatenate(list(metrics.weights(actors, RESAMPLES, 0)))
    every = np.ones((1, actors))
    found = []
    for weights in (every, drawn):
        together = real.shares(weights, crossed=False)
        apart = crossed.shares(weights, crossed=True)
        found.append((together, apart, apart - together))
    scores = []
    for value, draws in zip(*found, strict=True):
        scores.append(Score(value.item(), *metrics.percentiles(draws)))
    n = (int(real.pairs.sum()), int(crossed.pairs.sum()))
    return Crossing(*scores, n)
