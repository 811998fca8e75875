"""Figures: they draw what they are given, into the Axes they are given, and can be read without
colour.
"""

from itertools import combinations

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from raising import raises_error

from emotutils import plots
from emotutils.emotions import EMOTIONS
from emotutils.evaluation import Score, ece, reliability, score
from emotutils.findings import clock

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture
def report():
    """90 rows, three labels of which the last is rare; a fourth never occurs."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [50, 36, 4])
    proba = rng.dirichlet(np.ones(4), 90) + np.eye(4)[y] * rng.uniform(0, 1, (90, 1))
    return score(
        y,
        proba / proba.sum(axis=1, keepdims=True),
        ("anger", "fear", "calm", "neutral"),
        resamples=50,
    )


@pytest.fixture
def timeline():
    """Eight moments: face happy all along, voice sad from the third on."""
    table = pd.DataFrame({"t": 0.5 * np.arange(8)})
    happy, sad = np.eye(7)[3] * 0.7 + 0.3 / 7, np.eye(7)[4] * 0.7 + 0.3 / 7
    voice = np.where(np.arange(8)[:, None] < 2, np.nan, sad)
    for prefix, p in (
        ("face_", np.tile(happy, (8, 1))),
        ("voice_", voice),
        ("", np.nanmean([np.tile(happy, (8, 1)), voice], axis=0)),
    ):
        table[[f"{prefix}p_{e}" for e in EMOTIONS]] = p
        table[f"{prefix}label"] = ["" if np.isnan(row[0]) else EMOTIONS[row.argmax()] for row in p]
    table["unsure"], table["disagreement_face_voice"] = False, ""
    return table


def _texts(ax):
    return {text.get_text() for text in ax.texts}


def test_timeline_names_lanes_emotions_and_gaps(timeline):
    ax = plots.plot_timeline(timeline)
    ax.figure.canvas.draw()
    assert {label.get_text().replace("\n", " ") for label in ax.get_yticklabels()} == {
        "the face looks like",
        "the voice sounds like",
        "face and voice together",
    }
    assert {"happiness", "sadness"} <= _texts(ax)
    assert {*EMOTIONS, "nothing to go by"} == {
        text.get_text() for text in ax.get_legend().get_texts()
    }
    gaps = [patch for patch in ax.patches if patch.get_hatch()]
    assert [(gap.get_x(), gap.get_width()) for gap in gaps] == [(0.0, 1.0)]


def test_timeline_marks_disagreement_with_its_two_words(timeline):
    assert not {text for text in _texts(plots.plot_timeline(timeline)) if "≠" in text}
    timeline.loc[2:5, "disagreement_face_voice"] = "happiness/sadness"
    ax = plots.plot_timeline(timeline)
    assert "≠ happiness / sadness" in _texts(ax)
    (frame,) = (patch for patch in ax.patches if not patch.get_fill() and not patch.get_hatch())
    assert (frame.get_x(), frame.get_width()) == (1.0, 2.0)
    assert "≠ face / voice disagree" in {text.get_text() for text in ax.get_legend().get_texts()}


def test_words_of_crowded_disagreements_do_not_overlap(timeline):
    timeline = pd.concat([timeline] * 8, ignore_index=True).assign(t=0.5 * np.arange(64))
    timeline.loc[[20, 21, 24, 25, 40, 41, 60, 61], "disagreement_face_voice"] = "happiness/sadness"
    ax = plots.plot_timeline(timeline)
    ax.figure.canvas.draw()
    boxes = sorted(
        (t.get_window_extent() for t in ax.texts if "≠" in t.get_text()), key=lambda box: box.x0
    )
    assert len(boxes) == 4
    assert all(left.x1 < right.x0 for left, right in zip(boxes, boxes[1:], strict=False))


def test_timeline_marks_what_is_not_sure(timeline):
    timeline.loc[4:5, "unsure"] = True
    ax = plots.plot_timeline(timeline)
    marks = [patch for patch in ax.patches if "|" in (patch.get_hatch() or "")]
    assert [(mark.get_x(), mark.get_width()) for mark in marks] == [(2.0, 1.0)]
    assert "not sure" in {text.get_text() for text in ax.get_legend().get_texts()}


def test_timeline_of_a_single_moment_can_be_drawn(timeline):
    plots.plot_timeline(timeline.iloc[:1]).figure.canvas.draw()


def test_confusion_prints_counts_and_rates():
    ax = plots.plot_confusion(np.array([[8, 2, 0], [1, 3, 0], [0, 0, 0]]), ["a", "b", "c"])
    assert {"80 %\n8", "25 %\n1", "75 %\n3", "0 %\n0"} <= _texts(ax)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b", "c"]


def test_confusion_takes_a_report():
    report = score(
        np.array([0, 1, 1]),
        np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]]),
        ("no", "yes"),
        resamples=10,
    )
    ax = plots.plot_confusion(report)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["no", "yes"]
    assert "50 %\n1" in _texts(ax)


@pytest.mark.parametrize(("metric", "best"), [("loss", 2), ("accuracy", 3)])
def test_history_marks_the_best_epoch(metric, best):
    history = [
        {"loss": 1.0, "val_loss": 1.1, "accuracy": 0.3, "val_accuracy": 0.3},
        {"loss": 0.8, "val_loss": 0.9, "accuracy": 0.4, "val_accuracy": 0.4},
        {"loss": 0.6, "val_loss": 1.0, "accuracy": 0.6, "val_accuracy": 0.5},
    ]
    ax = plots.plot_history(history, metric)
    assert ax.lines[-1].get_xdata()[0] == best
    same = plots.plot_history({k: [epoch[k] for epoch in history] for k in history[0]}, metric)
    np.testing.assert_array_equal(same.lines[1].get_ydata(), ax.lines[1].get_ydata())


def test_history_marks_where_the_curves_part():
    training = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    apart = {"accuracy": training, "val_accuracy": [0.4, 0.45, 0.48, 0.55, 0.54, 0.55]}
    told = [
        plots.plot_history(apart, "accuracy"),
        plots.plot_history({**apart, "val_accuracy": training}, "accuracy"),
    ]
    words, together = ({t.get_text() for t in ax.get_legend().get_texts()} for ax in told)
    assert "part after epoch 2" in words and not [w for w in together if "part" in w]
    log = [{"epoch": 17 + k, "loss": 0.1, "val_loss": 2 + 0.01 * k} for k in range(5)]
    ax = plots.plot_history(log)
    assert ax.lines[0].get_xdata().tolist() == [17, 18, 19, 20, 21], "by its own numbers"
    assert "apart in every epoch" in {t.get_text() for t in ax.get_legend().get_texts()}


def test_history_without_the_metric_names_those_there():
    with raises_error(ValueError, "'uar'", "loss"):
        plots.plot_history([{"loss": 1.0, "val_loss": 2.0}], "uar")


def test_scores_show_value_and_interval():
    ax = plots.plot_scores(
        {"ours": Score(0.65, 0.6, 0.7), "theirs": {"value": 0.5, "low": 0.4, "high": 0.6}},
        chance=1 / 7,
    )
    np.testing.assert_allclose(ax.lines[0].get_xdata(), [60, 70])
    assert {"65.0", "50.0", "guessing"} <= _texts(ax)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["ours", "theirs"]


def test_roc_draws_each_label_that_occurs_and_tells_its_area(report):
    ax = plots.plot_roc(report)
    areas = report.table()["auc"].drop("neutral")
    wanted = {"guessing (0.50)", *(f"{label} ({area:.2f})" for label, area in areas.items())}
    assert {t.get_text() for t in ax.get_legend().get_texts()} == wanted
    for line, area in zip(ax.lines[1:], areas, strict=True):
        x, y = line.get_xdata(), line.get_ydata()
        assert np.trapezoid(y, x) / 1e4 == pytest.approx(area)
    assert len({(line.get_linestyle(), line.get_marker()) for line in ax.lines}) == len(ax.lines)


def test_labels_show_recall_interval_and_rows(report):
    ax = plots.plot_labels(report)
    table = report.table()
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "anger (50)",
        "fear (36)",
        "calm (4)",
        "neutral (0)",
    ]
    assert [bar.get_width() for bar in ax.patches[:3]] == pytest.approx(100 * table["recall"][:3])
    ends = ax.collections[0].get_segments()[2][:, 0]
    assert ends.tolist() == pytest.approx(
        100 * table.loc["calm", ["recall_low", "recall_high"]].to_numpy(float)
    )
    assert "undefined" in _texts(ax)
    precision = plots.plot_labels(report, metric="precision")
    assert precision.get_xlabel().startswith("precision") and not precision.collections


def test_reliability_shows_how_many_rows_are_in_each_bin(report):
    table = reliability(report.y, report.proba)
    table = table[table["n"] > 0]
    ax = plots.plot_reliability(report)
    assert [text.get_text() for text in ax.texts] == [str(n) for n in table["n"]]
    points = next(line for line in ax.lines if line.get_marker() == "o")
    np.testing.assert_allclose(points.get_ydata(), 100 * table["accuracy"])
    assert any(f"ECE {100 * ece(table):.1f} %" in t.get_text() for t in ax.get_legend().get_texts())


@pytest.mark.parametrize("sure", [0.3, 0.95])
def test_the_legend_of_a_reliability_diagram_hides_nothing(sure):
    proba = np.where(
        np.eye(4)[np.zeros(90, int)] == 1, sure, (1 - sure) / 3
    )  # all right: a point at the top
    ax = plots.plot_reliability(
        score(np.zeros(90, int), proba, ("anger", "fear", "calm", "neutral"), resamples=20)
    )
    ax.figure.draw_without_rendering()
    legend = ax.get_legend().get_window_extent()
    assert not legend.overlaps(ax.bbox), "inside, it may lie over points"
    assert not legend.overlaps(ax.xaxis.get_tightbbox())
    assert ax.figure.bbox.containsx(legend.x0) and ax.figure.bbox.containsy(legend.y0)


def test_risk_ends_at_the_error_rate(report):
    ax = plots.plot_risk_coverage(report)
    last = (ax.lines[0].get_xdata()[-1], ax.lines[0].get_ydata()[-1])
    assert last == pytest.approx((100, 100 * (1 - report.accuracy.value)))
    assert "sure of 50 %" in _texts(ax)


def test_a_report_is_drawn_in_four_parts(report, tmp_path):
    figure = plots.plot_report(report)
    assert [bool(ax.get_xlabel()) for ax in figure.axes] == [True] * 4
    assert figure.get_size_inches()[0] == 7
    figure.savefig(tmp_path / "report.png")
    assert not plt.get_fignums()


@pytest.fixture
def points():
    table = pd.DataFrame(
        {
            "rows": [100, 400, 100, 400],
            "network": ["b", "b", "a", "a"],
            "value": [0.3, 0.5, 0.2, 0.3],
        }
    )
    return table.assign(low=table["value"] - 0.1, high=table["value"] + 0.1)


def test_curves_draw_a_line_for_each_with_its_intervals(points):
    ax = plots.plot_curves(points[::-1], "rows", "network", name="UAR", chance=1 / 7)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a", "b"]
    a, b = ax.lines[:2]
    assert a.get_xdata().tolist() == [100, 400] and b.get_ydata().tolist() == pytest.approx(
        [30, 50]
    )
    assert a.get_linestyle() != b.get_linestyle() and a.get_marker() != b.get_marker()
    assert ax.get_ylabel() == "UAR in %, with 95 % interval" and "guessing" in _texts(ax)
    bars = [c.get_segments() for c in ax.collections if hasattr(c, "get_segments")]
    np.testing.assert_allclose(bars[0][0], [[100, 10], [100, 30]])


def test_curves_over_words_keep_their_order():
    table = pd.DataFrame({"kept apart": ["nothing", "words", "speakers"], "value": [0.9, 0.8, 0.4]})
    ax = plots.plot_curves(table, "kept apart")
    assert [t.get_text() for t in ax.get_xticklabels()] == ["nothing", "words", "speakers"]
    assert (
        ax.lines[0].get_ydata().tolist() == pytest.approx([90, 80, 40]) and ax.get_legend() is None
    )
    assert ax.get_ylabel() == "accuracy in %"


@pytest.mark.parametrize(
    "name", ["plot_roc", "plot_labels", "plot_reliability", "plot_risk_coverage"]
)
def test_a_reports_plot_takes_axes_and_can_be_read(name, report):
    ax = Figure().subplots()
    assert getattr(plots, name)(report, ax=ax) is ax and not plt.get_fignums()
    ax = getattr(plots, name)(report)
    legend = ax.get_legend()
    words = [
        *ax.texts,
        *ax.get_xticklabels(),
        *ax.get_yticklabels(),
        *(legend.get_texts() if legend else ()),
    ]
    assert min(text.get_fontsize() for text in words) >= 9
    assert 6 <= ax.figure.get_size_inches()[0] <= 7


@pytest.mark.parametrize(
    "draw",
    [
        lambda timeline, ax: plots.plot_timeline(timeline, ax=ax),
        lambda timeline, ax: plots.plot_confusion(np.eye(3, dtype=int), list("abc"), ax=ax),
        lambda timeline, ax: plots.plot_history([{"loss": 1.0}, {"loss": 0.5}], ax=ax),
        lambda timeline, ax: plots.plot_scores({"ours": Score(0.65, 0.6, 0.7)}, ax=ax),
        lambda timeline, ax: plots.plot_curves(
            pd.DataFrame({"rows": [1, 2], "value": [0.2, 0.3]}), "rows", ax=ax
        ),
    ],
)
def test_axes_in_axes_out_and_no_global_state(draw, timeline):
    settings = dict(matplotlib.rcParams)
    ax = Figure().subplots()
    assert draw(timeline, ax) is ax
    assert not plt.get_fignums()
    assert draw(timeline, None).figure.number in plt.get_fignums()
    assert dict(matplotlib.rcParams) == settings


# Machado, Oliveira and Fernandes 2009, severity 1, for linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def test_faces_side_by_side_under_their_titles():
    faces = np.linspace(0, 255, 3 * 48 * 48).reshape(3, 48, 48, 1)
    ax = plots.plot_faces(faces, ["fear", "anger", "neutral"], columns=2)
    assert len(ax.images) == 3 and _texts(ax) == {"fear", "anger", "neutral"}
    assert {image.norm.vmax for image in ax.images} == {255}, "one grey scale for all"
    assert not plots.plot_faces(faces).texts
    for wrong in (faces[:0], faces[0, ..., 0]):
        with pytest.raises(ValueError, match="one face or more"):
            plots.plot_faces(wrong)


def test_balance_counts_each_label_in_each_part():
    table = pd.DataFrame(
        {"label": ["fear"] * 3 + ["calm"], "split": ["train", "train", "test", "train"]}
    )
    ax = plots.plot_balance(table)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["fear", "calm"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["train", "test"]
    assert sorted(text.get_text() for text in ax.texts if text.get_text()) == ["1", "1", "2"]
    hatches = [{patch.get_hatch() or "" for patch in bars} for bars in ax.containers]
    assert hatches == [{""}, {"///"}], "told apart without colour too"


def test_removed_shows_what_each_step_took():
    steps = pd.DataFrame(
        [("extract", 100, 30, 70, "no face"), ("clean", 70, 0, 70, "blurred")],
        columns=["step", "before", "removed", "after", "reason"],
    )
    ax = plots.plot_removed(steps)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [
        "extract: no face",
        "clean: blurred",
    ]
    kept, gone = ([patch.get_width() for patch in bars] for bars in ax.containers)
    assert (kept, gone) == ([70, 70], [30, 0]) and "−30" in _texts(ax)


@pytest.mark.parametrize("vision", VISIONS)
def test_colors_can_be_told_apart(vision):
    from skimage.color import rgb2lab

    rgb = np.array([to_rgb(plots.COLORS[e]) for e in EMOTIONS])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(VISIONS[vision]), 0, 1)
    seen = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    lab = rgb2lab(seen[None])[0]
    assert min(np.linalg.norm(a - b) for a, b in combinations(lab, 2)) > 13
    if vision == "normal":
        assert np.diff(np.sort(lab[:, 0])).min() > 8


def test_lines_stand_out_from_the_page():
    """Every curve of an ROC plot has a contrast of 3:1 to white (WCAG 1.4.11)."""
    y = np.arange(14) % 7
    proba = 0.3 * np.eye(7)[y] + 0.1
    for line in plots.plot_roc(score(y, proba, EMOTIONS, resamples=5)).lines:
        rgb = np.array(to_rgb(line.get_color()))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        assert 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05) >= 3


def test_a_spectrogram_has_its_axes_in_seconds_and_hertz_and_says_its_unit():
    values = np.arange(40.0).reshape(8, 5)
    ax = plots.plot_spectrogram(values, 0.016, hz=np.geomspace(50, 6400, 8), limits=(-80, 0))
    assert ax.images[0].get_clim() == (-80, 0)
    assert ax.get_xlim() == (0, pytest.approx(0.08)) and ax.get_ylabel() == "Hz"
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["125", "250", "500", "1,000", "2,000", "4,000"]
    assert ax.get_yticks()[3] == pytest.approx(7 * np.log(1000 / 50) / np.log(6400 / 50), abs=0.1)
    even = plots.plot_spectrogram(np.zeros((257, 5)), 0.016, hz=np.linspace(0, 8000, 257))
    assert [t.get_text() for t in even.get_yticklabels()] == ["1,000", "2,000", "4,000", "8,000"]
    assert ax.figure.axes[1].get_ylabel() == "dB", "the bar of colours"
    ax = plots.plot_spectrogram(values, 1.0, first=1, unit="coefficient")
    assert ax.images[0].get_clim() == (0, 39) and ax.get_ylabel() == "number"
    assert ax.get_ylim() == (0.5, 8.5)


def test_ink_can_be_read_on_every_color():
    for color in plots.COLORS.values():
        rgb = np.array(to_rgb(color))
        luminance = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [
            0.2126,
            0.7152,
            0.0722,
        ]
        light = {"#000": 0.0, "#fff": 1.0}[plots.ink(color)]
        assert (max(light, luminance) + 0.05) / (min(light, luminance) + 0.05) >= 4.5


@pytest.mark.parametrize(
    ("t", "words"), [(0, "0:00"), (65.9, "1:05"), (600, "10:00"), (3725, "1:02:05")]
)
def test_clock(t, words):
    assert clock(t) == words


@pytest.mark.parametrize("duration", [0.3, 4, 61, 600, 7200, 100_000])
def test_ticks_are_few_and_inside(duration):
    found = plots.ticks(duration)
    assert found[0] == 0 and found[-1] <= duration + 1e-6 and 1 <= len(found) <= 8
