"""OpenFace's csv files and aligned faces, and the RAVDESS tracking set, on files built in their
exact layout.
"""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image
from raising import raises_error

from emotutils import datasets, voices
from emotutils.datasets import openface, ravdess, ravdess_tracking
from emotutils.errors import DataError
from emotutils.samples.sets import tracking_header

UNITS = [f"{unit:02d}" for unit in (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)]
TAKE = "01-05-02-01-02-01"


def grid(name, axes, n):
    return [f"{name}{axis}_{k}" for axis in axes for k in range(n)]


def header(version, *, without=()):
    """The columns in the order of OpenFace's wiki page Output-Format: version 1 (2016), or 2.1 with
    all of them.
    """
    new = version == 2
    names = ["frame", *(["face_id"] if new else []), "timestamp", "confidence", "success"]
    names += [f"gaze_{eye}_{axis}" for eye in (0, 1) for axis in "xyz"]
    if new:
        names += ["gaze_angle_x", "gaze_angle_y", *grid("eye_lmk_", "xyXYZ", 56)]
    names += [f"pose_{what}{axis}" for what in "TR" for axis in "xyz"]
    names += [*grid("", "xy", 68), *grid("", "XYZ", 68)]
    names += ["p_scale", "p_rx", "p_ry", "p_rz", "p_tx", "p_ty", *(f"p_{k}" for k in range(34))]
    names += [f"AU{unit}_r" for unit in UNITS] + [f"AU{unit}_c" for unit in sorted([*UNITS, "28"])]
    return [name for name in names if name not in without]


TRACKED = header(2, without=("face_id", "success"))


