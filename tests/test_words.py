"""What is said in a film: transcripts of every kind and oddity, found or named, as a third stream."""

import json
from fractions import Fraction

import av
import numpy as np
import pandas as pd
import pytest
from av.subtitles.subtitle import SubtitleSet
from fabricated import ROOM, WordList, empty_room
from raising import raises_error

from emotutils.analysis import analyze
from emotutils.cli import main
from emotutils.emotions import EMOTIONS
from emotutils.errors import DataError, EmotutilsError
from emotutils.findings import P, Stream, columns, stream_names
from emotutils.fusion import weights_from
from emotutils.networks import DEFAULTS, load_network
from emotutils.words import Cue, Transcript, find_transcript, guess_language, read_transcript

SRT = "1\n00:00:00,500 --> 00:00:02,000\nI am so happy.\n\n2\n00:00:03,000 --> 00:00:05,000\nThis is sad.\n"


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """An empty room, silent: only the words have something to say."""
    return empty_room(tmp_path_factory.mktemp("film") / "room.mp4")


def put(folder, content, name="room.srt"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def texts(path):
    return [(c.start, c.end, c.speaker, c.text) for c in read_transcript(path).cues]


HAPPY = [(0.5, 2.0, "", "I am so happy."), (3.0, 5.0, "", "This is sad.")]


@pytest.mark.parametrize(
    "content",
    [
        SRT,
        SRT.replace("\n", "\r\n"),
        "\ufeff" + SRT,
        SRT.encode("utf-16"),
        SRT.replace("happy", "<i><b>happy</b></i>").replace("This", '<font color="#fff">This</font>'),
        SRT.replace("I am", "{\\an8}I\u200b am"),
        SRT.replace(",", "."),
        SRT.replace("I am so", "I am\nso") + "\n3\n00:00:05,000 --> 00:00:05,500\n\n",
        SRT + "\n3\n00:00:05,000 --> 00:00:05,000\nlasts no time\n",
        SRT.partition("\n\n")[2] + "\n" + SRT.partition("\n\n")[0] + "\n",  # the last one first
    ],
)  # fmt: skip
def test_odd_subrip_says_the_same(tmp_path, content):
    assert texts(put(tmp_path, content)) == HAPPY


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.vtt", "WEBVTT\n\nNOTE by hand\n\n00:00.500 --> 00:02.000 align:start\nI am so <c.y>happy</c>.\n\ncue-2\n00:03.000 --> 00:05.000\nThis <00:03.500>is sad.\n"),
        ("a.json", json.dumps([{"t0": 0.5, "t1": 2, "text": "I am so happy."}, {"t0": 3, "t1": 5, "text": "This is sad."}])),
        ("a.json", json.dumps({"language": "en", "segments": [{"start": 0.5, "end": 2, "text": " I am so happy."}, {"start": 3, "end": 5, "text": " This is sad."}]})),
        ("a.json", json.dumps({"transcription": [{"offsets": {"from": 500, "to": 2000}, "text": " I am so happy."}, {"offsets": {"from": 3000, "to": 5000}, "text": " This is sad."}]})),
    ],
)  # fmt: skip
def test_other_formats_say_the_same(tmp_path, name, content):
    assert texts(put(tmp_path, content, name)) == HAPPY


def test_latin_1_is_read_and_said(tmp_path):
    path = put(tmp_path, SRT.replace("sad", "señor à Köln").encode("latin-1"))
    found = read_transcript(path)
    assert found.cues[1].text == "This is señor à Köln."
    assert any("Latin-1" in note for note in found.notes)


@pytest.mark.parametrize(
    ("raw", "speaker", "said"),
    [
        ("ANN: I see.", "ANN", "I see."),
        ("[Ann]: I see.", "Ann", "I see."),
        ("[ANN] I see.", "ANN", "I see."),
        ("(Dr. Brown): I see.", "Dr. Brown", "I see."),
        ("- I see.\n- You do.", "", "I see. - You do."),
        ("[door closes] I see. (laughs)", "", "I see."),
        ("It is 10:30.", "", "It is 10:30."),
        ("AT 10:30 SHE COMES", "", "AT 10:30 SHE COMES"),
        ("Tom &amp; Ann <3", "", "Tom & Ann <3"),
        ("♪ la la la ♪", "", ""),
        ("# Happy days #", "", ""),
        ("[Music]", "", ""),
        ("🙂 🙂", "", ""),
        ("...", "", ""),
    ],
)
def test_who_speaks_and_what_was_spoken(tmp_path, raw, speaker, said):
    body = raw.replace("\n", "\n")
    path = put(tmp_path, f"1\n00:00:01,000 --> 00:00:02,000\n{body}\n")
    (cue,) = read_transcript(path).cues
    assert (cue.speaker, cue.said) == (speaker, said)


