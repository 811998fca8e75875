"""Files of a corpus: whole ones load whatever their format, damaged ones are named, doubled ones
count once.
"""

import numpy as np
import pytest
import soundfile
from raising import raises_error

from emotutils import datasets
from emotutils.datasets import ravdess, recordings, tess
from emotutils.errors import DataError
from emotutils.media import FilmWriter, load_sound

SPEECH = "ravdess/Actor_01/03-01-05-01-01-0{}-01"


def sine(seconds=0.5, sr=16000, hz=440.0):
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * sr)) / sr)


def put(path, x=None, sr=16000, **how):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sine() if x is None else x, sr, **how)
    return path


def put_film(path, sound=True):
    path.parent.mkdir(parents=True, exist_ok=True)
    track = (sine(1.0).astype(np.float32), 16000) if sound else None
    with FilmWriter(path, 64, 48, 10, sound=track) as film:
        for k in range(10):
            film.write(np.full((48, 64, 3), 20 * k, np.uint8), k / 10)
    return path


@pytest.mark.parametrize(
    ("ending", "sr", "channels", "subtype"),
    [
        ("wav", 16000, 1, "PCM_U8"),
        ("wav", 16000, 1, "PCM_16"),
        ("wav", 24414, 1, "PCM_16"),
        ("wav", 48000, 2, "PCM_24"),
        ("wav", 96000, 1, "PCM_32"),
        ("wav", 44100, 1, "FLOAT"),
        ("wav", 16000, 2, "DOUBLE"),
        ("flac", 48000, 1, "PCM_16"),
        ("WAV", 16000, 1, "PCM_16"),
    ],
)
def test_whole_recordings_load_in_any_format(tmp_path, ending, sr, channels, subtype):
    x = np.tile(sine(sr=sr)[:, None], (1, channels))
    path = put(tmp_path / f"x.{ending}", x, sr, subtype=subtype)
    read = recordings.read(path)
    assert read.dtype == np.float32 and read.ndim == 1 and abs(len(read) - 8000) <= 1
    middle = slice(1000, 7000)  # a resampler rings at the ends
    np.testing.assert_allclose(read[middle], sine()[middle], atol=0.01)
    np.testing.assert_array_equal(read, load_sound(path))


def test_the_heads_of_whole_wavs_that_do_not_know_their_size(tmp_path):
    path = put(tmp_path / "pipe.wav")
    data = bytearray(path.read_bytes())
    data[4:8] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert len(recordings.read(path)) == 8000
    odd = put(tmp_path / "odd.wav", sine()[:7999], subtype="PCM_U8")
    data = odd.read_bytes()
    if len(data) % 2:  # counted, but not written
        data = data[:4] + (len(data) - 8 + 1).to_bytes(4, "little") + data[8:]
    odd.write_bytes(data)
    assert len(recordings.read(odd)) == 7999


def cut(path, share=0.6):
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])


BROKEN = {
    "no samples": lambda p: put(p, np.zeros(0)),
    "not numbers": lambda p: put(
        p, np.where(np.arange(8000) == 4000, np.nan, sine()), subtype="FLOAT"
    ),
    "infinite": lambda p: put(
        p, np.where(np.arange(8000) == 7999, np.inf, sine()), subtype="DOUBLE"
    ),
    "silent": lambda p: put(p, np.zeros(8000)),
    "cut off, shorter than its head says": lambda p: cut(put(p)),
    "not a film or recording": lambda p: put(p).write_bytes(b"RIFF\x00"),
    "empty": lambda p: put(p).write_bytes(b""),
    "cut off before its index": lambda p: put(p).write_text("<html>404 Not found</html>\n" * 20),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_recording_says_what_where_and_what_to_do(tmp_path, what):
    path = tmp_path / "ravdess" / "03-01-05-01-01-01-01.wav"
    BROKEN[what](path)
    data = ravdess.load(tmp_path)  # names are read now, sound when it is asked for
    with pytest.raises(DataError) as error:
        data.voices()
    assert error.value.where == str(path)
    assert what in error.value.what
    assert error.value.remedy == "fetch the set again, or take the file away"


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.999])
def test_a_cut_flac_is_refused(tmp_path, share):
    path = put(tmp_path / "x.flac", np.random.default_rng(0).uniform(-0.5, 0.5, 48000))
    cut(path, share)
    with raises_error(DataError, where=path):
        recordings.read(path)


