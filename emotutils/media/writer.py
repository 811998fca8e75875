"""Films written back: pictures at their own times, with sound."""

import errno
import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np
import soxr

from ..errors import MediaError, WriteError
from ..support.files import replacing
from .opening import StrPath, Warn
from .probing import probe
from .sound import sound_blocks

# per second, the clock of films we write: it holds 24, 25, 30 and 60 frames/s without rounding
_TICKS = 90_000
_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
# the colour space players assume; matrix, primaries and transfer function have the same number
_BT709 = 1


class FilmWriter:
    """Writes an H.264/AAC mp4 that any player and browser opens; use it in a ``with`` statement.

    The file appears under its name when the ``with`` block ends well; after an error or Ctrl-C
    nothing is left.

    Parameters
    ----------
    path : of the film to write, ending in ``.mp4``.
    width, height : of the pictures to come, in pixels. H.264 as players want it needs even sides:
        an odd one is padded by repeating the last column or row.
    fps : how long the last picture is shown (1/fps), and a hint for the encoder; the times of
        ``write`` rule.
    sound : (float (n,) in −1..1, rate in Hz), or a film or recording whose sound is taken over
        (re-encoded, mono; one without sound gives a silent film), or ``None``.
    sound_track : as in ``sound_blocks``, of the film from which the sound is taken.
    warn : as in ``frames``, for that film.

    Raises
    ------
    MediaError : the folder cannot be written to or the disk is full; pictures of another size or
        out of order; no picture at all; the sound's film as in ``probe``.
    """

    def __init__(
        self,
        path: StrPath,
        width: int,
        height: int,
        fps: float,
        sound: tuple[np.ndarray, int] | StrPath | None = None,
        *,
        sound_track: int | None = None,
        warn: Warn | None = None,
    ):
        self.path = Path(path)
        self._shape = (height, width, 3)
        self._fps = Fraction(fps).limit_denominator(1001)
        self._sound, self._rate = _writable_sound(sound, sound_track, warn)
        self._encoded = 0  # samples of sound
        self._last = -1  # time stamp of the last picture, in ticks

    def __enter__(self) -> Self:
        self._context = self._opened()
        with _writing(self.path):
            self._context.__enter__()
        return self

    def __exit__(self, kind, error, trace) -> bool | None:
        # After a failure, closing the film may fail as well (a full disk): the first error is the
        # one to tell.
        with _writing(self.path) if kind is None else suppress(OSError, av.FFmpegError, WriteError):
            return self._context.__exit__(kind, error, trace)

    def write(self, image: np.ndarray, t: float) -> None:
        """Add a picture, shown until the next one.

        Parameters
        ----------
        image : RGB uint8 (height, width, 3).
        t : seconds from which it is shown, later than the one before.
        """
        stamp = round(t * _TICKS)
        if image.shape != self._shape or image.dtype != np.uint8:
            raise MediaError(
                self.path,
                f"picture {image.shape} {image.dtype}, not {self._shape} uint8 as announced",
                "give all pictures the same size",
            )
        if stamp <= self._last:
            raise MediaError(
                self.path,
                f"picture at {t:.3f} s is not later than the one before",
                "write them in order",
            )
        self._last = stamp
        height, width, _ = self._shape
        image = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(
            format="yuv420p", dst_colorspace="ITU709"
        )
        frame.pts = stamp
        frame.time_base = Fraction(1, _TICKS)
        frame.duration = round(_TICKS / self._fps)
        with _writing(self.path):
            self._container.mux(self._picture.encode(frame))
            self._write_sound(until=t)

    @contextmanager
    def _opened(self) -> Iterator[None]:
        if self.path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder")
        # Players want the index in front (faststart), and edit lists count in the movie's own time
        # scale.
        options = {"movflags": "faststart", "movie_timescale": str(_TICKS)}
        with replacing(self.path) as temporary:
            temporary.touch()  # PyAV would find out at the first picture only that it cannot
            with av.open(str(temporary.absolute()), "w", options=options) as self._container:
                self._add_streams()
                yield
                self._finish()

    def _finish(self) -> None:
        if self._last < 0:
            raise MediaError(
                self.path, "no picture was given, so no film was written", "write at least one"
            )
        self._container.mux(self._picture.encode())
        if self._sound is not None:
            self._write_sound(until=math.inf)
            self._container.mux(self._voice.encode())

    def _add_streams(self) -> None:
        height, width, _ = self._shape
        self._picture = self._container.add_stream(
            "libx264", rate=self._fps, options={"preset": "veryfast"}
        )
        self._picture.width = width + width % 2
        self._picture.height = height + height % 2
        self._picture.pix_fmt = "yuv420p"
        context = self._picture.codec_context
        context.time_base = Fraction(1, _TICKS)
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        if self._sound is not None:
            # The default coder crackles on steady tones and costs more bits on speech.
            options = {"aac_coder": "fast"}
            self._voice = self._container.add_stream(
                "aac", rate=self._rate, layout="mono", options=options
            )
            self._voice.bit_rate = 96_000

    def _write_sound(self, until: float) -> None:
        """Encode sound up to ``until`` (s): kept beside the pictures, so that the muxer need not
        hold either back.
        """
        while self._sound is not None and self._encoded < until * self._rate:
            block = next(self._sound, None)
            if block is None:
                return
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(block[None]), format="fltp", layout="mono"
            )
            frame.sample_rate = self._rate
            frame.pts = self._encoded
            frame.time_base = Fraction(1, self._rate)
            self._encoded += len(block)
            self._container.mux(self._voice.encode(frame))


def _writable_sound(
    sound, track: int | None, warn: Warn | None
) -> tuple[Iterator[np.ndarray] | None, int]:
    """Blocks of sound at a rate AAC knows, and that rate; None without sound."""
    if sound is None:
        return None, 0
    if isinstance(sound, tuple):
        return _array_blocks(*sound)
    rate = probe(sound, sound_track=track).sample_rate
    if rate is None:
        return None, 0
    if rate not in _AAC_RATES:
        rate = 48000
    return sound_blocks(sound, rate, track=track, warn=warn), rate


def _array_blocks(x: np.ndarray, rate: int) -> tuple[Iterator[np.ndarray], int]:
    x = np.asarray(x, np.float32)
    if rate not in _AAC_RATES:
        x = soxr.resample(x, rate, 48000)
        rate = 48000
    blocks = (x[start : start + rate] for start in range(0, len(x), rate))
    return blocks, rate


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except WriteError as error:
        raise MediaError(path, error.what, "check its folder and the space left") from error
    except (OSError, av.FFmpegError) as error:
        reason = error.strerror or error
        raise MediaError(
            path, f"cannot be written ({reason})", "check its folder and the space left"
        ) from error
