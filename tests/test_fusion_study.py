"""The shipped record of fusion and what was fitted for the default networks: complete, in agreement
with the cards.
"""

import json

import numpy as np
import pandas as pd
import pytest
from raising import raises_error
from sklearn.metrics import accuracy_score

from emotutils import config, networks
from emotutils.emotions import EMOTIONS
from emotutils.errors import DataError, EmotutilsError
from emotutils.evaluation import Answers, Calibration
from emotutils.fusion import fuse, load_fitted, pairing, weights_of
from emotutils.studies import paired
from emotutils.training import evaluate, records

CARDS = {card["name"]: card for card in networks.shipped_cards(("face", "voice", "both"))}
PAIR = {stream: networks.DEFAULTS[stream] for stream in ("face", "voice")}


@pytest.fixture(scope="module")
def outcome():
    found = paired.read()
    assert found is not None, "the record ships"
    return found


def test_the_record_is_of_the_networks_that_ship(outcome):
    runs = {n["name"]: n["run"] for n in outcome.facts["networks"].values()}
    assert runs == {name: CARDS[name]["run"] for name in ("conv2d", "crnn", "joint")}
    assert outcome.facts["data"].startswith("paired-") and len(outcome.facts["seeds"]) == 3


def test_everything_was_fitted_on_validation_pairs_and_tested_on_four_other_actors(outcome):
    answers = outcome.answers("clean", "face")
    assert set(answers.groups["actor"]) == {f"ravdess-{k}" for k in range(21, 25)}
    assert set(answers.y) == set(range(7))
    weights = weights_of(
        {s: Calibration.from_dict(CARDS[name]["calibration"]) for s, name in PAIR.items()}
    )
    for stream, w in weights.items():
        np.testing.assert_allclose(outcome.facts["fitted"][0]["weights"][stream], w, atol=1e-4)


def test_scores_can_be_had_again_from_the_answers(outcome):
    for method in ("face", "weighted", "joint"):
        answers = outcome.answers("clean", method)
        report = outcome.report("clean", method)
        assert report.accuracy.value == pytest.approx(
            accuracy_score(answers.y, answers.proba.argmax(axis=1))
        )
        assert (
            report.accuracy.low <= np.mean(outcome.by_seed("clean", method)) <= report.accuracy.high
        )
        assert report.n_groups == 4


def test_a_missing_stream_leaves_what_the_other_says(outcome):
    for condition, other in (("no face", "voice"), ("no voice", "face")):
        expected = outcome.answers(condition, other).proba
        for rule in ("weighted", "mean", "maximum", "stacking"):
            np.testing.assert_allclose(
                outcome.answers(condition, rule).proba,
                expected / expected.sum(1)[:, None],
                atol=1e-3,
            )
        assert outcome.report(condition, {"voice": "face", "face": "voice"}[other]) is None


def test_together_is_better_than_alone_on_these_pairs(outcome):
    for method in ("weighted", "product", "joint"):
        for alone in ("face", "voice"):
            assert outcome.gain("clean", method, alone).accuracy.low > 0
    assert outcome.gain("clean", "weighted", "face").n_groups == 4


def test_contradictions_are_noticed_more_often_than_pairs_of_one_label(outcome):
    found = outcome.contradictions()
    assert (found["apart"] > 2 * found["apart_alike"]).all()
    np.testing.assert_allclose(found[["face", "voice", "neither"]].sum(axis=1), 1)
    for seed in outcome.facts["seeds"]:
        answers = outcome.recorded[seed, "contradicting", "face"]
        assert (answers.groups["face_y"] != answers.y).all()


def test_what_ships_for_the_default_pair_is_what_the_study_fitted(outcome):
    fitted = load_fitted({stream: CARDS[name] for stream, name in PAIR.items()})
    first = outcome.facts["fitted"][0]
    assert fitted.disagree_below == pytest.approx(first["disagree_below"], abs=0.01)
    assert set(fitted.risk_coverage) == set(first["risk_coverage"])
    np.testing.assert_allclose(fitted.stacking.coef, first["stacking"]["coef"], atol=0.05)


def test_clips_are_means_over_windows_and_frames():
    proba = np.random.default_rng(0).dirichlet(np.ones(7), 6)
    actors = pd.DataFrame({"actor": list("aabbbc")})
    y = np.array([0, 0, 1, 1, 1, 2])
    answers = Answers(np.array(list("xxyyyz")), actors, y, proba, EMOTIONS)
    clips = pairing.by_clip({"voice": answers})["voice"]
    assert clips.y.tolist() == [0, 1, 2] and clips.groups["actor"].tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(clips.proba[1], proba[2:5].mean(axis=0))


def test_the_record_is_written_as_it_was_read(outcome, tmp_path):
    path = outcome.save(tmp_path)
    shipped = records.read(path.stem)
    assert path.read_bytes() == shipped.path.read_bytes()
    with np.load(path.with_suffix(".npz")) as again, np.load(shipped.arrays_path) as arrays:
        assert set(again.files) == set(arrays.files)
        for name in arrays.files:
            assert again[name].dtype == arrays[name].dtype
            np.testing.assert_array_equal(again[name], arrays[name])


def test_two_networks_are_fitted_on_pairs_of_the_samples():
    fitted = pairing.fit_pair("conv2d", "crnn", "paired-sample-fer2013+sample-ravdess")
    assert fitted.runs == {"face": CARDS["conv2d"]["run"], "voice": CARDS["crnn"]["run"]}
    p = fuse(
        {s: np.full((1, 7), 1 / 7) for s in ("face", "voice")}, "stacking", stacking=fitted.stacking
    )
    assert p.shape == (1, len(EMOTIONS)) and 0 < fitted.disagree_below < 1
    again = json.loads(json.dumps({**vars(fitted), "stacking": fitted.stacking.to_dict()}))
    assert again["n"] == fitted.n


def test_networks_that_were_not_calibrated_cannot_be_fitted(tmp_path):
    card = {k: v for k, v in CARDS["conv2d"].items() if k != "calibration"}
    (tmp_path / "own.keras").write_bytes(
        (config.shipped_root() / "weights" / "conv2d.keras").read_bytes()
    )
    networks.save_card(card, tmp_path / "own.keras")
    with raises_error(EmotutilsError, "'conv2d'", "emotutils calibrate"):
        pairing.fit_pair(tmp_path / "own.keras", "crnn", "paired-sample-fer2013+sample-ravdess")
    with raises_error(DataError, where="sample-ravdess"):
        pairing.fit_pair("conv2d", "crnn", "sample-ravdess")


def test_the_joint_network_is_scored_on_pairs_and_no_other_is():
    data = "paired-sample-fer2013+sample-ravdess"
    report = evaluate("joint", data)
    assert report.n_groups == 2 and report.labels == EMOTIONS
    for network, name, options in (
        ("conv2d", data, {}),
        ("joint", "sample-ravdess", {}),
        ("joint", data, {"flip": True}),
    ):
        with raises_error(DataError, "pairs", where=network):
            evaluate(network, name, **options)
