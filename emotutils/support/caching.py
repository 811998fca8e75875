"""What can be computed again, kept in files of the cache."""

from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..errors import DataError, WriteError
from .files import clear, replacing
from .reading import read_arrays


def cached_arrays(
    path: Path,
    names: Collection[str],
    compute: Callable[[], dict[str, np.ndarray]],
    keep: Callable[[], bool] = lambda: True,
) -> dict[str, np.ndarray]:
    """The arrays of ``compute``, which a file of the cache may hold already.

    A file that is damaged or lacks one of ``names`` is made anew. Where the cache cannot be written
    (a read-only home, a full disk), nothing is kept.

    Parameters
    ----------
    path : of the ``.npz`` file; its name says of what it is.
    names : of the arrays that it must hold.
    compute : gives the arrays by name.
    keep : is asked afterwards whether they may be kept.
    """
    clear(path.parent)
    if path.is_file():
        with suppress(DataError):
            found = read_arrays(path, "it is made anew")
            if found.keys() >= set(names):
                return dict(found)
    arrays = compute()
    if not keep():
        return arrays
    with suppress(WriteError), replacing(path) as temporary:
        np.savez(temporary, **arrays)
    return arrays
