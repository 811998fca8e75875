"""The networks that answer for the streams of a film, and what is known of them."""

import os
from copy import deepcopy

from ..emotions import EMOTIONS_WITH_CALM
from ..errors import EmotutilsError
from ..evaluation import Calibration
from ..networks import DEFAULTS, Network, shared_network
from ..networks.card import unknown_fields

#: What stands in ``result.json`` of a network's card.
FACTS = (
    "name",
    "variant",
    "data",
    "protocol",
    "parameters",
    "licence",
    "run",
    "test",
    "temperature",
)


def load_for(stream: str, name: Network | str | os.PathLike | None) -> Network:
    """The network that answers for a stream.

    Parameters
    ----------
    stream : such as ``"face"``.
    name : of a network, its file's path, or itself; None: the default of the stream.

    Raises
    ------
    NetworkError : an unknown network.
    EmotutilsError : one of another stream, or with labels that a timeline does not know.
    """
    if name is None and stream not in DEFAULTS:
        raise EmotutilsError(f"no network for {stream} is shipped: name one ({stream}_network)")
    network = shared_network(name or DEFAULTS[stream])
    if network.stream != stream:
        raise EmotutilsError(f"network {network.name!r} takes a {network.kind}, not a {stream}")
    if unknown := sorted(set(network.labels) - set(EMOTIONS_WITH_CALM)):
        known = ", ".join(EMOTIONS_WITH_CALM)
        raise EmotutilsError(
            f"network {network.name!r} says {', '.join(unknown)}: a timeline knows {known}"
        )
    return network


def calibration_of(network: Network) -> Calibration | None:
    """What its card knows of how far to believe it; networks trained elsewhere may know nothing."""
    if "calibration" not in network.card:
        return None
    return Calibration.from_dict(network.card["calibration"])


def notes_on(network: Network) -> list[str]:
    """What a reader must know where a card says too little, or more than this version knows."""
    notes = []
    unknown = list(unknown_fields(network.card))
    if unknown:
        notes.append(
            f"the card of network {network.name!r} says more than this version knows: "
            f"{', '.join(unknown)}"
        )
    if calibration_of(network) is None:
        notes.append(
            f"network {network.name!r} is not calibrated: its probabilities are taken as they are "
            "(emotutils calibrate fits them on validation rows)"
        )
    return notes


def facts_of(network: Network) -> dict:
    """What an analysis says of a network: a copy, because the same card serves the next film."""
    facts = {key: deepcopy(network.card[key]) for key in FACTS}
    return facts | {"runtime": network.runtime}
