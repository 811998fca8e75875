"""Long trainings, one after the other, in the background of everything else.

    python -m emotutils.studies.queue FOLDER [--checkout CHECKOUT]

``FOLDER`` lies outside the working tree: it receives checkpoints, records and ``train.log``.
``CHECKOUT`` is a clone at a fixed commit with an environment of its own (``make install``), so that
a change of the code does not break a training that is on its way; without one, this installation
trains. The list is ``data/queue.toml`` of the checkout, or ``queue.toml`` in the folder where there
is one.

A run whose record exists is skipped; an interrupted one goes on from its last epoch. While a file
``pause`` lies in the folder, or tests run, the training halts. Nothing is committed: records are
carried over by hand.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .. import config
from ..errors import DataError, EmotutilsError
from ..support.reading import read_json

#: Seconds between two looks at the training and at who else is at work.
LOOK = 3.0
#: Tells the C library on Linux to keep what a training frees. A step of ResNet50 takes 300 MB;
#: where the system has to clear these pages anew, an epoch lasts 6.2 minutes, and not 5.4.
KEEP_MEMORY = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "100000000000",
}


@dataclass(frozen=True)
class Job:
    """One training of the list; the names are those of ``emotutils train``."""

    network: str
    data: str
    recipe: str = "best"
    protocol: str | None = None
    seed: int = 0
    precision: str = "float32"

    def arguments(self) -> list[str]:
        """The words behind ``emotutils`` that train it, or go on with it."""
        words = ["train", self.network, "--data", self.data, "--recipe", self.recipe]
        words += ["--seed", str(self.seed), "--resume"]
        words += ["--precision", self.precision]
        if self.protocol is not None:
            words += ["--protocol", self.protocol]
        return words

    def is_done(self, folder: Path) -> bool:
        """Whether a record of this very training lies in ``folder/runs``."""
        for path in folder.glob("runs/*/*.json"):
            if path.stem != path.parent.name:
                continue
            try:
                record = read_json(path, dict, "train it again")
            except DataError:  # the training goes on, and writes it anew
                continue
            if self._made(record):
                return True
        return False

    def _made(self, record: dict) -> bool:
        same = all(
            record.get(name) == getattr(self, name)
            for name in ("network", "data", "recipe", "seed")
        )
        return same and self.protocol in (None, record.get("protocol"))


def read_list(path: Path) -> list[Job]:
    """The trainings of a list, in order: TOML with one ``[[run]]`` each.

    Raises
    ------
    EmotutilsError : no such file, no TOML, or a run with a field that trainings do not have.
    """
    try:
        runs = tomllib.loads(path.read_text(encoding="utf-8"))["run"]
        return [Job(**run) for run in runs]
    except OSError as error:
        raise EmotutilsError(f"{path}: {error.strerror}; give a folder with a queue.toml") from None
    except (KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise EmotutilsError(
            f"{path}: no list of trainings ({error}); see data/queue.toml"
        ) from None


def work(folder: Path, command: list[str], jobs: list[Job]) -> list[Job]:
    """Train what is not done yet, in order, and give back what failed.

    Parameters
    ----------
    folder : for checkpoints, records and logs.
    command : what stands for ``emotutils``, for example ``["CHECKOUT/.venv/bin/emotutils"]``.
    jobs : the list.
    """
    failed = []
    for job in jobs:
        if job.is_done(folder):
            continue
        words = [*command, *job.arguments(), "--out", str(folder / "runs")]
        print(time.strftime("%F %T"), *words, flush=True)
        code = train(words, folder)
        print(time.strftime("%F %T"), f"ended with {code}", flush=True)
        if code != 0:
            failed.append(job)
    return failed


def train(words: list[str], folder: Path) -> int:
    """Run a training at the lowest priority, halted while others work; its exit code."""
    with open(folder / "train.log", "ab") as log:
        process = subprocess.Popen(
            words, env=KEEP_MEMORY | os.environ, stdout=log, stderr=log, start_new_session=True
        )
    _give_way(process.pid)
    halted = False
    try:
        while process.poll() is None:
            time.sleep(LOOK)
            busy = (folder / "pause").exists() or tests_run()
            if busy != halted:
                os.killpg(process.pid, signal.SIGSTOP if busy else signal.SIGCONT)
                halted = busy
    finally:
        if process.poll() is None:  # the queue was stopped: its training goes too, and resumes
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return process.returncode


def _give_way(pid: int) -> None:
    """The lowest priority, for the process and, on Linux, for its session: between sessions only
    that one counts.
    """
    os.setpriority(os.PRIO_PROCESS, pid, 19)
    with suppress(OSError):  # of another system, or a kernel without groups of sessions
        Path(f"/proc/{pid}/autogroup").write_text("19")


def tests_run() -> bool:
    """Whether the whole test suite (``make test``) runs on this machine; Linux only, else False."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:  # it has ended meanwhile
            continue
        if b"pytest" in words and b"--nbval-lax" in words:
            return True
    return False


def main(argv: list[str] | None = None) -> int:
    """The command: 0 when the list is done, 1 when something failed, 2 when it cannot begin."""
    parser = argparse.ArgumentParser(prog="python -m emotutils.studies.queue")
    parser.add_argument("folder", type=Path, help="for checkpoints, records and logs")
    parser.add_argument("--checkout", type=Path, help="a clone with its own .venv")
    args = parser.parse_args(argv)
    command = [sys.executable, "-m", "emotutils.cli"]
    path = config.shipped_root() / "queue.toml"
    if args.checkout is not None:
        command = [str(args.checkout / ".venv" / "bin" / "emotutils")]
        path = args.checkout / "data" / "queue.toml"
    if (args.folder / "queue.toml").is_file():
        path = args.folder / "queue.toml"
    args.folder.mkdir(parents=True, exist_ok=True)
    try:
        failed = work(args.folder, command, read_list(path))
    except EmotutilsError as error:
        print(error, file=sys.stderr)
        return 2
    for job in failed:
        print("failed:", *job.arguments())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
