"""What fusion gains, rule by rule, and what happens when a stream is missing, spoiled or
contradicts the other.

Taught in notebooks/13_fusion. The record ships as ``data/runs/fusion-<data>.json``, with the
answers of both streams and of the joint network in ``.npz``: every rule can be applied to them
again.
"""

import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from .. import config
from ..datasets import Pairs, PairSet, load_pairs
from ..emotions import EMOTIONS, to_seven
from ..evaluation import (
    Calibration,
    Comparison,
    Report,
    by_recording,
    compare,
    score,
    soften,
    threshold_for,
)
from ..faces.degradation import blur
from ..fusion import RULES, Fitted, Stacking, agreement, fuse, prior_of, weights_of
from ..fusion.pairing import PAIRED, Answers, ask, calibration_of, learn
from ..networks import Network, as_network
from ..training import records
from ..voices import measured_windows
from ..voices.degradation import white_noise

SEEDS = (0, 1, 2)
#: How streams are spoiled: blur (σ in pixels of 48) and white noise (dB), as in ``robustness``.
BLUR, NOISE = 2.0, 10.0
#: Whose answers stand for the voice network's training with a seed: only the first seed's weights
#: ship.
VOICE_RUN = "actors-16-4-4-ravdess-crnn-best-s{seed}"
#: What is scored; ``clean`` and all below it by clip: means over a recording's windows and a
#: picture's frames.
CONDITIONS = (
    "frame by frame",
    "clean",
    "no face",
    "no voice",
    "blurred face",
    "noisy voice",
    "contradicting",
)
#: Spoiled streams once more, believed as if they were clean.
BLIND = {"blurred face": "blurred face, believed", "noisy voice": "noisy voice, believed"}
STREAMS = ("face", "voice")
METHODS = (*STREAMS, *RULES, "joint")


