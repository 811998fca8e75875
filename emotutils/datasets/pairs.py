"""A face beside a voice: what the joint network learns from. Taught in notebooks/14_one_network.

Three sources, by name:

- ``paired-fer2013+ravdess``: made up. A recording of RAVDESS stands beside a FER2013 face of the
  same label. Given the label the two are independent, so such pairs cannot teach how face and voice
  move together, and nothing ties their errors together: how much that flatters is measured on real
  takes (``studies.takes.cross``).
- ``ravdess-films``: RAVDESS's audio-visual files, the faces cut out by our own detector, tracker
  and crop.
- ``ravdess-units+ravdess``: the action units of RAVDESS's films (``ravdess_units``) beside the
  recordings of the same takes.

Labels are the course's seven; calm counts as neutral. ``sample-`` in front of each set's name: the
synthetic sets.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from .. import media
from ..emotions import EMOTIONS, to_seven
from ..errors import DataError
from ..faces import MAX_SIDE, augment_faces, build_detector, follow, jitter
from ..voices import Features, augment_log_mel
from . import fer2013, loading, ravdess
from .base import Dataset
from .names import parse
from .parts import Part, cached, face_part, part_of, units_part, voice_part

FRAMES = 2  #: faces of one person beside each window of sound
#: Pictures beside each validation or test recording of ``paired-…``, one after the other.
FACES_EACH = 4
FPS = 5.0


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows with a face and a voice.

    Attributes
    ----------
    face : uint8 (n, K, 48, 48, 1), K faces of one person; or float32 (n, 35), the film's action
        units.
    voice : float32 (n, *features.shape), one window of sound.
    y : int32 (n,), index into ``EMOTIONS``.
    face_id, voice_id : str (n,), the picture or film, and the recording, that they are from.
    actor : str (n,), whose voice it is: what must not cross a split.
    """

    face: np.ndarray
    voice: np.ndarray
    y: np.ndarray
    face_id: np.ndarray
    voice_id: np.ndarray
    actor: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    @property
    def group(self) -> np.ndarray:
        """The actors: intervals are resampled by them."""
        return self.actor

    @property
    def id(self) -> np.ndarray:
        """Recording and face together, str (n,): the windows of one recording beside one face share
        it.
        """
        start = np.char.add(self.voice_id, "+")
        return np.char.add(start, self.face_id)

    @property
    def x(self) -> dict[str, np.ndarray]:
        """What the joint network takes; everything is present."""
        return {
            "face": self.face,
            "voice": self.voice,
            "present": np.ones((len(self), 2), np.float32),
        }


@dataclass(frozen=True)
class PairSet:
    """A source of pairs: ``name``, the set of the ``faces`` and that of the ``voices``, already
    without twins.
    """

    name: str
    faces: Dataset
    voices: Dataset
    labels: tuple[str, ...] = EMOTIONS

    @property
    def source(self) -> str:
        """Which form of the set of faces this is, see ``Dataset``."""
        return self.faces.source

    @property
    def citation(self) -> str:
        return _once(self.faces.citation, self.voices.citation)

    @property
    def licence(self) -> str:
        return _once(self.faces.licence, self.voices.licence)

    def drawer(
        self,
        split: str,
        features: Features,
        frames: int = FRAMES,
        speeds: tuple[float, ...] = (1.0,),
    ) -> Callable[[int | Sequence[int]], Pairs]:
        """A function of a seed that gives the pairs of one split; of real pairs every seed gives
        the same.

        Parameters
        ----------
        features, speeds : as in ``voice_part``. frames : faces of one person in a row.

        Raises
        ------
        DataError : no rows in that split, a label without faces; a film without a face, or without
        its recording.
        """
        for held in (self.faces, self.voices):
            if not len(held.rows(split)):
                raise DataError(
                    self.name, f"{held.name} has no {split} rows", "choose another part or set"
                )
        voices = voice_part(self.voices, split, features, speeds)
        voices = _in_seven(voices, self.voices.labels)
        if parse(self.name).paired:
            faces = face_part(self.faces, split)
            each = FACES_EACH
            if split == "train":
                each = 1

            def draw(seed: int | Sequence[int]) -> Pairs:
                return pair_up(faces, voices, frames, each=each, seed=seed)

            return draw
        if self.faces.modality == "units":
            faces = units_part(self.faces, split)
            faces = _in_seven(faces, self.faces.labels)
        else:
            faces = _films(self.faces, split, frames)
        pairs = _same_takes(faces, voices, self.name)
        return lambda seed: pairs

    def part(
        self,
        split: str,
        features: Features,
        frames: int = FRAMES,
        speeds: tuple[float, ...] = (1.0,),
        seed: int | Sequence[int] = 0,
    ) -> Pairs:
        """The pairs of one split; see ``drawer``."""
        return self.drawer(split, features, frames, speeds)(seed)


