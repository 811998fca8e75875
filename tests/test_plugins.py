"""Networks, data sets and rules from other packages: announced by entry points, or registered by
hand.
"""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from raising import raises_error

from emotutils import datasets, fusion
from emotutils.cli import main
from emotutils.emotions import EMOTIONS
from emotutils.errors import DataError, EmotutilsError, NetworkError
from emotutils.networks import network_names, register_network, registry
from emotutils.support import plugins
from emotutils.training import material
from emotutils.training.recipes import recipe_for


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(registry, "_REGISTRY", dict(registry._REGISTRY))
    monkeypatch.setattr(datasets.loading, "_ADDED", {})
    for name in set(fusion.RULES) - {
        "weighted",
        "mean",
        "product",
        "maximum",
        "majority",
        "stacking",
    }:
        monkeypatch.delitem(fusion.RULES, name)
    monkeypatch.setattr(plugins, "_LEFT_OUT", {})


def installed(folder, module: str, code: str, **announcements: str) -> None:
    """A package as pip leaves it: a module, and beside it what it announces."""
    (folder / f"{module}.py").write_text(code)
    about = folder / f"{module}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    lines = [f"[emotutils.{kind}]\n{line}\n" for kind, line in announcements.items()]
    (about / "entry_points.txt").write_text("".join(lines))


BUILD = "def build(variant='best', *, n_labels=7, input_shape=(48, 48, 1)):\n    pass\n"


