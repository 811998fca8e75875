"""Who trains, who chooses, who tests: divisions of a set (thesis 4.8 and chapter 5).

A split is a pandas Series of part names, ``train``, ``validation`` or ``test``, indexed like the
table that it divides. The table holds at least ``id`` (unique) and ``label``, one row an image or
recording. The same seed always gives the same split; what leaks between the parts is found by
``datasets.audit``. Taught in notebooks/03_face_data and notebooks/05_voice_data.
"""

import hashlib
import math
import os
import re
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, train_test_split

from ..errors import DataError
from ..support.files import replacing

PARTS = ("train", "validation", "test")

#: The thesis's splits, as shares of train, validation and test; run records and file names call
#: them ``thesis-NAME``. ``video`` and ``audio`` stand in chapter 5; a third in 4.8 (Keras cuts off
#: the last one) and log 5.7 (n = 1,734 of 5,252); ``fer2013-logs`` is what its logs show for
#: FER2013 (test n = 3,589, 270 steps of 100).
THESIS = {
    "video": (0.60, 0.20, 0.20),
    "audio": (0.70, 0.15, 0.15),
    "audio-third": (0.67, 0.0, 0.33),
    "audio-last-third": (0.67, 0.33, 0.0),
    "fer2013-logs": (0.75, 0.15, 0.10),
}

#: Protocols that are a set's own split: FER2013's, and RAVDESS's actors 1–16, 17–20 and 21–24.
OWN = ("official", "actors-16-4-4")

TRIES = 20  # orders in which groups are assigned, of which the best is taken
HEADER = ("set", "protocol", "seed", "rows", "sha256 of ids", "emotutils")  # of a file


# --- to split -------------------------------------------------------------------------------------


def official(table: pd.DataFrame) -> pd.Series:
    """The split that comes with the set: its column ``split``.

    Raises
    ------
    DataError : no such column, or something else than the three parts in it.
    """
    return checked_parts(table, _column(table, "split"))


def holdout(
    table: pd.DataFrame,
    fractions: tuple[float, float, float] = (0.6, 0.2, 0.2),
    *,
    stratify: str | None = "label",
    groups: str | None = None,
    seed: int = 0,
) -> pd.Series:
    """A random split: of rows, or of whole groups so that none is on two sides.

    Parameters
    ----------
    table : one row a picture or recording, with ``id`` and the columns named below.
    fractions : shares of train, validation and test, together 1; a part of share 0 stays empty.
    stratify : a column whose values shall have the same shares in every part (``None``: leave that
        to chance).
    groups : a column whose values must not be divided: speaker, film, or the cluster of
        ``datasets.duplicate_groups``. Shares and strata then hold as closely as the groups permit.
    seed : decides every draw.

    Returns
    -------
    Series of ``train``, ``validation`` and ``test``, indexed like the table.

    Raises
    ------
    DataError : duplicate ids, a missing column, a group that is NaN, fractions that are not shares
        of 1, fewer groups or rows than parts, a stratum too small to divide.

    Examples
    --------
    >>> table = pd.DataFrame({"id": range(10), "label": ["fear", "anger"] * 5})
    >>> table["speaker"] = list("aabbccddee")
    >>> holdout(table).value_counts().to_dict()
    {'train': 6, 'validation': 2, 'test': 2}
    >>> parts = holdout(table, groups="speaker")
    >>> int(parts.groupby(table["speaker"]).nunique().max())
    1
    """
    n = len(checked_ids(table))
    wanted = np.asarray(fractions, dtype=float)
    if wanted.shape != (3,) or not (wanted >= 0).all() or not math.isclose(wanted.sum(), 1):
        raise DataError(
            "fractions",
            f"{fractions} are not shares of 1",
            "give the shares of train, validation and test, together 1",
        )
    strata = _codes(table, stratify)
    if groups:
        return _named(table, _assign_groups(_codes(table, groups), strata, wanted, seed))
    rest = np.arange(n)
    part = np.zeros(n, int)
    try:
        for number in np.flatnonzero(wanted[1:])[::-1] + 1:
            # scikit-learn's rounding: 33 % of 5,252 are 1,734
            size = math.ceil(n * wanted[number] - 1e-9)
            among = strata[rest] if stratify else None
            rest, taken = train_test_split(rest, test_size=size, stratify=among, random_state=seed)
            part[taken] = number
    except ValueError as error:
        raise DataError(
            "table",
            f"its {n} rows cannot be split into {fractions} ({error})",
            "take other shares or strata",
        ) from None
    return _named(table, part)


