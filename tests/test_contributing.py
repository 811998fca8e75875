"""CONTRIBUTING.md followed to the letter: its files written down, its commands run, its tables
compared.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest
from test_house import ORDER, ROOT, shipped_files
from test_notebooks import ADDRESS, stamped

from emotutils import config, datasets, media
from emotutils.cli import build_parser
from emotutils.emotions import EMOTIONS
from emotutils.media import FilmWriter
from emotutils.networks import kind_of
from emotutils.studies import searches
from emotutils.training import describing, material, recipes, records

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
#: Each line as the command line gets it, in one process, because TensorFlow takes seconds to start.
SHELL = """
import shlex, sys
from emotutils.cli import main
for line in sys.stdin:
    print("$", line, end="", flush=True)
    if main(shlex.split(line)[1:]):
        sys.exit(line)
"""
#: Programs one after the other, in one process as well.
PROGRAMS = """
import runpy, sys
for name in sys.argv[1:]:
    runpy.run_path(name, run_name="__main__")
    print("END")
"""
OF_ONES_OWN = ("A network", "A data set", "A fusion rule")


def section(title: str) -> str:
    (found,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, flags=re.S | re.M)
    return found


def steps(title: str) -> list[tuple[str, str]]:
    """The fenced blocks of a section: (language, text)."""
    return re.findall(r"^```(\w+)\n(.*?)^```", section(title), flags=re.S | re.M)


class Folder:
    """Somebody's folder, in which the page is followed."""

    def __init__(self, path: Path):
        self.path = path
        self.said = ""

    def run(self, command: list[str], given: str = "") -> None:
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | {
            "PATH": tools,
            "PYTHONPATH": str(self.path),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        environment.pop("EMOTUTILS_DATA", None)
        done = subprocess.run(
            command,
            cwd=self.path,
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        self.said = done.stdout

    def follow(self, title: str) -> list[str]:
        """Do what the blocks of a section say, one after the other; what each of the runs printed."""
        told = []
        for language, text in steps(title):
            name = text.partition("\n")[0].removeprefix("# ")
            if language == "bash":
                self.shell(text)
            elif language == "diff":
                self.change(text)
                continue
            else:
                (self.path / name).write_text(text, encoding="utf-8")
                continue
            told.append(self.said)
        return told

    def shell(self, text: str) -> None:
        install = "python -m pip install -e .\n"
        if install in text:
            self.install()
        lines = text.replace(install, "")
        if all(line.startswith("emotutils ") for line in lines.splitlines()):
            self.run([sys.executable, "-c", SHELL], lines)
        else:
            self.run(["bash", "-euo", "pipefail", "-c", lines])

    def install(self) -> None:
        """What pip leaves behind of the folder's pyproject.toml, without asking an index for a
        builder.
        """
        project = tomllib.loads((self.path / "pyproject.toml").read_text(encoding="utf-8"))
        name, version = project["project"]["name"], project["project"]["version"]
        for module in project["tool"]["setuptools"]["py-modules"]:
            assert (self.path / f"{module}.py").is_file()
        about = self.path / f"{name.replace('-', '_')}-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        groups = project["project"]["entry-points"].items()
        lines = [
            f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in points.items())
            for group, points in groups
        ]
        (about / "entry_points.txt").write_text("".join(lines))

    def change(self, diff: str) -> None:
        """Lines with a plus put where the lines around them stand; … for the rest of a line."""
        name, *lines = diff.splitlines()
        path = self.path / name.removeprefix("--- ")
        pattern = "".join(
            "()" if line.startswith("+") else "(" + re.escape(line[1:]).replace("…", ".*") + "\n)"
            for line in lines
        )
        text = path.read_text(encoding="utf-8")
        (found,) = re.finditer(f"(?m:^){pattern}", text)
        new = "".join(
            line[1:] + "\n" if line.startswith("+") else kept
            for line, kept in zip(lines, found.groups(), strict=True)
        )
        path.write_text(text[: found.start()] + new + text[found.end() :], encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Folder:
    """With a film in it, and drawn faces of five people."""
    path = tmp_path_factory.mktemp("own")
    demo = config.shipped_root() / "sample" / "demo.mp4"
    sound = media.load_sound(demo)[8 * 16000 : 12 * 16000]
    with FilmWriter(path / "film.mp4", 640, 480, 5, sound=(sound, 16000)) as film:
        for frame in media.frames(demo, 5.0):
            if 8 <= frame.t < 12:
                film.write(frame.image, frame.t - 8)
    drawn = datasets.load("sample-fer2013")
    for label in EMOTIONS:
        (path / "my-faces" / label).mkdir(parents=True)
        rows = np.flatnonzero(drawn.table["label"] == label)[:15]
        for k, face in enumerate(drawn.faces(rows)):
            person = ("ann", "ben", "cem", "dua", "eva")[k % 5]
            cv2.imwrite(str(path / "my-faces" / label / f"{person}_{k:02}.png"), face)
    return Folder(path)


@pytest.fixture(scope="module")
def told(folder) -> dict[str, str]:
    """What the program of each section prints."""
    programs = {}
    for title in OF_ONES_OWN:
        folder.follow(title)
        names = [text.partition("\n")[0].removeprefix("# ") for _, text in steps(title)]
        (programs[title],) = [name for name in names if name.startswith("try_")]
    folder.run([sys.executable, "-c", PROGRAMS, *programs.values()])
    *printed, _ = folder.said.split("END\n")
    return dict(zip(programs, printed, strict=True))


def test_a_network_of_ones_own(told):
    said = told["A network"]
    assert re.search(r"accuracy +\d+\.\d %", said)
    assert re.search(r"^0 +16 .*\n1 +64 ", said, flags=re.M), "both points of the search"
    labels = re.search(r"^my-net \[(.*)\]", said, flags=re.M)[1]
    assert {label.strip("'") for label in labels.split(", ")} <= {*EMOTIONS, ""} and labels.strip(
        "', "
    )


def test_a_data_set_of_ones_own(told):
    said = told["A data set"]
    assert "105 pictures {'train': 63, 'validation': 21, 'test': 21}" in said
    assert re.search(r"accuracy +\d+\.\d %", said)


def test_a_rule_of_ones_own(told):
    score, difference = told["A fusion rule"].splitlines()
    assert re.fullmatch(r"geometric: \d\d\.\d % .*", score) and "points" in difference


def test_the_command_line_knows_them_all(folder):
    for title in OF_ONES_OWN:  # whichever test came first
        folder.follow(title)
    (told,) = folder.follow("On the command line")
    assert "my-faces: 105 rows (63 train, 21 validation, 21 test), 5 groups" in told
    assert "same group" in told and "test, 21 rows:" in told
    card = json.loads(next(folder.path.glob("runs/*/my-net.card.json")).read_text(encoding="utf-8"))
    assert (card["data"], card["protocol"], card["labels"]) == (
        "my-faces",
        "official",
        list(EMOTIONS),
    )
    assert (
        card["licence"]
        == "weights: as the data's licence allows (trained on my-faces: for myself alone)"
    )
    result = json.loads((folder.path / "runs" / "film" / "result.json").read_text(encoding="utf-8"))
    assert (
        result["networks"]["face"]["name"] == "my-net"
        and result["settings"]["fusion"] == "geometric"
    )
    assert result["summary"]["probabilities"]


def test_a_notebook_of_ones_own(tmp_path):
    """In a copy of the repository, because it is changed."""
    for path in shipped_files():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    _, told = Folder(tmp_path).follow("A notebook")
    assert re.search(r"\d+ passed", told) and not re.search("failed|error", told)
    notebook = json.loads(
        (tmp_path / "notebooks" / "17_loudness.ipynb").read_text(encoding="utf-8")
    )
    printed = "".join(
        "".join(o.get("text", "")) for cell in notebook["cells"] for o in cell.get("outputs", [])
    )
    assert "-9.0 dB" in printed and "17.2: not yet." in printed
    assert "17_loudness" in (tmp_path / "notebooks" / "README.md").read_text(encoding="utf-8")


def test_the_template_carries_the_projects_address_and_nothing_stored():
    text = (ROOT / "docs" / "template.ipynb").read_text(encoding="utf-8")
    assert stamped(text, ADDRESS) == text
    assert not any(cell.get("outputs") for cell in json.loads(text)["cells"])


def rows(text: str) -> list[list[str]]:
    """The rows of a table, cell by cell, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [
        [cell.strip().strip("`") for cell in line.strip("|").split(" | ")] for line in lines[2:]
    ]


def tables(title: str) -> list[str]:
    blocks = section(title).strip().split("\n\n")
    return [block for block in blocks if block.startswith("|")]


#: What stands where the page sends those who ask its questions.
ANSWERS = ("def align_crop(", "loss=keras.losses", "def read_streams(", "def page(", "def readme(")


def test_the_house_is_described_in_the_order_that_its_imports_keep():
    places, questions, rooms = map(rows, tables("The house"))
    floors: dict[str, set[str]] = {}
    for floor, room, sentence in rooms:
        floors.setdefault(floor, set()).add(room)
        assert len(sentence) > 10, room
    assert list(floors.values()) == list(ORDER)
    for place, _ in places:
        assert (ROOT / place).is_dir()
    for (_, path), word in zip(questions, ANSWERS, strict=True):
        assert word in (ROOT / path).read_text(encoding="utf-8"), f"{path}: no {word} there"


def recorded() -> dict[str, list[dict]]:
    """The records by name without seed."""
    found: dict[str, list[dict]] = {}
    for path in sorted((ROOT / "data" / "runs").glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        found.setdefault(re.sub(r"-s\d+$", "", path.stem), []).append(record)
    return found


def clock(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


_, _TIMED, _OTHERS = re.split("<!-- /?records -->", section("Records"))
TIMED = {name: (how, took) for name, how, took in rows(_TIMED)}


def test_every_record_is_listed_with_the_time_that_it_took():
    timed = {
        name: [r["wall_time_s"] for r in found]
        for name, found in recorded().items()
        if "wall_time_s" in found[0]
    }
    assert timed.keys() == TIMED.keys()
    for name, seconds in timed.items():
        times = list(dict.fromkeys(map(clock, (min(seconds), max(seconds)))))
        if len({time.split()[1] for time in times}) == 1:
            times = ["–".join([*(time.split()[0] for time in times[:-1]), times[-1]])]
        assert TIMED[name][1] == " – ".join(times), name
    others = " ".join(what for what, _ in rows(_OTHERS))
    for name in recorded().keys() - timed.keys():
        shown = re.sub(r"^(data|leak|quoted)-.*", r"\1-NAME", name)
        shown = re.sub(r"^elsewhere-.*", "elsewhere-NETWORK-SET", shown)
        assert shown in others, name


@pytest.mark.parametrize(
    "name", [n for n, (how, _) in TIMED.items() if how.startswith("emotutils train")]
)
def test_a_training_as_written_leaves_the_record_of_that_name(name):
    args = build_parser().parse_args(TIMED[name][0].split()[1:])
    plan = recipes.recipe_for(args.network, args.recipe)
    plan = replace(plan, epochs=args.epochs or plan.epochs)
    protocol = args.protocol or material.own_protocol(args.data, kind_of(args.network))
    assert describing.run_name(protocol, args.data, args.network, plan, 0) == f"{name}-s0"
    shipped = records.read(f"{name}-s0")
    assert shipped.get("precision", "float32") == args.precision


def test_what_makes_the_other_records_exists():
    text = section("Records")
    calls = re.findall(r"[`(]((?:studies|fusion|training)\.[\w.]+)\(", text)
    assert len(set(calls)) >= 6
    for call in calls:
        module, _, function = call.rpartition(".")
        assert callable(getattr(import_module(f"emotutils.{module}"), function)), call
    for script in re.findall(r"python (tests/benchmarks/\w+\.py)", text):
        assert (ROOT / script).is_file()
    assert set(searches.STUDIES) < TIMED.keys()
