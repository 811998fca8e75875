"""Draw the bundled film, demo.mp4, and write its truth, demo.csv, beside this script; takes minutes.

    python make_demo.py [FOLDER]

One drawn talking face passes through the seven emotions with a matching voice; then face and voice disagree, nobody is
in the picture, and the face is silent.
"""

import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from drawn_face import EXPRESSIONS, Identity
from drawn_scene import Scene, blend
from synthetic_voice import SAMPLE_RATE, Speaker, loudness, talk

from emotutils.files import replacing
from emotutils.filmwriter import FilmWriter

#: What the bundled film shows: (face, voice, note) for stretches of ``DEMO_STRETCH`` seconds; empty: none.
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
DEMO_STRETCH = 7.0
DEMO_FPS = 20
DEMO_SIZE = (640, 480)
_CHANGE = 0.4  # seconds from one expression to the next, at the start of a stretch
_DEMO_SPEAKER = Speaker(118, 1.0)


def make_demo(folder: str | os.PathLike) -> Path:
    """Draw ``demo.mp4`` and write its truth, ``demo.csv`` (t0, t1, face, voice, note), in ``folder``; takes minutes."""
    folder = Path(folder)
    with FilmWriter(folder / "demo.mp4", *DEMO_SIZE, DEMO_FPS, (demo_sound(), SAMPLE_RATE)) as film:
        for t, picture in demo_pictures():
            film.write(picture, t)
    with replacing(folder / "demo.csv") as temporary, open(temporary, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("t0", "t1", "face", "voice", "note"))
        table.writerows((k * DEMO_STRETCH, (k + 1) * DEMO_STRETCH, *row) for k, row in enumerate(DEMO_SCRIPT))
    return folder / "demo.mp4"


def demo_sound() -> np.ndarray:
    """The film's sound: float32 (samples,) at 16 kHz."""
    n = round(DEMO_STRETCH * SAMPLE_RATE)
    voices = [
        talk(voice, _DEMO_SPEAKER, DEMO_STRETCH, np.random.default_rng([7, k])) if voice else np.zeros(n, np.float32)
        for k, (_, voice, _) in enumerate(DEMO_SCRIPT)
    ]
    return np.concatenate(voices)


def demo_pictures(start: float = 0.0, stop: float | None = None) -> Iterator[tuple[float, np.ndarray]]:
    """The film's pictures from ``start`` to before ``stop`` (s), as (t, uint8 RGB)."""
    scene = Scene(Identity(), *DEMO_SIZE, seed=7)
    stretches = np.split(demo_sound(), len(DEMO_SCRIPT))
    mouth = np.concatenate([loudness(x, DEMO_FPS) for x in stretches])
    last = len(mouth) if stop is None else round(stop * DEMO_FPS)
    for i in range(round(start * DEMO_FPS), last):
        t = i / DEMO_FPS
        now = int(t / DEMO_STRETCH)
        face, before = DEMO_SCRIPT[now][0], DEMO_SCRIPT[max(now - 1, 0)][0]
        s = min((t - now * DEMO_STRETCH) / _CHANGE, 1.0)
        s = s * s * (3 - 2 * s)
        look = blend(EXPRESSIONS[before or face], EXPRESSIONS[face or before], s)
        yield t, scene.picture(t, look, float(mouth[i]), away=(1 - s) * (not before) + s * (not face))


if __name__ == "__main__":
    make_demo(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
