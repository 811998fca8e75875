"""What others claim (data/runs/quoted-systems.json): complete, and in agreement with itself and
with the thesis.
"""

import json

import pandas as pd
import pytest

from emotutils import config

QUOTED = json.loads(
    (config.shipped_root() / "runs" / "quoted-systems.json").read_text(encoding="utf-8")
)
SCORES = QUOTED["scores"]


@pytest.mark.parametrize("row", SCORES, ids=lambda row: f"{row['task']}: {row['system']}")
def test_each_score_tells_protocol_rows_and_source(row):
    assert len(row["protocol"]) > 8 and len(row["source"]) > 8
    assert row["n"] is None or row["n"] > 0
    assert row["kind"] in QUOTED["kinds"]
    assert 0 < row["value"] < 1 and 1 < row["labels"] <= 8
    assert row["metric"] in ("accuracy", "UAR", "F1", "macro-F1")


def test_no_system_stands_twice_and_every_kind_of_protocol_occurs():
    assert len({(row["task"], row["system"]) for row in SCORES}) == len(SCORES)
    assert {row["kind"] for row in SCORES} == set(QUOTED["kinds"])


def test_whoever_claims_more_than_the_honest_ceiling_was_tested_in_another_way():
    table = pd.DataFrame(SCORES)
    honest = table["kind"].isin(["kept apart", "averaged"])
    ceiling = table[honest].groupby("task")["value"].max()
    above = table[table["value"] > table["task"].map(ceiling)]
    assert len(above) >= 8
    assert set(above["kind"]) <= {"mixed", "chosen on test", "other labels", "not told"}


@pytest.mark.parametrize("system", ["deepface's CNN", "CNN of gitshanks/fer2013"])
def test_figures_with_many_digits_are_whole_numbers_of_a_tenth_of_fer2013(system):
    row = next(row for row in SCORES if row["system"] == system)
    assert row["n"] == 3589
    assert row["value"] == pytest.approx(round(row["value"] * row["n"]) / row["n"], abs=5e-6)


def test_the_thesis_table_and_what_it_bears():
    rows = QUOTED["chapter3"]
    assert len(rows) == 5
    assert all(row["found"] and row["source"] and row["traced"] for row in rows)
    figures = [
        result["value"] for row in rows for result in row["results"] if result.get("on") != "CK+"
    ]
    assert sum(figures) / len(figures) == pytest.approx(0.73, abs=0.005)
    assert sum("tensorflow" in row["technologies"] for row in rows) == 4
    assert sum("numpy" in row["technologies"] for row in rows) == 5
    eeg = next(row for row in rows if row["name"] == "EEG Classifier")
    assert sum(eeg["parts"]) / 4 == pytest.approx(eeg["results"][0]["value"], abs=5e-4)


def test_tools_have_a_licence_and_wishes_name_who_asked():
    assert all(
        tool["licence"] and tool["source"] and (tool["faces"] or tool["voices"])
        for tool in QUOTED["tools"]
    )
    assert all(wish["asked"] and wish["here"] for wish in QUOTED["wishes"])
