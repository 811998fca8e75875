"""kill -9 while something is made: what was finished stays, the next start goes on, and in the end
all is as if nobody had been killed, with no temporary file left.

A job runs in a copy of this process and is killed by a real signal when it is about to touch its
folder for the k-th time (open a file to write, make, rename or remove one): between two of these
moments nothing changes on the disk but what lies in temporary files.

    python tests/killing.py train --moments 10
"""

import argparse
import atexit
import functools
import hashlib
import io
import json
import os
import shutil
import signal
import struct
import sys
import tempfile
import threading
import traceback
import wave
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from emotutils.datasets import catalog, download

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
TOUCHES = ("os.rename", "os.mkdir", "os.link", "os.symlink")
REMOVES = ("os.remove", "os.rmdir")


@dataclass(frozen=True)
class Job:
    """What can be killed.

    Attributes
    ----------
    start : begins in a folder, or goes on.
    made : of a folder, what must be the same however often it was killed: by name a text, or
        numbers that may differ a little.
    before : puts into the folder what the job starts from.
    """

    start: Callable[[Path], object]
    made: Callable[[Path], dict]
    before: Callable[[Path], object] = lambda folder: None


@dataclass
class Counts:
    """Of some kills: how many were made, how many left temporary files until the next start, and
    what was wrong after that.
    """

    moments: int = 0
    killed: int = 0
    left: int = 0
    wrong: tuple[str, ...] = ()


def temporary(folder: Path) -> list[Path]:
    return list(folder.rglob(".part-*"))


def check(job: Job, place: Path, moments: int) -> Counts:
    """Kill a job at so many moments, evenly over all that it does to its folder."""
    whole = _folder(job, place / "whole")
    status, touches = _run(job, whole, None)
    assert status == 0, "not even unbroken"
    expected = job.made(whole)
    counts = Counts(touches)
    chosen = np.unique(np.linspace(1, touches, moments).round().astype(int))
    for k in chosen.tolist():
        folder = _folder(job, place / str(k))
        status, _ = _run(job, folder, k)
        counts.killed += os.WIFSIGNALED(status)
        counts.left += bool(temporary(folder))
        status, _ = _run(job, folder, None)
        found = job.made(folder) if status == 0 else {}
        for fault in _faults(status, folder, expected, found):
            counts.wrong += (f"killed at {k} of {touches}: {fault}",)
    return counts


def _folder(job: Job, folder: Path) -> Path:
    folder.mkdir(parents=True)
    job.before(folder)
    return folder


def _faults(status: int, folder: Path, expected: dict, found: dict) -> list[str]:
    if status:
        return [f"the next start ended with {status}"]
    faults = [f"left: {path.name}" for path in temporary(folder)]
    if expected.keys() != found.keys():
        faults.append(f"made: {sorted(expected.keys() ^ found.keys())}")
        return faults
    for name, value in expected.items():
        if isinstance(value, np.ndarray):
            same = np.shape(value) == np.shape(found[name])
            same = same and np.allclose(value, found[name], atol=2e-3)
        else:
            same = value == found[name]
        if not same:
            faults.append(f"not the same: {name}")
    return faults


def _run(job: Job, folder: Path, k: int | None) -> tuple[int, int]:
    """How a copy of this process ended, and how often it touched the folder; killed at the k-th."""
    sys.stdout.flush()
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        _be_child(job, folder, k, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        content = told.read()
    _, status = os.waitpid(pid, 0)
    return status, struct.unpack("<I", content)[0] if content else 0


def _be_child(job: Job, folder: Path, k: int | None, told: int) -> None:
    code = 1
    touched = 0
    inside = str(folder)

    def hook(event: str, args: tuple) -> None:
        nonlocal touched
        if event == "open":
            counts = isinstance(args[2], int) and args[2] & WRITES and _in(args[0], inside)
        elif event in REMOVES:
            counts = args[1] != -1 or _in(args[0], inside)  # relative to a folder, as rmtree does
        else:
            counts = event in TOUCHES and _in(args[0], inside)
        if counts:
            touched += 1
            if touched == k:
                os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(hook)
        job.start(folder)
        code = 0
        os.write(told, struct.pack("<I", touched))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _in(path, folder: str) -> bool:
    return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(folder)


def _contents(folder: Path) -> dict:
    """Every file and what it holds."""
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            files[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return files


# --- what is killed


def _wav() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(np.random.default_rng(0).bytes(8000))
    return file.getvalue()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


def fetching() -> Job:
    """A set is downloaded from a server of our own and unpacked."""
    shelf = Path(tempfile.mkdtemp(prefix="emotutils-killing-"))
    atexit.register(shutil.rmtree, shelf)
    with zipfile.ZipFile(shelf / "a.zip", "w") as archive:
        for take in ("03-01-03-01-01-01-01", "03-01-04-01-01-01-02", "03-01-05-01-02-01-21"):
            archive.writestr(f"{take}.wav", _wav())
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=shelf))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    digest = hashlib.md5((shelf / "a.zip").read_bytes()).hexdigest()
    catalog.CATALOG["ravdess"] = replace(
        catalog.CATALOG["ravdess"],
        addresses=(f"http://127.0.0.1:{server.server_port}/a.zip",),
        bytes=(shelf / "a.zip").stat().st_size,
        hash=f"md5:{digest}",
        whole={"recordings": 3, "speakers": 3},
    )

    def start(folder: Path) -> None:
        download.fetch("ravdess", folder, progress=False, say=lambda line: None)

    return Job(start, _contents)


