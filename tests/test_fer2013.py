"""FER2013 in every layout in which it is published, and FER+'s votes."""

import io
import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from raising import raises_error

from emotutils import config, datasets
from emotutils.datasets import fer2013
from emotutils.emotions import EMOTIONS
from emotutils.errors import DataError

FOLDERS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
PARTS = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
# Where each part begins in the whole csv, and how many of PublicTest are of each emotion.
FIRST = {"Training": 0, "PublicTest": 28709, "PrivateTest": 28709 + 3589}
PUBLIC = (467, 56, 496, 895, 653, 415, 607)
#: One face of every emotion in every part, in the csv's order: code, seed of the picture, usage.
SET = [(code, 7 * part + code, usage) for part, usage in enumerate(PARTS) for code in range(7)]

#: How pictures are named in the copies: code, seed, usage → path.
LAYOUTS = {
    "usage": lambda c, n, u: (
        f"{'train' if u == 'Training' else 'test'}/{FOLDERS[c]}/{u}_{90 - n}.png"
    ),
    "part": lambda c, n, u: f"{PARTS[u]}/{FOLDERS[c].title()}/face{n}.png",
    "row": lambda c, n, u: (
        f"images/{'train' if n % 2 else 'validation'}/{FOLDERS[c]}/{FIRST[u] + c}.png"
    ),
    "count": lambda c, n, u: (
        f"{'train' if u == 'Training' else 'test'}/{FOLDERS[c]}/im{PUBLIC[c] - (u == 'PublicTest')}.png"
    ),
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOTUTILS_CACHE", str(tmp_path / "cache"))


def face(seed):
    """Grey 48×48 without sharp edges, so that jpg changes it little."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((48, 48), Image.Resampling.BICUBIC))


def encoded(array, kind="PNG"):
    data = io.BytesIO()
    Image.fromarray(array).save(data, kind)
    return data.getvalue()


def fer_row(code, seed, usage):
    return f"{code},{' '.join(map(str, face(seed).ravel()))},{usage}"


def write(root, files):
    """Write a set's files, by name; ``root`` is what ``load`` takes."""
    for name, content in files.items():
        path = root / "fer2013" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def csv(*rows, header="emotion,pixels,Usage"):
    return "\n".join([header, *rows]) + "\n"


def whole_csv():
    return csv(*(fer_row(*one) for one in SET))


def pictures(layout, suffix=".png"):
    kind = "PNG" if suffix == ".png" else "JPEG"
    return {
        LAYOUTS[layout](*one).replace(".png", suffix): encoded(face(one[1]), kind) for one in SET
    }


def zipped(files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in files.items():
            z.writestr(name, content)
    return data.getvalue()


def tarred(files):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as t:
        for name, content in files.items():
            content = content if isinstance(content, bytes) else content.encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            t.addfile(member, io.BytesIO(content))
    return data.getvalue()


def by_picture(table):
    return table[["group", "label", "y", "usage", "split"]].sort_values("group", ignore_index=True)


@pytest.fixture
def reference(tmp_path):
    return datasets.load("fer2013", write(tmp_path / "reference", {"fer2013.csv": whole_csv()}))


def test_fer2013_as_published(tmp_path):
    rows = [fer_row(0, 1, "Training"), fer_row(6, 2, "PublicTest"), fer_row(3, 1, "PrivateTest")]
    data = datasets.load("fer2013", write(tmp_path, {"fer2013.csv": csv(*rows)}))
    assert list(data.table["id"]) == ["fer2013-0", "fer2013-1", "fer2013-2"]
    assert list(data.table["row"]) == [0, 1, 2] and list(data.table["y"]) == [0, 6, 3]
    assert list(data.table["label"]) == ["anger", "neutral", "happiness"]
    assert list(data.table["split"]) == ["train", "validation", "test"]
    assert data.labels == EMOTIONS and len(data) == 3 and data.rejects.empty
    faces = data.faces(np.array([0, 2]))
    assert faces.shape == (2, 48, 48, 1) and faces.dtype == np.float32
    np.testing.assert_array_equal(faces[0, ..., 0], face(1))
    # The same picture twice is one group, whatever its label: it must not cross a split unseen.
    assert data.table["group"][0] == data.table["group"][2] != data.table["group"][1]
    with raises_error(TypeError, "fer2013"):
        data.voices()


@pytest.mark.parametrize(
    "name", ["fer2013/fer2013.csv", "a/b/icml_face_data.csv", "icml_face_data.csv"]
)
def test_the_other_csv_and_deeper_folders_give_the_same(tmp_path, reference, name):
    rows = (fer_row(*one).split(",") for one in SET)
    icml = csv(
        *(f"{emotion}, {usage}, {pixels}" for emotion, pixels, usage in rows),
        header="emotion, Usage, pixels",
    )
    data = datasets.load(
        "fer2013", write(tmp_path, {name: icml if "icml" in name else whole_csv()})
    )
    pd.testing.assert_frame_equal(data.table, reference.table)
    np.testing.assert_array_equal(data.faces(), reference.faces())


def test_fer2013_csv_goes_before_everything_else(tmp_path):
    other = csv(fer_row(6, 50, "Training"))
    files = {"fer2013.csv": whole_csv(), "icml_face_data.csv": other, "old/fer2013.csv": other}
    files |= {
        "train/angry/Training_1.png": encoded(face(50)),
        "a.zip": zipped({"fer2013.csv": other}),
    }
    assert len(datasets.load("fer2013", write(tmp_path, files))) == len(SET)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pictures_give_the_csvs_faces_labels_and_parts(tmp_path, reference, layout):
    data = datasets.load("fer2013", write(tmp_path, pictures(layout)))
    pd.testing.assert_frame_equal(by_picture(data.table), by_picture(reference.table))
    assert data.table["id"].is_unique and data.table["row"].is_monotonic_increasing
    for i, group in enumerate(data.table["group"]):
        same = reference.rows()[reference.table["group"] == group]
        np.testing.assert_array_equal(data.faces(np.array([i])), reference.faces(same))


def test_pictures_numbered_by_row_keep_the_csvs_order(tmp_path):
    table = datasets.load("fer2013", write(tmp_path, pictures("row"))).table
    assert list(table["row"]) == [FIRST[u] + c for c, _, u in SET]
    assert list(table["id"][:2]) == ["fer2013-0", "fer2013-1"]


def test_a_number_that_returns_in_another_folder_is_no_row_of_the_csv(tmp_path, reference):
    files = {f"{PARTS[u]}/{FOLDERS[c]}/{c % 3}.png": encoded(face(n)) for c, n, u in SET}
    data = datasets.load("fer2013", write(tmp_path, files))
    pd.testing.assert_frame_equal(by_picture(data.table), by_picture(reference.table))


def test_jpg_pictures_are_nearly_those_of_the_csv(tmp_path, reference):
    data = datasets.load("fer2013", write(tmp_path, pictures("row", ".jpg")))
    assert list(data.table["label"]) == list(reference.table["label"])
    assert np.abs(data.faces() - reference.faces()).mean() < 3


def test_colour_copies_are_read_as_grey(tmp_path, reference):
    files = {
        name: encoded(np.stack([face(one[1])] * 3, -1))
        for name, one in zip(pictures("row"), SET, strict=True)
    }
    np.testing.assert_array_equal(
        datasets.load("fer2013", write(tmp_path, files)).faces(), reference.faces()
    )


def test_folders_that_a_copy_holds_twice_are_read_once(tmp_path):
    files = pictures("usage")
    files |= {f"images/{name}": content for name, content in files.items()}
    assert len(datasets.load("fer2013", write(tmp_path, files))) == len(SET)


@pytest.mark.parametrize("pack, name", [(zipped, "archive.zip"), (tarred, "fer2013.tar.gz")])
@pytest.mark.parametrize("inside", ["csv", "pictures"])
def test_archives_are_read_without_being_unpacked(tmp_path, reference, pack, name, inside):
    files = (
        {"fer2013/README": "read me", "fer2013/fer2013.csv": whole_csv()}
        if inside == "csv"
        else pictures("row")
    )
    root = write(tmp_path, {name: pack(files), "another.zip": zipped({"notes.txt": "no set"})})
    data = datasets.load("fer2013", root)
    np.testing.assert_array_equal(data.faces(), reference.faces())
    assert list(data.table["label"]) == list(reference.table["label"])
    assert sorted(p.name for p in (root / "fer2013").iterdir()) == sorted([name, "another.zip"])


#: What macOS puts beside each file on disks of others.
APPLE = b"\0\5\x16\7\0\2\0\0Mac OS X        " + bytes(60)


def with_hidden(files, beside="{folder}/._{name}"):
    """The files, and beside each one what a system keeps for itself."""
    hidden = {".DS_Store": APPLE}
    for name in files:
        folder, _, last = name.rpartition("/")
        hidden[beside.format(folder=folder, name=last)] = APPLE
    return files | hidden


@pytest.mark.parametrize("case", ["folder", "zip", "tar"])
def test_what_systems_hide_beside_pictures_is_no_picture(tmp_path, reference, case):
    files = {
        "folder": lambda: with_hidden(pictures("usage")),
        "zip": lambda: {
            "a.zip": zipped(with_hidden(pictures("usage"), "__MACOSX/{folder}/._{name}"))
        },
        "tar": lambda: {"a.tar.gz": tarred(with_hidden(pictures("usage")))},
    }[case]()
    data = datasets.load("fer2013", write(tmp_path, files))
    pd.testing.assert_frame_equal(by_picture(data.table), by_picture(reference.table))


@pytest.mark.parametrize("name", ["FER2013.csv", "Fer2013.CSV", "JPG", "jpeg", "ZIP"])
def test_endings_are_the_same_in_large_letters(tmp_path, reference, name):
    files = {
        "JPG": lambda: pictures("usage", ".JPG"),
        "jpeg": lambda: pictures("usage", ".jpeg"),
        "ZIP": lambda: {"ARCHIVE.ZIP": zipped({"FER2013.csv": whole_csv()})},
    }.get(name, lambda: {name: whole_csv()})()
    root = write(tmp_path, files)
    data = datasets.load("fer2013", root)
    assert sorted(data.table["label"]) == sorted(reference.table["label"])
    assert datasets.download.here(datasets.catalog.entry("fer2013"), root)


@pytest.mark.parametrize("damage", ["cut", "flipped", "other", "lacks", "empty"])
def test_a_damaged_cache_is_made_anew(tmp_path, damage):
    root = write(tmp_path, {"fer2013.csv": whole_csv()})
    first = datasets.load("fer2013", root)
    (cached,) = (tmp_path / "cache").iterdir()
    whole = cached.read_bytes()
    if damage == "lacks":
        np.savez(cached, pixels=np.zeros((3, 2304), np.uint8))
    else:
        half = len(whole) // 2
        flipped = whole[:half] + bytes([whole[half] ^ 255]) + whole[half + 1 :]
        cached.write_bytes(
            {"cut": whole[:half], "flipped": flipped, "other": b"x", "empty": b""}[damage]
        )
    again = datasets.load("fer2013", root)
    pd.testing.assert_frame_equal(again.table, first.table)
    np.testing.assert_array_equal(again.faces(), first.faces())
    assert cached.read_bytes()[:2] == b"PK" and len(cached.read_bytes()) == len(whole)


def test_without_room_for_a_cache_it_is_read_each_time(tmp_path, full_disk):
    root = write(tmp_path, {"fer2013.csv": whole_csv()})
    with full_disk():
        assert len(datasets.load("fer2013", root)) == len(SET)
    assert not any((tmp_path / "cache").iterdir())


def test_fer2013_is_parsed_once_until_it_changes(tmp_path, monkeypatch):
    root = write(
        tmp_path,
        {"fer2013.csv": whole_csv(), "fer2013new.csv": votes([(u, "", HAPPY) for *_, u in SET])},
    )
    first = datasets.load("fer2013", root)
    with monkeypatch.context() as patch:
        patch.setattr(pd, "read_csv", lambda *a, **k: pytest.fail("parsed again"))
        again = datasets.load("fer2013", root)
    pd.testing.assert_frame_equal(again.table, first.table)
    np.testing.assert_array_equal(again.faces(), first.faces())
    (cached,) = (tmp_path / "cache").iterdir()
    with np.load(cached, allow_pickle=False) as arrays:
        assert {"pixels", "group", "ferplus_label"} <= set(arrays)
    write(
        root,
        {
            "fer2013.csv": csv(fer_row(2, 3, "Training")),
            "fer2013new.csv": votes([("Training", "", HAPPY)]),
        },
    )
    assert list(datasets.load("fer2013", root).table["label"]) == ["fear"]


# ---- FER+ ----

HAPPY = (0, 10, 0, 0, 0, 0, 0, 0, 0, 0)


def votes(rows):
    header = (
        "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    )
    return csv(
        *(",".join(map(str, (usage, name, *ten))) for usage, name, ten in rows), header=header
    )


def test_votes_become_columns_labels_and_soft_labels(tmp_path):
    ten = [
        (0, 0, 0, 0, 6, 4, 0, 0, 0, 0),  # anger, by a majority
        (5, 0, 0, 5, 0, 0, 0, 0, 0, 0),  # a draw
        (0, 1, 0, 0, 0, 0, 0, 9, 0, 0),  # contempt, which is none of the seven
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 10),  # not a face
        (4, 0, 0, 0, 0, 0, 0, 0, 0, 6),  # not a face, by a majority
        (0, 0, 5, 0, 0, 0, 0, 0, 0, 5),  # undecided
    ]
    rows = [fer_row(code, code, "Training") for code in range(6)]
    plus = votes([("Training", f"fer{i:07d}.png", v) for i, v in enumerate(ten)])
    table = datasets.load(
        "fer2013", write(tmp_path, {"fer2013.csv": csv(*rows), "fer2013new.csv": plus})
    ).table
    columns = [
        "neutral",
        "happiness",
        "surprise",
        "sadness",
        "anger",
        "disgust",
        "fear",
        "contempt",
        "unknown",
        "nf",
    ]
    np.testing.assert_array_equal(table[[f"ferplus_{c}" for c in columns]], ten)
    assert list(table["ferplus_label"]) == ["anger", "", "", "", "", ""]
    assert list(table["ferplus_face"]) == [True, True, True, False, False, True]
    soft = fer2013.soft_labels(table)
    assert soft.shape == (6, 7) and soft.dtype == np.float32
    # anger, disgust, fear, happiness, sadness, surprise, neutral
    np.testing.assert_allclose(soft[0], [0.6, 0.4, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(soft[1], [0, 0, 0, 0, 0.5, 0, 0.5])
    np.testing.assert_allclose(soft[2], [0, 0, 0, 1, 0, 0, 0])
    assert np.isnan(soft[3]).all()
    np.testing.assert_allclose(soft[4:], [[0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 1, 0]])


def test_without_votes_there_are_no_such_columns(reference):
    assert not [c for c in reference.table if c.startswith("ferplus")]
    with raises_error(DataError, "fer2013new.csv", where="table"):
        fer2013.soft_labels(reference.table)


def whole_votes():
    """FER+ of its full length; each row's votes tell the row's last digit."""
    usage = np.repeat(list(PARTS), (28709, 3589, 3589))
    return votes(
        (u, f"fer{i + 5:07d}.png", (i % 10, 0, 0, 0, 0, 0, 0, 0, 10 - i % 10, 0))
        for i, u in enumerate(usage)
    )


@pytest.mark.parametrize("names", ["row", "ferplus"])
def test_votes_find_pictures_that_are_named_by_row_or_by_ferplus(tmp_path, names):
    files = pictures("row")
    if names == "ferplus":
        files = {
            f"{PARTS[u]}/{FOLDERS[c]}/fer{FIRST[u] + c + 5:07d}.png": encoded(face(n))
            for c, n, u in SET
        }
    table = datasets.load(
        "fer2013", write(tmp_path, files | {"fer2013new.csv": whole_votes()})
    ).table
    assert list(table["ferplus_neutral"]) == [(FIRST[u] + c) % 10 for c, _, u in SET]
    assert list(table["row"]) == [FIRST[u] + c for c, _, u in SET]


def test_pictures_without_the_csvs_order_get_no_votes(tmp_path):
    data = datasets.load(
        "fer2013", write(tmp_path, pictures("usage") | {"fer2013new.csv": whole_votes()})
    )
    assert len(data) == len(SET) and "ferplus_label" not in data.table


@pytest.mark.parametrize(
    "rows, thing",
    [
        ([("Training", "", HAPPY)], "rows"),
        ([("PublicTest", "", HAPPY), ("Training", "", HAPPY)], "rows"),
        ([("Training", "", HAPPY), ("PublicTest", "", (11, *HAPPY[1:]))], "0..10"),
        ([("Training", "", HAPPY), ("PublicTest", "", ("x", *HAPPY[1:]))], "0..10"),
    ],
)
def test_votes_that_do_not_fit_are_refused(tmp_path, rows, thing):
    two = csv(fer_row(0, 1, "Training"), fer_row(1, 2, "PublicTest"))
    root = write(tmp_path, {"fer2013.csv": two, "fer2013new.csv": votes(rows)})
    with raises_error(DataError, thing, where=root / "fer2013" / "fer2013new.csv"):
        fer2013.load(root)
    data = fer2013.load(root, on_error="report")
    assert len(data) == 2 and "ferplus_label" not in data.table
    assert thing in data.rejects["what"].item()


# ---- what is damaged ----

SHORT, OUTSIDE = "0,1 2 3,Training", "0," + " ".join(["300"] * 2304) + ",Training"
BAD_ROWS = [
    (fer_row(9, 1, "Training"), "label '9'"),
    (fer_row("", 1, "Training"), "label ''"),
    (SHORT, "does not hold 48×48 pixels in 0..255"),
    ("0," + " ".join(["7"] * 2305) + ",Training", "does not hold 48×48 pixels"),
    (OUTSIDE, "does not hold 48×48 pixels in 0..255"),
    (OUTSIDE.replace("300", "-1"), "does not hold 48×48 pixels in 0..255"),
    (fer_row(0, 1, "Training").replace(" ", " x ", 1), "does not hold 48×48 pixels"),
    ("0,,Training", "does not hold 48×48 pixels"),
    (fer_row(0, 1, "Trainin"), "Usage 'Trainin' is none of Training, PublicTest, PrivateTest"),
    ("0,1 2", "Usage ''"),  # cut off in the middle
]


@pytest.mark.parametrize("bad, what", BAD_ROWS)
def test_a_damaged_row_says_where_and_the_rest_can_be_had(tmp_path, bad, what):
    rows = [fer_row(4, 1, "Training"), bad, fer_row(5, 2, "PrivateTest")]
    root = write(tmp_path, {"fer2013.csv": csv(*rows)})
    with pytest.raises(DataError) as error:
        fer2013.load(root)
    line = f"{root}/fer2013/fer2013.csv, line 3: {what}"
    assert (
        str(error.value).startswith(line)
        and "\n" not in str(error.value)
        and "; mend" in str(error.value)
    )
    data = fer2013.load(root, on_error="report")
    assert list(data.table["label"]) == ["sadness", "surprise"] and list(data.table["row"]) == [
        0,
        2,
    ]
    np.testing.assert_array_equal(data.faces(np.array([1]))[0, ..., 0], face(2))
    assert data.rejects["where"].item().endswith("line 3") and what in data.rejects["what"].item()
    # It is said again, not hidden by the cache.
    assert len(fer2013.load(root, on_error="report").rejects) == 1
    with pytest.raises(DataError):
        fer2013.load(root)


def test_votes_stay_with_their_rows_when_some_are_refused(tmp_path):
    rows = [fer_row(9, 0, "Training"), fer_row(3, 1, "PublicTest")]
    plus = votes([("Training", "", (10, *[0] * 9)), ("PublicTest", "", HAPPY)])
    data = fer2013.load(
        write(tmp_path, {"fer2013.csv": csv(*rows), "fer2013new.csv": plus}), on_error="report"
    )
    assert list(data.table["ferplus_label"]) == ["happiness"]


def test_a_csv_without_one_good_row_gives_an_empty_set_and_its_rejects(tmp_path):
    data = fer2013.load(write(tmp_path, {"fer2013.csv": csv(SHORT, OUTSIDE)}), on_error="report")
    assert len(data) == 0 and len(data.rejects) == 2 and data.faces().shape == (0, 48, 48, 1)


@pytest.mark.parametrize("on_error", ["raise", "report"])
@pytest.mark.parametrize(
    "files, at, thing",
    [
        ({"fer2013.csv": csv("0,1 2 3", header="emotion,pixels")}, "/fer2013.csv", "Usage"),
        ({"fer2013.csv": whole_csv().replace(",", ";")}, "/fer2013.csv", "commas"),
        ({"fer2013.csv": ""}, "/fer2013.csv", "csv"),
        ({"fer2013.csv": b"\xff\xfe\x00emotion"}, "/fer2013.csv", "csv"),
        ({"fer2013.csv": csv(SHORT, SHORT + ",more")}, "/fer2013.csv", "line 3"),
        (
            {"fer2013.csv": whole_csv(), "fer2013new.csv": "Usage\nTraining\n"},
            "/fer2013new.csv",
            "Image name",
        ),
        ({"a.zip": zipped({"notes.txt": "nothing"})}, "/a.zip", "EMOTUTILS_DATA"),
        ({"a.zip": zipped({"fer2013.csv": whole_csv()})[:-100]}, "/a.zip", "download"),
        ({"a.tar.gz": tarred({"fer2013.csv": whole_csv()})[:-100]}, "/a.tar.gz", "download"),
        ({"a.tar.gz": b"no archive"}, "/a.tar.gz", "download"),
        ({"train/readme.txt": "unpacked, but empty"}, "/fer2013", "EMOTUTILS_DATA"),
    ],
)
def test_what_concerns_the_whole_file_always_raises(tmp_path, files, at, thing, on_error):
    with raises_error(DataError, thing) as error:
        fer2013.load(write(tmp_path, files), on_error=on_error)
    assert Path(error.value.where).as_posix().endswith(at)


def test_a_member_damaged_inside_a_zip_is_shown(tmp_path):
    whole = zipped({"fer2013.csv": whole_csv()})
    broken = whole[:5000] + bytes(100) + whole[5100:]
    root = write(tmp_path, {"a.zip": broken})
    with raises_error(DataError, where=root / "fer2013" / "a.zip" / "fer2013.csv"):
        fer2013.load(root)


NO_FACE = "does not hold 48×48 pixels in 0..255"


@pytest.mark.parametrize(
    "name, content, what",
    [
        ("train/happy/Training_1.png", encoded(face(1)[:40]), NO_FACE),
        ("train/happy/Training_1.png", encoded(face(1).reshape(24, 96)), NO_FACE),
        ("train/happy/Training_1.jpg", b"", NO_FACE),
        ("train/happy/Training_1.jpg", b"<html>", NO_FACE),
        ("train/happy/Training_1.png", encoded(face(1))[:300], NO_FACE),
        (
            "train/contempt/Training_1.png",
            encoded(face(1)),
            "label 'contempt' is none of 0..6 (folders angry",
        ),
    ],
)
@pytest.mark.parametrize("archive", [False, True])
def test_a_damaged_picture_says_where_and_the_rest_can_be_had(
    tmp_path, name, content, what, archive
):
    files = pictures("usage") | {name: content}
    root = write(tmp_path, {"a.zip": zipped(files)} if archive else files)
    with pytest.raises(DataError) as error:
        fer2013.load(root)
    assert f"{name}: {what}" in str(error.value) and "; mend or remove it" in str(error.value)
    data = fer2013.load(root, on_error="report")
    assert len(data) == len(SET) and data.rejects["where"].item().endswith(name)
    assert what in data.rejects["what"].item()


def test_a_folder_of_no_known_part_is_shown(tmp_path):
    files = {name.replace("test/", "rest/"): content for name, content in pictures("part").items()}
    root = write(tmp_path, files)
    stray = root / "fer2013" / "rest" / "Angry" / "face14.png"
    with raises_error(DataError, "'rest'", "train, validation", where=stray):
        fer2013.load(root)
    data = fer2013.load(root, on_error="report")
    assert set(data.table["usage"]) == {"Training", "PublicTest"} and len(data.rejects) == 7


@pytest.mark.parametrize("left", ["an empty folder", "no folder"])
def test_an_emotion_without_pictures_is_shown(tmp_path, left):
    files = {
        name: content for name, content in pictures("part").items() if "validation/Fear" not in name
    }
    root = write(tmp_path, files)
    if left == "an empty folder":
        (root / "fer2013" / "validation" / "Fear").mkdir()
    with raises_error(DataError, "fear", where=root / "fer2013" / "validation"):
        fer2013.load(root)
    data = fer2013.load(root, on_error="report")
    assert len(data) == len(SET) - 1 and "fear" in data.rejects["what"].item()


def test_another_on_error_is_refused(tmp_path):
    with raises_error(DataError, "ignore", where="on_error"):
        fer2013.load(tmp_path, on_error="ignore")


# ---- the real set ----


@pytest.mark.real
def test_fer2013s_published_counts(real_data):
    table = datasets.load("fer2013", real_data).table
    assert dict(table["usage"].value_counts()) == {
        "Training": 28709,
        "PublicTest": 3589,
        "PrivateTest": 3589,
    }
    assert list(table["y"].value_counts().sort_index()) == [4953, 547, 5121, 8989, 6077, 4002, 6198]
    # Golden counts of duplicates, found from pixels alone.
    assert table["group"].nunique() == 34036
    train, public = (
        set(table.loc[table["usage"] == u, "group"]) for u in ("Training", "PublicTest")
    )
    assert table.loc[table["usage"] == "PublicTest", "group"].isin(train).sum() == 280
    assert table.loc[table["usage"] == "PrivateTest", "group"].isin(train).sum() == 288
    assert table.loc[table["usage"] == "PrivateTest", "group"].isin(public).sum() == 44
    # What the readers of picture copies rely on.
    assert list(table["usage"]) == list(np.repeat(list(PARTS), (28709, 3589, 3589)))
    assert tuple(table[table["usage"] == "PublicTest"]["y"].value_counts().sort_index()) == PUBLIC


@pytest.mark.real
def test_ferplus_agrees_with_fer2013_as_published(real_data):
    table = datasets.load("fer2013", real_data).table
    clear = table[table["ferplus_label"] != ""]
    assert len(clear) == 27307
    assert round((clear["ferplus_label"] == clear["label"]).mean(), 3) == 0.718
    assert (~table["ferplus_face"]).sum() == 176
    soft = fer2013.soft_labels(clear)
    assert list(np.array(EMOTIONS)[soft.argmax(axis=1)]) == list(clear["ferplus_label"])
    np.testing.assert_allclose(soft.sum(axis=1), 1, atol=1e-6)


def test_the_twins_kept_beside_the_reader_are_those_that_the_audit_found():
    record = config.shipped_root() / "runs" / "data-fer2013.json"
    assert fer2013.twins() == set(json.loads(record.read_text(encoding="utf-8"))["twins"])
