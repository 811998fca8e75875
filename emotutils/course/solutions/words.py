"""The exercises of notebooks/15_words."""

import numpy as np

from ...texts import hash_piece, split_words
from .registry import exercise


def _check_counts(answer) -> None:
    for text in ("No, no, NO!", "I am glad.", ""):
        got = answer(text, 50)
        assert got is not None, "the function returns nothing yet"
        got = np.asarray(got)
        assert got.shape == (50,), f"one number for each bucket: (50,), not {got.shape}"
        words = split_words(text)
        total = got.sum()
        assert total == len(words), (
            f"{text!r} has {len(words)} words for split_words, marks included: {words}"
        )
        right = np.zeros(50)
        for word in words:
            right[hash_piece(word, 50) - 1] += 1
        same = np.array_equal(got, right)
        assert same, "bucket 1 stands in the first place, and a word counts as often as it comes"


@exercise("15.1", _check_counts)
def counts(text: str, buckets: int) -> np.ndarray:
    """How often each bucket is hit by the words of a text: (buckets,)."""
    found = np.zeros(buckets)
    for word in split_words(text):
        number = hash_piece(word, buckets)
        found[number - 1] += 1
    return found


#: What was said, what was heard, and the word error rate as the package jiwer 4.0 gives it.
HEARD = (
    ("the step is wet", "the step is wet", 0.0),
    ("mind the step", "find the step", 1 / 3),
    ("please mind the step", "please the step", 1 / 4),
    ("we won today", "we have won it today", 2 / 3),
    ("get out of my house", "cat out my big house", 3 / 5),
    ("wow", "how are you now", 4.0),
)


def _check_error_rate(answer) -> None:
    for said, heard, right in HEARD:
        got = answer(said.split(), heard.split())
        assert got is not None, "the function returns nothing yet"
        what = f"said {said!r}, heard {heard!r}"
        same = np.isclose(got, right)
        assert same, f"{what}: {right:.2f}, not {float(got):.2f}"


@exercise("15.2", _check_error_rate)
def word_error_rate(said: list[str], heard: list[str]) -> float:
    """Words put in, left out and changed, the fewest that do it, by the number of words said."""
    before = np.arange(len(heard) + 1)  # nothing said yet: all that was heard was put in
    for word in said:
        row = [before[0] + 1]
        for place, other in enumerate(heard):
            changed = before[place] + (word != other)
            left_out = before[place + 1] + 1
            put_in = row[place] + 1
            fewest = min(changed, left_out, put_in)
            row.append(fewest)
        before = row
    return before[-1] / len(said)


def _check_lane(answer) -> None:
    lines = [(0.5, 2.0, "joy"), (2.0, 3.0, "anger"), (5.0, 6.0, "fear")]
    right = {0.0: None, 0.5: "joy", 1.9: "joy", 2.0: "anger", 4.0: None, 5.5: "fear", 6.0: None}
    got = answer(list(lines), list(right))
    assert got is not None, "the function returns nothing yet"
    assert len(got) == len(right), f"one answer for each of {len(right)} moments, not {len(got)}"
    for one, (t, label) in zip(got, right.items(), strict=True):
        assert one == label, (
            f"at {t} s: {label!r}, not {one!r}; a line lasts from its begin to before its end"
        )


@exercise("15.3", _check_lane)
def lane(lines: list[tuple], moments: list[float]) -> list:
    """The label of the line that is said at each moment, None where nobody says one."""
    found = []
    for t in moments:
        label = None
        for begin, end, answer in lines:
            if begin <= t < end:
                label = answer
        found.append(label)
    return found
