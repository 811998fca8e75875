"""Is everything here that the course needs? What ``emotutils check`` prints. Taught in
notebooks/00_setup.
"""

import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from .. import config
from ..datasets.catalog import CATALOG
from ..datasets.download import here
from ..errors import EmotutilsError
from ..networks import DEFAULTS, load_network


def check(say: Callable[[str], None]) -> int:
    """Look at Python, packages, sample film, networks and data; ``say`` a line for each; give the
    number of problems.

    Missing real data sets are told but are no problem: the course also runs on its samples. Whether
    those that are here are whole is for ``emotutils data check``.
    """
    problems = 0

    def tell(what: str, problem: str = "") -> None:
        nonlocal problems
        problems += bool(problem)
        say(f"{'MEND' if problem else 'ok':5} {what}{': ' + problem if problem else ''}")

    tell(
        f"Python {sys.version.split()[0]}",
        "" if (3, 11) <= sys.version_info < (3, 14) else "use 3.11, 3.12 or 3.13",
    )
    for requirement in map(Requirement, requires("emotutils") or ()):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            tell(requirement.name, f"missing; pip install '{requirement}'")
            continue
        fits = requirement.specifier.contains(found, prereleases=True)
        tell(f"{requirement.name} {found}", "" if fits else f"pip install '{requirement}'")
    film = config.shipped_root() / "sample" / "demo.mp4"
    tell("sample film", "" if film.is_file() else f"not found at {film}; install the package again")
    for stream, name in DEFAULTS.items():
        try:
            load_network(name)
            tell(f"{stream} network {name}")
        except EmotutilsError as error:
            tell(f"{stream} network {name}", str(error))
    for wanted in CATALOG.values():
        tell(
            f"data set {wanted.name}, "
            + (f"found in {config.data_root()}" if here(wanted) else "not here")
        )
    return problems
