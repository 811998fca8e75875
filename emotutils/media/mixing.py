"""Channels to one, levels within full scale: what recorders and studios do to a voice is undone."""

from collections.abc import Iterable, Iterator

import av
import numpy as np

_FURTHEST = 1e4  # of full scale: a sample beyond is no sound but damage
_OFTEN = 1e-3  # the share of a second's samples beyond full scale from which it is meant so
# Where the mean of two channels keeps less of their power than this, one is the other upside down.
_LEFT_OVER = 0.05
_MEMORY = 1.0  # s over which that is judged


class Mixer:
    """Makes one channel of the sound of a film, piece by piece.

    Of two channels it takes the mean, or half the difference where one is wired upside down: their
    mean would be silence. More channels are first mixed down to two by libswresample, which knows
    where each loudspeaker stands and leaves the one for the rumble out; of channels without a name
    the mean is taken.
    """

    def __init__(self) -> None:
        self._resamplers: dict[tuple, av.AudioResampler] = {}
        self._kept = 0.0
        self._all = 0.0

    def frame(self, frame: av.AudioFrame) -> np.ndarray:
        """float32 (n,) of one decoded frame, full scale ±1."""
        channels = len(frame.layout.channels)
        # PyAV reads beyond the end of frames that have eight channels or more, each by itself.
        packed = self._resampled(frame, "flt" if channels > 2 else None)
        return self.mix(_samples(packed), frame.sample_rate)

    def mix(self, x: np.ndarray, rate: int) -> np.ndarray:
        """float32 (n,) of float (n, channels), what follows what was given before."""
        if x.shape[1] == 1:
            return x[:, 0]
        mean = x.mean(axis=1)
        if x.shape[1] > 2 or not len(x):
            return mean
        seconds = len(x) / rate
        fade = 0.5 ** (seconds / _MEMORY)
        self._kept = fade * self._kept + _energy(mean)
        self._all = fade * self._all + _energy(x) / 2
        if self._kept < _LEFT_OVER * self._all:
            return (x[:, 0] - x[:, 1]) / 2
        return mean

    def _resampled(self, frame: av.AudioFrame, form: str | None) -> av.AudioFrame:
        if frame.format.name.startswith("s64"):
            form = "dbl"
        if form is None:
            return frame
        layout = frame.layout.name
        key = (frame.format.name, layout, frame.sample_rate)
        if key not in self._resamplers:
            if len(frame.layout.channels) > 2 and "channels" not in layout:
                layout = "stereo"
            # Of floating point, libswresample would let the sum go beyond full scale.
            options = {"rematrix_maxval": "1.0"}
            self._resamplers[key] = av.AudioResampler(form, layout, options=options)
        resampler = self._resamplers[key]
        return resampler.resample(frame)[0]


def _energy(x: np.ndarray) -> float:
    return float(np.square(x).sum())


def _samples(frame: av.AudioFrame) -> np.ndarray:
    """float32 (n, channels) of a frame in any format with few channels, or packed."""
    x = frame.to_ndarray()
    if frame.format.is_planar:
        x = x.T
    else:
        x = x.reshape(-1, len(frame.layout.channels))
    kind = x.dtype.kind
    full_scale = 2 ** (8 * x.dtype.itemsize - 1)
    if kind == "u":
        x = x.astype(np.float32) - full_scale
    if kind != "f":
        x = x / full_scale
    return x.astype(np.float32)


def without_damage(x: np.ndarray) -> tuple[np.ndarray, bool]:
    """Silence in place of what are no numbers, or can be no sound; and whether there were any."""
    with np.errstate(invalid="ignore"):
        sound = np.abs(x) <= _FURTHEST  # NaN is not
    if sound.all():
        return x, False
    return np.where(sound, x, np.float32(0)), True


def within_full_scale(pieces: Iterable[np.ndarray], sr: int) -> Iterator[np.ndarray]:
    """The same sound within −1..1, a second at a time.

    Recorders that write floating point may go far beyond full scale: from there on the sound is
    made quieter. Single samples beyond it, as filters make them, are cut.
    """
    gain = 1.0
    for second in in_blocks(pieces, sr):
        size = np.abs(second)
        if np.mean(size > 1) > _OFTEN:
            gain = min(gain, 1 / float(size.max()))
        yield np.clip(gain * second, -1, 1).astype(np.float32, copy=False)


def in_blocks(pieces: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """The same sound in arrays of one length; the last one is shorter."""
    held = np.empty(0, np.float32)
    for piece in pieces:
        held = np.concatenate([held, piece])
        whole = len(held) // size * size
        for start in range(0, whole, size):
            yield held[start : start + size].copy()
        held = held[whole:]
    if len(held):
        yield held.copy()
