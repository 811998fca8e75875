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
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import get_window, resample_poly

SAMPLE_RATE = 16000
# In samples at 16 kHz: the vocal tract moves in steps of 8 ms.
_HOP = 128
_WINDOW = 256
_FFT = 512
_HANN = get_window("hann", _WINDOW)  # periodic: halves that overlap add up to one
_FREQUENCIES = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE)[None]

#: F1, F2 and F3 of the vowels, Hz.
_VOWELS = {
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (270, 2290, 3010),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
    "@": (500, 1450, 2450),
}


class _Consonant(NamedTuple):
    """Formants of the tract (Hz), voicing and noise (0..1), the noise's centre (Hz), seconds."""

    tract: tuple[int, int, int]
    voicing: float
    noise: float
    centre: int
    seconds: float


#: A stop is a gap and then a burst.
_CONSONANTS = {
    "b": _Consonant(
        tract=(220, 900, 2300),
        voicing=0.12,
        noise=0.3,
        centre=700,
        seconds=0.07,
    ),
    "d": _Consonant(
        tract=(220, 1750, 2600),
        voicing=0.12,
        noise=0.4,
        centre=3500,
        seconds=0.07,
    ),
    "g": _Consonant(
        tract=(220, 2000, 2400),
        voicing=0.10,
        noise=0.4,
        centre=2000,
        seconds=0.07,
    ),
    "k": _Consonant(
        tract=(350, 2000, 2400),
        voicing=0.0,
        noise=0.7,
        centre=2000,
        seconds=0.10,
    ),
    "t": _Consonant(
        tract=(350, 1750, 2600),
        voicing=0.0,
        noise=0.8,
        centre=4200,
        seconds=0.10,
    ),
    "s": _Consonant(
        tract=(350, 1700, 2600),
        voicing=0.0,
        noise=0.8,
        centre=5800,
        seconds=0.11,
    ),
    "f": _Consonant(
        tract=(350, 1100, 2300),
        voicing=0.0,
        noise=0.35,
        centre=4500,
        seconds=0.10,
    ),
    "m": _Consonant(
        tract=(250, 1000, 2200),
        voicing=0.35,
        noise=0.0,
        centre=0,
        seconds=0.07,
    ),
    "n": _Consonant(
        tract=(250, 1700, 2600),
        voicing=0.35,
        noise=0.0,
        centre=0,
        seconds=0.07,
    ),
    "l": _Consonant(
        tract=(330, 1200, 2800),
        voicing=0.50,
        noise=0.0,
        centre=0,
        seconds=0.06,
    ),
    "w": _Consonant(
        tract=(300, 650, 2200),
        voicing=0.50,
        noise=0.0,
        centre=0,
        seconds=0.07,
    ),
    "j": _Consonant(
        tract=(280, 2200, 2900),
        voicing=0.50,
        noise=0.0,
        centre=0,
        seconds=0.07,
    ),
}
_STOPS = frozenset("bdgkt")

#: How far voices differ in timbre, in octaves of a formant; and how far each speaker's manner of
#: saying an emotion is from the reviews', in days of one person: pitch, accents, pace, level and
#: brightness. So that a voice never heard is as new to a classifier as one of RAVDESS's is; the
#: level strays least, so that anger stays louder than calm.
TIMBRE = 0.15
MANNER = (3.0, 3.0, 3.0, 1.0, 3.0)


