"""A person's own neutral as the zero of a film: the stretches in which somebody is neutral, and
what is taken from a stream for them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from ..emotions import EMOTIONS
from ..errors import DataError, EmotutilsError
from ..evaluation import logs
from ..findings import AUTO, UNSHIFTED, P, Stream, baseline_words, clock
from ..fusion import shift_to, shifted
from ..fusion.moments import INSTANT
from ..networks import Network
from .given import BEYOND

#: Only what lasts so many seconds is taken relative to its own median: in less there is nothing but
#: the moment itself.
AUTO_SECONDS = 10.0
#: A face that looks neutral in so large a share of so many seconds may look so whatever it does.
NEUTRAL_SHARE = 0.95
NEUTRAL_SECONDS = 5.0
_NEUTRAL = EMOTIONS.index("neutral")

#: From when to when (s) a person is neutral.
Stretch = tuple[float, float]
#: Of one stream: stretches, or ``"auto"``.
Wanted = Sequence[Stretch] | str
#: What ``analyze`` takes.
Baseline = Wanted | Mapping[str, Wanted]


@dataclass(frozen=True)
class Shift:
    """What one track of a stream was shifted by.

    Attributes
    ----------
    track : of a face; None for a stream that has no tracks.
    rows : how many of its rows lie in the baseline.
    shift : by emotion, what was added to the logarithm of its probability; None where no row lies
        in the baseline: the track stays as it was.
    """

    track: int | None
    rows: int
    shift: dict[str, float] | None


@dataclass(frozen=True)
class Relative:
    """The streams of a film relative to their baselines.

    Attributes
    ----------
    streams : all, by name.
    stretches : of each stream that was shifted, from when to when (s) it was named neutral.
    shifts : of each stream that was shifted, what each track was shifted by.
    notes : what a reader must know.
    """

    streams: dict[str, Stream]
    stretches: dict[str, list[Stretch]]
    shifts: dict[str, list[Shift]]
    notes: list[str]

    def describe(self, summary: dict) -> None:
        """Say in a film's summary, in place, what its streams were shifted by."""
        for name, shifts in self.shifts.items():
            summary[name]["baseline"] = [asdict(shift) for shift in shifts]


def read_baseline(
    baseline: Baseline | None,
    networks: Mapping[str, Network],
    duration: float,
    joint: bool,
) -> dict[str, Wanted]:
    """What was asked for, by stream, checked before the film is read.

    Parameters
    ----------
    baseline : as ``analyze`` takes it.
    networks : by stream; their cards know what is said of an average neutral row.
    duration : of the film (s).
    joint : whether the joint network decides.

    Raises
    ------
    DataError : stretches that cannot be, or lie outside the film.
    EmotutilsError : a stream that has no network, a network whose card knows no neutral, or the
        joint network, whose answers no stream's shift reaches.
    """
    if baseline is None or len(baseline) == 0:
        return {}
    if joint:
        raise EmotutilsError(
            "rule joint: that network takes no baseline; take another rule, or leave the baseline"
            " out"
        )
    by_stream = baseline
    if not isinstance(baseline, Mapping):
        by_stream = dict.fromkeys(networks, baseline)
    wanted = {}
    for stream, one in by_stream.items():
        _check_network(stream, networks)
        wanted[stream] = _checked(one, duration)
    return wanted


def _check_network(stream: str, networks: Mapping[str, Network]) -> None:
    if stream not in networks:
        there = " or ".join(networks)
        raise EmotutilsError(
            f"baseline of {stream}: no network speaks for it in this film; name {there}"
        )
    network = networks[stream]
    calibration = network.card.get("calibration", {})
    if not calibration.get("neutral"):
        raise EmotutilsError(
            f"baseline: the card of {network.name!r} does not say what an average neutral "
            f"{network.kind} gets; emotutils calibrate writes it, or leave the {stream} out"
        )


