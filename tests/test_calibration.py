"""Temperatures, thresholds, and what bad input costs: numbers of known calibration, and the shipped
cards.
"""

import json

import numpy as np
import pytest
from raising import raises_error
from scipy.special import softmax

from emotutils import networks
from emotutils.cli import main
from emotutils.emotions import EMOTIONS, EMOTIONS_WITH_CALM
from emotutils.errors import EmotutilsError
from emotutils.evaluation import (
    Calibration,
    ece,
    fit_temperature,
    reliability,
    risk_coverage,
    soften,
    thinned,
    threshold_for,
)
from emotutils.training import records
from emotutils.training.calibrating import calibrate

CARDS = networks.shipped_cards()


def overconfident(temperature: float, n: int = 20000, k: int = 7):
    """Labels drawn from honest probabilities, and the same logits as a network would give them at
    1/temperature.
    """
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (n, k))
    honest = softmax(logits, axis=1)
    y = (honest.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    return y, softmax(logits * temperature, axis=1), honest


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_was_put_in_is_found_again(temperature):
    y, told, honest = overconfident(temperature)
    found = fit_temperature(y, told)
    assert found == pytest.approx(temperature, rel=0.05)
    # What is below float16's smallest step counts as that step.
    np.testing.assert_allclose(soften(told, temperature), honest, atol=0.005)
    assert ece(reliability(y, soften(told, found))) < 0.02


def test_softening_keeps_the_order_and_takes_one_temperature_a_row():
    p = np.random.default_rng(1).dirichlet(np.ones(7), 50)
    each = soften(p, np.linspace(0.5, 5, 50))
    np.testing.assert_array_equal(each.argsort(axis=1), p.argsort(axis=1))
    np.testing.assert_allclose(each[0], soften(p[:1], 0.5)[0])
    np.testing.assert_allclose(soften(p, 1), p)
    assert (soften(p, 5).max(axis=1) < p.max(axis=1)).all()
    for none in (0, -1, np.array([1.0, 0.0])):
        with pytest.raises(ValueError, match="above 0"):
            soften(p[:2], none)


def test_a_temperature_has_ends():
    y = np.arange(70) % 7
    assert fit_temperature(y, soften(np.eye(7)[y] * 0.5 + 0.5 / 7, 1)) < 0.1
    assert fit_temperature(y, np.eye(7)[(y + 1) % 7] * 0.99 + 0.01 / 7) > 10


@pytest.mark.parametrize("p", [np.full((3, 7), np.nan), np.ones((3, 7)), np.ones((2, 7)) / 7])
def test_what_are_no_probabilities_is_refused(p):
    with pytest.raises(ValueError):
        fit_temperature(np.zeros(3, int), p)


def test_threshold_is_the_lowest_that_keeps_to_the_rate():
    y, _, honest = overconfident(1.0, 3000)
    curve = risk_coverage(y, honest)[["threshold", "coverage", "risk"]].to_numpy().tolist()
    top, wrong = honest.max(axis=1), honest.argmax(axis=1) != y
    for rate in (0.1, 0.25):
        threshold = threshold_for(curve, rate)
        assert wrong[top >= threshold].mean() <= rate
        lower = [c for c in curve if c[0] < threshold]
        assert all(risk > rate for _, _, risk in lower)
    assert threshold_for(curve, 1.0) == 0
    assert threshold_for([[0.9, 0.5, 0.3], [0.1, 1.0, 0.4]], 0.1) == np.inf
    for rate in (-0.1, 1.1, np.nan):
        with raises_error(EmotutilsError, rate):
            threshold_for(curve, rate)


def test_a_thinned_curve_lies_on_the_whole_one():
    y, _, honest = overconfident(1.0, 2000)
    whole = {tuple(row) for row in risk_coverage(y, honest).round(5).to_numpy().tolist()}
    few = thinned(y, honest, 30)
    assert len(few) <= 30 and {tuple(row) for row in few} <= whole and few[-1][1] == 1


def test_measuring_folds_calm_into_neutral():
    rng = np.random.default_rng(2)
    y = rng.integers(0, 8, 400)
    p = rng.dirichlet(np.ones(8), 400) + 2 * np.eye(8)[y]
    p /= p.sum(axis=1, keepdims=True)
    temperature, found = Calibration.measure(y, p, EMOTIONS_WITH_CALM, "400 rows")
    assert np.shape(found.confusion) == (7, 7) and np.sum(found.confusion) == 400
    assert np.sum(found.confusion, axis=1)[EMOTIONS.index("neutral")] == np.isin(y, [6, 7]).sum()
    assert found.nll_after <= found.nll_before and temperature < 1
    assert Calibration.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    with raises_error(EmotutilsError, "cat, dog"):
        Calibration.measure(
            y % 2, p[:, :2] / p[:, :2].sum(axis=1, keepdims=True), ("cat", "dog"), ""
        )


def test_the_worst_quality_decides_and_unknown_ones_do_not_count():
    conditions = {"size": [[48, 1.0], [10, 3.0]], "sharpness": [[0.5, 1.0], [0.0, 2.0]]}
    found = Calibration("", 1, 0, 0, 0, 0, [], [], conditions)
    size, sharp = np.array([48, 29, 5, 48, np.nan]), np.array([0.9, 0.5, 0.5, 0.0, np.nan])
    np.testing.assert_allclose(
        found.factor(size=size, sharpness=sharp, tilt=sharp), [1, 2, 3, 2, 1]
    )


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card["name"])
def test_every_shipped_network_is_calibrated_and_worse_input_is_never_believed_more(card):
    found = Calibration.from_dict(card["calibration"])
    assert card["temperature"] != 1 and found.nll_after <= found.nll_before
    wanted = {"face": {"size", "sharpness", "tilt"}, "voice": {"snr"}}[card["modality"]]
    assert set(found.conditions) == wanted
    for points in found.conditions.values():
        factors = [factor for _, factor in points]
        assert factors[0] == 1 and factors == sorted(factors)
    assert "validation rows" in found.rows


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card["name"])
def test_the_shipped_temperature_is_that_of_the_recorded_validation_answers(card):
    """Of faces the card leaves out rows identical to training ones, so it may be a little higher."""
    answers = records.of_card(card).answers("validation")
    recorded = fit_temperature(answers.y, answers.proba)
    assert card["temperature"] == pytest.approx(recorded, rel=0.03)


