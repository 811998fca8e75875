"""The network that sees and hears: what is missing cannot speak, what is saved opens, and a sample
is learned.
"""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest
from raising import raises_error

from emotutils import datasets, networks, training
from emotutils.emotions import EMOTIONS, EMOTIONS_WITH_CALM
from emotutils.errors import DataError, EmotutilsError, NetworkError
from emotutils.evaluation import score
from emotutils.networks import build_network, load_network, save_network
from emotutils.networks.layers import Gate, ModalityDropout
from emotutils.training import records
from emotutils.training.recipes import RECIPES
from emotutils.voices import PAD

pytestmark = pytest.mark.usefixtures("unconverted")

RECIPE = RECIPES["joint", "best"]
FEATURES = RECIPE.features
PAIRED, TRACKED = "paired-sample-fer2013+sample-ravdess", "sample-ravdess-units+sample-ravdess"
SHAPES = {"face": (2, 48, 48, 1), "voice": FEATURES.shape}


def inputs(n: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    face, voice = (
        rng.uniform(0, 255, (n, *SHAPES["face"])),
        rng.normal(-40, 12, (n, *SHAPES["voice"])),
    )
    return {
        "face": face.astype("f4"),
        "voice": voice.astype("f4"),
        "present": np.ones((n, 2), "f4"),
    }


@pytest.fixture(scope="module", params=["concat", "gate"])
def model(request):
    keras.utils.set_random_seed(0)
    return build_network("joint", input_shape=SHAPES, join=request.param, modality_dropout=1.0)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """An untrained one, saved and opened again."""
    keras.utils.set_random_seed(1)
    model = build_network("joint", input_shape=SHAPES)
    (card,) = networks.shipped_cards(["both"])
    del card["calibration"]
    card |= {"input_shape": SHAPES, "features": FEATURES.to_dict(), "temperature": 1.0}
    return model, load_network(save_network(model, card, tmp_path_factory.mktemp("joint")))


# --- what is missing ------------------------------------------------------------------------------


@pytest.mark.parametrize("missing, name", [(0, "face"), (1, "voice")])
def test_one_alone_decides_whatever_the_other_input_holds(model, missing, name):
    x, other = inputs(4), inputs(4, seed=1)
    x["present"][:, missing] = 0
    answer = model.predict_on_batch(x)
    for noise in (other[name], np.zeros_like(x[name]), np.full_like(x[name], np.nan)):
        np.testing.assert_array_equal(model.predict_on_batch(x | {name: noise}), answer)
    there = "voice" if name == "face" else "face"
    assert np.abs(model.predict_on_batch(x | {there: other[there]}) - answer).max() > 1e-6
    both = model.predict_on_batch(x | {"present": np.ones((4, 2), "f4")})
    assert np.abs(both - answer).max() > 1e-6


def test_with_both_there_both_count(model):
    x, other = inputs(4), inputs(4, seed=1)
    answer = model.predict_on_batch(x)
    np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-5)
    for name in ("face", "voice"):
        assert np.abs(model.predict_on_batch(x | {name: other[name]}) - answer).max() > 1e-6


def test_the_order_of_a_persons_faces_does_not_matter(model):
    x = inputs(3)
    turned = x | {"face": x["face"][:, ::-1]}
    np.testing.assert_allclose(model.predict_on_batch(turned), model.predict_on_batch(x), atol=1e-5)


def test_modality_dropout_hides_one_of_two_and_never_both():
    layer, present = ModalityDropout(0.5, seed=3), np.ones((4000, 2), "f4")
    out = np.array(layer(present, training=True))
    shares = {
        state: (out == state).all(axis=1).mean() for state in ((1, 1), (0, 1), (1, 0), (0, 0))
    }
    assert shares[0, 0] == 0
    assert shares[1, 1] == pytest.approx(0.5, abs=0.03)
    assert shares[0, 1] == pytest.approx(shares[1, 0], abs=0.03)
    np.testing.assert_array_equal(layer(present, training=False), present)
    one = np.tile(np.array([[1, 0], [0, 1], [0, 0]], "f4"), (50, 1))
    np.testing.assert_array_equal(layer(one, training=True), one)


