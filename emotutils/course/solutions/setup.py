"""The exercises of notebooks/00_setup."""

import pandas as pd

from .registry import exercise


def _check_profile(answer) -> None:
    cases = (
        (None, [], "sample"),
        (None, ["runs", "sample", "weights"], "sample"),
        (None, ["ravdess", "sample"], "live"),
        (None, ["affwild2"], "live"),
        (None, ["notes", "sample", "tess"], "live"),
        (None, ["ravdess-old", "my-fer2013"], "sample"),
        ("full", [], "full"),
        ("sample", ["fer2013", "ravdess"], "sample"),
    )
    for asked, folders, expected in cases:
        got = answer(asked, list(folders))
        assert got is not None, "the function returns nothing yet"
        case = f"asked for {asked}, folders {folders}: {expected}, not {got}"
        assert asked is None or got == expected, f"who asks for a profile gets it; {case}"
        assert got == expected or got != "live", (
            f"not every folder under the data root holds a real set; {case}"
        )
        assert got == expected, case
    try:
        answer("quick", [])
    except ValueError:
        return
    raise AssertionError("'quick' is no profile: raise a ValueError")


@exercise("00.1", _check_profile)
def choose_profile(asked: str | None, folders: list[str]) -> str:
    """The profile that was asked for; without one, what the folders under the data root allow."""
    if asked is None:
        real = {"fer2013", "ravdess", "tess", "affwild2"}
        if real & set(folders):
            return "live"
        return "sample"
    if asked not in ("sample", "live", "full"):
        raise ValueError(f"unknown profile {asked!r}")
    return asked


def _check_seconds(answer) -> None:
    labels = ["anger", "anger", "", "fear", "anger", "fear"]
    for hop in (0.5, 2.0):
        timeline = pd.DataFrame({"label": labels})
        timeline["t"] = timeline.index * hop
        timeline["unsure"] = timeline.index == 4
        cases = {"anger": 2, "fear": 2, "neutral": 0}
        for label, moments in cases.items():
            got = answer(timeline.copy(), label)
            assert got is not None, "the function returns nothing yet"
            case = f"{label}: {moments * hop} s, not {got}"
            assert hop == 2.0 or got not in (2, 3), f"count seconds, not rows; {case}"
            assert label != "anger" or abs(got - 3 * hop) > 1e-6, (
                f"a moment that is not sure does not count; {case}"
            )
            assert abs(got - moments * hop) < 1e-6, f"rows are {hop} s apart; {case}"


@exercise("00.2", _check_seconds)
def seconds(timeline: pd.DataFrame, label: str) -> float:
    """For how long a film looks and sounds like a label, moments left out that are not sure."""
    hop = timeline["t"].iloc[1] - timeline["t"].iloc[0]
    sure = timeline[~timeline["unsure"]]
    moments = (sure["label"] == label).sum()
    return float(hop * moments)
