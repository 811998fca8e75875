"""The roots on disk: the one place that reads environment variables.

*Shipped* is what comes with the package (sample film, weights, run records) and never moves;
*data* is where a user keeps the real corpora; *cache* holds what can be computed again.
"""

import os
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent


def shipped_root() -> Path:
    """The folder with ``sample/``, ``weights/`` and ``runs/``: the wheel's own, or the checkout's ``data/``."""
    packed = _PACKAGE / "data"
    return packed if packed.is_dir() else _PACKAGE.parent / "data"


def data_root(root: str | os.PathLike | None = None) -> Path:
    """Where the real data sets lie: the argument, else ``$EMOTUTILS_DATA``, else ``data/`` here."""
    return Path(root or os.environ.get("EMOTUTILS_DATA") or "data").expanduser()


def output_root(out: str | os.PathLike | None = None) -> Path:
    """Where results go: the argument, else ``./runs``."""
    return Path(out or "runs").expanduser()


def cache_root() -> Path:
    """The user's cache folder; anything in it may be deleted at any time."""
    return Path(os.environ.get("EMOTUTILS_CACHE") or platformdirs.user_cache_dir("emotutils"))
