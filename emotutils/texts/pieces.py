"""What a text is made of: words, and the letters that follow each other in a word.

Taught in notebooks/15_words.
"""

import re
import zlib
from collections.abc import Sequence

#: A placeholder such as ``[NAME]``; a word, also with an apostrophe in it; any other sign.
_WORD = re.compile(r"\[\w+\]|\w+(?:'\w+)*|[^\w\s]")
#: Signs that are written in several ways.
_ONE_WAY = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"'})


def split_words(text: str) -> list[str]:
    """The words of a text in small letters; marks such as ! and emoji are words of their own.

    Examples
    --------
    >>> split_words("I DON’T know… 😀!")
    ['i', "don't", 'know', '…', '😀', '!']
    """
    return _WORD.findall(text.translate(_ONE_WAY).lower())


def ngrams(word: str, sizes: Sequence[int]) -> list[str]:
    """All runs of neighbouring letters of a word, ``<`` and ``>`` being its begin and end.

    Parameters
    ----------
    word : in small letters.
    sizes : how many letters a run has, from one of these to the next.

    Examples
    --------
    >>> ngrams("fear", sizes=[3])
    ['<fe', 'fea', 'ear', 'ar>']
    """
    marked = f"<{word}>"
    found = []
    for size in sizes:
        for start in range(len(marked) - size + 1):
            found.append(marked[start : start + size])
    return found


def hash_piece(piece: str, buckets: int) -> int:
    """The bucket of a word or an n-gram: the same number on every machine, 1 to ``buckets``.

    It is CRC-32, which knows no list of words: an unknown word has a number as well, and sometimes
    two pieces share one. Python's own ``hash`` changes with every start.

    Parameters
    ----------
    piece : a word or an n-gram.
    buckets : how many there are.

    Examples
    --------
    >>> hash_piece("fear", buckets=1000), hash_piece("fears", buckets=1000)
    (159, 93)
    """
    return 1 + zlib.crc32(piece.encode()) % buckets