def test_a_missing_file_is_refused(tmp_path):
    with raises_error(DataError, where=tmp_path / "y.wav"):
        recordings.read(tmp_path / "y.wav")


def test_reported_the_rest_loads_and_the_rejects_say_why(tmp_path):
    for k, make in enumerate(BROKEN.values(), start=1):
        make(tmp_path / "ravdess" / "Actor_02" / f"03-01-0{k}-01-01-01-02.wav")
    for repetition in (1, 2):
        put(tmp_path / f"{SPEECH.format(repetition)}.wav")
    put(tmp_path / "ravdess" / "my voice.wav")
    for name in (
        SPEECH.format(2),
        "ravdess/Actor_01/03-01-08-01-01-01-01",
    ):  # the first is there whole as well
        (tmp_path / f"{name}.wav.part").write_bytes(b"RIFF")
    (tmp_path / "ravdess" / "Actor_01" / "._03-01-08-01-01-01-01.wav").write_bytes(
        b"of another system"
    )
    (tmp_path / "ravdess" / "readme.txt").write_text("not a part of the set")
    data = datasets.load("ravdess", tmp_path, on_error="report")
    assert list(data.table["repetition"]) == [1, 2] and len(data.voices()) == 2
    assert list(data.rejects.columns) == ["where", "what", "remedy"]
    said = dict(
        zip(data.rejects["where"].str.rpartition("/")[2], data.rejects["what"], strict=True)
    )
    assert len(said) == len(BROKEN) + 2
    for k, what in enumerate(BROKEN, start=1):
        assert what in said[f"03-01-0{k}-01-01-01-02.wav"]
    assert "not a RAVDESS file name" in said["my voice.wav"]
    assert said["03-01-08-01-01-01-01.wav.part"] == "was left by a copy that broke off"
    assert set(data.rejects["remedy"]) == {"fetch the set again, or take the file away"}
    merged = datasets.merge(data, data)
    assert len(merged.rejects) == 2 * len(data.rejects)


def test_leftovers_stop_a_strict_reading(tmp_path):
    put(tmp_path / f"{SPEECH.format(1)}.wav")
    (tmp_path / f"{SPEECH.format(2)}.wav.part").write_bytes(b"RIFF")
    with raises_error(DataError, where=tmp_path / f"{SPEECH.format(2)}.wav.part"):
        ravdess.load(tmp_path)


def test_a_set_of_which_nothing_is_left_says_so(tmp_path):
    path = put(tmp_path / f"{SPEECH.format(1)}.wav")
    path.write_bytes(b"")
    with raises_error(DataError, path, where=tmp_path / "ravdess"):
        ravdess.load(tmp_path, on_error="report")
    with raises_error(DataError, "ignore", where="on_error"):
        ravdess.load(tmp_path, on_error="ignore")


def test_a_set_that_lies_there_twice_counts_once(tmp_path):
    # As in a well known copy of TESS, with the folders' own spellings.
    outer = tmp_path / "tess" / "TESS Toronto emotional speech set data"
    inner = outer / "TESS Toronto emotional speech set data"
    names = (
        "OAF_Fear/OAF_back_fear",
        "OAF_Pleasant_surprise/OAF_back_ps",
        "YAF_pleasant_surprised/YAF_back_ps",
    )
    for name in (*names, "OAF_neutral/OA_bite_neutral", "OAF_Sad/OAF_back_sad"):
        for folder in (outer, inner):
            put(folder / f"{name}.wav")
    for on_error in ("raise", "report"):
        data = tess.load(tmp_path, on_error=on_error)
        assert data.table["id"].is_unique and len(data) == 5 and data.rejects.empty
        assert not data.table["path"].str.contains("data/TESS").any()
    assert dict(data.table["label"].value_counts()) == {
        "surprise": 2,
        "fear": 1,
        "neutral": 1,
        "sadness": 1,
    }
    # Where the nearer copy is damaged, the other one serves, and the damage is told.
    cut(outer / "OAF_Fear" / "OAF_back_fear.wav")
    data = tess.load(tmp_path, on_error="report")
    assert len(data) == 5 and list(data.rejects["where"]) == [
        str(outer / "OAF_Fear" / "OAF_back_fear.wav")
    ]
    assert "data/TESS" in data.table.set_index("id").loc["OAF_back_fear", "path"]


