"""The roots on disk and the profile: the one place that reads environment variables.

*Shipped* is what comes with the package (sample film, weights, run records) and never moves; *data*
is where a user keeps the real corpora; *cache* holds what can be computed again. Taught in
notebooks/00_setup.
"""

import base64
import json
import os
from pathlib import Path

import platformdirs

from .errors import EmotutilsError

_PACKAGE = Path(__file__).resolve().parent

#: What a notebook runs on: the bundled synthetic sets, real sets within minutes, or the whole
#: recorded run.
PROFILES = ("sample", "live", "full")


def shipped_root() -> Path:
    """The folder with ``sample/``, ``weights/`` and ``runs/``: the wheel's own, or the checkout's
    ``data/``.

    Examples
    --------
    >>> (shipped_root() / "sample" / "demo.mp4").is_file()
    True
    """
    packed = _PACKAGE / "data"
    if packed.is_dir():
        return packed
    return _PACKAGE.parent / "data"


def data_root(root: str | os.PathLike | None = None) -> Path:
    """Where the real data sets lie: the argument, else ``$EMOTUTILS_DATA``, else ``data/`` here.

    Where there is no such folder, as in ``notebooks/``, the checkout's own ``data/`` takes its
    place.
    """
    named = root or os.environ.get("EMOTUTILS_DATA")
    if named:
        return Path(named).expanduser()
    here = Path("data")
    checkout = _PACKAGE.parent / "data"
    if checkout.is_dir() and not here.is_dir():
        return checkout
    return here


def output_root(out: str | os.PathLike | None = None) -> Path:
    """Where results go: the argument, else ``./runs``."""
    return Path(out or "runs").expanduser()


def cache_root() -> Path:
    """The user's cache folder; anything in it may be deleted at any time."""
    return Path(os.environ.get("EMOTUTILS_CACHE") or platformdirs.user_cache_dir("emotutils"))


def profile(name: str | None = None) -> str:
    """The profile of a notebook: the argument, else ``$EMOTUTILS_PROFILE``, else what the data root
    allows.

    ``live`` where a real set's folder lies under the data root, ``sample`` where none does.

    Raises
    ------
    EmotutilsError : a name that is not in ``PROFILES``.
    """
    name = name or os.environ.get("EMOTUTILS_PROFILE")
    if not name:
        found = any((data_root() / s).is_dir() for s in ("fer2013", "ravdess", "tess", "affwild2"))
        return "live" if found else "sample"
    if name not in PROFILES:
        raise EmotutilsError(f"unknown profile {name!r}: choose {', '.join(PROFILES)}")
    return name


def static_figures() -> bool:
    """Whether interactive figures are drawn once instead (``$EMOTUTILS_STATIC``): for print, tests
    and GitHub.
    """
    return bool(os.environ.get("EMOTUTILS_STATIC"))


def kaggle_authorization() -> str | None:
    """The learner's own Kaggle token as the value of an ``Authorization`` header; None where there
    is none.

    Looked for where Kaggle's own programs do, in this order: ``$KAGGLE_API_TOKEN``,
    ``~/.kaggle/access_token``, ``$KAGGLE_USERNAME`` with ``$KAGGLE_KEY``,
    ``~/.kaggle/kaggle.json``.

    Raises
    ------
    EmotutilsError : a kaggle.json without name and key.
    """
    token = _kaggle_token()
    if token:
        return f"Bearer {token}"
    login = _kaggle_login()
    if login is None:
        return None
    return "Basic " + base64.b64encode(login.encode()).decode()


def _kaggle_token() -> str:
    """A token of the newer kind; empty where there is none."""
    token = os.environ.get("KAGGLE_API_TOKEN", "")
    file = Path.home() / ".kaggle" / "access_token"
    if not token and file.is_file():
        token = file.read_text()
    return token.strip()


def _kaggle_login() -> str | None:
    """Name and key, as ``name:key``: a token of the older kind."""
    user = os.environ.get("KAGGLE_USERNAME")
    key = os.environ.get("KAGGLE_KEY")
    if user and key:
        return f"{user}:{key}"
    file = Path.home() / ".kaggle" / "kaggle.json"
    if not file.is_file():
        return None
    try:
        login = json.loads(file.read_text())
        return f"{login['username']}:{login['key']}"
    except (ValueError, KeyError, TypeError):
        raise EmotutilsError(
            f"{file}: not Kaggle's file; make a token at https://www.kaggle.com/settings"
        ) from None
