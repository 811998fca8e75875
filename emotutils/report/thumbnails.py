"""Small pictures of the film for the report, where they are wanted."""

import base64
import math
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from .. import media
from ..errors import EmotutilsError

#: At most so many: the page stays under half a megabyte.
MOST = 24
#: Pixels.
HEIGHT = 96


def take_thumbnails(film: Path, info: media.FilmInfo) -> list[tuple[float, str]]:
    """Pictures spread evenly over a film, at most one a second, each (time in s, JPEG as a
    ``data:`` address).

    Raises
    ------
    EmotutilsError : no picture in it; the film is gone or cannot be read.
    """
    if not info.has_video:
        raise EmotutilsError(f"{film}: there is no picture to take thumbnails from; leave them out")
    count = max(1, min(MOST, int(info.duration)))
    longer = max(info.width, info.height)
    frames = media.frames(
        film,
        count / max(info.duration, 1e-3),
        max_side=math.ceil(longer * HEIGHT / info.height),
        track=info.picture_track,
        warn=lambda message: None,  # damage is among the analysis's warnings already
    )
    return [(frame.t, _address(frame.image)) for frame in islice(frames, count)]


def _address(image: np.ndarray) -> str:
    in_blue_green_red = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 70]
    _, jpeg = cv2.imencode(".jpg", in_blue_green_red, quality)
    text = base64.b64encode(jpeg).decode()
    return f"data:image/jpeg;base64,{text}"
