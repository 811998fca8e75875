"""What the notebooks share: set-up, profiles, shown code, interactive figures and their static
twins, guesses.
"""

import ast
import inspect
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbclient import NotebookClient

import emotutils
from emotutils import config, voices
from emotutils.course import notebook
from emotutils.errors import DataError, EmotutilsError


@pytest.fixture(autouse=True)
def no_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMOTUTILS_DATA", str(tmp_path / "none"))
    monkeypatch.delenv("EMOTUTILS_PROFILE", raising=False)


def test_the_profile_follows_the_data(tmp_path, monkeypatch, capsys):
    assert emotutils.setup_notebook().profile == "sample"
    assert "profile sample" in capsys.readouterr().out
    (tmp_path / "none" / "ravdess").mkdir(parents=True)
    assert emotutils.setup_notebook().profile == "live"
    monkeypatch.setenv("EMOTUTILS_PROFILE", "full")
    assert emotutils.setup_notebook().epochs is None
    assert emotutils.setup_notebook("sample").profile == "sample"
    with pytest.raises(EmotutilsError) as caught:
        emotutils.setup_notebook("quick")
    assert all(profile in str(caught.value) for profile in config.PROFILES)


def test_the_same_seed_gives_the_same_numbers():
    drawn = []
    for _ in range(2):
        emotutils.setup_notebook(seed=3)
        drawn.append(np.random.random())
    assert drawn[0] == drawn[1]


def test_a_missing_set_is_replaced_visibly_in_live_and_never_in_full(capsys):
    data = emotutils.setup_notebook("live").load("tess")
    out = capsys.readouterr().out
    assert data.name == "sample-tess" and "TESS not found" in out and notebook.SYNTHETIC in out
    with pytest.raises(DataError) as caught:
        emotutils.setup_notebook("full").load("tess")
    assert caught.value.where == str(config.data_root() / "tess")
    assert emotutils.setup_notebook("full").load("tess", optional=True).name == "sample-tess"
    with pytest.raises(DataError) as caught:
        emotutils.setup_notebook("live").load("nothing")
    assert "nothing" in caught.value.where


def test_the_root_of_a_set_follows_the_same_rules(tmp_path, capsys):
    sample = emotutils.setup_notebook("sample").root("affwild2")
    assert (
        sample / "affwild2" / "videos"
    ).is_dir() and notebook.SYNTHETIC in capsys.readouterr().out
    assert emotutils.setup_notebook("full").root("affwild2", optional=True) == sample
    with pytest.raises(DataError) as caught:
        emotutils.setup_notebook("full").root("affwild2")
    assert caught.value.where == str(config.data_root())
    (tmp_path / "none" / "affwild2").mkdir(parents=True)
    assert emotutils.setup_notebook("full").root("affwild2") == tmp_path / "none"


def test_data_root_in_a_folder_without_data_is_the_checkouts(tmp_path, monkeypatch):
    monkeypatch.delenv("EMOTUTILS_DATA")
    assert config.data_root() == config.shipped_root()
    (tmp_path / "data").mkdir()
    assert str(config.data_root()) == "data"


def shown(monkeypatch):
    out = []
    monkeypatch.setattr(notebook, "display", out.append)
    return out


def test_shown_code_is_the_packages_own(monkeypatch):
    out = shown(monkeypatch)
    emotutils.show_source(voices.trim)
    emotutils.show_source(voices.trim, docstring=True)
    short, whole = (o.data for o in out)
    assert inspect.getsource(voices.trim).strip() in whole
    assert short.startswith("`emotutils/voices/activity.py`") and "voiced = np.flatnonzero" in short
    assert "The clip without" not in short and '"""' not in short
    body = short.split("```python\n")[1].removesuffix("\n```")
    compile(body, "shown", "exec")


def test_without_a_front_end_a_figure_is_drawn_once(monkeypatch):
    monkeypatch.setenv("EMOTUTILS_STATIC", "1")
    calls = []
    notebook.interactive(
        lambda **controls: calls.append(controls), size=(1, 9, 1, 3), rule=["mean", "product"]
    )
    assert calls == [{"size": 3, "rule": "mean"}]


