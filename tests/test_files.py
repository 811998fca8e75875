"""Files that are there whole or not at all, whoever is killed, and whatever else writes there."""

import os
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from raising import raises_error

from emotutils.errors import WriteError
from emotutils.support import files
from emotutils.support.files import replacing, temporary_folder


class Killed(BaseException):
    """As if the process were gone."""


def write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text)


def left_by(folder: Path, pid: int, **changes: str) -> Path:
    """A temporary folder as a process with this number would have left it."""
    with temporary_folder(folder) as ours:
        _, machine, _, process, own = ours.name.split("-")
    parts = {"machine": machine, "process": process, **changes}
    name = f".part-{parts['machine']}-{pid}-{parts['process']}-{own}"
    left = folder / name
    left.mkdir()
    (left / "half.card.json").write_text("{")
    return left


def of_a_dead_process() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_what_was_there_stays_until_all_is_written(tmp_path):
    path = tmp_path / "new" / "a.json"
    write(path, "first")
    with pytest.raises(ValueError), replacing(path) as temporary:
        temporary.write_text("half")
        assert temporary.name == path.name, "the format is chosen by the name"
        raise ValueError
    assert path.read_text() == "first" and os.listdir(path.parent) == ["a.json"]
    with replacing(tmp_path / "folder") as temporary:
        temporary.mkdir()
        (temporary / "a").touch()
    assert sorted(os.listdir(tmp_path)) == ["folder", "new"]


def test_what_killed_processes_left_is_gone_after_the_next_start(tmp_path):
    dead = left_by(tmp_path, of_a_dead_process())
    earlier = left_by(tmp_path, os.getpid(), process="0badcafe")  # had the same number
    alive = left_by(tmp_path, os.getppid())
    ours = left_by(tmp_path, os.getpid())
    elsewhere = left_by(tmp_path, 1, machine="0badcafe")
    of_others = tmp_path / ".part-4711-conv2d.card.json"  # no name that we give
    of_others.touch()
    write(tmp_path / "a", "a")
    assert not dead.exists() and not earlier.exists()
    assert alive.exists() and ours.exists() and elsewhere.exists() and of_others.exists()
    days_ago = time.time() - 3 * files.A_DAY
    for path in (elsewhere, of_others):
        os.utime(path, (days_ago, days_ago))
    write(tmp_path / "a", "a")
    stay = {"a", alive.name, ours.name, of_others.name}
    assert {path.name for path in tmp_path.iterdir()} == stay


def test_no_pattern_finds_what_is_half_written(tmp_path):
    with replacing(tmp_path / "mine.card.json") as temporary:
        temporary.touch()
        assert not list(tmp_path.glob("*.card.json"))


def test_many_threads_write_into_one_folder(tmp_path):
    texts = [str(k) * 100_000 for k in range(8)]
    at_once = threading.Barrier(8)

    def work(text: str) -> None:
        at_once.wait()
        for _ in range(10):
            write(tmp_path / "one", text)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, texts))  # raises what a thread raised
    assert (tmp_path / "one").read_text() in texts and os.listdir(tmp_path) == ["one"]


def test_one_line_where_nothing_can_be_written(tmp_path, full_disk):
    (tmp_path / "file").write_text("in the way")
    with raises_error(WriteError, where=tmp_path / "file" / "a"):
        write(tmp_path / "file" / "a", "text")
    with raises_error(WriteError, where=tmp_path / ("n" * 300)):
        write(tmp_path / ("n" * 300), "text")
    with full_disk(), raises_error(WriteError, "large", where=tmp_path / "file"):
        write(tmp_path / "file", "text")
    assert (tmp_path / "file").read_text() == "in the way" and os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_the_rename(tmp_path, monkeypatch, moment):
    ordinary = os.replace

    def dying(source, target):
        if moment == "after":
            ordinary(source, target)
        raise Killed

    write(tmp_path / "a", "old")
    monkeypatch.setattr(os, "replace", dying)
    with pytest.raises(Killed):
        write(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == {"before": "old", "after": "new"}[moment]
