"""Degraded faces and voices: what a degradation does is measured another way, and the shipped records
hold together.
"""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from raising import raises_error
from scipy.signal import correlate

from emotutils import datasets
from emotutils.errors import DataError, EmotutilsError
from emotutils.networks import shipped_cards
from emotutils.studies.robustness import DEGRADATIONS, FILM, robustness, table, write
from emotutils.training import records
from emotutils.voices import window_features
from emotutils.voices.degradation import mp3, white_noise

SR = 16000
CARDS = {card["name"]: card for card in shipped_cards()}
FACES = [name for name, one in DEGRADATIONS.items() if one.modality == "face"]
VOICES = [name for name, one in DEGRADATIONS.items() if one.modality == "voice"]


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    return datasets.load("sample-fer2013").faces()[:40]


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    return datasets.load("sample-ravdess").voices(np.arange(1))[0]


def degraded(name: str, x: np.ndarray, seed: int = 0) -> list[np.ndarray]:
    return [DEGRADATIONS[name](x, strength, seed=seed) for strength in DEGRADATIONS[name].strengths]


# --- faces ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FACES)
def test_faces_keep_their_shape_and_range_and_get_worse_with_strength(name, faces):
    before = faces.copy()
    errors = []
    for strength in DEGRADATIONS[name].strengths:
        x = DEGRADATIONS[name](faces.astype(np.uint8), strength)
        assert x.shape == faces.shape and x.dtype == np.float32
        assert x.min() >= 0 and x.max() <= 255
        errors.append(np.abs(x - faces).mean())
    assert errors == sorted(errors) and errors[0] > 0
    np.testing.assert_array_equal(faces, before)


@pytest.mark.parametrize(
    "name", [name for name in FACES if DEGRADATIONS[name].untouched is not None]
)
def test_the_strength_that_changes_nothing_changes_nothing(name, faces):
    np.testing.assert_array_equal(DEGRADATIONS[name](faces, DEGRADATIONS[name].untouched), faces)


@pytest.mark.parametrize("name", ["darker", "brighter"])
def test_brightness_moves_grey_levels_and_cuts_them_off(name):
    ramp = np.broadcast_to(np.arange(48, dtype=np.float32) * 255 / 47, (1, 48, 48))[..., None]
    for strength, x in zip(DEGRADATIONS[name].strengths, degraded(name, ramp), strict=True):
        inside = (x > 0) & (x < 255)
        np.testing.assert_allclose((x - ramp)[inside], strength, atol=1e-4)
        assert inside.mean() == pytest.approx(1 - abs(strength) / 255, abs=0.05)
        assert set(np.unique(x[~inside])) == {0 if strength < 0 else 255}


def test_blur_spreads_a_point_by_its_sigma(faces):
    point = np.zeros((1, 48, 48, 1), np.float32)
    point[0, 24, 24] = 255
    rows = np.arange(48)
    for sigma, x in zip(DEGRADATIONS["blur"].strengths, degraded("blur", point), strict=True):
        across = x[0, ..., 0].sum(axis=0) / x.sum()
        spread = np.sqrt((across * (rows - 24) ** 2).sum())
        assert x.sum() == pytest.approx(255, rel=1e-4)
        assert spread == pytest.approx(sigma, rel=0.08)  # a kernel of few pixels is cut short
    sharp = [
        np.mean([cv2.Laplacian(f, cv2.CV_32F).var() for f in x])
        for x in (faces, *degraded("blur", faces))
    ]
    assert sharp == sorted(sharp, reverse=True) and sharp[-1] < 0.02 * sharp[0]


def test_occlusion_covers_its_share_with_one_square_at_places_drawn():
    white = np.full((40, 48, 48, 1), 255, np.float32)
    for share, x in zip(
        DEGRADATIONS["occlusion"].strengths, degraded("occlusion", white), strict=True
    ):
        grey = x[..., 0] == 128
        assert np.all(grey | (x[..., 0] == 255))
        assert grey.mean(axis=(1, 2)) == pytest.approx(share, abs=0.02)
        places = set()
        for one in grey:
            rows, columns = np.flatnonzero(one.any(axis=1)), np.flatnonzero(one.any(axis=0))
            assert len(rows) == len(columns) == np.sqrt(one.sum())  # a square, and wholly inside
            places.add((rows[0], columns[0]))
        assert len(places) > 15


