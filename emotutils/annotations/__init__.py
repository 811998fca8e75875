"""What a person says of a film: read from the files of annotation tools, and compared with what an
analysis found.

Taught in notebooks/13_fusion.
"""

from .comparing import Agreement, Comparison, compare
from .reading import Annotation, read_annotation
from .words import SYNONYMS, emotion_of

__all__ = [
    "SYNONYMS",
    "Agreement",
    "Annotation",
    "Comparison",
    "compare",
    "emotion_of",
    "read_annotation",
]
