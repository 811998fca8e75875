"""Write the sample sets: drawn faces and synthetic voices in the layouts of FER2013, RAVDESS, TESS
and Aff-Wild2.

    python -m emotutils.samples.sets FOLDER

**Synthetic**: a score on them shows that code works, not how well. The faces move by FACS action
units, the voices by what reviews of vocal expression say (see the modules beside this one).
``emotutils.samples.ensure`` calls this once.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import soundfile

from ..emotions import CODES, EMOTIONS, FERPLUS
from ..media import FilmWriter
from ..support.files import replacing
from .faces import draw_head
from .muscles import EXPRESSIONS, Identity
from .scene import Pose, Scene, blend, place
from .voice import SAMPLE_RATE, Speaker, babble, loudness, manner, speak

RAVDESS_ACTORS = (1, 2, 3, 4, 5, 6, 17, 18, 21, 22)
_STATEMENTS = {
    1: "ki da to ba do",
    2: "do ga si ti ba",
}
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
#: How far one clip of a speaker strays from the next, in days of one person.
_SPREAD = 0.25
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
#: A face that is none of the seven: brows up, lips pressed into half a smile.
_OTHER = {
    2: 0.9,
    12: 0.4,
    23: 0.8,
}


def make(root: str | os.PathLike, seed: int = 0) -> None:
    """Write all sample sets under ``root``; the same seed gives the same csv and wav files, byte by
    byte.
    """
    root = Path(root)
    makers = (
        make_fer2013,
        make_ravdess,
        make_tess,
        make_affwild2,
        make_ravdess_tracking,
    )
    for k, make_one in enumerate(makers):
        rng = np.random.default_rng([seed, k])
        make_one(root, rng)


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
    acted = []
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        file.write("emotion,pixels,Usage\n")
        for usage, n in zip(("Training", "PublicTest", "PrivateTest"), rows, strict=True):
            pictures = []
            for code in range(len(EMOTIONS)):
                for picture in _faces_like_fer2013(code, n, rng):
                    pictures.append((code, picture))
            for i in rng.permutation(len(pictures)):
                code, picture = pictures[i]
                pixels = " ".join(map(str, picture.ravel()))
                file.write(f"{code},{pixels},{usage}\n")
                acted.append((usage, EMOTIONS[code]))
    _write_votes(path.with_name("fer2013new.csv"), acted, rng)
    return path


def _write_votes(path: Path, acted: list[tuple[str, str]], rng: np.random.Generator) -> None:
    """Ten drawn voters a picture, in FER+'s columns. Of one picture in five most see another
    emotion than the acted.
    """
    with replacing(path) as temporary, open(temporary, "w", newline="") as file:
        columns = ["Usage", "Image name", *FERPLUS]
        file.write(",".join(columns) + "\n")
        for k, (usage, emotion) in enumerate(acted):
            sure = rng.beta(6, 2)
            seen = emotion
            if rng.random() >= 0.8:
                seen = EMOTIONS[rng.integers(7)]
            chance = np.full(len(FERPLUS), (1 - sure) / 8)
            chance[FERPLUS.index("NF")] = 0
            chance[FERPLUS.index(seen)] += 1 - chance.sum()
            votes = rng.multinomial(10, chance)
            counts = ",".join(map(str, votes))
            file.write(f"{usage},fer{k:07d}.png,{counts}\n")


def _faces_like_fer2013(code: int, n: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """``n`` grey uint8 (48, 48) faces of one emotion, more or less clearly shown."""
    for i in range(n):
        if i % 2 == 0:
            head = _somebody(code, rng)
        unit = rng.uniform(19.5, 23.5)
        tilt = rng.normal(0, 5)
        wall = np.full((48, 48, 3), rng.uniform(0.1, 0.9), np.float32)
        x = 24 + rng.normal(0, 0.9)
        y = 19 + rng.normal(0, 0.9)
        picture = place(wall, head, Pose(x, y, unit, tilt))
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        side = rng.choice((-1, 1))
        grey = grey[:, ::side]
        contrast = rng.uniform(0.7, 1.25)
        brightness = rng.uniform(-0.08, 0.08)
        noise = rng.normal(0, rng.uniform(2, 9), (48, 48))
        grey = 255 * (grey * contrast + brightness) + noise
        yield np.clip(grey, 0, 255).astype(np.uint8)


def _somebody(code: int, rng: np.random.Generator) -> np.ndarray:
    """A new head that shows one emotion, more or less clearly, with a little of another."""
    emotion = EMOTIONS[code]
    other = EMOTIONS[rng.integers(7)]
    share = 0.35 * rng.random() ** 2
    look = {}
    for au, intensity in blend(EXPRESSIONS[emotion], EXPRESSIONS[other], share).items():
        look[au] = intensity * rng.uniform(0.6, 1.0)
    yaw = rng.uniform(-0.6, 0.6)
    pitch = rng.uniform(-0.4, 0.4)
    light = rng.uniform(-0.9, 0.9)
    return draw_head(
        Identity.random(rng),
        look,
        36,
        mouth=0.5 * rng.random() ** 2,
        yaw=yaw,
        pitch=pitch,
        light=light,
    )


def make_ravdess(root: Path, rng: np.random.Generator) -> Path:
    """Write ``ravdess/Audio_Speech_Actors_01-24/Actor_NN/03-01-EE-II-SS-RR-NN.wav`` (16 kHz, 16
    bit, mono).

    Ten actors, eight emotions, both statements, normal (01) and, but for neutral, strong (02)
    intensity.
    """
    folder = root / "ravdess" / "Audio_Speech_Actors_01-24"
    for actor in RAVDESS_ACTORS:
        speaker = Speaker.random(rng, female=actor % 2 == 0)
        styles = manner(rng)
        for code, intensity, statement in _performances():
            strength = 0.65 if intensity == 1 else 1.0
            x = speak(
                _STATEMENTS[statement],
                CODES["ravdess"][code],
                speaker,
                rng,
                strength=strength,
                spread=_SPREAD,
                styles=styles,
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
    for actor in RAVDESS_ACTORS:
        habit = rng.normal(0, 0.25, len(_UNITS))
        for code, intensity, statement in _performances():
            aus = _acted_units(code, intensity, habit, frames, rng)
            columns = _tracked(aus, rng)
            lines = [",".join(columns)]
            for row in zip(*columns.values(), strict=True):
                lines.append(",".join(map(str, row)))
            name = f"01-01-{code:02d}-{intensity:02d}-{statement:02d}-01-{actor:02d}.csv"
            (folder / name).write_text("\n".join(lines) + "\n")
    return folder


def _acted_units(
    code: int, intensity: int, habit: np.ndarray, frames: int, rng: np.random.Generator
) -> np.ndarray:
    """Intensities 0..5 (frames, 17) of the action units in one performance."""
    emotion = CODES["ravdess"][code]
    look = {12: 0.15} if emotion == "calm" else EXPRESSIONS[emotion]
    full = 3.0 if intensity == 1 else 4.5
    aim = np.array([look.get(unit, 0.0) for unit in _UNITS])
    aim = aim * full
    moments = (np.arange(frames) + 0.5) / frames
    acted = np.sin(np.pi * moments)
    noise = rng.normal(0, 0.3, (frames, len(_UNITS)))
    aus = acted[:, None] * aim + habit + noise
    return np.clip(aus, 0, 5).round(2)


def _tracked(aus: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A file's columns by name, for the intensities of its action units (frames, 17)."""
    frames = len(aus)
    columns = dict.fromkeys(tracking_header(), np.zeros(frames, int))
    columns["frame"] = np.arange(1, frames + 1)
    columns["timestamp"] = (0.1 * np.arange(frames)).round(3)
    columns["confidence"] = np.full(frames, 0.98)
    for name in columns:
        if name.startswith(("pose", "gaze")):
            columns[name] = rng.normal(0, 0.02, frames).cumsum().round(3)
    for unit, intensity in zip(_UNITS, aus.T, strict=True):
        columns[f"AU{unit:02d}_r"] = intensity
        columns[f"AU{unit:02d}_c"] = (intensity > 1).astype(int)
    return columns


