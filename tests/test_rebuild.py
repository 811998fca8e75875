"""What hangs on a default network is made again: only where it is due, and then all that follows."""

import pytest

from emotutils.studies import rebuild, robustness
from emotutils.studies.rebuild import Step


@pytest.mark.parametrize(
    "current, made",
    [
        ([True, True, True], []),
        ([True, True, False], ["c"]),
        ([False, True, True], ["a", "b", "c"]),
        ([True, False, True], ["b", "c"]),
    ],
)
def test_once_a_step_is_due_all_after_it_are(current, made):
    done = []
    todo = [
        Step(name, lambda is_it=is_it: is_it, lambda name=name: done.append(name))
        for name, is_it in zip("abc", current, strict=True)
    ]
    assert rebuild.rebuild(todo, tell=lambda line: None) == made == done


def test_nothing_is_due_for_the_networks_that_ship():
    todo = rebuild.steps()
    assert {"fusion of conv2d and crnn", "film-test of conv2d"} < {step.name for step in todo}
    assert [step.name for step in todo if not step.is_current()] == []


def test_the_degradations_are_those_that_a_network_can_be_asked_about(monkeypatch):
    """Each of those steps is made, on two rows of the samples."""
    compute = robustness.robustness
    samples = {"fer2013": "sample-fer2013", "ravdess": "sample-ravdess"}

    def on_few_rows(name, data, split, root, *, degradations):
        return compute(name, samples[data], split, degradations=degradations, rows=2)

    made = []
    monkeypatch.setattr(robustness, "robustness", on_few_rows)
    monkeypatch.setattr(robustness, "write", lambda record, **_: made.append(record["network"]))
    for step in rebuild.steps():
        if step.name.startswith("robustness"):
            step.make()
    assert made == ["conv2d", "crnn"]
