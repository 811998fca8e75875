"""A timeline for ELAN, by pympi."""

import mimetypes
from collections.abc import Sequence
from pathlib import Path

from .tiers import Tier


def write_eaf(tiers: Sequence[Tier], path: Path, film: str) -> None:
    """An ELAN file.

    Parameters
    ----------
    tiers : with intervals.
    path : where to; there is no file yet.
    film : where the film lies, relative to the file's folder. No path of this machine is written:
        ELAN looks for the film from where the file lies.
    """
    from pympi import Eaf

    eaf = Eaf(author="emotutils")
    eaf.remove_tier("default")
    address = f"./{film}"
    kind = mimetypes.guess_type(film)[0] or "unknown"
    eaf.add_linked_file(address, relpath=address, mimetype=kind)
    for tier in tiers:
        eaf.add_tier(tier.name, ann="emotutils")
        for interval in tier.intervals:
            eaf.add_annotation(tier.name, interval.start, interval.end, interval.text)
    eaf.to_file(path)