def _once(faces: str, voices: str) -> str:
    """What is said of both sets, once if it is the same."""
    if faces == voices:
        return faces
    return f"{faces}; {voices}"


def load_pairs(data: str | PairSet, root: str | os.PathLike | None = None) -> PairSet:
    """Open a source of pairs by name.

    Of ``paired-…``: train is FER2013's Training beside actors 1–16, validation PublicTest beside
    actors 17–20, test PrivateTest beside actors 21–24. Validation and test faces that have an
    identical twin in an earlier part are left out, and of FER2013's test its near-duplicates
    (``fer2013.twins``).

    Parameters
    ----------
    data : ``paired-FACES+VOICES``, ``ravdess-films`` or
        ``[sample-]ravdess-units+[sample-]ravdess``. A PairSet is handed back as it is.
    root : the data root; see ``config.data_root``.

    Raises
    ------
    DataError : an unknown name, sets that hold no faces or no voices, or that are not there.
    """
    if isinstance(data, PairSet):
        return data
    if data == "ravdess-films":
        films = ravdess.load(root, modality="audio-visual")
        # The sound of a film is that of the recording 03-… of its take.
        return PairSet(data, films, films)
    name = parse(data)
    if len(name.parts) != 2:
        raise DataError(
            data,
            "holds no pairs",
            "take paired-fer2013+ravdess, ravdess-films or ravdess-units+ravdess",
        )
    faces = loading.load(name.parts[0], root)
    voices = loading.load(name.parts[1], root)
    if name.paired:
        fits = faces.modality == "face"
    else:
        fits = faces.modality == "units"
    if not fits or voices.modality != "voice":
        raise DataError(
            data,
            "a set of faces comes first, one of voices second",
            "paired- in front of pictures",
        )
    if name.paired:
        known = frozenset()
        if name.parts[0] == "fer2013":
            known = fer2013.twins()
        faces = replace(faces, table=_without_twins(faces.table, known))
    return PairSet(data, faces, voices)


def is_pairs(data: str | Dataset | PairSet) -> bool:
    """Whether this is pairs, or the name of some: ``load_pairs`` and not ``datasets.load`` reads
    it.
    """
    if isinstance(data, str):
        return parse(data).pairs
    return isinstance(data, PairSet)


def pair_up(
    faces: Part,
    voices: Part,
    frames: int = FRAMES,
    *,
    each: int = 1,
    seed: int | Sequence[int] = 0,
) -> Pairs:
    """Put beside each voice a face of its label, as if it had been filmed. It was not: see the
    module.

    Parameters
    ----------
    faces, voices : of one split, ``y`` in the same labels.
    frames : how often each picture is seen, each time as a tracked face would be: a little shifted,
        turned, nearer. One picture only, because several people of one label would err
        independently of each other.
    each : so many different pictures beside each recording, one row for each and for each window.
    seed : decides everything that is drawn.

    Raises
    ------
    DataError : a label of the voices that has fewer than ``each`` faces.
    """
    rng = np.random.default_rng(seed)
    pools = {}  # the faces of each label
    for y in np.unique(voices.y):
        pool = np.flatnonzero(faces.y == y)
        pools[y] = pool
        if len(pool) < each:
            raise DataError(
                "faces",
                f"{len(pool)} faces of {EMOTIONS[y]}, {each} wanted beside each voice",
                "use a larger set",
            )
    # In training every window is drawn for anew; otherwise all windows of a recording are beside
    # the same faces.
    windows = np.arange(len(voices))
    first = windows
    code = windows
    if each > 1:
        _, first, code = np.unique(voices.id, return_index=True, return_inverse=True)
    drawn = []
    for y in voices.y[first]:
        drawn.append(rng.choice(pools[y], each, replace=False))
    picked = np.stack(drawn)[code].ravel()
    rows = np.repeat(windows, each)
    voice = voices.x
    if each > 1:
        voice = voice[rows]
    return Pairs(
        face=jitter(faces.x[picked], frames, rng),
        voice=voice,
        y=voices.y[rows],
        face_id=faces.id[picked],
        voice_id=voices.id[rows],
        actor=voices.group[rows],
    )


