"""One film, two streams: every face in every frame, every window of sound, judged. Taught in
notebooks/13_fusion.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .. import faces, media, voices
from ..emotions import EMOTIONS, to_seven
from ..evaluation import Calibration
from ..findings import FRAME_COLUMNS, SPEECH_COLUMNS
from ..networks import Network

Found = tuple[pd.DataFrame, np.ndarray | None]


@dataclass(frozen=True)
class Judge:
    """One stream's network, how far it is to be believed (None: not known), and the joint network,
    if it decides.
    """

    network: Network
    calibration: Calibration | None
    joint: Network | None

    def __call__(
        self, batch: np.ndarray, **measured: list[float]
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Probabilities (n, 7), softened by what is ``measured`` of each input, and the joint
        network's embeddings.
        """
        qualities = {name: np.array(values, float) for name, values in measured.items()}
        factor = self.calibration.factor(**qualities) if self.calibration else 1.0
        p = to_seven(self.network.predict_proba(batch, factor), self.network.labels)
        return p, self.joint.embed(self.network.stream, batch) if self.joint else None


def watch(info: media.FilmInfo, judge: Judge, finder, fps: float, warn, tick) -> Found:
    """The table of frames, and for each of its rows the joint network's embedding (NaN: no face)."""
    tracker = faces.Tracker()
    rows, embedded = [], []
    for batch in _batches(_find(info, finder, tracker, fps, warn, tick), 64):
        there = [k for k, (_, crop, _) in enumerate(batch) if crop is not None]
        p = np.full((len(batch), len(EMOTIONS)), np.nan)
        if there:
            crops, sizes = np.stack([batch[k][1] for k in there]), [batch[k][2] for k in there]
            tilts, sharp = ([abs(batch[k][0][column]) for k in there] for column in (8, 9))
            p[there], embedding = judge(crops, size=sizes, tilt=tilts, sharpness=sharp)
            _scatter(embedded, embedding, there, len(rows))
        rows += [row + answer.tolist() for (row, _, _), answer in zip(batch, p, strict=True)]
    frames = pd.DataFrame(rows, columns=FRAME_COLUMNS)
    frames["row"] = np.arange(len(frames))
    frames = _without_false_alarms(frames, tracker)
    return frames, _gathered(embedded, frames.pop("row").to_numpy(), len(rows))


def _find(
    info, finder, tracker, fps: float, warn, tick
) -> Iterator[tuple[list, np.ndarray | None, float]]:
    """A row, a crop and the size of what was cut out, for every face; a row without a crop for a
    frame without one.
    """
    frames = media.frames(info.path, fps, max_side=faces.MAX_SIDE, warn=warn)
    for frame, found in faces.follow(frames, finder, tracker, film_width=info.width):
        for face in found:
            place = [face.t, face.index, face.track, True, *face.box]
            yield [*place, face.tilt, face.sharpness], face.crop, face.size
        if not found:
            yield _empty_row(frame.t, frame.index), None, np.nan
        tick(frame.t)


def _empty_row(t: float, index: int) -> list:
    return [t, index, np.nan, False, *[np.nan] * 6]


def _without_false_alarms(frames: pd.DataFrame, tracker: faces.Tracker) -> pd.DataFrame:
    """Tracks never seen in two of three frames are taken back; their frames stay as frames without
    a face.
    """
    doubtful = frames["found"] & ~frames["track"].map(
        lambda k: pd.notna(k) and tracker.confirmed(int(k))
    )
    kept = frames[~doubtful]
    emptied = frames[doubtful & ~frames["frame"].isin(kept["frame"])].drop_duplicates("frame")
    empty = [
        [*_empty_row(t, i), *[np.nan] * len(EMOTIONS), -1]
        for t, i in zip(emptied["t"], emptied["frame"], strict=True)
    ]
    out = pd.concat([kept, pd.DataFrame(empty, columns=frames.columns)]) if empty else kept
    return out.sort_values(["frame", "track"], kind="stable", ignore_index=True).astype(
        {"found": bool, "frame": "int64", "track": "Int64", "row": "int64"}
    )


def listen(info: media.FilmInfo, judge: Judge, window: float, hop: float, warn, tick) -> Found:
    """The table of windows, and for each of its rows the joint network's embedding (NaN: nobody
    speaks).
    """
    rows, embedded = [], []
    for batch in _batches(_hear(info, judge.network, window, hop, warn, tick), 32):
        there = [k for k, (_, x) in enumerate(batch) if x is not None]
        p = np.full((len(batch), len(EMOTIONS)), np.nan)
        if there:
            x, snr = np.stack([batch[k][1] for k in there]), [batch[k][0][3] for k in there]
            p[there], embedding = judge(x, snr=snr)
            _scatter(embedded, embedding, there, len(rows))
        rows += [row + answer.tolist() for (row, _), answer in zip(batch, p, strict=True)]
    heard = pd.DataFrame(rows, columns=SPEECH_COLUMNS).astype({"voiced": bool})
    return heard, _gathered(embedded, np.arange(len(rows)), len(rows))


def _hear(
    info, network: Network, window: float, hop: float, warn, tick
) -> Iterator[tuple[list, np.ndarray | None]]:
    sr = network.features.sr
    blocks = media.sound_blocks(info.path, sr, warn=warn)
    for t0, t1, x in voices.iter_windows(blocks, sr, window, hop):
        activity = voices.voice_activity(x, sr)
        if voices.is_voiced(x, sr, activity=activity):
            snr = voices.signal_to_noise(x, sr, activity=activity)
            yield [t0, t1, True, snr], network.features(x, activity)
        else:
            yield [t0, t1, False, np.nan], None
        tick(t1)


def _scatter(embedded: list, embedding: np.ndarray | None, there: list[int], offset: int) -> None:
    if embedding is not None:
        # Half precision: an hour of film has 18,000 faces.
        embedded.append((np.array(there) + offset, embedding.astype(np.float16)))


def _gathered(embedded: list, rows: np.ndarray, n: int) -> np.ndarray | None:
    """One embedding for each row (-1: a row that had none), or None where nothing was embedded."""
    if not embedded:
        return None
    all_rows = np.full((n + 1, embedded[0][1].shape[1]), np.nan, np.float16)
    for where, values in embedded:
        all_rows[where] = values
    return all_rows[rows]


def _batches(items: Iterable, size: int) -> Iterator[list]:
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
