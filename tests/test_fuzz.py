"""A few damaged films out of those that ``make fuzz`` makes without end, and that it would see what
must not be.
"""

import os
import shutil
import struct
import subprocess
import sys

import pytest

if not hasattr(os, "fork"):
    pytest.skip("copies of a process are made on Linux and macOS alone", allow_module_level=True)

import fuzzing
import makers
import numpy as np

from emotutils import media

INPUTS = 40
SEED = 21


def test_damaged_films_give_what_can_be_read_or_one_line(tmp_path):
    # In a process of its own: a copy of this one would begin with all that the tests before it
    # have left in memory.
    words = ["--inputs", str(INPUTS), "--seed", str(SEED), "--folder", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, fuzzing.__file__, *words], capture_output=True, text=True, check=False
    )
    assert f"{INPUTS} inputs of seed {SEED}: 0 broken" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def test_the_same_numbers_make_the_same_input(tmp_path):
    seeds = [tmp_path / "one.bin", tmp_path / "two.bin"]
    for seed in seeds:
        seed.write_bytes(np.random.default_rng(1).bytes(5000))
    made = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        paths = [fuzzing.make_input(seeds, folder, 3, number) for number in range(20)]
        made.append([path.read_bytes() for path in paths])
    assert made[0] == made[1] and len(set(made[0])) > 15


def _ends(work, tmp_path, monkeypatch) -> tuple[list[str], str]:
    """What is complained of where ``analyze`` does that."""
    monkeypatch.setattr(fuzzing.cli, "main", lambda words: work())
    out = tmp_path / "out"
    told = tmp_path / "told.txt"
    outcome = fuzzing.analyse(tmp_path / "film.mp4", out, told)
    return fuzzing.complaints(outcome, out, told.read_text())


def test_what_must_not_be_is_seen(tmp_path, monkeypatch):
    def half_written():
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "frames.csv").write_text("t")
        return 2

    def two_lines():
        os.write(2, b"emotutils: film.mp4: is empty; copy it\nlibfoo: oops\n")
        return 2

    def one_line():
        os.write(2, b"emotutils: film.mp4: is empty; copy it\n")
        return 2

    here = fuzzing._memory(os.getpid())  # what a copy of this process begins with
    monkeypatch.setattr(fuzzing, "MEMORY", here + fuzzing.MEMORY)
    assert "left behind" in _ends(half_written, tmp_path, monkeypatch)[-1]
    shutil.rmtree(tmp_path / "out")
    monkeypatch.setattr(fuzzing, "WAITING", 2)
    assert not _ends(one_line, tmp_path, monkeypatch)
    assert "not one line" in _ends(two_lines, tmp_path, monkeypatch)[0]
    assert "ZeroDivisionError" in _ends(lambda: 1 / 0, tmp_path, monkeypatch)[-1]
    assert "signal" in _ends(lambda: os.kill(os.getpid(), 9), tmp_path, monkeypatch)[0]
    assert "waiting" in _ends(lambda: fuzzing.time.sleep(60), tmp_path, monkeypatch)[0]
    monkeypatch.undo()
    monkeypatch.setattr(fuzzing, "MEMORY", here + 2e8)
    assert (
        "memory" in _ends(lambda: np.ones(10**8) * fuzzing.time.sleep(9), tmp_path, monkeypatch)[0]
    )


# --- what was found


def test_pictures_that_claim_to_stand_for_years(tmp_path):
    """A last picture of 600 s, the longest that was believed, made a timeline of 600 s."""

    def scale(data):
        struct.pack_into("<I", data, data.index(b"strh") + 28, 0x33333333)

    options = {"codec": "mpeg4", "sound_codec": "libmp3lame"}
    film = makers.film(tmp_path / "film.avi", 1.6, **options)
    assert media.probe(makers.with_bytes(film, tmp_path / "years.avi", scale)).duration < 2
