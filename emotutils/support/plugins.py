"""What other packages add to this one, by entry points: networks, data sets, fusion rules, face
detectors. See CONTRIBUTING.md.
"""

from collections.abc import Callable, Container
from importlib.metadata import entry_points

from ..errors import EmotutilsError

#: Why something that is announced cannot be used, by kind and name.
_LEFT_OUT: dict[tuple[str, str], str] = {}


def add_announced(
    kind: str, known: Container[str], register: Callable[[str, object], object]
) -> None:
    """Register what the installed packages announce under ``emotutils.KIND`` and is not known yet.

    What cannot be imported or registered is left out; `left_out` names it, and `check_usable`
    refuses it in one line when it is asked for. The rest goes on working.

    Parameters
    ----------
    kind : ``"networks"``, ``"datasets"``, ``"rules"`` or ``"detectors"``.
    known : names that are taken; nobody replaces a network or set by being installed.
    register : called with the name and the object.
    """
    for point in entry_points(group=f"emotutils.{kind}"):
        if point.name in known:
            continue
        try:
            register(point.name, point.load())
            _LEFT_OUT.pop((kind, point.name), None)
        except (Exception, SystemExit) as error:  # somebody else's code may raise anything
            reason = " ".join(str(error).split()) or type(error).__name__
            _LEFT_OUT[kind, point.name] = (
                f"{point.value}, announced as {point.name!r} in emotutils.{kind}, "
                f"cannot be used ({reason}): mend or uninstall its package"
            )


def left_out(kind: str) -> list[str]:
    """What was announced and cannot be used, a line each."""
    return [line for (of, _), line in _LEFT_OUT.items() if of == kind]


def check_usable(kind: str, name: str) -> None:
    """Raise EmotutilsError where this is announced and cannot be used."""
    if (kind, name) in _LEFT_OUT:
        raise EmotutilsError(_LEFT_OUT[kind, name])
