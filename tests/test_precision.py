"""Shorter numbers: the same training twice, and the record that a run computed so may lean on."""

import pytest

from emotutils.studies import precision
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