def test_what_is_announced_is_found(tmp_path, monkeypatch):
    installed(
        tmp_path, "aplug", BUILD + "build.modality = 'voice'\n", networks="theirs = aplug:build"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert "theirs" in network_names("voice") and "theirs" not in network_names("face")
    taken = []
    plugins.add_announced("networks", {"theirs"}, lambda *found: taken.append(found))
    assert not taken


@pytest.mark.parametrize(
    "code, hint",
    [
        ("import nothing_of_that_name", "'nothing_of_that_name'"),
        (BUILD, "modality None"),
        ("raise SystemExit(3)", "3"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_leaves_the_rest_alone(
    tmp_path, monkeypatch, capsys, code, hint
):
    installed(tmp_path, "bplug", code, networks="broken = bplug:build")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "bplug", raising=False)
    assert registry.kind_of("conv2d") == "face"
    with raises_error(EmotutilsError, "'broken'", hint):
        registry.kind_of("broken")
    assert "broken" not in network_names() and "conv2d" in network_names()
    (line,) = plugins.left_out("networks")
    assert "'broken'" in line and hint in line
    assert main(["evaluate", "broken", "--data", "sample-fer2013"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_list_of_sets_names_those_of_others_and_what_is_left_out(tmp_path, monkeypatch, capsys):
    announced = "theirs = eplug:read\nbroken = eplug:nothing"
    installed(tmp_path, "eplug", "def read(root, *, on_error):\n    pass\n", datasets=announced)
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["data", "list"]) == 0
    told = capsys.readouterr()
    assert told.out.endswith("from other packages: theirs\n") and "'broken'" not in told.out
    assert told.err.count("\n") == 1 and "'broken'" in told.err


def test_a_saved_network_finds_the_layers_of_its_package(tmp_path):
    """In a process of its own: nobody has imported the package there."""
    code = (
        "import keras\n@keras.saving.register_keras_serializable('cplug')\nclass Half(keras.layers.Layer):\n"
        "    def call(self, x):\n        return x / 2\n"
        "def build(variant='best', *, n_labels=7, input_shape=(48, 48, 1)):\n"
        "    x = inputs = keras.Input(input_shape)\n    x = Half()(keras.layers.Flatten()(x))\n"
        "    return keras.Model(inputs, keras.layers.Dense(n_labels, activation='softmax')(x))\n"
        "build.modality = 'face'\n"
    )
    installed(tmp_path, "cplug", code, networks="halved = cplug:build")
    program = (
        "import sys; from emotutils import cli\n"
        "assert cli.main(['train', 'halved', '--data', 'sample-fer2013', '--epochs', '1', '--out', 'out']) == 0\n"
        "import keras; keras.saving.get_custom_objects().clear(); del sys.modules['cplug']\n"
        "from emotutils.networks import registry; del registry._REGISTRY['halved']\n"
        "path = 'out/official-sample-fer2013-halved-best-1-epochs-s0/halved.keras'\n"
        "assert cli.main(['evaluate', path, '--data', 'sample-fer2013']) == 0\n"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "105 rows" in done.stdout


@pytest.mark.parametrize(
    "modality, like", [("face", "conv2d"), ("voice", "crnn"), ("units", "actions")]
)
def test_a_network_from_outside_is_trained_like_ours_of_its_modality(modality, like):
    register_network("theirs", lambda variant: None, modality)
    assert recipe_for("theirs", "best") == recipe_for(like, "best")
    with raises_error(NetworkError, "'theirs'", "--recipe best"):
        recipe_for("theirs", "thesis")
    with raises_error(NetworkError, "'their/s'"):
        register_network("their/s", lambda variant: None, modality)


def made_up(root=None, *, on_error="raise") -> datasets.Dataset:
    """Twelve grey faces."""
    label = list(EMOTIONS[:2]) * 6
    table = pd.DataFrame({"id": [f"f{k}" for k in range(12)], "label": label, "y": [0, 1] * 6})
    table["group"], table["split"] = table["id"], ["train"] * 8 + ["validation"] * 2 + ["test"] * 2
    x = np.arange(12, dtype=np.float32)[:, None, None, None] * np.ones((1, 48, 48, 1), np.float32)
    return datasets.Dataset(
        "made-up", table, EMOTIONS, "nobody", "CC0", read_faces=lambda rows: x[rows]
    )


def test_a_set_from_outside_is_loaded_by_name_and_checked(capsys):
    datasets.register("made-up", made_up)
    assert len(datasets.load("made-up")) == 12
    assert datasets.from_outside("made-up") and datasets.from_outside("paired-made-up+ravdess")
    assert not datasets.from_outside("ravdess+tess")
    assert main(["data", "check", "made-up"]) == 0
    assert "made-up: 12 rows (8 train, 2 validation, 2 test), 12 groups" in capsys.readouterr().out
    with raises_error(DataError, " made-up,", "sample-fer2013", where="data set 'made-down'"):
        datasets.load("made-down")


@pytest.mark.parametrize(
    "change, fault",
    [
        ({"id": "f0"}, "f0"),
        ({"split": "dev"}, "split"),
        ({"y": 9}, "y "),
        ({"y": 1}, "y "),
        ({"group": None}, "empty"),
        ({"label": "pain"}, "y "),
        ("group", "group"),
        ("faces", "read_faces"),
        ("labels", "pain"),
    ],
)
def test_a_reader_is_told_what_its_set_lacks(change, fault):
    made = made_up()
    if isinstance(change, dict):
        made = replace(made, table=made.table.assign(**change))
    elif change == "labels":
        made = replace(made, labels=("anger", "disgust", "pain"))
    elif change == "faces":
        made = replace(made, read_faces=None)
    else:
        made = replace(made, table=made.table.drop(columns=change))
    datasets.register("made-up", lambda root=None, *, on_error="raise": made)
    with raises_error(DataError, where="data set made-up") as error:
        datasets.load("made-up")
    assert fault in error.value.what


@pytest.mark.parametrize("name", ["fer2013", "sample-mine", "paired-mine", "mine+yours", "a/b", ""])
def test_names_that_mean_something_else_are_no_names_of_sets(name):
    with raises_error(DataError, where=f"data set {name!r}"):
        datasets.register(name, made_up)


@pytest.mark.parametrize(
    "data, modality, protocol",
    [
        ("fer2013", "face", "official"),
        ("sample-ravdess+tess", "voice", "actors-16-4-4"),
        ("paired-fer2013+ravdess", "both", "actors-16-4-4"),
        ("my-voices", "voice", "official"),
    ],
)
def test_a_run_is_named_after_the_split_that_it_used(data, modality, protocol):
    assert material.own_protocol(data, modality) == protocol


def test_a_rule_from_outside_is_applied_by_name(tmp_path, monkeypatch):
    code = "import numpy as np\ndef least(p, w, prior):\n    return np.nanmin(p, axis=0)\n"
    installed(tmp_path, "dplug", code, rules="least = dplug:least")
    monkeypatch.syspath_prepend(tmp_path)
    face, voice = np.full((2, 7), 1 / 7), np.array([[0.4, 0, 0, 0.6, 0, 0, 0], [np.nan] * 7])
    fused = fusion.fuse({"face": face, "voice": voice}, "least")
    np.testing.assert_allclose(fused, [[0.5, 0, 0, 0.5, 0, 0, 0], [1 / 7] * 7])
    assert "least" in fusion.rule_names()
    monkeypatch.delitem(fusion.RULES, "least")
    with raises_error(EmotutilsError, "'stacking'"):
        fusion.register_rule("stacking", lambda p, w, prior: p[0])
