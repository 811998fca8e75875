"""Exercises of the notebooks: a check that gives a verdict, and a solution that shows itself only
when asked.

A key such as ``"03.1"`` names the notebook and the exercise in it; notebooks/03_face_data has the
first.
"""

from . import (  # noqa: F401  (they register themselves)
    background,
    data,
    evaluation,
    faces,
    fusion,
    joint,
    leakage,
    prior_work,
    resnet50,
    responsible_use,
    search,
    setup,
    vgg16,
    voices,
    words,
)
from .registry import check, exercise, exercises, show, solution, verdicts

__all__ = ["check", "exercise", "exercises", "show", "solution", "verdicts"]
