"""Networks on disk: save, open. Taught in notebooks/07_conv2d and notebooks/10_conv1d.

A network on disk is ``NAME.keras`` (architecture and weights, opened in Keras' safe mode),
``NAME.card.json`` (what it says, what it takes, how it was trained and what it scored) and, where
it can be converted, ``NAME.tflite``, which runs on LiteRT without TensorFlow.
"""

import hashlib
import importlib.util
import json
import os
import re
import threading
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from .. import config
from ..errors import NetworkError
from ..support.extras import REMEDY
from ..support.files import replacing
from ..support.quiet import hushed
from . import lite, registry
from .card import check_card, read_card
from .joint_network import JointNetwork
from .network import Network, compile_for, input_shape_of
from .portable import make_portable
from .text_network import TextNetwork

if TYPE_CHECKING:
    import keras

#: Kinds of input whose networks are asked in a way of their own.
CLASSES = {"both": JointNetwork, "text": TextNetwork}

#: Networks that a process keeps open for whoever asks them by name or path.
SHARED = 8
_opening = threading.Lock()

#: What runs a network; ``"auto"`` is LiteRT where its files are there, else Keras.
RUNTIMES = ("keras", "litert", "auto")


def save_network(model: "keras.Model", card: dict, folder: str | os.PathLike) -> Path:
    """Write ``NAME.keras``, which Keras 3.12 can open, and ``NAME.card.json``, which also gets the
    `weights_hash`. Where Keras runs on TensorFlow and LiteRT can run the network, ``NAME.tflite``
    too (of a joint network one a part).

    Parameters
    ----------
    model : trained.
    card : what there is to know of it, with all of ``card.CARD_FIELDS``.
    folder : where the files go; made if it is not there.

    Returns
    -------
    The path of ``NAME.keras``.

    Raises
    ------
    NetworkError : a card without one of ``card.CARD_FIELDS``.
    """
    check_card(card)
    folder = Path(folder)
    path = folder / f"{card['name']}.keras"
    # First, so that nothing can ever lie beside a network that it was not made from.
    lite.remove_files(path)
    # A copy, because a compiled model is saved with its optimizer's state: three times the size.
    bare = type(model).from_config(model.get_config())
    bare.set_weights(model.get_weights())
    with replacing(path) as temporary:
        bare.save(temporary)
        make_portable(temporary)
    try:
        named = _write_lite(bare, path)
    except NetworkError:
        named = None  # the card says so, and Keras runs it
    save_card(card | {"weights_hash": weights_hash(bare), "litert": named}, path)
    return path


def _write_lite(model: "keras.Model", path: Path) -> dict:
    """Make LiteRT's files of a model that is saved at ``path``; what its card says of them."""
    from .conversion import convert

    return lite.write_files(path, convert(model))


def convert_network(path: str | os.PathLike) -> list[Path]:
    """Make the files with which LiteRT runs a saved network, and name them in its card.

    Parameters
    ----------
    path : of a ``.keras`` file that has its card beside it.

    Returns
    -------
    The paths of the files.

    Raises
    ------
    NetworkError : what ``load_network`` refuses, or a network that LiteRT cannot run.
    """
    path = Path(path)
    network = load_network(path)
    lite.remove_files(path)
    named = _write_lite(network.model, path)
    save_card(network.card | {"litert": named}, path)
    return [path.with_name(name) for name in named["files"]]


def weights_hash(model: "keras.Model") -> str:
    """SHA-256 of a network's weights: other weights have another one, the same weights saved again
    have the same.
    """
    digest = hashlib.sha256()
    for values in model.get_weights():
        digest.update(str(values.shape).encode())
        digest.update(values.astype("<f4").tobytes())
    return digest.hexdigest()


def save_card(card: dict, path: str | os.PathLike) -> Path:
    """Write a network's card beside its ``.keras`` file at ``path``, and give the card's path."""
    path = _card_path(Path(path))
    with replacing(path) as temporary:
        temporary.write_text(_json(card) + "\n", encoding="utf-8")
    return path


def _json(card: dict) -> str:
    """Indented, but every list of numbers on one line: a calibration has hundreds of them."""
    text = json.dumps(card, indent=2, ensure_ascii=False)
    return re.sub(r"\[\n[\s\d.,eE+-]*\]", _on_one_line, text)


def _on_one_line(numbers: re.Match) -> str:
    values = numbers[0].strip("[]").split(",")
    return "[" + ", ".join(value.strip() for value in values) + "]"


def as_network(network: Network | str | os.PathLike) -> Network:
    """The door of all functions that take a network: an object as it is, a name or path opened.

    Parameters
    ----------
    network : an object, a name or a path.

    Raises
    ------
    NetworkError : what ``load_network`` refuses, or a bare Keras model, which has no card.
    """
    if isinstance(network, Network):
        return network
    if isinstance(network, str | os.PathLike):
        return load_network(network)
    raise NetworkError(
        f"a {type(network).__name__} has no card that says what its answers mean: "
        "use Network(card, model), or its file's path after save_network"
    )


def shared_network(network: Network | str | os.PathLike) -> Network:
    """The same door for those that only ask a network, film after film: a name or path is opened
    once in a process, on LiteRT where its files are there, and again when its files have changed.

    Parameters
    ----------
    network : an object, a name or a path. Who trains it on, or changes its card, takes
        ``load_network``.

    Raises
    ------
    NetworkError : as ``as_network``.
    """
    if not isinstance(network, str | os.PathLike):
        return as_network(network)
    path = _path_of(network).absolute()
    with _opening:
        return _shared(path, _state(path))


@lru_cache(maxsize=SHARED)
def _shared(path: Path, state: tuple) -> Network:
    return load_network(path, runtime="auto")


