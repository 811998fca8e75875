"""CREMA-D's votes: as published, as they ship, and what cannot be read."""

import numpy as np
import pandas as pd
import pytest
from raising import raises_error

from emotutils import datasets
from emotutils.datasets import crema_d
from emotutils.errors import DataError

#: The first rows of the published table, one of each kind, as its documentation describes them.
PUBLISHED = """\
"","A","D","F","H","N","S","fileName","numResponses","agreement","emoVote"
"100001",0,0,0,1,10,0,"1001_IEO_NEU_XX",11,0.9,"N"
"200001",0,2,0,0,7,1,"1001_IEO_NEU_XX",10,0.7,"N"
"300001",0,0,0,0,9,0,"1001_IEO_NEU_XX",9,1,"N"
"100002",0,0,0,3,6,0,"1002_DFA_HAP_LO",9,0.67,"N"
"""
ACTORS = '"ActorID","Age","Sex","Race","Ethnicity"\n1001,51,"Male","",""\n1002,21,"Female","",""\n'


@pytest.fixture
def root(tmp_path):
    write(tmp_path, PUBLISHED)
    return tmp_path


def write(root, votes, actors=ACTORS):
    folder = root / "crema-d" / "processedResults"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tabulatedVotes.csv").write_text(votes)
    (folder.parent / "VideoDemographics.csv").write_text(actors)


def test_published_votes_are_read(root):
    votes = datasets.load("crema-d", root)
    assert votes.labels == ("anger", "disgust", "fear", "happiness", "sadness", "neutral")
    table = votes.table.set_index("id")
    assert sorted(table.index) == [
        "both/1001_IEO_NEU_XX",
        "face/1001_IEO_NEU_XX",
        "voice/1001_IEO_NEU_XX",
        "voice/1002_DFA_HAP_LO",
    ]
    face = table.loc["face/1001_IEO_NEU_XX"]
    assert (face.actor, face.sex, face.age, face.sentence) == (1001, "male", 51, "IEO")
    assert (face.label, face.intensity, face.modality) == ("neutral", "unspecified", "face")
    assert (face.votes_disgust, face.votes_neutral, face.votes_sadness) == (2, 7, 1)
    happy = table.loc["voice/1002_DFA_HAP_LO"]
    assert (happy.label, happy.intensity, happy.y, happy.sex) == ("happiness", "low", 3, "female")
    assert set(table["split"]) == {"test"} and set(table["group"]) == {
        "crema-d-1001",
        "crema-d-1002",
    }


def test_distributions_are_shares_in_the_courses_order(root):
    table = datasets.load("crema-d", root).table.set_index("id").loc[["face/1001_IEO_NEU_XX"]]
    assert crema_d.distributions(table)[0] == pytest.approx([0, 0.2, 0, 0, 0.1, 0.7])
    smoothed = crema_d.distributions(table, 0.5)[0]  # 10 votes and six halves
    assert smoothed == pytest.approx(np.array([0.5, 2.5, 0.5, 0.5, 1.5, 7.5]) / 13)


def test_what_ships_is_read_where_no_published_file_is(tmp_path):
    votes = datasets.load("crema-d", tmp_path)
    table = votes.table
    assert len(table) == 3 * 7442 and table["actor"].nunique() == 91
    assert table["modality"].value_counts().to_dict() == dict.fromkeys(
        ("voice", "face", "both"), 7442
    )
    first = table.set_index("id").loc["voice/1001_IEO_NEU_XX"]  # as in the published table above
    assert (first.votes_happiness, first.votes_neutral, first.votes_anger) == (1, 10, 0)
    assert (first.sex, first.age) == ("male", 51)
    # Majorities match the intended emotion so often, ties going to the published column's first.
    order = ["anger", "disgust", "fear", "happiness", "neutral", "sadness"]
    counts = table[[f"votes_{label}" for label in order]].to_numpy()
    right = np.array(order)[counts.argmax(axis=1)] == table["label"]
    found = right.groupby(table["modality"]).mean()
    assert found.round(3).to_dict() == {"both": 0.748, "face": 0.690, "voice": 0.455}


def test_shipping_and_reading_again_changes_nothing(root, tmp_path, monkeypatch):
    whole = PUBLISHED + '"200002",0,0,0,9,0,0,"1002_DFA_HAP_LO",9,1,"H"\n'
    whole += '"300002",0,0,1,8,0,0,"1002_DFA_HAP_LO",9,0.9,"H"\n'
    write(root, whole)
    votes = datasets.load("crema-d", root)
    crema_d.ship(votes, tmp_path / "small")
    monkeypatch.setattr(crema_d, "shipped_folder", lambda: tmp_path / "small")
    again = datasets.load("crema-d", tmp_path / "nowhere")
    pd.testing.assert_frame_equal(again.table, votes.table)


