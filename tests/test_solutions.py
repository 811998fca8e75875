"""Every exercise: its check fails with a stub, names what is wrong, and passes with the solution."""

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy.signal import correlate2d

from emotutils.course import solutions


def groups_at_random(groups, share, seed):
    """A share of the groups, where one of the rows is asked for."""
    names = np.random.default_rng(seed).permutation(np.unique(groups))
    return np.isin(groups, names[: round(share * len(names))])


@pytest.mark.parametrize("key", solutions.exercises())
def test_the_check_fails_on_a_stub_and_passes_on_the_solution(key, capsys):
    solutions.check(key, lambda *args, **kwargs: None)
    assert capsys.readouterr().out.startswith(f"{key}: not yet. the function returns nothing yet")
    solutions.check(key, solutions.solution(key))
    assert capsys.readouterr().out == f"{key}: right.\n"


@pytest.mark.parametrize("key", solutions.exercises())
def test_an_answer_that_raises_gets_a_verdict_too(key, capsys):
    def broken(*args, **kwargs):
        raise TypeError("oh")

    solutions.check(key, broken)
    assert "not yet. it stops with TypeError: oh" in capsys.readouterr().out


def _noise(seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(200, 500)), np.arange(200) % 2


def _ties_cut_apart(top, wrong, rate):
    order = np.argsort(-top)
    risk = np.cumsum(wrong[order]) / np.arange(1, len(top) + 1)
    return float(top[order[np.flatnonzero(risk <= rate).max()]])


def _one_hidden(present, rate, rng):
    hit = present.all(axis=1) & (rng.random(len(present)) < rate)
    hidden = present.copy()
    hidden[hit, rng.integers(0, 2, len(present))[hit]] = 0
    return hidden


def _changed_in_place(present, rate, rng):
    present[:] = _one_hidden(present, rate, rng)
    return present


def _squares_only(picture, kernel):
    k = len(kernel)
    places = np.lib.stride_tricks.sliding_window_view(picture.astype(float), (k, k))
    return np.einsum("ijuv,uv->ij", places, np.resize(kernel, (k, k)))


def _in_grey_levels(picture, kernel):
    return solutions.solution("07.3")(picture, kernel).astype(picture.dtype)


def _opens_all_for_none(model, open_layers):
    found = solutions.solution("08.3")(model, open_layers or 3)
    return found


