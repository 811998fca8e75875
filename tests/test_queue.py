"""The queue of long trainings: in order, resumed, halted, and nothing lost when one fails."""

import ast
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from emotutils.errors import EmotutilsError
from emotutils.studies import queue
from emotutils.studies.queue import Job

#: Stands for ``emotutils``: notes what it was asked for and leaves a record, unless the network is
#: called "broken".
STUB = """
import json, sys, pathlib, time
words = dict(zip(sys.argv[3::2], sys.argv[4::2]))
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
with open(out.parent / "asked", "a") as log:
    print(sys.argv[2], file=log)
if sys.argv[2] == "broken":
    sys.exit(2)
if sys.argv[2] == "long":
    time.sleep(60)
name = f"{sys.argv[2]}-s{sys.argv[sys.argv.index('--seed') + 1]}"
(out / name).mkdir(parents=True, exist_ok=True)
record = {"network": sys.argv[2], "data": "d", "recipe": "best", "seed": 0, "protocol": "official"}
(out / name / f"{name}.json").write_text(json.dumps(record))
"""


@pytest.fixture
def stub(tmp_path, monkeypatch):
    path = tmp_path / "stub.py"
    path.write_text(STUB)
    monkeypatch.setattr(queue, "LOOK", 0.05)
    monkeypatch.setattr(queue, "tests_run", lambda: False)
    return [sys.executable, str(path)]


def test_the_list_is_worked_off_in_order_and_what_is_done_is_skipped(tmp_path, stub):
    jobs = [Job("a", "d"), Job("broken", "d"), Job("b", "d", protocol="official")]
    assert queue.work(tmp_path, stub, jobs) == [jobs[1]]
    assert (tmp_path / "asked").read_text().split() == ["a", "broken", "b"]
    queue.work(tmp_path, stub, jobs)
    assert (tmp_path / "asked").read_text().split() == ["a", "broken", "b", "broken"]


@pytest.mark.usefixtures("stub")
def test_a_training_keeps_the_memory_it_frees_unless_told_otherwise(tmp_path, monkeypatch):
    for name in queue.KEEP_MEMORY:  # Dask sets one of them
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MALLOC_ARENA_MAX", "2")
    show = "import os; print(dict(os.environ))"
    assert queue.train([sys.executable, "-c", show], tmp_path) == 0
    given = ast.literal_eval((tmp_path / "train.log").read_text())
    assert given.items() >= (queue.KEEP_MEMORY | {"MALLOC_ARENA_MAX": "2"}).items()


def test_another_protocol_recipe_or_seed_is_another_training(tmp_path, stub):
    queue.work(tmp_path, stub, [Job("a", "d")])
    assert Job("a", "d").is_done(tmp_path)
    assert Job("a", "d", protocol="official").is_done(tmp_path)
    assert not Job("a", "d", protocol="folds-5").is_done(tmp_path)
    assert not Job("a", "d", recipe="thesis").is_done(tmp_path)
    assert not Job("a", "d", seed=1).is_done(tmp_path)


def test_a_training_halts_while_a_file_pause_is_there(tmp_path, stub):
    (tmp_path / "pause").touch()
    script = tmp_path / "watch.py"
    script.write_text(
        "import signal; from pathlib import Path; from emotutils.studies import queue\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell may ignore it
        "queue.LOOK = 0.05; queue.tests_run = lambda: False\n"
        f"queue.work(Path({str(tmp_path)!r}), {[stub[0], stub[1]]!r}, [queue.Job('long', 'd')])\n"
    )
    process = subprocess.Popen([sys.executable, script])
    try:
        state = wait_for_state(tmp_path, "T")
        assert state == "T", "stopped"
        (pid,) = trainings(tmp_path)
        group = Path(f"/proc/{pid}/autogroup")
        assert os.getpriority(os.PRIO_PROCESS, pid) == 19
        if os.access(group, os.W_OK):
            assert group.read_text().endswith("nice 19\n")
        (tmp_path / "pause").unlink()
        assert wait_for_state(tmp_path, "S") == "S", "goes on, asleep"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=120)
    assert not trainings(tmp_path), "a stopped queue leaves no training behind"


def trainings(folder) -> list[int]:
    found = []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if os.fsencode(folder / "stub.py") in words:
            found.append(int(name))
    return found


def wait_for_state(folder, wanted: str) -> str:
    state = ""
    for _ in range(400):
        time.sleep(0.05)
        for pid in trainings(folder):
            with open(f"/proc/{pid}/stat") as file:
                state = file.read().rpartition(")")[2].split()[0]
            if state == wanted:
                return state
    return state


def test_each_training_of_the_shipped_list_has_left_a_record():
    from emotutils import config
    from emotutils.networks import network_names
    from emotutils.studies import tables
    from emotutils.training import records

    jobs = queue.read_list(config.shipped_root() / "queue.toml")
    assert {job.network for job in jobs} <= set(network_names())
    for job in jobs:
        wanted = {name: getattr(job, name) for name in ("network", "data", "recipe", "protocol")}
        found = records.find(seed=job.seed, **wanted)
        assert found, job
        for record in found:
            assert not tables.is_cut_short(record), job
            assert record.get("precision", "float32") == job.precision, job


@pytest.mark.parametrize(
    "text", ["no toml [", "[[run]]\nnetwork = 'a'\n", "[[run]]\nnet = 'a'\n", ""]
)
def test_a_list_that_is_none_is_said(tmp_path, text):
    path = tmp_path / "queue.toml"
    path.write_text(text)
    with pytest.raises(EmotutilsError):
        queue.read_list(path)
    with pytest.raises(EmotutilsError):
        queue.read_list(tmp_path / "missing.toml")


def test_the_command_says_what_failed(tmp_path, stub, monkeypatch, capsys):
    (tmp_path / "queue.toml").write_text("[[run]]\nnetwork = 'broken'\ndata = 'd'\n")
    monkeypatch.setattr(queue, "train", lambda words, folder: 2)
    assert queue.main([str(tmp_path)]) == 1
    assert "failed: train broken" in capsys.readouterr().out
