"""A voice made of numbers: a glottal source through a vocal-tract filter, the sound half of the
sample sets.

A pulse train with jitter, shimmer and tremor (the flow model of Klatt and Klatt 1990) and breath
noise pass through formant resonances (vowels after Peterson and Barney 1952); consonants are gaps,
bursts, hisses and hums. How an emotion colours it follows the reviews of Scherer (1986, 2003) and
Juslin and Laukka (2003): directions from them, sizes chosen by ear. Syllables only: nobody says
anything.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import get_window, resample_poly

SAMPLE_RATE = 16000
_HOP, _WINDOW, _FFT = 128, 256, 512  # samples at 16 kHz: 8 ms steps of the vocal tract
_HANN = get_window("hann", _WINDOW)  # periodic: halves that overlap add up to one

_VOWELS = {
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (270, 2290, 3010),
    "o": (570, 840, 2410),
}
_VOWELS |= {"u": (300, 870, 2240), "@": (500, 1450, 2450)}
# F1, F2, F3 of the tract, voicing, noise, the noise's centre in Hz, seconds; a stop is a gap and
# then a burst.
_CONSONANTS = {
    "b": (220, 900, 2300, 0.12, 0.3, 700, 0.07), "d": (220, 1750, 2600, 0.12, 0.4, 3500, 0.07),
    "g": (220, 2000, 2400, 0.10, 0.4, 2000, 0.07), "k": (350, 2000, 2400, 0.0, 0.7, 2000, 0.10),
    "t": (350, 1750, 2600, 0.0, 0.8, 4200, 0.10), "s": (350, 1700, 2600, 0.0, 0.8, 5800, 0.11),
    "f": (350, 1100, 2300, 0.0, 0.35, 4500, 0.10), "m": (250, 1000, 2200, 0.35, 0.0, 0, 0.07),
    "n": (250, 1700, 2600, 0.35, 0.0, 0, 0.07), "l": (330, 1200, 2800, 0.50, 0.0, 0, 0.06),
    "w": (300, 650, 2200, 0.50, 0.0, 0, 0.07), "j": (280, 2200, 2900, 0.50, 0.0, 0, 0.07),
}  # fmt: skip
_STOPS = frozenset("bdgkt")


@dataclass(frozen=True)
class Speaker:
    """Who speaks: mean pitch in Hz, factor on the formants (a longer tract: smaller), breathiness
    and pace around 1.
    """

    pitch: float = 118.0
    tract: float = 1.0
    breath: float = 1.0
    pace: float = 1.0

    @classmethod
    def random(cls, rng: np.random.Generator, female: bool) -> "Speaker":
        """Somebody new, drawn from ``rng``."""
        pitch, tract = (205, 1.15) if female else (115, 1.0)
        near = rng.uniform(-1, 1, 4)
        return cls(
            pitch * 2 ** (near[0] / 6),
            tract * (1 + 0.04 * near[1]),
            1 + 0.4 * near[2],
            1 + 0.08 * near[3],
        )


@dataclass(frozen=True)
class Style:
    """How it is said: pitch above the speaker's mean, accents and drift over the phrase in
    semitones; pace as a factor; level in dB; cut-off of the spectral tilt in Hz; breath, jitter and
    tremor (semitones); pauses in seconds.
    """

    pitch: float
    accent: float
    drift: float
    pace: float
    level: float
    tilt: float
    breath: float
    jitter: float
    tremor: float
    pause: float


STYLES: dict[str, Style] = {
    "anger": Style(4.0, 4.5, -3.0, 1.20, 0, 9000, 0.03, 0.25, 0.0, 0.22),
    "disgust": Style(-2.0, 2.0, -4.5, 0.78, -9, 1700, 0.08, 0.80, 0.0, 0.45),
    "fear": Style(6.5, 1.8, 0.5, 1.25, -6, 3000, 0.16, 0.40, 0.7, 0.30),
    "happiness": Style(5.0, 6.0, 1.0, 1.12, -3, 4500, 0.04, 0.15, 0.0, 0.25),
    "sadness": Style(-1.5, 1.0, -2.5, 0.70, -15, 800, 0.15, 0.25, 0.25, 0.60),
    "surprise": Style(5.5, 5.0, 7.0, 1.05, -4, 3800, 0.06, 0.15, 0.0, 0.40),
    "neutral": Style(0.0, 1.6, -2.0, 1.00, -9, 2000, 0.04, 0.15, 0.0, 0.35),
    "calm": Style(-0.8, 1.2, -1.8, 0.84, -13, 1300, 0.08, 0.12, 0.0, 0.45),
}


def _plan(
    syllables: list[str], style: Style, speaker: Speaker, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """What every 8-ms step should sound like: formants, voicing, noise and its centre, pitch in
    semitones.
    """
    marks: list[tuple[float, ...]] = []  # (seconds, F1, F2, F3, voicing, noise, centre)
    accents: list[tuple[float, float]] = []
    t, pace = 0.06, style.pace * speaker.pace
    for k, syllable in enumerate(syllables):
        *onset, vowel = syllable
        stressed, last = k % 2 == 0 or rng.random() < 0.2, k == len(syllables) - 1
        for name in onset:
            *tract, voicing, noise, centre, seconds = _CONSONANTS[name]
            seconds *= rng.uniform(0.9, 1.1) / pace**0.5
            if name in _STOPS:
                marks += [
                    (t, *tract, voicing, 0, centre),
                    (t + seconds - 0.016, *tract, voicing, 0, centre),
                ]
                marks += [
                    (t + seconds - 0.012, *tract, voicing, noise, centre),
                    (t + seconds, *tract, 0.3, 0, centre),
                ]
            else:
                marks += [
                    (t + 0.02, *tract, voicing, noise, centre),
                    (t + seconds, *tract, voicing, noise, centre),
                ]
            t += seconds
        seconds = (
            rng.uniform(0.13, 0.16) * (1.35 if stressed else 0.85) * (1.4 if last else 1.0) / pace
        )
        loud = (1.0 if stressed else 0.72) * rng.uniform(0.9, 1.1)
        centre = marks[-1][-1] if marks else 0
        marks += [
            (t + 0.03, *_VOWELS[vowel], loud, 0, centre),
            (t + seconds - 0.02, *_VOWELS[vowel], loud * 0.85, 0, centre),
        ]
        if stressed:
            accents.append((t + seconds / 2, style.accent * rng.uniform(0.6, 1.1)))
        t += seconds
    end, shape = t, marks[-1][1:4]
    marks = [(0.0, *marks[0][1:4], 0, 0, marks[0][-1]), *marks, (end + 0.05, *shape, 0, 0, 0)]
    table = np.array(marks)
    steps = np.arange(0, end + 0.14, _HOP / SAMPLE_RATE)
    tracks = [np.interp(steps, table[:, 0], table[:, k]) for k in range(1, 7)]
    semitones = style.pitch + style.drift * (
        np.clip(steps / end, 0, 1) ** (2 if style.drift > 3 else 1) - 0.3
    )
    for when, size in accents:
        semitones = semitones + size * np.exp(-0.5 * ((steps - when) / 0.09) ** 2)
    semitones += style.tremor * np.sin(2 * np.pi * 6.5 * steps + rng.uniform(0, 6))
    formants = gaussian_filter1d(np.stack(tracks[:3]), 2.0, axis=1) * speaker.tract
    voicing, noise = gaussian_filter1d(tracks[3], 1.2), gaussian_filter1d(tracks[4], 0.6)
    voicing = voicing * (1 + 0.25 * style.tremor * np.sin(2 * np.pi * 6.5 * steps))
    return {
        "formants": formants,
        "voicing": voicing,
        "noise": noise,
        "centre": tracks[5],
        "semitones": semitones,
    }


def _glottis(
    semitones: np.ndarray, style: Style, speaker: Speaker, rng: np.random.Generator, n: int
) -> np.ndarray:
    """The flow's derivative, made at twice the rate so that its closing edge does not alias; (n,)
    samples.
    """
    wobble = style.jitter * gaussian_filter1d(rng.standard_normal(len(semitones)), 0.7)
    f0 = speaker.pitch * 2 ** ((semitones + wobble) / 12)
    phase = np.cumsum(np.interp(np.arange(2 * n) / (2 * _HOP), np.arange(len(f0)), f0)) / (
        2 * SAMPLE_RATE
    )
    cycle = np.floor(phase).astype(int)
    open_part = np.clip(0.45 + 1.2 * style.breath - 0.1 * (style.tilt > 5000), 0.3, 0.7)
    x = np.minimum((phase - cycle) / open_part, 1.0)
    shimmer = 1 + (0.03 + 0.12 * style.jitter) * rng.standard_normal(cycle[-1] + 1)
    pulse = np.where(x < 1, 2 * x - 3 * x**2, 0.0) * shimmer[cycle]
    return resample_poly(pulse, 1, 2)[:n]


def _filter(x: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Overlap-add of short frames, each multiplied in frequency by its row of ``gain`` (steps,
    257).
    """
    steps = len(gain)
    padded = np.pad(x, (_WINDOW // 2, _WINDOW + _FFT))
    frames = (
        np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[: steps * _HOP : _HOP] * _HANN
    )
    frames = np.fft.irfft(np.fft.rfft(frames, _FFT) * gain, _FFT)
    out = np.zeros(steps * _HOP + _FFT)
    for k, frame in enumerate(frames):
        out[k * _HOP : k * _HOP + _FFT] += frame
    return out[_WINDOW // 2 : _WINDOW // 2 + len(x)]


def speak(
    syllables: str,
    emotion: str,
    speaker: Speaker,
    rng: np.random.Generator,
    *,
    strength: float = 1.0,
    spread: float = 0.0,
    styles: Mapping[str, Style] = STYLES,
) -> np.ndarray:
    """Say syllables such as ``"ki da ta"`` (consonants b d g k t s f m n l w j, vowels a e i o u
    @).

    Parameters
    ----------
    emotion : a key of ``styles``; ``strength``: 0 neutral .. 1 full; ``spread``: how far this one
        clip may stray in pitch, pace, level and brightness (1: about as much as one person on one
        day).
    styles : how this speaker says each emotion; neutral must be among them.

    Returns
    -------
    float32 (samples,) at 16 kHz, −1..1, a few hundredths of a second of silence at either end.
    """
    plain, full = np.array(astuple(styles["neutral"])), np.array(astuple(styles[emotion]))
    style = Style(*(plain + strength * (full - plain)))
    stray = spread * rng.standard_normal(5)
    style = replace(
        style,
        pitch=style.pitch + 1.2 * stray[0],
        accent=style.accent * 1.2 ** stray[1],
        pace=style.pace * 1.08 ** stray[2],
        level=style.level + 2.5 * stray[3],
        tilt=style.tilt * 1.25 ** stray[4],
    )
    plan = _plan(syllables.split(), style, speaker, rng)
    steps = len(plan["voicing"])
    n = steps * _HOP
    f = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE)[None]
    rise = 900 * (2000 / style.tilt) ** 0.6  # the greater the effort, the brighter the source
    tract = (1 + 1j * f / rise) / (1 + 1j * f / style.tilt)
    widths = (60 + 120 * style.breath, 90, 130)
    fixed = [(k * speaker.tract, k / 15) for k in (3400, 4500, 5500, 6500, 7500)]
    for formant, width in [*zip(plan["formants"], widths, strict=True), *fixed]:
        formant = np.broadcast_to(formant, steps)[:, None]
        tract = tract * formant**2 / (formant**2 - f**2 + 1j * f * width)
    tract = tract * np.clip(f / 90, 0, 1) ** 2  # no rumble
    at = np.arange(n) / _HOP
    voicing = np.interp(at, np.arange(steps), plan["voicing"])
    pulse = _glottis(plan["semitones"], style, speaker, rng, n)
    breath = style.breath * speaker.breath * rng.standard_normal(n) * 0.5
    voice = _filter((pulse + breath) * voicing, tract)
    hiss = np.exp(
        -0.5 * ((f - plan["centre"][:, None]) / (350 + 0.2 * plan["centre"][:, None])) ** 2
    )
    noise = _filter(rng.standard_normal(n) * np.interp(at, np.arange(steps), plan["noise"]), hiss)
    loud = np.sqrt(np.mean(voice[voicing > 0.4] ** 2)) + 1e-9
    sound = voice / loud + 0.30 * noise
    return np.tanh(0.20 * 10 ** (style.level / 20) * sound).astype(np.float32)


def babble(syllables: int, rng: np.random.Generator) -> str:
    """That many syllables nobody has a meaning for, for ``speak``."""
    onsets, vowels = "bdgktsfmnlwj", "aeiou@"
    return " ".join(onsets[rng.integers(12)] + vowels[rng.integers(6)] for _ in range(syllables))


def talk(
    emotion: str,
    speaker: Speaker,
    seconds: float,
    rng: np.random.Generator,
    styles: Mapping[str, Style] = STYLES,
) -> np.ndarray:
    """Phrases of six to nine syllables (the last may be shorter) with pauses: float32, ``seconds``
    long, at 16 kHz.
    """
    out = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
    at, size = int(0.25 * SAMPLE_RATE), int(rng.integers(6, 10))
    while size > 1:
        phrase = speak(babble(size, rng), emotion, speaker, rng, styles=styles)
        if at + len(phrase) > len(out):
            size //= 2  # something shorter may still fit
            continue
        out[at : at + len(phrase)] = phrase
        at += len(phrase) + int(styles[emotion].pause * SAMPLE_RATE)
        size = int(rng.integers(6, 10))
    return out


def loudness(x: np.ndarray, fps: float) -> np.ndarray:
    """How far a mouth would open for each picture of a film: (round(seconds·fps),) of 0..1,
    relative to x's loudest.
    """
    n = round(len(x) / SAMPLE_RATE * fps)
    edges = np.linspace(0, len(x), n + 1).astype(int)
    power = np.add.reduceat(np.append(x.astype(np.float64) ** 2, 0), edges[:-1]) / np.diff(edges)
    level = np.sqrt(power)
    top = np.quantile(level, 0.95)
    return gaussian_filter1d(np.clip(level / top, 0, 1) ** 0.7, fps / 50) if top > 0 else level
