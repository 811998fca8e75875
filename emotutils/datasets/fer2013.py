"""FER2013: 35,887 web pictures of faces, 48×48 grey, with seven emotions (Goodfellow et al. 2013;
thesis 4.7).

With it FER+, the votes of ten people on each picture (Barsoum et al., Training Deep Networks for
Facial Expression Recognition with Crowd-Sourced Label Distribution, ICMI 2016). Taught in
notebooks/03_face_data.
"""

import hashlib
import os
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from .. import config
from ..emotions import CODES, EMOTIONS, FERPLUS
from ..errors import DataError
from ..support.caching import cached_arrays
from .base import Dataset, Rejects
from .catalog import CATALOG
from .listing import DAMAGED, files_in, is_hidden

CITATION = CATALOG["fer2013"].citation
LICENCE = CATALOG["fer2013"].licence
SPLITS = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
#: So many of the ten votes make a majority.
MAJORITY = 6

# What copies call their folders, in the order of the csv's codes.
FOLDERS = (
    "angry anger, disgust disgusted, fear fearful, happy happiness, sad sadness, "
    "surprise surprised, neutral"
)
CODE_OF = {
    word: code
    for code, words in enumerate(FOLDERS.split(","))
    for word in (str(code), *words.split())
}
PARTS = {
    "train": "Training",
    "validation": "PublicTest",
    "val": "PublicTest",
    "test": "PrivateTest",
}
# The csv holds Training, then PublicTest, then PrivateTest; and of PublicTest so many by code.
USAGE_OF_ROW = np.repeat(list(SPLITS), (28709, 3589, 3589))
PUBLIC_TEST = (467, 56, 496, 895, 653, 415, 607)
TWINS = Path(__file__).with_name("fer2013_twins.txt")
CSVS = ("/fer2013.csv", "/icml_face_data.csv")
PICTURES = (".jpg", ".jpeg", ".png")
ARCHIVES = (".zip", ".tar.gz")
COLUMNS = ["id", "row", "label", "y", "group", "split", "usage", "pixels"]


def load(root: str | os.PathLike | None = None, *, on_error: str = "raise") -> Dataset:
    """Read FER2013 from the folder ``fer2013`` of the data root, in any depth, with its official
    split.

    The first of these that is there is read, once; then it comes from the cache, until a file there
    changes:

    1. ``fer2013.csv`` (columns emotion, pixels, Usage), or ``icml_face_data.csv`` (the same in
      another order);
    2. pictures, jpg or png, by part and emotion: ``train/angry/Training_3908.jpg``. What the names
       tell goes before what the part's folder tells:

       - ``Training_…``, ``PublicTest_…``, ``PrivateTest_…`` (msambare/fer2013 on Kaggle, whose
         ``test`` holds both);
       - ``0.jpg`` … ``35886.jpg``, none twice: rows of the csv, from which the part follows
         (jonathanoheix/face-expression-recognition-dataset, whose own folders are a split of its
         maker);
       - ``im0.png``, ``im1.png`` … (ananthu017/emotion-detection-fer): numbered by emotion in the
         csv's order, so that in ``test`` PublicTest comes first;
       - other names: ``train`` is Training, ``validation`` or ``val`` PublicTest, ``test``
         PrivateTest;
    3. a ``.zip`` or ``.tar.gz`` of any of these, without unpacking it.

    FER+'s ``fer2013new.csv``, there or in the archive, is matched with the csv row by row, and with
    pictures whose name is a row's number or FER+'s own (``fer0000000.png``). Pictures with other
    names have lost the csv's order and get no votes. Folders that were sorted by FER+'s majority
    give FER+'s labels, not FER2013's.

    Parameters
    ----------
    root : the data root; see ``config.data_root``.
    on_error : ``"raise"``, or ``"report"``: what is damaged is left out, and ``rejects`` says why.

    Returns
    -------
    Dataset with columns ``row`` (of the csv, from 0; of pictures without the csv's order, the place
    of their path among all), ``usage`` (the csv's word) and, as ``group``, a hash of the pixels,
    because FER2013 holds the same picture several times. ``id`` is ``fer2013-<row>``. ``split``
    maps Training / PublicTest / PrivateTest to train / validation / test: choose on the second,
    report the third once. With FER+ also:

    - ``ferplus_neutral`` … ``ferplus_nf`` (int): the votes, ten a row (one row has nine);
    - ``ferplus_label`` (str): the one of our seven with at least 6 votes; empty where none has;
    - ``ferplus_face`` (bool): False where at least 6 voted "not a face" (NF).

    Raises
    ------
    DataError : no set there, a damaged archive or csv, a missing column or wrong delimiter; and
        with ``on_error="raise"`` a label outside 0..6, an unknown Usage, a row or picture that does
        not hold 48×48 pixels in 0..255, an unknown folder, an emotion without pictures, votes that
        do not fit.
    """
    rejects = Rejects(on_error)
    arrays = _read_cached(config.data_root(root) / "fer2013", rejects)
    pixels = arrays.pop("pixels")
    table = pd.DataFrame(arrays)

    def faces(rows: np.ndarray) -> np.ndarray:
        return pixels[rows].reshape(-1, 48, 48, 1)

    return Dataset(
        "fer2013", table, EMOTIONS, CITATION, LICENCE, read_faces=faces, rejects=rejects.table()
    )