@dataclass(frozen=True)
class Speaker:
    """Who speaks: mean pitch in Hz, factor on the formants (a longer tract: smaller), breathiness
    and pace around 1; and the timbre by which a voice is known: factors on F1, F2 and F3, and on
    the brightness.
    """

    pitch: float = 118.0
    tract: float = 1.0
    breath: float = 1.0
    pace: float = 1.0
    formants: tuple[float, float, float] = (1.0, 1.0, 1.0)
    bright: float = 1.0

    @classmethod
    def random(cls, rng: np.random.Generator, female: bool) -> "Speaker":
        """Somebody new, drawn from ``rng``."""
        pitch = 205 if female else 115
        tract = 1.15 if female else 1.0
        near = rng.uniform(-1, 1, 4)
        timbre = 2 ** (TIMBRE * rng.standard_normal(4))
        return cls(
            pitch=pitch * 2 ** (near[0] / 6),
            tract=tract * (1 + 0.04 * near[1]),
            breath=1 + 0.4 * near[2],
            pace=1 + 0.08 * near[3],
            formants=tuple(timbre[:3]),
            bright=timbre[3] ** 3,
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
    "anger": Style(
        pitch=4.0,
        accent=4.5,
        drift=-3.0,
        pace=1.20,
        level=0,
        tilt=9000,
        breath=0.03,
        jitter=0.25,
        tremor=0.0,
        pause=0.22,
    ),
    "disgust": Style(
        pitch=-2.0,
        accent=2.0,
        drift=-4.5,
        pace=0.78,
        level=-9,
        tilt=1700,
        breath=0.08,
        jitter=0.80,
        tremor=0.0,
        pause=0.45,
    ),
    "fear": Style(
        pitch=6.5,
        accent=1.8,
        drift=0.5,
        pace=1.25,
        level=-6,
        tilt=3000,
        breath=0.16,
        jitter=0.40,
        tremor=0.7,
        pause=0.30,
    ),
    "happiness": Style(
        pitch=5.0,
        accent=6.0,
        drift=1.0,
        pace=1.12,
        level=-3,
        tilt=4500,
        breath=0.04,
        jitter=0.15,
        tremor=0.0,
        pause=0.25,
    ),
    "sadness": Style(
        pitch=-1.5,
        accent=1.0,
        drift=-2.5,
        pace=0.70,
        level=-15,
        tilt=800,
        breath=0.15,
        jitter=0.25,
        tremor=0.25,
        pause=0.60,
    ),
    "surprise": Style(
        pitch=5.5,
        accent=5.0,
        drift=7.0,
        pace=1.05,
        level=-4,
        tilt=3800,
        breath=0.06,
        jitter=0.15,
        tremor=0.0,
        pause=0.40,
    ),
    "neutral": Style(
        pitch=0.0,
        accent=1.6,
        drift=-2.0,
        pace=1.00,
        level=-9,
        tilt=2000,
        breath=0.04,
        jitter=0.15,
        tremor=0.0,
        pause=0.35,
    ),
    "calm": Style(
        pitch=-0.8,
        accent=1.2,
        drift=-1.8,
        pace=0.84,
        level=-13,
        tilt=1300,
        breath=0.08,
        jitter=0.12,
        tremor=0.0,
        pause=0.45,
    ),
}


def manner(rng: np.random.Generator) -> dict[str, Style]:
    """How one speaker says each emotion: `STYLES`, each strayed once and for all."""
    own = {}
    for emotion, style in STYLES.items():
        stray = np.array(MANNER) * rng.standard_normal(5)
        own[emotion] = _strayed(style, stray)
    return own


class _Mark(NamedTuple):
    """What a moment should sound like; between two of them everything changes evenly."""

    t: float
    tract: tuple[float, float, float]
    voicing: float
    noise: float
    centre: float


class _Plan(NamedTuple):
    """What every 8-ms step should sound like: formants (3, steps) in Hz; voicing, noise, the
    noise's centre (Hz) and pitch in semitones, (steps,).
    """

    formants: np.ndarray
    voicing: np.ndarray
    noise: np.ndarray
    centre: np.ndarray
    semitones: np.ndarray


def _marks_of(name: str, t: float, seconds: float) -> list[_Mark]:
    """A consonant that begins at ``t``."""
    tract, voicing, noise, centre, _ = _CONSONANTS[name]
    end = t + seconds
    if name in _STOPS:
        return [
            _Mark(t, tract, voicing, 0, centre),
            _Mark(end - 0.016, tract, voicing, 0, centre),
            _Mark(end - 0.012, tract, voicing, noise, centre),
            _Mark(end, tract, 0.3, 0, centre),
        ]
    return [
        _Mark(t + 0.02, tract, voicing, noise, centre),
        _Mark(end, tract, voicing, noise, centre),
    ]


