"""Other people's machines: consoles without all letters, output that is closed or full, arguments
that cannot be, names that are no text, spreadsheets that run what they are given, no network.
"""

import csv
import io
import json
import logging
import os
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from fabricated import fabricated
from raising import raises_error

from emotutils import analyze, config, datasets, fusion, media, report, samples, voices
from emotutils.cli import main
from emotutils.errors import EmotutilsError, MediaError, NetworkError
from emotutils.networks import Network, lite, load_network, shared_network, store
from emotutils.report import overview
from emotutils.support import quiet, tables

DEMO = config.shipped_root() / "sample" / "demo.mp4"
SR = 16000


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    """One second of the bundled film, from when its actor looks happy."""
    path = tmp_path_factory.mktemp("second") / "second.mp4"
    sound = np.concatenate(list(media.sound_blocks(DEMO, SR)))[8 * SR : 9 * SR]
    pictures = [f for f in media.frames(DEMO, 10, max_side=320) if 8 <= f.t < 9]
    height, width = pictures[0].image.shape[:2]
    with media.FilmWriter(path, width, height, 10, (sound, SR)) as writer:
        for picture in pictures:
            writer.write(picture.image, picture.t - 8)
    return path


# --- consoles


@pytest.mark.parametrize("encoding", ["cp1252", "cp932", "ascii", "latin-1"])
def test_letters_that_a_console_lacks_are_replaced(encoding, monkeypatch):
    shown = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", shown)
    assert main(["networks"]) == 0
    print("Ω é 日")  # one of them at least no console has
    shown.flush()
    assert "conv2d" in shown.buffer.getvalue().decode(encoding)


