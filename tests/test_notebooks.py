"""Every notebook keeps the course's frame, and what is stored in it can be shown to anybody."""

import importlib
import inspect
import json
import re
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import emotutils
from emotutils.course import solutions

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
ADDRESS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"][
    "Repository"
]
SECTIONS = ("What we saw", "Quick questions", "Exercises", "Next")

sys.path.insert(0, str(ROOT / "notebooks"))
from stamp import stamped  # noqa: E402


def cells(path: Path, kind: str) -> list[dict]:
    return [
        c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == kind
    ]


def text(cell: dict) -> str:
    return "".join(cell["source"])


def prose(path: Path) -> str:
    return "\n\n".join(map(text, cells(path, "markdown")))


def code(path: Path) -> str:
    return "\n".join(map(text, cells(path, "code")))


def outputs(path: Path) -> list[dict]:
    return [o for c in cells(path, "code") for o in c["outputs"]]


def tagged(path: Path, tag: str) -> list[dict]:
    return [c for c in cells(path, "code") if tag in c["metadata"].get("tags", [])]


def test_there_are_notebooks():
    assert NOTEBOOKS


every = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


@every
def test_executed_from_top_to_bottom_without_errors(path):
    counts = [c["execution_count"] for c in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1)), "make notebooks"
    assert not [o for o in outputs(path) if o["output_type"] == "error"]