def _assign_groups(
    group: np.ndarray, strata: np.ndarray, wanted: np.ndarray, seed: int
) -> np.ndarray:
    """The part of each row: one group after the other, large ones first, to the part that still
    lacks most of it.

    By hand, because GroupShuffleSplit counts groups, not rows, and StratifiedGroupKFold knows only
    equal parts.
    """
    counts = pd.crosstab(group, strata).to_numpy(float)
    counts = np.column_stack([counts, counts.sum(axis=1)])  # the size of a part is one more stratum
    counts /= counts.sum(axis=0)
    used = wanted > 0
    rng = np.random.default_rng(seed)
    best = None
    least = np.inf
    for _ in range(TRIES):
        # As a share of what is wanted.
        start = np.where(used, 1 + 1e-9 * wanted, -1e9)
        lack = np.outer(start, np.ones(counts.shape[1]))
        part = np.empty(len(counts), int)
        for g in np.argsort(-counts[:, -1] * rng.uniform(0.3, 1, len(counts))):
            part[g] = np.argmax(lack @ counts[g])
            lack[part[g]] -= counts[g] / wanted[part[g]]
        miss = np.abs(lack * wanted[:, None])[used].sum()
        if miss < least and len(np.unique(part)) == used.sum():
            best = part
            least = miss
    if best is None:
        raise DataError(
            "groups",
            f"{len(counts)} do not fill {used.sum()} parts",
            "take fewer parts or a finer group",
        )
    return best[group]


def keras_validation_split(table: pd.DataFrame, fraction: float = 0.33) -> pd.Series:
    """The last share of the rows as validation, in their order, exactly as
    ``fit(validation_split=fraction)`` cuts.

    Keras takes the end before it shuffles: of a table sorted by speaker or emotion, that is a part
    of its own kind.

    Parameters
    ----------
    table : one row a picture or recording, with ``id``.
    fraction : the share that is cut off, above 0 and below 1.

    Raises
    ------
    DataError : one side would be empty.
    """
    n = len(checked_ids(table))
    cut = math.floor(n * (1 - fraction))
    if not 0 < cut < n:
        raise DataError(
            "validation_split",
            f"{fraction} of {n} rows leaves one side empty",
            "choose between 0 and 1",
        )
    return _named(table, np.arange(n) >= cut)


def thesis(table: pd.DataFrame, which: str, seed: int = 0) -> pd.Series:
    """One of the thesis's own splits, by its name in `THESIS`.

    They are drawn from the rows alone, as the thesis seems to have done (assumed: it names neither
    groups nor strata). Speakers, films and pictures are on all sides then; ``datasets.audit`` shows
    it.

    Parameters
    ----------
    table : one row a picture or recording, with ``id``.
    which : a name of `THESIS`.
    seed : decides every draw.

    Raises
    ------
    DataError : an unknown name, or fewer rows than parts.
    """
    if which not in THESIS:
        raise DataError("thesis", f"has no split {which!r}", f"known are {', '.join(THESIS)}")
    if which == "audio-last-third":
        return keras_validation_split(table, THESIS[which][1])
    return holdout(table, THESIS[which], stratify=None, seed=seed)


