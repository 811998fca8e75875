"""Who trains, who chooses, who tests; and the audit that finds what leaks between them (thesis 4.8
and chapter 5).

A split is a pandas Series of part names, ``train``, ``validation`` or ``test``, indexed like the
table that it divides. The table holds at least ``id`` (unique) and ``label``, one row an image or
recording. The same seed always gives the same split. Taught in notebooks/03_face_data and
notebooks/05_voice_data.
"""

import hashlib
import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, train_test_split

from ..errors import DataError
from ..faces.fingerprints import near_faces, pixel_hash
from ..support.files import replacing
from ..voices.fingerprints import near_sounds, sound_hash

PARTS = ("train", "validation", "test")
# For the signatures: a name is a column's, raw material is pictures or recordings.
Table, Parts = pd.DataFrame, pd.Series
Name, Shares, Raw = str | None, tuple[float, float, float], Sequence[np.ndarray] | None

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

#: Columns whose values should not be on both sides, as far as a table has them.
SHARED = ("group", "speaker", "actor", "film", "take", "statement", "word")
TRIES = 20  # orders in which groups are given out, of which the best is taken
HEADER = ("set", "protocol", "seed", "rows", "sha256 of ids", "emotutils")  # of a file


# --- to split -------------------------------------------------------------------------------------


def official(table: Table) -> Parts:
    """The split that comes with the set: its column ``split``.

    Raises
    ------
    DataError : no such column, or something else than the three parts in it.
    """
    return _checked(table, _column(table, "split"))


def holdout(
    table: Table,
    fractions: Shares = (0.6, 0.2, 0.2),
    *,
    stratify: Name = "label",
    groups: Name = None,
    seed: int = 0,
) -> Parts:
    """A random split: of rows, or of whole groups so that none is on two sides.

    Parameters
    ----------
    fractions : shares of train, validation and test, together 1; a part of share 0 stays empty.
    stratify : a column whose values shall have the same shares in every part (``None``: leave that
        to chance).
    groups : a column whose values must not be divided: speaker, film, or the cluster of
        `duplicate_groups`. Shares and strata then hold as closely as the groups permit.

    Raises
    ------
    DataError : duplicate ids, a missing column, a group that is NaN, fractions that are not shares
        of 1, fewer groups or rows than parts, a stratum too small to divide.
    """
    n, wanted = len(_ids(table)), np.asarray(fractions, dtype=float)
    if wanted.shape != (3,) or not (wanted >= 0).all() or not math.isclose(wanted.sum(), 1):
        raise DataError(
            "fractions",
            f"{fractions} are not shares of 1",
            "give the shares of train, validation and test, together 1",
        )
    strata = _codes(table, stratify)
    if groups:
        return _named(table, _give_out(_codes(table, groups), strata, wanted, seed))
    rest, part = np.arange(n), np.zeros(n, int)
    try:
        for number in np.flatnonzero(wanted[1:])[::-1] + 1:
            size = math.ceil(
                n * wanted[number] - 1e-9
            )  # scikit-learn's rounding: 33 % of 5,252 are 1,734
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


def _give_out(group: np.ndarray, strata: np.ndarray, wanted: np.ndarray, seed: int) -> np.ndarray:
    """The part of each row: one group after the other, large ones first, to the part that still
    lacks most of it.

    By hand, because GroupShuffleSplit counts groups, not rows, and StratifiedGroupKFold knows only
    equal parts.
    """
    counts = pd.crosstab(group, strata).to_numpy(float)
    counts = np.column_stack([counts, counts.sum(axis=1)])  # the size of a part is one more stratum
    counts /= counts.sum(axis=0)
    used, rng, found, least = wanted > 0, np.random.default_rng(seed), None, np.inf
    for _ in range(TRIES):
        lack = np.outer(
            np.where(used, 1 + 1e-9 * wanted, -1e9), np.ones(counts.shape[1])
        )  # as a share of the wanted
        part = np.empty(len(counts), int)
        for g in np.argsort(-counts[:, -1] * rng.uniform(0.3, 1, len(counts))):
            part[g] = np.argmax(lack @ counts[g])
            lack[part[g]] -= counts[g] / wanted[part[g]]
        miss = np.abs(lack * wanted[:, None])[used].sum()
        if miss < least and len(np.unique(part)) == used.sum():
            found, least = part, miss
    if found is None:
        raise DataError(
            "groups",
            f"{len(counts)} do not fill {used.sum()} parts",
            "take fewer parts or a finer group",
        )
    return found[group]