def rows(names, frames=5, faces=1, seed=0):
    """Numbers as OpenFace prints them."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.uniform(-9, 9, (frames * faces, len(names))).round(3), columns=names)
    table["frame"] = np.repeat(np.arange(frames) + 1, faces)
    table["timestamp"] = ((table["frame"] - 1) / 30).round(3)
    table["confidence"] = 0.98
    for name in {"success", "face_id"} & set(names):
        table[name] = 1 if name == "success" else np.tile(np.arange(faces), frames)
    presences = [n for n in names if n.endswith("_c")]
    table[presences] = rng.integers(0, 2, (len(table), len(presences))).astype(float)
    return table


def put(path, table, separator=","):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        separator.join(table.columns),
        *(",".join(map(str, row)) for row in table.itertuples(index=False)),
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_layouts_are_those_of_the_published_files():
    assert len(header(1)) == 431  # as in a file that OpenFace 1 wrote
    assert len(header(2)) == 714 and len(TRACKED) == 712
    # The first line of all 2,452 files of the RAVDESS set, by its hash in a public audit of the
    # archive.
    published = "d89e2164e4c4e8d60393f88365ef0e87a10bef227dc90dc1d431117a74991b4e"
    assert hashlib.sha256(",".join(TRACKED).encode()).hexdigest() == published
    assert tracking_header() == TRACKED, "the sample's is the same"
    for names in (openface.AU_INTENSITIES, openface.AU_PRESENCES, openface.POSE, openface.GAZE):
        assert [n for n in TRACKED if n in names] == list(names)
    assert [n for n in TRACKED if n.startswith("AU")] == [
        *openface.AU_INTENSITIES,
        *openface.AU_PRESENCES,
    ]


@pytest.mark.parametrize(("version", "separator"), [(1, ", "), (2, ","), (2, ", ")])
def test_both_layouts_are_read(tmp_path, version, separator):
    written = rows(header(version))
    table = openface.read(put(tmp_path / "film.csv", written, separator))
    pd.testing.assert_frame_equal(table, written, check_dtype=False)
    whole = {n for n in table if table[n].dtype == np.int64}
    assert whole == {"frame", "success", *openface.AU_PRESENCES} | (
        {"face_id"} if version == 2 else set()
    )
    assert set(table.dtypes) == {np.dtype(np.int64), np.dtype(np.float64)}


def test_what_openface_could_not_compute_is_nan(tmp_path):
    path = put(
        tmp_path / "film.csv", rows(header(2)).astype({"gaze_0_x": object, "AU01_r": object})
    )
    lines = path.read_text().splitlines()
    cells = lines[3].split(",")
    cells[header(2).index("gaze_0_x")] = "-nan(ind)"
    cells[header(2).index("AU01_r")] = "nan"
    path.write_text("\n".join([*lines[:3], ",".join(cells), *lines[4:]]))
    table = openface.read(path)
    assert (
        list(table["gaze_0_x"].isna())
        == list(table["AU01_r"].isna())
        == [False, False, True, False, False]
    )


def damaged(path, how):
    table = rows(header(2))
    if how == "text":
        table = table.astype({"pose_Tx": object})
        table.loc[1, "pose_Tx"] = "far"
    if how in ("timestamp", "confidence", "AU12_r", "AU28_c"):
        table = table.drop(columns=how)
    put(path, table.head(0) if how == "no rows" else table)
    if how == "cut":
        path.write_text(path.read_text()[:-40])
    if how == "empty":
        path.write_bytes(b"")
    if how == "picture":
        Image.new("L", (40, 40), 200).save(path, "png")


@pytest.mark.parametrize(
    ("how", "things"),
    [
        ("timestamp", ["timestamp"]),
        ("confidence", ["confidence"]),
        ("AU12_r", ["AU12_r"]),
        ("AU28_c", ["AU28_c"]),
        ("text", ["line 3", "'far'", "pose_Tx"]),
        ("cut", ["line 6"]),
        ("no rows", ["frames"]),
        ("empty", []),
        ("picture", []),
    ],
)
def test_a_damaged_csv_says_what_where_and_what_to_do(tmp_path, how, things):
    damaged(tmp_path / "film.csv", how)
    with raises_error(DataError, *things, "FeatureExtraction", where=tmp_path / "film.csv"):
        openface.read(tmp_path / "film.csv")


def test_a_missing_csv_and_columns_asked_for_that_are_not_there(tmp_path):
    with raises_error(DataError, where=tmp_path / "film.csv"):
        openface.read(tmp_path / "film.csv")
    path = put(tmp_path / "film.csv", rows(header(1)))
    with raises_error(DataError, "gaze_angle_x, gaze_angle_y", where=path):
        openface.read(path, openface.GAZE)


def put_faces(folder, names):
    folder.mkdir(parents=True)
    for name in names:
        Image.new("RGB", (112, 112), (90, 80, 70)).save(folder / name)


def test_aligned_faces_of_openface_2_with_two_people(tmp_path):
    written = rows(header(2), frames=3, faces=2)
    put(tmp_path / "clip.csv", written)
    put_faces(
        tmp_path / "clip_aligned",
        [f"frame_det_{face}.bmp" for face in ("00_000001", "01_000001", "01_000003")],
    )
    table = openface.read_aligned(tmp_path / "clip_aligned")
    assert list(table.columns[:7]) == [
        "film",
        "frame",
        "face_id",
        "t",
        "path",
        "confidence",
        "success",
    ]
    assert set(table.columns) == {"film", "t", "path", *header(2)} - {"timestamp"} and set(
        table["film"]
    ) == {"clip"}
    found = table[table["path"] != ""]
    assert list(zip(found["frame"], found["face_id"], strict=True)) == [(1, 0), (1, 1), (3, 1)]
    assert found["path"].str.endswith("frame_det_01_000003.bmp").sum() == 1
    np.testing.assert_array_equal(table["t"], written["timestamp"])


def test_aligned_faces_of_openface_1(tmp_path):
    put(tmp_path / "clip.csv", rows(header(1), frames=2), ", ")
    put_faces(tmp_path / "clip_aligned", ["frame_det_000002.bmp"])
    (tmp_path / "clip_aligned" / "Thumbs.db").write_bytes(b"")
    table = openface.read_aligned(tmp_path / "clip_aligned")
    assert list(table["face_id"]) == [0, 0]
    assert list(table["path"]) == ["", str(tmp_path / "clip_aligned" / "frame_det_000002.bmp")]


def test_aligned_faces_that_do_not_fit_their_csv(tmp_path):
    folder = tmp_path / "clip_aligned"
    with raises_error(DataError, "FeatureExtraction with -simalign", where=folder):
        openface.read_aligned(folder)
    put_faces(folder, ["frame_det_00_000009.bmp"])
    with raises_error(DataError, where=tmp_path / "clip.csv"):
        openface.read_aligned(folder)
    put(tmp_path / "clip.csv", rows(header(2)))
    with raises_error(DataError, "clip.csv", where=folder / "frame_det_00_000009.bmp"):
        openface.read_aligned(folder)
    put(tmp_path / "clip.csv", rows(TRACKED))
    with raises_error(DataError, "success", where=tmp_path / "clip.csv"):
        openface.read_aligned(folder)


def put_voice(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.sin(np.arange(8000) / 10), 16000)


def test_ravdess_tracking_pairs_with_the_recordings(tmp_path):
    folder = tmp_path / "ravdess-tracking"
    written = rows(TRACKED)
    put(folder / f"01-{TAKE}.csv", written)
    put(folder / "01-01-03-01-01-01-24.csv", rows(TRACKED, seed=1))
    put(folder / "01-02-03-01-01-01-24.csv", rows(TRACKED, seed=2))
    put_voice(tmp_path / "ravdess" / "Actor_01" / f"03-{TAKE}.wav")
    put_voice(tmp_path / "ravdess" / "Actor_02" / "03-01-05-02-01-02-02.wav")
    tracking = datasets.load("ravdess-tracking", tmp_path)
    assert len(tracking) == 3 and list(tracking.table["kind"]) == ["speech", "speech", "song"]
    assert list(tracking.table["split"]) == ["test", "train", "test"]
    recorded = ravdess.load(tmp_path)
    assert list(tracking.table.columns) == list(recorded.table.columns)
    with raises_error(DataError, "01-01-03-01-01-01-24"):
        ravdess_tracking.pair(tracking, recorded)
    rejects = datasets.Rejects("report")
    pairs = ravdess_tracking.pair(tracking, recorded, rejects=rejects)
    assert len(pairs) == 1 and len(rejects.table()) == 1
    pair = pairs.iloc[0]
    assert (pair["take"], pair["label"], pair["group"], pair["split"]) == (
        TAKE,
        "anger",
        "ravdess-01",
        "train",
    )
    assert pair["id_face"] == f"01-{TAKE}" and pair["id_voice"] == f"03-{TAKE}"
    features = ravdess_tracking.features(pair["path_face"])
    names = [*openface.AU_INTENSITIES, *openface.AU_PRESENCES, *openface.POSE, *openface.GAZE]
    assert list(features) == ["t", "confidence", *names] and len(names) == 17 + 18 + 6 + 8
    np.testing.assert_array_equal(features[names], written[names])
    np.testing.assert_array_equal(features["t"], written["timestamp"])


def test_ravdess_tracking_is_neither_faces_nor_voices(tmp_path):
    put(tmp_path / "ravdess-tracking" / f"01-{TAKE}.csv", rows(TRACKED))
    tracking = datasets.load("ravdess-tracking", tmp_path)
    with raises_error(TypeError, "ravdess-tracking"):
        tracking.faces()
    for modality in ("face", "voice"):
        with raises_error(DataError, f"{modality} network", where="ravdess-tracking"):
            datasets.part(tracking, "train", modality, voices.Features("log_mel"))


def test_ravdess_tracking_reports_what_is_unfit(tmp_path):
    folder = tmp_path / "ravdess-tracking"
    put(folder / f"01-{TAKE}.csv", rows(TRACKED))
    put(folder / "again" / f"01-{TAKE}.csv", rows(TRACKED))
    damaged(folder / "01-01-03-01-01-01-24.csv", "cut")
    damaged(folder / "01-01-03-02-01-01-24.csv", "empty")
    put(folder / "frames.csv", rows(TRACKED))
    with raises_error(DataError, where=folder / "frames.csv"):
        ravdess_tracking.load(tmp_path)
    data = ravdess_tracking.load(tmp_path, on_error="report")
    assert list(data.table["path"]) == [str(folder / f"01-{TAKE}.csv")]
    assert [Path(where).name for where in data.rejects["where"]] == [
        "01-01-03-01-01-01-24.csv",
        "01-01-03-02-01-01-24.csv",
        "frames.csv",
    ]
    with raises_error(DataError, "FacialTracking_Actors_01-24.zip", "EMOTUTILS_DATA"):
        ravdess_tracking.load(tmp_path / "nowhere")
