"""Where somebody speaks in a sound, and how far above the background."""

import numpy as np
from scipy import fft
from scipy.ndimage import binary_closing, uniform_filter1d

from .sound import SAMPLE_RATE, as_sound
from .spectra import hann, power_spectrum, sparse_mel_filters

FRAME = 0.01  #: seconds from one voice-activity decision to the next
_SPEECH_BAND = (100.0, 4000.0)  # Hz
_PITCH = (75, 400)  # Hz


def voice_activity(x: np.ndarray, sr: int = SAMPLE_RATE) -> np.ndarray:
    """Where somebody seems to speak, 10 ms by 10 ms.

    A stretch of sound counts as voice when it

    1. stands out of the background: 5 dB above the clip's own noise floor on average over 20 mel
       bands of 100 to 4000 Hz, where a band's floor is the 10th percentile of its level in the clip
       (so it adapts to microphone, loudness and noise), less than 35 dB below the loudest part, and
       above -75 dBFS (digital silence, dither);
    2. has pitch: at least 50 ms with a clear peak between 75 and 400 Hz in the autocorrelation;
    3. moves: the livelier bands change by 3 dB or more over time, as syllables do.

    Steady noise of any colour, hum and the moment they set in fail 1 or 3; clicks and pulsing noise
    fail 2. Limits: music and animals have pitch and move, and pass. Whisper has no pitch and a note
    held for the whole clip does not move: both fail. In noise less than 10 dB below the voice, much
    of it is missed. The floor needs context: give it seconds, not syllables. In films, where there
    is music, `SpeechDetector` says whether somebody speaks; this says where a clip is trimmed.

    `is_voiced`, `signal_to_noise`, `trim` and `Features` take what this gives as ``activity``, so
    that it is computed once a clip.

    Parameters
    ----------
    x : float (samples,), mono, in -1..1.
    sr : samples a second.

    Returns
    -------
    bool (n,): one for each 10 ms (`FRAME`), the last one for what is left of the clip.

    Raises
    ------
    ValueError : no mono sound; see `as_sound`.

    Examples
    --------
    A hum that swells and dies four times, as syllables do, between half a second of silence:

    >>> t = np.arange(16000) / 16000
    >>> pulses = sum(np.sin(2 * np.pi * 150 * k * t) / k for k in range(1, 20))
    >>> voice = 0.2 * pulses * np.sin(2 * np.pi * 2 * t) ** 2
    >>> clip = np.concatenate([np.zeros(8000), voice, np.zeros(8000)])
    >>> activity = voice_activity(clip)
    >>> activity.shape
    (200,)
    >>> bool(activity[:45].any()), bool(activity[60:140].all())
    (False, True)
    """
    x = as_sound(x)
    if len(x) == 0:
        return np.zeros(0, dtype=bool)
    power = _speech_power(x, sr)
    bands = _band_levels(power, sr)
    loud = _stands_out(power, bands)
    pitched = np.zeros_like(loud)
    if loud.any():
        pitched[loud] = _periodicity(power[:, loud], sr) > 0.5
    # The closure of a stop consonant is no pause.
    loud = binary_closing(np.pad(loud, 10), np.ones(10))[10:-10]
    activity = np.zeros_like(loud)
    edges = np.flatnonzero(np.diff(np.pad(loud, 1)))
    for begin, end in edges.reshape(-1, 2):
        has_pitch = pitched[begin:end].sum() >= 5
        moves = _movement(bands[:, begin:end]) >= 3
        activity[begin:end] = has_pitch and moves
    return activity


