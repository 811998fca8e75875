"""People as the yardstick: ties, rules on votes, and the record that ships."""

import numpy as np
import pytest

from emotutils import datasets
from emotutils.datasets import Dataset, crema_d
from emotutils.studies import people
from emotutils.training import records

SIX = crema_d.LABELS


@pytest.fixture(scope="module")
def votes():
    """The small form that ships, whatever lies in the data root."""
    return datasets.load("crema-d", "no-such-folder")


@pytest.fixture(scope="module")
def found(votes):
    return people.study(votes)


def some(votes: Dataset, actors: int) -> Dataset:
    table = votes.table
    chosen = table[table["actor"].isin(sorted(table["actor"].unique())[:actors])]
    return Dataset("crema-d", chosen.reset_index(drop=True), SIX, "", "")


def test_a_tie_is_shared():
    p = np.array([[0.4, 0.4, 0.2], [0.4, 0.4, 0.2], [1 / 3, 1 / 3, 1 / 3], [0.1, 0.2, 0.7]])
    assert people.credit(p, np.array([0, 2, 1, 2])) == pytest.approx([1 / 2, 0, 1 / 3, 1])


def test_people_are_counted_by_hand(votes, found):
    """Accuracy with shared ties, counted vote by vote."""
    table = votes.table[votes.table["modality"] == "voice"]
    total = 0
    for row in table.to_dict("records"):
        counts = {label: row[f"votes_{label}"] for label in SIX}
        first = [label for label in SIX if counts[label] == max(counts.values())]
        total += (row["label"] in first) / len(first)
    voice = found["scores"]["voice"]
    assert voice["accuracy"]["value"] == pytest.approx(total / len(table), abs=1e-4)
    assert voice["least"] < voice["accuracy"]["value"] < voice["most"]


def test_the_product_is_bayes_rule_by_hand(votes):
    few = some(votes, 5)
    tables = {name: few.table[few.table["modality"] == name] for name in ("voice", "face")}
    logs = [np.log(crema_d.distributions(table, 0.5)) for table in tables.values()]
    y = tables["voice"]["y"].to_numpy()
    expected = people.credit(np.exp(sum(logs)), y).mean()
    assert people.study(few)["scores"]["product"]["accuracy"]["value"] == pytest.approx(
        expected, abs=1e-4
    )


def test_whom_people_follow_adds_up(found):
    apart = found["apart"]
    total = sum(apart[who]["value"] for who in ("face", "voice", "neither"))
    assert total == pytest.approx(1, abs=2e-4) and 0 < apart["clips"] < found["clips"]


def test_clips_that_were_not_judged_in_all_ways_are_left_out(votes):
    few = some(votes, 5)
    first = few.table["id"].iloc[0]
    without = few.table[few.table["id"] != first].reset_index(drop=True)
    whole = people.study(few)["clips"]
    assert people.study(Dataset("crema-d", without, SIX, "", ""))["clips"] == whole - 1


def test_the_record_can_be_had_again_from_the_votes_that_ship(found):
    record = records.read(people.NAME)
    for key in ("clips", "actors", "votes", "scores", "gains", "smoothings", "apart", "sex", "age"):
        assert record[key] == found[key], key
    assert record["actors"] == 91 and record["votes"] == 212_000
    assert record["sex"]["actors"] == {"female": 43, "male": 48}
