"""What leaks between the parts of a set (thesis chapter 5): the same pictures, speakers, films,
neighbours in time.

Taught in notebooks/03_face_data.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..errors import DataError
from ..faces.fingerprints import near_faces, pixel_hash
from ..texts.fingerprints import near_texts, text_hash
from ..voices.fingerprints import near_sounds, sound_hash
from .splits import PARTS, checked_ids, checked_parts, official

#: Columns whose values should not be on both sides, as far as a table has them.
SHARED = (
    "group",
    "speaker",
    "actor",
    "film",
    "episode",
    "take",
    "statement",
    "word",
)
#: Columns that tell the time within a film, the first of them that is there, and their units.
TIMES = {"t": "s", "frame": "frames"}
#: Columns of the table that `audit` gives.
COLUMNS = (
    "kind",
    "parts",
    "rows",
    "share",
    "things",
    "examples",
)


class _Look(NamedTuple):
    """One kind of leak, the column that tells it, and a function that finds it: from the rows of a
    later and an earlier part and the column to the id of an earlier row for each later one, or NaN.
    """

    kind: str
    column: str
    find: Callable[[pd.DataFrame, pd.DataFrame, str], pd.Series]


class _Copies(NamedTuple):
    """What was compared (``picture``, ``recording`` or ``text``), for each row the first row that
    is the same, int (n,), and pairs of such first rows that are nearly the same, int (m, 2).
    """

    thing: str
    same: np.ndarray
    near: np.ndarray


def audit(
    table: pd.DataFrame,
    parts: pd.Series | None = None,
    *,
    faces: Sequence[np.ndarray] | None = None,
    voices: Sequence[np.ndarray] | None = None,
    texts: Sequence[str] | None = None,
    sr: int = 16000,
    gap: float = 1,
) -> pd.DataFrame:
    """What a later part has in common with an earlier one: one row for each kind of leak and pair
    of parts.

    Looked for, as far as it is given: the same picture or recording and, beyond these,
    near-duplicates (see ``fingerprints`` of faces, voices and texts; mirrored, brightened,
    re-encoded …); the same value of the columns in `SHARED`; frames of one film close in time,
    which is what shuffling a film's frames before the split leaves behind (thesis 4.7). A kind that
    was looked for and not found stays in the table with 0 rows; a kind that is not in the table was
    not looked for.

    Parameters
    ----------
    table : one row a picture or recording, with ``id``.
    parts : the split (``None``: the official one).
    faces : (n, height, width) or with a last 1, grey 0..255, one for each row of the table.
    voices : n arrays (samples,) at ``sr`` hertz.
    texts : n of them.
    sr : of the voices.
    gap : seconds of column ``t`` (without it: frames of column ``frame``) up to which frames are
        neighbours.

    Returns
    -------
    DataFrame with ``kind``, ``parts`` (such as ``train–test``), ``rows`` of the later part that are
    affected, their ``share`` in it, ``things`` (how many different pictures, speakers, films …
    these rows hold) and up to three ``examples`` (``later ~ earlier``, by id).

    Raises
    ------
    DataError : parts, faces or voices that do not belong to the table.

    Examples
    --------
    >>> table = pd.DataFrame({"id": list("abc"), "speaker": ["Ann", "Bob", "Ann"]})
    >>> table["split"] = ["train", "train", "test"]
    >>> audit(table)[["kind", "parts", "rows", "share", "examples"]].to_dict("records")
    [{'kind': 'same speaker', 'parts': 'train–test', 'rows': 1, 'share': 1.0, 'examples': 'c ~ a'}]
    """
    if not isinstance(table, pd.DataFrame):
        raise DataError("table", f"is a {type(table).__name__}", "give a data set's .table")
    if parts is None:
        parts = official(table)
    else:
        parts = checked_parts(table, parts)
    work = table.assign(id=checked_ids(table))
    work = work.reset_index(drop=True)
    looks = []
    for copies in _copies(faces, voices, texts, sr):
        thing = copies.thing
        if len(copies.same) != len(table):
            raise DataError(
                f"{thing}s",
                f"{len(copies.same)} for {len(table)} rows",
                "give one for each row, in the table's order",
            )
        work[thing] = copies.same
        looks.append(_Look(f"same {thing}", thing, _same))
        near = partial(_alike, links=copies.near)
        looks.append(_Look(f"near-duplicate {thing}", thing, near))
    looks += _looks_at_columns(table, gap)
    rows = []
    for look in looks:
        for before, after in combinations(PARTS, 2):
            earlier = work[(parts == before).to_numpy()]
            later = work[(parts == after).to_numpy()]
            if len(earlier) and len(later):
                row = {
                    "kind": look.kind,
                    "parts": f"{before}–{after}",
                }
                row |= _found(look, later, earlier)
                rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _looks_at_columns(table: pd.DataFrame, gap: float) -> list[_Look]:
    """The kinds of leak that the table's own columns tell."""
    looks = []
    for column in SHARED:
        if column in table:
            looks.append(_Look(f"same {column}", column, _same))
    times = [column for column in TIMES if column in table]
    if "film" in table and times:
        time = times[0]
        kind = f"frames within {gap:g} {TIMES[time]}"
        neighbours = partial(_neighbours, time=time, gap=gap)
        looks.append(_Look(kind, "film", neighbours))
    return looks


