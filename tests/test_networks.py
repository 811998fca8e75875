import io
import itertools
import json
import zipfile

import h5py
import keras
import numpy as np
import pytest
from raising import raises_error

from emotutils import config
from emotutils.emotions import EMOTIONS, EMOTIONS_WITH_CALM
from emotutils.errors import NetworkError
from emotutils.networks import (
    KINDS,
    as_network,
    build_network,
    kind_of,
    load_network,
    network_names,
    register_network,
    save_card,
    save_network,
    shipped_cards,
)
from emotutils.networks.portable import NEWER, make_portable
from emotutils.networks.store import weights_hash
from emotutils.voices import PAD, Features


def card(name="conv2d", **changes):
    features = None if kind_of(name) == "face" else Features()
    score = {"value": 0.5, "low": 0.4, "high": 0.6}
    base = {
        "name": name,
        "builder": name,
        "variant": "best",
        "modality": kind_of(name),
        "labels": list(EMOTIONS if features is None else EMOTIONS_WITH_CALM),
        "input_shape": [48, 48, 1] if features is None else list(features.shape),
        "features": features.to_dict() if features else None,
        "temperature": 1.0,
        "parameters": 1,
        "data": "none",
        "protocol": "none",
        "test": {"n": 1, "n_groups": None, "accuracy": score, "uar": score, "macro_f1": score},
        "licence": "none",
        "run": "none",
    }
    return base | changes


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    keras.utils.set_random_seed(1)
    model = build_network("conv2d", widths=(4, 4, 4, 4, 4, 4, 4))
    return save_network(model, card(), tmp_path_factory.mktemp("nets")), model


@pytest.mark.parametrize(
    "name, variant",
    [
        *itertools.product(("conv2d", "vgg16", "resnet50"), ("thesis", "best")),
        ("efficientnet_lite0", "best"),
    ],
)
def test_face_networks_take_faces_and_give_probabilities(name, variant):
    model = build_network(name, variant)
    assert model.input_shape == (None, 48, 48, 1) and model.output_shape == (None, 7)
    p = np.asarray(model(np.zeros((2, 48, 48, 1), np.float32)))
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


def test_the_thesis_networks_have_the_layers_it_names():
    conv2d = build_network("conv2d", "thesis")
    assert {"Conv2D", "MaxPooling2D", "Dropout", "Flatten", "Dense"} <= set(kinds(conv2d))
    assert {layer.rate for layer in conv2d.layers if type(layer).__name__ == "Dropout"} == {0.5}
    assert {
        layer.pool_size for layer in conv2d.layers if type(layer).__name__ == "MaxPooling2D"
    } == {(2, 2)}
    for name in ("vgg16", "resnet50"):
        top = kinds(build_network(name, "thesis"))[-4:]
        assert top == ["Dropout", "Flatten", "Dense", "Dense"]
    conv1d = build_network("conv1d", "thesis")
    assert kinds(conv1d).count("Conv1D") == 3 and "BatchNormalization" in kinds(conv1d)
    assert {layer.rate for layer in conv1d.layers if type(layer).__name__ == "Dropout"} == {0.2}


def test_the_small_networks_are_small():
    assert build_network("conv2d").count_params() <= 1_500_000
    assert build_network("crnn").count_params() <= 500_000


def test_crnn_does_not_see_how_long_the_padding_is():
    long, short = (
        build_network("crnn", input_shape=(301, 64)),
        build_network("crnn", input_shape=(201, 64)),
    )
    short.set_weights(long.get_weights())
    x = np.full((2, 301, 64), PAD, np.float32)
    x[:, :150] = np.random.default_rng(0).normal(-40, 10, (2, 150, 64))
    np.testing.assert_allclose(np.asarray(long(x)), np.asarray(short(x[:, :201])), atol=1e-6)