def caching() -> Job:
    """Features of a set are computed and kept; they are made from the sample set."""
    from emotutils import datasets, samples, voices

    rows = datasets.tess.load(samples.ensure())

    def start(folder: Path) -> None:
        os.environ["EMOTUTILS_CACHE"] = str(folder)
        assert len(datasets.part(rows, "test", "voice", voices.Features()).x)

    def made(folder: Path) -> dict:
        kept = {}
        for path in folder.rglob("*.npz"):
            with np.load(path) as arrays:
                kept[path.name] = np.concatenate([arrays[key].ravel() for key in arrays.files])
        return kept

    return Job(start, made)


def drawing() -> Job:
    """The sample sets are made."""
    from emotutils import samples

    def made(folder: Path) -> dict:
        # Of films only the names: they say when they were made.
        return {name: text for name, text in _contents(folder).items() if "mp4" not in name}

    return Job(samples.ensure, made)


def preparing() -> Job:
    """Films become faces in folders."""
    from emotutils.datasets import prepare_films
    from emotutils.samples.sets import make_affwild2

    def before(folder: Path) -> None:
        make_affwild2(folder, np.random.default_rng(0), seconds=0.2, fps=10)

    def start(folder: Path) -> None:
        prepare_films(folder, progress=False)

    def made(folder: Path) -> dict:
        return {k: v for k, v in _contents(folder / "affwild2" / "faces").items() if "csv" not in k}

    return Job(start, made, before)


def _tiny(variant="best", *, n_labels=7, input_shape=(48, 48, 1)):
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Normalization(),
            layers.Flatten(),
            layers.Dense(n_labels, activation="softmax"),
        ],
        name="tiny",
    )


def training_a_network() -> Job:
    """Two epochs and their record."""
    import keras
    import pandas as pd

    from emotutils import datasets, training
    from emotutils.emotions import EMOTIONS
    from emotutils.training.recipes import recipe_for

    k = np.arange(60)
    table = pd.DataFrame({"id": [f"f{i}" for i in k], "y": k % 7, "group": [f"g{i}" for i in k]})
    table["label"] = [EMOTIONS[y] for y in table["y"]]
    table["split"] = np.array(["train", "validation", "test"])[k % 3]
    x = np.random.default_rng(0).integers(0, 256, (60, 48, 48, 1)).astype(np.uint8)
    few = datasets.Dataset("few", table, EMOTIONS, "nobody", "CC0", read_faces=lambda rows: x[rows])

    def start(folder: Path) -> None:
        import tensorflow as tf

        tf.config.run_functions_eagerly(True)
        keras.utils.set_random_seed(0)
        recipe = recipe_for("conv2d", "best")
        training.train(
            _tiny(), few, recipe=recipe, epochs=2, out=folder, resume=True, progress=False
        )

    def made(folder: Path) -> dict:
        found = {path.name: "" for path in folder.rglob("*")}
        (path,) = folder.rglob("official-few-tiny-*.json")
        record = json.loads(path.read_text())
        found["losses"] = np.array([epoch["loss"] for epoch in record["history"]])
        with np.load(path.with_suffix(".npz")) as arrays:
            found["answers"] = arrays["test_proba"].astype(float)
        return found

    return Job(start, made)


def searching() -> Job:
    """Two values of an option, in three folds each."""
    import keras  # noqa: F401

    from emotutils import search
    from emotutils.networks import register_network

    register_network("tiny", _tiny, "face")
    y = np.repeat(["happiness", "neutral", "sadness"], 6)
    x = np.random.default_rng(0).normal(size=(18, 6)) + 3 * np.repeat(np.eye(3, 6), 6, axis=0)

    def start(folder: Path) -> None:
        import tensorflow as tf

        tf.config.run_functions_eagerly(True)
        network = search.NetworkClassifier("tiny", batch_size=6, memory=str(folder))
        search.grid_search(
            x, y, {"epochs": [1, 2]}, network=network, cv=3, progress=False, refit=False
        )

    def made(folder: Path) -> dict:
        found = {path.name: "" for path in folder.rglob("*")}
        for path in folder.glob("*.json"):
            facts = json.loads(path.read_text())
            found[path.name] = np.array([epoch["loss"] for epoch in facts["history"]])
        return found

    return Job(start, made)


JOBS = {
    "fetch": fetching,
    "features": caching,
    "samples": drawing,
    "prepare": preparing,
    "train": training_a_network,
    "search": searching,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("--moments", type=int, default=10)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="emotutils-killing-") as place:
        counts = check(JOBS[args.job](), Path(place), args.moments)
    print(
        f"{args.job}: {counts.moments} touches, {counts.killed} killed, {counts.left} left "
        f"temporary files until the next start, {len(counts.wrong)} wrong"
    )
    print(*counts.wrong, sep="\n")
    return bool(counts.wrong)


if __name__ == "__main__":
    sys.exit(main())
