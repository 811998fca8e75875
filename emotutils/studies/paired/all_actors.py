"""Pairs made of recorded answers: every actor's voice, by a network that had not heard it, beside
pictures that no network had seen.
"""

import numpy as np
import pandas as pd

from ...datasets.pairs import FACES_EACH
from ...emotions import EMOTIONS
from ...evaluation import Answers
from ...fusion import prior_of, weights_of
from .. import out_of_fold
from ..fitting import STREAMS, Fit, learn


def study(seed: int) -> tuple[dict[str, Answers], list[dict]]:
    """Draw the pairs and fit what the rules need, for each fold without its actors.

    Temperatures, weights and stacking come from the other folds' recordings and from PublicTest.
    The networks behind these answers had learned from the actors of the fold; the answers
    themselves are to other actors.

    Parameters
    ----------
    seed : of the draw.

    Returns
    -------
    Both streams' answers to the same pairs over the seven labels, calibrated; and for each fold the
    weights, prior and stacking.
    """
    voice = out_of_fold.voices()
    tested = beside(voice, out_of_fold.faces("test"), seed)
    public = out_of_fold.faces("validation")
    fold = tested["voice"].groups["fold"].to_numpy()
    proba = {name: np.empty((len(fold), len(EMOTIONS))) for name in STREAMS}
    fitted = []
    for number in np.unique(fold):
        others = voice.take((voice.groups["fold"] != number).to_numpy())
        pairs = beside(others, public, seed)
        fit = learn({"face": public, "voice": others}, pairs)
        rows = fold == number
        here = {name: one.take(rows) for name, one in tested.items()}
        for name, one in fit.calibrated(here).items():
            proba[name][rows] = one.proba
        fitted.append(_facts(fit))
    answers = {}
    for name in STREAMS:
        seven = tested[name].to_seven()
        answers[name] = Answers(seven.id, seven.groups, seven.y, proba[name], EMOTIONS)
    return answers, fitted


def _facts(fit: Fit) -> dict:
    """As the record has it."""
    weights = {}
    for stream, values in weights_of(fit.calibrations).items():
        weights[stream] = values.round(5).tolist()
    temperatures = {name: round(value, 4) for name, value in fit.temperatures.items()}
    return {
        "temperatures": temperatures,
        "weights": weights,
        "prior": prior_of(fit.calibrations).round(5).tolist(),
        "stacking": fit.stacking.to_dict(),
    }


def beside(voices: Answers, faces: Answers, seed: int) -> dict[str, Answers]:
    """Put `FACES_EACH` different pictures of its label beside each recording.

    Parameters
    ----------
    voices : over the eight labels, with ``actor`` and ``fold``.
    faces : over the seven labels.
    seed : of the draw.

    Returns
    -------
    Both streams' answers to the same pairs, each over its own labels; ``id`` is recording+picture.
    """
    rng = np.random.default_rng(seed)
    label = voices.to_seven().y
    rows = []
    for y in label:
        pool = np.flatnonzero(faces.y == y)
        rows.append(rng.choice(pool, FACES_EACH, replace=False))
    face = faces.take(np.concatenate(rows))
    voice = voices.take(np.repeat(np.arange(len(voices)), FACES_EACH))
    names = [f"{take}+{picture}" for take, picture in zip(voice.id, face.id, strict=True)]
    pairs = np.array(names)
    groups = pd.DataFrame(voice.groups[["actor", "fold"]])
    return {
        "face": Answers(pairs, groups, face.y, face.proba, face.labels),
        "voice": Answers(pairs, groups, voice.y, voice.proba, voice.labels),
    }
