"""The language of a text, by py3langid."""

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


@cache
def _identifier():
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
