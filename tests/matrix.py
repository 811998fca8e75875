"""The tool with each Python, with the lowest versions that pyproject.toml admits and the newest:
``make matrix``, once per release, with uv. It also measures how large the two installs are.

Each cell is an environment of its own, made beside a temporary folder, in which the bundled film is
analysed and the tests run that need no training. What came of it goes into ``data/runs/matrix.json``
and, as a table, into INSTALL.md.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from emotutils.training import records

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
#: How uv chooses, by the words for it.
VERSIONS = {"lowest": "lowest-direct", "newest": "highest"}
#: The tests that need neither a training nor the course.
TESTS = """
    annotations clock emotions exports fusion properties report words
""".split()
SHOWN = ("numpy", "scipy", "pandas", "av", "opencv-python-headless", "ai-edge-litert", "matplotlib")
#: Without our own settings of uv, which are for constraints.txt.
PLAIN = ["--no-config", "--no-python-downloads"]
PAGE = ROOT / "INSTALL.md"
NAME = "matrix"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="PYTHON-VERSIONS", help="one cell, such as 3.12-lowest")
    parser.add_argument("--sizes", action="store_true", help="measure the installs, nothing else")
    args = parser.parse_args()
    if shutil.which("uv") is None:
        print("make matrix needs uv: python -m pip install uv", file=sys.stderr)
        return 2
    record = dict(records.read(NAME) or {"cells": {}})
    if args.sizes or not args.only:
        record["megabytes"] = measure_installs()
        write(record)
    for python in [] if args.sizes else PYTHONS:
        for versions in VERSIONS:
            name = f"{python}-{versions}"
            if args.only in (None, name):
                record["cells"][name] = run_cell(python, versions)
                print(name, record["cells"][name], flush=True)
                write(record)
    return 0


def write(record: dict) -> None:
    records.write(NAME, record, publish=True)
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_table(page, record), encoding="utf-8")


# --- one cell


def run_cell(python: str, versions: str) -> dict:
    """What came of the tool with this Python and these versions."""
    with tempfile.TemporaryDirectory(prefix="emotutils-matrix-") as folder:
        place = Path(folder)
        wanted = place / "versions.txt"
        resolve(python, versions, wanted)
        cell = {"packages": chosen(wanted)}
        try:
            install(place / "env", python, ["-r", str(wanted)])
        except subprocess.CalledProcessError as error:
            return cell | {"installed": False, "why": last_line(error.stderr)}
        own = place / "env" / "bin" / "python"
        return cell | {"installed": True, **demo(own, place), **tests(own, place)}


def resolve(python: str, versions: str, wanted: Path) -> None:
    """The versions that uv chooses, of what is there as a wheel."""
    command = ["uv", "pip", "compile", "--quiet", "pyproject.toml", "--extra", "dev"]
    command += [*PLAIN, "--only-binary", ":all:", "--no-annotate", "--no-header"]
    command += ["--resolution", VERSIONS[versions], "--python", python, "-o", str(wanted)]
    subprocess.run(command, cwd=ROOT, check=True)


def chosen(wanted: Path) -> dict[str, str]:
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", wanted.read_text(encoding="utf-8"), flags=re.M))
    return {name: pins[name] for name in SHOWN}


def install(env: Path, python: str, what: Sequence[str], *, compiled: bool = False) -> None:
    """An environment with these packages and, without its own, this checkout."""
    own = ["--python", str(env / "bin" / "python"), "--quiet", *PLAIN]
    for command in (
        ["uv", "venv", "--quiet", *PLAIN, "--python", python, str(env)],
        ["uv", "pip", "install", *own, *(["--compile-bytecode"] if compiled else []), *what],
        ["uv", "pip", "install", *own, "--no-deps", "-e", str(ROOT)],
    ):
        subprocess.run(command, cwd=ROOT, check=True, stderr=subprocess.PIPE, text=True)


def demo(python: Path, place: Path) -> dict:
    """Whether the bundled film is analysed, and what it is called."""
    command = [str(python), "-m", "emotutils.cli", "demo", "--json", "--out", str(place / "demo")]
    done = subprocess.run(command, cwd=place, env=alone(), capture_output=True, text=True)
    if done.returncode:
        return {"demo": last_line(done.stderr)}
    return {"demo": "", "label": json.loads(done.stdout)["label"]}


def tests(python: Path, place: Path) -> dict:
    """How many tests passed, and the names of those that did not."""
    found = place / "tests.xml"
    paths = [f"tests/test_{name}.py" for name in TESTS]
    options = ["-q", "-p", "no:cacheprovider", "--continue-on-collection-errors"]
    command = [str(python), "-m", "pytest", *options, f"--junitxml={found}", *paths]
    done = subprocess.run(command, cwd=ROOT, env=alone(), capture_output=True, text=True)
    if not found.is_file():
        return {"passed": 0, "failed": [last_line(done.stdout + done.stderr)]}
    cases = list(ElementTree.parse(found).iter("testcase"))
    failed = [c for c in cases if c.find("failure") is not None or c.find("error") is not None]
    skipped = sum(case.find("skipped") is not None for case in cases)
    names = [f"{case.get('classname')}.{case.get('name')}" for case in failed]
    return {"passed": len(cases) - len(failed) - skipped, "skipped": skipped, "failed": names}


def alone() -> dict[str, str]:
    """This environment without what would lead to another checkout or to the real sets."""
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "EMOTUTILS_DATA")}


def last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:300] if lines else "nothing was said"


# --- how large


def measure_installs() -> dict[str, int]:
    """MB of the two installs in the versions of constraints.txt, as pip leaves them: compiled."""
    sizes = {}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    tool = project["dependencies"]
    course = [*tool, *extras["colab"], *extras["course"], *extras["dev"]]
    for name, wanted in (("tool", tool), ("course", course)):
        packages = [one for one in wanted if not one.startswith("emotutils")]
        with tempfile.TemporaryDirectory(prefix="emotutils-matrix-") as folder:
            env = Path(folder) / "env"
            install(env, "3.12", ["-c", "constraints.txt", *packages], compiled=True)
            sizes[name] = megabytes(env)
    return sizes


def megabytes(folder: Path) -> int:
    """What the files of a folder take on disk."""
    total = sum(path.lstat().st_blocks * 512 for path in folder.rglob("*"))
    return round(total / 1e6)


# --- the table


def with_table(page: str, record: dict) -> str:
    """A page with the table of the record in its place."""
    block = f"<!-- matrix -->\n{table(record)}\n<!-- /matrix -->"
    return re.sub(r"<!-- matrix -->\n.*?<!-- /matrix -->", lambda found: block, page, flags=re.S)


def table(record: dict) -> str:
    """In Markdown: a row a Python and choice of versions."""
    lines = ["| Python | versions | numpy, scipy, pandas, av | the bundled film | tests |"]
    lines.append("| --- | --- | --- | --- | --- |")
    for python in PYTHONS:
        for versions in VERSIONS:
            cell = record["cells"].get(f"{python}-{versions}")
            lines.append(f"| {python} | {versions} | {' | '.join(_said(cell))} |")
    return "\n".join(lines)


def _said(cell: dict | None) -> list[str]:
    if cell is None:
        return ["not run yet"] * 3
    numbers = ", ".join(cell["packages"][name] for name in SHOWN[:4])
    if not cell["installed"]:
        return [numbers, "not installed", "–"]
    shown = "fails" if cell["demo"] else cell["label"]
    counted = f"{cell['passed']} pass"
    if cell["failed"]:
        counted += f", {len(cell['failed'])} fail"
    return [numbers, shown, counted]


if __name__ == "__main__":
    sys.exit(main())
