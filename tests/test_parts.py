"""From recordings to arrays: what is extracted, what is cached, what only a train part may have,
and joblib files.
"""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import joblib
import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile
from raising import raises_error

from emotutils import datasets
from emotutils.datasets import parts
from emotutils.errors import DataError
from emotutils.voices import Features

SR = 16000
NAMES = (
    "01/03-01-01-01-01-01-01",
    "01/03-01-03-01-01-01-01",
    "02/03-01-04-01-01-01-02",
    "17/03-01-05-01-01-01-17",
)
#: The thesis's 40 MFCCs, averaged over time, with librosa's settings.
MEAN = Features(
    "mfcc_mean", n_mels=128, n_fft=2048, hop_length=512, fmin=0, fmax=8000, level="none"
)
MEL = Features(n_mels=40, hop_length=320)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("EMOTUTILS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def root(tmp_path) -> Path:
    """Four recordings in RAVDESS's layout, of 1, 2, 3 and 4 s, three of them for training: steady
    noise, so that nothing is trimmed.
    """
    for i, name in enumerate(NAMES):
        path = tmp_path / "set" / "ravdess" / f"Actor_{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.random.default_rng(i).normal(scale=0.05, size=(i + 1) * SR), SR)
    return tmp_path / "set"


@pytest.fixture
def nothing_is_computed(monkeypatch):
    """Call it, and from then on features must come from the cache."""
    return lambda: monkeypatch.setattr(
        Features, "__call__", lambda *_: pytest.fail("computed again")
    )


def files(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.glob("*"))


# --- extraction -----------------------------------------------------------------------------------


def test_one_row_a_recording_equal_to_librosas_means(root):
    data = datasets.load("ravdess", root)
    x = parts.extract_features(data, MEAN, data.rows("train"))
    assert x.shape == (3, 40) and x.dtype == np.float32
    for row, sound in zip(x, data.voices(data.rows("train")), strict=True):
        expected = librosa.feature.mfcc(y=sound, sr=SR, n_mfcc=40).mean(axis=1)
        np.testing.assert_allclose(row, expected, rtol=1e-5, atol=2e-3)


def test_of_a_long_recording_the_middle_counts_and_rows_keep_their_order(root):
    data = datasets.load("ravdess", root)
    x = parts.extract_features(data, MEL, np.array([3, 0]))
    assert x.shape == (2, *MEL.shape)
    long, short = data.voices(np.array([3, 0]))
    np.testing.assert_array_equal(x, [MEL(long[SR // 2 : -SR // 2]), MEL(short)])
    assert parts.extract_features(data, MEL, np.zeros(0, int)).shape == (0, *MEL.shape)


def test_two_workers_give_the_same(root):
    data = datasets.load("ravdess", root)
    many = replace(data, table=data.table.loc[np.arange(100) % 4])
    one, two = (parts.extract_features(many, MEL, n_jobs=n, cache=False) for n in (1, 2))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one[:4], one[96:])


def test_a_copy_of_the_data_elsewhere_finds_the_cache(root, tmp_path, nothing_is_computed):
    data = datasets.load("ravdess", root)
    x, part = parts.extract_features(data, MEL), parts.voice_part(data, "train", MEL)
    shutil.copytree(root, tmp_path / "copy")
    copy = datasets.load("ravdess", tmp_path / "copy")
    assert set(copy.table["path"]).isdisjoint(data.table["path"])
    nothing_is_computed()
    np.testing.assert_array_equal(parts.extract_features(copy, MEL), x)
    again = parts.voice_part(copy, "train", MEL)
    for field in ("x", "y", "group", "id"):
        np.testing.assert_array_equal(getattr(again, field), getattr(part, field))


def test_other_content_or_settings_do_not_find_it(root, cache):
    data = datasets.load("ravdess", root)
    x = parts.extract_features(data, MEL)
    path, stat = Path(data.table["path"][0]), os.stat(data.table["path"][0])
    samples, _ = soundfile.read(path)
    soundfile.write(path, samples[::-1], SR)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (os.stat(path).st_size, os.stat(path).st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    changed = parts.extract_features(data, MEL)
    assert not np.array_equal(changed[0], x[0]) and np.array_equal(changed[1:], x[1:])
    parts.extract_features(data, MEL, data.rows("train"))
    parts.extract_features(data, replace(MEL, deltas=1))
    assert len(files(cache)) == 4
    parts.extract_features(data, MEL, cache=False)
    assert len(files(cache)) == 4


def test_an_extraction_that_fails_leaves_nothing_in_the_cache(root, cache):
    data = datasets.load("ravdess", root)
    Path(data.table["path"][3]).write_bytes(b"no sound")
    with raises_error(DataError, where=data.table["path"][3]):
        parts.extract_features(data, MEL)
    assert files(cache) == []
    Path(data.table["path"][3]).unlink()
    with raises_error(DataError, where=data.table["path"][3]):
        parts.extract_features(data, MEL)


def test_progress_is_shown_when_asked_for(root, capsys):
    data = datasets.load("ravdess", root)
    parts.extract_features(data, MEL, cache=False)
    assert capsys.readouterr().err == ""
    parts.extract_features(data, MEL, cache=False, progress=True)
    assert "4/4" in capsys.readouterr().err


def faces() -> datasets.Dataset:
    table = pd.DataFrame(
        {"id": ["a"], "label": ["anger"], "y": [0], "group": ["a"], "split": ["train"]}
    )
    x = np.zeros((1, 48, 48, 1))
    return datasets.Dataset("drawn", table, ("anger",), "", "", read_faces=lambda rows: x[rows])


def test_faces_hold_no_sound():
    with raises_error(DataError, where="drawn"):
        parts.extract_features(faces(), MEL)


# --- only for training ----------------------------------------------------------------------------


def test_copies_stand_beside_the_recording_and_its_speeds(root):
    data = datasets.load("ravdess", root)
    plain = parts.part(data, "train", "voice", MEL, (1.0, 1.1))
    varied = parts.part(data, "train", "voice", MEL, (1.0, 1.1), copies=2, seed=5)
    assert set(varied.id) == set(plain.id) and varied.x.dtype == np.float32
    for name in set(plain.id):
        here = varied.x[varied.id == name]
        before = plain.x[plain.id == name]
        np.testing.assert_array_equal(here[: len(before)], before)
        fresh = here[len(before) :]
        assert len(fresh) >= 2 and not any(
            np.array_equal(f, b) for f in fresh for b in here[: len(before)]
        )
    first = varied.id == plain.id[0]
    assert len(np.unique(varied.x[first], axis=0)) == first.sum() == 4
    np.testing.assert_array_equal(varied.y[first], plain.y[0])


def test_copies_follow_the_seed(root, cache):
    data = datasets.load("ravdess", root)
    first = parts.voice_part(data, "train", MEL, copies=1, seed=1)
    other = parts.voice_part(data, "train", MEL, copies=1, seed=2)
    shutil.rmtree(cache)
    np.testing.assert_array_equal(parts.voice_part(data, "train", MEL, copies=1, seed=1).x, first.x)
    assert first.x.shape != other.x.shape or not np.array_equal(first.x, other.x)


@pytest.mark.parametrize("options", [{"copies": 1}, {"speeds": (0.9, 1.0)}, {"speeds": ()}])
@pytest.mark.parametrize("split", ["validation", "test"])
def test_what_a_score_is_measured_on_is_never_varied(root, split, options):
    data = datasets.load("ravdess", root)
    data.table.loc[3, "split"] = split
    assert len(parts.part(data, split, "voice", MEL)) == 3
    with raises_error(DataError, "train part", where=f"ravdess, {split}"):
        parts.voice_part(data, split, MEL, **options)
    with raises_error(DataError, "train part", where=f"ravdess, {split}"):
        parts.part(data, split, "voice", MEL, **options)


def test_faces_have_no_copies():
    assert len(parts.part(faces(), "train", "face")) == 1
    with raises_error(DataError, "1 copies", where="drawn, train"):
        parts.part(faces(), "train", "face", copies=1)


# --- joblib files ---------------------------------------------------------------------------------


class Hostile:
    def __init__(self, marker: Path):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def test_features_in_the_thesiss_form(tmp_path):
    x, y = (
        np.random.default_rng(0).normal(size=(5, 40)).astype(np.float32),
        np.array([0, 7, 3, 3, 1]),
    )
    parts.save_joblib(tmp_path / "out" / "features", x, y)
    assert files(tmp_path / "out" / "features") == ["X.joblib", "y.joblib"]
    # As the work that the thesis builds on reads them.
    np.testing.assert_array_equal(joblib.load(tmp_path / "out" / "features" / "X.joblib"), x)
    for found, expected in zip(
        parts.load_joblib(tmp_path / "out" / "features", trust=True), (x, y), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype


def test_lists_are_read_as_arrays(tmp_path):
    joblib.dump([[1.0, 2.0], [3.0, 4.0]], tmp_path / "X.joblib")
    joblib.dump((1, 2), tmp_path / "y.joblib")
    x, y = parts.load_joblib(tmp_path, trust=True)
    np.testing.assert_array_equal(x, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(y, [1, 2])


def test_a_hostile_joblib_file_does_not_run_without_trust(tmp_path):
    for name in ("X", "y"):
        joblib.dump(Hostile(tmp_path / "ran"), tmp_path / f"{name}.joblib")
    with raises_error(DataError, "trust=True", where=tmp_path):
        parts.load_joblib(tmp_path)
    assert not (tmp_path / "ran").exists()
    with pytest.raises((DataError, TypeError)):
        parts.load_joblib(tmp_path, trust=True)
    assert (tmp_path / "ran").exists(), "the file was not hostile: this test proves nothing"


def test_joblib_files_that_do_not_fit_say_so(tmp_path):
    with raises_error(DataError, "save_joblib", where=tmp_path / "X.joblib"):
        parts.load_joblib(tmp_path, trust=True)
    (tmp_path / "X.joblib").write_bytes(b"nothing of the kind")
    with raises_error(DataError, "save_joblib", where=tmp_path / "X.joblib"):
        parts.load_joblib(tmp_path, trust=True)
    with raises_error(DataError, "2 rows", "1 labels", where=tmp_path):
        parts.save_joblib(tmp_path, np.zeros((2, 40)), [1])
    joblib.dump([0, 1], tmp_path / "X.joblib")
    joblib.dump([0], tmp_path / "y.joblib")
    with raises_error(DataError, "2 rows", "1 labels", where=tmp_path):
        parts.load_joblib(tmp_path, trust=True)


# --- real recordings ------------------------------------------------------------------------------


@pytest.mark.real
def test_real_recordings_by_two_workers(real_data):
    data = datasets.load("ravdess+tess", real_data)
    rows = data.rows()[::10]
    x = parts.extract_features(data, MEAN, rows, n_jobs=2)
    assert x.shape == (424, 40) and np.isfinite(x).all()
    np.testing.assert_array_equal(parts.extract_features(data, MEAN, rows[::20]), x[::20])
