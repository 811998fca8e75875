"""What hangs on where speech is heard: how well a voice network answers, as `analyze` asks it, when
Silero's detector takes the place of ``voice_activity``.

Two places can be taken. The *gate*: which windows of a film are answered. And the *activity*: where
a window is trimmed before the network hears it, and how far its voice stands above the background.
The network was trained with ``voice_activity`` in both. Asked are validation rows: this is a
choice.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from .. import datasets, voices
from ..datasets import Dataset
from ..evaluation import by_recording, compare, ece, reliability, score
from ..fusion.pairing import calibration_of
from ..networks import Network, load_network
from ..support.machine import surroundings
from ..voices import SAMPLE_RATE, SpeechDetector
from .backgrounds import BACKGROUNDS
from .speech_detection import Scene, mixed, scene

#: What lies behind the voice, and how many dB below it.
CONDITIONS = {
    "clean": None,
    "pink noise, 10 dB": ("pink noise", 10),
    "pink noise, 0 dB": ("pink noise", 0),
    "music, 10 dB": ("music", 10),
}
#: The gate and the activity of each way.
WAYS = {
    "voice_activity for both": ("old", "old"),
    "Silero's gate": ("silero", "old"),
    "Silero's gate, and its activity where voice_activity hears nobody": ("silero", "either"),
    "Silero's for both": ("silero", "silero"),
}


@dataclass(eq=False)
class _Windows:
    """What a network is asked in one way: features, voice to noise, and the recording of each."""

    x: list[np.ndarray] = field(default_factory=list)
    snr: list[float] = field(default_factory=list)
    recording: list[int] = field(default_factory=list)


def study(
    network: str = "crnn",
    data: str = "ravdess",
    root=None,
    *,
    n: int = 120,
    seed: int = 0,
    conditions: Sequence[str] = tuple(CONDITIONS),
) -> dict:
    """Ask the network in each way and condition.

    Parameters
    ----------
    network : of voices, shipped or the path of a ``.keras`` file.
    data, root : its set, and the data root.
    n, seed : so many of the validation recordings, drawn, equally many of each speaker.
    conditions : names in `CONDITIONS`.

    Returns
    -------
    A record: for each condition the ``ways``, each with the number of ``windows`` and of recordings
    ``answered``, and on the recordings that are answered in all ways ``uar`` by recording, its
    ``gain`` over ``voice_activity`` in both places (95 %, bootstrap over speakers where there are
    enough); of all its windows ``ece``, the calibration error, ``without`` what the measured voice
    to noise adds to the temperature, and ``no_snr``, in how many that could not be measured.
    """
    began = time.perf_counter()
    network = load_network(network)
    dataset = datasets.load(data, root)
    rows = _drawn(dataset, n, np.random.default_rng(seed))
    table = dataset.table.iloc[rows]
    y = np.array([network.labels.index(label) for label in table["label"]])
    groups = table["group"].to_numpy(str)
    sounds = dataset.voices(rows, SAMPLE_RATE)
    clean = [scene(clip, group) for clip, group in zip(sounds, groups, strict=True)]
    found = {}
    for name in conditions:
        scenes = [_in_condition(one, name, i) for i, one in enumerate(clean)]
        found[name] = _ask(network, scenes, y, groups)
    return {
        "network": network.name,
        "run": network.card["run"],
        "data": data,
        "split": "validation",
        "n": len(rows),
        "seed": seed,
        "speakers": sorted(set(groups)),
        "conditions": found,
        "wall_time_s": round(time.perf_counter() - began, 1),
        **surroundings(),
    }


def _drawn(
    dataset: Dataset,
    n: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Validation rows, equally many of each speaker."""
    rows = dataset.rows("validation")
    speaker = dataset.table["group"].to_numpy(str)[rows]
    speakers = np.unique(speaker)
    chosen = []
    for one in speakers:
        own = rows[speaker == one]
        drawn = rng.choice(own, n // len(speakers), replace=False)
        chosen.append(drawn)
    together = np.concatenate(chosen)
    return np.sort(together)


def _in_condition(
    clean: Scene,
    condition: str,
    seed: int,
) -> Scene:
    wanted = CONDITIONS[condition]
    if wanted is None:
        return clean
    name, snr = wanted
    background = BACKGROUNDS[name](len(clean.x), np.random.default_rng([0, seed]))
    return mixed(clean, background, snr)


def _ask(
    network: Network,
    scenes: Sequence[Scene],
    y: np.ndarray,
    groups: np.ndarray,
) -> dict:
    calibration = calibration_of(network)
    asked = {way: _Windows() for way in WAYS}
    for number, one in enumerate(scenes):
        _cut(one, number, network, asked)
    answered = [set(windows.recording) for windows in asked.values()]
    common = np.array(sorted(set.intersection(*answered)))
    recordings = {}
    ways = {}
    for way, windows in asked.items():
        code = np.array(windows.recording)
        kept = np.isin(code, common)
        x = np.stack(windows.x)
        factor = calibration.factor(snr=np.array(windows.snr))
        proba = network.predict_proba(x, factor)
        place = np.searchsorted(common, code[kept])
        recordings[way] = by_recording(proba[kept], place)
        report = score(y[common], recordings[way], network.labels, groups[common])
        ways[way] = {
            "windows": len(code),
            "answered": len(set(windows.recording)),
            "uar": report.uar.to_dict(),
            "ece": ece(reliability(y[code], proba)),
            "without": ece(reliability(y[code], network.predict_proba(x))),
            "no_snr": int(np.isnan(windows.snr).sum()),
        }
    first = next(iter(WAYS))
    for way in list(WAYS)[1:]:
        difference = compare(y[common], recordings[way], recordings[first], groups[common])
        ways[way]["gain"] = difference.uar.to_dict()
    return {"n": len(common), "ways": ways}


def _cut(
    one: Scene,
    number: int,
    network: Network,
    asked: Mapping[str, _Windows],
) -> None:
    """Every window of a scene, in each way in which it is voiced."""
    detector = SpeechDetector()
    for begin, end, x in voices.iter_windows(detector.listen([one.x])):
        old = voices.voice_activity(x)
        silero = detector.frames(begin, end)
        voiced = {
            "old": voices.is_voiced(x, activity=old),
            "silero": detector.seconds(begin, end) >= voices.LEAST_SPEECH,
        }
        either = old if voiced["old"] else silero
        activity = {"old": old, "silero": silero, "either": either}
        for way, (gate, trimmed_by) in WAYS.items():
            if voiced[gate]:
                windows = asked[way]
                used = activity[trimmed_by]
                windows.x.append(network.features(x, used))
                windows.snr.append(voices.signal_to_noise(x, activity=used))
                windows.recording.append(number)
