"""The sound of a film or recording, as float32 mono."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

import av
import numpy as np
import soundfile
import soxr

from ..errors import MediaError
from .mixing import Mixer, in_blocks, within_full_scale, without_damage
from .opening import SLOWEST, StrPath, Track, Warn, open_film, stream_of

# s: time stamps of sound may wander by this much; the shortest lost packet (AAC, 48 kHz) is 0.021 s
_JITTER = 0.015
_TAIL = 0.25  # s: a codec pads its last packet by less than this


def sound_blocks(
    path: StrPath,
    sr: int = 16000,
    *,
    block: float = 1.0,
    track: int | None = None,
    warn: Warn | None = None,
) -> Iterator[np.ndarray]:
    """The sound of a film or recording as float32 mono (see `mixing.Mixer`) in −1..1 at ``sr`` Hz,
    block by block.

    It starts at film time 0 (a late track is preceded by zeros, an early one is cut), lost
    stretches are filled with zeros, and what a codec pads behind the film's end is cut: sample i is
    heard at i / sr seconds. Resampled by soxr's HQ setting, librosa's default.

    Parameters
    ----------
    path : the film or recording.
    sr : samples a second.
    block : length of a block in seconds; the last one is shorter.
    track : number of the sound, from 1, of a film that has several.
    warn : as in ``frames``.

    Raises
    ------
    MediaError : as ``probe``; no sound in the file.
    """
    pieces = within_full_scale(_pieces(path, sr, track, warn), sr)
    yield from in_blocks(pieces, max(1, round(block * sr)))


def _pieces(path: StrPath, sr: int, number: int | None, warn: Warn | None) -> Iterator[np.ndarray]:
    """The same, in whatever pieces the decoder gives."""
    with open_film(path) as container:
        stream = stream_of(container, "audio", number)
        if stream is None:
            raise _silent(path)
        track = Track(container, stream, warn)
        decoded = track.decoded()
        first = next(decoded, None)
        if first is None:
            raise _silent(path)
        rate = first.sample_rate
        pieces = _in_place(track, chain([first], decoded), rate)
        if track.end is not None:
            pieces = _without_tail(pieces, round(track.end * rate), round(_TAIL * rate))
        yield from _resampled(pieces, rate, sr)


def _silent(path: StrPath) -> MediaError:
    return MediaError(path, "has no sound that can be read", "use its picture alone")


def load_sound(path: StrPath, sr: int = 16000, *, track: int | None = None) -> np.ndarray:
    """A whole clip as float32 (n,), mono, −1..1, at ``sr`` Hz: the blocks of ``sound_blocks`` in
    one array.

    wav and flac are read by soundfile, which is several times faster on the thousands of short
    clips of a data set.

    Parameters
    ----------
    path : the film or recording.
    sr : samples a second.
    track : as in ``sound_blocks``.

    Raises
    ------
    MediaError : as ``sound_blocks``.

    Examples
    --------
    >>> from emotutils import config, media
    >>> x = media.load_sound(config.shipped_root() / "sample" / "demo.mp4")
    >>> x.dtype, x.ndim, bool(abs(x).max() <= 1)
    (dtype('float32'), 1, True)
    """
    if Path(path).suffix.lower() in (".wav", ".flac"):
        # What it cannot read (a rare codec, another file under this name, damage) is left to FFmpeg
        # and its errors.
        with suppress(soundfile.LibsndfileError):
            x, rate = soundfile.read(path, dtype="float32", always_2d=True)
            # What its many loudspeakers are, only FFmpeg knows.
            if len(x) and x.shape[1] <= 2 and rate >= SLOWEST:
                x = Mixer().mix(x, rate)
                x = _at_rate(without_damage(x)[0], rate, sr)
                return np.concatenate(list(within_full_scale([x], sr)))
    return np.concatenate(list(sound_blocks(path, sr, block=10.0, track=track)))


def _at_rate(x: np.ndarray, rate: int, sr: int) -> np.ndarray:
    if rate == sr:
        return x
    return soxr.resample(x, rate, sr)


def _in_place(track: Track, decoded: Iterable[av.AudioFrame], rate: int) -> Iterator[np.ndarray]:
    """The sound without holes or overlaps: the first sample is film time 0, zeros stand where there
    is none.
    """
    mixer = Mixer()
    tick = float(track.stream.time_base)
    position = 0
    tolerance = tick  # a track that starts late or early by its clock's resolution starts at 0
    for frame in decoded:
        if frame.sample_rate < SLOWEST:
            track.damaged += 1
            continue
        x, is_damaged = without_damage(mixer.frame(frame))
        x = _at_rate(x, frame.sample_rate, rate)
        track.damaged += is_damaged
        start = position
        if frame.pts is not None:
            start = round(track.time(frame.pts) * rate)
        if start > position + tolerance * rate:
            if position:
                track.note_lost(position / rate, start / rate)
            yield from _silence(start - position, rate)
            position = start
        elif start < position - tolerance * rate:
            x = x[position - start :]
        tolerance = max(tick, _JITTER)
        position += len(x)
        yield x


def _silence(samples: int, rate: int) -> Iterator[np.ndarray]:
    """Zeros, a second at a time: a hole may be long."""
    for done in range(0, samples, rate):
        yield np.zeros(min(rate, samples - done), np.float32)


def _without_tail(pieces: Iterable[np.ndarray], end: int, longest: int) -> Iterator[np.ndarray]:
    """Cut the samples behind ``end``, unless they are more than ``longest``: then the declared end
    is wrong.
    """
    tail = []
    over = 0
    for piece in pieces:
        inside = max(0, min(len(piece), end))
        end -= len(piece)
        yield piece[:inside]
        if inside < len(piece):
            tail.append(piece[inside:])
            over += len(piece) - inside
        if over > longest:
            yield from tail
            tail.clear()


def _resampled(pieces: Iterable[np.ndarray], rate: int, sr: int) -> Iterator[np.ndarray]:
    """Resample a stream of pieces, the filter's last samples included."""
    if rate == sr:
        yield from pieces
        return
    stream = soxr.ResampleStream(rate, sr, 1, dtype="float32")
    for piece in pieces:
        yield stream.resample_chunk(piece)
    yield stream.resample_chunk(np.empty(0, np.float32), last=True)
