"""Cards, records, fitted files, plans and results that somebody has altered: read, or refused in one
line that names the file; never anything else.
"""

import json
import os
import shutil
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fabricated import fabricated
from mutations import mutations, write
from raising import raises_error

from emotutils import config, networks, report, samples
from emotutils.analysis.answering import notes_on
from emotutils.analysis.gathering import own_folder
from emotutils.annotations import compare
from emotutils.datasets import splits
from emotutils.datasets.parts import cached
from emotutils.errors import DataError, EmotutilsError, NetworkError
from emotutils.evaluation import Calibration, threshold_for
from emotutils.fusion.fitted import prior_of, read_fitted, weights_of
from emotutils.networks import load_network
from emotutils.networks.card import read_card, unknown_fields
from emotutils.report.reading import read_timeline
from emotutils.search.memory import read_fit, write_fit
from emotutils.support.caching import cached_arrays
from emotutils.training import records

WEIGHTS = config.shipped_root() / "weights"


def outcomes(path: Path, values: dict, n: int, use) -> tuple[int, int]:
    """Use each damaged version of a file; how many were read and how many refused.

    A refusal is of one line and names the file.
    """
    read = refused = 0
    for what, text in mutations(values, n):
        write(path, text)
        try:
            use(path)
            read += 1
        except EmotutilsError as error:
            refused += 1
            assert path.stem.split(".")[0] in str(error), (what, str(error))
            assert "\n" not in str(error) and len(str(error)) < 600, (what, str(error))
        except Exception as error:
            raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error
    return read, refused


def copied(name: str, folder: Path) -> Path:
    """A shipped network with all of its files."""
    for file in WEIGHTS.glob(f"{name}.*"):
        shutil.copy(file, folder)
    return folder / f"{name}.keras"


@pytest.mark.parametrize(
    "name, n", [("conv2d", 100), ("crnn", 150), ("joint", 150), ("textcnn", 100)]
)
def test_cards(tmp_path, monkeypatch, name, n):
    path = copied(name, tmp_path)
    card = path.with_name(f"{name}.card.json")
    opened = networks.lite.open_files(path, json.loads(card.read_text()))
    monkeypatch.setattr(networks.lite, "open_files", lambda path, card: opened)
    monkeypatch.setattr(networks.lite, "are_there", lambda path, card: True)

    def use(_):
        network = load_network(path, runtime="litert")
        list(unknown_fields(network.card))
        if name == "joint":
            return
        x = ["a line"] if name == "textcnn" else np.zeros((1, *network.input_shape))
        assert np.isfinite(network.predict_proba(x)).all()
        if "calibration" in network.card:
            found = Calibration.from_dict(network.card["calibration"])
            found.factor(size=np.array([20.0]), snr=np.array([3.0]), tilt=np.array([np.nan]))
            threshold_for(found.risk_coverage, 0.2)
            assert np.isfinite(prior_of({"face": found})).all()
            f1 = network.card.get("trust", {}).get("f1")
            weights_of({"face": found}, {"face": f1} if f1 else None)

    read, refused = outcomes(card, json.loads(card.read_text()), n, use)
    assert refused > 100 and read > 3


def test_what_was_fitted_for_two_networks(tmp_path):
    path = tmp_path / "fusion-conv2d-crnn.json"

    def use(path):
        found = read_fitted(path)
        p = np.full((2, 7), 1 / 7)
        assert np.isfinite(found.stacking(dict.fromkeys(found.stacking.streams, p))).all()
        for curve in found.risk_coverage.values():
            threshold_for(curve, 0.2)

    values = json.loads((WEIGHTS / path.name).read_text())
    read, refused = outcomes(path, values, 150, use)
    assert refused > 100 and read > 3