def test_a_gate_weighs_number_by_number_and_gives_all_to_what_is_there():
    gate, rng = Gate(5), np.random.default_rng(0)
    face, voice = rng.normal(size=(6, 3)).astype("f4"), rng.normal(size=(6, 4)).astype("f4")
    present = np.ones((6, 2), "f4")
    both = np.array(gate([face, voice, present]))
    alone = [
        np.array(gate([face, voice, present * np.array(mask, "f4")])) for mask in ((1, 0), (0, 1))
    ]
    for i, values in enumerate((face, voice)):
        kernel, bias = (np.array(w) for w in gate.sides[i].get_weights())
        np.testing.assert_allclose(alone[i], np.tanh(values @ kernel + bias), atol=1e-5)
    kernel, bias = gate.gate.get_weights()
    weight = 1 / (1 + np.exp(-(np.concatenate([face, voice], axis=1) @ kernel + bias)))
    np.testing.assert_allclose(both, weight * alone[0] + (1 - weight) * alone[1], atol=1e-5)


# --- building, saving, asking ---------------------------------------------------------------------


def test_the_trunks_are_the_courses_networks_and_may_begin_with_their_weights():
    model = build_network("joint", input_shape=SHAPES, weights="shipped")
    for name, shipped in (("face_trunk", "conv2d"), ("voice_trunk", "crnn")):
        known = load_network(shipped).model
        x = inputs(2)["face"][:, 0] if name == "face_trunk" else inputs(2)["voice"]
        expected = keras.Model(known.input, known.layers[-1].input).predict_on_batch(x)
        np.testing.assert_allclose(
            model.get_layer(name).predict_on_batch(x), expected, rtol=1e-4, atol=1e-5
        )


