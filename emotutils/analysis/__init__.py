"""The main job: a film goes in, a timeline of what faces look like and voices sound like comes out
(thesis 4.4).

Taught in notebooks/13_fusion.
"""

import math
import os
import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pandas as pd
from tqdm.auto import tqdm

from .. import faces, media, voices
from ..errors import EmotutilsError
from ..findings import FRAME_COLUMNS, SPEECH_COLUMNS, Findings, Stream
from ..fusion import Weights
from ..networks import Network
from . import beside
from .answering import calibration_of, facts_of, load_for, notes_on
from .baseline import Baseline, apply_baseline, read_baseline
from .beside import Beside
from .combining import ERROR_RATE, READ_HERE, Combination, choose_combination, without_thresholds
from .given import Given, read_streams
from .openface import openface_beside
from .people import describe, only_person, people_over_time
from .streams import Found, Predictor, listen, watch
from .timeline import SMOOTHING, Clock, add_unshifted, build_timeline, summarise
from .words import Subtitles, Wanted, read_words

__all__ = ["Analysis", "analyze", "check_settings"]

BAR = (
    "{desc}: {percentage:3.0f}%|{bar}| {n:.0f} of {total:.0f} s of picture and sound, "
    "{remaining} left"
)
#: Of the streams that the tool reads itself: where they come from, and why they have nothing.
SOURCES = {"face": "picture", "voice": "sound track"}
GAPS = {"face": "no face in view", "voice": "nobody speaking"}
COLUMNS = {"face": FRAME_COLUMNS, "voice": SPEECH_COLUMNS}
#: s: a film whose last part is shorter and cannot be decoded keeps its length.
CUT_OFF = 0.5
#: Frames a second, and seconds: memory and time of an analysis stay bounded.
LIMITS = {
    "fps": (0.001, 1000),
    "window": (0.1, 60),
    "hop": (0.05, 60),
    "smoothing": (0, 3600),
}


class Analysis(Findings):
    """What ``analyze`` found: its attributes are those of ``Findings``."""

    def save(
        self,
        directory: str | os.PathLike,
        *,
        annotate: bool = False,
        thumbnails: bool = False,
        export: Collection[str] = (),
    ) -> dict[str, Path]:
        """Write the CSVs, ``result.json``, ``timeline.png``, ``report.html`` (and
        ``annotated.mp4``, and the formats of other programs).

        Parameters
        ----------
        directory : made if need be.
        annotate : also write the film with what was found drawn into it.
        thumbnails : also put small pictures of the film into the report.
        export : names in ``report.exports.FORMATS``, such as ``["eaf", "csv"]``.

        Returns
        -------
        The paths by file name.

        Raises
        ------
        EmotutilsError : a folder that cannot be written, an unknown format.
        """
        from .. import report  # here: what was found is there before matplotlib is loaded

        return report.save(self, directory, annotate=annotate, thumbnails=thumbnails, export=export)


