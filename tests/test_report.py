"""What is written about an analysis: files, words, and the film with boxes."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from emotutils import media, report
from emotutils.analysis import Analysis
from emotutils.emotions import EMOTIONS
from emotutils.errors import EmotutilsError
from emotutils.filmwriter import FilmWriter
from emotutils.fusion import agreement, fuse

matplotlib.use("Agg")
P = [f"p_{e}" for e in EMOTIONS]


def _acted(t: np.ndarray, script: list, rng) -> np.ndarray:
    """(n, 7): about 0.6 on the emotion of ``script`` [(until, emotion or "")] at each moment, NaN where it is empty."""
    p = rng.dirichlet(np.full(7, 2.0), len(t)) * 0.55
    for i, moment in enumerate(t):
        emotion = next(e for until, e in script if moment < until)
        p[i] = p[i] + 0.45 * np.eye(7)[EMOTIONS.index(emotion)] if emotion else np.nan
    return p


def _named(p: np.ndarray) -> list[str]:
    return ["" if np.isnan(row[0]) else EMOTIONS[int(row.argmax())] for row in p]


def _film_level(p: np.ndarray) -> dict:
    if np.isnan(p).all():
        return {"label": "", "probabilities": None}
    mean = np.nanmean(p, axis=0)
    return {"label": EMOTIONS[int(mean.argmax())], "probabilities": dict(zip(EMOTIONS, mean.tolist(), strict=True))}


def fabricated(
    duration=64.0, hop=0.5, *, face=True, voice=True, path="a film.mp4", size=(320, 240), fps=25.0
) -> Analysis:
    """An analysis of a film that passes through all seven emotions, with gaps and a stretch of disagreement."""
    rng = np.random.default_rng(0)
    t = np.arange(0, duration, hop)
    cuts = duration * np.arange(1, 10) / 9
    acts = ["neutral", "happiness", "anger", "sadness", "", "fear", "disgust", "surprise", "happiness"]
    said = ["neutral", "happiness", "anger", "happiness", "sadness", "", "disgust", "surprise", "happiness"]
    faces = _acted(t, list(zip(cuts, acts, strict=True)), rng) if face else np.full((len(t), 7), np.nan)
    voices = _acted(t, list(zip(cuts, said, strict=True)), rng) if voice else np.full((len(t), 7), np.nan)
    both = fuse({"face": faces, "voice": voices}, "mean")
    timeline = pd.DataFrame({"t": t})
    for prefix, p in (("", both), ("face_", faces), ("voice_", voices)):
        timeline[[f"{prefix}{c}" for c in P]] = p
        timeline[f"{prefix}label"] = _named(p)
    timeline["unsure"] = np.nan_to_num(both, nan=1).max(axis=1) < 0.5
    timeline["agreement"] = agreement(faces, voices)
    timeline["source"] = [
        "+".join(s for s, p in (("face", a), ("voice", b)) if not np.isnan(p[0]))
        for a, b in zip(faces, voices, strict=True)
    ]
    found = ~np.isnan(faces[:, 0])
    frames = pd.DataFrame(
        {"t": t, "frame": (fps * t).astype(int), "track": np.where(found, 1.0, np.nan), "found": found}
    )
    frames[["x", "y", "w", "h"]] = np.where(
        found[:, None], np.column_stack([60 + t, 50 + 0 * t, 80 + 0 * t, 90 + 0 * t]), np.nan
    )
    frames[P] = faces
    heard = pd.DataFrame({"t0": t - 1.5, "t1": t + 1.5, "voiced": ~np.isnan(voices[:, 0])})
    heard[P] = voices
    score = {"value": 0.652, "low": 0.636, "high": 0.668}
    card = {
        "name": "conv2d",
        "variant": "best",
        "data": "fer2013",
        "protocol": "official split, PrivateTest once",
        "parameters": 912_345,
        "licence": "MIT (code); weights: research only",
        "run": "conv2d-fer2013",
        "test": {"n": 3589, "accuracy": score, "uar": score, "macro_f1": score},
    }
    looked = {"found": float(found.mean()) if face else None, "frames": len(t) if face else 0, "tracks": 1}
    listened = {"voiced": float(heard["voiced"].mean()) if voice else None, "windows": len(t) if voice else 0}
    apart = [{"t0": cuts[2], "t1": cuts[3], "face": "sadness", "voice": "happiness"}]
    summary = {
        **_film_level(both),
        "face": _film_level(faces) | looked,
        "voice": _film_level(voices) | listened,
        "agreement": float(timeline["agreement"].mean()) if face and voice else None,
        "disagreements": apart if face and voice else [],
        "seconds": {e: hop * float((timeline["label"] == e).sum()) for e in EMOTIONS},
        "duration": duration,
    }
    info = media.FilmInfo(Path(path), duration, *size, fps, 0, face, voice, 44100, 3_456_789, "mp4", "h264", "aac")
    networks = {s: card | {"name": n} for s, n, there in (("face", "conv2d", face), ("voice", "crnn", voice)) if there}
    settings = {
        "only": None,
        "fps": 5.0,
        "window": 3.0,
        "hop": hop,
        "fusion": "mean",
        "detector": "blazeface",
        "unsure_below": 0.4,
    }
    return Analysis(
        frames, heard, timeline, summary, info, networks, settings, ["a film.mp4: 2 damaged pieces of the sound"]
    )


class _Page(HTMLParser):
    """What a browser would fetch, the text it shows, and whether the tags close."""

    EMPTY = {"meta", "input", "br", "path", "link", "img"}

    def __init__(self, html: str):
        super().__init__()
        self.open, self.fetched, self.text, self.svgs_named, self.ids = [], [], [], 0, []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.fetched += [v for k, v in attrs.items() if k in ("src", "href", "srcset", "poster") and v]
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


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "new" / "folder"
    return fabricated(), report.save(fabricated(), folder), folder


def test_save_writes_every_file_whole(saved):
    _, paths, folder = saved
    names = {"frames.csv", "speech.csv", "timeline.csv", "result.json", "timeline.png", "report.html"}
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
    assert found["schema"] == "emotutils.analysis" and found["schema_version"] == 1
    assert found["file"]["name"] == "a film.mp4" and found["file"]["picture"]["width"] == 320
    assert found["networks"]["face"]["test"]["uar"]["value"] == 0.652
    assert found["summary"]["disagreements"][0]["voice"] == "happiness"
    assert found["warnings"]


def test_result_turns_nan_and_numpy_into_plain_values():
    analysis = fabricated(voice=False)
    analysis.summary["agreement"] = np.float32("nan")
    analysis.summary["face"]["frames"] = np.int64(3)
    found = json.loads(json.dumps(report.result(analysis), allow_nan=False))
    assert found["summary"]["agreement"] is None
    assert found["summary"]["face"]["frames"] == 3
    assert found["file"]["sound"] is None


def test_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EmotutilsError, match="cannot be written") as caught:
        report.save(fabricated(8.0), tmp_path / "file" / "out")
    assert "\n" not in str(caught.value)


def test_nothing_half_written_is_left(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", full)
    with pytest.raises(EmotutilsError, match="No space left"):
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
    text = " ".join(" ".join(page.text).split())
    assert page.svgs_named >= 4
    for words in ("no face in view", "nobody speaking", "0:21–0:28", "65.2 % (63.6–66.8)", "blazeface", *EMOTIONS,
                  "official split, PrivateTest once", "weights: research only", "2 damaged pieces",
                  "what anybody feels", "no legal advice"):  # fmt: skip
        assert words in text, words
    assert "the face looks most like" in text.lower()


def test_page_data_match_the_timeline(saved):
    analysis, paths, _ = saved
    html = paths["report.html"].read_text(encoding="utf-8")
    moments = json.loads(re.search(r'<script type="application/json" id="moments">(.*?)</script>', html, re.S).group(1))
    voice = moments["lanes"][1]["p"]
    assert len(voice) == len(analysis.timeline) and moments["step"] == 0.5
    assert [p is None for p in voice] == (analysis.timeline["voice_label"] == "").tolist()
    np.testing.assert_allclose(
        np.array(voice[0]) / 100, analysis.timeline.loc[0, [f"voice_{c}" for c in P]].astype(float), atol=0.006
    )


def test_stacks_are_drawn_to_scale():
    """The outline of the topmost emotion fills the lane; the first one's height is its probability."""
    analysis = fabricated(8.0)
    analysis.timeline[[f"face_{c}" for c in P]] = [0.25, 0.75, 0, 0, 0, 0, 0]
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
    [({"voice": False}, "no sound track", "the voice sounds"), ({"face": False}, "no picture", "the face looks")],
)
def test_a_missing_stream_is_said(streams, gap, missing):
    analysis = fabricated(16.0, **streams)
    assert gap in report.page(analysis)
    assert missing not in report.verdict(analysis)
    assert "both together" not in report.verdict(analysis)
    assert "agreement" not in report.summary_text(analysis)


