"""What is said in a film: a transcript, line by line, with its times."""

from .cues import Cue, Transcript
from .finding import files_beside, find_transcript
from .languages import guess_language
from .reading import read_transcript

__all__ = [
    "Cue",
    "Transcript",
    "files_beside",
    "find_transcript",
    "guess_language",
    "read_transcript",
]
