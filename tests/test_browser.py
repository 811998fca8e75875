"""The report in a real browser: it loads offline, complains of nothing, and moves the film that
lies beside it.
"""

import base64
import json
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from fabricated import add_words, empty_room, fabricated
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from emotutils import report
from emotutils.cli import main

pytestmark = pytest.mark.browser

FILM = Path(__file__).resolve().parents[1] / "data" / "sample" / "demo.mp4"
DURATION, HOP = 70.0, 0.5
#: Lines of 0.4 s, a tenth of a second between them; one that wants to be a script.
SAID = [(0.5 * k, 0.5 * k + 0.4, "", f"line {k}") for k in range(140)]
SAID[3] = (1.5, 1.9, "<b>ANN</b>", "<img src=x onerror=\"document.title='run'\"> & so on")


class Opened:
    """A report in the browser."""

    def __init__(self, driver, address: str):
        self.driver = driver
        for log in ("browser", "performance"):
            driver.get_log(log)  # what earlier pages left
        driver.get(address)

    def __getitem__(self, selector: str):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def wait(self, what: str) -> None:
        """Until a JavaScript expression, in which ``film`` is the player, becomes true."""
        script = f"const film = document.getElementById('film'); return {what}"
        WebDriverWait(self.driver, 20).until(
            lambda driver: driver.execute_script(script), f"never true: {what}"
        )

    def run(self, script: str):
        return self.driver.execute_script(f"const film = document.getElementById('film'); {script}")

    def click_timeline(self, share: float) -> None:
        time = self["#time"]
        self.run("document.getElementById('time').scrollIntoView({block: 'center'})")
        across = round((share - 0.5) * time.size["width"])
        ActionChains(self.driver).move_to_element_with_offset(time, across, 0).click().perform()

    def cursor(self) -> float:
        """Where the cursor stands on the timeline, in seconds."""
        return (
            DURATION
            / 100
            * float(
                self.run("return document.getElementById('cursor').style.left.replace('%', '')")
            )
        )

    def complaints(self) -> list[str]:
        return [
            entry["message"] for entry in self.driver.get_log("browser") if entry["level"] != "INFO"
        ]

    def requests(self) -> list[str]:
        """The addresses asked for since the page was opened."""
        events = [
            json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")
        ]
        return [
            e["params"]["request"]["url"]
            for e in events
            if e["method"] == "Network.requestWillBeSent"
        ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The report of a film that lies in another folder, with thumbnails."""
    root = tmp_path_factory.mktemp("report")
    film = root / "my films" / "demo & more.mp4"
    film.parent.mkdir()
    shutil.copy(FILM, film)
    analysis = fabricated(DURATION, HOP, path=film, size=(640, 480), fps=20.0)
    report.save(analysis, root / "out", thumbnails=True)
    report.save(add_words(analysis, SAID), root / "words")
    return root


@pytest.fixture
def page(chromium, folder):
    page = Opened(chromium, (folder / "out" / "report.html").as_uri())
    page.wait("film.readyState >= 2")
    return page


def at(page, seconds: float) -> None:
    """The film has jumped there, and cursor and read-out with it."""
    page.wait("!film.seeking")
    assert page.run("return film.currentTime") == pytest.approx(seconds, abs=HOP)
    assert page.cursor() == pytest.approx(seconds, abs=HOP)
    minutes, rest = page["#readout b"].text.removeprefix("at ").split(":")
    assert 60 * int(minutes) + float(rest) == pytest.approx(seconds, abs=HOP)


def test_it_loads_offline_with_the_film_and_no_complaint(page):
    assert page.run("return film.duration") == pytest.approx(DURATION, abs=0.1)
    assert page["#film"].is_displayed() and not page["#nofilm"].is_displayed()
    assert page.run("return [film.videoWidth, film.videoHeight]") == [640, 480]
    assert page.run("return [...document.images].every(i => i.complete && i.naturalHeight === 96)")
    assert {url.partition(":")[0] for url in page.requests()} == {"file", "data"}
    assert page.complaints() == []


def test_the_film_loads_from_a_server_of_ones_own_too(chromium, folder):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("localhost", 0), partial(Quiet, directory=folder)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        page = Opened(chromium, f"http://localhost:{server.server_port}/out/report.html")
        page.wait("film.readyState >= 1")
        assert page["#film"].is_displayed()
        assert all("favicon" in message for message in page.complaints()), (
            "only the icon that browsers ask for"
        )
        server.shutdown()


def test_a_click_on_the_timeline_moves_the_film(page):
    for share in (0.7, 0.1):
        page.click_timeline(share)
        at(page, share * DURATION)
    assert page.complaints() == []


def test_a_click_on_a_disagreement_or_a_picture_moves_the_film(page):
    page[".jumps button"].click()
    at(page, 3 / 9 * DURATION)
    page[".pictures li:nth-child(3) button"].click()
    at(page, 2 * DURATION / 24)
    assert page[".pictures [aria-current]"].text == "0:05"
    page.click_timeline(0.9)
    page.wait("!film.seeking")
    strip, current = page[".pictures"].rect, page[".pictures [aria-current]"].rect
    assert (
        strip["x"] <= current["x"]
        and current["x"] + current["width"] <= strip["x"] + strip["width"]
    ), "out of sight"


def test_the_slider_moves_the_film(page):
    page.run(
        "const s = document.getElementById('moment'); s.value = 81; s.dispatchEvent(new Event('input'))"
    )
    at(page, 40.5)


@pytest.fixture
def spoken(chromium, folder):
    """The report with a long transcript."""
    page = Opened(chromium, (folder / "words" / "report.html").as_uri())
    page.wait("film.readyState >= 2")
    return page


def is_in_sight(page, line) -> bool:
    listed = page["#transcript"].rect
    return listed["y"] <= line.rect["y"] < listed["y"] + listed["height"]


def test_a_click_on_a_line_moves_the_film_and_leaves_the_page_where_it_is(spoken):
    lines = spoken.driver.find_elements(By.CSS_SELECTOR, "#transcript button")
    assert len(lines) == 140 and spoken["#transcript"].rect["height"] < 300, "it scrolls"
    spoken.run("document.getElementById('transcript').scrollTop = 0")
    spoken.run("document.getElementById('transcript').scrollIntoView({block: 'center'})")
    before = spoken.run("return window.scrollY")
    lines[2].click()
    at(spoken, 1.0)
    assert spoken["#transcript [aria-current]"].text.startswith("0:01\nline 2\n")
    assert spoken.run("return window.scrollY") == before
    assert spoken.complaints() == []


def test_the_line_that_is_said_is_marked_and_comes_into_sight(spoken):
    lines = spoken.driver.find_elements(By.CSS_SELECTOR, "#transcript button")
    assert not is_in_sight(spoken, lines[120])
    spoken.run("film.currentTime = 60.2")
    at(spoken, 60.2)
    assert spoken["#transcript [aria-current]"].id == lines[120].id
    assert is_in_sight(spoken, lines[120])
    spoken.run("film.currentTime = 60.45")  # nobody speaks
    at(spoken, 60.45)
    spoken.wait("!document.querySelector('#transcript [aria-current]')")


def test_analyze_with_subtitles_shows_three_lanes_and_lines_to_click(chromium, tmp_path):
    """From the command to the page: a film that speaks by its subtitles alone."""
    film = empty_room(tmp_path / "room.mp4")
    lines = "1\n00:00:00,500 --> 00:00:02,000\nI am so happy.\n\n2\n00:00:03,000 --> 00:00:05,000\nHow sad.\n"
    subtitles = tmp_path / "said.srt"
    subtitles.write_text(lines, encoding="utf-8")
    out = tmp_path / "out"
    assert main(["analyze", str(film), "--subtitles", str(subtitles), "--out", str(out)]) == 0
    page = Opened(chromium, (out / "report.html").as_uri())
    page.wait("film.readyState >= 2")
    names = [name.text for name in page.driver.find_elements(By.CSS_SELECTOR, ".name")]
    assert names[0] == "Transcript"
    assert names[1:4] == ["the face looks like", "the voice sounds like", "the words read like"]
    _, line = page.driver.find_elements(By.CSS_SELECTOR, "#transcript button")
    line.click()
    page.wait("!film.seeking && film.currentTime >= 3")
    assert page["#transcript [aria-current]"].text.startswith("0:03\nHow sad.")
    assert page.complaints() == []


def test_a_text_that_wants_to_be_a_script_stays_a_text(spoken):
    line = spoken.driver.find_elements(By.CSS_SELECTOR, "#transcript button")[3]
    assert "<b>ANN</b>:" in line.text and "<img src=x onerror=" in line.text
    assert spoken.run("return document.title") != "run"
    assert spoken.run("return document.images.length") == 0
    assert "the words read like" in spoken["#readout"].text


def test_cursor_and_read_out_follow_the_film(page):
    page.run("film.currentTime = 33")
    at(page, 33)
    page.run("film.muted = true; film.playbackRate = 4; film.play()")
    page.wait("film.currentTime > 36")
    page.run("film.pause()")
    page.wait("film.paused")
    assert page.cursor() == pytest.approx(page.run("return film.currentTime"), abs=HOP)
    assert page.cursor() > 35.5


def test_pointing_shows_a_moment_and_leaves_the_film_alone(page):
    page.run("film.currentTime = 10")
    at(page, 10)
    ActionChains(page.driver).move_to_element(page["#time"]).perform()
    assert page.cursor() == pytest.approx(DURATION / 2, abs=HOP)
    assert page.run("return film.currentTime") == pytest.approx(10, abs=0.1)


@pytest.mark.parametrize("moved", [False, True])
def test_without_the_film_the_page_is_complete(chromium, folder, tmp_path, moved):
    """Gone before the report was written, or taken away after: only then has the browser a missing
    file to tell of.
    """
    film = folder / "my films" / "demo & more.mp4" if moved else tmp_path / "gone.mp4"
    analysis = fabricated(DURATION, HOP, path=film, size=(640, 480), fps=20.0)
    written = report.save(analysis, folder / "gone")["report.html"]
    page = Opened(chromium, written.replace(tmp_path / "report.html").as_uri())
    if moved:
        page.wait("film.error")
        assert not page["#film"].is_displayed()
    assert "jumps" not in page["#hint"].text
    assert "The film is not beside this page" in page["#nofilm"].text
    page.click_timeline(0.7)
    assert page.cursor() == pytest.approx(0.7 * DURATION, abs=HOP)
    page[".jumps button"].click()
    assert page.cursor() == pytest.approx(3 / 9 * DURATION, abs=HOP)
    for words in (
        "the face looks like",
        "the voice sounds like",
        "face and voice together",
        "What these words are, and are not",
    ):
        assert words in page["main"].text
    told = page.complaints()
    assert len(told) == moved and all("ERR_FILE_NOT_FOUND" in message for message in told)


def test_a_phone_needs_no_sideways_scrolling(page):
    page.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True},
    )
    try:
        assert page.run("return document.documentElement.scrollWidth") <= 390
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_it_prints(page):
    """A page of print without the player, but with words and lanes: a blank one has 3 kB."""
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        for gone in ("#film", "#readout", "#moment", "#cursor", "#zoom"):
            assert not page[gone].is_displayed(), gone
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert len(base64.b64decode(page.driver.print_page())) > 50_000