def test_the_voice_tag_of_webvtt_names_the_speaker(tmp_path):
    path = put(tmp_path, "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Fred Mill>Hello.</v>\n", "a.vtt")
    assert texts(path) == [(1.0, 2.0, "Fred Mill", "Hello.")]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.srt", "", "empty"),
        ("a.srt", " \r\n\r\n", "empty"),
        ("a.srt", bytes(range(256)) * 20, "no text"),
        ("a.srt", b"\x01\x02\x93\x94" * 99, "no text"),
        ("a.srt", "Once upon a time\nthere was prose.\n", "no subtitles"),
        ("a.srt", "1\n00:00:02,000 --> 00:00:01,000\nbackwards\n", "no line"),
        ("a.vtt", SRT, "no subtitles"),
        ("a.json", "{", "no JSON"),
        ("a.json", "{}", "no list of segments"),
        ("a.json", "[]", "no line"),
        ("a.json", '[{"text": "never"}]', "segment 1"),
        ("a.json", '[{"start": 1, "end": 2, "text": null}]', "segment 1"),
        ("a.json", '[{"start": -1, "end": 2, "text": "before"}]', "cannot be"),
        ("a.json", '[{"start": NaN, "end": 2, "text": "never"}]', "cannot be"),
        ("a.json", '["a line"]', "segment 1"),
        ("a.txt", SRT, "no transcript"),
    ],
)
def test_what_is_no_transcript_is_refused(tmp_path, name, content, words):
    with raises_error(DataError, name, words):
        read_transcript(put(tmp_path, content, name))


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "gone.srt", tmp_path):
        with raises_error(DataError, str(path)):
            read_transcript(path)


def test_the_language_is_guessed_from_enough_words_only():
    assert guess_language("I would like to go home now, because it is late and I am tired.") == "en"
    assert (
        guess_language("Je voudrais rentrer à la maison, il est tard et je suis fatigué.") == "fr"
    )
    assert guess_language("Ja.") == "" and guess_language("") == ""


def test_subtitles_beside_a_film_are_found_english_first(tmp_path):
    film = put(tmp_path, b"", "my [1] film.mp4")
    assert not [p for p in tmp_path.iterdir() if p.suffix == ".srt"]
    put(tmp_path, SRT, "my [1] film.emotions.srt")  # our own export
    put(tmp_path, SRT, "my [1] filmstrip.srt")
    (tmp_path / "my [1] film.vtt").mkdir()
    expected = []
    for name in ("my [1] film.de.srt", "my [1] film.SRT", "my [1] film.en.srt"):
        put(tmp_path, SRT, name)
        expected = [name, *expected]
        found = find_transcript(film)
        assert found.where == name
        for other in expected[1:]:
            assert any(other in note for note in found.notes)
    assert found.language == "en"


@pytest.mark.parametrize(("ending", "codec"), [("mkv", "srt"), ("mp4", "mov_text")])
def test_subtitles_inside_the_file_are_found(tmp_path, ending, codec):
    path = tmp_path / f"film.{ending}"
    with_track(path, codec)
    found = find_transcript(path)
    assert [(c.start, c.end, c.text) for c in found.cues] == [(0.5, 1.4, "I am so happy."), (1.5, 2.4, "This is sad.")]  # fmt: skip
    assert "film" in found.where and "track 1" in found.where


