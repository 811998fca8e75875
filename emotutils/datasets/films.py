"""From Aff-Wild2's films to balanced, checked, shuffled folders of faces, one for each emotion
(thesis 4.7).

Each step takes a table with one row a face and returns what it keeps and what it removes, with the
``reason``. Taught in notebooks/04_film_data.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from PIL import Image
from tqdm.auto import tqdm

from .. import config, media
from ..emotions import EMOTIONS
from ..errors import DataError, LocatedError, WriteError
from ..faces import DETECTORS, FACE_SIZE, build_detector, cut_faces, sharpness
from ..media import StrPath
from ..support.files import check_writable, replacing, writing
from . import affwild2
from .base import Rejects
from .openface import read_aligned

#: Lines by which an annotation may differ from its film: programs decode a film's last frames
#: differently. More means that the two do not belong together, and then every label may stand
#: beside a wrong frame.
TOLERANCE = 10
#: A face with a lower `sharpness` is called blurred. Of FER2013's 35,874 faces that are not blank
#: these are 5; of the same faces after a Gaussian blur of 1.5 pixels, 95 %.
SHARP = 0.05
#: A picture whose standard deviation is lower (grey levels, 0..255) is called empty: 13 of
#: FER2013's 35,887.
VARIED = 4.0

#: The thesis's own first step, which only OpenFace needs (``datasets.openface.COMMAND`` is the
#: second). The command is assumed; each frame must come out once, because labels go by frame
#: number.
TO_AVI = "ffmpeg -i film.mp4 -fps_mode passthrough -c:v mpeg4 -q:v 2 -an film.avi"

#: Why each step leaves something out.
REASONS = {
    "films": ("not annotated", "refused"),
    "extract": ("no label", "unannotated", "other", "no face", "two faces", "corrupted"),
    "check": ("missing", "0 bytes", "corrupted", "wrong size"),
    "clean": ("empty", "blurred"),
    "balance": ("surplus",),
}
_WITHOUT_EMOTION = {
    None: "no label",
    "": "unannotated",
    "other": "other",
}
_COLUMNS = ("id", "path", "label", "film", "side", "group", "split", "frame", "t", "reason")
_WORK = ".films"  # hidden, so that it is not taken for an eighth emotion

#: A face in a frame: where it is across the picture (0: the middle), its crop (None: damaged), what
#: else is known.
_Found = tuple[float, np.ndarray | None, dict[str, float]]


@dataclass(frozen=True, eq=False)
class Prepared:
    """What `prepare_films` made.

    Attributes
    ----------
    table : the faces; columns as in `extract_faces`.
    steps : ``step``, ``unit`` (films or frames), ``reason``, ``before``, ``removed``, ``after``:
        each row goes on where the one above ends. A film in which two people are annotated counts
        as two.
    rejects : films that could not be used (``where``, ``what``, ``remedy``), with
        ``on_error="report"``.
    """

    table: pd.DataFrame
    steps: pd.DataFrame
    rejects: pd.DataFrame


def prepare_films(
    root: StrPath | None = None,
    out: StrPath | None = None,
    *,
    limit: int | None = None,
    per_emotion: int | None = None,
    seed: int = 0,
    on_error: str = "raise",
    **extraction,
) -> Prepared:
    """Run all steps of thesis 4.7 and write the seven folders, ``table.csv``, ``steps.csv`` and
    ``rejects.csv``.

    The thesis extracts, sorts, balances, checks, cleans and shuffles. Here checking and cleaning
    come before balancing, because otherwise the counts are no longer equal, and sorting comes last,
    so that the folders hold exactly the table's faces. The thesis divides into parts after
    shuffling, so that neighbours of nearly every test frame were trained on (notebooks/12_leakage).
    Here ``split`` is the annotation's, whole films, and shuffling changes the order only.

    A film that was done with the same settings is not done again: an interrupted run goes on where
    it stopped.

    Parameters
    ----------
    root : the data root with ``affwild2/``; see ``datasets.affwild2.films``.
    out : where the faces go; ``affwild2/faces`` under the data root, where
        ``datasets.affwild2.load`` looks.
    limit : only the first so many annotations of each part, for a first look.
    per_emotion, seed : as in `balance`.
    on_error : ``"report"`` leaves out films that cannot be used and lists them in ``rejects``.
    extraction : ``fps``, ``detector``, ``openface``, ``n_jobs``, ``progress`` as in
        `extract_faces`.

    Raises
    ------
    DataError : as ``datasets.affwild2.films``, `extract_faces` and `balance`; folders of these
        names not from here.
    """
    rejects = Rejects(on_error)
    if out is None:
        out = config.data_root(root) / "affwild2" / "faces"
    out = Path(out)
    check_writable(out)
    if not (out / _WORK).is_dir():
        _refuse_old_folders(out)
    films = affwild2.films(root, on_error=on_error)
    if limit is not None:
        films = films.groupby("split").head(limit)
    annotated = films[films["annotation"] != ""]
    refused = annotated["problem"] != ""
    for film in annotated[refused].itertuples():
        rejects.add(film.annotation, film.problem, film.remedy)
    usable = annotated[~refused]
    table, removed = extract_faces(usable, out / _WORK, rejects=rejects, **extraction)
    lost = {
        "not annotated": len(films) - len(annotated),
        "refused": len(rejects.table()),
    }
    steps = [_account("films", len(films), pd.Series(lost))]
    frames = len(table) + len(removed)
    steps.append(_account("extract", frames, removed["reason"].value_counts()))
    chain = {
        "check": check_files,
        "clean": clean,
        "balance": partial(balance, per_emotion=per_emotion, seed=seed),
    }
    for name, step in chain.items():
        before = len(table)
        table, removed = step(table)
        steps.append(_account(name, before, removed["reason"].value_counts()))
    # First to go and last to come: where it is, all is there.
    with writing(out):
        (out / "table.csv").unlink(missing_ok=True)
        for emotion in EMOTIONS:
            shutil.rmtree(out / emotion, ignore_errors=True)
        table = sort_into_folders(shuffle(table, seed=seed), out)
    prepared = Prepared(
        table=table,
        steps=pd.concat(steps, ignore_index=True),
        rejects=rejects.table(),
    )
    _write(prepared.steps, out / "steps.csv")
    _write(prepared.rejects, out / "rejects.csv")
    inside = [Path(path).relative_to(out).as_posix() for path in table["path"]]
    _write(table.assign(path=inside), out / "table.csv")
    return prepared


def extract_faces(
    films: pd.DataFrame,
    folder: StrPath,
    *,
    fps: float | None = 5.0,
    detector: str = "blazeface",
    openface: StrPath | None = None,
    n_jobs: int = 1,
    progress: bool = True,
    rejects: Rejects | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut the annotated person's face out of the films' frames: level, 48×48, grey, as png.

    Frame i of the film has the annotation's label i. Where two people are annotated, the left one
    is the leftmost face; a face alone counts for the half of the picture in which it is. Where one
    is annotated and several faces are found, nobody knows whose label it is: the frame is left out
    ("two faces").

    Parameters
    ----------
    films : rows of ``datasets.affwild2.films`` without a problem.
    folder : gets ``NAME/FRAME.png`` and, when a film is done, ``NAME.csv``.
    fps : frames a second, as in ``media.frames``; None for all. Neighbours are nearly alike.
    detector : of ``faces.DETECTORS``; see ``faces.register_detector`` for one of your own.
    openface : a folder with ``FILM.csv`` and ``FILM_aligned/`` for each film, as
        ``datasets.openface.COMMAND`` writes them; its faces and all its columns are then taken in
        place of our detector's.
    n_jobs : films at a time, each in a process of its own (joblib); the result is the same.
    progress : whether a bar over the films is drawn.
    rejects : gets the films that cannot be used; without it the first one is an error, when all
        others are done.

    Returns
    -------
    The faces (columns ``id``, ``path``, ``label``, ``film``, ``side``, ``group`` (the film),
    ``split``, ``frame`` (from 1), ``t`` (s)), and the frames left out with their ``reason``, one of
    ``REASONS["extract"]`` ("no label": behind the annotation's end).

    Raises
    ------
    DataError : a film that cannot be read, or one that differs from its annotation by more than
        ``TOLERANCE`` frames (which is known to one sampling step); OpenFace's output for it is
        missing or damaged; no film at all.
    """
    rejects = rejects or Rejects()
    folder = Path(folder)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    work = joblib.delayed(_extract_film)
    # The other processes do not know what was registered in this one: it is sent along.
    factory = DETECTORS.get(detector)
    jobs = []
    for film in films.to_dict("records"):
        jobs.append(work(film, folder, fps, detector, openface, factory))
    done = joblib.Parallel(n_jobs, return_as="generator")(jobs)
    results = list(
        tqdm(
            done,
            total=len(jobs),
            desc="films",
            unit="film",
            disable=not progress,
        )
    )
    tables = []
    for result in results:
        if isinstance(result, WriteError):  # no film's fault
            raise result
        if isinstance(result, LocatedError):
            rejects.refuse(result)
        else:
            tables.append(result)
    if not tables:
        raise DataError(
            folder, "no film can be used", "mend them (on_error='raise' names the first)"
        )
    table = pd.concat(tables, ignore_index=True)
    table["path"] = [str(folder / path) for path in table["path"]]
    return _divide(table, table["reason"])