@pytest.mark.parametrize(
    "key, wrong, hint",
    [
        (
            "00.1",
            lambda asked, folders: asked or ("live" if folders else "sample"),
            "not every folder",
        ),
        (
            "00.1",
            lambda asked, folders: asked or ("live" if "ravdess" in str(folders) else "sample"),
            "'affwild2'",
        ),
        ("00.2", lambda t, label: (t["label"] == label).sum(), "count seconds, not rows"),
        ("01.4", lambda h: (int(np.argmax(h["val_accuracy"])), True), "counted from 1"),
        (
            "01.4",
            lambda h: (int(np.argmax(h["val_accuracy"])) + 1, h["accuracy"][-1] > h["accuracy"][0]),
            "compare the last epoch",
        ),
        (
            "00.2",
            lambda t, label: (t["label"] == label).sum() * (t["t"][1] - t["t"][0]),
            "not sure does not count",
        ),
        ("03.1", lambda labels: labels.value_counts().max(), "should be 0.75"),
        ("03.1", lambda labels: (labels == labels[0]).mean(), "should be 0.5"),
        (
            "03.2",
            lambda y, k: len(y) / (k * np.unique(y, return_counts=True)[1]),
            "shape (3,), not (2,)",
        ),
        (
            "03.2",
            lambda y, k: dict(enumerate(len(y) / (k * np.unique(y, return_counts=True)[1]))),
            "label 2 keeps its place",
        ),
        (
            "03.3",
            lambda t: (
                t.loc[t["split"] == "train", "group"].isin(t[t["split"] == "test"].group).sum()
            ),
            "two test rows",
        ),
        (
            "03.3",
            lambda t: t.loc[t["split"] == "test", "group"].isin(t["group"]).sum(),
            "two test rows",
        ),
        (
            "04.2",
            lambda labels, seed: [
                k
                for word in set(labels)
                for k in labels[labels == word].index[: labels.value_counts().min()]
            ],
            "other seeds",
        ),
        ("04.3", lambda films, seed: ["train", "test"] * (len(films) // 2), "is on both sides"),
        (
            "04.3",
            lambda films, seed: films.isin(films.unique()[:3]).map({True: "test", False: "train"}),
            "draw other films",
        ),
        (
            "04.3",
            lambda films, seed: (
                films.isin(pd.Series(films.unique()).sample(6, random_state=seed))
                .map({True: "test", False: "train"})
                .reset_index(drop=True)
            ),
            "keep the index",
        ),
        (
            "04.3",
            lambda films, seed: films.isin(
                pd.Series(films.unique()).sample(6, random_state=seed)
            ).map({True: "test", False: "train"}),
            "a third of the films",
        ),
        (
            "05.2",
            lambda a, b: ((a - a.mean(0)) / a.std(0), (b - b.mean(0)) / b.std(0)),
            "with their own mean",
        ),
        ("05.3", lambda x, noise, snr: x + noise, "asked for 20 dB"),
        (
            "05.3",
            lambda x, noise, snr: x + noise * np.sqrt(x.var() / noise.var() / 10 ** (snr / 10)),
            "mean of squares",
        ),
        (
            "02.1",
            lambda p, d, most: [n for n in range(1, most + 1) if (p * n / 100).is_integer()],
            "is rounded",
        ),
        (
            "02.1",
            lambda p, d, most: [
                n for n in range(1, most + 1) if abs(p * n / 100 - round(p * n / 100)) < 0.05
            ],
            "prints as",
        ),
        ("02.2", lambda accuracy, n, k: accuracy, "not of the best"),
        (
            "02.3",
            lambda t: t.query("value > 0.75 and task != 'films'")["system"],
            "a ceiling of its own",
        ),
        ("12.3", lambda pipeline: pipeline(*_noise(0)) > 0.65, "three rounds"),
        (
            "12.3",
            lambda pipeline: np.mean([pipeline(*_noise(0)) for _ in range(3)]) > 0.65,
            "other noise",
        ),
        (
            "12.3",
            lambda pipeline: max(pipeline(*_noise(seed)) for seed in range(3)) > 0.65,
            "is luck",
        ),
        ("13.2", _ties_cut_apart, "are wrong"),
        ("13.2", lambda top, wrong, rate: float(top.min()), "are wrong"),
        (
            "13.4",
            lambda c: (c.trace() / c.sum() - 1 / len(c)) / (1 - 1 / len(c)),
            "it should be -0.25",
        ),
        ("14.1", _changed_in_place, "return a new one"),
        (
            "14.1",
            lambda present, rate, rng: _one_hidden(present, rate, np.random.default_rng(0)),
            "draw from rng alone",
        ),
        (
            "06.1",
            lambda space, folds, repeats, refit: (
                repeats * (np.prod([len(v) for v in space.values()]) * folds + refit)
            ),
            "makes 121 fits",
        ),
        (
            "06.3",
            lambda p: np.maximum.accumulate(np.sort(p) * np.arange(len(p), 0, -1))[
                np.argsort(np.argsort(p))
            ],
            "gives [1, 1]",
        ),
        (
            "11.3",
            lambda y, p, bins: abs(p.max(axis=1).mean() - (p.argmax(axis=1) == y).mean()),
            "500 rows",
        ),
        ("12.1", lambda groups, share, seed: groups_at_random(groups, share, seed), "of the rows"),
        (
            "12.2",
            lambda t, train: [(t[train] - x)[t[train] > x].min(initial=9) for x in t[~train]],
            "it should be",
        ),
        (
            "12.2",
            lambda t, train: np.sort(np.abs(t[~train][:, None] - t[train]).min(axis=1)),
            "[0.4, 0.1, 0.1]",
        ),
        ("07.1", lambda size, steps: round((size - steps[0][0]) / steps[0][1] + 1), "leaves"),
        ("07.3", lambda picture, kernel: correlate2d(picture, kernel, "valid"), "yourself"),
        ("07.3", _squares_only, "2×3 on 8×7"),
        ("07.3", _in_grey_levels, "multiply each patch"),
        ("08.3", _opens_all_for_none, "with 0 open layers"),
        ("15.1", lambda text, buckets: np.zeros(buckets), "marks included"),
        (
            "15.2",
            lambda said, heard: sum(a != b for a, b in zip(said, heard, strict=False)) / len(said),
            "0.25, not 0.50",
        ),
        (
            "15.3",
            lambda lines, moments: [
                next((x for a, b, x in lines if a <= t <= b), None) for t in moments
            ],
            "at 2.0 s",
        ),
        (
            "16.1",
            lambda a, b: (a.mean() - b.mean(), *(a.mean() - b.mean() + [-0.01, 0.01])),
            "too narrow",
        ),
        ("16.2", lambda text, fields: [f for f in fields if f not in text], "leaves"),
        (
            "16.3",
            lambda stream, label, p, threshold: f"the person is {label}",
            "not what anybody feels",
        ),
    ],
)
def test_a_usual_mistake_gets_its_hint(key, wrong, hint, capsys):
    solutions.check(key, wrong)
    assert hint in capsys.readouterr().out


@pytest.mark.parametrize(
    "key, right",
    [
        ("03.2", lambda y, k: {c: len(y) / (k * n) for c, n in Counter(y.tolist()).items()}),
        (
            "05.2",
            lambda a, b: ((a - a.mean(0)) / a.std(0, ddof=1), (b - a.mean(0)) / a.std(0, ddof=1)),
        ),
    ],
)
def test_a_right_answer_of_another_form_is_right(key, right, capsys):
    solutions.check(key, right)
    assert capsys.readouterr().out == f"{key}: right.\n"


def test_what_an_answer_prints_comes_through_and_an_error_names_its_line(capsys):
    def broken(labels):
        print("seen", len(labels), end="")
        return labels.nothing

    solutions.check("03.1", broken)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "seen 4"
    assert said[1].endswith("(line 3 of your function: return labels.nothing)")


def test_two_hundred_rounds_are_enough_whatever_the_draw(capsys):
    for seed in range(25):
        rng = np.random.default_rng(seed)

        def best_of(accuracy, n, k, rng=rng):
            return rng.binomial(n, accuracy, (200, k)).max(axis=1).mean() / n

        solutions.check("02.2", best_of)
    assert capsys.readouterr().out == 25 * "02.2: right.\n"


def test_one_round_is_luck_itself(capsys):
    rng = np.random.default_rng(0)
    solutions.check("02.2", lambda accuracy, n, k: rng.binomial(n, accuracy, k).max() / n)
    assert "200 rounds or more" in capsys.readouterr().out


def test_an_exercise_that_does_not_exist_leads_to_those_that_do():
    with pytest.raises(KeyError) as error:
        solutions.check("11.9", len)
    assert "11.1, 11.2, 11.3" in str(error.value)


def test_a_solution_shows_itself_only_when_asked(monkeypatch):
    out = []
    monkeypatch.setattr(solutions.registry, "display", out.append)
    solutions.show("05.2")
    assert "def standardise(" in out[0].data and "@exercise" not in out[0].data


def test_verdicts_are_read_from_an_executed_notebook(tmp_path):
    said = [
        "03.1: right.\n",
        "03.2: not yet. two test rows\n",
        "the score of 03.3: right. is no verdict\n",
    ]
    cells = [
        {"outputs": [{"output_type": "stream", "name": "stdout", "text": [text]}]} for text in said
    ]
    (tmp_path / "one.ipynb").write_text(
        json.dumps({"cells": [*cells, {"cell_type": "markdown", "source": []}]})
    )
    assert solutions.verdicts(tmp_path / "one.ipynb") == {
        "03.1": "right.",
        "03.2": "not yet. two test rows",
    }
