"""The package ``fer`` on a film, in its own environment, for ``analyze.py``.

    ENVIRONMENT/bin/python tests/benchmarks/peer.py START FILM EVERY

As fast as it can be asked: its TFLite network, no pictures and no film written. It looks at every
``EVERY``-th frame. The last line that it prints is JSON, as that of ``staged.py``.
"""

import json
import sys
import tempfile
import time

import cv2

# It asks windows about keys, which OpenCV without a screen does not have.
cv2.waitKey = lambda *_: -1
cv2.destroyAllWindows = lambda: None

from fer.classes import Video  # noqa: E402
from fer.fer import FER  # noqa: E402

STARTED = float(sys.argv[1])
STAGES = {"imports": time.time() - STARTED}


def timed(detect):
    """Notes when the first frame with a face was answered."""

    def call(*args, **options):
        found = detect(*args, **options)
        if found:
            STAGES.setdefault("first", time.time() - STARTED)
        return found

    return call


def main() -> None:
    detector = FER()
    STAGES["ready"] = time.time() - STARTED
    detector.detect_emotions = timed(detector.detect_emotions)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.time()
        video = Video(sys.argv[2], outdir=folder)
        table = video.analyze(
            detector,
            frequency=int(sys.argv[3]),
            output="pandas",
            save_frames=False,
            save_video=False,
            annotate_frames=False,
        )
        table.to_csv(f"{folder}/fer.csv")
        STAGES["picture"] = time.time() - begun
    print(json.dumps({"stages": STAGES, "found": len(table)}))


if __name__ == "__main__":
    main()
