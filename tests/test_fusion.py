import numpy as np
import pytest

from emotutils.emotions import EMOTIONS
from emotutils.errors import EmotutilsError
from emotutils.fusion import RULES, agreement, fuse


def one(emotion: str, p: float = 1.0) -> np.ndarray:
    out = np.full(7, (1 - p) / 6)
    out[EMOTIONS.index(emotion)] = p
    return out


NOTHING = np.full(7, np.nan)


def test_mean_and_weighted_on_paper_sized_numbers():
    face, voice = one("anger", 0.7)[None], one("sadness", 0.4)[None]
    np.testing.assert_allclose(fuse({"face": face, "voice": voice}), (face + voice) / 2)
    weighted = fuse({"face": face, "voice": voice}, "weighted", {"face": 3, "voice": 1})
    np.testing.assert_allclose(weighted, (3 * face + voice) / 4)


def test_product_is_the_normalised_geometric_mean():
    face, voice = one("anger", 0.7)[None], one("sadness", 0.4)[None]
    expected = np.sqrt(face * voice)
    np.testing.assert_allclose(fuse({"face": face, "voice": voice}, "product"), expected / expected.sum())


def test_maximum_follows_the_surest():
    fused = fuse({"face": one("anger", 0.9)[None], "voice": one("sadness", 0.5)[None]}, "maximum")
    assert EMOTIONS[fused[0].argmax()] == "anger"


@pytest.mark.parametrize("rule", [r for r in RULES if r != "weighted"])
def test_a_missing_stream_is_left_out_and_nothing_is_guessed(rule):
    face = np.stack([one("fear", 0.8), one("fear", 0.8), NOTHING, NOTHING])
    voice = np.stack([one("fear", 0.8), NOTHING, one("anger", 0.6), NOTHING])
    fused = fuse({"face": face, "voice": voice}, rule)
    np.testing.assert_allclose(fused[:3], [one("fear", 0.8), one("fear", 0.8), one("anger", 0.6)], atol=1e-8)
    assert np.isnan(fused[3]).all()
    np.testing.assert_allclose(fused[:3].sum(axis=1), 1)


def test_a_third_stream_joins_without_a_change():
    p = {name: one("anger", 0.5)[None] for name in ("face", "voice", "words")}
    np.testing.assert_allclose(fuse(p), one("anger", 0.5)[None])


@pytest.mark.parametrize(
    "streams, rule, weights",
    [
        ({}, "mean", None),
        ({"face": one("anger")[None]}, "median", None),
        ({"face": one("anger")[None], "voice": np.ones((2, 7)) / 7}, "mean", None),
        ({"face": one("anger")[None]}, "weighted", None),
        ({"face": one("anger")[None]}, "mean", {"face": 1}),
        ({"face": one("anger")[None]}, "weighted", {"voice": 1}),
        ({"face": one("anger")[None]}, "weighted", {"face": -1}),
        ({"face": one("anger")[None]}, "weighted", {"face": 0}),
    ],
)
def test_what_cannot_be_fused_is_named(streams, rule, weights):
    with pytest.raises(EmotutilsError):
        fuse(streams, rule, weights)


def test_agreement_runs_from_opposite_to_alike():
    a = np.stack([one("anger"), one("anger"), NOTHING])
    b = np.stack([one("anger"), one("sadness"), one("anger")])
    got = agreement(a, b)
    np.testing.assert_allclose(got[:2], [1, 0], atol=1e-12)
    assert np.isnan(got[2])
