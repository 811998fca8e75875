"""The action units that OpenFace found in a film, as a stream through the network ``actions``."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from ..datasets import openface
from ..datasets.openface import UNITS
from ..emotions import to_seven
from ..errors import DataError, EmotutilsError
from ..findings import P, Stream
from ..media import FilmInfo
from ..networks import Network, shared_network
from .beside import Beside

NAME = "openface"
UNITS_NETWORK = "actions"
#: Seconds over which the units are averaged: the films that the network learned from are 3 to 5 s
#: long, and each was averaged whole.
WINDOW = 4.0
#: A window counts where a face was tracked in at least so much of it.
TRACKED = 0.5
#: OpenFace's last frame and the film's end may lie so many seconds apart.
BEYOND = 0.5
NOTE = (
    "openface: the network actions learned means over whole films of 3 to 5 s, made with "
    "OpenFace's static models (-au_static); without that option OpenFace writes dynamic values, "
    "from which it first subtracted what is usual for this face: read this lane with care"
)
_REMEDY = "run FeatureExtraction -f FILM -aus again, on this film"


def openface_beside(
    path: str | os.PathLike | None, info: FilmInfo, hop: float, fuse: bool
) -> dict[str, Beside]:
    """The stream ``openface`` of a film, by its name; nothing where there is no csv.

    Parameters
    ----------
    path, info, hop : as for ``read_openface``.
    fuse : whether it takes part in what all streams say together.

    Raises
    ------
    DataError : as ``read_openface``.
    EmotutilsError : nothing there to fuse.
    """
    if path is None and fuse:
        raise EmotutilsError("fuse_openface: there is no openface to fuse, give its csv")
    if path is None:
        return {}
    network = shared_network(UNITS_NETWORK)
    stream = read_openface(path, info, network, hop)
    settings = {"openface": Path(path).name, "fuse_openface": fuse}
    found = Beside(
        stream, network, is_fused=fuse, has_baseline=True, notes=[NOTE], settings=settings
    )
    return {NAME: found}


def read_openface(path: str | os.PathLike, info: FilmInfo, network: Network, hop: float) -> Stream:
    """What the network says of OpenFace's csv of a film, in windows of ``WINDOW`` seconds.

    Parameters
    ----------
    path : of the csv, a row a frame.
    info : of the film that is analysed.
    network : takes means of ``datasets.openface.UNITS``.
    hop : seconds from one window to the next. A film shorter than a window is one window.

    Returns
    -------
    Stream with ``t0``, ``t1`` (s), ``tracked`` (share of the window's frames, 0..1) and seven
    probabilities, NaN where a face was tracked in less than ``TRACKED`` of a window.

    Raises
    ------
    DataError : a csv that ``datasets.openface.read`` refuses, one of another film (its length or
        number of frames), one of several faces, or no frame in which a face was tracked.
    """
    frames = openface.read(path)
    _check(frames, path, info)
    tracked = openface.tracked(frames)
    if tracked.empty:
        raise DataError(path, "a face was tracked in no frame", "analyse the film without it")
    length = min(WINDOW, info.duration)
    starts = np.arange(0, info.duration - length + hop / 2, hop)
    rows = []
    means = []
    for start in starts:
        seen = _within(tracked, start, length)
        every = _within(frames, start, length)
        share = len(seen) / max(len(every), 1)
        rows.append({"t0": start, "t1": start + length, "tracked": share})
        means.append(seen[list(UNITS)].mean().to_numpy(float))
    table = pd.DataFrame(rows)
    table[P] = _answers(network, np.stack(means), table["tracked"].to_numpy() >= TRACKED)
    return Stream(NAME, table, "OpenFace tracked no face", hop)


def _within(frames: pd.DataFrame, start: float, length: float) -> pd.DataFrame:
    t = frames["timestamp"]
    return frames[(t >= start) & (t < start + length)]


def _answers(network: Network, means: np.ndarray, is_known: np.ndarray) -> np.ndarray:
    """(n, 7) probabilities, NaN where nothing is known."""
    answers = np.full((len(means), len(P)), np.nan)
    if is_known.any():
        proba = network.predict_proba(means[is_known])
        answers[is_known] = to_seven(proba, network.labels)
    return answers


def _check(frames: pd.DataFrame, path: str | os.PathLike, info: FilmInfo) -> None:
    """Refuse what OpenFace wrote of several faces, or of another film."""
    if "face_id" in frames and frames["face_id"].nunique() > 1:
        raise DataError(path, "holds several faces", "run FeatureExtraction, which follows one")
    if not info.has_video:
        raise DataError(path, f"{info.path.name} has no picture", "leave it out")
    seconds = frames["timestamp"].max()
    film = f"{info.path.name} is {info.duration:.2f} s long"
    if abs(seconds - info.duration) > BEYOND:
        what = f"ends at {seconds:.2f} s, but {film}: this is another film's"
        raise DataError(path, what, _REMEDY)
    if not info.fps:
        return
    count = len(frames)
    expected = info.duration * info.fps
    if abs(count - expected) > BEYOND * info.fps:
        what = f"holds {count} frames, but {info.path.name} has about {expected:.0f}: this is"
        raise DataError(path, f"{what} another film's, or a part", _REMEDY)
