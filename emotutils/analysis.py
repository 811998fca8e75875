"""The main job: a film goes in, a timeline of what faces look like and voices sound like comes out (thesis 4.4).

Taught in notebooks/13_fusion.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from . import faces, media, speech
from .emotions import EMOTIONS, to_seven
from .errors import EmotutilsError
from .fusion import DEFAULT_RULE, RULES, agreement, fuse
from .networks import DEFAULTS, Network, load_network

P = [f"p_{e}" for e in EMOTIONS]
FACE_P, VOICE_P = [f"face_{c}" for c in P], [f"voice_{c}" for c in P]
FRAME_COLUMNS = ["t", "frame", "track", "found", "x", "y", "w", "h", *P]
SPEECH_COLUMNS = ["t0", "t1", "voiced", *P]

#: Below this probability the timeline's label is marked ``unsure``: a convention, not fitted to any data.
UNSURE_BELOW = 0.4
#: Face and voice disagree where one label stands against another for at least so many seconds.
DISAGREE_SECONDS = 2.0
#: Frames are scaled down to this many pixels a side before faces are sought: the crops need no more.
MAX_SIDE = 960

BAR = "{desc}: {percentage:3.0f}%|{bar}| {n:.0f} of {total:.0f} s of picture and sound, {remaining} left"


@dataclass
class Analysis:
    """What ``analyze`` found.

    Attributes
    ----------
    frames : one row per sampled frame and face (``found`` False: no face in it), pixels of the upright film.
    speech : one row per window of sound; ``voiced`` False: nobody speaks in it.
    timeline : one row every ``hop`` seconds: both streams and what they give together.
    summary : one label and probability vector for the film from each stream and from all.
    info, networks, settings, warnings : about the film, the networks used, how it was done, what was missing.
    """

    frames: pd.DataFrame
    speech: pd.DataFrame
    timeline: pd.DataFrame
    summary: dict
    info: media.FilmInfo
    networks: dict[str, dict]
    settings: dict
    warnings: list[str] = field(default_factory=list)

    def save(self, directory: str | os.PathLike, *, annotate: bool = False) -> dict[str, Path]:
        """Write the CSVs, ``result.json``, ``timeline.png``, ``report.html`` (and ``annotated.mp4``).

        Raises
        ------
        EmotutilsError : a folder that cannot be written.
        """
        from . import report  # the one place that looks to the right: saving an analysis is what reports are for

        return report.save(self, directory, annotate=annotate)


def analyze(
    film: str | os.PathLike,
    *,
    face_network: str | os.PathLike | None = None,
    voice_network: str | os.PathLike | None = None,
    only: str | None = None,
    fps: float = 5.0,
    window: float = speech.WINDOW,
    hop: float = speech.HOP,
    fusion: str | None = None,
    detector: str = "blazeface",
    progress: bool = True,
) -> Analysis:
    """Say for each moment of a film what its face looks like, what its voice sounds like, and both together.

    Parameters
    ----------
    film : path of anything FFmpeg can read; a recording without picture gives the voice alone.
    face_network, voice_network : a registered name or the path of a ``.keras`` file; ``None``: the default.
    only : ``"face"`` or ``"voice"`` to leave the other stream out.
    fps : frames looked at per second.
    window, hop : seconds of sound heard at once, and from one moment of the timeline to the next.
    fusion : a name in ``emotutils.fusion.RULES``; ``None``: the default.
    detector : a name in ``faces.DETECTORS``.
    progress : show a bar with the time left.

    Raises
    ------
    MediaError : the film cannot be read at all.
    NetworkError : an unknown network, or one of the other modality.
    EmotutilsError : other settings that cannot be.

    Notes
    -----
    The two streams are decoded and judged at the same time. Memory does not grow with the film, but for the tables.
    """
    if only not in (None, "face", "voice"):
        raise EmotutilsError(f"only={only!r}: choose face or voice")
    if not (fps > 0 and window > 0 and 0 < hop <= window):
        raise EmotutilsError(f"fps={fps}, window={window}, hop={hop}: all above 0, and hop at most the window")
    rule = fusion or DEFAULT_RULE
    # "weighted" needs weights, which come from calibrated networks: not offered here without them.
    known = [r for r in RULES if r != "weighted"]
    if rule not in known:
        raise EmotutilsError(f"unknown fusion rule {rule!r}: choose {', '.join(known)}")
    finder = faces.build_detector(detector)
    info = media.probe(film)
    notes: list[str] = []
    wanted = _streams(info, only, notes)
    chosen = {"face": face_network, "voice": voice_network}
    networks = {stream: _load(stream, chosen[stream]) for stream in wanted}

    stop = threading.Event()
    bar = tqdm(total=round(info.duration * len(wanted), 1), disable=not progress, desc=Path(film).name, bar_format=BAR)
    jobs = {
        "face": lambda net: _watch(info, net, finder, fps, notes.append, _ticker(bar, stop)),
        "voice": lambda net: _listen(info, net, window, hop, notes.append, _ticker(bar, stop)),
    }
    with bar, ThreadPoolExecutor(len(wanted)) as pool:
        futures = {stream: pool.submit(jobs[stream], networks[stream]) for stream in wanted}
        try:
            tables = {stream: future.result() for stream, future in futures.items()}
        finally:
            stop.set()  # after an error or Ctrl-C the other stream must not read on to the film's end
    frames = tables.get("face", pd.DataFrame(columns=FRAME_COLUMNS))
    heard = tables.get("voice", pd.DataFrame(columns=SPEECH_COLUMNS))
    if "face" in wanted and not frames["found"].any():
        notes.append("no face was found in the picture" if len(frames) else "no picture could be decoded")
    if "voice" in wanted and not heard["voiced"].any():
        notes.append("nobody was heard speaking")
    timeline = _timeline(frames, heard, info.duration, fps, hop, rule)
    settings = {
        "only": only,
        "fps": fps,
        "window": window,
        "hop": hop,
        "fusion": rule,
        "detector": detector,
        "unsure_below": UNSURE_BELOW,
    }
    cards = {stream: _facts(network) for stream, network in networks.items()}
    summary = _summary(timeline, frames, heard, info, hop)
    return Analysis(frames, heard, timeline, summary, info, cards, settings, list(dict.fromkeys(notes)))


def _streams(info: media.FilmInfo, only: str | None, notes: list[str]) -> list[str]:
    there = {"face": info.has_video, "voice": info.has_audio}
    names = {"face": "picture", "voice": "sound track"}
    if only and not there[only]:
        raise EmotutilsError(f"{info.path}: there is no {names[only]}, so only={only!r} has nothing to go on")
    wanted = [s for s in there if there[s] and only in (None, s)]
    notes += [f"there is no {names[s]}: the timeline rests on the {wanted[0]} alone" for s in there if not there[s]]
    return wanted


def _load(stream: str, name: str | os.PathLike | None) -> Network:
    network = load_network(name or DEFAULTS[stream])
    if network.modality != stream:
        raise EmotutilsError(f"network {network.name!r} judges a {network.modality}, not a {stream}")
    return network


def _facts(network: Network) -> dict:
    keys = ("name", "variant", "data", "protocol", "parameters", "licence", "run", "test")
    return {k: network.card[k] for k in keys}


def _ticker(bar: tqdm, stop: threading.Event) -> Callable[[float], None]:
    """Moves the bar to film time ``t`` of one stream, and ends the stream when asked to stop."""
    last = 0.0

    def tick(t: float) -> None:
        nonlocal last
        if stop.is_set():
            raise EmotutilsError("stopped")
        bar.update(max(0.0, min(t - last, bar.total - bar.n)))
        last = max(last, t)

    return tick


# --- face stream -------------------------------------------------------------------------------------------------


def _watch(info, network: Network, finder, fps: float, warn, tick) -> pd.DataFrame:
    tracker = faces.Tracker()
    rows: list[list] = []
    for batch in _batches(_find(info, finder, tracker, fps, warn, tick), 64):
        crops = [crop for _, crop in batch if crop is not None]
        p = iter(to_seven(network.predict_proba(np.stack(crops)), network.labels) if crops else ())
        nothing = [np.nan] * len(EMOTIONS)
        rows += [row + (nothing if crop is None else next(p).tolist()) for row, crop in batch]
    frames = pd.DataFrame(rows, columns=FRAME_COLUMNS)
    return _without_false_alarms(frames, tracker)


def _find(info, finder, tracker, fps: float, warn, tick) -> Iterator[tuple[list, np.ndarray | None]]:
    """A row and a crop for every face; a row without a crop for a frame that has none."""
    for frame in media.frames(info.path, fps, max_side=MAX_SIDE, warn=warn):
        found = finder.detect(frame.image)
        scale = info.width / frame.image.shape[1]
        for face, track in zip(found, tracker.update(frame.t, found), strict=True):
            box = [scale * v for v in (face.x, face.y, face.w, face.h)]
            yield [frame.t, frame.index, track, True, *box], faces.align_crop(frame.image, face)
        if not found:
            yield _empty_row(frame.t, frame.index), None
        tick(frame.t)


def _empty_row(t: float, index: int) -> list:
    return [t, index, np.nan, False, *[np.nan] * 4]


def _without_false_alarms(frames: pd.DataFrame, tracker: faces.Tracker) -> pd.DataFrame:
    """Tracks never seen in two of three frames are taken back; their frames stay as frames without a face."""
    doubtful = frames["found"] & ~frames["track"].map(lambda k: pd.notna(k) and tracker.confirmed(int(k)))
    kept = frames[~doubtful]
    emptied = frames[doubtful & ~frames["frame"].isin(kept["frame"])].drop_duplicates("frame")
    empty = [_empty_row(t, i) + [np.nan] * len(EMOTIONS) for t, i in zip(emptied["t"], emptied["frame"], strict=True)]
    out = pd.concat([kept, pd.DataFrame(empty, columns=FRAME_COLUMNS)]) if empty else kept
    return out.sort_values(["frame", "track"], kind="stable", ignore_index=True).astype(
        {"found": bool, "frame": "int64", "track": "Int64"}
    )


# --- voice stream ------------------------------------------------------------------------------------------------


def _listen(info, network: Network, window: float, hop: float, warn, tick) -> pd.DataFrame:
    sr = network.features.sr
    rows: list[list] = []
    for batch in _batches(_hear(info, network, sr, window, hop, warn, tick), 32):
        inputs = [x for _, x in batch if x is not None]
        p = iter(to_seven(network.predict_proba(np.stack(inputs)), network.labels) if inputs else ())
        nothing = [np.nan] * len(EMOTIONS)
        rows += [row + (nothing if x is None else next(p).tolist()) for row, x in batch]
    return pd.DataFrame(rows, columns=SPEECH_COLUMNS).astype({"voiced": bool})


def _hear(info, network, sr: int, window: float, hop: float, warn, tick) -> Iterator[tuple[list, np.ndarray | None]]:
    blocks = media.sound_blocks(info.path, sr, warn=warn)
    for t0, t1, x in speech.iter_windows(blocks, sr, window, hop):
        voiced = speech.is_voiced(x, sr)
        yield [t0, t1, voiced], network.features(x) if voiced else None
        tick(t1)


def _batches(items: Iterable, size: int) -> Iterator[list]:
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


# --- both --------------------------------------------------------------------------------------------------------


def _timeline(
    frames: pd.DataFrame, heard: pd.DataFrame, duration: float, fps: float, hop: float, rule: str
) -> pd.DataFrame:
    t = hop * np.arange(max(1, int(np.ceil(duration / hop - 1e-9))))
    streams = {"face": _face_at(frames, t, max(hop, 1 / fps, _spacing(frames))), "voice": _voice_at(heard, t)}
    fused = fuse(streams, rule)
    present = {name: ~np.isnan(p[:, 0]) for name, p in streams.items()}
    table = pd.DataFrame({"t": t})
    table[P] = fused
    table["label"] = _labels(fused)
    table["unsure"] = np.nan_to_num(fused, nan=1.0).max(axis=1) < UNSURE_BELOW
    table[FACE_P] = streams["face"]
    table["face_label"] = _labels(streams["face"])
    table[VOICE_P] = streams["voice"]
    table["voice_label"] = _labels(streams["voice"])
    table["agreement"] = agreement(streams["face"], streams["voice"])
    table["source"] = ["+".join(name for name in streams if present[name][i]) for i in range(len(t))]
    return table


def _spacing(frames: pd.DataFrame) -> float:
    """Seconds between the frames that were looked at: a film of 1 frame/s has no more to show."""
    times = frames["t"].drop_duplicates().to_numpy(float)
    return float(np.median(np.diff(times))) if len(times) > 1 else 0.0


def _face_at(frames: pd.DataFrame, t: np.ndarray, width: float) -> np.ndarray:
    """Around each moment (± width / 2) the mean over the track with the largest summed area there."""
    out = np.full((len(t), len(EMOTIONS)), np.nan)
    found = frames[frames["found"].astype(bool)]
    times, p = found["t"].to_numpy(float), found[P].to_numpy(float)
    area, track = (found["w"] * found["h"]).to_numpy(float), found["track"].to_numpy(float)
    begin = np.searchsorted(times, t - width / 2 - 1e-9)
    end = np.searchsorted(times, t + width / 2 - 1e-9)
    for i, (a, b) in enumerate(zip(begin, end, strict=True)):
        if a < b:
            tracks, which = np.unique(track[a:b], return_inverse=True)
            main = np.bincount(which, area[a:b]).argmax()
            out[i] = p[a:b][track[a:b] == tracks[main]].mean(axis=0)
    return out


def _voice_at(heard: pd.DataFrame, t: np.ndarray) -> np.ndarray:
    """At each moment the window centred nearest; NaN where nobody speaks in it, or where the sound had ended."""
    out = np.full((len(t), len(EMOTIONS)), np.nan)
    if len(heard):
        centre = ((heard["t0"] + heard["t1"]) / 2).to_numpy(float)
        middles = (centre[1:] + centre[:-1]) / 2
        nearest = np.searchsorted(middles, t)
        within = (heard["t0"].to_numpy(float)[nearest] <= t) & (t <= heard["t1"].to_numpy(float)[nearest])
        out[within] = heard[P].to_numpy(float)[nearest[within]]
    return out


def _labels(p: np.ndarray) -> list[str]:
    return ["" if np.isnan(row[0]) else EMOTIONS[int(row.argmax())] for row in p]


def _summary(
    timeline: pd.DataFrame, frames: pd.DataFrame, heard: pd.DataFrame, info: media.FilmInfo, hop: float
) -> dict:
    seen = frames.groupby("frame")["found"].any() if len(frames) else pd.Series(dtype=bool)
    together = _film(timeline[P])
    step = np.minimum(hop, info.duration - timeline["t"].to_numpy()).clip(0)
    seconds = {e: round(float(step[(timeline["label"] == e).to_numpy()].sum()), 2) for e in EMOTIONS}
    both = timeline["agreement"].dropna()
    return {
        **together,
        "face": _film(timeline[FACE_P])
        | {
            "frames": len(seen),
            "found": round(float(seen.mean()), 4) if len(seen) else None,
            "tracks": int(frames["track"].nunique()),
        },
        "voice": _film(timeline[VOICE_P])
        | {"windows": len(heard), "voiced": round(float(heard["voiced"].mean()), 4) if len(heard) else None},
        "agreement": round(float(both.mean()), 4) if len(both) else None,
        "disagreements": _disagreements(timeline, hop, info.duration),
        "seconds": seconds,
        "duration": round(info.duration, 3),
    }


def _film(p: pd.DataFrame) -> dict:
    """One label and vector for the film: the mean over the moments that have an answer."""
    mean = p.mean().to_numpy(float)
    if np.isnan(mean).any():
        return {"label": "", "probabilities": None}
    return {
        "label": EMOTIONS[int(mean.argmax())],
        "probabilities": {e: round(float(v), 4) for e, v in zip(EMOTIONS, mean, strict=True)},
    }


def _disagreements(timeline: pd.DataFrame, hop: float, duration: float) -> list[dict]:
    """Stretches over which the face keeps one label and the voice another."""
    out, start = [], 0
    for (face, voice), run in groupby(zip(timeline["face_label"], timeline["voice_label"], strict=True)):
        stop = start + len(list(run))
        if face and voice and face != voice and (stop - start) * hop >= DISAGREE_SECONDS:
            times = {"t0": start * hop, "t1": min(stop * hop, duration)}
            out.append({**times, "face": face, "voice": voice})
        start = stop
    return out