def test_tilt_turns_to_both_sides_by_as_much_as_it_says():
    """A bar lies along its first principal axis: that is turned."""
    bar = np.zeros((40, 48, 48, 1), np.float32)
    bar[:, 14:34, 22:26] = 255
    for degrees, x in zip(DEGRADATIONS["tilt"].strengths, degraded("tilt", bar), strict=True):
        angles = []
        for face in x[..., 0]:
            moments = cv2.moments(face)
            axis = 0.5 * np.arctan2(2 * moments["mu11"], moments["mu20"] - moments["mu02"])
            angles.append((np.degrees(axis) + 180) % 180 - 90)
        assert np.abs(angles) == pytest.approx(degrees, abs=1.5)
        if degrees < 90:  # there, both sides look alike
            assert 8 < np.sum(np.array(angles) > 0) < 32


def test_jpeg_comes_back_as_whole_grey_levels_and_worse_at_lower_quality(faces):
    errors = [np.sqrt(np.mean((x - faces) ** 2)) for x in degraded("jpeg", faces)]
    assert errors == sorted(errors) and errors[-1] > 2 * errors[0]
    assert not (degraded("jpeg", faces)[0] % 1).any()


# --- faces as films show them -----------------------------------------------------------------


@pytest.mark.parametrize("name", FILM)
def test_what_films_do_keeps_shape_and_range_and_gets_worse_with_strength(name, faces):
    one = FILM[name]
    before = faces.copy()
    errors = []
    for strength in one.strengths:
        x = one(faces.astype(np.uint8), strength, seed=3)
        assert x.shape == faces.shape and x.dtype == np.float32
        assert x.min() >= 0 and x.max() <= 255 and np.all(x.std(axis=(1, 2, 3)) > 1)
        np.testing.assert_array_equal(x, one(faces, strength, seed=3))
        errors.append(np.abs(x - faces).mean())
    assert errors == sorted(errors) and errors[0] > 0
    np.testing.assert_array_equal(faces, before)
    if one.untouched is not None:
        np.testing.assert_array_equal(one(faces, one.untouched), faces)


def disc(radius: float = 10) -> np.ndarray:
    """A white disc in the middle of black: the same picture 30 times."""
    away = np.hypot(*np.mgrid[-23.5:24, -23.5:24])
    one = np.where(away <= radius, 255, 0).astype(np.float32)
    return np.repeat(one[None, ..., None], 30, axis=0)


@pytest.mark.parametrize("name", ["smaller", "larger"])
def test_a_face_has_the_size_that_is_asked_for(name):
    for strength in FILM[name].strengths:
        x = FILM[name](disc(), strength)
        ratio = x.sum() / disc().sum()
        assert np.sqrt(ratio) == pytest.approx(strength, rel=0.03)


def test_shift_moves_by_its_share_of_the_side_in_all_directions():
    places = np.arange(48) - 23.5
    for share in FILM["shift"].strengths:
        x = FILM["shift"](disc(), share)[..., 0]
        mass = x.sum(axis=(1, 2))
        across = (x.sum(axis=1) * places).sum(axis=1) / mass
        down = (x.sum(axis=2) * places).sum(axis=1) / mass
        assert np.hypot(across, down) == pytest.approx(share * 48, abs=0.4)
        assert {(a > 0, d > 0) for a, d in zip(across, down, strict=True)} == {
            (a, d) for a in (True, False) for d in (True, False)
        }


@pytest.mark.parametrize("name", ["less contrast", "more contrast"])
def test_contrast_changes_the_deviation_and_leaves_the_mean(name):
    x = np.random.default_rng(0).uniform(100, 150, (5, 48, 48, 1)).astype(np.float32)
    for factor in FILM[name].strengths:
        y = FILM[name](x, factor)
        assert y.std() / x.std() == pytest.approx(factor, rel=0.01)
        np.testing.assert_allclose(y.mean(axis=(1, 2, 3)), x.mean(axis=(1, 2, 3)), atol=0.01)


