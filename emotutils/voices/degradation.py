"""What can be done to a recording to make it worse: noise, a telephone, MP3.

Taught in notebooks/11_evaluation.
"""

import io

import av
import numpy as np
from scipy import signal

from ..errors import EmotutilsError
from .activity import FRAME, voice_activity

# --- voices: float32 (samples,) in −1..1 at sr Hz → the same length, nothing moved in time --------


def white_noise(x: np.ndarray, snr: float, sr: int, rng: np.random.Generator) -> np.ndarray:
    """A recording in white noise ``snr`` dB below the voice: as a float file, peaks may pass 1.

    The voice's level is its mean power where ``voices.voice_activity`` hears somebody, so that
    pauses and silence before and after do not count; of a recording without any voice it is that of
    the whole. Silence stays silence.
    """
    voiced = np.repeat(voice_activity(x, sr), round(FRAME * sr))[: len(x)]
    power = np.mean(np.square(x[voiced] if voiced.any() else x, dtype=np.float64))
    noise = rng.standard_normal(len(x))
    return (x + noise * np.sqrt(power / 10 ** (snr / 10) / np.mean(noise**2))).astype(np.float32)


def telephone(x: np.ndarray, high: float, sr: int) -> np.ndarray:
    """A recording as a telephone lets it through: 300 Hz to ``high`` (3400 on a good line), over
    8000 samples a second.

    The edges are 6 dB down, the filter is symmetric and delays nothing. A line's own noise and
    coding are left out.
    """
    band = signal.firwin(401, [300, high], pass_zero=False, fs=8000)  # 50 ms
    heard = signal.fftconvolve(np.pad(signal.resample_poly(x, 8000, sr), 200), band, mode="valid")
    return signal.resample_poly(heard, sr, 8000)[: len(x)].astype(np.float32)


def mp3(x: np.ndarray, kbits: int, sr: int) -> np.ndarray:
    """A recording written as mono MP3 of ``kbits`` kbit/s (LAME, by PyAV) and read again.

    At 16 kHz there are 8, 16, 24, 32, 40, 48, 56, 64, 80 … 160 kbit/s; LAME takes the nearest. With
    few of them it leaves the top of the band out: what is above about 7.4 kHz at 64 and 32, 6.5 kHz
    at 24 and 16, 3.4 kHz at 8. The file says how many samples coder and decoder put in front, and
    the reader leaves them out: nothing moves.

    Raises
    ------
    EmotutilsError : PyAV without LAME; a rate of samples that MP3 does not have.
    """
    if "libmp3lame" not in av.codecs_available:
        raise EmotutilsError(
            "this PyAV cannot write MP3 (no libmp3lame): install it with pip, or leave mp3 out"
        )
    file = io.BytesIO()
    try:
        with av.open(file, "w", format="mp3") as written:
            stream = written.add_stream("libmp3lame", rate=sr, layout="mono")
            stream.bit_rate = kbits * 1000
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(x[None], np.float32), format="fltp", layout="mono"
            )
            frame.sample_rate = sr
            written.mux([*stream.encode(frame), *stream.encode()])
        with av.open(io.BytesIO(file.getvalue())) as read:
            heard = np.concatenate([frame.to_ndarray()[0] for frame in read.decode(audio=0)])
    except (av.FFmpegError, ValueError) as error:
        raise EmotutilsError(f"no MP3 of {kbits} kbit/s from sound at {sr} Hz: {error}") from error
    return np.pad(heard, (0, max(0, len(x) - len(heard))))[: len(x)]
