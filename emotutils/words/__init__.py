"""What is said in a film: a transcript, line by line, with its times."""

from .cues import Cue, Transcript
from .finding import files_beside, find_transcript
from .hearing import DEFAULT_MODEL, MEGABYTES, can_be_fetched, fetch_model, hear, is_at_hand
from .languages import guess_language, is_latin
from .reading import read_transcript

__all__ = [
    "DEFAULT_MODEL",
    "MEGABYTES",
    "Cue",
    "Transcript",
    "can_be_fetched",
    "fetch_model",
    "files_beside",
    "find_transcript",
    "guess_language",
    "hear",
    "is_latin",
    "is_at_hand",
    "read_transcript",
]
