"""What an analysis found: streams by name, the timeline they share, and the names of its columns.

Nothing is computed here, and nothing heavy is loaded: reports and figures begin with this module.
Taught in notebooks/13_fusion.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, groupby
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .emotions import EMOTIONS

if TYPE_CHECKING:
    from .media import FilmInfo

#: The name under which all streams together stand in a timeline: their columns have no prefix.
TOGETHER = ""
#: What they are called where a name is needed: in exports, and beside a person's annotation.
FUSED = "together"
#: A table's columns of probabilities, in the order of ``EMOTIONS``.
P = [f"p_{emotion}" for emotion in EMOTIONS]
#: The same before a baseline was taken from them; only of a stream that has one.
UNSHIFTED = [f"unshifted_{column}" for column in P]
#: The baseline that nobody names: a person's own median over the film.
AUTO = "auto"
FRAME_COLUMNS = [
    *("t", "frame", "track", "person", "found", "x", "y", "w", "h", "tilt", "sharpness"),
    *P,
]
SPEECH_COLUMNS = ["t0", "t1", "voiced", "snr", *P]
WORD_COLUMNS = ["t0", "t1", "speaker", "text", *P]
PEOPLE_COLUMNS = ["t", "person", "label", *P]

#: What a lane of the timeline says, and what is said of the whole film; other streams say so by
#: their names.
TITLES = {
    "face": ("the face looks like", "the face looks most like"),
    "voice": ("the voice sounds like", "the voice sounds most like"),
    "openface": ("action units look like", "the action units look most like"),
    "words": ("the words read like", "the words read most like"),
}
#: The files of the two streams that the tool reads itself; other streams' files bear their names.
TABLE_NAMES = {"face": "frames", "voice": "speech"}


def columns(name: str) -> list[str]:
    """The timeline's seven columns of probabilities of a stream, or of all (``TOGETHER``)."""
    return [_prefix(name) + column for column in P]


def label_column(name: str) -> str:
    """The timeline's column of a stream's labels, or of those of all (``TOGETHER``)."""
    return f"{_prefix(name)}label"


def agreement_column(a: str, b: str) -> str:
    """The timeline's column that says how alike two streams are."""
    return f"agreement_{a}_{b}"


def disagreement_column(a: str, b: str) -> str:
    """The timeline's column that holds the two labels where two streams part."""
    return f"disagreement_{a}_{b}"


def person_column(name: str) -> str:
    """The timeline's column of the number of the person whom a stream speaks of."""
    return f"{name}_person"


def unshifted_column(name: str) -> str:
    """The timeline's column of a stream's labels without its baseline, where it has one."""
    return f"{name}_unshifted"


def baseline_column(name: str) -> str:
    """The timeline's column that is true where a stream's baseline was named."""
    return f"{name}_baseline"


def _prefix(name: str) -> str:
    return f"{name}_" if name else ""


def stream_names(timeline: pd.DataFrame) -> list[str]:
    """The names of the streams in a timeline, in its order."""
    ending = f"_{label_column(TOGETHER)}"
    return [column.removesuffix(ending) for column in timeline if column.endswith(ending)]


def fused_names(timeline: pd.DataFrame) -> list[str]:
    """The names of the streams that take part in what all say together at some moment; all of
    them, where the timeline has no column ``source``.
    """
    if "source" not in timeline:
        return stream_names(timeline)
    met = set("+".join(timeline["source"].unique()).split("+"))
    return [name for name in stream_names(timeline) if name in met]


def pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Every two of some streams, in their order."""
    return list(combinations(names, 2))


def title(name: str, fused: Sequence[str] = ()) -> str:
    """What the lane of a stream says, or that of all that are fused (``TOGETHER``).

    Examples
    --------
    >>> title("face"), title(TOGETHER, ["face", "voice", "words"])
    ('the face looks like', 'face, voice and words together')
    >>> title(TOGETHER, ["voice"]), title(TOGETHER)
    ('voice alone', 'together')
    """
    if name == TOGETHER and not fused:
        return FUSED
    if name == TOGETHER and len(fused) == 1:
        return f"{fused[0]} alone"
    if name == TOGETHER:
        return f"{joined(fused)} {FUSED}"
    return TITLES[name][0] if name in TITLES else f"{name} says"


def joined(names: Sequence[str]) -> str:
    """Some names as a sentence lists them: one, one and two, one, two and three."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def verdict_words(name: str) -> str:
    """How a stream's label of the whole film is introduced."""
    return TITLES[name][1] if name in TITLES else f"{name} mostly says"


def labels_of(p: np.ndarray) -> list[str]:
    """The likeliest label of each row.

    Parameters
    ----------
    p : (n, 7) probabilities in the order of ``EMOTIONS``, or rows of NaN.

    Returns
    -------
    list of n labels, "" where a row is NaN.

    Examples
    --------
    >>> import numpy as np
    >>> happy = [0, 0, 0.1, 0.6, 0.1, 0.1, 0.1]
    >>> labels_of(np.array([happy, [np.nan] * 7]))
    ['happiness', '']
    """
    labels = []
    for row in np.asarray(p):
        missing = np.isnan(row[0])
        labels.append("" if missing else EMOTIONS[int(row.argmax())])
    return labels


def runs(values: Sequence) -> Iterator[tuple[int, int, object]]:
    """Stretches of equal values: (first, one past the last, value)."""
    start = 0
    for value, group in groupby(values):
        end = start + sum(1 for _ in group)
        yield start, end, value
        start = end


@dataclass(frozen=True)
class Stretch:
    """From when to when (s), and what is said of it."""

    start: float
    end: float
    value: object

    @property
    def width(self) -> float:
        """How long it is (s)."""
        return self.end - self.start

    @property
    def middle(self) -> float:
        """Half way between start and end (s)."""
        return (self.start + self.end) / 2


def moment_edges(timeline: pd.DataFrame, duration: float = math.inf) -> np.ndarray:
    """Where each moment of a timeline begins, and where the last one ends (s).

    Parameters
    ----------
    timeline : with a column ``t``, n moments (s).
    duration : of the film (s); unknown: the last moment lasts one hop.

    Returns
    -------
    (n + 1,) seconds.
    """
    t = timeline["t"].to_numpy(float)
    hop = 1.0
    if len(t) > 1:
        hop = t[-1] - t[-2]
    last = t[-1:].sum() + hop
    return np.append(t, min(last, duration))


def stretches_of(values: Sequence, edges: np.ndarray) -> list[Stretch]:
    """Stretches over which a value is one and the same, and is there.

    Parameters
    ----------
    values : n words or flags, "" or False where there is nothing.
    edges : (n + 1,) where each of them begins, and where the last one ends (s).

    Examples
    --------
    >>> import numpy as np
    >>> stretches_of(["fear", "fear", "", "anger"], np.array([0, 0.5, 1, 1.5, 1.8]))
    [Stretch(start=0.0, end=1.0, value='fear'), Stretch(start=1.5, end=1.8, value='anger')]
    """
    found = []
    for first, last, value in runs(values):
        if value:
            found.append(Stretch(float(edges[first]), float(edges[last]), value))
    return found


def clock(t: float) -> str:
    """Seconds as m:ss, or h:mm:ss from an hour on."""
    minutes, seconds = divmod(int(t + 1e-6), 60)
    if minutes < 60:
        return f"{minutes}:{seconds:02d}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"


def baseline_words(wanted: Sequence[tuple[float, float]] | str) -> str:
    """A baseline as people read it.

    Examples
    --------
    >>> baseline_words([(3, 8), (61.5, 70)])
    '0:03–0:08, 1:01.5–1:10'
    """
    if wanted == AUTO:
        return "the median over the film"
    return ", ".join(f"{_exact(start)}–{_exact(end)}" for start, end in wanted)


