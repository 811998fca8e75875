"""The people of a film: whose face each is, and what each looks like over time."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from ..errors import EmotutilsError
from ..findings import PEOPLE_COLUMNS, P, Stream, labels_of
from .streams import Found, without_faces
from .timeline import Clock


def only_person(found: Mapping[str, Found], person: int | None) -> dict[str, Found]:
    """The streams with the face of one person; frames in which they are not seen stay, as frames
    without a face.

    Parameters
    ----------
    found : by stream.
    person : a number, or None for everybody.

    Raises
    ------
    EmotutilsError : nobody of that number is seen.
    """
    if person is None:
        return dict(found)
    if "face" not in found:
        raise EmotutilsError(f"person {person}: no face is looked at; leave the person out")
    frames = found["face"].table
    people = _numbers(frames)
    if person not in people:
        there = "nobody was seen"
        if people:
            there = f"there are {', '.join(map(str, people))}, 1 is seen longest"
        raise EmotutilsError(f"person {person} is not in this film: {there}")
    others = (frames["person"] != person).fillna(False)
    face = without_faces(found["face"], others.to_numpy(bool))
    return {**found, "face": face}


def people_over_time(stream: Stream, clock: Clock) -> pd.DataFrame:
    """What each person's face looks like: a row for each moment and person in view.

    Parameters
    ----------
    stream : of the face.
    clock : the timeline's moments.

    Returns
    -------
    Columns as in ``findings.PEOPLE_COLUMNS``, in the order of time, then of the numbers.
    """
    frames = stream.table
    tables = []
    for person in _numbers(frames):
        theirs = (frames["person"] == person).fillna(False)
        rows = frames.assign(found=theirs.astype(bool))
        alone = replace(stream, table=rows)
        p = clock.bring(alone)
        p = clock.smooth(p)
        seen = ~np.isnan(p[:, 0])
        table = pd.DataFrame({"t": clock.t[seen], "person": person})
        table["label"] = labels_of(p[seen])
        table[P] = p[seen]
        tables.append(table)
    if not tables:
        return pd.DataFrame(columns=PEOPLE_COLUMNS)
    return pd.concat(tables).sort_values(["t", "person"], ignore_index=True)


def describe(summary: dict, stream: Stream, people: pd.DataFrame) -> None:
    """Say in a film's summary, in place, who is seen: of each person the number, ``seconds`` in
    view, when ``first`` and ``last`` seen (s), the ``tracks`` that were put together, and the
    ``label`` of the mean over the moments in view.
    """
    frames = stream.table
    described = []
    for person, rows in frames[frames["found"].astype(bool)].groupby("person"):
        mean = people.loc[people["person"] == person, P].mean().to_numpy(float)
        seconds = rows["frame"].nunique() * stream.step
        tracks = sorted(rows["track"].unique())
        label = labels_of([mean])[0]
        one = {
            "person": int(person),
            "seconds": round(seconds, 2),
            "first": round(float(rows["t"].min()), 3),
            "last": round(float(rows["t"].max()), 3),
            "tracks": [int(track) for track in tracks],
            "label": label,
        }
        described.append(one)
    summary[stream.name]["people"] = described


def _numbers(frames: pd.DataFrame) -> list[int]:
    return sorted(int(person) for person in frames["person"].dropna().unique())
