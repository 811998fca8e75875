"""The page for people who do not type: choosing, what is kept, bad input; and once in a browser."""

import base64
import io
import os
import re
import subprocess
import sys
import zipfile
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from fabricated import fabricated
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait
from test_house import ROOT

from emotutils.analysis import Analysis
from emotutils.cli import main
from emotutils.course import app, serving
from emotutils.errors import EmotutilsError, MediaError

FILM = ROOT / "data" / "sample" / "demo.mp4"


@pytest.fixture
def films(tmp_path):
    """A folder with a film, a text and a folder in it."""
    folder = tmp_path / "Élise's films & more"
    (folder / "older").mkdir(parents=True)
    (folder / "a film.mp4").write_bytes(b"a film's bytes")
    (folder / "notes.txt").write_text("no film")
    (folder / ".hidden.mp4").write_text("no film")
    return folder


@pytest.fixture
def analysed(monkeypatch, tmp_path):
    """In place of the analysis: which films were given, and an answer that is made up."""
    given = []

    def analyze(film):
        given.append((film, Path(film).read_bytes()))
        return Analysis(**vars(fabricated(path=str(film))))

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setattr(app, "analyze", analyze)
    return given


def press(page: app.App) -> None:
    assert not page.button.disabled
    page.button.click()


def taken(page: app.App) -> dict[str, bytes]:
    """What the links of the page hand over, by name."""
    found = re.findall(r'download="(.+?)" href="data:[^,]+,(.+?)"', page.downloads.value)
    return {unescape(name): base64.b64decode(content) for name, content in found}


def test_the_list_offers_films_and_folders_and_looks_into_them(films):
    page = app.App(films)
    words = [word for word, _ in page.list.options]
    assert words[2:] == ["a film.mp4", "older/"] and page.button.disabled
    page.list.value = films / "a film.mp4"
    assert page.path.value == str(films / "a film.mp4") and not page.button.disabled
    page.list.value = films / "older"
    assert page.button.disabled and len(page.list.options) == 2
    page.list.value = films
    assert [word for word, _ in page.list.options] == words


@pytest.mark.parametrize("text", ["a film.mp4", "  a film.mp4 ", "older/../a film.mp4"])
def test_a_path_may_be_typed(films, analysed, text):
    page = app.App(films)
    page.path.value = text
    press(page)
    assert analysed[0][1] == b"a film's bytes"


def test_what_is_not_there_is_told(films):
    page = app.App(films)
    page.path.value = "no <b>film</b>.mp4"
    assert page.button.disabled
    assert "no &lt;b&gt;film" in page.said.value and 'role="alert"' in page.said.value


def test_the_report_is_shown_and_handed_over_and_nothing_is_kept(films, analysed, tmp_path):
    page = app.App(films)
    page.list.value = films / "a film.mp4"
    before = sorted(films.rglob("*"))
    press(page)
    assert "<iframe" in page.report.value and "sandbox" in page.report.value
    film = base64.b64encode(b"a film's bytes").decode()
    assert f"data:video/mp4;base64,{film}" in unescape(page.report.value)
    files = taken(page)
    assert files.keys() == {"a film.zip", "a film-report.html", "a film-timeline.csv"}
    assert film.encode() not in files["a film-report.html"], "what is taken along has no film in it"
    with zipfile.ZipFile(io.BytesIO(files["a film.zip"])) as archive:
        assert {"a film/report.html", "a film/result.json"} <= set(archive.namelist())
    assert sorted(films.rglob("*")) == before
    assert not list((tmp_path / "temporary").iterdir())


def test_what_is_asked_for_is_kept(films, analysed):
    page = app.App(films)
    page.list.value = films / "a film.mp4"
    page.keep.value = True
    press(page)
    assert (films / "runs" / "a film" / "report.html").is_file()


@pytest.mark.parametrize("version", [7, 8])
def test_an_uploaded_film_is_gone_afterwards(films, analysed, tmp_path, version):
    page = app.App(films)
    content = b"sent"
    sent = ({"name": "../mine.mp4", "content": memoryview(content)},)
    if version == 7:
        sent = {"../mine.mp4": {"content": content}}
    page._received({"new": sent})
    press(page)
    ((film, read),) = analysed
    assert (film.name, read) == ("mine.mp4", content)
    assert film.is_relative_to(tmp_path / "temporary") and not film.exists()
    page.list.value = films / "a film.mp4"
    press(page)
    assert analysed[1][1] == b"a film's bytes", "who chooses another film means that one"


