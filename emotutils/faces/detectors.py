"""Find the faces in a picture: BlazeFace (default) and Haar's cascades.

Taught in notebooks/04_film_data.
"""

import math
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from .. import config
from ..errors import EmotutilsError
from ..support.plugins import add_announced, check_usable
from ..support.quiet import hushed
from .crops import OVERLAP, Face, as_rgb, cut_square, overlap

# The same script, where both detectors find the face: BlazeFace's box in units of Haar's box.
HAAR_SCALE = 0.92
HAAR_SHIFT = 0.067

# BlazeFace full-range: a 192 x 192 network that looks once at each cell of 4 x 4 pixels.
NETWORK_SIZE = 192
CELL = 4
# A first look at a whole picture is unsure about small and tilted faces: what passes this low bar
# is looked at again.
CANDIDATE = 0.3
# The closer look takes in four box sides: the size at which the network is surest and its eyes are
# within 3 degrees.
CLOSER = 4.0


class BlazeFace:
    """MediaPipe's BlazeFace, full-range model: small, quick, and sees faces tilted up to 45
    degrees.

    A first look at the whole picture gives candidates; each is then looked at closely, turned level
    by its eyes, which gives exact eyes, a box that does not depend on tilt, and a score that tells
    faces from false alarms. Source: Bazarevsky et al., *BlazeFace* (2019), arXiv:1907.05047. The
    model file is MediaPipe's (``data/weights/blazeface.LICENSE.txt``); decoding is done here.

    Parameters
    ----------
    threshold : score from which a closely seen face counts.
    tiles : 0 looks at the whole picture only and finds faces from about 6 % of its longer side. n >
        0 also looks at half-overlapping squares, n along the shorter side: finds smaller faces, at
        the cost of one look a square.
    at_once : pictures that may be looked at at the same time, each by a thread of its own: one such
        look gains nothing from several. ``None``: as many as OpenCV may use, four at most.

    Raises
    ------
    EmotutilsError : the model file is missing.
    """

    def __init__(
        self, *, threshold: float = 0.65, tiles: int = 0, at_once: int | None = None
    ) -> None:
        self.threshold = threshold
        self.tiles = tiles
        self.at_once = at_once or min(cv2.getNumThreads(), 4)
        # Made here and not in threads: what is printed meanwhile by others would be lost.
        networks = [_open_network() for _ in range(self.at_once)]
        self._free: queue.SimpleQueue = queue.SimpleQueue()
        for network in networks:
            self._free.put(network)
        self._input = networks[0].get_input_details()[0]["index"]
        boxes, scores = networks[0].get_output_details()
        self._boxes = boxes["index"]
        self._scores = scores["index"]
        middles = np.arange(CELL / 2, NETWORK_SIZE, CELL)
        grid = np.stack(np.meshgrid(middles, middles), axis=-1)
        self._anchors = grid.reshape(-1, 1, 2)

    def detect(self, image: np.ndarray) -> list[Face]:
        """All faces of a uint8 RGB picture (h, w, 3), largest first; ValueError where it is none
        (`as_rgb`).
        """
        image = as_rgb(image)
        height, width = image.shape[:2]
        points = []
        scores = []
        for middle, side in self._windows(width, height):
            seen, sure = self._look(image, middle, side)
            points.append(seen)
            scores.append(sure)
        candidates = _merge(np.concatenate(points), np.concatenate(scores))
        faces: list[Face] = []
        for candidate in candidates:
            if _is_known(candidate, faces):
                continue
            face = self._look_closer(image, candidate)
            if face is not None and not _is_known(face, faces):
                faces.append(face)
        return _largest_first(faces)

    def _windows(self, width: int, height: int) -> Iterator[tuple[np.ndarray, float]]:
        """Middle and side of every square of the first look: the whole picture, then the tiles."""
        middle = np.array([width / 2, height / 2])
        yield middle, max(width, height)
        if not self.tiles:
            return
        side = min(width, height) * 2 / (self.tiles + 1)
        for y in _tile_middles(height, side):
            for x in _tile_middles(width, side):
                yield np.array([x, y]), side

    def _look(
        self,
        image: np.ndarray,
        middle: np.ndarray,
        side: float,
        tilt: float = 0.0,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Run the network on one square.

        Returns (n, 4, 2) points in the picture (centre, (side, side), eye, eye) and (n,) scores of
        at least CANDIDATE.
        """
        cut, step = cut_square(image, middle, side, tilt, NETWORK_SIZE, cv2.BORDER_CONSTANT)
        batch = cut[None].astype(np.float32) / 127.5 - 1
        answers, boxes = self._answer(batch)
        logits = np.clip(answers[0, :, 0].astype(float), -80, 80)
        scores = 1 / (1 + np.exp(-logits))
        keep = np.flatnonzero(scores >= CANDIDATE)
        boxes = boxes[0].reshape(-1, 8, 2)
        points = boxes[keep, :4].astype(float)
        # All but the size are places: from the cell's middle to the cut, then to the picture.
        places = (0, 2, 3)
        in_cut = points[:, places] + self._anchors[keep]
        points[:, places] = (in_cut - NETWORK_SIZE / 2) @ step.T + middle
        points[:, 1] *= side / NETWORK_SIZE
        return points, scores[keep]

    def _answer(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores and boxes of all cells, from a network that no other thread uses now."""
        network = self._free.get()
        try:
            network.set_tensor(self._input, batch)
            network.invoke()
            return network.get_tensor(self._scores), network.get_tensor(self._boxes)
        finally:
            self._free.put(network)

    def _look_closer(self, image: np.ndarray, face: Face) -> Face | None:
        """The same face as seen from near, first straight, then turned level; None where it turns
        out to be none.
        """
        for level in (False, True):
            tilt = face.tilt if level else 0.0
            points, scores = self._look(image, face.centre, CLOSER * face.side, tilt)
            near = []
            for seen in _merge(points, scores):
                distance = np.abs(seen.centre - face.centre).max()
                if distance < face.side / 2:
                    near.append(seen)
            if not near:
                return None
            face = max(near, key=lambda seen: seen.score)
        if face.score < self.threshold:
            return None
        return face


class Haar:
    """Viola and Jones's cascade of Haar features: the classical detector, no network at all.

    Blind to profiles, to faces tilted beyond 20 degrees or below 40 pixels. Gives no eyes, so its
    crops are not turned level, and a score of 1 for every face, because it only says yes or no. Its
    box is brought to BlazeFace's, so that one margin serves both. Source: Viola and Jones (2001),
    doi:10.1109/CVPR.2001.990517; OpenCV's own cascade file.

    Parameters
    ----------
    neighbours : how many overlapping hits make a face; more gives fewer false alarms.
    max_side : a larger picture is looked at in this size (pixels of its longer side), because the
        cascade is slow.
    """

    def __init__(self, *, neighbours: int = 5, max_side: int = 640) -> None:
        self.neighbours = neighbours
        self.max_side = max_side
        self._cascade = cv2.CascadeClassifier(
            cv2.data.haarcascades + "haarcascade_frontalface_default.xml"
        )

    def detect(self, image: np.ndarray) -> list[Face]:
        """All faces of a uint8 RGB picture (h, w, 3), largest first; ValueError where it is none
        (`as_rgb`).
        """
        grey = cv2.cvtColor(as_rgb(image), cv2.COLOR_RGB2GRAY)
        scale = max(1.0, max(grey.shape) / self.max_side)
        if scale > 1:
            height, width = grey.shape
            size = (max(1, round(width / scale)), max(1, round(height / scale)))
            grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        even = cv2.equalizeHist(grey)
        boxes = self._cascade.detectMultiScale(even, 1.1, self.neighbours, minSize=(40, 40))
        faces = []
        for x, y, width, _ in boxes:
            across = x + width / 2
            down = y + width * (0.5 + HAAR_SHIFT)
            middle = np.array([across, down])
            side = HAAR_SCALE * scale * width
            faces.append(_square_face(scale * middle, side, 1.0))
        return _largest_first(faces)


#: The detectors by name; `register_detector` adds to them.
DETECTORS = {"blazeface": BlazeFace, "haar": Haar}


def register_detector(name: str, factory: Callable[..., Any]) -> None:
    """Make a face detector known by ``name``: to `build_detector`, ``analyze`` and
    ``datasets.prepare_films``.

    Parameters
    ----------
    name : of letters and digits; one that is known already is refused.
    factory : a class, or a function, that gives the detector. All the detector needs is a method
        ``detect(image) -> list[Face]`` for a uint8 RGB picture (h, w, 3), largest face first.

    Raises
    ------
    EmotutilsError : a name that is taken; a factory that cannot be called.

    Examples
    --------
    >>> from emotutils import faces
    >>> class Whole:
    ...     def detect(self, image):
    ...         height, width = image.shape[:2]
    ...         return [faces.Face(0, 0, width, height, score=1.0)]
    >>> faces.register_detector("whole", Whole)
    >>> found = faces.build_detector("whole").detect(np.zeros((20, 30, 3), np.uint8))
    >>> found[0].w
    30
    >>> del faces.DETECTORS["whole"]
    """
    if name in DETECTORS:
        raise EmotutilsError(f"a face detector {name!r} is known already: choose another name")
    if not callable(factory):
        raise EmotutilsError(f"{name}: {factory!r} makes no detector; give a class or a function")
    DETECTORS[name] = factory


def detector_names() -> list[str]:
    """The names of all detectors, those that other packages announce included."""
    add_announced("detectors", DETECTORS, register_detector)
    return list(DETECTORS)


def build_detector(name: str = "blazeface", **options) -> Any:
    """Make the detector of that name.

    Parameters
    ----------
    name : ``"blazeface"``, ``"haar"``, one of yours (`register_detector`), or one that an installed
        package announces by the entry-point group ``emotutils.detectors``.
    options : those of its class.

    Raises
    ------
    EmotutilsError : an unknown name; the message lists the known ones.
    """
    if name not in DETECTORS and name not in detector_names():
        check_usable("detectors", name)
        raise EmotutilsError(
            f"unknown face detector {name!r}: choose one of {', '.join(DETECTORS)}"
        )
    return DETECTORS[name](**options)


def _open_network() -> Any:
    # Imported here: a third of a second that only BlazeFace needs.
    from ai_edge_litert.interpreter import Interpreter

    with hushed():
        network = Interpreter(str(_model_file()), num_threads=1)
        network.allocate_tensors()
    return network


def _model_file() -> Path:
    path = config.shipped_root() / "weights" / "blazeface.tflite"
    if not path.is_file():
        raise EmotutilsError(
            f"the BlazeFace model is missing at {path}: install the package again, "
            "or choose detector haar"
        )
    return path


def _tile_middles(length: int, side: float) -> np.ndarray:
    """Where half-overlapping tiles lie along one side of the picture."""
    count = math.ceil(2 * (length - side) / side - 1e-6) + 1
    return np.linspace(side / 2, length - side / 2, count)


def _is_known(face: Face, faces: list[Face]) -> bool:
    return any(overlap(face, other) > OVERLAP for other in faces)


def _square_face(
    centre: np.ndarray,
    side: float,
    score: float,
    eyes: np.ndarray | None = None,
) -> Face:
    x, y = centre - side / 2
    return Face(
        x=float(x),
        y=float(y),
        w=float(side),
        h=float(side),
        score=float(score),
        eyes=eyes,
    )


def _merge(points: np.ndarray, scores: np.ndarray) -> list[Face]:
    """One face for each heap of overlapping boxes: their mean weighted by score, as MediaPipe does;
    best first.
    """
    left = np.argsort(-scores, kind="stable")
    faces = []
    while len(left):
        best = _box(points[left[0]], scores[left[0]])
        same = [overlap(_box(points[k], scores[k]), best) > OVERLAP for k in left]
        same[0] = True
        heap = left[same]
        centre, size, *eyes = np.average(points[heap], axis=0, weights=scores[heap])
        from_left = sorted(eyes, key=lambda eye: eye[0])
        faces.append(_square_face(centre, size[0], best.score, np.array(from_left)))
        left = left[~np.array(same)]
    return faces


def _box(points: np.ndarray, score: float) -> Face:
    """The box alone of what a look gives: (4, 2) points, the second of which is the size."""
    return _square_face(points[0], points[1, 0], score)


def _largest_first(faces: list[Face]) -> list[Face]:
    return sorted(faces, key=lambda face: -face.w * face.h)
