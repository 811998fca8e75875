"""LiteRT answers as Keras does, its files belong to their network, and the tool needs no Keras."""

import json
import os
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
from raising import raises_error

from emotutils import config, datasets, networks
from emotutils.cli import main
from emotutils.errors import NetworkError
from emotutils.networks import convert_network, load_network, save_network, shipped_cards
from emotutils.networks.conversion import convert
from emotutils.voices import PAD

NAMES = [card["name"] for card in shipped_cards(networks.KINDS) if card["modality"] != "both"]
WEIGHTS = config.shipped_root() / "weights"
DEMO = config.shipped_root() / "sample" / "demo.mp4"
SIZES = (0, 1, 2, 31, 64, 65)


@pytest.fixture(scope="module", params=NAMES)
def pair(request):
    """One network on both runtimes."""
    name = request.param
    return load_network(name), load_network(name, runtime="litert")


@pytest.fixture(scope="module")
def joints():
    return load_network("joint"), load_network("joint", runtime="litert")


def damaged(shape: tuple[int, ...]) -> np.ndarray:
    """float32 (n, *shape): nothing, saturated, hardly any contrast, padding, noise of all sizes."""
    rng = np.random.default_rng(0)
    rows = [np.full(shape, value) for value in (0, 255, -80, PAD)]
    rows += [100 + rng.normal(0, 1e-3, shape), rng.integers(0, 2, shape) * 255.0]
    rows += [rng.normal(0, scale, shape) for scale in (1e-6, 1, 50, 1e3)]
    half = rng.normal(-40, 10, shape)
    half[len(half) // 2 :] = PAD
    return np.stack([*rows, half]).astype(np.float32)


def test_both_say_the_same_of_damaged_input(pair):
    keras_network, lite = pair
    x = damaged(lite.input_shape)
    np.testing.assert_allclose(lite.predict_proba(x), keras_network.predict_proba(x), atol=1e-5)


@pytest.mark.parametrize("n", SIZES)
def test_both_say_the_same_of_any_number_of_rows(pair, n):
    keras_network, lite = pair
    x = np.random.default_rng(n).uniform(-60, 60, (n, *lite.input_shape))
    p = lite.predict_proba(x)
    assert p.shape == (n, len(lite.labels)) and p.dtype == np.float64
    np.testing.assert_allclose(p, keras_network.predict_proba(x), atol=1e-5)


@pytest.mark.parametrize(
    "name, data",
    [("conv2d", "sample-fer2013"), ("crnn", "sample-ravdess"), ("conv1d", "sample-ravdess")],
)
def test_both_say_the_same_of_the_samples(name, data):
    _same_on(name, data, None)


@pytest.mark.real
@pytest.mark.parametrize(
    "name, data", [("conv2d", "fer2013"), ("crnn", "ravdess"), ("conv1d", "ravdess")]
)
def test_both_say_the_same_of_real_faces_and_voices(real_data, name, data):
    _same_on(name, data, real_data)


def _same_on(name, data, root):
    one, other = load_network(name), load_network(name, runtime="litert")
    dataset = datasets.load(data, root)
    rows = np.flatnonzero(dataset.table["split"] == "test")[:130]
    if one.kind == "face":
        x = dataset.faces(rows)
    else:
        x = np.stack([one.features(sound) for sound in dataset.voices(rows, one.features.sr)])
    np.testing.assert_allclose(other.predict_proba(x), one.predict_proba(x), atol=1e-5)


@pytest.mark.parametrize("stream", ["face", "voice"])
def test_the_joint_networks_parts_say_the_same(joints, stream):
    keras_network, lite = joints
    shape = lite.input_shape[stream][-3:] if stream == "face" else lite.input_shape[stream]
    for x in (damaged(shape), damaged(shape)[:0]):
        expected, found = keras_network.embed(stream, x), lite.embed(stream, x)
        assert found.shape == expected.shape and found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("n", SIZES)
def test_joined_they_say_the_same(joints, n):
    keras_network, lite = joints
    rng = np.random.default_rng(n)
    x = {
        "face": rng.uniform(0, 255, (n, *lite.input_shape["face"])),
        "voice": rng.normal(-40, 12, (n, *lite.input_shape["voice"])),
        "present": rng.integers(0, 2, (n, 2)),
    }
    expected = keras_network.predict_proba(x)
    np.testing.assert_allclose(lite.predict_proba(x), expected, atol=1e-5)


def test_each_thread_may_ask(pair):
    _, lite = pair
    x = damaged(lite.input_shape)
    expected = lite.predict_proba(x)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lite.predict_proba, [x] * 12):
            np.testing.assert_array_equal(found, expected)