def _plan(syllables: list[str], style: Style, speaker: Speaker, rng: np.random.Generator) -> _Plan:
    marks: list[_Mark] = []
    accents: list[tuple[float, float]] = []
    t = 0.06
    pace = style.pace * speaker.pace
    for k, syllable in enumerate(syllables):
        *onset, vowel = syllable
        stressed = k % 2 == 0 or rng.random() < 0.2
        last = k == len(syllables) - 1
        for name in onset:
            seconds = _CONSONANTS[name].seconds * (rng.uniform(0.9, 1.1) / pace**0.5)
            marks += _marks_of(name, t, seconds)
            t += seconds
        seconds = rng.uniform(0.13, 0.16)
        seconds *= 1.35 if stressed else 0.85
        if last:
            seconds *= 1.4
        seconds /= pace
        loud = rng.uniform(0.9, 1.1)
        if not stressed:
            loud *= 0.72
        centre = marks[-1].centre if marks else 0
        tract = _VOWELS[vowel]
        marks.append(_Mark(t + 0.03, tract, loud, 0, centre))
        marks.append(_Mark(t + seconds - 0.02, tract, loud * 0.85, 0, centre))
        if stressed:
            accents.append((t + seconds / 2, style.accent * rng.uniform(0.6, 1.1)))
        t += seconds
    first = marks[0]
    begin = _Mark(0.0, first.tract, 0, 0, first.centre)
    end = _Mark(t + 0.05, marks[-1].tract, 0, 0, 0)
    return _between([begin, *marks, end], accents, t, style, speaker, rng)


def _between(
    marks: list[_Mark],
    accents: list[tuple[float, float]],
    end: float,
    style: Style,
    speaker: Speaker,
    rng: np.random.Generator,
) -> _Plan:
    """The plan that goes through these marks; ``accents``: when, and how many semitones."""
    table = np.array([(mark.t, *mark.tract, *mark[2:]) for mark in marks])
    steps = np.arange(0, end + 0.14, _HOP / SAMPLE_RATE)
    tracks = [np.interp(steps, table[:, 0], table[:, k]) for k in range(1, 7)]
    power = 2 if style.drift > 3 else 1
    drift = np.clip(steps / end, 0, 1) ** power - 0.3
    semitones = style.pitch + style.drift * drift
    for when, size in accents:
        semitones = semitones + size * np.exp(-0.5 * ((steps - when) / 0.09) ** 2)
    turn = 2 * np.pi * 6.5 * steps
    semitones += style.tremor * np.sin(turn + rng.uniform(0, 6))
    voicing = gaussian_filter1d(tracks[3], 1.2)
    own = speaker.tract * np.array(speaker.formants)
    return _Plan(
        formants=gaussian_filter1d(np.stack(tracks[:3]), 2.0, axis=1) * own[:, None],
        voicing=voicing * (1 + 0.25 * style.tremor * np.sin(turn)),
        noise=gaussian_filter1d(tracks[4], 0.6),
        centre=tracks[5],
        semitones=semitones,
    )


