"""The record of the study of real pairs: both streams' answers, to which every rule can be applied
again without any data.

Taught in notebooks/13_fusion. It ships as ``data/runs/fusion-real-ravdess.json`` with the answers
in ``.npz``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from ... import evaluation
from ...emotions import EMOTIONS, EMOTIONS_WITH_CALM
from ...evaluation import Answers, Comparison, Report, compare, concatenate
from ...fusion import RULES
from ...support.reading import read_arrays
from ...training import records
from ..fitting import Fit, learn, unfitted

NAME = "fusion-real-ravdess"
#: What reads the action units: the network, and three floors of scikit-learn's.
NETWORK = "actions"
FLOORS = ("logistic", "svm", "trees")
#: How the units of a person are taken, and what each is called in print: as they are; less the mean
#: of so many of this person's own neutral films; z-normed over all films of the person.
TREATMENTS = {
    "raw": "as measured",
    "own 1": "less 1 neutral film of the person",
    "own 2": "less 2 neutral films of the person",
    "own 4": "less 4 neutral films of the person",
    "z": "z-normed over all films of the person",
}


@dataclass(frozen=True)
class Choice:
    """A choice that was made anew for each fold, on the other folds.

    Attributes
    ----------
    picked : by fold, the classifier and the method.
    answers : of all folds, each by its own pick, over the seven labels.
    """

    picked: tuple[tuple[str, str], ...]
    answers: Answers

    def report(self) -> Report:
        """Its scores, intervals over actors."""
        return _scored(self.answers)


@dataclass(frozen=True, eq=False)
class Outcome:
    """Both streams' answers to all takes.

    Attributes
    ----------
    facts : JSON of the record.
    voice : over the eight labels; ``id`` is the take, ``groups`` has ``actor``, ``fold`` (in which
        neither network learned from that actor), and ``neutral``: 0 to 3 for the four neutral films
        of each actor in the order in which they serve as baseline, else -1.
    faces : by classifier and treatment, (n, 8) answers to the same takes; NaN in rows that served
        as baseline.
    """

    facts: dict
    voice: Answers
    faces: dict[tuple[str, str], np.ndarray]
    _fits: dict = field(default_factory=dict, repr=False)

    @property
    def folds(self) -> list[int]:
        """Their numbers."""
        return sorted(set(self.voice.groups["fold"]))

    def classifiers(self, treatment: str) -> list[str]:
        """What read the units under one treatment."""
        return [name for name, other in self.faces if other == treatment]

    def there(self, treatment: str) -> np.ndarray:
        """The takes that did not serve as baseline, bool (n,)."""
        served = self.faces[FLOORS[0], treatment]
        return ~np.isnan(served[:, 0])

    def streams(self, classifier: str, treatment: str, rows: np.ndarray) -> dict[str, Answers]:
        """Both streams' answers to some takes, as they were given: eight labels, temperature 1."""
        voice = self.voice.take(rows)
        proba = self.faces[classifier, treatment][rows]
        face = Answers(voice.id, voice.groups, voice.y, proba, voice.labels)
        return {"face": face, "voice": voice}

    def fit(self, classifier: str, treatment: str, *without: int) -> Fit:
        """What is fitted on the answers to all folds but some.

        The answers are to actors whom no network had learned from; but of the networks behind them,
        those of the other folds had learned from the actors left out here.
        """
        key = (classifier, treatment, frozenset(without))
        if key not in self._fits:
            rows = self.there(treatment) & ~self.voice.groups["fold"].isin(without).to_numpy()
            self._fits[key] = learn(self.streams(classifier, treatment, rows))
        return self._fits[key]

    def answers(
        self, classifier: str, treatment: str, method: str, *, fitted: bool = True
    ) -> Answers:
        """A method's answers to all takes that did not serve as baseline, over the seven labels.

        Parameters
        ----------
        classifier : one of ``classifiers``.
        treatment : of `TREATMENTS`.
        method : ``"face"``, ``"voice"`` or a rule.
        fitted : temperatures, weights, prior and stacking from the other folds; otherwise nothing
            is fitted, which "weighted" and "stacking" cannot do without.
        """
        parts = []
        for fold in self.folds:
            parts.append(self._of_fold(classifier, treatment, method, fold, fitted=fitted))
        return concatenate(parts)

    def _of_fold(
        self,
        classifier: str,
        treatment: str,
        method: str,
        fold: int,
        *,
        without: Sequence[int] = (),
        fitted: bool = True,
    ) -> Answers:
        """The answers in one fold, by what was fitted on all others but ``without``."""
        rows = self.there(treatment) & (self.voice.groups["fold"] == fold).to_numpy()
        streams = self.streams(classifier, treatment, rows)
        if fitted:
            proba = self.fit(classifier, treatment, fold, *without).proba(streams, method)
        else:
            proba = unfitted(streams, method)
        seven = streams["voice"].to_seven()
        return Answers(seven.id, seven.groups, seven.y, proba, EMOTIONS)

    def report(self, classifier: str, treatment: str, method: str, **options) -> Report:
        """The scores of ``answers``, intervals over actors."""
        return _scored(self.answers(classifier, treatment, method, **options))

    def gain(self, one: tuple[str, str, str], over: tuple[str, str, str]) -> Comparison:
        """How much better one is than another, each a (classifier, treatment, method), on the takes
        that served neither as baseline.
        """
        return gain(self.answers(*one), self.answers(*over))

    def choose(
        self,
        treatment: str,
        classifiers: Sequence[str] | None = None,
        methods: Sequence[str] = tuple(RULES),
    ) -> Choice:
        """The classifier and the method with the highest accuracy on the other folds, for each fold
        anew; what is fitted for that comparison is fitted without the fold that it is scored on.
        """
        if classifiers is None:
            classifiers = self.classifiers(treatment)
        picked = []
        parts = []
        for fold in self.folds:
            accuracies = {}
            for classifier in classifiers:
                for method in methods:
                    inner = self._inner(classifier, treatment, method, fold)
                    accuracies[classifier, method] = inner
            best = max(accuracies, key=accuracies.get)
            picked.append(best)
            parts.append(self._of_fold(best[0], treatment, best[1], fold))
        return Choice(tuple(picked), concatenate(parts))

    def _inner(self, classifier: str, treatment: str, method: str, fold: int) -> float:
        """The accuracy on all folds but one."""
        right = []
        for other in self.folds:
            if other == fold:
                continue
            found = self._of_fold(classifier, treatment, method, other, without=[fold])
            right.append(found.proba.argmax(axis=1) == found.y)
        return float(np.concatenate(right).mean())

    def save(self, folder: Path | None = None, *, publish: bool = False) -> Path:
        """Write the record.

        Parameters
        ----------
        folder : where to; by default the output root, ``./runs``.
        publish : put it where records ship instead.
        """
        arrays = self.voice.arrays("voice")
        for (classifier, treatment), proba in self.faces.items():
            arrays[f"{classifier}/{treatment}"] = proba.astype(np.float16)
        return records.write(NAME, self.facts, arrays, folder=folder, publish=publish)