def test_a_run_without_anybody_draws_widgets_once(monkeypatch):
    """As nbconvert runs them; a widget's messages made such runs hang, one time in three."""
    monkeypatch.delenv("EMOTUTILS_STATIC", raising=False)
    cell = "notebook.interactive(lambda size: print(size), size=(1, 9, 1, 3))"
    sources = ["from emotutils.course import notebook", *10 * [cell]]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    made = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(made, timeout=120).execute()
    printed = [output for cell in made.cells for output in cell.outputs]
    assert [output.get("text") for output in printed] == 10 * ["3\n"]


@pytest.mark.parametrize(("content", "answers"), [({"allow_stdin": False}, False), ({}, True)])
def test_somebody_is_there_who_can_be_asked_for_input(content, answers, monkeypatch):
    monkeypatch.delenv("EMOTUTILS_STATIC", raising=False)
    monkeypatch.setitem(sys.modules, "ipykernel", ast)  # as if in a notebook
    kernel = SimpleNamespace(get_parent=lambda channel: {"content": content})
    monkeypatch.setattr(notebook, "get_ipython", lambda: SimpleNamespace(kernel=kernel))
    assert notebook._front_end() == answers


def test_with_a_front_end_the_slider_redraws(monkeypatch):
    pytest.importorskip("ipywidgets")
    monkeypatch.setattr(notebook, "_front_end", lambda: True)
    out, calls = shown(monkeypatch), []
    controls = {"face_size": (1, 9, 1, 3), "rule": ["mean", "product"]}
    notebook.interactive(lambda face_size, rule: calls.append((face_size, rule)), **controls)
    (widget,) = out
    slider, menu = widget.children[:2]
    assert (slider.description, menu.description) == ("face size", "rule")
    widget.update()
    slider.value, menu.value = 5, "product"
    assert calls[0] == (3, "mean") and calls[-1] == (5, "product")


@pytest.fixture
def game(tmp_path):
    path = tmp_path / "guesses" / "faces.csv"
    return notebook.Guesses(["a", "b"], np.array([1, 0]), ["fear", "calm"], lambda k: None, path)


def test_guesses_are_kept_and_compared(game):
    game.answer("calm")
    game.answer("calm")
    assert game.agreement() == "1 of 2"
    kept = pd.read_csv(game.path)
    assert kept.to_dict("list") == {
        "id": ["a", "b"],
        "label": ["calm", "fear"],
        "guess": ["calm", "calm"],
    }
    with pytest.raises(ValueError):
        game.answer("joy")


def test_the_game_without_a_front_end_shows_the_first(game, monkeypatch, capsys):
    monkeypatch.setenv("EMOTUTILS_STATIC", "1")
    game.play()
    assert "fear, calm" in capsys.readouterr().out


def test_the_game_goes_on_with_each_button(game, monkeypatch):
    monkeypatch.setattr(notebook, "_front_end", lambda: True)
    out = shown(monkeypatch)
    game.play()
    fear, calm = out[0].children[1].children
    for button in (calm, fear, fear):  # the third click comes after the end and changes nothing
        button.click()
    assert game.agreement() == "2 of 2"


def test_a_table_of_words_is_markdown_with_its_index_in_front(monkeypatch):
    out = []
    monkeypatch.setattr(notebook, "display", out.append)
    frame = pd.DataFrame(
        {"says": ["a|b", None], "n": pd.array([3, None], dtype="Int64")},
        pd.Index(["x", "y"], name="who"),
    )
    notebook.show_words(frame)
    assert out[0].data.splitlines() == [
        "| who | says | n |",
        "| --- | --- | --- |",
        "| x | a\\|b | 3 |",
        "| y |  |  |",
    ]


