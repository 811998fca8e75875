import json
import warnings

import numpy as np
import pandas as pd
import pytest
from raising import raises_error
from scipy.stats import norm
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    cohen_kappa_score,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
    top_k_accuracy_score,
)

from emotutils.emotions import EMOTIONS
from emotutils.evaluation import (
    Score,
    compare,
    difference,
    ece,
    metrics,
    parting_epoch,
    reliability,
    risk_coverage,
    score,
)
from emotutils.training import records


def random_case(n=500, k=7, seed=3):
    rng = np.random.default_rng(seed)
    y = rng.choice(k, n, p=np.array([4, 1, 4, 8, 5, 4, 6]) / 32)
    proba = rng.dirichlet(np.ones(k), n)
    proba[np.arange(n), y] += rng.uniform(0, 1, n)
    return y, proba / proba.sum(axis=1, keepdims=True)


def test_metrics_are_scikit_learns():
    y, proba = random_case()
    said, report = proba.argmax(axis=1), score(*random_case(), EMOTIONS)
    assert report.accuracy.value == pytest.approx(accuracy_score(y, said))
    assert report.uar.value == pytest.approx(balanced_accuracy_score(y, said))
    assert report.macro_f1.value == pytest.approx(f1_score(y, said, average="macro"))
    np.testing.assert_array_equal(report.confusion, confusion_matrix(y, said))
    np.testing.assert_allclose(report.table()["precision"], precision_score(y, said, average=None))


def test_a_label_that_never_occurs_does_not_count():
    y, proba = np.array([0, 0, 1, 1]), np.eye(7)[[0, 1, 1, 1]]
    report = score(y, proba, EMOTIONS)
    assert report.uar.value == pytest.approx(0.75)
    assert report.macro_f1.value == pytest.approx((2 / 3 + 0.8) / 2)


def test_accuracys_interval_is_wilsons():
    y, proba = random_case()
    report, n, z = score(y, proba, EMOTIONS), len(y), norm.ppf(0.975)
    p = report.accuracy.value
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert (report.accuracy.low, report.accuracy.high) == pytest.approx(
        (middle - half, middle + half), abs=1e-9
    )


def test_rows_of_one_speaker_widen_the_interval():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 30)
    y = np.tile(np.arange(2), 300)
    right = rng.random(600) < rng.uniform(0.3, 0.9, 20)[groups]
    proba = np.eye(7)[np.where(right, y, 1 - y)]
    alone, grouped = score(y, proba, EMOTIONS), score(y, proba, EMOTIONS, groups)
    assert grouped.n_groups == 20
    assert grouped.accuracy.high - grouped.accuracy.low > 1.5 * (
        alone.accuracy.high - alone.accuracy.low
    )
    assert grouped.accuracy.low < grouped.accuracy.value < grouped.accuracy.high


def test_the_same_call_gives_the_same_interval():
    y, proba = random_case()
    assert score(y, proba, EMOTIONS).to_dict() == score(y, proba, EMOTIONS).to_dict()


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
        score(y, proba, EMOTIONS)


HEADLINES = ("accuracy", "error_rate", "top2", "uar", "specificity", "precision", "macro_f1")
HEADLINES += ("kappa", "auc", "brier", "nll", "ece")


def test_every_headline_figure_is_scikit_learns():
    y, proba = random_case()
    said, report = proba.argmax(axis=1), score(y, proba, EMOTIONS, resamples=200)
    rest = [recall_score(y != k, said != k) for k in range(7)]
    truth = np.eye(7)[y]
    wanted = {
        "accuracy": accuracy_score(y, said),
        "error_rate": 1 - accuracy_score(y, said),
        "top2": top_k_accuracy_score(y, proba, k=2),
        "uar": balanced_accuracy_score(y, said),
        "specificity": np.mean(rest),
        "precision": precision_score(y, said, average="macro"),
        "macro_f1": f1_score(y, said, average="macro"),
        "kappa": cohen_kappa_score(y, said),
        "auc": roc_auc_score(y, proba, multi_class="ovr"),
        "brier": np.mean(((proba - truth) ** 2).sum(axis=1)),
        "nll": log_loss(y, proba),
    }
    assert tuple(report.scores) == HEADLINES
    assert {name: report.scores[name].value for name in wanted} == pytest.approx(wanted)
    assert all(s.low < s.value < s.high for s in report.scores.values())
    np.testing.assert_allclose(report.table()["specificity"], rest)


