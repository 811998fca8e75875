"""RAVDESS's films as 35 action units: the table of means, or means of the tracking archive."""

import numpy as np
import pandas as pd
import pytest
import soundfile
from raising import raises_error

from emotutils import datasets
from emotutils.datasets import openface, ravdess_tracking
from emotutils.errors import DataError
from emotutils.studies import facts

NUMBERS = "01 02 04 05 06 07 09 10 12 14 15 17 20 23 25 26".split()
#: As OpenFace names them: 17 intensities, then 18 presences.
COLUMNS = [f"AU{n}_r" for n in [*NUMBERS, "45"]] + [f"AU{n}_c" for n in [*NUMBERS, "28", "45"]]
FILMS = ["01-01-05-02-01-02-01", "01-01-02-01-01-01-18", "01-01-01-01-02-01-24"]


def means(films=FILMS):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.uniform(0, 1, (len(films), 35)).round(4), columns=COLUMNS)
    table.insert(0, "film", films)
    return table


def put(root, table):
    path = root / "ravdess-tracking" / "film_means.csv"
    path.parent.mkdir(exist_ok=True)
    table.to_csv(path, index=False)
    return path


def put_film(root, name, frames):
    """A film's csv with what a reader needs."""
    path = root / "ravdess-tracking" / "Actor" / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    frames.to_csv(path, index=False)


def frames(n=4, confidence=0.98):
    table = means(["x"] * n).drop(columns="film")
    presences = COLUMNS[17:]
    table[presences] = (table[presences] > 0.5).astype(int)
    table.insert(0, "frame", np.arange(n) + 1)
    table.insert(1, "timestamp", (np.arange(n) / 30).round(3))
    table.insert(2, "confidence", confidence)
    table[[*openface.POSE, *openface.GAZE]] = 0.0
    return table


def put_voice(root, name):
    path = root / "ravdess" / f"{name}.wav"
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, 0.1 * np.sin(np.arange(8000) / 10), 16000)


def test_a_row_is_a_film_with_its_35_means(tmp_path):
    written = put(tmp_path, means())
    data = datasets.load("ravdess-units", tmp_path)
    assert data.modality == "units" and "film_means.csv" in data.source
    table = data.table.set_index("id")
    told = table.loc[FILMS, ["label", "y", "actor", "split"]].to_numpy().tolist()
    assert told == [
        ["anger", 0, 1, "train"],
        ["calm", 7, 18, "validation"],
        ["neutral", 6, 24, "test"],
    ]
    assert list(openface.UNITS) == COLUMNS and set(table["path"]) == {str(written)}
    wanted = means().set_index("film").loc[data.table["id"]]
    np.testing.assert_allclose(data.units(), wanted, rtol=1e-6)
    np.testing.assert_allclose(data.units([2]), wanted.iloc[[2]], rtol=1e-6)
    with pytest.raises(TypeError):
        data.faces()


def test_the_means_lie_beside_the_archive_and_count_first(tmp_path):
    put_film(tmp_path, FILMS[0], frames())
    assert "archive" in datasets.load("ravdess-units", tmp_path).source
    put(tmp_path, means())
    assert len(datasets.load("ravdess-units", tmp_path)) == 3
    tracking = datasets.load("ravdess-tracking", tmp_path, on_error="report")
    assert list(tracking.table["id"]) == FILMS[:1] and not len(tracking.rejects)


def test_of_the_archive_means_are_taken_over_frames_with_a_face(tmp_path):
    seen = frames(6)
    seen.loc[2, "confidence"] = 0
    seen.loc[4, "AU12_r"] = np.nan
    put_film(tmp_path, FILMS[0], seen)
    put_film(tmp_path, "01-02-05-02-01-02-01", frames())  # a song
    data = datasets.load("ravdess-units", tmp_path)
    assert list(data.table["id"]) == FILMS[:1]
    wanted = seen.drop(index=[2, 4])[COLUMNS].mean()
    np.testing.assert_allclose(data.units()[0], wanted, rtol=1e-6)


def test_openface_says_itself_in_which_frames_it_tracked(tmp_path):
    table = frames(4).assign(success=[1, 0, 1, 0])
    table.to_csv(tmp_path / "film.csv", index=False)
    assert openface.tracked(openface.read(tmp_path / "film.csv"))["frame"].tolist() == [1, 3]


