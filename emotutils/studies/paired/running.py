"""The study of pairs, run: every rule on test pairs, clean and degraded.

Taught in notebooks/13_fusion.
"""

import os
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from tqdm.auto import tqdm

from ...datasets import Pairs, PairSet, load_pairs
from ...emotions import EMOTIONS, to_seven
from ...evaluation import Answers, Calibration, by_recording, soften
from ...faces.degradation import blur
from ...fusion import prior_of, weights_of
from ...fusion.fitted import PAIRED
from ...fusion.pairing import ask, by_clip, calibration_of, learn
from ...networks import Network, as_network
from ...support.machine import surroundings
from ...training import records
from ...voices import measured_windows
from ...voices.degradation import white_noise
from . import all_actors
from .outcomes import ALL_ACTORS, BLIND, Outcome

SEEDS = (0, 1, 2)
#: How streams are degraded: blur (σ in pixels of 48) and white noise (dB), as in ``robustness``.
BLUR = 2.0
NOISE = 10.0
#: Whose answers stand for the voice network's training with a seed: only the first seed's weights
#: ship.
VOICE_TRAINING = {
    "protocol": "actors-16-4-4",
    "data": "ravdess",
    "network": "crnn",
    "variant": "best",
}


def study(
    root: str | os.PathLike | None = None,
    *,
    data: str = PAIRED,
    face: Network | str | os.PathLike = "conv2d",
    voice: Network | str | os.PathLike = "crnn",
    joint: Network | str | os.PathLike = "joint",
    seeds: tuple[int, ...] = SEEDS,
    progress: bool = False,
) -> Outcome:
    """Score every rule on test pairs: PrivateTest faces beside actors 21–24, and beside all 24
    actors by recorded answers (``all_actors``).

    Temperatures, weights, prior, stacking and thresholds are fitted on validation pairs. Each seed
    draws other pictures and other jitter; the clean voices are those of the voice network's
    training with that seed where its answers are recorded (`VOICE_TRAINING`). Face network, joint
    network and degraded voices are of one training.

    Parameters
    ----------
    root : the data root.
    data : a set of ``paired-…``.
    face, voice, joint : networks, their names or the paths of ``.keras`` files.
    seeds : of the pairs.
    progress : show a bar.

    Raises
    ------
    EmotutilsError : networks that are not calibrated, sets that are not there.
    """
    began = time.perf_counter()
    networks = {
        "face": as_network(face),
        "voice": as_network(voice),
        "joint": as_network(joint),
    }
    source = load_pairs(data, root)
    recorded = {}
    fitted = []
    by_fold = {}
    for seed in tqdm(seeds, unit="seed", disable=not progress, dynamic_ncols=True):
        training = _voice_training(seed, source, networks["voice"])
        one = _OneSeed(source, seed=seed, training=training, **networks)
        fitted.append(one.fit())
        everybody, by_fold[str(seed)] = all_actors.study(seed)
        conditions = {ALL_ACTORS: everybody} | one.test()
        for condition, answers in conditions.items():
            for method, found in answers.items():
                recorded[seed, condition, method] = found.rounded()
    names = {}
    for stream, network in networks.items():
        names[stream] = {"name": network.name, "run": network.card["run"]}
    facts = {
        "data": data,
        "networks": names,
        "seeds": list(seeds),
        "blur": BLUR,
        "noise": NOISE,
        "fitted": fitted,
        "fitted_by_fold": by_fold,
        "wall_time_s": round(time.perf_counter() - began, 1),
        **surroundings(),
    }
    return Outcome(facts, recorded)


@dataclass(frozen=True)
class _VoiceTraining:
    """The training of the voice network whose answers are studied, and its calibration.

    Attributes
    ----------
    run : the name of its record.
    recorded : by split, its own answers to the clean windows, at its temperature and over the seven
        labels; None where the network at hand answers itself.
    """

    run: str
    calibration: Calibration
    recorded: dict[str, Answers] | None = None

    def answers(
        self, split: str, pairs: Pairs, asked: Mapping[str, Answers]
    ) -> Mapping[str, Answers]:
        """The answers to clean windows, those of the voice by this training."""
        if self.recorded is None:
            return asked
        recorded = self.recorded[split]
        # Windows stand in the order of the recordings, in the record as in the pairs: the n-th of
        # the same name.
        where = {}
        for row, key in enumerate(_numbered(recorded.id, recorded.id)):
            where[key] = row
        windows = [where[key] for key in _numbered(pairs.voice_id, pairs.face_id)]
        frames = pairs.face.shape[1]
        proba = np.repeat(recorded.proba[windows], frames, axis=0)
        return {**asked, "voice": replace(asked["voice"], proba=proba)}


