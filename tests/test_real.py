"""The shipped weights on the real test sets: their cards tell the truth."""

import json

import numpy as np
import pytest

from emotutils import config, datasets, preparation
from emotutils.evaluation import evaluate, evaluate_network
from emotutils.networks import load_network, shipped_cards

pytestmark = pytest.mark.real


@pytest.mark.parametrize("card", shipped_cards(), ids=lambda card: card["name"])
def test_a_shipped_network_reproduces_its_cards_test_score(card, real_data):
    report = evaluate_network(card["name"], card["data"], "test", real_data)
    for metric in ("accuracy", "uar", "macro_f1"):
        assert getattr(report, metric).value == pytest.approx(card["test"][metric]["value"], abs=0.002)
    assert report.n == card["test"]["n"]


def test_the_floors_of_the_default_networks(real_data):
    cards = {card["name"]: card for card in shipped_cards()}
    assert cards["conv2d"]["test"]["accuracy"]["value"] >= 0.63
    assert cards["crnn"]["test"]["uar"]["value"] >= 0.45


@pytest.mark.parametrize("card", shipped_cards(), ids=lambda card: card["name"])
def test_a_record_names_the_rows_it_was_scored_on(card, real_data):
    arrays = np.load(config.shipped_root() / "runs" / f"{card['run']}.npz", allow_pickle=False)
    record = json.loads((config.shipped_root() / "runs" / f"{card['run']}.json").read_text())
    groups = arrays["test_group"] if card["modality"] == "voice" else None
    again = evaluate(arrays["test_y"], arrays["test_proba"].astype(float), card["labels"], groups)
    assert again.to_dict() == {k: v for k, v in record["test"].items() if k != "clips"}
    network, data = load_network(card["name"]), datasets.load(card["data"], real_data)
    part = preparation.part(data, "test", card["modality"], network.features)
    np.testing.assert_array_equal(part.id, arrays["test_id"])
    np.testing.assert_array_equal(part.y, arrays["test_y"])
