"""kill -9 while something is made; see ``killing``. The long ones start a process with TensorFlow
each, and are run by ``make test-real``.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

if not hasattr(os, "fork"):
    pytest.skip("copies of a process are made on Linux and macOS alone", allow_module_level=True)

import killing

QUICK = {"fetch": 5, "features": 3}


@pytest.mark.parametrize("name", QUICK)
def test_the_next_start_goes_on(tmp_path, name, monkeypatch):
    known = killing.catalog.CATALOG
    monkeypatch.setitem(known, "ravdess", known["ravdess"])  # put back in the end
    counts = killing.check(killing.JOBS[name](), tmp_path, QUICK[name])
    assert not counts.wrong and counts.killed == QUICK[name] and counts.left


@pytest.mark.whole
@pytest.mark.parametrize("name", killing.JOBS)
def test_the_next_start_goes_on_from_ten_moments(name):
    script = Path(killing.__file__)
    done = subprocess.run([sys.executable, script, name], capture_output=True, text=True)
    assert not done.returncode, done.stdout + done.stderr
