import hashlib

import numpy as np
import pandas as pd
import pytest
from raising import raises_error
from sklearn.model_selection import StratifiedKFold, train_test_split

from emotutils import datasets
from emotutils.datasets import splits
from emotutils.datasets.splits import PARTS
from emotutils.errors import DataError


def table(n=300, seed=0, groups=30):
    rng = np.random.default_rng(seed)
    labels = rng.choice(["anger", "fear", "neutral"], n, p=[0.1, 0.3, 0.6])
    columns = {
        "id": [f"r{i:05d}" for i in range(n)],
        "label": labels,
        "group": rng.integers(groups, size=n),
    }
    return pd.DataFrame(
        columns, index=np.arange(n)[::-1] + 1000
    )  # an index of its own, not 0, 1, 2 …


def counts(parts):
    return [int((parts == name).sum()) for name in PARTS]


def films(n, seed):
    """Films of very different lengths, in each of which some emotions prevail."""
    rng = np.random.default_rng(seed)
    length = rng.lognormal(4, 1, n).astype(int) + 1
    labels = [rng.choice(list("abcdefg"), m, p=rng.dirichlet(np.full(7, 0.5))) for m in length]
    film = np.repeat([f"film{i}" for i in range(n)], length)
    return pd.DataFrame({"id": np.arange(len(film)), "label": np.concatenate(labels), "film": film})


# --- official, Keras, thesis ----------------------------------------------------------------------


def test_the_official_split_is_the_tables_own():
    data = table(4).assign(split=["train", "test", "validation", "train"])
    assert splits.official(data).to_dict() == data["split"].to_dict()


@pytest.mark.parametrize("value, thing", [("Training", "Training"), (None, "'split'")])
def test_an_official_split_of_other_parts_is_refused(value, thing):
    with raises_error(DataError, thing):
        splits.official(table(3).assign(split=["train", "test", value]))


@pytest.mark.parametrize(
    "n, fraction", [(5252, 0.33), (10, 0.33), (100, 0.15), (1440, 0.2), (7, 0.5), (3, 0.33)]
)
def test_the_last_rows_are_cut_where_keras_cuts(n, fraction):
    from keras.src.trainers.data_adapters.array_slicing import train_validation_split

    rows = np.arange(n)
    (first,), (last,) = train_validation_split((rows,), fraction)
    parts = splits.keras_validation_split(table(n), fraction).to_numpy()
    np.testing.assert_array_equal(np.flatnonzero(parts == "train"), first[:])
    np.testing.assert_array_equal(np.flatnonzero(parts == "validation"), last[:])


