"""What students look up: examples in docstrings run, and arguments are explained."""

import ast
import doctest
import importlib
import inspect
import json
import pkgutil
import re
from collections import Counter
from pathlib import Path

import pytest

import emotutils

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("[0-9][0-9]_*.ipynb"))
MODULES = sorted(m.name for m in pkgutil.walk_packages(emotutils.__path__, "emotutils."))
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def code(path: Path) -> str:
    """The notebook's code, without lines for IPython alone."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    lines = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code").splitlines()
    magic = re.compile(r"(\s*)[%!]")
    return "\n".join(magic.sub(r"\1pass  # ", line, count=1) if magic.match(line) else line
                     for line in lines)  # fmt: skip


def imported(tree: ast.Module) -> dict[str, object]:
    """The things of the package that a notebook imports, by the names it gives them."""
    things: dict[str, object] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            things |= {a.name: emotutils for a in node.names if a.name == "emotutils"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("emotutils"):
            for alias in node.names:
                things[alias.asname or alias.name] = member(node.module, alias.name)
    return things


def member(module: str, name: str) -> object:
    parent = importlib.import_module(module)
    if hasattr(parent, name):
        return getattr(parent, name)
    return importlib.import_module(f"{module}.{name}")


def called(function: ast.expr, things: dict[str, object]) -> object:
    """The object behind ``a.b.c`` in a call, or None where it is none of the package's."""
    if isinstance(function, ast.Name):
        return things.get(function.id)
    if isinstance(function, ast.Attribute):
        owner = called(function.value, things)
        if inspect.ismodule(owner) or inspect.isclass(owner):
            return getattr(owner, function.attr, None)
    return None


def calls() -> Counter:
    """How often notebooks call each public function and class of the package."""
    found: Counter = Counter()
    for path in NOTEBOOKS:
        tree = ast.parse(code(path))
        things = imported(tree)
        for node in ast.walk(tree):
            thing = called(node.func, things) if isinstance(node, ast.Call) else None
            module = getattr(thing, "__module__", None) or ""
            if module.startswith("emotutils") and hasattr(thing, "__qualname__"):
                found[thing] += 1
    return found


CALLS = calls()


def full_name(thing) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMOTUTILS_STATIC", "1")
    result = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert result.failed == 0


def arguments(thing) -> list[str]:
    """What a caller has to know, ``self`` and ``**options`` left out."""
    names = inspect.signature(thing).parameters
    return [name for name in names if name not in ("self", "cls", "args", "kwargs", "options")]


@pytest.mark.parametrize("thing", CALLS, ids=full_name)
def test_what_a_notebook_calls_explains_its_arguments(thing):
    if len(arguments(thing)) < 2:
        return
    words = inspect.getdoc(thing) or ""
    section = re.search(
        r"^(Parameters|Attributes|Fields)\n-+\n(.*?)(?=^\w+\n-+$|\Z)", words, re.M | re.S
    )
    assert section, full_name(thing)
    explained = set(re.findall(r"\w+", section[2]))
    assert explained.issuperset(arguments(thing)), full_name(thing)


def test_most_of_what_notebooks_call_most_has_an_example():
    most = [thing for thing, _ in CALLS.most_common(40)]
    shown = [thing for thing in most if ">>>" in (inspect.getdoc(thing) or "")]
    assert len(shown) >= 20, [full_name(thing) for thing in most if thing not in shown]
