"""Networks by name: register, build, save, load. Taught in notebooks/07_conv2d and
notebooks/10_conv1d.

A network on disk is two files: ``NAME.keras`` (architecture and weights, opened in Keras' safe
mode) and ``NAME.card.json`` (what it says, what it takes, how it was trained and what it scored).
"""

import importlib
import inspect
import json
import os
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import config
from ..errors import NetworkError
from ..support.files import replacing
from ..support.plugins import announced
from ..support.quiet import hushed
from ..voices import Features
from .portable import make_portable

if TYPE_CHECKING:
    import keras

#: ``"units"``: action units over time, which no film gives without OpenFace. ``"both"``: a face and
#: a voice.
MODALITIES = ("face", "voice", "units", "both")
#: What ``analyze`` uses when the user names no network: the best measured on unseen people
#: (README's table).
DEFAULTS = {"face": "conv2d", "voice": "crnn"}
BATCH = 64  # faces or windows in one compiled call; more gains nothing on two cores


@dataclass(frozen=True)
class Entry:
    """One registered network: its builder (or ``module:function``, imported on first use) and its
    modality.
    """

    builder: Callable[..., "keras.Model"] | str
    modality: str

    def load_builder(self) -> Callable[..., "keras.Model"]:
        if callable(self.builder):
            return self.builder
        module, function = self.builder.split(":")
        return getattr(importlib.import_module(module), function)


# Names and modules only, so that `emotutils --help` can list them without importing Keras.
_REGISTRY = {
    "conv2d": Entry("emotutils.networks.conv2d:build", "face"),
    "vgg16": Entry("emotutils.networks.vgg16:build", "face"),
    "resnet50": Entry("emotutils.networks.resnet50:build", "face"),
    "conv1d": Entry("emotutils.networks.conv1d:build", "voice"),
    "crnn": Entry("emotutils.networks.crnn:build", "voice"),
    "aus": Entry("emotutils.networks.aus:build", "units"),
    "joint": Entry("emotutils.networks.joint:build", "both"),
}


def register_network(name: str, builder: Callable[..., "keras.Model"], modality: str) -> None:
    """Make ``builder(variant, *, n_labels, input_shape, **options) -> keras.Model`` known under
    ``name``.

    A package can also announce one by the entry-point group ``emotutils.networks``, whose object is
    the builder with an attribute ``modality``. It is trained by ours for its modality, unless
    ``recipes.RECIPES`` has one for it.

    Raises
    ------
    NetworkError : a name that cannot be part of a file's, a modality that is not in ``MODALITIES``.
    """
    if not re.fullmatch(r"[\w.-]+", name):
        raise NetworkError(
            f"network {name!r}: a name has letters, digits, dots, dashes and underscores only"
        )
    if modality not in MODALITIES:
        raise NetworkError(
            f"network {name!r}: modality {modality!r} is not one of {', '.join(MODALITIES)}"
        )
    _REGISTRY[name] = Entry(builder, modality)


def network_names(modality: str | None = None) -> list[str]:
    """The registered names, of one modality or of all."""
    for name, builder in announced("networks", _REGISTRY):
        register_network(name, builder, getattr(builder, "modality", None))
    return [n for n, e in _REGISTRY.items() if modality in (None, e.modality)]


def modality_of(name: str) -> str:
    """One of ``MODALITIES``; raises NetworkError for an unknown name."""
    return entry_of(name).modality


def build_network(name: str, variant: str = "best", **options) -> "keras.Model":
    """Build a registered network, untrained.

    Parameters
    ----------
    name : a registered name.
    variant : ``"thesis"`` (its architecture to the letter where the thesis says one) or ``"best"``
        (ours).
    **options : passed to the builder (``n_labels``, ``input_shape``, ``dropout`` …).

    Raises
    ------
    NetworkError : unknown name or variant, or an option the builder does not take.
    """
    if variant not in ("thesis", "best"):
        raise NetworkError(f"network {name!r} has no variant {variant!r}: choose thesis or best")
    try:
        return entry_of(name).load_builder()(variant, **options)
    except (TypeError, ValueError) as error:
        raise NetworkError(f"network {name!r} cannot be built: {error}") from error