def test_the_thesis_splits_have_the_sizes_of_its_logs():
    data = table(5252)
    assert counts(splits.thesis(data, "audio-third")) == [3518, 0, 1734]
    assert counts(splits.thesis(data, "audio-last-third")) == [3518, 1734, 0]
    assert splits.thesis(data, "audio-last-third").iloc[[3517, 3518]].tolist() == [
        "train",
        "validation",
    ]
    train, validation, test = counts(splits.thesis(table(35887), "fer2013-logs"))
    assert (
        test == 3589 and -(-train // 100) == 270 and -(-train // 50) == 539 and validation == 5384
    )
    assert counts(splits.thesis(table(1000), "video")) == [600, 200, 200]
    assert counts(splits.thesis(table(1000), "audio")) == [700, 150, 150]


def test_a_random_third_is_scikit_learns():
    data = table(500)
    _, expected = train_test_split(np.arange(500), test_size=0.33, random_state=3)
    found = splits.thesis(data, "audio-third", seed=3).to_numpy() == "test"
    assert set(np.flatnonzero(found)) == set(expected)


# --- holdout --------------------------------------------------------------------------------------


def test_holdout_is_stratified_and_indexed_like_the_table():
    data = table(1000)
    parts = splits.holdout(data, (0.7, 0.2, 0.1))
    assert counts(parts) == [700, 200, 100] and parts.index.equals(data.index)
    shares = pd.crosstab(data["label"], parts, normalize="columns")
    assert (shares.max(axis=1) - shares.min(axis=1)).max() < 0.01


def test_the_same_seed_is_the_same_split():
    data = films(40, 0)
    for options in ({}, {"groups": "film"}, {"stratify": None}):
        first, again, other = (splits.holdout(data, seed=s, **options) for s in (1, 1, 2))
        assert first.equals(again) and not first.equals(other)
    speakers = pd.DataFrame(
        {"id": range(240), "label": ["a", "b"] * 120, "group": np.arange(240) % 24}
    )
    for options in ({}, {"groups": "group"}, {"stratify": None}):
        first, again, other = (splits.folds(speakers, 3, seed=s, **options)[0] for s in (1, 1, 2))
        assert first.equals(again) and not first.equals(other)


@pytest.mark.parametrize(
    "fractions", [(0.6, 0.2, 0.2), (0.7, 0.15, 0.15), (0.8, 0.0, 0.2), (0.2, 0.2, 0.6)]
)
def test_groups_stay_whole_and_shares_hold(fractions):
    data = films(150, 1)
    parts = splits.holdout(data, fractions, groups="film")
    assert (parts.groupby(data["film"]).nunique() == 1).all()
    np.testing.assert_allclose(np.array(counts(parts)) / len(data), fractions, atol=0.005)
    by_label = pd.crosstab(data["label"], parts, normalize="index").reindex(
        columns=PARTS, fill_value=0
    )
    np.testing.assert_allclose(by_label, np.tile(fractions, (7, 1)), atol=0.03)
    assert counts(splits.holdout(data, fractions, groups="film", stratify=None)) == pytest.approx(
        np.array(fractions) * len(data), abs=2
    )


def test_twenty_four_equal_speakers_are_dealt_out_evenly():
    data = pd.DataFrame({"id": range(240), "label": ["a", "b"] * 120, "group": np.arange(240) % 24})
    parts = splits.holdout(data, (16 / 24, 4 / 24, 4 / 24), groups="group")
    assert parts.groupby(data["group"]).first().value_counts().to_dict() == {
        "train": 16,
        "validation": 4,
        "test": 4,
    }


def test_few_uneven_groups_are_fitted_as_well_as_can_be():
    sizes = {"w": 30, "x": 30, "y": 20, "z": 20}
    data = pd.DataFrame(
        {"film": [f for f, n in sizes.items() for _ in range(n)], "label": "a", "id": range(100)}
    )
    assert counts(splits.holdout(data, groups="film")) == [60, 20, 20]
    three = data[data["film"] != "z"]
    assert 0 not in counts(splits.holdout(three, groups="film"))
    big = data.assign(film=np.where(data.index < 70, "w", data["film"]))
    parts = splits.holdout(big, (0.2, 0.2, 0.6), groups="film")
    assert parts[0] == "test" and 0 not in counts(parts)


# --- folds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("groups", [{}, {"groups": "group"}])
@pytest.mark.parametrize("strata", [{}, {"stratify": None}])
def test_every_row_is_tested_once(groups, strata):
    data, options = table(303), groups | strata
    parts = splits.folds(data, 5, validation=True, **options)
    assert len(parts) == 5 and all(p.index.equals(data.index) for p in parts)
    tested = np.array([p == "test" for p in parts])
    chosen = np.array([p == "validation" for p in parts])
    assert (tested.sum(axis=0) == 1).all() and tested.sum(axis=1).min() > 40
    np.testing.assert_array_equal(chosen, np.roll(tested, -1, axis=0))
    if groups:
        assert all((p.groupby(data["group"]).nunique() == 1).all() for p in parts)
    if not strata:
        anger = [((p == "test") & (data["label"] == "anger")).sum() for p in parts]
        assert max(anger) - min(anger) <= (4 if groups else 1)


def test_stratified_folds_are_scikit_learns():
    data = table(200)
    expected = [
        t for _, t in StratifiedKFold(4, shuffle=True, random_state=7).split(data, data["label"])
    ]
    for part, rows in zip(splits.folds(data, 4, seed=7), expected, strict=True):
        np.testing.assert_array_equal(np.flatnonzero(part == "test"), rows)
        assert counts(part)[1] == 0


# --- files ----------------------------------------------------------------------------------------


def test_a_split_is_written_and_read_for_the_same_rows_in_any_order(tmp_path):
    data = table(50)
    parts = splits.holdout(data)
    splits.write(
        tmp_path / "a.tsv", parts, table=data, name="demo", protocol="thesis-video", seed=0
    )
    assert [p.name for p in tmp_path.iterdir()] == ["a.tsv"]
    lines = (tmp_path / "a.tsv").read_text(encoding="utf-8").splitlines()
    digest = hashlib.sha256("\n".join(data["id"]).encode()).hexdigest()
    assert lines[:5] == [
        "# set: demo",
        "# protocol: thesis-video",
        "# seed: 0",
        "# rows: 50",
        f"# sha256 of ids: {digest}",
    ]
    assert lines[5].startswith("# emotutils: ") and lines[6] == "id\tpart"
    assert lines[7] == f"r00000\t{parts.iloc[0]}" and len(lines) == 57
    back = splits.read(tmp_path / "a.tsv", data)
    assert back.equals(parts) and back.attrs["protocol"] == "thesis-video"
    mixed = data.sample(frac=1, random_state=0)
    assert splits.read(tmp_path / "a.tsv", mixed).equals(parts[mixed.index])
    assert datasets.audit(data, back).shape[0] == 3


def test_ids_that_are_numbers_or_look_like_missing_values_come_back(tmp_path):
    data = pd.DataFrame({"id": ["NA", "# x: y", "001", "é", ""], "label": "a"})
    parts = splits.keras_validation_split(data, 0.4)
    splits.write(tmp_path / "b.tsv", parts, table=data, name="demo", protocol="keras")
    assert splits.read(tmp_path / "b.tsv", data).equals(parts)
    numbers = pd.DataFrame({"id": [3, 1, 2], "label": "a"})
    splits.write(
        tmp_path / "c.tsv",
        splits.keras_validation_split(numbers),
        table=numbers,
        name="n",
        protocol="keras",
    )
    assert list(splits.read(tmp_path / "c.tsv", numbers)) == ["train", "train", "validation"]


def test_a_split_of_another_set_says_what_is_missing(tmp_path):
    data = table(20)
    path = tmp_path / "a.tsv"
    splits.write(
        path, splits.holdout(data, stratify=None), table=data, name="demo", protocol="x", seed=0
    )
    with raises_error(DataError, "0 ids", "1 are not its own: r00003", where=path):
        splits.read(path, data[data["id"] != "r00003"])
    with raises_error(DataError, "1 ids", "1 are not its own: new, r00003", where=path):
        splits.read(path, data.assign(id=data["id"].replace("r00003", "new")))
    with raises_error(DataError, "r00004", where="table"):
        splits.read(path, data.assign(id=data["id"].replace("r00003", "r00004")))


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("r00003", "r99999"),
        lambda text: text + "r00003\ttest\n",
        lambda text: text[:-20],
        lambda text: text.replace("\ttrain", ""),
        lambda text: text.replace("\ttrain", "\ttraining"),
        lambda text: "",
        lambda text: "\0\1",
    ],
)
def test_a_damaged_split_is_refused(tmp_path, damage):
    data = table(20)
    path = tmp_path / "a.tsv"
    splits.write(
        path, splits.holdout(data, stratify=None), table=data, name="demo", protocol="x", seed=0
    )
    path.write_text(damage(path.read_text(encoding="utf-8")), encoding="utf-8")
    with raises_error(DataError) as error:
        splits.read(path, data)
    assert error.value.where in (str(path), "parts")


