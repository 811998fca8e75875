"""What notebook 01 shows on drawn faces and made-up voices, on the real sets: the study and its
record.
"""

import numpy as np
import pytest

from emotutils import datasets
from emotutils.studies import first_steps
from emotutils.training import records


def test_a_repetition_with_faces_has_all_scores():
    seen = datasets.load("sample-fer2013")
    found = first_steps._of_faces(seen, seed=0, learned=140, asked=40, epochs=1)
    assert set(found["components"]) == {"4", "16", "64", "128", "all pixels"}
    assert 0 <= found["network"] <= 1 and found["seed"] == 0
    lower = found["lower halves"]
    assert lower["alpha 0.001"]["train"] < lower["alpha 10"]["train"] < lower["mean face"]


def test_a_small_face_is_the_mean_of_squares():
    face = np.zeros((1, 48, 48, 1))
    face[0, :2, :2, 0] = [[255, 0], [0, 255]]
    small = first_steps._flat(face)
    assert small.shape == (1, 576)
    assert small[0, 0] == pytest.approx(0.5) and small[0, 1:].max() == 0


def test_the_record_bears_what_notebook_01_says():
    record = records.read("first-steps")
    assert record["data"] == "fer2013+ravdess" and len(record["faces"]) == 5
    clusters = record["voices"]["clusters"]
    assert clusters["sex"] > 10 * clusters["label"]
    for one in record["faces"]:
        lower = one["lower halves"]
        assert lower["alpha 0.001"]["train"] < lower["alpha 10"]["train"]
        assert lower["alpha 0.001"]["validation"] > lower["alpha 10"]["validation"]
        assert one["network, training"] > 0.9
        assert one["network"] < 0.5
    components = [one["components"] for one in record["faces"]]
    assert np.mean([c["64"] for c in components]) >= np.mean([c["all pixels"] for c in components])
