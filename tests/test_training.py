"""Training on the drawn and synthetic samples: does it learn, resume, record and fail in words."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
from raising import raises_error
from sklearn.metrics import accuracy_score

from emotutils import config, datasets, networks, training, voices
from emotutils.datasets import Part, splits
from emotutils.emotions import EMOTIONS
from emotutils.errors import DataError, EmotutilsError, NetworkError, WriteError
from emotutils.evaluation import score
from emotutils.support import files
from emotutils.training import building, describing, evaluate
from emotutils.training.batches import as_part
from emotutils.training.callbacks import each_layer
from emotutils.training.recipes import RECIPES, Recipe, recipe_for

pytestmark = pytest.mark.usefixtures("unconverted")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def face_run(runs):
    return training.train(
        "conv2d", "sample-fer2013", recipe="thesis", out=runs, epochs=12, progress=False
    )


@pytest.fixture(scope="module")
def voice_run(runs):
    return training.train(
        "conv1d", "sample-ravdess", recipe="thesis", out=runs, epochs=100, progress=False
    )


@pytest.fixture(scope="module")
def best_run(runs):
    return training.train("conv1d", "sample-ravdess", out=runs, epochs=4, progress=False)


def test_conv2d_learns_the_drawn_faces(face_run):
    test = face_run.record["test"]
    assert test["accuracy"]["low"] > 1.5 / 7, "not above chance"


def test_conv1d_learns_the_synthetic_voices_of_unseen_speakers(voice_run):
    assert voice_run.record["test"]["uar"]["value"] > 1.5 / 8, "not above chance"
    groups = [set(part["groups"]) for part in voice_run.record["split"].values()]
    assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])


@pytest.mark.parametrize("name", ["vgg16", "resnet50"])
def test_one_step_moves_every_weight_of_the_large_networks(name):
    data = datasets.load("sample-fer2013")
    rows = data.rows("train")[:8]
    x, y = data.faces(rows), data.table["y"].to_numpy()[rows]
    model = networks.build_network(name)
    # Without a graph: it would take ten times as long to make as this one step.
    networks.compile_for(
        model,
        optimizer=keras.optimizers.Adam(1e-4),
        loss="sparse_categorical_crossentropy",
        run_eagerly=True,
    )
    before = [weight.numpy() for weight in model.trainable_weights]
    loss = model.train_on_batch(x, y)
    assert np.isfinite(loss)
    for weight, old in zip(model.trainable_weights, before, strict=True):
        assert not np.array_equal(weight.numpy(), old), weight.path


def test_a_run_leaves_a_record_from_which_its_figures_can_be_had_again(face_run):
    record = json.loads(face_run.record_path.read_text())
    assert record == face_run.record
    assert face_run.record_path.name == "official-sample-fer2013-conv2d-thesis-12-epochs-s0.json"
    assert {
        "protocol",
        "options",
        "seed",
        "versions",
        "wall_time_s",
        "hardware",
        "history",
        "split",
    } <= set(record)
    assert "optimizer" in record["assumed"] and len(record["history"]) == 12
    assert "75/15/10" in record["notes"][0] and record["notes"][1] == "Cut short: 12 of 30 epochs."
    arrays = np.load(face_run.record_path.with_suffix(".npz"), allow_pickle=False)
    for split in ("validation", "test"):
        again = score(
            arrays[f"{split}_y"], arrays[f"{split}_proba"].astype(float), record[split]["labels"]
        )
        assert again.to_dict() == {
            key: value for key, value in record[split].items() if key in again.to_dict()
        }
        assert len(arrays[f"{split}_id"]) == len(arrays[f"{split}_group"]) == record[split]["n"]


def test_evaluate_gives_the_cards_score_again(face_run, voice_run):
    for run, data in ((face_run, "sample-fer2013"), (voice_run, "sample-ravdess")):
        report = evaluate(run.network_path, data)
        card = json.loads(
            run.network_path.with_name(f"{run.network_path.stem}.card.json").read_text()
        )
        assert report.accuracy.value == pytest.approx(card["test"]["accuracy"]["value"], abs=0.002)


def test_the_best_epoch_is_chosen_on_validation_data(best_run):
    record = best_run.record
    assert (
        record["best_epoch"]
        == int(np.argmax([epoch["val_uar"] for epoch in record["history"]])) + 1
    )


def test_the_thesis_takes_the_last_epoch(face_run):
    assert face_run.record["best_epoch"] == len(face_run.record["history"]) == 12


@pytest.fixture(scope="module")
def thirds(runs):
    options = {"recipe": "thesis", "out": runs, "epochs": 2, "progress": False}
    return [
        training.train(
            "conv1d", "sample-ravdess+tess", protocol=f"thesis-audio-{name}", seed=3, **options
        )
        for name in ("third", "last-third")
    ]


def test_the_thesiss_thirds_are_validation_and_test_in_one(thirds):
    table = datasets.load("sample-ravdess+tess").table
    for run, part in zip(thirds, ("test", "validation"), strict=True):
        record, arrays = (
            run.record,
            np.load(run.record_path.with_suffix(".npz"), allow_pickle=False),
        )
        assert record["protocol"] in run.record_path.name and record["validation"] == record["test"]
        held = table["id"][splits.by_protocol(table, record["protocol"], 3) == part]
        assert set(arrays["test_id"]) == set(held)
        assert record["test"]["clips"]["n"] == len(held) == round(0.33 * len(table) + 0.49)


def test_a_network_is_evaluated_on_the_rows_it_was_not_trained_on(thirds):
    run = thirds[0]
    report = evaluate(run.network_path, "sample-ravdess+tess", "test")
    assert report.n == run.record["test"]["n"]
    assert report.accuracy.value == pytest.approx(
        run.record["test"]["accuracy"]["value"], abs=0.002
    )


@pytest.mark.parametrize(
    ("protocol", "thing"),
    [("thesis-audio-third", "--recipe thesis"), ("thesis", "actors-16-4-4")],
)
def test_a_protocol_that_cannot_be_says_so(tmp_path, protocol, thing):
    with raises_error(EmotutilsError, protocol, thing):
        training.train(
            "conv1d", "sample-ravdess", protocol=protocol, out=tmp_path, epochs=1, progress=False
        )


@pytest.mark.usefixtures("eager")
def test_in_folds_every_speaker_is_heard_once_by_a_network_that_never_heard_her(tmp_path):
    options = {"recipe": "thesis", "protocol": "folds-3", "out": tmp_path, "progress": False}
    run = training.train("conv1d", "sample-ravdess", epochs=2, **options)
    record, arrays = run.record, np.load(run.record_path.with_suffix(".npz"), allow_pickle=False)
    table = datasets.load("sample-ravdess").table
    assert run.network_path is None and record == json.loads(run.record_path.read_text())
    assert run.record_path.stem == "folds-3-sample-ravdess-conv1d-thesis-2-epochs-s0"
    assert set(arrays["test_id"]) == set(table["id"])
    tested = [fold["split"]["test"]["groups"] for fold in record["folds"]]
    assert sorted(sum(tested, [])) == sorted(set(table["group"]))
    for fold in record["folds"]:
        assert not set(fold["split"]["train"]["groups"]) & set(fold["split"]["test"]["groups"])
        assert fold["best_epoch"] == len(fold["history"]) == 2
    again = score(
        arrays["test_y"],
        arrays["test_proba"].astype(float),
        record["test"]["labels"],
        arrays["test_group"],
    )
    assert again.uar.to_dict() == record["test"]["uar"] and again.n_groups == len(
        set(table["group"])
    )


@pytest.mark.usefixtures("eager")
def test_of_one_speaker_the_interval_is_over_her_recordings(tmp_path):
    options = {"recipe": "thesis", "protocol": "folds-2", "out": tmp_path, "progress": False}
    record = training.train("conv1d", "sample-tess", epochs=1, **options).record
    for fold in record["folds"]:
        assert len(fold["split"]["test"]["groups"]) == 1 and fold["test"]["n_groups"] is None
        assert fold["test"]["accuracy"]["low"] < fold["test"]["accuracy"]["high"]


@pytest.mark.parametrize("protocol", ["folds-", "folds-many", "fold-6-of-5", "fold-0-of-5"])
def test_folds_that_cannot_be_are_named(tmp_path, protocol):
    with raises_error(DataError, repr(protocol), where="protocol"):
        training.train(
            "conv1d", "sample-ravdess", protocol=protocol, out=tmp_path, epochs=1, progress=False
        )


def test_a_face_records_test_part_is_also_told_mirrored_without_duplicates_and_by_majority(
    face_run,
):
    test, a = (
        face_run.record["test"],
        np.load(face_run.record_path.with_suffix(".npz"), allow_pickle=False),
    )
    y, proba = a["test_y"], a["test_proba"].astype(float)
    both = (proba + a["test_mirrored"]).argmax(axis=1)
    assert (proba.argmax(axis=1) != both).any()
    assert test["flip"]["accuracy"]["value"] == pytest.approx(accuracy_score(y, both), abs=1e-4)
    votes = a["test_ferplus"]
    assert test["ferplus"]["n"] == (votes >= 0).sum() < len(y)
    expected = accuracy_score(votes[votes >= 0], proba.argmax(axis=1)[votes >= 0])
    assert test["ferplus"]["accuracy"]["value"] == pytest.approx(expected, abs=1e-4)
    fresh = ~a["test_duplicate"]
    assert test["without_duplicates"]["n"] == fresh.sum()
    flipped = evaluate(face_run.network_path, "sample-fer2013", flip=True)
    assert flipped.accuracy.value == pytest.approx(test["flip"]["accuracy"]["value"], abs=0.02)


def test_duplicates_of_training_pictures_are_left_out():
    data = datasets.load("sample-fer2013")
    rows = np.arange(6)
    known, part = (
        Part(data.faces(rows), np.zeros(6, np.int32), groups, data.table["id"].to_numpy(str)[rows])
        for groups in (np.array(list("abcdef")), np.array(list("aaxyzf")))
    )
    proba = np.full((6, 7), 0.1, np.float16)
    details, arrays = describing.face_details(part, proba, proba, known, data)
    assert arrays["test_duplicate"].tolist() == [True, True, False, False, False, True]
    assert details["without_duplicates"]["n"] == 3


def test_a_voice_has_no_mirror_image(voice_run):
    with raises_error(DataError, "flip", where="conv1d"):
        evaluate(voice_run.network_path, "sample-ravdess", flip=True)


class Cut(Exception):
    pass


@pytest.mark.parametrize("steps", [2, 20, 39, 400])
def test_the_rate_rises_and_falls_as_in_keras(steps):
    rise = max(1, steps // 20)
    expected = keras.optimizers.schedules.CosineDecay(
        1e-3 / 50, steps - rise, warmup_target=1e-3, warmup_steps=rise
    )
    rate = training.building.RiseAndFall(1e-3, steps)
    told = [(float(rate(k)), float(expected(k))) for k in range(0, steps + 2, max(1, steps // 40))]
    np.testing.assert_allclose(*np.transpose(told), rtol=1e-6, atol=1e-12)
    assert type(rate).from_config(rate.get_config())(1) == rate(1)


def test_a_resumed_run_continues_the_same_schedule(best_run, tmp_path, monkeypatch):
    ordinary = training.callbacks.Checkpoint.on_epoch_end

    def cut(self, epoch, logs=None):
        ordinary(self, epoch, logs)
        if epoch == 1:
            raise Cut

    monkeypatch.setattr(training.callbacks.Checkpoint, "on_epoch_end", cut)
    with pytest.raises(Cut):
        training.train("conv1d", "sample-ravdess", out=tmp_path / "b", epochs=4, progress=False)
    monkeypatch.setattr(training.callbacks.Checkpoint, "on_epoch_end", ordinary)
    resumed = training.train(
        "conv1d", "sample-ravdess", out=tmp_path / "b", epochs=4, progress=False, resume=True
    )
    assert len(resumed.record["history"]) == 4
    for a, b in zip(best_run.record["history"], resumed.record["history"], strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-3)
    monkeypatch.setitem(
        RECIPES, ("conv1d", "best"), replace(RECIPES["conv1d", "best"], learning_rate=1e-5)
    )
    with raises_error(EmotutilsError, tmp_path / "b", "--overwrite"):
        training.train(
            "conv1d", "sample-ravdess", out=tmp_path / "b", epochs=4, progress=False, resume=True
        )
    assert not list(tmp_path.rglob(".part-*"))


# --- the loop by itself ---------------------------------------------------------------------------


def blobs(n=60, seed=0):
    """Three heaps of points, far from 0: a network without normalisation learns them badly."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    return (rng.normal(size=(n, 4)) + 3 * np.eye(3, 4)[y] + 500).astype(np.float32), y


