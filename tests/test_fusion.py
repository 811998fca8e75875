"""Rules on paper-sized numbers, time, disagreement: against what can be worked out by hand or with
scikit-learn.
"""

import json

import numpy as np
import pandas as pd
import pytest
from raising import raises_error
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, f1_score

from emotutils import config
from emotutils.emotions import EMOTIONS
from emotutils.errors import EmotutilsError
from emotutils.evaluation import Calibration
from emotutils.fusion import (
    RULES,
    Fitted,
    Stacking,
    agreement,
    combine,
    disagreements,
    fuse,
    load_fitted,
    mean_around,
    nearest_window,
    prior_of,
    retrained,
    smooth,
    weights_from,
    weights_of,
)


def one(emotion: str, p: float = 1.0) -> np.ndarray:
    out = np.full(7, (1 - p) / 6)
    out[EMOTIONS.index(emotion)] = p
    return out


NOTHING = np.full(7, np.nan)
RNG = np.random.default_rng(0)


def some(n: int = 40) -> np.ndarray:
    return RNG.dirichlet(np.full(7, 0.4), n)


def stacking() -> Stacking:
    return Stacking.fit({"face": some(200), "voice": some(200)}, np.arange(200) % 7)


FORMULAS = [rule for rule in RULES if rule not in ("weighted", "stacking")]


def test_mean_and_weighted_on_paper_sized_numbers():
    face, voice = one("anger", 0.7)[None], one("sadness", 0.4)[None]
    np.testing.assert_allclose(fuse({"face": face, "voice": voice}), (face + voice) / 2)
    weighted = fuse({"face": face, "voice": voice}, "weighted", {"face": 3, "voice": 1})
    np.testing.assert_allclose(weighted, (3 * face + voice) / 4)


def test_weights_need_not_add_up_to_one_and_may_differ_by_label():
    face, voice = some(), some()
    weights = {"face": 0.2, "voice": 0.05}
    tenfold = {name: 10 * w for name, w in weights.items()}
    streams = {"face": face, "voice": voice}
    np.testing.assert_allclose(
        fuse(streams, "weighted", weights), fuse(streams, "weighted", tenfold)
    )
    by_label = {"face": [1, 0, 1, 1, 1, 1, 1], "voice": [1, 1, 1, 1, 1, 1, 1]}
    expected = (face + voice) / 2
    expected[:, 1] = voice[:, 1]
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(fuse(streams, "weighted", by_label), expected)


def test_a_stream_alone_is_believed_even_where_it_weighs_nothing():
    face, by_label = some(5), {"face": [0, 1, 1, 1, 1, 1, 1], "voice": [1] * 7}
    alone = fuse({"face": face, "voice": np.full((5, 7), np.nan)}, "weighted", by_label)
    np.testing.assert_allclose(alone, face)