def _voice_training(seed: int, source: PairSet, voice: Network) -> _VoiceTraining:
    """The training with that seed, where it is recorded; else that of the network itself."""
    own = _VoiceTraining(voice.card["run"], calibration_of(voice))
    found = records.find(**VOICE_TRAINING, seed=seed)
    if source.voices.name != "ravdess" or not found:
        return own
    record = found[0]
    if record.name == own.run:
        return own
    validation = record.answers("validation")
    temperature, calibration = Calibration.measure(
        validation.y,
        validation.proba,
        voice.labels,
        record.name,
    )
    recorded = {}
    for split in ("validation", "test"):
        answers = record.answers(split)
        proba = to_seven(soften(answers.proba, temperature), voice.labels)
        recorded[split] = replace(answers, proba=proba, labels=EMOTIONS)
    return _VoiceTraining(record.name, calibration, recorded)


def _numbered(voice_id: np.ndarray, beside: np.ndarray) -> list[tuple[str, int]]:
    """Each recording's name with the number of the window, counted for each picture beside it."""
    counts = Counter()
    numbered = []
    for pair in zip(voice_id, beside, strict=True):
        name, _ = pair
        numbered.append((str(name), counts[pair]))
        counts[pair] += 1
    return numbered


@dataclass(frozen=True)
class _OneSeed:
    """The study with one seed."""

    source: PairSet
    face: Network
    voice: Network
    joint: Network
    seed: int
    training: _VoiceTraining

    def _pairs(self, split: str) -> Pairs:
        return self.source.part(split, self.voice.features, seed=self.seed)

    def _asked(self, pairs: Pairs, **options) -> dict[str, Answers]:
        return ask(pairs, self.face, self.voice, **options)

    def fit(self) -> dict:
        """What is fitted on the validation pairs, as the record has it."""
        pairs = self._pairs("validation")
        answers = self.training.answers("validation", pairs, self._asked(pairs))
        calibrations = {
            "face": calibration_of(self.face),
            "voice": self.training.calibration,
        }
        runs = {"face": self.face.card["run"], "voice": self.training.run}
        learned = learn(by_clip(answers), calibrations, runs, self.source.name)
        weights = {}
        for stream, values in weights_of(calibrations).items():
            weights[stream] = [round(float(value), 5) for value in values]
        return {
            "seed": self.seed,
            **vars(learned),
            "stacking": learned.stacking.to_dict(),
            "weights": weights,
            "prior": prior_of(calibrations).round(5).tolist(),
        }

    def test(self) -> dict[str, dict[str, Answers]]:
        """The answers to the test pairs: by condition, of both streams and the joint network."""
        pairs = self._pairs("test")
        frames = self.training.answers("test", pairs, self._asked(pairs))
        clean = by_clip(frames)
        return {
            "frame by frame": self._with_joint(frames, pairs, by_frame=True),
            "clean": self._with_joint(clean, pairs),
            "no face": self._with_joint(_without("face", clean), pairs, without="face"),
            "no voice": self._with_joint(_without("voice", clean), pairs, without="voice"),
            **self._blurred(pairs),
            **self._noisy(pairs),
            "contradicting": self._contradicting(pairs),
        }

    def _with_joint(self, answers: Mapping[str, Answers], pairs: Pairs, **options) -> dict:
        proba = _joint_answers(self.joint, pairs, **options)
        return {**answers, "joint": replace(answers["face"], proba=proba)}

    def _blurred(self, pairs: Pairs) -> dict[str, dict[str, Answers]]:
        blurred = replace(pairs, face=_blur_faces(pairs.face))
        found = {}
        for condition, quality in _measured_and_believed("blurred face"):
            asked = self._asked(blurred, quality=quality)
            answers = by_clip(self.training.answers("test", blurred, asked))
            found[condition] = self._with_joint(answers, blurred)
        return found

    def _noisy(self, pairs: Pairs) -> dict[str, dict[str, Answers]]:
        noisy, snr = _in_noise(self.source, pairs, self.voice)
        found = {}
        for condition, quality in _measured_and_believed("noisy voice"):
            answers = by_clip(self._asked(noisy, snr=snr, quality=quality))
            found[condition] = self._with_joint(answers, noisy)
        return found

    def _contradicting(self, pairs: Pairs) -> dict[str, Answers]:
        apart, face_y = _beside_other_faces(pairs, self.seed)
        answers = by_clip(self.training.answers("test", apart, self._asked(apart)))
        for stream, one in answers.items():
            answers[stream] = replace(one, groups=one.groups.assign(face_y=face_y))
        return self._with_joint(answers, apart)


