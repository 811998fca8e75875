"""Shorter numbers: the same training twice, and the record that a run computed so may lean on."""

import pytest

from emotutils.studies import precision, tables
from emotutils.training import records
from emotutils.training.run import PRECISIONS


@pytest.fixture(scope="module")
def record():
    return precision.study("conv2d", "sample-fer2013", rows=96, epochs=1, seeds=(0, 1))


def test_each_precision_trains_the_same_seeds_on_the_same_rows(record):
    assert tuple(record["runs"]) == PRECISIONS
    for runs in record["runs"].values():
        assert [run["seed"] for run in runs] == [0, 1]
    assert record["rows"] == 96


def test_the_precisions_really_compute_differently(record):
    full, short = (record["runs"][name][0]["history"][0]["loss"] for name in PRECISIONS)
    assert full != short
    assert short == pytest.approx(full, rel=0.1)


def test_within_is_what_it_says(record):
    full, short = ([run["accuracy"] for run in record["runs"][name]] for name in PRECISIONS)
    assert record["within"] == (min(full) <= sum(short) / len(short) <= max(full))


def test_what_vgg16_leans_on():
    """Before a run with shorter numbers counts, they had to do as well as longer ones."""
    record = records.read("precision-fer2013-vgg16")
    assert record["within"] and record["split"] == "validation"
    assert [len(runs) for runs in record["runs"].values()] == [3, 3]


def test_the_table_says_which_rows_had_shorter_numbers(monkeypatch):
    row = next(row for row in tables.THESIS if row.same.network == "conv1d")
    assert row.configuration not in tables.thesis_table().split("16-bit")[1]
    find = records.find

    def find_short(**key):
        runs = find(**key)
        if key == vars(row.same):
            runs = [records.Record(r.path, {**r, "precision": "mixed_bfloat16"}) for r in runs]
        return runs

    monkeypatch.setattr(records, "find", find_short)
    assert row.configuration in tables.thesis_table().split("16-bit")[1]
