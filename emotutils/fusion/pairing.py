"""Two networks' calibrated answers to the same pairs of face and voice, and what they teach about
combining the two.

Taught in notebooks/13_fusion.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..datasets import Pairs, load_pairs
from ..emotions import to_seven
from ..errors import EmotutilsError
from ..evaluation import Calibration, by_recording, thinned
from ..faces import sharpness
from ..networks import Network, as_network
from .fitted import FALSE_ALARMS, Fitted, combine
from .moments import agreement
from .rules import RULES, Stacking

#: Pairs that anybody can make: FER2013's faces beside RAVDESS's voices of the same label. They were
#: never one film.
PAIRED = "paired-fer2013+ravdess"


@dataclass(frozen=True)
class Answers:
    """What face and voice network say to the same rows, over the seven labels.

    Attributes
    ----------
    streams : ``{"face": (n, 7), "voice": (n, 7)}``.
    y, actor, id : int (n,) labels, whose voice it is, recording and picture.
    """

    streams: dict[str, np.ndarray]
    y: np.ndarray
    actor: np.ndarray
    id: np.ndarray

    def clips(self) -> "Answers":
        """One row for each recording and picture: the mean over its windows and frames."""
        _, first, code = np.unique(self.id, return_index=True, return_inverse=True)
        means = {name: by_recording(p, code) for name, p in self.streams.items()}
        return Answers(means, self.y[first], self.actor[first], self.id[first])


def calibration_of(network: Network) -> Calibration:
    """What its card knows.

    Raises
    ------
    EmotutilsError : a network that was not calibrated.
    """
    if "calibration" not in network.card:
        raise EmotutilsError(f"network {network.name!r} is not calibrated: emotutils calibrate")
    return Calibration.from_dict(network.card["calibration"])


def ask(
    pairs: Pairs,
    face: Network,
    voice: Network,
    *,
    snr: np.ndarray | None = None,
    quality: bool = True,
) -> Answers:
    """Both networks' answers, frame by frame and window by window: a row for each frame of each
    pair.

    Parameters
    ----------
    snr : (n,) dB, what was measured of each window; clean by default.
    quality : soften the answers to blurred faces and noisy voices, as ``analyze`` does.

    Raises
    ------
    EmotutilsError : a network that was not calibrated.
    """
    n, frames = pairs.face.shape[:2]
    rows = np.repeat(np.arange(n), frames)
    crops = pairs.face.reshape(-1, *pairs.face.shape[2:])
    looks = sounds = 1.0
    if quality:
        looks = calibration_of(face).factor(
            sharpness=np.array([sharpness(crop[..., 0]) for crop in crops])
        )
        sounds = 1.0 if snr is None else calibration_of(voice).factor(snr=snr)
    seen = to_seven(face.predict_proba(crops, looks), face.labels)
    heard = to_seven(voice.predict_proba(pairs.voice, sounds), voice.labels)
    return Answers(
        {"face": seen, "voice": heard[rows]}, pairs.y[rows], pairs.actor[rows], pairs.id[rows]
    )


def learn(
    answers: Answers, calibrations: Mapping[str, Calibration], runs: dict[str, str], data: str
) -> Fitted:
    """Everything that is fitted on pairs, from validation answers.

    Parameters
    ----------
    answers : of validation pairs, by clip. calibrations : by stream. runs, data : what is kept with
        it.
    """
    stacking = Stacking.fit(answers.streams, answers.y)
    curves = {
        rule: thinned(answers.y, combine(answers.streams, rule, calibrations, stacking))
        for rule in RULES
    }
    alike = agreement(answers.streams["face"], answers.streams["voice"])
    below = round(float(np.percentile(alike, FALSE_ALARMS)), 4)
    return Fitted(runs, data, len(answers.y), stacking, below, curves)


def fit_pair(
    face: Network | str | os.PathLike,
    voice: Network | str | os.PathLike,
    data: str = PAIRED,
    root: str | os.PathLike | None = None,
    *,
    seed: int = 0,
) -> Fitted:
    """What two calibrated networks need to be combined, from the validation pairs of a set.

    Stacking is judged here on the rows that it learned from, so its threshold is too low by what it
    overfits.

    Parameters
    ----------
    face, voice : a network, a shipped name or the path of a ``.keras`` file.
    data, root : a set of pairs, see ``datasets.load_pairs``, and the data root.
    seed : of the pairs that are drawn.

    Raises
    ------
    EmotutilsError : networks that are not calibrated, sets that are not there.
    """
    networks = {"face": as_network(face), "voice": as_network(voice)}
    calibrations = {name: calibration_of(network) for name, network in networks.items()}
    pairs = load_pairs(data, root).part("validation", networks["voice"].features, seed=seed)
    answers = ask(pairs, networks["face"], networks["voice"]).clips()
    return learn(
        answers,
        calibrations,
        {name: network.card["run"] for name, network in networks.items()},
        data,
    )
