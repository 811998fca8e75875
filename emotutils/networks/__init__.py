"""The networks of the course, each built, trained, loaded and replaced by name."""

from .registry import (
    DEFAULTS,
    Network,
    build_network,
    compile_for,
    entry_of,
    input_shape_of,
    load_network,
    modality_of,
    network_names,
    network_options,
    register_network,
    save_card,
    save_network,
    shipped_cards,
    with_seed,
)

__all__ = [
    "DEFAULTS",
    "Network",
    "build_network",
    "compile_for",
    "entry_of",
    "input_shape_of",
    "load_network",
    "modality_of",
    "network_names",
    "network_options",
    "register_network",
    "save_card",
    "save_network",
    "shipped_cards",
    "with_seed",
]
