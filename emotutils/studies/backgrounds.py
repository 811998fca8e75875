"""What else can be heard in a film, made by formula: noise, hum, music, breath and clicks.

Each function takes the number of samples at 16 kHz and what draws, and gives float64 (samples,) of
mean power 1.
"""

from collections.abc import Callable

import numpy as np
from scipy import signal

from ..voices import SAMPLE_RATE

_SCALE = (0, 2, 4, 7, 9)  # semitones of a pentatonic scale
_CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))  # I, vi, IV, V


def white(
    n: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """White noise."""
    return rng.standard_normal(n)


def pink(
    n: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Noise that falls by 3 dB an octave, as rain and traffic do about."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    frequency = np.arange(1, len(spectrum))
    spectrum[1:] /= np.sqrt(frequency)
    spectrum[0] = 0
    x = np.fft.irfft(spectrum, n)
    return _power_one(x)


def hum(
    n: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Mains hum: 50 Hz and its harmonics, swelling slowly."""
    t = np.arange(n) / SAMPLE_RATE
    x = np.zeros(n)
    for k in range(1, 13):
        phase = rng.uniform(0, 2 * np.pi)
        angle = 2 * np.pi * 50 * k * t
        x += np.sin(angle + phase) / k
    phase = rng.uniform(0, 2 * np.pi)
    slow = 2 * np.pi * 0.2 * t
    swelling = 1 + 0.3 * np.sin(slow + phase)
    return _power_one(x * swelling)


def music(
    n: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Chords, a melody with vibrato over them, and drums, at a drawn speed and in a drawn key."""
    beat = 60 / rng.uniform(80, 140)  # s
    key = 110 * 2 ** (rng.integers(12) / 12)  # Hz
    x = np.zeros(n)
    for number, start in enumerate(np.arange(0, n / SAMPLE_RATE, beat)):
        chord = _CHORDS[number // 4 % len(_CHORDS)]
        for semitones in chord:
            hz = key * 2 ** (semitones / 12)
            note = _tone(hz, 2 * beat, 0)
            _add(x, start, 0.3 * note)
        for half in (0, beat / 2):
            semitones = 24 + rng.choice(_SCALE)
            hz = key * 2 ** (semitones / 12)
            note = _tone(hz, beat / 2, 0.005)
            _add(x, start + half, 0.6 * note)
        _add(x, start, _drum(rng))
    return _power_one(x)


def _tone(
    hz: float,
    seconds: float,
    vibrato: float,
) -> np.ndarray:
    """A plucked note; ``vibrato`` is the share by which its pitch moves, five times a second."""
    samples = int(seconds * SAMPLE_RATE)
    t = np.arange(samples) / SAMPLE_RATE
    wave = np.cos(2 * np.pi * 5 * t)
    phase = 2 * np.pi * hz * t - vibrato * hz / 5 * wave
    x = sum(np.sin(k * phase) / k**1.5 for k in range(1, 8))
    rising = np.minimum(t / 0.01, 1)
    falling = np.exp(-2 * t / seconds)
    return x * rising * falling


def _drum(rng: np.random.Generator) -> np.ndarray:
    t = np.arange(int(0.2 * SAMPLE_RATE)) / SAMPLE_RATE
    skin = np.sin(2 * np.pi * 60 * t)
    skin *= np.exp(-t / 0.05)
    snare = rng.standard_normal(len(t))
    snare *= np.exp(-t / 0.02)
    return skin + 0.5 * snare


def breathing(
    n: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Breath: noise shaped by a throat, in and out every three to five seconds."""
    x = np.zeros(n)
    start = rng.uniform(0, 1)
    while start < n / SAMPLE_RATE:
        cycle = rng.uniform(3, 5)
        breath_in = _breath(0.35 * cycle, 1200, rng)
        _add(x, start, breath_in)
        breath_out = _breath(0.4 * cycle, 800, rng)
        _add(x, start + 0.45 * cycle, 0.7 * breath_out)
        start += cycle
    return _power_one(x)


def _breath(
    seconds: float,
    hz: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Noise around a throat's resonance that swells and fades."""
    samples = int(seconds * SAMPLE_RATE)
    noise = rng.standard_normal(samples)
    throat = signal.butter(
        1,
        [hz / 2, hz * 3],
        "bandpass",
        fs=SAMPLE_RATE,
        output="sos",
    )
    progress = np.arange(samples) / samples
    swelling = np.sin(np.pi * progress) ** 2
    return signal.sosfilt(throat, noise) * swelling


def clicks(
    n: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Knocks and keys: bursts of a few milliseconds at drawn moments, four a second on average."""
    x = np.zeros(n)
    seconds = n / SAMPLE_RATE
    number = max(1, int(4 * seconds))
    moments = rng.uniform(0, seconds, number)
    t = np.arange(int(0.05 * SAMPLE_RATE)) / SAMPLE_RATE
    for moment in moments:
        fading = np.exp(-t / rng.uniform(0.002, 0.01))
        loudness = rng.uniform(0.3, 1)
        burst = rng.standard_normal(len(t))
        _add(x, moment, loudness * burst * fading)
    return _power_one(x)


def _add(
    x: np.ndarray,
    start: float,
    part: np.ndarray,
) -> None:
    """Put a part into the sound from ``start`` seconds on, in place."""
    begin = int(start * SAMPLE_RATE)
    part = part[: max(0, len(x) - begin)]
    x[begin : begin + len(part)] += part


def _power_one(x: np.ndarray) -> np.ndarray:
    return x / np.sqrt(np.mean(x**2))


BACKGROUNDS: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "white noise": white,
    "pink noise": pink,
    "hum": hum,
    "music": music,
    "breathing": breathing,
    "clicks": clicks,
}
