"""The shipped run records: complete, and in agreement with each other and with what was chosen from them."""

import json

import numpy as np
import pytest

from emotutils import config
from emotutils.evaluation import evaluate

RECORDS = sorted(p.with_suffix(".json") for p in (config.shipped_root() / "runs").glob("*.npz"))


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", RECORDS, ids=lambda p: p.stem)
def test_every_figure_can_be_had_again_from_the_probabilities(path):
    record, arrays = read(path), np.load(path.with_suffix(".npz"), allow_pickle=False)
    name = f"{record['protocol']}-{record['data']}-{record['network']}-{record['variant']}-s{record['seed']}"
    assert path.stem == name
    for split in ("validation", "test"):
        groups = arrays[f"{split}_group"] if "clips" in record[split] else None
        again = evaluate(
            arrays[f"{split}_y"], arrays[f"{split}_proba"].astype(float), record[split]["labels"], groups
        ).to_dict()
        assert again == {k: v for k, v in record[split].items() if k != "clips"}
    monitor, epochs = record["options"]["monitor"], record["history"]
    best = int(np.argmax([epoch[monitor] for epoch in epochs])) + 1 if monitor else len(epochs)
    assert record["best_epoch"] == best


def test_the_voice_network_that_ships_is_the_better_one_on_the_validation_actors():
    """RAVDESS alone or with TESS: decided on actors 17–20, at the same number of training steps."""
    alone, merged = (
        read(config.shipped_root() / "runs" / f"actors-16-4-4-{data}-crnn-best-s0.json")
        for data in ("ravdess", "ravdess+tess")
    )
    steps = [r["options"]["epochs"] * -(-3 * r["split"]["train"]["n"] // 32) for r in (alone, merged)]
    card = read(config.shipped_root() / "weights" / "crnn.card.json")
    better = max((alone, merged), key=lambda r: r["validation"]["uar"]["value"])
    assert card["data"] == better["data"]
    assert max(steps) / min(steps) < 1.1


def test_the_quoted_figures_of_the_thesis_agree_with_themselves():
    quoted = read(config.shipped_root() / "runs" / "quoted-thesis.json")["figures"]
    confusion = np.array(quoted["5.7"]["confusion"])
    assert confusion.sum() == 1734
    assert np.trace(confusion) / confusion.sum() == pytest.approx(quoted["5.7"]["test_accuracy"], abs=1e-6)
    recall = [row[1] for row in quoted["5.7"]["report"]]
    np.testing.assert_allclose(np.diag(confusion) / confusion.sum(axis=1), recall, atol=0.0051)
    # FER2013's tests had a tenth of its 35,887 pictures: each accuracy is a whole number of 3,589.
    for figure in ("5.2", "5.6"):
        right = quoted[figure]["test_accuracy"] * 3589
        assert right == pytest.approx(round(right), abs=1e-3)
    # One log stands under two captions: Conv2D on Affwild (4.10) and VGG16 on Affwild (5.3).
    logs = [[(e["epoch"], e["accuracy"], e["val_accuracy"]) for e in quoted[f]["epochs"]] for f in ("4.10", "5.3")]
    assert logs[0] == logs[1]