def test_a_worked_example_by_hand():
    """Eight rows, two labels: 3 of 4 "no" and 2 of 4 "yes" are found."""
    y = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    sure_of_no = np.array([0.9, 0.8, 0.7, 0.2, 0.4, 0.3, 0.6, 0.75])
    report = score(y, np.stack([sure_of_no, 1 - sure_of_no], axis=1), ("no", "yes"), resamples=50)
    no, scores = report.table().loc["no"], {name: s.value for name, s in report.scores.items()}
    assert report.confusion.tolist() == [[3, 1], [2, 2]]
    assert no[["precision", "recall", "f1", "specificity", "support"]].tolist() == pytest.approx(
        [3 / 5, 3 / 4, 2 / 3, 1 / 2, 4]
    )
    assert no["auc"] == 11 / 16, "of 16 pairs the true 'no' is the surer one in 4 + 4 + 3 + 0"
    assert scores["kappa"] == pytest.approx((5 / 8 - 1 / 2) / (1 - 1 / 2))
    squares = np.array([0.1, 0.2, 0.3, 0.8, 0.4, 0.3, 0.6, 0.75]) ** 2
    assert scores["brier"] == pytest.approx(2 * squares.mean()) and scores["top2"] == 1


def test_resampled_figures_are_scikit_learns_with_weights():
    y, proba = random_case(200)
    proba = np.round(proba + 1e-3, 2)  # many equal ones
    proba /= proba.sum(axis=1, keepdims=True)
    said, draws = (
        proba.argmax(axis=1),
        metrics.resampled(y, proba, metrics.Units.of(None, 200), 5, seed=1),
    )
    (weights,) = metrics.weights(200, 5, 1)
    for k, w in enumerate(weights):
        areas = [roc_auc_score(y == label, proba[:, label], sample_weight=w) for label in range(7)]
        gaps = reliability(np.repeat(y, w), np.repeat(proba, w, axis=0))
        wanted = {
            "accuracy": accuracy_score(y, said, sample_weight=w),
            "uar": balanced_accuracy_score(y, said, sample_weight=w),
            "macro_f1": f1_score(y, said, average="macro", sample_weight=w),
            "precision": precision_score(y, said, average="macro", sample_weight=w),
            "specificity": np.mean(
                [recall_score(y != label, said != label, sample_weight=w) for label in range(7)]
            ),
            "kappa": cohen_kappa_score(y, said, sample_weight=w),
            "auc": np.mean(areas),
            "nll": log_loss(y, metrics.normalised(proba), sample_weight=w),
            "brier": np.average(
                ((metrics.normalised(proba) - np.eye(7)[y]) ** 2).sum(axis=1), weights=w
            ),
            "top2": np.average(metrics.top2_hits(y, proba), weights=w),
            "ece": ece(gaps),
        }
        assert {name: draws[name][k] for name in draws} == pytest.approx(wanted)


def test_blocks_draw_the_same_as_one_go(monkeypatch):
    y, proba = random_case(60)
    groups = np.arange(60) % 6
    whole = score(y, proba, EMOTIONS, groups, resamples=40)
    monkeypatch.setattr(metrics, "_BLOCK", 60 * 7)
    assert len(list(metrics.weights(60, 40, 0))) == 6
    assert score(y, proba, EMOTIONS, groups, resamples=40).scores == whole.scores


def test_shares_of_independent_rows_have_wilsons_interval():
    """81 of 263: Newcombe (1998, Statistics in Medicine 17, 857-872) prints 0.2553 to 0.3662."""
    y = np.zeros(263, int)
    report = score(y, np.eye(2)[(np.arange(263) >= 81).astype(int)], ("a", "b"), resamples=20)
    row = report.table().loc["a"]
    assert (report.accuracy.low, report.accuracy.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert (row["recall_low"], row["recall_high"]) == (report.accuracy.low, report.accuracy.high)
    assert report.scores["error_rate"] == Score(
        1 - report.accuracy.value, 1 - report.accuracy.high, 1 - report.accuracy.low
    )


def test_groups_widen_the_interval_of_each_label_and_score():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(20), 30)
    y = np.tile(np.arange(2), 300)
    sure = np.clip(rng.normal(rng.uniform(0.2, 0.9, 20)[groups], 0.05), 0.01, 0.99)
    proba = np.where(np.eye(2)[y] == 1, sure[:, None], 1 - sure[:, None])
    alone, grouped = (score(y, proba, ("a", "b"), g, resamples=400) for g in (None, groups))
    for name in ("uar", "auc", "brier", "nll", "kappa"):
        widths = [s.high - s.low for s in (alone.scores[name], grouped.scores[name])]
        assert widths[1] > 1.5 * widths[0], name
    wide, narrow = (r.table()["recall_high"] - r.table()["recall_low"] for r in (grouped, alone))
    assert (wide > 1.5 * narrow).all()


