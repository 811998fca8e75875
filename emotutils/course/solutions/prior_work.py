"""The exercises of notebooks/02_state_of_the_art."""

import numpy as np
import pandas as pd
from scipy.stats import binom

from .registry import exercise


def _check_sizes(answer) -> None:
    cases = (
        (33.3, 1, 40),
        (66.67, 2, 100),
        (50.0, 1, 12),
        (83.3, 1, 60),
        (66.4, 1, 300),
        (57.43, 2, 400),
    )
    for percent, digits, most in cases:
        got = answer(percent, digits, most)
        assert got is not None, "the function returns nothing yet"
        expected = []
        whole = []
        for n in range(1, most + 1):
            hits = percent * n / 100
            if percent in _printed(n, digits):
                expected.append(n)
            if hits.is_integer():
                whole.append(n)
        got = [int(n) for n in got]
        if got != expected:
            hint = "a printed percentage is rounded: hits / n need not be equal to it"
            assert got != whole, hint
        distinct = set(got)
        assert len(got) == len(distinct), "each size once"
        too_many = sorted(set(got) - set(expected))
        assert not too_many, f"no count of {too_many[:1]} rows prints as {percent} %"
        missing = sorted(set(expected) - set(got))
        assert not missing, f"some count of {missing[:1]} rows prints as {percent} %"
        assert got == expected, "in order, the smallest first"


def _printed(n: int, digits: int) -> set[float]:
    """All that can be printed for n rows."""
    printed = set()
    for hits in range(n + 1):
        percent = 100 * hits / n
        printed.add(round(percent, digits))
    return printed


@exercise("02.1", _check_sizes)
def plausible_sizes(percent: float, digits: int, most: int) -> list[int]:
    """The numbers of test rows, up to ``most``, of which some count of hits prints as that."""
    fitting = []
    for n in range(1, most + 1):
        near = int(percent * n / 100)  # the count lies here or one above
        below = round(100 * near / n, digits)
        above = round(100 * (near + 1) / n, digits)
        if percent in (below, above):
            fitting.append(n)
    return fitting


#: So few rounds are enough; a mean over them may miss the true one by five of its deviations.
_ROUNDS = 200


def _expected_best(accuracy: float, n: int, k: int) -> tuple[float, float]:
    """The mean of the best score, and how far a mean over 200 rounds may be off."""
    hits = np.arange(n + 1)
    one = binom.cdf(hits, n, accuracy)
    all_k = one**k  # that all k have at most so many hits
    chance = np.diff(all_k, prepend=0)  # that the best has exactly so many
    scores = hits / n
    mean = (chance * scores).sum()
    variance = (chance * (scores - mean) ** 2).sum()
    return float(mean), float(5 * np.sqrt(variance / _ROUNDS))


def _check_luck(answer) -> None:
    cases = (
        (0.5, 100, 1),
        (0.7, 224, 20),
        (0.7, 3589, 20),
        (0.6, 224, 200),
    )
    for accuracy, n, k in cases:
        got = answer(accuracy, n, k)
        assert got is not None, "the function returns nothing yet"
        assert np.ndim(got) == 0, "give one number, the mean over many rounds"
        expected, allowed = _expected_best(accuracy, n, k)
        if k > 1:
            above = abs(got - accuracy)
            assert above > 0.003, "that is the mean of all systems, not of the best of each round"
        hint = (
            f"the best of {k} on {n} rows at {accuracy:.0%} is {expected:.3f} on average "
            f"(take {_ROUNDS} rounds or more)"
        )
        assert abs(got - expected) <= allowed, hint


@exercise("02.2", _check_luck)
def best_by_luck(accuracy: float, n: int, k: int) -> float:
    """The best score among k systems of the same accuracy, on n test rows each, on average."""
    rng = np.random.default_rng(0)
    rounds = rng.binomial(n, accuracy, size=(5000, k))
    best = rounds.max(axis=1)
    return best.mean() / n


def _check_ceiling(answer) -> None:
    table = pd.DataFrame(
        [
            ("faces", "a", 0.70, "kept apart"),
            ("faces", "b", 0.74, "averaged"),
            ("faces", "c", 0.80, "mixed"),
            ("faces", "d", 0.72, "mixed"),
            ("voices", "e", 0.60, "kept apart"),
            ("voices", "f", 0.73, "mixed"),
            ("voices", "g", 0.99, "not told"),
            ("films", "h", 0.90, "mixed"),
        ],
        columns=["task", "system", "value", "kind"],
    )
    upside_down = table.iloc[::-1]
    two_rows = table.iloc[:2]
    cases = (
        (table, ["c", "f", "g"]),
        (upside_down, ["c", "f", "g"]),
        (two_rows, []),
    )
    for rows, expected in cases:
        got = answer(rows.copy())
        assert got is not None, "the function returns nothing yet"
        got = sorted(got)
        assert "h" not in got, (
            "films: nothing was honestly divided there, so there is no ceiling to be above"
        )
        assert "f" in got or "f" not in expected, "each task has a ceiling of its own"
        assert "b" not in got, (
            "averaged over views, but people kept apart: that counts as honest here"
        )
        assert got == expected, f"above the best honest row of their task are {expected}, not {got}"


@exercise("02.3", _check_ceiling)
def above_ceiling(table: pd.DataFrame) -> list[str]:
    """The systems that claim more than the best honestly divided system of their task."""
    is_honest = table["kind"].isin(["kept apart", "averaged"])
    honest = table[is_honest]
    ceilings = honest.groupby("task")["value"].max()
    ceiling = table["task"].map(ceilings)
    above = table["value"] > ceiling
    return table.loc[above, "system"].tolist()
