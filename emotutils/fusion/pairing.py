"""Two networks' calibrated answers to the same pairs of face and voice, and what they teach about
combining the two.

Taught in notebooks/13_fusion.
"""

import os
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from ..datasets import Pairs, load_pairs
from ..emotions import EMOTIONS, to_seven
from ..errors import NetworkError
from ..evaluation import Answers, Calibration, thinned
from ..faces import sharpness
from ..networks import Network, as_network
from .fitted import FALSE_ALARMS, PAIRED, Fitted, combine
from .moments import agreement
from .rules import RULES, Stacking


def calibration_of(network: Network) -> Calibration:
    """The calibration that its card holds.

    Raises
    ------
    NetworkError : a network that was not calibrated.
    """
    if "calibration" not in network.card:
        raise NetworkError(f"network {network.name!r} is not calibrated: emotutils calibrate")
    return Calibration.from_dict(network.card["calibration"])


def ask(
    pairs: Pairs,
    face: Network,
    voice: Network,
    *,
    snr: np.ndarray | None = None,
    quality: bool = True,
) -> dict[str, Answers]:
    """Both networks' answers, frame by frame and window by window: a row for each frame of each
    pair.

    Parameters
    ----------
    pairs : of faces (n, frames, 48, 48, 1) and one window of sound each.
    face, voice : calibrated networks.
    snr : (n,) dB, the signal-to-noise ratio measured in each window; clean by default.
    quality : soften the answers to blurred faces and noisy voices, as ``analyze`` does.

    Returns
    -------
    ``{"face": …, "voice": …}`` over the same rows and the seven labels; ``groups`` has ``actor``,
    whose voice it is; the id names recording and picture.

    Raises
    ------
    NetworkError : a network that was not calibrated.
    """
    n, frames = pairs.face.shape[:2]
    crops = pairs.face.reshape(-1, *pairs.face.shape[2:])
    face_factor = voice_factor = 1.0
    if quality:
        sharp = np.array([sharpness(crop[..., 0]) for crop in crops])
        face_factor = calibration_of(face).factor(sharpness=sharp)
    if quality and snr is not None:
        voice_factor = calibration_of(voice).factor(snr=snr)
    window = np.repeat(np.arange(n), frames)
    of_faces = face.predict_proba(crops, face_factor)
    of_voices = voice.predict_proba(pairs.voice, voice_factor)
    probabilities = {
        "face": to_seven(of_faces, face.labels),
        "voice": to_seven(of_voices, voice.labels)[window],
    }
    answers = {}
    for stream, proba in probabilities.items():
        answers[stream] = Answers(
            id=pairs.id[window],
            groups=pd.DataFrame({"actor": pairs.actor[window]}),
            y=pairs.y[window],
            proba=proba,
            labels=EMOTIONS,
        )
    return answers


def by_clip(answers: Mapping[str, Answers]) -> dict[str, Answers]:
    """One row for each recording and picture: the mean over its windows and frames."""
    return {stream: one.by_recording() for stream, one in answers.items()}


def learn(
    answers: Mapping[str, Answers],
    calibrations: Mapping[str, Calibration],
    runs: dict[str, str],
    data: str,
) -> Fitted:
    """Everything that is fitted on pairs, from validation answers.

    Parameters
    ----------
    answers : by stream, of the same validation pairs, by clip.
    calibrations : by stream.
    runs : by stream, the record of the network's training; kept with what is fitted.
    data : the name of the set; kept likewise.
    """
    y = answers["face"].y
    streams = {stream: one.proba for stream, one in answers.items()}
    stacking = Stacking.fit(streams, y)
    curves = {}
    for rule in RULES:
        curves[rule] = thinned(y, combine(streams, rule, calibrations, stacking))
    alike = agreement(streams["face"], streams["voice"])
    below = float(np.percentile(alike, FALSE_ALARMS))
    return Fitted(
        runs,
        data,
        n=len(y),
        stacking=stacking,
        disagree_below=round(below, 4),
        risk_coverage=curves,
    )


def fit_pair(
    face: Network | str | os.PathLike,
    voice: Network | str | os.PathLike,
    data: str = PAIRED,
    root: str | os.PathLike | None = None,
    *,
    seed: int = 0,
) -> Fitted:
    """What two calibrated networks need to be combined, from the validation pairs of a set.

    Stacking is scored here on the rows that it learned from, so its threshold is too low by what it
    overfits.

    Parameters
    ----------
    face, voice : a network, a shipped name or the path of a ``.keras`` file; its card has the
        hash of its weights, see ``networks.save_network``.
    data, root : a set of pairs, see ``datasets.load_pairs``, and the data root.
    seed : of the pairs that are drawn.

    Raises
    ------
    EmotutilsError : networks that are not calibrated or were not saved by ``save_network``, sets
        that are not there.
    """
    face = as_network(face)
    voice = as_network(voice)
    calibrations = {"face": calibration_of(face), "voice": calibration_of(voice)}
    runs = {"face": face.card["run"], "voice": voice.card["run"]}
    weights_hashes = {"face": _weights_hash_of(face), "voice": _weights_hash_of(voice)}
    pairs = load_pairs(data, root).part("validation", voice.features, seed=seed)
    answers = by_clip(ask(pairs, face, voice))
    return replace(learn(answers, calibrations, runs, data), weights_hashes=weights_hashes)


def _weights_hash_of(network: Network) -> str:
    if "weights_hash" not in network.card:
        raise NetworkError(
            f"the card of network {network.name!r} has no hash of its weights: "
            "networks.save_network writes it"
        )
    return network.card["weights_hash"]