def test_a_trunk_may_begin_with_the_weights_that_are_named_for_it(tmp_path):
    shapes = {"face": (35,), "voice": (188, 64)}
    own = build_network("actions")
    card = load_network("crnn").card | {"name": "own", "builder": "actions", "modality": "units"}
    path = save_network(own, card | {"input_shape": [35], "features": None}, tmp_path)
    model = build_network("joint", input_shape=shapes, weights={"face": path})
    x = np.random.default_rng(0).normal(size=(3, 35)).astype("f4")
    expected = keras.Model(own.input, own.layers[-1].input).predict_on_batch(x)
    trunk = model.get_layer("face_trunk")
    np.testing.assert_allclose(trunk.predict_on_batch(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "options, things",
    [
        ({"join": "add"}, ["'add'", "concat", "gate"]),
        ({"weights": "imagenet"}, ["'imagenet'", "shipped"]),
        ({"input_shape": {"face": (48, 48, 1), "voice": (188, 64)}}, ["(48, 48, 1)"]),
        ({"input_shape": {"face": (2, 48, 48, 1)}}, ["voice"]),
        (
            {"weights": "shipped", "input_shape": {"face": (2, 48, 48, 1), "voice": (301, 64)}},
            ["crnn", "(301, 64)"],
        ),
        ({"weights": {"nose": "crnn"}}, ["nose"]),
        ({"weights": {"face": "crnn"}}, ["crnn", "conv2d"]),
        (
            {"weights": "shipped", "input_shape": {"face": (35,), "voice": (188, 64)}},
            ["weights="],
        ),
        ({"variant": "thesis"}, ["'thesis'"]),
    ],
)
def test_what_cannot_be_built_is_named(options, things):
    with raises_error(NetworkError, *things):
        build_network("joint", **options)


def test_it_opens_in_safe_mode_and_answers_in_two_steps_as_in_one(saved):
    model, network = saved
    x = inputs(5)
    assert type(network).__name__ == "JointNetwork" and network.input_shape == SHAPES
    assert network.kind == "both" and network.labels == EMOTIONS and network.features == FEATURES
    seen = network.embed("face", x["face"].reshape(-1, 48, 48, 1)).reshape(5, 2, -1).mean(axis=1)
    heard = network.embed("voice", x["voice"])
    assert seen.dtype == heard.dtype == np.float32
    p = network.join(seen, heard)
    assert p.dtype == np.float64 and p.shape == (5, 7)
    np.testing.assert_allclose(p, model.predict_on_batch(x), atol=1e-5)
    np.testing.assert_allclose(p, network.predict_proba(x), atol=1e-6)
    for k, given in enumerate(((None, heard), (seen, None))):
        masked = x | {"present": np.eye(2, dtype="f4")[[1 - k] * 5]}
        np.testing.assert_allclose(network.join(*given), model.predict_on_batch(masked), atol=1e-5)


def test_rows_of_nan_are_missing(saved):
    _, network = saved
    x = inputs(4)
    seen, heard = network.embed("face", x["face"][:, 0]), network.embed("voice", x["voice"])
    some, few = seen.copy(), heard.copy()
    some[[0, 1]], few[[0, 2]] = np.nan, np.nan
    p = network.join(some.astype(np.float16), few)
    assert np.isnan(p[0]).all() and np.isfinite(p[1:]).all()
    np.testing.assert_allclose(p[1], network.join(None, heard)[1], atol=1e-6)
    np.testing.assert_allclose(p[2], network.join(seen, None)[2], atol=2e-3)
    np.testing.assert_allclose(p[3], network.join(seen, heard)[3], atol=2e-3)
    nothing = network.join(np.full_like(seen, np.nan), np.full_like(heard, np.nan))
    assert nothing.shape == (4, 7) and np.isnan(nothing).all()
    assert (
        network.join(seen[:0], heard[:0]).shape == (0, 7)
        and network.embed("face", x["face"][:0, 0]).shape[0] == 0
    )


def test_each_source_has_its_temperature(saved):
    _, network = saved
    x = inputs(3)
    seen, heard = network.embed("face", x["face"][:, 0]), network.embed("voice", x["voice"])
    sources = {"face": (seen, None), "voice": (None, heard), "face+voice": (seen, heard)}
    temperatures = {"face": 0.5, "voice": 2.0, "face+voice": 0.25}
    card = network.card | {"calibration": {"temperatures": temperatures}}
    warm = type(network)(card, network.model)
    for source, given in sources.items():
        expected = network.join(*given) ** (1 / temperatures[source])
        np.testing.assert_allclose(
            warm.join(*given), expected / expected.sum(axis=1, keepdims=True), rtol=1e-6
        )


def test_what_it_cannot_be_asked_is_named(saved):
    _, network = saved
    for ask, *things in (
        (lambda: network.embed("film", np.zeros((1, 48, 48, 1))), "'film'"),
        (lambda: network.embed("face", np.zeros((1, 64, 64, 1))), "(48, 48, 1)", "(64, 64, 1)"),
        (lambda: network.embed("voice", np.zeros((1, 301, 64))), "(188, 64)", "(301, 64)"),
        (lambda: network.join(None, None), "face", "voice"),
        (lambda: network.join(np.zeros((2, 3)), None), "face", "(2, 3)"),
        (lambda: network.join(np.zeros((3, 320)), np.zeros((3, 9))), "voice", "(3, 9)"),
        (lambda: network.join(np.zeros((2, 320)), np.zeros((3, 256))), "face", "(2, 320)"),
        (lambda: network.predict_proba(inputs(1)["face"]), "face", "voice", "presence"),
    ):
        with raises_error(NetworkError, "joint", *things):
            ask()


def test_a_card_of_other_shapes_is_refused(saved, tmp_path):
    model, network = saved
    path = save_network(
        model, network.card | {"input_shape": SHAPES | {"voice": (301, 64)}}, tmp_path
    )
    with raises_error(NetworkError, path.with_name("joint.card.json")):
        load_network(path)


# --- training -------------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Samples are few: no averaging over steps, and every recording at its own speed."""
    patch = pytest.MonkeyPatch()
    patch.setitem(
        RECIPES,
        ("actions", "best"),
        replace(RECIPES["actions", "best"], ema=0.0, learning_rate=4e-3),
    )
    patch.setitem(
        RECIPES,
        ("joint", "best"),
        replace(RECIPE, ema=0.0, speeds=(1.0,), learning_rate=2e-3, batch_size=16),
    )
    yield
    patch.undo()


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def tracked(out):
    return training.train("joint", TRACKED, out=out, epochs=3, progress=False)


def test_it_learns_the_samples_action_units_and_voices(tracked):
    test = tracked.record["test"]
    assert (
        test["clips"]["uar"]["value"] > 2.5 / 7
        and test["face_only"]["clips"]["uar"]["value"] > 2 / 7
    )
    assert load_network(tracked.network_path).embed("face", np.zeros((1, 35))).shape[0] == 1


def test_its_record_tells_both_each_alone_and_can_be_had_again(tracked):
    record, arrays = (
        tracked.record,
        np.load(tracked.record_path.with_suffix(".npz"), allow_pickle=False),
    )
    assert record == json.loads(tracked.record_path.read_text())
    assert tracked.record_path.stem == f"actors-16-4-4-{TRACKED}-joint-best-3-epochs-s0"
    for split in ("validation", "test"):
        y, groups = arrays[f"{split}_y"], arrays[f"{split}_group"]
        for key, told in (
            ("", record[split]),
            ("face_", record[split]["face_only"]),
            ("voice_", record[split]["voice_only"]),
        ):
            proba = arrays[f"{split}_{key}proba"].astype(float)
            again = score(y, proba, EMOTIONS, groups).to_dict()
            assert again == {name: value for name, value in told.items() if name in again}
            assert told["clips"]["n_groups"] == 2
        assert (arrays[f"{split}_face_proba"] != arrays[f"{split}_voice_proba"]).any()
    card = load_network(tracked.network_path).card
    assert (
        set(card["calibration"]["curves"])
        == {"face", "voice", "face+voice"}
        == set(card["calibration"]["temperatures"])
    )
    assert card["temperature"] == card["calibration"]["temperatures"]["face+voice"]


def test_dropout_in_the_trunks_and_the_head_is_drawn_from_seed_and_epoch():
    """So that a resumed run goes on as an unbroken one would have: two models that dropped
    differently until now.
    """
    one = build_network("joint", input_shape=SHAPES)
    two = keras.Model.from_config(one.get_config())
    two.set_weights(one.get_weights())
    x = inputs(4)
    seeds = training.callbacks.EpochSeeds(7)

    def answer(model, epoch):
        seeds.set_model(model)
        seeds.on_epoch_begin(epoch)
        return np.array(model(x, training=True))

    assert np.abs(np.array(one(x, training=True)) - np.array(two(x, training=True))).max() > 1e-3
    np.testing.assert_allclose(answer(one, 3), answer(two, 3), atol=1e-5)
    assert np.abs(answer(one, 4) - answer(two, 3)).max() > 1e-3


def test_pictures_and_voices_are_trained_on_together(out, monkeypatch):
    found = datasets.load_pairs(PAIRED)
    table = found.voices.table
    few = table[(table["statement"] == 1) & (table["intensity"] == "normal")]
    monkeypatch.setattr(
        datasets, "load_pairs", lambda *_: replace(found, voices=replace(found.voices, table=few))
    )
    run = training.train("joint", PAIRED, out=out, epochs=1, progress=False)
    record = run.record
    assert record["data"].startswith("paired-") and run.record_path.stem.startswith(
        f"actors-16-4-4-{PAIRED}"
    )
    assert any("No film" in note for note in record["notes"]) and any(
        "at random" in note for note in record["notes"]
    )
    groups = [set(part["groups"]) for part in record["split"].values()]
    assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])
    assert record["pairs"] == {"frames": 2, "faces_each": 4}
    assert load_network(run.network_path).input_shape == SHAPES