def analyze(
    film: str | os.PathLike,
    *,
    face_network: Network | str | os.PathLike | None = None,
    voice_network: Network | str | os.PathLike | None = None,
    only: str | None = None,
    streams: Given | None = None,
    baseline: Baseline | None = None,
    openface: str | os.PathLike | None = None,
    fuse_openface: bool = False,
    subtitles: Subtitles = None,
    transcribe: bool = False,
    whisper_model: str | os.PathLike | None = None,
    words_network: Network | str | os.PathLike | None = None,
    fuse_words: bool = False,
    fps: float = 5.0,
    window: float = voices.WINDOW,
    hop: float = voices.HOP,
    fusion: str | None = None,
    weights: Weights | None = None,
    smoothing: float = SMOOTHING,
    error_rate: float = ERROR_RATE,
    detector: str = "blazeface",
    person: int | None = None,
    picture_track: int | None = None,
    sound_track: int | None = None,
    progress: bool = True,
) -> Analysis:
    """Say for each moment of a film what its face looks like, what its voice sounds like, and both
    together; beside them what its words read like, where it has subtitles.

    Parameters
    ----------
    film : path of anything FFmpeg can read; a recording without picture gives the voice alone.
    face_network, voice_network : a network, a name or the path of a ``.keras`` file; ``None``: the
        default.
    only : ``"face"`` or ``"voice"`` to leave the other of the two out.
    streams : further streams from outside, ``{"pose": table or path of a CSV}``: columns ``t`` (s),
        or ``t0`` and ``t1`` (s), and ``p_anger`` … ``p_neutral``. Nothing is known of how far to
        believe them: with them the default fusion is the plain mean, in which all streams count
        alike, and says so in the warnings; what they take part in has no threshold.
    baseline : stretches in which this person is neutral, ``[(3, 8)]`` (s): face and voice are then
        given relative to what the networks say there. Or ``"auto"``: relative to the median over
        the film, which takes this person for neutral most of the time. Of one stream alone:
        ``{"face": [(3, 8)]}``. See the notes below.
    openface : the csv that OpenFace wrote of this film, a row a frame. Its action units, averaged
        over windows of 4 s, go through the network ``actions``, into a stream of their own. That
        network learned from static values; OpenFace's default is dynamic ones.
    fuse_openface : whether that stream takes part in what all streams say together; else it stands
        beside.
    subtitles : what is said in the film, line by line: a ``.srt``, ``.vtt`` or ``.json``
        (``words.read_transcript``), or a ``words.Transcript``. ``None``: what lies beside the film
        under its name, or inside its file, unless ``only`` is given; ``"none"``: no words. A line's
        answer holds while it is said.
    transcribe : in place of subtitles, let Whisper hear what is said (``words.hear``): needs the
        extra ``emotutils[words]``. The whole sound is in memory, 230 MB an hour.
    whisper_model : a folder that holds one, or its name; ``tiny.en`` by default.
    words_network : as ``face_network``; it reads the lines.
    fuse_words : whether the words take part in what all streams say together; else they stand
        beside: what they are worth in films was not measured.
    fps : frames looked at per second.
    window, hop : seconds of sound taken at once, and from one moment of the timeline to the next.
    fusion : a name in ``emotutils.fusion.RULES``, or ``"joint"``: the one network that sees and
        hears. ``None``: the product of experts, the best on real pairs of RAVDESS
        (``studies.takes``); the weighted mean with ``weights``; the plain mean where a stream is
        not calibrated.
    weights : ``{"face": …, "voice": …}`` and each of ``streams``, each one number or seven, for the
        rule ``"weighted"``; what they add up to does not matter.
    smoothing : seconds over which each stream is averaged, 0 for none.
    error_rate : 0..1; moments are marked ``unsure`` below the probability above which, on
        validation rows, at most so many answers were wrong. What several streams say together
        must also be as sure as each of them must be alone.
    detector : a name in ``faces.DETECTORS``.
    person : only this person's face counts, by the number that an analysis of everybody gives (1
        is seen longest); the largest face in view by default.
    picture_track, sound_track : which of its pictures and sounds, from 1, of a film that has
        several; by default the one that the film itself names, else the first. The warnings say
        which there are.
    progress : show a bar with the time left.

    Raises
    ------
    MediaError : the film cannot be read at all.
    NetworkError : an unknown network, or one of the other modality.
    EmotutilsError : other settings that cannot be, a person who is not in the film, or a stream
        from outside that cannot be read.

    Notes
    -----
    Face and voice are decoded and predicted at the same time. Memory does not grow with the film,
    but for the tables. Small, tilted or blurred faces and noisy voices are believed less: their
    probabilities are softened by what such input cost on validation rows
    (``evaluation.Calibration``).

    People keep their numbers over cuts and gaps by what they look like (``faces.appearance``):
    roughly: where that is unsure, one person gets two numbers; two who look much alike may share
    one. That measure is in memory while the film is read, and in no file.

    A baseline shifts the logarithms of probabilities (``fusion.shifted``), each track of a face by
    its own: a track that is not in the stretch stays as it is. Of a voice whole windows in the
    stretch count. What was shifted is nowhere called sure, because no threshold was fitted for it;
    weights, prior and stacking stay as they are. The joint network takes no baseline.
    """
    _check(only, fps, window, hop, smoothing)
    spoken = Wanted(subtitles, transcribe, whisper_model, words_network, fuse_words, only, progress)
    face_detector = faces.build_detector(detector)
    info = media.probe(film, picture_track, sound_track)
    wanted = _wanted(info, only)
    networks = _networks(wanted, {"face": face_network, "voice": voice_network})
    notes: list[str] = []
    others = openface_beside(openface, info, hop, fuse_openface)
    others |= read_words(info, spoken, notes)
    given = read_streams(streams or {}, info.duration) | beside.streams_of(others)
    aside = beside.aside(others)
    fused = [name for name in given if name not in aside]
    believed = networks | beside.believed(others)
    combination = choose_combination(fusion, weights, error_rate, believed, fused, aside)
    answering = networks | beside.with_baseline(others)
    neutral = read_baseline(baseline, answering, info.duration, bool(combination.joint))
    notes += _missing(info, [*wanted, *fused]) + _several(info)
    notes += [*combination.notes, *_about_networks(networks, others)]
    predictors = {s: _predictor(network, combination) for s, network in networks.items()}
    jobs = {
        "face": lambda net, tick: watch(info, net, face_detector, fps, notes.append, tick),
        "voice": lambda net, tick: listen(info, net, window, hop, notes.append, tick),
    }
    found = only_person(_read(film, info, jobs, predictors, progress), person)
    info = _as_decoded(info, found)
    clock = Clock(info.duration, hop, smoothing)
    relative = apply_baseline(_streams(info, found, fps) | given, neutral, answering)
    notes += [*_nothing_found(found), *relative.notes]
    all_streams = relative.streams
    combination = without_thresholds(combination, relative.shifts, list(all_streams), aside)
    embeddings = {s: f.embeddings for s, f in found.items() if f.embeddings is not None}
    timeline, stretches = build_timeline(all_streams, embeddings, clock, combination, aside)
    add_unshifted(timeline, all_streams, relative.stretches, clock)
    summary = summarise(timeline, all_streams, stretches, clock, combination.thresholds, aside)
    relative.describe(summary)
    people = people_over_time(all_streams["face"], clock)
    describe(summary, all_streams["face"], people)
    settings = {
        "only": only,
        "person": person,
        "baseline": neutral or None,
        **_given_settings(streams or {}, others),
        "fps": fps,
        "window": window,
        "hop": hop,
        "smoothing": smoothing,
        "detector": detector,
        "error_rate": error_rate,
        **combination.settings(),
    }
    return Analysis(
        streams=all_streams,
        timeline=timeline,
        summary=summary,
        info=info,
        networks=_facts(combination.networks | beside.networks_of(others)),
        settings=settings,
        warnings=list(dict.fromkeys(notes)),
        people=people,
    )