def by_protocol(table: pd.DataFrame, protocol: str, seed: int = 0) -> pd.Series:
    """The split that a run record's protocol names.

    Parameters
    ----------
    table : one row a picture or recording, with ``id``, ``label``, ``group`` and ``split``.
    protocol : ``thesis-NAME`` is one of `THESIS`, those of `OWN` are the set's own,
        ``fold-2-of-5`` is the second of five `folds` by group.
    seed : of a thesis split. The folds do not depend on it, so that runs of several seeds are
        tested on the same rows.

    Raises
    ------
    DataError : an unknown name; as `thesis`, `official` and `folds`.
    """
    names = [f"thesis-{name}" for name in THESIS]
    if protocol in OWN:
        return official(table)
    if protocol in names:
        return thesis(table, protocol.removeprefix("thesis-"), seed)
    fold = re.fullmatch(r"fold-(\d+)-of-(\d+)", protocol)
    if fold is None or not 1 <= int(fold[1]) <= int(fold[2]):
        known = ", ".join([*OWN, *names])
        raise DataError(
            "protocol", f"{protocol!r} is unknown", f"known are {known} and fold-I-of-K"
        )
    return folds(table, int(fold[2]), groups="group")[int(fold[1]) - 1]


def folds(
    table: pd.DataFrame,
    k: int = 5,
    *,
    stratify: str | None = "label",
    groups: str | None = None,
    seed: int = 0,
    validation: bool = False,
) -> list[pd.Series]:
    """``k`` splits in which every row is tested once.

    Parameters
    ----------
    table : one row a picture or recording, with ``id`` and the columns named below.
    k : how many.
    stratify, groups : columns, as in `holdout`. Of groups, scikit-learn assigns the most one-sided
        first: the seed then only decides between groups that are alike.
    seed : decides every draw.
    validation : whether the next fold is kept out, to choose by.

    Raises
    ------
    DataError : as in `holdout`; fewer rows, groups or rows of one stratum than folds; too few folds
        to train on.

    Examples
    --------
    >>> table = pd.DataFrame({"id": range(6), "label": ["fear", "anger"] * 3})
    >>> [int((parts == "test").sum()) for parts in folds(table, 3)]
    [2, 2, 2]
    """
    n = len(checked_ids(table))
    strata = _codes(table, stratify)
    group = _codes(table, groups) if groups else None
    most = min(np.bincount(strata, minlength=1).min(), len(set(group)) if groups else n)
    if not 2 + validation <= k <= most:
        raise DataError(
            "folds",
            f"{k} cannot be made",
            f"choose {2 + validation} to {most}, the number of groups or of rows in a stratum",
        )
    kind = StratifiedKFold(k, shuffle=True, random_state=seed)
    if groups:
        # Its own shuffling spoils the strata in scikit-learn 1.6: the groups get random numbers
        # instead.
        kind = StratifiedGroupKFold(k)
        group = np.random.default_rng(seed).permutation(group.max() + 1)[group]
    fold = np.empty(n, int)
    for number, (_, tested) in enumerate(kind.split(fold, strata, group)):
        fold[tested] = number
    found = []
    for number in range(k):
        part = np.zeros(n, int)
        if validation:
            part[fold == (number + 1) % k] = PARTS.index("validation")
        part[fold == number] = PARTS.index("test")
        found.append(_named(table, part))
    return found