def test_factors_soften_a_networks_answers():
    network = networks.load_network("conv2d")
    x = np.random.default_rng(0).integers(0, 255, (4, 48, 48, 1)).astype(np.float32)
    plain, factors = network.predict_proba(x), np.array([1.0, 2.0, 3.0, 1.0])
    np.testing.assert_allclose(network.predict_proba(x, factors), soften(plain, factors), atol=1e-6)


def test_a_network_of_ones_own_is_calibrated_into_its_card(tmp_path, capsys):
    assert (
        main(
            ["train", "conv1d", "--data", "sample-ravdess", "--epochs", "2", "--out", str(tmp_path)]
        )
        == 0
    )
    (path,) = tmp_path.rglob("*.keras")
    card = json.loads(path.with_name(f"{path.stem}.card.json").read_text())
    assert card["calibration"]["conditions"] == {} and card["temperature"] > 0
    assert main(["calibrate", str(path)]) == 0
    again = json.loads(path.with_name(f"{path.stem}.card.json").read_text())
    assert set(again["calibration"]["conditions"]) == {"snr"}
    assert again["temperature"] == pytest.approx(card["temperature"], rel=0.02)
    capsys.readouterr()
    assert main(["calibrate", "crnn"]) == 2
    assert "--publish" in capsys.readouterr().err


@pytest.mark.whole
def test_the_shipped_voice_network_is_calibrated_again_alike(real_data):
    again = calibrate("crnn", real_data).card
    shipped = next(card for card in CARDS if card["name"] == "crnn")
    assert again["temperature"] == pytest.approx(shipped["temperature"], rel=0.02)
    ours, theirs = (
        dict(map(tuple, c["calibration"]["conditions"]["snr"])) for c in (again, shipped)
    )
    np.testing.assert_allclose(list(ours.values()), list(theirs.values()), rtol=0.1)
