"""Aff-Wild2: films from the web with an expression for every frame (Kollias & Zafeiriou 2018;
thesis 4.7).

Also reads the text files of its forerunner Aff-Wild, which hold valence and arousal and no emotion
words. Taught in notebooks/04_film_data.
"""

import os
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from .. import config
from ..emotions import CODES, EMOTIONS
from ..errors import DataError
from .base import Dataset, Rejects
from .catalog import CATALOG
from .listing import files_in

CITATION = CATALOG["affwild2"].citation
LICENCE = CATALOG["affwild2"].licence

#: The expressions a header may name: the seven of 2020, and ``Other`` since 2022.
EXPRESSIONS = CODES["affwild2"] | {"Other": "other"}
#: The folders of annotations, as named since 2020.
SPLITS = {
    "Train_Set": "train",
    "Training_Set": "train",
    "Validation_Set": "validation",
    "Test_Set": "test",
}
#: Columns that are text even where they look like numbers: there are films called 112 and 288.
AGAIN = "run emotutils.datasets.prepare_films() again"
TEXT = ("id", "path", "label", "film", "side", "split", "group", "reason", "settings")


def films(root: str | os.PathLike | None = None, *, on_error: str = "raise") -> pd.DataFrame:
    """List the annotations under ``affwild2/`` with the films they belong to, then the films
    without one.

    Films (mp4, avi) may lie in any depth (``videos/``, ``batch1/`` …). Annotations are the text
    files in a ``…_Set`` folder somewhere below one that begins with ``EXPR``:
    ``EXPR_Classification_Challenge/Train_Set/NAME.txt``, or ``EXPR_Set/Training_Set`` of 2020.
    ``NAME_left.txt`` and ``NAME_right.txt`` are two people in one film, NAME. Where only one of the
    two has a suffix, as in 10-60-1280x720, the plain file is the person on the other side.

    Parameters
    ----------
    root : the data root; see ``config.data_root``.
    on_error : ``"report"`` notes what is wrong in the column ``problem`` instead of raising it.

    Returns
    -------
    Columns ``name`` (the annotation's), ``film``, ``side`` (``left``, ``right`` or empty),
    ``split``, ``path``, ``annotation``, ``n_lines`` (labels), ``problem`` (with the annotation;
    empty: usable) and ``remedy``. A film without annotation is no error, since the test films have
    none: its ``annotation`` and ``split`` are empty.

    Raises
    ------
    DataError : nothing there; only valence and arousal there; or an annotation that is damaged, has
        no film, or has two, or a person annotated twice.
    """
    Rejects(on_error)  # refuses another word
    folder = config.data_root(root) / "affwild2"
    files = sorted(files_in(folder))
    videos: dict[str, list[Path]] = {}
    for path in files:
        if path.suffix.lower() in (".mp4", ".avi"):
            videos.setdefault(path.stem, []).append(path)
    texts = [p for p in files if p.suffix.lower() == ".txt" and p.parent.name in SPLITS]
    texts = [
        p for p in texts if "EXPR" in str(p.relative_to(folder))
    ]  # not those of action units, or of valence
    if not texts:
        raise _nothing(folder, files)
    names, rows, seen = {p.stem for p in texts}, [], {}
    for path in texts:
        film, side = _person(path.stem, videos, names)
        found = videos.get(film, [])
        n_lines = 0
        problem = ""
        remedy = ""
        try:
            n_lines = len(read_annotation(path))
        except DataError as error:
            problem = error.what
            remedy = error.remedy
        if not found:
            problem = f"no film {film}.mp4 or .avi under {folder}"
            remedy = "unpack the archive that holds it"
        elif len(found) > 1:
            problem = f"two films of that name, {found[0]} and {found[1]}"
            remedy = "keep one"
        elif path.stem in seen:
            problem = f"annotated in {seen[path.stem]} as well"
            remedy = "keep one edition of the annotations"
        if problem and on_error == "raise":
            raise DataError(path, problem, remedy)
        seen.setdefault(path.stem, path)
        row = {
            "name": path.stem,
            "film": film,
            "side": side,
            "split": SPLITS[path.parent.name],
            "path": str(found[0]) if found else "",
            "annotation": str(path),
            "n_lines": n_lines,
            "problem": problem,
            "remedy": remedy,
        }
        rows.append(row)
    annotated = {row["film"] for row in rows}
    for film, found in videos.items():
        if film not in annotated:
            row = dict.fromkeys(rows[0], "")
            row |= {"name": film, "film": film, "path": str(found[0])}
            rows.append(row | {"n_lines": 0, "problem": "not annotated"})
    return pd.DataFrame(rows)


