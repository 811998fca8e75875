"""How fast ``emotutils analyze`` is, beside the package ``fer``.

Films of two lengths and two sizes are made of the bundled film (its face is drawn, its voice
synthetic: the work is the same, what is found there says nothing). Each is analysed at 5 and 25
frames/s by whole processes: ours, ours with the face alone, and ``fer`` in an environment of its
own (it knows no voice). They take turns in changing order, so that all see the machine in the same
state: compare the ratios, not the seconds.

    python tests/benchmarks/analyze.py [--fer ENVIRONMENT] [--seconds 10 600] [--publish]

``ENVIRONMENT`` is a folder with ``bin/python`` and ``pip install fer==25.10.3 "setuptools<81"`` in
it (with OpenCV 4). With ``--publish`` what is printed goes into ``data/runs/bench-analyze.json``,
from which ``make results`` draws its tables.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from emotutils import config, media
from emotutils.studies.tables import SPEED
from emotutils.training import records

HERE = Path(__file__).resolve().parent
DEMO = config.shipped_root() / "sample" / "demo.mp4"
FILM_FPS = 25
SR = 16000
SIZES = {"640×480": (640, 480), "1920×1080": (1920, 1080)}
OURS = {"emotutils": [], "emotutils, face alone": ["--only", "face"]}
#: Seconds of film beyond which one run is enough: its start no longer counts for much.
ONCE_BEYOND = 60
PACKAGES = ("emotutils", "ai-edge-litert", "tensorflow", "opencv-python-headless", "av", "numpy")


def make_film(path: Path, seconds: int, width: int, height: int) -> Path:
    """The bundled film, again and again until it is long enough; kept if it is there."""
    if path.exists():
        return path
    sound = media.load_sound(DEMO, SR)
    sound = np.resize(sound, seconds * SR)
    rate = media.probe(DEMO).fps
    pictures = _pictures()
    shown = -1
    with media.FilmWriter(path, width, height, FILM_FPS, (sound, SR)) as writer:
        for k in range(seconds * FILM_FPS):
            while shown < int(k * rate / FILM_FPS):
                picture = next(pictures)
                shown += 1
            writer.write(_fitted(picture, width, height), k / FILM_FPS)
    return path


def _pictures() -> Iterator[np.ndarray]:
    while True:
        for frame in media.frames(DEMO, None):
            yield frame.image


def _fitted(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """As large as fits, black beside it."""
    h, w = picture.shape[:2]
    scale = min(width / w, height / h)
    picture = cv2.resize(picture, (round(scale * w), round(scale * h)))
    beside = width - picture.shape[1]
    above = height - picture.shape[0]
    sides = ((above // 2, above - above // 2), (beside // 2, beside - beside // 2), (0, 0))
    return np.pad(picture, sides)


def commands(film: Path, fps: int, out: Path, peer: Path | None) -> dict[str, list]:
    """What each contender runs; the time of its start is put in as the third word."""
    found = {}
    for name, options in OURS.items():
        words = [film, "--out", out / "ours", "--fps", fps, *options]
        found[name] = [sys.executable, HERE / "staged.py", None, *words]
    if peer is not None:
        found["fer"] = [peer, HERE / "peer.py", None, film, FILM_FPS // fps]
    return found


def run(command: list) -> dict:
    """One whole process: seconds, seconds of processor, peak memory (MB), and what it printed."""
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as complaints:
        started = time.time()
        words = [str(started) if word is None else str(word) for word in command]
        process = subprocess.Popen(words, stdout=told, stderr=complaints, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.time() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            complaints.seek(0)
            raise SystemExit(f"{words}\n{complaints.read().decode()}")
        told.seek(0)
        printed = json.loads(told.read().decode().splitlines()[-1])
    return {
        "seconds": seconds,
        "processor": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss / 1000,
        **printed,
    }


def compare(films: dict, rates: list[int], peer: Path | None, repeats: int) -> list[dict]:
    """A row for each film, rate and contender, with the runs in order."""
    rows = {}
    turns = [(film, fps, turn) for turn in range(repeats) for film in films for fps in rates]
    turns = [(film, fps, turn) for film, fps, turn in turns if not turn or film[0] <= ONCE_BEYOND]
    with tempfile.TemporaryDirectory() as out:
        for film, fps, turn in tqdm(turns, unit="round"):
            contenders = commands(films[film], fps, Path(out), peer)
            names = list(contenders)
            for k in range(len(names)):
                name = names[(k + turn) % len(names)]
                rows.setdefault((*film, fps, name), []).append(run(contenders[name]))
    return [_row(*key, runs) for key, runs in sorted(rows.items())]


def _row(seconds: int, size: str, fps: int, contender: str, runs: list[dict]) -> dict:
    stages = {}
    for stage in runs[0]["stages"]:
        stages[stage] = _rounded([one["stages"][stage] for one in runs])
    row = {"film": seconds, "size": size, "fps": fps, "contender": contender, "stages": stages}
    for key in ("seconds", "processor", "memory"):
        row[key] = _rounded([one[key] for one in runs])
    return row


def joined(known: list[dict], rows: list[dict]) -> list[dict]:
    """New rows, and the known ones of other films, sizes and rates."""
    new = {(row["film"], row["size"], row["fps"]) for row in rows}
    others = [row for row in known if (row["film"], row["size"], row["fps"]) not in new]
    return sorted(others + rows, key=lambda row: (row["film"], row["size"], row["fps"]))


def _rounded(values: list[float]) -> list[float]:
    return [round(value, 2) for value in values]


def _versions(names: tuple[str, ...]) -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def peer_versions(peer: Path | None) -> dict[str, str] | None:
    """Of the environment of ``fer``."""
    if peer is None:
        return None
    names = ("fer", "tensorflow", "opencv-contrib-python", "opencv-python-headless")
    code = f"import json; from importlib.metadata import distributions as d; names = {names}; "
    code += "print(json.dumps({x.name: x.version for x in d() if x.name in names}))"
    told = subprocess.run([peer, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(told.stdout)


def show(rows: list[dict]) -> None:
    """The medians, one line a row."""
    for row in rows:
        middle = {key: float(np.median(row[key])) for key in ("seconds", "memory")}
        stages = ", ".join(f"{s} {np.median(v):.1f}" for s, v in row["stages"].items())
        print(
            f"{row['film']:4} s, {row['size']:9}, {row['fps']:2} frames/s, {row['contender']:22} "
            f"{middle['seconds']:6.1f} s ({row['film'] / middle['seconds']:.1f} × real time), "
            f"{middle['memory']:.0f} MB; {stages}"
        )


def main() -> None:
    """Make the films, compare, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fer", type=Path, help="folder of an environment with fer in it")
    parser.add_argument("--seconds", type=int, nargs="+", default=[10, 600])
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--fps", type=int, nargs="+", default=[5, 25])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--films", type=Path, default=config.cache_root() / "benchmark-films")
    parser.add_argument("--publish", action="store_true")
    parser.add_argument(
        "--add", action="store_true", help="to what the published record says of other films"
    )
    args = parser.parse_args()
    peer = args.fer and args.fer / "bin" / "python"
    args.films.mkdir(parents=True, exist_ok=True)
    films = {}
    for seconds in args.seconds:
        for size in args.sizes:
            path = args.films / f"{seconds}s-{size}.mp4"
            films[seconds, size] = make_film(path, seconds, *SIZES[size])
    load = os.getloadavg()[0]
    rows = compare(films, args.fps, peer, args.repeats)
    show(rows)
    if args.add:
        rows = joined(records.read(SPEED)["rows"], rows)
    record = {
        "hardware": f"{os.cpu_count()} processor cores, {platform.machine()}, {platform.system()}",
        "load": [round(load, 1), round(os.getloadavg()[0], 1)],
        "versions": _versions(PACKAGES),
        "fer": peer_versions(peer),
        "repeats": args.repeats,
        "once_beyond": ONCE_BEYOND,
        "rows": rows,
    }
    if args.publish:
        print(records.write(SPEED, record, publish=True))


if __name__ == "__main__":
    main()
