"""What can be done to a recording to make it worse: noise, a telephone, MP3.

Each takes float32 (samples,) in −1..1 at ``sr`` Hz and gives the same number of samples, nothing
moved in time.
"""

import io

import av
import numpy as np
from scipy import signal

from ..errors import EmotutilsError
from .activity import FRAME, voice_activity

_LINE_RATE = 8000  # samples a second of a telephone line


def white_noise(
    x: np.ndarray,
    snr: float,
    sr: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """A recording in white noise: as a float file, peaks may pass 1.

    The voice's level is its mean power where ``voices.voice_activity`` hears somebody, so that
    pauses and silence before and after do not count; of a recording without any voice it is that of
    the whole. Silence stays silence.

    Parameters
    ----------
    x : float32 (samples,), mono, in -1..1.
    snr : dB by which the noise lies below the voice.
    sr : samples a second.
    rng : draws the noise.

    Returns
    -------
    float32 (samples,).
    """
    activity = voice_activity(x, sr)
    voiced = np.repeat(activity, round(FRAME * sr))
    voiced = voiced[: len(x)]
    voice = x[voiced] if voiced.any() else x
    power = np.mean(np.square(voice, dtype=np.float64))
    noise = rng.standard_normal(len(x))
    wanted = power / 10 ** (snr / 10)
    gain = np.sqrt(wanted / np.mean(noise**2))
    return (x + noise * gain).astype(np.float32)


def telephone(x: np.ndarray, high: float, sr: int) -> np.ndarray:
    """A recording as a telephone lets it through: from 300 Hz up, over 8000 samples a second.

    The edges are 6 dB down, the filter is symmetric and delays nothing. A line's own noise and
    coding are left out.

    Parameters
    ----------
    x : float32 (samples,), mono, in -1..1.
    high : Hz, the upper edge; 3400 on a good line, below 4000.
    sr : samples a second.

    Returns
    -------
    float32 (samples,).
    """
    band = signal.firwin(401, [300, high], pass_zero=False, fs=_LINE_RATE)  # 50 ms
    on_the_line = signal.resample_poly(x, _LINE_RATE, sr)
    on_the_line = np.pad(on_the_line, len(band) // 2)
    passed = signal.fftconvolve(on_the_line, band, mode="valid")
    back = signal.resample_poly(passed, sr, _LINE_RATE)
    return back[: len(x)].astype(np.float32)


def mp3(x: np.ndarray, kbits: int, sr: int) -> np.ndarray:
    """A recording written as mono MP3 (LAME, by PyAV) and read again.

    At 16 kHz there are 8, 16, 24, 32, 40, 48, 56, 64, 80 … 160 kbit/s; LAME takes the nearest. With
    few of them it leaves the top of the band out: what is above about 7.4 kHz at 64 and 32, 6.5 kHz
    at 24 and 16, 3.4 kHz at 8. The file says how many samples coder and decoder put in front, and
    the reader leaves them out: nothing moves.

    Parameters
    ----------
    x : float32 (samples,), mono, in -1..1.
    kbits : kbit/s.
    sr : samples a second.

    Returns
    -------
    float32 (samples,).

    Raises
    ------
    EmotutilsError : PyAV without LAME; a rate of samples that MP3 does not have.
    """
    if "libmp3lame" not in av.codecs_available:
        raise EmotutilsError(
            "this PyAV cannot write MP3 (no libmp3lame): install it with pip, or leave mp3 out"
        )
    try:
        decoded = _decoded(_encoded(x, kbits, sr))
    except (av.FFmpegError, ValueError) as error:
        raise EmotutilsError(f"no MP3 of {kbits} kbit/s from sound at {sr} Hz: {error}") from error
    missing = max(0, len(x) - len(decoded))
    padded = np.pad(decoded, (0, missing))
    return padded[: len(x)]


def _encoded(x: np.ndarray, kbits: int, sr: int) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=sr, layout="mono")
        stream.bit_rate = kbits * 1000
        one_channel = np.ascontiguousarray(x[None], np.float32)
        frame = av.AudioFrame.from_ndarray(one_channel, format="fltp", layout="mono")
        frame.sample_rate = sr
        container.mux(stream.encode(frame))
        container.mux(stream.encode())  # what the coder still holds
    return file.getvalue()


def _decoded(mp3_file: bytes) -> np.ndarray:
    with av.open(io.BytesIO(mp3_file)) as container:
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    return np.concatenate(frames)
