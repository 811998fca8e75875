"""Networks by name: register, build. Taught in notebooks/07_conv2d and notebooks/10_conv1d."""

import importlib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import NetworkError
from ..support.plugins import add_announced, check_usable
from .network import KINDS

if TYPE_CHECKING:
    import keras

#: What ``analyze`` uses for a stream when the user names no network: the best of its kind by
#: its validation rows.
DEFAULTS = {"face": "conv2d", "voice": "crnn", "words": "textcnn"}

VARIANTS = ("thesis", "best")


@dataclass(frozen=True)
class Entry:
    """One registered network.

    Attributes
    ----------
    builder : the function that builds it, or ``module:function``, imported on first use.
    kind : of its input, one of ``KINDS``.
    """

    builder: Callable[..., "keras.Model"] | str
    kind: str

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
    "efficientnet_lite0": Entry("emotutils.networks.efficientnet_lite0:build", "face"),
    "conv1d": Entry("emotutils.networks.conv1d:build", "voice"),
    "crnn": Entry("emotutils.networks.crnn:build", "voice"),
    "actions": Entry("emotutils.networks.actions:build", "units"),
    "textcnn": Entry("emotutils.networks.textcnn:build", "text"),
    "joint": Entry("emotutils.networks.joint:build", "both"),
}


def register_network(name: str, builder: Callable[..., "keras.Model"], modality: str) -> None:
    """Make a builder known under a name.

    A package can also announce one by the entry-point group ``emotutils.networks``, whose object is
    the builder with an attribute ``modality``. It is trained by ours for its kind of input, unless
    ``recipes.RECIPES`` has one for it.

    Parameters
    ----------
    name : letters, digits, dots, dashes and underscores.
    builder : called as ``builder(variant, *, n_labels, input_shape, **options)``, gives a Keras
        model.
    modality : what it is given, one of ``KINDS``.

    Raises
    ------
    NetworkError : a name that cannot be part of a file's, a modality that is not in ``KINDS``.
    """
    if not re.fullmatch(r"[\w.-]+", name):
        raise NetworkError(
            f"network {name!r}: a name has letters, digits, dots, dashes and underscores only"
        )
    if modality not in KINDS:
        raise NetworkError(
            f"network {name!r}: modality {modality!r} is not one of {', '.join(KINDS)}"
        )
    _REGISTRY[name] = Entry(builder, modality)


def network_names(kind: str | None = None) -> list[str]:
    """The registered names, of one kind of input (see ``KINDS``) or of all."""
    add_announced("networks", _REGISTRY, _register_announced)
    return [name for name, entry in _REGISTRY.items() if kind in (None, entry.kind)]


def _register_announced(name: str, builder: Callable[..., "keras.Model"]) -> None:
    register_network(name, builder, getattr(builder, "modality", None))


def kind_of(name: str) -> str:
    """What a network is given, one of ``KINDS``; raises NetworkError for an unknown name."""
    return entry_of(name).kind


def is_known(name: str) -> bool:
    """Whether a name is registered already; packages that announce one are not asked."""
    return name in _REGISTRY


def entry_of(name: str) -> Entry:
    """What is registered under a name; raises NetworkError for an unknown one."""
    if name not in _REGISTRY:
        known = network_names()
        check_usable("networks", name)
        if name not in known:
            raise NetworkError(
                f"unknown network {name!r}: known are {', '.join(known)}, "
                "or give the path of a .keras file"
            )
    return _REGISTRY[name]


def build_network(name: str, variant: str = "best", **options) -> "keras.Model":
    """Build a registered network, untrained.

    Parameters
    ----------
    name : a registered name.
    variant : ``"thesis"`` (its architecture to the letter where the thesis says one) or ``"best"``
        (ours).
    **options : passed to the builder (``n_labels``, ``input_shape``, ``dropout`` …).

    Returns
    -------
    keras.Model: (batch, *input_shape) → (batch, n_labels) probabilities.

    Raises
    ------
    NetworkError : unknown name or variant, or an option the builder does not take.

    Examples
    --------
    >>> model = build_network("conv2d", n_labels=3)
    >>> model.input_shape
    (None, 48, 48, 1)
    >>> model.output_shape
    (None, 3)
    """
    if variant not in VARIANTS:
        raise NetworkError(f"network {name!r} has no variant {variant!r}: choose thesis or best")
    builder = entry_of(name).load_builder()
    try:
        return builder(variant, **options)
    except (TypeError, ValueError) as error:
        raise NetworkError(f"network {name!r} cannot be built: {error}") from error


def network_options(name: str) -> dict[str, object]:
    """What can be chosen of a registered network beside labels and input: name → default, as its
    builder says.

    A builder that takes any option (``**options``) can name none of them.
    """
    options = {}
    for parameter in inspect.signature(entry_of(name).load_builder()).parameters.values():
        if parameter.name in ("variant", "n_labels", "input_shape"):
            continue
        if parameter.kind is not parameter.VAR_KEYWORD:
            options[parameter.name] = parameter.default
    return options