def tracking_header() -> list[str]:
    """The 712 columns of the published files: all that OpenFace 2.1 writes, but for ``face_id`` and
    ``success``.
    """
    names = ["frame", "timestamp", "confidence"]
    for eye in (0, 1):
        names += _numbered(f"gaze_{eye}_", "xyz")
    names += ["gaze_angle_x", "gaze_angle_y"]
    for axis in "xyXYZ":
        names += _numbered(f"eye_lmk_{axis}_", range(56))
    names += _numbered("pose_T", "xyz")
    names += _numbered("pose_R", "xyz")
    for axis in "xyXYZ":
        names += _numbered(f"{axis}_", range(68))
    names += ["p_scale", "p_rx", "p_ry", "p_rz", "p_tx", "p_ty"]
    names += _numbered("p_", range(34))
    names += [f"AU{unit:02d}_r" for unit in _UNITS]
    names += [f"AU{unit:02d}_c" for unit in sorted((*_UNITS, 28))]
    return names


def _numbered(start: str, ends: Iterable) -> list[str]:
    return [f"{start}{end}" for end in ends]


def make_tess(root: Path, rng: np.random.Generator) -> Path:
    """Write ``tess/OAF_angry/OAF_back_angry.wav`` …: two women, seven emotions, eight words."""
    folder = root / "tess"
    older = Speaker(pitch=185, tract=1.10, breath=1.3, pace=0.93, bright=0.75)
    younger = Speaker(pitch=222, tract=1.17, breath=0.9, pace=1.06, formants=(0.92, 1.1, 1.05))
    for name, speaker in (("OAF", older), ("YAF", younger)):
        styles = manner(rng)
        for short, emotion in CODES["tess"].items():
            long = "pleasant_surprise" if short == "ps" else short
            of_one_emotion = folder / f"{name}_{long}"
            for word, syllable in WORDS.items():
                x = speak(
                    f"se d@ wo {syllable}",
                    emotion,
                    speaker,
                    rng,
                    strength=0.85,
                    spread=_SPREAD,
                    styles=styles,
                )
                path = of_one_emotion / f"{name}_{word}_{short}.wav"
                _record(path, x, 0.1, rng)
    return folder