def twins() -> frozenset[str]:
    """The ids of PrivateTest's faces of which Training holds the same picture or a near-duplicate.

    They were found once by ``studies.facts.describe`` (a minute's work) and are kept beside this
    reader.
    """
    return frozenset(TWINS.read_text(encoding="utf-8").split())


def soft_labels(table: pd.DataFrame) -> np.ndarray:
    """FER+'s votes as a distribution over the seven: what a face looks like to ten people (Barsoum
    et al. 2016).

    Parameters
    ----------
    table : of a set that was loaded with FER+'s votes, or some of its rows.

    Returns
    -------
    float32 (n, 7), in the order of ``EMOTIONS``; each row sums to 1. Votes for contempt, unknown
    and "not a face" do not count; a row with no other vote is NaN.

    Raises
    ------
    DataError : the table holds no votes.
    """
    columns = [f"ferplus_{e}" for e in EMOTIONS]
    if not set(columns) <= set(table.columns):
        raise DataError(
            "table", "holds no FER+ votes", "put fer2013new.csv beside fer2013.csv and load again"
        )
    votes = table[columns].to_numpy(np.float32)
    with np.errstate(invalid="ignore"):
        return votes / votes.sum(axis=1, keepdims=True)


def _read_cached(folder: Path, rejects: Rejects) -> dict[str, np.ndarray]:
    """The columns of the table, and ``pixels``, uint8 (n, 2304).

    The csv is 290 MB of text. The cache's key is place, size and time of every file from which a
    set could come.
    """
    paths = [
        p
        for p in sorted(files_in(folder))
        if p.name.lower().endswith((".csv", *PICTURES, *ARCHIVES))
    ]
    stats = [(p.as_posix(), s.st_size, s.st_mtime_ns) for p in paths for s in [p.stat()]]
    key = hashlib.sha1(repr((2, str(folder.resolve()), stats)).encode()).hexdigest()[
        :16
    ]  # 2: version of what is kept
    opened = {p.as_posix(): partial(open, p, "rb") for p in paths}

    def compute() -> dict[str, np.ndarray]:
        table = _parse(folder, opened, rejects)
        return {name: np.array(table[name].tolist()) for name in table}

    def keep() -> bool:
        return rejects.table().empty  # what was refused must be said again next time

    return cached_arrays(config.cache_root() / f"fer2013-{key}.npz", COLUMNS, compute, keep)


