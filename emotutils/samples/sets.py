"""Write the sample sets: drawn faces and synthetic voices in the layouts of FER2013, RAVDESS, TESS
and Aff-Wild2.

    python -m emotutils.samples.sets FOLDER

**Synthetic**: a score on them shows that code works, not how well. The faces move by FACS action
units, the voices by what reviews of vocal expression say (see the modules beside this one).
``emotutils.samples.ensure`` calls this once.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import soundfile

from ..emotions import CODES, EMOTIONS
from ..media import FilmWriter
from ..support.files import replacing
from .faces import draw_head
from .muscles import EXPRESSIONS, Identity
from .scene import Pose, Scene, blend, place
from .voice import SAMPLE_RATE, Speaker, babble, loudness, speak

RAVDESS_ACTORS = (1, 2, 3, 4, 5, 6, 17, 18, 21, 22)
_STATEMENTS = {1: "ki da to ba do", 2: "do ga si ti ba"}
#: TESS has 200 words; these few stand for them, each with the syllable that is spoken.
WORDS = {
    "back": "ba",
    "bean": "bi",
    "boat": "bo",
    "deep": "di",
    "fall": "fo",
    "get": "ge",
    "jar": "ja",
    "moon": "mu",
}
_FERPLUS = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "NF",
)
#: The action units whose intensity OpenFace gives.
_UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
_AFFWILD2_HEADER = (
    "Neutral",
    "Anger",
    "Disgust",
    "Fear",
    "Happiness",
    "Sadness",
    "Surprise",
    "Other",
)
_OTHER = {
    2: 0.9,
    12: 0.4,
    23: 0.8,
}  # a face that is none of the seven: brows up, lips pressed into half a smile


def make(root: str | os.PathLike, seed: int = 0) -> None:
    """Write all sample sets under ``root``; the same seed gives the same csv and wav files, byte by
    byte.
    """
    root = Path(root)
    for k, one in enumerate(
        (make_fer2013, make_ravdess, make_tess, make_affwild2, make_ravdess_tracking)
    ):
        one(root, np.random.default_rng([seed, k]))


def make_fer2013(
    root: Path, rng: np.random.Generator, rows: tuple[int, int, int] = (60, 15, 15)
) -> Path:
    """Write ``fer2013/fer2013.csv``: ``rows`` faces per emotion in Training, PublicTest and
    PrivateTest.

    Everybody appears in up to two pictures of one expression, never in two splits. Beside it
    ``fer2013new.csv``, votes in FER+'s layout: nobody was asked, ten voters are drawn for each
    picture.
    """
    path = root / "fer2013" / "fer2013.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    acted = []
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        file.write("emotion,pixels,Usage\n")
        for usage, n in zip(("Training", "PublicTest", "PrivateTest"), rows, strict=True):
            pictures = [
                (code, p)
                for code in range(len(EMOTIONS))
                for p in _faces_like_fer2013(code, n, rng)
            ]
            for i in rng.permutation(len(pictures)):
                code, picture = pictures[i]
                file.write(f"{code},{' '.join(map(str, picture.ravel()))},{usage}\n")
                acted.append((usage, EMOTIONS[code]))
    _write_votes(path.with_name("fer2013new.csv"), acted, rng)
    return path


def _write_votes(path: Path, acted: list[tuple[str, str]], rng: np.random.Generator) -> None:
    """Ten drawn voters a picture, in FER+'s columns. Of one picture in five most see another
    emotion than the acted.
    """
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        file.write(",".join(["Usage", "Image name", *_FERPLUS]) + "\n")
        for k, (usage, emotion) in enumerate(acted):
            sure = rng.beta(6, 2)
            seen = emotion
            if rng.random() >= 0.8:
                seen = EMOTIONS[rng.integers(7)]
            chance = np.array([0.0 if word == "NF" else (1 - sure) / 8 for word in _FERPLUS])
            chance[_FERPLUS.index(seen)] += 1 - chance.sum()
            votes = rng.multinomial(10, chance)
            file.write(f"{usage},fer{k:07d}.png,{','.join(map(str, votes))}\n")


def _faces_like_fer2013(code: int, n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """``n`` grey uint8 (48, 48) faces of one emotion, more or less clearly shown."""
    for i in range(n):
        if i % 2 == 0:
            other = EXPRESSIONS[EMOTIONS[rng.integers(7)]]
            look = blend(EXPRESSIONS[EMOTIONS[code]], other, 0.35 * rng.random() ** 2)
            look = {au: v * rng.uniform(0.6, 1.0) for au, v in look.items()}
            yaw = rng.uniform(-0.6, 0.6)
            pitch = rng.uniform(-0.4, 0.4)
            light = rng.uniform(-0.9, 0.9)
            head = draw_head(
                Identity.random(rng),
                look,
                36,
                mouth=0.5 * rng.random() ** 2,
                yaw=yaw,
                pitch=pitch,
                light=light,
            )
        unit = rng.uniform(19.5, 23.5)
        tilt = rng.normal(0, 5)
        wall = np.full((48, 48, 3), rng.uniform(0.1, 0.9), np.float32)
        x = 24 + rng.normal(0, 0.9)
        y = 19 + rng.normal(0, 0.9)
        picture = place(wall, head, Pose(x, y, unit, tilt))
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[:, :: rng.choice((-1, 1))]
        contrast = rng.uniform(0.7, 1.25)
        brightness = rng.uniform(-0.08, 0.08)
        noise = rng.normal(0, rng.uniform(2, 9), (48, 48))
        grey = 255 * (grey * contrast + brightness) + noise
        yield np.clip(grey, 0, 255).astype(np.uint8)


def make_ravdess(root: Path, rng: np.random.Generator) -> Path:
    """Write ``ravdess/Audio_Speech_Actors_01-24/Actor_NN/03-01-EE-II-SS-RR-NN.wav`` (16 kHz, 16
    bit, mono).

    Ten actors, eight emotions, both statements, normal (01) and, but for neutral, strong (02)
    intensity.
    """
    folder = root / "ravdess" / "Audio_Speech_Actors_01-24"
    for actor in RAVDESS_ACTORS:
        speaker = Speaker.random(rng, female=actor % 2 == 0)
        for code, intensity, statement in _performances():
            strength = 0.65 if intensity == 1 else 1.0
            x = speak(
                _STATEMENTS[statement],
                CODES["ravdess"][code],
                speaker,
                rng,
                strength=strength,
                spread=1.0,
            )
            name = f"03-01-{code:02d}-{intensity:02d}-{statement:02d}-01-{actor:02d}.wav"
            _record(folder / f"Actor_{actor:02d}" / name, x, 0.4, rng)
    return folder


def _performances() -> Iterator[tuple[int, int, int]]:
    """Code of the emotion, intensity and statement of all that one actor says."""
    for code, emotion in CODES["ravdess"].items():
        for statement in _STATEMENTS:
            yield code, 1, statement
            if emotion != "neutral":
                yield code, 2, statement


def make_ravdess_tracking(root: Path, rng: np.random.Generator, frames: int = 12) -> Path:
    """Write ``ravdess-tracking/01-01-….csv``: what OpenFace 2.1 would find in films of
    `make_ravdess`'s performances.

    Action units rise to the acted expression and fall again; head and gaze wander; the 68 points,
    which the course does not use, are all 0. A tenth of a second from row to row, so that the files
    stay small.
    """
    folder = root / "ravdess-tracking"
    folder.mkdir(parents=True, exist_ok=True)
    acted = np.sin(np.pi * (np.arange(frames) + 0.5) / frames)[:, None]
    for actor in RAVDESS_ACTORS:
        habit = rng.normal(0, 0.25, len(_UNITS))
        for code, intensity, statement in _performances():
            emotion = CODES["ravdess"][code]
            look = {12: 0.15} if emotion == "calm" else EXPRESSIONS[emotion]
            aim = np.array([look.get(unit, 0.0) for unit in _UNITS])
            aim = aim * (3.0 if intensity == 1 else 4.5)
            noise = rng.normal(0, 0.3, (frames, len(_UNITS)))
            aus = np.clip(acted * aim + habit + noise, 0, 5).round(2)
            columns = dict.fromkeys(tracking_header(), np.zeros(frames, int))
            columns["frame"] = np.arange(1, frames + 1)
            columns["timestamp"] = (0.1 * np.arange(frames)).round(3)
            columns["confidence"] = np.full(frames, 0.98)
            for name in columns:
                if name.startswith(("pose", "gaze")):
                    columns[name] = rng.normal(0, 0.02, frames).cumsum().round(3)
            for k, unit in enumerate(_UNITS):
                columns[f"AU{unit:02d}_r"] = aus[:, k]
                columns[f"AU{unit:02d}_c"] = (aus[:, k] > 1).astype(int)
            lines = [",".join(columns)]
            for row in zip(*columns.values(), strict=True):
                lines.append(",".join(map(str, row)))
            name = f"01-01-{code:02d}-{intensity:02d}-{statement:02d}-01-{actor:02d}.csv"
            (folder / name).write_text("\n".join(lines) + "\n")
    return folder


def tracking_header() -> list[str]:
    """The 712 columns of the published files: all that OpenFace 2.1 writes, but for ``face_id`` and
    ``success``.
    """
    eyes, points = (
        [f"{a}_{k}" for a in axes for k in range(n)] for axes, n in (("xyXYZ", 56), ("xy", 68))
    )
    names = [
        "frame",
        "timestamp",
        "confidence",
        *(f"gaze_{eye}_{axis}" for eye in (0, 1) for axis in "xyz"),
    ]
    names += ["gaze_angle_x", "gaze_angle_y", *(f"eye_lmk_{name}" for name in eyes)]
    names += [*(f"pose_{what}{axis}" for what in "TR" for axis in "xyz"), *points]
    names += [f"{axis}_{k}" for axis in "XYZ" for k in range(68)]
    names += ["p_scale", "p_rx", "p_ry", "p_rz", "p_tx", "p_ty", *(f"p_{k}" for k in range(34))]
    return (
        names + [f"AU{u:02d}_r" for u in _UNITS] + [f"AU{u:02d}_c" for u in sorted((*_UNITS, 28))]
    )


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
    soundfile.write(
        path,
        np.round(x * 32767).clip(-32768, 32767).astype(np.int16),
        SAMPLE_RATE,
        subtype="PCM_16",
    )


def make_affwild2(
    root: Path, rng: np.random.Generator, seconds: float = 0.6, fps: int = 15
) -> Path:
    """Write three films, ``seconds`` for each label, under ``affwild2/videos``, and one text file
    of labels for each.

    The text files lie in ``EXPR_Classification_Challenge/Train_Set`` (two) and ``Validation_Set``
    (one): a header, then a code per frame, 0..7 in the header's order (7: Other), −1 where nobody
    is in the picture.
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
                film.write(
                    scene.picture(i / fps, look, float(mouth[i]), away=float(code < 0)), i / fps
                )
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
