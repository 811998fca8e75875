"""What a class has handed in: the exercises of every notebook in a folder, and what their checks
said.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pandas as pd
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from ..errors import DataError
from . import solutions

COLUMNS = ["notebook", "exercise", "verdict", "hint"]
#: How a check is called in a notebook's cell.
_CHECKED = re.compile(r"""check\(\s*["'](\d\d)\.\d["']""")


def mark_notebooks(
    folder: str | os.PathLike,
    *,
    run: bool = False,
    cell_timeout: float = 600.0,
    progress: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Read what the checks of the exercises said in each notebook below a folder.

    The verdicts are those that are stored, whoever wrote them. With ``run`` every cell runs again
    first, on a copy in memory: this is other people's code, and it does what it likes with your
    files.

    Parameters
    ----------
    folder : with notebooks in it, at any depth, as one folder a student.
    run : run each notebook from top to bottom, in its own folder, before its verdicts are read.
    cell_timeout : seconds that a cell may take with ``run``.
    progress : is told the name of each notebook before it is read.

    Returns
    -------
    One row for each notebook and each exercise of its chapter: ``notebook`` (path below the
    folder), ``exercise`` as ``"03.1"``, ``verdict`` and ``hint``. The verdict is "right",
    "not yet", "not checked", or for a whole notebook "no exercise" or "unreadable"; the hint is
    what the check said, or why a notebook could not be read or run to its end.

    Raises
    ------
    DataError : there is no such folder, or no notebook in it.

    Examples
    --------
    >>> from emotutils.course import marks
    >>> table = marks.mark_notebooks("handed-in")  # doctest: +SKIP
    >>> table.pivot(index="notebook", columns="exercise", values="verdict")  # doctest: +SKIP
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(folder, "no such folder", "give the folder with what was handed in")
    paths = [p for p in sorted(folder.rglob("*.ipynb")) if ".ipynb_checkpoints" not in p.parts]
    if not paths:
        raise DataError(folder, "no notebook (.ipynb) in it", "give the folder with notebooks")
    rows = []
    for path in paths:
        name = path.relative_to(folder).as_posix()
        if progress is not None:
            progress(name)
        for exercise, verdict, hint in _mark(path, run, cell_timeout):
            rows.append((name, exercise, verdict, hint))
    return pd.DataFrame(rows, columns=COLUMNS)


def count_right(table: pd.DataFrame) -> pd.DataFrame:
    """One row a notebook: how many exercises are ``right``, ``of`` how many."""
    marked = table.assign(right=table["verdict"] == "right", of=table["exercise"] != "")
    return marked.groupby("notebook", sort=False)[["right", "of"]].sum()


def _mark(path: Path, run: bool, cell_timeout: float) -> list[tuple[str, str, str]]:
    """The exercises of one notebook: (exercise, verdict, hint)."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat has no error of its own for all that a file may hold
        return [("", "unreadable", f"{type(error).__name__}: {error}".splitlines()[0])]
    stopped = _run(notebook, path.parent, cell_timeout) if run else ""
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    chapters = set(_CHECKED.findall(source))
    said = solutions.verdicts(notebook)
    rows = []
    for exercise in solutions.exercises():
        if exercise.partition(".")[0] not in chapters:
            continue
        verdict, _, hint = said.get(exercise, "not checked").partition(". ")
        rows.append((exercise, verdict.rstrip("."), hint or stopped))
    return rows or [("", "no exercise", stopped)]


def _run(notebook: nbformat.NotebookNode, folder: Path, cell_timeout: float) -> str:
    """Run all cells; why they did not run to the end, or ""."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    client = NotebookClient(
        notebook,
        timeout=cell_timeout,
        allow_errors=True,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute()
    except CellTimeoutError:
        return f"a cell took longer than {cell_timeout:g} s"
    except DeadKernelError:
        return "a cell ended the process"
    return ""