def sequential():
    """A model that somebody typed in: nothing built, nothing compiled, nothing registered."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Normalization(),
            layers.Dense(8, activation="relu"),
            layers.Dropout(0.1),
            layers.Dense(3, activation="softmax"),
        ]
    )


PLAIN = Recipe(epochs=6, batch_size=10, learning_rate=0.05)


@pytest.mark.parametrize(
    "recipe", [PLAIN, PLAIN.replace(ema=0.5, balanced=True, monitor="val_uar")]
)
def test_any_keras_model_learns_any_arrays(recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = sequential()
    held = blobs(seed=1)
    history = training.fit(model, blobs(), held, recipe, progress=False)
    assert len(history) == 6 and list(history.table().index) == [1, 2, 3, 4, 5, 6]
    assert {"loss", "accuracy", "uar", "val_loss", "val_accuracy", "val_uar"} == set(
        history.table()
    )
    best = history.epochs[history.best_epoch - 1]
    assert best[recipe.monitor] == max(epoch[recipe.monitor] for epoch in history.epochs) > 0.9
    right = model.predict(held[0], verbose=0).argmax(axis=1) == held[1]
    assert best["val_accuracy"] == pytest.approx(right.mean(), abs=1e-4), "not the best weights"
    assert history.seconds > 0 and not list(tmp_path.iterdir())


class StopsEarly(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.kernel = self.model.layers[-1].get_weights()[0]
        self.model.stop_training = epoch == 2


def test_a_callback_of_ones_own_is_asked_before_weights_are_averaged():
    model = sequential()
    stop = StopsEarly()
    recipe = PLAIN.replace(ema=0.9, monitor=None)
    history = training.fit(model, blobs(), None, recipe, progress=False, callbacks=[stop])
    assert len(history) == 3
    averaged = model.layers[-1].get_weights()[0]
    assert stop.kernel.shape == averaged.shape and not np.allclose(stop.kernel, averaged)


def test_averaged_weights_of_a_short_training_forget_the_first_ones():
    model = sequential()
    recipe = PLAIN.replace(ema=0.999, learning_rate=0.05, epochs=8, monitor=None)
    history = training.fit(model, blobs(), blobs(seed=1), recipe, progress=False)
    assert history.epochs[-1]["val_accuracy"] > 0.8
    long = training.building.build_optimizer(recipe, 100_000)
    assert long.ema_momentum == 0.999


def test_normalisation_is_fitted_once_wherever_it_stands():
    x, y = blobs()
    inputs = keras.Input((4,))
    first, second = keras.layers.Normalization(), keras.layers.Normalization()
    hidden = second(keras.layers.Rescaling(2.0)(first(inputs)))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(hidden))
    recipe = PLAIN.replace(epochs=1, monitor=None)
    training.fit(model, (x, y), None, recipe, progress=False)
    np.testing.assert_allclose(np.array(first.mean).ravel(), x.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(np.array(second.variance).ravel(), 4.0, rtol=1e-3)
    training.fit(model, (x + 100, y), None, recipe, progress=False)
    np.testing.assert_allclose(np.array(first.mean).ravel(), x.mean(axis=0), rtol=1e-4)


@pytest.mark.parametrize(
    "change, thing",
    [
        ({"validation": None}, "val_accuracy"),
        ({"resume": True}, "folder="),
        ({"train": (blobs()[0], blobs()[1] + 5)}, "3 labels"),
        ({"train": (np.zeros((3, 4, 2, 2)), np.zeros(3, int))}, "(4, 2, 2)"),
    ],
)
def test_what_cannot_be_fitted_is_named(change, thing):
    options = {"train": blobs(), "validation": blobs(seed=1), "recipe": PLAIN, **change}
    with raises_error(EmotutilsError, thing):
        training.fit(sequential(), progress=False, **options)


class Killed(BaseException):
    """As if the process were gone."""


SHORT = PLAIN.replace(epochs=3, batch_size=20)


@pytest.mark.parametrize(
    "recipe, moments",
    [(SHORT.replace(ema=0.9, epochs=2), range(9)), (SHORT, (4, 7, 11))],
)
def test_a_training_killed_between_any_two_files_goes_on_with_the_right_weights(
    tmp_path, monkeypatch, recipe, moments, eager
):
    """Each file of each epoch in turn is not put in its place any more; what was written of it
    stays behind. Then history and answers are those of a run that nobody killed.
    """
    held = blobs(seed=1)
    unbroken = sequential()
    whole = training.fit(unbroken, blobs(), held, recipe, progress=False)
    answers = unbroken.predict(blobs(seed=2)[0], verbose=0)
    written = []
    for k in moments:
        folder = tmp_path / str(k)
        folder.mkdir()
        written.append(_killed_before(k, folder, recipe, held, monkeypatch))
        model = sequential()
        history = training.fit(
            model, blobs(), held, recipe, folder=folder, resume=True, progress=False
        )
        assert len(history) == recipe.epochs
        losses = [epoch["loss"] for epoch in history.epochs]
        assert losses == pytest.approx([epoch["loss"] for epoch in whole.epochs], rel=1e-3)
        assert history.best_epoch == whole.best_epoch, f"killed before file {k}"
        again = model.predict(blobs(seed=2)[0], verbose=0)
        np.testing.assert_allclose(again, answers, atol=2e-3, err_msg=f"killed before file {k}")
        assert not list(folder.glob(".part-*")) and len(list(folder.iterdir())) == 3
    assert written.count(False) == (8 in moments), "four files an epoch"


def _killed_before(k, folder, recipe, held, monkeypatch) -> bool:
    """Train, and die before file number k is put in its place; whether that came to pass."""
    replace_file, count = os.replace, []

    def dying(source, target):
        if len(count) == k:
            raise Killed
        replace_file(source, target)
        count.append(target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", dying)
        # Another process, and what it wrote stays, as after kill -9.
        patch.setattr(files, "_PROCESS", "0badcafe")
        patch.setattr(files.shutil, "rmtree", lambda *_, **__: None)
        try:
            training.fit(sequential(), blobs(), held, recipe, folder=folder, progress=False)
        except Killed:
            return True
    return False


@pytest.fixture(scope="module")
def broken_off(tmp_path_factory):
    """The folder of a training that was broken off after two epochs."""
    folder = tmp_path_factory.mktemp("broken off")
    recipe = SHORT.replace(epochs=2)
    training.fit(sequential(), blobs(), blobs(seed=1), recipe, folder=folder, progress=False)
    return folder


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    content = bytearray(path.read_bytes())
    content[-200] ^= 0xFF
    path.write_bytes(content)


def of_another_network(path):
    training.callbacks.save_arrays(path, [np.zeros(3)])


def says(**facts):
    """Other facts in a history."""

    def change(path):
        path.write_text(json.dumps(json.loads(path.read_text()) | facts))

    return change


@pytest.mark.parametrize(
    "pattern, damage",
    [
        ("history.json", cut),
        ("history.json", os.remove),
        ("history.json", says(epochs=[])),
        ("history.json", says(epochs=[{"loss": "low"}])),
        ("history.json", says(epochs=[{"loss": 1.0}])),
        ("history.json", says(epochs=None)),
        ("history.json", says(seconds=float("nan"))),
        ("history.json", lambda path: path.write_text("[" * 9999)),
        ("state.npz", cut),
        ("state.npz", flip),
        ("state.npz", of_another_network),
        ("best-epoch-*.npz", cut),
        ("best-epoch-*.npz", flip),
        ("best-epoch-*.npz", os.remove),
        ("best-epoch-*.npz", of_another_network),
    ],
)
def test_a_damaged_run_does_not_go_on(broken_off, tmp_path, pattern, damage):
    folder = tmp_path / "run"
    shutil.copytree(broken_off, folder)
    (path,) = folder.glob(pattern)
    damage(path)
    options = {"folder": folder, "resume": True, "progress": False}
    with raises_error(DataError, "--overwrite", where=path):
        training.fit(sequential(), blobs(), blobs(seed=1), SHORT, **options)


def test_a_full_disk_leaves_the_finished_epochs(broken_off, tmp_path, full_disk):
    folder = tmp_path / "run"
    shutil.copytree(broken_off, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    options = {"folder": folder, "resume": True, "progress": False}
    with full_disk(500), raises_error(WriteError, folder):
        training.fit(sequential(), blobs(), blobs(seed=1), SHORT, **options)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def few_faces(n):
    """A set of grey faces, the same ones and more of them for a larger n."""
    k = np.arange(n)
    table = pd.DataFrame({"id": [f"f{i}" for i in k], "y": k % 2, "group": [f"g{i}" for i in k]})
    table["label"] = [EMOTIONS[y] for y in table["y"]]
    table["split"] = np.array(["train", "validation", "test"])[k % 3]
    x = (k[:, None, None, None] * np.ones((1, 48, 48, 1))).astype(np.uint8)
    return datasets.Dataset(
        "few", table, EMOTIONS, "nobody", "CC0", read_faces=lambda rows: x[rows]
    )


def test_a_run_does_not_go_on_with_another_set(tmp_path, monkeypatch, eager):
    monkeypatch.setattr(training.run, "_score", lambda *_: pytest.fail("went on"))
    options = {"recipe": recipe_for("conv2d", "best"), "epochs": 1, "out": tmp_path}
    options["progress"] = False
    with pytest.raises(pytest.fail.Exception):
        training.train(a_network_of_ones_own(), few_faces(30), **options)
    (folder,) = tmp_path.iterdir()
    with raises_error(DataError, "30 rows then, 33 now", where=folder):
        training.train(a_network_of_ones_own(), few_faces(33), resume=True, **options)
    for text in ("", "{}", '{"recipe": 3, "rows": {}, "ids": ""}', "null", "[" * 9999):
        (folder / "plan.json").write_text(text)
        with raises_error(DataError, "--overwrite", where=folder / "plan.json"):
            training.train(a_network_of_ones_own(), few_faces(30), resume=True, **options)
    (folder / "plan.json").unlink()
    with raises_error(DataError, "--overwrite", where=folder / "plan.json"):
        training.train(a_network_of_ones_own(), few_faces(30), resume=True, **options)


# --- objects in place of names --------------------------------------------------------------------


def a_network_of_ones_own(name="tiny"):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Normalization(),
            layers.MaxPooling2D(8),
            layers.Flatten(),
            layers.Dense(7, activation="softmax"),
        ],
        name=name,
    )


def test_a_model_a_set_and_a_recipe_are_trained_as_they_are(tmp_path):
    model = a_network_of_ones_own()
    faces = datasets.load("sample-fer2013")
    recipe = recipe_for("conv2d", "thesis").replace(epochs=3, learning_rate=0.01, variant="best")
    run = training.train(model, faces, recipe=recipe, out=tmp_path, progress=False)
    name = "official-sample-fer2013-tiny-best-changed-3-epochs-s0"
    assert run.record_path.stem == name and run.record["data"] == "sample-fer2013"
    assert any("learning_rate=0.01" in note for note in run.record["notes"])
    assert run.record["options"]["learning_rate"] == 0.01 and len(run.record["history"]) == 3
    test = datasets.part(faces, "test", "face")
    right = model.predict(test.x.astype("f4"), verbose=0).argmax(axis=1) == test.y
    assert run.record["test"]["accuracy"]["value"] == pytest.approx(right.mean(), abs=2e-3)
    for network in (run.network_path, networks.load_network(run.network_path)):
        again = evaluate(network, faces)
        assert again.accuracy.value == pytest.approx(right.mean(), abs=2e-3)


@pytest.mark.usefixtures("eager")
def test_a_changed_recipe_makes_another_run_and_says_what_was_changed(tmp_path):
    recipe = recipe_for("conv1d", "thesis").replace(batch_size=50, epochs=1)
    run = training.train("conv1d", "sample-ravdess", recipe=recipe, out=tmp_path, progress=False)
    assert run.record_path.stem == (
        "actors-16-4-4-sample-ravdess-conv1d-thesis-changed-1-epochs-s0"
    )
    assert "Changed in the recipe thesis: batch_size=50." in run.record["notes"]


@pytest.mark.usefixtures("eager")
def test_folds_of_a_model_are_new_ones_of_its_make(tmp_path):
    layers = keras.layers
    model = keras.Sequential([layers.Normalization(), layers.Dense(8, activation="softmax")])
    voices_of = datasets.load("sample-ravdess")
    recipe = recipe_for("conv1d", "thesis").replace(epochs=1)
    run = training.train(
        model, voices_of, recipe=recipe, protocol="folds-2", out=tmp_path, progress=False
    )
    assert run.network_path is None and len(run.record["folds"]) == 2
    assert not model.built, "the given one was trained"


def test_what_cannot_be_trained_as_an_object_is_named(tmp_path):
    class Own(keras.Model):
        pass

    faces = datasets.load("sample-fer2013")
    options = {"out": tmp_path, "progress": False, "epochs": 1}
    with raises_error(EmotutilsError, "tiny"):
        training.train(a_network_of_ones_own(), faces, publish=True, **options)
    with raises_error(EmotutilsError, "own", "Sequential"):
        training.train(Own(), faces, **options)
    with raises_error(NetworkError, "'tiny'", "--recipe best"):
        training.train(a_network_of_ones_own(), faces, recipe="thesis", **options)
    with raises_error(NetworkError, "'tiny'", "(188, 64)"):
        training.train(a_network_of_ones_own(), datasets.load("sample-ravdess"), **options)
    assert not list(tmp_path.rglob("*.json")) or not list(tmp_path.rglob("*-s0.json"))


@pytest.mark.usefixtures("eager")
def test_a_run_is_not_deleted_unless_that_is_said(tmp_path):
    options = {"recipe": "thesis", "out": tmp_path, "epochs": 1, "progress": False}
    first = training.train("conv1d", "sample-ravdess", **options)
    with raises_error(EmotutilsError, tmp_path, "--resume", "--overwrite"):
        training.train("conv1d", "sample-ravdess", **options)
    assert json.loads(first.record_path.read_text()) == first.record
    with raises_error(EmotutilsError, "resume", "overwrite"):
        training.train("conv1d", "sample-ravdess", resume=True, overwrite=True, **options)
    again = training.train("conv1d", "sample-ravdess", resume=True, **options)
    assert again.record["test"] == first.record["test"]
    training.train("conv1d", "sample-ravdess", overwrite=True, **options)


# --- what a run leaves ----------------------------------------------------------------------------


@pytest.mark.usefixtures("eager")
def test_a_network_trained_with_shorter_numbers_is_kept_in_float32(tmp_path):
    options = {"recipe": "thesis", "out": tmp_path, "epochs": 1, "progress": False}
    run = training.train("conv1d", "sample-ravdess", precision="mixed_bfloat16", **options)
    assert run.record["precision"] == "mixed_bfloat16"
    assert keras.config.dtype_policy().name == "float32"
    kept = networks.load_network(run.network_path, runtime="keras").model
    assert {layer.compute_dtype for layer in kept.layers} == {"float32"}
    accuracy = evaluate(run.network_path, "sample-ravdess").accuracy.value
    assert accuracy == pytest.approx(run.record["test"]["accuracy"]["value"], abs=1e-4)
    with raises_error(DataError, "other settings"):
        training.train("conv1d", "sample-ravdess", resume=True, **options)
    with raises_error(EmotutilsError, "float16", "mixed_bfloat16"):
        training.train("conv1d", "sample-ravdess", precision="float16", **options)
    with raises_error(EmotutilsError, "object"):
        training.train(
            a_network_of_ones_own(), "sample-fer2013", precision="mixed_bfloat16", epochs=1
        )


@pytest.mark.parametrize("name", ["vgg16", "resnet50"])
def test_a_deep_network_has_the_same_weights_and_longer_numbers_afterwards(name):
    """Their trunks are models in the model, and begin with operations that are no layers."""
    with building.computing_in("mixed_bfloat16"):
        trained = networks.build_network(name, "thesis")
    kept = building.copy_weights(trained, networks.build_network(name, "thesis"))
    assert "bfloat16" in {layer.compute_dtype for layer in each_layer(trained)}
    assert {layer.compute_dtype for layer in each_layer(kept)} == {"float32"}
    faces = np.random.default_rng(0).uniform(0, 255, (2, 48, 48, 1)).astype(np.float32)
    answers = kept.predict_on_batch(faces)
    assert answers == pytest.approx(trained.predict_on_batch(faces), abs=0.02)


def test_making_ready_for_a_training_leaves_the_running_averages_alone():
    """Of a network that enlarges its pictures as well."""
    model = networks.build_network("efficientnet_lite0")
    before = model.get_weights()
    rows = np.full((2, 48, 48, 1), 200, dtype=np.uint8), np.array([0, 1])
    training.prepare(model, as_part(rows), recipe_for("efficientnet_lite0", "best"))
    for weights, was in zip(model.get_weights(), before, strict=True):
        assert np.array_equal(weights, was)


@pytest.mark.usefixtures("eager")
def test_only_the_run_whose_network_ships_may_replace_it(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "shipped_root", lambda: tmp_path)
    options = {"out": tmp_path / "mine", "epochs": 1, "publish": True, "progress": False}
    first = training.train("conv1d", "sample-ravdess", seed=1, **options)
    second = training.train("conv1d", "sample-ravdess", seed=0, **options)
    for run in (first, second):
        assert (tmp_path / "runs" / run.record_path.name).is_file()
    card = json.loads((tmp_path / "weights" / "conv1d.card.json").read_text())
    assert card["run"] == first.record_path.stem


def test_the_same_seed_gives_the_same_run(best_run, tmp_path):
    again = training.train("conv1d", "sample-ravdess", out=tmp_path, epochs=4, progress=False)
    assert again.record["test"] == best_run.record["test"]


def test_a_loss_that_is_not_finite_is_said(tmp_path, monkeypatch):
    wild = replace(RECIPES["conv1d", "thesis"], learning_rate=1e30, optimizer="sgd")
    monkeypatch.setitem(RECIPES, ("conv1d", "thesis"), wild)
    with raises_error(EmotutilsError, "epoch 1", "nan"):
        training.train(
            "conv1d", "sample-ravdess", recipe="thesis", out=tmp_path, epochs=3, progress=False
        )


def test_what_cannot_be_trained_is_named(tmp_path):
    with raises_error(NetworkError, "'conv3d'", "conv2d"):
        training.train("conv3d", "sample-fer2013", out=tmp_path)
    with raises_error(DataError, "voice network", where="sample-fer2013"):
        training.train("crnn", "sample-fer2013", out=tmp_path)
    with raises_error(NetworkError, "'crnn'", "--recipe best"):
        training.train("crnn", "sample-ravdess", recipe="thesis", out=tmp_path)
    with raises_error(NetworkError, "'worst'", "thesis", "best"):
        recipe_for("conv2d", "worst")


def test_windows_of_one_recording_share_its_id():
    data = datasets.load("sample-ravdess")
    part = datasets.part(data, "test", "voice", RECIPES["crnn", "best"].features)
    assert set(part.id) == set(data.table["id"].iloc[data.rows("test")]) and len(part) >= len(
        set(part.id)
    )
    assert part.x.dtype == np.float32 and part.x.shape[1:] == RECIPES["crnn", "best"].features.shape


def test_deltas_are_varied_with_the_bands_that_they_belong_to():
    features = replace(RECIPES["crnn", "best"].features, deltas=1)
    recipe = replace(RECIPES["crnn", "best"], features=features, batch_size=4)
    part = datasets.voice_part(datasets.load("sample-ravdess"), "validation", features)
    x = training.Batches(part, 8, recipe, 0, 0)[0][0]
    rows = training.Batches(part, 8, recipe, 0, 0).order[:4]
    expected = voices.augment_log_mel(part.x[rows], np.random.default_rng([0, 0, 0]), deltas=1)
    np.testing.assert_array_equal(x, expected)


def test_training_and_resume_on_jax_where_it_is_installed(tmp_path):
    pytest.importorskip("jax", reason="JAX is not installed")
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    command = [
        sys.executable,
        "-m",
        "emotutils.cli",
        "train",
        "conv1d",
        "--data",
        "sample-ravdess",
        "--out",
        tmp_path,
    ]
    for more in (["--epochs", "2"], ["--epochs", "2", "--resume"]):
        done = subprocess.run([*command, *more], capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
    (path,) = tmp_path.rglob("*-s0.json")
    record = json.loads(path.read_text())
    assert record["versions"]["backend"] == "jax" and len(record["history"]) == 2
    # The file opens under TensorFlow, with the same answers.
    (network,) = tmp_path.rglob("*.keras")
    report = evaluate(network, "sample-ravdess")
    assert report.accuracy.value == pytest.approx(record["test"]["accuracy"]["value"], abs=0.01)


def test_a_training_of_no_epoch_is_refused(tmp_path):
    with pytest.raises(EmotutilsError):
        training.train("conv1d", "sample-ravdess", epochs=0, out=tmp_path)
    assert not list(tmp_path.iterdir())
