"""What lies below every voice: a constant offset, wind, traffic, a hand on the microphone."""

import numpy as np
from scipy import fft

from .sound import SAMPLE_RATE, as_sound

#: Hz: below the first is rumble, above the second is kept as it is; voices begin at 75 Hz.
_BETWEEN = (30.0, 45.0)
#: The share of a clip's power below which rumble is left alone: it changes nothing then, and what
#: the networks learned from stays as it was.
_MUCH = 0.01


def without_rumble(x: np.ndarray, sr: int = SAMPLE_RATE) -> np.ndarray:
    """The clip without what lies below 30 to 45 Hz, where that is 1 % of its power or more.

    Nobody hears a constant offset, and loudspeakers hardly play rumble; but levels, and how far a
    voice stands above its background, are made wrong by them.

    Parameters
    ----------
    x : float (samples,), mono, in -1..1.
    sr : samples a second.

    Returns
    -------
    float (samples,): a new array, or the clip as it was.

    Examples
    --------
    >>> tone = 0.1 * np.sin(2 * np.pi * 200 * np.arange(16000) / 16000)
    >>> without_rumble(tone) is tone
    True
    >>> offset = without_rumble(tone + 0.05).mean()
    >>> bool(abs(offset) < 1e-6)
    True
    """
    x = as_sound(x)
    if not len(x):
        return x
    # Mirrored, so that it ends as it begins.
    spectrum = fft.rfft(np.concatenate([x, x[::-1]]))
    hz = np.arange(len(spectrum)) * sr / (2 * len(x))
    begin, end = _BETWEEN
    kept = np.clip((hz - begin) / (end - begin), 0, 1)
    power = np.square(np.abs(spectrum))
    rumble = power[kept < 1].sum()
    if rumble < _MUCH * power.sum():
        return x
    return fft.irfft(spectrum * kept, 2 * len(x))[: len(x)].astype(x.dtype)