def test_what_a_later_version_has_written_is_read_and_said(tmp_path):
    path = copied("conv2d", tmp_path)
    card = path.with_name("conv2d.card.json")
    values = json.loads(card.read_text())
    values["mood"] = 1
    values["calibration"]["weather"] = 2
    card.write_text(json.dumps(values))
    (note,) = notes_on(load_network(path, runtime="litert"))
    assert "'conv2d'" in note and "calibration.weather" in note and "mood" in note
    fitted = tmp_path / "fusion-conv2d-crnn.json"
    values = json.loads((WEIGHTS / fitted.name).read_text())
    fitted.write_text(json.dumps(values | {"mood": 1}))
    assert vars(read_fitted(fitted)).keys() == vars(read_fitted(WEIGHTS / fitted.name)).keys()


@pytest.mark.parametrize("field, value", [("sr", 10**9), ("seconds", 1e9), ("n_fft", 10**9)])
def test_a_card_cannot_ask_for_all_memory(tmp_path, field, value):
    card = tmp_path / "crnn.card.json"
    values = json.loads((WEIGHTS / card.name).read_text())
    values["features"][field] = value
    card.write_text(json.dumps(values))
    with raises_error(NetworkError, f"features.{field}", card):
        read_card(card)


def test_records(tmp_path):
    name = "official-fer2013-conv2d-best-s0"
    shutil.copy(records.shipped_folder() / f"{name}.npz", tmp_path)

    def use(path):
        record = records.read(path.stem, path.parent)
        record.get("seed"), record["test"]["accuracy"]["value"], record["history"][-1]
        record.answers("test"), record.answers("validation")
        records.find(path.parent, network="conv2d")

    values = dict(records.read(name).facts)
    read, refused = outcomes(tmp_path / f"{name}.json", values, 80, use)
    assert refused > 40 and read > 3


def test_the_answers_of_a_record(tmp_path):
    name = "actors-16-4-4-ravdess-crnn-best-s0"
    shutil.copy(records.shipped_folder() / f"{name}.json", tmp_path)
    whole = (records.shipped_folder() / f"{name}.npz").read_bytes()
    path = tmp_path / f"{name}.npz"
    record = records.read(name, tmp_path)
    draw = np.random.default_rng(0)
    refused = 0
    for cut in draw.integers(0, len(whole), 40):
        for text in (whole[:cut], whole[:cut] + bytes([whole[cut] ^ 0xFF]) + whole[cut + 1 :]):
            path.write_bytes(text)
            try:
                record.answers("test")
            except EmotutilsError as error:
                refused += 1
                assert name in str(error) and "\n" not in str(error)
    assert refused > 40
    np.savez(path, test_y=np.array([0, 99]), test_proba=np.ones((2, 8), np.float16))
    with raises_error(DataError, "label", where=path):
        record.answers("test")
    np.savez(path, test_y=np.zeros(3, int), test_proba=np.ones((2, 8), np.float16))
    with raises_error(DataError, where=path):
        record.answers("test")
    np.savez(path, test_y=np.array([object()]), test_proba=np.ones((1, 8)))
    with raises_error(DataError, where=path):
        record.answers("test")


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    """What an analysis writes of a film."""
    folder = tmp_path_factory.mktemp("out") / "a film"
    report.save(fabricated(8.0), folder)
    return folder


def test_results_of_films(analysed, tmp_path):
    folder = tmp_path / "a film"
    shutil.copytree(analysed, folder)
    entry = report.overview.Entry("a film", "a film", report.overview.KEPT)
    person = pd.DataFrame({"t0": [0.0], "t1": [2.0], "label": ["neutral"]})

    def use(path):
        report.overview.write_overview([entry], tmp_path)
        compare(path, person)

    values = json.loads((analysed / "result.json").read_text())
    for large in ("networks", "settings"):
        values.pop(large)
    # The folder is named where the file is: "result" is in the file's name.
    read, refused = outcomes(folder / "result.json", values, 40, use)
    assert refused > 40 and read > 3


