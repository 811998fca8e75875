"""From films to folders of faces: every step counts what it removes, and the counts add up."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import scipy.ndimage
from PIL import Image
from raising import raises_error
from test_affwild2 import HEADER, HEADER_2020, annotate

from emotutils import datasets, faces
from emotutils.datasets import affwild2, films, openface, prepare_films
from emotutils.emotions import EMOTIONS
from emotutils.errors import DataError, EmotutilsError, WriteError
from emotutils.faces import DETECTORS, Face
from emotutils.media import FilmWriter
from emotutils.samples.muscles import EXPRESSIONS, Identity
from emotutils.samples.scene import Scene
from emotutils.samples.sets import make_affwild2

CODE = {word.lower(): code for code, word in enumerate(HEADER.split(","))}
PARTS = {"train": "Train_Set", "validation": "Validation_Set"}


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """The sample films: three, 6 frames at 15 a second for each of eight expressions and for nobody
    there.
    """
    root = tmp_path_factory.mktemp("films")
    make_affwild2(root, np.random.default_rng(0), seconds=0.4)
    return root


@pytest.fixture(scope="module")
def prepared(root) -> films.Prepared:
    return prepare_films(root, progress=False)


def write_film(root, name, pictures, fps=10, folder="videos"):
    path = root / "affwild2" / folder / f"{name}.mp4"
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = pictures[0].shape[:2]
    with FilmWriter(path, width, height, fps) as film:
        for k, picture in enumerate(pictures):
            film.write(picture, k / fps)
    return path


def blank(n):
    return [np.full((64, 64, 3), 90, np.uint8)] * n


def scene(seed, n=12, emotion="happiness"):
    """A drawn head: n pictures, 240×240."""
    drawn = Scene(Identity.random(np.random.default_rng(seed)), 240, 240, seed=seed)
    return [drawn.picture(k / 10, EXPRESSIONS[emotion]) for k in range(n)]


def extract(root, out, **settings):
    return films.extract_faces(affwild2.films(root), out, progress=False, **settings)


def adds_up(prepared):
    for unit, steps in prepared.steps.groupby("unit"):
        assert (steps["before"] - steps["removed"] == steps["after"]).all(), unit
        assert list(steps["before"][1:]) == list(steps["after"][:-1]), unit
        assert (steps[["before", "removed", "after"]] >= 0).all(axis=None), unit
    assert list(prepared.steps["step"].unique()) == list(films.REASONS)
    assert prepared.steps["after"].iloc[-1] == len(prepared.table)
    return prepared.steps.set_index(["step", "reason"])


def test_every_steps_counts_add_up(prepared):
    steps = adds_up(prepared)
    # 5 of 15 frames a second: the 1st and 4th of each 6, in three films of nine stretches.
    assert steps.loc[("films", "refused"), ["before", "after"]].tolist() == [3, 3]
    assert steps.loc[("extract", "no label"), "before"] == 54
    assert steps.loc["extract"]["removed"].to_dict() == {
        "no label": 0, "unannotated": 6, "other": 6, "no face": 0, "two faces": 0, "corrupted": 0,
    }  # fmt: skip
    assert steps.loc[("balance", "surplus"), "after"] == 42


def test_a_first_look_takes_few_films_of_each_part(root, tmp_path):
    few = prepare_films(root, tmp_path / "few", limit=1, progress=False)
    assert set(few.table["film"]) == {"1-15-320x240", "3-15-320x240"}
    adds_up(few)


def test_the_folders_hold_exactly_the_tables_faces(root, prepared):
    out = root / "affwild2" / "faces"
    assert sorted(map(str, out.glob("*/*.png"))) == sorted(prepared.table["path"])
    assert sorted(p.name for p in out.iterdir() if p.is_dir() and p.name[0] != ".") == sorted(
        EMOTIONS
    )
    for row in prepared.table.itertuples():
        path = Path(row.path)
        assert (path.parent.name, path.name) == (row.label, f"{row.film}_{row.frame:05d}.png")
        with Image.open(path) as image:
            assert (image.size, image.mode) == ((48, 48), "L")
    pd.testing.assert_frame_equal(pd.read_csv(out / "steps.csv"), prepared.steps, check_dtype=False)
    assert len(pd.read_csv(out / "rejects.csv")) == 0


def test_labels_are_joined_by_frame_number(root, prepared):
    table = prepared.table
    assert table["id"].is_unique and set(table["frame"] % 3) == {1}
    np.testing.assert_allclose(table["t"], (table["frame"] - 1) / 15, atol=1e-4)
    for path in (root / "affwild2" / "EXPR_Classification_Challenge").rglob("*.txt"):
        lines = path.read_text().split()
        of_film = table[table["film"] == path.stem]
        assert [HEADER.split(",")[int(lines[frame])].lower() for frame in of_film["frame"]] == list(
            of_film["label"]
        )


def test_no_film_is_in_two_parts_and_emotions_are_equal_in_each(prepared):
    assert (prepared.table.groupby("film")["split"].nunique() == 1).all()
    assert prepared.table.groupby(["split", "label"]).size().unstack().T.to_dict("list") == {
        "train": [4] * 7,
        "validation": [2] * 7,
    }


def test_what_was_prepared_is_loaded(root, prepared):
    data = datasets.load("affwild2", root)
    assert data.table["id"].tolist() == prepared.table["id"].tolist()  # shuffled, in that order
    assert data.table["label"].tolist() != sorted(data.table["label"])
    assert (data.table["group"] == data.table["film"]).all()
    assert [EMOTIONS[y] for y in data.table["y"]] == data.table["label"].tolist()
    with Image.open(prepared.table["path"][5]) as image:
        np.testing.assert_array_equal(data.faces(np.array([5]))[0, ..., 0], np.asarray(image))


def stamps(folder):
    return {p.relative_to(folder).as_posix(): p.stat().st_mtime_ns for p in folder.rglob("*.*g")}


def test_after_an_interruption_only_the_unfinished_film_is_done_again(root, prepared):
    out = root / "affwild2" / "faces"
    before = stamps(out / ".films")
    (out / ".films" / "2-15-320x240.csv").unlink()
    Image.new("L", (48, 48)).save(
        out / ".films" / "2-15-320x240" / "99999.png"
    )  # of the run that was broken off
    (out / "table.csv").unlink()
    again = prepare_films(root, progress=False)
    after = stamps(out / ".films")
    assert after.keys() == before.keys()
    assert {name.split("/")[0] for name in after if after[name] != before[name]} == {"2-15-320x240"}
    pd.testing.assert_frame_equal(again.table, prepared.table)
    pd.testing.assert_frame_equal(again.steps, prepared.steps)


def test_a_damaged_table_of_a_film_is_made_anew(root, prepared):
    path = root / "affwild2" / "faces" / ".films" / "2-15-320x240.csv"
    whole = path.read_text()
    lines = whole.splitlines(keepends=True)
    for damaged in ("", lines[0], "".join(lines[:-3]), "\0\0\0", whole.replace("t,", "u,", 1)):
        path.write_text(damaged)
        again = prepare_films(root, progress=False)
        pd.testing.assert_frame_equal(again.table, prepared.table)
        assert path.read_text() == whole


@pytest.mark.parametrize("damage", ["", "id,path\n1", "\0", '"', "id,label\n1,anger\n"])
def test_a_damaged_table_of_faces_is_one_line(root, prepared, tmp_path, damage):
    folder = tmp_path / "affwild2" / "faces"
    folder.mkdir(parents=True)
    (folder / "table.csv").write_text(damage)
    with raises_error(DataError, "prepare_films"):
        affwild2.load(tmp_path)


def test_a_full_disk_leaves_what_was_prepared(root, prepared, tmp_path, full_disk):
    out = tmp_path / "faces"
    with full_disk(200), raises_error(WriteError):
        prepare_films(root, out, limit=1, progress=False)
    assert not (out / "table.csv").exists() and not list(out.rglob(".part-*"))
    table = prepare_films(root, out, progress=False).table
    assert table["id"].tolist() == prepared.table["id"].tolist()


def test_other_settings_or_labels_do_a_film_again(tmp_path):
    write_film(tmp_path, "a", scene(1, 6))
    path = annotate(tmp_path, "a", [4] * 6)
    faces, _ = extract(tmp_path, tmp_path / "out", fps=5)
    assert list(faces["frame"]) == [1, 3, 5]
    faces, _ = extract(tmp_path, tmp_path / "out", fps=None)
    assert list(faces["frame"]) == [1, 2, 3, 4, 5, 6]
    path.write_text("\n".join([HEADER, *"555555", ""]))
    faces, _ = extract(tmp_path, tmp_path / "out", fps=None)
    assert set(faces["label"]) == {"sadness"}


def test_two_processes_give_the_same(root, prepared, tmp_path):
    two = prepare_films(root, tmp_path / "faces", n_jobs=2, progress=False)
    pd.testing.assert_frame_equal(
        two.table.drop(columns="path"), prepared.table.drop(columns="path")
    )
    pd.testing.assert_frame_equal(two.steps, prepared.steps)
    for ours, theirs in zip(two.table["path"], prepared.table["path"], strict=True):
        assert Path(ours).read_bytes() == Path(theirs).read_bytes()


def test_a_registered_detector_is_known_in_other_processes(tmp_path, monkeypatch):
    class Whole:
        def detect(self, image):
            height, width = image.shape[:2]
            return [Face(0, 0, width, height, 1.0)]

    monkeypatch.setitem(DETECTORS, "whole", Whole)
    for name in ("a", "b"):
        write_film(tmp_path, name, blank(4))
        annotate(tmp_path, name, [4] * 4)
    found, _ = extract(tmp_path, tmp_path / "out", detector="whole", n_jobs=2)
    assert sorted(set(found["film"])) == ["a", "b"]


@pytest.mark.parametrize("n_labels, unlabelled", [(40, 0), (30, 0), (20, 10)])
def test_an_annotation_may_differ_by_a_few_lines(tmp_path, n_labels, unlabelled):
    write_film(tmp_path, "a", blank(30))
    annotate(tmp_path, "a", [-1] * n_labels)
    faces, removed = extract(tmp_path, tmp_path / "out", fps=None)
    reasons = removed["reason"].value_counts().to_dict()
    assert (
        faces.empty
        and reasons.pop("no label", 0) == unlabelled
        and reasons == {"unannotated": 30 - unlabelled}
    )


@pytest.mark.parametrize("n_labels", [41, 19])
def test_an_annotation_longer_or_shorter_than_its_film(tmp_path, n_labels):
    write_film(tmp_path, "a", blank(30))
    path = annotate(tmp_path, "a", [-1] * n_labels)
    with raises_error(DataError, f"{n_labels} labels", "30 frames", where=path):
        extract(tmp_path, tmp_path / "out", fps=None)
    assert not (tmp_path / "out" / "a.csv").exists()


def test_an_error_comes_when_the_other_films_are_done(tmp_path):
    for name, n_labels in (("a", 4), ("b", 40), ("c", 4)):
        write_film(tmp_path, name, blank(4)), annotate(tmp_path, name, [-1] * n_labels)
    with raises_error(DataError, "b.txt", "40 labels"):
        extract(tmp_path, tmp_path / "out")
    assert {path.stem for path in (tmp_path / "out").glob("*.csv")} == {"a", "c"}


@pytest.mark.parametrize("n_labels, fits", [(20, True), (19, False), (42, True), (45, False)])
def test_the_length_of_a_sampled_film_is_known_to_one_step(tmp_path, n_labels, fits):
    write_film(tmp_path, "a", blank(30))  # sampled: 1, 6, 11, 16, 21, 26; 26 to 30 frames
    annotate(tmp_path, "a", [-1] * (n_labels - 4 if n_labels < 30 else n_labels - 2))
    if fits:
        assert len(extract(tmp_path, tmp_path / "out", fps=2)[1]) == 6
    else:
        with raises_error(DataError, "26 to 30 frames"):
            extract(tmp_path, tmp_path / "out", fps=2)


def test_a_film_shorter_than_a_sampling_step(tmp_path):
    write_film(tmp_path, "a", blank(30))
    annotate(tmp_path, "a", [-1] * 30)
    assert len(extract(tmp_path, tmp_path / "out", fps=0.1)[1]) == 1


def test_films_that_cannot_be_used_are_reported_and_the_rest_goes_on(tmp_path):
    for split in PARTS.values():
        part = f"EXPR_Set/{split}"
        write_film(tmp_path, f"film in {split}", [p for e in EMOTIONS for p in scene(1, 2, e)])
        annotate(
            tmp_path,
            f"film in {split}",
            np.repeat([CODE[e] for e in EMOTIONS], 2),
            HEADER_2020,
            part,
        )
    write_film(tmp_path, "long", blank(4)), annotate(tmp_path, "long", [-1] * 40)
    write_film(tmp_path, "of the test set", blank(4))
    (tmp_path / "affwild2" / "cut.mp4").write_bytes(b"no film"), annotate(tmp_path, "cut", [0])
    (
        annotate(tmp_path, "gone"),
        write_film(tmp_path, "bad", blank(4)),
        annotate(tmp_path, "bad", [9]),
    )
    with raises_error(DataError, "bad.txt", "line 2", "'9'"):
        prepare_films(tmp_path, progress=False)
    done = prepare_films(tmp_path, progress=False, on_error="report")
    steps = adds_up(done)
    assert steps.loc[("films", "not annotated"), ["before", "removed"]].tolist() == [7, 1]
    assert steps.loc[("films", "refused"), ["removed", "after"]].tolist() == [4, 2]
    assert [Path(where).stem for where in done.rejects["where"]] == ["bad", "gone", "cut", "long"]
    assert (done.rejects[["what", "remedy"]] != "").all(axis=None)
    assert (
        set(done.table["film"]) == {"film in Train_Set", "film in Validation_Set"}
        and len(done.table) == 14
    )
    assert affwild2.read_table(tmp_path / "affwild2" / "faces" / "rejects.csv")[
        "what"
    ].tolist() == list(done.rejects["what"])
    (tmp_path / "affwild2" / "gone.mp4").touch()
    with raises_error(DataError, where=tmp_path / "affwild2" / "gone.mp4"):
        films.extract_faces(
            affwild2.films(tmp_path, on_error="report").query("name == 'gone'"), tmp_path / "x"
        )


def test_a_colon_in_a_files_name_stays_in_its_name(tmp_path):
    name = "Act 2: the park"
    write_film(tmp_path, name, blank(4)), annotate(tmp_path, name, [-1] * 40)
    write_film(tmp_path, "good", blank(4)), annotate(tmp_path, "good", [-1] * 4)
    films_here = affwild2.films(tmp_path)
    rejects = datasets.Rejects("report")
    films.extract_faces(films_here, tmp_path / "x", rejects=rejects, n_jobs=2, progress=False)
    assert rejects.table()["where"].tolist() == [films_here["annotation"][0]]
    assert Path(rejects.table()["where"][0]).name == f"{name}.txt"
    assert rejects.table()["what"][0] == "40 labels for a film of 3 to 4 frames"


def test_if_no_film_can_be_used_it_is_said(tmp_path):
    write_film(tmp_path, "a", blank(4)), annotate(tmp_path, "a", [-1] * 40)
    with raises_error(DataError, "on_error='raise'"):
        prepare_films(tmp_path, progress=False, on_error="report")
    with raises_error(EmotutilsError, "'cascade'"):
        annotate(tmp_path, "a", [-1] * 4)
        extract(tmp_path, tmp_path / "out", detector="cascade")


def test_two_people_in_a_film(tmp_path):
    """Side by side, _left and _right are told apart; without them nobody knows whose label it is."""
    one, other = scene(1), scene(2)
    both = [np.hstack(pair) for pair in zip(one, other, strict=True)]
    empty = [np.hstack([a, np.full_like(a, 120)]) for a in one]
    for name, pictures in {
        "one": one,
        "other": other,
        "both": both,
        "pair": both,
        "left only": empty,
    }.items():
        write_film(tmp_path, name, pictures)
    for name in (
        "one",
        "other",
        "both_left",
        "both_right",
        "pair",
        "left only_left",
        "left only_right",
    ):
        annotate(tmp_path, name, [4] * 12)
    faces, removed = extract(tmp_path, tmp_path / "out", fps=5)
    assert removed.groupby("film")["reason"].agg(["first", "nunique", "size"]).T.to_dict(
        "list"
    ) == {
        "pair": ["two faces", 1, 6],
        "left only": ["no face", 1, 6],
    }
    assert set(removed.loc[removed["film"] == "left only", "side"]) == {"right"}
    faces["name"] = [id_.rpartition("_")[0] for id_ in faces["id"]]
    crops = {name: affwild2_pixels(rows["path"]) for name, rows in faces.groupby("name")}
    assert {name: len(c) for name, c in crops.items()} == dict.fromkeys(
        ("one", "other", "both_left", "both_right", "left only_left"), 6
    )

    def differ(a, b):
        return np.abs(crops[a] - crops[b]).mean()

    assert differ("both_left", "one") < 5 < differ("both_left", "other")
    assert differ("both_right", "other") < 5 < differ("both_right", "one")
    assert set(faces.loc[faces["film"] == "both", "group"]) == {"both"} and faces["id"].is_unique


def affwild2_pixels(paths):
    return np.stack([affwild2.read_picture(path) for path in paths]).astype(float)


@dataclass
class Pictures:
    """A folder of pictures with their table."""

    folder: Path

    def table(self, **pictures):
        for name, picture in pictures.items():
            if isinstance(picture, bytes):
                (self.folder / f"{name}.png").write_bytes(picture)
            elif picture is not None:
                Image.fromarray(picture).save(self.folder / f"{name}.png")
        return pd.DataFrame(
            {"id": list(pictures), "path": [str(self.folder / f"{name}.png") for name in pictures]}
        )


@pytest.fixture
def pictures(tmp_path) -> Pictures:
    return Pictures(tmp_path)


def face(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (48, 48), np.uint8)


def test_the_integrity_check(pictures):
    table = pictures.table(
        good=face(),
        missing=None,
        empty=b"",
        large=np.zeros((48, 50), np.uint8),
        cut=face(),
        text=b"x",
    )
    whole = (pictures.folder / "cut.png").read_bytes()
    (pictures.folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    kept, removed = films.check_files(table)
    assert list(kept["id"]) == ["good"] and list(kept.columns) == ["id", "path"]
    assert dict(zip(removed["id"], removed["reason"], strict=True)) == {
        "missing": "missing", "empty": "0 bytes", "large": "wrong size", "cut": "corrupted", "text": "corrupted",
    }  # fmt: skip


def test_cleaning(pictures):
    sharp = scene(1, 1)[0][40:184:3, 48:192:3, 0]
    black, nearly = np.zeros((48, 48), np.uint8), np.full((48, 48), 90, np.uint8) + face() // 64
    blurred = cv2.GaussianBlur(sharp, (0, 0), 3)
    dark = (sharp * 0.15).astype(np.uint8)  # a dark picture is no blurred one
    kept, removed = films.clean(
        pictures.table(
            sharp=sharp, black=black, nearly=nearly, blurred=blurred, dark=dark, noise=face()
        )
    )
    assert list(kept["id"]) == ["sharp", "dark", "noise"]
    assert list(removed["reason"]) == ["empty", "empty", "blurred"]


def test_sharpness_against_scipy():
    picture = face(3)
    laplacian = scipy.ndimage.laplace(picture.astype(float), mode="mirror")
    assert faces.sharpness(picture) == pytest.approx(laplacian.var() / picture.var())
    assert faces.sharpness(np.full((48, 48), 7, np.uint8)) == 0
    half = (picture // 2 * 2).astype(np.uint8)
    assert faces.sharpness(half // 2 + 100) == pytest.approx(faces.sharpness(half))


def faces_of(**splits):
    """A table with so many faces of each emotion, in the order of EMOTIONS, in each split."""
    rows = [
        (s, e, k)
        for s, counts in splits.items()
        for e, n in zip(EMOTIONS, counts, strict=True)
        for k in range(n)
    ]
    return pd.DataFrame(rows, columns=["split", "label", "k"])


def test_the_rarest_emotion_decides_in_each_split():
    table = faces_of(train=(9, 3, 40, 5, 5, 5, 100), validation=(2, 2, 2, 2, 2, 2, 3))
    kept, removed = films.balance(table)
    assert kept.groupby(["split", "label"]).size().unstack().T.to_dict("list") == {
        "train": [3] * 7,
        "validation": [2] * 7,
    }
    assert len(kept) + len(removed) == len(table) and set(removed["reason"]) == {"surplus"}
    pd.testing.assert_frame_equal(films.balance(table)[0], kept)
    others = films.balance(table, seed=1)[0]
    assert not others.equals(kept) and len(others) == len(kept)
    neutral = kept.loc[(kept["split"] == "train") & (kept["label"] == "neutral"), "k"]
    assert list(neutral) != [0, 1, 2]  # drawn, not the first ones


def test_a_number_per_emotion_keeps_the_rare_ones_whole():
    kept, _ = films.balance(faces_of(train=(9, 0, 40, 5, 5, 5, 100)), per_emotion=8)
    assert kept["label"].value_counts().reindex(EMOTIONS, fill_value=0).tolist() == [
        8,
        0,
        8,
        5,
        5,
        5,
        8,
    ]


@pytest.mark.parametrize(
    "table, per_emotion, thing",
    [
        (
            faces_of(train=(1,) * 7, validation=(0, 1, 1, 1, 0, 1, 1)),
            None,
            "anger in validation, sadness in validation",
        ),
        (faces_of(train=(1,) * 7), 0, "per_emotion >= 1"),
        (faces_of(train=(0,) * 7), 5, "anyone"),
    ],
)
def test_nothing_to_balance(table, per_emotion, thing):
    with raises_error(DataError, thing, where="balance"):
        films.balance(table, per_emotion=per_emotion)


def test_shuffling_changes_only_the_order():
    table = faces_of(train=(5,) * 7, validation=(3,) * 7)
    shuffled = films.shuffle(table)
    assert not shuffled.equals(table)
    pd.testing.assert_frame_equal(
        shuffled.sort_values(list(table), ignore_index=True),
        table.sort_values(list(table), ignore_index=True),
    )
    pd.testing.assert_frame_equal(films.shuffle(table), shuffled)
    assert not films.shuffle(table, seed=1).equals(shuffled)


def test_valence_and_arousal_cannot_be_sorted_into_seven_folders(tmp_path):
    table = pd.DataFrame(
        {"frame": [1], "valence": [0.5], "arousal": [0.1], "id": ["105_00001"], "path": ["x.png"]}
    )
    with raises_error(DataError, "EXPR"):
        films.sort_into_folders(table, tmp_path)


def test_folders_of_somebody_else_are_not_touched(root, tmp_path):
    theirs = tmp_path / "faces" / "fear" / "mine.png"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"mine")
    with raises_error(DataError, where=tmp_path / "faces"):
        prepare_films(root, theirs.parents[1], progress=False)
    assert (
        list((tmp_path / "faces").iterdir()) == [theirs.parent] and theirs.read_bytes() == b"mine"
    )
    with raises_error(DataError, where=tmp_path / "faces"):
        films.sort_into_folders(
            pd.DataFrame({"label": ["fear"], "id": ["a"], "path": [str(theirs)]}), theirs.parents[1]
        )


def test_names_from_two_films_do_not_collide(tmp_path):
    for name, folder in {"112": "a", "112_00001": "a", "ä film, with (all) sorts": "b"}.items():
        write_film(tmp_path, name, [p for e in EMOTIONS for p in scene(1, 1, e)], folder=folder)
        annotate(tmp_path, name, [CODE[e] for e in EMOTIONS])
    done = prepare_films(tmp_path, fps=None, progress=False)
    assert len(set(done.table["path"])) == len(done.table) == 21 and all(
        map(Path.exists, map(Path, done.table["path"]))
    )
    assert set(affwild2.load(tmp_path).table["film"]) == {
        "112",
        "112_00001",
        "ä film, with (all) sorts",
    }


MEASURED = ("pose_Tx", "pose_Ty", "gaze_0_x", *openface.AU_INTENSITIES, *openface.AU_PRESENCES)


def openface_output(folder, film, n_frames, faces=1, missing=(), measured=MEASURED):
    """What FeatureExtraction leaves: the csv and the aligned faces (112×112), grey as their frame's
    number.
    """
    table = pd.DataFrame(
        {
            "frame": np.repeat(np.arange(n_frames) + 1, faces),
            "face_id": np.tile(range(faces), n_frames),
        }
    )
    table["timestamp"] = ((table["frame"] - 1) / 10).round(3)
    table["confidence"], table["success"] = 0.98, (~table["frame"].isin(missing)).astype(int)
    numbers = np.random.default_rng(0).integers(0, 2, (len(table), len(measured)))
    table[list(measured)] = numbers
    if "pose_Tx" in measured:
        table["pose_Tx"] = np.tile([-40.0, 55.0][:faces], n_frames)
    for frame, k in zip(table["frame"], table["face_id"], strict=True):
        path = folder / f"{film}_aligned" / f"frame_det_{k:02d}_{frame:06d}.bmp"
        path.parent.mkdir(parents=True, exist_ok=True)
        if frame not in missing:
            Image.fromarray(np.full((112, 112, 3), 8 * frame + k, np.uint8)).save(path)
    table.to_csv(folder / f"{film}.csv", index=False)
    return table


def test_openfaces_faces_in_place_of_ours(tmp_path):
    write_film(tmp_path, "a", blank(12))
    annotate(tmp_path, "a", [4, 4, -1, 4, 4, 4, 7, 4, 4, 4, 4, 4])
    measured = openface_output(tmp_path / "openface", "a", 12, missing=(5,))
    faces, removed = extract(tmp_path, tmp_path / "out", fps=None, openface=tmp_path / "openface")
    assert removed.set_index("frame")["reason"].to_dict() == {
        3: "unannotated",
        5: "no face",
        7: "other",
    }
    assert list(faces["frame"]) == [1, 2, 4, 6, 8, 9, 10, 11, 12] and set(faces["label"]) == {
        "happiness"
    }
    assert [affwild2.read_picture(p).shape for p in faces["path"]] == [(48, 48)] * 9
    assert [int(affwild2.read_picture(p).mean()) for p in faces["path"]] == [
        8 * frame for frame in faces["frame"]
    ]
    kept = measured.set_index("frame").loc[faces["frame"]]
    for name in set(measured) - {"frame", "timestamp"}:  # every column of the csv came along
        np.testing.assert_allclose(faces[name], kept[name], err_msg=name)
    np.testing.assert_allclose(faces["t"], kept["timestamp"])
    sampled, _ = extract(tmp_path, tmp_path / "out", fps=5, openface=tmp_path / "openface")
    assert list(sampled["frame"]) == [1, 9, 11]  # of 1, 3, 5 … 11, as from the film itself


def test_openface_with_two_people(tmp_path):
    for name in ("a", "b"):
        write_film(tmp_path, name, blank(3))
        openface_output(tmp_path / "openface", name, 3, faces=2)
    for name in ("a_left", "a_right", "b"):
        annotate(tmp_path, name, [0, 0, 0])
    faces, removed = extract(tmp_path, tmp_path / "out", fps=None, openface=tmp_path / "openface")
    assert faces.groupby("side")["face_id"].agg(list).to_dict() == {
        "left": [0] * 3,
        "right": [1] * 3,
    }
    assert removed.groupby("film")["reason"].agg(list).to_dict() == {"b": ["two faces"] * 3}


def test_openfaces_damaged_or_missing_output(tmp_path):
    write_film(tmp_path, "a", blank(4))
    annotate(tmp_path, "a", [0] * 4)
    folder = tmp_path / "openface"
    with raises_error(DataError, "-simalign", where=folder / "a_aligned"):
        extract(tmp_path, tmp_path / "out", openface=folder)
    openface_output(folder, "a", 4)
    (folder / "a_aligned" / "frame_det_00_000002.bmp").write_bytes(b"BM cut")
    (folder / "a_aligned" / "frame_det_00_000003.bmp").unlink()
    faces, removed = extract(tmp_path, tmp_path / "out", fps=None, openface=folder)
    assert list(faces["frame"]) == [1, 4]
    assert removed.set_index("frame")["reason"].to_dict() == {2: "corrupted", 3: "corrupted"}
    openface_output(folder, "a", 4, measured=MEASURED[1:])
    with raises_error(DataError, "pose_Tx", "FeatureExtraction with -pose", where=folder / "a.csv"):
        extract(tmp_path, tmp_path / "out", openface=folder)
    openface_output(folder, "a", 30)
    with raises_error(DataError, "a.txt", "4 labels", "30 frames"):
        extract(tmp_path, tmp_path / "out", fps=None, openface=folder)


@pytest.mark.real
def test_films_made_of_real_faces(real_data, tmp_path):
    """Faces of FER2013 shown one after the other, each for 0.6 s: most survive, with their own
    label.
    """
    data = datasets.load("fer2013", real_data)
    shown = {}
    for split, each in (("train", 6), ("validation", 3)):
        of_split = data.table[data.table["split"] == split]
        chosen = (
            of_split.groupby("label").sample(each, random_state=0).sample(frac=1, random_state=0)
        )
        pictures, codes = [], []
        for face_, label in zip(data.faces(chosen["row"].to_numpy()), chosen["label"], strict=True):
            image = np.zeros((240, 320, 3), np.uint8)
            large = cv2.resize(face_, (120, 120), interpolation=cv2.INTER_CUBIC).clip(0, 255)
            image[60:180, 100:220] = large[..., None]
            pictures += [image] * 3
            codes += [CODE[label]] * 3
        pictures += [np.zeros_like(image)] * 3
        write_film(tmp_path, f"real-{split}", pictures, fps=5)
        annotate(
            tmp_path,
            f"real-{split}",
            [*codes, -1, 7, 0],
            part=f"EXPR_Classification_Challenge/{PARTS[split]}",
        )
        shown[f"real-{split}"] = chosen["label"].tolist()
    done = prepare_films(tmp_path, progress=False, per_emotion=100)
    steps = adds_up(done)
    frames = 3 * 7 * 9 + 6
    assert steps.loc[("extract", "no label"), "before"] == frames
    assert steps.loc["extract"]["removed"][["unannotated", "other"]].tolist() == [2, 2]
    assert len(done.table) >= 0.75 * (frames - 6)
    assert steps.loc["clean"]["removed"].sum() <= 0.05 * frames
    for row in done.table.itertuples():
        assert shown[row.film][(row.frame - 1) // 3] == row.label


@pytest.mark.real
def test_the_thresholds_of_cleaning_on_fer2013(real_data):
    """The shares that ``SHARP`` and ``VARIED`` are documented with."""
    pixels = datasets.load("fer2013", real_data).faces()[..., 0].astype(np.uint8)
    empty = pixels.std(axis=(1, 2)) < films.VARIED
    assert len(pixels) == 35887 and empty.sum() == 13
    varied = pixels[~empty]
    assert sum(faces.sharpness(p) < films.SHARP for p in varied) == 5
    some = varied[np.random.default_rng(0).permutation(len(varied))[:3000]]
    assert np.mean(
        [faces.sharpness(cv2.GaussianBlur(p, (0, 0), 1.5)) < films.SHARP for p in some]
    ) == pytest.approx(0.95, abs=0.01)
