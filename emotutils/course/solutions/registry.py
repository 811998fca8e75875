"""The exercises of all notebooks by their keys, such as ``"03.1"``: what is registered, checked and
shown. The first of them stand in notebooks/00_setup.
"""

import contextlib
import inspect
import io
import json
import os
import re
import traceback
from collections.abc import Callable
from pathlib import Path

from IPython.display import Markdown, display

from ...errors import FieldError

#: Of what an answer prints while it is checked, so many lines come through.
PRINTED = 20

_EXERCISES: dict[str, tuple[Callable, Callable]] = {}


def exercise(key: str, check_answer: Callable[[Callable], None]) -> Callable[[Callable], Callable]:
    """Register the decorated function as the solution of exercise ``key``.

    Parameters
    ----------
    check_answer : takes an answer (a function like the solution) and raises AssertionError with a
        hint if it is not right.
    """

    def register(solution: Callable) -> Callable:
        _EXERCISES[key] = check_answer, solution
        return solution

    return register


def check(key: str, answer: Callable) -> None:
    """Print a verdict on an answer: right, or not yet and a hint, or the line in which it stops. It
    never raises for a wrong answer; what the answer prints itself comes first.

    Parameters
    ----------
    key : as ``"03.1"``; FieldError, a KeyError, for one that does not exist.
    answer : your function.

    Examples
    --------
    >>> from emotutils import solutions
    >>> solutions.check("09.3", lambda size: 0.5)  # the solution gives 5/9 for 2×2 places
    09.3: not yet. ...
    >>> solutions.check("09.3", solutions.solution("09.3"))
    09.3: right.
    """
    check_answer, _ = _of(key)
    printed = io.StringIO()
    verdict = "right."
    try:
        with contextlib.redirect_stdout(printed):
            check_answer(answer)
    except AssertionError as hint:
        verdict = f"not yet. {hint}"
    except Exception as error:
        where = _line(answer, error)
        verdict = f"not yet. it stops with {type(error).__name__}: {error}{where}"
    for line in printed.getvalue().splitlines()[:PRINTED]:
        print(line)
    print(f"{key}: {verdict}")


def _line(answer: Callable, error: Exception) -> str:
    """Where in the answer's own code it stopped, as `` (line 2: x = y / 0)``."""
    code = getattr(answer, "__code__", None)
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if code is not None and frame.filename == code.co_filename
    ]
    if not own:
        return ""
    number = own[-1].lineno - code.co_firstlineno + 1
    return f" (line {number} of your function: {own[-1].line})"


def solution(key: str) -> Callable:
    """The solution of an exercise, as a function to call."""
    return _of(key)[1]


def _of(key: str) -> tuple[Callable, Callable]:
    """The check of an exercise, and its solution."""
    if key not in _EXERCISES:
        notebook = str(key).partition(".")[0]
        near = [known for known in _EXERCISES if known.startswith(f"{notebook}.")]
        remedy = f"notebook {notebook} has {', '.join(near) or 'none'}"
        raise FieldError(f"exercise {key}", "does not exist", remedy)
    return _EXERCISES[key]


def show(key: str) -> None:
    """Show the solution's code. Try first."""
    source = inspect.getsource(solution(key))
    code = source[source.index("def ") :].rstrip()  # without the line that registers it
    display(Markdown(f"```python\n{code}\n```"))


def verdicts(notebook: str | os.PathLike | dict) -> dict[str, str]:
    """What the checks in an executed notebook said, exercise by exercise.

    Only what is stored is read; ``course.marks`` reads a whole folder, and runs notebooks again.

    Parameters
    ----------
    notebook : a path, or what ``nbformat.read`` gives.

    Returns
    -------
    As ``{"03.1": "right.", "03.2": "not yet. the function returns nothing yet"}``.
    """
    if not isinstance(notebook, dict):
        notebook = json.loads(Path(notebook).read_text(encoding="utf-8"))
    printed = []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            printed.append("".join(output.get("text", "")))
    verdict = re.compile(r"^(\d\d\.\d): (right\.|not yet\. .*)$", flags=re.MULTILINE)
    return dict(verdict.findall("\n".join(printed)))


def exercises() -> list[str]:
    """All exercises, in order."""
    return sorted(_EXERCISES)
