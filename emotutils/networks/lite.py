"""A network on LiteRT: it answers as the Keras model it was made from does, without TensorFlow."""

import hashlib
import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..errors import NetworkError
from ..support.files import replacing
from ..support.quiet import hushed

#: More gain nothing: the networks are small, and face and voice run side by side.
THREADS = 1

#: Of a joint network, each asked by itself (`JointNetwork`); any other is one part without a name.
JOINT_PARTS = ("face_trunk", "voice_trunk", "head")
PARTS = ("", *JOINT_PARTS)


class LiteModel:
    """One ``.tflite`` file, asked as a Keras model is.

    It takes one row at a time, whatever the batch: 64 rows at once cost as much a row, and one that
    is alone would wait for 63 of padding. Threads that ask the same object wait for each other.

    Parameters
    ----------
    content : of the file.

    Raises
    ------
    NetworkError : content that LiteRT cannot run.
    """

    def __init__(self, content: bytes) -> None:
        # Imported here: building and training need no LiteRT.
        from ai_edge_litert.interpreter import Interpreter

        self._content = content
        self._lock = threading.Lock()
        try:
            with hushed():
                self._interpreter = Interpreter(model_content=content, num_threads=THREADS)
                self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise NetworkError(f"LiteRT cannot run this network: {reason}") from error
        self._inputs = {part["name"]: part for part in self._interpreter.get_input_details()}
        self._output = self._interpreter.get_output_details()[0]

    def __reduce__(self) -> tuple:
        """What is needed to make it again in another process."""
        return LiteModel, (self._content,)

    @property
    def input_shape(self) -> tuple[int | None, ...] | dict[str, tuple[int | None, ...]]:
        """As Keras has it, ``None`` for the rows; of several inputs each one's by name."""
        shapes = {name: (None, *_ints(part)) for name, part in self._inputs.items()}
        if len(shapes) == 1:
            return next(iter(shapes.values()))
        return shapes

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        return (None, *_ints(self._output))

    def predict_on_batch(self, batch: np.ndarray | Mapping[str, np.ndarray]) -> np.ndarray:
        """The answers to some rows.

        Parameters
        ----------
        batch : (n, …), or for several inputs one each by name.

        Returns
        -------
        float32 (n, k).
        """
        if not isinstance(batch, Mapping):
            (name,) = self._inputs
            batch = {name: batch}
        given = {
            part["index"]: np.asarray(batch[name], np.float32)
            for name, part in self._inputs.items()
        }
        n = len(next(iter(given.values())))
        answers = np.empty((n, *_ints(self._output)), np.float32)
        with self._lock:
            for row in range(n):
                for index, values in given.items():
                    self._interpreter.set_tensor(index, values[row : row + 1])
                self._interpreter.invoke()
                answers[row] = self._interpreter.get_tensor(self._output["index"])[0]
        return answers


def _ints(part: dict) -> list[int]:
    """An input's or output's shape, without the rows."""
    return part["shape"][1:].tolist()


def are_there(path: Path, card: dict) -> bool:
    """Whether all files that a card names for LiteRT lie beside the ``.keras`` file at ``path``."""
    named = card.get("litert")
    return bool(named) and all(path.with_name(name).is_file() for name in named["files"])


def open_files(path: Path, card: dict) -> dict[str, LiteModel]:
    """A network's parts by name: those of a joint network, or a single one, ``""``.

    Parameters
    ----------
    path : of the ``.keras`` file.
    card : the network's.

    Raises
    ------
    NetworkError : no such files, or files that were not made from this ``.keras`` file.
    """
    if not are_there(path, card):
        raise NetworkError(f"{path} has no files for LiteRT: emotutils convert {path} makes them")
    named = card["litert"]
    _check(path, path.read_bytes(), named["keras"], path)
    models = {}
    for part in PARTS:
        file = file_of(path, part)
        if file.name in named["files"]:
            content = file.read_bytes()
            _check(file, content, named["files"][file.name], path)
            models[part] = LiteModel(content)
    return models


def write_files(path: Path, contents: Mapping[str, bytes]) -> dict:
    """Write a network's parts beside its ``.keras`` file; give what its card says of them: names,
    and sha256 of each file.

    Parameters
    ----------
    path : of the ``.keras`` file, which is there already.
    contents : of each part, by name.
    """
    files = {}
    for part, content in contents.items():
        file = file_of(path, part)
        with replacing(file) as temporary:
            temporary.write_bytes(content)
        files[file.name] = _sha256(content)
    return {"keras": _sha256(path.read_bytes()), "files": files}


def remove_files(path: Path) -> None:
    """Take away what was made for LiteRT from the ``.keras`` file at ``path``."""
    for part in PARTS:
        file_of(path, part).unlink(missing_ok=True)


def file_of(path: Path, part: str) -> Path:
    """Where a part of the network at ``path`` lies: ``conv2d.tflite``, ``joint.head.tflite``."""
    end = f".{part}.tflite" if part else ".tflite"
    return path.with_name(path.stem + end)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _check(file: Path, content: bytes, wanted: str, path: Path) -> None:
    if _sha256(content) != wanted:
        raise NetworkError(
            f"{file} is not the file that its card was written for: "
            f"emotutils convert {path} makes LiteRT's files anew"
        )
