"""The Colab door against a machine made up for it: Drive, secrets, data; and the first cell of
every notebook.
"""

import errno
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from IPython.core.inputtransformer2 import TransformerManager
from test_download import TAKES, serving, tarred, wav, zipped
from test_notebooks import ADDRESS, NOTEBOOKS, cells, code, stamped, text

from emotutils import config
from emotutils.course import colab
from emotutils.datasets import catalog, download
from emotutils.errors import DataError, EmotutilsError

RAVDESS = zipped({f"{take}.wav": wav() for take in TAKES})
CSV = "\n".join(["emotion,pixels,Usage", *(f"{i},{' '.join(['7'] * 2304)},{u}" for i, u in
                 enumerate(("Training", "PublicTest", "PrivateTest")))]).encode()  # fmt: skip
FER2013 = tarred(("fer2013/fer2013.csv", CSV))


class MessageError(Exception):
    """As Colab's own, raised when the dialogue is closed."""


class SecretNotFoundError(Exception):
    pass


class Colab:
    """What the learner allows, and what was asked for. Each `start` gives a new machine; the Drive
    stays.
    """

    def __init__(self, folder: Path, monkeypatch):
        self.folder, self.monkeypatch = folder, monkeypatch
        self.mounts, self.secrets, self.refusal = [], {}, None
        self.home = folder / "drive" / "MyDrive" / "emotutils"
        self.count = 0
        drive, userdata = ModuleType("google.colab.drive"), ModuleType("google.colab.userdata")
        drive.mount, userdata.get, userdata.SecretNotFoundError = (
            self.mount,
            self.get,
            SecretNotFoundError,
        )
        module = ModuleType("google.colab")
        module.drive, module.userdata = drive, userdata
        monkeypatch.setitem(sys.modules, "google.colab", module)
        monkeypatch.setattr(colab, "DRIVE", folder / "drive")

    def mount(self, where):
        if self.refusal:
            raise self.refusal
        self.mounts.append(where)
        Path(where, "MyDrive").mkdir(parents=True, exist_ok=True)

    def get(self, name):
        if name not in self.secrets:
            raise SecretNotFoundError(f"Secret {name} does not exist.")
        if isinstance(self.secrets[name], Exception):
            raise self.secrets[name]
        return self.secrets[name]

    def start(self):
        self.count += 1
        (self.folder / "notebooks").rename(self.folder / f"notebooks-{self.count}")
        (self.folder / "notebooks").mkdir()
        self.monkeypatch.chdir(self.folder / "notebooks")
        shutil.rmtree(colab.DATA, ignore_errors=True)
        os.environ.pop("EMOTUTILS_DATA", None)


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(tmp_path, monkeypatch):
    for name in (
        "EMOTUTILS_DATA",
        "KAGGLE_API_TOKEN",
        "KAGGLE_USERNAME",
        "KAGGLE_KEY",
        "EMOTUTILS_PROFILE",
    ):
        monkeypatch.setenv(name, "")  # so that what `prepare` sets is taken back afterwards
        monkeypatch.delenv(name)
    (tmp_path / "bin").mkdir()
    for name, value in {"HOME": "home", "EMOTUTILS_CACHE": "cache", "PATH": "bin"}.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(colab, "DATA", tmp_path / "machine")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return Colab(tmp_path, monkeypatch)


@pytest.fixture
def server(monkeypatch):
    """Has RAVDESS and FER2013, three rows each."""
    with serving() as it:
        for name, archive in (("ravdess", RAVDESS), ("fer2013", FER2013)):
            known = catalog.CATALOG[name]
            digest, rows = (
                "md5:" + hashlib.md5(archive).hexdigest(),
                dict(zip(known.whole, (3, None), strict=True)),
            )
            address = (it.serve(name, archive),)
            changed = replace(known, addresses=address, bytes=len(archive), hash=digest, whole=rows)
            monkeypatch.setitem(catalog.CATALOG, name, changed)
        yield it


def refused(*words, error=EmotutilsError, data="", drive=True):
    """The one line with which `prepare` stops."""
    with pytest.raises(error) as caught:
        colab.prepare(data, drive=drive)
    line = str(caught.value)
    assert "\n" not in line and all(word in line for word in words), line


