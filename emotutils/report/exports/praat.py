"""A timeline for Praat, by praatio."""

from collections.abc import Sequence
from pathlib import Path

from .tiers import Tier


def write_textgrid(tiers: Sequence[Tier], path: Path, duration: float) -> None:
    """A TextGrid, long form, UTF-8: interval tiers over the whole film, blank where there is
    nothing.

    Parameters
    ----------
    tiers : with intervals.
    path : where to.
    duration : of the film (s).
    """
    from praatio import textgrid

    grid = textgrid.Textgrid(0, duration)
    for tier in tiers:
        entries = [(*interval.seconds, interval.text) for interval in tier.intervals]
        grid.addTier(textgrid.IntervalTier(tier.name, entries, 0, duration))
    grid.save(
        str(path),
        format="long_textgrid",
        includeBlankSpaces=True,
        minimumIntervalLength=None,
        reportingMode="error",
    )
