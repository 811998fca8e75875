"""The exercises of notebooks/03_face_data, notebooks/04_film_data and notebooks/05_voice_data."""

import cv2
import numpy as np
import pandas as pd
from sklearn.utils.class_weight import compute_class_weight

from .registry import exercise


def _judge_baseline(answer) -> None:
    cases = {"abaa": 0.75, "x": 1.0, "abcd": 0.25}
    for word, expected in cases.items():
        labels = list(word)
        got = answer(pd.Series(labels))
        assert got is not None, "the function returns nothing yet"
        assert np.isclose(got, expected), f"for {labels} it should be {expected}, not {got}"


@exercise("03.1", _judge_baseline)
def baseline_accuracy(labels: pd.Series) -> float:
    """The accuracy of always answering the most frequent label."""
    return labels.value_counts(normalize=True).max()


def _judge_weights(answer) -> None:
    y = np.array([0] * 6 + [1] * 2 + [2] * 4)
    got = answer(y, 3)
    assert got is not None, "the function returns nothing yet"
    assert np.shape(got) == (3,), f"one weight a label: shape (3,), not {np.shape(got)}"
    expected = compute_class_weight("balanced", classes=np.arange(3), y=y)
    assert np.allclose(got, expected), (
        "each label should count n / (k · its rows), so that all weigh the same together"
    )


@exercise("03.2", _judge_weights)
def class_weights(y: np.ndarray, n_labels: int) -> np.ndarray:
    """A weight for each label, so that rare ones count as much as frequent ones."""
    return len(y) / (n_labels * np.bincount(y, minlength=n_labels))


def _judge_leaked(answer) -> None:
    split = ["train"] * 3 + ["test"] * 3 + ["validation"]
    two_twins = pd.DataFrame({"split": split, "group": list("abbbcba")})
    got = answer(two_twins)
    assert got is not None, "the function returns nothing yet"
    assert got == 2, f"two test rows have a twin in train (both of group b), not {got}"
    no_twins = two_twins.assign(group=list("abcdefg"))
    got = answer(no_twins)
    assert got == 0, f"where every row is its own group nothing leaks, but your answer is {got}"


@exercise("03.3", _judge_leaked)
def leaked(table: pd.DataFrame) -> int:
    """How many test rows have a row of the same group in train."""
    seen = table.loc[table["split"] == "train", "group"]
    tested = table.loc[table["split"] == "test", "group"]
    return int(tested.isin(seen).sum())


def _judge_sharpness(answer) -> None:
    rng = np.random.default_rng(0)
    sharp = rng.integers(0, 256, (48, 48), dtype=np.uint8)
    got = answer(sharp)
    assert got is not None, "the function returns nothing yet"
    expected = cv2.Laplacian(sharp, cv2.CV_64F).var()
    assert np.isclose(got, expected), "take the variance of cv2.Laplacian in float64"
    empty = np.full((48, 48), 90, np.uint8)
    assert answer(empty) == 0, "an empty picture has no edges: 0"


@exercise("04.1", _judge_sharpness)
def sharpness(picture: np.ndarray) -> float:
    """Variance of the Laplacian: how much fine detail a grey picture has."""
    return cv2.Laplacian(picture, cv2.CV_64F).var()


def _judge_balanced(answer) -> None:
    labels = pd.Series(["happiness"] * 9 + ["fear"] * 3 + ["anger"] * 5)
    labels.index += 100
    got = answer(labels, 0)
    assert got is not None, "the function returns nothing yet"
    counts = labels.loc[list(got)].value_counts()
    assert len(set(got)) == len(list(got)), "no row twice"
    assert (counts == 3).all() and len(counts) == 3, (
        f"three rows of each label, not {counts.to_dict()}"
    )
    assert list(got) == list(answer(labels, 0)), "the same seed must choose the same rows"


@exercise("04.2", _judge_balanced)
def balanced_rows(labels: pd.Series, seed: int) -> pd.Index:
    """The index of equally many rows of each label, chosen at random."""
    fewest = labels.value_counts().min()
    return labels.groupby(labels).sample(fewest, random_state=seed).index


