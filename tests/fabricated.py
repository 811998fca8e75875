"""An analysis as `analyze` gives it, made up: for the tests of what is written about one."""

from pathlib import Path

import numpy as np
import pandas as pd

from emotutils import media
from emotutils.emotions import EMOTIONS
from emotutils.findings import (
    Findings,
    P,
    Stream,
    agreement_column,
    columns,
    disagreement_column,
    label_column,
    labels_of,
    moment_edges,
    stretches_of,
)
from emotutils.fusion import agreement, at_moments, fuse
from emotutils.networks import Network

#: Seconds of an empty room.
ROOM = 6


def empty_room(path: Path, sound=None) -> Path:
    """A film in which only words may have something to say."""
    with media.FilmWriter(path, 64, 64, 10, sound) as writer:
        for k in range(ROOM * 10):
            writer.write(np.full((64, 64, 3), 120, np.uint8), k / 10)
    return path


class WordList(Network):
    """A made-up network that reads: 0.7 on the emotion whose word it finds, else on neutral."""

    KNOWN = {"happy": "happiness", "sad": "sadness", "hate": "anger"}

    @classmethod
    def made(cls, **card):
        facts = {"name": "wordlist", "modality": "text", "labels": list(EMOTIONS)}
        facts |= {"variant": "best", "data": "made-up words", "protocol": "none", "parameters": 3}
        facts |= {"licence": "MIT", "run": "", "test": {}, "temperature": 1.0}
        return cls(facts | card, model=None)

    def predict_proba(self, batch, factor=1.0):
        assert all(isinstance(text, str) and text for text in batch)
        p = np.full((len(batch), 7), 0.05)
        for row, text in zip(p, batch, strict=True):
            found = [self.KNOWN[w] for w in self.KNOWN if w in text.lower()] or ["neutral"]
            row[EMOTIONS.index(found[0])] = 0.7
        return p


def _acted(t: np.ndarray, script: list, rng) -> np.ndarray:
    """(n, 7): about 0.6 on the emotion of ``script`` [(until, emotion or "")] at each moment, NaN
    where it is empty.
    """
    p = rng.dirichlet(np.full(7, 2.0), len(t)) * 0.55
    for i, moment in enumerate(t):
        emotion = next(e for until, e in script if moment < until)
        p[i] = p[i] + 0.45 * np.eye(7)[EMOTIONS.index(emotion)] if emotion else np.nan
    return p


def _film_level(p: np.ndarray) -> dict:
    if np.isnan(p).all():
        return {"label": "", "probabilities": None, "sure": None}
    mean = np.nanmean(p, axis=0)
    probabilities = dict(zip(EMOTIONS, mean.tolist(), strict=True))
    return {
        "label": EMOTIONS[int(mean.argmax())],
        "probabilities": probabilities,
        "sure": bool(mean.max() >= 0.45),
    }