def _state(path: Path) -> tuple:
    """What is another one after any of a network's files was changed or replaced."""
    state = []
    for file in (path, _card_path(path), *(lite.file_of(path, part) for part in lite.PARTS)):
        if file.is_file():
            found = file.stat()
            state.append((file.name, found.st_ino, found.st_size, found.st_mtime_ns))
    return tuple(state)


def load_network(
    name: str | os.PathLike,
    weights: str | os.PathLike | None = None,
    runtime: str = "keras",
) -> Network:
    """Open a trained network.

    Parameters
    ----------
    name : a registered name (its shipped weights), or the path of a ``.keras`` file that has its
        card beside it.
    weights : the path of a ``.keras`` file to use for that name instead of the shipped one.
    runtime : ``"keras"``: its ``model`` can be looked into and trained on; ``"litert"``: it
        only answers, starts faster and needs no TensorFlow; ``"auto"``: LiteRT where its files are
        there, else Keras.

    Returns
    -------
    Network; for one of a face and a voice a ``joint_network.JointNetwork``, for one of texts a
    ``text_network.TextNetwork``.

    Raises
    ------
    NetworkError : unknown name or runtime, no such file, no card, files that do not fit together,
        or Keras is needed and not installed.

    Examples
    --------
    >>> network = load_network("conv2d")
    >>> network.kind, network.input_shape, len(network.labels)
    ('face', (48, 48, 1), 7)
    >>> import numpy as np
    >>> faces = np.zeros((2, 48, 48, 1))
    >>> network.predict_proba(faces).shape
    (2, 7)
    """
    if runtime not in RUNTIMES:
        raise NetworkError(f"runtime={runtime!r}: choose {', '.join(RUNTIMES)}")
    path = Path(weights) if weights else _path_of(name)
    if not path.is_file():
        raise NetworkError(f"no network at {path}")
    card = _read_card(path)
    if weights is not None and card["builder"] != str(name):
        raise NetworkError(f"{path} holds {card['builder']!r}, not {str(name)!r}")
    kind = CLASSES.get(card["modality"], Network)
    if runtime == "auto":
        runtime = "litert" if lite.are_there(path, card) else "keras"
    if runtime == "litert":
        return kind(card, _open_lite(path, card), path, runtime)
    model = _open_model(path, card)
    _check_fit(path, card, input_shape_of(model), model)
    compile_for(model)
    return kind(card, model, path)


def _open_lite(path: Path, card: dict) -> lite.LiteModel | dict[str, lite.LiteModel]:
    """A single model, or of a joint network its parts."""
    models = lite.open_files(path, card)
    if card["modality"] == "both":
        return models
    (model,) = models.values()
    _check_fit(path, card, model.input_shape[1:], model)
    return model


def _check_fit(
    path: Path,
    card: dict,
    shape: tuple[int, ...] | dict[str, tuple[int, ...]],
    model: "keras.Model | lite.LiteModel",
) -> None:
    if shape != _as_tuples(card["input_shape"]) or model.output_shape[-1] != len(card["labels"]):
        raise NetworkError(f"{path} and its card do not fit: other input shape or number of labels")


def fingerprint(name: str | os.PathLike) -> str:
    """What tells a trained network from every other: a hash of its ``.keras`` file and its card,
    which names the hashes of LiteRT's files.

    Parameters
    ----------
    name : as for ``load_network``.

    Raises
    ------
    NetworkError : unknown name, or no such file.
    """
    path = _path_of(name)
    if not path.is_file():
        raise NetworkError(f"no network at {path}")
    found = hashlib.sha256(path.read_bytes())
    if _card_path(path).is_file():
        found.update(_card_path(path).read_bytes())
    return found.hexdigest()


def _path_of(name: str | os.PathLike) -> Path:
    path = Path(name)
    if path.suffix != ".keras":
        path = _shipped_path(str(name))
    return path


def _shipped_path(name: str) -> Path:
    registry.entry_of(name)
    path = config.shipped_root() / "weights" / f"{name}.keras"
    if not path.is_file():
        raise NetworkError(
            f"no trained weights of {name!r} are shipped: large networks ship as records in "
            f"data/runs alone; emotutils train {name} --data SET makes them, "
            "give the path of its .keras file"
        )
    return path


def _open_model(path: Path, card: dict) -> "keras.Model":
    if importlib.util.find_spec("keras") is None:
        raise NetworkError(
            f"{path} needs Keras: {REMEDY}; "
            f"or where Keras is, emotutils convert {path} makes files that need none"
        )
    with hushed():
        import keras

        from . import layers  # noqa: F401  (registers the layers that Keras does not have)

        if not registry.is_known(card["builder"]):
            registry.network_names()  # its package may bring layers of its own
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise NetworkError(f"{path} cannot be opened as a Keras network: {reason}") from error


def _as_tuples(shape: list | dict) -> tuple[int, ...] | dict[str, tuple[int, ...]]:
    """A card's input shape as ``input_shape_of`` gives it: JSON knows no tuples."""
    if isinstance(shape, dict):
        return {name: tuple(part) for name, part in shape.items()}
    return tuple(shape)


def shipped_cards(kinds: Iterable[str] = ("face", "voice")) -> list[dict]:
    """The cards of the shipped networks of these kinds of input (see ``KINDS``), in their order."""
    paths = sorted((config.shipped_root() / "weights").glob("*.card.json"))
    cards = [read_card(path) for path in paths]
    return [card for kind in kinds for card in cards if card["modality"] == kind]


def _card_path(path: Path) -> Path:
    return path.with_name(f"{path.stem}.card.json")


def _read_card(path: Path) -> dict:
    card_path = _card_path(path)
    if not card_path.is_file():
        raise NetworkError(f"{path} has no card: {card_path.name} must lie beside it")
    return read_card(card_path)