def test_saved_and_loaded_it_says_the_same(saved):
    path, model = saved
    network = load_network(path)
    x = np.random.default_rng(0).uniform(0, 255, (70, 48, 48, 1)).astype(np.float32)
    p = network.predict_proba(x)
    assert p.shape == (70, 7) and p.dtype == np.float64
    np.testing.assert_allclose(p, np.asarray(model(x)), atol=1e-5)
    assert network.labels == EMOTIONS and network.kind == "face" and network.features is None
    assert network.predict_proba(x[:0]).shape == (0, 7)
    with pytest.warns(UserWarning, match="from 0 to 255"):
        network.predict_proba(x[:2] / 255)


def test_temperature_softens_but_keeps_the_answer(saved, tmp_path):
    path, model = saved
    x = np.random.default_rng(0).uniform(0, 255, (20, 48, 48, 1)).astype(np.float32)
    hot = load_network(save_network(model, card(temperature=3.0), tmp_path)).predict_proba(x)
    cold = load_network(path).predict_proba(x)
    np.testing.assert_array_equal(hot.argmax(axis=1), cold.argmax(axis=1))
    expected = cold ** (1 / 3) / (cold ** (1 / 3)).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(hot, expected, rtol=1e-5)


def test_a_network_from_outside_is_built_by_name():
    def builder(variant, *, n_labels=7, input_shape=(48, 48, 1)):
        inputs = keras.Input(input_shape)
        outputs = keras.layers.Dense(n_labels, activation="softmax")(keras.layers.Flatten()(inputs))
        return keras.Model(inputs, outputs)

    register_network("toy", builder, "face")
    assert "toy" in network_names("face") and "toy" not in network_names("voice")
    assert build_network("toy", n_labels=3).output_shape == (None, 3)
    with raises_error(NetworkError, "'smell'"):
        register_network("nose", builder, "smell")


def test_unknown_names_and_options_are_named(tmp_path):
    with raises_error(NetworkError, "'conv3d'", "conv2d"):
        load_network("conv3d")
    with raises_error(NetworkError, "'conv2d'", "'better'", "thesis", "best"):
        build_network("conv2d", "better")
    with raises_error(NetworkError, "'conv2d'", "'depth'"):
        build_network("conv2d", depth=3)
    with raises_error(NetworkError, "'resnet50'", "emotutils train resnet50"):
        load_network("resnet50")
    with raises_error(NetworkError, tmp_path / "none.keras"):
        load_network(tmp_path / "none.keras")


def test_wrong_files_give_one_clear_line(saved, tmp_path):
    path, model = saved
    alone = tmp_path / "alone.keras"
    alone.write_bytes(path.read_bytes())
    with raises_error(NetworkError, alone, "alone.card.json"):
        load_network(alone)
    broken = tmp_path / "broken.keras"
    broken.write_text("not a network")
    (tmp_path / "broken.card.json").write_text(json.dumps(card()))
    with raises_error(NetworkError, broken):
        load_network(broken)
    (tmp_path / "alone.card.json").write_text("{")
    with raises_error(NetworkError, tmp_path / "alone.card.json", "JSON"):
        load_network(alone)
    (tmp_path / "alone.card.json").write_text(json.dumps(card() | {"labels": ["anger"]}))
    with raises_error(NetworkError, alone, "labels"):
        load_network(alone)
    with raises_error(NetworkError, "'conv2d'", "run"):
        save_network(model, {k: v for k, v in card().items() if k != "run"}, tmp_path)
    with raises_error(NetworkError, path, "'conv2d'", "'vgg16'"):
        load_network("vgg16", weights=path)
    with raises_error(NetworkError, "(48, 48, 1)", "(64, 64, 1)"):
        load_network(path).predict_proba(np.zeros((1, 64, 64, 1)))