def test_every_epoch_sees_other_faces_and_a_resumed_one_the_same():
    draw = datasets.load_pairs(PAIRED).drawer("train", FEATURES)
    first, second = (
        training.Batches(draw([5, 0]), 7, RECIPE, 5, epoch, draw=draw) for epoch in (0, 1)
    )
    before = first.part.face_id
    first.on_epoch_end()
    assert (first.part.face_id != before).any() and (
        first.part.face_id == second.part.face_id
    ).all()
    for a, b in zip(keras.tree.flatten(first[0]), keras.tree.flatten(second[0]), strict=True):
        np.testing.assert_array_equal(a, b)


def test_normalisation_is_fitted_on_training_pairs_where_nothing_is_shipped():
    part = datasets.load_pairs(PAIRED).part("train", FEATURES)
    plan = replace(RECIPE, options={"weights": None})
    model = training.build_for(plan, "joint", part, 7)
    training.prepare(model, part, plan)
    faces, voices = part.face.astype(float), part.voice[part.voice[:, :, 0] != PAD]
    mean = np.array(model.get_layer("face_trunk").get_layer("normalization").mean)
    np.testing.assert_allclose(mean.ravel(), faces.mean(), rtol=1e-3)
    mean = np.array(model.get_layer("voice_trunk").get_layer("normalization").mean)
    np.testing.assert_allclose(mean.ravel(), voices.mean(axis=0), rtol=1e-3)