def keras_validation_split(table: Table, fraction: float = 0.33) -> Parts:
    """The last share of the rows as validation, in their order, exactly as
    ``fit(validation_split=fraction)`` cuts.

    Keras takes the end before it shuffles: of a table sorted by speaker or emotion, that is a part
    of its own kind.

    Raises
    ------
    DataError : one side would be empty.
    """
    n = len(_ids(table))
    cut = math.floor(n * (1 - fraction))
    if not 0 < cut < n:
        raise DataError(
            "validation_split",
            f"{fraction} of {n} rows leaves one side empty",
            "choose between 0 and 1",
        )
    return _named(table, np.arange(n) >= cut)


def thesis(table: Table, which: str, seed: int = 0) -> Parts:
    """One of the thesis's own splits, by its name in `THESIS`.

    They are drawn from the rows alone, as the thesis seems to have done (assumed: it names neither
    groups nor strata). Speakers, films and pictures are on all sides then; `audit` shows it.

    Raises
    ------
    DataError : an unknown name, or fewer rows than parts.
    """
    if which not in THESIS:
        raise DataError("thesis", f"has no split {which!r}", f"known are {', '.join(THESIS)}")
    if which == "audio-last-third":
        return keras_validation_split(table, THESIS[which][1])
    return holdout(table, THESIS[which], stratify=None, seed=seed)


def by_protocol(table: Table, protocol: str, seed: int = 0) -> Parts:
    """The split that a run record's protocol names.

    ``thesis-NAME`` is one of `THESIS`, those of `OWN` are the set's own, ``fold-2-of-5`` is the
    second of five `folds` by group. The folds do not depend on the seed, so that runs of several
    seeds are tested on the same rows.

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
        raise DataError(
            "protocol",
            f"{protocol!r} is unknown",
            f"known are {', '.join([*OWN, *names])} and fold-I-of-K",
        )
    return folds(table, int(fold[2]), groups="group")[int(fold[1]) - 1]


def folds(
    table: Table,
    k: int = 5,
    *,
    stratify: Name = "label",
    groups: Name = None,
    seed: int = 0,
    validation: bool = False,
) -> list[Parts]:
    """``k`` splits in which every row is tested once. With ``validation``, the next fold is kept
    out to choose by.

    ``stratify`` and ``groups`` as in `holdout`. Of groups, scikit-learn deals out the most
    one-sided first: the seed then only decides between groups that are alike.

    Raises
    ------
    DataError : as in `holdout`; fewer rows, groups or rows of one stratum than folds; too few folds
        to train on.
    """
    n, strata, group = (
        len(_ids(table)),
        _codes(table, stratify),
        _codes(table, groups) if groups else None,
    )
    most = min(np.bincount(strata, minlength=1).min(), len(set(group)) if groups else n)
    if not 2 + validation <= k <= most:
        raise DataError(
            "folds",
            f"{k} cannot be made",
            f"choose {2 + validation} to {most}, the number of groups or of rows in a stratum",
        )
    fold, kind = np.empty(n, int), StratifiedKFold(k, shuffle=True, random_state=seed)
    if groups:  # its own shuffling spoils the strata in scikit-learn 1.6: the groups get random numbers instead
        kind = StratifiedGroupKFold(k)
        group = np.random.default_rng(seed).permutation(group.max() + 1)[group]
    for number, (_, tested) in enumerate(kind.split(fold, strata, group)):
        fold[tested] = number
    chosen = [(fold == (number + 1) % k) & validation for number in range(k)]
    return [_named(table, np.where(fold == number, 2, chosen[number])) for number in range(k)]


def cross_validation(
    table: Table, k: int = 3, repeats: int = 1, *, groups: Name = "group", seed: int = 0
) -> list[tuple[np.ndarray, np.ndarray]]:
    """`folds`, ``repeats`` times over and each time dealt anew, as scikit-learn takes them for
    ``cv``.

    Returns
    -------
    ``k · repeats`` pairs of row numbers: to train on, to test on.

    Raises
    ------
    DataError : as `folds`.
    """
    parts = [
        p for repeat in range(repeats) for p in folds(table, k, groups=groups, seed=seed + repeat)
    ]
    return [(np.flatnonzero(p == "train"), np.flatnonzero(p == "test")) for p in parts]


# --- to publish -----------------------------------------------------------------------------------


def write(
    path: str | os.PathLike,
    parts: Parts,
    *,
    table: Table,
    name: str,
    protocol: str,
    seed: int | None = None,
) -> None:
    """Put a split into a small text file that can be published with a result.

    A few lines ``# key: value`` (set, protocol, seed, number of rows, a hash of their ids in order,
    version), then ``id`` and ``part``, separated by a tab.

    Raises
    ------
    DataError : parts that do not belong to the table.
    """
    ids, parts = _ids(table), _checked(table, parts)
    facts = (name, protocol, seed, len(ids), _digest(ids), version("emotutils"))
    lines = [f"# {key}: {fact}" for key, fact in zip(HEADER, facts, strict=True)]
    lines += ["id\tpart", *("\t".join(row) for row in zip(ids, parts, strict=True))]
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(path: str | os.PathLike, table: Table) -> Parts:
    """The split that `write` put there, for a table of the same rows in any order; its header is in
    ``attrs``.

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
    ids = _ids(table)
    absent, foreign = sorted(set(ids) - part.keys()), sorted(part.keys() - set(ids))
    if absent or foreign:
        some = ", ".join([*absent[:2], *foreign[:2]])
        raise DataError(
            path,
            f"{len(absent)} ids of the table are missing, {len(foreign)} are not its own: {some} …",
            "take the file that belongs to this table",
        )
    parts = _checked(table, pd.Series([part[i] for i in ids], index=table.index))
    parts.attrs = header
    return parts


