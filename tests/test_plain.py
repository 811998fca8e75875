"""Plain code, in figures: no line does much, no function is long. Measured as formatted."""

import ast
import io
import tokenize
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "emotutils"
FILES = sorted(PACKAGE.rglob("*.py"))
SILENT = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
}


@dataclass
class Figures:
    """What stands in one file, docstrings, comments and blank lines left out."""

    lines: int
    tokens: int
    tuple_assignments: int
    conditional_expressions: int


def docstring_lines(tree: ast.Module) -> set[int]:
    found = set()
    for node in ast.walk(tree):
        owner = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if owner and ast.get_docstring(node) is not None:
            found.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return found


def is_tuple_assignment(node: ast.AST) -> bool:
    """``a, b = 1, 2``: two assignments in one line. (``a, b = f()`` takes one answer apart.)"""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Tuple):
        return False
    return any(isinstance(target, ast.Tuple) for target in node.targets)


def measure(text: str) -> Figures:
    tree = ast.parse(text)
    words = docstring_lines(tree)
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    counted = [t for t in tokens if t.type not in SILENT and t.start[0] not in words]
    numbered = enumerate(text.splitlines(), start=1)
    lines = [n for n, line in numbered if line.strip() and not line.lstrip().startswith("#")]
    nodes = list(ast.walk(tree))
    return Figures(
        lines=len(set(lines) - words),
        tokens=len(counted),
        tuple_assignments=sum(map(is_tuple_assignment, nodes)),
        conditional_expressions=sum(isinstance(node, ast.IfExp) for node in nodes),
    )


def measure_all(paths: list[Path]) -> Figures:
    total = Figures(0, 0, 0, 0)
    for path in paths:
        figures = measure(path.read_text(encoding="utf-8"))
        total.lines += figures.lines
        total.tokens += figures.tokens
        total.tuple_assignments += figures.tuple_assignments
        total.conditional_expressions += figures.conditional_expressions
    return total


def test_a_line_does_not_do_much():
    total = measure_all(FILES)
    assert total.tokens / total.lines <= 8.4
    assert 1000 * total.tuple_assignments / total.lines <= 8
    assert 1000 * total.conditional_expressions / total.lines <= 14


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_line_and_no_function_is_long(path):
    text = path.read_text(encoding="utf-8")
    assert not [line for line in text.splitlines() if len(line) > 100]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert body_lines(node) <= 60, node.name
        if isinstance(node, ast.IfExp):
            inner = [n for n in ast.walk(node) if isinstance(n, ast.IfExp)]
            assert len(inner) == 1, f"line {node.lineno}: one condition inside another"


def body_lines(function: ast.FunctionDef) -> int:
    """From the first statement behind the docstring to the last line."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_the_figures_count_what_they_say():
    text = '"""Two\nlines."""\n\n# why\na, b = 1, 2  # two\nc, d = f(a if b else 0)\n'
    assert measure(text) == Figures(
        lines=2, tokens=19, tuple_assignments=1, conditional_expressions=1
    )
