"""Which files in a folder, or in an archive, are somebody's data: one answer for all sets."""

import errno
import gzip
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

#: What is raised on a damaged archive. RuntimeError: a password, or a method that is not known;
#: the last four: heads that make no sense.
DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
    struct.error,
    ValueError,
    IndexError,
    KeyError,
)


def is_of_the_archive(error: OSError) -> bool:
    """Whether an archive is to blame for what the system refused: names that are too long, come
    twice or are empty, or data that bz2 does not know. A full disk is not its fault.
    """
    names = (errno.ENAMETOOLONG, errno.EISDIR, errno.EEXIST, errno.ENOTDIR, errno.EINVAL)
    return error.errno is None or error.errno in names


def is_hidden(name: str) -> bool:
    """Whether some system keeps this file for itself: ``._name``, ``.DS_Store``, ``__MACOSX`` …

    Parameters
    ----------
    name : of a file, or its place in a folder or archive, with ``/``.

    Examples
    --------
    >>> [is_hidden(name) for name in ("a/b.wav", "a/._b.wav", "__MACOSX/a/b.wav", "./b.wav")]
    [False, True, True, False]
    """
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def files_in(folder: str | os.PathLike) -> Iterator[Path]:
    """The files of a folder in any depth, in the order of their names; hidden ones are passed
    over.
    """
    for here, folders, names in os.walk(folder):
        # os.walk goes on with what is left in the list.
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        for name in sorted(names):
            if not is_hidden(name):
                yield Path(here, name)


def named(folder: str | os.PathLike, *patterns: str) -> Iterator[Path]:
    """Those whose name is like one of some patterns; large letters count as small ones.

    Parameters
    ----------
    folder : searched in any depth.
    patterns : such as ``"*.wav"``; ``[A-Z]`` stands for any letter.
    """
    wanted = [pattern.lower() for pattern in patterns]
    for path in files_in(folder):
        name = path.name.lower()
        if any(fnmatch(name, pattern) for pattern in wanted):
            yield path