def _speech_power(x: np.ndarray, sr: int) -> np.ndarray:
    """Power from 100 to 4000 Hz in frames of 32 ms, centred on each 10 ms: (frequencies, n)."""
    hop = round(FRAME * sr)
    n_fft = 2 * round(0.016 * sr)
    n = -(-len(x) // hop)
    before = (n_fft - hop) // 2
    behind = n * hop - len(x) + n_fft
    padded = np.pad(x, (before, behind))
    hz = np.arange(n_fft // 2 + 1) * sr / n_fft
    lowest, highest = _SPEECH_BAND
    in_band = (lowest <= hz) & (hz <= highest)
    spectrum = power_spectrum(padded, n_fft, hop)
    power = spectrum[:, :n] * in_band[:, None]
    power /= n_fft * n_fft / 16  # a full-scale sine is 0 dBFS or so, whatever n_fft
    return power


def _band_levels(power: np.ndarray, sr: int) -> np.ndarray:
    """dB in each of 20 mel bands: (20, n)."""
    n_fft = 2 * (len(power) - 1)
    lowest, highest = _SPEECH_BAND
    highest = min(highest, sr / 2)
    filters = sparse_mel_filters(sr, n_fft, 20, lowest, highest)
    in_bands = filters @ power * (sr / n_fft)
    return 10 * np.log10(in_bands + 1e-11)


def _stands_out(power: np.ndarray, bands: np.ndarray) -> np.ndarray:
    """Where the sound is well above its own background, and not far below its loudest part."""
    level = 10 * np.log10(power.sum(axis=0) + 1e-11)
    floor = np.percentile(bands, 10, axis=1, keepdims=True)
    above_floor = np.maximum(bands - floor, 0).mean(axis=0)
    quietest = max(-75, np.percentile(level, 95) - 35)
    return (above_floor > 5) & (level > quietest)


def _periodicity(power: np.ndarray, sr: int) -> np.ndarray:
    """Height of the pitch peak (75-400 Hz) in the autocorrelation of each column's frame, about
    0..1.

    The window's own autocorrelation is divided out (Boersma 1993, IFA Proceedings 17), so a pure
    period gives 1.
    """
    n_fft = 2 * (len(power) - 1)
    lowest, highest = _PITCH
    shortest = int(sr / highest)
    longest = min(int(sr / lowest), n_fft // 2)
    lags = np.arange(shortest, longest)
    spectrum = np.abs(fft.rfft(hann(n_fft)))
    of_window = fft.irfft(spectrum**2)
    expected = of_window[lags] / of_window[0]
    r = fft.irfft(power, n_fft, axis=0)
    compared = r[lags] / expected[:, None]
    return compared.max(axis=0) / (r[0] + 1e-20)


def _movement(bands: np.ndarray) -> float:
    """How much a stretch of sound changes: the standard deviation over time of its bands (dB),
    smoothed over 50 ms.

    The smoothing takes out the scatter of noise; the first and last 30 ms, the onset and the end,
    do not count. Of the bands, the 80th percentile counts: in noise, few of them stand out, but
    these move.
    """
    smooth = uniform_filter1d(bands, 5, axis=1)
    inner = smooth[:, 3:-3]
    if inner.shape[1] == 0:
        return 0.0
    return float(np.percentile(inner.std(axis=1), 80))


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
    x = as_sound(x)
    if activity is None:
        activity = voice_activity(x, sr)
    if not activity.any():
        return float("nan")
    hop = round(FRAME * sr)
    missing = len(activity) * hop - len(x)
    frames = np.pad(x, (0, missing)).reshape(-1, hop)
    power = np.square(frames, dtype=np.float64).mean(axis=1)
    background = np.percentile(power, 10) + 1e-12
    voice = power[activity].mean() - background
    voice = max(voice, 0.01 * background)
    decibels = 10 * np.log10(voice / background)
    return float(min(decibels, 60.0))


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

    Examples
    --------
    >>> len(trim(np.zeros(16000)))
    0
    >>> clip = np.arange(16000.0) / 16000
    >>> activity = np.zeros(100, dtype=bool)
    >>> activity[40:60] = True  # as if somebody spoke from 0.4 to 0.6 s
    >>> trimmed = trim(clip, activity=activity)
    >>> float(trimmed[0]), len(trimmed) / 16000
    (0.35, 0.3)
    """
    x = as_sound(x)
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
    if len(trimmed) == 0:
        return x
    if len(trimmed) < shortest * sr:
        return x
    return trimmed