def test_picking_a_film_without_a_front_end_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("EMOTUTILS_STATIC", "1")
    monkeypatch.setitem(sys.modules, "google.colab", None)  # nor is Colab's own upload opened
    picker = notebook.FilmPicker(tmp_path)
    picker.show()
    assert "nobody who could" in capsys.readouterr().out and picker.path is None


def test_a_film_is_picked_from_the_menu(tmp_path, monkeypatch):
    for name in ("b.MP4", "a.wav", "notes.txt", "._b.MP4"):
        (tmp_path / name).touch()
    monkeypatch.setattr(notebook, "_front_end", lambda: True)
    out, picker = shown(monkeypatch), notebook.FilmPicker(tmp_path)
    picker.show()
    menu = out[0].children[0]
    assert [name for name, _ in menu.options] == ["none", "a.wav", "b.MP4"] and picker.path is None
    menu.value = tmp_path / "b.MP4"
    assert picker.path == tmp_path / "b.MP4"


@pytest.mark.parametrize("version", [7, 8])
def test_an_uploaded_film_is_kept_once_under_its_own_name(tmp_path, monkeypatch, version):
    monkeypatch.setattr(notebook, "_front_end", lambda: True)
    out, picker = shown(monkeypatch), notebook.FilmPicker(tmp_path)
    picker.show()
    name, content = "../my film.mp4", memoryview(b"film")
    sent = {name: {"content": b"film"}} if version == 7 else ({"name": name, "content": content},)
    picker._button = SimpleNamespace(value=sent)  # what the front end sends, in either version
    path = picker.path
    assert path.name == "my film.mp4" and path.read_bytes() == b"film" and picker.path == path
    assert out[0].children[1].description.startswith("upload")


def test_every_widget_has_a_static_twin(game, tmp_path, monkeypatch):
    """Whoever asks for static figures needs no ipywidgets; nothing else in the package uses them."""
    tree = ast.parse(inspect.getsource(notebook))
    users = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
        and "import ipywidgets" in ast.unparse(node)
    }
    assert users == {"interactive", "_control", "Guesses", "play", "FilmPicker", "show"}, (
        "a new one: call it below"
    )
    files = Path(emotutils.__file__).parent.rglob("*.py")
    others = [p for p in files if p.name not in ("notebook.py", "app.py")]  # the page is a widget
    assert not [p for p in others if "import ipywidgets" in p.read_text(encoding="utf-8")]
    monkeypatch.setenv("EMOTUTILS_STATIC", "1")
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.setitem(sys.modules, "ipykernel", ast)  # as if in a notebook
    notebook.interactive(lambda size: None, size=(1, 9, 1, 3))
    game.play()
    notebook.FilmPicker(tmp_path).show()


HISTORY = [
    {"accuracy": 0.3, "val_accuracy": 0.4, "val_loss": 1.6},
    {"accuracy": 0.5, "val_accuracy": 0.5, "val_loss": 1.4},
    {"accuracy": 0.7, "val_accuracy": 0.55, "val_loss": 1.5},
    {"accuracy": 0.8, "val_accuracy": 0.54, "val_loss": 1.7},
]


def test_where_a_training_may_stop():
    found = notebook.stops(HISTORY, n=100)
    assert found["training ahead from"] == 3
    assert found["lowest val. loss"] == 2
    assert (found["highest val. accuracy"], found["there"], found["at the end"]) == (3, 0.55, 0.54)
    assert found["as good from"] == 2  # 0.55 - 1.96 · √(0.55 · 0.45 / 100) is 0.452
    assert notebook.stops(HISTORY[:2])["training ahead from"] == "not yet"
    logged = [{"epoch": 22 + k, **epoch} for k, epoch in enumerate(HISTORY[2:])]
    assert notebook.stops(logged)["training ahead from"] == 22


def test_calls_are_timed_in_turns():
    order = []
    ways = {name: lambda name=name: order.append(name) for name in "ab"}
    times = notebook.milliseconds(ways, rounds=3)
    assert order == list("ababab") and list(times.index) == ["a", "b"] and (times >= 0).all()
