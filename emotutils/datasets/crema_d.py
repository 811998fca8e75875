"""CREMA-D's votes: what 2,443 people chose for 7,442 acted clips, from the voice alone, the face
alone, and both (Cao et al. 2014).

No clip comes with them, only what people said: people as the yardstick of a fusion. A small form
ships under the Open Database License and is read where the published files are not in the data
root; the numbers are the same. ``ship`` made it.
"""

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd

from .. import config
from ..emotions import CODES, EMOTIONS
from ..errors import DataError
from ..support.files import replacing
from .base import Dataset, Rejects, find_file
from .catalog import CATALOG
from .listing import named

CITATION = CATALOG["crema-d"].citation
LICENCE = CATALOG["crema-d"].licence
#: What people chose from, in the course's order: nobody was offered surprise.
LABELS = tuple(label for label in EMOTIONS if label != "surprise")
#: What people were given, by the first digit of the published row's number.
MODALITIES = {1: "voice", 2: "face", 3: "both"}
INTENSITIES = {"LO": "low", "MD": "medium", "HI": "high", "XX": "unspecified"}
SENTENCES = ("IEO", "TIE", "IOM", "IWW", "TAI", "MTI", "IWL", "ITH", "DFA", "ITS", "TSI", "WSI")

REMEDY = "fetch the file again"
VOTES = "tabulatedVotes.csv"
ACTORS = "VideoDemographics.csv"
_LETTERS = {
    "A": "anger",
    "D": "disgust",
    "F": "fear",
    "H": "happiness",
    "N": "neutral",
    "S": "sadness",
}
# actor, sentence, emotion, intensity
_NAME = re.compile(r"(1\d{3})_([A-Z]{3})_([A-Z]{3})_([A-Z]{2})")


def load(root: str | os.PathLike | None = None, *, on_error: str = "raise") -> Dataset:
    """Read ``tabulatedVotes.csv`` and ``VideoDemographics.csv`` under ``crema-d/``, in any depth;
    where there are none, the small form that ships.

    Parameters
    ----------
    root : the data root; see ``config.data_root``.
    on_error : ``"raise"``: the first row that cannot be used is an error. ``"report"``: it is left
        out and listed in ``rejects``.

    Returns
    -------
    Dataset with one row a clip and modality: ``clip``, ``modality`` (voice, face, both), ``label``
    (what the actor was asked for), ``actor``, ``sex``, ``age`` (years), ``sentence`` (three
    letters), ``intensity``, and of each of `LABELS` how many people chose it (``votes_anger`` …).
    ``group`` is the actor; all rows are ``test``, because nothing learns from them. There are
    neither faces nor voices.

    Raises
    ------
    DataError : a file without the columns it should have or with votes for a seventh label; a row
        with an unknown clip, without votes, or with votes that are no counts.

    Examples
    --------
    >>> votes = load()
    >>> len(votes), votes.labels
    (22326, ('anger', 'disgust', 'fear', 'happiness', 'sadness', 'neutral'))
    >>> distributions(votes.table.head(1)).round(2)
    array([[0.89, 0.11, 0.  , 0.  , 0.  , 0.  ]])
    """
    rejects = Rejects(on_error)
    folder = config.data_root(root) / "crema-d"
    if any(named(folder, VOTES)):
        counted = _read_votes(find_file(folder, VOTES, "CREMA-D"), rejects)
        actors = _read_actors(find_file(folder, ACTORS, "CREMA-D"))
    else:
        folder = shipped_folder()
        counted = _read_shipped(folder / "crema-d.csv.gz")
        actors = _read_table(folder / "crema-d-actors.csv", ("actor", "sex", "age"))
    rows = _rows(counted, actors.set_index("actor"), folder, rejects)
    return Dataset("crema-d", rows, LABELS, CITATION, LICENCE, rejects=rejects.table())


def distributions(table: pd.DataFrame, add: float = 0.0) -> np.ndarray:
    """The shares of the votes, (n, 6) in the order of `LABELS`.

    Parameters
    ----------
    table : of `load`, or some of its rows.
    add : is added to each count: what nobody of ten chose is not impossible. A product of experts
        needs it; a half is Jeffreys' choice (1946).
    """
    counts = table[_columns()].to_numpy(float) + add
    return counts / counts.sum(axis=1, keepdims=True)


def shipped_folder() -> Path:
    """Where the small form lies, with its licence."""
    return config.shipped_root() / "votes"


def ship(dataset: Dataset, folder: Path | None = None) -> Path:
    """Write the small form: one row a clip with 18 counts, and one an actor with sex and age.

    Parameters
    ----------
    dataset : as `load` reads it from the published files.
    folder : where to; by default where it ships.

    Returns
    -------
    The path of the table of votes.
    """
    folder = folder or shipped_folder()
    table = dataset.table
    wide = table.set_index(["clip", "modality"])[_columns()].unstack("modality")
    ordered = pd.DataFrame(index=wide.index)
    for modality in MODALITIES.values():
        for label in LABELS:
            ordered[f"{modality}_{label}"] = wide[f"votes_{label}", modality]
    path = folder / "crema-d.csv.gz"
    packing = {"method": "gzip", "compresslevel": 9, "mtime": 0}
    with replacing(path) as temporary:
        ordered.to_csv(temporary, compression=packing, lineterminator="\n")
    actors = table[["actor", "sex", "age"]].drop_duplicates()
    with replacing(folder / "crema-d-actors.csv") as temporary:
        actors.sort_values("actor").to_csv(temporary, index=False, lineterminator="\n")
    return path


