"""What a class has handed in, marked by one command."""

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from raising import raises_error

from emotutils.cli import main
from emotutils.course import marks
from emotutils.errors import DataError

RIGHT = 'print("03.1: right.")  # solutions.check("03.1", answer)'
WRONG = 'print("03.2: not yet. two rows")  # solutions.check("03.2", answer)'
ENDS = "import os; os._exit(1)"


def write(path, *sources, stored=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    outputs = [new_output("stream", text=stored)] if stored else []
    cells = [new_code_cell(source, outputs=outputs) for source in sources]
    nbformat.write(new_notebook(cells=[new_markdown_cell("03.1: right."), *cells]), path)


@pytest.fixture
def handed_in(tmp_path):
    folder = tmp_path / "handed in"
    write(folder / "ann" / "03.ipynb", RIGHT, WRONG, stored="03.1: right.\n03.3: not yet. no\n")
    write(folder / "böb" / "03.ipynb", RIGHT)
    write(folder / "=cem" / "notes.ipynb", "1 + 1")
    write(folder / "ann" / ".ipynb_checkpoints" / "03.ipynb", RIGHT)
    (folder / "dua.ipynb").write_bytes(b"PK\x03\x04 no notebook")
    return folder


def read(table, name):
    rows = table[table["notebook"] == name]
    return dict(zip(rows["exercise"], rows["verdict"], strict=True))


def test_stored_verdicts_of_a_class(handed_in):
    table = marks.mark_notebooks(handed_in)
    assert list(table.columns) == marks.COLUMNS and len(set(table["notebook"])) == 4
    ann = read(table, "ann/03.ipynb")
    assert ann == {"03.1": "right", "03.2": "not checked", "03.3": "not yet"}
    assert set(table["hint"][table["verdict"] == "not yet"]) == {"no"}
    assert set(read(table, "böb/03.ipynb").values()) == {"not checked"}
    assert read(table, "=cem/notes.ipynb") == {"": "no exercise"}
    assert read(table, "dua.ipynb") == {"": "unreadable"}
    counts = marks.count_right(table)
    assert tuple(counts.loc["ann/03.ipynb"]) == (1, 3) and tuple(counts.loc["dua.ipynb"]) == (0, 0)


def test_notebooks_run_again_say_what_they_do_now(tmp_path):
    ann = tmp_path / "ann.ipynb"
    write(ann, RIGHT, "1 / 0", WRONG, stored="03.3: right.\n")
    before = ann.read_bytes()
    write(tmp_path / "ben.ipynb", RIGHT, ENDS)
    seen = []
    table = marks.mark_notebooks(tmp_path, run=True, progress=seen.append)
    assert seen == ["ann.ipynb", "ben.ipynb"]
    assert read(table, "ann.ipynb") == {
        "03.1": "right",
        "03.2": "not yet",
        "03.3": "not checked",
    }
    assert read(table, "ben.ipynb")["03.1"] == "right"
    open_ones = table[(table["notebook"] == "ben.ipynb") & (table["verdict"] == "not checked")]
    assert len(open_ones) and open_ones["hint"].str.contains("process").all()
    assert ann.read_bytes() == before


def test_on_the_command_line(handed_in, tmp_path, capsys):
    out = tmp_path / "marks.csv"
    assert main(["course", "marks", str(handed_in), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "ann/03.ipynb: 1 of 3 right" in said and "03.3 not yet no" in said
    table = pd.read_csv(out, keep_default_na=False)
    assert list(table.columns) == marks.COLUMNS
    assert not table["notebook"].str.startswith("=").any(), "no cell is a formula"


def test_nothing_to_mark_is_said(tmp_path):
    with raises_error(DataError, where=tmp_path / "away"):
        marks.mark_notebooks(tmp_path / "away")
    with raises_error(DataError, ".ipynb", where=tmp_path):
        marks.mark_notebooks(tmp_path)
