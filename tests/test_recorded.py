"""Pictures and sound as people record them: the answer is that of the clean recording."""

from types import SimpleNamespace

import makers
import numpy as np
import pandas as pd
import pytest
from raising import raises_error

import emotutils
from emotutils import config, faces, media, voices
from emotutils.errors import MediaError
from emotutils.findings import P
from emotutils.fusion import mean_around
from emotutils.media import opening


def nothing(message):
    raise AssertionError(message)


def heard(path, warn=nothing):
    return np.concatenate(list(media.sound_blocks(path, warn=warn)))


def alike(x, y):
    """Correlation of two sounds, whatever their levels."""
    n = min(len(x), len(y))
    return np.corrcoef(x[:n], y[:n])[0, 1]


# --- X1, H, J: channels and levels ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("layout", "codec", "suffix"),
    [
        ("5.1", "aac", ".mp4"),
        ("7.1", "aac", ".mp4"),
        ("7.1", "libopus", ".mkv"),
        ("7.1", "flac", ".mkv"),
        ("7.1", "pcm_f32le", ".mov"),
        ("7.1", "pcm_s16le", ".wav"),
        ("hexadecagonal", "aac", ".mp4"),
        ("22.2", "pcm_s16le", ".wav"),
    ],
)
@pytest.mark.parametrize("channel", ["FC", "FL"])
def test_a_voice_on_one_of_many_loudspeakers(tmp_path, layout, codec, suffix, channel):
    sound = makers.tones(1, 48000)
    path = makers.surround(tmp_path / f"many{suffix}", sound, layout, codec, channel)
    x = heard(path)
    assert len(x) == pytest.approx(16000, abs=700)
    assert alike(x[: 16000 - 200], makers.tones(1)[: 16000 - 200]) > 0.98
    assert 0.01 < np.abs(x).max() < 0.5
    np.testing.assert_allclose(media.load_sound(path), x, atol=1e-4)


def test_rumble_has_a_loudspeaker_of_its_own(tmp_path):
    path = makers.surround(tmp_path / "low.wav", makers.tones(1, 48000), "5.1", "pcm_s16le", "LFE")
    assert np.abs(heard(path)).max() < 1e-3


@pytest.mark.parametrize("read", [heard, media.load_sound])
@pytest.mark.parametrize("other", [-1.0, -0.97, -1.05])
def test_channels_that_cancel(tmp_path, read, other):
    x = makers.tones(3)
    hiss = np.random.default_rng(0).normal(0, 3e-4, len(x)).astype(np.float32)
    path = makers.wav(tmp_path / "opposite.wav", np.stack([x, other * x + hiss], 1))
    y = read(path)
    assert alike(x, y) > 0.999 and np.abs(y).max() == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize("read", [heard, media.load_sound])