def _exact(t: float) -> str:
    """`clock` with what is beyond whole seconds."""
    t = round(t, 2)
    rest = f"{t % 1:.2f}".strip("0")
    return clock(t) + rest.removesuffix(".")


@dataclass(frozen=True)
class Stream:
    """What one source says over time.

    Attributes
    ----------
    name : stands in the timeline's columns: ``face``, ``voice``, or any other word.
    table : its rows in order of time. Either ``t`` (s), a moment, or ``t0`` and ``t1`` (s), a
        window; seven probabilities ``p_anger`` … ``p_neutral``, NaN where there was nothing; and
        what was measured beside them.
    gap : why it has nothing where it has nothing, in words.
    step : seconds between its rows where that was chosen (one over the frames a second), else 0.
    holds : whether a row's answer holds over its time as it is, as that of a line of words does:
        it is not averaged with its neighbours.
    until : when its last picture ends (s), of a stream of pictures.
    """

    name: str
    table: pd.DataFrame
    gap: str = "nothing to go by"
    step: float = 0.0
    holds: bool = False
    until: float = math.inf

    @property
    def title(self) -> str:
        """What its lane says."""
        return title(self.name)

    @property
    def p(self) -> np.ndarray:
        """float64 (rows, 7) probabilities."""
        return self.table[P].to_numpy(float)

    @property
    def table_name(self) -> str:
        """The name of its table's file, without ``.csv``."""
        return TABLE_NAMES.get(self.name, self.name)


@dataclass
class Findings:
    """The data of an analysis.

    Attributes
    ----------
    streams : by name. ``face`` and ``voice`` are always there, with an empty table where the film
        has none or they were left out; ``words`` where there is a transcript; others were given to
        ``analyze``.
    timeline : one row every ``hop`` seconds: each stream, and what they give together. ``unsure``:
        below the threshold of its ``source``; ``disagreement_A_B``: the two labels of a stretch
        over which streams A and B part. Of a stream with a baseline also ``NAME_unshifted``, its
        label without it, and ``NAME_baseline``: here the person was named neutral.
        ``face_person``: whose face it is.
    summary : one label and probability vector for the film from each stream and from all, whether
        each is ``sure``, the ``agreement`` of each pair (``"A+B"``), the share of ``unsure``
        moments, the ``disagreements`` with their times, and the ``stretches`` over which all say
        one label for at least 2 s and are sure (``label``, ``t0``, ``t1``); of a stream with a
        baseline, what it was shifted by; of the face its ``people``.
    people : what each person's face looks like, one row for each moment and person in view.
    info, networks, settings, warnings : about the film, the networks used, how it was done, what
        was missing.
    """

    streams: dict[str, Stream]
    timeline: pd.DataFrame
    summary: dict
    info: "FilmInfo"
    networks: dict[str, dict]
    settings: dict
    warnings: list[str] = field(default_factory=list)
    people: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=PEOPLE_COLUMNS))

    @property
    def frames(self) -> pd.DataFrame:
        """One row per sampled frame and face (``found`` False: no face in it).

        ``track``: the same while a face is followed; ``person``: the same over cuts and gaps,
        where looks tell; 1 is seen longest. ``x``, ``y``, ``w``, ``h`` in pixels of the upright
        film, ``tilt`` in degrees, ``sharpness`` of the crop as in ``faces.sharpness``.
        """
        return self.streams["face"].table

    @property
    def speech(self) -> pd.DataFrame:
        """One row per window of sound; ``voiced`` False: nobody speaks in it; ``snr`` in dB."""
        return self.streams["voice"].table

    @property
    def words(self) -> pd.DataFrame:
        """One row per line of the transcript: ``t0``, ``t1`` (s), ``speaker``, ``text``; no row
        where the film has no transcript.
        """
        if "words" not in self.streams:
            return pd.DataFrame(columns=WORD_COLUMNS)
        return self.streams["words"].table