BAD_ROWS = {
    "a negative count": ('"100002",0,0,0,3,7,-1,"1002_DFA_HAP_LO",9', "1002_DFA_HAP_LO"),
    "half a vote": ('"100002",0,0,0,3.5,5.5,0,"1002_DFA_HAP_LO",9', "1002_DFA_HAP_LO"),
    "an empty cell": ('"100002",0,0,0,3,6,,"1002_DFA_HAP_LO",9', "1002_DFA_HAP_LO"),
    "nobody": ('"100002",0,0,0,0,0,0,"1002_DFA_HAP_LO",0', "1002_DFA_HAP_LO"),
    "votes for something else": ('"100002",0,0,0,3,6,0,"1002_DFA_HAP_LO",10', "100002"),
    "an unknown emotion": ('"100002",0,0,0,3,6,0,"1002_DFA_SUR_LO",9', "1002_DFA_SUR_LO"),
    "an unknown sentence": ('"100002",0,0,0,3,6,0,"1002_AAA_HAP_LO",9', "1002_AAA_HAP_LO"),
    "another file name": ('"100002",0,0,0,3,6,0,"OAF_back_angry",9', "OAF_back_angry"),
    "an unknown actor": ('"100002",0,0,0,3,6,0,"1077_DFA_HAP_LO",9', "1077_DFA_HAP_LO"),
    "a fourth modality": ('"400002",0,0,0,3,6,0,"1002_DFA_HAP_LO",9', "1002_DFA_HAP_LO"),
    "the same again": ('"100001",0,0,0,1,10,0,"1001_IEO_NEU_XX",11', "1001_IEO_NEU_XX"),
}


@pytest.mark.parametrize("row, thing", BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_row_that_cannot_be_used_is_refused(tmp_path, row, thing):
    good = PUBLISHED.splitlines(keepends=True)
    write(tmp_path, "".join(good[:-1]) + row + ',0.5,"N"\n')
    with raises_error(DataError, "crema-d", thing):
        datasets.load("crema-d", tmp_path)
    votes = datasets.load("crema-d", tmp_path, on_error="report")
    assert len(votes) == 3 and len(votes.rejects) == 1
    assert thing in " ".join(votes.rejects.loc[0, ["where", "what"]])


@pytest.mark.parametrize("column", ["A", "S", "fileName", "numResponses"])
def test_a_missing_column_is_named(tmp_path, column):
    write(tmp_path, PUBLISHED.replace(f'"{column}"', '"other"'))
    with raises_error(DataError, column):
        datasets.load("crema-d", tmp_path)


def test_a_seventh_label_is_refused(tmp_path):
    lines = PUBLISHED.splitlines()
    lines = [lines[0] + ',"U"'] + [line + ",1" for line in lines[1:]]
    write(tmp_path, "\n".join(lines))
    with raises_error(DataError, "U"):
        datasets.load("crema-d", tmp_path)


def test_a_seventh_label_in_the_small_form_is_refused(tmp_path, monkeypatch):
    path = crema_d.ship(datasets.load("crema-d", tmp_path / "nowhere"), tmp_path / "small")
    table = pd.read_csv(path)
    table.assign(voice_surprise=1).to_csv(path, index=False)
    monkeypatch.setattr(crema_d, "shipped_folder", lambda: tmp_path / "small")
    with raises_error(DataError, "voice_surprise"):
        datasets.load("crema-d", tmp_path / "nowhere")


@pytest.mark.parametrize(
    "votes, actors, things",
    [
        ("", ACTORS, ["tabulatedVotes.csv"]),
        (PUBLISHED, "ActorID,Age\n1001,51\n", ["VideoDemographics.csv", "Sex"]),
        (PUBLISHED.splitlines()[0], ACTORS, ["crema-d"]),
    ],
    ids=["an empty file", "actors without sex", "a head alone"],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, votes, actors, things):
    write(tmp_path, votes, actors)
    with raises_error(DataError, *things):
        datasets.load("crema-d", tmp_path)


def test_votes_without_the_actors_say_what_is_missing(root):
    (root / "crema-d" / "VideoDemographics.csv").unlink()
    with raises_error(DataError, "VideoDemographics.csv"):
        datasets.load("crema-d", root)


@pytest.mark.real
def test_the_published_votes_are_those_that_ship(real_data, tmp_path):
    if not any(real_data.rglob("tabulatedVotes.csv")):
        pytest.skip("CREMA-D's published votes are not there")
    published = datasets.load("crema-d", real_data).table
    pd.testing.assert_frame_equal(published, datasets.load("crema-d", tmp_path).table)