def _checked(wanted: Wanted, duration: float) -> Wanted:
    if wanted == AUTO:
        return AUTO
    if isinstance(wanted, str):
        raise DataError(f"baseline {wanted!r}", "is no stretch", "give (3, 8) in s, or 'auto'")
    stretches = sorted(_two_times(stretch) for stretch in wanted)
    for stretch in stretches:
        _check_times(stretch, duration)
    for before, after in zip(stretches, stretches[1:], strict=False):
        if after[0] < before[1]:
            where = f"baseline {baseline_words([before, after])}"
            raise DataError(where, "two stretches share some time", "name each moment once")
    return stretches


def _two_times(stretch: object) -> Stretch:
    try:
        start, end = stretch
        return float(start), float(end)
    except (TypeError, ValueError):
        remedy = "give two times in seconds, such as (3, 8)"
        raise DataError(f"baseline {stretch!r}", "is no stretch", remedy) from None


def _check_times(stretch: Stretch, duration: float) -> None:
    start, end = stretch
    where = f"baseline {start:g}–{end:g} s"
    if not start < end:
        raise DataError(where, "the end is not after the start", "give (3, 8): the earlier first")
    if start < 0 or end > duration + BEYOND:
        what = f"the film goes from 0 to {duration:.2f} s"
        raise DataError(where, what, "choose a stretch inside it")


def apply_baseline(
    streams: Mapping[str, Stream], wanted: Mapping[str, Wanted], networks: Mapping[str, Network]
) -> Relative:
    """The streams relative to their baselines, track by track.

    Parameters
    ----------
    streams : by name.
    wanted : as `read_baseline` gives it.
    networks : by stream.

    Raises
    ------
    DataError : a stretch in which none of its streams has anything.
    """
    if not wanted:
        return Relative(dict(streams), {}, {}, hints(streams["face"].table))
    _check_stretches(streams, wanted)
    found = dict(streams)
    shifts = {}
    notes = []
    for name, one in wanted.items():
        neutral = networks[name].card["calibration"]["neutral"]
        stream, tracks = _relative(streams[name], one, neutral)
        if any(shift.shift for shift in tracks):
            found[name] = stream
            shifts[name] = tracks
        notes += _stream_notes(name, one, tracks)
    if not shifts:
        remedy = "name a stretch in which this person is neutral"
        raise DataError("baseline auto", f"nothing lasts {AUTO_SECONDS:g} s", remedy)
    stretches = {name: list(_stretches(wanted[name])) for name in shifts}
    return Relative(found, stretches, shifts, notes + _general_notes(wanted, shifts))


def _check_stretches(streams: Mapping[str, Stream], wanted: Mapping[str, Wanted]) -> None:
    names: dict[Stretch, list[str]] = {}
    for name, one in wanted.items():
        for stretch in _stretches(one):
            names.setdefault(stretch, []).append(name)
    for stretch, of in names.items():
        inside = [_inside(streams[name].table, [stretch]).any() for name in of]
        if not any(inside):
            raise DataError(
                f"baseline {baseline_words([stretch])}",
                f"no {' and no '.join(of)} there",
                "choose a stretch in which this person is seen, or heard for a whole window",
            )


def _stretches(wanted: Wanted) -> Sequence[Stretch]:
    return [] if wanted == AUTO else wanted


def _relative(
    stream: Stream, wanted: Wanted, neutral: Sequence[float]
) -> tuple[Stream, list[Shift]]:
    """A stream relative to its baseline, and what each of its tracks was shifted by."""
    table = stream.table.copy()
    table[UNSHIFTED] = table[P]
    shifts = []
    for track, rows in _tracks(table):
        own = rows & _in_baseline(table, rows, wanted)
        values = None
        if own.any():
            shift = shift_to(_typical(stream.p[own], wanted), neutral)
            table.loc[rows, P] = shifted(stream.p[rows], shift)
            values = dict(zip(EMOTIONS, shift.round(4).tolist(), strict=True))
        shifts.append(Shift(track, int(own.sum()), values))
    return replace(stream, table=table), shifts


def _typical(p: np.ndarray, wanted: Wanted) -> np.ndarray:
    """(n, 7) of which the mean logarithm counts: all, or of ``"auto"`` their median, (1, 7)."""
    if wanted != AUTO:
        return p
    return np.exp(np.median(logs(p), axis=0, keepdims=True))