def test_what_is_undefined_is_nan_without_a_warning():
    proba = np.full((4, 7), 0.1 / 6)
    proba[:, 2] = 0.9
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = score(np.full(4, 2), proba, EMOTIONS, resamples=30)
        scores, row = report.scores, report.table().loc["fear"]
        found = json.loads(report.to_json())
    assert report.accuracy.value == scores["uar"].value == scores["precision"].value == 1
    assert np.isnan([scores[name].value for name in ("auc", "kappa", "specificity")]).all()
    assert np.isnan(row[["auc", "specificity"]]).all() and row["recall"] == 1
    assert found["scores"]["auc"] == {"value": None, "low": None, "high": None}
    assert found["table"]["anger"]["recall"] is None


def test_one_that_is_never_said_counts_as_unprecise():
    report = score(np.array([0, 0, 1, 1]), np.eye(3)[[0, 0, 0, 0]], "abc", resamples=30)
    assert report.scores["precision"].value == pytest.approx(1 / 4)
    assert np.isnan(report.table()["precision"].tolist()).tolist() == [False, True, True]


def test_a_report_as_json(tmp_path):
    y, proba = random_case(80)
    report = score(y, proba, EMOTIONS, resamples=50)
    text = report.to_json(tmp_path / "report.json")
    found = json.loads(text)
    assert json.loads((tmp_path / "report.json").read_text("utf-8")) == found
    assert found.items() >= report.to_dict().items()
    assert tuple(found["scores"]) == HEADLINES and list(found["table"]) == list(EMOTIONS)
    assert sum(row["n"] for row in found["reliability"]) == 80


def test_a_zero_kept_in_float16_does_not_cost_everything():
    proba = np.array([[1, 0], [0, 1]], np.float16)
    report = score(np.array([0, 0]), proba, ("a", "b"), resamples=20)
    assert report.scores["nll"].value == pytest.approx(24 * np.log(2) / 2, rel=1e-3)


def test_scores_that_are_no_probabilities_are_refused_where_it_matters():
    report = score(np.array([0, 1]), np.array([[2.0, 1.0], [0.5, 3.0]]), ("a", "b"), resamples=20)
    assert report.accuracy.value == 1
    with raises_error(ValueError):
        _ = report.scores


def calibrated(n=40_000, seed=0):
    """Labels drawn from the very probabilities that are told."""
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.full(7, 0.4), n)
    return (proba.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1), proba


def test_true_probabilities_are_calibrated_and_sharpened_ones_are_not():
    y, proba = calibrated()
    sharp = proba**2 / (proba**2).sum(axis=1, keepdims=True)
    honest, proud = reliability(y, proba), reliability(y, sharp)
    assert ece(honest) < 0.012 < 0.1 < ece(proud)
    full = proud[proud["n"] > 500]
    assert (full["confidence"] > full["accuracy"]).all()
    many = honest[honest["n"] > 0]
    inside = many["confidence"].between(many["accuracy_low"], many["accuracy_high"])
    assert inside.mean() > 0.7, "15 intervals of 95 %"


def test_eces_interval_lies_around_it():
    y, proba = calibrated(500)
    error = score(y, proba, EMOTIONS, resamples=300).scores["ece"]
    assert 0 <= error.low < error.value < error.high