def with_track(path, codec):
    """A film of three seconds with a track of subtitles; no player is at hand to make one."""
    header = b"[Script Info]\r\nScriptType: v4.00+\r\n\r\n[V4+ Styles]\r\nFormat: Name\r\nStyle: Default\r\n\r\n[Events]\r\n"
    with av.open(str(path), "w") as out:
        picture = out.add_stream("libx264", rate=10)
        picture.width = picture.height = 64
        picture.pix_fmt = "yuv420p"
        words = out.add_stream(codec)
        words.time_base = words.codec_context.time_base = Fraction(1, 1000)
        words.codec_context.subtitle_header = header
        said = {5: b"{\\i1}I am{\\i0}\\Nso happy.", 15: b"This is sad."}
        for k in range(30):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 8 * k, np.uint8))
            frame.pts = k
            out.mux(picture.encode(frame))
            if k in said:
                line = b"0,0,Default,,0,0,0,," + said[k]
                packet = words.codec_context.encode_subtitle(SubtitleSet.create(line, 0, 900, 0))
                packet.stream = words
                packet.pts = packet.dts = 100 * k
                packet.duration = 900
                packet.time_base = Fraction(1, 1000)
                out.mux(packet)
        out.mux(picture.encode())


@pytest.fixture(scope="module")
def found(film, tmp_path_factory):
    path = put(tmp_path_factory.mktemp("words"), SRT.replace("I am", "ANN: I am <3"), "said.srt")
    return analyze(film, subtitles=path, words_network=WordList.made(), progress=False)


def test_a_line_holds_while_it_is_said(found):
    line = found.timeline
    assert stream_names(line) == ["face", "voice", "words"]
    t = line["t"]
    expected = np.select([(t >= 0.5) & (t <= 2), (t >= 3) & (t <= 5)], ["happiness", "sadness"], "")
    assert line["words_label"].tolist() == expected.tolist(), "not smoothed into its neighbours"
    assert line.loc[t == 0.5, columns("words")].max(axis=1).item() == pytest.approx(0.7)
    assert found.words[["t0", "t1", "speaker", "text"]].values.tolist() == [
        [0.5, 2.0, "ANN", "I am <3 so happy."],
        [3.0, 5.0, "", "This is sad."],
    ]
    assert found.summary["words"]["lines"] == 2 and found.summary["words"]["said"] == 1


def test_it_stands_beside_the_others(found):
    line = found.timeline
    assert (line["label"] == "").all() and (line["source"] == "").all()
    assert found.summary["label"] == "" and found.summary["words"]["label"] in EMOTIONS
    assert {"agreement_face_words", "agreement_voice_words"} <= set(line)
    assert found.settings["subtitles"] == "said.srt" and found.settings["fuse_words"] is False
    assert found.networks["words"]["name"] == "wordlist"
    assert any("was not measured" in warning for warning in found.warnings)


def test_words_are_fused_only_when_asked(film, found, tmp_path):
    path = put(tmp_path, SRT)
    look = {"words_network": WordList.made(), "progress": False}
    fused = analyze(film, subtitles=path, fuse_words=True, **look)
    line = fused.timeline
    there = line["words_label"] != ""
    assert set(line["source"][there]) == {"words"} and set(line["source"][~there]) == {""}
    np.testing.assert_allclose(line.loc[there, P], line.loc[there, columns("words")])
    assert fused.settings["fusion"] == "mean", "nothing says how far to believe a made-up network"
    assert any("takes part" in warning for warning in fused.warnings)
    beside = found.timeline.drop(columns=[c for c in found.timeline if "words" in c])
    without = analyze(film, fuse_words=True, **look)
    pd.testing.assert_frame_equal(without.timeline, beside)
    assert any("no words to fuse" in warning for warning in without.warnings)
    with raises_error(EmotutilsError, "joint", "words"):
        analyze(film, subtitles=path, fuse_words=True, fusion="joint", **look)


def test_the_default_network_reads_and_is_combined_by_the_product(film, tmp_path):
    path = put(tmp_path, SRT)
    fused = analyze(film, subtitles=path, fuse_words=True, progress=False)
    assert fused.networks["words"]["name"] == DEFAULTS["words"]
    assert fused.timeline["words_label"][2:4].tolist() == ["happiness"] * 2
    assert fused.settings["fusion"] == "product" and "words" in fused.settings["unsure_below"]
    assert any("no threshold is known for face+words" in warning for warning in fused.warnings)
    weighted = analyze(film, subtitles=path, fuse_words=True, fusion="weighted", progress=False)
    assert (
        weighted.settings["weights"]["words"]
        == load_network("textcnn", runtime="litert").card["trust"]["f1"]
    )
    own = load_network("conv2d", runtime="litert").card["calibration"]["confusion"]
    assert weighted.settings["weights"]["face"] == weights_from(own).round(4).tolist()