def test_one_that_was_sent_to_another_process_answers():
    network = load_network("actions", runtime="litert")
    x = damaged(network.input_shape)
    again = pickle.loads(pickle.dumps(network))
    np.testing.assert_array_equal(again.predict_proba(x), network.predict_proba(x))


# --- files ----------------------------------------------------------------------------------------


def small(units: int = 3) -> keras.Model:
    inputs = keras.Input((35,), name="units")
    x = keras.layers.Dense(units, activation="relu")(inputs)
    return keras.Model(inputs, keras.layers.Dense(8, activation="softmax")(x), name="actions")


def card(**changes) -> dict:
    return load_network("actions").card | changes


def test_every_shipped_network_has_its_files():
    for shipped in shipped_cards(networks.KINDS):
        network = load_network(shipped["name"], runtime="auto")
        assert network.runtime == "litert" and network.card == shipped


def test_they_are_small():
    sizes = [file.stat().st_size for file in WEIGHTS.iterdir()]
    assert max(sizes) < 10e6 and sum(sizes) < 40e6


def test_a_saved_network_runs_on_both(tmp_path):
    keras.utils.set_random_seed(3)
    path = save_network(small(), card(), tmp_path)
    x = damaged((35,))
    lite = load_network(path, runtime="litert")
    assert lite.runtime == "litert" and load_network(path).runtime == "keras"
    assert set(lite.card["litert"]["files"]) == {"actions.tflite"}
    np.testing.assert_allclose(
        lite.predict_proba(x), load_network(path).predict_proba(x), atol=1e-5
    )


def test_converting_draws_nothing():
    keras.utils.set_random_seed(3)
    model = small()
    keras.utils.set_random_seed(4)
    expected = small().get_weights()[0]
    keras.utils.set_random_seed(4)
    assert set(convert(model)) == {""}
    np.testing.assert_array_equal(small().get_weights()[0], expected)


def test_a_network_saved_over_another_has_its_own_files(tmp_path):
    path = save_network(small(), card(), tmp_path)
    before = load_network(path, runtime="litert")
    save_network(small(5), card(), tmp_path)
    again = load_network(path, runtime="litert")
    x = damaged((35,))
    assert np.abs(again.predict_proba(x) - before.predict_proba(x)).max() > 1e-3
    np.testing.assert_allclose(
        again.predict_proba(x), load_network(path).predict_proba(x), atol=1e-5
    )


@keras.saving.register_keras_serializable("tests")
class Strange(keras.layers.Layer):
    """Something that LiteRT does not know."""

    def call(self, x):
        import tensorflow as tf

        return x + tf.cast(tf.strings.length(tf.strings.as_string(x)), x.dtype)


def strange() -> keras.Model:
    inputs = keras.Input((35,), name="units")
    x = Strange()(inputs)
    return keras.Model(inputs, keras.layers.Dense(8, activation="softmax")(x), name="actions")


def test_what_cannot_be_converted_stays_on_keras(tmp_path, capfd):
    path = save_network(small(), card(), tmp_path)
    save_network(strange(), card(), tmp_path)
    assert not list(tmp_path.glob("*.tflite"))
    network = load_network(path, runtime="auto")
    assert network.runtime == "keras" and network.card["litert"] is None
    with raises_error(NetworkError, path, "emotutils convert"):
        load_network(path, runtime="litert")
    capfd.readouterr()
    assert main(["convert", str(path)]) == 2
    said = capfd.readouterr().err
    assert len(said.splitlines()) == 1 and "LiteRT" in said


