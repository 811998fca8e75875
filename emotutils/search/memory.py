"""What a search remembers of a fit, beside its weights; read without Keras."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypedDict

from msgspec import Meta

from ..errors import DataError
from ..support.files import replacing
from ..support.reading import read_json

REMEDY = "remove it: the fit is made anew"


class FitFields(TypedDict):
    """One fit. JSON has no NaN: a loss that is no number stands there as text."""

    parameters: dict[str, Any]
    rows: int
    seconds: float
    history: Annotated[list[dict[str, float | str]], Meta(min_length=1)]


def write_fit(path: Path, facts: Mapping) -> None:
    """Write the facts of a fit, `FitFields` with any number in the history."""
    history = [{name: _as_json(x) for name, x in epoch.items()} for epoch in facts["history"]]
    text = json.dumps({**facts, "history": history}, default=str)
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _as_json(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return str(value)


def read_fit(path: Path) -> dict:
    """What `write_fit` wrote.

    Raises
    ------
    DataError : no such file, or a damaged one.
    """
    facts = read_json(path, FitFields, REMEDY)
    try:
        facts["history"] = [
            {name: float(x) for name, x in epoch.items()} for epoch in facts["history"]
        ]
    except ValueError:
        raise DataError(path, "history: a figure is no number", REMEDY) from None
    if "loss" not in facts["history"][-1]:
        raise DataError(path, "history: there is no loss", REMEDY)
    return facts
