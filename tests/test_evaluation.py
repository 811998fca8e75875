import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, f1_score, precision_score

from emotutils.emotions import EMOTIONS
from emotutils.evaluation import evaluate


def random_case(n=500, k=7, seed=3):
    rng = np.random.default_rng(seed)
    y = rng.choice(k, n, p=np.array([4, 1, 4, 8, 5, 4, 6]) / 32)
    proba = rng.dirichlet(np.ones(k), n)
    proba[np.arange(n), y] += rng.uniform(0, 1, n)
    return y, proba / proba.sum(axis=1, keepdims=True)


def test_metrics_are_scikit_learns():
    y, proba = random_case()
    said, report = proba.argmax(axis=1), evaluate(*random_case(), EMOTIONS)
    assert report.accuracy.value == pytest.approx(accuracy_score(y, said))
    assert report.uar.value == pytest.approx(balanced_accuracy_score(y, said))
    assert report.macro_f1.value == pytest.approx(f1_score(y, said, average="macro"))
    np.testing.assert_array_equal(report.confusion, confusion_matrix(y, said))
    np.testing.assert_allclose(report.table()["precision"], precision_score(y, said, average=None))


def test_a_label_that_never_occurs_does_not_count():
    y, proba = np.array([0, 0, 1, 1]), np.eye(7)[[0, 1, 1, 1]]
    report = evaluate(y, proba, EMOTIONS)
    assert report.uar.value == pytest.approx(0.75)
    assert report.macro_f1.value == pytest.approx((2 / 3 + 0.8) / 2)


def test_accuracys_interval_is_wilsons():
    y, proba = random_case()
    report, n, z = evaluate(y, proba, EMOTIONS), len(y), norm.ppf(0.975)
    p = report.accuracy.value
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert (report.accuracy.low, report.accuracy.high) == pytest.approx((middle - half, middle + half), abs=1e-9)


def test_rows_of_one_speaker_widen_the_interval():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 30)
    y = np.tile(np.arange(2), 300)
    right = rng.random(600) < rng.uniform(0.3, 0.9, 20)[groups]
    proba = np.eye(7)[np.where(right, y, 1 - y)]
    alone, grouped = evaluate(y, proba, EMOTIONS), evaluate(y, proba, EMOTIONS, groups)
    assert grouped.n_groups == 20
    assert grouped.accuracy.high - grouped.accuracy.low > 1.5 * (alone.accuracy.high - alone.accuracy.low)
    assert grouped.accuracy.low < grouped.accuracy.value < grouped.accuracy.high


def test_the_same_call_gives_the_same_interval():
    y, proba = random_case()
    assert evaluate(y, proba, EMOTIONS).to_dict() == evaluate(y, proba, EMOTIONS).to_dict()


@pytest.mark.parametrize(
    "y, proba",
    [
        (np.array([], int), np.empty((0, 7))),
        (np.array([0, 1]), np.ones((3, 7)) / 7),
        (np.array([0]), np.ones((1, 5)) / 5),
        (np.array([7]), np.ones((1, 7)) / 7),
        (np.array([-1]), np.ones((1, 7)) / 7),
        (np.array([0]), np.full((1, 7), np.nan)),
    ],
)
def test_bad_input_is_refused(y, proba):
    with pytest.raises(ValueError):
        evaluate(y, proba, EMOTIONS)
