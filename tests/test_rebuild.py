"""What hangs on a default network is made again: only where it is due, and then all that follows."""

import pytest

from emotutils.studies import rebuild
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
