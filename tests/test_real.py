"""The shipped weights on the real test sets: their cards tell the truth."""

import cv2
import numpy as np
import pytest

from emotutils import datasets
from emotutils.analysis import analyze
from emotutils.evaluation import score
from emotutils.findings import P
from emotutils.media import FilmWriter
from emotutils.networks import load_network, shipped_cards
from emotutils.training import evaluate, records

pytestmark = pytest.mark.real


@pytest.mark.parametrize("card", shipped_cards(), ids=lambda card: card["name"])
def test_a_shipped_network_reproduces_its_cards_test_score(card, real_data):
    report = evaluate(card["name"], card["data"], "test", real_data)
    for metric in ("accuracy", "uar", "macro_f1"):
        assert getattr(report, metric).value == pytest.approx(
            card["test"][metric]["value"], abs=0.002
        )
    assert report.n == card["test"]["n"]


def test_the_floors_of_the_default_networks(real_data):
    cards = {card["name"]: card for card in shipped_cards()}
    assert cards["conv2d"]["test"]["accuracy"]["value"] >= 0.63
    assert cards["crnn"]["test"]["uar"]["value"] >= 0.45


@pytest.mark.parametrize("card", shipped_cards(), ids=lambda card: card["name"])
def test_a_record_names_the_rows_it_was_scored_on(card, real_data):
    record = records.of_card(card)
    answers = record.answers("test")
    groups = answers.groups["group"] if card["modality"] == "voice" else None
    again = score(answers.y, answers.proba, card["labels"], groups).to_dict()
    assert again == {k: v for k, v in record["test"].items() if k in again}
    network, data = load_network(card["name"]), datasets.load(card["data"], real_data)
    part = datasets.part(data, "test", card["modality"], network.features)
    np.testing.assert_array_equal(part.id, answers.id)
    np.testing.assert_array_equal(part.y, answers.y)


def test_faces_in_a_film_are_read_as_well_as_faces_in_the_set(real_data, tmp_path):
    """Detector, alignment and crop must not cost what the network has learned."""
    data = datasets.load("fer2013", real_data)
    rows = np.random.default_rng(0).permutation(data.rows("test"))[:60]
    pictures, y = data.faces(rows), data.table["y"].to_numpy()[rows]
    with FilmWriter(tmp_path / "faces.mp4", 640, 480, 4) as film:
        for k in range(4 * len(rows)):
            image = np.zeros((480, 640, 3), np.uint8)
            face = cv2.resize(
                pictures[k // 4, ..., 0].astype(np.uint8), (240, 240), interpolation=cv2.INTER_CUBIC
            )
            image[120:360, 200:440] = face[..., None]
            film.write(image, k / 4)
    frames = analyze(tmp_path / "faces.mp4", fps=4, progress=False).frames
    frames = frames[frames["found"]].assign(shown=lambda f: f["t"].astype(int))
    said = frames.groupby("shown")[P].mean().to_numpy().argmax(axis=1)
    shown = frames["shown"].drop_duplicates().sort_values().to_numpy()
    assert len(shown) >= 0.75 * len(rows)
    straight = load_network("conv2d").predict_proba(pictures[shown]).argmax(axis=1)
    assert (said == y[shown]).mean() >= (straight == y[shown]).mean() - 0.12
