"""Draw the bundled film, demo.mp4, and write its truth, demo.csv, and its subtitles, demo.en.srt;
takes minutes.

    python -m emotutils.samples.film FOLDER

One drawn talking face passes through the seven emotions with a matching voice; then face and voice
disagree, nobody is in the picture, and the face is silent.

**The actor is cast.** Person, expressions, voice, ways of speaking and takes were searched at
random, and kept where earlier networks named what is acted; a look at every expression, and the
directions that reviews of vocal expression give, set the limits. The networks chose their own
actor: the film shows how the tool works, never how well.
"""

import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..media import FilmWriter
from ..support.files import replacing
from .muscles import EXPRESSIONS, Identity
from .scene import Scene, blend
from .voice import SAMPLE_RATE, Speaker, Style, loudness, talk

#: What the bundled film shows: (face, voice, note) for stretches of ``DEMO_STRETCH`` seconds;
#: empty: none.
DEMO_SCRIPT = (
    ("neutral", "neutral", "face and voice plain"),
    ("happiness", "happiness", "face and voice agree"),
    ("sadness", "sadness", "face and voice agree"),
    ("anger", "anger", "face and voice agree"),
    ("fear", "fear", "face and voice agree"),
    ("surprise", "surprise", "face and voice agree"),
    ("disgust", "disgust", "face and voice agree"),
    ("happiness", "sadness", "face and voice disagree"),
    ("", "neutral", "nobody in the picture; the voice goes on"),
    ("happiness", "", "a silent face"),
)
#: What the bundled film's actor means by his syllables, which mean nothing, in each of these
#: stretches: a line for its first half and one for its second. They were written once, before any
#: network had read them.
DEMO_WORDS = (
    ("I take the bus at ten past eight.", "It stops in front of the library."),
    ("We won! I am so happy for all of you.", "Thank you, this is the best day of my life."),
    ("He is gone, and I miss him every day.", "I am sorry, I cannot stop crying."),
    ("How dare you lie to me again?", "I hate this. Get out of my house!"),
    ("Somebody is behind the door. I am scared.", "Please do not leave me in the dark."),
    ("Wow, you are here already?", "Really? I had no idea!"),
    ("Yuck, this milk has gone bad.", "That is disgusting. Take it away."),
    ("It is over. Nobody has called.", "I have never felt so lonely."),
    ("The next train leaves from platform two.", "Please mind the step."),
    (),
)
DEMO_STRETCH = 7.0
DEMO_FPS = 20
DEMO_SIZE = (640, 480)
_CHANGE = 0.4  # seconds from one expression to the next, at the start of a stretch

# The cast (see above): for the film alone, the sample sets know nothing of it. Every digit of a
# style counts: with another duration other random numbers follow, and it is another take.
_ACTOR = Identity(
    skin=(0.95, 0.77, 0.66),
    hair_colour=(0.10, 0.08, 0.07),
    iris=(0.36, 0.26, 0.12),
    hair=0,
    jaw=0.98,
    long=1.06,
    eyes=0.98,
    brows=0.86,
    nose=1.11,
    lips=0.98,
    mouth=0.95,
    seed=686627763,
)
_MUMBLE = 0.2  # how far the mouth opens in speech: an expression changes less than with 1
_LOOKS: dict[str, dict[int, float]] = EXPRESSIONS | {
    "anger": {4: 1.0, 5: 0.45, 7: 1.0, 9: 0.3, 15: 0.29, 23: 0.44, 25: 0.05},
    "disgust": {4: 0.5, 6: 0.29, 7: 0.72, 9: 0.7, 15: 0.34, 16: 0.14, 25: 0.22},
    "happiness": {6: 1.0, 12: 1.0, 25: 0.47, 26: 0.08},
    "neutral": {43: 0.35},
    "sadness": {1: 1.0, 4: 0.6, 15: 1.0, 43: 0.5},
    "surprise": {1: 0.71, 2: 0.97, 5: 0.43, 25: 0.15, 26: 1.0},
}
_SPEAKER = Speaker(pitch=110, tract=0.96, breath=1.0, pace=0.93)
_STYLES: dict[str, Style] = {
    "anger": Style(
        pitch=2.52,
        accent=6.706,
        drift=-1.432,
        pace=1.086,
        level=0.224,
        tilt=8981,
        breath=0.08,
        jitter=0.295,
        tremor=0.0,
        pause=0.3,
    ),
    "disgust": Style(
        pitch=-3.605,
        accent=4.895,
        drift=-2.173,
        pace=0.752,
        level=-10.547,
        tilt=1820,
        breath=0.03,
        jitter=1.5,
        tremor=0.0,
        pause=0.5,
    ),
    "fear": Style(
        pitch=11.566,
        accent=3.066,
        drift=3.0,
        pace=1.4,
        level=-5.665,
        tilt=7943,
        breath=0.06,
        jitter=0.513,
        tremor=1.5,
        pause=0.33,
    ),
    "happiness": Style(
        pitch=8.94,
        accent=4.36,
        drift=-3.47,
        pace=1.2,
        level=-5.74,
        tilt=3631,
        breath=0.06,
        jitter=0.57,
        tremor=0.16,
        pause=0.21,
    ),
    "neutral": Style(
        pitch=-0.168,
        accent=1.528,
        drift=-1.621,
        pace=0.874,
        level=-8.407,
        tilt=1274,
        breath=0.08,
        jitter=0.059,
        tremor=0.0,
        pause=0.545,
    ),
    "sadness": Style(
        pitch=-1.97,
        accent=0.97,
        drift=-2.84,
        pace=0.82,
        level=-18.23,
        tilt=513,
        breath=0.02,
        jitter=0.76,
        tremor=0.22,
        pause=0.59,
    ),
    "surprise": Style(
        pitch=8.464,
        accent=10.87,
        drift=14.233,
        pace=0.914,
        level=2.0,
        tilt=5950,
        breath=0.125,
        jitter=0.391,
        tremor=0.282,
        pause=0.9,
    ),
}
#: Which of the many takes of each, by the seed of its syllables.
_TAKES = {
    "anger": 10,
    "disgust": 1,
    "fear": 59,
    "happiness": 50,
    "neutral": 6,
    "sadness": 4,
    "surprise": 50,
}
_TIMES = 3  # the phrase is said in a stretch: every window of 3 s then holds the whole of it
_ROOM = 1.5e-4  # the noise of the room


