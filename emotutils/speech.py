"""From sound to what a voice network takes: windows, voice activity, log-mel spectra and MFCCs.

All functions take one mono clip: a one-dimensional floating-point array, nominally in -1..1, at ``sr`` hertz.
Anything else (stereo, integers, NaN or infinity) raises ``ValueError``; so does an empty clip where a result
needs at least one sample. Taught in notebooks/05_voice_data and notebooks/13_fusion.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache

import numpy as np
from scipy import fft, signal, sparse
from scipy.ndimage import binary_closing, uniform_filter1d

SAMPLE_RATE = 16000  #: Hz, of every sound inside the package
WINDOW = 3.0  #: seconds of sound that a voice network hears at once (thesis 4.7 cuts to 3 s)
HOP = 0.5  #: seconds from one window to the next
FRAME = 0.01  #: seconds from one voice-activity decision to the next

#: What padding rows of `Features` hold. No real row can: decibels stop at -100 (``AMIN``), so a coefficient of the
#: orthonormal DCT over at most ``MAX_MELS`` bands stays above -100 * sqrt(256) = -1600. A power of two is exact in
#: half precision as well, so cached features can be masked by equality.
PAD = -2048.0
MAX_MELS = 256

AMIN = 1e-10  #: smallest power before the logarithm: -100 dB (librosa's)
TOP_DB = 80.0  #: range kept below the loudest value of the clip (librosa's)
LEVEL = -23.0  #: dBFS (RMS) that ``Features(level="clip")`` brings a clip to


# --- windows ---------------------------------------------------------------------------------------------------------


def window_starts(duration: float, window: float = WINDOW, hop: float = HOP) -> np.ndarray:
    """Where the windows over ``duration`` seconds begin, in seconds: float64 (n,), ascending.

    Starts are ``k * hop`` while the window fits. If the end is not reached by these, one last window ends there
    (so the last hop may be shorter); a film shorter than one window has the single start 0 and a shorter window;
    a film of no duration has none. `iter_windows` cuts at the same places.

    Raises ``ValueError`` unless 0 < hop <= window (a longer hop would leave gaps).
    """
    _check_windows(window, hop)
    tolerance = 1e-6
    if duration <= 0:
        return np.zeros(0)
    if duration <= window + tolerance:
        return np.zeros(1)
    starts = hop * np.arange(int((duration - window + tolerance) // hop) + 1)
    if starts[-1] + window < duration - tolerance:
        starts = np.append(starts, duration - window)
    return starts


def iter_windows(
    blocks: Iterable[np.ndarray], sr: int = SAMPLE_RATE, window: float = WINDOW, hop: float = HOP
) -> Iterator[tuple[float, float, np.ndarray]]:
    """Cut a stream of sound blocks of any sizes into overlapping windows, holding about one window in memory.

    Yields ``(t0, t1, x)``: seconds from the stream's start and the samples between, float32 and the caller's own.
    The windows are those of `window_starts` and cover the whole stream: all are ``window`` long, the last one ends
    at the stream's end; only a stream shorter than a window gives one shorter window.

    Raises ``ValueError`` for a block that is not mono sound, or unless 0 < hop <= window.
    """
    _check_windows(window, hop)
    size, step = round(window * sr), round(hop * sr)
    buffer = np.zeros(step + size, dtype=np.float32)  # one step of past sound, for the last window; then the window
    start = filled = 0
    for block in blocks:
        block = _mono(block)
        while len(block):
            part, block = block[: size - filled], block[size - filled :]
            buffer[step + filled : step + filled + len(part)] = part
            filled += len(part)
            if filled == size:
                yield start / sr, (start + size) / sr, buffer[step:].copy()
                buffer[:size] = buffer[step:]
                start, filled = start + step, size - step
    if start == 0 and filled:
        yield 0.0, filled / sr, buffer[step : step + filled].copy()
    elif start and filled > size - step:
        end = start + filled
        yield (end - size) / sr, end / sr, buffer[step + filled - size : step + filled].copy()


def _check_windows(window: float, hop: float) -> None:
    if not 0 < hop <= window:
        raise ValueError(f"windows of {window} s every {hop} s: the hop must be above 0 and at most the window")


# --- spectra ---------------------------------------------------------------------------------------------------------


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

    Equal to ``librosa.power_to_db(librosa.feature.melspectrogram(...))`` for one clip: centred frames on zero
    padding, periodic Hann window, Slaney's mel scale, reference 1, values at most 80 dB below the clip's largest.
    That floor belongs to the clip, which is why there is no batch form: a quiet clip beside a loud one would change.
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

    Equal to ``librosa.feature.mfcc`` for one clip, with its defaults, of which the thesis (4.7) takes 40
    coefficients: the orthonormal DCT-II of `log_mel` along the mel axis. Several times faster than librosa.
    """
    if not 0 < n_mfcc <= n_mels:
        raise ValueError(f"{n_mfcc} coefficients from {n_mels} mel bands: ask for 1 to {n_mels}")
    spectrum = log_mel(x, sr, n_mels=n_mels, n_fft=n_fft, hop_length=hop_length, fmin=fmin, fmax=fmax)
    return fft.dct(spectrum, axis=0, norm="ortho")[:n_mfcc]


