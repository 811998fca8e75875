"""The people of a film: whose face each is, and what each looks like over time."""

from dataclasses import replace

import numpy as np
import pandas as pd

from ..errors import EmotutilsError
from ..findings import PEOPLE_COLUMNS, P, Stream, labels_of
from .streams import Found, without_faces
from .timeline import Clock


def only_person(found: Found, person: int | None) -> Found:
    """The faces of one person; frames in which they are not seen stay, as frames without a face.

    Parameters
    ----------
    found : of the face.
    person : a number, or None for everybody.

    Raises
    ------
    EmotutilsError : nobody of that number is seen.
    """
    if person is None:
        return found
    people = _numbers(found.table)
    if person not in people:
        there = "nobody was seen"
        if people:
            there = f"there are {', '.join(map(str, people))}, 1 is seen longest"
        raise EmotutilsError(f"person {person} is not in this film: {there}")
    others = found.table["found"] & (found.table["person"] != person).fillna(False)
    return without_faces(found, others.to_numpy(bool))


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
    tables = []
    for person in _numbers(stream.table):
        theirs = (stream.table["person"] == person).fillna(False).to_numpy(bool)
        rows = stream.table.assign(found=stream.table["found"].astype(bool) & theirs)
        p = clock.smooth(clock.bring(replace(stream, table=rows)))
        seen = ~np.isnan(p[:, 0])
        table = pd.DataFrame({"t": clock.t[seen], "person": person})
        table["label"] = labels_of(p[seen])
        table[P] = p[seen]
        tables.append(table)
    if not tables:
        return pd.DataFrame(columns=PEOPLE_COLUMNS)
    return pd.concat(tables).sort_values(["t", "person"], ignore_index=True)


def describe(stream: Stream, people: pd.DataFrame) -> list[dict]:
    """Of each person the number, ``seconds`` in view, when ``first`` and ``last`` seen (s), the
    ``tracks`` that were put together, and the ``label`` of the mean over the moments in view.
    """
    frames = stream.table
    described = []
    for person, rows in frames[frames["found"].astype(bool)].groupby("person"):
        mean = people.loc[people["person"] == person, P].mean().to_numpy(float)
        described.append(
            {
                "person": int(person),
                "seconds": round(rows["frame"].nunique() * stream.step, 2),
                "first": round(float(rows["t"].min()), 3),
                "last": round(float(rows["t"].max()), 3),
                "tracks": [int(track) for track in sorted(rows["track"].unique())],
                "label": labels_of([mean])[0],
            }
        )
    return described


def _numbers(frames: pd.DataFrame) -> list[int]:
    return sorted(int(person) for person in frames["person"].dropna().unique())
