"""Many films: which they are, where their results go, what is done again, and the overview."""

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import soundfile
from fabricated import fabricated
from raising import raises_error

import emotutils
from emotutils import config, report, samples
from emotutils.analysis import many
from emotutils.analysis.gathering import gather
from emotutils.analysis.many import analyze_many
from emotutils.cli import main
from emotutils.errors import DataError, EmotutilsError
from emotutils.findings import stream_names
from emotutils.networks import load_network, save_network
from emotutils.report import overview as pages
from emotutils.report.overview import Entry

DEMO = config.shipped_root() / "sample" / "demo.mp4"
SR = 16000


@pytest.fixture(scope="session")
def voice():
    files = sorted((samples.ensure() / "ravdess").rglob("*.wav"))[:3]
    return np.concatenate([soundfile.read(f, dtype="float32")[0] for f in files])


@pytest.fixture
def films(tmp_path, voice):
    """Two recordings, two that are broken, and much that is no film."""
    folder = tmp_path / "my films"
    (folder / "sub" / ".hidden").mkdir(parents=True)
    soundfile.write(folder / "Küche 'zwei'.wav", voice[: 4 * SR], SR)
    soundfile.write(folder / "sub" / "b.WAV", voice[SR : 4 * SR], SR, format="WAV")
    shutil.copy(folder / "sub" / "b.WAV", folder / "sub" / ".hidden" / "c.wav")
    shutil.copy(folder / "sub" / "b.WAV", folder / "._b.wav")
    (folder / "broken.mp4").write_text("no film")
    (folder / "empty.mkv").touch()
    for name in ("notes.txt", "film.srt", "picture.png", "no suffix"):
        (folder / name).write_text("1")
    return folder


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def folders(paths, out="out") -> dict[str, str]:
    return {film.name: film.folder for film in gather(paths, Path(out))}


# --- which files are films, and where their results go --------------------------------------------


def test_a_folder_gives_its_films_in_order_and_nothing_else(films, tmp_path):
    assert folders([films], films / "sub" / "out") == {
        "Küche 'zwei'.wav": "Küche 'zwei'",
        "broken.mp4": "broken",
        "empty.mkv": "empty",
        "sub/b.WAV": "sub/b",
    }
    assert list(folders([films])) == sorted(folders([films]))


def test_own_outputs_are_no_films(films):
    out = films / "runs"
    touch(out / "a" / "annotated.mp4", out / "b.mp4", films / "d" / "annotated.mp4")
    found = folders([films], out)
    assert not [name for name in found if name.startswith("runs")]
    assert "d/annotated.mp4" in found, "somebody's film of that name"
    touch(films / "d" / "report.html")
    assert "d/annotated.mp4" not in folders([films], out)
    # Results among the films themselves: the folder is still looked through.
    assert "sub/b.WAV" in folders([films], films)


def test_films_of_one_name_get_folders_of_their_own(tmp_path):
    touch(tmp_path / "a.mp4", tmp_path / "A.mov", tmp_path / "b.mp4")
    assert folders([tmp_path]) == {"A.mov": "A.mov", "a.mp4": "a.mp4", "b.mp4": "b"}
    one, two = tmp_path / "x" / "a.mp4", tmp_path / "y" / "A.mp4"
    touch(one, two)
    found = folders([one, two])
    assert found == folders([two, one]), "the order changed the names"
    names = list(found.values())
    assert len({name.casefold() for name in names}) == 2
    assert all(name.lower().startswith("a.mp4-") for name in names)


def test_several_folders_keep_their_names(tmp_path):
    touch(tmp_path / "x" / "s" / "a.mp4", tmp_path / "y" / "a.mp4")
    found = gather([tmp_path / "x", tmp_path / "y"], tmp_path)
    assert [film.folder for film in found] == ["x/s/a", "y/a"]


def test_a_films_folder_is_never_in_another_or_in_the_way_of_the_table(tmp_path):
    touch(tmp_path / "a.mp4", tmp_path / "a" / "b.mp4", tmp_path / "films.csv.mp4")
    assert folders([tmp_path]) == {
        "a.mp4": "a.mp4",
        "films.csv.mp4": "films.csv.mp4",
        "a/b.mp4": "a/b",
    }


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("two words.mp4", "two words"),
        ("Grüße 'mir'.mp4", "Grüße 'mir'"),
        ('say "it".mp4', "say _it_"),
        ("v1.2.final.mp4", "v1.2.final"),
        ("ends. .mp4", "ends"),
        ("con.mp4", "_con"),
        ("...mp4", "film"),
        (f"{'ä' * 120}.mp4", "ä" * 90),
        (os.fsdecode(b"\xff.mp4"), "�"),
    ],
)
def test_strange_names(tmp_path, name, folder):
    touch(tmp_path / name)
    assert [film.folder for film in gather([tmp_path / name], tmp_path)] == [folder]