def test_nothing_at_all_is_said(tmp_path):
    analysis = fabricated(8.0, voice=False)
    empty = fabricated(8.0, face=False, voice=False)
    for name in ("frames", "speech", "timeline", "summary"):
        setattr(analysis, name, getattr(empty, name))
    assert report.verdict(analysis) == "There was no face and no voice to go by."
    assert "no face in view" in report.page(analysis)
    assert report.save(analysis, tmp_path)["timeline.png"].is_file()
    assert "none with an answer" in report.summary_text(analysis)


def test_film_names_cannot_break_the_page():
    html = report.page(fabricated(8.0, path="</script><img src=x onerror=alert(1)>.mp4"))
    assert not _Page(html).fetched


def test_verdict_is_careful():
    analysis = fabricated(8.0)
    for stream, label, p in (("face", "happiness", 0.62), ("voice", "neutral", 0.3)):
        analysis.summary[stream] |= {"label": label, "probabilities": dict.fromkeys(EMOTIONS, 0.1) | {label: p}}
    analysis.summary["label"] = "happiness"
    expected = "The face looks mostly like happiness, the voice sounds most like neutral; both together: happiness."
    assert report.verdict(analysis) == expected
    analysis.summary["face"]["probabilities"]["happiness"] = 0.3
    assert report.verdict(analysis).startswith("No word stands out: the face looks most like happiness")


def test_summary_text_holds_the_numbers():
    text = report.summary_text(fabricated())
    for words in ("a film.mp4", "1:04 long", "a face in 88 %", "speech in 89 %", "0:21–0:28 sadness / happiness",
                  "UAR 65.2 % (63.6–66.8)", "licence: MIT", "warning: a film.mp4: 2 damaged"):  # fmt: skip
        assert words in text, words
    assert max(map(len, text.splitlines())) < 160


# --- annotated.mp4 -------------------------------------------------------------------------------------------------


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
    with pytest.raises(EmotutilsError, match="no picture"):
        report.save(analysis, tmp_path, annotate=True)
    assert (tmp_path / "report.html").is_file() and not (tmp_path / "annotated.mp4").exists()


def test_annotating_needs_the_film(tmp_path):
    with pytest.raises(EmotutilsError, match="gone.mp4"):
        report.save(fabricated(4.0), tmp_path, annotate=True, film=tmp_path / "gone.mp4")
    assert not (tmp_path / "annotated.mp4").exists()