def _tracks(table: pd.DataFrame) -> Iterator[tuple[int | None, np.ndarray]]:
    """Each track and its rows with an answer, bool (rows,); one for all where there are none."""
    answered = table[P[0]].notna().to_numpy()
    if "track" not in table:
        yield None, answered
        return
    for track in sorted(table["track"][answered].unique()):
        of_track = (table["track"] == track).fillna(False).to_numpy(bool)
        yield int(track), answered & of_track


def _in_baseline(table: pd.DataFrame, rows: np.ndarray, wanted: Wanted) -> np.ndarray:
    """bool (rows,): what tells a track's neutral; for the median all rows of a long one."""
    if wanted != AUTO:
        return _inside(table, wanted)
    if _seconds(table[rows]) < AUTO_SECONDS:
        return np.zeros(len(table), bool)
    return rows


def _inside(table: pd.DataFrame, stretches: Sequence[Stretch]) -> np.ndarray:
    """bool (rows,): rows with an answer that lie in a stretch, windows with all they hold."""
    start, end = _times(table)
    inside = np.zeros(len(table), bool)
    for first, last in stretches:
        begun = (start >= first - INSTANT) & (start < last - INSTANT)
        inside |= begun & (end <= last + INSTANT)
    return inside & table[P[0]].notna().to_numpy()


def _times(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """When each row begins and ends (s): a moment does both at once."""
    first = "t0" if "t0" in table else "t"
    last = "t1" if "t1" in table else "t"
    return table[first].to_numpy(float), table[last].to_numpy(float)


def _seconds(table: pd.DataFrame) -> float:
    """From the first row's begin to the last one's end."""
    if not len(table):
        return 0.0
    start, end = _times(table)
    return float(end.max() - start.min())


def _stream_notes(name: str, wanted: Wanted, tracks: list[Shift]) -> list[str]:
    words = baseline_words(wanted)
    rows = sum(shift.rows for shift in tracks)
    if not rows:
        return [f"the {name} is not shifted: it has nothing in its baseline, {words}"]
    notes = [
        f"the {name} is relative to its baseline, {words} ({rows} rows), in which this person was "
        "taken for neutral"
    ]
    if left := [str(shift.track) for shift in tracks if not shift.shift]:
        notes.append(f"{name}, track {', '.join(left)}: not in the baseline, so not shifted")
    return notes


def _general_notes(wanted: Mapping[str, Wanted], shifts: Mapping[str, list[Shift]]) -> list[str]:
    together = " and ".join(shifts)
    notes = [
        f"no answer that rests on the {together} is called sure after a baseline: thresholds were "
        "fitted on answers without one, as were weights and limits of disagreement"
    ]
    if "voice" in shifts:
        notes.append(
            "a baseline of the voice was not found to help (docs/results.md); for the face alone "
            "write face= before it"
        )
    if AUTO in wanted.values():
        notes.append(
            "baseline auto takes for neutral what is commonest in this film, and was not found to "
            "help (docs/results.md): a film that is sad throughout becomes neutral"
        )
    return notes


def hints(face: pd.DataFrame) -> list[str]:
    """A line for each track that hardly ever looks other than neutral: what can be tried.

    Parameters
    ----------
    face : the table of the face, without a baseline.
    """
    lines = []
    for track, rows in _tracks(face):
        labels = face.loc[rows, P].to_numpy(float).argmax(axis=1)
        share = np.mean(labels == _NEUTRAL)
        if share < NEUTRAL_SHARE or _seconds(face[rows]) < NEUTRAL_SECONDS:
            continue
        start = float(face.loc[rows, "t"].min())
        example = f"{clock(start)}-{clock(start + NEUTRAL_SECONDS)}"
        lines.append(
            f"face, track {track}, looks neutral in {100 * share:.0f} % of its frames: name a "
            f"stretch in which this person really is, as --baseline face={example}, and the rest "
            "is measured against it"
        )
    return lines
