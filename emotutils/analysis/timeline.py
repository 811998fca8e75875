"""The timeline of a film and what it says in sum. Taught in notebooks/13_fusion."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .. import media
from ..emotions import EMOTIONS
from ..fusion import agreement, disagreements, face_at, labels_of, smooth, voice_at
from .combining import Combination
from .streams import P

FACE_P, VOICE_P = [f"face_{c}" for c in P], [f"voice_{c}" for c in P]

#: Seconds over which both streams are averaged: three moments of the timeline.
SMOOTHING = 1.5
#: Face and voice disagree where they do so for at least so many seconds.
DISAGREE_SECONDS = 2.0


def build_timeline(
    frames: pd.DataFrame,
    heard: pd.DataFrame,
    embeddings: Mapping[str, np.ndarray | None],
    duration: float,
    fps: float,
    hop: float,
    smoothing: float,
    how: Combination,
) -> tuple[pd.DataFrame, list[dict]]:
    """One row every ``hop`` seconds, and the stretches over which face and voice disagree."""
    t = hop * np.arange(max(1, int(np.ceil(duration / hop - 1e-9))))
    width = max(hop, 1 / fps, _spacing(frames))
    streams = {"face": face_at(frames, t, width), "voice": voice_at(heard, t)}
    streams = {name: smooth(p, smoothing, hop) for name, p in streams.items()}
    at: dict[str, np.ndarray | None] = {"face": None, "voice": None}
    if embeddings["face"] is not None:
        at["face"] = face_at(frames, t, width, embeddings["face"])
    if embeddings["voice"] is not None:
        at["voice"] = voice_at(heard, t, embeddings["voice"])
    fused = how(streams, at)
    fused = smooth(fused, smoothing, hop) if how.joint else fused
    present = {name: ~np.isnan(p[:, 0]) for name, p in streams.items()}
    source = ["+".join(name for name in streams if present[name][i]) for i in range(len(t))]
    below = np.array([how.thresholds.get(s, 0.0) for s in source])
    apart = disagreements(
        streams["face"],
        streams["voice"],
        hop,
        below=how.disagree_below,
        least=DISAGREE_SECONDS,
        end=duration,
    )
    table = pd.DataFrame({"t": t})
    table[P] = fused
    table["label"] = labels_of(fused)
    table["unsure"] = np.nan_to_num(fused, nan=np.inf).max(axis=1) < below
    table[FACE_P] = streams["face"]
    table["face_label"] = labels_of(streams["face"])
    table[VOICE_P] = streams["voice"]
    table["voice_label"] = labels_of(streams["voice"])
    table["agreement"] = agreement(streams["face"], streams["voice"])
    table["disagreement"] = ""
    for d in apart:
        table.loc[(t >= d["t0"] - 1e-9) & (t < d["t1"] - 1e-9), "disagreement"] = (
            f"{d['face']}/{d['voice']}"
        )
    table["source"] = source
    return table, apart


def _spacing(frames: pd.DataFrame) -> float:
    """Seconds between the frames that were looked at: a film of 1 frame/s has no more to show."""
    times = frames["t"].drop_duplicates().to_numpy(float)
    return float(np.median(np.diff(times))) if len(times) > 1 else 0.0


def summarise(
    timeline: pd.DataFrame,
    frames: pd.DataFrame,
    heard: pd.DataFrame,
    info: media.FilmInfo,
    hop: float,
    how: Combination,
    apart: list[dict],
) -> dict:
    """What ``Analysis.summary`` holds."""
    seen = frames.groupby("frame")["found"].any() if len(frames) else pd.Series(dtype=bool)
    step = np.minimum(hop, info.duration - timeline["t"].to_numpy()).clip(0)
    seconds = {
        e: round(float(step[(timeline["label"] == e).to_numpy()].sum()), 2) for e in EMOTIONS
    }
    both, answered = timeline["agreement"].dropna(), timeline["label"] != ""
    streams = [s for s, p in (("face", FACE_P), ("voice", VOICE_P)) if timeline[p[0]].notna().any()]
    return {
        **_film(timeline[P], how.thresholds.get("+".join(streams))),
        "face": _film(timeline[FACE_P], how.thresholds.get("face"))
        | {
            "frames": len(seen),
            "found": round(float(seen.mean()), 4) if len(seen) else None,
            "tracks": int(frames["track"].nunique()),
        },
        "voice": _film(timeline[VOICE_P], how.thresholds.get("voice"))
        | {
            "windows": len(heard),
            "voiced": round(float(heard["voiced"].mean()), 4) if len(heard) else None,
        },
        "agreement": round(float(both.mean()), 4) if len(both) else None,
        "disagreements": apart,
        "unsure": round(float(timeline["unsure"][answered].mean()), 4) if answered.any() else None,
        "seconds": seconds,
        "duration": round(info.duration, 3),
    }


def _film(p: pd.DataFrame, threshold: float | None) -> dict:
    """One label and vector for the film, the mean over the moments that have an answer, and whether
    that is sure.
    """
    mean = p.mean().to_numpy(float)
    if np.isnan(mean).any():
        return {"label": "", "probabilities": None, "sure": None}
    return {
        "label": EMOTIONS[int(mean.argmax())],
        "probabilities": {e: round(float(v), 4) for e, v in zip(EMOTIONS, mean, strict=True)},
        "sure": None if threshold is None else bool(mean.max() >= threshold),
    }
