import numpy as np
import pandas as pd
import pytest
import soundfile

from emotutils import datasets
from emotutils.emotions import EMOTIONS, EMOTIONS_WITH_CALM
from emotutils.errors import DataError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOTUTILS_CACHE", str(tmp_path / "cache"))


def write_fer(root, rows, header="emotion,pixels,Usage"):
    (root / "fer2013").mkdir(exist_ok=True)
    (root / "fer2013" / "fer2013.csv").write_text("\n".join([header, *rows]) + "\n")
    return root


def fer_row(code, seed, usage):
    pixels = np.random.default_rng(seed).integers(0, 256, 2304)
    return f"{code},{' '.join(map(str, pixels))},{usage}"


def write_wav(path, seconds=0.5, sr=16000):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.sin(np.arange(int(seconds * sr)) / 10), sr)


def test_fer2013_as_published(tmp_path):
    rows = [fer_row(0, 1, "Training"), fer_row(6, 2, "PublicTest"), fer_row(3, 1, "PrivateTest")]
    data = datasets.load("fer2013", write_fer(tmp_path, rows))
    assert list(data.table["label"]) == ["anger", "neutral", "happiness"]
    assert list(data.table["split"]) == ["train", "validation", "test"]
    assert data.labels == EMOTIONS and len(data) == 3
    faces = data.faces(np.array([0, 2]))
    assert faces.shape == (2, 48, 48, 1) and faces.dtype == np.float32
    np.testing.assert_array_equal(faces[0].ravel(), np.random.default_rng(1).integers(0, 256, 2304))
    # The same picture twice is one group, whatever its label: it must not cross a split unseen.
    assert data.table["group"][0] == data.table["group"][2] != data.table["group"][1]


def test_fer2013_is_parsed_once(tmp_path, monkeypatch):
    root = write_fer(tmp_path, [fer_row(0, 1, "Training")])
    first = datasets.load("fer2013", root)
    monkeypatch.setattr(pd, "read_csv", lambda *a, **k: pytest.fail("parsed again"))
    np.testing.assert_array_equal(datasets.load("fer2013", root).faces(), first.faces())


@pytest.mark.parametrize(
    "rows, header, message",
    [
        ([fer_row(9, 1, "Training")], "emotion,pixels,Usage", "line 2 has label 9"),
        (["0,1 2 3,Training"], "emotion,pixels,Usage", "line 2 does not hold 2304 pixels"),
        (["0," + " ".join(["300"] * 2304) + ",Training"], "emotion,pixels,Usage", "0..255"),
        ([fer_row(0, 1, "Trainin")], "emotion,pixels,Usage", "Usage 'Trainin'"),
        (["0,1 2 3"], "emotion,pixels", "no column Usage"),
        ([fer_row(0, 1, "Training").replace(",", ";")], "emotion;pixels;Usage", "no column"),
    ],
)
def test_a_damaged_fer2013_says_where(tmp_path, rows, header, message):
    with pytest.raises(DataError, match=message):
        datasets.load("fer2013", write_fer(tmp_path, rows, header))


@pytest.mark.parametrize("name", ["fer2013", "ravdess", "tess"])
def test_a_set_that_is_not_there_says_what_to_do(tmp_path, name):
    with pytest.raises(DataError, match="EMOTUTILS_DATA"):
        datasets.load(name, tmp_path)


def test_ravdess_names_are_read(tmp_path):
    folder = tmp_path / "ravdess" / "Audio_Speech_Actors_01-24"
    for name in ("Actor_01/03-01-05-02-01-02-01", "Actor_18/03-01-02-01-02-01-18", "Actor_24/03-01-08-01-01-01-24"):
        write_wav(folder / f"{name}.wav")
    write_wav(folder / "Actor_24" / "03-02-03-01-01-01-24.wav")
    table = datasets.load("ravdess", tmp_path).table.set_index("id")
    assert len(table) == 3
    row = table.loc["03-01-05-02-01-02-01"]
    assert (row.label, row.sex, row.intensity, row.statement, row.repetition) == ("anger", "male", "strong", 1, 2)
    assert list(table.loc[sorted(table.index), "split"]) == ["validation", "train", "test"]
    assert table.loc["03-01-02-01-02-01-18", "y"] == EMOTIONS_WITH_CALM.index("calm")
    assert len(datasets.ravdess.load(tmp_path, "song")) == 1
    voices = datasets.load("ravdess", tmp_path).voices()
    assert [v.shape for v in voices] == [(8000,)] * 3 and voices[0].dtype == np.float32


