"""The facts of a set: counted, audited, and published where notebooks read them."""

import json

import numpy as np
import pandas as pd
import pytest

from emotutils import config, datasets
from emotutils.course import notebook
from emotutils.datasets.base import Dataset
from emotutils.emotions import EMOTIONS
from emotutils.studies import facts


@pytest.fixture
def faces():
    """Six noisy pictures; row 5 (test) is the same picture as row 0 (train)."""
    pictures = np.random.default_rng(0).integers(0, 256, (6, 48, 48, 1)).astype(np.float32)
    pictures[5] = pictures[0]
    votes = [[0, 0, 10], [4, 0, 6], [5, 0, 5], [0, 0, 0], [1, 0, 9], [5, 5, 0]]  # of ten
    table = pd.DataFrame(votes, columns=["ferplus_anger", "ferplus_disgust", "ferplus_fear"])
    others = [f"ferplus_{e}" for e in EMOTIONS if e not in ("anger", "disgust", "fear")]
    table[others] = 0
    table = table.assign(
        **{
            "id": [f"toy-{k}" for k in range(6)],
            "label": ["fear", "fear", "anger", "anger", "fear", "surprise"],
            "group": list("abcdea"),
            "split": ["train"] * 4 + ["test"] * 2,
            "ferplus_label": ["fear", "anger", "anger", "", "fear", ""],
        }
    )
    return Dataset("toy", table, EMOTIONS, "nobody", "none", read_faces=lambda rows: pictures[rows])


def test_a_set_is_counted_and_audited(faces):
    found = facts.describe(faces)
    assert found["labels"] == {"anger": 2, "fear": 3, "surprise": 1}
    assert (
        found["splits"] == {"train": 4, "test": 2} and found["rows"] == 6 and found["groups"] == 5
    )
    asked = found["ferplus"]
    assert (asked["clear"], asked["agree"]) == (4, 0.75)
    assert (asked["voted"], asked["unanimous"], asked["divided"]) == (5, 1, 2)
    said = dict(np.ndenumerate(asked["counts"]))
    ANGER, FEAR = EMOTIONS.index("anger"), EMOTIONS.index("fear")
    assert {where: n for where, n in said.items() if n} == {
        (FEAR, FEAR): 2,
        (FEAR, ANGER): 1,
        (ANGER, ANGER): 1,
    }
    assert found["copies"] == 1 and found["twins"] == ["toy-5"]
    audit = pd.DataFrame(found["audit"]).set_index(["kind", "parts"])
    assert audit.loc[("same picture", "train–test"), ["rows", "share"]].tolist() == [1, 0.5]
    assert json.loads(json.dumps(found)) == found


def test_facts_are_published_where_notebooks_read_them(faces, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(config, "shipped_root", lambda: tmp_path)
    assert notebook.recorded("data-toy") is None and "not run yet" in capsys.readouterr().out
    (tmp_path / "runs").mkdir()
    facts.publish(facts.describe(faces))
    assert notebook.recorded("data-toy")["rows"] == 6


@pytest.mark.real
@pytest.mark.whole
@pytest.mark.parametrize("name", ["fer2013", "ravdess", "tess"])
def test_the_shipped_facts_are_those_of_the_real_sets(name, real_data):
    found = facts.describe(datasets.load(name, real_data))
    assert found == notebook.recorded(f"data-{name}")
