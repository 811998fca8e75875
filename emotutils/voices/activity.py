"""Where somebody speaks in a sound, and how far above the background.

Taught in notebooks/05_voice_data and notebooks/13_fusion.
"""

import numpy as np
from scipy import fft
from scipy.ndimage import binary_closing, uniform_filter1d

from .spectra import SAMPLE_RATE, _hann, _mono, _power, _sparse_bank

FRAME = 0.01  #: seconds from one voice-activity decision to the next


# --- voice activity -------------------------------------------------------------------------------


def voice_activity(x: np.ndarray, sr: int = SAMPLE_RATE) -> np.ndarray:
    """Where somebody seems to speak: one bool for each 10 ms, the last one for what is left of the
    clip.

    A stretch of sound counts as voice when it

    1. stands out of the background: 5 dB above the clip's own noise floor on average over 20 mel
       bands of 100 to 4000 Hz, where a band's floor is the 10th percentile of its level in the clip
       (so it adapts to microphone, loudness and noise), less than 35 dB below the loudest part, and
       above -75 dBFS (digital silence, dither);
    2. has pitch: at least 50 ms with a clear peak between 75 and 400 Hz in the autocorrelation;
    3. moves: the livelier bands change by 3 dB or more over time, as syllables do.

    Steady noise of any colour, hum and the moment they set in fail 1 or 3; clicks and pulsing noise
    fail 2. Limits: music and animals have pitch and move, and pass. Whisper has no pitch and a note
    held for the whole clip does not move: both fail. In noise less than 5 dB below the voice, much
    of it is missed. The floor needs context: give it seconds, not syllables.
    """
    x = _mono(x)
    hop, n_fft = round(FRAME * sr), 2 * round(0.016 * sr)
    n = -(-len(x) // hop)
    if n == 0:
        return np.zeros(0, dtype=bool)
    hz = np.arange(n_fft // 2 + 1) * sr / n_fft
    padded = np.pad(
        x, ((n_fft - hop) // 2, n * hop - len(x) + n_fft)
    )  # frames centred on their 10 ms
    power = (
        _power(padded, n_fft, hop)[:, :n]
        * (_SPEECH_BAND[0] <= hz[:, None])
        * (hz[:, None] <= _SPEECH_BAND[1])
    )
    power /= n_fft * n_fft / 16  # a full-scale sine is 0 dBFS or so, whatever n_fft
    bank = _sparse_bank(sr, n_fft, 20, _SPEECH_BAND[0], min(_SPEECH_BAND[1], sr / 2))
    bands = 10 * np.log10(bank @ power * (sr / n_fft) + 1e-11)
    level = 10 * np.log10(power.sum(axis=0) + 1e-11)
    above_floor = np.maximum(bands - np.percentile(bands, 10, axis=1, keepdims=True), 0).mean(
        axis=0
    )
    loud = (above_floor > 5) & (level > max(-75, np.percentile(level, 95) - 35))
    pitched = loud & (_periodicity(power, sr) > 0.5)
    loud = binary_closing(np.pad(loud, 10), np.ones(10))[
        10:-10
    ]  # the closure of a stop consonant is no pause
    out = np.zeros(n, dtype=bool)
    for begin, end in np.flatnonzero(np.diff(np.pad(loud, 1))).reshape(-1, 2):
        out[begin:end] = pitched[begin:end].sum() >= 5 and _movement(bands[:, begin:end]) >= 3
    return out


_SPEECH_BAND = 100.0, 4000.0  # Hz


def _periodicity(power: np.ndarray, sr: int) -> np.ndarray:
    """Height of the pitch peak (75-400 Hz) in the autocorrelation of each column's frame, about
    0..1.

    The window's own autocorrelation is divided out (Boersma 1993, IFA Proceedings 17), so a pure
    period gives 1.
    """
    n_fft = 2 * (len(power) - 1)
    of_window = fft.irfft(np.abs(fft.rfft(_hann(n_fft))) ** 2)
    lags = np.arange(int(sr / 400), min(int(sr / 75), n_fft // 2))
    r = fft.irfft(power, n_fft, axis=0)
    return (r[lags] / (of_window[lags] / of_window[0])[:, None]).max(axis=0) / (r[0] + 1e-20)


def _movement(bands: np.ndarray) -> float:
    """How much a stretch of sound changes: the standard deviation over time of its bands (dB),
    smoothed over 50 ms.

    The smoothing takes out the scatter of noise; the first and last 30 ms, the onset and the end,
    do not count. Of the bands, the 80th percentile counts: in noise, few of them stand out, but
    these move.
    """
    smooth = uniform_filter1d(bands, 5, axis=1)[:, 3:-3]
    return float(np.percentile(smooth.std(axis=1), 80)) if smooth.shape[1] else 0.0


def is_voiced(
    x: np.ndarray,
    sr: int = SAMPLE_RATE,
    least: float = 0.3,
    *,
    activity: np.ndarray | None = None,
) -> bool:
    """Whether at least ``least`` seconds of the clip are voice.

    `voice_activity` says what counts, and the limits.

    Parameters
    ----------
    x : float (samples,), mono, in -1..1.
    sr : samples a second.
    least : seconds of voice that are enough, pauses not counted.
    activity : what ``voice_activity(x, sr)`` gave, where it is known already.
    """
    if activity is None:
        activity = voice_activity(x, sr)
    return bool(activity.sum() * FRAME >= least - 1e-9)


def signal_to_noise(
    x: np.ndarray, sr: int = SAMPLE_RATE, *, activity: np.ndarray | None = None
) -> float:
    """How far the voice stands above its background, in dB; NaN where there is no voice.

    The voice's power is the mean over what `voice_activity` marks, the background's the 10th
    percentile over frames of 10 ms, which in speech are its pauses (a coarse relative of minimum
    statistics, Martin 2001). In unbroken speech the quietest frames are voice as well, so that even
    without any noise no more than 20 to 30 dB are found.

    Parameters
    ----------
    x : float (samples,), mono, in -1..1.
    sr : samples a second.
    activity : what ``voice_activity(x, sr)`` gave, where it is known already.

    Returns
    -------
    float, -20..60.
    """
    x = _mono(x)
    if activity is None:
        activity = voice_activity(x, sr)
    if not activity.any():
        return float("nan")
    hop = round(FRAME * sr)
    whole_frames = np.pad(x, (0, len(activity) * hop - len(x))).reshape(-1, hop)
    power = np.square(whole_frames, dtype=np.float64).mean(axis=1)
    background = np.percentile(power, 10) + 1e-12
    voice = max(power[activity].mean() - background, 0.01 * background)
    return float(min(10 * np.log10(voice / background), 60.0))


def trim(
    x: np.ndarray,
    sr: int = SAMPLE_RATE,
    margin: float = 0.05,
    *,
    activity: np.ndarray | None = None,
) -> np.ndarray:
    """The clip without what comes before and after the voice (a view); pauses inside stay.

    Empty if and only if there is no voice at all; `trim_or_whole` gives the whole clip then.
    Trimming a second time may take a little more: what is background in the whole clip is not in
    its louder part.

    Parameters
    ----------
    x : float (samples,), mono, in -1..1.
    sr : samples a second.
    margin : seconds kept on both sides of the voice.
    activity : what ``voice_activity(x, sr)`` gave, where it is known already.
    """
    x = _mono(x)
    if activity is None:
        activity = voice_activity(x, sr)
    voiced = np.flatnonzero(activity)
    if len(voiced) == 0:
        return x[:0]
    hop = round(FRAME * sr)
    kept = round(margin * sr)
    begin = max(0, voiced[0] * hop - kept)
    end = (voiced[-1] + 1) * hop + kept
    return x[begin:end]


def trim_or_whole(
    x: np.ndarray,
    sr: int = SAMPLE_RATE,
    shortest: float = 0.0,
    *,
    activity: np.ndarray | None = None,
) -> np.ndarray:
    """The clip as `trim` leaves it; the whole of it where no voice is found (a view either way).

    Parameters
    ----------
    x : float (samples,), mono, in -1..1.
    sr : samples a second.
    shortest : the whole clip is given as well where fewer seconds than this would be left.
    activity : what ``voice_activity(x, sr)`` gave, where it is known already.
    """
    trimmed = trim(x, sr, activity=activity)
    if len(trimmed) == 0 or len(trimmed) < shortest * sr:
        return x
    return trimmed
