"""A trained network as an object: what it is given, what it answers. Taught in notebooks/07_conv2d
and notebooks/10_conv1d.
"""

import random
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import NetworkError
from ..evaluation import soften
from ..texts import Tokens
from ..voices import Features

if TYPE_CHECKING:
    import keras

    from .lite import LiteModel

#: Faces or windows in one compiled call; more gains nothing on two cores.
BATCH = 64

#: A probability of 0 counts as this when it is softened: far below what float32 tells from 0.
LEAST = 1e-12


@dataclass(frozen=True)
class Kind:
    """A kind of input.

    Attributes
    ----------
    words : what it is.
    stream : the stream of a film that a network with such input speaks for; ``None``: for none.
    """

    words: str
    stream: str | None


#: The kinds of input by name; a card calls its network's ``modality``.
KINDS = {
    "face": Kind("a face, cut out", stream="face"),
    "voice": Kind("features of a sound", stream="voice"),
    "text": Kind("what is said, line by line", stream="words"),
    # No film gives them without OpenFace.
    "units": Kind("means of 35 action units", stream=None),
    "both": Kind("a face and a voice", stream=None),
}


@dataclass
class Network:
    """A trained network with its card, ready to be asked.

    Attributes
    ----------
    card : what stands in ``NAME.card.json``.
    model : the Keras model behind it, or what LiteRT runs in its place.
    path : of its ``.keras`` file; the record of its training may lie beside it.
    runtime : what runs it, ``"keras"`` or ``"litert"``.
    """

    card: dict
    model: "keras.Model | LiteModel"
    path: Path | None = None
    runtime: str = "keras"

    @property
    def name(self) -> str:
        return self.card["name"]

    @property
    def kind(self) -> str:
        """What it is given, one of ``KINDS``."""
        return self.card["modality"]

    @property
    def stream(self) -> str | None:
        """The stream of a film that it speaks for, such as ``"face"``; ``None``: for none."""
        return KINDS[self.kind].stream

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.card["labels"])

    @property
    def input_shape(self) -> tuple[int, ...]:
        return tuple(self.card["input_shape"])

    @cached_property
    def features(self) -> Features | Tokens | None:
        """How a voice network wants its sound, or a text network its texts (``None`` for faces)."""
        wanted = self.card["features"]
        if not wanted:
            return None
        if self.kind == "text":
            return Tokens.from_dict(wanted)
        return Features.from_dict(wanted)

    @property
    def temperature(self) -> float:
        """Divides the logits before the softmax; 1 where the network was not calibrated."""
        return self.card["temperature"]

    def predict_proba(self, batch: np.ndarray, factor: float | np.ndarray = 1.0) -> np.ndarray:
        """Probabilities of the network's own labels, at its temperature.

        Parameters
        ----------
        batch : float (n, *input_shape): faces in 0..255, or what ``features`` gives.
        factor : on the temperature, one or (n,): above 1 for input that is worse than what it was
            fitted on, see ``evaluation.Calibration``.

        Returns
        -------
        float64 (n, len(labels)), each row summing to 1.

        Raises
        ------
        NetworkError : an input of another shape, or answers that are no numbers.
        """
        batch = np.asarray(batch, dtype=np.float32)
        if batch.shape[1:] != self.input_shape:
            raise NetworkError(
                f"network {self.name!r} takes {self.input_shape}, not {batch.shape[1:]}"
            )
        if self.kind == "face" and 0 < batch.max(initial=0) <= 1:
            warnings.warn(
                f"network {self.name!r} takes grey values from 0 to 255, these are from 0 to 1",
                stacklevel=2,
            )
        answers = in_batches(self.model, batch)
        check_numbers(self.name, batch, answers)
        proba = np.full(answers.shape, np.nan)
        if self.temperature > 0:
            with np.errstate(divide="ignore", invalid="ignore"):
                proba = soften(answers, self.temperature * np.asarray(factor), least=LEAST)
        if not np.isfinite(proba).all():
            raise NetworkError(
                f"network {self.name!r}: at the temperature {self.temperature} of its card there "
                "are no probabilities; emotutils calibrate fits it anew"
            )
        return proba


def check_numbers(name: str, batch: np.ndarray, answers: np.ndarray) -> None:
    """Raise NetworkError where a network gives NaN or infinity: NaN would be taken for "nothing
    there", as of a frame without a face.
    """
    if not np.isfinite(batch).all():
        raise NetworkError(f"network {name!r} was given values that are no numbers")
    if not np.isfinite(answers).all():
        raise NetworkError(
            f"network {name!r} gives answers that are no numbers: its weights are damaged, or its "
            "training failed; take another, or train it again"
        )


def in_batches(model: "keras.Model | LiteModel", batch: np.ndarray) -> np.ndarray:
    """A model's answers, also to no rows at all: (n, *input_shape) → float32 (n, k)."""
    answers = [np.empty((0, model.output_shape[-1]), np.float32)]
    for start in range(0, len(batch), BATCH):
        # One compiled call; model.predict would cost 50 ms of set-up each time.
        answers.append(model.predict_on_batch(batch[start : start + BATCH]))
    return np.concatenate(answers)


def input_shape_of(model: "keras.Model") -> tuple[int, ...] | dict[str, tuple[int, ...]]:
    """The shape of what a network is given; of one with several inputs, each one's by name."""
    if len(model.inputs) == 1:
        return tuple(model.input_shape[1:])
    # By name, because their order is lost in the file.
    shapes = {x.name: tuple(x.shape[1:]) for x in model.inputs}
    shapes.pop("present", None)
    return shapes


def compile_for(model: "keras.Model", **options) -> None:
    """``model.compile`` without XLA: on processors TensorFlow runs these networks 2–10 times faster
    without it.

    Parameters
    ----------
    model : compiled in place.
    **options : for ``model.compile``: ``optimizer``, ``loss``, ``metrics`` …
    """
    import keras

    jit_compile = "auto"
    if keras.backend.backend() == "tensorflow":
        jit_compile = False
    model.compile(jit_compile=jit_compile, **options)


def with_seed(model: "keras.Model", seed: int) -> "keras.Model":
    """The same network, untrained, every random part of it (weights, dropout) drawn from ``seed``.

    ``keras.utils.set_random_seed`` sets a state that all threads of a process share: a Dask worker
    that runs several fits would mix them up. Here every layer gets a seed of its own.
    """
    draw = random.Random(seed)
    return type(model).from_config(_seeded(model.get_config(), draw))


def _seeded(node, draw: random.Random):
    """A configuration in which each ``seed`` that is ``None`` is drawn."""
    if isinstance(node, list | tuple):
        return [_seeded(part, draw) for part in node]
    if not isinstance(node, dict):
        return node
    drawn = {}
    if node.get("seed", 0) is None:
        drawn["seed"] = draw.randint(1, 10**9)
    return {key: _seeded(value, draw) for key, value in node.items()} | drawn
