"""Real pairs: the shipped record, how a person is treated, and pairs made of the same answers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score

from emotutils.emotions import EMOTIONS, EMOTIONS_WITH_CALM
from emotutils.errors import DataError
from emotutils.evaluation import Answers
from emotutils.studies import out_of_fold, takes
from emotutils.studies.takes import outcomes, running
from emotutils.training import records


@pytest.fixture(scope="module")
def outcome():
    found = takes.read()
    assert found is not None, "the record ships"
    return found


def test_the_record_holds_every_take_once_and_nobody_was_known(outcome):
    voice = outcome.voice
    assert len(voice) == len(set(voice.id)) == 1440
    assert voice.groups.groupby("actor")["fold"].nunique().eq(1).all()
    record = records.read(outcome.facts["voice"])
    tested = [sorted(fold["split"]["test"]["groups"]) for fold in record["folds"]]
    assert outcome.facts["folds"] == tested
    again = out_of_fold.voices()
    np.testing.assert_array_equal(again.id, voice.id)
    np.testing.assert_allclose(again.proba, voice.proba, atol=1e-3)


def test_films_that_served_as_baseline_are_not_scored(outcome):
    order = outcome.voice.groups["neutral"]
    assert order[order >= 0].value_counts().eq(24).all(), "four neutral films of each actor"
    assert (outcome.voice.y[order >= 0] == EMOTIONS_WITH_CALM.index("neutral")).all()
    for treatment, n in {"raw": 0, "own 1": 24, "own 2": 48, "own 4": 96, "z": 0}.items():
        assert 1440 - outcome.there(treatment).sum() == n
        assert len(outcome.answers("trees", treatment, "face")) == 1440 - n
    shared = outcome.gain(("trees", "own 2", "face"), ("trees", "raw", "face"))
    assert shared.n == 1440 - 48 and shared.n_groups == 24


def test_what_the_tables_show_follows_from_the_answers(outcome):
    found = outcome.facts["found"]
    for method in ("face", "voice", "product"):
        answers = outcome.answers("trees", "raw", method)
        accuracy = accuracy_score(answers.y, answers.proba.argmax(axis=1))
        recorded = found["scores"]["raw"]["trees"][method]["accuracy"]
        assert recorded["value"] == pytest.approx(accuracy, abs=1e-3)
        assert answers.labels == EMOTIONS
    crossing = takes.cross(outcome, "trees", "raw", takes.BOTH_WRONG)
    recorded = found["crossing"]["trees"][takes.BOTH_WRONG]
    assert crossing.real.value == pytest.approx(recorded["real"]["value"], abs=1e-3)
    assert crossing.crossed.value < crossing.real.value, "errors of one take come together"


def test_together_is_better_than_each_alone_under_every_treatment(outcome):
    for treatment, nested in outcome.facts["found"]["nested"].items():
        assert nested["over_voice"]["low"] > 0, treatment
        assert len(nested["picked"]) == 5
    scores = {
        name: one["accuracy"]["value"] for name, one in outcome.facts["found"]["nested"].items()
    }
    assert scores["raw"] < scores["own 2"] < scores["z"]


@pytest.mark.real
def test_the_study_gives_the_recorded_answers_again(outcome, real_data, monkeypatch):
    monkeypatch.setattr(running, "FLOORS", ("logistic",))
    # Twenty trainings of the network would take minutes.
    monkeypatch.setattr(running, "_network_answers", lambda x, y, asked, seed: np.nan)
    monkeypatch.setattr(running, "summarise", lambda found: {"classifiers": sorted(found.faces)})
    again = takes.study(real_data)
    assert again.facts["takes"] == 1440 and again.facts["folds"] == outcome.facts["folds"]
    assert {name for name, _ in again.facts["found"]["classifiers"]} == {"actions", "logistic"}
    assert again.faces.keys() <= outcome.faces.keys()
    for key, proba in again.faces.items():
        if key[0] == "logistic" or key[1] == "raw":
            np.testing.assert_allclose(proba, outcome.faces[key], atol=2e-3)


def test_the_network_learns_from_units_below_zero_too(monkeypatch):
    short = running.recipe_for("actions", "best").replace(epochs=30, ema=0.0)
    monkeypatch.setattr(running, "recipe_for", lambda network, variant: short)
    y = np.arange(240) % 8
    x = np.random.default_rng(0).normal(size=(240, 35)).astype(np.float32)
    x[np.arange(240), y] -= 6
    proba = running._network_answers(x, y, x[:80], 0)
    assert proba.shape == (80, 8) and accuracy_score(y[:80], proba.argmax(axis=1)) > 0.8


def test_neutral_films_are_counted_with_the_first_repetition_first():
    table = pd.DataFrame(
        {
            "label": ["neutral", "anger", "neutral", "neutral", "neutral"],
            "group": ["a", "a", "a", "a", "b"],
            "repetition": [2, 1, 1, 1, 2],
            "statement": [1, 1, 2, 1, 2],
        }
    )
    assert running.neutral_order(table).tolist() == [2, -1, 1, 0, 0]


def test_treatments_by_hand():
    units = np.array([[1.0], [2.0], [6.0], [10.0], [20.0], [40.0]], np.float32)
    actor = np.array(["a", "a", "a", "b", "b", "b"])
    neutral = np.array([0, 1, -1, 0, 1, -1])

    def column(treatment):
        return running.treated(units, actor, neutral, treatment)[:, 0].tolist()

    assert column("raw") == units[:, 0].tolist()
    assert column("own 1") == [-1, 1, 5, -10, 10, 30], "a baseline is set against the other one"
    assert column("own 2") == [-1, 1, 4.5, -10, 10, 25]
    z = running.treated(units, actor, neutral, "z")
    np.testing.assert_allclose(
        [z[:3].mean(), z[3:].mean(), z[:3].std(), z[3:].std()], [0, 0, 1, 1], atol=1e-5
    )
    assert running.served(neutral, "own 1").tolist() == [True, False, False, True, False, False]


def made_up(tied, seed=0):
    """An outcome of 12 actors in three folds; both streams right with a chance that is the take's
    own, or (not ``tied``) with the same chance for every take.
    """
    rng = np.random.default_rng(seed)
    n = 12 * 56
    y = np.tile(np.arange(7), n // 7)
    actor = np.repeat([f"a{k:02}" for k in range(12)], 56)
    chance = np.full(n, 0.6)
    if tied:
        chance = rng.choice([0.3, 0.9], n)
    proba = []
    for _ in range(2):
        right = rng.random(n) < chance
        said = np.where(right, y, (y + rng.integers(1, 7, n)) % 7)
        proba.append(np.eye(8)[said] * 0.8 + 0.2 / 8)
    groups = pd.DataFrame({"actor": actor, "fold": np.repeat(np.arange(3), n // 3), "neutral": -1})
    voice = Answers(np.arange(n).astype(str), groups, y, proba[1], EMOTIONS_WITH_CALM)
    return outcomes.Outcome({}, voice, {("trees", "raw"): proba[0]})


@pytest.mark.parametrize("tied", [True, False])
def test_pairs_made_of_the_same_answers_flatter_only_where_errors_are_tied(tied, monkeypatch):
    monkeypatch.setattr(outcomes, "FLOORS", ("trees",))
    found = takes.cross(made_up(tied), "trees", "raw", takes.BOTH_WRONG)
    assert found.n[0] == 672
    assert (found.difference.high < 0) == tied
    assert abs(found.difference.value - found.crossed.value + found.real.value) < 1e-12


def test_a_choice_never_sees_the_fold_that_it_is_scored_on(monkeypatch):
    """In the last fold the face is made useless: the choice there still follows the others."""
    monkeypatch.setattr(outcomes, "FLOORS", ("trees",))
    outcome = made_up(False)
    last = (outcome.voice.groups["fold"] == 2).to_numpy()
    y = outcome.voice.y
    outcome.faces["trees", "raw"][~last] = np.eye(8)[y[~last]] * 0.8 + 0.2 / 8
    outcome.faces["trees", "raw"][last] = np.eye(8)[(y[last] + 1) % 7] * 0.8 + 0.2 / 8
    choice = outcome.choose("raw", methods=("face", "voice"))
    assert choice.picked[2] == ("trees", "face")
    right = choice.answers.proba.argmax(axis=1) == choice.answers.y
    assert right[choice.answers.groups["fold"] == 2].mean() == 0


def test_a_take_that_is_missing_or_labelled_otherwise_is_refused():
    voice = made_up(False).voice
    films = pd.DataFrame({"take": voice.id, "y": voice.y})
    assert len(running._beside(films, voice)) == len(voice)
    with pytest.raises(DataError):
        running._beside(films.iloc[1:], voice)
    with pytest.raises(DataError):
        running._beside(films.assign(y=0), voice)