def _digest(ids: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()


# --- to audit -------------------------------------------------------------------------------------


def audit(
    table: Table,
    parts: Parts | None = None,
    *,
    faces: Raw = None,
    voices: Raw = None,
    sr: int = 16000,
    gap: float = 1,
) -> Table:
    """What a later part has in common with an earlier one: one row for each kind of leak and pair
    of parts.

    Looked for, as far as it is given: the same picture or recording and, beyond these,
    near-duplicates (see `fingerprints`; mirrored, brightened, re-encoded …); the same value of the
    columns in `SHARED`; frames of one film close in time, which is what shuffling a film's frames
    before the split leaves behind (thesis 4.7). A kind that was looked for and not found stays in
    the table with 0 rows; a kind that is not in the table was not looked for.

    Parameters
    ----------
    parts : the split (``None``: the official one).
    faces : (n, height, width) or with a last 1, grey 0..255, one for each row of the table.
    voices : n arrays (samples,) at ``sr`` hertz.
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
    """
    parts = official(table) if parts is None else _checked(table, parts)
    work = table.assign(id=_ids(table)).reset_index(drop=True)
    checks = []
    for thing, same, links in _copies(faces, voices, sr):
        if len(same) != len(table):
            raise DataError(
                f"{thing}s",
                f"{len(same)} for {len(table)} rows",
                "give one for each row, in the table's order",
            )
        work[thing] = same
        checks += [
            (f"same {thing}", thing, _same),
            (f"near-duplicate {thing}", thing, partial(_alike, links=links)),
        ]
    checks += [(f"same {column}", column, _same) for column in SHARED if column in table]
    units = {"t": "s", "frame": "frames"}
    time = next((column for column in units if column in table), None)
    if "film" in table and time:
        checks.append(
            (f"frames within {gap:g} {units[time]}", "film", partial(_beside, time=time, gap=gap))
        )
    rows = []
    for (kind, key, find), (before, after) in (
        (c, p) for c in checks for p in combinations(PARTS, 2)
    ):
        earlier, later = (work[(parts == name).to_numpy()] for name in (before, after))
        if len(earlier) and len(later):
            found = find(later, earlier, key).dropna()
            pairs = [f"{work['id'][row]} ~ {other}" for row, other in found.head(3).items()]
            things = later.loc[found.index, key].nunique()
            rows.append(
                (
                    kind,
                    f"{before}–{after}",
                    len(found),
                    len(found) / len(later),
                    things,
                    "; ".join(pairs),
                )
            )
    return pd.DataFrame(rows, columns=["kind", "parts", "rows", "share", "things", "examples"])


def duplicate_groups(*, faces: Raw = None, voices: Raw = None, sr: int = 16000) -> np.ndarray:
    """A number for each row, the same for all that are copies or near-duplicates of each other: int
    (n,).

    As a column of the table it is what ``holdout(table, groups=…)`` must not divide. Copies of
    copies are one group.

    Raises
    ------
    DataError : neither faces nor voices.
    """
    links = [
        np.concatenate([np.stack([np.arange(len(s)), s], 1), near])
        for _, s, near in _copies(faces, voices, sr)
    ]
    if not links:
        raise DataError(
            "duplicate_groups", "needs faces or voices", "give dataset.faces() or dataset.voices()"
        )
    i, k = np.concatenate(links).T
    graph = coo_array((np.ones(len(i)), (i, k)), shape=(i.max() + 1, i.max() + 1))
    return connected_components(graph, directed=False)[1]


def _copies(faces: Raw, voices: Raw, sr: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """What is given: its name, for each row the first row that is the same, and pairs of such rows
    that are near it.
    """
    kinds = (
        ("picture", faces, pixel_hash, near_faces),
        ("recording", voices, sound_hash, partial(near_sounds, sr=sr)),
    )
    for thing, items, exact, near in kinds:
        if items is not None:
            _, first, code = np.unique(exact(items), return_index=True, return_inverse=True)
            yield thing, first[code], first[near([items[row] for row in first])]


def _same(later: pd.DataFrame, earlier: pd.DataFrame, key: str) -> Parts:
    """For each later row the id of an earlier one with the same value of ``key``, or NaN."""
    known = earlier.dropna(subset=key).drop_duplicates(key).set_index(key)["id"]
    return later[key].map(known)


def _alike(later: pd.DataFrame, earlier: pd.DataFrame, key: str, links: np.ndarray) -> Parts:
    """For each later row the id of an earlier one that is linked to it, or NaN; NaN also where
    `_same` finds one.
    """
    links = pd.DataFrame(np.concatenate([links, links[:, ::-1]]), columns=["this", "other"])
    links["id"] = _same(links, earlier[[key, "id"]].rename(columns={key: "other"}), "other")
    known = links.dropna().drop_duplicates("this").set_index("this")["id"]
    return later[key].map(known).where(~later[key].isin(earlier[key]))


def _beside(later: pd.DataFrame, earlier: pd.DataFrame, key: str, time: str, gap: float) -> Parts:
    """For each later row the id of the earlier one of the same film that is nearest in time, or NaN
    if none is near.
    """
    a, b = (
        x[[key, time, "id"]].dropna().astype({time: float}).sort_values(time)
        for x in (later, earlier)
    )
    near = pd.merge_asof(
        a, b, on=time, by=key, suffixes=("", "_beside"), direction="nearest", tolerance=gap
    )
    return pd.Series(near["id_beside"].to_numpy(), index=a.index)


# --- checks ---------------------------------------------------------------------------------------


def _column(table: Table, name: str) -> Parts:
    if name not in table:
        raise DataError(
            "table", f"has no column {name!r}", f"it has {', '.join(map(str, table.columns))}"
        )
    empty = table[name].isna()
    if empty.any():
        raise DataError(
            f"column {name!r}",
            f"is empty in {empty.sum()} rows",
            "fill it, or leave these rows out",
        )
    return table[name]


def _ids(table: Table) -> np.ndarray:
    ids = _column(table, "id").astype(str)
    twice = ids[ids.duplicated()]
    if len(twice):
        raise DataError(
            "table",
            f"{len(twice)} ids come twice, the first is {twice.iloc[0]}",
            "make them unique",
        )
    return ids.to_numpy()


def _codes(table: Table, name: str | None) -> np.ndarray:
    """The values of a column as 0, 1, 2 …; all 0 for no column."""
    return (
        np.zeros(len(table), int)
        if name is None
        else pd.factorize(_column(table, name), sort=True)[0]
    )


def _named(table: Table, part: np.ndarray) -> Parts:
    return pd.Series(np.array(PARTS)[part.astype(int)], index=table.index, name="split")


def _checked(table: Table, parts: Parts) -> Parts:
    if not (parts.index.equals(table.index) and parts.isin(PARTS).all()):
        names = ", ".join(sorted(set(map(str, parts)) - set(PARTS))) or "another index"
        raise DataError(
            "parts",
            f"not train, validation or test for each row of the table, but {names}",
            "divide this very table",
        )
    return parts.rename("split")