def test_a_name_that_is_no_text_is_analysed_and_shown_with_marks(second, tmp_path, monkeypatch):
    shown = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", shown)
    film = tmp_path / os.fsdecode(b"caf\xe9 \xff.mp4")
    try:
        film.write_bytes(second.read_bytes())
    except OSError:
        pytest.skip("this file system takes names that are text alone")
    words = ["analyze", str(film), "--only", "face", "--fps", "1"]
    formats = ",".join(report.exports.FORMATS)
    assert main([*words, "--out", str(tmp_path / "out"), "--export", formats]) == 0
    assert b"caf? ?.mp4" in shown.buffer.getvalue()
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "caf%E9%20%FF.mp4" in page, "the film is not linked to"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_full_output_is_one_line(monkeypatch, capsys):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["networks"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1 and told[0].startswith("emotutils: standard output: ")


def test_a_reader_who_has_read_enough_is_no_error(monkeypatch, capsys):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert main(["networks"]) == 141
    assert not capsys.readouterr().err


def test_an_error_of_the_machine_is_one_line(monkeypatch, capsys):
    def fails(*args):
        raise PermissionError(13, "Permission denied", "somewhere/result.json")

    monkeypatch.setattr("emotutils.course.checks.check", fails)
    assert main(["check"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1 and "somewhere/result.json: Permission denied; " in told[0]


@pytest.mark.skipif(os.name != "posix", reason="descriptors are closed in a shell's way")
def test_closed_output_is_nowhere_and_takes_no_file_with_it(second, tmp_path):
    out = tmp_path / "out"
    words = ["analyze", str(second), "--only", "face", "--fps", "1", "--out", str(out)]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-m", "emotutils.cli", *words]
    )
    assert done.returncode == 0
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert result["summary"]["face"]["frames"] == 1


# --- no line of another library


def test_what_libraries_warn_of_is_not_shown_and_ours_is(monkeypatch):
    monkeypatch.setattr(sys, "warnoptions", [])
    with warnings.catch_warnings(record=True) as shown:
        quiet.only_our_warnings()
        warnings.warn_explicit("divide by zero", RuntimeWarning, "x.py", 1, "emotutils.fusion")
        warnings.warn_explicit("no glyph", UserWarning, "x.py", 1, "matplotlib.axes")
        warnings.warn_explicit("damage", UserWarning, "x.py", 1, "emotutils.media.opening")
    assert [str(one.message) for one in shown] == ["damage"]
    assert logging.getLogger("matplotlib.font_manager").getEffectiveLevel() >= logging.ERROR


def test_sets_are_read_where_nothing_can_be_kept(tmp_path, monkeypatch, capsys):
    drawn = samples.ensure()
    nothing = tmp_path / "file"
    nothing.write_text("")
    monkeypatch.setenv("EMOTUTILS_CACHE", str(nothing / "cache"))
    assert len(datasets.fer2013.load(drawn)) > 100
    rows = datasets.tess.load(drawn)
    assert len(datasets.part(rows, "test", "voice", voices.Features()).x)
    assert main(["data", "audit", "sample-tess"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1 and "EMOTUTILS_CACHE" in told[0]


# --- arguments


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("analyze {demo} --fps inf", "fps"),
        ("analyze {demo} --fps nan", "fps"),
        ("analyze {demo} --fps 1e308", "fps"),
        ("analyze {demo} --fps 1e-300", "fps"),
        ("analyze {demo} --smoothing 1e308", "smoothing"),
        ("analyze {demo} --smoothing nan", "smoothing"),
        ("analyze {demo} --weights face=nan,voice=1", "weights"),
        ("analyze {demo} --weights face=inf,voice=1", "weights"),
        ("analyze {demo} --error-rate nan", "error"),
        ("analyze {demo} --out {long}", "{long}"),
        ("analyze {demo} --out {long}/out", "{long}/out"),
        ("analyze {demo} --jobs 0", "jobs"),
        ("analyze {long}", "{long}"),
        ("analyze {pipe}", "{pipe}"),
        ("analyze /dev/zero", "/dev/zero"),
        ("train conv1d --data sample-ravdess --seed -1", "seed -1"),
        ("train conv1d --data sample-ravdess --seed 99999999999999999999", "seed 9999"),
        ("train conv1d --data sample-ravdess --protocol folds-0", "folds-0"),
        ("train conv1d --data sample-ravdess --protocol folds-1", "folds-1"),
        ("train conv1d --data sample-ravdess --protocol folds-99999999999999", "folds"),
        ("evaluate crnn --data sample-ravdess --out {long}", "{long}"),
        ("convert {long}", "{long}"),
        ("compare {long} {long}", "{long}"),
        ("app {long} --no-browser", "{long}"),
        ("app --port 99999 --no-browser", "99999"),
    ],
)
def test_an_argument_that_cannot_be_is_one_line(words, named, tmp_path, capsys, monkeypatch):
    if os.name == "posix":
        os.mkfifo(tmp_path / "pipe.mp4")
    monkeypatch.chdir(tmp_path)
    places = {"demo": DEMO, "long": "x" * 5000, "pipe": "pipe.mp4"}
    with warnings.catch_warnings(record=True) as shown:
        assert main([word.format(**places) for word in words.split()]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1 and told[0].startswith("emotutils: ")
    assert named.format(**places) in told[0]
    assert not shown and os.listdir(tmp_path) == ["pipe.mp4"]


@pytest.mark.parametrize("film", ["runs", "{demo}"])
def test_a_film_that_is_called_as_the_folder_of_results(film, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").write_text("a film of this name")
    assert main(["analyze", film.format(demo=DEMO)]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1 and told[0].startswith("emotutils: runs")
    assert os.listdir(tmp_path) == ["runs"]


def test_a_pipe_is_not_called_a_folder(tmp_path):
    if os.name == "posix":
        os.mkfifo(tmp_path / "film.mp4")
        with raises_error(MediaError, where=tmp_path / "film.mp4") as error:
            media.probe(tmp_path / "film.mp4")
        assert "pipe" in error.value.what


def test_a_folder_that_may_not_be_looked_into_is_one_line(tmp_path, monkeypatch, capsys):
    def refuses(self, **options):  # root, who runs tests in containers, may look into any
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr("pathlib.Path.stat", refuses)
    with pytest.raises(EmotutilsError, match="Permission denied"):
        from emotutils.support.files import check_writable

        check_writable("closed/out")


@pytest.mark.parametrize("size", [1e308, 1e-300, 5e-324])
def test_only_the_ratio_of_weights_counts(size):
    p = np.random.default_rng(0).dirichlet(np.ones(7), (2, 5))
    streams = {"face": p[0], "voice": p[1]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fused = fusion.fuse(streams, "weighted", {"face": size, "voice": size})
    np.testing.assert_allclose(fused, p.mean(axis=0))


def test_smoothing_over_more_than_the_film_is_its_mean():
    p = np.random.default_rng(0).dirichlet(np.ones(7), 9)
    mean = np.broadcast_to(p.mean(axis=0), p.shape)
    np.testing.assert_allclose(fusion.smooth(p, 1e308, 0.5), mean)


# --- networks


def test_a_network_is_opened_once_in_a_process(second, monkeypatch):
    analyze(second, only="face", fps=1, progress=False)
    opened = []
    monkeypatch.setattr(store, "load_network", lambda *args, **kinds: opened.append(args))
    for _ in range(3):
        analyze(second, only="face", fps=1, progress=False)
    assert not opened


def test_threads_share_a_network_and_a_changed_file_is_opened_again(tmp_path, monkeypatch):
    shipped = config.shipped_root() / "weights"
    for file in shipped.glob("conv1d.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    path = tmp_path / "conv1d.keras"
    models = []
    opening = lite.LiteModel.__init__

    def counted(self, content):
        models.append(content)
        opening(self, content)

    monkeypatch.setattr(lite.LiteModel, "__init__", counted)
    together = threading.Barrier(4)

    def ask(_):
        together.wait()
        return shared_network(path)

    with ThreadPoolExecutor(4) as pool:
        networks = list(pool.map(ask, range(4)))
    assert len(models) == 1 and all(network is networks[0] for network in networks)
    card = path.with_name("conv1d.card.json")
    changed = json.loads(card.read_text(encoding="utf-8")) | {"temperature": 3.5}
    store.save_card(changed, path)
    assert shared_network(path).temperature == 3.5 and len(models) == 2
    assert shared_network("conv1d") is shared_network("conv1d")
    assert shared_network("conv1d") is not load_network("conv1d", runtime="litert")


def test_many_networks_are_not_all_kept_open():
    assert store._shared.cache_info().maxsize <= 8


@pytest.mark.whole
def test_film_after_film_memory_stays(second):
    import psutil

    used = []
    for _ in range(100):  # it grows by some MB over the first fifty, then no more
        analyze(second, fps=2, progress=False)
        used.append(psutil.Process().memory_info().rss / 1e6)
    assert used[-1] - used[59] < 3  # MB; 18 where each film opened its networks


class Answering:
    """A model that gives one value, whatever it is asked."""

    output_shape = (None, 7)

    def __init__(self, value):
        self.value = value

    def predict_on_batch(self, batch):
        return np.full((len(batch), 7), self.value, np.float32)


@pytest.mark.parametrize(
    ("value", "temperature"),
    [(np.nan, 1.0), (np.inf, 1.0), (1 / 7, np.nan), (1 / 7, 0.0)],
)
def test_a_network_without_numbers_is_an_error_and_not_an_empty_film(second, value, temperature):
    card = load_network("conv2d", runtime="litert").card
    card = card | {"name": "broken", "temperature": temperature}
    with raises_error(NetworkError, "'broken'"), warnings.catch_warnings():
        warnings.simplefilter("error")
        analyze(second, face_network=Network(card, Answering(value)), fps=1, progress=False)


def test_the_joint_network_without_numbers_is_an_error():
    network = load_network("joint", runtime="litert")
    broken = dict.fromkeys(network.model, Answering(np.nan))
    broken["head"].input_shape = network.model["face_trunk"].input_shape
    joint = type(network)(network.card, broken, runtime="litert")
    with raises_error(NetworkError, "'joint'"):
        joint.embed("face", np.zeros((2, *network.input_shape["face"][1:])))


# --- what is written


FORMULAS = ["=1+1", "+cmd", "-film", "@SUM(A1)", "\tx", "\rx"]


def test_no_cell_is_a_formula_and_numbers_stay_numbers():
    table = pd.DataFrame({"film": FORMULAS, "p": np.arange(6) - 3.0, "=q": ["-1.5", "a"] * 3})
    text = tables.to_csv(table)
    again = pd.read_csv(io.StringIO(text))
    assert again["film"].tolist() == ["'=1+1", "'+cmd", "'-film", "'@SUM(A1)", "'\tx", "' x"]
    assert again["p"].tolist() == table["p"].tolist() and again.columns[2] == "'=q"
    assert again["'=q"].tolist() == ["-1.5", "a"] * 3


def test_names_and_words_of_others_are_no_formulas_in_what_is_written(tmp_path):
    entries = [overview.Entry("=1+1.mp4", "x", overview.FAILED, "@is damaged")]
    overview.write_overview(entries, tmp_path)
    findings = fabricated(duration=4.0, path="=cmd.mp4")
    stream = findings.streams["voice"]
    stream.table["said"] = "=HYPERLINK(0)"
    report.save(findings, tmp_path / "film", export=["csv"])
    for path in tmp_path.rglob("*.csv"):
        with path.open(newline="", encoding="utf-8-sig") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [c for c in cells if c[:1] in "=+@\t\r" and c] and len(cells) > 3
        assert all(float(c) < 0 for c in cells if c.startswith("-"))


def test_names_of_others_are_text_in_the_page():
    film = "<img src=x onerror=alert(1)>&\"'.mp4"
    findings = fabricated(duration=4.0, path=film)
    findings.warnings.append("<script>alert(2)</script>")
    for card in findings.networks.values():
        card |= {"name": "<b>net</b>", "licence": "</style><i>mine</i>"}
    page = report.page(findings, film='javascript:alert(3)"><i>')
    for tag in ("<img src=x", "<script>alert", "<b>net", "</style><i>", '"><i>'):
        assert tag not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


# --- no network


WITHOUT_NETWORK = """
import sys

def refuse(event, args):
    if event.startswith("socket."):
        raise RuntimeError(f"the network was asked for: {event} {args}")

sys.addaudithook(refuse)
from emotutils.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_the_main_job_needs_no_network_and_no_home_and_no_library_says_a_word(second, tmp_path):
    nothing = tmp_path / "file"
    nothing.write_text("")
    homes = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR", "EMOTUTILS_CACHE")
    out = tmp_path / "out"
    options = [
        "--out",
        out,
        "--annotate",
        "--thumbnails",
        "--export",
        ",".join(report.exports.FORMATS),
    ]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NETWORK, "analyze", second, *options],
        env=os.environ | dict.fromkeys(homes, str(nothing / "home")),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (out / "annotated.mp4").stat().st_size