@pytest.mark.parametrize(
    "text", ["", "t,label\n0,x\n", "\0\0", '"', "t\n" * 3, "{table}\n1,2", "{other}", "{twice}"]
)
def test_timelines_of_films(analysed, tmp_path, text):
    table = (analysed / "timeline.csv").read_text()
    lines = table.splitlines()
    text = text.format(
        table=table, other=table.replace("0.", "zero"), twice="\n".join([*lines, lines[1]])
    )
    (tmp_path / "timeline.csv").write_text(text)
    with raises_error(DataError, where=tmp_path / "timeline.csv"):
        read_timeline(tmp_path)


def test_results_of_another_film_are_not_replaced(analysed, tmp_path):
    """Two films of one name, in two folders."""
    one, other, third = (tmp_path / name for name in ("a/film.mp4", "b/film.mov", "c/film.mp4"))
    for k, film in enumerate((one, other, third)):
        film.parent.mkdir()
        film.write_bytes(bytes(100 + k))
    runs = tmp_path / "runs"
    folders = []
    for film in (one, other, third):
        folder = own_folder(film, runs)
        folder.mkdir(parents=True)
        facts = {"name": film.name, "duration": 1, "size": film.stat().st_size}
        (folder / "result.json").write_text(json.dumps({"file": facts}))
        folders.append(folder)
        assert own_folder(film, runs) == folder, "analysed again, it goes to the same place"
    assert folders[:2] == [runs / "film", runs / "film.mov"] and len(set(folders)) == 3


def test_nothing_of_another_film_stays_beside_a_report(analysed, tmp_path):
    folder = tmp_path / "out"
    shutil.copytree(analysed, folder)
    (folder / "annotated.mp4").write_bytes(b"of the first film")
    report.save(fabricated(8.0), folder)
    assert (folder / "annotated.mp4").exists()
    report.save(fabricated(8.0, path="another.mp4"), folder)
    assert not (folder / "annotated.mp4").exists()


def test_memories_of_a_search(tmp_path):
    facts = {"parameters": {"epochs": 3}, "rows": 40, "seconds": 1.0}
    facts["history"] = [{"loss": 1.5, "accuracy": 0.5}, {"loss": float("inf"), "accuracy": 0.1}]
    path = tmp_path / "0123.json"
    write_fit(path, facts)
    assert read_fit(path) == facts
    read, refused = outcomes(path, json.loads(path.read_text()), 60, read_fit)
    assert refused > 20 and read > 3