def gain(one: Answers, over: Answers) -> Comparison:
    """How much better some answers are than others, on the takes that both answer; intervals over
    actors.
    """
    a = pd.Series(np.arange(len(one)), index=one.id)
    b = pd.Series(np.arange(len(over)), index=over.id)
    shared = a.index.intersection(b.index)
    one = one.take(a[shared].to_numpy())
    over = over.take(b[shared].to_numpy())
    return compare(one.y, one.proba, over.proba, one.groups["actor"].to_numpy())


def read(folder: Path | None = None) -> Outcome | None:
    """The recorded study; None, and a line saying so, where it is missing.

    Parameters
    ----------
    folder : where the record lies; by default where records ship.

    Examples
    --------
    >>> outcome = read()
    >>> len(outcome.voice), outcome.voice.groups["actor"].nunique()
    (1440, 24)
    """
    record = records.read(NAME, folder)
    if record is None:
        print(f"{NAME}: not run yet")
        return None
    voice = Answers.load(record.arrays_path, "voice", EMOTIONS_WITH_CALM)
    faces = {}
    arrays = read_arrays(record.arrays_path, records.REMEDY)
    for classifier, treatment in record["faces"]:
        proba = arrays[f"{classifier}/{treatment}"]
        faces[classifier, treatment] = proba.astype(np.float64)
    return Outcome(record.facts, voice, faces)


def _scored(answers: Answers) -> Report:
    actors = answers.groups["actor"].to_numpy()
    return evaluation.score(answers.y, answers.proba, answers.labels, groups=actors)
