"""Speech to text by Whisper, through faster-whisper: the extra ``emotutils[words]``.

On silence and noise Whisper makes words up: what is no voice is left out first, by the voice
activity detector that faster-whisper brings (Silero). Nothing is sent anywhere. Taught in
notebooks/15_words.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from ..errors import DataError, EmotutilsError
from .cues import Cue, Transcript, make_cue

#: Whisper's smallest model for English; 75 MB.
DEFAULT_MODEL = "tiny.en"
MEGABYTES = {"tiny.en": 75, "tiny": 75, "base.en": 145, "base": 145, "small.en": 485, "small": 485}
RATE = 16000
#: Whisper's own limit: a text that can be packed by more than this says the same again and again.
REPETITIVE = 2.4
#: A line ends with a word that ends so.
ENDS = (".", "?", "!", "…")


def hear(
    sound: np.ndarray,
    model: str | os.PathLike | None = None,
    *,
    gated: bool = True,
    progress: bool = False,
) -> Transcript:
    """What is said in a sound, a sentence a line, with the times of its first and last word.

    Parameters
    ----------
    sound : float32 (samples,), mono, −1..1, 16 kHz.
    model : a folder that holds one, or the name of one that ``fetch_model`` has brought; by
        default ``DEFAULT_MODEL``. Models whose name ends in ``.en`` take everything for English;
        the others tell the language.
    gated : leave out what is no voice; without that Whisper makes words up
        (``studies.hearing`` counts them).
    progress : show a bar over the sound.

    Returns
    -------
    Transcript, without lines where nobody speaks.

    Raises
    ------
    DataError : a folder that holds no model.
    EmotutilsError : faster-whisper is not installed, an unknown model, or one that is not here.
    """
    whisper, name = _open_model(model)
    segments, info = whisper.transcribe(
        sound,
        vad_filter=gated,
        word_timestamps=True,
        condition_on_previous_text=False,
        temperature=0.0,  # nothing is drawn: the same sound gives the same words
    )
    heard = list(_shown(segments, len(sound) / RATE, progress))
    kept = [segment for segment in heard if segment.compression_ratio <= REPETITIVE]
    cues = list(_sentences(kept))
    notes = [f"the words were heard by Whisper {name}: some of them are wrong"]
    if len(kept) < len(heard):
        notes.append(
            f"{len(heard) - len(kept)} pieces in which Whisper repeats itself were left out: so it "
            "does where nobody says words"
        )
    if not whisper.model.is_multilingual:
        notes.append(f"Whisper {name} takes whatever is spoken for English")
    return Transcript(f"heard by Whisper {name}", cues, info.language, notes)


def fetch_model(name: str = DEFAULT_MODEL) -> Path:
    """Download a model, once, from huggingface.co.

    Parameters
    ----------
    name : of one of Whisper's models; ``MEGABYTES`` says how large the smaller ones are.

    Returns
    -------
    The folder it lies in, in Hugging Face's cache.

    Raises
    ------
    EmotutilsError : faster-whisper is not installed, an unknown model, or the download failed.
    """
    library = _library()
    _check_name(name, library)
    try:
        return Path(library.download_model(name))
    except Exception as error:  # the hub's client, TLS, the network, the disk
        reason = str(error).strip().splitlines()[0]
        raise EmotutilsError(f"Whisper {name} could not be fetched: {reason}") from error


def is_at_hand(model: str | os.PathLike | None) -> bool:
    """Whether a model needs no download."""
    try:
        _folder(model, _library())
    except EmotutilsError:
        return False
    return True


def can_be_fetched(name: str) -> bool:
    """Whether there is a model of this name."""
    return name in _library().available_models()


def _library():
    try:
        import faster_whisper
    except ModuleNotFoundError as error:
        raise EmotutilsError(
            'speech to text needs faster-whisper: pip install "emotutils[words]"'
        ) from error
    return faster_whisper


def _check_name(name: str, library) -> None:
    if name not in library.available_models():
        known = ", ".join(library.available_models())
        raise EmotutilsError(f"no Whisper model {name!r}: give a folder, or one of {known}")


def _folder(model: str | os.PathLike | None, library) -> Path:
    """Where a model lies."""
    wanted = os.fspath(model or DEFAULT_MODEL)
    if os.path.isdir(wanted):
        if not os.path.isfile(os.path.join(wanted, "model.bin")):
            what = "this folder holds no Whisper model (no model.bin)"
            raise DataError(wanted, what, "give one in CTranslate2's form")
        return Path(wanted)
    _check_name(wanted, library)
    try:
        return Path(library.download_model(wanted, local_files_only=True))
    except Exception as error:  # the hub's client has many errors for what is not there
        size = f", {MEGABYTES[wanted]} MB" if wanted in MEGABYTES else ""
        raise EmotutilsError(
            f"Whisper {wanted} is not on this machine: "
            f'python -c "from emotutils import words; words.fetch_model({wanted!r})" fetches it '
            f"once{size}; or give a folder that holds a model"
        ) from error


def _open_model(model: str | os.PathLike | None) -> tuple:
    """Whisper, and what it is called."""
    library = _library()
    folder = _folder(model, library)
    name = os.fspath(model or DEFAULT_MODEL)
    if os.path.isdir(name):
        name = folder.resolve().name
    return _opened(library.WhisperModel, folder), name


@lru_cache(maxsize=1)
def _opened(kind: Callable, folder: Path):
    """A model, opened once for many sounds."""
    try:
        return kind(str(folder), device="cpu", compute_type="int8", local_files_only=True)
    except (RuntimeError, ValueError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(folder, f"this model cannot be opened ({reason})", "get it again") from None


def _shown(segments: Iterable, seconds: float, progress: bool) -> Iterator:
    """The segments, while a bar over the sound moves."""
    with tqdm(total=round(seconds), desc="words", unit=" s", disable=not progress) as bar:
        for segment in segments:
            bar.update(max(0, round(segment.end) - bar.n))
            yield segment


def _sentences(segments: Iterable) -> Iterator[Cue]:
    """Lines that end with a sentence, or with what Whisper gave in one piece."""
    for segment in segments:
        words = []
        for word in segment.words or ():
            words.append(word)
            if word.word.rstrip().endswith(ENDS):
                yield _line(words)
                words = []
        if words:
            yield _line(words)


def _line(words: list) -> Cue:
    text = "".join(word.word for word in words)
    start = float(words[0].start)
    end = max(float(words[-1].end), start + 0.05)
    return make_cue(start, end, text)
