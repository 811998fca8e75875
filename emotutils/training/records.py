"""Records of full runs: read, find and write them. Every figure of the course comes from one.

``NAME.json`` says what was run and what came out; ``NAME.npz`` beside it holds the answers from
which the figures can be had again. Reading loads neither Keras nor OpenCV nor PyAV. Taught in
notebooks/11_evaluation.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NotRequired, TypedDict

import numpy as np
from msgspec import Meta

from .. import config
from ..errors import FieldError, NetworkError
from ..evaluation import Answers
from ..support.files import replacing
from ..support.reading import read_json

REMEDY = "put the record back, or make it again (CONTRIBUTING.md says how)"

Count = Annotated[int, Meta(ge=0, le=10**15)]
Figure = Annotated[float, Meta(ge=-1e9, le=1e9)]


class Interval(TypedDict):
    """A figure, and its 95 % interval where there is one."""

    value: Figure
    low: NotRequired[Figure | None]
    high: NotRequired[Figure | None]


class Scored(TypedDict):
    """The score of one part, as ``evaluation.Report`` gives it."""

    n: Count
    labels: Annotated[list[str], Meta(min_length=1)]
    accuracy: Interval
    uar: Interval
    macro_f1: Interval
    n_groups: NotRequired[Count | None]
    confusion: NotRequired[list[list[Count]]]


class RecordFields(TypedDict, total=False):
    """What records of trainings say. Those of studies say other things besides; their readers ask
    for them by name.
    """

    protocol: str
    data: str
    network: str
    variant: str
    recipe: str
    seed: Count
    parameters: Count
    notes: list[str]
    assumed: list[str]
    options: dict[str, Any]
    wall_time_s: Annotated[float, Meta(ge=0)]
    hardware: str
    versions: dict[str, str]
    best_epoch: Count
    history: list[dict[str, Figure]]
    validation: Scored
    test: Scored
    folds: Any


@dataclass(frozen=True, eq=False)
class Record(Mapping):
    """A record as it was written: ``record["test"]`` and every other key of its JSON.

    Attributes
    ----------
    path : of the JSON file.
    facts : what it says.
    """

    path: Path
    facts: dict

    @property
    def name(self) -> str:
        """The record's name; it is a name and nothing else: what was run stands in the record."""
        return self.path.stem

    @property
    def arrays_path(self) -> Path:
        """Where the answers lie: ``NAME.npz``, which not every record has."""
        return self.path.with_suffix(".npz")

    def answers(self, split: str = "test", source: str | None = None) -> Answers:
        """What the network answered.

        Parameters
        ----------
        split : ``"test"`` or ``"validation"``.
        source : ``"mirrored"`` of a face network, ``"face"`` or ``"voice"`` of ``joint`` (with that
            one alone); by default the answers that are scored.

        Returns
        -------
        Answers with the columns ``group`` and, of faces, ``duplicate`` and ``ferplus``.
        """
        return Answers.load(self.arrays_path, split, self[split]["labels"], source)

    def __getitem__(self, key: str):
        if key not in self.facts:
            raise FieldError(self.path, f"does not say {key!r}", REMEDY)
        return self.facts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.facts)

    def __len__(self) -> int:
        return len(self.facts)

    def __repr__(self) -> str:
        return f"Record({self.name!r})"


def shipped_folder() -> Path:
    """Where records ship: ``data/runs``."""
    return config.shipped_root() / "runs"


def read(name: str, folder: Path | None = None) -> Record | None:
    """The record of that name, None where there is none: it was not run yet.

    Parameters
    ----------
    name : without ``.json``.
    folder : where it lies; by default where records ship.

    Examples
    --------
    >>> record = read("official-fer2013-conv2d-best-s0")
    >>> record["network"], record["test"]["n"]
    ('conv2d', 3589)
    >>> record.answers("test").proba.shape
    (3589, 7)
    >>> read("never-run") is None
    True

    Raises
    ------
    DataError : a damaged record.
    """
    path = (folder or shipped_folder()) / f"{name}.json"
    if not path.is_file():
        return None
    return Record(path, read_json(path, RecordFields, REMEDY))


def find(folder: Path | None = None, **wanted) -> list[Record]:
    """All records that say just this, by seed.

    Parameters
    ----------
    folder : where they lie; by default where records ship.
    **wanted : keys of a record and their values, such as ``protocol``, ``data``, ``network``,
        ``variant``.

    Examples
    --------
    >>> [record["seed"] for record in find(protocol="folds-5", network="conv1d", variant="best")]
    [0, 1, 2]
    """
    found = []
    for path in sorted((folder or shipped_folder()).glob("*.json")):
        record = read(path.stem, path.parent)
        if all(record.get(key) == value for key, value in wanted.items()):
            found.append(record)
    return sorted(found, key=lambda record: record.get("seed", 0))


def of_card(card: Mapping, folder: Path | None = None) -> Record:
    """The record of the training that a network's card names.

    Parameters
    ----------
    card : of the network.
    folder : where the network's file lies: its record is looked for there first, then among those
        that ship.

    Raises
    ------
    NetworkError : no such record.
    """
    places = [shipped_folder()] if folder is None else [folder, shipped_folder()]
    for place in places:
        if record := read(card["run"], place):
            return record
    raise NetworkError(
        f"the record of {card['name']} is missing: {card['run']}.json must lie beside the network"
    )


def write(
    name: str,
    facts: Mapping,
    arrays: Mapping[str, np.ndarray] | None = None,
    *,
    folder: Path | None = None,
    publish: bool = False,
) -> Path:
    """Put a record into a folder.

    Parameters
    ----------
    name : of the record.
    facts : for ``NAME.json``.
    arrays : for ``NAME.npz``, where there are answers.
    folder : where to; by default the output root, ``./runs``.
    publish : put it where records ship instead.

    Returns
    -------
    The path of the JSON file.
    """
    if publish:
        folder = shipped_folder()
    elif folder is None:
        folder = config.output_root()
    if arrays is not None:
        with replacing(folder / f"{name}.npz") as temporary:
            np.savez_compressed(temporary, **arrays)
    path = folder / f"{name}.json"
    text = json.dumps(dict(facts), indent=1, ensure_ascii=False)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    return path
