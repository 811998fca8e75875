"""Texts that are one text, or nearly."""

import hashlib
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from ..support.similarity import BLOCK
from .pieces import split_words

#: Share of two texts' neighbouring words that both have (Jaccard index) from which they count as
#: one text with small changes.
TEXTS_ALIKE = 0.7


def text_hash(texts: Sequence[str]) -> np.ndarray:
    """Sixteen hexadecimal digits for each text, equal where all words are: str (n,).

    Large and small letters and the space between words do not count.

    Examples
    --------
    >>> first, second, third = text_hash(["Oh  no!", "oh no !", "Oh no"])
    >>> bool(first == second), bool(first == third)
    (True, False)
    """
    digits = []
    for text in texts:
        words = " ".join(split_words(text))
        digits.append(hashlib.sha1(words.encode()).hexdigest()[:16])
    return np.array(digits, dtype="U16")


def near_texts(texts: Sequence[str]) -> np.ndarray:
    """The pairs of texts that share most of their neighbouring words (`TEXTS_ALIKE`), int (m, 2).

    Begin and end count as words, so that a text of one word has two pairs of neighbours.

    Examples
    --------
    >>> one = "In all these years I never saw it coming"
    >>> near_texts([one, "Who said that?", one + "!", "I never saw it"])
    array([[0, 2]])
    """
    pairs = _neighbours(texts)
    sizes = pairs.sum(axis=1)
    transposed = pairs.T.tocsr()
    found = [np.empty((0, 2), np.int64)]
    for start in range(0, len(texts), BLOCK):
        shared = (pairs[start : start + BLOCK] @ transposed).tocoo()
        one = start + shared.row
        other = shared.col
        either = sizes[one] + sizes[other] - shared.data
        alike = (shared.data >= TEXTS_ALIKE * either) & (one < other)
        found.append(np.stack([one[alike], other[alike]], axis=1))
    return np.concatenate(found)


def _neighbours(texts: Sequence[str]) -> csr_array:
    """Which pairs of neighbouring words each text has: 0 or 1, (texts, different pairs)."""
    numbers: dict[tuple[str, str], int] = {}
    rows = []
    columns = []
    for row, text in enumerate(texts):
        words = ["", *split_words(text), ""]
        for pair in set(zip(words, words[1:], strict=False)):
            rows.append(row)
            columns.append(numbers.setdefault(pair, len(numbers)))
    ones = np.ones(len(rows), np.int32)
    return csr_array((ones, (rows, columns)), shape=(len(texts), len(numbers)))
