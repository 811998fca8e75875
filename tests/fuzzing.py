"""Damaged and odd films without end: ``make fuzz``, or ``python tests/fuzzing.py --inputs 500``.

Small films in many containers are damaged in a way that a number decides, and each is analysed in
a child process with limits of time and memory. What must never come: a traceback, a crash, 60 s of
work, 1.5 GB, a file half written, a timeline longer than what was read. An input that breaks
anything is kept, and named with the number that makes it again.
"""

import argparse
import contextlib
import gc
import io
import json
import os
import resource
import secrets
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import makers
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from emotutils import cli, config, faces, media, report, voices
from emotutils.analysis import check_settings

SECONDS = 60  # of the processor's time, for an input of a second
WAITING = 300  # seconds by the clock, for a machine on which others work too
MEMORY = 1.5e9  # bytes
#: Seconds that a timeline may go on after the last picture and the last sound that were read, where
#: the pictures themselves are not farther apart: the last one stands as long as they do.
HELD = 1.0

FAST_START = {"movflags": "faststart"}
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
#: The films that are damaged, by the file's name: what `makers.film` needs beside its default.
FILMS = {
    "a.mp4": {},
    "fast.mp4": {"options": FAST_START},
    "parts.mp4": {"options": FRAGMENTS},
    "a.mov": {"codec": "mjpeg", "sound_codec": "pcm_s16le"},
    "a.mkv": {"sound_codec": "libopus", "sound_rate": 48000},
    "a.webm": {"codec": "libvpx", "sound_codec": "libopus", "sound_rate": 48000},
    "a.avi": {"codec": "mpeg4", "sound_codec": "libmp3lame"},
    "pcm.avi": {"codec": "mjpeg", "sound_codec": "pcm_s16le"},
    "a.ts": {},
    "a.flv": {"codec": "flv", "sound_codec": "libmp3lame", "sound_rate": 44100},
    "a.wmv": {"codec": "wmv2", "sound_codec": "libmp3lame"},
    "a.nut": {"codec": "mpeg4", "sound_codec": "pcm_s16le"},
    "mute.mp4": {"sound_codec": None},
    "a.h264": {"sound_codec": None},
}
SOUNDS = {
    "a.m4a": ("aac", 16000),
    "a.mp3": ("libmp3lame", 16000),
    "a.aac": ("aac", 16000),
    "a.ogg": ("flac", 16000),
    "a.opus": ("libopus", 48000),
    "a.flac": ("flac", 16000),
    "a.wav": ("pcm_s16le", 16000),
}

#: Where a head says a size, a length, a rate or a time: bytes from the start of a tag, and width.
FIELDS: dict[bytes, list[tuple[int, int]]] = {
    b"mvhd": [(-4, 4), (16, 4), (20, 4)],
    b"tkhd": [(-4, 4), (24, 4), (40, 4), (44, 4), (80, 4), (84, 4)],
    b"mdhd": [(-4, 4), (16, 4), (20, 4)],
    b"elst": [(-4, 4), (8, 4), (12, 4), (16, 4), (20, 4)],
    b"stts": [(-4, 4), (8, 4), (12, 4), (16, 4)],
    b"ctts": [(8, 4), (12, 4), (16, 4)],
    b"stsz": [(-4, 4), (8, 4), (12, 4), (16, 4)],
    b"stsc": [(8, 4), (12, 4), (16, 4)],
    b"stco": [(8, 4), (12, 4)],
    b"avc1": [(-4, 4), (28, 2), (30, 2)],
    b"mp4a": [(20, 2), (22, 2), (28, 4)],
    b"tfdt": [(8, 4), (12, 4)],
    b"tfhd": [(8, 4), (12, 4), (16, 4)],
    b"trun": [(8, 4), (12, 4), (16, 4), (20, 4)],
    b"mdat": [(-4, 4)],
    b"moov": [(-4, 4)],
    b"trak": [(-4, 4)],
    b"\x44\x89\x88": [(3, 8)],  # Matroska: the length
    b"\x2a\xd7\xb1": [(3, 1), (4, 3)],  # how long a tick is
    b"\x23\xe3\x83": [(3, 1), (4, 4)],  # how long a picture is shown
    b"\x1f\x43\xb6\x75": [(4, 8), (13, 2)],  # a cluster: its size and time
    b"\xb5\x88": [(2, 8)],  # the sound's rate
    b"\xb0": [(1, 2)],  # the picture's width
    b"RIFF": [(4, 4)],
    b"LIST": [(4, 4)],
    b"avih": [(8, 4), (24, 4), (40, 4), (44, 4)],
    b"strh": [(28, 4), (32, 4), (36, 4), (40, 4), (44, 4)],
    b"strf": [(4, 4), (12, 4), (16, 4), (20, 4)],
    b"idx1": [(4, 4)],
    b"fmt ": [(8, 2), (10, 2), (12, 4), (16, 4), (20, 2), (22, 2)],
    b"data": [(4, 4)],
    b"OggS": [(5, 1), (6, 8), (14, 4), (18, 4), (26, 1)],
    b"OpusHead": [(9, 1), (10, 2), (12, 4)],
    b"fLaC": [(4, 4), (8, 4), (18, 4), (22, 4)],
    b"FLV": [(4, 1), (5, 4), (13, 4), (17, 4)],
    b"duration": [(8, 1), (9, 8)],
    b"\x30\x26\xb2\x75": [(16, 8), (24, 4)],  # ASF's head
    b"\xa1\xdc\xab\x8c": [(40, 8), (64, 8), (72, 8), (80, 8), (92, 4), (96, 4)],  # its times
    b"IHDR": [(4, 4), (8, 4), (12, 1)],
    b"\xff\xc0": [(2, 2), (5, 2), (7, 2)],  # a JPEG's size
}


