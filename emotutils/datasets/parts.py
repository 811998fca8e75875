"""From a data set to the arrays a network trains on. Taught in notebooks/03_face_data and
notebooks/05_voice_data.

Nothing is standardised here: a network's own ``Normalization`` layer is fitted on the rows of its
training part, by ``training.train``, and kept in its file, so that validation and test rows cannot
take part in it.
"""

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from scipy.signal import resample_poly
from tqdm.auto import tqdm

from .. import config
from ..errors import DataError
from ..support.caching import cached_arrays
from ..support.files import check_writable, replacing
from ..texts import Tokens
from ..voices import HOP, WINDOW, Features, augment_sound
from ..voices.features import window_features
from .base import Dataset, plural


@dataclass(frozen=True)
class Part:
    """Training, validation or test material: ``x`` (n, …), ``y`` int32 (n,), ``group`` and ``id``
    str (n,).

    ``id`` names the image row or, for sound, the recording: the windows of one recording share it.
    """

    x: np.ndarray
    y: np.ndarray
    group: np.ndarray
    id: np.ndarray

    def __len__(self) -> int:
        return len(self.y)


def part(
    dataset: Dataset,
    split: str | None,
    modality: str,
    features: Features | Tokens | None = None,
    speeds: tuple[float, ...] = (1.0,),
    *,
    copies: int = 0,
    seed: int = 0,
) -> Part:
    """One split of a data set as arrays.

    Faces are uint8 (n, 48, 48, 1); voices are what ``features`` gives for windows of 3 s, as
    ``analyze`` takes them; action units are float32 (n, 35); texts are the numbers that
    ``features`` gives.

    Parameters
    ----------
    dataset : as ``datasets.load`` gives it.
    split : ``"train"``, ``"validation"``, ``"test"``, or None for all rows.
    modality : ``"face"``, ``"voice"``, ``"units"`` or ``"text"``: what the set must hold.
    features : what is computed of voices or texts, as a recipe names it; None for the others.
    speeds, copies, seed : see `voice_part`. Faces have none of them: they are varied anew in every
        training batch.

    Raises
    ------
    DataError : the set does not hold what the modality needs, or has no rows in that split; other
        speeds or copies for faces, or for another part than ``train``.
    """
    if modality != dataset.modality:
        raise DataError(
            dataset.name,
            f"holds {plural(dataset.modality)}, which a {modality} network cannot use",
            f"take a set of {plural(modality)}",
        )
    if not len(dataset.rows(split)):
        raise DataError(
            dataset.name, f"has no {split or ''} rows", "choose another part or protocol"
        )
    if modality == "voice":
        return voice_part(dataset, split, features, speeds, copies=copies, seed=seed)
    _check_varied(dataset, split, speeds, copies)
    if modality == "units":
        return units_part(dataset, split)
    if modality == "text":
        return text_part(dataset, split, features)
    return face_part(dataset, split)


def face_part(dataset: Dataset, split: str | None) -> Part:
    """The faces of one split; kept as uint8, a quarter of the memory that float32 would take."""
    rows = dataset.rows(split)
    x = np.asarray(dataset.read_faces(rows)).astype(np.uint8, copy=False)
    return part_of(x, dataset.table.iloc[rows])


def units_part(dataset: Dataset, split: str) -> Part:
    """The action units of one split, float32 (n, 35) in the order of ``openface.UNITS``."""
    rows = dataset.rows(split)
    return part_of(dataset.units(rows), dataset.table.iloc[rows])


def text_part(dataset: Dataset, split: str | None, tokens: Tokens) -> Part:
    """The texts of one split as numbers of their pieces: int32 (n, words, pieces)."""
    rows = dataset.rows(split)
    return part_of(tokens(dataset.texts(rows)), dataset.table.iloc[rows])


def part_of(x: np.ndarray, table: pd.DataFrame) -> Part:
    """The rows of a table with their inputs (n, …)."""
    return Part(
        x,
        table["y"].to_numpy(np.int32),
        table["group"].to_numpy(str),
        table["id"].to_numpy(str),
    )


def voice_part(
    dataset: Dataset,
    split: str | None,
    features: Features,
    speeds: tuple[float, ...] = (1.0,),
    *,
    copies: int = 0,
    seed: int = 0,
) -> Part:
    """Recordings of one split → silence trimmed → windows of 3 s → features; one row a window.

    A clip shorter than a window is one window, padded and masked. Features are cached by content
    and settings.

    Parameters
    ----------
    speeds : plays each recording at these speeds (0.9: slower and lower); only the train part may
        have others than 1.
    copies : beside these, so many copies of each recording, varied by ``voices.augment_sound``;
        only in the train part.
    seed : of the copies.

    Raises
    ------
    DataError : other speeds or copies for another part than ``train``.
    """
    _check_varied(dataset, split, speeds, copies)
    rows = dataset.rows(split)
    table = dataset.table.iloc[rows]
    settings = [features.to_dict(), speeds, copies and [copies, seed], WINDOW, HOP]

    def compute() -> dict[str, np.ndarray]:
        return _windows(dataset.voices(rows, features.sr), features, speeds, copies, seed)

    arrays = cached("voices", settings, table["path"], ["x", "source"], compute)
    return part_of(arrays["x"], table.iloc[arrays["source"]])


def _check_varied(
    dataset: Dataset, split: str | None, speeds: tuple[float, ...], copies: int
) -> None:
    if (copies or set(speeds) != {1.0}) and (split != "train" or dataset.modality != "voice"):
        raise DataError(
            f"{dataset.name}, {split}",
            f"speeds {speeds} and {copies} copies are for the recordings of a train part, "
            "because a score counts what was recorded",
            "leave both out",
        )


