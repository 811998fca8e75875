"""Streams on one clock, and where they part. Taught in notebooks/13_fusion.

Faces come a few times a second and voices in windows of 3 s; the timeline has one moment every
``hop`` seconds.
"""

import numpy as np
import pandas as pd

from ..errors import EmotutilsError
from ..findings import P, labels_of

#: Times that differ by less are one time (s).
INSTANT = 1e-9


def at_moments(
    table: pd.DataFrame,
    t: np.ndarray,
    width: float,
    values: np.ndarray | None = None,
    until: float = np.inf,
) -> np.ndarray:
    """What a stream says at each moment: its windows by ``nearest_window``, other rows by
    ``mean_around``.

    Parameters
    ----------
    table : a stream's, with ``t0`` and ``t1``, or with ``t``.
    t : (n,) moments (s), ascending.
    width : seconds; for rows without ``t0`` and ``t1``.
    values : (rows, k), what to give; the probabilities by default.
    until : as in ``mean_around``.

    Returns
    -------
    float64 (n, 7), or (n, k); NaN where the stream has nothing.
    """
    if "t0" in table:
        return nearest_window(table, t, values)
    return mean_around(table, t, width, values, until)


def mean_around(
    table: pd.DataFrame,
    t: np.ndarray,
    width: float,
    values: np.ndarray | None = None,
    until: float = np.inf,
) -> np.ndarray:
    """Around each moment (± width / 2) the mean over the rows there; of faces, over the person (or
    the track, where people have no numbers) with the largest summed area there.

    Of faces, a picture is seen until the next one comes: where the film shows one for longer, it
    counts for all moments in between, and for none before it.

    Parameters
    ----------
    table : columns ``t`` (s) and ``p_…``, in order of time; of faces also ``found``, ``track``,
        maybe ``person``, ``w`` and ``h`` (pixels).
    t : (n,) moments (s). width : seconds.
    values : (rows, k), what to take the mean of; the probabilities by default.
    until : seconds, when the last picture ends.

    Returns
    -------
    float64 (n, 7), or (n, k); NaN where no row is near, or no face in view.
    """
    if values is None:
        values = table[P].to_numpy(float)
    area = np.ones(len(table))
    track = np.zeros(len(table))
    there = np.ones(len(table), bool)
    times = table["t"].to_numpy(float)
    begin = np.searchsorted(times, t - width / 2 - INSTANT)
    end = np.searchsorted(times, t + width / 2 - INSTANT)
    if "track" in table:
        there = table["found"].to_numpy(bool)
        values = values.astype(np.float64)
        area = (table["w"] * table["h"]).to_numpy(float)
        whose = "person" if "person" in table else "track"
        track = table[whose].to_numpy(float, na_value=np.nan)
        begin, end = _with_held(times, t, begin, end, until)
    out = _nothing(t, values)
    for moment in np.flatnonzero(begin < end):
        rows = np.arange(begin[moment], end[moment])
        near = rows[there[rows]]
        if not len(near):
            continue
        _, which = np.unique(track[near], return_inverse=True)
        largest = np.bincount(which, area[near]).argmax()
        chosen = values[near][which == largest]
        out[moment] = chosen.mean(axis=0)
    return out


def _with_held(
    times: np.ndarray, t: np.ndarray, begin: np.ndarray, end: np.ndarray, until: float
) -> tuple[np.ndarray, np.ndarray]:
    """First row, and one past the last, of each moment; where no picture comes close before it,
    those of the picture that still stands.
    """
    if not len(times):
        return begin, end
    behind = np.searchsorted(times, t + INSTANT)
    begun = behind > 0
    alone = begin >= behind
    stands = begun & alone & (t < until)
    latest = times[np.maximum(behind - 1, 0)]
    first = np.searchsorted(times, latest - INSTANT)
    begin = np.where(stands, first, begin)
    end = np.where(stands, behind, end)
    return begin, end