def _parse(folder: Path, files: dict[str, Callable], rejects: Rejects) -> pd.DataFrame:
    """The table, with one more column, ``pixels``; ``files`` maps a place to what opens it."""
    archives = [place for place in files if place.lower().endswith(ARCHIVES)]
    with ExitStack() as stack:
        for archive in archives:
            files = files if _source(files) else files | _members(archive, stack)
        source = _source(files)
        if not source:
            raise DataError(
                ", ".join([str(folder), *archives]),
                "FER2013 not found",
                "put Kaggle's fer2013.csv, its archive or the folders train and test there, "
                "or name the folder's parent in EMOTUTILS_DATA",
            )
        votes = [place for place in files if place.lower().endswith("/fer2013new.csv")]
        votes_at = votes[0] if votes else None
        votes = _read_csv(votes_at, files, ["Usage", "Image name", *FERPLUS]) if votes_at else None
        if source[0].lower().endswith(CSVS):
            csv = _read_csv(source[0], files, ["emotion", "Usage", "pixels"])
            rows = [
                (f"{source[0]}, line {i + 2}", i, *values)
                for i, values in enumerate(csv.itertuples(index=False))
            ]
            total = len(rows)
        else:
            rows, total = _pictures(
                source, files, list(votes["Image name"]) if votes_at else [], rejects
            )
        kept = []
        for where, row, word, usage, holder in rows:
            values = _pixels(holder)
            if word not in CODE_OF:
                what = f"label {word!r} is none of 0..6 (folders {FOLDERS})"
            elif usage not in SPLITS:
                what = (
                    f"Usage {usage!r} is none of {', '.join(SPLITS)} (folders {', '.join(PARTS)})"
                )
            elif len(values) != 48 * 48 or values.min() < 0 or values.max() > 255:
                what = "does not hold 48×48 pixels in 0..255"
            else:
                y, pixels = CODE_OF[word], values.astype(np.uint8)
                group = hashlib.sha1(pixels.tobytes()).hexdigest()[:16]
                kept.append(
                    (
                        f"fer2013-{row}",
                        row,
                        CODES["fer2013"][y],
                        y,
                        group,
                        SPLITS[usage],
                        usage,
                        pixels,
                    )
                )
                continue
            rejects.add(where, what, "mend or remove it, or download FER2013 again")
    table = pd.DataFrame(sorted(kept, key=lambda values: values[1]), columns=COLUMNS)
    return (
        table.join(_ferplus(votes_at, votes, table, total, rejects))
        if votes_at and total
        else table
    )


def _source(files: dict[str, Callable]) -> list[str]:
    """The csv to read (the outermost), or else all pictures."""
    csvs = sorted(
        (p for p in files if p.lower().endswith(CSVS)),
        key=lambda p: (p.lower().endswith(CSVS[1]), p.count("/")),
    )
    return csvs[:1] or [place for place in files if place.lower().endswith(PICTURES)]


def _members(archive: str, stack: ExitStack) -> dict[str, Callable]:
    """What an archive holds, named as if it were a folder; nothing is unpacked to disk."""
    try:
        if archive.lower().endswith(".zip"):
            z = stack.enter_context(zipfile.ZipFile(archive))
            names = [name for name in z.namelist() if not is_hidden(name)]
            return {f"{archive}/{name}": partial(z.open, name) for name in names}
        t = stack.enter_context(tarfile.TarFile.open(archive))
        members = [m for m in t if m.isfile() and not is_hidden(m.name)]
        return {f"{archive}/{m.name}": partial(t.extractfile, m) for m in members}
    except (OSError, *DAMAGED):
        raise DataError(archive, "damaged or cut off", "download it again") from None


def _read_csv(place: str, files: dict[str, Callable], columns: list[str]) -> pd.DataFrame:
    """These columns of a csv, as text."""
    try:
        with files[place]() as file:
            table = pd.read_csv(
                file, dtype=str, keep_default_na=False, skipinitialspace=True, index_col=False
            )
    except DAMAGED as error:  # pandas' own are ValueErrors
        raise DataError(
            place, f"not a readable csv ({' '.join(str(error).split())})", "download it again"
        ) from None
    table.columns = table.columns.str.strip()
    missing = ", ".join(c for c in columns if c not in table.columns)
    if missing:
        raise DataError(
            place, f"no column {missing}", f"expected {', '.join(columns)}, separated by commas"
        )
    return table[columns].fillna("")