def test_channels_that_differ_are_averaged(tmp_path, read):
    rng = np.random.default_rng(0)
    x = 0.1 * rng.normal(size=(32000, 2)).astype(np.float32)
    for second in (x[:, 1], 0 * x[:, 1], -0.5 * x[:, 0] + 0.5 * x[:, 1]):
        both = np.stack([x[:, 0], second], 1)
        y = read(makers.wav(tmp_path / "two.wav", both, subtype="FLOAT"))
        np.testing.assert_allclose(y, both.mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("read", [heard, media.load_sound])
@pytest.mark.parametrize("gain", [4.0, 20.0, 300.0])
def test_floating_point_far_beyond_full_scale(tmp_path, read, gain):
    x = np.concatenate([np.zeros(16000, np.float32), makers.tones(3)])
    y = read(makers.wav(tmp_path / "loud.wav", gain * x, subtype="FLOAT"))
    assert alike(x, y) > 0.999 and np.abs(y).max() <= 1


@pytest.mark.parametrize("gain", [1.0, 3.0])
def test_a_few_samples_beyond_full_scale_are_cut(tmp_path, gain):
    x = makers.tones(2)
    x[[5000, 9000]] = 1.7
    y = heard(makers.wav(tmp_path / "peaks.wav", x, subtype="FLOAT"))
    np.testing.assert_allclose(y, np.clip(x, -1, 1), atol=1e-6)


# --- I: offset and rumble -------------------------------------------------------------------------


def voice(seconds=3.0, sr=16000):
    """A hum that swells and dies, as syllables do, with pauses, over a faint hiss."""
    t = np.arange(round(seconds * sr)) / sr
    hum = sum(np.sin(2 * np.pi * 140 * k * t) / k for k in range(1, 20))
    pulse = np.clip(np.sin(2 * np.pi * 1.5 * t), 0, 1)
    hiss = np.random.default_rng(0).normal(0, 3e-4, len(t))
    return (0.1 * hum * pulse + hiss).astype(np.float32)


def rumble(kind, n):
    t = np.arange(n) / 16000
    if kind == "offset":
        return 0.05 + 0 * t
    if kind == "large offset":
        return -0.3 + 0 * t
    if kind == "wind":
        slow = np.random.default_rng(1).normal(size=n).cumsum()
        return 0.1 * (slow - slow.mean()) / np.abs(slow).max()
    return 0.1 * np.sin(2 * np.pi * 22 * t)


@pytest.mark.parametrize("kind", ["offset", "large offset", "traffic"])
def test_levels_and_features_without_rumble(kind):
    x = voice()
    clean = voices.without_rumble(x)
    assert clean is x or np.shares_memory(clean, x)
    mended = voices.without_rumble((x + rumble(kind, len(x))).astype(np.float32))
    assert voices.signal_to_noise(mended) == pytest.approx(voices.signal_to_noise(x), abs=1)
    features = voices.Features()
    away = np.abs(features(mended) - features(x))
    assert np.percentile(away, 95) < 0.5


@pytest.mark.parametrize("offset", [0.05, -0.3])
def test_an_offset_changes_no_answer(tmp_path, offset):
    demo = config.shipped_root() / "sample" / "demo.mp4"
    x = 0.5 * media.load_sound(demo)[8 * 16000 : 12 * 16000]
    analyses = []
    for name, sound in (("clean", x), ("moved", x + offset)):
        path = makers.wav(tmp_path / f"{name}.wav", sound, subtype="FLOAT")
        analyses.append(emotutils.analyze(path, progress=False).speech)
    clean, moved = analyses
    assert clean["voiced"].all() and moved["voiced"].all()
    np.testing.assert_allclose(moved[P], clean[P], atol=0.02)
    np.testing.assert_allclose(moved["snr"], clean["snr"], atol=1)


# --- T, X6, X19: heads of recordings, holes -------------------------------------------------------


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_wav_that_was_written_to_a_pipe(tmp_path, size):
    whole = makers.wav(tmp_path / "whole.wav", makers.tones(2))
    piped = makers.with_bytes(
        whole, tmp_path / "piped.wav", lambda data: makers.wav_head(data, size=size)
    )
    for read in (heard, media.load_sound):
        np.testing.assert_allclose(read(piped), media.load_sound(whole), atol=1e-6)
    assert media.probe(piped).duration == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize(("suffix", "told_of"), [(".wav", 0), (".flac", 1)])
def test_what_ffmpeg_calls_corrupt_is_damage_where_something_can_be(tmp_path, suffix, told_of):
    """Some FFmpegs call the last bytes of a wav corrupt whose head does not know its size."""
    told = []
    with opening.open_film(makers.wav(tmp_path / f"a{suffix}", makers.tones(2))) as container:
        stream = container.streams.audio[0]
        track = opening.Track(container, stream, told.append)
        track.stream = SimpleNamespace(
            index=stream.index,
            type="audio",
            codec_context=stream.codec_context,
            decode=lambda packet: [SimpleNamespace(is_corrupt=True)],
        )
        assert len(list(track.decoded())) == 1
    assert len(told) == told_of


@pytest.mark.parametrize("rate", [1, 3, 10, 100])
def test_a_rate_at_which_nothing_can_be_heard(tmp_path, rate):
    whole = makers.wav(tmp_path / "whole.wav", makers.tones(2))
    slow = makers.with_bytes(
        whole, tmp_path / "slow.wav", lambda data: makers.wav_head(data, rate=rate)
    )
    for read in (heard, media.load_sound, media.probe):
        with raises_error(MediaError, where=slow):
            read(slow)


def test_sound_that_is_lost_in_the_middle_is_said(tmp_path):
    film = makers.film(tmp_path / "film.mkv", codec_options={"bf": "0"})
    holed = makers.remuxed(
        film,
        tmp_path / "holed.mkv",
        keep=lambda packet, t: packet.stream.type == "video" or not 1 < t < 2.5,
    )
    told = []
    x = heard(holed, told.append)
    assert len(told) == 1 and "1.5 s of the sound are missing from 1" in told[0]
    assert len(x) == pytest.approx(4 * 16000, abs=1600)
    assert not x[round(1.3 * 16000) : round(2.4 * 16000)].any()


def test_tracks_that_change_their_numbers_are_said(tmp_path):
    """What a broadcast becomes when another programme begins."""
    half = {"seconds": 2.0, "codec_options": {"bf": "0"}}
    numbers = {"mpegts_start_pid": "500", "mpegts_pmt_start_pid": "600"}
    first = makers.film(tmp_path / "first.ts", **half)
    second = makers.film(tmp_path / "second.ts", start=2.0, options=numbers, **half)
    film = makers.joined(tmp_path / "changed.ts", first, second)
    for read, kind in ((media.sound_blocks, "sound"), (media.frames, "picture")):
        told = []
        list(read(film, warn=told.append))
        assert len(told) == 1 and f"the {kind} goes on in another track" in told[0]


# --- W: music -------------------------------------------------------------------------------------


def test_music_alone_is_nobody_speaking(tmp_path):
    rng = np.random.default_rng(0)
    t = np.arange(8000) / 16000
    fade = np.exp(-3 * t)

    def chord(hz):
        notes = (hz, 1.25 * hz, 1.5 * hz)
        return sum(np.sin(2 * np.pi * k * note * t) / k for note in notes for k in range(1, 8))

    tune = [chord(hz) * fade for hz in rng.choice([262, 294, 330, 349, 392, 440], 12)]
    music = (0.05 * np.concatenate(tune)).astype(np.float32)
    analysis = emotutils.analyze(makers.wav(tmp_path / "music.wav", music), progress=False)
    assert len(analysis.speech) > 5 and not analysis.speech["voiced"].any()
    assert "nobody was heard speaking" in analysis.warnings


# --- X3, X7: late tracks, lists of other files ----------------------------------------------------


def test_sound_that_begins_late_in_flv(tmp_path):
    """Later than FFmpeg looks by itself."""
    film = makers.film(
        tmp_path / "late.flv",
        96,
        codec="flv",
        sound_codec="libmp3lame",
        sound_rate=44100,
        sound_start=93.0,
        codec_options={"g": "1"},
    )
    x = heard(film)
    assert media.probe(film).has_audio
    assert np.abs(x[: 92 * 16000]).max() < 1e-3 and np.abs(x[94 * 16000 :]).max() > 0.2
    assert len(list(media.frames(film, None, warn=nothing))) == 960


LISTS = {
    "live.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{film}\n",
    "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n",
    "list.mp4": "ffconcat version 1.0\nfile {film}\n",
    "list.mpd": '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:'
    'mpeg:dash:profile:isoff-live:2011" type="dynamic"><Period><AdaptationSet><Representation>'
    "<BaseURL>{film}</BaseURL></Representation></AdaptationSet></Period></MPD>\n",
    "list.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "read", [media.probe, media.load_sound, lambda path: next(media.frames(path))]
)
def test_a_film_is_one_file(tmp_path, name, read, monkeypatch):
    """Lists and addresses are refused before anything else is opened."""
    film = makers.film(tmp_path / "film.ts", 1)
    path = tmp_path / name
    path.write_text(LISTS[name].format(film=film))
    monkeypatch.chdir(tmp_path)
    with raises_error(MediaError, where=path):
        read(path)


@pytest.mark.parametrize("name", ["concat:film.ts|film.ts", "file:film.ts", "%d.jpg"])
def test_names_are_names_and_no_addresses(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    makers.film(tmp_path / "film.ts", 1)
    makers.photo(tmp_path / "1.jpg", makers.plain(makers.RED))
    with raises_error(MediaError, where=name):
        media.probe(name)
    if name == "%d.jpg":
        makers.photo(tmp_path / name, makers.plain(makers.BLUE))
        (frame,) = media.frames(name, None)
        assert frame.image[..., 2].mean() > 200


# --- K: second tracks -----------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_a_second_track_can_be_chosen(tmp_path, suffix):
    film = makers.many_tracks(tmp_path / f"two{suffix}", hertz=(0, 400.0))
    info = media.probe(film)
    assert (len(info.picture_tracks), len(info.sound_tracks)) == (2, 2)
    assert (info.picture_track, info.sound_track) == (1, 1)
    assert not heard(film)[1600:-1600].any()
    second = np.concatenate(list(media.sound_blocks(film, track=2, warn=nothing)))
    assert np.abs(second).max() > 0.2
    np.testing.assert_allclose(media.load_sound(film, track=2), second, atol=1e-6)
    for number, color in ((1, makers.RED), (2, makers.BLUE)):
        frame = next(media.frames(film, None, track=number))
        assert np.abs(frame.image.mean(axis=(0, 1)) - color).max() < 20
    for number in (0, 3):
        with raises_error(MediaError, number, where=film):
            media.probe(film, sound_track=number)
    assert media.probe(film, 2, 2).sound_track == 2
    copy = tmp_path / "copy.mp4"
    with media.FilmWriter(copy, 64, 48, 10, film, sound_track=2) as out:
        out.write(makers.plain(makers.RED), 0)
    assert np.abs(media.load_sound(copy)).max() > 0.2


# --- X2, D: photos, pictures that change their size -----------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_as_its_tag_says(tmp_path, orientation):
    upright = np.zeros((48, 64, 3), np.uint8)
    upright[:24, :32], upright[:24, 32:], upright[24:, :32] = (
        (220, 30, 30),
        (30, 200, 30),
        (30, 30, 220),
    )
    # How each tag's picture lies in the file, from the standard (Exif 2.3, table 6).
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: np.rot90(upright, 2).transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    path = makers.photo(tmp_path / "photo.jpg", np.ascontiguousarray(stored), orientation)
    info = media.probe(path)
    (frame,) = media.frames(path, None, warn=nothing)
    assert (info.width, info.height) == (64, 48) and frame.image.shape == (48, 64, 3)
    assert np.abs(frame.image.astype(int) - upright).mean() < 12


def test_pictures_that_change_their_size(tmp_path):
    """As browsers record a phone that is turned: each picture comes in its own shape."""
    wide = makers.pictures(
        tmp_path / "wide.webm", [makers.plain(makers.RED)] * 5, range(5), end=5, codec="libvpx"
    )
    high = makers.pictures(
        tmp_path / "high.webm",
        [makers.plain(makers.BLUE, (36, 64))] * 5,
        range(5),
        end=5,
        codec="libvpx",
    )
    path = makers.remuxed(wide, tmp_path / "turned.webm", high)
    shapes = [frame.image.shape for frame in media.frames(path, None, warn=nothing)]
    assert shapes == [(48, 64, 3)] * 5 + [(64, 36, 3)] * 5
    assert (media.probe(path).width, media.probe(path).height) == (64, 48)


class Middle:
    """Finds one face, in the middle half of every picture."""

    def detect(self, image):
        height, width = image.shape[:2]
        return [faces.Face(width / 4, height / 4, width / 2, height / 2, score=1.0)]


def test_boxes_lie_in_the_film_whatever_the_size_of_a_picture():
    turned = media.Frame(0.0, 0, np.zeros((640, 360, 3), np.uint8))
    (face,) = faces.cut_faces(turned, Middle(), (640, 480))
    assert face.box == (185 + 67.5, 120, 135, 240)
    small = media.Frame(0.0, 0, np.zeros((120, 160, 3), np.uint8))
    (face,) = faces.cut_faces(small, Middle(), (640, 480))
    assert face.box == (160, 120, 320, 240)


# --- E, F: pictures that stand, shots of one picture ----------------------------------------------


def seen_at(times, moments, until=np.inf, width=0.5):
    """At which picture's time each moment looks, by pictures whose answer is their time."""
    table = pd.DataFrame(
        {"t": times, "found": True, "track": 0, "w": 10.0, "h": 10.0, "frame": range(len(times))}
    )
    values = np.array(times)[:, None]
    return mean_around(table, np.array(moments), width, values, until)[:, 0]


def test_a_picture_stands_until_the_next_one_comes():
    seen = seen_at([0.0, 1.0, 12.0, 12.2], [0.0, 0.5, 1.0, 5.0, 11.5, 11.9, 12.0])
    np.testing.assert_allclose(seen, [0, 0, 1, 1, 1, 1, 12.1])
    np.testing.assert_allclose(
        seen_at([0.0, 1.0], [0.5, 1.5, 2.5, 3.0], until=2.6), [0, 1, 1, np.nan]
    )
    assert np.isnan(seen_at([2.0], [0.0, 1.5])).all()


def test_the_end_of_the_last_picture(tmp_path):
    red = makers.plain(makers.RED)
    held = makers.pictures(tmp_path / "held.mp4", [red] * 3, [0, 0.1, 10], end=14)
    assert media.probe(held).picture_end >= 14
    assert [frame.t for frame in media.frames(held, 5)] == pytest.approx([0, 10], abs=0.2)


def square(x, y, side=40, score=0.9):
    return faces.Face(x, y, side, side, score=score)


def test_a_shot_of_one_picture_needs_no_second():
    slides = faces.Tracker()
    places = [10, 200, 50, 400, 90]
    numbers = [slides.update(k, [square(x, 10)], is_cut=k > 0)[0] for k, x in enumerate(places)]
    assert all(slides.confirmed(number) for number in numbers)

    alone = faces.Tracker()
    assert alone.confirmed(alone.update(0.0, [square(10, 10)])[0])

    brief = faces.Tracker()  # a film of two pictures, the face in one of them
    (number,) = brief.update(0.0, [square(10, 10)])
    brief.update(0.2, [])
    assert brief.confirmed(number)

    # A shot of one picture among pictures that come five times a second: three could be asked.
    flash = faces.Tracker()
    for k in range(3):
        flash.update(0.2 * k, [])
    (number,) = flash.update(0.6, [square(10, 10)], is_cut=True)
    assert not flash.confirmed(number)
    flash.update(0.8, [], is_cut=True)
    assert not flash.confirmed(number)

    scene = faces.Tracker()
    (number,) = scene.update(0.0, [square(10, 10)])
    for k in range(1, 5):
        scene.update(0.2 * k, [])
    assert not scene.confirmed(number)


# --- through the whole tool -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kinds", "end"), [(("video", "audio"), 2), (("video",), 4), (("audio",), 4)]
)
def test_a_timeline_ends_where_nothing_more_can_be_decoded(tmp_path, kinds, end):
    film = makers.film(tmp_path / "film.mkv", codec_options={"bf": "0"})
    spoiled = makers.spoiled(film, tmp_path / "spoiled.mkv", 2.0, kinds)
    assert media.probe(spoiled).duration == pytest.approx(4, abs=0.2)
    analysis = emotutils.analyze(spoiled, progress=False)
    assert analysis.info.duration == pytest.approx(end, abs=0.2)
    assert analysis.timeline["t"].max() < end + 0.2
    last = 2 if "video" in kinds else 4
    assert analysis.info.picture_end == pytest.approx(last, abs=0.3)
    for kind, name in (("video", "picture"), ("audio", "sound")):
        told = any(f"damage in the {name}" in line for line in analysis.warnings)
        assert told == (kind in kinds)


def test_an_analysis_says_which_track_it_is_of(tmp_path):
    film = makers.many_tracks(tmp_path / "two.mkv", hertz=(0, 400.0))
    analysis = emotutils.analyze(film, sound_track=2, progress=False)
    assert (analysis.info.picture_track, analysis.info.sound_track) == (1, 2)
    for kind, number in (("picture", 1), ("sound", 2)):
        (line,) = [line for line in analysis.warnings if f"2 {kind} tracks" in line]
        assert f"track {number}" in line


def test_an_annotated_film_keeps_its_size_when_pictures_do_not(tmp_path):
    red, blue = makers.plain(makers.RED), makers.plain(makers.BLUE, (36, 64))
    wide = makers.pictures(tmp_path / "wide.webm", [red] * 5, range(5), end=5, codec="libvpx")
    high = makers.pictures(tmp_path / "high.webm", [blue] * 5, range(5), end=5, codec="libvpx")
    film = makers.remuxed(wide, tmp_path / "turned.webm", high)
    analysis = emotutils.analyze(film, progress=False)
    analysis.save(tmp_path / "out", annotate=True)
    images = [frame.image for frame in media.frames(tmp_path / "out" / "annotated.mp4", None)]
    assert {image.shape for image in images} == {(48, 64, 3)} and len(images) == 10
    assert np.abs(images[-1][4, 32].astype(int) - makers.BLUE).max() < 40
    assert images[-1][4, [2, 61]].max() < 40  # the rim