def test_tess_names_are_read_with_their_irregular_one(tmp_path):
    for name in ("OAF_angry/OAF_back_angry", "OAF_neutral/OA_bite_neutral", "YAF_pleasant_surprise/YAF_dog_ps"):
        write_wav(tmp_path / "tess" / f"{name}.wav")
    table = datasets.load("tess", tmp_path).table.set_index("id")
    assert dict(table["label"]) == {"OAF_back_angry": "anger", "OA_bite_neutral": "neutral", "YAF_dog_ps": "surprise"}
    assert dict(table["split"]) == {"OAF_back_angry": "train", "OA_bite_neutral": "train", "YAF_dog_ps": "test"}


def test_merged_as_in_the_thesis(tmp_path):
    write_wav(tmp_path / "ravdess" / "Actor_24" / "03-01-08-01-01-01-24.wav")
    write_wav(tmp_path / "tess" / "YAF_happy" / "YAF_dog_happy.wav")
    merged = datasets.load("ravdess+tess", tmp_path)
    assert list(merged.table["corpus"]) == ["ravdess", "tess"] and merged.labels == EMOTIONS_WITH_CALM
    assert list(merged.table["split"]) == ["test", "train"]


@pytest.mark.parametrize(
    "name", ["ravdess/Actor_01/03-01-09-01-01-01-01", "ravdess/03-01-01-01-01-01-99", "tess/OAF_x/OAF_back_joy"]
)
def test_a_name_that_does_not_parse_is_shown(tmp_path, name):
    write_wav(tmp_path / f"{name}.wav")
    with pytest.raises(DataError, match="not a (RAVDESS|TESS) file name"):
        datasets.load(name.split("/")[0], tmp_path)


def test_what_a_set_does_not_hold_is_refused(tmp_path):
    with pytest.raises(DataError, match="unknown data set 'cifar'"):
        datasets.load("cifar")
    data = datasets.load("fer2013", write_fer(tmp_path, [fer_row(0, 1, "Training")]))
    with pytest.raises(TypeError, match="holds no recordings"):
        data.voices()


@pytest.mark.real
def test_fer2013s_published_counts(real_data):
    table = datasets.load("fer2013", real_data).table
    assert dict(table["usage"].value_counts()) == {"Training": 28709, "PublicTest": 3589, "PrivateTest": 3589}
    assert list(table["y"].value_counts().sort_index()) == [4953, 547, 5121, 8989, 6077, 4002, 6198]
    # Golden counts of duplicates, found from pixels alone.
    assert table["group"].nunique() == 34036
    train, public = (set(table.loc[table["usage"] == u, "group"]) for u in ("Training", "PublicTest"))
    assert table.loc[table["usage"] == "PublicTest", "group"].isin(train).sum() == 280
    assert table.loc[table["usage"] == "PrivateTest", "group"].isin(train).sum() == 288
    assert table.loc[table["usage"] == "PrivateTest", "group"].isin(public).sum() == 44


@pytest.mark.real
def test_ravdess_and_tess_published_counts(real_data):
    speech = datasets.load("ravdess", real_data).table
    assert len(speech) == 1440 and speech["group"].nunique() == 24
    assert dict(speech["label"].value_counts()) == {e: 96 if e == "neutral" else 192 for e in EMOTIONS_WITH_CALM}
    assert dict(speech["split"].value_counts()) == {"train": 960, "validation": 240, "test": 240}
    tess = datasets.load("tess", real_data).table
    assert tess["speaker"].nunique() == 2 and tess["word"].nunique() == 200 and tess["label"].nunique() == 7