def test_reliability_by_hand():
    sure = np.array([0.55, 0.58, 0.95, 0.6])
    table = reliability(np.array([0, 1, 0, 0]), np.stack([sure, 1 - sure], axis=1), bins=10)
    assert table["n"].tolist() == [0, 0, 0, 0, 0, 3, 0, 0, 0, 1], "0.6 belongs to (0.5, 0.6]"
    assert table.loc[5, ["confidence", "accuracy"]].tolist() == pytest.approx([1.73 / 3, 2 / 3])
    assert ece(table) == pytest.approx((3 * (2 / 3 - 1.73 / 3) + 0.05) / 4)
    assert table.loc[0, ["confidence", "accuracy", "accuracy_low"]].isna().all()


def test_risk_and_coverage_by_hand():
    sure = np.array([0.9, 0.6, 0.8, 0.6])
    table = risk_coverage(np.array([0, 1, 1, 0]), np.stack([sure, 1 - sure], axis=1))
    assert table["threshold"].tolist() == pytest.approx([0.9, 0.8, 0.6])
    assert table["coverage"].tolist() == [0.25, 0.5, 1.0]
    assert table["risk"].tolist() == [0, 0.5, 0.5]


@pytest.mark.parametrize("judge", [reliability, risk_coverage])
@pytest.mark.parametrize(
    "proba", [np.full((2, 3), np.nan), np.full((3, 3), 1 / 3), np.full((2, 3), 0.5)]
)
def test_bad_probabilities_are_refused(judge, proba):
    with pytest.raises(ValueError):
        judge(np.array([0, 1]), proba)


def pair(n=600, seed=5):
    """Two networks that find the same rows hard; the first is somewhat better."""
    rng = np.random.default_rng(seed)
    y, hard = rng.integers(0, 7, n), rng.normal(0, 1, n)
    answers = []
    for skill in (0.6, 0.3):
        right = hard + rng.normal(0, 0.3, n) < skill
        answers.append(0.86 * np.eye(7)[np.where(right, y, (y + 1) % 7)] + 0.02)
    return y, *answers


def test_a_comparison_is_the_difference_of_two_reports():
    y, a, b = pair()
    found, one, other = compare(y, a, b), *(score(y, p, EMOTIONS) for p in (a, b))
    assert found.accuracy.value == pytest.approx(one.accuracy.value - other.accuracy.value)
    assert found.uar.value == pytest.approx(one.uar.value - other.uar.value)
    assert (found.n, found.n_groups, found.real) == (600, None, True)
    back = compare(y, b, a)
    assert back.accuracy.value == -found.accuracy.value and (back.only_a, back.only_b) == (
        found.only_b,
        found.only_a,
    )
    assert back.accuracy.high == pytest.approx(-found.accuracy.low)


def test_pairs_tell_more_than_two_scores():
    y, a, b = pair()
    paired = compare(y, a, b).accuracy
    apart = difference(*(score(y, p, EMOTIONS).accuracy for p in (a, b)))
    assert apart.value == pytest.approx(paired.value)
    assert paired.high - paired.low < 0.8 * (apart.high - apart.low)


def test_mcnemar_by_hand():
    """Only a has 9 rows right, only b 2: p = 2 · (C(11,0) + C(11,1) + C(11,2)) / 2^11."""
    right = np.eye(2)[np.zeros(30, int)]
    a, b = right.copy(), right.copy()
    b[:9], a[9:11] = a[:9, ::-1], b[9:11, ::-1]
    found = compare(np.zeros(30, int), a, b)
    assert (found.only_a, found.only_b) == (9, 2)
    assert found.p == pytest.approx(2 * (1 + 11 + 55) / 2**11)
    assert compare(np.zeros(30, int), a, a).p == 1 and not compare(np.zeros(30, int), a, a).real


def test_newcombes_difference():
    """56/70 - 48/80: Newcombe (1998, Statistics in Medicine 17, 873-890), table II, method 10:
    0.0524 to 0.3339.
    """
    scores = [Score(hits / n, *metrics.wilson(hits, n)) for hits, n in ((56, 70), (48, 80))]
    found = difference(*scores)
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_one_seed_is_the_same_with_and_without_its_axis():
    y, a, b = pair(200)
    assert compare(y, a[None], b[None]) == compare(y, a, b)


def test_several_seeds_count_by_their_mean():
    y, a, b = pair(200)
    found = compare(y, np.stack([a, b]), b)
    alone = compare(y, a, b)
    assert found.accuracy.value == pytest.approx(alone.accuracy.value / 2)
    assert found.uar.value == pytest.approx(alone.uar.value / 2)
    assert (found.only_a, found.only_b, found.p) == (alone.only_a / 2, alone.only_b / 2, None)