def read_annotation(path: str | os.PathLike) -> list[str]:
    """Read the expressions of one film, frame by frame: entry i belongs to decoded frame i, counted
    from 0.

    The header names the codes, 0 first; they are not FER2013's codes, and 2020 had no ``Other``.

    Returns
    -------
    An emotion's name, ``other``, or an empty string where the file says −1 (not annotated), for
    each line.

    Raises
    ------
    DataError : the header is not 7 or 8 known words, there is no line below it, or one is not a
        code of the header.
    """
    header, *lines = Path(path).read_text(
        encoding="utf-8-sig", errors="replace"
    ).rstrip().splitlines() or [""]
    words = [word.strip() for word in header.split(",")]
    if sorted(words) not in (sorted(EXPRESSIONS), sorted(CODES["affwild2"])):
        raise DataError(
            path,
            f"line 1 is {header[:60]!r}, not the names of 7 or 8 expressions",
            "take a file from the EXPR folders",
        )
    names = {"-1": ""} | {str(code): EXPRESSIONS[word] for code, word in enumerate(words)}
    labels = [names.get(line.strip()) for line in lines]
    if None in labels or not labels:
        what = (
            f"line {labels.index(None) + 2} is {lines[labels.index(None)][:60]!r}"
            if labels
            else "ends after line 1"
        )
        raise DataError(
            path, f"{what}, expected a code from -1 to {len(words) - 1}", "copy the file again"
        )
    return labels


def read_valence_arousal(annotations: str | os.PathLike, film: str) -> pd.DataFrame:
    """Read one film of Aff-Wild, Aff-Wild2's forerunner: ``valence/FILM.txt`` and
    ``arousal/FILM.txt``, a value a line.

    Parameters
    ----------
    annotations : the folder with ``valence`` and ``arousal``: ``annotations/train``; the films are
        in ``videos/train``.

    Returns
    -------
    Columns ``frame`` (from 1), ``valence`` and ``arousal`` (−1..1). There are no emotion words: the
    thesis, which sorts this set into seven folders, does not say where it had them from.

    Raises
    ------
    DataError : a file is missing, a line is no number in −1..1, or the two files differ in length.
    """
    columns = {}
    for dimension in ("valence", "arousal"):
        path = Path(annotations, dimension, f"{film}.txt")
        try:
            values = columns[dimension] = np.loadtxt(path, ndmin=1)
        except (OSError, ValueError) as error:
            raise DataError(
                path, error, "one number a line is expected, copy the file again"
            ) from None
        wrong = np.flatnonzero(~(np.abs(values) <= 1))
        if len(wrong):
            raise DataError(
                path,
                f"line {wrong[0] + 1} is {values[wrong[0]]}, not in -1..1",
                "copy the file again",
            )
    if len(values) != len(columns["valence"]) or not len(values):
        raise DataError(
            path,
            f"{len(values)} lines, but {len(columns['valence'])} of valence",
            "copy both again",
        )
    return pd.DataFrame({"frame": np.arange(1, len(values) + 1), **columns})


