"""From sound to what a voice network takes: windows, voice activity, log-mel spectra and MFCCs.

All functions take one mono clip: a one-dimensional floating-point array, nominally in -1..1, at
``sr`` hertz. Anything else (stereo, integers, NaN or infinity) raises ``ValueError``; so does an
empty clip where a result needs at least one sample. Taught in notebooks/05_voice_data and
notebooks/13_fusion.
"""

from functools import lru_cache

import numpy as np
from scipy import fft, signal, sparse

SAMPLE_RATE = 16000  #: Hz, of every sound inside the package

AMIN = 1e-10  #: smallest power before the logarithm: -100 dB (librosa's)
TOP_DB = 80.0  #: range kept below the loudest value of the clip (librosa's)


# --- spectra --------------------------------------------------------------------------------------


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
    """Log-mel spectrogram in dB: (n_mels, 1 + samples // hop_length), of the clip's float type.

    Equal to ``librosa.power_to_db(librosa.feature.melspectrogram(...))`` for one clip: centred
    frames on zero padding, periodic Hann window, Slaney's mel scale, reference 1, values at most 80
    dB below the clip's largest. That floor belongs to the clip, which is why there is no batch
    form: a quiet clip beside a loud one would change.
    """
    x = _mono(x, least=1)
    bank = _sparse_bank(sr, n_fft, n_mels, fmin, sr / 2 if fmax is None else fmax)
    power = bank @ _power(np.pad(x, n_fft // 2), n_fft, hop_length)
    decibels = 10 * np.log10(np.maximum(power, AMIN, dtype=x.dtype))
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
    """Mel-frequency cepstral coefficients: (n_mfcc, 1 + samples // hop_length).

    Equal to ``librosa.feature.mfcc`` for one clip, with its defaults, of which the thesis (4.7)
    takes 40 coefficients: the orthonormal DCT-II of `log_mel` along the mel axis. Several times
    faster than librosa.
    """
    if not 0 < n_mfcc <= n_mels:
        raise ValueError(f"{n_mfcc} coefficients from {n_mels} mel bands: ask for 1 to {n_mels}")
    spectrum = log_mel(
        x, sr, n_mels=n_mels, n_fft=n_fft, hop_length=hop_length, fmin=fmin, fmax=fmax
    )
    return fft.dct(spectrum, axis=0, norm="ortho")[:n_mfcc]


def delta(x: np.ndarray, width: int = 9, order: int = 1) -> np.ndarray:
    """How each row changes over time: its slope (``order`` 1) or curvature (2) per frame, in the
    shape of ``x``.

    A polynomial of degree ``order`` is fitted to ``width`` frames around each frame. Equal to
    ``librosa.feature.delta``, which is ``scipy.signal.savgol_filter`` underneath as well; the first
    and last frames take the fit of the first and last ``width``. A clip of fewer frames has no such
    fit: there its first and last frame go on for ever, which is librosa's ``mode="nearest"``
    (librosa's default refuses such a clip).

    Parameters
    ----------
    x : (bands, frames), as `log_mel` and `mfcc` give it; float32 stays float32.
    width : odd, above ``order``.
    """
    mode = "interp" if x.shape[-1] >= width else "nearest"
    return signal.savgol_filter(x, width, polyorder=order, deriv=order, mode=mode)


def mel_filters(sr: int, n_fft: int, n_mels: int, fmin: float, fmax: float) -> np.ndarray:
    """Slaney's triangular mel filters, each of unit area: float32 (n_mels, 1 + n_fft // 2).

    The same numbers as ``librosa.filters.mel`` (a test compares them), without the seconds that
    importing librosa costs every start of the program. M. Slaney, *Auditory Toolbox*, Interval
    Research 1998-010.

    Raises ``ValueError`` unless 0 <= fmin < fmax <= sr / 2.
    """
    if not 0 <= fmin < fmax <= sr / 2:
        raise ValueError(f"mel bands from {fmin} to {fmax} Hz do not fit sound at {sr} Hz")
    edges = _mel_to_hz(np.linspace(_hz_to_mel(fmin), _hz_to_mel(fmax), n_mels + 2))
    bins = np.linspace(0, sr / 2, 1 + n_fft // 2)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    bank = np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]
    return bank.astype(np.float32)


# Few entries differ from zero; and unlike a dense product, a sparse one does not fight the threads
# of a training.
@lru_cache(maxsize=16)
def _sparse_bank(sr: int, n_fft: int, n_mels: int, fmin: float, fmax: float) -> sparse.csr_array:
    return sparse.csr_array(mel_filters(sr, n_fft, n_mels, fmin, fmax))


# Slaney's scale: 200/3 Hz a mel up to 1000 Hz (mel 15), then 27 mels for a factor of 6.4.
_LINEAR, _KNEE, _LOG = 200 / 3, 1000.0, np.log(6.4) / 27


def _hz_to_mel(hz: float) -> float:
    return hz / _LINEAR if hz < _KNEE else _KNEE / _LINEAR + np.log(hz / _KNEE) / _LOG


def _mel_to_hz(mel: np.ndarray) -> np.ndarray:
    knee = _KNEE / _LINEAR
    return np.where(mel < knee, mel * _LINEAR, _KNEE * np.exp((mel - knee) * _LOG))


def _power(x: np.ndarray, n_fft: int, hop_length: int) -> np.ndarray:
    """Power of the short-time spectrum: (1 + n_fft // 2, 1 + (len(x) - n_fft) // hop_length)."""
    frames = np.lib.stride_tricks.sliding_window_view(x, n_fft)[::hop_length]
    window = _hann(n_fft).astype(x.dtype)
    out = np.empty((len(frames), 1 + n_fft // 2), x.dtype)
    step = 16 * max(
        1, 4096 // n_fft
    )  # a quarter of a megabyte, which stays in the cache: twice as fast as all at once
    for i in range(0, len(frames), step):
        spectrum = fft.rfft(frames[i : i + step] * window, axis=1)
        out[i : i + step] = spectrum.real**2 + spectrum.imag**2
    return out.T


@lru_cache(maxsize=16)
def _hann(n_fft: int) -> np.ndarray:
    return signal.get_window("hann", n_fft)


def _mono(x: np.ndarray, least: int = 0) -> np.ndarray:
    """The clip as a float array, or ``ValueError`` in one line that says what to do."""
    x = np.asarray(x)
    if x.ndim != 1:
        raise ValueError(
            f"sound of shape {x.shape}: expected one channel, (samples,); average the channels first"
        )
    if x.dtype.kind != "f":
        raise ValueError(
            f"sound of type {x.dtype}: expected float in -1..1; divide 16-bit integers by 32768"
        )
    if len(x) < least:
        raise ValueError("sound without a sample")
    if not np.isfinite(x).all():
        raise ValueError("sound holds NaN or infinite samples: the recording is damaged")
    return x if x.dtype == np.float64 else x.astype(np.float32, copy=False)
