"""Figures: they draw what they are given, into the Axes they are given, and can be read without colour."""

from itertools import combinations

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from emotutils import plots
from emotutils.emotions import EMOTIONS
from emotutils.evaluation import Score, evaluate

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


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
    return table


def _texts(ax):
    return {text.get_text() for text in ax.texts}


def test_timeline_names_lanes_emotions_and_gaps(timeline):
    ax = plots.plot_timeline(timeline)
    ax.figure.canvas.draw()
    assert {label.get_text().replace("\n", " ") for label in ax.get_yticklabels()} == {
        "the face looks like",
        "the voice sounds like",
        "both together",
    }
    assert {"happiness", "sadness"} <= _texts(ax)
    assert {*EMOTIONS, "nothing to go by"} == {text.get_text() for text in ax.get_legend().get_texts()}
    gaps = [patch for patch in ax.patches if patch.get_hatch()]
    assert [(gap.get_x(), gap.get_width()) for gap in gaps] == [(0.0, 1.0)]


def test_timeline_marks_disagreement(timeline):
    class Found:
        summary = {"disagreements": [{"t0": 1.0, "t1": 4.0, "face": "happiness", "voice": "sadness"}]}

    Found.timeline = timeline
    assert "≠ disagree" in _texts(plots.plot_timeline(Found))
    assert "≠ disagree" not in _texts(plots.plot_timeline(timeline))


def test_timeline_of_a_single_moment_can_be_drawn(timeline):
    plots.plot_timeline(timeline.iloc[:1]).figure.canvas.draw()


def test_confusion_prints_counts_and_rates():
    ax = plots.plot_confusion(np.array([[8, 2, 0], [1, 3, 0], [0, 0, 0]]), ["a", "b", "c"])
    assert {"80 %\n8", "25 %\n1", "75 %\n3", "0 %\n0"} <= _texts(ax)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b", "c"]


def test_confusion_takes_a_report():
    report = evaluate(np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]]), ("no", "yes"), resamples=10)
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


def test_history_without_the_metric_names_those_there():
    with pytest.raises(ValueError, match="loss"):
        plots.plot_history([{"loss": 1.0, "val_loss": 2.0}], "uar")


def test_scores_show_value_and_interval():
    ax = plots.plot_scores(
        {"ours": Score(0.65, 0.6, 0.7), "theirs": {"value": 0.5, "low": 0.4, "high": 0.6}}, chance=1 / 7
    )
    np.testing.assert_allclose(ax.lines[0].get_xdata(), [60, 70])
    assert {"65.0", "50.0", "guessing"} <= _texts(ax)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["ours", "theirs"]


@pytest.mark.parametrize(
    "draw",
    [
        lambda timeline, ax: plots.plot_timeline(timeline, ax=ax),
        lambda timeline, ax: plots.plot_confusion(np.eye(3, dtype=int), list("abc"), ax=ax),
        lambda timeline, ax: plots.plot_history([{"loss": 1.0}, {"loss": 0.5}], ax=ax),
        lambda timeline, ax: plots.plot_scores({"ours": Score(0.65, 0.6, 0.7)}, ax=ax),
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
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def test_faces_side_by_side_under_their_titles():
    faces = np.linspace(0, 255, 3 * 48 * 48).reshape(3, 48, 48, 1)
    ax = plots.plot_faces(faces, ["fear", "anger", "neutral"], columns=2)
    assert len(ax.images) == 3 and _texts(ax) == {"fear", "anger", "neutral"}
    assert {image.norm.vmax for image in ax.images} == {255}, "one grey scale for all"
    assert not plots.plot_faces(faces).texts


def test_balance_counts_each_label_in_each_part():
    table = pd.DataFrame({"label": ["fear"] * 3 + ["calm"], "split": ["train", "train", "test", "train"]})
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
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["extract: no face", "clean: blurred"]
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


def test_ink_can_be_read_on_every_color():
    for color in plots.COLORS.values():
        rgb = np.array(to_rgb(color))
        luminance = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
        light = {"#000": 0.0, "#fff": 1.0}[plots.ink(color)]
        assert (max(light, luminance) + 0.05) / (min(light, luminance) + 0.05) >= 4.5


@pytest.mark.parametrize(("t", "words"), [(0, "0:00"), (65.9, "1:05"), (600, "10:00"), (3725, "1:02:05")])
def test_clock(t, words):
    assert plots.clock(t) == words


@pytest.mark.parametrize("duration", [0.3, 4, 61, 600, 7200, 100_000])
def test_ticks_are_few_and_inside(duration):
    found = plots.ticks(duration)
    assert found[0] == 0 and found[-1] <= duration + 1e-6 and 1 <= len(found) <= 8


def test_plots_do_not_import_tensorflow():
    import subprocess
    import sys

    code = "import emotutils.plots, sys; sys.exit(bool({'tensorflow', 'keras'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
