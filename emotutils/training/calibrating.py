"""Calibrate a trained network on the validation rows of its set, clean and spoiled."""

import os
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from tqdm.auto import tqdm

from .. import faces
from ..errors import DataError
from ..evaluation import Calibration, fit_temperature
from ..faces import sharpness
from ..faces.degradation import blur
from ..networks import Network, as_network
from ..voices import measured_windows
from ..voices.degradation import white_noise
from . import testing

#: How input is spoiled to learn what it costs; each list from harmless to severe.
SIZES = (48, 40, 32, 24, 18, 14, 10)  # pixels of the square that is cut out
BLURS = (0, 0.5, 1, 1.5, 2, 3)  # σ in pixels of 48
TILTS = (0, 15, 30, 45, 60)  # degrees
NOISES = (40, 30, 20, 10, 5, 0)  # dB
#: Tilted faces go through the detector, which takes time: so many are enough for one number a tilt.
TILTED = 1000


def calibrate(
    network: Network | str | os.PathLike,
    root: str | os.PathLike | None = None,
    *,
    progress: bool = False,
) -> Network:
    """Fit a network's temperature, and what bad input adds to it, on the validation rows of the set
    it learned from.

    Rows that are identical to a training row are left out: a network is surer of what it has seen.

    Parameters
    ----------
    network : a network, a shipped one's name or the path of a ``.keras`` file. Nothing is written:
        ``networks.save_card`` does that.
    root : the data root.
    progress : show a bar.

    Returns
    -------
    The same network with ``temperature`` and ``calibration`` in its card.

    Raises
    ------
    EmotutilsError : a network or set that is not there; a protocol without validation rows.
    """
    judge = as_network(network)
    dataset = testing.unseen(judge, judge.card["data"], root)
    known = (
        set(dataset.table["group"].iloc[dataset.rows("train")]) if judge.kind == "face" else set()
    )
    rows = np.array(
        [r for r in dataset.rows("validation") if dataset.table["group"].iloc[r] not in known],
        dtype=int,
    )
    if not len(rows):
        raise DataError(
            judge.name,
            f"its protocol {judge.card['protocol']} left no validation rows",
            "calibrate a network of another protocol",
        )
    judge = replace(judge, card=judge.card | {"temperature": 1.0})
    y = np.array([judge.labels.index(name) for name in dataset.table["label"].iloc[rows]])
    if judge.kind == "face":
        proba, y_all, where = judge.predict_proba(dataset.faces(rows)), y, f"{len(rows):,} faces"
        spoiled = _spoiled_faces(judge, dataset.faces(rows), y)
    else:
        voices = dataset.voices(rows, judge.features.sr)
        proba, y_all, _ = _windows(judge, voices, y)
        people = dataset.table["group"].iloc[rows].nunique()
        where = f"{len(proba):,} windows of {len(rows):,} recordings of {people} speakers"
        spoiled = _spoiled_voices(judge, voices, y)
    text = f"{where}, the validation rows of {judge.card['data']} ({judge.card['protocol']})"
    temperature, found = Calibration.measure(y_all, proba, judge.labels, text)
    points: dict[str, list[list[float]]] = {}
    for name, value, needed in tqdm(
        spoiled, unit="point", disable=not progress, dynamic_ncols=True
    ):
        points.setdefault(name, []).append([round(float(value), 4), needed])
    conditions = {name: _as_factors(found_here) for name, found_here in points.items()}
    card = judge.card | {
        "temperature": temperature,
        "calibration": replace(found, conditions=conditions).to_dict(),
    }
    return replace(judge, card=card)


def _as_factors(points: list[list[float]]) -> list[list[float]]:
    """(value, temperature) from harmless to severe → (value, factor): 1 at the first, and never
    falling.
    """
    first = points[0][1]
    factors = np.maximum.accumulate([needed / first for _, needed in points])
    return [
        [value, round(float(factor), 4)] for (value, _), factor in zip(points, factors, strict=True)
    ]


def _spoiled_faces(
    judge: Network, x: np.ndarray, y: np.ndarray
) -> Iterator[tuple[str, float, float]]:
    """(condition, its typical value, the temperature it needs), each from harmless to severe."""
    for side in SIZES:
        yield "size", side, fit_temperature(y, judge.predict_proba(_shrunk(x, side)))
    for sigma in BLURS:
        blurred = blur(x, sigma)
        typical = np.median([sharpness(np.rint(face[..., 0]).astype(np.uint8)) for face in blurred])
        yield "sharpness", typical, fit_temperature(y, judge.predict_proba(blurred))
    finder = faces.build_detector()
    few = np.random.default_rng(0).permutation(len(x))[:TILTED]
    for degrees in TILTS:
        found = [
            (i, *cut)
            for i in few
            if (cut := _found_tilted(finder, x[i, ..., 0], degrees)) is not None
        ]
        if len(found) < 100:
            return  # beyond what the detector finds nothing can be said, and nothing need be
        index, crops, tilts = zip(*found, strict=True)
        yield (
            "tilt",
            np.median(tilts),
            fit_temperature(y[list(index)], judge.predict_proba(np.stack(crops))),
        )


def _shrunk(x: np.ndarray, side: int) -> np.ndarray:
    """Faces (n, 48, 48, 1) as if the square cut out of the picture had been so many pixels wide."""
    size = x.shape[1]
    small = [
        cv2.resize(face[..., 0].astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
        for face in x
    ]
    return np.stack(
        [cv2.resize(face, (size, size), interpolation=cv2.INTER_LINEAR) for face in small]
    )[..., None]


def _found_tilted(finder, face: np.ndarray, degrees: float) -> tuple[np.ndarray, float] | None:
    """A face put into a larger picture, turned, found again and cut out: (crop, measured tilt in
    degrees).
    """
    side, unit = 480, 4.0
    middle = (face.shape[0] - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), -degrees, unit)
    matrix[:, 2] += side / 2 - middle
    picture = cv2.warpAffine(
        face.astype(np.uint8), matrix, (side, side), borderMode=cv2.BORDER_REPLICATE
    )
    image = faces.as_rgb(picture)
    found = finder.detect(image)
    return (faces.align_crop(image, found[0]), abs(np.degrees(found[0].tilt))) if found else None


def _spoiled_voices(
    judge: Network, voices: list[np.ndarray], y: np.ndarray
) -> Iterator[tuple[str, float, float]]:
    for snr in NOISES:
        sr = judge.features.sr
        noisy = [
            white_noise(x, snr, sr, np.random.default_rng([0, i])).clip(-1, 1)
            for i, x in enumerate(voices)
        ]
        proba, y_all, measured = _windows(judge, noisy, y)
        heard = ~np.isnan(measured)  # where no voice is heard, nobody is asked
        if heard.sum() < 20:
            return
        yield "snr", np.median(measured[heard]), fit_temperature(y_all[heard], proba[heard])


def _windows(
    judge: Network, voices: list[np.ndarray], y: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every window of every recording: probabilities, labels, and the ratio of voice to noise (dB)
    as measured.
    """
    x, source, measured = [], [], []
    for i, voice in enumerate(voices):
        windows, snr = measured_windows(voice, judge.features)
        x += windows
        source += [i] * len(windows)
        measured += snr
    return judge.predict_proba(np.stack(x)), y[source], np.array(measured)
