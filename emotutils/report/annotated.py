"""The film once more, with what was found drawn into it."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from .. import media
from ..errors import EmotutilsError
from ..findings import TOGETHER, Findings, P, columns, label_column, labels_of, title
from ..media import FilmWriter


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
    total = round(info.duration * info.fps) if info.fps else None
    quiet = {"warn": lambda message: None}  # damage is among the analysis's warnings already
    with FilmWriter(path, info.width, info.height, info.fps or 25, film, **quiet) as writer:
        frames = media.frames(film, None, **quiet)
        for frame in tqdm(frames, total=total, desc=path.name, unit=" frames", disable=None):
            image = np.ascontiguousarray(frame.image)
            for box, words in boxes.at(frame.t):
                _draw_box(image, box, words)
            _draw_captions(
                image, captions[max(0, int(np.searchsorted(times, frame.t, side="right")) - 1)]
            )
            writer.write(image, frame.t)
    return path


class _Boxes:
    """The boxes of all tracks at any time: straight lines between sampled frames."""

    COLUMNS = ["x", "y", "w", "h"]

    def __init__(self, frames: pd.DataFrame):
        found = frames[frames["found"].astype(bool)]
        moments = np.unique(frames["t"].to_numpy(float))
        # A box holds until the next sampled frame; one without the face ends it.
        self.hold = 1.5 * float(np.median(np.diff(moments))) if len(moments) > 1 else 0.5
        self.tracks = {}
        for track, rows in found.groupby("track"):
            words = [f"looks like {_likeliest(p)}" for p in rows[P].to_numpy(float)]
            self.tracks[int(track)] = (
                rows["t"].to_numpy(float),
                rows[self.COLUMNS].to_numpy(float),
                words,
            )

    def at(self, t: float) -> list[tuple[np.ndarray, str]]:
        """(x, y, w, h) in pixels and words, for each track there at ``t`` (s)."""
        out = []
        for track, (times, boxes, words) in self.tracks.items():
            i = int(np.searchsorted(times, t + 1e-3, side="right")) - 1
            if i < 0 or t - times[i] > self.hold:
                continue
            box = boxes[i]
            if i + 1 < len(times) and times[i + 1] - times[i] <= self.hold:
                share = max(0.0, t - times[i]) / (times[i + 1] - times[i])
                box = (1 - share) * box + share * boxes[i + 1]
            out.append((box, f"#{track} {words[i]}"))
        return out


def _likeliest(p: np.ndarray) -> str:
    return f"{labels_of([p])[0]} {max(p):.2f}"


def _captions(findings: Findings, row: dict) -> list[str]:
    """What each stream without boxes says at a moment, and all together."""
    captions = []
    for name, stream in findings.streams.items():
        if set(_Boxes.COLUMNS) <= set(stream.table):
            continue
        said = stream.gap
        if row[label_column(name)]:
            said = f"{title(name)} {_likeliest([row[column] for column in columns(name)])}"
        captions.append(said)
    said = "nothing to go by"
    if row[label_column(TOGETHER)]:
        said = _likeliest([row[column] for column in columns(TOGETHER)])
    if row["unsure"]:
        said = f"not sure ({said})"
    return [*captions, f"together: {said}"]


def _draw_box(image: np.ndarray, box: np.ndarray, words: str) -> None:
    line = max(1, round(min(image.shape[:2]) / 240))
    x, y, w, h = (round(float(v)) for v in box)
    for color, extra in (((0, 0, 0), 2), ((255, 255, 255), 0)):
        cv2.rectangle(image, (x, y), (x + w, y + h), color, line + extra, cv2.LINE_AA)
    _write(image, words, x, y - 2 * line)


def _draw_captions(image: np.ndarray, captions: list[str]) -> None:
    height = _text_height(image)
    for k, words in enumerate(reversed(captions)):
        _write(image, words, height // 2, image.shape[0] - round((0.5 + 1.7 * k) * height))


def _text_height(image: np.ndarray) -> int:
    return max(8, round(min(image.shape[:2]) / 26))


def _write(image: np.ndarray, words: str, x: int, y: int) -> None:
    """White words on black, their lower left corner at (x, y), moved and made small enough to lie
    in the picture.
    """
    font, height = cv2.FONT_HERSHEY_SIMPLEX, _text_height(image)
    scale = cv2.getFontScaleFromHeight(font, height)
    scale *= min(1.0, 0.94 * image.shape[1] / cv2.getTextSize(words, font, scale, 1)[0][0])
    thickness = max(1, round(height / 14))
    (w, h), _ = cv2.getTextSize(words, font, scale, thickness)
    pad = max(2, h // 3)
    x = int(np.clip(x, pad, max(pad, image.shape[1] - w - pad)))
    y = int(np.clip(y, h + pad, image.shape[0] - pad))
    cv2.rectangle(image, (x - pad, y - h - pad), (x + w + pad, y + pad), (0, 0, 0), cv2.FILLED)
    cv2.putText(image, words, (x, y), font, scale, (255, 255, 255), thickness, cv2.LINE_AA)