def network_options(name: str) -> dict[str, object]:
    """What can be chosen of a registered network beside labels and input: name → default, as its
    builder says.

    A builder that takes any option (``**options``) can name none of them.
    """
    parameters = inspect.signature(entry_of(name).load_builder()).parameters.values()
    fixed = ("variant", "n_labels", "input_shape")
    return {
        p.name: p.default for p in parameters if p.kind is not p.VAR_KEYWORD and p.name not in fixed
    }


def entry_of(name: str) -> Entry:
    """What is registered under a name; raises NetworkError for an unknown one."""
    if name not in _REGISTRY and name not in (known := network_names()):
        raise NetworkError(
            f"unknown network {name!r}: known are {', '.join(known)}, or give the path of a .keras file"
        )
    return _REGISTRY[name]


@dataclass
class Network:
    """A trained network with its card, ready to be asked.

    Attributes
    ----------
    card : what stands in ``NAME.card.json``.
    model : the Keras model behind it.
    """

    card: dict
    model: "keras.Model"

    @property
    def name(self) -> str:
        return self.card["name"]

    @property
    def modality(self) -> str:
        return self.card["modality"]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.card["labels"])

    @property
    def input_shape(self) -> tuple[int, ...]:
        return tuple(self.card["input_shape"])

    @cached_property
    def features(self) -> Features | None:
        """How a voice network wants its sound (``None`` for faces)."""
        return Features.from_dict(self.card["features"]) if self.card["features"] else None

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
            fitted on, see ``fusion.Calibration``.

        Returns
        -------
        float64 (n, len(labels)), each row summing to 1.

        Raises
        ------
        NetworkError : an input of another shape.
        """
        batch = np.asarray(batch, dtype=np.float32)
        if batch.shape[1:] != self.input_shape:
            raise NetworkError(
                f"network {self.name!r} takes {self.input_shape}, not {batch.shape[1:]}"
            )
        if not len(batch):
            return np.empty((0, len(self.labels)))
        # predict_on_batch is one compiled call; model.predict would cost 50 ms of set-up each time.
        parts = [
            self.model.predict_on_batch(batch[i : i + BATCH]) for i in range(0, len(batch), BATCH)
        ]
        p = np.clip(np.concatenate(parts).astype(np.float64), 1e-12, 1)
        p **= 1 / (self.temperature * np.reshape(factor, (-1, 1)))
        return p / p.sum(axis=1, keepdims=True)


CARD_FIELDS = {
    "name",
    "builder",
    "variant",
    "modality",
    "labels",
    "input_shape",
    "features",
    "temperature",
    "parameters",
    "data",
    "protocol",
    "test",
    "licence",
    "run",
}


def save_network(model: "keras.Model", card: dict, folder: str | os.PathLike) -> Path:
    """Write ``NAME.keras`` and ``NAME.card.json`` into ``folder`` and give the model's path. Keras
    3.11 can open it.

    Raises
    ------
    NetworkError : a card without one of ``CARD_FIELDS``.
    """
    missing = sorted(CARD_FIELDS - set(card))
    if missing:
        raise NetworkError(
            f"the card of {card.get('name', 'this network')!r} lacks {', '.join(missing)}"
        )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{card['name']}.keras"
    # A copy, because a compiled model is saved with its optimizer's state: three times the size.
    bare = type(model).from_config(model.get_config())
    bare.set_weights(model.get_weights())
    with replacing(path) as temporary:
        bare.save(temporary)
        make_portable(temporary)
    save_card(card, path)
    return path


def save_card(card: dict, path: str | os.PathLike) -> Path:
    """Write a network's card beside its ``.keras`` file at ``path``, and give the card's path."""
    path = _card_path(Path(path))
    with replacing(path) as temporary:
        temporary.write_text(_json(card) + "\n", encoding="utf-8")
    return path


def _json(card: dict) -> str:
    """Indented, but every list of numbers on one line: a calibration has hundreds of them."""
    text = json.dumps(card, indent=2, ensure_ascii=False)
    return re.sub(
        r"\[[\s\d.,eE+-]*\]",
        lambda found: re.sub(
            r",\s+", ", ", re.sub(r"\[\s+|\s+\]", lambda edge: edge[0].strip(), found[0])
        ),
        text,
    )


def load_network(name: str | os.PathLike, weights: str | os.PathLike | None = None) -> Network:
    """Open a trained network.

    Parameters
    ----------
    name : a registered name (its shipped weights), or the path of a ``.keras`` file that has its
        card beside it.
    weights : the path of a ``.keras`` file to use for that name instead of the shipped one.

    Returns
    -------
    Network, or for one with modality ``"both"`` a ``joint_network.JointNetwork``.

    Raises
    ------
    NetworkError : unknown name, no such file, no card, or files that do not fit together.
    """
    path = Path(weights or name)
    if weights is None and path.suffix != ".keras":
        entry_of(str(name))
        path = config.shipped_root() / "weights" / f"{name}.keras"
        if not path.is_file():
            raise NetworkError(
                f"no trained weights of {name!r} are shipped: large networks ship as records in data/runs alone; "
                f"emotutils train {name} --data SET makes them, give the path of its .keras file"
            )
    if not path.is_file():
        raise NetworkError(f"no network at {path}")
    card = _read_card(path)
    with hushed():
        import keras

        from . import layers  # noqa: F401  (registers the layers that Keras does not have)

        if card["builder"] not in _REGISTRY:
            network_names()  # its package may bring layers of its own

    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise NetworkError(f"{path} cannot be opened as a Keras network: {reason}") from error
    if input_shape_of(model) != _as_tuples(card["input_shape"]) or model.output_shape[-1] != len(
        card["labels"]
    ):
        raise NetworkError(f"{path} and its card do not fit: other input shape or number of labels")
    if weights is not None and card["builder"] != str(name):
        raise NetworkError(f"{path} holds {card['builder']!r}, not {str(name)!r}")
    compile_for(model)
    if card["modality"] == "both":
        from .joint_network import JointNetwork  # builds on what stands here

        return JointNetwork(card, model)
    return Network(card, model)


def input_shape_of(model: "keras.Model") -> tuple[int, ...] | dict[str, tuple[int, ...]]:
    """The shape of what a network is given; of one with two modalities, each one's by name."""
    if len(model.inputs) > 1:  # by name, because their order is lost in the file
        return {x.name: tuple(x.shape[1:]) for x in model.inputs if x.name != "present"}
    return tuple(model.input_shape[1:])