def _judge_film_disjoint(answer) -> None:
    films = pd.Series([f"film-{k // 10}" for k in range(60)])
    got = answer(films, 0)
    assert got is not None, "the function returns nothing yet"
    parts = pd.Series(list(got), index=films.index)
    assert set(parts) == {"train", "test"}, (
        f"every row is train or test, not {sorted(set(map(str, parts)))}"
    )
    for film, part in parts.groupby(films):
        assert part.nunique() == 1, f"{film} lies on both sides"


@exercise("04.3", _judge_film_disjoint)
def film_disjoint(films: pd.Series, seed: int) -> pd.Series:
    """``"train"`` or ``"test"`` for each row, so that no film lies on both sides; a third of the
    films are test.
    """
    names = np.random.default_rng(seed).permutation(films.unique())
    third = len(names) // 3
    is_test = films.isin(names[:third])
    return is_test.map({True: "test", False: "train"})


def _judge_parse_name(answer) -> None:
    got = answer("03-01-05-02-01-02-12.wav")
    assert got is not None, "the function returns nothing yet"
    expected = {"emotion": "anger", "actor": 12, "sex": "female"}
    for key, value in expected.items():
        assert got.get(key) == value, (
            f"in 03-01-05-02-01-02-12 the {key} is {value!r}, not {got.get(key)!r}"
        )
    got = answer("03-01-02-01-02-01-07.wav")
    assert got == {"emotion": "calm", "actor": 7, "sex": "male"}, (
        "02 is calm, and odd actors are male"
    )


@exercise("05.1", _judge_parse_name)
def parse_name(name: str) -> dict:
    """Emotion, actor and sex from the name of a RAVDESS file."""
    from ...emotions import CODES

    parts = name.removesuffix(".wav").split("-")
    code = int(parts[2])
    actor = int(parts[6])
    sex = "female"
    if actor % 2:
        sex = "male"
    return {"emotion": CODES["ravdess"][code], "actor": actor, "sex": sex}


def _judge_standardise(answer) -> None:
    rng = np.random.default_rng(0)
    train = rng.normal(5, 2, (200, 3))
    test = rng.normal(9, 4, (50, 3))
    got = answer(train, test)
    assert got is not None, "the function returns nothing yet"
    a, b = got
    assert np.allclose(a.mean(axis=0), 0), "train should have mean 0"
    assert np.allclose(a.std(axis=0), 1), "train should have deviation 1"
    leak = np.allclose(b.mean(axis=0), 0, atol=0.2)
    assert not leak, (
        "the test rows were standardised with their own mean: "
        "they may only see the training rows' figures"
    )
    expected = (test - train.mean(axis=0)) / train.std(axis=0)
    assert np.allclose(b, expected), "use the training rows' mean and deviation"


@exercise("05.2", _judge_standardise)
def standardise(X_train: np.ndarray, X_test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both parts with the training rows' mean taken off, in units of the training rows' standard
    deviation.
    """
    mean = X_train.mean(axis=0)
    deviation = X_train.std(axis=0)
    return (X_train - mean) / deviation, (X_test - mean) / deviation


def _judge_mix(answer) -> None:
    rng = np.random.default_rng(0)
    x = 0.1 * np.sin(np.arange(16000) / 20)
    noise = rng.normal(0, 0.3, 16000)
    for snr in (20, 0):
        got = answer(x, noise, snr)
        assert got is not None, "the function returns nothing yet"
        added = np.asarray(got) - x
        ratio = np.mean(x**2) / np.mean(added**2)
        reached = 10 * np.log10(ratio)
        assert abs(reached - snr) < 0.1, f"asked for {snr} dB, the mixture has {reached:.1f} dB"


@exercise("05.3", _judge_mix)
def mix(x: np.ndarray, noise: np.ndarray, snr: float) -> np.ndarray:
    """The voice with noise added, ``snr`` decibels weaker than the voice."""
    wanted = np.mean(x**2) / 10 ** (snr / 10)
    return x + noise * np.sqrt(wanted / np.mean(noise**2))
