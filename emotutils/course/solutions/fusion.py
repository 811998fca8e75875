"""The exercises of notebooks/13_fusion."""

import numpy as np

from .registry import exercise


def _some(n: int, k: int = 7) -> np.ndarray:
    rng = np.random.default_rng(n)
    alpha = np.full(k, 0.5)
    return rng.dirichlet(alpha, n)


def _normalised(p: np.ndarray) -> np.ndarray:
    totals = p.sum(axis=1, keepdims=True)
    return p / totals


def _check_product(answer) -> None:
    face = _some(20)
    voice = _some(21)
    voice = voice[:20]
    prior = _some(30)
    prior = prior[0] + 0.05
    prior /= prior.sum()
    got = answer(face.copy(), voice.copy(), prior.copy())
    assert got is not None, "the function returns nothing yet"
    got = np.asarray(got)
    assert got.shape == face.shape, (
        f"one row of probabilities for each moment: {face.shape}, not {got.shape}"
    )
    totals = got.sum(axis=1)
    assert np.allclose(totals, 1), "each row should add up to 1"
    both = face * voice
    never = _normalised(both)
    same = np.allclose(got, never)
    assert not same, "the prior stands in both streams: divide it out once"
    twice = _normalised(both / prior**2)
    same = np.allclose(got, twice)
    assert not same, "once, not twice"
    once = _normalised(both / prior)
    same = np.allclose(got, once)
    assert same, "p(face) · p(voice) / prior, then normalise"


@exercise("13.1", _check_product)
def product(face: np.ndarray, voice: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """The product of two experts, (n, 7) each, with the label prior (7,) divided out once."""
    p = face * voice / prior
    totals = p.sum(axis=1, keepdims=True)
    return p / totals


def _check_threshold(answer) -> None:
    rng = np.random.default_rng(5)
    for rate in (0.1, 0.25, 0.4):
        top = rng.random(400)
        luck = rng.random(400)
        wrong = luck > top
        got = answer(top.copy(), wrong.copy(), rate)
        assert got is not None, "the function returns nothing yet"
        _check_one_threshold(got, top, wrong, rate)
    # Two answers are equally sure, and one of them is wrong: both are given, or neither.
    top = np.array([0.9, 0.8, 0.8, 0.7])
    wrong = np.array([0, 0, 1, 1], bool)
    for rate in (0.2, 0.4):
        got = answer(top.copy(), wrong.copy(), rate)
        _check_one_threshold(got, top, wrong, rate)
    worst = wrong[::-1]
    got = answer(top, worst, 0.2)
    hint = "where no threshold keeps the rate, nothing may be answered: infinity"
    assert got == np.inf, hint


def _check_one_threshold(got: float, top: np.ndarray, wrong: np.ndarray, rate: float) -> None:
    kept = top >= got
    some = kept.any()
    assert some, f"with {rate:.0%} errors allowed some answers can be given"
    risk = wrong[kept].mean()
    hint = f"of the {kept.sum()} answers at or above {got:.3f}, {risk:.0%} are wrong"
    assert risk <= rate + 1e-9, hint
    allowed = []
    for lower in top:
        answered = top >= lower
        risk = wrong[answered].mean()
        if risk <= rate:
            allowed.append(lower)
    lowest = min(allowed)
    hint = "a lower threshold would do: more answers could be given"
    assert got <= lowest + 1e-12, hint


@exercise("13.2", _check_threshold)
def threshold(top: np.ndarray, wrong: np.ndarray, error_rate: float) -> float:
    """The lowest threshold on the top probability at which at most this share of the answers given
    is wrong; infinity where there is none.
    """
    for lowest in np.unique(top):  # from the least sure on; equally sure answers stay together
        answered = top >= lowest
        risk = wrong[answered].mean()
        if risk <= error_rate:
            return float(lowest)
    return float("inf")


def _check_runs(answer) -> None:
    one = [0, 1, 1, 1, 0, 1, 0]
    two = [1, 1, 0, 0, 1, 1]
    both = [(0.0, 2.0), (4.0, 6.0)]
    none = [0, 0]
    short = [1, 1, 1]
    cases = (
        (one, 0.5, 1.0, [(0.5, 2.0)]),
        (two, 1.0, 2.0, both),
        (none, 1.0, 1.0, []),
        (short, 0.5, 2.0, []),
    )
    for flags, hop, least, expected in cases:
        apart = np.array(flags, bool)
        got = answer(apart, hop, least)
        assert got is not None, "the function returns nothing yet"
        pairs = []
        for start, end in got:
            pair = (float(start), float(end))
            pairs.append(pair)
        hint = f"{flags} every {hop} s, at least {least} s: it should be {expected}"
        assert pairs == expected, hint


@exercise("13.3", _check_runs)
def stretches(apart: np.ndarray, hop: float, least: float) -> list[tuple[float, float]]:
    """From when to when (s) moments are marked, for stretches of at least so many seconds."""
    flags = apart.astype(int)
    flags = np.pad(flags, 1)  # nothing is marked before the first or after the last
    changes = np.diff(flags)
    edges = np.flatnonzero(changes)
    found = []
    for start, end in edges.reshape(-1, 2):
        begins = start * hop
        ends = end * hop
        if (end - start) * hop >= least:
            found.append((begins, ends))
    return found


def _check_kappa(answer) -> None:
    # Seconds in which the person (row) and the tool (column) say one of two labels.
    chance = np.array([[4.0, 4.0], [1.0, 1.0]])
    some = np.array([[20.0, 5.0], [10.0, 15.0]])
    frequent = np.array([[6.0, 2.0], [2.0, 0.0]])
    cases = (
        (some, 0.4),
        (chance, 0.0),
        (np.eye(3), 1.0),
        (some[::-1], -0.4),
        (frequent, -0.25),
    )
    for confusion, expected in cases:
        got = answer(confusion.copy())
        assert got is not None, "the function returns nothing yet"
        agreed = np.trace(confusion) / confusion.sum()
        same = np.isclose(got, agreed) and not np.isclose(agreed, expected)
        assert not same, "that is the share that agrees; take away what chance gives"
        hint = f"of {confusion.tolist()} it should be {expected}, not {got:.3f}"
        assert np.isclose(got, expected), hint


@exercise("13.4", _check_kappa)
def kappa(confusion: np.ndarray) -> float:
    """Cohen's kappa of a table of seconds: agreement beyond chance, by what is possible."""
    shares = confusion / confusion.sum()
    agreed = np.trace(shares)
    rows = shares.sum(axis=1)
    columns = shares.sum(axis=0)
    by_chance = rows @ columns
    return float((agreed - by_chance) / (1 - by_chance))
