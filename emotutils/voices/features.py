"""What a voice network takes: log-mel spectra or MFCCs of a window, padded and masked.

Taught in notebooks/05_voice_data.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from ..support.reading import check_fields
from .activity import signal_to_noise, trim_or_whole, voice_activity
from .sound import SAMPLE_RATE, as_sound
from .spectra import delta, log_mel, mfcc
from .windows import WINDOW, voiced_windows

#: What padding rows of `Features` hold. No real row can: decibels stop at -100 (``AMIN``), so a
#: coefficient of the orthonormal DCT over at most ``MAX_MELS`` bands stays above -100 * sqrt(256) =
#: -1600. A power of two is exact in half precision as well, so cached features can be masked by
#: equality.
PAD = -2048.0
MAX_MELS = 256
LEVEL = -23.0  #: dBFS (RMS) that ``Features(level="clip")`` brings a clip to


@dataclass(frozen=True)
class Features:
    """What a voice network takes, as one value that its card stores: call it on a clip.

    The clip is trimmed by `trim` (a clip without any voice is used whole), cut to its middle
    ``seconds`` if longer, brought to one level, turned into features and padded with rows of
    ``PAD`` to a fixed shape.

    Fields
    ------
    kind : "log_mel" (dB over time), "mfcc" (over time) or "mfcc_mean" (MFCCs averaged over time,
        thesis 4.7).
    n_mels, n_mfcc : bands of the mel filter bank; coefficients kept of it for the two MFCC kinds.
    n_fft, hop_length : samples per frame (512 = 32 ms at 16 kHz) and from frame to frame (160 = 10
        ms).
    fmin, fmax : Hz. The defaults leave out rumble below speech, and the top of the band, where
        resamplers differ.
    seconds, sr : length of the clip that fills the shape; sampling rate that the clip must have.
    level : "clip" scales each trimmed clip to -23 dBFS RMS: microphones, distances and corpora
        differ in loudness (within RAVDESS speech alone by 40 dB), and a network would learn the
        recording instead of the voice. How loud somebody speaks is lost with it; how speech changes
        within the clip is not. "none" keeps the level.
    deltas : 1 appends each band's slope (`delta`) behind the bands, 2 the curvature behind that.
        Not for ``mfcc_mean``: the mean of a slope says little more than where a clip begins and
        ends.

    Raises
    ------
    ValueError : values that do not fit together.

    Examples
    --------
    >>> features = Features(hop_length=256, deltas=1)
    >>> features.shape
    (188, 128)
    >>> x = features(0.1 * np.sin(np.arange(16000)))  # one second of the three
    >>> x.shape, x.dtype
    ((188, 128), dtype('float32'))
    >>> int((x[:, 0] != PAD).sum())
    63
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
        most_deltas = 0 if self.kind == "mfcc_mean" else 2
        if self.deltas not in range(most_deltas + 1):
            raise ValueError(
                f"deltas={self.deltas} with {self.kind}: 0, 1 or 2 for log_mel and mfcc, "
                "0 for mfcc_mean"
            )
        fits = 1 <= self.n_mfcc <= self.n_mels <= MAX_MELS
        if not fits:
            raise ValueError(
                f"n_mels={self.n_mels}, n_mfcc={self.n_mfcc}: 1 <= n_mfcc <= n_mels <= {MAX_MELS}"
            )
        smallest = min(self.n_fft, self.hop_length, self.sr, self.seconds)
        if smallest <= 0 or self.n_fft % 2:
            raise ValueError("n_fft, hop_length, sr and seconds must be above 0, and n_fft even")
        if not 0 <= self.fmin < self.fmax <= self.sr / 2:
            raise ValueError(
                f"mel bands from {self.fmin} to {self.fmax} Hz do not fit sound at {self.sr} Hz"
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """(frames, rows of bands or coefficients and their deltas), time first.

        (n_mfcc,) for ``mfcc_mean``.
        """
        if self.kind == "mfcc_mean":
            return (self.n_mfcc,)
        frames = 1 + round(self.seconds * self.sr) // self.hop_length
        bands = self.n_mels if self.kind == "log_mel" else self.n_mfcc
        return (frames, bands * (1 + self.deltas))

    def __call__(self, x: np.ndarray, activity: np.ndarray | None = None) -> np.ndarray:
        """Features of one clip at ``sr``: float32 of ``shape``.

        Parameters
        ----------
        x : float (samples,), mono, in -1..1.
        activity : what ``voice_activity(x, sr)`` gave, where it is known already.

        Raises
        ------
        ValueError : an empty or damaged clip.
        """
        clip = self._clip(as_sound(x, least=1), activity)
        bands = self._bands(clip)
        rows = [bands]
        for order in range(1, self.deltas + 1):
            rows.append(delta(bands, order=order))
        over_time = np.concatenate(rows).T
        if self.kind == "mfcc_mean":
            mean = over_time.mean(axis=0, dtype=np.float64)
            return mean.astype(np.float32)
        out = np.full(self.shape, PAD, dtype=np.float32)
        out[: len(over_time)] = over_time
        return out

    def _bands(self, clip: np.ndarray) -> np.ndarray:
        """(bands or coefficients, frames)."""
        options = {
            "n_mels": self.n_mels,
            "n_fft": self.n_fft,
            "hop_length": self.hop_length,
            "fmin": self.fmin,
            "fmax": self.fmax,
        }
        if self.kind == "log_mel":
            return log_mel(clip, self.sr, **options)
        return mfcc(clip, self.sr, self.n_mfcc, **options)

    def _clip(self, x: np.ndarray, activity: np.ndarray | None) -> np.ndarray:
        """The part of the clip that the network takes, brought to one level."""
        x = trim_or_whole(x, self.sr, activity=activity)
        size = round(self.seconds * self.sr)
        begin = max(0, len(x) - size) // 2
        x = x[begin : begin + size]
        if self.level == "none":
            return x
        power = np.mean(np.square(x, dtype=np.float64))
        rms = np.sqrt(power)
        if rms == 0:
            return x
        gain = 10 ** (LEVEL / 20) / rms
        return (x * gain).astype(x.dtype)

    def to_dict(self) -> dict:
        """The fields as plain values, for a network's card."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping) -> "Features":
        """The inverse of `to_dict`; ``ValueError`` names a key that is unknown."""
        check_fields(cls, values)
        return cls(**values)


def window_features(sound: np.ndarray, features: Features) -> list[np.ndarray]:
    """One recording as a voice network is trained on it: features of each of `voiced_windows`.

    Parameters
    ----------
    sound : float32 (samples,) at ``features.sr``.
    features : what is computed of each window.

    Returns
    -------
    For each window an array float32 of ``features.shape``.
    """
    return [features(window) for window in voiced_windows(sound, features.sr)]


def measured_windows(sound: np.ndarray, features: Features) -> tuple[list[np.ndarray], list[float]]:
    """`window_features`, and the `signal_to_noise` of each window in dB (NaN: no voice in it)."""
    x = []
    snr = []
    for window in voiced_windows(sound, features.sr):
        activity = voice_activity(window, features.sr)
        x.append(features(window, activity))
        snr.append(signal_to_noise(window, features.sr, activity=activity))
    return x, snr
