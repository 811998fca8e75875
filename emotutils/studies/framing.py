"""How much does it matter how tightly a face is cut out, and do several cuts answer better?

FER2013's pictures are cut already: each is set into a larger picture, the detector looks for it
there, and the face is cut out again with several margins.
"""

import time
from collections.abc import Sequence
from itertools import cycle

import cv2
import numpy as np

from .. import datasets
from ..evaluation import compare, score
from ..faces import MARGIN, Face, align_crop, build_detector
from ..faces.degradation import blur, contrast, resolution
from ..networks import Network, load_network
from ..support.machine import surroundings

MARGINS = (0.8, 0.9, 1.0, MARGIN, 1.25, 1.4, 1.6)
#: Margins whose answers are averaged.
SEVERAL = ((1.0, MARGIN, 1.25), (0.9, MARGIN, 1.4))
#: What is done to the face before it is set into its picture.
CONDITIONS = {
    "clean": None,
    "blur": (blur, 1),
    "resolution": (resolution, 24),
    "less contrast": (contrast, 0.4),
}
LARGE = 96  #: side of the face in the larger picture, in pixels
PAD = 96  #: pixels around it


def study(
    network: str = "conv2d",
    data: str = "fer2013",
    *,
    root=None,
    rows: int = 800,
    margins: Sequence[float] = MARGINS,
    several: Sequence[tuple[float, ...]] = SEVERAL,
    seed: int = 0,
) -> dict:
    """Accuracy over margins and over means of several margins, on drawn validation faces that the
    detector finds.

    Parameters
    ----------
    network : of faces, shipped or the path of a ``.keras`` file.
    data, root : a set of faces already cut, and the data root.
    rows : so many faces of the validation part, drawn.
    margins : sides of the crop in units of the detected box.
    several : groups of margins whose answers are averaged; each margin is one of ``margins``.
    seed : of the rows.

    Returns
    -------
    A record: for each condition how many faces were found, the median ``margin`` by which a
    detected box spans the face's picture, accuracy for each margin, and for each group of margins
    the accuracy and the ``gain`` over `MARGIN` alone with its 95 % interval, both on the found
    faces.
    """
    began = time.perf_counter()
    network = load_network(network)
    known = datasets.part(datasets.load(data, root), "validation", "face")
    chosen = np.random.default_rng(seed).permutation(len(known))[:rows]
    y = known.y[chosen]
    conditions = {}
    for name, change in CONDITIONS.items():
        x = known.x[chosen].astype(np.float32)
        if change is not None:
            function, strength = change
            x = function(x, strength)
        conditions[name] = _condition(network, x, y, margins, several)
    return {
        "network": network.name,
        "run": network.card["run"],
        "data": data,
        "split": "validation",
        "n": len(chosen),
        "seed": seed,
        "default": MARGIN,
        "conditions": conditions,
        "wall_time_s": round(time.perf_counter() - began, 1),
        **surroundings(),
    }


def _condition(
    network: Network,
    x: np.ndarray,
    y: np.ndarray,
    margins: Sequence[float],
    several: Sequence[tuple[float, ...]],
) -> dict:
    pictures, seen = _pictures_with_faces(x)
    found = np.flatnonzero([face is not None for face in seen])
    y = y[found]
    answers = {}
    for margin in margins:
        crops = [align_crop(pictures[i], seen[i], margin=margin) for i in found]
        answers[margin] = network.predict_proba(np.stack(crops))
    one = []
    for margin, proba in answers.items():
        accuracy = score(y, proba, network.labels).accuracy
        one.append({"margin": margin, "accuracy": accuracy.to_dict()})
    more = []
    for group in several:
        mean = np.mean([answers[margin] for margin in group], axis=0)
        more.append(
            {
                "margins": list(group),
                "accuracy": score(y, mean, network.labels).accuracy.to_dict(),
                "gain": compare(y, mean, answers[MARGIN]).accuracy.to_dict(),
            }
        )
    spans = [LARGE / seen[i].side for i in found]
    return {
        "found": len(found),
        "margin": round(float(np.median(spans)), 3),
        "one": one,
        "several": more,
    }


def _pictures_with_faces(x: np.ndarray) -> tuple[list[np.ndarray], list[Face | None]]:
    """The faces in larger pictures, and where the detector sees them."""
    detector = build_detector()
    pictures = []
    seen = []
    for face, surrounding in zip(x[..., 0], cycle(("black", "grey", "edge")), strict=False):
        picture = set_into_picture(face, surrounding)
        pictures.append(picture)
        seen.append(next(iter(detector.detect(picture)), None))
    return pictures, seen


def set_into_picture(face: np.ndarray, surrounding: str) -> np.ndarray:
    """A face (48, 48) in 0..255, enlarged, amid black, its mean ``"grey"`` or its blurred
    ``"edge"``: uint8 (288, 288).
    """
    pixels = np.rint(face).astype(np.uint8)
    large = cv2.resize(pixels, (LARGE, LARGE), interpolation=cv2.INTER_CUBIC)
    around = (PAD, PAD, PAD, PAD)
    if surrounding == "edge":
        repeated = cv2.copyMakeBorder(large, *around, cv2.BORDER_REPLICATE)
        picture = cv2.GaussianBlur(repeated, (0, 0), LARGE / 8)
        picture[PAD : PAD + LARGE, PAD : PAD + LARGE] = large
        return picture
    grey = 0 if surrounding == "black" else int(large.mean())
    return cv2.copyMakeBorder(large, *around, cv2.BORDER_CONSTANT, value=grey)
