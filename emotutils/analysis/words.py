"""What is said in a film, as a stream: a line of a transcript is a row, and a network that reads
answers for it.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..emotions import to_seven
from ..errors import DataError, EmotutilsError, LocatedError
from ..findings import WORD_COLUMNS, P, Stream
from ..media import FilmInfo, load_sound
from ..networks import Network
from ..words import (
    Cue,
    Transcript,
    find_transcript,
    guess_language,
    hear,
    is_latin,
    read_transcript,
)
from .answering import load_for, notes_on
from .beside import Beside

NAME = "words"
#: In place of a file: no words, whatever lies beside the film.
NONE = "none"
ENGLISH = "en"
#: A film's last line may begin so many seconds after what its file declares as its end.
BEYOND = 0.5
#: A line of more seconds holds several sentences, or nobody meant it as one.
LONG = 30.0

Subtitles = Transcript | str | os.PathLike | None


@dataclass(frozen=True)
class Wanted:
    """What was asked for of the words of a film; the fields are arguments of ``analyze``."""

    subtitles: Subtitles
    transcribe: bool
    whisper_model: str | os.PathLike | None
    network: Network | str | os.PathLike | None
    fuse: bool
    only: str | None
    progress: bool

    def check(self) -> None:
        """Raise EmotutilsError for what cannot be asked for together."""
        if self.whisper_model is not None and not self.transcribe:
            raise EmotutilsError("whisper_model: is for transcribe alone; ask for that too")
        if self.transcribe and self.subtitles is not None:
            raise EmotutilsError("transcribe: the words are named by subtitles; leave one out")

    def settings(self, transcript: Transcript) -> dict:
        """As ``result.json`` has them."""
        return {
            "subtitles": transcript.where,
            "transcribe": self.transcribe,
            "fuse_words": self.fuse,
        }


def read_words(info: FilmInfo, wanted: Wanted, notes: list[str]) -> dict[str, Beside]:
    """The stream ``words`` of a film, by its name; nothing where nothing is said or wanted.

    Parameters
    ----------
    info : of the film.
    wanted : a file or a transcript; None looks beside the film and inside its file.
    notes : gets what a reader must know of the transcript.

    Raises
    ------
    DataError : a file that was named cannot be read, or belongs to another film.
    EmotutilsError : an unknown network, or one that reads no words; what `words.hear` raises.
    """
    wanted.check()
    transcript = _transcript(info, wanted, notes)
    if transcript is None:
        if wanted.fuse:
            notes.append("there are no words to fuse: without them all is as it was")
        return {}
    network = load_for(NAME, wanted.network)
    table = answer(transcript.cues, network, info.duration)
    notes += transcript.notes
    notes += _about_text(transcript)
    stream = Stream(NAME, table, "no words", holds=True)
    found = Beside(
        stream,
        network,
        is_fused=wanted.fuse,
        is_believed=True,
        notes=[_about_network(network, wanted.fuse), *notes_on(network)],
        settings=wanted.settings(transcript),
    )
    return {NAME: found}


def _transcript(info: FilmInfo, wanted: Wanted, notes: list[str]) -> Transcript | None:
    """What was named, heard, or found; what is found and cannot be used is said."""
    if wanted.transcribe:
        return _heard(info, wanted, notes)
    named = wanted.subtitles
    if named is not None and not isinstance(named, Transcript) and os.fspath(named) == NONE:
        return None
    if named is None and wanted.only is not None:
        return None
    if named is not None:
        transcript = named
        if not isinstance(named, Transcript):
            transcript = read_transcript(Path(named))
        _check_end(transcript, info)
        return transcript
    try:
        transcript = find_transcript(info.path)
        if transcript is not None:
            _check_end(transcript, info)
    except LocatedError as error:
        notes.append(f"the words are left out: {error}")
        return None
    return transcript


def _heard(info: FilmInfo, wanted: Wanted, notes: list[str]) -> Transcript | None:
    """What a recogniser hears in the film."""
    if not info.has_audio:
        notes.append("there is no sound in which words could be heard")
        return None
    sound = load_sound(info.path, track=info.sound_track)
    transcript = hear(sound, wanted.whisper_model, progress=wanted.progress)
    if transcript.cues:
        return transcript
    notes += [*transcript.notes, "no words were heard"]
    return None


def _check_end(transcript: Transcript, info: FilmInfo) -> None:
    """Refuse what begins after the film's end."""
    last = max(cue.start for cue in transcript.cues)
    if last > info.duration + BEYOND:
        film = f"{info.path.name} is {info.duration:.2f} s long"
        what = f"a line begins at {last:.2f} s, but {film}: this is another film's"
        raise DataError(transcript.where, what, "give this film's, or none")


def answer(cues: Sequence[Cue], network: Network, duration: float) -> pd.DataFrame:
    """A row for each line: ``t0``, ``t1`` (s), ``speaker``, ``text``, and what the network says.

    Parameters
    ----------
    cues : in order of time.
    network : reads text.
    duration : of the film (s): no line lasts longer.

    Returns
    -------
    Table; a line in which no word is spoken (a song, a noise) has NaN for probabilities.
    """
    rows = []
    for cue in cues:
        end = min(cue.end, max(duration, cue.start))
        rows.append((cue.start, end, cue.speaker, cue.text))
    table = pd.DataFrame(rows, columns=WORD_COLUMNS[:4])
    said = [cue.said for cue in cues]
    spoken = np.array([bool(words) for words in said])
    table[P] = np.nan
    if spoken.any():
        proba = network.predict_proba([words for words in said if words])
        table.loc[spoken, P] = to_seven(proba, network.labels)
    return table


def _about_text(transcript: Transcript) -> list[str]:
    """What is odd in a transcript."""
    notes = []
    said = [cue.said for cue in transcript.cues]
    whole = " ".join(said)
    language = transcript.language or guess_language(whole)
    foreign = ""
    if not is_latin(whole):
        foreign = "its letters are not Latin ones"
    if language not in ("", ENGLISH):
        foreign = f"its language is {language!r}"
    if foreign:
        notes.append(
            f"{transcript.where}: {foreign}, and the network knows English: "
            "what it says of these words means nothing"
        )
    if not any(said):
        notes.append(f"{transcript.where}: no word is spoken in it")
    longest = max(cue.end - cue.start for cue in transcript.cues)
    if longest > LONG:
        notes.append(
            f"{transcript.where}: one line lasts {longest:.0f} s: there its one answer holds for "
            "whatever is said meanwhile"
        )
    return notes


def _about_network(network: Network, is_fused: bool) -> str:
    learned = f"words: the network {network.name} learned from {network.card['data']}"
    if is_fused:
        return (
            f"{learned}; it takes part in what all say together, though no films with face, voice "
            "and words were at hand to measure what that is worth"
        )
    return f"{learned}, and what it is worth in films was not measured: read this lane with care"