def test_weights_that_lie_in_another_file_are_refused(saved, tmp_path):
    path, _ = saved
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(1000))
    made_up = tmp_path / "conv2d.keras"
    card_path = path.with_name("conv2d.card.json")
    (tmp_path / card_path.name).write_bytes(card_path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    content = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(content, "r+") as weights:
        kernels = []
        weights.visit(lambda name: kernels.append(name) if name.endswith("vars/0") else None)
        shape = weights[kernels[-1]].shape
        del weights[kernels[-1]]
        place = [(str(secret), 0, 4 * int(np.prod(shape)))]
        weights.create_dataset(kernels[-1], shape, "<f4", external=place)
    parts["model.weights.h5"] = content.getvalue()
    with zipfile.ZipFile(made_up, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    with raises_error(NetworkError, made_up):
        load_network(made_up)


def test_every_shipped_network_opens_and_knows_its_run():
    cards = shipped_cards()
    assert {"conv2d", "crnn"} <= {c["name"] for c in cards}
    for shipped in cards:
        network = load_network(shipped["name"])
        assert len(network.labels) == network.model.output_shape[-1]
        assert network.card["parameters"] == network.model.count_params()
        assert network.card["weights_hash"] == weights_hash(network.model)


def test_weights_saved_again_have_their_hash_and_others_another(saved, tmp_path):
    path, model = saved
    told = load_network(path).card["weights_hash"]
    again = save_network(load_network(path).model, card(), tmp_path)
    assert load_network(again).card["weights_hash"] == told == weights_hash(model)
    other = keras.models.clone_model(model)
    assert load_network(save_network(other, card(), tmp_path)).card["weights_hash"] != told


def written(path) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read("config.json").decode()


@pytest.mark.parametrize(
    "path", sorted((config.shipped_root() / "weights").glob("*.keras")), ids=lambda p: p.stem
)
def test_shipped_networks_name_no_option_that_colabs_keras_does_not_know(path):
    assert not [option for option in NEWER if f'"{option}"' in written(path)]


def test_a_saved_network_names_a_newer_option_only_where_it_says_something(tmp_path):
    inputs = keras.Input((48, 48, 1))
    x = keras.layers.Flatten()(inputs)
    for momentum in (0.99, 0.5):
        x = keras.layers.BatchNormalization(momentum=momentum)(x)
    model = keras.Model(inputs, keras.layers.Dense(7, activation="softmax")(x))
    path = save_network(model, card(), tmp_path)
    assert not [option for option in NEWER if f'"{option}"' in written(path)]
    x = np.random.default_rng(0).uniform(0, 255, (3, 48, 48, 1)).astype(np.float32)
    np.testing.assert_allclose(load_network(path).predict_proba(x), model(x), atol=1e-6)
    plain = {"renorm": False, "quantization_config": None, "units": 3}
    with zipfile.ZipFile(tmp_path / "made.keras", "w") as archive:
        archive.writestr(
            "config.json", json.dumps({"layers": [plain, {"renorm": True, "input_axes": [0]}]})
        )
        archive.writestr("model.weights.h5", b"weights")
    make_portable(tmp_path / "made.keras")
    assert json.loads(written(tmp_path / "made.keras"))["layers"] == [
        {"units": 3},
        {"renorm": True, "input_axes": [0]},
    ]
    with zipfile.ZipFile(tmp_path / "made.keras") as archive:
        assert archive.read("model.weights.h5") == b"weights"


def test_a_network_is_taken_as_an_object_a_name_or_a_path():
    network = load_network("conv2d")
    assert as_network(network) is network
    assert as_network("conv2d").card == network.card
    with raises_error(NetworkError, "Functional"):
        as_network(network.model)


def test_the_kind_of_input_is_told_apart_from_the_stream():
    streams = {name: KINDS[kind_of(name)].stream for name in ("vgg16", "crnn", "actions", "joint")}
    assert streams == {"vgg16": "face", "crnn": "voice", "actions": None, "joint": None}
    network = load_network("crnn")
    assert (network.kind, network.stream) == ("voice", "voice")


@pytest.mark.parametrize("card", shipped_cards(KINDS), ids=lambda card: card["name"])
def test_a_saved_card_reads_as_before(card, tmp_path):
    shipped = config.shipped_root() / "weights" / f"{card['name']}.card.json"
    written = save_card(card, tmp_path / f"{card['name']}.keras")
    assert written.read_text(encoding="utf-8") == shipped.read_text(encoding="utf-8")