def test_an_archive_without_a_face_in_a_film_is_refused(tmp_path):
    put_film(tmp_path, FILMS[0], frames(confidence=0.0))
    put_film(tmp_path, FILMS[1], frames())
    with raises_error(DataError, FILMS[0]):
        datasets.load("ravdess-units", tmp_path)
    data = datasets.load("ravdess-units", tmp_path, on_error="report")
    assert list(data.table["id"]) == FILMS[1:2]
    assert data.rejects["where"].str.contains(FILMS[0]).all()


@pytest.mark.parametrize(
    "change, fault",
    [
        ({"film": FILMS[1]}, "film"),
        ({"film": "kids-by-the-door"}, "03-01-05-01-02-01-12"),
        ({"film": "03-01-05-02-01-02-01"}, "film"),
        ({"film": "01-02-05-02-01-02-01"}, "film"),
        ({"AU12_r": "much"}, "AU12_r"),
        ({"AU12_r": ""}, "AU12_r"),
        ({"AU12_r": "inf"}, "AU12_r"),
        ({"AU12_r": 5.2}, "AU12_r is 5.2"),
        ({"AU28_c": 1.5}, "AU28_c is 1.5"),
    ],
)
def test_a_row_that_is_unfit_is_named_or_left_out(tmp_path, change, fault):
    table = means().astype(object)
    for column, value in change.items():
        table.loc[2, column] = value
    put(tmp_path, table)
    with raises_error(DataError, "film_means.csv, line 4", fault):
        datasets.load("ravdess-units", tmp_path)
    data = datasets.load("ravdess-units", tmp_path, on_error="report")
    assert len(data) == 2 and len(data.rejects) == 1
    assert fault in " ".join(data.rejects.loc[0, ["where", "what"]])


def test_a_table_that_is_unfit_is_refused_whole(tmp_path):
    with raises_error(DataError, "film_means.csv"):
        datasets.load("ravdess-units", tmp_path)
    put(tmp_path, means().drop(columns=["AU10_r", "AU28_c"]))
    with raises_error(DataError, "AU10_r, AU28_c"):
        datasets.load("ravdess-units", tmp_path, on_error="report")
    put(tmp_path, means()[:0])
    with raises_error(DataError, tmp_path):
        datasets.load("ravdess-units", tmp_path)
    put(tmp_path, means().assign(AU12_r="much"))
    with raises_error(DataError, tmp_path):
        datasets.load("ravdess-units", tmp_path, on_error="report")
    put(tmp_path, means()).write_bytes(b"")
    with raises_error(DataError, "film_means.csv"):
        datasets.load("ravdess-units", tmp_path)


def test_films_meet_the_recordings_of_their_takes(tmp_path):
    put(tmp_path, means())
    for film in FILMS[:2]:
        put_voice(tmp_path, "03" + film[2:])
    put_voice(tmp_path, "03-01-03-01-01-01-09")
    films = datasets.load("ravdess-units", tmp_path)
    recorded = datasets.load("ravdess", tmp_path)
    with raises_error(DataError, FILMS[2], where=f"ravdess-units, {FILMS[2]}"):
        ravdess_tracking.pair(films, recorded)
    rejects = datasets.Rejects("report")
    pairs = ravdess_tracking.pair(films, recorded, rejects=rejects)
    assert sorted(pairs["id_face"]) == sorted(FILMS[:2])
    assert (pairs["id_face"].str[3:] == pairs["id_voice"].str[3:]).all()
    assert rejects.table()["where"].str.contains(FILMS[2]).tolist() == [True]


def test_what_the_set_holds_can_be_told(tmp_path):
    table = means([*FILMS, "01-01-01-01-02-02-24"])
    table.loc[3, COLUMNS] = table.loc[2, COLUMNS]
    put(tmp_path, table)
    found = facts.describe(datasets.load("ravdess-units", tmp_path))
    assert found["copies"] == [["01-01-01-01-02-01-24", "01-01-01-01-02-02-24"]]
    assert "film_means.csv" in found["source"] and found["labels"]["neutral"] == 2
    status = datasets.download.check("ravdess-units", tmp_path)
    assert status.usable and not status.whole and "film_means.csv" in status.line


@pytest.mark.real
def test_smiles_are_on_happy_films_and_wrinkled_noses_on_disgusted_ones(real_data):
    if not datasets.download.here(datasets.catalog.entry("ravdess-units"), real_data):
        pytest.skip("no action units of RAVDESS's films there")
    table = datasets.load("ravdess-units", real_data).table
    means_of = table.groupby("label")[["AU12_r", "AU09_r"]].mean()
    assert len(table) == 1440 and means_of["AU12_r"].idxmax() == "happiness"
    assert means_of["AU09_r"].idxmax() == "disgust"
