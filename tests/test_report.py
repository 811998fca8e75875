"""What is written about an analysis: files, words, and the film with boxes."""

import base64
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import unquote

import matplotlib
import numpy as np
import pandas as pd
import pytest
from fabricated import fabricated
from matplotlib import pyplot as plt
from PIL import Image
from raising import raises_error

from emotutils import media, report
from emotutils.emotions import EMOTIONS
from emotutils.errors import EmotutilsError
from emotutils.findings import P, columns
from emotutils.media import FilmWriter

matplotlib.use("Agg")


class _Page(HTMLParser):
    """What a browser would fetch, the text it shows, and whether the tags close."""

    EMPTY = {"meta", "input", "br", "path", "link", "img"}

    def __init__(self, html: str):
        super().__init__()
        self.open, self.fetched, self.text, self.svgs_named, self.ids = [], [], [], 0, []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.fetched += [
            v for k, v in attrs.items() if k in ("src", "href", "srcset", "poster") and v
        ]
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.svgs_named += attrs.get("role") == "img" and bool(attrs.get("aria-label"))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.fetched += [v for k, v in attrs if k in ("src", "href", "xlink:href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text.append(data)


def _words(html: str) -> str:
    """What a person reads in the page: word joiners are not seen."""
    return " ".join(" ".join(_Page(html).text).replace("\u2060", "").split())


def _moments(html: str) -> dict:
    return json.loads(
        re.search(r'<script type="application/json" id="moments">(.*?)</script>', html, re.S).group(
            1
        )
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "new" / "folder"
    return fabricated(), report.save(fabricated(), folder), folder


def test_save_writes_every_file_whole(saved):
    _, paths, folder = saved
    names = {
        "frames.csv",
        "speech.csv",
        "timeline.csv",
        "result.json",
        "timeline.png",
        "report.html",
    }
    assert set(paths) == names == {path.name for path in folder.iterdir()}
    assert all(paths[name] == folder / name for name in names)
    assert paths["timeline.png"].read_bytes().startswith(b"\x89PNG")


def test_tables_come_back(saved):
    analysis, paths, _ = saved
    for name in ("frames", "speech", "timeline"):
        table, back = getattr(analysis, name), pd.read_csv(paths[f"{name}.csv"])
        assert list(back.columns) == list(table.columns)
        assert len(back) == len(table)
        np.testing.assert_allclose(back[P], table[P], atol=1e-5)
    back = pd.read_csv(paths["timeline.csv"], keep_default_na=False)
    assert back["label"].tolist() == analysis.timeline["label"].tolist()


def test_result_is_strict_json(saved):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    found = json.loads(saved[1]["result.json"].read_text(encoding="utf-8"), parse_constant=refuse)
    assert found["schema"] == "emotutils.analysis" and found["schema_version"] == 4
    assert found["file"]["name"] == "a film.mp4" and found["file"]["picture"]["width"] == 320
    assert found["networks"]["face"]["test"]["uar"]["value"] == 0.652
    assert found["summary"]["disagreements"][0]["voice"] == "happiness"
    assert found["warnings"]


def test_result_turns_nan_and_numpy_into_plain_values():
    analysis = fabricated(voice=False)
    analysis.summary["agreement"] = {"face+voice": np.float32("nan")}
    analysis.summary["face"]["frames"] = np.int64(3)
    found = json.loads(json.dumps(report.result(analysis), allow_nan=False))
    assert found["summary"]["agreement"] == {"face+voice": None}
    assert found["summary"]["face"]["frames"] == 3
    assert found["file"]["sound"] is None


def test_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with raises_error(EmotutilsError, tmp_path / "file" / "out"):
        report.save(fabricated(8.0), tmp_path / "file" / "out")


def test_nothing_half_written_is_left(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", full)
    with raises_error(EmotutilsError, tmp_path, "No space left on device"):
        report.save(fabricated(8.0), tmp_path)
    assert not (tmp_path / "timeline.png").exists()
    assert not list(tmp_path.glob(".part-*"))


def test_saving_leaves_pyplot_alone(tmp_path):
    before, settings = plt.get_fignums(), dict(matplotlib.rcParams)
    report.save(fabricated(8.0), tmp_path)
    assert plt.get_fignums() == before and dict(matplotlib.rcParams) == settings


def test_page_stands_alone(saved):
    html = saved[1]["report.html"].read_text(encoding="utf-8")
    page = _Page(html)
    assert not page.open and not page.fetched
    assert not re.search(r"@import|url\(|https?://", html)
    assert len(page.ids) == len(set(page.ids))


def test_page_says_everything_in_words(saved):
    html = saved[1]["report.html"].read_text(encoding="utf-8")
    page = _Page(html)
    text = _words(html)
    assert page.svgs_named >= 4
    for words in ("no face in view", "nobody speaking", "0:21–0:28", "65.2 % (63.6–66.8)", "blazeface", *EMOTIONS,
                  "official split, PrivateTest once", "weights: research only", "2 damaged pieces",
                  "what anybody feels", "no legal advice"):  # fmt: skip
        assert words in text, words
    assert "the face looks most like" in text.lower()


def test_page_data_match_the_timeline(saved):
    analysis, paths, _ = saved
    html = paths["report.html"].read_text(encoding="utf-8")
    moments = _moments(html)
    voice = moments["lanes"][1]["percent"]
    assert len(voice) == len(analysis.timeline) and moments["step"] == 0.5
    assert [p is None for p in voice] == (analysis.timeline["voice_label"] == "").tolist()
    np.testing.assert_allclose(
        np.array(voice[0]) / 100,
        analysis.timeline.loc[0, columns("voice")].astype(float),
        atol=0.006,
    )


def test_stacks_are_drawn_to_scale():
    """The outline of the topmost emotion fills the lane; the first one's height is its probability."""
    analysis = fabricated(8.0)
    analysis.timeline[columns("face")] = [0.25, 0.75, 0, 0, 0, 0, 0]
    analysis.timeline["face_label"] = "disgust"
    html = report.page(analysis)
    lane = html[html.index('class="stack"') :]
    assert '<path class="c-neutral" d="M0 100V0h16V100z"/>' in lane
    assert '<path class="c-anger" d="M0 100V75h16V100z"/>' in lane


def test_page_of_ten_minutes_is_small_and_honest_about_thinning():
    html = report.page(fabricated(600.0))
    assert len(html.encode()) < 300_000
    assert "Drawn in steps of 1 s" in html


@pytest.mark.parametrize(
    ("streams", "gap", "missing"),
    [
        ({"voice": False}, "no sound track", "the voice sounds"),
        ({"face": False}, "no picture", "the face looks"),
    ],
)
def test_a_missing_stream_is_said(streams, gap, missing):
    analysis = fabricated(16.0, **streams)
    assert gap in report.page(analysis)
    assert missing not in report.verdict(analysis)
    assert "together" not in report.verdict(analysis)
    assert "agreement" not in report.summary_text(analysis)


def test_nothing_at_all_is_said(tmp_path):
    analysis = fabricated(8.0, voice=False)
    empty = fabricated(8.0, face=False, voice=False)
    tables = {"face": empty.frames, "voice": empty.speech}
    for name, table in tables.items():
        analysis.streams[name] = replace(analysis.streams[name], table=table)
    analysis.timeline = empty.timeline
    analysis.summary = empty.summary
    assert report.verdict(analysis) == "There was no face and no voice to go by."
    assert "no face in view" in report.page(analysis)
    assert report.save(analysis, tmp_path)["timeline.png"].is_file()
    assert "none with an answer" in report.summary_text(analysis)


def test_film_names_cannot_break_the_page():
    html = report.page(fabricated(8.0, path="</script><img src=x onerror=alert(1)>.mp4"))
    assert not _Page(html).fetched


@pytest.mark.parametrize(
    ("film", "face", "voice", "expected"),
    [
        (
            True,
            True,
            True,
            "The face looks most like fear, the voice sounds most like anger; face and voice …",
        ),
        (
            None,
            None,
            None,
            "The face looks most like fear, the voice sounds most like anger; face and voice …",
        ),
        (
            True,
            False,
            True,
            "The face looks most like fear (not sure), the voice sounds most like anger; face and voice …",
        ),
        (
            False,
            False,
            True,
            "Not sure: the face looks most like fear, the voice sounds most like anger; face and voice …",
        ),
    ],
)
def test_verdict_is_careful(film, face, voice, expected):
    """One doubt about everything, or one behind the stream that it concerns; none where no
    threshold is known.
    """
    analysis = fabricated(8.0)
    analysis.summary["face"] |= {"label": "fear", "sure": face}
    analysis.summary["voice"] |= {"label": "anger", "sure": voice}
    analysis.summary |= {"label": "fear", "sure": film}
    assert report.verdict(analysis) == expected.replace("…", "together: fear.")


def test_summary_text_holds_the_numbers():
    text = report.summary_text(fabricated())
    for words in ("a film.mp4", "1:04 long", "a face in 88 %", "speech in 89 %",
                  "0:21–0:28 sadness / happiness (agreement 0.",
                  "UAR 65.2 % (63.6–66.8)", "licence: MIT", "warning: a film.mp4: 2 damaged"):  # fmt: skip
        assert words in text, words
    assert max(map(len, text.splitlines())) < 160
    assert "not sure: " in text and "not sure in " in text


def test_what_is_not_sure_is_said_in_words():
    analysis = fabricated(32.0)
    assert analysis.timeline["unsure"].any() and analysis.timeline["source"].eq("voice").any()
    text = _words(report.page(analysis))
    assert "below 0.45 (face and voice), 0.45 (face alone), 0.45 (voice alone)" in text
    assert "at most 25 % of the answers that reach it were wrong" in text
    assert "striped, with a ? behind the word" in text and "Not sure: " in text
    origin = analysis.settings["fitted_on"]
    assert origin in text and origin in report.summary_text(analysis)
    assert report.result(analysis)["settings"]["fitted_on"] == origin
    analysis.settings["unsure_below"] = {"face": 0.56, "voice": 0.63, "face+voice": 0.0}
    text = _words(report.page(analysis))
    assert (
        "below 0.56 (face alone), 0.63 (voice alone)" in text
        and "0.00" not in text.split("Not sure: the highest")[1][:200]
    )
    assert (
        "From face and voice every answer counts as sure" in text
        and "never (face and voice)" in text
    )
    analysis.settings["unsure_below"] = {"face": np.inf}
    analysis.settings["fitted_on"] = None
    text = _words(report.page(analysis))
    assert (
        origin not in text
        and "From face alone no answer is sure" in text
        and "always (face alone)" in text
    )
    assert "For face and voice, voice alone no threshold is known" in text
    assert (
        json.loads(json.dumps(report.result(analysis), allow_nan=False))["settings"][
            "unsure_below"
        ]["face"]
        is None
    )


def test_words_of_the_lane_carry_their_doubt():
    """From 4 s to 8 s the answer is not sure: a question mark behind its word, stripes below the
    lane, and a list.
    """
    analysis = fabricated(8.0)
    analysis.timeline["label"], analysis.timeline["unsure"] = "fear", analysis.timeline["t"] >= 4
    html = report.page(analysis)
    both = html[html.index('<div class="name">face and voice together') :]
    assert re.search(r'left:0.0%;width:50.0%"><span class="full">fear</span>', both)
    assert re.search(r'left:50.0%;width:50.0%"><span class="full">fear\?</span>', both)
    assert re.search(r'class="at unsure" style="left:50.0%;width:50.0%"', both)
    assert _moments(html)["unsure"] == list(range(8, 16))


def test_disagreements_are_listed_with_time_words_and_agreement():
    analysis = fabricated()
    analysis.summary["disagreements"][0]["agreement"] = 0.214
    expected = (
        "0:21–0:28 the face looks like sadness , the voice sounds like happiness , agreement 0.21"
    )
    assert expected in _words(report.page(analysis))
    assert "Stretches below 0.40 are listed" in _words(report.page(analysis))


def test_the_film_is_linked_by_relative_path(tmp_path):
    film = tmp_path / "my films" / "a; 100 % #1.mp4"
    film.parent.mkdir()
    film.write_bytes(b"a film")
    html = report.save(fabricated(8.0), tmp_path / "out", film=film)["report.html"].read_text(
        encoding="utf-8"
    )
    assert _Page(html).fetched == ["../my%20films/a%3B%20100%20%25%20%231.mp4"]
    assert (tmp_path / "out" / unquote(_Page(html).fetched[0])).resolve() == film
    assert "; media-src 'self' file: data:\"" in html and "<video" in html
    sound = report.save(fabricated(8.0, face=False), tmp_path / "out", film=film)["report.html"]
    assert "<audio" in sound.read_text(encoding="utf-8")


def test_a_film_on_another_drive_or_gone_is_not_linked(tmp_path, monkeypatch):
    assert not _Page(
        report.save(fabricated(8.0), tmp_path)["report.html"].read_text(encoding="utf-8")
    ).fetched

    def two_drives(*_):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    film = tmp_path / "film.mp4"
    film.write_bytes(b"a film")
    monkeypatch.setattr("os.path.relpath", two_drives)
    html = report.save(fabricated(8.0), tmp_path, film=film)["report.html"].read_text(
        encoding="utf-8"
    )
    assert not _Page(html).fetched and "media-src" not in html
    assert "The film is not beside this page; everything else is here." in _words(html)


# --- annotated.mp4 --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "grey.mp4"
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(16000 * 4) / 16000).astype(np.float32), 16000)
    with FilmWriter(path, 320, 240, 10, tone) as writer:
        for i in range(40):
            writer.write(np.full((240, 320, 3), 128, np.uint8), i / 10)
    return path


def test_annotated_film_has_boxes_words_times_and_sound(film, tmp_path):
    analysis = fabricated(4.0, path=film, fps=10.0)
    analysis.frames.loc[analysis.frames["t"] >= 2, "found"] = False
    path = report.save(analysis, tmp_path, annotate=True)["annotated.mp4"]
    before, after = list(media.frames(film, None)), list(media.frames(path, None))
    assert [round(f.t, 3) for f in after] == [round(f.t, 3) for f in before]
    early, late = after[2].image, after[35].image
    edge = early[100:130, 57:65].astype(int)  # the box's left side lies at x = 60
    assert edge.max() > 200 and edge.min() < 60
    assert np.ptp(late[100:130, 57:65].astype(int)) < 30
    assert np.ptp(late[200:].astype(int)) > 150  # the captions at the bottom stay
    sound = media.load_sound(path)
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.1)


def test_annotated_film_says_not_sure(film, tmp_path):
    """The caption's black ground is wider where it says "not sure" too."""
    widths = []
    for unsure in (False, True):
        analysis = fabricated(4.0, path=film, fps=10.0)
        analysis.timeline["unsure"] = unsure
        image = list(
            media.frames(report.save(analysis, tmp_path, annotate=True)["annotated.mp4"], None)
        )[20].image
        widths.append(int((image[228:236].max(axis=(0, 2)) < 100).sum()))
    assert widths[1] > widths[0] + 20


def test_boxes_move_between_sampled_frames(film, tmp_path):
    """Sampled at 0 s (x = 60) and 0.5 s (x = 160): at 0.25 s the box is half-way."""
    analysis = fabricated(4.0, path=film)
    analysis.frames["x"] = 60 + 200 * analysis.frames["t"]
    analysis.frames["found"] = analysis.frames["t"] < 1
    path = report.save(analysis, tmp_path, annotate=True)["annotated.mp4"]
    third = list(media.frames(path, None))[2].image  # 0.2 s: x = 100
    assert third[100:130, 98:103].max() > 200
    assert np.ptp(third[100:130, 56:64].astype(int)) < 30


def test_annotating_a_recording_says_so(tmp_path):
    analysis = fabricated(4.0, face=False, path="voice.wav")
    with raises_error(EmotutilsError, "voice.wav", tmp_path):
        report.save(analysis, tmp_path, annotate=True)
    assert (tmp_path / "report.html").is_file() and not (tmp_path / "annotated.mp4").exists()


def test_annotating_needs_the_film(tmp_path):
    with raises_error(EmotutilsError, tmp_path / "gone.mp4"):
        report.save(fabricated(4.0), tmp_path, annotate=True, film=tmp_path / "gone.mp4")
    assert not (tmp_path / "annotated.mp4").exists()


# --- thumbnails -----------------------------------------------------------------------------------


def test_no_picture_is_kept_in_the_page_unless_wanted(film, tmp_path):
    html = report.save(fabricated(4.0, path=film), tmp_path)["report.html"].read_text(
        encoding="utf-8"
    )
    assert "<img" not in html and "img-src" not in html and "no picture of a face is kept" in html


def test_thumbnails_are_small_and_spread_evenly(tmp_path):
    """A film that brightens by 2 grey levels a frame: each picture shows its own moment."""
    film = tmp_path / "brightening.mp4"
    with FilmWriter(film, 320, 240, 10) as writer:
        for i in range(100):
            writer.write(np.full((240, 320, 3), 2 * i + 20, np.uint8), i / 10)
    html = report.save(fabricated(10.0, path=film), tmp_path, thumbnails=True)[
        "report.html"
    ].read_text("utf-8")
    found = re.findall(
        r'data-t="([\d.]+)"><img src="data:image/jpeg;base64,([^"]+)" alt="The film at">', html
    )
    assert [float(t) for t, _ in found] == pytest.approx(range(10), abs=0.11)
    for t, data in found:
        picture = np.array(Image.open(io.BytesIO(base64.b64decode(data))))
        assert picture.shape == (96, 128, 3)
        assert picture.mean() == pytest.approx(20 * float(t) + 20, abs=6)
    assert "img-src data:" in html and "no picture of a face" not in html
    assert "10 small pictures of the film are kept in this page" in _words(html)


@pytest.mark.parametrize("there", [False, True])
def test_thumbnails_that_cannot_be_taken_leave_the_report_without(tmp_path, there):
    analysis = fabricated(4.0, face=there, path=tmp_path / "gone.mp4")
    with raises_error(EmotutilsError, tmp_path / "gone.mp4"):
        report.save(analysis, tmp_path, thumbnails=True)
    assert "<img" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def _stretches(*labels, seconds=5.0):
    return [
        {"label": label, "t0": k * seconds, "t1": (k + 1) * seconds}
        for k, label in enumerate(labels)
    ]


def test_the_headline_says_what_happens():
    analysis = fabricated()
    analysis.summary["stretches"] = _stretches("happiness", "anger", "happiness", "happiness")
    said = report.verdict(analysis)
    assert said.index("mostly happiness") < said.index("0:05–0:10 anger")
    assert "0:00" not in said and said in _words(report.page(analysis))
    assert "0:05–0:10 anger" in report.summary_text(analysis)


def test_without_a_majority_the_longest_stretches_stand_in_order_of_time():
    analysis = fabricated()
    there = _stretches("happiness", "anger", "fear", "happiness", "sadness", "disgust", "anger")
    for one in there[1:3]:
        one["t1"] -= 2
    analysis.summary["stretches"] = there
    said = report.verdict(analysis)
    times = ["0:00–0:05 happiness", "0:15–0:20 happiness", "0:20–0:25 sadness",
             "0:25–0:30 disgust", "0:30–0:35 anger"]  # fmt: skip
    places = [said.index(words) for words in times]
    assert places == sorted(places) and "fear" not in said and "2 more" in said


@pytest.mark.parametrize("stretches", [[], _stretches("anger"), _stretches("anger", "anger")])
def test_there_is_no_headline_where_one_thing_happens_or_nothing_is_sure(stretches):
    analysis = fabricated()
    analysis.summary["stretches"] = stretches
    said = report.verdict(analysis)
    assert "0:0" not in said and "mostly anger" not in said and "happiness" in said
    nothing = fabricated(face=False, voice=False)
    assert nothing.summary["stretches"] == [] and "no face" in report.verdict(nothing)
