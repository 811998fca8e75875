"""From texts to the numbers of their pieces, which a network takes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np

from ..support.reading import check_fields
from .pieces import hash_piece, ngrams, split_words

#: As many words as a language has in use are kept: a word comes again and again.
_KNOWN = 50_000


@dataclass(frozen=True)
class Tokens:
    """How a text network wants its texts, as one value that its card stores: call it on texts.

    A text is cut into words, each word into pieces (itself and its n-grams), and each piece gets
    a number by hashing (Bojanowski et al. 2017): nothing is learned here, and no list of words is
    kept.

    Fields
    ------
    words : so many words of a text count, its first.
    pieces : so many pieces of a word count, the word itself first.
    sizes : letters of the n-grams; none: words alone.
    buckets : how many numbers the pieces share; 0 stands for nothing.

    Raises
    ------
    ValueError : values that do not fit together.

    Examples
    --------
    >>> tokens = Tokens(words=4, pieces=4, sizes=(3,), buckets=1000)
    >>> tokens(["Oh no!"])[0].tolist()
    [[524, 525, 852, 0], [258, 903, 572, 0], [392, 415, 0, 0], [0, 0, 0, 0]]
    """

    words: int = 32
    pieces: int = 14
    sizes: tuple[int, ...] = (3, 4)
    buckets: int = 16384

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", tuple(self.sizes))  # JSON has lists
        if min(self.words, self.pieces, self.buckets, *self.sizes) < 1:
            raise ValueError("words, pieces, buckets and sizes must be 1 or more")

    @property
    def shape(self) -> tuple[int, int]:
        """Of one text: (words, pieces)."""
        return (self.words, self.pieces)

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """The numbers of the texts' pieces.

        Parameters
        ----------
        texts : n of them, of any length; also empty.

        Returns
        -------
        int32 (n, words, pieces), 0 where there is nothing.

        Raises
        ------
        TypeError : something that is no text, or a single one.
        """
        if isinstance(texts, str):
            raise TypeError("a list of texts is wanted: put this one into [ ]")
        x = np.zeros((len(texts), *self.shape), np.int32)
        for row, text in zip(x, texts, strict=True):
            if not isinstance(text, str):
                raise TypeError(f"texts are wanted, not {text!r} ({type(text).__name__})")
            for place, word in enumerate(split_words(text)[: self.words]):
                numbers = _numbers(self, word)
                row[place, : len(numbers)] = numbers
        return x

    def to_dict(self) -> dict:
        """The fields as plain values, for a network's card."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping) -> "Tokens":
        """The inverse of `to_dict`; ``ValueError`` names a key that is unknown."""
        check_fields(cls, values)
        return cls(**values)


@lru_cache(_KNOWN)
def _numbers(tokens: Tokens, word: str) -> list[int]:
    """The numbers of a word's pieces; the word itself is told from an n-gram of the same letters
    by the mark ``=``.
    """
    pieces = [f"={word}", *ngrams(word, tokens.sizes)]
    return [hash_piece(piece, tokens.buckets) for piece in pieces[: tokens.pieces]]