def test_a_song_a_noise_and_an_emoji_say_nothing(film, tmp_path):
    content = SRT.replace("I am so happy.", "♪ happy days ♪").replace("This is sad.", "🙂")
    found = analyze(
        film, subtitles=put(tmp_path, content), words_network=WordList.made(), progress=False
    )
    assert found.words[P].isna().all(axis=None) and len(found.words) == 2
    assert (found.timeline["words_label"] == "").all()
    assert any("no word is spoken" in warning for warning in found.warnings)


def test_all_is_written_and_no_text_travels_as_html(film, tmp_path):
    evil = '<script>alert(1)</script><img src=x onerror=alert(2)> & "I\'m happy"'
    transcript = Transcript("by hand", [Cue(0.5, 2, evil, "<b>ANN</b>"), Cue(3, 5, "</script>sad")])
    found = analyze(film, subtitles=transcript, words_network=WordList.made(), progress=False)
    paths = found.save(tmp_path, export=["eaf", "csv"])
    back = pd.read_csv(paths["words.csv"])
    assert list(back) == ["t0", "t1", "speaker", "text", *P] and back["text"][0] == evil
    page = paths["report.html"].read_text("utf-8")
    assert "<script>alert" not in page and "<img src=x" not in page and "<b>ANN" not in page
    assert "&lt;script&gt;alert(1)" in page and page.count("</script>") == 2
    result = json.loads(paths["result.json"].read_text("utf-8"))
    assert result["settings"]["subtitles"] == "by hand"


def test_what_is_found_is_used_and_none_leaves_it_out(tmp_path, film):
    own = tmp_path / "room.mp4"
    own.write_bytes(film.read_bytes())
    put(tmp_path, SRT)
    look = {"words_network": WordList.made(), "progress": False}
    assert len(analyze(own, **look).words) == 2
    for settings in ({"subtitles": "none"}, {"only": "face"}):
        assert "words" not in analyze(own, **look, **settings).streams
    named = analyze(own, **look, only="face", subtitles=tmp_path / "room.srt")
    assert named.settings["subtitles"] == "room.srt"
    put(tmp_path, bytes(100))
    broken = analyze(own, **look)
    assert "words" not in broken.streams
    assert any("the words are left out" in w and "room.srt" in w for w in broken.warnings)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SRT.replace("00:00:03", "00:00:07").replace("00:00:05", "00:00:08"), "another film's"),
        (bytes(100), "no text"),
        ("", "empty"),
    ],
)
def test_what_is_named_and_does_not_fit_is_told_in_one_line(film, tmp_path, content, words, capsys):
    path = put(tmp_path, content)
    assert main(["analyze", str(film), "--subtitles", str(path), "--out", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "room.srt" in line and words in line


GERMAN = "Ich bin heute so glücklich, dass ich tanzen möchte."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SRT.replace("I am so happy.", GERMAN), "'de'"),
        (
            SRT.replace("I am so happy.", "Привет, мама!").replace("This is sad.", "Да."),
            "not Latin",
        ),
        (SRT.replace("00:00:05", "01:00:05"), "one line lasts 3602 s"),
        (SRT.replace("I am so happy.", "🙂").replace("This is sad.", "🎉🎉"), "no word is spoken"),
        (SRT.replace("sad", "señor").encode("latin-1"), "Latin-1"),
    ],
)
def test_what_is_odd_is_said(film, tmp_path, content, words, capsys):
    path = put(tmp_path, content)
    assert (
        main(["analyze", str(film), "--subtitles", str(path), "--out", str(tmp_path / "out")]) == 0
    )
    told = capsys.readouterr().out.splitlines()
    assert [line for line in told if "warning" in line and words in line]
    assert pd.read_csv(tmp_path / "out" / "words.csv")["t1"].max() <= ROOM


def test_a_network_that_reads_no_words_is_refused(film, tmp_path):
    path = put(tmp_path, SRT)
    with raises_error(EmotutilsError, "conv2d", "words"):
        analyze(film, subtitles=path, words_network="conv2d", progress=False)
    assert main(["analyze", str(film), "--subtitles", str(path), "--words-network", "nobody"]) == 2


def test_a_name_that_is_taken(film):
    with raises_error(DataError, "words", "taken"):
        analyze(film, streams={"words": pd.DataFrame()}, progress=False)
    assert Stream("words", pd.DataFrame()).title == "the words read like"