def program(folder, name, script):
    """A program of this name in the search path."""
    (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bin" / name).chmod(0o755)


def test_elsewhere_nothing_is_done_but_said(tmp_path, capsys):
    colab.prepare("ravdess", drive=True)
    assert capsys.readouterr().out == "This is not Colab: nothing to do.\n"
    assert (
        not list(Path().iterdir())
        and not colab.DATA.exists()
        and "EMOTUTILS_DATA" not in os.environ
    )


def test_without_a_wish_only_the_machine_is_looked_at(machine, server, capsys):
    colab.prepare()
    out = capsys.readouterr().out
    assert "No GPU" in out and "Change runtime type" in out and "choose DRIVE" in out
    assert not machine.mounts and not server.asked and not list(Path().iterdir())
    assert config.data_root() == colab.DATA and config.profile() == "sample"


@pytest.mark.parametrize(
    "script, said",
    [
        ("echo 'GPU 0: Tesla T4 (UUID: GPU-1-2)'", "GPU 0: Tesla T4\n"),
        ("echo no devices; exit 6", "No GPU"),
    ],
)
def test_the_graphics_card_is_named(script, said, machine, tmp_path, capsys):
    program(tmp_path, "nvidia-smi", script)
    colab.prepare()
    assert capsys.readouterr().out.startswith(said)


def test_results_are_kept_on_drive_and_found_by_the_next_machine(machine, capsys):
    colab.prepare(drive=True)
    assert machine.mounts == [str(colab.DRIVE)] and "choose DRIVE" not in capsys.readouterr().out
    assert config.output_root().resolve() == (machine.home / "runs").resolve()
    Path("runs/training").mkdir()
    Path("runs/training/history.json").write_text("three epochs")
    colab.prepare(drive=True)
    assert len(machine.mounts) == 1, "what is mounted is not mounted again"
    machine.start()
    colab.prepare(drive=True)
    assert Path("runs/training/history.json").read_text() == "three epochs"


def test_what_was_in_runs_before_is_not_lost(machine, capsys):
    (machine.home / "runs" / "training").mkdir(parents=True)
    (machine.home / "runs" / "training" / "record").write_text("of last week")
    (machine.home / "runs" / "guesses.csv").write_text("of last week")
    for name in ("training/record", "guesses.csv", "film/report.html"):
        Path("runs", name).parent.mkdir(parents=True, exist_ok=True)
        Path("runs", name).write_text("of today")
    colab.prepare(drive=True)
    found = {
        p.relative_to("runs").as_posix(): p.read_text()
        for p in Path("runs").rglob("*")
        if p.is_file()
    }
    assert found == {
        "training/record": "of last week",
        "training-2/record": "of today",
        "guesses.csv": "of last week",
        "guesses-2.csv": "of today",
        "film/report.html": "of today",
    }
    assert "runs/guesses.csv is now" in capsys.readouterr().out


def test_a_link_that_led_elsewhere_leads_to_drive(machine, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "record").write_text("mine")
    Path("runs").symlink_to(tmp_path / "elsewhere")
    colab.prepare(drive=True)
    assert Path("runs").resolve() == (machine.home / "runs").resolve()
    assert (tmp_path / "elsewhere" / "record").read_text() == "mine"


def test_a_set_is_downloaded_once_and_unpacked_on_each_machine(machine, server, capsys):
    colab.prepare("ravdess", drive=True)
    out = capsys.readouterr().out
    assert "kept in" in out and "ravdess: complete, 3 recordings" in out
    assert (machine.home / "data" / "Audio_Speech_Actors_01-24.zip").read_bytes() == RAVDESS
    assert (
        not list((machine.home / "data").rglob("*.wav"))
        and len(list(colab.DATA.rglob("*.wav"))) == 3
    )
    assert config.profile() == "live"
    colab.prepare("ravdess", drive=True)
    assert "already here; ravdess: complete" in capsys.readouterr().out
    machine.start()
    colab.prepare("ravdess", drive=True)
    out = capsys.readouterr().out
    assert "ravdess: complete, 3 recordings" in out and "kept in" not in out
    assert len(server.asked) == 1 and sorted(p.name for p in (machine.home / "data").iterdir()) == [
        "Audio_Speech_Actors_01-24.zip"
    ]


def test_without_drive_a_set_is_fetched_and_nothing_kept(machine, server, capsys):
    colab.prepare("ravdess")
    out = capsys.readouterr().out
    assert "ravdess: complete" in out and "kept in" not in out and "choose DRIVE" in out
    assert not machine.mounts and not machine.home.exists()


def test_two_sets_with_the_learners_own_token(machine, server, capsys):
    machine.secrets["KAGGLE_API_TOKEN"] = "hush"
    colab.prepare("ravdess+fer2013", drive=True)
    out = capsys.readouterr().out
    assert (
        "ravdess: complete" in out and "fer2013: complete, 3 pictures" in out and "hush" not in out
    )
    headers = {path: asked["Authorization"] for path, asked in server.asked}
    assert headers == {"/ravdess": None, "/fer2013": "Bearer hush"}
    del machine.secrets["KAGGLE_API_TOKEN"]
    machine.start()
    os.environ.pop("KAGGLE_API_TOKEN")
    colab.prepare("fer2013", drive=True)
    assert "fer2013: complete" in capsys.readouterr().out and len(server.asked) == 2, (
        "kept: no token is needed again"
    )


def test_the_older_token_in_two_secrets(machine, server):
    machine.secrets |= {"KAGGLE_USERNAME": "ada", "KAGGLE_KEY": "hush"}
    colab.prepare("fer2013")
    assert server.asked[0][1]["Authorization"].startswith("Basic ")


def test_a_token_that_is_missing_or_not_granted(machine, server):
    refused(
        "Kaggle token",
        "accept the rules",
        "KAGGLE_API_TOKEN",
        "emotutils/data/fer2013",
        data="fer2013",
    )
    machine.secrets["KAGGLE_API_TOKEN"] = MessageError(
        "Notebook does not have access to secret KAGGLE_API_TOKEN"
    )
    refused("was not given", "'Notebook access' for KAGGLE_API_TOKEN", data="fer2013")
    assert not server.asked


@pytest.mark.parametrize(
    "place", ["fer2013/fer2013.csv", "fer2013/fer2013.tar.gz", "fer2013.tar.gz"]
)
def test_what_the_learner_put_on_drive_needs_no_token(place, machine, server, capsys):
    (machine.home / "data" / place).parent.mkdir(parents=True)
    (machine.home / "data" / place).write_bytes(CSV if place.endswith("csv") else FER2013)
    (colab.DATA / "fer2013").mkdir(parents=True)
    (colab.DATA / "fer2013" / "notes.txt").write_text("mine")
    colab.prepare("fer2013", drive=True)
    assert "fer2013: complete, 3 pictures" in capsys.readouterr().out
    assert not server.asked and download.check("fer2013", colab.DATA).whole


def test_affwild2_comes_from_drive_or_its_steps_are_told(machine, capsys):
    with pytest.raises(DataError) as caught:
        colab.prepare("affwild2", drive=True)
    assert caught.value.where == "affwild2"
    annotation = (
        machine.home
        / "data"
        / "affwild2"
        / "EXPR_Classification_Challenge"
        / "Train_Set"
        / "film.txt"
    )
    annotation.parent.mkdir(parents=True)
    annotation.write_text("Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise,Other\n0\n")
    colab.prepare("affwild2", drive=True)
    assert "already here; affwild2: " in capsys.readouterr().out


@pytest.mark.parametrize(
    "refusal", [MessageError("Error: credential\npropagation was unsuccessful"), ValueError()]
)
def test_a_drive_that_is_not_allowed(refusal, machine, server):
    machine.refusal = refusal
    refused("Google Drive could not be opened", "allow access", "DRIVE", data="ravdess")
    assert not list(Path().iterdir()) and not server.asked


def test_an_unknown_set_is_named_before_anything_is_asked(machine):
    refused("cifar", "ravdess", error=DataError, data="ravdess+cifar")
    assert not machine.mounts


def test_a_damaged_archive_on_drive_is_named(machine, server):
    (machine.home / "data").mkdir(parents=True)
    (machine.home / "data" / "Audio_Speech_Actors_01-24.zip").write_bytes(RAVDESS[:-1])
    refused(
        str(machine.home / "data" / "Audio_Speech_Actors_01-24.zip"),
        "published is",
        "remove it",
        data="ravdess",
    )


def test_a_full_drive(machine, server, monkeypatch):
    def full(source, target, **options):
        Path(target).touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as m:
        m.setattr(shutil, "copyfile", full)
        refused(str(machine.home / "data"), "No space left on device", "make room", data="ravdess")
    assert not list((machine.home / "data").iterdir()) and not list(colab.DATA.iterdir())
    (machine.home / "data" / "fer2013").mkdir()
    (machine.home / "data" / "fer2013" / "fer2013.csv").write_bytes(CSV)
    with monkeypatch.context() as m:
        m.setattr(shutil, "copytree", full)
        refused("could not be copied", "No space left on device", "delete", data="fer2013")


every = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def first_cell(path: Path) -> str:
    """The first code cell as Python."""
    return TransformerManager().transform_cell(text(cells(path, "code")[0]))


def run_first_cell(path: Path, calls: list) -> dict:
    names = {}
    shell = SimpleNamespace(
        system=lambda line: calls.append(("!", line.format(**names))),
        run_line_magic=lambda *words: calls.append(words),
    )
    names["get_ipython"] = lambda: shell
    exec(first_cell(path), names)
    return names


@every
def test_the_first_cell_does_nothing_outside_colab(path, monkeypatch, capsys):
    monkeypatch.setattr(colab, "prepare", lambda *args, **options: pytest.fail("asked for"))
    calls = []
    names = run_first_cell(path, calls)
    assert not calls and not capsys.readouterr().out
    assert names.get("DATA", "") == "" and names["DRIVE"] is False


@every
def test_the_first_cell_on_colab(path, machine, monkeypatch):
    calls = []
    monkeypatch.setattr(
        colab, "prepare", lambda *args, **options: calls.append(("prepare", args, options))
    )
    names = run_first_cell(path, calls)
    (_, unpack), (_, clone), enter, (magic, install), (_, args, options) = calls
    assert "/content/course.zip" in unpack
    assert f"git clone -q {ADDRESS} /content/course" in clone and enter == (
        "cd",
        "-q /content/course/notebooks",
    )
    assert (magic, install) == ("pip", 'install -q "..[colab]"')
    assert args == (("",) if "DATA" in names else ()) and options == {"drive": False}


def enter_twice(tmp_path, monkeypatch):
    """Run the first cell's shell lines twice, on a machine whose /content is ``tmp_path``."""
    calls = []
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    monkeypatch.setattr(colab, "prepare", lambda *args, **options: None)
    run_first_cell(NOTEBOOKS[0], calls)
    lines = [call[1].replace("/content", str(tmp_path)) for call in calls if call[0] == "!"]
    for line in 2 * lines:
        subprocess.run(["/bin/sh", "-c", line], check=True)


def test_a_zip_of_the_course_is_unpacked_and_nothing_is_cloned(tmp_path, monkeypatch):
    program(tmp_path, "git", "exit 1")
    program(tmp_path, "python", f'exec {sys.executable} "$@"')
    with zipfile.ZipFile(tmp_path / "course.zip", "w") as archive:
        archive.writestr("course/notebooks/00_setup.ipynb", "{}")
    enter_twice(tmp_path, monkeypatch)
    assert (tmp_path / "course" / "notebooks" / "00_setup.ipynb").read_text() == "{}"


def test_the_course_is_cloned_once(tmp_path, monkeypatch):
    program(tmp_path, "git", 'PATH=/bin:/usr/bin; mkdir "$4"; echo "$@" >> "$4/calls"')
    enter_twice(tmp_path, monkeypatch)
    assert (tmp_path / "course" / "calls").read_text().split() == [
        "clone",
        "-q",
        ADDRESS,
        str(tmp_path / "course"),
    ]


@every
def test_one_can_choose_the_sets_that_a_notebook_reads(path):
    source = text(cells(path, "code")[0])
    found = re.search(r'^DATA = ""  # @param (\[.*\])$', source, flags=re.M)
    choices = json.loads(found[1]) if found else [""]
    assert choices[0] == "" and len(choices) == len(set(choices))
    offered = {name for choice in choices for name in choice.split("+") if name}
    assert offered <= catalog.CATALOG.keys()
    rest = code(path).removeprefix(source)
    read = {
        name
        for names in re.findall(r'cfg\.(?:load|root)\("([\w+-]+)"\)', rest)
        for name in names.split("+")
    }
    read |= {"fer2013", "ravdess"} if "cfg.pairs()" in rest else set()
    assert read <= offered, "stamp.py: CHOICES"
    assert all(name in read or name in rest for name in offered)


def test_stamping_changes_addresses_and_the_first_cell_only():
    before = NOTEBOOKS[0].read_text(encoding="utf-8")
    after = stamped(before, "https://github.com/ada/course/")
    assert (
        "github/ada/course/blob/main/notebooks/" in after
        and 'ADDRESS = \\"https://github.com/ada/course\\"' in after
    )
    assert stamped(after, ADDRESS) == before
    own = (
        json.dumps({"cells": [{"cell_type": "code", "source": ["print('mine')"]}]}, indent=1) + "\n"
    )
    assert stamped(own, ADDRESS) == own, "a cell that is not Colab's is left alone"
