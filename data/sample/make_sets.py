"""Write the sample sets: drawn faces and synthetic voices in the layouts of FER2013, RAVDESS, TESS and Aff-Wild2.

    python make_sets.py FOLDER

**Synthetic**: a score on them shows that code works, not how well. The faces move by FACS action units, the voices
by what reviews of vocal expression say (see the modules beside this one). ``emotutils.datasets.sample`` runs this once.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import soundfile
from drawn_face import EXPRESSIONS, Identity, draw_head
from drawn_scene import Pose, Scene, blend, place
from synthetic_voice import SAMPLE_RATE, Speaker, babble, loudness, speak

from emotutils.emotions import CODES, EMOTIONS
from emotutils.files import replacing
from emotutils.filmwriter import FilmWriter

RAVDESS_ACTORS = (1, 2, 3, 4, 5, 6, 17, 18, 21, 22)
_STATEMENTS = {1: "ki da to ba do", 2: "do ga si ti ba"}
#: TESS has 200 words; these few stand for them, each with the syllable that is spoken.
WORDS = {"back": "ba", "bean": "bi", "boat": "bo", "deep": "di", "fall": "fo", "get": "ge", "jar": "ja", "moon": "mu"}
_AFFWILD2_HEADER = ("Neutral", "Anger", "Disgust", "Fear", "Happiness", "Sadness", "Surprise", "Other")
_OTHER = {2: 0.9, 12: 0.4, 23: 0.8}  # a face that is none of the seven: brows up, lips pressed into half a smile


def make(root: str | os.PathLike, seed: int = 0) -> None:
    """Write all four sample sets under ``root``; the same seed gives the same csv and wav files, byte by byte."""
    root = Path(root)
    for k, one in enumerate((make_fer2013, make_ravdess, make_tess, make_affwild2)):
        one(root, np.random.default_rng([seed, k]))


def make_fer2013(root: Path, rng: np.random.Generator, rows: tuple[int, int, int] = (60, 15, 15)) -> Path:
    """Write ``fer2013/fer2013.csv``: ``rows`` faces per emotion in Training, PublicTest and PrivateTest.

    Everybody appears in up to two pictures of one expression, never in two splits.
    """
    path = root / "fer2013" / "fer2013.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        file.write("emotion,pixels,Usage\n")
        for usage, n in zip(("Training", "PublicTest", "PrivateTest"), rows, strict=True):
            pictures = [(code, p) for code in range(len(EMOTIONS)) for p in _faces_like_fer2013(code, n, rng)]
            for i in rng.permutation(len(pictures)):
                code, picture = pictures[i]
                file.write(f"{code},{' '.join(map(str, picture.ravel()))},{usage}\n")
    return path


def _faces_like_fer2013(code: int, n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """``n`` grey uint8 (48, 48) faces of one emotion, more or less clearly shown."""
    for i in range(n):
        if i % 2 == 0:
            look = blend(EXPRESSIONS[EMOTIONS[code]], EXPRESSIONS[EMOTIONS[rng.integers(7)]], 0.35 * rng.random() ** 2)
            look = {au: v * rng.uniform(0.6, 1.0) for au, v in look.items()}
            yaw, pitch, light = rng.uniform(-0.6, 0.6), rng.uniform(-0.4, 0.4), rng.uniform(-0.9, 0.9)
            head = draw_head(
                Identity.random(rng), look, 36, mouth=0.5 * rng.random() ** 2, yaw=yaw, pitch=pitch, light=light
            )
        unit, tilt = rng.uniform(19.5, 23.5), rng.normal(0, 5)
        wall = np.full((48, 48, 3), rng.uniform(0.1, 0.9), np.float32)
        picture = place(wall, head, Pose(24 + rng.normal(0, 0.9), 19 + rng.normal(0, 0.9), unit, tilt))
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[:, :: rng.choice((-1, 1))]
        grey = 255 * (grey * rng.uniform(0.7, 1.25) + rng.uniform(-0.08, 0.08)) + rng.normal(
            0, rng.uniform(2, 9), (48, 48)
        )
        yield np.clip(grey, 0, 255).astype(np.uint8)


def make_ravdess(root: Path, rng: np.random.Generator) -> Path:
    """Write ``ravdess/Audio_Speech_Actors_01-24/Actor_NN/03-01-EE-II-SS-RR-NN.wav`` (16 kHz, 16 bit, mono).

    Ten actors, eight emotions, both statements, normal (01) and, but for neutral, strong (02) intensity.
    """
    folder = root / "ravdess" / "Audio_Speech_Actors_01-24"
    for actor in RAVDESS_ACTORS:
        speaker = Speaker.random(rng, female=actor % 2 == 0)
        for code, emotion in CODES["ravdess"].items():
            for statement, syllables in _STATEMENTS.items():
                for intensity in (1, 2) if emotion != "neutral" else (1,):
                    strength = 0.65 if intensity == 1 else 1.0
                    x = speak(syllables, emotion, speaker, rng, strength=strength, spread=1.0)
                    name = f"03-01-{code:02d}-{intensity:02d}-{statement:02d}-01-{actor:02d}.wav"
                    _record(folder / f"Actor_{actor:02d}" / name, x, 0.4, rng)
    return folder


def make_tess(root: Path, rng: np.random.Generator) -> Path:
    """Write ``tess/OAF_angry/OAF_back_angry.wav`` …: two women, seven emotions, eight words."""
    folder = root / "tess"
    speakers = {"OAF": Speaker(185, 1.10, 1.3, 0.93), "YAF": Speaker(222, 1.17, 0.9, 1.06)}
    for name, speaker in speakers.items():
        for short, emotion in CODES["tess"].items():
            place_ = folder / f"{name}_{'pleasant_surprise' if short == 'ps' else short}"
            for word, syllable in WORDS.items():
                x = speak(f"se d@ wo {syllable}", emotion, speaker, rng, strength=0.85, spread=1.0)
                _record(place_ / f"{name}_{word}_{short}.wav", x, 0.1, rng)
    return folder


def _record(path: Path, x: np.ndarray, silence: float, rng: np.random.Generator) -> None:
    """A voice with a quiet room around it, as a wav."""
    path.parent.mkdir(parents=True, exist_ok=True)
    x = np.pad(x, int(silence * SAMPLE_RATE))
    x = x + rng.normal(0, 3e-4, len(x))
    soundfile.write(path, np.round(x * 32767).clip(-32768, 32767).astype(np.int16), SAMPLE_RATE, subtype="PCM_16")


def make_affwild2(root: Path, rng: np.random.Generator, seconds: float = 0.6, fps: int = 15) -> Path:
    """Write three films, ``seconds`` for each label, under ``affwild2/videos``, and one text file of labels for each.

    The text files lie in ``EXPR_Classification_Challenge/Train_Set`` (two) and ``Validation_Set`` (one): a header,
    then a code per frame, 0..7 in the header's order (7: Other), −1 where nobody is in the picture.
    """
    folder = root / "affwild2"
    (folder / "videos").mkdir(parents=True, exist_ok=True)
    for k, part in enumerate(("Train_Set", "Train_Set", "Validation_Set"), start=1):
        name = f"{k}-{fps}-320x240"
        shown = [*rng.permutation(8), -1]
        x = np.concatenate([_said(_AFFWILD2_HEADER[c], seconds, rng) for c in shown])
        codes = np.repeat(shown, round(seconds * fps))
        scene = Scene(Identity.random(rng), 320, 240, seed=k)
        mouth = loudness(x, fps)
        with FilmWriter(folder / "videos" / f"{name}.mp4", 320, 240, fps, (x, SAMPLE_RATE)) as film:
            for i, code in enumerate(codes):
                emotion = _AFFWILD2_HEADER[code]
                look = EXPRESSIONS.get(CODES["affwild2"].get(emotion, ""), _OTHER)
                film.write(scene.picture(i / fps, look, float(mouth[i]), away=float(code < 0)), i / fps)
        table = folder / "EXPR_Classification_Challenge" / part / f"{name}.txt"
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text("\n".join([",".join(_AFFWILD2_HEADER), *map(str, codes)]) + "\n")
    return folder


def _said(word: str, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """The first ``seconds`` of a phrase in the voice that goes with one of Aff-Wild2's words."""
    x = speak(babble(6, rng), CODES["affwild2"].get(word, "neutral"), Speaker(), rng)
    return x[: round(seconds * SAMPLE_RATE)]


if __name__ == "__main__":
    make(sys.argv[1])
