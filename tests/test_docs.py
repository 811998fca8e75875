"""The documents say what is true: their commands exist, their links lead somewhere, their figures
are the records'.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from emotutils import config
from emotutils.cli import build_parser, main
from emotutils.datasets.catalog import CATALOG
from emotutils.emotions import EMOTIONS
from emotutils.evaluation import Answers, Score
from emotutils.media import FilmWriter
from emotutils.networks import shipped_cards
from emotutils.studies import tables
from emotutils.training import records

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = (
    "README.md",
    "INSTALL.md",
    "CONTRIBUTING.md",
    "data/README.md",
    "notebooks/README.md",
    "docs/background.md",
    "docs/glossary.md",
    "docs/instructors.md",
    "docs/results.md",
)

sys.path.insert(0, str(ROOT / "notebooks"))
import matrix  # noqa: E402
import run as run_notebooks  # noqa: E402
import stamp  # noqa: E402

CARD = {
    "name": "conv2d",
    "variant": "best",
    "modality": "face",
    "labels": ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"],
    "parameters": 876266,
    "data": "fer2013",
    "protocol": "official",
    "run": "no-such-run",
    "test": {
        "n": 3589,
        "n_groups": None,
        "accuracy": {"value": 0.6512, "low": 0.6355, "high": 0.6666},
        "uar": {"value": 0.6101, "low": 0.59, "high": 0.63},
        "macro_f1": {"value": 0.6203, "low": 0.6, "high": 0.64},
    },
}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", read(name), flags=re.S | re.M)


def commands(program: str) -> list[list[str]]:
    """Every call of a program in the documents' bash blocks, as its arguments, each once."""
    found = []
    for name in DOCUMENTS:
        for line in "".join(blocks(name, "bash")).splitlines():
            words = shlex.split(line, comments=True)
            if words and words[0] == program and words[1:] not in found:
                found.append(words[1:])
    return found


@pytest.mark.parametrize("arguments", commands("emotutils"), ids=" ".join)
def test_each_command_in_the_documents_exists(arguments):
    try:
        assert build_parser().parse_args(arguments)
    except SystemExit as end:
        assert end.code == 0  # --help


def test_each_command_of_the_command_line_is_in_the_documents():
    (choices,) = (a.choices for a in build_parser()._subparsers._group_actions)
    assert set(choices) == {arguments[0] for arguments in commands("emotutils")} - {"--help"}


@pytest.mark.parametrize("arguments", commands("make"), ids=" ".join)
def test_each_make_target_in_the_documents_exists(arguments):
    targets = re.findall(r"^([a-z-]+):", read("Makefile"), flags=re.M)
    assert arguments[0] in targets


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_and_pictures_lead_somewhere(name):
    text = re.sub(r"^```.*?^```", "", read(name), flags=re.S | re.M)  # code has links of its own
    for alt, picture in re.findall(r"!\[(.*?)\]\((.+?)\)", text):
        assert len(alt) > 20, f"{picture}: say in words what it shows"
        assert (ROOT / name).parent.joinpath(picture).is_file(), picture
    for target in re.findall(r"(?<!!)\[[^\]]*\]\((.+?)\)", text):
        path, _, anchor = target.partition("#")
        document = (ROOT / name).parent / path if path else ROOT / name
        assert document.exists(), target
        if anchor:
            assert anchor in {
                _anchor(h)
                for h in re.findall(r"^#+ (.+)$", document.read_text("utf-8"), flags=re.M)
            }