def check_files(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out faces whose file is missing, has 0 bytes, cannot be decoded ("corrupted") or is not
    48×48.
    """

    def reason(path: str) -> str:
        if not os.path.isfile(path):
            return "missing"
        if not os.path.getsize(path):
            return "0 bytes"
        try:
            picture = affwild2.read_picture(path)
        except DataError:
            return "corrupted"
        if picture.shape != (FACE_SIZE, FACE_SIZE):
            return "wrong size"
        return ""

    return _divide(table, table["path"].map(reason))


def clean(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out pictures that are empty (almost constant: ``VARIED``) or blurred (``SHARP``), after
    `check_files`.
    """

    def reason(path: str) -> str:
        picture = affwild2.read_picture(path)
        if picture.std() < VARIED:
            return "empty"
        if sharpness(picture) < SHARP:
            return "blurred"
        return ""

    return _divide(table, table["path"].map(reason))


def balance(
    table: pd.DataFrame, *, per_emotion: int | None = None, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep equally many faces of each emotion within each split, drawn at random.

    The rarest emotion decides: with 100 faces of fear, all but 100 happy ones are lost. Weights in
    training (``class_weight``) lose nothing and are the other way.

    Parameters
    ----------
    per_emotion : at most so many instead. An emotion with fewer keeps all it has, so the counts may
        not be equal.
    seed : of the draw.

    Raises
    ------
    DataError : an emotion without any face in a split, or ``per_emotion`` below 1.
    """
    sizes = table.groupby(["split", "label"]).size()
    counts = sizes.unstack(fill_value=0)
    counts = counts.reindex(columns=EMOTIONS, fill_value=0)
    limit = per_emotion
    if per_emotion is None:
        rarest = counts.min(axis=1)
        limit = table["split"].map(rarest)
    if table.empty or np.min(limit) < 1:
        missing = []
        for (split, emotion), n in counts.stack().items():
            if not n:
                missing.append(f"{emotion} in {split}")
        raise DataError(
            "balance",
            f"no face of {', '.join(missing) or 'anyone'}",
            "add films, or give per_emotion >= 1",
        )
    shuffled = table.sample(frac=1, random_state=seed)
    drawn = shuffled.groupby(["split", "label"]).cumcount()
    is_kept = drawn.reindex(table.index) < limit
    return _divide(table, is_kept.map({True: "", False: "surplus"}))


def shuffle(table: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """The same rows in random order; ``split`` stays with its row, so that no film comes into two
    parts.
    """
    return table.sample(
        frac=1,
        random_state=seed,
        ignore_index=True,
    )


def sort_into_folders(table: pd.DataFrame, out: StrPath) -> pd.DataFrame:
    """Copy the faces to ``out/EMOTION/NAME_FRAME.png``; returns the table with the new ``path``.

    Raises
    ------
    DataError : there are no emotion words, as in Aff-Wild; or ``out`` holds such folders already.
    """
    if "label" not in table or not table["label"].isin(EMOTIONS).all():
        raise DataError(
            out,
            "no emotion words to sort by (Aff-Wild has valence and arousal only)",
            "take Aff-Wild2's EXPR",
        )
    _refuse_old_folders(Path(out))
    for emotion in EMOTIONS:
        Path(out, emotion).mkdir(parents=True)
    targets = []
    for row in table.itertuples():
        target = Path(out, row.label, f"{row.id}.png")
        shutil.copyfile(row.path, target)
        targets.append(str(target))
    return table.assign(path=targets)


def _extract_film(
    film: dict,
    folder: Path,
    fps: float | None,
    detector: str,
    openface: StrPath | None,
    factory: Callable | None,
) -> pd.DataFrame | LocatedError:
    """The frames of one film, done now or before, or what is wrong with it. Runs in a process of
    its own.
    """
    if factory is not None:
        DETECTORS.setdefault(detector, factory)
    done = folder / f"{film['name']}.csv"
    settings = _settings(film, fps, detector, openface)
    try:
        if not _is_done(done, settings):
            with writing(folder / film["name"]):
                rows = _sampled(film, folder, fps, detector, openface)
            table = pd.DataFrame(rows)
            _write(table.assign(settings=settings, rows=len(table)), done)
    except LocatedError as error:
        return error
    return affwild2.read_table(done).drop(columns=["settings", "rows"])


def _is_done(path: Path, settings: str) -> bool:
    """Whether a film's table is there, whole, and was made with these settings."""
    try:
        table = affwild2.read_table(path)
    except DataError:  # missing, or damaged: it is made anew
        return False
    if table.empty or not {"settings", "rows", *_COLUMNS} <= set(table):
        return False
    whole = (table["rows"].astype(str) == str(len(table))).all()
    return bool(whole and (table["settings"] == settings).all())


def _settings(
    film: dict,
    fps: float | None,
    detector: str,
    openface: StrPath | None,
) -> str:
    """Changes with everything on which a film's faces depend."""
    files = [film["path"], film["annotation"]]
    if openface:
        files.append(Path(openface, f"{film['film']}.csv"))
    stats = []
    for file in files:
        if os.path.exists(file):
            stat = os.stat(file)
            stats.append((stat.st_size, stat.st_mtime_ns))
    parts = [
        film["film"],
        film["side"],
        film["split"],
        fps,
        detector,
        bool(openface),
        stats,
        version("emotutils"),
    ]
    text = json.dumps(parts)
    return hashlib.sha1(text.encode()).hexdigest()[:16]


def _sampled(
    film: dict,
    folder: Path,
    fps: float | None,
    detector: str,
    openface: StrPath | None,
) -> list[dict]:
    """A row for each sampled frame of a film, and a png for each face that is kept."""
    name = film["name"]
    labels = affwild2.read_annotation(film["annotation"])
    shutil.rmtree(folder / name, ignore_errors=True)  # of other settings, or half done
    (folder / name).mkdir()
    rows = []
    if openface:
        frames = _openface(openface, film["film"], fps)
    else:
        frames = _film(film["path"], fps, detector)
    for frame, t, find in frames:
        label = None
        if frame <= len(labels):
            label = labels[frame - 1]
        reason = _WITHOUT_EMOTION.get(label, "")
        path = f"{name}/{frame:05d}.png"
        measured = {}
        if not reason:
            reason, crop, measured = _annotated(find(), film["side"])
        if not reason:
            Image.fromarray(crop).save(folder / path)
        row = {
            "id": f"{name}_{frame:05d}",
            "path": path,
            "label": label or "",
            "film": film["film"],
            "side": film["side"],
            "group": film["film"],
            "split": film["split"],
            "frame": frame,
            "t": t,
        }
        rows.append(row | {"reason": reason} | measured)
    # The film ends somewhere between its last sampled frame and the one that would have been next.
    numbers = [row["frame"] for row in rows]
    last = max(numbers, default=0)
    step = int(max(np.diff(numbers), default=len(labels)))
    fits = last - TOLERANCE <= len(labels) < last + step + TOLERANCE
    if not rows or not fits:
        what = f"{len(labels)} labels for a film of {last} to {last + step - 1} frames"
        raise DataError(
            film["annotation"], what, "one is cut off or of another edition, get both again"
        )
    return rows


def _film(
    path: str, fps: float | None, detector: str
) -> Iterator[tuple[int, float, Callable[[], list[_Found]]]]:
    """Number (from 1) and time of each sampled frame of a film, and a function that looks for faces
    in it.
    """
    detector = build_detector(detector)

    def find(frame: media.Frame) -> list[_Found]:
        middle = frame.image.shape[1] / 2
        cut = cut_faces(frame, detector)
        return [(face.found.centre[0] - middle, face.picture, {}) for face in cut]

    for frame in media.frames(path, fps):
        yield frame.index + 1, frame.t, partial(find, frame)


def _openface(
    folder: StrPath, film: str, fps: float | None
) -> Iterator[tuple[int, float, Callable]]:
    """The same from OpenFace's output, sampled as ``media.frames`` does it."""
    table = read_aligned(Path(folder, f"{film}_aligned"))
    if "pose_Tx" not in table:
        raise DataError(
            f"{Path(folder, film)}.csv", "no column pose_Tx", "run FeatureExtraction with -pose"
        )

    def find(faces: pd.DataFrame) -> list[_Found]:
        tracked = faces[faces["success"] == 1]
        measured = tracked.drop(columns=["film", "frame", "t"])
        found = []
        for row in measured.to_dict("records"):
            crop = _resized(row.pop("path"))
            found.append((row["pose_Tx"], crop, row))
        return found

    # The first frame at or after each k/fps; time stamps are rounded to a thousandth.
    k = table["frame"]
    if fps is not None:
        k = np.floor((table["t"] + 1e-3) * fps)
    first = table.groupby(k)["frame"].transform("min")
    sampled = table[table["frame"] == first]
    for (frame, t), faces in sampled.groupby(["frame", "t"]):
        yield frame, t, partial(find, faces)


def _resized(path: str) -> np.ndarray | None:
    try:
        image = Image.fromarray(affwild2.read_picture(path))
    except DataError:
        return None
    return np.asarray(image.resize((FACE_SIZE, FACE_SIZE), Image.Resampling.BICUBIC))


def _annotated(faces: list[_Found], side: str) -> tuple[str, np.ndarray | None, dict[str, float]]:
    """The annotated person's face among those of a frame: why it is not to be had, its crop, what
    else is known.
    """
    if side and len(faces) > 1:
        outermost = max
        if side == "left":
            outermost = min
        faces = [outermost(faces, key=lambda face: face[0])]
    elif side:
        faces = [face for face in faces if (face[0] < 0) == (side == "left")]
    if not faces:
        return "no face", None, {}
    if len(faces) > 1:
        return "two faces", None, {}
    _, crop, measured = faces[0]
    if crop is None:
        return "corrupted", None, measured
    return "", crop, measured


def _divide(table: pd.DataFrame, reasons: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What is kept (no reason) and what is removed."""
    table = table.assign(reason=reasons)
    keep = reasons == ""
    kept = table[keep].drop(columns="reason").reset_index(drop=True)
    removed = table[~keep].reset_index(drop=True)
    return kept, removed


def _account(step: str, before: int, counts: pd.Series) -> pd.DataFrame:
    """The rows of ``Prepared.steps`` for one step, a reason a row, also for reasons that did not
    occur.
    """
    removed = counts.reindex(REASONS[step], fill_value=0)
    after = before - removed.cumsum()
    columns = {
        "step": step,
        "unit": "films" if step == "films" else "frames",
        "reason": removed.index,
        "before": after + removed,
        "removed": removed,
        "after": after,
    }
    return pd.DataFrame(columns)


def _refuse_old_folders(out: Path) -> None:
    if any((out / emotion).exists() for emotion in EMOTIONS):
        raise DataError(out, "holds folders named after emotions already", "choose an empty folder")


def _write(table: pd.DataFrame, path: Path) -> None:
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False, na_rep="nan")
