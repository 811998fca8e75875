"""The networks of the course, each built, trained, loaded and replaced by name.

``registry`` knows their names and builders, ``network`` what a trained one is given and answers,
``store`` how it lies on disk, ``lite`` and ``conversion`` how it runs without TensorFlow; each
builder has a module of its own.
"""

from .network import (
    KINDS,
    Kind,
    Network,
    compile_for,
    in_batches,
    input_shape_of,
    with_seed,
)
from .registry import (
    DEFAULTS,
    build_network,
    entry_of,
    kind_of,
    network_names,
    network_options,
    register_network,
)
from .store import (
    as_network,
    convert_network,
    fingerprint,
    load_network,
    save_card,
    save_network,
    shared_network,
    shipped_cards,
)

__all__ = [
    "DEFAULTS",
    "KINDS",
    "Kind",
    "Network",
    "as_network",
    "build_network",
    "compile_for",
    "convert_network",
    "entry_of",
    "fingerprint",
    "in_batches",
    "input_shape_of",
    "kind_of",
    "load_network",
    "network_names",
    "network_options",
    "register_network",
    "save_card",
    "save_network",
    "shared_network",
    "shipped_cards",
    "with_seed",
]
