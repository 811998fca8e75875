"""One clock: the timeline's length and the times of pictures and sound come from what is in the
file, whatever its head and its time stamps say.
"""

import makers
import numpy as np
import pytest

from emotutils.media import frames, probe, sound_blocks

LENGTH = 4.0
HALF = LENGTH / 2


def read(path):
    """Times of all pictures, seconds of sound, and what was told."""
    told = []
    info = probe(path)
    times = []
    if info.has_video:
        times = [frame.t for frame in frames(path, None, warn=told.append)]
    seconds = 0.0
    if info.has_audio:
        seconds = sum(map(len, sound_blocks(path, warn=told.append))) / 16000
    return times, seconds, sorted(set(told))


def assert_whole(path, *, told=None, fps=makers.RATE, within=0.12):
    """As the clean film: its length, its pictures, picture and sound changing half-way; with not a
    word but what ``told`` allows.
    """
    times, seconds, said = read(path)
    info = probe(path)
    assert info.duration == pytest.approx(LENGTH, abs=0.3)
    assert info.fps == pytest.approx(fps, rel=0.1)
    assert len(times) == LENGTH * makers.RATE and np.all(np.diff(times) > 0)
    seen, heard = makers.changes(path)
    assert seen == pytest.approx(HALF, abs=within)
    if info.has_audio:
        assert seconds == pytest.approx(LENGTH, abs=0.3)
        assert heard == pytest.approx(HALF, abs=within)
        assert abs(heard - seen) < within
    if told is None:
        assert not said
    else:
        assert all(told in line for line in said)


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """A clean film in many containers, by their endings."""
    folder = tmp_path_factory.mktemp("clean")
    whole = {
        ".mp4": makers.film(folder / "film.mp4"),
        ".mkv": makers.film(folder / "film.mkv"),
        ".avi": makers.film(folder / "film.avi", codec="mpeg4", sound_codec="pcm_s16le"),
    }
    half = {}
    for suffix, codec, sound in ((".ts", "libx264", "aac"), (".mpg", "mpeg2video", "mp2")):
        for place, color, hertz in (("first", makers.RED, 400.0), ("second", makers.BLUE, 1600.0)):
            # MPEG-2 knows few rates: each picture stands twice there.
            half[suffix, place] = makers.film(
                folder / f"{place}{suffix}",
                HALF,
                codec="libx264" if suffix == ".ts" else codec,
                sound_codec=sound,
                colors=(color,),
                hertz=(hertz,),
                codec_options={"bf": "0"},
            )
    return whole | half


# --- A: a length that is wrong, or guessed --------------------------------------------------------


def test_the_clean_films_are_what_the_others_are_compared_with(films):
    for suffix in (".mp4", ".mkv", ".avi"):
        assert_whole(films[suffix])


@pytest.mark.parametrize("factor", [1 / 30, 1 / 3, 50, 1e5])
def test_a_wrong_length_of_the_tracks(tmp_path, films, factor):
    wrong = makers.with_bytes(
        films[".mp4"],
        tmp_path / "wrong.mp4",
        lambda data: makers.mp4_track_lengths(data, factor),
    )
    assert_whole(wrong, told="breaks off" if factor > 1 else None)


@pytest.mark.parametrize("milliseconds", [-1.0, 0.0, 1.0, 1000.0, 60_000.0, 1e7, 1e15])
def test_a_wrong_length_of_the_whole(tmp_path, films, milliseconds):
    wrong = makers.with_bytes(
        films[".mkv"],
        tmp_path / "wrong.mkv",
        lambda data: makers.matroska_length(data, milliseconds),
    )
    assert_whole(wrong, told="breaks off" if milliseconds > 4000 else None)


@pytest.mark.parametrize("seconds", [0.001, 0.4, 1.0, 4.0])
def test_pictures_that_are_said_to_last_longer_than_until_the_next(tmp_path, films, seconds):
    wrong = makers.with_bytes(
        films[".mkv"],
        tmp_path / "wrong.mkv",
        lambda data: makers.matroska_picture(data, seconds),
    )
    assert_whole(wrong)


def test_a_wrong_number_of_pictures(tmp_path, films):
    wrong = makers.with_bytes(
        films[".avi"],
        tmp_path / "wrong.avi",
        lambda data: makers.avi_stream_length(data, 0x7FFFFFFF),
    )
    assert_whole(wrong, told="breaks off")


