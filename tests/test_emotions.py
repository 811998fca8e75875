import pickle

import numpy as np
import pytest

from emotutils.emotions import CODES, EMOTIONS, EMOTIONS_WITH_CALM, to_seven
from emotutils.errors import DataError, MediaError


def test_the_seven_stand_in_fer2013s_order():
    # Codes as published with the data set (Goodfellow et al. 2013).
    published = {
        0: "anger",
        1: "disgust",
        2: "fear",
        3: "happiness",
        4: "sadness",
        5: "surprise",
        6: "neutral",
    }
    assert dict(enumerate(EMOTIONS)) == published == CODES["fer2013"]


def test_every_code_book_covers_its_set():
    assert set(CODES["ravdess"].values()) == set(EMOTIONS_WITH_CALM)
    assert set(CODES["tess"].values()) == set(EMOTIONS) == set(CODES["affwild2"].values())


def test_calm_is_added_to_neutral():
    p = np.array([[0.1, 0.0, 0.0, 0.2, 0.0, 0.0, 0.3, 0.4]])
    np.testing.assert_allclose(to_seven(p, EMOTIONS_WITH_CALM), [[0.1, 0, 0, 0.2, 0, 0, 0.7]])


def test_labels_in_another_order_find_their_place():
    p = to_seven(np.array([0.7, 0.3]), ("surprise", "anger"))
    assert (
        p[EMOTIONS.index("surprise")] == 0.7 and p[EMOTIONS.index("anger")] == 0.3 and p.sum() == 1
    )


@pytest.mark.parametrize("p, labels", [([0.5, 0.5], ["anger"]), ([1.0], ["joy"])])
def test_what_does_not_fit_is_refused(p, labels):
    with pytest.raises(ValueError):
        to_seven(np.array(p), labels)


def test_an_error_keeps_its_fields_between_processes():
    for kind in (DataError, MediaError):
        error = pickle.loads(pickle.dumps(kind("Act 2: the park.txt", "is empty", "copy it again")))
        assert isinstance(error, kind)
        assert (error.where, error.what, error.remedy) == (
            "Act 2: the park.txt",
            "is empty",
            "copy it again",
        )
        assert str(error) == "Act 2: the park.txt: is empty; copy it again"
