"""What the notebooks share: set-up, profiles, shown code, interactive figures and their static twins, guesses."""

import inspect

import numpy as np
import pandas as pd
import pytest

import emotutils
from emotutils import config, notebook, speech
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
    live = emotutils.setup_notebook()
    assert (live.profile, live.max_minutes) == ("live", 5.0)
    monkeypatch.setenv("EMOTUTILS_PROFILE", "full")
    assert emotutils.setup_notebook().epochs is None
    assert emotutils.setup_notebook("sample").profile == "sample"
    with pytest.raises(EmotutilsError, match="choose sample, live, full"):
        emotutils.setup_notebook("quick")


def test_the_same_seed_gives_the_same_numbers():
    drawn = []
    for _ in range(2):
        emotutils.setup_notebook(seed=3)
        drawn.append(np.random.random())
    assert drawn[0] == drawn[1]


def test_a_missing_set_is_replaced_visibly_in_live_and_never_in_full(capsys):
    data = emotutils.setup_notebook("live").load("tess")
    out = capsys.readouterr().out
    assert data.name == "tess" and "TESS not found" in out and notebook.SYNTHETIC in out
    with pytest.raises(DataError, match="TESS not found"):
        emotutils.setup_notebook("full").load("tess")
    assert emotutils.setup_notebook("full").load("tess", optional=True).name == "tess"
    with pytest.raises(DataError, match="unknown data set"):
        emotutils.setup_notebook("live").load("nothing")


def test_the_root_of_a_set_follows_the_same_rules(tmp_path, capsys):
    sample = emotutils.setup_notebook("sample").root("affwild2")
    assert (sample / "affwild2" / "videos").is_dir() and notebook.SYNTHETIC in capsys.readouterr().out
    assert emotutils.setup_notebook("full").root("affwild2", optional=True) == sample
    with pytest.raises(DataError, match="affwild2 not found"):
        emotutils.setup_notebook("full").root("affwild2")
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
    emotutils.show_source(speech.trim)
    emotutils.show_source(speech.trim, docstring=True)
    short, whole = (o.data for o in out)
    assert inspect.getsource(speech.trim).strip() in whole
    assert short.startswith("`emotutils/speech.py`") and "voiced = np.flatnonzero" in short
    assert "The clip without" not in short and '"""' not in short
    body = short.split("```python\n")[1].removesuffix("\n```")
    compile(body, "shown", "exec")


def test_without_a_front_end_a_figure_is_drawn_once(monkeypatch):
    monkeypatch.setenv("EMOTUTILS_STATIC", "1")
    calls = []
    notebook.interactive(lambda **controls: calls.append(controls), size=(1, 9, 1, 3), rule=["mean", "product"])
    assert calls == [{"size": 3, "rule": "mean"}]


def test_with_a_front_end_the_slider_redraws(monkeypatch):
    pytest.importorskip("ipywidgets")
    monkeypatch.setattr(notebook, "_front_end", lambda: True)
    out, calls = shown(monkeypatch), []
    notebook.interactive(lambda size, rule: calls.append((size, rule)), size=(1, 9, 1, 3), rule=["mean", "product"])
    (widget,) = out
    slider, menu = widget.children[:2]
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
    assert kept.to_dict("list") == {"id": ["a", "b"], "label": ["calm", "fear"], "guess": ["calm", "calm"]}
    with pytest.raises(ValueError, match="not one of fear, calm"):
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
        {"says": ["a|b", None], "n": pd.array([3, None], dtype="Int64")}, pd.Index(["x", "y"], name="who")
    )
    notebook.show_words(frame)
    assert out[0].data.splitlines() == [
        "| who | says | n |",
        "| --- | --- | --- |",
        "| x | a\\|b | 3 |",
        "| y |  |  |",
    ]
