"""Deep stacks: the networks of the race, and what its records bear."""

import numpy as np
import pytest

from emotutils.studies import stacks
from emotutils.training import records


def convolutions(model) -> int:
    return sum(len(layer.kernel.shape) == 4 for layer in model.layers if hasattr(layer, "kernel"))


def test_shortcuts_add_no_parameters_and_norm_adds_some():
    plain = stacks.residual_stack(False, False)
    short = stacks.residual_stack(True, False)
    normed = stacks.residual_stack(False, True)
    assert convolutions(plain) == convolutions(short) == 19
    assert plain.count_params() == short.count_params() < normed.count_params()


def test_the_slim_vgg_has_vggs_thirteen_convolutions():
    assert convolutions(stacks.vgg_stack(norm=True)) == 13


def test_a_study_tells_each_epoch_of_each_seed(monkeypatch):
    arms = {"small": (lambda: stacks.residual_stack(False, False, pairs=0), 1e-2)}
    monkeypatch.setitem(stacks.ARMS, "tiny", arms)
    rows = {"learned": 24, "watched": 8}
    found = stacks.study("tiny", "sample-fer2013", seeds=(0, 1), epochs=2, **rows)
    assert found["rows"] == rows and found["epochs"] == 2
    assert [len(history) for history in found["arms"]["small"]] == [2, 2]


@pytest.mark.parametrize("family", ["vgg", "residual"])
def test_the_records_hold_every_arm_of_every_seed(family):
    record = records.read(f"stacks-{family}-fer2013")
    assert record["family"] == family and list(record["arms"]) == list(stacks.ARMS[family])
    for runs in record["arms"].values():
        assert len(runs) == len(record["seeds"]) == 3
        assert {len(history) for history in runs} == {record["epochs"]}
        assert np.isfinite([history[-1]["loss"] for history in runs]).all()