def _columns() -> list[str]:
    return [f"votes_{label}" for label in LABELS]


def _read_table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """A CSV file that has at least these columns."""
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise DataError(path, f"cannot be read ({error})", REMEDY) from None
    lacking = [column for column in columns if column not in table]
    if lacking:
        raise DataError(path, f"lacks the columns {', '.join(lacking)}", REMEDY)
    return table


def _read_votes(path: Path, rejects: Rejects) -> pd.DataFrame:
    """The published table as ``clip``, ``modality`` and six counts, in any type that the file
    has.
    """
    table = _read_table(path, (*_LETTERS, "fileName", "numResponses"))
    table = table.rename(columns={table.columns[0]: "row"})
    others = [name for name in table if len(name) == 1 and name not in _LETTERS]
    if others:
        known = ", ".join(_LETTERS)
        raise DataError(path, f"has votes for {', '.join(others)}", f"known are {known}")
    counted = pd.DataFrame({"clip": table["fileName"].astype(str)})
    first_digit = table["row"].astype(str).str[:1]
    counted["modality"] = first_digit.map({str(k): name for k, name in MODALITIES.items()})
    for letter, label in _LETTERS.items():
        counted[f"votes_{label}"] = pd.to_numeric(table[letter], errors="coerce")
    answers = pd.to_numeric(table["numResponses"], errors="coerce")
    astray = counted[_columns()].sum(axis=1) != answers
    for row in table.index[astray]:
        where = f"{path}, row {table['row'][row]}"
        rejects.add(where, "its votes do not add up to the number of answers", REMEDY)
    return counted[~astray]


def _read_actors(path: Path) -> pd.DataFrame:
    table = _read_table(path, ("ActorID", "Age", "Sex"))
    actors = table.rename(columns={"ActorID": "actor", "Age": "age", "Sex": "sex"})
    actors["sex"] = actors["sex"].str.lower()
    return actors[["actor", "sex", "age"]]


def _read_shipped(path: Path) -> pd.DataFrame:
    """The small form, laid out as `_read_votes` lays out the published one."""
    names = [f"{modality}_{label}" for modality in MODALITIES.values() for label in LABELS]
    table = _read_table(path, ("clip", *names))
    others = sorted(set(table) - {"clip", *names})
    if others:
        raise DataError(
            path, f"has votes for {', '.join(others)}", f"known are {', '.join(LABELS)}"
        )
    parts = []
    for modality in MODALITIES.values():
        part = table.rename(columns={f"{modality}_{label}": f"votes_{label}" for label in LABELS})
        parts.append(part.assign(modality=modality)[["clip", "modality", *_columns()]])
    return pd.concat(parts, ignore_index=True)


def _rows(
    counted: pd.DataFrame, actors: pd.DataFrame, folder: Path, rejects: Rejects
) -> pd.DataFrame:
    """The table of the set; what cannot be used is refused."""
    rows = []
    seen = set()
    for vote in counted.to_dict("records"):
        key = (vote["clip"], vote["modality"])
        try:
            facts = _parse(vote["clip"], actors)
            _check(vote, seen)
        except ValueError as error:
            rejects.add(f"{folder}, {key[0]}, {key[1]}", error, REMEDY)
            continue
        seen.add(key)
        rows.append({**facts, "id": f"{key[1]}/{key[0]}", **vote})
    if not rows:
        raise DataError(folder, "no row in it can be used", REMEDY)
    table = pd.DataFrame(rows).sort_values(["modality", "clip"], ignore_index=True)
    counts = table[_columns()].astype(int)
    return pd.concat([table.drop(columns=_columns()), counts], axis=1)


def _parse(clip: str, actors: pd.DataFrame) -> dict:
    """What a clip's name tells, such as 1001_DFA_ANG_XX; ValueError where it is none."""
    match = _NAME.fullmatch(clip)
    if match is None:
        raise ValueError("no clip of CREMA-D (such as 1001_DFA_ANG_XX)")
    actor, sentence, emotion, intensity = match.groups()
    label = CODES["crema-d"].get(emotion)
    if label is None or sentence not in SENTENCES or intensity not in INTENSITIES:
        raise ValueError("no clip of CREMA-D: unknown sentence, emotion or intensity")
    if int(actor) not in actors.index:
        raise ValueError(f"no actor {actor} among the actors")
    person = actors.loc[int(actor)]
    return {
        "label": label,
        "y": LABELS.index(label),
        "group": f"crema-d-{actor}",
        "split": "test",
        "actor": int(actor),
        "sex": person["sex"],
        "age": int(person["age"]),
        "sentence": sentence,
        "intensity": INTENSITIES[intensity],
    }


def _check(vote: dict, seen: set) -> None:
    """ValueError unless these are the first votes of a clip in a known modality, whole numbers."""
    if vote["modality"] not in MODALITIES.values():
        raise ValueError("its row's number begins with neither 1, 2 nor 3")
    if (vote["clip"], vote["modality"]) in seen:
        raise ValueError("comes twice")
    counts = np.array([vote[column] for column in _columns()], float)
    if not (np.isfinite(counts) & (counts >= 0) & (counts % 1 == 0)).all():
        raise ValueError("its votes are no counts: whole numbers of 0 or more")
    if not counts.sum():
        raise ValueError("nobody voted")