def load(root: str | os.PathLike | None = None, *, on_error: str = "raise") -> Dataset:
    """Read the faces that ``datasets.prepare_films`` cut out of the films, from
    ``affwild2/faces/table.csv``.

    Parameters
    ----------
    root : the data root; see ``config.data_root``.
    on_error : ``"report"`` leaves out faces whose file is gone and lists them in ``rejects``.

    Returns
    -------
    Dataset with columns ``film``, ``side``, ``frame`` (from 1, as in the published picture names),
    ``t`` (s), ``path``, and OpenFace's columns if its output was used. ``group`` is the film, which
    two people may share; who appears in several films the set does not say. ``split`` is the
    annotation's.

    Raises
    ------
    DataError : no films, films but no faces yet, a table of something else, or faces without their
        file.
    """
    rejects = Rejects(on_error)
    folder = config.data_root(root) / "affwild2" / "faces"
    if not (folder / "table.csv").is_file():
        films(root, on_error="report")  # where there are none, this says how to get them
        run = f"emotutils.datasets.prepare_films({str(config.data_root(root))!r})"
        raise DataError(folder, "films, but no faces yet", f"cut them out with {run}")
    table = read_table(folder / "table.csv")
    needed = {"id", "path", "label", "group", "split", "film", "frame", "t"}
    if not needed <= set(table) or not table["label"].isin(EMOTIONS).all():
        raise DataError(folder, "table.csv is no table of faces", AGAIN)
    table["path"] = [str(folder / path) for path in table["path"]]
    there = np.array([os.path.isfile(path) for path in table["path"]], bool)
    for path in table.loc[~there, "path"]:
        rejects.add(path, "no such file", AGAIN)
    table = table[there].reset_index(drop=True)
    table["y"] = [EMOTIONS.index(label) for label in table["label"]]
    paths = table["path"].to_numpy()

    def faces(rows: np.ndarray) -> np.ndarray:
        pictures = [read_picture(path) for path in paths[rows]]
        return np.array(pictures, np.uint8).reshape(-1, 48, 48, 1)

    return Dataset(
        "affwild2", table, EMOTIONS, CITATION, LICENCE, read_faces=faces, rejects=rejects.table()
    )


def read_table(path: str | os.PathLike) -> pd.DataFrame:
    """Read a csv of faces; an empty cell is an empty text, ``nan`` a number that is missing.

    Raises
    ------
    DataError : a file that is missing or damaged.
    """
    types = dict.fromkeys(TEXT, str)
    try:
        table = pd.read_csv(
            path,
            dtype=types,
            keep_default_na=False,
            na_values=["nan"],
            float_precision="round_trip",
        )
        for column in table.columns.intersection(["frame", "t"]):
            table[column] = pd.to_numeric(table[column])
    except (OSError, ValueError, KeyError) as error:  # pandas' own are ValueErrors
        reason = " ".join(str(error).split())
        raise DataError(path, f"no table of faces ({reason})", AGAIN) from None
    return table


def read_picture(path: str | os.PathLike) -> np.ndarray:
    """Read a picture as grey uint8 (height, width); DataError where it is missing or damaged."""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L"))
    except (OSError, SyntaxError, ValueError):  # what Pillow raises for a damaged png
        raise DataError(path, "missing or damaged", AGAIN) from None


def _person(name: str, videos: Collection[str], names: Collection[str]) -> tuple[str, str]:
    """Film and side of the person whom the annotation of this name is about."""
    for side, other in (("left", "right"), ("right", "left")):
        if name.endswith(f"_{side}") and name not in videos:
            return name.removesuffix(f"_{side}"), side
        if f"{name}_{other}" in names:
            return name, side
    return name, ""


def _nothing(folder: Path, files: list[Path]) -> DataError:
    if any(p.name == "valence" or p.name.startswith("VA_") for p in files):
        return DataError(
            folder,
            "valence and arousal only, no emotion words to sort by",
            "add Aff-Wild2's EXPR annotations",
        )
    return DataError(
        folder,
        "Aff-Wild2 not found; only academics with a permanent position may request it, students "
        "not in their own name (emotutils data fetch affwild2 says how)",
        "put its films and EXPR annotations there, or name its folder's parent in EMOTUTILS_DATA",
    )