def fabricated(
    duration=64.0, hop=0.5, *, face=True, voice=True, path="a film.mp4", size=(320, 240), fps=25.0
) -> Findings:
    """An analysis of a film that passes through all seven emotions, with gaps and a stretch of
    disagreement.
    """
    rng = np.random.default_rng(0)
    t = np.arange(0, duration, hop)
    cuts = duration * np.arange(1, 10) / 9
    acts = [
        "neutral",
        "happiness",
        "anger",
        "sadness",
        "",
        "fear",
        "disgust",
        "surprise",
        "happiness",
    ]
    said = [
        "neutral",
        "happiness",
        "anger",
        "happiness",
        "sadness",
        "",
        "disgust",
        "surprise",
        "happiness",
    ]
    faces = (
        _acted(t, list(zip(cuts, acts, strict=True)), rng) if face else np.full((len(t), 7), np.nan)
    )
    voices = (
        _acted(t, list(zip(cuts, said, strict=True)), rng)
        if voice
        else np.full((len(t), 7), np.nan)
    )
    both = fuse({"face": faces, "voice": voices}, "mean")
    timeline = pd.DataFrame({"t": t})
    for name, p in (("", both), ("face", faces), ("voice", voices)):
        timeline[columns(name)] = p
        timeline[label_column(name)] = labels_of(p)
        if not name:
            timeline["unsure"] = np.nan_to_num(both, nan=1).max(axis=1) < 0.45
    timeline["agreement_face_voice"] = agreement(faces, voices)
    apart = face and voice and (cuts[2] <= t) & (t < cuts[3])
    timeline["disagreement_face_voice"] = np.where(apart, "sadness/happiness", "")
    timeline["source"] = [
        "+".join(s for s, p in (("face", a), ("voice", b)) if not np.isnan(p[0]))
        for a, b in zip(faces, voices, strict=True)
    ]
    found = ~np.isnan(faces[:, 0])
    frames = pd.DataFrame(
        {
            "t": t,
            "frame": (fps * t).astype(int),
            "track": np.where(found, 1.0, np.nan),
            "person": np.where(found, 1.0, np.nan),
            "found": found,
        }
    )
    frames[["x", "y", "w", "h"]] = np.where(
        found[:, None], np.column_stack([60 + t, 50 + 0 * t, 80 + 0 * t, 90 + 0 * t]), np.nan
    )
    frames["tilt"], frames["sharpness"] = (
        np.where(found, 2.0, np.nan),
        np.where(found, 300.0, np.nan),
    )
    frames[P] = faces
    heard = pd.DataFrame(
        {"t0": t - 1.5, "t1": t + 1.5, "voiced": ~np.isnan(voices[:, 0]), "snr": 20.0}
    )
    heard[P] = voices
    score = {"value": 0.652, "low": 0.636, "high": 0.668}
    card = {
        "name": "conv2d",
        "variant": "best",
        "data": "fer2013",
        "protocol": "official split, PrivateTest once",
        "parameters": 912_345,
        "licence": "MIT (code); weights: research only",
        "run": "conv2d-fer2013",
        "test": {"n": 3589, "accuracy": score, "uar": score, "macro_f1": score},
    }
    looked = {
        "found": float(found.mean()) if face else None,
        "frames": len(t) if face else 0,
        "tracks": 1,
        "people": [],
    }
    listened = {
        "voiced": float(heard["voiced"].mean()) if voice else None,
        "windows": len(t) if voice else 0,
    }
    mean = float(timeline["agreement_face_voice"][apart].mean()) if face and voice else None
    stretch = {
        "t0": float(cuts[2]),
        "t1": float(cuts[3]),
        "face": "sadness",
        "voice": "happiness",
        "agreement": mean,
    }
    answered = timeline["label"] != ""
    summary = {
        **_film_level(both),
        "face": _film_level(faces) | looked,
        "voice": _film_level(voices) | listened,
        "agreement": {"face+voice": float(timeline["agreement_face_voice"].mean())}
        if face and voice
        else {},
        "disagreements": [stretch] if face and voice else [],
        "stretches": [
            {"label": s.value, "t0": s.start, "t1": s.end}
            for s in stretches_of(
                timeline["label"].mask(timeline["unsure"], "").tolist(),
                moment_edges(timeline, duration),
            )
            if s.width >= 2
        ],
        "unsure": float(timeline["unsure"][answered].mean()) if answered.any() else None,
        "seconds": {e: hop * float((timeline["label"] == e).sum()) for e in EMOTIONS},
        "duration": duration,
    }
    info = media.FilmInfo(
        Path(path), duration, *size, fps, 0, face, voice, 44100, 3_456_789, "mp4", "h264", "aac"
    )
    networks = {
        s: card | {"name": n}
        for s, n, there in (("face", "conv2d", face), ("voice", "crnn", voice))
        if there
    }
    settings = {
        "only": None,
        "streams": {},
        "fps": 5.0,
        "window": 3.0,
        "hop": hop,
        "smoothing": 1.5,
        "fusion": "weighted",
        "weights": {"face": [0.6] * 7, "voice": [0.5] * 7},
        "detector": "blazeface",
        "error_rate": 0.25,
        "unsure_below": {"face": 0.45, "voice": 0.45, "face+voice": 0.45},
        "disagree_below": {"face+voice": 0.4},
        "fitted_on": "paired-fer2013+ravdess: made-up pairs, not measured on films",
    }
    gaps = (
        "no face in view" if face else "no picture",
        "nobody speaking" if voice else "no sound track",
    )
    return Findings(
        {"face": Stream("face", frames, gaps[0]), "voice": Stream("voice", heard, gaps[1])},
        timeline,
        summary,
        info,
        networks,
        settings,
        ["a film.mp4: 2 damaged pieces of the sound"],
    )


def add_words(findings: Findings, said: list[tuple[float, float, str, str]]) -> Findings:
    """Give a made-up analysis a transcript: (t0, t1, speaker, text); its answers are made up too."""
    table = pd.DataFrame(said, columns=["t0", "t1", "speaker", "text"])
    table[P] = np.random.default_rng(1).dirichlet(np.full(7, 2.0), len(table))
    findings.streams["words"] = Stream("words", table, "no words", holds=True)
    timeline = findings.timeline
    p = at_moments(table, timeline["t"].to_numpy(), 0.5)
    timeline[columns("words")] = p
    timeline[label_column("words")] = labels_of(p)
    findings.summary["words"] = _film_level(p) | {"lines": len(table), "said": 1.0, "sure": None}
    for name in ("face", "voice"):
        other = timeline[columns(name)].to_numpy()
        timeline[agreement_column(name, "words")] = agreement(other, p)
        timeline[disagreement_column(name, "words")] = ""
        findings.summary["agreement"][f"{name}+words"] = 0.5
        findings.settings["disagree_below"][f"{name}+words"] = 0.45
    return findings
