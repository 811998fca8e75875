"""The Colab door: data sets, Google Drive and a Kaggle token for a machine that is new each time.

Colab lends every notebook a machine of its own and takes it away again. What shall stay is kept in
the learner's Drive: archives of data sets in ``MyDrive/emotutils/data``, results in
``MyDrive/emotutils/runs``. Taught in notebooks/00_setup; the first cell of every notebook calls it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .. import config
from ..datasets import catalog, download, parse
from ..errors import EmotutilsError

DRIVE = Path("/content/drive")
#: On the machine's own disk: thousands of small files would be slow on Drive.
DATA = Path("/content/data")


def prepare(data: str = "", *, drive: bool = False) -> None:
    """Make a Colab machine ready for a notebook; anywhere else do nothing but say so.

    Parameters
    ----------
    data : sets to fetch, as ``"ravdess"`` or ``"ravdess+tess"``; none by default, the notebooks
        have their samples.
    drive : keep archives and results (the folder ``runs``) in the learner's Drive, and take from
        there what is kept. A set may also be put there by hand, as an archive or in the layout of
        data/README.md.

    Raises
    ------
    EmotutilsError : an unknown set, Drive not allowed, no Kaggle token where one is needed, or as
        ``download.fetch``.
    """
    if "google.colab" not in sys.modules:
        print("This is not Colab: nothing to do.")
        return
    wanted = []
    if data:
        wanted = [catalog.entry(name) for name in parse(data).parts]
    print(_graphics_card())
    archives = None
    if drive:
        archives = _open_drive() / "data"
    os.environ.setdefault("EMOTUTILS_DATA", str(DATA))
    for one in wanted:
        _fetch(one, archives)
    if not drive:
        print(
            "What comes out goes with this machine; to keep it, choose DRIVE above and run this "
            "cell again."
        )


def _graphics_card() -> str:
    """What the machine computes with, in a line; asked of the driver, because TensorFlow takes
    seconds to load.
    """
    if shutil.which("nvidia-smi"):
        asked = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True)
        if asked.stdout.startswith("GPU "):
            first = asked.stdout.splitlines()[0]
            return first.partition(" (UUID")[0]
    return (
        "No GPU: enough for all cells, slow for whole trainings. For one: Runtime > Change "
        "runtime type > a GPU, then run this cell again, for the machine is then another."
    )


def _open_drive() -> Path:
    """The course's folder in the learner's Drive, with ``runs`` here leading into it."""
    mine = DRIVE / "MyDrive"
    try:
        if not mine.is_dir():
            from google.colab import drive

            drive.mount(str(DRIVE))
        for name in ("data", "runs"):
            (mine / "emotutils" / name).mkdir(parents=True, exist_ok=True)
    # Colab raises ValueError, MessageError and more; which, changed over the years.
    except Exception as error:
        raise EmotutilsError(
            f"Google Drive could not be opened ({_line(error)}): run this cell again and allow "
            "access, or take DRIVE away again"
        ) from None
    _lead_runs_to(mine / "emotutils" / "runs")
    return mine / "emotutils"


def _lead_runs_to(kept: Path) -> None:
    """Make ``runs`` a link to the folder on Drive; what was in it so far moves there, under a free
    name.
    """
    here = config.output_root()
    if here.is_symlink():
        here.unlink()
    elif here.is_dir():
        for path in sorted(here.iterdir()):
            target = _free(kept / path.name)
            shutil.move(path, target)
            print(f"{here / path.name} is now {target}")
        here.rmdir()
    here.symlink_to(kept, target_is_directory=True)
    print(f"Results are kept: {here} leads to {kept}")


def _free(path: Path) -> Path:
    """The path itself, or with a number where there is something already."""
    free = path
    number = 1
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def _fetch(wanted: catalog.Entry, kept: Path | None) -> None:
    root = config.data_root()
    if kept and not download.here(wanted, root) and download.here(wanted, kept):
        source = kept / wanted.folder
        print(f"{wanted.name}: copied from {source}")
        try:
            shutil.copytree(source, root / wanted.folder, dirs_exist_ok=True)
        except OSError as error:  # shutil.Error is one, with a list in it
            raise EmotutilsError(
                f"{source} could not be copied ({_line(error)}): delete {root / wanted.folder} "
                "and run this cell again"
            ) from None
    if wanted.steps and wanted.archive and not config.kaggle_authorization():
        places = [root, root / wanted.folder]
        if kept:
            places.append(kept)
        placed = any((place / wanted.archive).is_file() for place in places)
        if not placed and not download.here(wanted, root):
            _take_kaggle_token(wanted)
    download.fetch(wanted.name, root, keep=kept)


def _take_kaggle_token(wanted: catalog.Entry) -> None:
    """Put the learner's token from Colab's secrets where ``config.kaggle_authorization`` looks;
    never shown.
    """
    from google.colab import userdata

    for names in (("KAGGLE_API_TOKEN",), ("KAGGLE_USERNAME", "KAGGLE_KEY")):
        try:
            os.environ.update({name: userdata.get(name) for name in names})
            return
        except userdata.SecretNotFoundError:
            continue
        except Exception as error:  # access refused, or the question ran out of time
            raise EmotutilsError(
                f"the Kaggle token was not given ({_line(error)}): click the key at the left, "
                f"switch on 'Notebook access' for {' and '.join(names)}, and run this cell again"
            ) from None
    raise EmotutilsError(
        f"{wanted.name} needs your Kaggle token: accept the rules at {wanted.page}, make a token "
        "at https://www.kaggle.com/settings and keep it as secret KAGGLE_API_TOKEN (the key at the "
        f"left, 'Notebook access' on); or put the set into emotutils/data/{wanted.folder} on your "
        "Drive and choose DRIVE; then run this cell again"
    )


def _line(error: Exception) -> str:
    """The error's words on one line, or its kind where it has none."""
    return " ".join(str(error).split()) or type(error).__name__
