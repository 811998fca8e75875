"""The main job: a film goes in, a timeline of what faces look like and voices sound like comes out
(thesis 4.4).

Taught in notebooks/13_fusion.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from tqdm.auto import tqdm

from .. import faces, media, voices
from ..emotions import EMOTIONS_WITH_CALM
from ..errors import EmotutilsError
from ..evaluation import Calibration
from ..networks import DEFAULTS, Network, as_network
from .combining import ERROR_RATE, Combination, Weights
from .streams import FRAME_COLUMNS, SPEECH_COLUMNS, Judge, P, listen, watch
from .timeline import FACE_P, SMOOTHING, VOICE_P, build_timeline, summarise

__all__ = ["FACE_P", "FRAME_COLUMNS", "SPEECH_COLUMNS", "VOICE_P", "Analysis", "P", "analyze"]

BAR = "{desc}: {percentage:3.0f}%|{bar}| {n:.0f} of {total:.0f} s of picture and sound, {remaining} left"


@dataclass
class Analysis:
    """What ``analyze`` found.

    Attributes
    ----------
    frames : one row per sampled frame and face (``found`` False: no face in it), pixels of the
        upright film, ``tilt`` in degrees, ``sharpness`` of the crop as in ``faces.sharpness``.
    speech : one row per window of sound; ``voiced`` False: nobody speaks in it; ``snr`` in dB.
    timeline : one row every ``hop`` seconds: both streams and what they give together. ``unsure``:
        below the threshold of its ``source``; ``disagreement``: the two labels of a stretch over
        which face and voice part.
    summary : one label and probability vector for the film from each stream and from all, whether
        each is ``sure``, the share of ``unsure`` moments, and the ``disagreements`` with their
        times.
    info, networks, settings, warnings : about the film, the networks used, how it was done, what
        was missing.
    """

    frames: pd.DataFrame
    speech: pd.DataFrame
    timeline: pd.DataFrame
    summary: dict
    info: media.FilmInfo
    networks: dict[str, dict]
    settings: dict
    warnings: list[str] = field(default_factory=list)

    def save(
        self, directory: str | os.PathLike, *, annotate: bool = False, thumbnails: bool = False
    ) -> dict[str, Path]:
        """Write the CSVs, ``result.json``, ``timeline.png``, ``report.html`` (and
        ``annotated.mp4``).

        Parameters
        ----------
        annotate : also write the film with what was found drawn into it.
        thumbnails : also put small pictures of the film into the report.

        Raises
        ------
        EmotutilsError : a folder that cannot be written.
        """
        from .. import (
            report,  # the one place that looks to the right: saving an analysis is what reports are for
        )

        return report.save(self, directory, annotate=annotate, thumbnails=thumbnails)


def analyze(
    film: str | os.PathLike,
    *,
    face_network: Network | str | os.PathLike | None = None,
    voice_network: Network | str | os.PathLike | None = None,
    only: str | None = None,
    fps: float = 5.0,
    window: float = voices.WINDOW,
    hop: float = voices.HOP,
    fusion: str | None = None,
    weights: Weights | None = None,
    smoothing: float = SMOOTHING,
    error_rate: float = ERROR_RATE,
    detector: str = "blazeface",
    progress: bool = True,
) -> Analysis:
    """Say for each moment of a film what its face looks like, what its voice sounds like, and both
    together.

    Parameters
    ----------
    film : path of anything FFmpeg can read; a recording without picture gives the voice alone.
    face_network, voice_network : a network, a name or the path of a ``.keras`` file; ``None``: the
        default.
    only : ``"face"`` or ``"voice"`` to leave the other stream out.
    fps : frames looked at per second.
    window, hop : seconds of sound heard at once, and from one moment of the timeline to the next.
    fusion : a name in ``emotutils.fusion.RULES``, or ``"joint"``: the one network that sees and
        hears. ``None``: the weighted mean with ``weights``, or with each network's F1 of each label
        on its validation rows.
    weights : ``{"face": …, "voice": …}``, each one number or seven, for the rule ``"weighted"``;
        what they add up to does not matter.
    smoothing : seconds over which both streams are averaged, 0 for none.
    error_rate : 0..1; moments are marked ``unsure`` below the probability above which, on
        validation rows, at most so many answers were wrong.
    detector : a name in ``faces.DETECTORS``.
    progress : show a bar with the time left.

    Raises
    ------
    MediaError : the film cannot be read at all.
    NetworkError : an unknown network, or one of the other modality.
    EmotutilsError : other settings that cannot be.

    Notes
    -----
    The two streams are decoded and judged at the same time. Memory does not grow with the film, but
    for the tables. Small, tilted or blurred faces and noisy voices are believed less: their
    probabilities are softened by what such input cost on validation rows
    (``evaluation.Calibration``).
    """
    if only not in (None, "face", "voice"):
        raise EmotutilsError(f"only={only!r}: choose face or voice")
    if not (fps > 0 and window > 0 and 0 < hop <= window):
        raise EmotutilsError(
            f"fps={fps}, window={window}, hop={hop}: all above 0, and hop at most the window"
        )
    finder = faces.build_detector(detector)
    info = media.probe(film)
    notes: list[str] = []
    wanted = _streams(info, only, notes)
    chosen = {"face": face_network, "voice": voice_network}
    networks = {stream: _load(stream, chosen[stream]) for stream in wanted}
    how = Combination.choose(fusion, weights, error_rate, networks, notes)
    judges = {
        stream: Judge(network, _calibration(network, notes), how.joint)
        for stream, network in networks.items()
    }

    stop = threading.Event()
    bar = tqdm(
        total=round(info.duration * len(wanted), 1),
        disable=not progress,
        desc=Path(film).name,
        bar_format=BAR,
    )
    jobs = {
        "face": lambda judge: watch(info, judge, finder, fps, notes.append, _ticker(bar, stop)),
        "voice": lambda judge: listen(info, judge, window, hop, notes.append, _ticker(bar, stop)),
    }
    with bar, ThreadPoolExecutor(len(wanted)) as pool:
        futures = {stream: pool.submit(jobs[stream], judges[stream]) for stream in wanted}
        try:
            found = {stream: future.result() for stream, future in futures.items()}
        finally:
            stop.set()  # after an error or Ctrl-C the other stream must not read on to the film's end
    frames, face_embeddings = found.get("face", (pd.DataFrame(columns=FRAME_COLUMNS), None))
    heard, voice_embeddings = found.get("voice", (pd.DataFrame(columns=SPEECH_COLUMNS), None))
    if "face" in wanted and not frames["found"].any():
        notes.append(
            "no face was found in the picture" if len(frames) else "no picture could be decoded"
        )
    if "voice" in wanted and not heard["voiced"].any():
        notes.append("nobody was heard speaking")
    embeddings = {"face": face_embeddings, "voice": voice_embeddings}
    timeline, apart = build_timeline(
        frames, heard, embeddings, info.duration, fps, hop, smoothing, how
    )
    settings = {
        "only": only,
        "fps": fps,
        "window": window,
        "hop": hop,
        "smoothing": smoothing,
        "fusion": how.rule,
        "weights": how.weights,
        "detector": detector,
        "error_rate": error_rate,
        "unsure_below": how.thresholds,
        "disagree_below": how.disagree_below,
    }
    cards = {stream: _facts(network) for stream, network in how.networks.items()}
    summary = summarise(timeline, frames, heard, info, hop, how, apart)
    return Analysis(
        frames, heard, timeline, summary, info, cards, settings, list(dict.fromkeys(notes))
    )


def _streams(info: media.FilmInfo, only: str | None, notes: list[str]) -> list[str]:
    there = {"face": info.has_video, "voice": info.has_audio}
    names = {"face": "picture", "voice": "sound track"}
    if only and not there[only]:
        raise EmotutilsError(
            f"{info.path}: there is no {names[only]}, so only={only!r} has nothing to go on"
        )
    wanted = [s for s in there if there[s] and only in (None, s)]
    notes += [
        f"there is no {names[s]}: the timeline rests on the {wanted[0]} alone"
        for s in there
        if not there[s]
    ]
    return wanted


def _load(stream: str, name: Network | str | os.PathLike | None) -> Network:
    network = as_network(name or DEFAULTS[stream])
    if network.stream != stream:
        raise EmotutilsError(f"network {network.name!r} judges a {network.kind}, not a {stream}")
    if unknown := sorted(set(network.labels) - set(EMOTIONS_WITH_CALM)):
        raise EmotutilsError(
            f"network {network.name!r} says {', '.join(unknown)}: a timeline knows {', '.join(EMOTIONS_WITH_CALM)}"
        )
    return network


def _calibration(network: Network, notes: list[str]) -> Calibration | None:
    """What its card knows of how far to believe it; networks trained elsewhere may know nothing."""
    if "calibration" in network.card:
        return Calibration.from_dict(network.card["calibration"])
    notes.append(
        f"network {network.name!r} is not calibrated: its probabilities are taken as they are "
        "(emotutils calibrate fits them on validation rows)"
    )
    return None


def _facts(network: Network) -> dict:
    keys = (
        "name",
        "variant",
        "data",
        "protocol",
        "parameters",
        "licence",
        "run",
        "test",
        "temperature",
    )
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