def _record(path: Path, x: np.ndarray, silence: float, rng: np.random.Generator) -> None:
    """A voice with a quiet room around it, as a wav."""
    path.parent.mkdir(parents=True, exist_ok=True)
    x = np.pad(x, int(silence * SAMPLE_RATE))
    x = x + rng.normal(0, 3e-4, len(x))
    x = np.round(x * 32767).clip(-32768, 32767)
    samples = x.astype(np.int16)
    soundfile.write(path, samples, SAMPLE_RATE, subtype="PCM_16")


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
        said = [_said(_AFFWILD2_HEADER[code], seconds, rng) for code in shown]
        codes = np.repeat(shown, round(seconds * fps))
        scene = Scene(Identity.random(rng), 320, 240, seed=k)
        path = folder / "videos" / f"{name}.mp4"
        _film(path, scene, codes, np.concatenate(said), fps)
        table = folder / "EXPR_Classification_Challenge" / part / f"{name}.txt"
        table.parent.mkdir(parents=True, exist_ok=True)
        lines = [",".join(_AFFWILD2_HEADER), *map(str, codes)]
        table.write_text("\n".join(lines) + "\n")
    return folder


def _film(path: Path, scene: Scene, codes: np.ndarray, sound: np.ndarray, fps: int) -> None:
    """A film in which one picture after the other shows what its code says."""
    mouth = loudness(sound, fps)
    size = (scene.width, scene.height)
    with FilmWriter(path, *size, fps, (sound, SAMPLE_RATE)) as film:
        for i, code in enumerate(codes):
            emotion = CODES["affwild2"].get(_AFFWILD2_HEADER[code], "")
            look = EXPRESSIONS.get(emotion, _OTHER)
            away = float(code < 0)
            picture = scene.picture(i / fps, look, float(mouth[i]), away=away)
            film.write(picture, i / fps)


def _said(word: str, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """The first ``seconds`` of a phrase in the voice that goes with one of Aff-Wild2's words."""
    emotion = CODES["affwild2"].get(word, "neutral")
    x = speak(babble(6, rng), emotion, Speaker(), rng)
    return x[: round(seconds * SAMPLE_RATE)]


if __name__ == "__main__":
    make(sys.argv[1])
