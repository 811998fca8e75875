"""The grammar of the sets' names, taken apart in one place.

- ``ravdess+tess``: the recordings of several sets as one;
- ``sample-ravdess+tess``: the small synthetic set of the same layout;
- ``paired-fer2013+ravdess``: faces of the first set beside voices of the second;
- ``ravdess-units+ravdess`` and ``ravdess-films``: faces and voices that were filmed together.

Everything else is the name of one set.
"""

from dataclasses import dataclass

_PAIRED = "paired-"
_SAMPLE = "sample-"
#: Sets of RAVDESS's 24 actors, which share one division.
_RAVDESS = {"ravdess", "ravdess-song", "ravdess-films", "ravdess-tracking", "ravdess-units"}


@dataclass(frozen=True)
class SetName:
    """What the name of a set says.

    Attributes
    ----------
    parts : the sets in it as they are written, such as ``sample-ravdess``.
    paired : whether faces of the first were put beside voices of the second, ``paired-…``.
    """

    parts: tuple[str, ...]
    paired: bool = False

    @property
    def sets(self) -> tuple[str, ...]:
        """The sets in it, without ``sample-``."""
        return tuple(part.removeprefix(_SAMPLE) for part in self.parts)

    @property
    def sample(self) -> bool:
        """Whether anything in it is drawn and synthetic."""
        return any(part.startswith(_SAMPLE) for part in self.parts)

    @property
    def pairs(self) -> bool:
        """Whether it holds faces beside voices: ``load_pairs`` and not ``load`` reads it."""
        has_units = len(self.sets) > 1 and "ravdess-units" in self.sets
        return self.paired or has_units or self.sets == ("ravdess-films",)

    @property
    def of_ravdess(self) -> bool:
        """Whether RAVDESS's actors are in it, who divide the whole set."""
        return not _RAVDESS.isdisjoint(self.sets)


def parse(name: str) -> SetName:
    """Take the name of a set apart; whether there is such a set, ``load`` tells.

    Examples
    --------
    >>> parse("paired-sample-fer2013+sample-ravdess").sets
    ('fer2013', 'ravdess')
    >>> parse("ravdess-my-own-cuts").of_ravdess
    False
    """
    parts = name.removeprefix(_PAIRED).split("+")
    return SetName(tuple(parts), paired=name.startswith(_PAIRED))


def sample_of(name: str) -> str:
    """The name of the synthetic set, or of the synthetic pairs, that stands in for this one.

    Examples
    --------
    >>> sample_of("ravdess+tess")
    'sample-ravdess+tess'
    >>> sample_of("paired-fer2013+ravdess")
    'paired-sample-fer2013+sample-ravdess'
    """
    found = parse(name)
    if not found.pairs:
        return _SAMPLE + name
    drawn = "+".join(_SAMPLE + part for part in found.sets)
    return _PAIRED + drawn if found.paired else drawn
