"""Files and folders that are there whole or not at all."""

import hashlib
import os
import platform
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import EmotutilsError, WriteError

#: What other machines left may stay so long: nobody here can tell whether it is still written.
A_DAY = 24 * 3600.0
#: What tells this machine and this process from others that write into the same folder.
_MACHINE = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
_PROCESS = secrets.token_hex(4)
_TEMPORARY = re.compile(r"\.part-(?P<machine>\w+)-(?P<pid>\d+)-(?P<process>\w+)-\w+")


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path for a file or a folder; on success it becomes ``path``, on any error it
    is removed.

    It has the same name, because Keras, PyAV and Pillow choose the format by it, in a
    `temporary_folder` beside ``path``. The folder of ``path`` is made if need be.

    Raises
    ------
    WriteError : no room, no permission, a name that is too long …
    """
    path = Path(path)
    with writing(path), temporary_folder(path.parent) as folder:
        temporary = folder / path.name
        yield temporary
        os.replace(temporary, path)


@contextmanager
def temporary_folder(parent: str | os.PathLike) -> Iterator[Path]:
    """Give a hidden folder in ``parent`` that no other process, thread or machine has; in the end
    it is removed. What killed processes left there is removed first.

    Raises
    ------
    OSError : it cannot be made.
    """
    parent = Path(parent)
    parent.mkdir(parents=True, exist_ok=True)
    clear(parent)
    prefix = f".part-{_MACHINE}-{os.getpid()}-{_PROCESS}-"
    folder = tempfile.mkdtemp(prefix=prefix, dir=parent)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def writing(where: str | os.PathLike) -> Iterator[None]:
    """What the operating system refuses inside is told as a `WriteError` about ``where``."""
    try:
        yield
    except OSError as error:
        lines = (error.strerror or str(error)).strip().splitlines()
        reason = lines[0] if lines else type(error).__name__
        raise WriteError(
            where, f"cannot be written ({reason})", "make room, or choose another folder (--out)"
        ) from error


def clear(folder: str | os.PathLike) -> None:
    """Remove from a folder the temporary ones that killed processes left."""
    for path in Path(folder).glob(".part-*"):
        if _is_left(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_left(path: Path) -> bool:
    """Whether nobody writes into a temporary folder any more."""
    found = _TEMPORARY.fullmatch(path.name)
    if found is None:  # somebody else's file
        return False
    if found["machine"] != _MACHINE or os.name != "posix":
        return _is_old(path)
    pid = int(found["pid"])
    if pid == os.getpid():
        return found["process"] != _PROCESS  # of an earlier process that had the same number
    return not _is_running(pid)


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.lstat().st_mtime > A_DAY
    except OSError:  # it is gone meanwhile
        return False


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def check_writable(directory: str | os.PathLike) -> None:
    """Raise EmotutilsError now, not after minutes of work, if files cannot be put into
    ``directory``.
    """
    directory = Path(directory)
    remedy = "choose another folder (--out)"
    try:
        nearest = next(p for p in (directory, *directory.resolve().parents) if p.exists())
        writable = nearest.is_dir() and os.access(nearest, os.W_OK)
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise EmotutilsError(f"{directory}: {error.strerror}; {remedy}") from error
    if not writable:
        raise EmotutilsError(f"{directory}: cannot be written; {remedy}")


def printable(name: str) -> str:
    """A file's name with a mark in place of bytes that are no letters."""
    return os.fsencode(name).decode(errors="replace")
