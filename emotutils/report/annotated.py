"""The film once more, with what was found drawn into it."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from .. import faces, media
from ..errors import EmotutilsError
from ..findings import TOGETHER, Findings, P, columns, label_column, labels_of
from ..media import FilmWriter

FONT = cv2.FONT_HERSHEY_SIMPLEX
BLACK = (0, 0, 0)
WHITE = (255, 255, 255)


def write_annotated(findings: Findings, film: Path, path: Path) -> Path:
    """Decode the film once more and write it with a box and words for each face, captions, and its
    sound.

    Parameters
    ----------
    findings : of that film.
    film : where it lies.
    path : of the film to write.

    Raises
    ------
    EmotutilsError : no picture in it; the film is gone or cannot be read; ``path`` cannot be
        written.
    """
    info = findings.info
    if not info.has_video:
        raise EmotutilsError(
            f"{film}: there is no picture to draw into; everything else is in {path.parent}"
        )
    boxes = _Boxes(findings.frames)
    times = findings.timeline["t"].to_numpy(float)
    captions = [_captions(findings, row) for row in findings.timeline.to_dict("records")]
    total = None
    if info.fps:
        total = round(info.duration * info.fps)
    quiet = {"warn": lambda message: None}  # damage is among the analysis's warnings already
    size = (info.width, info.height)
    sound = {"sound": film, "sound_track": info.sound_track}
    with FilmWriter(path, *size, info.fps or 25, **sound, **quiet) as writer:
        frames = media.frames(film, None, track=info.picture_track, **quiet)
        bar = tqdm(frames, total=total, desc=path.name, unit=" frames", disable=None)
        for frame in bar:
            image = _fitted(frame.image, info.width, info.height)
            for box, words in boxes.at(frame.t):
                _draw_box(image, box, words)
            moment = _last_before(times, frame.t)
            _draw_captions(image, captions[max(0, moment)])
            writer.write(image, frame.t)
    return path


def _fitted(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """A new picture of the film's size; one of another size gets a black rim."""
    scale, left, top = faces.fitted((image.shape[1], image.shape[0]), (width, height))
    if (left, top, scale) == (0, 0, 1):
        return np.ascontiguousarray(image)
    move = np.array([[scale, 0, left], [0, scale, top]])
    return cv2.warpAffine(image, move, (width, height), flags=cv2.INTER_AREA)


def _last_before(times: np.ndarray, t: float) -> int:
    """The index of the last time that is not after ``t``; -1 where there is none."""
    return int(np.searchsorted(times, t, side="right")) - 1


@dataclass(frozen=True)
class _Track:
    """One face over time: (n,) seconds, (n, 4) boxes in pixels, and what is said of it."""

    name: str
    times: np.ndarray
    boxes: np.ndarray
    words: list[str]

    def box_at(self, t: float, hold: float) -> tuple[np.ndarray, str] | None:
        """Its box and words at ``t`` (s), on a straight line between two samples at most ``hold``
        seconds apart; None where it is not there.
        """
        last = _last_before(self.times, t + 1e-3)
        if last < 0 or t - self.times[last] > hold:
            return None
        box = self.boxes[last]
        words = f"{self.name} {self.words[last]}"
        if last + 1 == len(self.times):
            return box, words
        step = self.times[last + 1] - self.times[last]
        if step <= hold:
            share = max(0.0, t - self.times[last]) / step
            box = (1 - share) * box + share * self.boxes[last + 1]
        return box, words


class _Boxes:
    """The boxes of all tracks at any time."""

    COLUMNS = ["x", "y", "w", "h"]

    def __init__(self, frames: pd.DataFrame):
        found = frames[frames["found"].astype(bool)]
        moments = np.unique(frames["t"].to_numpy(float))
        # A box holds until the next sampled frame; one without the face ends it.
        self.hold = 0.5
        if len(moments) > 1:
            self.hold = 1.5 * float(np.median(np.diff(moments)))
        self.tracks = []
        for (person, _), rows in found.groupby(["person", "track"]):
            track = _Track(
                name=f"#{int(person)}",
                times=rows["t"].to_numpy(float),
                boxes=rows[self.COLUMNS].to_numpy(float),
                words=[f"looks like {_likeliest(p)}" for p in rows[P].to_numpy(float)],
            )
            self.tracks.append(track)

    def at(self, t: float) -> list[tuple[np.ndarray, str]]:
        """(x, y, w, h) in pixels and words, for each track there at ``t`` (s)."""
        boxes = [track.box_at(t, self.hold) for track in self.tracks]
        return [box for box in boxes if box is not None]


def _likeliest(p: np.ndarray) -> str:
    return f"{labels_of([p])[0]} {max(p):.2f}"


def _captions(findings: Findings, row: dict) -> list[str]:
    """What each stream without boxes says at a moment, and all together."""
    captions = []
    for name, stream in findings.streams.items():
        if set(_Boxes.COLUMNS) <= set(stream.table):
            continue
        words = stream.gap
        if row[label_column(name)]:
            words = f"{stream.title} {_likeliest_in(row, name)}"
        captions.append(words)
    together = "nothing to go by"
    if row[label_column(TOGETHER)]:
        together = _likeliest_in(row, TOGETHER)
    if row["unsure"]:
        together = f"not sure ({together})"
    return [*captions, f"together: {together}"]


def _likeliest_in(row: dict, name: str) -> str:
    return _likeliest([row[column] for column in columns(name)])


def _draw_box(image: np.ndarray, box: np.ndarray, words: str) -> None:
    """A white box with a black edge, so that it is seen on any ground."""
    line = max(1, round(_shorter_side(image) / 240))
    left, top, width, height = np.rint(box).astype(int).tolist()
    corners = [(left, top), (left + width, top + height)]
    cv2.rectangle(image, *corners, BLACK, line + 2, cv2.LINE_AA)
    cv2.rectangle(image, *corners, WHITE, line, cv2.LINE_AA)
    _write(image, words, left, top - 2 * line)


def _draw_captions(image: np.ndarray, captions: list[str]) -> None:
    height = _text_height(image)
    bottom = image.shape[0] - round(0.5 * height)
    for line, words in enumerate(reversed(captions)):
        _write(image, words, height // 2, bottom - round(1.7 * line * height))


def _shorter_side(image: np.ndarray) -> int:
    return min(image.shape[:2])


def _text_height(image: np.ndarray) -> int:
    return max(8, round(_shorter_side(image) / 26))


def _write(image: np.ndarray, words: str, x: int, y: int) -> None:
    """White words on black, their lower left corner at (x, y), moved and made small enough to lie
    in the picture.
    """
    picture_height, picture_width = image.shape[:2]
    height = _text_height(image)
    thickness = max(1, round(height / 14))
    scale = cv2.getFontScaleFromHeight(FONT, height)
    full_width = cv2.getTextSize(words, FONT, scale, 1)[0][0]
    scale *= min(1.0, 0.94 * picture_width / full_width)
    (width, height), _ = cv2.getTextSize(words, FONT, scale, thickness)
    pad = max(2, height // 3)
    rightmost = max(pad, picture_width - width - pad)
    x = int(np.clip(x, pad, rightmost))
    y = int(np.clip(y, height + pad, picture_height - pad))
    upper_left = (x - pad, y - height - pad)
    lower_right = (x + width + pad, y + pad)
    cv2.rectangle(image, upper_left, lower_right, BLACK, cv2.FILLED)
    cv2.putText(image, words, (x, y), FONT, scale, WHITE, thickness, cv2.LINE_AA)