def test_the_films_of_a_performance_are_its_twins(tmp_path):
    put(tmp_path / f"{SPEECH.format(1)}.wav", sine(1.0))
    put_film(tmp_path / "ravdess" / "Actor_01" / "01-01-05-01-01-01-01.mp4")
    put_film(tmp_path / "ravdess" / "Actor_01" / "02-01-05-01-01-01-01.mp4", sound=False)
    films = {
        m: ravdess.load(tmp_path, modality=m, on_error="report")
        for m in ravdess.MODALITIES.values()
    }
    rows = {m: d.table.iloc[0] for m, d in films.items()}
    assert [len(d) for d in films.values()] == [1, 1, 1]
    assert {r["take"] for r in rows.values()} == {"01-05-01-01-01-01"} and {
        r.group for r in rows.values()
    } == {"ravdess-01"}
    assert {m: r["modality"] for m, r in rows.items()} == {m: m for m in films}
    heard = films["audio-visual"].voices()[0]
    np.testing.assert_allclose(heard[2000:14000], sine(1.0)[2000:14000], atol=0.05)  # AAC
    assert films["audio"].modality == films["audio-visual"].modality == "voice"
    with raises_error(TypeError, "ravdess"):
        films["video"].voices()
    put_film(tmp_path / "ravdess" / "Actor_01" / "01-01-06-01-01-01-01.mp4", sound=False)
    refused = ravdess.load(tmp_path, modality="audio-visual", on_error="report").rejects
    assert list(refused["what"]) == ["has no sound that can be read"]


@pytest.mark.parametrize("options", [{"kind": "shouting"}, {"modality": "video-only"}])
def test_an_unknown_kind_or_modality_is_refused(tmp_path, options):
    (value,) = options.values()
    with raises_error(DataError, value, "speech", "audio-visual", where="ravdess"):
        ravdess.load(tmp_path, **options)


@pytest.mark.real
@pytest.mark.parametrize(("name", "n"), [("ravdess", 1440), ("ravdess-song", 1009), ("tess", 2798)])
def test_no_recording_of_the_real_sets_is_refused(real_data, name, n):
    data = datasets.load(name, real_data, on_error="report")
    assert data.rejects.empty and len(data) == n and data.table["id"].is_unique


def test_hidden_files_and_other_endings(tmp_path):
    """As a copy from a Mac's or a camera's disk has them."""
    for k in (1, 2):
        path = put(tmp_path / f"{SPEECH.format(k)}.WAV")
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7Mac OS X" + bytes(60))
        put(tmp_path / f"ravdess/__MACOSX/{path.name}")
    data = datasets.load("ravdess", tmp_path, on_error="report")
    assert len(data) == 2 and data.rejects.empty
    assert all("__MACOSX" not in path for path in data.table["path"])
    assert datasets.download.here(datasets.catalog.entry("ravdess"), tmp_path)


def test_a_set_of_one_actor_is_told_what_it_lacks(tmp_path):
    from emotutils.training import material
    from emotutils.training.recipes import recipe_for

    for code in range(1, 9):
        put(tmp_path / f"ravdess/Actor_01/03-01-{code:02}-01-01-01-01.wav")
    data = datasets.load("ravdess", tmp_path)
    for variant in ("best", "thesis"):
        recipe = recipe_for("conv1d", variant)
        with raises_error(DataError, "emotutils data fetch ravdess", where="ravdess"):
            material.divide(data, "voice", "actors-16-4-4", recipe, 0)