def _check(only: str | None, fps: float, window: float, hop: float, smoothing: float) -> None:
    if only not in (None, *READ_HERE):
        raise EmotutilsError(f"only={only!r}: choose {' or '.join(READ_HERE)}")
    numbers = {"fps": fps, "window": window, "hop": hop, "smoothing": smoothing}
    for name, (least, most) in LIMITS.items():
        if not least <= numbers[name] <= most:
            raise EmotutilsError(f"{name}={numbers[name]}: choose {least} to {most}")
    if hop > window:
        raise EmotutilsError(f"hop={hop}, window={window}: the hop is at most the window")


def check_settings(
    *,
    face_network: Network | str | os.PathLike | None = None,
    voice_network: Network | str | os.PathLike | None = None,
    only: str | None = None,
    fps: float,
    window: float,
    hop: float,
    fusion: str | None = None,
    weights: Weights | None = None,
    smoothing: float = SMOOTHING,
    error_rate: float = ERROR_RATE,
    detector: str,
    **others,
) -> None:
    """Raise what ``analyze`` would about these settings, whatever the film."""
    _check(only, fps, window, hop, smoothing)
    faces.build_detector(detector)
    names = {"face": face_network, "voice": voice_network}
    networks = _networks([s for s in READ_HERE if only in (None, s)], names)
    choose_combination(fusion, weights, error_rate, networks, [], [])


def _networks(streams: Collection[str], names: Mapping[str, object]) -> dict[str, Network]:
    """What answers for each of these streams."""
    return {stream: load_for(stream, names[stream]) for stream in streams}


def _there(info: media.FilmInfo) -> dict[str, bool]:
    return {"face": info.has_video, "voice": info.has_audio}


def _wanted(info: media.FilmInfo, only: str | None) -> list[str]:
    """The streams to read from the film."""
    there = _there(info)
    if only and not there[only]:
        raise EmotutilsError(
            f"{info.path}: there is no {SOURCES[only]}, so only={only!r} has nothing to go on"
        )
    return [stream for stream in READ_HERE if there[stream] and only in (None, stream)]


