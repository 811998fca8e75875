"""The label space of the course and the code book of every data set.

Taught in notebooks/03_face_data and notebooks/13_fusion.
"""

from collections.abc import Sequence

import numpy as np

#: The seven emotions in FER2013's own order: the code is the index.
EMOTIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")

#: RAVDESS's eight: the seven, then ``calm`` (thesis 4.7 trains its voice network on these).
EMOTIONS_WITH_CALM = (*EMOTIONS, "calm")

#: Each data set's own label codes, mapped to our names.
CODES: dict[str, dict] = {
    "fer2013": dict(enumerate(EMOTIONS)),
    "ravdess": {
        1: "neutral",
        2: "calm",
        3: "happiness",
        4: "sadness",
        5: "anger",
        6: "fear",
        7: "disgust",
        8: "surprise",
    },
    "tess": {
        "angry": "anger",
        "disgust": "disgust",
        "fear": "fear",
        "happy": "happiness",
        "neutral": "neutral",
        "ps": "surprise",
        "sad": "sadness",
    },
    "crema-d": {
        "ANG": "anger",
        "DIS": "disgust",
        "FEA": "fear",
        "HAP": "happiness",
        "NEU": "neutral",
        "SAD": "sadness",
    },
    # German: Wut, Ekel, Angst, Freude, Trauer, neutral. L, Langeweile (boredom), is none of ours.
    "emodb": {
        "W": "anger",
        "E": "disgust",
        "A": "fear",
        "F": "happiness",
        "T": "sadness",
        "N": "neutral",
    },
    # Contempt is none of ours; the peak of a series that begins neutral is never neutral.
    "ckplus": {
        "anger": "anger",
        "disgust": "disgust",
        "fear": "fear",
        "happy": "happiness",
        "sadness": "sadness",
        "surprise": "surprise",
    },
    # Aff-Wild2's text files name their codes in a header; these are the header's words.
    "affwild2": {
        "Neutral": "neutral",
        "Anger": "anger",
        "Disgust": "disgust",
        "Fear": "fear",
        "Happiness": "happiness",
        "Sadness": "sadness",
        "Surprise": "surprise",
    },
    # The 28 in the order of their numbers, grouped as the authors do after Ekman.
    "goemotions": {
        "admiration": "happiness",
        "amusement": "happiness",
        "anger": "anger",
        "annoyance": "anger",
        "approval": "happiness",
        "caring": "happiness",
        "confusion": "surprise",
        "curiosity": "surprise",
        "desire": "happiness",
        "disappointment": "sadness",
        "disapproval": "anger",
        "disgust": "disgust",
        "embarrassment": "sadness",
        "excitement": "happiness",
        "fear": "fear",
        "gratitude": "happiness",
        "grief": "sadness",
        "joy": "happiness",
        "love": "happiness",
        "nervousness": "fear",
        "optimism": "happiness",
        "pride": "happiness",
        "realization": "surprise",
        "relief": "happiness",
        "remorse": "sadness",
        "sadness": "sadness",
        "surprise": "surprise",
        "neutral": "neutral",
    },
    "meld": {
        "anger": "anger",
        "disgust": "disgust",
        "fear": "fear",
        "joy": "happiness",
        "neutral": "neutral",
        "sadness": "sadness",
        "surprise": "surprise",
    },
}

#: What FER+'s voters could choose, in the order of fer2013new.csv; NF is "not a face".
FERPLUS = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "NF",
)


def to_seven(p: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """Bring probabilities over a network's own labels to the seven of the course.

    The one place where ``calm`` is added to ``neutral``; call it after calibration.

    Parameters
    ----------
    p : (..., len(labels)) probabilities, 0..1.
    labels : the names of the last axis, a subset of ``EMOTIONS_WITH_CALM`` in any order.

    Returns
    -------
    (..., 7) probabilities in the order of ``EMOTIONS``; an emotion absent from ``labels`` gets 0.

    Raises
    ------
    ValueError : an unknown label, or a last axis of another length.

    Examples
    --------
    >>> to_seven(np.array([0.25, 0.5, 0.25]), ["anger", "calm", "neutral"]).tolist()
    [0.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.75]
    """
    p = np.asarray(p)
    if p.shape[-1] != len(labels):
        raise ValueError(f"{p.shape[-1]} probabilities for {len(labels)} labels")
    unknown = sorted(set(labels) - set(EMOTIONS_WITH_CALM))
    if unknown:
        raise ValueError(f"unknown labels {unknown}: known are {', '.join(EMOTIONS_WITH_CALM)}")
    seven = np.zeros((*p.shape[:-1], len(EMOTIONS)), dtype=p.dtype)
    for i, label in enumerate(labels):
        seven[..., EMOTIONS.index("neutral" if label == "calm" else label)] += p[..., i]
    return seven
