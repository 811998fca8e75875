"""Recorded answers to rows that the network had not learned from: of all 24 actors of RAVDESS, and
of FER2013's PrivateTest.
"""

import numpy as np
import pandas as pd

from ..evaluation import Answers
from ..training import records

VOICE = "folds-5-ravdess-crnn-best-s0"
FACE = "official-fer2013-conv2d-best-s0"


def voices() -> Answers:
    """``crnn``'s answers to each recording, by the one of its five networks that had not heard the
    actor.

    Returns
    -------
    Answers over the eight labels, a row each take (its name without what tells film from
    recording), with the columns ``actor`` and ``fold``.
    """
    record = records.read(VOICE)
    answers = record.answers("test").by_recording()
    fold_of = {}
    for number, fold in enumerate(record["folds"]):
        for actor in fold["split"]["test"]["groups"]:
            fold_of[actor] = number
    actors = answers.groups["group"]
    groups = pd.DataFrame({"actor": actors, "fold": actors.map(fold_of)})
    takes = np.array([name[3:] for name in answers.id])
    return Answers(takes, groups, answers.y, answers.proba, answers.labels)


def faces(split: str) -> Answers:
    """``conv2d``'s answers to FER2013's PublicTest (``"validation"``) or PrivateTest (``"test"``);
    of the latter without pictures of which an earlier part has a twin.
    """
    record = records.read(FACE)
    answers = record.answers(split)
    if split == "validation":
        return answers
    twins = records.read("data-fer2013")["twins"]
    earlier = record.answers("validation").groups["group"]
    twin = np.isin(answers.id, twins) | answers.groups["group"].isin(earlier).to_numpy()
    return answers.take(~twin)
