"""What the package says of notebooks is so: where a docstring says that a thing is taught, it is
used.
"""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "emotutils"
FILES = sorted(PACKAGE.rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def code(path: Path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")


def names_only(text: str) -> str:
    """Code without what stands in quotation marks or comments."""
    return re.sub(r"#.*|\"[^\"\n]*\"|'[^'\n]*'", "", text)


CODE = {path.stem: code(path) for path in NOTEBOOKS}
NAMES = {stem: names_only(text) for stem, text in CODE.items()}


def claimed(path: Path) -> list[str]:
    """The notebooks that a module's own docstring names."""
    words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return re.findall(r"notebooks/(\d\d_\w+)", words)


def is_public(name: str) -> bool:
    return not name.startswith("_")


def public_names(path: Path) -> set[str]:
    """As patterns: functions, classes and constants by name, what classes offer with a dot."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and is_public(node.name):
            found.add(rf"\b{node.name}\b")
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [t.id for t in targets if isinstance(t, ast.Name) and is_public(t.id)]
            found |= {rf"\b{name}\b" for name in names}
        if isinstance(node, ast.ClassDef):
            methods = [n.name for n in node.body if isinstance(n, ast.FunctionDef)]
            fields = [n.target.id for n in node.body if isinstance(n, ast.AnnAssign)]
            found |= {rf"\.{name}\b" for name in methods + fields if is_public(name)}
    return found


def files_of(path: Path) -> list[Path]:
    """A module's own file; of a package, all that is in it."""
    return sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]


def uses(notebook: str, path: Path) -> bool:
    if path.parent.name == "networks" and f'"{path.stem}"' in CODE[notebook]:
        return True  # a builder is called by its network's name
    if path.stem == "cli" and '"emotutils.cli"' in CODE[notebook]:
        return True
    text = NAMES[notebook]
    names = set().union(*map(public_names, files_of(path)))
    return any(re.search(name, text) for name in names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_notebook_that_a_module_names_uses_it(path):
    for notebook in claimed(path):
        assert notebook in CODE, f"there is no {notebook}"
        assert uses(notebook, path), f"{notebook} uses nothing public of it"
