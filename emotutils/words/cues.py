"""A line of a transcript, and what of it was spoken."""

import html
import re
from dataclasses import dataclass, field

#: Marks of formatting: ``<i>``, ``<c.yellow>``, ``<00:01.500>``, ``{\\an8}``; ``<3`` is none.
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<[\d:.]+>|\{\\[^{}]*\}")
#: A break of a line in ASS subtitles.
_BREAK = re.compile(r"\\[Nn]")
#: Marks that cannot be seen: byte order, direction of writing, a width of nothing.
_UNSEEN = re.compile("[\ufeff\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_DASH = re.compile(r"^\s*[-–—]+\s*", re.MULTILINE)
#: Who speaks, before what is said: ``ANN:``, ``[Ann]:``, ``(Ann):``, ``[Ann]``.
_SPEAKER = re.compile(
    r"""^\s*
    (?: ([A-Z][A-Z0-9 .'-]{0,29}):(?!\d)
      | [\[(] ([^\])]{1,30}) [\])] \s* :
      | \[ ([A-Z][^\]]{0,29}) \] (?=\s*\w)
    )\s*""",
    re.VERBOSE,
)
#: What is heard and not said: ``[door]``, ``(laughs)``; what is sung: ``♪ la la ♪``, ``# la #``.
_NOT_SAID = re.compile(r"\[[^\]]*\]|\([^)]*\)|[♪♫][^♪♫]*[♪♫]?|^\s*#.*#\s*$")


@dataclass(frozen=True)
class Cue:
    """One line of a transcript.

    Attributes
    ----------
    start, end : from when to when it is said (s).
    text : as people read it, in one line, without marks of formatting.
    speaker : who says it, where that is written.
    """

    start: float
    end: float
    text: str
    speaker: str = ""

    @property
    def said(self) -> str:
        """What of its text was spoken: no noises, no songs; empty where no word is left.

        Examples
        --------
        >>> Cue(0, 2, "[sighs] I see. ♪ la la ♪").said
        'I see.'
        >>> Cue(0, 2, "🙂🙂").said
        ''
        """
        spoken = _DASH.sub("", _NOT_SAID.sub(" ", self.text))
        if not any(letter.isalpha() for letter in spoken):
            return ""
        return " ".join(spoken.split())


@dataclass(frozen=True)
class Transcript:
    """What is said in a film.

    Attributes
    ----------
    where : where it comes from, as people read it: a file's name, a track of the film.
    cues : in order of time; they may overlap.
    language : two letters, such as ``en``; empty where nothing says it.
    notes : what a reader must know of it.
    """

    where: str
    cues: list[Cue]
    language: str = ""
    notes: list[str] = field(default_factory=list)


def make_cue(start: float, end: float, raw: str, speaker: str = "") -> Cue:
    """A cue of a text as a file has it.

    Parameters
    ----------
    start, end : seconds.
    raw : maybe with marks of formatting, in several lines, with the speaker before it.
    speaker : where the file names it apart.

    Examples
    --------
    >>> make_cue(1, 2, "<i>ANN: Come</i>\\nin &amp; sit")
    Cue(start=1, end=2, text='Come in & sit', speaker='ANN')
    """
    text = _UNSEEN.sub("", html.unescape(_TAG.sub("", _BREAK.sub("\n", raw))))
    named = _SPEAKER.match(text)
    if named and not speaker:
        speaker = next(filter(None, named.groups()))
        text = text[named.end() :]
    return Cue(start, end, " ".join(text.split()), " ".join(speaker.split()))
