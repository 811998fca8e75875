"""Cards, records, fitted files, plans and results that somebody has altered: read, or refused in one
line that names the file; never anything else.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from mutations import mutations, write

from emotutils import config, networks
from emotutils.errors import EmotutilsError
from emotutils.evaluation import Calibration, threshold_for
from emotutils.fusion.fitted import prior_of, read_fitted, weights_of
from emotutils.networks import load_network
from emotutils.networks.card import unknown_fields

WEIGHTS = config.shipped_root() / "weights"


def outcomes(path: Path, values: dict, n: int, use) -> tuple[int, int]:
    """Use each damaged version of a file; how many were read and how many refused.

    A refusal is of one line and names the file.
    """
    read = refused = 0
    for what, text in mutations(values, n):
        write(path, text)
        try:
            use(path)
            read += 1
        except EmotutilsError as error:
            refused += 1
            assert path.stem.split(".")[0] in str(error), (what, str(error))
            assert "\n" not in str(error) and len(str(error)) < 600, (what, str(error))
        except Exception as error:
            raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error
    return read, refused


def copied(name: str, folder: Path) -> Path:
    """A shipped network with all of its files."""
    for file in WEIGHTS.glob(f"{name}.*"):
        shutil.copy(file, folder)
    return folder / f"{name}.keras"


@pytest.mark.parametrize("name, n", [("conv2d", 150), ("crnn", 150), ("joint", 150)])
def test_cards(tmp_path, monkeypatch, name, n):
    path = copied(name, tmp_path)
    card = path.with_name(f"{name}.card.json")
    opened = networks.lite.open_files(path, json.loads(card.read_text()))
    monkeypatch.setattr(networks.lite, "open_files", lambda path, card: opened)
    monkeypatch.setattr(networks.lite, "are_there", lambda path, card: True)

    def use(_):
        network = load_network(path, runtime="litert")
        list(unknown_fields(network.card))
        if name == "joint":
            return
        x = np.zeros((1, *network.input_shape))
        assert np.isfinite(network.predict_proba(x)).all()
        if "calibration" in network.card:
            found = Calibration.from_dict(network.card["calibration"])
            found.factor(size=np.array([20.0]), snr=np.array([3.0]), tilt=np.array([np.nan]))
            threshold_for(found.risk_coverage, 0.2)
            assert np.isfinite(prior_of({"face": found})).all()
            weights_of({"face": found})

    read, refused = outcomes(card, json.loads(card.read_text()), n, use)
    assert refused > 100 and read > 3


def test_what_was_fitted_for_two_networks(tmp_path):
    path = tmp_path / "fusion-conv2d-crnn.json"

    def use(path):
        found = read_fitted(path)
        p = np.full((2, 7), 1 / 7)
        assert np.isfinite(found.stacking(dict.fromkeys(found.stacking.streams, p))).all()
        for curve in found.risk_coverage.values():
            threshold_for(curve, 0.2)

    values = json.loads((WEIGHTS / path.name).read_text())
    read, refused = outcomes(path, values, 150, use)
    assert refused > 100 and read > 3