# --- inputs


def make_seeds(folder: Path) -> list[Path]:
    """The whole films, recordings and pictures, each of a second or two."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, options in FILMS.items():
        makers.film(folder / name, 1.6, **options)
    sound = makers.tones(1.6, 48000)
    for name, (codec, rate) in SOUNDS.items():
        _recording(folder / name, codec, rate)
    makers.surround(folder / "surround.m4a", sound, "5.1", "aac")
    makers.photo(folder / "a.jpg", makers.plain(makers.RED), 6)
    _face(folder / "face.mp4")
    return sorted(folder.iterdir())


def _recording(path: Path, codec: str, rate: int) -> None:
    with av.open(str(path), "w") as out:
        voice = out.add_stream(codec, rate=rate, layout="mono")
        out.mux(makers.encoded(voice, makers.tones(1.6, rate), rate))


def _face(path: Path) -> None:
    """A second in which somebody is seen and heard, from the bundled film."""
    demo = config.shipped_root() / "sample" / "demo.mp4"
    rate = makers.SOUND_RATE
    sound = np.concatenate(list(media.sound_blocks(demo, rate)))[8 * rate : 9 * rate]
    shown = [one for one in media.frames(demo, 10, max_side=240) if 8 <= one.t < 9]
    height, width = shown[0].image.shape[:2]
    with media.FilmWriter(path, width, height, 10, (sound, rate)) as writer:
        for one in shown:
            writer.write(one.image, one.t - 8)


def _place(data: bytearray, rng: np.random.Generator) -> int:
    """Anywhere, or in the first 2 kB, where heads are."""
    if rng.random() < 0.5:
        return int(rng.integers(min(len(data), 2048)))
    return int(rng.integers(len(data)))


def _piece(data: bytearray, rng: np.random.Generator) -> slice:
    start = _place(data, rng)
    length = int(2 ** rng.uniform(0, 14))
    return slice(start, min(start + length, len(data)))


def truncated(data: bytearray, rng: np.random.Generator, seeds: list[Path]) -> None:
    del data[1 + _place(data, rng) :]


def flipped(data: bytearray, rng: np.random.Generator, seeds: list[Path]) -> None:
    for _ in range(int(2 ** rng.uniform(0, 8))):
        data[_place(data, rng)] ^= 1 << int(rng.integers(8))


def scribbled(data: bytearray, rng: np.random.Generator, seeds: list[Path]) -> None:
    piece = _piece(data, rng)
    data[piece] = rng.bytes(piece.stop - piece.start)


def zeroed(data: bytearray, rng: np.random.Generator, seeds: list[Path]) -> None:
    piece = _piece(data, rng)
    data[piece] = bytes(piece.stop - piece.start)


def cut_out(data: bytearray, rng: np.random.Generator, seeds: list[Path]) -> None:
    del data[_piece(data, rng)]


def doubled(data: bytearray, rng: np.random.Generator, seeds: list[Path]) -> None:
    piece = _piece(data, rng)
    data[piece.stop : piece.stop] = data[piece]


def moved(data: bytearray, rng: np.random.Generator, seeds: list[Path]) -> None:
    piece = _piece(data, rng)
    block = data[piece]
    del data[piece]
    at = int(rng.integers(len(data) + 1))
    data[at:at] = block


def beheaded(data: bytearray, rng: np.random.Generator, seeds: list[Path]) -> None:
    """The head of one file on the body of another."""
    other = seeds[int(rng.integers(len(seeds)))].read_bytes()
    length = int(2 ** rng.uniform(2, 12))
    data[:length] = other[:length]


def behind(data: bytearray, rng: np.random.Generator, seeds: list[Path]) -> None:
    """A file behind a file: stamps start again, or mean nothing."""
    if rng.random() < 0.5:
        data += bytes(data)
        return
    data += seeds[int(rng.integers(len(seeds)))].read_bytes()


def field(data: bytearray, rng: np.random.Generator, seeds: list[Path]) -> None:
    """What heads say of sizes, lengths, rates and times, changed in up to three places."""
    known = []
    for tag, fields in FIELDS.items():
        at = data.find(tag)
        while at >= 0:
            known += [(at + offset, width) for offset, width in fields]
            at = data.find(tag, at + 1)
    if not known:
        flipped(data, rng, seeds)
        return
    for _ in range(int(rng.integers(1, 4))):
        at, width = known[int(rng.integers(len(known)))]
        if at >= 0 and at + width <= len(data):
            data[at : at + width] = _odd_value(data[at : at + width], rng)


def _odd_value(value: bytes, rng: np.random.Generator) -> bytes:
    """Another value of the same width: the least, the largest, nearly the same, any."""
    width = len(value)
    bits = 8 * width
    number = int.from_bytes(value, "big")
    values = [
        0,
        1,
        2**bits - 1,
        2 ** (bits - 1) - 1,
        2 ** (bits - 1),
        int.from_bytes(rng.bytes(width), "big"),
        number * 1000,
        number // 2,
        number + 1,
        number ^ (1 << int(rng.integers(bits))),
    ]
    chosen = values[int(rng.integers(len(values)))] % 2**bits
    return chosen.to_bytes(width, ("big", "little")[int(rng.integers(2))])


Damage = Callable[[bytearray, np.random.Generator, list[Path]], None]
DAMAGES: tuple[Damage, ...] = (
    truncated, flipped, scribbled, zeroed, cut_out, doubled, moved, beheaded, behind, field, field, field,
)  # fmt: skip


def restamped(seed: Path, path: Path, rng: np.random.Generator) -> None:
    """The same packets with other time stamps: moved, stretched, starting again, jumping."""
    kind = int(rng.integers(4))
    size = float(rng.choice([0.01, 1, 30, 4000, 1e6]))
    jump = int(rng.integers(1, 12))
    seen = 0

    def shift(packet, number: int) -> Fraction | float:
        nonlocal seen
        seen += 1
        if kind == 0:
            return size
        if kind == 1:
            return size * float(rng.random())
        if kind == 2:
            return size if seen > jump else 0.0
        return size * (seen // jump)

    endings = [".mkv", ".ts", ".mp4", ".avi", ".nut"]
    target = path.with_suffix(endings[int(rng.integers(len(endings)))])
    # Not every container takes such stamps: what was written until then is odd, too.
    with contextlib.suppress(Exception):
        makers.remuxed(seed, target, shift=shift)
    if target.is_file() and target.stat().st_size:
        os.replace(target, path)


def make_input(seeds: list[Path], folder: Path, seed: int, number: int) -> Path:
    """Input ``number`` of a run: the same for the same numbers."""
    rng = np.random.default_rng([seed, number])
    source = seeds[int(rng.integers(len(seeds)))]
    data = bytearray(source.read_bytes())
    path = folder / f"{number}-{source.name}"
    if rng.random() < 0.15:
        restamped(source, path, rng)
        if path.is_file():
            data = bytearray(path.read_bytes())
    for _ in range(int(rng.integers(1, 3))):
        if data:
            DAMAGES[int(rng.integers(len(DAMAGES)))](data, rng, seeds)
    path.write_bytes(data)
    return path


# --- the child


@dataclass(frozen=True)
class Outcome:
    """How an analysis ended: ``status`` as ``os.wait4`` has it; seconds of processor; bytes."""

    status: int
    seconds: float
    memory: float
    killed: str


def analyse(film: Path, out: Path, told: Path) -> Outcome:
    """``emotutils analyze`` in a child that has all imports done already, because it is a copy."""
    sys.stdout.flush()
    # What is left of the films made here must not be cleared away in the child: FFmpeg would wait
    # for threads that are not in it.
    gc.collect()
    gc.freeze()
    pid = os.fork()
    if not pid:
        _be_child(film, out, told)
    gc.unfreeze()
    deadline = time.monotonic() + WAITING
    killed = ""
    while True:
        ended, status, used = os.wait4(pid, os.WNOHANG)
        if ended:
            break
        if _memory(pid) > MEMORY:
            killed = "memory"
        elif time.monotonic() > deadline:
            killed = "waiting"
        if killed:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    # Linux counts kB, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return Outcome(status, used.ru_utime + used.ru_stime, used.ru_maxrss * unit, killed)


def _be_child(film: Path, out: Path, told: Path) -> None:
    code = 70
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
        where = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(where, 1)
        os.dup2(where, 2)
        sys.stdout = os.fdopen(1, "w")
        sys.stderr = os.fdopen(2, "w", buffering=1)
        code = cli.main(["analyze", str(film), "--out", str(out)])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _memory(pid: int) -> float:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0.0
    return float(pages) * os.sysconf("SC_PAGE_SIZE")


# --- what must not be


def complaints(outcome: Outcome, out: Path, told: str) -> list[str]:
    """What is wrong with how an analysis ended; nothing where all is well."""
    found = []
    if outcome.killed:
        found.append(f"killed: {outcome.killed}")
    elif os.WIFSIGNALED(outcome.status):
        found.append(f"ended by signal {os.WTERMSIG(outcome.status)}")
    elif os.WEXITSTATUS(outcome.status) not in (0, 2):
        found.append(f"exit status {os.WEXITSTATUS(outcome.status)}")
    if outcome.memory > MEMORY:
        found.append(f"{outcome.memory / 1e9:.1f} GB")
    if "Traceback" in told:
        found.append(told.strip().splitlines()[-1])
    if found:
        return found
    if os.WEXITSTATUS(outcome.status) == 2:
        lines = told.strip().splitlines()
        if len(lines) != 1 or not lines[0].startswith("emotutils: "):
            found.append(f"not one line: {lines[:3]}")
        if out.is_dir() and any(out.iterdir()):
            found.append(f"left behind: {sorted(p.name for p in out.iterdir())}")
        return found
    return _about_results(out)


def _about_results(out: Path) -> list[str]:
    found = []
    names = {path.name for path in out.iterdir()}
    wanted = {"frames.csv", "speech.csv", "timeline.csv", "timeline.png", "report.html"}
    wanted |= {"result.json"}
    if not wanted <= names or any(name.startswith(".") for name in names):
        found.append(f"written: {sorted(names)}")
        return found
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    duration = result["file"]["duration"]
    shown = pd.read_csv(out / "frames.csv")["t"]
    last = max(shown.max(), pd.read_csv(out / "speech.csv")["t1"].max(), 0)
    held = max(HELD, shown.diff().median())
    if not duration >= 0 or duration > last + held:
        found.append(f"a timeline of {duration} s, read to {last} s")
    return found


# --- a run


def _load_everything() -> None:
    """What each child would else load anew: modules, networks, letters."""
    check_settings(fps=5.0, window=3.0, hop=0.5, detector="blazeface")
    faces.build_detector()
    voices.SpeechDetector()
    report.exports.check_formats([])
    figure = Figure(layout="constrained")
    figure.subplots().set_title("all")
    figure.savefig(io.BytesIO())


def run(count: int, seed: int, folder: Path, *, say: Callable[[str], None] = print) -> list[str]:
    """Analyse ``count`` inputs; a line for each that breaks anything."""
    _load_everything()
    seeds = make_seeds(folder / "seeds")
    broken = []
    refused = 0
    for number in range(count):
        film = make_input(seeds, folder, seed, number)
        out = folder / f"out-{number}"
        told = folder / f"{number}.txt"
        outcome = analyse(film, out, told)
        wrong = complaints(outcome, out, told.read_text(encoding="utf-8", errors="replace"))
        refused += os.WIFEXITED(outcome.status) and os.WEXITSTATUS(outcome.status) == 2
        if wrong:
            broken.append(f"--seed {seed}, input {number} ({film}): {'; '.join(wrong)}")
            say(broken[-1])
            continue
        film.unlink()
        told.unlink()
    say(f"{count} inputs of seed {seed}: {len(broken)} broken, {refused} refused in one line")
    return broken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=None, help="(default: a fresh one)")
    parser.add_argument("--folder", type=Path, help="where inputs go (default: a temporary one)")
    args = parser.parse_args()
    seed = secrets.randbelow(10**6) if args.seed is None else args.seed
    folder = args.folder or Path(tempfile.mkdtemp(prefix="emotutils-fuzz-"))
    return bool(run(args.inputs, seed, folder))


if __name__ == "__main__":
    sys.exit(main())
