"""One film, two streams: a network's answer to every face in every frame, and to every window of
sound.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pandas as pd

from .. import faces, media, voices
from ..emotions import EMOTIONS, to_seven
from ..evaluation import Calibration
from ..faces.following import Detector
from ..findings import FRAME_COLUMNS, SPEECH_COLUMNS, P
from ..networks import Network

#: Inputs that a network takes at once.
FACES_AT_ONCE = 64
WINDOWS_AT_ONCE = 32


@dataclass(frozen=True, eq=False)
class Input:
    """One face, or one window of sound.

    Attributes
    ----------
    row : its row of the table, by column, without probabilities.
    x : what the network takes of it; None where there is nothing: no face, nobody speaking.
    measured : how good it is, named as in ``evaluation.Calibration``.
    """

    row: dict
    x: np.ndarray | None
    measured: dict[str, float]


@dataclass(frozen=True, eq=False)
class Found:
    """What was read of one stream.

    Attributes
    ----------
    table : a row for each input, with probabilities, NaN where there was nothing.
    embeddings : float16 (rows, k), what the joint network makes of each input, or NaN; None where
        that network does not decide, or there was nothing at all.
    end : seconds to which the stream could be decoded.
    """

    table: pd.DataFrame
    embeddings: np.ndarray | None
    end: float = 0.0


@dataclass(frozen=True)
class Predictor:
    """What answers for one stream.

    Attributes
    ----------
    network : of the stream.
    calibration : how far the network is to be believed; None: not known.
    joint : the network of face and voice, where it decides.
    """

    network: Network
    calibration: Calibration | None
    joint: Network | None

    def predict(self, inputs: list[Input]) -> np.ndarray:
        """float64 (n, 7) probabilities, softened by what was measured of each input."""
        factor = 1.0
        if self.calibration is not None:
            measured = pd.DataFrame([given.measured for given in inputs])
            values = {name: column.to_numpy(float) for name, column in measured.items()}
            factor = self.calibration.factor(**values)
        proba = self.network.predict_proba(_batch(inputs), factor)
        return to_seven(proba, self.network.labels)

    def embed(self, inputs: list[Input]) -> list[np.ndarray | None]:
        """Of each input what the joint network makes of it."""
        if self.joint is None:
            return [None] * len(inputs)
        embeddings = self.joint.embed(self.network.stream, _batch(inputs))
        # Half precision: an hour of film has 18,000 faces.
        return list(embeddings.astype(np.float16))


def _batch(inputs: list[Input]) -> np.ndarray:
    return np.stack([given.x for given in inputs])


def watch(
    info: media.FilmInfo,
    predictor: Predictor,
    detector: Detector,
    fps: float,
    warn: Callable[[str], None],
    tick: Callable[[float], None],
) -> Found:
    """Every face of a film, and what the network says to it.

    Parameters
    ----------
    info : of the film.
    predictor : for the face.
    detector : finds faces in a frame.
    fps : frames looked at per second.
    warn : called with what cannot be decoded.
    tick : called with how far the film has been read (s).
    """
    tracker = faces.Tracker()
    ends: list[float] = []
    inputs = _faces(info, detector, tracker, fps, warn, tick, ends.append)
    found = _answer(inputs, predictor, FACES_AT_ONCE, FRAME_COLUMNS)
    (end,) = ends
    return _numbered(_without_false_alarms(replace(found, end=end), tracker), tracker)


def _faces(
    info: media.FilmInfo,
    detector: Detector,
    tracker: faces.Tracker,
    fps: float,
    warn: Callable[[str], None],
    tick: Callable[[float], None],
    ended: Callable[[float], None],
) -> Iterator[Input]:
    """An input for each face of each frame; one without a face for a frame that has none."""
    frames = media.frames(
        info.path,
        fps,
        max_side=faces.MAX_SIDE,
        track=info.picture_track,
        warn=warn,
        ended=ended,
    )
    size = (info.width, info.height)
    for frame, found in faces.follow(frames, detector, tracker, film_size=size):
        if not found:
            row = {"t": frame.t, "frame": frame.index, "found": False}
            yield Input(row, None, {})
        for face in found:
            yield _face_input(face)
        tick(frame.t)


def _face_input(face: faces.FilmFace) -> Input:
    x, y, width, height = face.box
    row = {
        "t": face.t,
        "frame": face.index,
        "track": face.track,
        "found": True,
        "x": x,
        "y": y,
        "w": width,
        "h": height,
        "tilt": face.tilt,
        "sharpness": face.sharpness,
    }
    measured = {
        "size": face.size,
        "tilt": abs(face.tilt),
        "sharpness": face.sharpness,
    }
    return Input(row, face.crop, measured)


def _without_false_alarms(found: Found, tracker: faces.Tracker) -> Found:
    """Tracks never seen in two of three frames are taken back, where there were three; their frames
    stay as frames without a face.
    """
    frames = found.table.astype({"found": bool})
    tracks = frames["track"].dropna().unique()
    doubtful_tracks = [track for track in tracks if not tracker.confirmed(int(track))]
    doubtful = frames["track"].isin(doubtful_tracks).to_numpy()
    left = without_faces(replace(found, table=frames), doubtful)
    frames = left.table.sort_values(["frame", "track"], kind="stable")
    embeddings = left.embeddings
    if embeddings is not None:
        embeddings = embeddings[frames.index]
    return replace(found, table=frames.reset_index(drop=True), embeddings=embeddings)


def _numbered(found: Found, tracker: faces.Tracker) -> Found:
    """With the column ``person``."""
    frames = found.table
    pictures = {}
    for track, rows in frames[frames["found"]].groupby("track"):
        pictures[int(track)] = set(rows["frame"])
    numbers = faces.number_people(tracker.looks, pictures)
    person = frames["track"].map(numbers).astype("Int64")
    return replace(found, table=frames.assign(person=person))


def without_faces(found: Found, unwanted: np.ndarray) -> Found:
    """Without some faces, bool (rows,): of a frame that is left without any, one row stays."""
    frames = found.table.copy()
    about_the_face = frames.columns.difference(["t", "frame", "found"])
    frames.loc[unwanted, "found"] = False
    frames.loc[unwanted, about_the_face] = np.nan
    with_a_face = frames.loc[frames["found"], "frame"]
    stays_by_another = frames["frame"].isin(with_a_face) | frames.duplicated("frame")
    stays = (~(unwanted & stays_by_another)).to_numpy()
    embeddings = found.embeddings
    if embeddings is not None:
        embeddings = embeddings.copy()
        embeddings[unwanted] = np.nan
        embeddings = embeddings[stays]
    whole = {"frame": "int64", "track": "Int64", "person": "Int64"}
    frames = frames[stays].reset_index(drop=True).astype(whole)
    return replace(found, table=frames, embeddings=embeddings)


def listen(
    info: media.FilmInfo,
    predictor: Predictor,
    window: float,
    hop: float,
    warn: Callable[[str], None],
    tick: Callable[[float], None],
) -> Found:
    """Every window of a film's sound, and what the network says to it.

    Parameters
    ----------
    info : of the film.
    predictor : for the voice.
    window, hop : seconds of sound taken at once, and from one window to the next.
    warn : called with what cannot be decoded.
    tick : called with how far the film has been read (s).
    """
    inputs = _windows(info, predictor.network, window, hop, warn, tick)
    found = _answer(inputs, predictor, WINDOWS_AT_ONCE, SPEECH_COLUMNS)
    table = found.table.astype({"voiced": bool})
    return replace(found, table=table, end=max(table["t1"], default=0.0))


def _windows(
    info: media.FilmInfo,
    network: Network,
    window: float,
    hop: float,
    warn: Callable[[str], None],
    tick: Callable[[float], None],
) -> Iterator[Input]:
    """An input for each window; one without sound features where nobody speaks."""
    sr = network.features.sr
    detector = voices.SpeechDetector(sr)
    blocks = media.sound_blocks(info.path, sr, track=info.sound_track, warn=warn)
    blocks = detector.listen(blocks)
    for start, end, sound in voices.iter_windows(blocks, sr, window, hop):
        voiced = detector.seconds(start, end) >= voices.LEAST_SPEECH
        row = {"t0": start, "t1": end, "voiced": voiced}
        if voiced:
            sound = voices.without_rumble(sound, sr)
            activity = voices.voice_activity(sound, sr)
            if not voices.is_voiced(sound, sr, activity=activity):
                activity = detector.frames(start, end)
            snr = voices.signal_to_noise(sound, sr, activity=activity)
            row["snr"] = snr
            yield Input(row, network.features(sound, activity), {"snr": snr})
        else:
            yield Input(row, None, {})
        tick(end)


def _answer(
    inputs: Iterable[Input], predictor: Predictor, at_once: int, columns: list[str]
) -> Found:
    """The table of all inputs, whole batches predicted at a time: memory holds no more inputs."""
    rows = []
    probabilities = []
    embeddings = []
    for batch in _batches(inputs, at_once):
        there = [k for k, given in enumerate(batch) if given.x is not None]
        p = np.full((len(batch), len(EMOTIONS)), np.nan)
        embedded: list[np.ndarray | None] = [None] * len(batch)
        if there:
            given = [batch[k] for k in there]
            p[there] = predictor.predict(given)
            for k, embedding in zip(there, predictor.embed(given), strict=True):
                embedded[k] = embedding
        rows += [given.row for given in batch]
        probabilities.append(p)
        embeddings += embedded
    table = pd.DataFrame(rows, columns=columns)
    if len(table):
        table[P] = np.concatenate(probabilities)
    return Found(table, _stacked(embeddings))


def _stacked(embeddings: list[np.ndarray | None]) -> np.ndarray | None:
    """(rows, k), NaN for rows that have none; None where no row has any."""
    there = [row for row, embedding in enumerate(embeddings) if embedding is not None]
    if not there:
        return None
    length = len(embeddings[there[0]])
    nothing = np.full(length, np.nan, np.float16)
    return np.stack([nothing if values is None else values for values in embeddings])


def _batches(inputs: Iterable[Input], at_once: int) -> Iterator[list[Input]]:
    inputs = iter(inputs)
    while batch := list(islice(inputs, at_once)):
        yield batch
