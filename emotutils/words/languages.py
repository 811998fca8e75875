"""The language of a text, by py3langid, and its letters."""

import unicodedata
from functools import cache

#: Below so many letters nothing is guessed: a greeting may be of any language.
FEWEST = 40
#: So sure a guess must be (0..1), and so much text it takes.
SURE = 0.9
LONGEST = 5000


def guess_language(text: str) -> str:
    """Two letters of the language that a text is most likely in; empty where that is not sure.

    Examples
    --------
    >>> guess_language("Ich habe heute keine Zeit, wir sehen uns morgen Abend im Theater.")
    'de'
    >>> guess_language("OK!")
    ''
    """
    text = text[:LONGEST]
    if sum(letter.isalpha() for letter in text) < FEWEST:
        return ""
    language, probability = _identifier().classify(text)
    return str(language) if probability >= SURE else ""


def is_latin(text: str) -> bool:
    """Whether most letters of a text are Latin ones; so it is where there is no letter.

    Examples
    --------
    >>> is_latin("Voilà, Иван!"), is_latin("Привет, Bob!")
    (True, False)
    """
    letters = [letter for letter in text if letter.isalpha()]
    latin = [letter for letter in letters if unicodedata.name(letter, "").startswith("LATIN")]
    return len(latin) >= len(letters) / 2


@cache
def _identifier():
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