def _glottis(
    semitones: np.ndarray, style: Style, speaker: Speaker, rng: np.random.Generator, n: int
) -> np.ndarray:
    """The flow's derivative, made at twice the rate so that its closing edge does not alias; (n,)
    samples.
    """
    wobble = style.jitter * gaussian_filter1d(rng.standard_normal(len(semitones)), 0.7)
    f0 = speaker.pitch * 2 ** ((semitones + wobble) / 12)
    at = np.arange(2 * n) / (2 * _HOP)
    by_sample = np.interp(at, np.arange(len(f0)), f0)
    phase = np.cumsum(by_sample) / (2 * SAMPLE_RATE)
    cycle = np.floor(phase).astype(int)
    open_part = 0.45 + 1.2 * style.breath - 0.1 * (style.tilt > 5000)
    open_part = np.clip(open_part, 0.3, 0.7)
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
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)
    frames = windows[: steps * _HOP : _HOP] * _HANN
    spectra = np.fft.rfft(frames, _FFT)
    frames = np.fft.irfft(spectra * gain, _FFT)
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
    syllables : separated by spaces.
    emotion : a key of ``styles``.
    speaker : who says them.
    rng : decides every draw.
    strength : 0 neutral .. 1 full.
    spread : how far this one clip may stray in pitch, pace, level and brightness (1: about as much
        as one person on one day).
    styles : how this speaker says each emotion; neutral must be among them.

    Returns
    -------
    float32 (samples,) at 16 kHz, −1..1, a few hundredths of a second of silence at either end.
    """
    plain = np.array(astuple(styles["neutral"]))
    full = np.array(astuple(styles[emotion]))
    style = Style(*(plain + strength * (full - plain)))
    style = _strayed(style, spread * rng.standard_normal(5))
    style = replace(style, tilt=style.tilt * speaker.bright)
    plan = _plan(syllables.split(), style, speaker, rng)
    steps = len(plan.voicing)
    n = steps * _HOP
    at = np.arange(n) / _HOP
    voicing = np.interp(at, np.arange(steps), plan.voicing)
    pulse = _glottis(plan.semitones, style, speaker, rng, n)
    breath = style.breath * speaker.breath * rng.standard_normal(n) * 0.5
    voice = _filter((pulse + breath) * voicing, _tract(plan, style, speaker))
    centre = plan.centre[:, None]
    width = 350 + 0.2 * centre
    hiss = np.exp(-0.5 * ((_FREQUENCIES - centre) / width) ** 2)
    hissing = np.interp(at, np.arange(steps), plan.noise)
    noise = _filter(rng.standard_normal(n) * hissing, hiss)
    voiced = voice[voicing > 0.4]
    loud = np.sqrt(np.mean(voiced**2)) + 1e-9
    sound = voice / loud + 0.30 * noise
    factor = 10 ** (style.level / 20)
    return np.tanh(0.20 * factor * sound).astype(np.float32)


def _strayed(style: Style, stray: np.ndarray) -> Style:
    return replace(
        style,
        pitch=style.pitch + 1.2 * stray[0],
        accent=style.accent * 1.2 ** stray[1],
        pace=style.pace * 1.08 ** stray[2],
        level=style.level + 2.5 * stray[3],
        tilt=style.tilt * 1.25 ** stray[4],
    )


def _tract(plan: _Plan, style: Style, speaker: Speaker) -> np.ndarray:
    """What the vocal tract does to each frequency in each step: complex (steps, 257)."""
    f = _FREQUENCIES
    steps = len(plan.voicing)
    rise = 900 * (2000 / style.tilt) ** 0.6  # the greater the effort, the brighter the source
    gain = (1 + 1j * f / rise) / (1 + 1j * f / style.tilt)
    widths = (60 + 120 * style.breath, 90, 130)
    resonances = list(zip(plan.formants, widths, strict=True))
    for higher in (3400, 4500, 5500, 6500, 7500):
        resonances.append((higher * speaker.tract, higher / 15))
    for formant, width in resonances:
        formant = np.broadcast_to(formant, steps)[:, None]
        gain = gain * formant**2 / (formant**2 - f**2 + 1j * f * width)
    return gain * np.clip(f / 90, 0, 1) ** 2  # no rumble


def babble(syllables: int, rng: np.random.Generator) -> str:
    """That many syllables nobody has a meaning for, for ``speak``."""
    onsets = "bdgktsfmnlwj"
    vowels = "aeiou@"
    out = []
    for _ in range(syllables):
        onset = onsets[rng.integers(12)]
        out.append(onset + vowels[rng.integers(6)])
    return " ".join(out)


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
    at = int(0.25 * SAMPLE_RATE)
    size = int(rng.integers(6, 10))
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
    squares = np.append(x.astype(np.float64) ** 2, 0)
    power = np.add.reduceat(squares, edges[:-1]) / np.diff(edges)
    level = np.sqrt(power)
    top = np.quantile(level, 0.95)
    if top <= 0:
        return level
    return gaussian_filter1d(np.clip(level / top, 0, 1) ** 0.7, fps / 50)
