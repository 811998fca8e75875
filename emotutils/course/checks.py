"""Is everything here that the course needs? What ``emotutils check`` prints. Taught in
notebooks/00_setup.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from .. import config
from ..datasets.catalog import CATALOG, Entry
from ..datasets.download import here
from ..errors import EmotutilsError
from ..networks import DEFAULTS, load_network
from ..support.extras import REMEDY


@dataclass
class Finding:
    """What was looked at, and what has to be mended there (nothing, when it is well)."""

    what: str
    problem: str = ""

    def __str__(self) -> str:
        if self.problem:
            return f"MEND  {self.what}: {self.problem}"
        return f"ok    {self.what}"


def check(say: Callable[[str], None]) -> int:
    """Look at Python, packages, sample film, networks and data; ``say`` a line for each; give the
    number of problems.

    Missing real data sets are named but are no problem: the course also runs on its samples.
    Whether those that are here are whole is for ``emotutils data check``.
    """
    problems = 0
    for finding in _findings():
        say(str(finding))
        if finding.problem:
            problems += 1
    return problems


def _findings() -> Iterator[Finding]:
    yield _python()
    for requirement in _requirements():
        yield _package(requirement)
    yield from _course()
    yield _sample_film()
    for stream, name in DEFAULTS.items():
        yield _network(stream, name)
    for wanted in CATALOG.values():
        yield _data_set(wanted)


def _python() -> Finding:
    finding = Finding(f"Python {sys.version.split()[0]}")
    if not (3, 11) <= sys.version_info < (3, 14):
        finding.problem = "use 3.11, 3.12 or 3.13"
    return finding


def _requirements(extra: str = "") -> list[Requirement]:
    """What the tool asks for, or what an extra adds to that."""
    tool = []
    added = []
    for requirement in map(Requirement, requires("emotutils") or ()):
        marker = requirement.marker
        if marker is None or marker.evaluate({"extra": ""}):
            tool.append(requirement)
        elif marker.evaluate({"extra": extra}) and requirement.name != "emotutils":
            added.append(requirement)
    return added if extra else tool


def _course() -> Iterator[Finding]:
    """The course's packages, as far as they are here: the tool does without."""
    missing = []
    for requirement in _requirements("course"):
        try:
            version(requirement.name)
        except PackageNotFoundError:
            missing.append(requirement.name)
        else:
            yield _package(requirement)
    if missing:
        yield Finding(f"not here, for the course alone: {', '.join(missing)} ({REMEDY})")


def _package(requirement: Requirement) -> Finding:
    try:
        found = version(requirement.name)
    except PackageNotFoundError:
        return Finding(requirement.name, f"missing; pip install '{requirement}'")
    finding = Finding(f"{requirement.name} {found}")
    if not requirement.specifier.contains(found, prereleases=True):
        finding.problem = f"pip install '{requirement}'"
    return finding


def _sample_film() -> Finding:
    film = config.shipped_root() / "sample" / "demo.mp4"
    finding = Finding("sample film")
    if not film.is_file():
        finding.problem = f"not found at {film}; install the package again"
    return finding


def _network(stream: str, name: str) -> Finding:
    finding = Finding(f"{stream} network {name}")
    try:
        load_network(name, runtime="auto")
    except EmotutilsError as error:
        finding.problem = str(error)
    return finding


def _data_set(wanted: Entry) -> Finding:
    """No real set has to be there: the course also runs on its samples."""
    if here(wanted):
        return Finding(f"data set {wanted.name}, found in {config.data_root()}")
    return Finding(f"data set {wanted.name}, not here")