def _anchor(heading: str) -> str:
    """The name GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def glossary() -> list[tuple[list[str], str]]:
    """Each entry of the glossary: its words, in lower case, and its text."""
    found = re.findall(r"^- \*\*(.+?)\*\*: (.+)$", read("docs/glossary.md"), flags=re.M)
    return [(words.casefold().split(", "), text) for words, text in found]


def test_the_glossary_is_alphabetical():
    first = [words[0] for words, _ in glossary()]
    assert len(first) > 100
    assert first == sorted(set(first))


def test_each_word_of_the_glossary_is_said_where_its_links_lead():
    said = {}
    for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        said[path.name] = "\n".join(
            "".join(c["source"]) for c in cells if c["cell_type"] == "markdown"
        ).casefold()
    for words, text in glossary():
        stems = [word[:-2] if len(word) > 6 else word for word in words]
        taught = re.findall(r"\[\d\d\]\(\.\./notebooks/(.+?)\)", text)
        assert taught, f"{words}: where is it taught?"
        for name in taught:
            assert any(stem in said[name] for stem in stems), f"{name} does not say {words}"


def test_results_in_the_readme_are_those_of_cards_and_records():
    """Those of docs/results.md are made where the tool is tested alone: that takes long."""
    (block,) = re.findall(
        r"<!-- results -->\n(.*?)\n<!-- /results -->", read("README.md"), flags=re.S
    )
    assert block == tables.readme(), "make results"


def test_routes_and_times_are_those_of_the_record():
    record = records.read("notebooks")
    there = {path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
    assert record["seconds"].keys() == record["words"].keys() == there, "make notebooks"
    (block,) = re.findall(
        r"<!-- routes -->\n(.*?)\n<!-- /routes -->", read("README.md"), flags=re.S
    )
    assert block == run_notebooks.routes(record), "python notebooks/run.py --pages"
    assert read("notebooks/README.md") == run_notebooks.times(record, read("notebooks/README.md"))
    shown = re.findall(
        r"^\| \[(\d\d_\w+)\].*\| \d+ (?:s|min) \| [\d,]+ \|$",
        read("notebooks/README.md"),
        flags=re.M,
    )
    assert set(shown) == there


def test_the_table_of_what_was_tried_is_that_of_the_record():
    record = records.read("matrix")
    assert matrix.with_table(read("INSTALL.md"), record) == read("INSTALL.md"), "make matrix"
    tried = [cell for cell in record["cells"].values() if cell["installed"]]
    assert tried and not [cell for cell in tried if cell["demo"]]


#: Sizes of other things: of films for the app, of RAVDESS's speech, of a process with TensorFlow, of
#: Whisper's model and what it needs, of the course as one zip.
OTHER_SIZES = {"45 MB", "200 MB", "208 MB", "0.7 GB", "75 MB", "71 MB", "170 MB"}


def test_the_sizes_of_the_installs_are_those_that_were_measured():
    pages = ("README.md", "INSTALL.md", "Makefile", "docs/instructors.md")
    text = " ".join(read(page) for page in pages)
    text = re.sub("<!-- results -->.*?<!-- /results -->", "", text, flags=re.S)
    named = {" ".join(found) for found in re.findall(r"\b(\d+(?:\.\d)?) ?([MG]B)\b", text)}
    measured = records.read("matrix")["megabytes"]
    tool = 10 * round(measured["tool"] / 10)
    course = measured["course"] / 1000
    rest = course - measured["tool"] / 1000
    sizes = {f"{tool} MB", f"{course:.1f} GB", f"{rest:.1f} GB"}
    assert named - OTHER_SIZES == sizes, "make matrix"


def test_the_citation_file_names_this_version_and_address():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == project["version"]
    assert citation["repository-code"] == project["urls"]["Repository"], "make stamp"
    assert (
        citation["title"] in read("README.md").replace("*", "")
        and citation["cff-version"] == "1.2.0"
    )
    assert f"(emotutils {project['version']})" in read("README.md")


def test_the_documents_name_the_projects_address_alone():
    address = tomllib.loads(read("pyproject.toml"))["project"]["urls"]["Repository"]
    named = re.findall(r"git clone (?:-q )?(\S+)", read("INSTALL.md"))
    assert named and set(named) == {address}, "make stamp"
    assert f"\ncd {address.split('/')[-1]}\n" in read("INSTALL.md")
    moved = stamp.readdressed(read("INSTALL.md"), address, "https://example.org/ada/course/")
    assert "git clone https://example.org/ada/course\ncd course\n" in moved and address not in moved


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.md")), ids=lambda p: p.stem
)
def test_each_issue_template_says_what_it_is_for(path):
    front = yaml.safe_load(path.read_text(encoding="utf-8").split("---\n")[1])
    assert front["name"] and len(front["about"]) > 30


@pytest.mark.parametrize("card", shipped_cards(tables.IN_RESULTS), ids=lambda card: card["name"])
def test_each_score_on_a_card_is_its_run_records(card):
    record = records.of_card(card)
    assert card["test"] == {key: record["test"][key] for key in card["test"]}
    assert (card["data"], card["protocol"]) == (record["data"], record["protocol"])


def test_results_table_with_and_without_networks():
    assert tables.results_table([]) == "Not trained yet: no network is shipped."
    head, _, row, *notes = tables.results_table([CARD]).splitlines()
    assert head.split("|")[1:-1] == [f" {h} " for h in tables.HEADER]
    assert [cell.strip() for cell in row.split("|")[1:-1]] == [
        "conv2d (best)",
        "face",
        "fer2013",
        "official",
        "876,266",
        "65.1 % (63.5–66.7)",
        "61.0 % (59.0–63.0)",
        "62.0 % (60.0–64.0)",
    ]
    assert "3,589 rows, 7 labels" in "\n".join(notes)
    voice = CARD | {"name": "crnn", "modality": "voice", "protocol": "actors-16-4-4"}
    voice |= {"labels": [*CARD["labels"], "calm"], "test": CARD["test"] | {"n": 740, "n_groups": 4}}
    assert "740 rows of 4 speakers, 8 labels" in tables.results_table([CARD, voice])
    text = CARD | {"name": "textcnn", "modality": "text", "test": CARD["test"] | {"n_groups": 700}}
    assert "(3,589 rows, 7 labels)" in tables.results_table([text]), "texts have no speakers"


RUN = {"protocol": "official", "data": "fer2013", "network": "conv2d", "variant": "best"}
RUN |= {"recipe": "best", "seed": 0, "options": {"epochs": 40}}
SCORES = {name: {"value": 0.5} for name in ("accuracy", "uar", "macro_f1")}
SCORES |= {"n": 9, "labels": list(EMOTIONS)}


def test_other_seeds_of_a_shipped_network_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "shipped_root", lambda: tmp_path)
    card = CARD | {"run": "run 0"}
    for seed, value in enumerate((0.61, 0.58, 0.64)):
        record = RUN | {"seed": seed, "test": SCORES | {"uar": {"value": value}}}
        records.write(f"run {seed}", record, publish=True)
        told = tables.results_table([card])
        assert ("seeds" in told) == (seed > 0)
    assert "`conv2d` in 3 seeds: UAR 58.0–64.0 %" in told


def test_twins_are_told_where_the_set_was_audited(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "shipped_root", lambda: tmp_path)
    card = CARD | {"run": "run"}
    groups = pd.DataFrame({"group": list("abcd")})
    answers = Answers(
        np.array(list("abcd")), groups, np.array([0, 1, 0, 0]), np.eye(7)[:4], EMOTIONS
    )
    record = RUN | {"test": SCORES}
    records.write("run", record, answers.arrays("test"), publish=True)
    assert "twin" not in tables.results_table([card])
    records.write("data-fer2013", {"twins": ["a", "b"]}, publish=True)
    assert "2 test rows of `conv2d` have a twin" in tables.results_table([card])
    assert "on the others is 0.0 %" in tables.results_table([card])


def test_thesis_table_quotes_the_thesis_and_says_what_was_not_run(tmp_path, monkeypatch):
    quoted = records.read("quoted-thesis")
    monkeypatch.setattr(config, "shipped_root", lambda: tmp_path)
    records.write("quoted-thesis", quoted, publish=True)
    for seed, value in enumerate((0.68, 0.7)):
        test = SCORES | {"accuracy": {"value": value, "low": 0.66, "high": 0.72}}
        records.write(f"run {seed}", RUN | {"seed": seed, "test": test}, publish=True)
    rows = tables.thesis_table().splitlines()[2:6]
    assert rows[0] == "| Conv2D, FER2013 | 54.1 % | not run yet | 69.0 % (68.0–70.0, 2 seeds) |"
    assert rows[1] == "| ResNet50, FER2013 | 46.2 % | not run yet | not run yet |"
    assert rows[3].startswith("| Conv1D, RAVDESS + TESS | 80.6 % |")


def test_a_run_cut_short_says_so(tmp_path, monkeypatch):
    quoted = records.read("quoted-thesis")
    monkeypatch.setattr(config, "shipped_root", lambda: tmp_path)
    records.write("quoted-thesis", quoted, publish=True)
    record = RUN | {"network": "vgg16", "options": {"epochs": 4}}
    score = {"value": 0.6, "low": 0.58, "high": 0.62}
    test = (
        SCORES
        | {"accuracy": score, "macro_f1": score}
        | dict.fromkeys(("flip", "without_duplicates", "ferplus"), {"accuracy": score})
    )
    records.write("short", record | {"test": test}, publish=True)
    said = "60.0 % (58.0–62.0)"
    assert (
        tables.thesis_table().splitlines()[4].endswith(f"| not run yet | {said}, 4 of 20 epochs |")
    )
    assert (
        tables.faces_table().splitlines()[2]
        == f"| vgg16, 4 of 20 epochs | {' | '.join([said] * 5)} |"
    )
    assert "queue.toml" in tables.thesis_table()
    whole = record | {"options": {"epochs": 20}, "test": test}
    records.write("whole", whole, publish=True)
    assert tables.faces_table().splitlines()[2].startswith("| vgg16 | ")
    assert "queue.toml" not in tables.thesis_table()


def test_searches_table_tells_winners_and_real_differences():
    rows = [
        [c.strip() for c in row.split("|")[1:-1]]
        for row in tables.searches_table().splitlines()
        if "|" in row
    ]
    found = {row[0]: row[1:] for row in rows[2:]}
    faces, best, said, pairs = found["conv2d: epochs and batch"]
    assert faces == "10,000 of 28,709, 3 folds" and said == "batch_size=100, epochs=50: 56.6 %"
    points = records.read("search-epochs-and-batch-fer2013-conv2d")["points"]
    top = max(points, key=lambda point: sum(point["accuracy"]))
    parameters = top["parameters"]
    assert best.startswith(
        f"batch_size={parameters['batch_size']}, epochs={parameters['epochs']}: "
    )
    assert f"{100 * np.mean(top['accuracy']):.1f} %" in best and pairs.endswith(" of 66")


def test_actions_table_holds_all_seeds():
    seeds = [records.read(f"folds-5-ravdess-units-actions-best-s{k}")["test"] for k in range(3)]
    low, high = (f"{100 * f(test['uar']['value'] for test in seeds):.1f}" for f in (min, max))
    told = f"| 1440 | {Score(**seeds[0]['uar'])}; {low}–{high} over 3 seeds |"
    assert told in tables.actions_table()


def test_voices_table_holds_networks_and_floors():
    rows = [
        [c.strip() for c in row.split("|")[1:-1]]
        for row in tables.voices_table().splitlines()
        if "|" in row
    ]
    found = {row[0]: row[1:] for row in rows}
    test = records.read("folds-5-ravdess-crnn-best-s0")["test"]
    assert found["`crnn`"] == [str(Score(**part["uar"])) for part in (test, test["clips"])]
    seeds = [records.read(f"folds-5-ravdess-conv1d-best-s{k}")["test"] for k in range(3)]
    low, high = (f"{100 * f(test['uar']['value'] for test in seeds):.1f}" for f in (min, max))
    assert (
        found["`conv1d`, our training"][0]
        == f"{Score(**seeds[0]['uar'])}; {low}–{high} over 3 seeds"
    )
    assert {"SVC on 40 MFCCs", "dummy on 40 MFCCs"} < found.keys()
    assert sum("on TESS" in name for name in found) == 2


def test_what_the_documents_import_is_there():
    pages = "".join(read(name) for name in DOCUMENTS)
    lines = set(re.findall(r"^(?:from|import) emotutils\b.*$", pages, flags=re.M))
    assert "from emotutils.course import colab" in lines
    for line in sorted(lines):
        exec(line, {})


def test_the_python_example_runs(tmp_path):
    (example,) = blocks("README.md", "python")
    sound = (0.1 * np.sin(2 * np.pi * 220 * np.arange(4 * 16000) / 16000)).astype(np.float32)
    with FilmWriter(tmp_path / "film.mp4", 160, 120, 10, sound=(sound, 16000)) as film:
        for k in range(40):
            film.write(np.full((120, 160, 3), 4 * k, np.uint8), k / 10)
    done = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, cwd=tmp_path, timeout=300
    )
    assert done.returncode == 0, done.stderr
    written = {p.name for p in (tmp_path / "runs" / "film").iterdir()}
    named = set(re.findall(r"^\| `([a-z]+\.[a-z0-9]+)` \|", read("README.md"), flags=re.M))
    assert written == named - {"annotated.mp4", "people.csv", "words.csv"}


def test_the_instructors_commands_read_what_was_handed_in(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "handed-in").mkdir()
    shutil.copy(ROOT / "notebooks" / "03_face_data.ipynb", tmp_path / "handed-in" / "ann.ipynb")
    (block,) = blocks("docs/instructors.md", "bash")
    read_only, again = [shlex.split(line, comments=True) for line in block.splitlines()]
    assert main(read_only[1:]) == 0
    assert capsys.readouterr().out.startswith("ann.ipynb: 0 of ")
    assert build_parser().parse_args(again[1:]).run_again


@pytest.mark.parametrize("wanted", CATALOG.values(), ids=lambda wanted: wanted.name)
def test_size_licence_and_citation_are_those_of_the_catalogue(wanted):
    text = read("data/README.md")
    (row,) = [line for line in text.splitlines() if line.startswith(f"| `{wanted.name}` |")]
    size = f" {wanted.bytes / 1e6:.0f} MB " if wanted.bytes else " "
    assert row.split("|")[3] == size and row.split("|")[5] == f" {wanted.licence} "
    assert all(f"{n:,}" in row for n in list(wanted.whole.values())[:1] if n)
    assert wanted.citation in text
    assert ["data", "fetch", wanted.name] in commands("emotutils")


def test_the_licence_names_every_part():
    text = read("LICENSE")
    for part in (
        "MIT License",
        "CC BY 4.0",
        "CC BY-NC-SA 4.0",
        "non-commercial use only",
        "FER2013",
        "BlazeFace",
        "Open Database License",
    ):
        assert part in text


def test_speed_table_says_what_was_measured(monkeypatch, tmp_path):
    def row(film, contender, seconds):
        facts = {"film": film, "size": "640×480", "fps": 5, "contender": contender}
        return facts | {
            "seconds": seconds,
            "memory": [250.0, 260.0, 270.0],
            "stages": {"first": [1.0, 1.2, 9.0]},
        }

    rows = [row(10, "emotutils", [4, 4, 4]), row(10, "emotutils, face alone", [3, 3, 3])]
    rows += [row(600, "emotutils", [60, 50, 90]), row(600, "emotutils, face alone", [40, 50, 60])]
    rows += [row(600, "fer", [200, 300, 240])]
    found = {"rows": rows, "fer": {"fer": "25.10.3"}, "repeats": 3, "once_beyond": 600}
    found |= {"hardware": "2 processor cores", "load": [0.1, 1.2]}
    monkeypatch.setattr(records, "shipped_folder", lambda: tmp_path)
    assert "not run yet" in tables.speed_table()
    records.write(tables.SPEED, found, publish=True)
    first, last = tables.speed_table().splitlines()[2:4]
    cells = [cell.strip() for cell in last.split("|")[1:-1]]
    assert cells[2:5] == ["1.2 s", "60.0 s (10.0×)", "50.0 s (12.0×)"]
    assert cells[5:] == ["240.0 s (2.5×)", "5.0 (4.0–6.0)", "260 MB"]
    assert first.count("–") == 2, "fer did not run on this film"
    assert tables.speed_table(short=True).splitlines()[2] == last
