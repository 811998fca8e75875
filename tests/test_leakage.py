"""The experiments on leakage: how they divide, what they leave behind, and what must come out where
nothing leaks.
"""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from raising import raises_error
from sklearn.dummy import DummyClassifier
from sklearn.neighbors import KNeighborsClassifier

from emotutils import config, datasets
from emotutils.errors import DataError
from emotutils.evaluation import score
from emotutils.studies import leakage, order
from emotutils.studies.leakage import neighbours, outcomes, traps
from emotutils.training import records

NEAREST = KNeighborsClassifier(1)
GUESS = DummyClassifier(strategy="prior")


class Seen(DummyClassifier):
    """Remembers what it was trained on and asked about; a row is told by its features."""

    log: list = []

    def fit(self, X, y):
        type(self).log.append([X.copy(), None])
        return super().fit(X, y)

    def predict_proba(self, X):
        type(self).log[-1][1] = X.copy()
        return super().predict_proba(X)


@pytest.fixture
def seen():
    Seen.log = []
    return Seen()


@pytest.fixture(scope="module")
def voices():
    return datasets.load("sample-ravdess")


@pytest.fixture(scope="module")
def outcome():
    """Two arms by hand: one right on every row, the other only on the first half; two seeds, four
    speakers.
    """
    y = np.tile([0, 1], 20)
    right = np.eye(2)[y]
    half = np.where(np.arange(40)[:, None] < 20, right, 1 - right)
    rows = pd.DataFrame(
        {"id": [f"r{i}" for i in range(40)], "y": y, "group": np.repeat(list("abcd"), 10)}
    )
    arms = {"all": [right, right], "half": [half, right]}
    return by_hand(rows, arms, {"trained_on": {"all": 5, "half": 5}})


def by_hand(rows, arms, facts=None):
    """An outcome of two labels from each arm's probabilities (seeds, n, 2)."""
    labels = ("x", "z")
    answers = {arm: outcomes.answers_of(rows, labels, proba) for arm, proba in arms.items()}
    return outcomes.Outcome("hand", answers, facts or {})


def test_score_is_the_mean_over_seeds_of_evaluates(outcome):
    y, groups = outcome.rows["y"].to_numpy(), outcome.rows["group"].to_numpy()
    reports = [score(y, one.proba, ("x", "z"), groups) for one in outcome.arms["half"]]
    assert [r.accuracy.value for r in reports] == [0.5, 1.0]
    assert outcome.score("half").value == pytest.approx(0.75)
    assert outcome.score("half").low == pytest.approx(np.mean([r.accuracy.low for r in reports]))


def test_gap_pairs_rows_and_seeds(outcome):
    gap = outcome.gap("all", "half")
    assert gap.accuracy.value == pytest.approx(0.25)
    assert gap.n_groups == 4
    assert outcome.gap("all", "half", np.arange(40) < 20).accuracy.value == 0


def test_rows_that_one_arm_did_not_test_do_not_count():
    rows = pd.DataFrame({"id": list("abcd"), "y": [0, 1, 0, 1], "group": list("abcd")})
    right = np.eye(2, dtype=np.float16)[[0, 1, 0, 1]][None]
    part = right.copy()
    part[:, 2:] = np.nan
    found = by_hand(rows, {"a": right, "b": part}, {"trained_on": {"a": 1, "b": 1}})
    assert found.gap("a", "b").n == 2
    assert found.table().loc["b", "n"] == 2
    with raises_error(DataError, "'a'", "'b'", where="hand"):
        found.gap("a", "b", np.array([False, False, True, True]))


def test_what_is_saved_is_read_again(outcome, tmp_path):
    outcome.save(tmp_path)
    again = outcomes.read("hand", tmp_path)
    pd.testing.assert_frame_equal(again.table(), outcome.table())
    pd.testing.assert_frame_equal(again.rows, outcome.rows, check_dtype=False)
    assert json.loads((tmp_path / "leak-hand.json").read_text())["arms"][1]["accuracy"] == 0.75


def test_a_missing_record_says_so(tmp_path, capsys):
    assert outcomes.read("nothing", tmp_path) is None
    assert "not run yet" in capsys.readouterr().out


def test_unknown_names_are_refused(outcome):
    with raises_error(DataError, "'third'"):
        outcome.score("third")
    with raises_error(DataError, "speakers", where="experiment 'nothing'"):
        leakage.study("nothing")


def test_speakers_arms_divide_as_they_say(voices, seen):
    found = leakage.speakers(voices, seeds=(0,), estimator=seen)
    assert [len(found.arms[a][0]) for a in found.arms] == [len(voices)] * 5
    who = pd.Series(
        voices.table["group"].to_numpy(),
        index=[x.tobytes() for x in leakage.voices.mean_mfccs(voices)],
    )
    said = pd.Series(voices.table["statement"].to_numpy(), index=who.index)
    shared = [(len(set(who[keys(a)]) & set(who[keys(b)])), len(set(said[keys(a)]) & set(said[keys(b)])))
              for a, b in Seen.log]  # fmt: skip
    random, actor, half, sentence, half_actor = (
        shared[:3],
        shared[3:6],
        shared[6:8],
        shared[8:10],
        shared[10:],
    )
    assert all(n > 0 for n, _ in random + half + sentence)
    assert not any(n for n, _ in actor + half_actor)
    assert not any(n for _, n in sentence)
    assert len(half_actor) == 2