def test_product_is_bayes_rule_with_the_prior_counted_once():
    """Two independent observers of a label with an unequal prior: the posterior by hand."""
    prior = np.array([0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
    likelihoods = RNG.dirichlet(np.ones(7), (2, 30))
    posteriors = likelihoods * prior / (likelihoods * prior).sum(axis=2, keepdims=True)
    expected = likelihoods[0] * likelihoods[1] * prior
    expected /= expected.sum(axis=1, keepdims=True)
    streams = dict(zip(("face", "voice"), posteriors, strict=True))
    np.testing.assert_allclose(
        fuse(streams, "product", prior=prior), expected, rtol=1e-6, atol=1e-6
    )
    gap = streams | {"voice": np.full((30, 7), np.nan)}
    np.testing.assert_allclose(fuse(gap, "product", prior=prior), posteriors[0], atol=1e-6)


def test_majority_counts_votes_and_a_tie_goes_to_the_surer():
    streams = {
        "face": one("anger", 0.5)[None],
        "voice": one("sadness", 0.9)[None],
        "words": one("anger", 0.4)[None],
    }
    fused = fuse(streams, "majority")[0]
    assert EMOTIONS[fused.argmax()] == "anger"
    assert fused[0] == pytest.approx(2 / 3, abs=0.001)
    del streams["words"]
    fused = fuse(streams, "majority")[0]
    assert EMOTIONS[fused.argmax()] == "sadness" and fused.max() == pytest.approx(0.5, abs=0.001)


def test_stacking_is_scikit_learns_regression_on_logarithms():
    y = RNG.integers(0, 7, 300)
    face, voice = (RNG.dirichlet(np.ones(7), 300) + 0.5 * np.eye(7)[y] for _ in range(2))
    streams = {
        name: p / p.sum(axis=1, keepdims=True) for name, p in (("face", face), ("voice", voice))
    }
    learned = Stacking.fit(streams, y)
    x = np.log(np.hstack(list(streams.values())))
    expected = LogisticRegression(max_iter=20_000, tol=1e-10).fit(x, y).predict_proba(x)
    fused = fuse(streams, "stacking", stacking=learned)
    np.testing.assert_allclose(fused, expected, atol=1e-5)
    again = Stacking.from_dict(json.loads(json.dumps(learned.to_dict())))
    np.testing.assert_allclose(again(streams), fused, atol=1e-3)
    streams["voice"][:5] = np.nan
    gap = fuse(streams, "stacking", stacking=learned)
    np.testing.assert_allclose(gap[:5], streams["face"][:5])
    np.testing.assert_allclose(gap[5:], fused[5:])


def test_stacking_is_the_same_in_every_run():
    y = np.arange(300) % 7
    streams = {"face": some(300), "voice": some(300)}
    streams["voice"][y == 1] = np.eye(7)[1]  # of this label one stream is certain
    order = RNG.permutation(300)
    again = {name: p[order] for name, p in streams.items()}
    one_run = Stacking.fit(streams, y)
    other_run = Stacking.fit(again, y[order])
    np.testing.assert_allclose(one_run.coef, other_run.coef, atol=1e-6)
    np.testing.assert_allclose(one_run.intercept, other_run.intercept, atol=1e-6)


def test_stacking_refuses_what_it_cannot_learn_from():
    with raises_error(EmotutilsError, "streams"):
        Stacking.fit({"face": np.full((7, 7), np.nan)}, np.arange(7))
    with raises_error(EmotutilsError, "7 labels"):
        Stacking.fit({"face": some(20)}, np.zeros(20, int) + np.arange(20) % 2)


def test_maximum_follows_the_surest():
    fused = fuse({"face": one("anger", 0.9)[None], "voice": one("sadness", 0.5)[None]}, "maximum")
    assert EMOTIONS[fused[0].argmax()] == "anger"


@pytest.mark.parametrize("rule", FORMULAS)
def test_a_missing_stream_is_left_out_and_nothing_is_guessed(rule):
    face = np.stack([one("fear", 0.8), one("fear", 0.8), NOTHING, NOTHING])
    voice = np.stack([one("fear", 0.8), NOTHING, one("anger", 0.6), NOTHING])
    fused = fuse({"face": face, "voice": voice}, rule)
    named = [EMOTIONS[row.argmax()] for row in fused[:3]]
    assert named == ["fear", "fear", "anger"]
    if rule != "majority":  # which gives shares of votes, whatever the probabilities
        np.testing.assert_allclose(fused[1:3], [one("fear", 0.8), one("anger", 0.6)], atol=1e-5)
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
        ({"face": one("anger")[None]}, "weighted", {"face": [1, 1]}),
        ({"face": one("anger")[None]}, "weighted", {"face": [1, 1, 1, 1, 1, 1, 0]}),
        ({"face": one("anger")[None]}, "weighted", {"face": np.inf}),
        ({"face": one("anger")[None]}, "stacking", None),
        ({"face": np.ones((1, 8)) / 8, "voice": np.ones((1, 8)) / 8}, "mean", None),
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


def test_weights_are_f1_scores_of_the_validation_rows():
    y, said = RNG.integers(0, 7, 200), RNG.integers(0, 7, 200)
    confusion = confusion_matrix(y, said, labels=range(7))
    np.testing.assert_allclose(weights_from(confusion), f1_score(y, said, average=None))
    assert (weights_from(np.zeros((7, 7))) == 0).all()


def calibration(confusion) -> Calibration:
    return Calibration("test", 10, 0, 0, 0, 0, np.asarray(confusion).tolist(), [])


def test_a_label_that_neither_network_gets_right_still_has_its_mean():
    """A toy of one epoch says the same to everything: all of its other weights would be 0."""
    found = weights_of(
        {name: calibration(10 * np.outer(one("fear"), one("anger"))) for name in ("face", "voice")}
    )
    face, voice = (RNG.dirichlet(np.ones(7), 2) for _ in range(2))
    both = fuse({"face": face, "voice": np.stack([voice[0], NOTHING])}, "weighted", found)
    np.testing.assert_allclose(both, [(face[0] + voice[0]) / 2, face[1]])


def test_what_was_measured_nearer_to_films_counts_instead():
    own = calibration(np.diag(np.full(7, 10)))
    trusted = [0.5, 0, 0.1, 0.2, 0.3, 0.4, 1]
    found = weights_of({"face": own, "words": own}, {"words": trusted})
    assert found["face"].tolist() == [1] * 7
    np.testing.assert_allclose(found["words"], trusted, atol=1e-5)
    assert found["words"].min() > 0, "a label always has somebody to say it"


def test_prior_is_between_the_streams_shares():
    skewed, even = np.diag([90, 10, 10, 10, 10, 10, 10]), np.diag(np.full(7, 10))
    prior = prior_of({"face": calibration(skewed), "voice": calibration(even)})
    assert prior.sum() == pytest.approx(1)
    assert 1 / 7 < prior[0] < 0.6 and np.allclose(prior[1:], prior[1])


@pytest.mark.parametrize("rule", RULES)
def test_combine_finds_what_each_rule_needs(rule):
    streams, even = {"face": some(), "voice": some()}, calibration(np.diag(np.full(7, 10)))
    fused = combine(
        streams, rule, {"face": even, "voice": even}, stacking() if rule == "stacking" else None
    )
    np.testing.assert_allclose(fused.sum(axis=1), 1)


def test_smoothing_is_a_centred_mean_that_leaves_gaps_alone():
    p = some(12)
    p[5] = np.nan
    smoothed = smooth(p, 1.5, 0.5)
    np.testing.assert_allclose(smoothed[2], p[1:4].mean(axis=0))
    np.testing.assert_allclose(smoothed[4], p[3:5].mean(axis=0))
    np.testing.assert_allclose(smoothed[0], p[:2].mean(axis=0))
    assert np.isnan(smoothed[5]).all()
    np.testing.assert_array_equal(smooth(p, 0, 0.5), p)
    np.testing.assert_array_equal(smooth(p, 0.9, 0.5), p)
    for window in (-1, np.inf, np.nan):
        with raises_error(EmotutilsError, "smoothing", window):
            smooth(p, window, 0.5)


NAMES = ("face", "voice")


def test_disagreements_have_the_acted_times_and_labels():
    face = np.stack([one("happiness", 0.9)] * 20)
    voice = np.stack(
        [one("happiness", 0.9)] * 4 + [one("sadness", 0.9)] * 8 + [one("happiness", 0.9)] * 8
    )
    found = disagreements(face, voice, 0.5, below=0.35, least=2, end=10, names=NAMES)
    assert [(d["t0"], d["t1"], d["face"], d["voice"]) for d in found] == [
        (2.0, 6.0, "happiness", "sadness")
    ]
    assert found[0]["agreement"] == pytest.approx(agreement(face, voice)[5], abs=1e-4)
    voice[7] = one("happiness", 0.9)  # one better moment does not break it
    assert len(disagreements(face, voice, 0.5, below=0.35, least=2, end=10, names=NAMES)) == 1
    voice[7] = np.nan  # but nobody speaking does
    assert [
        (d["t0"], d["t1"])
        for d in disagreements(face, voice, 0.5, below=0.35, least=2, end=10, names=NAMES)
    ] == [(4.0, 6.0)]
    assert not disagreements(face, voice, 0.5, below=0.35, least=3, end=10, names=NAMES)
    assert not disagreements(
        face, np.full_like(face, np.nan), 0.5, below=0.35, least=0, end=10, names=NAMES
    )


def frames(rows) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["t", "track", "w", "label"])
    p = np.stack([one(label) if label else NOTHING for label in table["label"]])
    table[[f"p_{e}" for e in EMOTIONS]] = p
    return table.assign(h=table["w"], found=table["label"] != "")


def test_the_largest_face_around_a_moment_counts():
    table = frames(
        [
            (0.0, 0, 50, "anger"),
            (0.0, 1, 90, "fear"),
            (0.2, 1, 90, "sadness"),
            (1.0, 0, 50, "anger"),
        ]
    )
    at = mean_around(table, np.array([0.0, 0.5, 1.0]), 0.5)
    np.testing.assert_allclose(at[0], (one("fear") + one("sadness")) / 2)
    np.testing.assert_allclose(at[1], one("sadness"))  # the picture of 0.2 s still stands
    np.testing.assert_allclose(at[2], one("anger"))
    other = mean_around(table, np.array([0.0]), 0.5, np.array([[1.0], [2.0], [4.0], [8.0]]))
    np.testing.assert_allclose(other, [[3.0]])


def test_the_nearest_window_counts_and_ends_with_the_sound():
    table = pd.DataFrame({"t0": [0.0, 0.5, 1.0], "t1": [3.0, 3.5, 4.0]})
    table[[f"p_{e}" for e in EMOTIONS]] = np.stack([one("anger"), one("fear"), NOTHING])
    at = nearest_window(table, np.array([0.0, 1.9, 2.5, 4.5]))
    np.testing.assert_allclose(at[:2], [one("anger"), one("fear")])
    assert np.isnan(at[2:]).all()
    assert np.isnan(nearest_window(table.iloc[:0], np.array([0.0]))).all()


def test_what_was_fitted_serves_these_two_networks_only(tmp_path, monkeypatch):
    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(config, "shipped_root", lambda: tmp_path)
    curve = {"mean": [[0.5, 1.0, 0.2]]}
    runs = {"face": "run-a", "voice": "run-b"}
    weights_hashes = {"face": "a1", "voice": "b2"}
    fitted = Fitted(runs, "paired-x", 3, stacking(), 0.3, curve, weights_hashes)
    fitted.save(tmp_path / "weights" / "fusion-f-v.json")
    face = {"name": "f", "run": "run-a", "weights_hash": "a1"}
    voice = {"name": "v", "run": "run-b", "weights_hash": "b2"}
    cards = {"face": face, "voice": voice}
    assert load_fitted(cards).risk_coverage == curve and retrained(cards) == []
    for changed in ({"weights_hash": "b3"}, {"weights_hash": None}):
        other = cards | {"voice": voice | changed}
        assert load_fitted(other) is None and retrained(other) == ["voice"]
    old = cards | {"voice": {"name": "v", "run": "run-b"}}
    assert load_fitted(old) is None and retrained(old) == ["voice"]
    for unknown in (cards | {"voice": voice | {"name": "w"}}, {"face": face}):
        assert load_fitted(unknown) is None and retrained(unknown) == []