def _pictures(
    source: list[str], files: dict[str, Callable], ferplus_names: list[str], rejects: Rejects
) -> tuple:
    """Place, row, label, Usage and opener of each picture, as ``load`` says; and how many rows FER+
    must have, or 0.
    """
    # Some copies hold the same folders twice (images/train and images/images/train): the outer ones
    # count.
    places = {
        tuple(f"/{p}".split("/")[-3:]): p for p in sorted(source, key=lambda p: -p.count("/"))
    }
    stems = [Path(name).stem for *_, name in places]
    row_of = {Path(n).stem: row for row, n in enumerate(ferplus_names)} | {
        s: int(s) for s in stems if s.isdecimal()
    }
    rows = [row_of.get(stem, len(USAGE_OF_ROW)) for stem in stems]
    numbered = max(rows) < len(USAGE_OF_ROW) and len(set(rows)) == len(rows)
    if not numbered:
        tails = ["/".join(tail) for tail in places]
        rows = np.unique(tails, return_inverse=True)[1].tolist()
    out = []
    for row, stem, ((part, folder, _), place) in zip(rows, stems, places.items(), strict=True):
        word = folder.lower()
        named = stem.split("_")[0]
        count = stem.removeprefix("im")
        if numbered:
            usage = str(USAGE_OF_ROW[row])
        elif named in SPLITS:
            usage = named
        else:
            usage = PARTS.get(part.lower(), part)
        if (
            part.lower() == "test"
            and stem == f"im{count}"
            and count.isdecimal()
            and word in CODE_OF
        ):
            usage = "PublicTest" if int(count) < PUBLIC_TEST[CODE_OF[word]] else "PrivateTest"
        out.append((place, row, word, usage, files[place]))
    held = {(place.rsplit("/", 2)[0], CODE_OF.get(word)) for place, _, word, *_ in out}
    for above, code in sorted({(above, code) for above, _ in held for code in range(7)} - held):
        rejects.add(
            above, f"holds no picture of {EMOTIONS[code]}", f"unpack it again (folders {FOLDERS})"
        )
    return out, len(USAGE_OF_ROW) if numbered else 0


def _pixels(holder: str | Callable) -> np.ndarray:
    """The 2,304 numbers of a row of the csv or of a picture; fewer where it does not hold them."""
    try:
        if isinstance(holder, str):
            return np.fromstring(
                holder, np.int64, sep=" "
            )  # four times as fast as np.array(holder.split())
        with holder() as file, Image.open(file) as image:
            return np.asarray(image.convert("L")).ravel() if image.size == (48, 48) else np.empty(0)
    except (
        OSError,
        SyntaxError,
        Image.DecompressionBombError,
        *DAMAGED,
    ):  # numpy's, then Pillow's
        return np.empty(0)


def _ferplus(
    where: str, votes: pd.DataFrame, table: pd.DataFrame, total: int, rejects: Rejects
) -> pd.DataFrame:
    """The columns that FER+ adds; none where its file does not fit."""
    counts = votes[list(FERPLUS)].apply(pd.to_numeric, errors="coerce")
    fits = len(votes) == total and list(votes["Usage"].iloc[table["row"]]) == list(table["usage"])
    if not fits or not counts.isin(range(11)).all(axis=None):
        what = "its rows are not those of this FER2013"
        if fits:
            what = "holds votes that are not counts in 0..10"
        rejects.add(where, what, "download it again, or FER2013 if that is not whole")
        return pd.DataFrame(index=table.index)
    counts = counts.astype(int).iloc[table["row"]].set_axis(table.index)
    seven = counts[list(EMOTIONS)]
    label = seven.idxmax(axis=1).where(seven.max(axis=1) >= MAJORITY, "")
    return (
        counts.assign(label=label, face=counts["NF"] < MAJORITY)
        .rename(columns=str.lower)
        .add_prefix("ferplus_")
    )
