"""Where the film lies, seen from the folder of the results."""

import os
from pathlib import Path
from urllib.parse import quote


def relative_film(film: Path, directory: Path) -> str | None:
    """A film's path relative to a folder, with ``/``; None where there is none to give.

    That is a film that is gone, or one on another drive.
    """
    if not film.is_file():
        return None
    try:
        path = Path(os.path.relpath(film.resolve(), directory.resolve()))
    except ValueError:  # Windows: two drives have no relative path
        return None
    return path.as_posix()


def film_address(film: Path, directory: Path) -> str | None:
    """The same as an address, as a page in that folder links to it."""
    path = relative_film(film, directory)
    if path is None:
        return None
    return quote(os.fsencode(path))