def delta(x: np.ndarray, width: int = 9, order: int = 1) -> np.ndarray:
    """How each row changes over time: its slope (``order`` 1) or curvature (2) per frame, in the shape of ``x``.

    A polynomial of degree ``order`` is fitted to ``width`` frames around each frame. Equal to
    ``librosa.feature.delta``, which is ``scipy.signal.savgol_filter`` underneath as well; the first and last frames
    take the fit of the first and last ``width``. A clip of fewer frames has no such fit: there its first and last
    frame go on for ever, which is librosa's ``mode="nearest"`` (librosa's default refuses such a clip).

    Parameters
    ----------
    x : (bands, frames), as `log_mel` and `mfcc` give it; float32 stays float32.
    width : odd, above ``order``.
    """
    mode = "interp" if x.shape[-1] >= width else "nearest"
    return signal.savgol_filter(x, width, polyorder=order, deriv=order, mode=mode)


def mel_filters(sr: int, n_fft: int, n_mels: int, fmin: float, fmax: float) -> np.ndarray:
    """Slaney's triangular mel filters, each of unit area: float32 (n_mels, 1 + n_fft // 2).

    The same numbers as ``librosa.filters.mel`` (a test compares them), without the seconds that importing librosa
    costs every start of the program. M. Slaney, *Auditory Toolbox*, Interval Research 1998-010.

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


# Few entries differ from zero; and unlike a dense product, a sparse one does not fight the threads of a training.
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
    step = 16 * max(1, 4096 // n_fft)  # a quarter of a megabyte, which stays in the cache: twice as fast as all at once
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
        raise ValueError(f"sound of shape {x.shape}: expected one channel, (samples,); average the channels first")
    if x.dtype.kind != "f":
        raise ValueError(f"sound of type {x.dtype}: expected float in -1..1; divide 16-bit integers by 32768")
    if len(x) < least:
        raise ValueError("sound without a sample")
    if not np.isfinite(x).all():
        raise ValueError("sound holds NaN or infinite samples: the recording is damaged")
    return x if x.dtype == np.float64 else x.astype(np.float32, copy=False)


# --- voice activity --------------------------------------------------------------------------------------------------


def voice_activity(x: np.ndarray, sr: int = SAMPLE_RATE) -> np.ndarray:
    """Where somebody seems to speak: one bool for each 10 ms, the last one for what is left of the clip.

    A stretch of sound counts as voice when it

    1. stands out of the background: 5 dB above the clip's own noise floor on average over 20 mel bands of 100 to
       4000 Hz, where a band's floor is the 10th percentile of its level in the clip (so it adapts to microphone,
       loudness and noise), less than 35 dB below the loudest part, and above -75 dBFS (digital silence, dither);
    2. has pitch: at least 50 ms with a clear peak between 75 and 400 Hz in the autocorrelation;
    3. moves: the livelier bands change by 3 dB or more over time, as syllables do.

    Steady noise of any colour, hum and the moment they set in fail 1 or 3; clicks and pulsing noise fail 2. Limits:
    music and animals have pitch and move, and pass. Whisper has no pitch and a note held for the whole clip does not
    move: both fail. In noise less than 5 dB below the voice, much of it is missed. The floor needs context: give it
    seconds, not syllables.
    """
    x = _mono(x)
    hop, n_fft = round(FRAME * sr), 2 * round(0.016 * sr)
    n = -(-len(x) // hop)
    if n == 0:
        return np.zeros(0, dtype=bool)
    hz = np.arange(n_fft // 2 + 1) * sr / n_fft
    padded = np.pad(x, ((n_fft - hop) // 2, n * hop - len(x) + n_fft))  # frames centred on their 10 ms
    power = _power(padded, n_fft, hop)[:, :n] * (_SPEECH_BAND[0] <= hz[:, None]) * (hz[:, None] <= _SPEECH_BAND[1])
    power /= n_fft * n_fft / 16  # a full-scale sine is 0 dBFS or so, whatever n_fft
    bank = _sparse_bank(sr, n_fft, 20, _SPEECH_BAND[0], min(_SPEECH_BAND[1], sr / 2))
    bands = 10 * np.log10(bank @ power * (sr / n_fft) + 1e-11)
    level = 10 * np.log10(power.sum(axis=0) + 1e-11)
    above_floor = np.maximum(bands - np.percentile(bands, 10, axis=1, keepdims=True), 0).mean(axis=0)
    loud = (above_floor > 5) & (level > max(-75, np.percentile(level, 95) - 35))
    pitched = loud & (_periodicity(power, sr) > 0.5)
    loud = binary_closing(np.pad(loud, 10), np.ones(10))[10:-10]  # the closure of a stop consonant is no pause
    out = np.zeros(n, dtype=bool)
    for begin, end in np.flatnonzero(np.diff(np.pad(loud, 1))).reshape(-1, 2):
        out[begin:end] = pitched[begin:end].sum() >= 5 and _movement(bands[:, begin:end]) >= 3
    return out


_SPEECH_BAND = 100.0, 4000.0  # Hz


def _periodicity(power: np.ndarray, sr: int) -> np.ndarray:
    """Height of the pitch peak (75-400 Hz) in the autocorrelation of each column's frame, about 0..1.

    The window's own autocorrelation is divided out (Boersma 1993, IFA Proceedings 17), so a pure period gives 1.
    """
    n_fft = 2 * (len(power) - 1)
    of_window = fft.irfft(np.abs(fft.rfft(_hann(n_fft))) ** 2)
    lags = np.arange(int(sr / 400), min(int(sr / 75), n_fft // 2))
    r = fft.irfft(power, n_fft, axis=0)
    return (r[lags] / (of_window[lags] / of_window[0])[:, None]).max(axis=0) / (r[0] + 1e-20)


def _movement(bands: np.ndarray) -> float:
    """How much a stretch of sound changes: the standard deviation over time of its bands (dB), smoothed over 50 ms.

    The smoothing takes out the scatter of noise; the first and last 30 ms, the onset and the end, do not count. Of
    the bands, the 80th percentile counts: in noise, few of them stand out, but these move.
    """
    smooth = uniform_filter1d(bands, 5, axis=1)[:, 3:-3]
    return float(np.percentile(smooth.std(axis=1), 80)) if smooth.shape[1] else 0.0


def is_voiced(x: np.ndarray, sr: int = SAMPLE_RATE, least: float = 0.3) -> bool:
    """Whether at least ``least`` seconds of the clip are voice; `voice_activity` says what counts, and the limits."""
    return bool(voice_activity(x, sr).sum() * FRAME >= least - 1e-9)


def signal_to_noise(x: np.ndarray, sr: int = SAMPLE_RATE) -> float:
    """How far the voice stands above its background, in dB; NaN where there is no voice.

    The voice's power is the mean over what `voice_activity` marks, the background's the 10th percentile over frames of
    10 ms, which in speech are its pauses (a coarse relative of minimum statistics, Martin 2001). In unbroken speech
    the quietest frames are voice as well, so that even without any noise no more than 20 to 30 dB are found.

    Returns
    -------
    float, -20..60.
    """
    x = _mono(x)
    voiced = voice_activity(x, sr)
    if not voiced.any():
        return float("nan")
    hop = round(FRAME * sr)
    power = np.square(np.pad(x, (0, len(voiced) * hop - len(x))), dtype=np.float64).reshape(-1, hop).mean(axis=1)
    background = np.percentile(power, 10) + 1e-12
    ratio = max(power[voiced].mean() - background, 0.01 * background) / background
    return float(min(10 * np.log10(ratio), 60.0))


def trim(x: np.ndarray, sr: int = SAMPLE_RATE, margin: float = 0.05) -> np.ndarray:
    """The clip without what comes before and after the voice, ``margin`` seconds kept on both sides (a view).

    Pauses inside stay. Empty if and only if there is no voice at all. Trimming a second time may take a little more:
    what is background in the whole clip is not in its louder part.
    """
    x = _mono(x)
    voiced = np.flatnonzero(voice_activity(x, sr))
    if len(voiced) == 0:
        return x[:0]
    hop, keep = round(FRAME * sr), round(margin * sr)
    return x[max(0, voiced[0] * hop - keep) : (voiced[-1] + 1) * hop + keep]


# --- features --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Features:
    """What a voice network takes, as one value that its card stores: call it on a clip.

    The clip is trimmed by `trim` (a clip without any voice is used whole), cut to its middle ``seconds`` if longer,
    brought to one level, turned into features and padded with rows of ``PAD`` to a fixed shape.

    Fields
    ------
    kind : "log_mel" (dB over time), "mfcc" (over time) or "mfcc_mean" (MFCCs averaged over time, thesis 4.7).
    n_mels, n_mfcc : bands of the mel filter bank; coefficients kept of it for the two MFCC kinds.
    n_fft, hop_length : samples per frame (512 = 32 ms at 16 kHz) and from frame to frame (160 = 10 ms).
    fmin, fmax : Hz. The defaults leave out rumble below speech, and the top of the band, where resamplers differ.
    seconds, sr : length of the clip that fills the shape; sampling rate that the clip must have.
    level : "clip" scales each trimmed clip to -23 dBFS RMS: microphones, distances and corpora differ in loudness
        (within RAVDESS speech alone by 40 dB), and a network would learn the recording instead of the voice. How
        loud somebody speaks is lost with it; how speech changes within the clip is not. "none" keeps the level.
    deltas : 1 appends each band's slope (`delta`) behind the bands, 2 the curvature behind that. Not for
        ``mfcc_mean``: the mean of a slope says little more than where a clip begins and ends.

    Raises ``ValueError`` for values that do not fit together.
    """

    kind: str = "log_mel"
    n_mels: int = 64
    n_mfcc: int = 40
    n_fft: int = 512
    hop_length: int = 160
    fmin: float = 50.0
    fmax: float = 7600.0
    seconds: float = WINDOW
    sr: int = SAMPLE_RATE
    level: str = "clip"
    deltas: int = 0

    def __post_init__(self) -> None:
        if self.kind not in ("log_mel", "mfcc", "mfcc_mean"):
            raise ValueError(f"unknown features {self.kind!r}: known are log_mel, mfcc, mfcc_mean")
        if self.level not in ("clip", "none"):
            raise ValueError(f"unknown level {self.level!r}: known are clip, none")
        if self.deltas not in range(1 if self.kind == "mfcc_mean" else 3):
            raise ValueError(f"deltas={self.deltas} with {self.kind}: 0, 1 or 2 for log_mel and mfcc, 0 for mfcc_mean")
        if not (1 <= self.n_mels <= MAX_MELS and 1 <= self.n_mfcc <= self.n_mels):
            raise ValueError(f"n_mels={self.n_mels}, n_mfcc={self.n_mfcc}: 1 <= n_mfcc <= n_mels <= {MAX_MELS}")
        if min(self.n_fft, self.hop_length, self.sr, self.seconds) <= 0 or self.n_fft % 2:
            raise ValueError("n_fft, hop_length, sr and seconds must be above 0, and n_fft even")
        if not 0 <= self.fmin < self.fmax <= self.sr / 2:
            raise ValueError(f"mel bands from {self.fmin} to {self.fmax} Hz do not fit sound at {self.sr} Hz")

    @property
    def shape(self) -> tuple[int, ...]:
        """(frames, bands or coefficients · (1 + deltas)), time first; (n_mfcc,) for ``mfcc_mean``."""
        if self.kind == "mfcc_mean":
            return (self.n_mfcc,)
        frames = 1 + round(self.seconds * self.sr) // self.hop_length
        return (frames, (self.n_mels if self.kind == "log_mel" else self.n_mfcc) * (1 + self.deltas))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Features of one clip at ``sr``: float32 of ``shape``; ``ValueError`` for an empty or damaged clip."""
        x = self._clip(_mono(x, least=1))
        options = {name: getattr(self, name) for name in ("n_mels", "n_fft", "hop_length", "fmin", "fmax")}
        bands = log_mel(x, self.sr, **options) if self.kind == "log_mel" else mfcc(x, self.sr, self.n_mfcc, **options)
        rows = np.concatenate([bands, *(delta(bands, order=k + 1) for k in range(self.deltas))]).T
        if self.kind == "mfcc_mean":
            return rows.mean(axis=0, dtype=np.float64).astype(np.float32)
        out = np.full(self.shape, PAD, dtype=np.float32)
        out[: len(rows)] = rows
        return out

    def _clip(self, x: np.ndarray) -> np.ndarray:
        """The part of the clip that is heard, at the level it is heard."""
        voice = trim(x, self.sr)
        x = voice if len(voice) else x
        size = round(self.seconds * self.sr)
        begin = max(0, len(x) - size) // 2
        x = x[begin : begin + size]
        if self.level == "clip":
            rms = np.sqrt(np.mean(np.square(x, dtype=np.float64)))
            if rms > 0:
                x = (x * (10 ** (LEVEL / 20) / rms)).astype(x.dtype)
        return x

    def to_dict(self) -> dict:
        """The fields as plain values, for a network's card."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping) -> "Features":
        """The inverse of `to_dict`; ``ValueError`` names a key that is unknown."""
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"unknown fields of Features: {', '.join(unknown)}")
        return cls(**values)
