"""One text → words → pieces of words → numbers, for networks that read.

Taught in notebooks/15_words.
"""

from .pieces import hash_piece, ngrams, split_words
from .tokens import Tokens

__all__ = ["Tokens", "hash_piece", "ngrams", "split_words"]