def _nothing(t: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(moments, k) of NaN."""
    shape = (len(t), values.shape[1])
    return np.full(shape, np.nan)


def nearest_window(
    table: pd.DataFrame, t: np.ndarray, values: np.ndarray | None = None
) -> np.ndarray:
    """At each moment, of the windows that hold it, the one centred nearest.

    Parameters
    ----------
    table : columns ``t0``, ``t1`` (s) and ``p_…``, in order of time.
    t : (n,) moments (s), ascending.
    values : (windows, k), what to give; the probabilities by default.

    Returns
    -------
    float64 (n, 7), or (n, k); NaN where no window is, or where that window has nothing: nobody
    speaks in it.
    """
    if values is None:
        values = table[P].to_numpy(float)
    starts = table["t0"].to_numpy(float)
    ends = table["t1"].to_numpy(float)
    centres = (starts + ends) / 2
    first = np.searchsorted(t, starts)
    last = np.searchsorted(t, ends, side="right")
    out = _nothing(t, values)
    distance = np.full(len(t), np.inf)
    for window, value in enumerate(values):
        held = slice(first[window], last[window])
        away = abs(t[held] - centres[window])
        nearer = away < distance[held] - INSTANT
        out[held][nearer] = value
        distance[held][nearer] = away[nearer]
    return out


def smooth(p: np.ndarray, window: float, hop: float) -> np.ndarray:
    """Mean over the moments of a centred window; gaps neither give nor get anything.

    Parameters
    ----------
    p : (n, 7) probabilities or rows of NaN, one every ``hop`` seconds.
    window : seconds; rounded to an odd number of moments, so that nothing moves in time. Up to
        ``hop``: no change.
    hop : seconds from one moment to the next.

    Returns
    -------
    float64 (n, 7).

    Raises
    ------
    EmotutilsError : a window below 0 or without end.
    """
    if not 0 <= window < np.inf:
        raise EmotutilsError(f"smoothing over {window} s: choose 0 (none) or more seconds")
    half = int(min(window / hop / 2 + INSTANT, len(p)))
    there = ~np.isnan(p[:, 0])
    if not half or not there.any():
        return np.array(p, dtype=np.float64)
    # The last column counts the moments, so that one running sum serves means of any length.
    counted = np.column_stack([np.nan_to_num(p), there])
    before_all = np.zeros((1, counted.shape[1]))
    sums = np.vstack([before_all, np.cumsum(counted, axis=0)])
    moments = np.arange(len(p))
    first = np.maximum(moments - half, 0)
    last = np.minimum(moments + half + 1, len(p))
    within = sums[last] - sums[first]
    with np.errstate(invalid="ignore"):
        means = within[:, :-1] / within[:, -1:]
    means[~there] = np.nan
    return means


def agreement(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How alike two streams are at each moment: 1 − Jensen–Shannon divergence (base 2), 1 alike, 0
    opposite.

    Parameters
    ----------
    a, b : (n, 7) probabilities or rows of NaN.

    Returns
    -------
    float64 (n,); NaN where either stream has nothing.

    Examples
    --------
    >>> import numpy as np
    >>> anger, fear = np.eye(7)[[0, 2]]
    >>> even = (anger + fear) / 2
    >>> agreement(np.array([anger, anger, anger]), np.array([anger, even, fear])).round(2)
    array([1.  , 0.69, 0.  ])
    """
    from scipy.spatial.distance import jensenshannon  # here: `analyze` starts sooner without it

    distance = jensenshannon(a, b, base=2, axis=1)
    return 1 - distance**2


def disagreements(
    a: np.ndarray,
    b: np.ndarray,
    hop: float,
    *,
    below: float,
    least: float,
    end: float,
    names: tuple[str, str],
) -> list[dict]:
    """Stretches over which two streams say different things.

    A stretch is a run of moments whose agreement is under ``below``; one better moment inside does
    not break it. Its two labels are those of the mean over the stretch, and if they are the same
    there is no stretch.

    Parameters
    ----------
    a, b : (n, 7) probabilities or rows of NaN, one every ``hop`` seconds.
    hop : seconds from one moment to the next.
    below : agreement, 0..1.
    least : seconds.
    end : where the film ends (s).
    names : the two streams' names.

    Returns
    -------
    list of dict, in order of time: ``t0``, ``t1`` (s), the two labels under the streams' names, and
    ``agreement``, its mean there.
    """
    alike = agreement(a, b)
    out = []
    for start, stop in _stretches(alike, below):
        means = [p[start:stop].mean(axis=0) for p in (a, b)]
        labels = labels_of(means)
        t0 = float(start * hop)
        t1 = float(min(stop * hop, end))
        long_enough = t1 - t0 >= least - INSTANT
        if labels[0] == labels[1] or not long_enough:
            continue
        found = {"t0": t0, "t1": t1}
        found |= zip(names, labels, strict=True)
        found["agreement"] = round(float(alike[start:stop].mean()), 4)
        out.append(found)
    return out


def _stretches(alike: np.ndarray, below: float) -> np.ndarray:
    """(stretches, 2): the first moment and one past the last of runs of low agreement."""
    both = ~np.isnan(alike)
    low = both & (np.nan_to_num(alike, nan=1.0) < below)
    bridged = low.copy()
    bridged[1:-1] |= both[1:-1] & low[:-2] & low[2:]
    # With nothing before and behind, each stretch begins with one change and ends with the next.
    changes = np.diff(np.pad(bridged, 1))
    return np.flatnonzero(changes).reshape(-1, 2)
