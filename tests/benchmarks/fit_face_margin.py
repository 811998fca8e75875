"""Fit the constants of emotutils/faces that frame a detected face as FER2013 frames its faces.

FER2013's pictures are already cut, so the detector runs on them set into a larger picture, and the
medians over many faces say how many detected boxes such a picture spans, and where its middle lies.
What surrounds the picture moves the box by a few per cent; three surroundings take turns.

    python tests/benchmarks/fit_face_margin.py ~/emotion-data/fer2013/fer2013.csv [faces]
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from emotutils import faces
from emotutils.studies.framing import LARGE, PAD, set_into_picture


def training_faces(csv: Path, count: int) -> np.ndarray:
    """The first ``count`` pictures of FER2013's Training part, uint8 (count, 48, 48)."""
    table = pd.read_csv(csv, nrows=count)
    if not (table["Usage"] == "Training").all():
        raise ValueError(f"{csv}: the first {count} rows are not all Training rows")
    return np.stack(
        [np.array(pixels.split(), dtype=np.uint8).reshape(48, 48) for pixels in table["pixels"]]
    )


def fit(csv: Path, count: int = 2000) -> pd.DataFrame:
    """Quartiles of each constant over the faces found, one column a constant; ``found`` is the
    share of faces.
    """
    # A low threshold, because sure finds are the loosely cut faces: a high one would bias the fit.
    blazeface, haar = (
        faces.build_detector("blazeface", threshold=faces.detectors.CANDIDATE),
        faces.build_detector("haar"),
    )
    middle = np.full(2, PAD + LARGE / 2)
    rows = []
    for i, pixels in enumerate(training_faces(csv, count)):
        picture = set_into_picture(pixels, ("black", "grey", "edge")[i % 3])
        seen = next(iter(blazeface.detect(picture)), None)
        if seen is None:
            continue
        offset = (middle - seen.centre) / seen.side
        level = (
            np.array(
                [[np.cos(seen.tilt), np.sin(seen.tilt)], [-np.sin(seen.tilt), np.cos(seen.tilt)]]
            )
            @ offset
        )
        row = {"MARGIN": LARGE / seen.side, "SHIFT": level[1], "sideways": level[0]}
        row["eyes apart"] = np.linalg.norm(seen.eyes[1] - seen.eyes[0]) / seen.side
        if classical := haar.detect(picture):
            side = classical[0].side / faces.HAAR_SCALE
            row["HAAR_SCALE"] = seen.side / side
            row["HAAR_SHIFT"] = (seen.centre - classical[0].centre)[1] / side + faces.HAAR_SHIFT
        rows.append(row)
    table = pd.DataFrame(rows)
    return table.quantile([0.25, 0.5, 0.75]).assign(found=len(table) / count)


if __name__ == "__main__":
    print(fit(Path(sys.argv[1]).expanduser(), *map(int, sys.argv[2:])).round(3).to_string())
