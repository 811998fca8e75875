"""Which files are films, and where each one's results go."""

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from ..errors import DataError
from ..report.reading import INDEX, TABLE, is_of_another
from ..support.files import printable

#: In a folder, files that end like this are films or recordings; all others are passed over.
FILM_SUFFIXES = {
    ".3gp", ".asf", ".avi", ".divx", ".f4v", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4",
    ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".rm", ".rmvb", ".ts", ".vob", ".webm", ".wmv",
    ".aac", ".aif", ".aiff", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav", ".wma",
}  # fmt: skip
#: Names that Windows keeps for devices.
DEVICES = {"con", "prn", "aux", "nul"}
DEVICES |= {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
#: Bytes of a folder's name: file systems allow 255, and more is to be added.
LONGEST = 180


@dataclass(frozen=True)
class Listed:
    """One of several films.

    Attributes
    ----------
    path : where it lies, absolute.
    name : how the table calls it: its path in the folder that was given, or the path that was
        given.
    folder : of its results, relative to where all results go, with ``/``.
    """

    path: Path
    name: str
    folder: str


def gather(films: Iterable[str | os.PathLike], out: Path) -> list[Listed]:
    """All films in some folders and under some paths, each once.

    Parameters
    ----------
    films : paths of films, whatever they end in, and of folders: all films in them and in their
        sub-folders, in order of their names. A file is a film by its name's end
        (``FILM_SUFFIXES``), readable or not. Hidden files and folders, folders behind links, and
        what an analysis wrote (``out``, ``annotated.mp4`` beside a report) are passed over.
    out : where results go; each film's folder keeps the sub-folders of the folder that was given.

    Returns
    -------
    The films, each with a folder of its own: named after the film; where two would bear one name,
    also on systems that do not tell large letters from small ones, with the film's ending as well;
    and where that is not enough, with letters that belong to the film's place on disk.

    Raises
    ------
    DataError : a folder without films, or one that cannot be read.
    """
    given = [Path(film) for film in films]
    paths = {}
    for path in given:
        if path.is_dir():
            _add_folder(paths, path, out, alone=len(given) == 1)
        else:
            paths.setdefault(os.path.realpath(path), (path, path.name, str(path)))
    found = list(paths.values())
    folders = _result_folders([(PurePath(inside), path) for path, inside, _ in found])
    listed = []
    for (path, _, name), folder in zip(found, folders, strict=True):
        listed.append(Listed(path.absolute(), printable(name), folder))
    return listed


def own_folder(film: Path, root: Path) -> Path:
    """Where the results of one film go: a folder of its name; where another film's results lie, one
    of its name and ending; where these too are another's, with letters that belong to its place.

    Parameters
    ----------
    film : whose results.
    root : where the folder is.
    """
    size = film.stat().st_size if film.is_file() else None
    for marks in range(3):
        folder = root / _folder(PurePath(film.name), film, marks)
        if not is_of_another(folder, film.name, size):
            break
    return folder


def _add_folder(paths: dict, folder: Path, out: Path, *, alone: bool) -> None:
    """Add a folder's films by their real paths: (path, place among the results, name)."""
    films = list(_films_in(folder, out))
    if not films:
        raise DataError(folder, "no film or recording in it", "give the folder that holds them")
    for film in films:
        inside = film.relative_to(folder)
        name = inside
        if not alone:
            inside = PurePath(folder.resolve().name, inside)
            name = folder / name
        paths.setdefault(os.path.realpath(film), (film, str(inside), name.as_posix()))


def _films_in(folder: Path, out: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder, onerror=_refuse):
        # os.walk goes on with what is left in the list.
        folders[:] = [name for name in sorted(folders) if _is_entered(Path(here, name), out)]
        for name in sorted(names):
            if _is_film(Path(here, name)):
                yield Path(here, name)


def _refuse(error: OSError) -> None:
    remedy = "make it readable, or give the films themselves"
    raise DataError(error.filename, f"cannot be read ({error.strerror})", remedy)


def _is_entered(folder: Path, out: Path) -> bool:
    return not folder.name.startswith(".") and folder.resolve() != out.resolve()


def _is_film(path: Path) -> bool:
    if path.name.startswith(".") or path.suffix.lower() not in FILM_SUFFIXES:
        return False
    if path.name == "annotated.mp4" and path.with_name("report.html").is_file():
        return False
    # A pipe would be waited for; a link to nothing is a film that fails.
    return path.is_file() or not path.exists()


def _result_folders(films: Sequence[tuple[PurePath, Path]]) -> list[str]:
    """A folder for each film (place among the results, path), no two alike and none in another."""
    marks = [0] * len(films)
    while True:
        folders = [_folder(*film, mark) for film, mark in zip(films, marks, strict=True)]
        clashing = [k for k in _clashing(folders) if marks[k] < 2]
        if not clashing:
            return folders
        for k in clashing:
            marks[k] += 1


def _folder(inside: PurePath, path: Path, marks: int) -> str:
    """A film's folder, with as many marks as it takes to tell it from others."""
    name = inside.stem
    if marks:
        name = inside.name
    name = _allowed(name)
    if marks > 1:
        place = os.fsencode(os.path.abspath(path))
        name = f"{name}-{hashlib.sha256(place).hexdigest()[:8]}"
    return "/".join([*map(_allowed, inside.parent.parts), name])


def _clashing(folders: Sequence[str]) -> list[int]:
    keys = [_key(folder) for folder in folders]
    counted = Counter(keys)
    above = {TABLE, INDEX}  # they lie beside the films' folders
    for key in keys:
        above |= {str(parent) for parent in PurePath(key).parents}
    return [k for k, key in enumerate(keys) if counted[key] > 1 or key in above]


def _key(folder: str) -> str:
    """Alike for names that some file system takes for one."""
    return unicodedata.normalize("NFC", folder).casefold()


def _allowed(name: str) -> str:
    """The name as every system allows a folder to be called."""
    name = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", printable(name))
    name = name.encode()[:LONGEST].decode(errors="ignore").strip(". ") or "film"
    if name.partition(".")[0].lower() in DEVICES:
        name = f"_{name}"
    return name
