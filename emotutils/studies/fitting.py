"""What a fusion rule needs, fitted on answers that test nothing, and the rule applied to others."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..evaluation import Answers, Calibration, soften
from ..fusion import RULES, Stacking, combine, fuse

STREAMS = ("face", "voice")
#: What is compared: each stream alone, and every rule on both.
METHODS = (*STREAMS, *RULES)


@dataclass(frozen=True)
class Fit:
    """Temperatures, weights, prior and stacking of two streams.

    Attributes
    ----------
    temperatures, calibrations : by stream.
    stacking : of both.
    """

    temperatures: dict[str, float]
    calibrations: dict[str, Calibration]
    stacking: Stacking

    def calibrated(self, answers: Mapping[str, Answers]) -> dict[str, Answers]:
        """The streams' answers at their temperatures, over the seven labels."""
        return _calibrated(answers, self.temperatures)

    def proba(self, answers: Mapping[str, Answers], method: str) -> np.ndarray:
        """What a method says, (n, 7).

        Parameters
        ----------
        answers : by stream, over its own labels and at temperature 1.
        method : one of `METHODS`.
        """
        streams = {}
        for name, one in self.calibrated(answers).items():
            streams[name] = one.proba
        if method in streams:
            return streams[method]
        return combine(streams, method, self.calibrations, self.stacking)


def learn(rows: Mapping[str, Answers], pairs: Mapping[str, Answers] | None = None) -> Fit:
    """Fit everything.

    Parameters
    ----------
    rows : by stream, the answers on which its temperature, weights and label shares are fitted.
    pairs : by stream, the same rows, for stacking; by default ``rows`` are such pairs.
    """
    if pairs is None:
        pairs = rows
    temperatures = {}
    calibrations = {}
    for name, one in rows.items():
        found = Calibration.measure(one.y, one.proba, one.labels, rows="held out")
        temperatures[name], calibrations[name] = found
    streams = _calibrated(pairs, temperatures)
    proba = {name: one.proba for name, one in streams.items()}
    stacking = Stacking.fit(proba, streams["face"].y)
    return Fit(temperatures, calibrations, stacking)


def unfitted(answers: Mapping[str, Answers], method: str) -> np.ndarray:
    """What a method says where nothing was fitted: temperature 1, equal shares of the labels."""
    streams = {}
    for name, one in answers.items():
        streams[name] = one.to_seven().proba
    if method in streams:
        return streams[method]
    return fuse(streams, method)


def _calibrated(
    answers: Mapping[str, Answers], temperatures: Mapping[str, float]
) -> dict[str, Answers]:
    found = {}
    for name, one in answers.items():
        proba = soften(one.proba, temperatures[name])
        found[name] = replace(one, proba=proba).to_seven()
    return found