def test_a_film_named_twice_is_one_film(films):
    film = films / "sub" / "b.WAV"
    (films / "link.wav").symlink_to(film)
    named = [film, films / "sub" / ".." / "sub" / "b.WAV", films / "link.wav"]
    assert len(gather(named, films)) == 1
    assert len(gather([films, film], films)) == 4


def test_links_to_nothing_are_films_that_fail_and_linked_folders_are_passed_over(films, tmp_path):
    (films / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    (films / "again").symlink_to(films)
    os.mkfifo(films / "pipe.mp4")
    found = folders([films])
    assert "gone.mp4" in found and len(found) == 5


def test_folders_without_films(tmp_path):
    touch(tmp_path / "a.txt")
    with raises_error(DataError, where=tmp_path):
        gather([tmp_path], tmp_path)


# --- what is done ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def done(tmp_path_factory, voice):
    """Films in a folder, and what one process made of them."""
    root = tmp_path_factory.mktemp("many")
    folder = root / "films"
    folder.mkdir()
    for name, start in (("one", 0), ("two", 1), ("three", 2)):
        soundfile.write(folder / f"{name}.wav", voice[start * SR : (start + 3) * SR], SR)
    (folder / "broken.mp4").write_text("no film")
    table = emotutils.analyze_many(folder, root / "out", progress=False, smoothing=1.0)
    return folder, root / "out", table


def contents(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def test_each_film_has_a_folder_and_a_row(done):
    folder, out, table = done
    assert table["film"].tolist() == ["broken.mp4", "one.wav", "three.wav", "two.wav"]
    assert table["status"].tolist() == ["failed", "done", "done", "done"]
    assert table["folder"].tolist() == ["broken", "one", "three", "two"]
    assert table["error"][0] and not table["error"][1:].any()
    assert str(folder) not in table["error"][0]
    assert not (out / "broken").exists()
    for row in table[1:].itertuples():
        found = json.loads((out / row.folder / "result.json").read_text("utf-8"))
        assert row.label == found["summary"]["label"] == row.voice_label
        assert row.p == max(found["summary"]["probabilities"].values())
        assert row.seconds == 3.0 and row.streams == "voice" and pd.isna(row.face_p)
        assert found["settings"]["smoothing"] == 1.0
        assert row.warnings == " | ".join(found["warnings"])
    written = pd.read_csv(out / "films.csv", encoding="utf-8-sig")
    pd.testing.assert_frame_equal(written.fillna(""), table.fillna(""), check_dtype=False)


def test_the_results_are_those_of_one_film_alone(done, tmp_path):
    folder, out, _ = done
    emotutils.analyze(folder / "one.wav", progress=False, smoothing=1.0).save(tmp_path)
    for name in ("speech.csv", "timeline.csv"):
        assert (tmp_path / name).read_bytes() == (out / "one" / name).read_bytes()


def test_several_jobs_give_the_same(done, tmp_path):
    folder, out, _ = done
    analyze_many(folder, out.parent / "jobs", jobs=2, progress=False, smoothing=1.0)
    assert contents(out.parent / "jobs") == contents(out)


def test_a_cluster_gives_the_same(done):
    """Two processes of a Dask cluster on this machine."""
    distributed = pytest.importorskip("distributed")
    folder, out, _ = done
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    with (
        distributed.LocalCluster(**options, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        analyze_many(folder, out.parent / "dask", jobs=-1, progress=False, smoothing=1.0)
    assert contents(out.parent / "dask") == contents(out)


@pytest.fixture
def counted(monkeypatch):
    """The films that are analysed, by name."""
    names = []

    @functools.wraps(many.analyze)
    def analyze(film, **settings):
        names.append(Path(film).name)
        return whole(film, **settings)

    whole = many.analyze
    monkeypatch.setattr(many, "analyze", analyze)
    return names


@pytest.fixture
def copied(done, tmp_path):
    """The same films and results, free to be changed."""
    for name in ("films", "out"):
        shutil.copytree(done[0].parent / name, tmp_path / name)
    return tmp_path / "films", tmp_path / "out"


def again(copied, **settings) -> list[str]:
    settings = {"smoothing": 1.0, "resume": True} | settings
    return analyze_many(*copied, progress=False, **settings)["status"].tolist()


def test_resume_skips_what_is_the_same(copied, counted):
    assert again(copied) == ["failed", "kept", "kept", "kept"]
    assert counted == ["broken.mp4"]
    assert again(copied, resume=False) == ["failed", "done", "done", "done"]


def test_resume_sees_another_film(copied, counted):
    folder, _ = copied
    x, _ = soundfile.read(folder / "one.wav", dtype="int16")
    x[len(x) // 2] += 1
    soundfile.write(folder / "one.wav", x, SR)
    assert again(copied) == ["failed", "done", "kept", "kept"]


def test_resume_sees_other_settings_and_other_networks(copied, counted, tmp_path):
    assert again(copied, smoothing=0.5) == ["failed", "done", "done", "done"]
    shipped = load_network("crnn")
    mine = save_network(shipped.model, shipped.card | {"temperature": 2.0}, tmp_path / "mine")
    options = {"smoothing": 0.5, "voice_network": mine}
    assert again(copied, **options) == ["failed", "done", "done", "done"]
    assert again(copied, **options) == ["failed", "kept", "kept", "kept"]
    save_network(shipped.model, shipped.card | {"temperature": 3.0}, tmp_path / "mine")
    assert again(copied, **options) == ["failed", "done", "done", "done"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "emotutils.analysis"}'])
def test_half_a_result_is_done_again(copied, counted, text):
    _, out = copied
    (out / "one" / "result.json").write_text(text)
    (out / "two" / "result.json").unlink()
    assert again(copied) == ["failed", "done", "kept", "done"]


def test_a_result_is_whole_only_when_the_last_file_is_there(tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    report.save(fabricated(8.0), tmp_path, request={"a": 1})
    assert json.loads((tmp_path / "result.json").read_text("utf-8"))["request"] == {"a": 1}
    monkeypatch.setattr(report.saving, "write_annotated", killed)
    with pytest.raises(KeyboardInterrupt):
        report.save(fabricated(8.0), tmp_path, request={"a": 1}, annotate=True)
    assert "request" not in json.loads((tmp_path / "result.json").read_text("utf-8"))


def test_ctrl_c_leaves_what_is_finished(films, tmp_path, monkeypatch):
    @functools.wraps(many.analyze)
    def analyze(film, **settings):
        if Path(film).name == "b.WAV":
            raise KeyboardInterrupt
        return whole(film, **settings)

    whole = many.analyze
    monkeypatch.setattr(many, "analyze", analyze)
    words = ["analyze", str(films), "--out", str(tmp_path / "out")]
    assert main(words) == 130
    table = pd.read_csv(tmp_path / "out" / "films.csv")
    assert table["status"].tolist() == ["done", "failed", "failed"]
    assert "3 of 4" in (tmp_path / "out" / "index.html").read_text("utf-8")
    assert not list((tmp_path / "out").rglob(".part-*"))


def test_ctrl_c_stops_all_processes(tmp_path, voice):
    for k in range(4):
        soundfile.write(tmp_path / f"{k}.wav", np.tile(voice[: 3 * SR], 150 if k else 1), SR)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "emotutils.cli", "analyze", str(tmp_path), "--jobs", "2"]
    # A shell starts what runs in the background with Ctrl-C ignored; here it must not be.
    running = subprocess.Popen(
        [*command, "--out", str(out)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    finished = out / "0" / "result.json"
    while not (finished.exists() and "request" in finished.read_text("utf-8")):
        assert running.poll() is None
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)
    _, told = running.communicate(timeout=120)
    assert running.returncode == 130 and "Traceback" not in told
    table = pd.read_csv(out / "films.csv", dtype=str)
    assert len(table) < 4
    with pytest.raises(ProcessLookupError):
        for _ in range(600):  # the last of them ends a moment after the first
            os.killpg(running.pid, 0)
            time.sleep(0.1)


def test_a_fault_of_ours_costs_one_film(films, tmp_path, monkeypatch):
    @functools.wraps(many.analyze)
    def analyze(film, **settings):
        raise ZeroDivisionError("a\nb")

    monkeypatch.setattr(many, "analyze", analyze)
    table = analyze_many(films, tmp_path / "out", progress=False)
    assert set(table["status"]) == {"failed"}
    assert all("ZeroDivisionError" in error and "\n" not in error for error in table["error"])


def test_pictures_are_taken_of_films_only(films, tmp_path):
    table = analyze_many(
        [films / "sub" / "b.WAV"], tmp_path / "out", progress=False, annotate=True, thumbnails=True
    )
    assert table["status"].tolist() == ["done"]
    assert not (tmp_path / "out" / "b" / "annotated.mp4").exists()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"jobs": 0}, "jobs"),
        ({"jobs": 1.5}, "jobs"),
        ({"baseline": [(0, 1)]}, "baseline"),
        ({"baseline": {"voice": [(0, 1)]}}, "baseline"),
        ({"streams": {"pose": "pose.csv"}}, "streams"),
        ({"openface": "film.csv"}, "openface"),
        ({"fps": 0}, "fps"),
        ({"fusion": "guess"}, "guess"),
        ({"error_rate": 2}, ""),
        ({"detector": "nose"}, "nose"),
        ({"voice_network": "conv9d"}, "conv9d"),
        ({"voice_network": "conv2d"}, "conv2d"),
        ({"only": "ears"}, "ears"),
        ({"export": ["doc"]}, "doc"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_done(films, tmp_path, settings, named):
    with raises_error(EmotutilsError, named):
        analyze_many(films, tmp_path / "out", progress=False, **settings)
    assert not (tmp_path / "out").exists()


def test_unknown_settings_are_pythons_own_error(films, tmp_path):
    with pytest.raises(TypeError, match="frames"):
        analyze_many(films, tmp_path / "out", frames=5)


def test_a_folder_without_permission(films, tmp_path, as_anybody):
    out = tmp_path / "out"
    out.mkdir(mode=0o500)
    said = as_anybody(lambda: analyze_many(films, out, progress=False))
    assert said.startswith(f"{out}: cannot be written") and not list(out.iterdir())


# --- on the command line --------------------------------------------------------------------------


def test_exit_1_where_some_failed(films, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    good = films / "sub" / "b.WAV"
    assert main(["analyze", str(films / "broken.mp4"), str(good), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [film["status"] for film in told["films"]] == ["failed", "done"]
    assert (tmp_path / "runs" / "b" / "report.html").is_file()
    assert all(Path(path).is_file() for path in told["files"].values())
    assert main(["analyze", str(films / "sub"), "--resume"]) == 0
    assert (tmp_path / "runs" / "sub" / "films.csv").is_file()
    assert main(["analyze", str(good), "--resume"]) == 0
    assert pd.read_csv(tmp_path / "runs" / "films.csv")["status"].tolist() == ["kept"]


@pytest.mark.parametrize(
    "words",
    [
        ["--jobs", "0"],
        ["--open"],
        ["--baseline", "0:01-0:02"],
        ["--openface", "a.csv"],
        ["--stream", "pose=a.csv"],
        ["--out", "{films}/notes.txt"],
    ],
)
def test_what_several_films_cannot_have(films, tmp_path, capsys, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    assert main(["analyze", str(films), *[word.format(films=films) for word in words]]) == 2
    told = capsys.readouterr().err.strip()
    assert told.startswith("emotutils: ") and "\n" not in told
    assert not (tmp_path / "runs").exists()


# --- the overview ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def overview(tmp_path_factory):
    """Five films that never were, one of them broken."""
    out = tmp_path_factory.mktemp("overview")
    made = {
        "a b & 'c'#1": fabricated(64.0),
        "hour": fabricated(3900.0),
        "voice": fabricated(30.0, face=False),
        "face": fabricated(20.0, voice=False),
    }
    entries = [Entry("<broken>.mp4", "broken", pages.FAILED, "is no film; copy it <again>")]
    for name, findings in made.items():
        report.save(findings, out / name, request={"a": 1})
        entries.append(Entry(f"{name}.mp4", name, pages.DONE))
    return out, pages.write_overview(entries, out), made


def test_the_table_says_what_the_results_say(overview):
    _, table, made = overview
    assert pd.isna(table["seconds"][0]) and table["error"][0]
    for row, findings in zip(table[1:].itertuples(), made.values(), strict=True):
        assert row.seconds == findings.info.duration
        assert row.label == findings.summary["label"]
        assert row.unsure == pytest.approx(findings.summary["unsure"])
        there = [s for s in stream_names(findings.timeline) if findings.summary[s]["label"]]
        assert row.streams == "+".join(there)


def test_the_page_is_one_small_file_that_runs_no_foreign_word(overview):
    out, _, _ = overview
    page = (out / "index.html").read_text("utf-8")
    assert "<broken>" not in page and "&lt;broken&gt;" in page
    assert "http://" not in page and "https://" not in page
    assert len(page) < 120_000


@pytest.mark.browser
def test_the_page_in_a_browser(chromium, overview):
    from selenium.webdriver.common.by import By

    out, table, made = overview
    chromium.get_log("browser")
    chromium.get((out / "index.html").as_uri())
    assert not [e for e in chromium.get_log("browser") if e["level"] != "INFO"]

    def names():
        return [e.text for e in chromium.find_elements(By.CSS_SELECTOR, ".film h2")]

    assert names() == table["film"].tolist()
    chromium.find_element(By.CSS_SELECTOR, "[data-order=seconds]").click()
    assert names()[:2] == ["hour.mp4", "a b & 'c'#1.mp4"] and names()[-1] == "<broken>.mp4"
    text = chromium.find_element(By.TAG_NAME, "main").text
    for findings in made.values():
        assert report.verdict(findings) in text
    links = chromium.find_elements(By.CSS_SELECTOR, ".film h2 a")
    assert len(links) == 4
    for link in [link.get_attribute("href") for link in links]:
        chromium.get(link)
        assert chromium.find_element(By.CSS_SELECTOR, ".verdict").text