def test_resolution_takes_away_what_is_finer_than_its_pixels():
    fine = np.indices((48, 48)).sum(axis=0) % 2 * 255.0  # a chessboard of single pixels
    coarse = np.indices((48, 48)).sum(axis=0) // 24 % 2 * 255.0
    for pixels in FILM["resolution"].strengths[1:]:
        x = np.stack([fine, coarse])[..., None]
        after = FILM["resolution"](x, pixels).std(axis=(1, 2, 3))
        assert after[0] < 0.35 * fine.std() and after[1] > 0.8 * coarse.std()


# --- voices ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VOICES)
def test_voices_keep_their_length_and_their_place_in_time(name, voice):
    for n in (len(voice), 12345, 700):
        for x in degraded(name, voice[:n]):
            assert x.shape == (n,) and x.dtype == np.float32 and np.isfinite(x).all()
    for x in degraded(name, voice):
        assert abs(np.argmax(correlate(x, voice)) - (len(voice) - 1)) <= 0.002 * SR


def syllables(seconds: float) -> np.ndarray:
    """A buzz of 120 Hz whose loudness swings four times a second: voice from end to end, of known
    power.
    """
    t = np.arange(round(seconds * SR)) / SR
    buzz = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 20))
    return (0.05 * buzz * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t))).astype(np.float32)


@pytest.mark.parametrize("silence", [0.5, 6.0])
def test_noise_is_as_far_below_the_voice_as_asked_however_long_the_silence_around_it(silence):
    spoken = syllables(2.0)
    x = np.pad(spoken, round(silence * SR))
    power = np.mean(spoken.astype(float) ** 2)
    for snr in DEGRADATIONS["noise"].strengths:
        noise = DEGRADATIONS["noise"](x, snr) - x
        assert 10 * np.log10(power / np.mean(noise.astype(float) ** 2)) == pytest.approx(
            snr, abs=0.3
        )
    spectrum = np.abs(np.fft.rfft(noise)) ** 2
    quarters = [part.mean() for part in np.array_split(spectrum, 4)]
    assert max(quarters) < 1.1 * min(quarters)  # white


def test_noise_in_a_recording_without_a_voice_is_measured_by_the_whole_and_silence_stays_silent():
    rng = np.random.default_rng(0)
    hiss = (0.01 * rng.standard_normal(2 * SR)).astype(np.float32)
    added = white_noise(hiss, 20, SR, rng) - hiss
    assert 10 * np.log10(np.mean(hiss**2) / np.mean(added**2)) == pytest.approx(20, abs=0.01)
    assert not white_noise(np.zeros(SR, np.float32), 0, SR, rng).any()


def test_a_telephone_keeps_its_band_and_nothing_else():
    hiss = (0.1 * np.random.default_rng(0).standard_normal(4 * SR)).astype(np.float32)
    hertz = np.fft.rfftfreq(len(hiss), 1 / SR)
    before = np.abs(np.fft.rfft(hiss)) ** 2
    for high, x in zip(
        DEGRADATIONS["telephone"].strengths, degraded("telephone", hiss), strict=True
    ):
        kept = np.abs(np.fft.rfft(x)) ** 2
        inside = (hertz > 380) & (hertz < high - 80)
        assert kept[inside].sum() == pytest.approx(before[inside].sum(), rel=0.03)
        for outside in (hertz < 220, hertz > high + 80):
            assert kept[outside].sum() < 1e-4 * before[outside].sum()


def test_mp3_is_worse_with_fewer_bits(voice):
    errors = [np.mean((x - voice) ** 2) for x in degraded("mp3", voice)]
    assert errors == sorted(errors)
    assert 3 * errors[0] < errors[-1] and errors[0] < 0.01 * np.mean(voice**2)


