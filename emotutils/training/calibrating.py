"""Calibrate a trained network on the validation rows of its set, clean and degraded."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from tqdm.auto import tqdm

from .. import faces
from ..datasets import Dataset
from ..errors import DataError
from ..evaluation import Calibration, fit_temperature
from ..faces import sharpness
from ..faces.degradation import blur
from ..networks import Network, as_network
from ..voices import measured_windows
from ..voices.degradation import white_noise
from . import testing

#: How input is degraded to learn what it costs; each list from harmless to severe.
SIZES = (48, 40, 32, 24, 18, 14, 10)  # pixels of the square that is cut out
BLURS = (0, 0.5, 1, 1.5, 2, 3)  # σ in pixels of 48
TILTS = (0, 15, 30, 45, 60)  # degrees
NOISES = (40, 30, 20, 10, 5, 0)  # dB

#: Tilted faces go through the detector, which takes time: so many are enough for one number a tilt.
TILTED = 1000
LEAST_FACES = 100  # of one tilt, to fit a temperature on
LEAST_WINDOWS = 20  # of one noise


@dataclass(frozen=True)
class Point:
    """What one degradation costs.

    Attributes
    ----------
    condition : what ``analyze`` measures of its input: ``size``, ``sharpness``, ``tilt`` or
        ``snr``.
    value : the typical one of the degraded rows.
    temperature : the one that makes the network as sure of them as it is right.
    """

    condition: str
    value: float
    temperature: float


@dataclass(frozen=True)
class Windows:
    """The windows of recordings, and a network's answers to them.

    Attributes
    ----------
    proba : float (n, k). y : int (n,), the labels.
    snr : float (n,), voice to noise in dB as measured; NaN where no voice was found.
    """

    proba: np.ndarray
    y: np.ndarray
    snr: np.ndarray


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
    network = as_network(network)
    dataset = testing.unseen(network, network.card["data"], root)
    rows = _fresh_rows(network, dataset)
    network = replace(network, card=network.card | {"temperature": 1.0})
    y = np.array([network.labels.index(name) for name in dataset.table["label"].iloc[rows]])
    if network.kind == "face":
        x = dataset.faces(rows)
        proba = network.predict_proba(x)
        counted = f"{len(rows):,} faces"
        points = _degraded_faces(network, x, y)
    elif network.kind == "units":
        proba = network.predict_proba(dataset.units(rows))
        counted = f"{len(rows):,} films"
        points = iter(())  # what bad input is to them nobody measured
    elif network.kind == "text":
        proba = network.predict_proba(dataset.texts(rows))
        counted = f"{len(rows):,} texts"
        points = iter(())  # nor to a text
    else:
        recordings = dataset.voices(rows, network.features.sr)
        clean = _ask_windows(network, recordings, y)
        points = _degraded_voices(network, recordings, y)
        proba = clean.proba
        y = clean.y
        speakers = dataset.table["group"].iloc[rows].nunique()
        counted = f"{len(proba):,} windows of {len(rows):,} recordings of {speakers} speakers"
    learned = f"{network.card['data']} ({network.card['protocol']})"
    temperature, calibration = Calibration.measure(
        y, proba, network.labels, f"{counted}, the validation rows of {learned}"
    )
    conditions = _conditions(tqdm(points, unit="point", disable=not progress, dynamic_ncols=True))
    fitted = {
        "temperature": temperature,
        "calibration": replace(calibration, conditions=conditions).to_dict(),
    }
    return replace(network, card=network.card | fitted)


def _fresh_rows(network: Network, dataset: Dataset) -> np.ndarray:
    """The validation rows, int (n,), without pictures and texts that a training row has too."""
    rows = dataset.rows("validation")
    if network.kind in ("face", "text"):
        group = dataset.table["group"]
        known = group.iloc[rows].isin(group.iloc[dataset.rows("train")])
        rows = rows[~known.to_numpy()]
    if not len(rows):
        raise DataError(
            network.name,
            f"its protocol {network.card['protocol']} left no validation rows",
            "calibrate a network of another protocol",
        )
    return rows


def _conditions(points: Iterator[Point]) -> dict[str, list[list[float]]]:
    """What each condition costs, by its name: (value, factor on the temperature) from harmless to
    severe; the factor is 1 at the first, and never falls.
    """
    found: dict[str, list[list[float]]] = {}
    first: dict[str, float] = {}
    highest: dict[str, float] = {}
    for point in points:
        base = first.setdefault(point.condition, point.temperature)
        factor = max(point.temperature / base, highest.get(point.condition, 0.0))
        highest[point.condition] = factor
        pair = [round(float(point.value), 4), round(float(factor), 4)]
        found.setdefault(point.condition, []).append(pair)
    return found


def _degraded_faces(network: Network, x: np.ndarray, y: np.ndarray) -> Iterator[Point]:
    """Smaller, blurred and tilted faces, each from harmless to severe."""
    for side in SIZES:
        yield Point("size", side, fit_temperature(y, network.predict_proba(_shrunk(x, side))))
    for sigma in BLURS:
        blurred = blur(x, sigma)
        rounded = np.rint(blurred[..., 0]).astype(np.uint8)
        typical = np.median([sharpness(face) for face in rounded])
        yield Point("sharpness", typical, fit_temperature(y, network.predict_proba(blurred)))
    detector = faces.build_detector()
    few = np.random.default_rng(0).permutation(len(x))[:TILTED]
    for degrees in TILTS:
        found = _find_tilted(detector, x[few, ..., 0], degrees)
        if len(found) < LEAST_FACES:
            return  # what the detector does not find is never answered
        rows = few[list(found)]
        crops = np.stack([crop for crop, _ in found.values()])
        typical = np.median([tilt for _, tilt in found.values()])
        yield Point("tilt", typical, fit_temperature(y[rows], network.predict_proba(crops)))


def _shrunk(x: np.ndarray, side: int) -> np.ndarray:
    """Faces (n, 48, 48, 1) as if the square cut out of the picture had been so many pixels wide."""
    size = x.shape[1]
    shrunk = []
    for face in x[..., 0].astype(np.float32):
        small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
        shrunk.append(cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR))
    return np.stack(shrunk)[..., None]


def _find_tilted(detector, x: np.ndarray, degrees: float) -> dict[int, tuple[np.ndarray, float]]:
    """Faces (n, 48, 48), each put into a larger picture, turned, found again and cut out.

    Returns
    -------
    For each row in which a face was found: the crop, and its tilt in degrees as measured.
    """
    side = 480
    scale = 4.0
    middle = (x.shape[1] - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), -degrees, scale)
    matrix[:, 2] += side / 2 - middle
    cut = {}
    for row, face in enumerate(x.astype(np.uint8)):
        turned = cv2.warpAffine(face, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
        image = faces.as_rgb(turned)
        found = detector.detect(image)
        if found:
            tilt = abs(np.degrees(found[0].tilt))
            cut[row] = (faces.align_crop(image, found[0]), tilt)
    return cut


def _degraded_voices(
    network: Network, recordings: list[np.ndarray], y: np.ndarray
) -> Iterator[Point]:
    """Recordings with more and more noise."""
    sr = network.features.sr
    for snr in NOISES:
        noisy = []
        for i, recording in enumerate(recordings):
            noise = np.random.default_rng([0, i])
            noisy.append(white_noise(recording, snr, sr, noise).clip(-1, 1))
        windows = _ask_windows(network, noisy, y)
        voiced = ~np.isnan(windows.snr)  # where no voice is found, no network is asked
        if voiced.sum() < LEAST_WINDOWS:
            return
        temperature = fit_temperature(windows.y[voiced], windows.proba[voiced])
        yield Point("snr", np.median(windows.snr[voiced]), temperature)


def _ask_windows(network: Network, recordings: list[np.ndarray], y: np.ndarray) -> Windows:
    """A network's answers to every window of every recording.

    Parameters
    ----------
    recordings : float (samples,) each. y : int (n,), their labels.
    """
    x = []
    source = []
    measured = []
    for i, recording in enumerate(recordings):
        windows, snr = measured_windows(recording, network.features)
        x += windows
        source += [i] * len(windows)
        measured += snr
    return Windows(network.predict_proba(np.stack(x)), y[source], np.array(measured))
