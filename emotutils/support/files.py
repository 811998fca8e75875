"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import EmotutilsError


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary name beside ``path``; on success it becomes ``path``, on any error it is
    removed.

    The name's end is kept, because Keras, PyAV and Pillow choose the format by it.
    """
    path = Path(path)
    temporary = path.with_name(f".part-{os.getpid()}-{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(directory: str | os.PathLike) -> None:
    """Raise EmotutilsError now, not after minutes of work, if files cannot be put into
    ``directory``.
    """
    directory = Path(directory)
    nearest = next(p for p in (directory, *directory.resolve().parents) if p.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise EmotutilsError(f"{directory}: cannot be written; choose another folder (--out)")