@pytest.mark.parametrize("suffix", [".mp3", ".aac"])
def test_a_length_that_is_only_guessed(tmp_path, suffix):
    """Noise, then silence, then sound: of a bit rate that changes, the first second tells nothing."""
    noise = np.random.default_rng(0).normal(0, 0.2, 2 * 16000).astype(np.float32)
    sound = np.concatenate([noise, np.zeros(8 * 16000, np.float32), makers.tones(2)])
    path = tmp_path / f"guessed{suffix}"
    codec, options = (
        ("libmp3lame", {"q": "2", "compression_level": "9"}) if suffix == ".mp3" else ("aac", {})
    )
    import av

    with av.open(str(path), "w", options={"write_xing": "0"} if suffix == ".mp3" else {}) as out:
        voice = out.add_stream(codec, rate=16000, layout="mono", options=options)
        if suffix == ".mp3":
            voice.codec_context.qscale = True
            voice.codec_context.global_quality = 2 * 118
        out.mux(makers.encoded(voice, sound, 16000))
    _, seconds, told = read(path)
    assert not told
    assert seconds == pytest.approx(12, abs=0.2)
    assert probe(path).duration == pytest.approx(12, abs=0.2)


# --- B: time stamps that start again, or jump -----------------------------------------------------


@pytest.mark.parametrize("suffix", [".ts", ".mpg"])
def test_time_stamps_that_start_again(tmp_path, films, suffix):
    again = makers.joined(
        tmp_path / f"again{suffix}", films[suffix, "first"], films[suffix, "second"]
    )
    assert_whole(again, told="jump or start again", within=0.25)
    assert any("start again" in line for line in read(again)[2])


@pytest.mark.parametrize("seconds", [-1000.0, 40.0, 5000.0])
def test_time_stamps_that_jump(tmp_path, seconds):
    half = {"codec_options": {"bf": "0"}, "seconds": HALF}
    first = {"colors": (makers.RED,), "hertz": (400.0,), "start": 2000.0}
    second = {"colors": (makers.BLUE,), "hertz": (1600.0,), "start": 2000.0 + HALF + seconds}
    parts = [
        makers.film(tmp_path / f"{number}.ts", **half, **part)
        for number, part in enumerate((first, second))
    ]
    jumped = makers.joined(tmp_path / "jumped.ts", *parts)
    assert_whole(jumped, told="jump or start again", within=0.25)


@pytest.mark.parametrize("first", [0, 3])
def test_fragments_at_impossible_times(tmp_path, first):
    whole = makers.film(
        tmp_path / "whole.mp4",
        codec_options={"g": "5"},
        options={"movflags": "frag_keyframe+empty_moov+default_base_moof"},
    )
    wrong = makers.with_bytes(
        whole,
        tmp_path / "wrong.mp4",
        lambda data: makers.mp4_fragment_times(data, 1_000_000_000, first),
    )
    times, seconds, _ = read(wrong)
    assert len(times) >= 0.9 * LENGTH * makers.RATE
    assert probe(wrong).duration < 2 * LENGTH and times[-1] < 2 * LENGTH and seconds < 2 * LENGTH


def test_a_pause_is_left_as_it_is(tmp_path):
    """Of an mkv, whose clock does not jump: nothing for 30 s is nothing for 30 s."""
    film = makers.film(tmp_path / "film.mkv", codec_options={"bf": "0"})
    paused = makers.remuxed(
        film,
        tmp_path / "paused.mkv",
        film,
        shift=lambda packet, number: 30 * number,
    )
    assert probe(paused).duration == pytest.approx(2 * LENGTH + 30, abs=0.3)
    times, seconds, told = read(paused)
    assert np.max(np.diff(times)) == pytest.approx(30, abs=0.3)
    assert seconds == pytest.approx(2 * LENGTH + 30, abs=0.3)
    assert len(told) == 1 and "30" in told[0] and "missing" in told[0]


# --- C, G: pictures whose times the file does not say ---------------------------------------------


@pytest.mark.parametrize("bframes", [0, 2, 3])
def test_h264_in_avi(tmp_path, bframes):
    """AVI says when a picture is decoded, which is not the order in which pictures are shown."""
    options = {"bf": str(bframes)}
    film = tmp_path / "film.avi"
    assert_whole(makers.film(film, codec="libx264", sound_codec="pcm_s16le", codec_options=options))


@pytest.mark.parametrize("bframes", [0, 3])
def test_pictures_without_a_container(tmp_path, bframes):
    raw = makers.film(tmp_path / "raw.h264", sound_codec=None, codec_options={"bf": str(bframes)})
    assert_whole(raw)


def test_the_rate_is_counted_where_the_film_says_nonsense(tmp_path):
    """Browsers write webm whose clock ticks a thousand times a second, and no rate."""
    times = np.cumsum(np.random.default_rng(0).choice([0.05, 0.1, 0.15], 30))
    path = makers.pictures(
        tmp_path / "browser.webm",
        [makers.plain(makers.RED)] * 30,
        (times - times[0]).tolist(),
        end=float(times[-1] - times[0] + 0.1),
        codec="libvpx",
    )
    assert probe(path).fps == pytest.approx(30 / (times[-1] - times[0] + 0.1), rel=0.1)
