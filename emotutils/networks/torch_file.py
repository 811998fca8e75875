"""Weights that PyTorch saved, read without PyTorch.

Such a file is a pickle, and a pickle can run any code when it is opened. No library that we know
reads the older of PyTorch's two formats without PyTorch; this reader admits tensors only.
"""

import os
import pickle
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..errors import NetworkError

#: The first object in the older format, by which PyTorch knows it.
MAGIC = 0x1950A86A20F9469CFC6C
#: Kinds of numbers that weights are made of.
DTYPES = {
    "FloatStorage": np.dtype("<f4"),
    "LongStorage": np.dtype("<i8"),
}


@dataclass(frozen=True)
class _Storage:
    """Where the numbers of a tensor are: they follow behind all tensors."""

    key: str
    dtype: np.dtype


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def to_array(self, numbers: dict[str, np.ndarray]) -> np.ndarray:
        """A copy of its part of the numbers."""
        flat = numbers[self.storage.key][self.offset :]
        itemsize = self.storage.dtype.itemsize
        strides = [step * itemsize for step in self.strides]
        needed = 1 + sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))
        if min(self.shape, default=1) < 1 or min(self.strides, default=0) < 0:
            raise ValueError(f"a tensor of the shape {self.shape}")
        if needed > len(flat):
            raise ValueError("a tensor that reaches beyond its numbers")
        return np.lib.stride_tricks.as_strided(flat, self.shape, strides).copy()


class _TensorsOnly(pickle.Unpickler):
    """An unpickler that knows tensors, dictionaries and plain values, and refuses the rest."""

    def find_class(self, module: str, name: str):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if module == "torch" and name in DTYPES:
            return DTYPES[name]
        raise pickle.UnpicklingError(f"it wants {module}.{name}, which no weights need")

    def persistent_load(self, described: tuple) -> _Storage:
        _, dtype, key, *_ = described
        if not isinstance(dtype, np.dtype):
            raise pickle.UnpicklingError(f"numbers of an unknown kind, {dtype!r}")
        return _Storage(str(key), dtype)


def _rebuild(storage: _Storage, offset: int, shape: tuple, strides: tuple, *_) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def read_torch_file(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """The tensors in a file that ``torch.save`` wrote from a ``state_dict``, by name.

    Parameters
    ----------
    path : in the format before PyTorch 1.6; the later one is a zip file, and is refused.

    Raises
    ------
    NetworkError : another format, a file cut short, or anything in it that is no tensor.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            return _read(file)
    except OSError as error:
        raise NetworkError(f"{path}: {error.strerror}") from None
    except Exception as error:  # a broken pickle can raise nearly anything
        raise NetworkError(f"{path} holds no weights that can be read: {error}") from error


def _read(file: BinaryIO) -> dict[str, np.ndarray]:
    if _TensorsOnly(file).load() != MAGIC:
        raise ValueError("not PyTorch's older format")
    _TensorsOnly(file).load()  # the version of the format
    _TensorsOnly(file).load()  # the machine that wrote it
    state = _TensorsOnly(file).load()
    numbers = {}
    dtypes = {tensor.storage.key: tensor.storage.dtype for tensor in state.values()}
    for key in _TensorsOnly(file).load():
        count = int.from_bytes(file.read(8), "little")
        dtype = dtypes[key]
        data = file.read(count * dtype.itemsize)
        numbers[key] = np.frombuffer(data, dtype, count)
    return {name: tensor.to_array(numbers) for name, tensor in state.items()}