def _as_tuples(shape: list | dict) -> tuple[int, ...] | dict[str, tuple[int, ...]]:
    return (
        {name: tuple(s) for name, s in shape.items()} if isinstance(shape, dict) else tuple(shape)
    )


def with_seed(model: "keras.Model", seed: int) -> "keras.Model":
    """The same network, untrained, every random part of it (weights, dropout) drawn from ``seed``.

    ``keras.utils.set_random_seed`` sets a state that all threads of a process share: a Dask worker
    that runs several fits would mix them up. Here every layer gets a seed of its own.
    """
    draw = random.Random(seed)

    def seeded(node):
        if isinstance(node, dict):
            fixed = {"seed": draw.randint(1, 10**9)} if node.get("seed", 0) is None else {}
            return {key: seeded(value) for key, value in node.items()} | fixed
        return [seeded(part) for part in node] if isinstance(node, list | tuple) else node

    return type(model).from_config(seeded(model.get_config()))


def compile_for(model: "keras.Model", **options) -> None:
    """``model.compile`` without XLA: on processors TensorFlow runs these networks 2–10 times faster
    without it.
    """
    import keras

    model.compile(
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto", **options
    )


def shipped_cards(modalities: Sequence[str] = ("face", "voice")) -> list[dict]:
    """The cards of the shipped networks of these modalities, in their order."""
    paths = sorted((config.shipped_root() / "weights").glob("*.card.json"))
    cards = [json.loads(p.read_text(encoding="utf-8")) for p in paths]
    return [card for modality in modalities for card in cards if card["modality"] == modality]


def _card_path(path: Path) -> Path:
    return path.with_name(f"{path.stem}.card.json")


def _read_card(path: Path) -> dict:
    card_path = _card_path(path)
    if not card_path.is_file():
        raise NetworkError(f"{path} has no card: {card_path.name} must lie beside it")
    try:
        card = json.loads(card_path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise NetworkError(f"{card_path} is not valid JSON: {error}") from None
    missing = sorted(CARD_FIELDS - set(card)) if isinstance(card, dict) else ["everything"]
    if missing:
        raise NetworkError(f"{card_path} lacks {', '.join(missing)}")
    return card
