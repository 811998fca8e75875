"""What must hold whatever the input: splits, fusion, metrics, windows, MFCCs, names, schemas, tables.

Hypothesis draws the inputs, few and the same in each run.
"""

import io
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from emotutils import config, evaluation, fusion, voices
from emotutils.analysis import gathering
from emotutils.datasets import names, splits
from emotutils.emotions import EMOTIONS
from emotutils.errors import DataError, NetworkError
from emotutils.networks.card import read_card
from emotutils.support.tables import to_csv

few = settings(max_examples=25, deadline=None, derandomize=True, database=None)
numbers = st.integers(0, 2**32 - 1)
#: Text as others write it; surrogates are no letters.
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def draw(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


# --- splits


def table_of(seed: int, rows: int, people: int) -> pd.DataFrame:
    rng = draw(seed)
    return pd.DataFrame(
        {
            "id": [f"{k}" for k in range(rows)],
            "label": rng.choice(["anger", "fear"], rows),
            "speaker": rng.integers(people, size=rows),
        }
    )


@few
@given(numbers, st.integers(20, 80), st.integers(4, 10), st.floats(0.2, 0.7))
def test_nobody_is_in_two_parts_and_everybody_in_one(seed, rows, people, share):
    table = table_of(seed, rows, people)
    assume(table["speaker"].nunique() >= 4)
    rest = (1 - share) / 2
    parts = splits.holdout(table, (share, rest, rest), groups="speaker", seed=seed)
    assert parts.notna().all() and set(parts) == {"train", "validation", "test"}
    assert (parts.groupby(table["speaker"]).nunique() == 1).all()
    pd.testing.assert_series_equal(
        parts, splits.holdout(table, (share, rest, rest), groups="speaker", seed=seed)
    )


@few
@given(numbers, st.integers(30, 80), st.integers(2, 5))
def test_each_row_is_tested_once(seed, rows, k):
    table = table_of(seed, rows, 9)
    try:
        folds = splits.folds(table, k, groups="speaker", seed=seed)
    except DataError:
        return  # too few speakers
    tested = pd.concat([(parts == "test") for parts in folds], axis=1)
    assert (tested.sum(axis=1) == 1).all()
    for parts in folds:
        assert (parts.groupby(table["speaker"]).nunique() == 1).all()


@few
@given(st.lists(words, min_size=1, max_size=8, unique=True), numbers)
def test_a_split_is_read_as_it_was_written_or_refused(tmp_path_factory, ids, seed):
    table = pd.DataFrame({"id": ids})
    parts = pd.Series(draw(seed).choice(["train", "test"], len(ids)))
    path = tmp_path_factory.mktemp("split") / "split.tsv"
    try:
        splits.write(path, parts, table=table, name="own", protocol="own", seed=0)
    except DataError:
        assert any(not word.isprintable() for word in ids) and not path.exists()
        return
    shuffled = table.sample(frac=1, random_state=seed % 1000)
    again = splits.read(path, shuffled)
    assert again.sort_index().tolist() == parts.tolist()


# --- fusion


def streams_of(seed: int, moments: int, count: int) -> dict[str, np.ndarray]:
    rng = draw(seed)
    p = rng.dirichlet(np.full(7, 0.3), (count, moments))
    p[rng.random((count, moments)) < 0.3] = np.nan
    return {f"s{k}": values for k, values in enumerate(p)}


@few
@given(
    numbers,
    st.integers(1, 20),
    st.integers(1, 4),
    st.sampled_from(["mean", "product", "maximum", "majority"]),
)
def test_fused_probabilities_are_probabilities_and_their_order_does_not_matter(
    seed, moments, count, rule
):
    streams = streams_of(seed, moments, count)
    fused = fusion.fuse(streams, rule)
    nothing = np.isnan(np.stack(list(streams.values()))).all(axis=(0, 2))
    assert (np.isnan(fused).all(axis=1) == nothing).all()
    assert (fused[~nothing] >= 0).all()
    np.testing.assert_allclose(fused[~nothing].sum(axis=1), 1)
    backwards = dict(reversed(streams.items()))
    np.testing.assert_allclose(fusion.fuse(backwards, rule), fused, atol=1e-12)
    np.testing.assert_allclose(
        fusion.fuse({"s0": streams["s0"]}, "mean"), streams["s0"], atol=1e-12
    )


@few
@given(
    numbers,
    st.lists(st.floats(0, 1.7e308, allow_subnormal=True), min_size=2, max_size=2).filter(any),
)
def test_any_weights_give_probabilities(seed, weights):
    streams = streams_of(seed, 6, 2)
    with np.errstate(all="raise", under="ignore"):
        fused = fusion.fuse(streams, "weighted", dict(zip(streams, weights, strict=True)))
    there = ~np.isnan(fused[:, 0])
    np.testing.assert_allclose(fused[there].sum(axis=1), 1)


@few
@given(numbers, st.integers(1, 40), st.floats(0, 1e308))
def test_smoothing_keeps_gaps_and_probabilities(seed, moments, window):
    (p,) = streams_of(seed, moments, 1).values()
    smoothed = fusion.smooth(p, window, 0.5)
    assert (np.isnan(smoothed) == np.isnan(p)).all()
    there = ~np.isnan(p[:, 0])
    np.testing.assert_allclose(smoothed[there].sum(axis=1), 1)


# --- metrics


@settings(few, max_examples=8)
@given(numbers, st.integers(2, 60), st.integers(2, 7))
def test_scores_are_shares_and_the_order_of_rows_does_not_matter(seed, n, k):
    rng = draw(seed)
    y = rng.integers(k, size=n)
    proba = rng.dirichlet(np.ones(k), n)
    labels = EMOTIONS[:k]
    report = evaluation.score(y, proba, labels, resamples=20)
    assert report.accuracy.value == pytest.approx((proba.argmax(axis=1) == y).mean())
    assert report.confusion.sum() == n
    for name, found in report.scores.items():
        if name in ("accuracy", "error_rate", "top2", "uar", "macro_f1", "precision", "auc"):
            assert np.isnan(found.value) or 0 <= found.value <= 1
            assert found.low is None or not found.low > found.value + 1e-9
    other = rng.permutation(n)
    again = evaluation.score(y[other], proba[other], labels, resamples=20)
    for name, found in report.scores.items():
        assert again.scores[name].value == pytest.approx(found.value, nan_ok=True)


@few
@given(numbers, st.floats(0.05, 20))
def test_a_temperature_leaves_the_order(seed, temperature):
    proba = draw(seed).dirichlet(np.ones(7), 5)
    softened = evaluation.soften(proba, temperature, least=1e-60)
    np.testing.assert_allclose(softened.sum(axis=1), 1)
    assert (softened.argmax(axis=1) == proba.argmax(axis=1)).all()
    np.testing.assert_allclose(
        evaluation.soften(softened, 1 / temperature, least=1e-300), proba, atol=1e-6
    )


# --- windows and features


@few
@given(
    st.integers(0, 4000), st.lists(st.integers(1, 900), min_size=1, max_size=8), st.integers(1, 10)
)
def test_windows_do_not_depend_on_blocks_and_cover_the_sound(samples, sizes, hops):
    sr, window = 100, 3.0
    hop = window / hops
    sound = np.arange(samples, dtype=np.float32) / 4000
    cuts = np.cumsum(np.resize(sizes, 60))
    blocks = np.split(sound, cuts[cuts < samples])
    cut = list(voices.iter_windows(blocks, sr, window, hop))
    whole = list(voices.iter_windows([sound], sr, window, hop))
    assert [one[:2] for one in cut] == [one[:2] for one in whole]
    heard = np.zeros(samples, bool)
    for (t0, t1, x), (_, _, y) in zip(cut, whole, strict=True):
        np.testing.assert_array_equal(x, y)
        np.testing.assert_array_equal(x, sound[round(t0 * sr) : round(t1 * sr)])
        heard[round(t0 * sr) : round(t1 * sr)] = True
    assert heard.all()


@few
@given(
    numbers,
    st.integers(1, 20_000),
    st.floats(0, 1e6),
    st.sampled_from(["log_mel", "mfcc", "mfcc_mean"]),
)
def test_features_of_any_sound_are_numbers_of_one_shape(seed, samples, level, kind):
    features = voices.Features(kind=kind)
    sound = (level * draw(seed).normal(size=samples)).astype(np.float32)
    found = features(sound)
    assert found.shape == features.shape and np.isfinite(found).all()


@few
@given(numbers, st.floats(1e-3, 1))
def test_mfccs_do_not_know_how_loud_it_is(seed, gain):
    features = voices.Features(kind="mfcc_mean")
    sound = draw(seed).normal(0, 0.1, 16000).astype(np.float32)
    np.testing.assert_allclose(features(gain * sound), features(sound), atol=0.05)


# --- names


@few
@given(
    st.lists(
        words.filter(lambda word: "/" not in word and "\0" not in word), min_size=1, max_size=6
    )
)
def test_no_two_films_share_a_folder_and_all_systems_allow_its_name(stems):
    from pathlib import PurePath, PurePosixPath

    films = [(PurePath(f"{stem}.mp4"), f"/films/{k}/{stem}.mp4") for k, stem in enumerate(stems)]
    folders = gathering._result_folders(films)
    keys = [gathering._key(folder) for folder in folders]
    assert len(set(keys)) == len(keys)
    for folder in folders:
        for part in PurePosixPath(folder).parts:
            assert len(part.encode()) <= 255 and not set(part) & set('<>:"\\|?*')
            assert (
                part.strip(". ") == part and part.partition(".")[0].lower() not in gathering.DEVICES
            )


@few
@given(
    st.lists(st.from_regex(r"[a-z0-9]{1,6}", fullmatch=True), min_size=1, max_size=3), st.booleans()
)
def test_the_name_of_a_set_is_what_its_parts_say(parts, paired):
    name = ("paired-" if paired else "") + "+".join(parts)
    found = names.parse(name)
    assert found.sets == tuple(parts) and found.paired == paired and not found.sample
    drawn = names.parse(names.sample_of(name))
    assert drawn.sample and drawn.sets == tuple(parts)


# --- schemas

CARD = json.loads((config.shipped_root() / "weights" / "conv1d.card.json").read_text("utf-8"))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


def places(value, path=()):
    """The way to each value of a card."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    if isinstance(value, list):
        for key, inner in enumerate(value[:2]):
            yield from places(inner, (*path, key))


@settings(few, max_examples=150)
@given(st.sampled_from(sorted(places(CARD), key=str)), anything)
def test_a_card_with_any_value_is_read_or_refused_in_one_line(tmp_path_factory, place, value):
    card = json.loads(json.dumps(CARD))
    holder = card
    if place:
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = value
    else:
        card = value
    path = tmp_path_factory.getbasetemp() / "any.card.json"
    path.write_text(json.dumps(card), encoding="utf-8")
    try:
        read_card(path)
    except NetworkError as error:
        assert str(path) in str(error) and "\n" not in str(error)


# --- tables


@few
@given(st.lists(st.tuples(words, st.floats(-1e9, 1e9)), min_size=1, max_size=5))
def test_a_table_comes_back_and_has_no_formula(rows):
    table = pd.DataFrame(rows, columns=["said", "p"])
    text = to_csv(table)
    again = pd.read_csv(io.StringIO(text), keep_default_na=False, dtype={"said": str})
    assert len(again) == len(table)
    np.testing.assert_allclose(again["p"], table["p"])
    for before, after in zip(table["said"], again["said"], strict=True):
        assert (
            after.removeprefix("'").replace("\r", "") in before.replace("\r", " ")
            or after == before
        )
        assert not after.startswith(("=", "@", "\t", "\r"))