def _found(look: _Look, later: pd.DataFrame, earlier: pd.DataFrame) -> dict:
    """How often one kind of leak is between two parts."""
    found = look.find(later, earlier, look.column)
    found = found.dropna()
    examples = []
    for row, other in found.head(3).items():
        examples.append(f"{later['id'][row]} ~ {other}")
    return {
        "rows": len(found),
        "share": len(found) / len(later),
        "things": later.loc[found.index, look.column].nunique(),
        "examples": "; ".join(examples),
    }


def duplicate_groups(
    *,
    faces: Sequence[np.ndarray] | None = None,
    voices: Sequence[np.ndarray] | None = None,
    texts: Sequence[str] | None = None,
    sr: int = 16000,
) -> np.ndarray:
    """A number for each row, the same for all that are copies or near-duplicates of each other.

    As a column of the table it is what ``splits.holdout(table, groups=…)`` must not divide. Copies
    of copies are one group.

    Parameters
    ----------
    faces : (n, height, width) or with a last 1, grey 0..255.
    voices : n arrays (samples,) at ``sr`` hertz.
    texts : n of them.
    sr : of the voices.

    Returns
    -------
    int (n,).

    Raises
    ------
    DataError : neither faces nor voices nor texts.

    Examples
    --------
    >>> pictures = np.random.default_rng(0).integers(0, 256, (3, 48, 48))
    >>> pictures[2] = pictures[0]
    >>> duplicate_groups(faces=pictures).tolist()
    [0, 1, 0]
    """
    links = []
    for copies in _copies(faces, voices, texts, sr):
        rows = np.arange(len(copies.same))
        links.append(np.stack([rows, copies.same], axis=1))
        links.append(copies.near)
    if not links:
        raise DataError(
            "duplicate_groups",
            "needs faces, voices or texts",
            "give dataset.faces(), dataset.voices() or dataset.texts()",
        )
    one, other = np.concatenate(links).T
    n = one.max() + 1
    ones = np.ones(len(one))
    graph = coo_array((ones, (one, other)), shape=(n, n))
    _, group = connected_components(graph, directed=False)
    return group


def _copies(
    faces: Sequence[np.ndarray] | None,
    voices: Sequence[np.ndarray] | None,
    texts: Sequence[str] | None,
    sr: int,
) -> Iterator[_Copies]:
    """The copies among what is given."""
    if faces is not None:
        yield _copies_of("picture", faces, pixel_hash, near_faces)
    if voices is not None:
        near_voices = partial(near_sounds, sr=sr)
        yield _copies_of("recording", voices, sound_hash, near_voices)
    if texts is not None:
        yield _copies_of("text", texts, text_hash, near_texts)


def _copies_of(
    thing: str,
    items: Sequence[np.ndarray],
    exact: Callable,
    near: Callable,
) -> _Copies:
    """The copies among pictures or recordings, by a hash of each and a function that finds pairs
    that are nearly the same.
    """
    hashes = exact(items)
    _, first, code = np.unique(hashes, return_index=True, return_inverse=True)
    different = [items[row] for row in first]
    return _Copies(
        thing=thing,
        same=first[code],
        near=first[near(different)],
    )


def _same(later: pd.DataFrame, earlier: pd.DataFrame, column: str) -> pd.Series:
    """For each later row the id of an earlier one with the same value of ``column``, or NaN."""
    first = earlier.dropna(subset=column).drop_duplicates(column)
    known = first.set_index(column)["id"]
    return later[column].map(known)


def _alike(
    later: pd.DataFrame,
    earlier: pd.DataFrame,
    column: str,
    links: np.ndarray,
) -> pd.Series:
    """For each later row the id of an earlier one that is linked to it, or NaN; NaN also where
    `_same` finds one.
    """
    both_ways = np.concatenate([links, links[:, ::-1]])
    links = pd.DataFrame(both_ways, columns=["this", "other"])
    others = earlier[[column, "id"]].rename(columns={column: "other"})
    links["id"] = _same(links, others, "other")
    first = links.dropna().drop_duplicates("this")
    known = first.set_index("this")["id"]
    values = later[column]
    is_copy = values.isin(earlier[column])
    return values.map(known).where(~is_copy)


def _neighbours(
    later: pd.DataFrame,
    earlier: pd.DataFrame,
    column: str,
    time: str,
    gap: float,
) -> pd.Series:
    """For each later row the id of the earlier one of the same film that is nearest in time, or NaN
    if none is near.
    """

    def in_time(rows: pd.DataFrame) -> pd.DataFrame:
        known = rows[[column, time, "id"]].dropna()
        known = known.astype({time: float})
        return known.sort_values(time)

    later_in_time = in_time(later)
    near = pd.merge_asof(
        later_in_time,
        in_time(earlier),
        on=time,
        by=column,
        suffixes=("", "_near"),
        direction="nearest",
        tolerance=gap,
    )
    return pd.Series(near["id_near"].to_numpy(), index=later_in_time.index)
