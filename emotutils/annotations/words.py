"""The words that people write for the seven emotions."""

from ..emotions import EMOTIONS

#: Other words that stand for one of the seven; capitals do not matter.
SYNONYMS = {
    "angry": "anger",
    "disgusted": "disgust",
    "afraid": "fear",
    "fearful": "fear",
    "scared": "fear",
    "happy": "happiness",
    "joy": "happiness",
    "sad": "sadness",
    "surprised": "surprise",
    "calm": "neutral",
}


def emotion_of(word: str) -> str:
    """One of the seven emotions, "" for every word that stands for none of them.

    Examples
    --------
    >>> emotion_of("Scared"), emotion_of("neutral"), emotion_of("bored")
    ('fear', 'neutral', '')
    """
    word = word.strip().lower()
    if word in EMOTIONS:
        return word
    return SYNONYMS.get(word, "")
