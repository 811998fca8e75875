"""Clips per second: 40 MFCCs of every RAVDESS and TESS recording, by ``emotutils.speech`` and by
librosa.

Both read the files, compute the full matrix and its mean over time (thesis 4.7), alone and with two
worker processes. They take turns on the same block of clips, in changing order, so that all see the
machine in the same state: compare the ratios, not the seconds. Everything is read once beforehand,
so that the disk does not count. A worker has one thread for linear algebra: left to itself,
librosa's matrix product takes two, which on a quiet machine gains it about a twentieth and on a
busy one costs it a factor. A busy machine has no core for the second worker of either.

    python tests/benchmarks/mfcc_extraction.py [DATA_ROOT]

What it prints also goes into ``data/runs/bench-mfcc-extraction.json``, which
notebooks/05_voice_data shows.
"""

import os
import platform
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import joblib
import librosa
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from emotutils import datasets, media, voices
from emotutils.training import records

SR = 16000
BLOCK = 424  # clips that one contender takes before the next has its turn: ten turns
CHUNK = 32  # clips that a worker process takes at once, as in `preparation.extract_features`

Mfccs = list[tuple[np.ndarray, np.ndarray]]  # a clip's matrix (40, frames) and its mean (40,)


def by_librosa(paths: list[str]) -> Mfccs:
    """The plain loop."""
    warnings.simplefilter("ignore")
    out = []
    for path in paths:
        x, sr = librosa.load(path, sr=SR)
        matrix = librosa.feature.mfcc(y=x, sr=sr, n_mfcc=40)
        out.append((matrix, matrix.mean(axis=1)))
    return out


def by_emotutils(paths: list[str]) -> Mfccs:
    """The same with our own functions."""
    out = []
    for path in paths:
        matrix = voices.mfcc(media.load_sound(path, SR), SR, 40)
        out.append((matrix, matrix.mean(axis=1)))
    return out


CONTENDERS = {(f.__name__[3:], n): (f, n) for n in (1, 2) for f in (by_librosa, by_emotutils)}


def timed(function, workers: int, paths: list[str]) -> tuple[float, Mfccs]:
    """Seconds for one block, and what came of it."""
    start = time.perf_counter()
    if workers == 1:
        result = function(paths)
    else:
        chunks = [paths[i : i + CHUNK] for i in range(0, len(paths), CHUNK)]
        parts = joblib.Parallel(workers)(joblib.delayed(function)(chunk) for chunk in chunks)
        result = [clip for part in parts for clip in part]
    return time.perf_counter() - start, result


def difference(one: Mfccs, other: Mfccs, k: int) -> float:
    """Largest absolute difference of the matrices (``k`` 0) or means (1)."""
    return max(float(np.abs(a[k] - b[k]).max()) for a, b in zip(one, other, strict=True))


def compare(paths: list[str]) -> tuple[pd.DataFrame, tuple[float, float]]:
    """Seconds of each contender (columns) for each block (rows), and the largest differences:
    matrices, means.
    """
    for path in paths:
        Path(path).read_bytes()
    for function, workers in CONTENDERS.values():
        timed(function, workers, paths[: 4 * CHUNK])  # workers start, librosa compiles
    seconds, differences = [], []
    for turn, i in enumerate(range(0, len(paths), BLOCK)):
        block = paths[i : i + BLOCK]
        row, found = {}, {}
        for k in range(len(CONTENDERS)):
            name = list(CONTENDERS)[(k + turn) % len(CONTENDERS)]
            row[name], found[name] = timed(*CONTENDERS[name], block)
        seconds.append(row)
        plain = found["librosa", 1]
        differences += [[difference(plain, other, k) for k in (0, 1)] for other in found.values()]
    return pd.DataFrame(seconds)[list(CONTENDERS)], tuple(np.max(differences, axis=0))


def main(root: str | None = None) -> None:
    """Run the comparison and print it."""
    paths = [p for name in ("ravdess", "tess") for p in datasets.load(name, root).table["path"]]
    with threadpool_limits(1):
        seconds, (matrices, means) = compare(paths)
    table = pd.DataFrame({"clips/s": (len(paths) / seconds.sum()).round(0)})
    for workers in (1, 2):
        ratio = seconds.rdiv(seconds["librosa", workers], axis=0)
        table[f"× librosa, {workers} worker{'s'[: workers - 1]}"] = [
            f"{m:.1f} ({low:.1f} to {high:.1f})"
            for low, m, high in ratio.quantile([0, 0.5, 1]).T.to_numpy()
        ]
    table.index = [f"{by}, {workers} worker{'s'[: workers - 1]}" for by, workers in CONTENDERS]
    record = {
        "clips": len(paths),
        "blocks": len(seconds),
        "hardware": f"{os.cpu_count()} processor cores, {platform.machine()}, {platform.system()}",
        "librosa": version("librosa"),
        "rates": table.to_dict(orient="index"),
        "difference": {"matrix": float(f"{matrices:.2g}"), "mean": float(f"{means:.2g}")},
    }
    records.write("bench-mfcc-extraction", record, publish=True)
    print(f"{record['hardware']}, librosa {record['librosa']}")
    print(
        f"{len(paths)} clips in {len(seconds)} blocks; × is the median over the blocks (least to most)\n"
    )
    print(table.to_string())
    print(f"\nlargest difference to librosa: {matrices:.1e} in a matrix, {means:.1e} in a mean")


if __name__ == "__main__":
    main(*sys.argv[1:2])
