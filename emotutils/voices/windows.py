"""Windows over a sound: where they begin, and cutting a stream of blocks into them."""

from collections.abc import Iterable, Iterator

import numpy as np

from .activity import trim_or_whole
from .sound import SAMPLE_RATE, as_sound

WINDOW = 3.0  #: seconds of sound that a voice network takes at once (thesis 4.7 cuts to 3 s)
HOP = 0.5  #: seconds from one window to the next


def window_starts(duration: float, window: float = WINDOW, hop: float = HOP) -> np.ndarray:
    """Where the windows over ``duration`` seconds begin, in seconds: float64 (n,), ascending.

    Starts are ``k * hop`` while the window fits. If the end is not reached by these, one last
    window ends there (so the last hop may be shorter); a film shorter than one window has the
    single start 0 and a shorter window; a film of no duration has none. `iter_windows` cuts at the
    same places.

    Parameters
    ----------
    duration : seconds of the whole.
    window : seconds of each window.
    hop : seconds from one start to the next.

    Raises
    ------
    ValueError : unless 0 < hop <= window (a longer hop would leave gaps).

    Examples
    --------
    >>> window_starts(4.2)
    array([0. , 0.5, 1. , 1.2])
    >>> window_starts(2.0)
    array([0.])
    """
    _check_windows(window, hop)
    tolerance = 1e-6
    if duration <= 0:
        return np.zeros(0)
    if duration <= window + tolerance:
        return np.zeros(1)
    hops = int((duration - window + tolerance) // hop)
    starts = hop * np.arange(hops + 1)
    if starts[-1] + window < duration - tolerance:
        starts = np.append(starts, duration - window)
    return starts


def voiced_windows(
    x: np.ndarray,
    sr: int = SAMPLE_RATE,
    window: float = WINDOW,
    hop: float = HOP,
) -> list[np.ndarray]:
    """The windows of one recording from which a network learns: silence trimmed, then cut.

    A recording in which no voice is found is used whole.

    Parameters
    ----------
    x : float (samples,), mono, in -1..1.
    sr : samples a second.
    window, hop : seconds, as in `window_starts`, which says where the windows begin.

    Returns
    -------
    Arrays (samples,), views of ``x``: all ``window`` long, but for a shorter recording's only one.
    """
    trimmed = trim_or_whole(x, sr)
    size = round(window * sr)
    windows = []
    for start in window_starts(len(trimmed) / sr, window, hop):
        begin = round(start * sr)
        windows.append(trimmed[begin : begin + size])
    return windows


def iter_windows(
    blocks: Iterable[np.ndarray],
    sr: int = SAMPLE_RATE,
    window: float = WINDOW,
    hop: float = HOP,
) -> Iterator[tuple[float, float, np.ndarray]]:
    """Cut a stream of sound blocks of any sizes into overlapping windows, holding about one window
    in memory.

    Yields ``(t0, t1, x)``: seconds from the stream's start and the samples between, float32 and the
    caller's own. The windows are those of `window_starts` and cover the whole stream: all are
    ``window`` long, the last one ends at the stream's end; only a stream shorter than a window
    gives one shorter window.

    Parameters
    ----------
    blocks : float (samples,), mono, each continuing the one before.
    sr : samples a second.
    window, hop : seconds, as in `window_starts`.

    Raises
    ------
    ValueError : a block that is not mono sound; or unless 0 < hop <= window.

    Examples
    --------
    >>> blocks = [np.zeros(16000, np.float32)] * 4  # four seconds
    >>> [(t0, t1, len(x)) for t0, t1, x in iter_windows(blocks)]
    [(0.0, 3.0, 48000), (0.5, 3.5, 48000), (1.0, 4.0, 48000)]
    """
    _check_windows(window, hop)
    size = round(window * sr)
    step = round(hop * sr)
    # One step of past sound, for the last window; then the window.
    buffer = np.zeros(step + size, dtype=np.float32)
    start = 0  # sample of the stream at which the window begins
    filled = 0  # samples of the window that are there
    for block in blocks:
        block = as_sound(block)
        while len(block):
            part = block[: size - filled]
            block = block[size - filled :]
            buffer[step + filled : step + filled + len(part)] = part
            filled += len(part)
            if filled == size:
                yield start / sr, (start + size) / sr, buffer[step:].copy()
                buffer[:size] = buffer[step:]
                start += step
                filled = size - step
    end = start + filled
    last = buffer[: step + filled]
    if start == 0 and filled:
        yield 0.0, end / sr, last[step:].copy()
    elif start and filled > size - step:
        yield (end - size) / sr, end / sr, last[-size:].copy()


def _check_windows(window: float, hop: float) -> None:
    if not 0 < hop <= window:
        raise ValueError(
            f"windows of {window} s every {hop} s: the hop must be above 0 and at most the window"
        )