def test_mp3_without_its_coder_or_at_a_rate_that_it_has_not_is_one_clear_error(voice, monkeypatch):
    with raises_error(EmotutilsError, "12345 Hz"):
        mp3(voice, 32, 12345)
    monkeypatch.setattr("av.codecs_available", {"aac"})
    with raises_error(EmotutilsError, "libmp3lame"):
        mp3(voice, 32, SR)


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_the_same_seed_gives_the_same_and_another_only_where_chance_takes_part(name, faces, voice):
    x = faces if DEGRADATIONS[name].modality == "face" else voice
    first, again, other = (degraded(name, x, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.array_equal(first, other) != DEGRADATIONS[name].drawn


# --- records --------------------------------------------------------------------------------------


def check(record: dict) -> None:
    """What is true of every record."""
    card = CARDS[record["network"]]
    assert record["labels"] == card["labels"] and record["run"] == card["run"]
    for name, found in record["damages"].items():
        one = DEGRADATIONS[name]
        assert (one.modality, one.axis, one.untouched) == (
            card["modality"],
            found["axis"],
            found["untouched"],
        )
        assert [p["strength"] for p in found["points"]] == list(one.strengths)
    for score in (
        record["untouched"],
        *(p for found in record["damages"].values() for p in found["points"]),
    ):
        for metric in ("accuracy", "uar"):
            ends = [score[metric][end] for end in ("low", "value", "high")]
            known = [end for end in ends if end is not None]  # of two speakers there is no interval
            assert known == sorted(known) and 0 <= known[0] <= known[-1] <= 1
        hits = score["accuracy"]["value"] * record["n"]
        assert hits == pytest.approx(round(hits), abs=1e-4 * record["n"])
        assert score["commonest"]["label"] in record["labels"]
        assert 1 / len(record["labels"]) <= score["commonest"]["share"] <= 1
        assert score.get("windows", record["n"]) >= record["n"]


@pytest.mark.parametrize("network, data, degradations", [
    ("conv2d", "sample-fer2013", ["tilt", "jpeg"]),
    ("crnn", "sample-ravdess", ["noise"]),
    ("conv1d", "sample-ravdess", ["telephone", "mp3"]),
])  # fmt: skip
def test_a_few_rows_of_the_samples_leave_a_record(network, data, degradations, tmp_path):
    record = robustness(network, data, degradations=degradations, rows=6, seed=1)
    check(record)
    assert (record["network"], record["data"], record["split"], record["n"]) == (
        network,
        data,
        "test",
        6,
    )
    assert (
        list(record["damages"]) == degradations
        and record["wall_time_s"] > 0
        and record["versions"]["av"]
    )
    path = write(record, tmp_path)
    assert path.name == f"robustness-{data}-{network}.json"
    assert json.loads(path.read_text(encoding="utf-8")) == record
    again = robustness(network, data, degradations=degradations, rows=6, seed=1)
    assert {**again, "wall_time_s": 0} == {**record, "wall_time_s": 0}


def test_degradations_of_ones_own_are_asked_for_by_name(tmp_path):
    record = robustness("conv2d", "sample-fer2013", "validation", degradations=FILM, rows=20)
    assert record["split"] == "validation" and list(record["damages"]) == list(FILM)
    for name, found in record["damages"].items():
        assert [point["strength"] for point in found["points"]] == list(FILM[name].strengths)
    path = write(record, tmp_path, what="film-validation")
    assert path.name == "film-validation-sample-fer2013-conv2d.json"
    with raises_error(EmotutilsError, "'jpeg'"):
        robustness("crnn", "sample-ravdess", degradations=["jpeg"])


def test_a_network_is_asked_about_the_degraded_rows_themselves():
    """Noise that drowns the voice: the answers are those to noisy recordings, averaged over their
    windows by hand.
    """
    from emotutils.networks import load_network

    record = robustness("crnn", "sample-ravdess", degradations=["noise"], seed=3)
    network, data = load_network("crnn"), datasets.load("sample-ravdess")
    rows = data.rows("test")
    hits = []
    for i, (sound, label) in enumerate(
        zip(data.voices(rows), data.table["label"].iloc[rows], strict=True)
    ):
        windows = window_features(DEGRADATIONS["noise"](sound, 0, seed=[3, i]), network.features)
        hits.append(
            network.labels[network.predict_proba(np.stack(windows)).mean(axis=0).argmax()] == label
        )
    assert record["damages"]["noise"]["points"][-1]["accuracy"]["value"] == pytest.approx(
        np.mean(hits), abs=1e-4
    )
    assert (
        record["n"] == len(rows) and record["n_groups"] == data.table["group"].iloc[rows].nunique()
    )


def test_the_table_begins_each_degradation_untouched():
    score = {
        "accuracy": {"value": 0.7, "low": 0.6, "high": 0.8},
        "uar": {"value": 0.5, "low": 0.4, "high": 0.6},
    }
    worse = {
        "accuracy": {"value": 0.3, "low": 0.2, "high": 0.4},
        "uar": {"value": 0.2, "low": 0.1, "high": 0.3},
    }
    found = {
        "blur": {"axis": "", "untouched": 0, "points": [{"strength": 3, **worse}]},
        "jpeg": {"axis": "", "untouched": None, "points": [{"strength": 5, **worse}]},
    }
    rows = table({"untouched": score, "damages": found})
    assert list(rows.columns) == ["degradation", "strength", "value", "low", "high"]
    assert rows["degradation"].tolist() == ["blur", "blur", "jpeg", "jpeg"]
    np.testing.assert_array_equal(rows["strength"], [0, 3, np.nan, 5])
    np.testing.assert_array_equal(
        rows[["value", "low", "high"]], [[0.7, 0.6, 0.8], [0.3, 0.2, 0.4]] * 2
    )
    assert table({"untouched": score, "damages": found}, "uar")["value"].tolist() == [
        0.5,
        0.2,
        0.5,
        0.2,
    ]


@pytest.mark.parametrize(
    "network, data, options, says",
    [
        (
            "conv2d",
            "sample-fer2013",
            {"degradations": ["snow"]},
            "'snow'",
        ),
        (
            "conv2d",
            "sample-fer2013",
            {"degradations": ["noise"]},
            "'noise'",
        ),
        ("conv2d", "sample-ravdess", {}, "takes faces"),
        ("crnn", "sample-fer2013", {}, "takes voices"),
        ("crnn", "sample-ravdess", {"split": "nothing"}, "nothing"),
        ("crnn", "sample-ravdess", {"rows": 0}, "sample-ravdess"),
    ],
)
def test_what_does_not_fit_is_one_clear_error(network, data, options, says):
    with raises_error(EmotutilsError, says):
        robustness(network, data, **options)


def test_rows_that_a_network_learned_from_are_refused(monkeypatch):
    """conv1d learned from all of TESS; TESS's own test part is nothing that it has not heard."""
    stand_in = replace(datasets.load("sample-tess"), name="tess")
    monkeypatch.setattr(datasets, "load", lambda name, root=None: stand_in)
    with raises_error(DataError, "ravdess+tess", where="conv1d"):
        robustness("conv1d", "tess")


SHIPPED = {"conv2d": "fer2013", "crnn": "ravdess", "conv1d": "ravdess"}


def test_every_shipped_network_has_its_record():
    assert set(SHIPPED) == set(CARDS)
    recorded = {path.stem for path in records.shipped_folder().glob("robustness-*.json")}
    assert recorded == {f"robustness-{data}-{network}" for network, data in SHIPPED.items()}


@pytest.mark.parametrize("network", SHIPPED)
def test_a_shipped_record_agrees_with_the_run_that_made_the_network(network):
    record = records.read(f"robustness-{SHIPPED[network]}-{network}")
    test = records.read(record["run"])["test"]
    told = test.get("clips", test)
    check(record)
    assert list(record["damages"]) == [
        n for n, d in DEGRADATIONS.items() if d.modality == CARDS[network]["modality"]
    ]
    assert (record["n"], record["n_groups"]) == (told["n"], told["n_groups"])
    if "clips" in test:
        assert record["untouched"]["windows"] == test["n"]
    for metric in ("accuracy", "uar"):
        # Other processors round otherwise: a row or two that stood on the edge may fall to the
        # other side.
        assert record["untouched"][metric]["value"] == pytest.approx(
            told[metric]["value"], abs=2 / record["n"]
        )
        for found in record["damages"].values():
            assert found["points"][-1][metric]["high"] < record["untouched"][metric]["low"]