@every
def test_what_is_stored_is_small_and_plain(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert "widgets" not in notebook["metadata"]
    assert path.stat().st_size < 1_000_000
    assert not [
        k
        for c in notebook["cells"]
        for k in c["metadata"]
        if k not in ("tags", "jupyter", "collapsed")
    ]
    assert not [
        o for o in outputs(path) if "application/vnd.jupyter.widget-view+json" in o.get("data", {})
    ]
    assert not [o for o in outputs(path) if o.get("name") == "stderr"], (
        "warnings stand in the outputs"
    )


@every
def test_its_pictures_come_from_the_bundled_samples(path):
    printed = "".join("".join(o.get("text", "")) for o in outputs(path))
    assert "profile sample" in printed, "make notebooks"


@every
def test_the_frame(path):
    first = text(cells(path, "markdown")[0])
    heads = re.findall(r"^# .+$", prose(path), flags=re.M)
    assert heads == [first.splitlines()[0]], "one title, in the first cell"
    assert heads[0].startswith(f"# {path.stem[:2]} ")
    for part in ("What you will learn", "What you need first", "Time", "colab-badge.svg"):
        assert part in first, part
    found = [h for h in re.findall(r"^## (.+)$", prose(path), flags=re.M) if h in SECTIONS]
    assert found == list(SECTIONS)


@every
def test_badge_and_bootstrap_name_this_file_and_the_projects_address(path):
    owner = "/".join(ADDRESS.split("/")[-2:])
    first = text(cells(path, "markdown")[0])
    assert (
        f"https://colab.research.google.com/github/{owner}/blob/main/notebooks/{path.name}" in first
    )
    assert f'ADDRESS = "{ADDRESS}"' in text(cells(path, "code")[0])
    raw = path.read_text(encoding="utf-8")
    assert stamped(raw, ADDRESS) == raw, "make stamp"


@every
def test_three_cells_are_checked_and_the_message_is_asserted(path):
    assert len(tagged(path, "nbval-check-output")) >= 3
    assert re.search(r"^assert ", code(path), flags=re.M)


@every
def test_three_questions_with_explained_answers(path):
    section = prose(path).split("## Quick questions")[1].split("\n## ")[0]
    answers = re.findall(r"<details><summary>(.+?)</summary>(.+?)</details>", section, flags=re.S)
    assert len(answers) == 3
    assert all(len(question) > 15 and len(answer) > 80 for question, answer in answers)


@every
def test_exercises_have_a_stub_a_check_and_a_solution(path):
    number = path.stem[:2]
    own = [key for key in solutions.exercises() if key.startswith(number)]
    assert 2 <= len(own) <= 4
    for key in own:
        assert f'solutions.check("{key}"' in code(path)
        assert f'solutions.show("{key}")' in code(path) + prose(path)
    said = "".join("".join(o.get("text", "")) for o in outputs(path))
    assert all(f"{key}: not yet." in said for key in own), "stored outputs show the stub's verdict"


@every
def test_links_lead_somewhere_and_pictures_have_words(path):
    for alt, _ in re.findall(r"!\[(.*?)\]\((.+?)\)", prose(path)):
        assert len(alt) > 10
    for target in re.findall(r"(?<!!)\[[^\]]*\]\(([^)#]+?)(?:#[^)]*)?\)", prose(path)):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


@every
def test_a_number_leads_to_its_notebook_and_words_to_the_glossary(path):
    for number, target in re.findall(r"\[(\d\d)[^\]]*\]\((.+?)\)", prose(path)):
        assert target.startswith((f"{number}_", "http")), f"[{number}] leads to {target}"
    for target, section in re.findall(r"\]\((\d\d_\w+\.ipynb)\), sections? (\d+)", prose(path)):
        assert re.search(rf"^## {section} ", prose(path.with_name(target)), flags=re.M), (
            f"{target} has no {section}"
        )
    assert "[glossary](../docs/glossary.md)" in text(cells(path, "markdown")[0])


@every
def test_it_leads_on_and_back(path):
    leads = prose(path).split("## Next\n")[1]
    first = dict(re.findall(r"\*\*(Next|Back)\*\*: [^\[]*\[.+?\]\((.+?)\)", leads))
    place = NOTEBOOKS.index(path)
    if place > 0:
        assert first["Back"] == NOTEBOOKS[place - 1].name
    if path != NOTEBOOKS[-1]:
        assert first["Next"] == NOTEBOOKS[place + 1].name
    else:
        assert "README.md" in leads or "../docs/instructors.md" in leads


@every
def test_each_figure_is_followed_by_its_message(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for cell, after in zip(notebook, [*notebook[1:], None], strict=True):
        if any("image/png" in o.get("data", {}) for o in cell.get("outputs", [])):
            assert after and after["cell_type"] == "markdown", (
                f"say what is seen: {text(cell)[:60]}"
            )
            assert not text(after).startswith("#"), f"say what is seen: {text(cell)[:60]}"


def used_names(source: str) -> set[str]:
    """Dotted names under ``emotutils`` that a notebook's code uses, as
    ``emotutils.datasets.audit``.
    """
    aliases = {"emotutils": "emotutils"}
    of_the_package = r"^from (emotutils[\w.]*) import (\([^)]*|.+$)"
    for module, listed in re.findall(of_the_package, source, flags=re.M):
        names = re.findall(r"[^\s(),][^(),\n]*", listed)
        aliases |= {name.strip(): f"{module}.{name.strip()}" for name in names}
    found = set()
    for alias, whole in aliases.items():
        found |= {
            whole + rest
            for rest in re.findall(rf"(?<![-\w.\"'/]){alias}((?:\.[A-Za-z_]\w*)+)", source)
        }
    return found | set(aliases.values())


def resolve(name: str):
    """The object behind a dotted name, or None when an attribute of an instance is meant further
    on.
    """
    thing = emotutils
    for part in name.split(".")[1:]:
        if not (inspect.ismodule(thing) or inspect.isclass(thing)):
            return None
        try:
            thing = getattr(thing, part)
        except AttributeError:
            thing = importlib.import_module(f"{thing.__name__}.{part}")
    return thing


@every
def test_every_name_of_the_package_exists_and_leads_back_to_a_notebook(path):
    for name in used_names(code(path)):
        thing = resolve(name)
        if inspect.isfunction(thing) or inspect.isclass(thing):
            module = importlib.import_module(thing.__module__)
            words = (inspect.getdoc(thing) or "") + (module.__doc__ or "")
            assert inspect.getdoc(thing), f"{name} has no docstring"
            assert re.search(r"notebooks?/", words), (
                f"{name}: neither it nor its module names a notebook"
            )


@every
def test_code_is_short_and_explained(path):
    lengths = [
        len([line for line in text(c).splitlines() if line.strip()]) for c in cells(path, "code")
    ]
    assert sorted(lengths)[len(lengths) // 2] <= 8, "the teaching cell has 3 to 6 lines"
    words, lines = len(prose(path).split()), sum(lengths)
    assert words / lines >= 4


class Whole:
    """A notebook in the full profile. One class for each, because pytest-xdist hands out classes:
    several at a time.
    """

    path: Path

    def test_it_also_runs_whole_on_the_real_sets(self, real_data, tmp_path, monkeypatch):
        monkeypatch.setenv("EMOTUTILS_PROFILE", "full")
        monkeypatch.setenv("EMOTUTILS_STATIC", "1")
        notebook = nbformat.read(self.path, as_version=4)
        NotebookClient(notebook, timeout=3600, resources={"metadata": {"path": tmp_path}}).execute()
        streams = [
            o for c in notebook.cells for o in c.get("outputs", []) if o["output_type"] == "stream"
        ]
        assert "profile full" in "".join(o["text"] for o in streams)


#: FER2013 and its twins: code that runs on real sets alone. The others, among them 10 with its whole
#: training on RAVDESS and 13 with all pairs (minutes), run by ``make test-real``; real pairs are
#: loaded and asked in test_joint.py.
OTHER_CODE = ("03_face_data",)

# A notebook that asks for no set does the same in every profile: nbval has run it already.
for _path in [p for p in NOTEBOOKS if re.search(r"\bcfg\.(load|pairs|root)\(", code(p))]:
    _mark = pytest.mark.real if _path.stem in OTHER_CODE else pytest.mark.whole
    _name = f"TestWhole_{_path.stem}"
    globals()[_name] = _mark(type(_name, (Whole,), {"path": _path}))


@pytest.mark.parametrize("path", sorted((ROOT / "emotutils").rglob("*.py")), ids=lambda p: p.stem)
def test_notebooks_that_the_package_names_are_in_the_plan(path):
    plan = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    for name in re.findall(r"notebooks/(\d\d_\w+)", path.read_text(encoding="utf-8")):
        assert name in plan
