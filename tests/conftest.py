"""Shared by tests: where the real corpora lie, if they do, and a browser, if there is one."""

import ctypes
import json
import os
import shutil
import struct
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from emotutils.errors import EmotutilsError

#: Files of tests that take a minute or more, in seconds; about.
LONG = {
    "test_training": 170,
    "test_joint": 130,
    "test_search": 140,
    "test_analysis": 110,
    "test_leakage": 100,
    "test_contributing": 75,
    "test_fuzz": 75,
    "test_install": 75,
    "test_litert": 75,
    "test_films": 60,
    "test_many": 60,
}


def pytest_configure(config):
    """Where several processes share the machine, one thread each, and each notebook's kernel: more
    would only wait for each other.
    """
    if hasattr(config, "workerinput"):
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ.setdefault(name, "1")
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ.setdefault(name, "1")


def pytest_sessionstart(session):
    """Draw the sample sets once, before several processes ask for them at a time."""
    several = getattr(session.config.option, "numprocesses", None)
    if several and not hasattr(session.config, "workerinput"):
        from emotutils import samples

        samples.ensure()


def pytest_collection_modifyitems(items):
    """The longest notebooks and files of tests first: otherwise one process would go through the
    last of them while the others have nothing left to do.
    """
    record = Path(__file__).resolve().parents[1] / "data" / "runs" / "notebooks.json"
    seconds = json.loads(record.read_text(encoding="utf-8"))["seconds"] | LONG
    items.sort(key=lambda item: seconds.get(item.path.stem, 0), reverse=True)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the real corpora as published; tests that use it are marked ``real``."""
    root = os.environ.get("EMOTUTILS_DATA")
    if not root or not (Path(root) / "fer2013" / "fer2013.csv").is_file():
        pytest.skip(
            "no real corpora: set EMOTUTILS_DATA to the folder that holds fer2013/, ravdess/ and tess/"
        )
    return Path(root)


@pytest.fixture
def eager():
    """Keras without graphs, for trainings of a few steps: making a graph takes seconds, and as long
    as a hundred steps.
    """
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def unconverted():
    """Networks saved without LiteRT's files, as one that cannot be converted: a conversion takes
    seconds, and tests/test_litert.py looks at it.
    """
    from emotutils.errors import NetworkError
    from emotutils.networks import conversion

    def refuse(model):
        raise NetworkError(f"{model.name} is not converted here")

    patch = pytest.MonkeyPatch()
    patch.setattr(conversion, "convert", refuse)
    yield
    patch.undo()


BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
# Without them Chromium looks for updates, asks other machines, and plays no film before somebody
# has clicked.
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --autoplay-policy=no-user-gesture-required --window-size=1280,1000"
)
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"


@pytest.fixture
def full_disk():
    """A block in which no file can grow beyond some bytes, as if the disk were full."""
    resource = pytest.importorskip("resource")

    @contextmanager
    def full(room: int = 0):
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    return full


@pytest.fixture
def as_anybody():
    """Do something in a copy of this process that has no more rights than the modes of files give,
    not even where root runs the tests; what the tool's error says, "" where there was none.
    """
    if not hasattr(os, "fork") or (os.geteuid() == 0 and sys.platform != "linux"):
        pytest.skip("root's rights are given up on Linux alone")

    def do(work) -> str:
        reader, writer = os.pipe()
        pid = os.fork()
        if not pid:
            said = "unexpected"
            try:
                _give_up_rights()
                work()
                said = ""
            except EmotutilsError as error:
                said = str(error)
            except BaseException as error:
                said = repr(error)
            finally:
                os.write(writer, said.encode())
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader, encoding="utf-8") as told:
            said = told.read()
        os.waitpid(pid, 0)
        return said

    return do


def _give_up_rights() -> None:
    if os.geteuid():
        return
    version = struct.pack("<Ii", 0x20080522, 0)
    assert ctypes.CDLL(None).capset(version, bytes(24)) == 0


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    """Debian's Chromium without a window, driven by selenium; it reaches this machine alone."""
    if not (BROWSER and DRIVER):
        missing = " and ".join(
            name for name, path in (("chromium", BROWSER), ("chromedriver", DRIVER)) if not path
        )
        pytest.skip(f"no {missing} on the path: install Debian's chromium and chromium-driver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    # Both paths are given, so that selenium never goes and downloads a browser.
    options.binary_location = BROWSER
    for flag in [*FLAGS.split(), OFFLINE, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(executable_path=DRIVER))
    # A page knows which of its parts is in use only while its window has the focus; a browser
    # without a window may not.
    driver.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
    yield driver
    driver.quit()
