"""The record of a study of pairs: the answers of both streams and of the joint network, to which
every rule can be applied again.

Taught in notebooks/13_fusion. It ships as ``data/runs/fusion-<data>.json``, with the answers in
``.npz``; reading it loads no Keras.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ... import evaluation
from ...emotions import EMOTIONS
from ...evaluation import (
    Answers,
    Comparison,
    Report,
    compare,
    concatenate,
    threshold_for,
)
from ...fusion import RULES, Stacking, agreement, fuse
from ...fusion.fitted import PAIRED
from ...support.reading import Arrays, read_arrays
from ...training import records

#: Both networks' recorded answers, each actor's voice by a network that had not heard it.
ALL_ACTORS = "all actors"
#: What is scored; all but the first on the four test actors of the networks that ship, ``clean``
#: and all below it by clip: means over a recording's windows and a picture's frames.
CONDITIONS = (
    ALL_ACTORS,
    "frame by frame",
    "clean",
    "no face",
    "no voice",
    "blurred face",
    "noisy voice",
    "contradicting",
)
#: Degraded streams once more, believed as if they were clean.
BLIND = {"blurred face": "blurred face, believed", "noisy voice": "noisy voice, believed"}
STREAMS = ("face", "voice")
#: Whose answers are recorded; those of the rules follow from the streams'.
RECORDED = (*STREAMS, "joint")
METHODS = (*STREAMS, *RULES, "joint")


@dataclass(frozen=True)
class Outcome:
    """The answers of one study, and what was fitted before they were given.

    Attributes
    ----------
    facts : JSON: data, networks, seeds, for each seed what was ``fitted`` on its validation pairs,
        and for each of its folds (``fitted_by_fold``) on other actors and PublicTest.
    recorded : Answers by (seed, condition, one of ``RECORDED``), over the seven labels; ``id`` is
        recording+picture, ``groups`` has ``actor``, whose voice it is, of contradicting
        pairs ``face_y``, the face's label, and of `ALL_ACTORS` ``fold``.
    """

    facts: dict
    recorded: dict[tuple[int, str, str], Answers]

    def answers(self, condition: str, method: str) -> Answers:
        """All seeds' answers to the test pairs, one below the other; ``groups`` has ``seed`` too.

        Parameters
        ----------
        condition : one of `CONDITIONS`, or of the values of `BLIND`.
        method : one of `METHODS`.
        """
        parts = []
        for seed, fitted in self._seeds():
            part = self._answers_of(seed, fitted, condition, method)
            parts.append(replace(part, groups=part.groups.assign(seed=seed)))
        return concatenate(parts)

    def _seeds(self) -> list[tuple[int, dict]]:
        return list(zip(self.facts["seeds"], self.facts["fitted"], strict=True))

    def _answers_of(self, seed: int, fitted: dict, condition: str, method: str) -> Answers:
        if method in RECORDED:
            return self.recorded[seed, condition, method]
        if condition == ALL_ACTORS:
            return self._by_fold(seed, method)
        streams = {name: self.recorded[seed, condition, name].proba for name in STREAMS}
        fused = _fused(method, streams, fitted)
        return replace(self.recorded[seed, condition, "face"], proba=fused)

    def _by_fold(self, seed: int, method: str) -> Answers:
        """A rule's answers to all actors, with what was fitted without those of the fold."""
        face = self.recorded[seed, ALL_ACTORS, "face"]
        voice = self.recorded[seed, ALL_ACTORS, "voice"]
        fold = face.groups["fold"].to_numpy()
        proba = np.empty_like(face.proba)
        for number, fitted in enumerate(self.facts["fitted_by_fold"][str(seed)]):
            rows = fold == number
            streams = {"face": face.proba[rows], "voice": voice.proba[rows]}
            proba[rows] = _fused(method, streams, fitted)
        return replace(face, proba=proba)

    def _missing(self, condition: str, method: str) -> bool:
        """Whether a method has no answers there: the joint network knows most of all actors."""
        return condition == ALL_ACTORS and method == "joint"

    def report(self, condition: str, method: str) -> Report | None:
        """The scores over all seeds; intervals over actors and pictures, which are crossed. None
        where a method has nothing to go on.
        """
        if self._missing(condition, method):
            return None
        answers = self.answers(condition, method)
        if np.isnan(answers.proba).any():
            return None
        return evaluation.score(
            answers.y,
            answers.proba,
            answers.labels,
            groups=crossed(answers),
        )

    def gain(self, condition: str, method: str, over: str) -> Comparison:
        """How much better one method is than another on the same pairs; intervals over actors and
        pictures.
        """
        answers = self.answers(condition, method)
        others = self.answers(condition, over)
        return compare(
            answers.y,
            answers.proba,
            others.proba,
            groups=crossed(answers),
        )

    def by_seed(self, condition: str, method: str) -> list[float]:
        """Accuracy with each seed."""
        answers = self.answers(condition, method)
        right = pd.Series(answers.proba.argmax(axis=1) == answers.y)
        return right.groupby(answers.groups["seed"]).mean().tolist()

    def table(self, metric: str = "accuracy") -> pd.DataFrame:
        """Methods by condition, as text with intervals; empty where there is nothing to go on."""
        columns = {}
        for condition in CONDITIONS:
            if condition == "contradicting":
                continue
            cells = {}
            for method in METHODS:
                report = self.report(condition, method)
                cells[method] = ""
                if report is not None:
                    cells[method] = str(getattr(report, metric))
            columns[condition] = cells
        return pd.DataFrame(columns).loc[list(METHODS)]

    def contradictions(self, error_rate: float = 0.2) -> pd.DataFrame:
        """Pairs whose face and voice were labelled differently: whom each method follows, and who
        notices.

        Returns
        -------
        One row a rule (and joint): the shares 0..1 of answers that are the ``face``'s label, the
        ``voice``'s, ``neither``; ``unsure`` of these, and ``unsure_alike`` of pairs of one label;
        ``apart``: called a disagreement, and ``apart_alike`` likewise (the same for every rule).
        """
        rows = []
        for method in (*RULES, "joint"):
            answers = self.answers("contradicting", method)
            label = answers.proba.argmax(axis=1)
            face = np.mean(label == answers.groups["face_y"].to_numpy())
            voice = np.mean(label == answers.y)
            row = {
                "rule": method,
                "face": face,
                "voice": voice,
                "neither": 1 - face - voice,
            }
            row |= self._noticed("contradicting", method, error_rate)
            for name, share in self._noticed("clean", method, error_rate).items():
                row[f"{name}_alike"] = share
            rows.append(row)
        columns = ["rule", "face", "voice", "neither", "apart", "unsure"]
        columns += ["apart_alike", "unsure_alike"]
        return pd.DataFrame(rows, columns=columns).set_index("rule")

    def _noticed(self, condition: str, method: str, error_rate: float) -> dict[str, float]:
        """The shares of pairs that are called a disagreement, and an unsure answer."""
        apart = []
        unsure = []
        for seed, fitted in self._seeds():
            streams = {name: self.recorded[seed, condition, name].proba for name in STREAMS}
            alike = agreement(streams["face"], streams["voice"])
            apart.append(alike < fitted["disagree_below"])
            if method in fitted["risk_coverage"]:
                below = threshold_for(fitted["risk_coverage"][method], error_rate)
                unsure.append(_fused(method, streams, fitted).max(axis=1) < below)
        found = {"apart": float(np.concatenate(apart).mean())}
        if unsure:
            found["unsure"] = float(np.concatenate(unsure).mean())
        return found

    def save(self, folder: Path | None = None, *, publish: bool = False) -> Path:
        """Write the record, ``fusion-<data>.json`` and ``.npz``.

        Parameters
        ----------
        folder : where to; by default the output root, ``./runs``.
        publish : put it where records ship instead.
        """
        arrays = {}
        last = {}  # where records have it: below everything else of its seed
        for (seed, condition, source), answers in self.recorded.items():
            at = f"s{seed}/{condition}/"
            arrays[at + source] = answers.proba.astype(np.float16)
            arrays[at + "y"] = answers.y
            arrays[at + "id"] = answers.id
            arrays[at + "actor"] = np.array(answers.groups["actor"].tolist())
            for column in ("face_y", "fold"):
                if column in answers.groups:
                    last[at + column] = answers.groups[column].to_numpy()
        name = _name_of(self.facts["data"])
        return records.write(name, self.facts, arrays | last, folder=folder, publish=publish)