def keys(X):
    return [x.tobytes() for x in X]


def test_the_nearest_study_divides_as_it_says(voices, seen):
    found = leakage.nearest(voices, seeds=(0,), estimator=seen)
    assert list(found.arms) == ["random", "actor", "last third"]
    n = len(voices)
    assert (found.tested("last third") == (np.arange(n) >= n - n // 3)).all()
    assert found.tested("random").all() and found.tested("actor").all()


def test_the_known_study_moves_as_many_recordings_as_it_says(voices, seen):
    found = leakage.known(voices, seeds=(0, 1), estimator=seen)
    assert list(found.arms) == ["0 known", "1 known", "2 known", "4 known", "8 known"]
    assert len(set(found.facts["trained_on"].values())) == 1, "all arms train on equally many"
    asked = found.tested("0 known")
    assert asked.all() and len(asked) == len(voices) // 2
    speaker = dict(zip(keys(leakage.voices.mean_mfccs(voices)), voices.table["group"], strict=True))
    for k, arm in enumerate(found.arms):
        train, test = Seen.log[6 * k]  # two seeds of three folds each
        learned = pd.Series([speaker[key] for key in keys(train)])
        tested = {speaker[key] for key in keys(test)}
        known = learned[learned.isin(tested)].value_counts()
        wanted = int(arm.split()[0])
        assert known.eq(wanted).all() and len(known) == (len(tested) if wanted else 0)
        assert not set(keys(train)) & set(keys(test))


def test_neighbours_do_not_mind_the_order_of_coefficients_and_the_network_hardly_does():
    found = order.study("sample-ravdess", seeds=(0,), estimator=NEAREST)
    assert found["gap"]["value"] == 0 and found["arms"]["in order"] == found["arms"]["shuffled"]
    real = records.read(order.NAME)
    assert real["gap"]["low"] < 0 < real["gap"]["high"], "notebook 10, section 4, says so"
    spread = max(real["arms"]["in order"]) - min(real["arms"]["in order"])
    assert abs(real["gap"]["value"]) < spread


def test_windows_keep_their_distance(voices, seen, monkeypatch):
    """The features are replaced by the recording and the moment, so that the distance can be
    measured.
    """
    X, source, start = neighbours._cut(voices)
    monkeypatch.setattr(neighbours, "_cut", lambda dataset: (np.c_[source, start], source, start))
    leakage.windows(voices, seeds=(0,), estimator=seen, trained=10**6)
    for (train, test), wanted in zip(Seen.log, neighbours.DISTANCES, strict=False):
        nearest = [np.abs(train[train[:, 0] == s, 1] - t).min(initial=np.inf) for s, t in test]
        assert min(nearest) == pytest.approx(wanted)
    for train, test in Seen.log[len(neighbours.DISTANCES) :]:
        assert not set(train[:, 0]) & set(test[:, 0])
    actors = voices.table["group"].to_numpy()
    for train, test in Seen.log[-3:]:
        assert not set(actors[train[:, 0].astype(int)]) & set(actors[test[:, 0].astype(int)])


def test_windows_arms_train_on_equally_many(voices, seen):
    leakage.windows(voices, seeds=(0,), estimator=seen, trained=500)
    assert {len(train) for train, _ in Seen.log} == {500}


def test_corpora_never_train_on_a_tested_actor(seen):
    both = datasets.load("sample-ravdess+tess")
    found = leakage.corpora(both, seeds=(0,), estimator=seen)
    groups = pd.Series(both.table["group"].to_numpy(), index=keys(leakage.voices.mean_mfccs(both)))
    for train, test in Seen.log[3:]:  # all but the merged, random ones
        assert not set(groups[keys(train)]) & set(groups[keys(test)])
    tess = (found.rows["corpus"] == "tess").to_numpy()
    assert np.isnan(found.arms["ravdess to tess"][0].proba[~tess]).all()
    assert np.isfinite(found.arms["ravdess to tess"][0].proba[tess]).all()
    assert found.arms["tess to ravdess"][0].proba[~tess, -1].max() == 0, (
        "who never heard calm cannot say it"
    )


def test_copies_first_leaks_and_division_first_does_not(voices, seen):
    few = replace(voices, table=voices.table[voices.table["statement"] == 1])
    leakage.augmented(few, seeds=(0,), copies=1, estimator=seen)
    sizes = [len(test) for _, test in Seen.log]
    assert sum(sizes[:3]) == sum(sizes[3:]) == len(few) == 150
    assert max(sizes[3:]) - min(sizes[3:]) <= 2, "a recording and its copy count as one"
    found = leakage.twins(few, seeds=(0,), estimator=NEAREST)
    assert found.gap("by file", "by performance").accuracy.low > 0


def test_noise_is_worth_nothing_unless_columns_are_chosen_on_all_rows(voices):
    found = leakage.chosen_columns(voices)
    honest, chance = found.score("chosen on training rows"), 1 / 8
    assert honest.low < chance + 0.05 and honest.value < 0.2
    assert found.gap("chosen on all rows", "chosen on training rows").accuracy.low > 0


@pytest.mark.usefixtures("eager")
def test_an_epoch_chosen_on_test_is_never_the_worse_there(voices):
    found = leakage.best_epoch(voices, seeds=(0,), folds=3, epochs=3)
    scores = found.table()["accuracy"]
    assert scores["chosen on test"] >= scores[["chosen on validation", "last epoch"]].max()


def test_peeking_flatters_the_one_that_was_chosen():
    """Thirteen coin-tossers: the best on the board is above a half there, and at a half elsewhere."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {"id": range(800), "y": rng.integers(0, 2, 800), "group": np.repeat(range(16), 50)}
    )
    tossed = np.eye(2)[rng.integers(0, 2, (13, 800))]
    found = traps.peek(by_hand(rows, {"submissions": tossed}))
    assert len(found) == 1820
    assert found["public"].mean() > 0.53
    assert found["typical"].mean() == pytest.approx(0.5, abs=0.02)
    assert found["private"].mean() == pytest.approx(0.5, abs=0.02)


def test_fer2013s_arms_differ_in_twins_alone():
    faces = datasets.load("sample-fer2013")
    # Two test faces get a copy in Training.
    table = faces.table.copy()
    train, test = faces.rows("train"), faces.rows("test")
    pictures = faces.faces()
    pictures[train[:2]] = pictures[test[:2]]
    found_in = []

    class Look(DummyClassifier):
        def fit(self, X, y):
            found_in.append(
                sum(
                    (p.reshape(X.shape[1:]) == X).all(axis=(1, 2, 3)).any()
                    for p in pictures[test[:2]]
                )
            )
            return super().fit(X, y)

    made = datasets.Dataset(
        "made", table, faces.labels, "", "", read_faces=lambda rows: pictures[rows]
    )
    found = leakage.fer2013(made, seeds=(0,), trained=300, sizes=(100,), estimator=Look())
    assert found_in[:2] == [2, 0]
    assert found.rows["twin"].sum() >= 2
    assert found.facts["trained_on"] == {
        "with twins": 300,
        "without twins": 300,
        "100 faces": 100,
        "shuffled": 300,
    }


RECORDS = sorted(path.stem for path in records.shipped_folder().glob("leak-*.json"))


@pytest.mark.parametrize("name", leakage.STUDIES)
def test_a_records_table_is_that_of_its_answers(name):
    found = outcomes.read(name)
    recorded = pd.DataFrame(records.read(f"leak-{name}")["arms"]).set_index("arm")
    recorded = recorded.astype({"low": float, "high": float})  # null: too few groups
    pd.testing.assert_frame_equal(found.table(), recorded, check_dtype=False, atol=6e-5)


def test_every_study_is_recorded():
    assert set(RECORDS) == {f"leak-{name}" for name in leakage.STUDIES}


@pytest.mark.parametrize("name", RECORDS)
def test_an_outcome_is_written_as_it_was_read(name, tmp_path):
    """Bytes of the answers: their names, order, types and values."""
    shipped = records.read(name)
    path = outcomes.read(name.removeprefix("leak-")).save(tmp_path)
    with np.load(path.with_suffix(".npz")) as again, np.load(shipped.arrays_path) as arrays:
        assert again.files == arrays.files
        for key in arrays.files:
            assert again[key].dtype == arrays[key].dtype
            np.testing.assert_array_equal(again[key], arrays[key])


def test_nothing_is_written_where_records_ship_unless_asked(outcome, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config, "shipped_root", lambda: tmp_path / "shipped")
    assert outcome.save().parent.resolve() == tmp_path / "runs"
    assert not (tmp_path / "shipped").exists()
    assert outcome.save(publish=True).parent == tmp_path / "shipped" / "runs"


def test_gaps_are_differences_of_the_recorded_arms():
    found = leakage.gaps().set_index("leak")
    assert len(found) == len(leakage.GAPS)
    for row in found.itertuples():
        assert row.gap.accuracy.value == pytest.approx(row.leaking.value - row.honest.value)
        gap = row.gap.accuracy
        assert gap.low is None or gap.low <= gap.value <= gap.high
        assert (gap.low is None) == (row.gap.n_groups == 2), "TESS is two women"


def test_shuffled_neighbours_are_worth_more_than_any_other_leak():
    """The message of notebook 12: what shuffling a film's frames does."""
    found = leakage.gaps().set_index("leak")["gap"]
    worth = found.map(lambda gap: gap.accuracy.value)
    assert worth.idxmax() == "overlapping windows in training, remembered (1-NN)"
    assert found[worth.idxmax()].accuracy.low > 0.5