def test_groups_widen_a_comparison_and_forbid_mcnemar():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(12), 40)
    y = rng.integers(0, 2, 480)
    better = rng.random(480) < rng.uniform(0, 1, 12)[groups]
    a, b = np.eye(2)[np.where(better, y, 1 - y)], np.eye(2)[1 - y]
    rows, speakers = compare(y, a, b), compare(y, a, b, groups)
    assert speakers.n_groups == 12 and speakers.p is None and rows.p < 0.001
    assert speakers.accuracy.high - speakers.accuracy.low > 1.5 * (
        rows.accuracy.high - rows.accuracy.low
    )


def test_a_comparison_in_words():
    y, a, b = pair()
    found = compare(y, a, b)
    low, high = 100 * found.accuracy.low, 100 * found.accuracy.high
    assert str(found) == f"+{100 * found.accuracy.value:.1f} points ({low:.1f} to {high:.1f})"
    assert str(compare(y, b, a)).startswith("-")


@pytest.mark.parametrize(
    "change",
    [
        lambda y, a, b: (y, a, b[:-1]),
        lambda y, a, b: (y, a, b[:, :-1]),
        lambda y, a, b: (y[:-1], a, b),
        lambda y, a, b: (y, a, np.where(b > 0.5, np.nan, b)),
        lambda y, a, b: (y, a, b, np.arange(5)),
        lambda y, a, b: (y, a, b, [None, *range(len(y) - 1)]),
        lambda y, a, b: (y + 1, a, b),
    ],
)
def test_what_cannot_be_compared_is_refused(change):
    with pytest.raises(ValueError):
        compare(*change(*pair(50)))


def epochs(training, validation, metric="accuracy"):
    return {metric: training, f"val_{metric}": validation}


def test_curves_part_where_training_leads_for_good():
    training, validation = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [0.4, 0.45, 0.48, 0.55, 0.54, 0.55]
    assert parting_epoch(epochs(training, validation), "accuracy") == 2
    assert parting_epoch(epochs(training, [0.4, 0.3, 0.55, 0.55, 0.54, 0.55]), "accuracy") == 3, (
        "not for good before"
    )
    with pytest.raises(ValueError, match="it has accuracy"):
        parting_epoch(epochs(training, validation), "acc")
    loss = epochs([-v for v in training], [-v for v in validation], "loss")
    assert parting_epoch(loss) == parting_epoch(pd.DataFrame(loss).to_dict("records")) == 2


def test_curves_that_run_together_have_not_parted():
    training = [0.3, 0.4, 0.5, 0.6, 0.7]
    assert parting_epoch(epochs(training, [0.4, 0.5, 0.6, 0.65, 0.72]), "accuracy") is None
    assert parting_epoch(epochs(training, [0.4, 0.5, 0.6, 0.5, 0.6]), "accuracy") is None, (
        "two epochs may be chance"
    )
    assert parting_epoch(epochs(training, [0.29, 0.39, 0.49, 0.59, 0.69]), "accuracy") is None, (
        "hardly a lead"
    )
    assert parting_epoch({"accuracy": training}, "accuracy") is None


def test_the_thesiss_logs_had_parted_before_what_they_show():
    figures = records.read("quoted-thesis")["figures"]
    assert (
        parting_epoch(figures["5.2"]["epochs"], "accuracy")
        == figures["5.2"]["epochs"][0]["epoch"] - 1
    )
    assert (
        parting_epoch(figures["5.6"]["epochs"], "loss") == figures["5.6"]["epochs"][0]["epoch"] - 1
    )
    assert parting_epoch(figures["4.10"]["epochs"], "accuracy") is None
    run = records.read("official-fer2013-conv2d-best-s0")
    assert 5 < parting_epoch(run["history"], "accuracy") < run["best_epoch"]


