"""What other packages add to this one, by entry points: networks, data sets, fusion rules, face
detectors. See CONTRIBUTING.md.
"""

from collections.abc import Container, Iterator
from importlib.metadata import entry_points

from ..errors import EmotutilsError


def announced(kind: str, known: Container[str]) -> Iterator[tuple[str, object]]:
    """What the installed packages announce under ``emotutils.KIND`` and is not known yet: (name,
    object) pairs.

    Parameters
    ----------
    kind : ``"networks"``, ``"datasets"``, ``"rules"`` or ``"detectors"``.
    known : names that are taken; nobody replaces a network or set by being installed.

    Raises
    ------
    EmotutilsError : something that is announced cannot be imported.
    """
    for point in entry_points(group=f"emotutils.{kind}"):
        if point.name not in known:
            try:
                yield point.name, point.load()
            except Exception as error:  # somebody else's code may raise anything
                raise EmotutilsError(
                    f"{point.value}, announced as {point.name!r} in emotutils.{kind}, "
                    f"cannot be imported ({error}): mend or uninstall its package"
                ) from error