@pytest.mark.parametrize(
    "damage", [lambda b: b[:50], lambda b: b"", lambda b: b[:200] + b"!" + b[201:], lambda b: b"PK"]
)
def test_caches_of_features(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("EMOTUTILS_CACHE", str(tmp_path / "cache"))
    sound = tmp_path / "a.wav"
    sound.write_bytes(b"sound")
    computed = []

    def compute():
        computed.append(1)
        return {"x": np.arange(50.0)}

    for _ in range(2):
        assert cached("voices", [], [str(sound)], ["x"], compute)["x"].sum() == 1225
    assert len(computed) == 1
    (file,) = (tmp_path / "cache").iterdir()
    file.write_bytes(damage(file.read_bytes()))
    for _ in range(2):
        assert cached("voices", [], [str(sound)], ["x"], compute)["x"].sum() == 1225
    assert len(computed) == 2, "made anew once"


def _split(folder):
    table = pd.DataFrame({"id": ["a", "b"]})
    parts = pd.Series(["train", "test"])
    splits.write(folder / "split.txt", parts, table=table, name="x", protocol="y")


#: What writes files into a folder.
WRITERS = {
    "record": lambda folder: records.write("r", {"a": 1}, {"x": np.zeros(9)}, folder=folder),
    "card": lambda folder: networks.save_card({"name": "c"}, folder / "c.keras"),
    "result": lambda folder: report.save(fabricated(4.0), folder),
    "split": _split,
    "features": lambda folder: cached_arrays(folder / "f.npz", ["x"], lambda: {"x": np.zeros(9)}),
    "samples": lambda folder: samples.ensure(folder),
    "memory": lambda folder: write_fit(folder / "m.json", {"history": [{"loss": 1.0}]}),
}


def contents(folder):
    """Every file, but for a result's, which says when it was made."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("name", WRITERS)
def test_killed_while_it_writes(tmp_path, monkeypatch, name):
    """kill -9, before a file is put in its place: whole files stay, the next start goes on, and
    nothing else is left.
    """
    monkeypatch.setattr(samples, "make", lambda folder: (folder / "a.wav").write_bytes(b"a"))
    whole = tmp_path / "whole"
    WRITERS[name](whole)
    for k in range(3):
        folder = tmp_path / str(k)
        pid = os.fork()
        if pid == 0:
            _write_and_die(WRITERS[name], folder, k)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status):
            break
        assert list(folder.glob(".part-*")), "it was not killed while it wrote"
        finished = {path: path.read_bytes() for path in folder.glob("*.*") if path.is_file()}
        assert all(finished.values())
        WRITERS[name](folder)
        assert contents(folder) == contents(whole)


@pytest.mark.parametrize("name", ["record", "result"])
def test_three_threads_write_into_one_folder(tmp_path, name):
    whole = tmp_path / "whole"
    WRITERS[name](whole)
    folder = tmp_path / "shared"
    at_once = threading.Barrier(3)

    def work(_):
        at_once.wait()
        WRITERS[name](folder)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))  # raises what a thread raised
    assert contents(folder) == contents(whole)
    for path in whole.rglob("*.*"):
        if path.suffix in (".csv", ".txt", ".npz", ".card.json"):
            assert path.read_bytes() == (folder / path.name).read_bytes()


def _write_and_die(write, folder, k):
    """In the child: die before the file number k is put in its place."""
    ordinary, count = os.replace, []

    def dying(source, target):
        if len(count) == k:
            os.kill(os.getpid(), signal.SIGKILL)
        count.append(target)
        ordinary(source, target)

    os.replace = dying
    Path.rename = lambda self, target: dying(self, target)
    try:
        write(folder)
    finally:
        os._exit(0)


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "features"])
def test_a_full_disk_is_one_line(tmp_path, monkeypatch, full_disk, name):
    def make(folder):
        (folder / "a.wav").write_bytes(b"abc")

    monkeypatch.setattr(samples, "make", make)
    with full_disk(), pytest.raises(EmotutilsError) as error:
        WRITERS[name](tmp_path / "out")
    assert "\n" not in str(error.value) and "large" in str(error.value)
    assert not contents(tmp_path / "out")
    WRITERS[name](tmp_path / "out")
    before = contents(tmp_path / "out")
    if name != "samples":  # which are there already
        with full_disk(), pytest.raises(EmotutilsError):
            WRITERS[name](tmp_path / "out")
    # A result that is not whole is no result: it goes first.
    assert set(before) - set(contents(tmp_path / "out")) <= {"result.json"}


@pytest.mark.parametrize("name", WRITERS)
def test_a_read_only_folder_is_one_line(tmp_path, monkeypatch, as_anybody, name):
    monkeypatch.setattr(samples, "make", lambda folder: (folder / "a.wav").write_bytes(b"a"))
    folder = tmp_path / "out"
    WRITERS[name](folder)
    if name == "samples":
        shutil.rmtree(folder / samples.VERSION)
    if name == "features":
        (folder / "f.npz").write_bytes(b"damaged")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    folder.chmod(0o555)
    said = as_anybody(lambda: WRITERS[name](folder))
    folder.chmod(0o755)
    if name == "features":
        assert not said, "they are computed and not kept"
    else:
        assert "Permission denied" in said and "\n" not in said and str(folder) in said
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