def crossed(n_speakers=24, n_pictures=120, beside=5, seed=3):
    """Speakers beside pictures, each row's chance to be right its speaker's and its picture's."""
    rng = np.random.default_rng(seed)
    speaker = np.repeat(np.arange(n_speakers), n_pictures // 2 * beside // 5)
    picture = rng.integers(0, n_pictures, len(speaker))
    chance = rng.uniform(0, 0.5, n_speakers)[speaker] + rng.uniform(0, 0.5, n_pictures)[picture]
    y = rng.integers(0, 2, len(speaker))
    right = rng.random(len(speaker)) < chance
    return y, np.eye(2)[np.where(right, y, 1 - y)], np.stack([speaker, picture], axis=1)


def test_crossed_groups_are_drawn_as_a_plain_loop_draws_them():
    y, proba, groups = crossed(6, 12)
    units = metrics.Units.of(groups, len(y))
    assert units.fewest == 6 and len(units) == len(np.unique(groups, axis=0))
    right = proba.argmax(axis=1) == y
    sums = units.sums(np.stack([right, np.ones(len(y))], axis=1))
    (drawn,) = units.draws(8, 5)
    (speakers,) = metrics.weights(6, 8, 5)
    (pictures,) = metrics.weights(12, 8, [5, 1])
    first_seen = [list(dict.fromkeys(column)) for column in groups.T]  # in this order they count
    for k, (hits, rows) in enumerate(drawn @ sums):
        wanted = np.zeros(2)
        for (speaker, picture), hit in zip(groups, right, strict=True):
            weight = speakers[k, first_seen[0].index(speaker)]
            weight = weight * pictures[k, first_seen[1].index(picture)]
            wanted += weight * np.array([hit, 1])
        assert (hits, rows) == tuple(wanted)


def test_pigeonholes_by_hand():
    """Two speakers and two pictures, each drawn twice with replacement: of 16 draws of equal chance
    the mean over the four cells 1 0 / 0 0 is 1, 1/2, 1/4 and 0 with chances 1, 4, 4 and 7.
    """
    cells = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    units = metrics.Units.of(cells, 4)
    (drawn,) = units.draws(20_000, 0)
    means = drawn @ np.array([1, 0, 0, 0]) / drawn.sum(axis=1)
    values, counts = np.unique(means, return_counts=True)
    assert values.tolist() == [0, 0.25, 0.5, 1]
    np.testing.assert_allclose(counts / 20_000, np.array([7, 4, 4, 1]) / 16, atol=0.012)


def test_two_ways_are_wider_than_one():
    y, proba, groups = crossed()
    both = score(y, proba, ("a", "b"), groups).accuracy
    for one_way in groups.T:
        one = score(y, proba, ("a", "b"), one_way).accuracy
        assert both.value == one.value
        assert both.high - both.low > 1.1 * (one.high - one.low)
    always = np.eye(2)[y]
    assert str(score(y, always, ("a", "b"), groups).accuracy) == "100.0 % (100.0–100.0)"


def test_a_paired_difference_may_be_crossed_too():
    y, a, groups = crossed()
    b = np.eye(2)[np.zeros(len(y), int)]
    both, speakers = compare(y, a, b, groups), compare(y, a, b, groups[:, 0])
    assert both.accuracy.value == speakers.accuracy.value and both.n_groups == 24
    assert both.accuracy.high - both.accuracy.low > speakers.accuracy.high - speakers.accuracy.low
    assert both.p is None and str(compare(y, a, a, groups)) == "+0.0 points (0.0 to 0.0)"


@pytest.mark.parametrize("n, rough, none", [(3, True, True), (7, True, False), (8, False, False)])
def test_few_groups_have_no_interval_or_a_caution(n, rough, none):
    y, proba = random_case(240)
    groups = np.arange(240) % n
    report = score(y, proba, EMOTIONS, groups, resamples=50)
    assert bool(report.caution) == rough
    found = compare(y, proba, np.roll(proba, 1, axis=1), groups, resamples=50)
    for each in (report.accuracy, found.accuracy, *report.scores.values()):
        assert (each.low is None) == (each.high is None) == none
    assert report.table()["recall_low"].isna().all() == none
    assert not (none and found.real)
    assert ("no interval" in report.summary()) == ("no interval" in str(found)) == none
    assert (report.to_dict()["accuracy"]["low"] is None) == none
    assert "NaN" not in report.to_json()
    gap = difference(report.accuracy, score(y, proba, EMOTIONS).accuracy)
    assert gap.value == 0 and (gap.low is None) == none