@pytest.mark.usefixtures("eager")
def test_action_units_alone_are_learned(out):
    run = training.train("actions", "sample-ravdess-units", out=out, epochs=8, progress=False)
    assert run.record["test"]["uar"]["value"] > 2.5 / 8
    assert "archive" in run.record["source"] and run.record["test"]["n_groups"] == 2
    network = load_network(run.network_path)
    assert network.kind == "units" and network.labels == EMOTIONS_WITH_CALM
    assert network.card["calibration"] and "archive" in network.card["source"]
    again = training.evaluate(network, "sample-ravdess-units")
    assert (again.n, again.n_groups) == (60, 2)
    told = run.record["test"]["accuracy"]["value"]
    assert again.accuracy.value == pytest.approx(told, abs=1e-4)
    with raises_error(DataError, "flip"):
        training.evaluate(network, "sample-ravdess-units", flip=True)
    again = training.calibrating.calibrate(network)
    assert again.temperature == pytest.approx(network.temperature, abs=0.02)


@pytest.mark.usefixtures("eager")
def test_action_units_are_learned_in_folds_over_all_actors(out):
    run = training.train(
        "actions",
        "sample-ravdess-units",
        protocol="folds-2",
        out=out,
        epochs=2,
        progress=False,
    )
    assert run.record["test"]["n_groups"] == 10 and "archive" in run.record["source"]


@pytest.mark.parametrize(
    "network, data, options, things",
    [
        ("joint", "sample-ravdess", {}, ["sample-ravdess", "pairs"]),
        ("crnn", PAIRED, {}, [PAIRED, "pairs"]),
        ("joint", PAIRED, {"protocol": "folds-2"}, ["-of-2", "actors-16-4-4"]),
        ("actions", "sample-fer2013", {}, ["sample-fer2013", "faces", "units"]),
        ("joint", PAIRED, {"recipe": "thesis"}, ["'joint'", "--recipe best"]),
    ],
)
def test_what_cannot_be_trained_is_named(tmp_path, network, data, options, things):
    with raises_error(EmotutilsError, *things):
        training.train(network, data, out=tmp_path, epochs=1, progress=False, **options)


# --- the real pairs -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_pairs(real_data):
    return datasets.load_pairs(load_network("joint").card["data"], real_data)


@pytest.mark.real
def test_real_parts_share_no_face_and_no_near_twin(real_pairs):
    table = real_pairs.faces.table
    groups = {
        split: set(table["group"][table["split"] == split])
        for split in ("train", "validation", "test")
    }
    assert not groups["train"] & groups["validation"]
    assert not (groups["train"] | groups["validation"]) & groups["test"]
    counts = table["split"].value_counts()
    assert (
        counts["train"] == 28709
        and 3200 < counts["validation"] < 3589
        and 2900 < counts["test"] < 3589
    )


@pytest.mark.real
def test_the_shipped_network_gives_its_records_score_again(real_pairs):
    network = load_network("joint")
    pairs = real_pairs.part("test", network.features)
    test = records.of_card(network.card)["test"]
    n, frames = pairs.face.shape[:2]
    seen = network.embed("face", pairs.face.reshape(-1, 48, 48, 1)).reshape(n, frames, -1)
    seen, heard = seen.mean(axis=1), network.embed("voice", pairs.voice)
    for told, given in (
        (test, (seen, heard)),
        (test["face_only"], (seen, None)),
        (test["voice_only"], (None, heard)),
    ):
        again = score(pairs.y, network.join(*given), EMOTIONS, pairs.actor)
        assert again.n == told["n"]
        assert again.accuracy.value == pytest.approx(told["accuracy"]["value"], abs=0.005)
