"""Streams on one clock, and where they part. Taught in notebooks/13_fusion.

Faces come a few times a second and voices in windows of 3 s; the timeline has one moment every
``hop`` seconds.
"""

import numpy as np
import pandas as pd
from scipy.spatial.distance import jensenshannon

from ..emotions import EMOTIONS
from ..errors import EmotutilsError

_P = [f"p_{e}" for e in EMOTIONS]


def face_at(
    frames: pd.DataFrame, t: np.ndarray, width: float, values: np.ndarray | None = None
) -> np.ndarray:
    """Around each moment (± width / 2) the mean over the track with the largest summed area there.

    Parameters
    ----------
    frames : columns ``t``, ``found``, ``track``, ``w``, ``h`` (pixels) and ``p_…``, in order of
        time.
    t : (n,) moments (s). width : seconds.
    values : (frames, k), what to take the mean of; the probabilities by default.

    Returns
    -------
    float64 (n, 7), or (n, k); NaN where no face is in view.
    """
    there = frames["found"].astype(bool).to_numpy()
    found = frames[there]
    times = found["t"].to_numpy(float)
    p = found[_P].to_numpy(float) if values is None else values[there].astype(np.float64)
    out = np.full((len(t), p.shape[1]), np.nan)
    area, track = (found["w"] * found["h"]).to_numpy(float), found["track"].to_numpy(float)
    begin = np.searchsorted(times, t - width / 2 - 1e-9)
    end = np.searchsorted(times, t + width / 2 - 1e-9)
    for i, (a, b) in enumerate(zip(begin, end, strict=True)):
        if a < b:
            tracks, which = np.unique(track[a:b], return_inverse=True)
            main = np.bincount(which, area[a:b]).argmax()
            out[i] = p[a:b][track[a:b] == tracks[main]].mean(axis=0)
    return out


def voice_at(heard: pd.DataFrame, t: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
    """At each moment the window centred nearest.

    Parameters
    ----------
    heard : columns ``t0``, ``t1`` (s) and ``p_…``, in order of time.
    t : (n,) moments (s).
    values : (windows, k), what to give; the probabilities by default.

    Returns
    -------
    float64 (n, 7), or (n, k); NaN where nobody speaks in the window, or where the sound had ended.
    """
    p = heard[_P].to_numpy(float) if values is None else values
    out = np.full((len(t), p.shape[1]), np.nan)
    if len(heard):
        centre = ((heard["t0"] + heard["t1"]) / 2).to_numpy(float)
        middles = (centre[1:] + centre[:-1]) / 2
        nearest = np.searchsorted(middles, t)
        within = (heard["t0"].to_numpy(float)[nearest] <= t) & (
            t <= heard["t1"].to_numpy(float)[nearest]
        )
        out[within] = p[nearest[within]]
    return out


def smooth(p: np.ndarray, window: float, hop: float) -> np.ndarray:
    """Mean over the moments of a centred window; gaps neither give nor get anything.

    Parameters
    ----------
    p : (n, 7) probabilities or rows of NaN, one every ``hop`` seconds.
    window : seconds; rounded to an odd number of moments, so that nothing moves in time. Up to
        ``hop``: no change.

    Returns
    -------
    float64 (n, 7).

    Raises
    ------
    EmotutilsError : a window below 0 or without end.
    """
    if not 0 <= window < np.inf:
        raise EmotutilsError(f"smoothing over {window} s: choose 0 (none) or more seconds")
    half = int(window / hop / 2 + 1e-9)
    there = ~np.isnan(p[:, 0])
    if not half or not there.any():
        return np.array(p, dtype=np.float64)
    sums = np.pad(
        np.cumsum(np.hstack([np.nan_to_num(p), there[:, None]]), axis=0), ((1, 0), (0, 0))
    )
    i = np.arange(len(p))
    within = sums[np.minimum(i + half + 1, len(p))] - sums[np.maximum(i - half, 0)]
    with np.errstate(invalid="ignore"):
        return np.where(there[:, None], within[:, :-1] / within[:, -1:], np.nan)


def labels_of(p: np.ndarray) -> list[str]:
    """The likeliest label of each row, empty where there is none."""
    return ["" if np.isnan(row[0]) else EMOTIONS[int(row.argmax())] for row in p]


def agreement(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How alike two streams are at each moment: 1 − Jensen–Shannon divergence (base 2), 1 alike, 0
    opposite.

    Parameters
    ----------
    a, b : (n, 7) probabilities or rows of NaN.

    Returns
    -------
    float64 (n,); NaN where either stream has nothing.
    """
    return 1 - jensenshannon(a, b, base=2, axis=1) ** 2


def disagreements(
    face: np.ndarray, voice: np.ndarray, hop: float, *, below: float, least: float, end: float
) -> list[dict]:
    """Stretches over which face and voice say different things.

    A stretch is a run of moments whose agreement is under ``below``; one better moment inside does
    not break it. Its two labels are those of the mean over the stretch, and if they are the same
    there is no stretch.

    Parameters
    ----------
    face, voice : (n, 7) probabilities or rows of NaN, one every ``hop`` seconds.
    below : agreement, 0..1. least : seconds. end : where the film ends (s).

    Returns
    -------
    In order of time: ``t0``, ``t1`` (s), ``face``, ``voice`` (labels) and ``agreement``, its mean
    there.
    """
    alike = agreement(face, voice)
    both = ~np.isnan(alike)
    low = both & (np.nan_to_num(alike, nan=1.0) < below)
    bridged = low.copy()
    bridged[1:-1] |= both[1:-1] & low[:-2] & low[2:]
    out = []
    for start, stop in np.flatnonzero(np.diff(np.pad(bridged, 1))).reshape(-1, 2):
        labels = [EMOTIONS[int(p[start:stop].mean(axis=0).argmax())] for p in (face, voice)]
        t0, t1 = float(start * hop), float(min(stop * hop, end))
        if labels[0] != labels[1] and t1 - t0 >= least - 1e-9:
            mean = round(float(alike[start:stop].mean()), 4)
            out.append(
                {"t0": t0, "t1": t1, "face": labels[0], "voice": labels[1], "agreement": mean}
            )
    return out