def test_under_another_backend_nothing_is_converted(tmp_path, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    path = save_network(small(), card(), tmp_path)
    assert [file.name for file in sorted(tmp_path.iterdir())] == [
        "actions.card.json",
        "actions.keras",
    ]
    with raises_error(NetworkError, "jax", "KERAS_BACKEND=tensorflow"):
        convert_network(path)
    monkeypatch.undo()
    assert convert_network(path) == [tmp_path / "actions.tflite"]
    assert load_network(path, runtime="auto").runtime == "litert"


@pytest.mark.parametrize("name", ["actions.keras", "actions.tflite"])
def test_files_of_another_network_are_refused(tmp_path, name):
    path = save_network(small(), card(), tmp_path / "one")
    other = save_network(small(5), card(), tmp_path / "other")
    shutil.copy(other.with_name(name), path.with_name(name))
    with raises_error(NetworkError, path.with_name(name), "emotutils convert"):
        load_network(path, runtime="auto")
    assert main(["convert", str(path)]) == 0
    load_network(path, runtime="litert")


def test_a_network_saved_before_there_were_such_files_opens(tmp_path):
    path = save_network(small(), card(), tmp_path)
    written = path.with_name("actions.card.json")
    old = json.loads(written.read_text())
    del old["litert"]
    written.write_text(json.dumps(old))
    assert load_network(path, runtime="auto").runtime == "keras"


def test_a_folder_is_converted_and_what_cannot_be_is_named(tmp_path, capsys):
    assert main(["convert", str(tmp_path)]) == 2
    save_network(small(), card(), tmp_path)
    save_network(strange(), card(name="strange"), tmp_path)
    (tmp_path / "broken.keras").write_text("no network")
    (tmp_path / "actions.tflite").unlink()
    capsys.readouterr()
    assert main(["convert", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert "actions.tflite" in said.out
    assert "broken.keras" in said.err and "2 of 3" in said.err
    assert load_network(tmp_path / "actions.keras", runtime="auto").runtime == "litert"


def test_an_unknown_runtime_is_named():
    with raises_error(NetworkError, "'onnx'", "litert"):
        load_network("actions", runtime="onnx")


# --- without Keras --------------------------------------------------------------------------------

#: As if these were not installed.
BLOCKED = """
import sys
from importlib.machinery import PathFinder


class Rest(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] not in ("tensorflow", "keras", "jax", "torch"):
            return PathFinder.find_spec(name, path, target)


sys.meta_path[sys.meta_path.index(PathFinder)] = Rest
"""


def without_keras(*words) -> subprocess.CompletedProcess:
    """``emotutils`` with these words, where neither Keras nor anything it runs on is installed."""
    code = f"{BLOCKED}\nfrom emotutils.cli import main\nsys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, *map(str, words)]
    environment = {name: value for name, value in os.environ.items() if name != "EMOTUTILS_DATA"}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


@pytest.mark.parametrize(
    "words",
    [
        ["analyze", DEMO, "--only", "voice"],
        ["demo", "--fusion", "joint", "--fps", "1"],
        ["networks"],
        ["data", "list"],
        ["data", "check"],
        ["data", "audit", "sample-fer2013"],
        ["check"],
    ],
    ids=lambda words: "-".join(word for word in words if word != DEMO),
)
def test_the_tool_needs_no_keras(words, tmp_path):
    if words[0] in ("analyze", "demo"):
        words = [*words, "--out", tmp_path]
    done = without_keras(*words)
    assert done.returncode == 0 and not done.stderr, done.stderr
    if words[0] in ("analyze", "demo"):
        result = json.loads((tmp_path / "result.json").read_text())
        assert {network["runtime"] for network in result["networks"].values()} == {"litert"}


def test_a_network_without_files_for_litert_asks_for_keras(tmp_path):
    for name in ("conv2d.keras", "conv2d.card.json"):
        shutil.copy(WEIGHTS / name, tmp_path)
    path = tmp_path / "conv2d.keras"
    done = without_keras("analyze", DEMO, "--face-network", path, "--out", tmp_path)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "emotutils[course]" in done.stderr and f"emotutils convert {path}" in done.stderr