def cross_validation(
    table: pd.DataFrame,
    k: int = 3,
    repeats: int = 1,
    *,
    groups: str | None = "group",
    seed: int = 0,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """`folds`, ``repeats`` times over and each time drawn anew, as scikit-learn takes them for
    ``cv``.

    Parameters
    ----------
    table, k, groups : as in `folds`; strata are the labels.
    repeats : how often all rows are tested.
    seed : of the first time; the next has the next.

    Returns
    -------
    ``k · repeats`` pairs of row numbers: to train on, to test on.

    Raises
    ------
    DataError : as `folds`.

    Examples
    --------
    >>> table = pd.DataFrame({"id": range(6), "label": ["fear", "anger"] * 3})
    >>> trained, tested = cross_validation(table, 3, groups=None)[0]
    >>> len(trained), len(tested)
    (4, 2)
    """
    pairs = []
    for repeat in range(repeats):
        for parts in folds(table, k, groups=groups, seed=seed + repeat):
            pairs.append((np.flatnonzero(parts == "train"), np.flatnonzero(parts == "test")))
    return pairs


# --- to publish -----------------------------------------------------------------------------------


def write(
    path: str | os.PathLike,
    parts: pd.Series,
    *,
    table: pd.DataFrame,
    name: str,
    protocol: str,
    seed: int | None = None,
) -> None:
    """Put a split into a small text file that can be published with a result.

    A few lines ``# key: value`` (set, protocol, seed, number of rows, a hash of their ids in order,
    version), then ``id`` and ``part``, separated by a tab.

    Parameters
    ----------
    path : of the file; its folder is made.
    parts, table : the split, and what it divides.
    name, protocol, seed : of the set and of how it was divided, for the head.

    Raises
    ------
    DataError : parts that do not belong to the table; an id that is no line of text.
    """
    ids = checked_ids(table)
    parts = checked_parts(table, parts)
    broken = [row for row in ids if not {"\t", "\n", "\r"}.isdisjoint(row)]
    if broken:
        what = f"the id {broken[0]!r} holds a tab, or the end of a line"
        raise DataError("table", what, "name the rows by plain words")
    facts = (name, protocol, seed, len(ids), _digest(ids), version("emotutils"))
    lines = [f"# {key}: {fact}" for key, fact in zip(HEADER, facts, strict=True)]
    lines.append("id\tpart")
    lines += ["\t".join(row) for row in zip(ids, parts, strict=True)]
    with replacing(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(path: str | os.PathLike, table: pd.DataFrame) -> pd.Series:
    """The split that `write` put there, for a table of the same rows in any order.

    Parameters
    ----------
    path : of the file.
    table : its rows have the file's ids.

    Returns
    -------
    The split; the file's header is in its ``attrs``.

    Raises
    ------
    DataError : not such a file, changed ids, or rows that are missing on one side.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").removesuffix("\n").split("\n")
        header = dict(line[2:].split(": ", 1) for line in lines[: len(HEADER)])
        rows = [line.split("\t") for line in lines[len(HEADER) + 1 :]]
        part = dict(rows)
        if header["sha256 of ids"] != _digest(row[0] for row in rows):
            raise ValueError("its ids were changed")
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            path, f"not a split that splits.write made ({error})", "take the published file"
        ) from None
    ids = checked_ids(table)
    absent = sorted(set(ids) - part.keys())
    foreign = sorted(part.keys() - set(ids))
    if absent or foreign:
        some = ", ".join([*absent[:2], *foreign[:2]])
        raise DataError(
            path,
            f"{len(absent)} ids of the table are missing, {len(foreign)} are not its own: {some} …",
            "take the file that belongs to this table",
        )
    parts = checked_parts(table, pd.Series([part[i] for i in ids], index=table.index))
    parts.attrs = header
    return parts


def _digest(ids: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()


# --- checks ---------------------------------------------------------------------------------------


def checked_ids(table: pd.DataFrame) -> np.ndarray:
    """The ids of a table's rows, str (n,); DataError where one is missing or comes twice."""
    ids = _column(table, "id").astype(str)
    twice = ids[ids.duplicated()]
    if len(twice):
        raise DataError(
            "table",
            f"{len(twice)} ids come twice, the first is {twice.iloc[0]}",
            "make them unique",
        )
    return ids.to_numpy()


def checked_parts(table: pd.DataFrame, parts: pd.Series) -> pd.Series:
    """A split; DataError where it does not belong to the table."""
    if not (parts.index.equals(table.index) and parts.isin(PARTS).all()):
        names = ", ".join(sorted(set(map(str, parts)) - set(PARTS))) or "another index"
        raise DataError(
            "parts",
            f"not train, validation or test for each row of the table, but {names}",
            "divide this very table",
        )
    return parts.rename("split")


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    if name not in table:
        raise DataError(
            "table",
            f"has no column {name!r}",
            f"it has {', '.join(map(str, table.columns))}",
        )
    empty = table[name].isna()
    if empty.any():
        raise DataError(
            f"column {name!r}",
            f"is empty in {empty.sum()} rows",
            "fill it, or leave these rows out",
        )
    return table[name]


def _codes(table: pd.DataFrame, name: str | None) -> np.ndarray:
    """The values of a column as 0, 1, 2 …; all 0 for no column."""
    if name is None:
        return np.zeros(len(table), int)
    return pd.factorize(_column(table, name), sort=True)[0]


def _named(table: pd.DataFrame, part: np.ndarray) -> pd.Series:
    return pd.Series(np.array(PARTS)[part.astype(int)], index=table.index, name="split")
