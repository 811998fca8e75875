"""The exercises of notebooks/16_responsible_use."""

import math
import re

import numpy as np

from .registry import exercise


def _check_difference(answer) -> None:
    rng = np.random.default_rng(1)
    better = rng.normal(0.7, 0.10, 12)
    worse = rng.normal(0.6, 0.10, 12)
    many = rng.normal(0.5, 0.05, 30)
    few = rng.normal(0.5, 0.20, 9)
    equal = np.full(8, 0.5)
    spread = rng.normal(0.4, 0.15, 16)
    cases = (
        (better, worse),
        (many, few),
        (equal, spread),
    )
    for a, b in cases:
        got = answer(a.copy(), b.copy())
        assert got is not None, "the function returns nothing yet"
        assert np.shape(got) == (3,), "give three numbers: difference, low and high"
        value, low, high = got
        means_apart = a.mean() - b.mean()
        assert np.isclose(value, means_apart), f"mean of a minus mean of b is {means_apart:.3f}"
        from_here, to_here = _bootstrap(a, b, 20_000, 2)
        width = to_here - from_here
        assert high - low > 0.8 * width, (
            "too narrow: draw as many people as there are, with replacement"
        )
        assert high - low < 1.25 * width, "too wide: take the middle 95 % of the rounds"
        assert np.allclose((low, high), (from_here, to_here), atol=0.08 * width), (
            f"for {len(a)} and {len(b)} people it should be about {from_here:.3f} to {to_here:.3f}"
        )


def _bootstrap(a: np.ndarray, b: np.ndarray, rounds: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    means_a = rng.choice(a, (rounds, len(a))).mean(axis=1)
    means_b = rng.choice(b, (rounds, len(b))).mean(axis=1)
    return np.percentile(means_a - means_b, [2.5, 97.5])


@exercise("16.1", _check_difference)
def difference_interval(a: np.ndarray, b: np.ndarray) -> tuple[float, float, float]:
    """Mean of a minus mean of b, and its 95 % interval from drawing people anew in each group."""
    rng = np.random.default_rng(0)
    drawn_a = rng.choice(a, (5000, len(a)))
    drawn_b = rng.choice(b, (5000, len(b)))
    differences = drawn_a.mean(axis=1) - drawn_b.mean(axis=1)
    low, high = np.percentile(differences, [2.5, 97.5])
    return a.mean() - b.mean(), low, high


def _check_unanswered(answer) -> None:
    fields = ["Intended use", "Not intended", "Who was asked", "Who answers for it"]
    cases = (
        (
            "Intended use: teaching\nNot intended: schools\nWho was asked: two actors\n"
            "Who answers for it: A. B.",
            [],
        ),
        # "TODO" is what a student left blank in the card: the check must find it.
        (
            "Intended use: ____\nNot intended:\nWho was asked: nobody yet\n"
            "Who answers for it: TODO",
            [0, 1, 3],
        ),
        ("Who answers for it: A. B.\nNot intended:    \nIntended use: see the page: here", [1, 2]),
        ("", [0, 1, 2, 3]),
    )
    for text, blank in cases:
        got = answer(text, list(fields))
        assert got is not None, "the function returns nothing yet"
        expected = [fields[k] for k in blank]
        got = list(got)
        case = f"{text!r} leaves {expected} open"
        if expected:
            assert got, case
        if "Who was asked" in expected:
            hint = "a field that is not in the text at all is unanswered, too"
            assert "Who was asked" in got, hint
        else:
            hint = '"nobody yet" is an answer, and an important one'
            assert "Who was asked" not in got, hint
        assert got == expected, f"{case}, in the order of the fields; not {got}"


@exercise("16.2", _check_unanswered)
def unanswered(text: str, fields: list[str]) -> list[str]:
    """The fields of a model card that nobody has filled in; a line each, as ``Field: answer``."""
    answers = {}
    for line in text.splitlines():
        field, _, answer = line.partition(":")
        answers[field] = answer
    blank = re.compile(r"[\s_.…?-]*(todo)?[\s_.…?-]*", flags=re.IGNORECASE)
    found = []
    for field in fields:
        answer = answers.get(field, "")
        if blank.fullmatch(answer):
            found.append(field)
    return found


def _check_sentence(answer) -> None:
    cases = (
        ("face", "anger", 0.81, 0.5, "looks like anger"),
        ("voice", "sadness", 0.50, 0.5, "sounds like sadness"),
        ("face", "fear", 0.42, 0.5, "not sure"),
        ("voice", "fear", math.nan, 0.5, "nothing"),
    )
    feeling = re.compile(r"\b(feels?|felt|is (angry|sad|afraid|anger|sadness|fear))\b")
    for stream, label, p, threshold, expected in cases:
        got = answer(stream, label, p, threshold)
        assert got is not None, "the function returns nothing yet"
        case = f"{stream}, {label}, {p}, threshold {threshold}"
        assert not feeling.search(got), (
            "a network knows how something looks or sounds to people who label, "
            "not what anybody feels"
        )
        if stream == "voice":
            assert "looks" not in got, "a voice has no looks"
        assert expected in got, f"{case}: the sentence should say {expected!r}, not {got!r}"
        assert stream in got, f"{case}: say which stream it is about"
        named = label in got
        if expected in ("not sure", "nothing"):
            assert not named, f"{case}: then do not name a label"
        else:
            assert named, f"{case}: name the label"


@exercise("16.3", _check_sentence)
def sentence(stream: str, label: str, p: float, threshold: float) -> str:
    """What may be said of one moment of a face or a voice."""
    if math.isnan(p):
        return f"the {stream}: nothing to go by"
    if p < threshold:
        return f"the {stream}: not sure"
    if stream == "face":
        return f"the face looks like {label}"
    return f"the {stream} sounds like {label}"