def make_demo(folder: str | os.PathLike) -> Path:
    """Draw ``demo.mp4`` and write its truth, ``demo.csv`` (t0, t1, face, voice, note), and its
    subtitles, ``demo.en.srt``, in ``folder``; takes minutes.
    """
    folder = Path(folder)
    path = folder / "demo.mp4"
    sound = (demo_sound(), SAMPLE_RATE)
    with FilmWriter(path, *DEMO_SIZE, DEMO_FPS, sound) as film:
        for t, picture in demo_pictures():
            film.write(picture, t)
    with replacing(folder / "demo.csv") as temporary, open(temporary, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("t0", "t1", "face", "voice", "note"))
        for k, row in enumerate(DEMO_SCRIPT):
            start = k * DEMO_STRETCH
            end = (k + 1) * DEMO_STRETCH
            table.writerow((start, end, *row))
    (folder / "demo.en.srt").write_text(demo_subtitles(), encoding="utf-8")
    return path


def demo_subtitles() -> str:
    """What the actor means, as SubRip: two lines in each stretch in which he speaks."""
    half = DEMO_STRETCH / 2
    cues = []
    for k, lines in enumerate(DEMO_WORDS):
        for place, line in enumerate(lines):
            start = k * DEMO_STRETCH + place * half + 0.25
            end = start + half - 0.35
            number = len(cues) + 1
            cues.append(f"{number}\n{_stamp(start)} --> {_stamp(end)}\n{line}\n")
    return "\n".join(cues)


def _stamp(t: float) -> str:
    """Seconds as SubRip has them, up to an hour: ``00:01:02,500``."""
    minutes, seconds = divmod(round(1000 * t), 60_000)
    return f"00:{minutes:02d}:{seconds // 1000:02d},{seconds % 1000:03d}"


def demo_sound() -> np.ndarray:
    """The film's sound: float32 (samples,) at 16 kHz."""
    n = round(DEMO_STRETCH * SAMPLE_RATE)
    out = np.zeros((len(DEMO_SCRIPT), n), np.float32)
    for sound, (_, voice, _) in zip(out, DEMO_SCRIPT, strict=True):
        if voice:
            rng = np.random.default_rng([7, _TAKES[voice]])
            said = talk(voice, _SPEAKER, DEMO_STRETCH / _TIMES, rng, _STYLES)
            sound[: _TIMES * len(said)] = np.tile(said, _TIMES)
            sound += _ROOM * np.random.default_rng(0).standard_normal(n)
    return out.ravel()


def demo_pictures(
    start: float = 0.0, stop: float | None = None
) -> Iterator[tuple[float, np.ndarray]]:
    """The film's pictures from ``start`` to before ``stop`` (s), as (t, uint8 RGB)."""
    scene = Scene(_ACTOR, *DEMO_SIZE, seed=7)
    stretches = np.split(demo_sound(), len(DEMO_SCRIPT))
    mouth = np.concatenate([loudness(x, DEMO_FPS) for x in stretches])
    last = len(mouth) if stop is None else round(stop * DEMO_FPS)
    for i in range(round(start * DEMO_FPS), last):
        t = i / DEMO_FPS
        now = int(t / DEMO_STRETCH)
        face = DEMO_SCRIPT[now][0]
        before = DEMO_SCRIPT[max(now - 1, 0)][0]
        since = t - now * DEMO_STRETCH
        s = min(since / _CHANGE, 1.0)
        s = s * s * (3 - 2 * s)
        look = blend(_LOOKS[before or face], _LOOKS[face or before], s)
        away = (1 - s) * (not before) + s * (not face)
        yield t, scene.picture(t, look, _MUMBLE * float(mouth[i]), away=away)


if __name__ == "__main__":
    make_demo(sys.argv[1])