@dataclass(frozen=True)
class Outcome:
    """The answers of one study, and what was fitted before they were given.

    Attributes
    ----------
    facts : JSON: data, networks, seeds, and for each seed what was ``fitted`` on its validation
        pairs.
    arrays : by ``s<seed>/<condition>/<what>``: ``face``, ``voice`` and ``joint`` (float16 (n, 7)),
        ``y``, ``actor``, and of contradicting pairs ``face_y``.
    """

    facts: dict
    arrays: dict[str, np.ndarray]

    def answers(self, condition: str, method: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All seeds' test rows, one below the other: labels (n,), probabilities (n, 7) and actors
        (n,).
        """
        found = []
        for seed, fitted in zip(self.facts["seeds"], self.facts["fitted"], strict=True):
            at = f"s{seed}/{condition}/"
            streams = {name: self.arrays[at + name].astype(float) for name in STREAMS}
            p = (
                self.arrays[at + "joint"].astype(float)
                if method == "joint"
                else _apply(method, streams, fitted)
            )
            found.append((self.arrays[at + "y"], p, self.arrays[at + "actor"]))
        return tuple(np.concatenate(part) for part in zip(*found, strict=True))

    def report(self, condition: str, method: str) -> Report | None:
        """The scores over all seeds, intervals over actors; None where a method has nothing to go
        on.
        """
        y, p, actor = self.answers(condition, method)
        return None if np.isnan(p).any() else score(y, p, EMOTIONS, actor)

    def gain(self, condition: str, method: str, over: str) -> Comparison:
        """How much better one method is than another on the same pairs."""
        (y, a, actor), (_, b, _) = (self.answers(condition, name) for name in (method, over))
        return compare(y, a, b, actor)

    def by_seed(self, condition: str, method: str) -> list[float]:
        """Accuracy with each seed."""
        y, p, _ = self.answers(condition, method)
        n = len(self.facts["seeds"])
        return [
            float((q.argmax(axis=1) == t).mean())
            for t, q in zip(np.split(y, n), np.split(p, n), strict=True)
        ]

    def table(self, metric: str = "accuracy") -> pd.DataFrame:
        """Methods by condition, as text with intervals; empty where a method has nothing to go on."""
        conditions = [c for c in CONDITIONS if c != "contradicting"]
        found = {c: {m: self.report(c, m) for m in METHODS} for c in conditions}
        cells = {
            c: {m: "" if r is None else str(getattr(r, metric)) for m, r in row.items()}
            for c, row in found.items()
        }
        return pd.DataFrame(cells).loc[list(METHODS)]

    def contradictions(self, error_rate: float = 0.2) -> pd.DataFrame:
        """Pairs whose face and voice were labelled differently: whom each method follows, and who
        notices.

        Returns
        -------
        One row a rule (and joint): the shares 0..1 of answers that are the ``face``'s label, the
        ``voice``'s, ``neither``; ``unsure`` of these, and ``unsure_alike`` of pairs of one label;
        ``apart``: called a disagreement, and ``apart_alike`` likewise (the same for every rule).
        """
        rows = []
        for method in (*RULES, "joint"):
            y, p, _ = self.answers("contradicting", method)
            face_y = np.concatenate(
                [self.arrays[f"s{seed}/contradicting/face_y"] for seed in self.facts["seeds"]]
            )
            said = p.argmax(axis=1)
            share = {"face": np.mean(said == face_y), "voice": np.mean(said == y)}
            share["neither"] = 1 - share["face"] - share["voice"]
            rows.append({"rule": method, **share, **self._noticed(method, error_rate)})
        return pd.DataFrame(rows).set_index("rule")

    def _noticed(self, method: str, error_rate: float) -> dict[str, float]:
        counts: dict[str, list[np.ndarray]] = {}
        for seed, fitted in zip(self.facts["seeds"], self.facts["fitted"], strict=True):
            for condition, suffix in (("contradicting", ""), ("clean", "_alike")):
                at = f"s{seed}/{condition}/"
                face, voice = (self.arrays[at + name].astype(float) for name in STREAMS)
                counts.setdefault("apart" + suffix, []).append(
                    agreement(face, voice) < fitted["disagree_below"]
                )
                if method in fitted["risk_coverage"]:
                    p = _apply(method, {"face": face, "voice": voice}, fitted)
                    below = threshold_for(fitted["risk_coverage"][method], error_rate)
                    counts.setdefault("unsure" + suffix, []).append(p.max(axis=1) < below)
        return {name: float(np.concatenate(found).mean()) for name, found in counts.items()}

    def save(self, folder: Path | None = None) -> Path:
        """Put the record where records ship, or into ``folder``."""
        return records.write(
            folder or config.shipped_root() / "runs",
            _name(self.facts["data"]),
            self.facts,
            self.arrays,
        )


def read(data: str = PAIRED) -> Outcome | None:
    """The shipped record, or None, and a line saying so, where it is missing."""
    path = config.shipped_root() / "runs" / f"{_name(data)}.json"
    if not path.is_file():
        print(f"{path.stem}: not run yet")
        return None
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
        return Outcome(json.loads(path.read_text(encoding="utf-8")), dict(arrays))


def _name(data: str) -> str:
    return f"fusion-{data}"


def _apply(method: str, streams: dict[str, np.ndarray], fitted: dict) -> np.ndarray:
    if method in STREAMS:
        return streams[method]
    options = {
        "weighted": {"weights": fitted["weights"]},
        "product": {"prior": fitted["prior"]},
        "stacking": {"stacking": Stacking.from_dict(fitted["stacking"])},
    }
    return fuse(streams, method, **options.get(method, {}))


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
    """Score every rule on test pairs: PrivateTest faces beside actors 21–24.

    Temperatures, weights, prior, stacking and thresholds are fitted on validation pairs. Each seed
    draws other pictures and other jitter; the clean voices are those of the voice network's
    training with that seed where its answers are recorded (`VOICE_RUN`). Face network, joint
    network and spoiled voices are of one training.

    Parameters
    ----------
    root : the data root. data : a set of ``paired-…``. face, voice, joint : names or paths of
        ``.keras`` files.
    seeds : of the pairs. progress : show a bar.

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
    source, arrays, fitted = load_pairs(data, root), {}, []
    for seed in tqdm(seeds, unit="seed", disable=not progress, dynamic_ncols=True):
        found, facts = _one_seed(source, networks, seed)
        arrays |= {f"s{seed}/{name}": values for name, values in found.items()}
        fitted.append(facts)
    facts = {
        "data": data,
        "networks": {name: {"name": n.name, "run": n.card["run"]} for name, n in networks.items()},
        "seeds": list(seeds),
        "blur": BLUR,
        "noise": NOISE,
        "fitted": fitted,
        "wall_time_s": round(time.perf_counter() - began, 1),
        **records.surroundings(),
    }
    return Outcome(facts, arrays)


def _one_seed(
    source: PairSet, networks: dict[str, Network], seed: int
) -> tuple[dict[str, np.ndarray], dict]:
    face, voice, joint = networks["face"], networks["voice"], networks["joint"]
    validation, test = (
        source.part(split, voice.features, seed=seed) for split in ("validation", "test")
    )
    judged, run, calibration = _voices_of(seed, source, voice)
    calibrations = {"face": calibration_of(face), "voice": calibration}
    learned = learn(
        judged("validation", validation, ask(validation, face, voice)).clips(),
        calibrations,
        {"face": face.card["run"], "voice": run},
        source.name,
    )
    out = {}

    def put(condition: str, answers: Answers, joined: np.ndarray) -> None:
        out.update(
            {f"{condition}/{name}": p.astype(np.float16) for name, p in answers.streams.items()}
        )
        out.update({f"{condition}/joint": joined.astype(np.float16), f"{condition}/y": answers.y})
        out[f"{condition}/actor"] = answers.actor

    frames = judged("test", test, ask(test, face, voice))
    clean, gap = frames.clips(), np.full((len(np.unique(test.id)), len(EMOTIONS)), np.nan)
    put("frame by frame", frames, _joined(joint, test, by_frame=True))
    put("clean", clean, _joined(joint, test))
    put(
        "no face",
        replace(clean, streams=clean.streams | {"face": gap}),
        _joined(joint, test, without="face"),
    )
    put(
        "no voice",
        replace(clean, streams=clean.streams | {"voice": gap}),
        _joined(joint, test, without="voice"),
    )
    blurred = replace(test, face=_blurred(test.face))
    noisy, snr = _noisy(source, test, voice)
    apart, face_y = _contradicting(source, test, seed)
    for condition, pairs, more in (
        ("blurred face", blurred, {}),
        ("noisy voice", noisy, {"snr": snr}),
    ):
        for name, quality in ((condition, True), (BLIND[condition], False)):
            answers = ask(pairs, face, voice, **more, quality=quality)
            answers = judged("test", pairs, answers) if condition == "blurred face" else answers
            put(name, answers.clips(), _joined(joint, pairs))
    put(
        "contradicting",
        judged("test", apart, ask(apart, face, voice)).clips(),
        _joined(joint, apart),
    )
    out["contradicting/face_y"] = face_y
    weights = {
        name: [round(float(v), 5) for v in w] for name, w in weights_of(calibrations).items()
    }
    facts = {
        "seed": seed,
        **_facts(learned),
        "weights": weights,
        "prior": prior_of(calibrations).round(5).tolist(),
    }
    return out, facts


def _facts(learned: Fitted) -> dict:
    return {**vars(learned), "stacking": learned.stacking.to_dict()}


def _voices_of(seed: int, source: PairSet, voice: Network):
    """What replaces the voice network's answers by those of its training with a seed, its run, and
    its calibration.
    """
    run = VOICE_RUN.format(seed=seed)
    path = config.shipped_root() / "runs" / f"{run}.npz"
    if source.voices.name != "ravdess" or run == voice.card["run"] or not path.is_file():
        return lambda split, pairs, answers: answers, voice.card["run"], calibration_of(voice)
    with np.load(path, allow_pickle=False) as saved:
        recorded = dict(saved)
    temperature, calibration = Calibration.measure(
        recorded["validation_y"], recorded["validation_proba"].astype(float), voice.labels, run
    )

    def judged(split: str, pairs: Pairs, answers: Answers) -> Answers:
        heard = to_seven(
            soften(recorded[f"{split}_proba"].astype(float), temperature), voice.labels
        )
        # Windows stand in the order of the recordings, in the record as in the pairs: the n-th of
        # the same name.
        where = {key: k for k, key in enumerate(_numbered(recorded[f"{split}_id"]))}
        window = np.array([where[key] for key in _numbered(pairs.voice_id, pairs.face_id)])
        frames = pairs.face.shape[1]
        return replace(
            answers, streams=answers.streams | {"voice": np.repeat(heard[window], frames, axis=0)}
        )

    return judged, run, calibration


def _numbered(voice_id: np.ndarray, beside: np.ndarray | None = None) -> list[tuple[str, int]]:
    """Each recording's name with the number of the window, counted for each picture beside it."""
    seen: dict[tuple, int] = {}
    out = []
    for name, other in zip(voice_id, voice_id if beside is None else beside, strict=True):
        seen[name, other] = seen.get((name, other), -1) + 1
        out.append((str(name), seen[name, other]))
    return out


def _joined(
    joint: Network, pairs: Pairs, *, without: str | None = None, by_frame: bool = False
) -> np.ndarray:
    """The joint network's answers, by clip or frame by frame."""
    n, frames = pairs.face.shape[:2]
    seen = joint.embed("face", pairs.face.reshape(-1, *pairs.face.shape[2:])).reshape(n, frames, -1)
    heard = joint.embed("voice", pairs.voice)
    if by_frame:
        return joint.join(seen.reshape(n * frames, -1), np.repeat(heard, frames, axis=0))
    p = joint.join(
        None if without == "face" else seen.mean(axis=1), None if without == "voice" else heard
    )
    return by_recording(p, np.unique(pairs.id, return_inverse=True)[1])


def _blurred(face: np.ndarray) -> np.ndarray:
    return (
        blur(face.reshape(-1, *face.shape[2:]), BLUR).round().astype(np.uint8).reshape(face.shape)
    )


def _noisy(source: PairSet, pairs: Pairs, voice: Network) -> tuple[Pairs, np.ndarray]:
    """The same pairs in white noise, and the ratio (dB) measured in each window; other windows than
    the clean ones.
    """
    ids, sr = source.voices.table["id"].to_numpy(str), voice.features.sr
    clips, first = np.unique(pairs.id, return_index=True)
    windows: dict[str, tuple[list, list]] = {}
    for k, name in enumerate(np.unique(pairs.voice_id)):
        (sound,) = source.voices.voices(np.flatnonzero(ids == name), sr)
        sound = white_noise(sound, NOISE, sr, np.random.default_rng([0, k])).clip(-1, 1)
        windows[name] = measured_windows(sound, voice.features)
    row = np.concatenate([[k] * len(windows[pairs.voice_id[k]][0]) for k in first])
    x = np.stack([one for k in first for one in windows[pairs.voice_id[k]][0]])
    snr = np.array([one for k in first for one in windows[pairs.voice_id[k]][1]])
    chosen = {
        name: getattr(pairs, name)[row] for name in ("face", "y", "face_id", "voice_id", "actor")
    }
    return Pairs(voice=x, **chosen), snr


def _contradicting(source: PairSet, pairs: Pairs, seed: int) -> tuple[Pairs, np.ndarray]:
    """The same voices beside faces of another label, and these faces' labels by clip.

    The faces are those of other rows: no picture appears that the pairs do not have.
    """
    rng = np.random.default_rng([seed, 1])
    _, first, code = np.unique(pairs.id, return_index=True, return_inverse=True)
    pictures = first[np.unique(pairs.face_id[first], return_index=True)[1]]
    other = np.empty_like(first)
    for voice in np.unique(pairs.voice_id):
        own = pairs.voice_id[first] == voice
        pool = pictures[pairs.y[pictures] != pairs.y[first[own][0]]]
        other[own] = rng.choice(pool, own.sum(), replace=False)
    apart = replace(pairs, face=pairs.face[other][code], face_id=pairs.face_id[other][code])
    return apart, pairs.y[other][code][np.unique(apart.id, return_index=True)[1]]