def _same_takes(faces: Part, voices: Part, name: str) -> Pairs:
    """Each recording beside the face that was filmed with it, as far as there is one."""
    recorded = set(_takes(voices.id))
    for film, take in zip(faces.id, _takes(faces.id), strict=True):
        if take not in recorded:
            raise DataError(f"{name}, {film}", "this film has no recording", "take both sets whole")
    row = {take: k for k, take in enumerate(_takes(faces.id))}
    kept = []
    beside = []
    for k, take in enumerate(_takes(voices.id)):
        if take in row:
            kept.append(k)
            beside.append(row[take])
    kept = np.array(kept, dtype=int)
    beside = np.array(beside, dtype=int)
    return Pairs(
        face=faces.x[beside],
        voice=voices.x[kept],
        y=voices.y[kept],
        face_id=faces.id[beside],
        voice_id=voices.id[kept],
        actor=voices.group[kept],
    )


def augment_pairs(
    x: dict[str, np.ndarray], rng: np.random.Generator, deltas: int = 0
) -> dict[str, np.ndarray]:
    """``augment_faces`` for the faces and ``augment_log_mel`` for the voices of `Pairs.x`; action
    units stay.
    """
    face = x["face"]
    if face.ndim == 5:
        one_by_one = face.reshape(-1, *face.shape[2:])
        face = augment_faces(one_by_one, rng).reshape(face.shape)
    voice = augment_log_mel(x["voice"], rng, deltas)
    return x | {"face": face, "voice": voice}


def _films(films: Dataset, split: str, frames: int) -> Part:
    """``frames`` faces of each film of one split, evenly spread over the time in which its actor is
    seen.
    """
    table = films.table.iloc[films.rows(split)]

    def compute() -> dict[str, np.ndarray]:
        detector = build_detector()
        found = [film_faces(path, frames, detector) for path in table["path"]]
        return {"x": np.stack(found)}

    settings = [frames, FPS, MAX_SIDE]
    arrays = cached("film-faces", settings, table["path"], ["x"], compute)
    return _in_seven(part_of(arrays["x"], table), films.labels)


def film_faces(path: str | os.PathLike, frames: int = FRAMES, detector=None) -> np.ndarray:
    """Faces of the person longest in a film, as ``analyze`` finds and cuts them: uint8 (frames, 48,
    48, 1).

    Raises
    ------
    DataError : no face in it. MediaError : a film that cannot be read.
    """
    if detector is None:
        detector = build_detector()
    film = media.frames(path, FPS, max_side=MAX_SIDE)
    seen = []
    for _, found in follow(film, detector):
        seen.extend(found)
    if not seen:
        raise DataError(path, "no face was found in it", "leave it out")
    longest, _ = Counter(face.track for face in seen).most_common(1)[0]
    pictures = [face.picture for face in seen if face.track == longest]
    middles = (np.arange(frames) + 0.5) * len(pictures) / frames
    spread = [pictures[k] for k in middles.astype(int)]
    return np.stack(spread)[..., None]


def _in_seven(part: Part, labels: Sequence[str]) -> Part:
    """The same rows with ``y`` an index into ``EMOTIONS``: calm is neutral."""
    each_label = np.eye(len(labels))
    code = to_seven(each_label, labels).argmax(axis=1)
    code = code.astype(np.int32)
    return replace(part, y=code[part.y])


def _takes(ids: np.ndarray) -> list[str]:
    """RAVDESS's file names without the first part, which tells film from recording."""
    return [name[3:] for name in ids]


def _without_twins(table: pd.DataFrame, known: frozenset[str] = frozenset()) -> pd.DataFrame:
    """Only such validation and test faces as no earlier part has, and none whose id is ``known``
    to be a near-duplicate.
    """
    earlier: set[str] = set()
    group = table["group"]
    split = table["split"].to_numpy()
    keep = ~table["id"].isin(known).to_numpy()
    for part in ("train", "validation", "test"):
        here = split == part
        seen_before = group.isin(earlier).to_numpy()  # NumPy's takes half a minute for strings
        keep &= ~(here & seen_before)
        earlier |= set(group[here])
    kept = np.where(keep, split, "twin")
    return table.assign(split=kept)