def _measured_and_believed(condition: str) -> tuple[tuple[str, bool], tuple[str, bool]]:
    """A condition with what is measured of its quality taken into account, and without."""
    return (condition, True), (BLIND[condition], False)


def _without(stream: str, answers: Mapping[str, Answers]) -> dict[str, Answers]:
    """One stream is missing."""
    gap = np.full_like(answers[stream].proba, np.nan)
    return {**answers, stream: replace(answers[stream], proba=gap)}


def _joint_answers(
    joint: Network, pairs: Pairs, *, without: str | None = None, by_frame: bool = False
) -> np.ndarray:
    """The joint network's answers, by clip or frame by frame."""
    n, frames = pairs.face.shape[:2]
    crops = pairs.face.reshape(-1, *pairs.face.shape[2:])
    by_frames = joint.embed("face", crops)
    voice = joint.embed("voice", pairs.voice)
    if by_frame:
        return joint.join(by_frames, np.repeat(voice, frames, axis=0))
    face = by_frames.reshape(n, frames, -1).mean(axis=1)
    if without == "face":
        face = None
    if without == "voice":
        voice = None
    _, clip = np.unique(pairs.id, return_inverse=True)
    return by_recording(joint.join(face, voice), clip)


def _blur_faces(face: np.ndarray) -> np.ndarray:
    crops = face.reshape(-1, *face.shape[2:])
    blurred = blur(crops, BLUR).round().astype(np.uint8)
    return blurred.reshape(face.shape)


def _in_noise(source: PairSet, pairs: Pairs, voice: Network) -> tuple[Pairs, np.ndarray]:
    """The same pairs in white noise, and the ratio (dB) measured in each window; other windows than
    the clean ones.
    """
    ids = source.voices.table["id"].to_numpy(str)
    sr = voice.features.sr
    windows = {}
    ratios = {}
    for k, name in enumerate(np.unique(pairs.voice_id)):
        (sound,) = source.voices.voices(np.flatnonzero(ids == name), sr)
        rng = np.random.default_rng([0, k])
        noisy = white_noise(sound, NOISE, sr, rng).clip(-1, 1)
        windows[name], ratios[name] = measured_windows(noisy, voice.features)
    _, first = np.unique(pairs.id, return_index=True)
    row = []
    x = []
    snr = []
    for k in first:
        name = pairs.voice_id[k]
        row += [k] * len(windows[name])
        x += list(windows[name])
        snr += ratios[name]
    chosen = {}
    for column in ("face", "y", "face_id", "voice_id", "actor"):
        chosen[column] = getattr(pairs, column)[row]
    return Pairs(voice=np.stack(x), **chosen), np.array(snr)


def _beside_other_faces(pairs: Pairs, seed: int) -> tuple[Pairs, np.ndarray]:
    """The same voices beside faces of another label, and these faces' labels by clip.

    The faces are those of other rows: no picture appears that the pairs do not have.
    """
    rng = np.random.default_rng([seed, 1])
    _, first, clip = np.unique(pairs.id, return_index=True, return_inverse=True)
    _, distinct = np.unique(pairs.face_id[first], return_index=True)
    pictures = first[distinct]
    other = np.empty_like(first)
    for voice in np.unique(pairs.voice_id):
        own = pairs.voice_id[first] == voice
        label = pairs.y[first[own][0]]
        pool = pictures[pairs.y[pictures] != label]
        other[own] = rng.choice(pool, own.sum(), replace=False)
    row = other[clip]
    apart = replace(pairs, face=pairs.face[row], face_id=pairs.face_id[row])
    _, clips = np.unique(apart.id, return_index=True)
    return apart, pairs.y[row][clips]