def test_a_film_that_cannot_be_read_is_told_and_the_page_goes_on(films, monkeypatch):
    def analyze(film):
        raise MediaError(film, "is no <film>", "choose another")

    monkeypatch.setattr(app, "analyze", analyze)
    page = app.App(films)
    page.list.value = films / "a film.mp4"
    press(page)
    assert "is no &lt;film&gt;; choose another" in page.said.value
    assert not page.report.value and not page.button.disabled


def test_large_films_are_not_played_and_large_results_not_handed_over(films, analysed, monkeypatch):
    monkeypatch.setattr(app, "PLAYED", 1e-6)
    monkeypatch.setattr(app, "HANDED", 1e-6)
    page = app.App(films)
    page.list.value = films / "a film.mp4"
    press(page)
    assert "data:video" not in page.report.value and "<iframe" in page.report.value
    assert not taken(page) and "keep it" in page.downloads.value


def test_bad_addresses_of_the_page_are_one_line(tmp_path, capsys):
    assert main(["app", str(tmp_path / "nowhere"), "--no-browser"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    with serving.socket.socket() as one:
        one.bind((serving.HOST, 0))
        with pytest.raises(EmotutilsError, match="--port"):
            serving.serve(tmp_path, port=one.getsockname()[1], browser=False)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The page, served for a folder with the bundled film alone."""
    folder = tmp_path_factory.mktemp("films")
    temporary = tmp_path_factory.mktemp("temporary")
    (folder / "demo.mp4").symlink_to(FILM)
    config = tmp_path_factory.mktemp("config")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    environment |= {"JUPYTER_CONFIG_DIR": str(config), "IPYTHONDIR": str(config / "ipython")}
    environment |= {"JUPYTER_RUNTIME_DIR": str(config / "runtime")}
    command = [sys.executable, "-m", "emotutils.cli", "app", str(folder), "--no-browser"]
    options = {"stdout": subprocess.PIPE, "text": True, "env": environment}
    server = subprocess.Popen(command, **options)
    try:
        address = re.search(r"http://\S+", server.stdout.readline())[0]
        yield SimpleNamespace(address=address, folder=folder)
    finally:
        server.terminate()
        server.wait(60)
    assert [path.name for path in folder.iterdir()] == ["demo.mp4"]
    assert not list(temporary.iterdir()), "the server takes its files away"


@pytest.mark.browser
def test_somebody_chooses_a_film_and_sees_its_timeline(chromium, served):
    wait = WebDriverWait(chromium, 300)
    for log in ("browser", "performance"):
        chromium.get_log(log)  # the page that a browser begins with
    wait.until(lambda _: answers(served.address))
    chromium.get(served.address)
    wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, ".emotutils select"))
    assert "AI Act" in chromium.find_element(By.TAG_NAME, "body").text
    choice = Select(chromium.find_element(By.CSS_SELECTOR, ".emotutils select"))
    choice.select_by_visible_text("demo.mp4")
    button = chromium.find_element(By.CSS_SELECTOR, ".emotutils button.mod-primary")
    wait.until(lambda _: button.is_enabled())
    button.click()
    wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, ".emotutils iframe"))
    links = chromium.find_elements(By.CSS_SELECTOR, ".downloads a")
    assert [link.text for link in links] == ["demo.zip", "demo-report.html", "demo-timeline.csv"]
    chromium.switch_to.frame(chromium.find_element(By.CSS_SELECTOR, ".emotutils iframe"))
    assert chromium.find_element(By.ID, "time").is_displayed()
    script = "return document.getElementById('film').duration"
    wait.until(lambda page: page.execute_script(script))
    assert chromium.execute_script(script) == pytest.approx(70, abs=0.5)
    chromium.switch_to.default_content()


def answers(address: str) -> bool:
    try:
        return urlopen(address, timeout=60).status == 200
    except OSError:
        return False


@pytest.mark.browser
def test_without_the_token_nobody_sees_the_page(chromium, served):
    wait = WebDriverWait(chromium, 120)
    bare = urlsplit(served.address)
    wait.until(lambda _: answers(f"http://{bare.netloc}/login"))
    chromium.delete_all_cookies()
    chromium.get(f"http://{bare.netloc}/")
    assert not chromium.find_elements(By.CSS_SELECTOR, ".emotutils")
    assert "token" in chromium.find_element(By.TAG_NAME, "body").text
