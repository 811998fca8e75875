"""Streams that stand beside picture and sound, with lanes of their own: they take part in what all
say together only where that is asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..findings import Stream
from ..networks import Network


@dataclass(frozen=True)
class Beside:
    """One such stream, read and answered for.

    Attributes
    ----------
    stream : its rows with their probabilities.
    network : what answered.
    is_fused : whether it takes part in what all say together.
    is_believed : whether the network's card says how far to believe it in a film. If not, it is
        like a stream from outside, of which nothing is known.
    has_baseline : whether a person's own neutral can be taken from its answers.
    notes : what a reader must know of it.
    settings : how it came about, for ``result.json``.
    """

    stream: Stream
    network: Network
    is_fused: bool
    is_believed: bool = False
    has_baseline: bool = False
    notes: list[str] = field(default_factory=list)
    settings: dict = field(default_factory=dict)


def streams_of(beside: Mapping[str, Beside]) -> dict[str, Stream]:
    """The streams by name."""
    return {name: one.stream for name, one in beside.items()}


def networks_of(beside: Mapping[str, Beside]) -> dict[str, Network]:
    """Their networks by name."""
    return {name: one.network for name, one in beside.items()}


def aside(beside: Mapping[str, Beside]) -> list[str]:
    """The names of those that have no part in what all say together."""
    return [name for name, one in beside.items() if not one.is_fused]


def believed(beside: Mapping[str, Beside]) -> dict[str, Network]:
    """The networks of those that take part, and of which it is known how far to believe them."""
    return {n: one.network for n, one in beside.items() if one.is_fused and one.is_believed}


def with_baseline(beside: Mapping[str, Beside]) -> dict[str, Network]:
    """The networks of those from which a baseline can be taken."""
    return {name: one.network for name, one in beside.items() if one.has_baseline}
