"""Log-mel spectra, MFCCs and how they change over time.

All functions take one mono clip: a one-dimensional floating-point array, nominally in -1..1, at
``sr`` hertz. Anything else (stereo, integers, NaN or infinity) raises ``ValueError``; so does an
empty clip where a result needs at least one sample. Taught in notebooks/05_voice_data.
"""

from functools import lru_cache

import numpy as np
from scipy import fft, sparse

from .sound import SAMPLE_RATE, as_sound

AMIN = 1e-10  #: smallest power before the logarithm: -100 dB (librosa's)
TOP_DB = 80.0  #: range kept below the loudest value of the clip (librosa's)


def log_mel(
    x: np.ndarray,
    sr: int = SAMPLE_RATE,
    *,
    n_mels: int = 64,
    n_fft: int = 512,
    hop_length: int = 160,
    fmin: float = 0.0,
    fmax: float | None = None,
) -> np.ndarray:
    """Log-mel spectrogram of one clip.

    Equal to ``librosa.power_to_db(librosa.feature.melspectrogram(...))``: centred frames on zero
    padding, periodic Hann window, Slaney's mel scale, reference 1, values at most 80 dB below the
    clip's largest. That floor belongs to the clip, which is why there is no batch form: a quiet
    clip beside a loud one would change.

    Parameters
    ----------
    x : float (samples,), mono, in -1..1.
    sr : samples a second.
    n_mels : mel bands.
    n_fft : samples in a frame, even.
    hop_length : samples from one frame to the next.
    fmin, fmax : Hz, the edges of the lowest and highest band; half the sampling rate by default.

    Returns
    -------
    (n_mels, 1 + samples // hop_length) in dB, of the clip's float type.

    Raises
    ------
    ValueError : no mono sound (`as_sound`), no sample, or edges that do not fit the rate.

    Examples
    --------
    One second of a tone of 440 Hz: the loudest of 64 bands is the one around it.

    >>> t = np.arange(16000) / 16000
    >>> tone = 0.5 * np.sin(2 * np.pi * 440 * t)
    >>> decibels = log_mel(tone)
    >>> decibels.shape
    (64, 101)
    >>> int(decibels.mean(axis=1).argmax())
    8
    """
    x = as_sound(x, least=1)
    if fmax is None:
        fmax = sr / 2
    filters = sparse_mel_filters(sr, n_fft, n_mels, fmin, fmax)
    spectrum = power_spectrum(np.pad(x, n_fft // 2), n_fft, hop_length)
    power = filters @ spectrum
    audible = np.maximum(power, AMIN, dtype=x.dtype)
    decibels = 10 * np.log10(audible)
    return np.maximum(decibels, decibels.max() - TOP_DB)


def mfcc(
    x: np.ndarray,
    sr: int = SAMPLE_RATE,
    n_mfcc: int = 40,
    *,
    n_mels: int = 128,
    n_fft: int = 2048,
    hop_length: int = 512,
    fmin: float = 0.0,
    fmax: float | None = None,
) -> np.ndarray:
    """Mel-frequency cepstral coefficients of one clip.

    Equal to ``librosa.feature.mfcc`` with its defaults, of which the thesis (4.7) takes 40
    coefficients: the orthonormal DCT-II of `log_mel` along the mel axis. Several times faster than
    librosa.

    Parameters
    ----------
    x : float (samples,), mono, in -1..1.
    sr : samples a second.
    n_mfcc : coefficients, 1 to ``n_mels``.
    n_mels, n_fft, hop_length, fmin, fmax : as in `log_mel`.

    Returns
    -------
    (n_mfcc, 1 + samples // hop_length), of the clip's float type. The first row follows loudness.

    Raises
    ------
    ValueError : as in `log_mel`, and for a number of coefficients that does not fit.

    Examples
    --------
    >>> t = np.arange(16000) / 16000
    >>> tone = 0.5 * np.sin(2 * np.pi * 440 * t)
    >>> mfcc(tone, n_mfcc=13).shape
    (13, 32)
    """
    if not 0 < n_mfcc <= n_mels:
        raise ValueError(f"{n_mfcc} coefficients from {n_mels} mel bands: ask for 1 to {n_mels}")
    spectrum = log_mel(
        x, sr, n_mels=n_mels, n_fft=n_fft, hop_length=hop_length, fmin=fmin, fmax=fmax
    )
    return fft.dct(spectrum, axis=0, norm="ortho")[:n_mfcc]


def delta(x: np.ndarray, width: int = 9, order: int = 1) -> np.ndarray:
    """How each row changes over time: its slope or curvature per frame.

    A polynomial of degree ``order`` is fitted to ``width`` frames around each frame. Equal to
    ``librosa.feature.delta``, which is ``scipy.signal.savgol_filter`` underneath as well; the first
    and last frames take the fit of the first and last ``width``. A clip of fewer frames has no such
    fit: there its first and last frame go on for ever, which is librosa's ``mode="nearest"``
    (librosa's default refuses such a clip).

    Parameters
    ----------
    x : (bands, frames), as `log_mel` and `mfcc` give it; float32 stays float32.
    width : frames, odd, above ``order``.
    order : 1 for the slope, 2 for the curvature.

    Returns
    -------
    An array in the shape of ``x``.

    Examples
    --------
    >>> delta(np.arange(12.0)[None] * 3).round(6)[0, :4]
    array([3., 3., 3., 3.])
    """
    mode = "interp" if x.shape[-1] >= width else "nearest"
    from scipy import signal  # here: `analyze` starts sooner without it

    return signal.savgol_filter(x, width, polyorder=order, deriv=order, mode=mode)


def mel_filters(
    sr: int,
    n_fft: int,
    n_mels: int,
    fmin: float,
    fmax: float,
) -> np.ndarray:
    """Slaney's triangular mel filters, each of unit area.

    The same numbers as ``librosa.filters.mel`` (a test compares them), without the seconds that
    importing librosa costs every start of the program. M. Slaney, *Auditory Toolbox*, Interval
    Research 1998-010.

    Parameters
    ----------
    sr, n_fft : samples a second, and in a frame.
    n_mels : filters.
    fmin, fmax : Hz, the edges of the lowest and the highest.

    Returns
    -------
    float32 (n_mels, 1 + n_fft // 2).

    Raises
    ------
    ValueError : unless 0 <= fmin < fmax <= sr / 2.
    """
    if not 0 <= fmin < fmax <= sr / 2:
        raise ValueError(f"mel bands from {fmin} to {fmax} Hz do not fit sound at {sr} Hz")
    mels = np.linspace(_hz_to_mel(fmin), _hz_to_mel(fmax), n_mels + 2)
    edges = _mel_to_hz(mels)
    bins = np.linspace(0, sr / 2, 1 + n_fft // 2)
    width = np.diff(edges)[:, None]
    rising = (bins - edges[:-2, None]) / width[:-1]
    falling = (edges[2:, None] - bins) / width[1:]
    triangles = np.maximum(0, np.minimum(rising, falling))
    height = 2 / (edges[2:] - edges[:-2])
    return (triangles * height[:, None]).astype(np.float32)


@lru_cache(maxsize=16)
def sparse_mel_filters(
    sr: int,
    n_fft: int,
    n_mels: int,
    fmin: float,
    fmax: float,
) -> sparse.csr_array:
    """`mel_filters` as a sparse matrix: few entries differ from zero.

    And unlike a dense product, a sparse one does not fight the threads of a training.
    """
    return sparse.csr_array(mel_filters(sr, n_fft, n_mels, fmin, fmax))


# Slaney's scale: 200/3 Hz a mel up to 1000 Hz (mel 15), then 27 mels for a factor of 6.4.
_LINEAR = 200 / 3
_KNEE = 1000.0
_LOG = np.log(6.4) / 27


def _hz_to_mel(hz: float) -> float:
    if hz < _KNEE:
        return hz / _LINEAR
    return _KNEE / _LINEAR + np.log(hz / _KNEE) / _LOG


def _mel_to_hz(mel: np.ndarray) -> np.ndarray:
    knee = _KNEE / _LINEAR
    low = mel * _LINEAR
    high = _KNEE * np.exp((mel - knee) * _LOG)
    return np.where(mel < knee, low, high)


def power_spectrum(x: np.ndarray, n_fft: int, hop_length: int) -> np.ndarray:
    """Power of the short-time spectrum, without padding.

    Parameters
    ----------
    x : float (samples,), at least ``n_fft`` of them.
    n_fft, hop_length : samples in a frame, and from one frame to the next.

    Returns
    -------
    (1 + n_fft // 2, 1 + (samples - n_fft) // hop_length), of the clip's float type.
    """
    frames = np.lib.stride_tricks.sliding_window_view(x, n_fft)[::hop_length]
    window = hann(n_fft).astype(x.dtype)
    frequencies = 1 + n_fft // 2
    out = np.empty((len(frames), frequencies), x.dtype)
    # A quarter of a megabyte, which stays in the cache: twice as fast as all at once.
    step = 16 * max(1, 4096 // n_fft)
    for begin in range(0, len(frames), step):
        part = slice(begin, begin + step)
        spectrum = fft.rfft(frames[part] * window, axis=1)
        out[part] = spectrum.real**2 + spectrum.imag**2
    return out.T


@lru_cache(maxsize=16)
def hann(n_fft: int) -> np.ndarray:
    """The periodic Hann window of ``n_fft`` samples: float64 (n_fft,)."""
    # As scipy.signal has it, whose import alone takes half a second.
    return np.hanning(n_fft + 1)[:-1]