def _windows(
    voices: list[np.ndarray], features: Features, speeds: tuple[float, ...], copies: int, seed: int
) -> dict[str, np.ndarray]:
    """Features of every window, and the number of the recording that each is from."""
    x, source = [], []
    for i, voice in enumerate(voices):
        played = [
            voice if s == 1 else resample_poly(voice, 100, round(100 * s)).astype(np.float32)
            for s in speeds
        ]
        played += [
            augment_sound(voice, features.sr, np.random.default_rng([seed, i, k]))
            for k in range(copies)
        ]
        for sound in played:
            windows = window_features(sound, features)
            x += windows
            source += [i] * len(windows)
    return {"x": np.stack(x), "source": np.array(source)}


def extract_features(
    dataset: Dataset,
    features: Features,
    rows: np.ndarray | None = None,
    *,
    n_jobs: int = 1,
    cache: bool = True,
    progress: bool = False,
) -> np.ndarray:
    """Features of whole recordings, one row a recording: what a table of features wants (thesis
    4.7).

    Unlike `voice_part` it cuts no windows: of a recording longer than ``features.seconds`` (after
    trimming) the middle counts.

    Parameters
    ----------
    rows : row numbers of ``dataset.table``; all by default.
    n_jobs : worker processes (joblib); any number gives the same result. Threads would not help:
        most of the steps are too short for Python to let another thread run meanwhile.
    cache : keep the result in the cache, under a name made of the recordings' bytes, ``features``
        and the version of this package: a copy of the data elsewhere finds it.
    progress : show a bar.

    Returns
    -------
    float32 (n, *features.shape), in the order of ``rows``.

    Raises
    ------
    DataError : a set without recordings; a recording that is missing or unfit to be learned from.
    """
    if dataset.modality != "voice":
        what = f"holds {plural(dataset.modality)}"
        raise DataError(dataset.name, what, "sound features need a set of recordings")
    table = dataset.table if rows is None else dataset.table.iloc[rows]

    def compute() -> dict[str, np.ndarray]:
        pieces = [replace(dataset, table=table[i : i + 32]) for i in range(0, len(table), 32)]
        work = joblib.Parallel(n_jobs, return_as="generator")(
            joblib.delayed(_features)(p, features) for p in pieces
        )
        x = [np.empty((0, *features.shape), np.float32)]
        with tqdm(total=len(table), unit="clip", disable=not progress, dynamic_ncols=True) as bar:
            for piece in work:
                x.append(piece)
                bar.update(len(piece))
        return {"x": np.concatenate(x)}

    if not cache:
        return compute()["x"]
    return cached("features", features.to_dict(), table["path"], ["x"], compute)["x"]


def _features(dataset: Dataset, features: Features) -> np.ndarray:
    return np.stack([features(x) for x in dataset.voices(sr=features.sr)])


def cached(
    name: str,
    settings: object,
    paths: Iterable[str],
    names: Collection[str],
    compute: Callable[[], dict[str, np.ndarray]],
) -> dict[str, np.ndarray]:
    """The arrays of ``compute``, which have these names, kept as npz under a name made of the
    settings and of what the files hold.

    Reading the files to name them costs about a tenth of reading and transforming them.
    """
    key = hashlib.sha1(json.dumps([version("emotutils"), settings], sort_keys=True).encode())
    for path in paths:
        try:
            key.update(hashlib.sha1(Path(path).read_bytes()).digest())
        except OSError as error:
            raise DataError(
                path, error.strerror, "put the recording back, or load the data set again"
            ) from None
    file = config.cache_root() / f"{name}-{key.hexdigest()[:20]}.npz"
    return cached_arrays(file, names, compute)


# --- the thesis's files ---------------------------------------------------------------------------


def save_joblib(path: str | os.PathLike, X: np.ndarray, y: np.ndarray) -> None:
    """Write features and labels as the thesis keeps them (4.7): ``X.joblib`` and ``y.joblib`` in
    the folder ``path``.

    The work it builds on (github.com/marcogdepinto/emotion-classification-from-audio-files) has the
    40 time-averaged MFCCs as X, float32 (n, 40), and as y RAVDESS's own emotion code less 1
    (``emotions.CODES``: neutral 0, calm 1, happiness 2 …), which is not our order. What is given is
    written as it is.

    Raises
    ------
    DataError : X and y of different length. EmotutilsError : a folder that cannot be written.
    """
    _check_pair(path, X, y)
    check_writable(path)
    for name, values in (("X", X), ("y", y)):
        with replacing(Path(path) / f"{name}.joblib") as temporary:
            joblib.dump(np.asarray(values), temporary)


def load_joblib(path: str | os.PathLike, *, trust: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Read ``X.joblib`` and ``y.joblib`` in the folder ``path``, lists or arrays, as two arrays.

    Parameters
    ----------
    trust : a joblib file is a pickle: it can run any program when it is opened. True says that you
        know its author.

    Raises
    ------
    DataError : without ``trust``; a file that is missing or damaged; X and y of different length.
    """
    if not trust:
        raise DataError(
            path,
            "not opened, because a joblib file can run code when it is read",
            "pass trust=True if you know who wrote it, or ask for .npz or .csv",
        )
    read = []
    for file in (Path(path) / "X.joblib", Path(path) / "y.joblib"):
        try:
            read.append(np.asarray(joblib.load(file)))
        except Exception as error:  # a damaged pickle may raise anything
            raise DataError(
                file, f"cannot be read ({error})", "write it again with save_joblib"
            ) from error
    _check_pair(path, *read)
    return read[0], read[1]


def _check_pair(path: str | os.PathLike, X: np.ndarray, y: np.ndarray) -> None:
    if len(X) != len(y):
        raise DataError(
            path,
            f"{len(X)} rows of features and {len(y)} labels",
            "make them from the same recordings",
        )
