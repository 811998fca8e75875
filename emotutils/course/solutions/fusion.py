"""The exercises of notebooks/13_fusion."""

import numpy as np

from .registry import exercise


def _some(n: int, k: int = 7) -> np.ndarray:
    return np.random.default_rng(n).dirichlet(np.full(k, 0.5), n)


def _judge_product(answer) -> None:
    face, voice, prior = _some(20), _some(21)[:20], _some(30)[0] + 0.05
    prior = prior / prior.sum()
    got = answer(face.copy(), voice.copy(), prior.copy())
    assert got is not None, "the function returns nothing yet"
    got = np.asarray(got)
    assert got.shape == face.shape, (
        f"one row of probabilities for each moment: {face.shape}, not {got.shape}"
    )
    assert np.allclose(got.sum(axis=1), 1), "each row should add up to 1"
    plain = face * voice / (face * voice).sum(axis=1, keepdims=True)
    assert not np.allclose(got, plain), "the prior stands in both streams: divide it out once"
    twice = face * voice / prior**2
    assert not np.allclose(got, twice / twice.sum(axis=1, keepdims=True)), "once, not twice"
    expected = face * voice / prior
    assert np.allclose(got, expected / expected.sum(axis=1, keepdims=True)), (
        "p(face) · p(voice) / prior, then normalise"
    )


@exercise("13.1", _judge_product)
def product(face: np.ndarray, voice: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """The product of two experts, (n, 7) each, with the label prior (7,) divided out once."""
    p = face * voice / prior
    return p / p.sum(axis=1, keepdims=True)


def _judge_threshold(answer) -> None:
    rng = np.random.default_rng(5)
    for rate in (0.1, 0.25, 0.4):
        top = rng.random(400)
        wrong = rng.random(400) > top
        got = answer(top.copy(), wrong.copy(), rate)
        assert got is not None, "the function returns nothing yet"
        kept = top >= got
        assert kept.any(), f"with {rate:.0%} errors allowed some answers can be given"
        assert wrong[kept].mean() <= rate + 1e-9, (
            f"of the answers at or above it, {wrong[kept].mean():.0%} are wrong"
        )
        risks = [(wrong[top >= t].mean(), t) for t in top]
        best = min(t for risk, t in risks if risk <= rate)
        assert got <= best + 1e-12, "a lower threshold would do: more answers could be given"


@exercise("13.2", _judge_threshold)
def threshold(top: np.ndarray, wrong: np.ndarray, error_rate: float) -> float:
    """The lowest threshold on the top probability at which at most this share of the answers given
    is wrong.
    """
    order = np.argsort(-top)
    risk = np.cumsum(wrong[order]) / np.arange(1, len(top) + 1)
    return float(top[order][np.flatnonzero(risk <= error_rate).max()])


def _judge_runs(answer) -> None:
    cases = (
        ([0, 1, 1, 1, 0, 1, 0], 0.5, 1.0, [(0.5, 2.0)]),
        ([1, 1, 0, 0, 1, 1], 1.0, 2.0, [(0.0, 2.0), (4.0, 6.0)]),
        ([0, 0], 1.0, 1.0, []),
        ([1, 1, 1], 0.5, 2.0, []),
    )
    for flags, hop, least, expected in cases:
        got = answer(np.array(flags, bool), hop, least)
        assert got is not None, "the function returns nothing yet"
        assert [tuple(map(float, pair)) for pair in got] == expected, (
            f"{flags} every {hop} s, at least {least} s: it should be {expected}"
        )


@exercise("13.3", _judge_runs)
def stretches(apart: np.ndarray, hop: float, least: float) -> list[tuple[float, float]]:
    """From when to when (s) moments are marked, for stretches of at least so many seconds."""
    edges = np.flatnonzero(np.diff(np.pad(apart.astype(int), 1))).reshape(-1, 2)
    return [(a * hop, b * hop) for a, b in edges if (b - a) * hop >= least]
