"""The exercises of notebooks/03_face_data, notebooks/04_film_data and notebooks/05_voice_data."""

from collections.abc import Sequence

import cv2
import numpy as np
import pandas as pd
from sklearn.utils.class_weight import compute_class_weight

from .registry import exercise


def _check_baseline(answer) -> None:
    cases = {"abaa": 0.75, "x": 1.0, "abcd": 0.25, "baac": 0.5}
    for word, expected in cases.items():
        labels = list(word)
        series = pd.Series(labels)
        got = answer(series)
        assert got is not None, "the function returns nothing yet"
        right = np.isclose(got, expected)
        assert right, f"for {labels} it should be {expected}, not {got}"


@exercise("03.1", _check_baseline)
def baseline_accuracy(labels: pd.Series) -> float:
    """The accuracy of always answering the most frequent label."""
    shares = labels.value_counts(normalize=True)
    return shares.max()


def _check_weights(answer) -> None:
    y = np.repeat([0, 1, 2], [6, 2, 4])
    got = answer(y, 3)
    assert got is not None, "the function returns nothing yet"
    labels = np.arange(3)
    expected = compute_class_weight("balanced", classes=labels, y=y)
    right = np.allclose(_by_label(got, labels), expected)
    assert right, "each label should count n / (k · its rows), so that all weigh the same together"
    labels = [0, 2]
    got = answer(np.array([0, 0, 2]), 3)
    right = np.allclose(_by_label(got, labels), [0.5, 1])
    assert right, "label 1 has no rows in [0, 0, 2]: label 2 keeps its place, with weight 1"


def _by_label(weights: dict | np.ndarray, labels: Sequence[int]) -> list[float]:
    """The weights of these labels: from an array or, as Keras takes them, from a dict."""
    if isinstance(weights, dict):
        return [weights.get(label, np.nan) for label in labels]
    shape = np.shape(weights)
    assert shape == (3,), f"one weight a label: shape (3,), not {shape}"
    return [weights[label] for label in labels]


@exercise("03.2", _check_weights)
def class_weights(y: np.ndarray, n_labels: int) -> np.ndarray:
    """A weight for each label, so that rare ones count as much as frequent ones."""
    counts = np.bincount(y, minlength=n_labels)
    at_least_one = np.maximum(counts, 1)  # nobody needs the weight of a label without rows
    return len(y) / (n_labels * at_least_one)


def _check_leaked(answer) -> None:
    rows = [
        ("train", "a"),
        ("train", "b"),
        ("train", "b"),
        ("train", "b"),
        ("test", "b"),
        ("test", "c"),
        ("test", "b"),
        ("validation", "a"),
    ]
    two_twins = pd.DataFrame(rows, columns=["split", "group"])
    got = answer(two_twins)
    assert got is not None, "the function returns nothing yet"
    assert got == 2, f"two test rows have a twin in train (both of group b), not {got}"
    alone = list("abcdefgh")
    no_twins = two_twins.assign(group=alone)
    got = answer(no_twins)
    assert got == 0, f"where every row is its own group nothing leaks, but your answer is {got}"


@exercise("03.3", _check_leaked)
def leaked(table: pd.DataFrame) -> int:
    """How many test rows have a row of the same group in train."""
    is_train = table["split"] == "train"
    is_test = table["split"] == "test"
    seen = table.loc[is_train, "group"]
    tested = table.loc[is_test, "group"]
    has_twin = tested.isin(seen)
    return int(has_twin.sum())


def _check_sharpness(answer) -> None:
    rng = np.random.default_rng(0)
    sharp = rng.integers(0, 256, (48, 48), dtype=np.uint8)
    got = answer(sharp)
    assert got is not None, "the function returns nothing yet"
    edges = cv2.Laplacian(sharp, cv2.CV_64F)
    right = np.isclose(got, edges.var())
    assert right, "take the variance of cv2.Laplacian in float64"
    empty = np.full((48, 48), 90, np.uint8)
    got = answer(empty)
    assert got == 0, "an empty picture has no edges: 0"


@exercise("04.1", _check_sharpness)
def sharpness(picture: np.ndarray) -> float:
    """Variance of the Laplacian: how much fine detail a grey picture has."""
    edges = cv2.Laplacian(picture, cv2.CV_64F)
    return edges.var()


def _check_balanced(answer) -> None:
    rows = np.repeat(["happiness", "fear", "anger"], [9, 3, 5])
    labels = pd.Series(rows)
    labels.index += 100
    got = answer(labels, 0)
    assert got is not None, "the function returns nothing yet"
    chosen = list(got)
    counts = labels.loc[chosen].value_counts()
    counts = counts.to_dict()
    distinct = set(chosen)
    assert len(distinct) == len(chosen), "no row twice"
    expected = {"happiness": 3, "fear": 3, "anger": 3}
    assert counts == expected, f"three rows of each label, not {counts}"
    again = answer(labels, 0)
    assert chosen == list(again), "the same seed must choose the same rows"
    others = [sorted(answer(labels, seed)) for seed in range(1, 6)]
    assert any(rows != sorted(chosen) for rows in others), "other seeds choose other rows"


@exercise("04.2", _check_balanced)
def balanced_rows(labels: pd.Series, seed: int) -> pd.Index:
    """The index of equally many rows of each label, chosen at random."""
    counts = labels.value_counts()
    by_label = labels.groupby(labels)
    chosen = by_label.sample(counts.min(), random_state=seed)
    return chosen.index