def _missing(info: media.FilmInfo, streams: list[str]) -> list[str]:
    rest = f"the {streams[0]} alone"
    if len(streams) > 1:
        rest = " and ".join(streams)
    return [
        f"there is no {SOURCES[stream]}: the timeline rests on {rest}"
        for stream, there in _there(info).items()
        if not there
    ]


def _several(info: media.FilmInfo) -> list[str]:
    """Which tracks there are, where one had to be chosen."""
    notes = []
    kinds = {
        "picture": (info.picture_tracks, info.picture_track),
        "sound": (info.sound_tracks, info.sound_track),
    }
    for kind, (tracks, chosen) in kinds.items():
        if len(tracks) > 1 and chosen is not None:
            names = ", ".join(f"{k} {name}" for k, name in enumerate(tracks, start=1))
            notes.append(
                f"the film has {len(tracks)} {kind} tracks ({names}): this is of track {chosen} "
                f"(--{kind}-track takes another)"
            )
    return notes


def _read(
    film: str | os.PathLike,
    info: media.FilmInfo,
    jobs: Mapping[str, Callable],
    predictors: Mapping[str, Predictor],
    progress: bool,
) -> dict[str, Found]:
    """What each job gives, all at the same time, with one bar for all."""
    stop = threading.Event()
    bar = tqdm(
        total=round(info.duration * len(predictors), 1),
        disable=not progress,
        desc=Path(film).name,
        bar_format=BAR,
    )
    with bar, ThreadPoolExecutor(len(predictors)) as pool:
        futures = {
            stream: pool.submit(jobs[stream], predictor, _ticker(bar, stop))
            for stream, predictor in predictors.items()
        }
        try:
            found = {stream: future.result() for stream, future in futures.items()}
            bar.update(bar.total - bar.n)  # a bar that is not full is red in a notebook
            return found
        finally:
            # After an error or Ctrl-C the other stream must not read on to the film's end.
            stop.set()


def _as_decoded(info: media.FilmInfo, found: Mapping[str, Found]) -> media.FilmInfo:
    """The film without an end that is in the file but cannot be decoded; of what was left out
    nobody knows.
    """
    if "face" in found:
        info = replace(info, picture_end=found["face"].end)
    decoded = max(one.end for one in found.values())
    unread = len(found) < sum(_there(info).values())
    if unread or info.duration - decoded < CUT_OFF:
        return info
    return replace(info, duration=decoded)


def _nothing_found(found: Mapping[str, Found]) -> list[str]:
    notes = []
    if "face" in found:
        frames = found["face"].table
        if not len(frames):
            notes.append("no picture could be decoded")
        elif not frames["found"].any():
            notes.append("no face was found in the picture")
    if "voice" in found and not found["voice"].table["voiced"].any():
        notes.append("nobody was heard speaking")
    return notes


def _streams(info: media.FilmInfo, found: Mapping[str, Found], fps: float) -> dict[str, Stream]:
    """Face and voice, with an empty table where the film has none or it was left out."""
    streams = {}
    steps = {"face": 1 / fps}
    ends = {"face": info.picture_end}
    for name, there in _there(info).items():
        table = pd.DataFrame(columns=COLUMNS[name])
        gap = GAPS[name]
        if name in found:
            table = found[name].table
        if not there:
            gap = f"no {SOURCES[name]}"
        elif name not in found:
            gap = f"the {name} was left out"
        end = ends.get(name, math.inf)
        streams[name] = Stream(name, table, gap, steps.get(name, 0.0), until=end)
    return streams


def _origin(source: object) -> str:
    """Where a stream from outside came from: a file's name, or a table."""
    return "a table" if isinstance(source, pd.DataFrame) else Path(source).name


def _given_settings(streams: Given, beside: Mapping[str, Beside]) -> dict[str, object]:
    """Where the other streams came from, and which take part in what all say together."""
    settings = {"streams": {name: _origin(source) for name, source in streams.items()}}
    for one in beside.values():
        settings |= one.settings
    return settings


def _predictor(network: Network, combination: Combination) -> Predictor:
    return Predictor(network, calibration_of(network), combination.joint)


def _about_networks(networks: Mapping[str, Network], others: Mapping[str, Beside]) -> list[str]:
    """What a reader must know of the networks that answer."""
    notes = []
    for one in others.values():
        notes += one.notes
    for network in networks.values():
        notes += notes_on(network)
    return notes


def _facts(networks: Mapping[str, Network]) -> dict[str, dict]:
    return {stream: facts_of(network) for stream, network in networks.items()}


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