def test_a_split_that_is_not_there_is_refused(tmp_path):
    with raises_error(DataError, where=tmp_path / "none.tsv"):
        splits.read(tmp_path / "none.tsv", table(3))


def test_parts_of_another_table_are_not_written(tmp_path):
    data = table(20)
    with raises_error(DataError, "index", where="parts"):
        splits.write(
            tmp_path / "a",
            splits.holdout(data, stratify=None)[1:],
            table=data,
            name="x",
            protocol="y",
        )
    assert not list(tmp_path.iterdir())


# --- bad input ------------------------------------------------------------------------------------

FEW = table(12, groups=2)


@pytest.mark.parametrize(
    "call, where, thing",
    [
        (lambda: splits.holdout(FEW, (0.6, 0.2, 0.1)), "fractions", "(0.6, 0.2, 0.1)"),
        (lambda: splits.holdout(FEW, (1.2, -0.2, 0.0)), "fractions", "(1.2, -0.2, 0.0)"),
        (lambda: splits.holdout(FEW, (0.5, 0.5)), "fractions", "(0.5, 0.5)"),
        (lambda: splits.holdout(FEW, groups="speaker"), "table", "'speaker'"),
        (lambda: splits.holdout(FEW, groups="speaker"), "table", "id, label, group"),
        (lambda: splits.holdout(FEW, stratify="mood"), "table", "'mood'"),
        (lambda: splits.holdout(FEW, groups="group"), "groups", "3 parts"),
        (
            lambda: splits.holdout(FEW.assign(group=[np.nan, *range(11)]), groups="group"),
            "column 'group'",
            "1 rows",
        ),
        (lambda: splits.holdout(FEW.assign(id="same")), "table", "11 ids"),
        (lambda: splits.holdout(FEW.assign(label=list("abcdefghijkl"))), "table", "12 rows"),
        (lambda: splits.holdout(FEW[:2], stratify=None), "table", "2 rows"),
        (lambda: splits.holdout(FEW[:0], stratify=None), "table", "0 rows"),
        (lambda: splits.holdout(FEW.drop(columns="id")), "table", "'id'"),
        (lambda: splits.folds(FEW, 13, stratify=None), "folds", "2 to 12"),
        (lambda: splits.folds(FEW, 3, groups="group", stratify=None), "folds", "2 to 2"),
        (lambda: splits.folds(FEW.assign(label=["a", *"b" * 11]), 2), "folds", "2 to 1"),
        (lambda: splits.folds(FEW, 2, stratify=None, validation=True), "folds", "3 to 12"),
        (lambda: splits.folds(FEW, 1, stratify=None), "folds", "2 to 12"),
        (lambda: splits.folds(FEW[:0], 2), "folds", "2 to 0"),
        (lambda: splits.folds(FEW.assign(group=None), groups="group"), "column 'group'", "12 rows"),
        (lambda: splits.folds(FEW.assign(id=1)), "table", "11 ids"),
        (lambda: splits.keras_validation_split(FEW, 0.0), "validation_split", "0.0 of 12 rows"),
        (lambda: splits.keras_validation_split(FEW, 1.5), "validation_split", "1.5 of 12 rows"),
        (lambda: splits.keras_validation_split(FEW.assign(id=1)), "table", "11 ids"),
        (lambda: splits.thesis(FEW, "films"), "thesis", "video, audio, audio-third"),
        (lambda: splits.official(FEW), "table", "'split'"),
    ],
)
def test_bad_input_is_one_clear_error(call, where, thing):
    with raises_error(DataError, thing, where=where):
        call()