def _check_film_disjoint(answer) -> None:
    names = [f"film-{k}" for k in range(9)]
    films = pd.Series(np.repeat(names, 10))
    films.index += 100
    tested = []
    for seed in (0, 0, 1, 2, 3, 4):
        parts = answer(films.copy(), seed)
        assert parts is not None, "the function returns nothing yet"
        if not isinstance(parts, pd.Series):
            parts = pd.Series(list(parts), index=films.index)
        assert parts.index.equals(films.index), "keep the index of the films"
        found = {str(part) for part in parts}
        found = sorted(found)
        assert found == ["test", "train"], f"every row is train or test, not {found}"
        for film, part in parts.groupby(films):
            assert part.nunique() == 1, f"{film} is on both sides"
        in_test = films[parts == "test"].unique()
        tested.append(set(in_test))
    assert tested[0] == tested[1], "the same seed must give the same split"
    assert any(other != tested[0] for other in tested), "other seeds draw other films"
    share = np.mean([len(one) for one in tested]) / len(names)
    assert 0.2 < share < 0.45, f"a third of the films is test, not {share:.0%}"


@exercise("04.3", _check_film_disjoint)
def film_disjoint(films: pd.Series, seed: int) -> pd.Series:
    """``"train"`` or ``"test"`` for each row, so that no film lies on both sides; a third of the
    films are test.
    """
    rng = np.random.default_rng(seed)
    names = rng.permutation(films.unique())
    third = len(names) // 3
    is_test = films.isin(names[:third])
    sides = {True: "test", False: "train"}
    return is_test.map(sides)


def _check_parse_name(answer) -> None:
    got = answer("03-01-05-02-01-02-12.wav")
    assert got is not None, "the function returns nothing yet"
    expected = {"emotion": "anger", "actor": 12, "sex": "female"}
    for key, value in expected.items():
        found = got.get(key)
        hint = f"in 03-01-05-02-01-02-12 the {key} is {value!r}, not {found!r}"
        assert found == value, hint
    got = answer("03-01-02-01-02-01-07.wav")
    expected = {"emotion": "calm", "actor": 7, "sex": "male"}
    assert got == expected, "02 is calm, and odd actors are male"


@exercise("05.1", _check_parse_name)
def parse_name(name: str) -> dict:
    """Emotion, actor and sex from the name of a RAVDESS file."""
    from ...emotions import CODES

    parts = name.removesuffix(".wav").split("-")
    code = int(parts[2])
    actor = int(parts[6])
    sex = "female"
    if actor % 2:
        sex = "male"
    return {
        "emotion": CODES["ravdess"][code],
        "actor": actor,
        "sex": sex,
    }


def _check_standardise(answer) -> None:
    rng = np.random.default_rng(0)
    train = rng.normal(5, 2, (200, 3))
    test = rng.normal(9, 4, (50, 3))
    got = answer(train, test)
    assert got is not None, "the function returns nothing yet"
    got_train, got_test = got
    mean = got_train.mean(axis=0)
    centred = np.allclose(mean, 0)
    assert centred, "train should have mean 0"
    deviations = [got_train.std(axis=0, ddof=ddof) for ddof in (0, 1)]
    scaled = any(np.allclose(deviation, 1) for deviation in deviations)
    assert scaled, "train should have deviation 1"
    mean = got_test.mean(axis=0)
    leak = np.allclose(mean, 0, atol=0.2)
    assert not leak, (
        "the test rows were standardised with their own mean: "
        "they may only see the training rows' figures"
    )
    mean = train.mean(axis=0)
    slope = (train - mean) / got_train
    expected = (test - mean) / slope[0]
    right = np.allclose(got_test, expected)
    assert right, "use the training rows' mean and deviation"


@exercise("05.2", _check_standardise)
def standardise(X_train: np.ndarray, X_test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both parts with the training rows' mean taken off, in units of the training rows' standard
    deviation.
    """
    mean = X_train.mean(axis=0)
    deviation = X_train.std(axis=0)
    train = (X_train - mean) / deviation
    test = (X_test - mean) / deviation
    return train, test


def _check_mix(answer) -> None:
    rng = np.random.default_rng(0)
    t = np.arange(16000)
    wave = np.sin(t / 20)
    x = 0.05 + 0.1 * wave
    noise = rng.normal(0.2, 0.3, 16000)
    for snr in (20, 0):
        got = answer(x, noise, snr)
        assert got is not None, "the function returns nothing yet"
        mixture = np.asarray(got)
        added = mixture - x
        signal_power = np.mean(x**2)
        added_power = np.mean(added**2)
        reached = 10 * np.log10(signal_power / added_power)
        off = abs(reached - snr)
        hint = f"asked for {snr} dB, the mixture has {reached:.1f} dB; power is the mean of squares"
        assert off < 0.1, hint


@exercise("05.3", _check_mix)
def mix(x: np.ndarray, noise: np.ndarray, snr: float) -> np.ndarray:
    """The voice with noise added, ``snr`` decibels weaker than the voice."""
    ratio = 10 ** (snr / 10)
    wanted = np.mean(x**2) / ratio
    present = np.mean(noise**2)
    factor = np.sqrt(wanted / present)
    return x + factor * noise