def read(data: str = PAIRED, folder: Path | None = None) -> Outcome | None:
    """The recorded study of a set of pairs; None, and a line saying so, where it is missing.

    Parameters
    ----------
    data : the set's name.
    folder : where the record lies; by default where records ship.
    """
    record = records.read(_name_of(data), folder)
    if record is None:
        print(f"{_name_of(data)}: not run yet")
        return None
    recorded = {}
    arrays = read_arrays(record.arrays_path, records.REMEDY)
    for seed in record["seeds"]:
        for condition in (*CONDITIONS, *BLIND.values()):
            for source in RECORDED:
                if f"s{seed}/{condition}/{source}" in arrays:
                    recorded[seed, condition, source] = _read_one(arrays, seed, condition, source)
    return Outcome(record.facts, recorded)


def _read_one(file: Arrays, seed: int, condition: str, source: str) -> Answers:
    at = f"s{seed}/{condition}/"
    pairs = file[at + "id"]
    groups = pd.DataFrame({"actor": file[at + "actor"]})
    for column in ("face_y", "fold"):
        if at + column in file:
            groups[column] = file[at + column]
    return Answers(
        id=pairs,
        groups=groups,
        y=file[at + "y"],
        proba=file[at + source].astype(np.float64),
        labels=EMOTIONS,
    )


def crossed(answers: Answers) -> np.ndarray:
    """The actor and the picture of each pair, (n, 2): what intervals of made-up pairs are drawn
    over.

    Parameters
    ----------
    answers : to pairs; ``id`` is recording+picture.
    """
    pictures = [name.split("+")[1] for name in answers.id]
    return np.column_stack([answers.groups["actor"], pictures])


def _name_of(data: str) -> str:
    return f"fusion-{data}"


def _fused(method: str, streams: dict[str, np.ndarray], fitted: dict) -> np.ndarray:
    options = {}
    if method == "weighted":
        options["weights"] = fitted["weights"]
    elif method == "product":
        options["prior"] = fitted["prior"]
    elif method == "stacking":
        options["stacking"] = Stacking.from_dict(fitted["stacking"])
    return fuse(streams, method, **options)
