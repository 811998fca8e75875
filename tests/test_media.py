"""Films made on the fly: what was written must come back, at its time, upright, to the sample."""

import os
from fractions import Fraction

import av
import librosa
import numpy as np
import psutil
import pytest
import soundfile
from raising import raises_error
from scipy.signal import resample_poly

from emotutils.errors import MediaError
from emotutils.media import FilmWriter, frames, load_sound, probe, sound_blocks

RED, GREEN, BLUE, BLACK = (220, 30, 30), (30, 200, 30), (30, 30, 220), (0, 0, 0)
FULL_SCALE = {"u8": 127, "s16": 2**15 - 1, "s32": 2**31 - 1, "flt": 1, "dbl": 1}


def corners(width=64, height=48):
    """Red, green / blue, black: tells every turn and mirror image apart."""
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2, : width // 2], image[: height // 2, width // 2 :] = RED, GREEN
    image[height // 2 :, : width // 2] = BLUE
    return image


def seen_corners(image):
    """The four colours, from the middle of each quarter: upper left, upper right, lower left, lower
    right.
    """
    h, w, _ = image.shape
    names = {"red": RED, "green": GREEN, "blue": BLUE, "black": BLACK}
    points = [image[y, x].astype(int) for y in (h // 4, 3 * h // 4) for x in (w // 4, 3 * w // 4)]
    return [min(names, key=lambda name: np.abs(point - names[name]).sum()) for point in points]


def sine(seconds, rate, f=440.0):
    return (0.5 * np.sin(2 * np.pi * f * np.arange(round(seconds * rate)) / rate)).astype(
        np.float32
    )


def make_film(
    path,
    *,
    stamps=range(50),
    clock=25,
    image=None,
    turn=None,
    mirror=False,
    sound=None,
    rate=48000,
    sound_start=0.0,
    codec="libx264",
    sound_codec="aac",
    options=None,
    aspect=None,
):
    """A film with a picture at each of ``stamps`` / ``clock`` seconds, and ``sound`` (n,) or
    (channels, n).
    """
    image = corners() if image is None else image
    sound = None if sound is None else np.atleast_2d(sound)
    with av.open(str(path), "w", options=options or {}) as film:
        picture = voice = None
        if stamps is not None:
            picture = film.add_stream(codec, rate=25)
            picture.height, picture.width = image.shape[:2]
            picture.pix_fmt = "yuv444p" if codec == "libx264" else "yuv420p"
            picture.codec_context.time_base = Fraction(1, clock)
            if aspect:
                picture.codec_context.sample_aspect_ratio = aspect
            if turn is not None:
                picture.set_display_rotation(turn, hflip=mirror)
        if sound is not None:
            layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(sound)]
            coder = (
                {"aac_coder": "fast"} if sound_codec == "aac" else {}
            )  # the default coder crackles on a sine
            voice = film.add_stream(sound_codec, rate=rate, layout=layout, options=coder)
        for stamp in stamps or ():
            frame = av.VideoFrame.from_ndarray(image)
            frame.pts, frame.time_base = stamp, Fraction(1, clock)
            film.mux(picture.encode(frame))
        if picture:
            film.mux(picture.encode())
        if voice:
            kind = voice.codec_context.format
            packed = (
                np.rint(sound * FULL_SCALE[kind.name.rstrip("p")])
                if kind.name[0] in "us"
                else sound
            )
            packed = packed + 128 if kind.name.startswith("u8") else packed
            dtype = {"u8": "u1", "s16": "i2", "s32": "i4", "flt": "f4", "dbl": "f8"}[
                kind.name.rstrip("p")
            ]
            packed = (packed if kind.is_planar else packed.T.reshape(1, -1)).astype(dtype)
            # Half a second at a time, as a camera does: PCM would become one packet as long as the
            # film.
            per_sample = packed.shape[1] // sound.shape[1]
            for start in range(0, sound.shape[1], rate // 2):
                piece = packed[:, start * per_sample : (start + rate // 2) * per_sample]
                frame = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(piece), kind.name, voice.layout.name
                )
                frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
                frame.pts = round(sound_start * rate) + start
                film.mux(voice.encode(frame))
            film.mux(voice.encode())
    return path


def noise_film(path, seconds=4, **options):
    """A film that does not compress, so that its second half lies in the second half of the file."""
    rng = np.random.default_rng(0)
    with FilmWriter(
        path, 96, 64, 25, (rng.normal(0, 0.1, 16000 * seconds).astype(np.float32), 16000)
    ) as film:
        for i in range(25 * seconds):
            film.write(rng.integers(0, 255, (64, 96, 3), dtype=np.uint8), i / 25)
    return path


def delay(x, y):
    """By how many samples y lags behind x."""
    n = 2 ** int(np.ceil(np.log2(len(x) + len(y))))
    correlation = np.fft.irfft(np.conj(np.fft.rfft(x, n)) * np.fft.rfft(y, n))
    lag = int(np.argmax(correlation))
    return lag - n if lag > n // 2 else lag


def no_warning(message):
    raise AssertionError(message)


# --- pictures -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "codec"), [(".mp4", "libx264"), (".mkv", "libx264"), (".avi", "mpeg4")]
)
def test_a_plain_film(tmp_path, suffix, codec):
    film = make_film(
        tmp_path / f"film{suffix}",
        codec=codec,
        sound=sine(2, 48000),
        sound_codec="pcm_s16le" if suffix == ".avi" else "aac",
    )
    info = probe(film)
    assert info.has_video and info.has_audio
    assert (info.width, info.height, info.rotation, info.sample_rate) == (64, 48, 0, 48000)
    assert info.fps == pytest.approx(25, rel=0.01)
    assert info.duration == pytest.approx(2, abs=0.05)
    assert info.size == os.path.getsize(film)
    assert info.video_codec == {"libx264": "h264"}.get(codec, codec)
    seen = list(frames(film, None, warn=no_warning))
    assert seen[0].image.dtype == np.uint8 and seen[0].image.shape == (48, 64, 3)
    assert seen_corners(seen[0].image) == ["red", "green", "blue", "black"]
    assert [f.index for f in seen] == list(range(len(seen)))
    assert [f.t for f in seen][-1] == pytest.approx(1.96, abs=0.041)


def test_times_are_those_written_at_a_variable_frame_rate(tmp_path):
    stamps = np.unique(np.cumsum(np.random.default_rng(1).integers(5, 400, 60))) - 5
    stamps -= stamps[0]
    film = make_film(tmp_path / "variable.mp4", stamps=stamps.tolist(), clock=1000)
    seen = list(frames(film, None, warn=no_warning))
    assert [f.t for f in seen] == pytest.approx((stamps / 1000).tolist(), abs=1e-4)

    # Sampled: the first frame at or after each k/5, found independently with searchsorted.
    wanted = np.searchsorted(stamps, np.arange(0, stamps[-1] + 1, 200))
    sampled = list(frames(film, 5, warn=no_warning))
    assert [f.index for f in sampled] == sorted(set(wanted.tolist()))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("fps", [5, 10, 12.5, 25, 30])
def test_sampling_a_constant_frame_rate(tmp_path, suffix, fps):
    film = make_film(tmp_path / f"film{suffix}", stamps=range(75))
    times = np.array([f.t for f in frames(film, fps)])
    assert len(times) == np.ceil(min(fps, 25) * 3)
    assert np.diff(times).min() > 0.039
    due = np.arange(len(times)) / min(fps, 25)
    assert (times >= due - 1e-3).all() and (times < due + 0.041).all()


def test_thirty_frames_in_milliseconds_lose_none(tmp_path):
    stamps = [round(1000 * i / 30) for i in range(60)]
    film = make_film(tmp_path / "film.mkv", stamps=stamps, clock=1000)
    assert len(list(frames(film, 30))) == 60


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".mkv"])
def test_the_film_starts_at_zero_whatever_its_stamps(tmp_path, suffix):
    film = make_film(
        tmp_path / f"late{suffix}", stamps=range(250, 300), sound=sine(2, 48000), sound_start=10.0
    )
    times = [f.t for f in frames(film, None, warn=no_warning)]
    # In ts, which cannot mark the run-in of a codec, the sound begins one AAC packet early.
    assert times[0] == pytest.approx(0, abs=0.03)
    assert times[-1] - times[0] == pytest.approx(1.96, abs=0.002)
    assert probe(film).duration == pytest.approx(2, abs=0.05)
    x = load_sound(film)
    assert len(x) == pytest.approx(32000, abs=700)
    assert np.abs(x[200:1500]).max() > 0.4


@pytest.mark.parametrize(
    ("turn", "mirror", "rotation", "expected"),
    [
        (0, False, 0, ["red", "green", "blue", "black"]),
        (-90, False, 90, ["blue", "red", "black", "green"]),
        (90, False, 270, ["green", "black", "red", "blue"]),
        (180, False, 180, ["black", "blue", "green", "red"]),
        (0, True, 0, ["green", "red", "black", "blue"]),
        (90, True, 90, ["black", "green", "blue", "red"]),
    ],
)
def test_the_rotation_tag_sets_the_picture_upright(tmp_path, turn, mirror, rotation, expected):
    film = make_film(tmp_path / "phone.mp4", stamps=range(5), turn=turn, mirror=mirror)
    info, first = probe(film), next(frames(film))
    assert info.rotation == rotation
    assert first.image.shape == (info.height, info.width, 3)
    assert (info.width, info.height) == ((48, 64) if turn % 180 else (64, 48))
    assert seen_corners(first.image) == expected


def test_max_side_scales_down_and_never_up(tmp_path):
    film = make_film(tmp_path / "phone.mp4", stamps=range(3), turn=90, image=corners(320, 180))
    small = next(frames(film, max_side=80)).image
    assert small.shape == (80, 45, 3)
    assert seen_corners(small) == ["green", "black", "red", "blue"]
    assert next(frames(film, max_side=2000)).image.shape == (320, 180, 3)


def test_odd_sizes_and_oblong_pixels(tmp_path):
    odd = make_film(tmp_path / "odd.mp4", stamps=range(3), image=corners(63, 47))
    assert next(frames(odd)).image.shape == (47, 63, 3)
    oblong = make_film(tmp_path / "dv.mp4", stamps=range(3), aspect=Fraction(4, 3))
    assert (probe(oblong).width, probe(oblong).height) == (85, 48)
    assert next(frames(oblong)).image.shape == (48, 85, 3)


def test_colours_come_back(tmp_path):
    image = np.full((480, 640, 3), (200, 60, 30), np.uint8)
    with FilmWriter(tmp_path / "film.mp4", 640, 480, 25) as film:
        film.write(image, 0)
    seen = next(frames(tmp_path / "film.mp4")).image
    assert np.abs(seen.astype(int) - image).max() <= 4


def test_a_film_that_does_not_say_how_long_it_is(tmp_path):
    film = make_film(tmp_path / "live.mkv", sound=sine(2, 48000), options={"live": "1"})
    assert probe(film).duration == pytest.approx(2.0, abs=0.03)
    assert len(list(frames(film, None, warn=no_warning))) == 50
    assert len(load_sound(film)) == pytest.approx(32000, abs=400)


def test_pictures_without_stamps_are_timed_by_the_frame_rate(tmp_path):
    raw = make_film(tmp_path / "raw.h264")
    assert [f.t for f in frames(raw, None)] == pytest.approx([i / 25 for i in range(50)])
    assert probe(raw).duration == pytest.approx(2.0, abs=0.05)


# --- sound ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_recording_equals_librosa_and_scipy(tmp_path, rate, suffix):
    left, right = sine(1.7, rate), sine(1.7, rate, 333)
    path = tmp_path / f"voice{suffix}"
    soundfile.write(path, np.stack([left, right], 1), rate, subtype="PCM_16")
    x = load_sound(path)
    assert x.dtype == np.float32 and x.ndim == 1
    assert len(x) == round(len(left) * 16000 / rate)
    np.testing.assert_allclose(x, librosa.load(path, sr=16000)[0][: len(x)], atol=1e-4)
    poly = resample_poly((left + right) / 2, 16000, rate)[: len(x)]
    np.testing.assert_allclose(x[300:-300], poly[300 : len(x) - 300], atol=2e-3)
    # The streamed way gives the same, sample by sample.
    np.testing.assert_allclose(
        np.concatenate(list(sound_blocks(path, warn=no_warning))), x, atol=1e-5
    )
    info = probe(path)
    assert info.has_audio and not info.has_video and info.fps is None and info.width is None
    assert info.duration == pytest.approx(1.7) and info.sample_rate == rate


@pytest.mark.parametrize(
    "codec",
    ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_s64le", "pcm_f32le", "pcm_f64le"],
)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_sample_format_and_channel_count(tmp_path, codec, channels):
    x = np.stack([sine(0.5, 16000, 200 + 50 * c) for c in range(channels)])
    if codec == "pcm_s64le":
        source = make_film(
            tmp_path / "source.mkv", stamps=None, sound=x, rate=16000, sound_codec="pcm_s32le"
        )
        path = tmp_path / "film.nut"
        with av.open(str(source)) as a, av.open(str(path), "w") as b:
            voice = b.add_stream(codec, rate=16000, layout=a.streams.audio[0].layout.name)
            for frame in a.decode(audio=0):
                for same in av.AudioResampler(format="s64").resample(frame):
                    b.mux(voice.encode(same))
            b.mux(voice.encode())
    else:
        path = make_film(tmp_path / "film.mkv", stamps=None, sound=x, rate=16000, sound_codec=codec)
    got = np.concatenate(list(sound_blocks(path)))
    np.testing.assert_allclose(got, x.mean(axis=0), atol=1 / 100 if codec == "pcm_u8" else 1e-4)


@pytest.mark.parametrize(
    ("suffix", "codec"), [(".mp3", "libmp3lame"), (".m4a", "aac"), (".ogg", "libopus")]
)
def test_compressed_recordings(tmp_path, suffix, codec):
    x = sine(2, 48000) * np.linspace(0, 1, 96000, dtype=np.float32) ** 2
    path = make_film(tmp_path / f"voice{suffix}", stamps=None, sound=x, sound_codec=codec)
    got = load_sound(path)
    assert len(got) == pytest.approx(32000, abs=10)  # Opus says its end to the packet's clock only
    assert abs(delay(x[::3], got)) <= 1
    assert not probe(path).has_video


def test_a_cover_picture_is_no_film(tmp_path):
    path = tmp_path / "song.mp3"
    with av.open(str(path), "w") as song:
        voice = song.add_stream("libmp3lame", rate=44100, layout="mono")
        cover = song.add_stream("mjpeg")
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.AudioFrame.from_ndarray(sine(1, 44100)[None], "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 44100, 0, Fraction(1, 44100)
        packets = voice.encode(frame) + voice.encode()
        picture = av.VideoFrame.from_ndarray(corners())
        picture.pts, picture.time_base = 0, Fraction(1, 25)
        song.mux(cover.encode(picture.reformat(format="yuvj420p")))
        song.mux(packets)
    with av.open(str(path)) as song:
        assert song.streams.video  # FFmpeg shows the cover as a stream
    info = probe(path)
    assert info.has_audio and not info.has_video and info.width is None
    with raises_error(MediaError, where=path):
        next(frames(path))


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_sound_of_a_film_sits_at_its_time(tmp_path, rate):
    clap = np.zeros(2 * rate, np.float32)
    clap[round(1.25 * rate)] = 1
    film = make_film(tmp_path / "film.mov", sound=clap, rate=rate, sound_codec="pcm_s16le")
    x = load_sound(film)
    assert len(x) == 32000
    assert np.argmax(np.abs(x)) == 20000


def test_codec_padding_is_cut_to_the_length_of_the_film(tmp_path):
    film = make_film(tmp_path / "film.mp4", sound=sine(2, 48000))
    with av.open(str(film)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) > 96000
    x = load_sound(film)
    assert len(x) == 32000
    np.testing.assert_allclose(x[400:-400], sine(2, 16000)[400:-400], atol=0.05)


def test_a_track_that_starts_late_is_preceded_by_zeros(tmp_path):
    film = make_film(
        tmp_path / "late.mov",
        stamps=range(75),
        sound=sine(1, 48000),
        sound_start=1.5,
        sound_codec="pcm_s16le",
    )
    x = load_sound(film)
    assert len(x) == 40000
    assert np.abs(x[:23900]).max() < 1e-3
    np.testing.assert_allclose(x[24100:39900], sine(1, 16000)[100:15900], atol=2e-3)


def test_a_hole_in_the_sound_is_silence_and_the_rest_stays_in_place(tmp_path):
    path = tmp_path / "hole.mkv"
    with av.open(str(path), "w") as film:
        voice = film.add_stream("pcm_s16le", rate=16000, layout="mono")
        for second in (0, 3):
            frame = av.AudioFrame.from_ndarray(np.full((1, 16000), 8192, np.int16), "s16", "mono")
            frame.sample_rate, frame.pts, frame.time_base = (
                16000,
                second * 16000,
                Fraction(1, 16000),
            )
            film.mux(voice.encode(frame))
        film.mux(voice.encode())
    x = load_sound(path)
    assert len(x) == 64000
    np.testing.assert_allclose(x[[0, 15999, 48000, 63999]], 0.25)
    assert not x[16000:48000].any()


def test_blocks_are_of_one_length(tmp_path):
    soundfile.write(tmp_path / "voice.wav", sine(2.3, 44100), 44100)
    blocks = list(sound_blocks(tmp_path / "voice.wav", 16000, block=0.5))
    assert [len(b) for b in blocks] == [8000] * 4 + [4800]
    assert len(list(sound_blocks(tmp_path / "voice.wav", block=100))) == 1


def test_sound_that_is_no_number_becomes_silence(tmp_path):
    x = sine(1, 48000)
    x[1000:1010], x[2000], x[3000] = np.nan, np.inf, 3.0
    soundfile.write(tmp_path / "broken.wav", x, 48000, subtype="FLOAT")
    told = []
    streamed = np.concatenate(list(sound_blocks(tmp_path / "broken.wav", warn=told.append)))
    for got in (streamed, load_sound(tmp_path / "broken.wav")):
        assert len(got) == 16000
        assert np.isfinite(got).all() and np.abs(got).max() <= 1
    assert len(told) == 1 and "broken.wav" in told[0]


# --- damage and bad input -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "read",
    [probe, load_sound, lambda path: next(frames(path)), lambda path: next(sound_blocks(path))],
)
@pytest.mark.parametrize(
    "bad",
    ["missing.mp4", "folder.mp4", "empty.mp4", "text.mp4", "text.txt", "noise.mp4", "text.wav"],
)
def test_what_is_no_film_is_said_in_one_line(tmp_path, read, bad):
    path = tmp_path / bad
    if bad.startswith("folder"):
        path.mkdir()
    elif not bad.startswith("missing"):
        text = "Dear diary, today I renamed a text to a film.\n" * 200
        path.write_bytes(
            {"e": b"", "t": text.encode(), "n": np.random.default_rng(0).bytes(50_000)}[bad[0]]
        )
    with pytest.raises(MediaError) as caught:
        read(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_film_without_sound_or_without_picture(tmp_path):
    silent = make_film(tmp_path / "silent.mp4")
    assert (
        probe(silent).has_video
        and not probe(silent).has_audio
        and probe(silent).sample_rate is None
    )
    with raises_error(MediaError, where=silent):
        load_sound(silent)
    voice = make_film(tmp_path / "voice.m4a", stamps=None, sound=sine(1, 48000))
    assert not probe(voice).has_video and probe(voice).has_audio
    with raises_error(MediaError, where=voice):
        next(frames(voice))


def test_a_film_with_zero_frames(tmp_path):
    film = make_film(tmp_path / "none.mp4", stamps=[], sound=sine(1, 48000))
    assert not probe(film).has_video and probe(film).has_audio
    soundfile.write(tmp_path / "none.wav", np.empty(0), 16000)
    for read in (probe, load_sound):
        with pytest.raises(MediaError):
            read(tmp_path / "none.wav")


def test_a_frame_rate_that_makes_no_sense(tmp_path):
    film = make_film(tmp_path / "film.mp4", stamps=range(3))
    for fps in (0, -1, float("nan")):
        with raises_error(MediaError, fps, where=film):
            next(frames(film, fps))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_cut_off_film_gives_what_is_there_and_says_so(tmp_path, suffix):
    whole = noise_film(tmp_path / "whole.mp4")
    if suffix == ".mkv":
        whole = remux(whole, tmp_path / "whole.mkv")
    data = whole.read_bytes()
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(data[: len(data) // 2])
    told = []
    times = [f.t for f in frames(cut, None, warn=told.append)]
    assert 30 < len(times) < 60 and times[-1] < 2.5
    assert any("breaks off" in line and "cut" in line for line in told)
    told = []
    x = np.concatenate(list(sound_blocks(cut, warn=told.append)))
    assert 16000 < len(x) < 40000
    assert any("breaks off" in line for line in told)
    assert probe(cut).has_video


def remux(source, path):
    with av.open(str(source)) as a, av.open(str(path), "w") as b:
        copies = {s.index: b.add_stream_from_template(s) for s in a.streams}
        for packet in a.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                b.mux(packet)
    return path


def test_a_film_cut_off_before_its_index(tmp_path):
    whole = make_film(tmp_path / "whole.mp4")  # without faststart the index is at the end
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[:-400])
    with raises_error(MediaError, where=cut):
        probe(cut)


def test_damaged_packets_are_skipped_and_told_once(tmp_path):
    data = bytearray(noise_film(tmp_path / "whole.mp4").read_bytes())
    rng = np.random.default_rng(1)
    for place in rng.integers(len(data) // 4, len(data) * 3 // 4, 200):
        data[place] ^= int(rng.integers(1, 255))
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(data)
    told = []
    times = [f.t for f in frames(bad, None, warn=told.append)]
    assert len(times) > 80 and np.all(np.diff(times) > 0)
    assert len(told) == 1 and "damage" in told[0]
    x = np.concatenate(list(sound_blocks(bad, warn=told.append)))
    assert len(x) == pytest.approx(64000, abs=1600)
    with pytest.warns(UserWarning, match=r"bad\.mp4"):
        list(frames(bad, 1))


# --- memory ---------------------------------------------------------------------------------------


def test_memory_does_not_grow_with_the_length(tmp_path):
    def grown(seconds):
        """Bytes by which the process grows while reading a film of 0.25 MB of pictures and sound a
        second.
        """
        film = tmp_path / f"{seconds}.mkv"
        make_film(
            film,
            stamps=range(0, 25 * seconds, 5),
            sound=np.zeros(48000 * seconds),
            sound_codec="pcm_f32le",
        )
        before, most = psutil.Process().memory_info().rss, 0
        for _ in zip(frames(film), sound_blocks(film, 48000, block=0.2), strict=False):
            most = max(most, psutil.Process().memory_info().rss - before)
        return most

    grown(5)  # libraries load what they need
    assert grown(120) < grown(5) + 6e6


# --- films written --------------------------------------------------------------------------------


def test_a_written_film_comes_back_with_its_times_and_sound(tmp_path):
    times = np.cumsum([0, 0.04, 0.2, 0.0333, 0.5, 0.1, 1.0])
    x = sine(3, 16000)
    with FilmWriter(tmp_path / "film.mp4", 64, 48, 25, (x, 16000)) as film:
        for t in times:
            film.write(corners(), t)
    assert os.listdir(tmp_path) == ["film.mp4"]
    info = probe(tmp_path / "film.mp4")
    assert (info.video_codec, info.audio_codec, info.width, info.height) == ("h264", "aac", 64, 48)
    assert info.duration == pytest.approx(3, abs=1e-3)
    back = list(frames(tmp_path / "film.mp4", None, warn=no_warning))
    assert [f.t for f in back] == pytest.approx(times.tolist(), abs=1e-4)
    assert seen_corners(back[-1].image) == ["red", "green", "blue", "black"]
    y = load_sound(tmp_path / "film.mp4")
    assert len(y) == len(x)
    np.testing.assert_allclose(y[500:-500], x[500:-500], atol=0.05)


def test_an_odd_size_is_padded_to_even(tmp_path):
    with FilmWriter(tmp_path / "odd.mp4", 63, 47, 25) as film:
        film.write(corners(63, 47), 0)
    with av.open(str(tmp_path / "odd.mp4")) as container:
        assert container.streams.video[0].pix_fmt == "yuv420p"
    image = next(frames(tmp_path / "odd.mp4")).image
    assert image.shape == (48, 64, 3)
    assert seen_corners(image) == ["red", "green", "blue", "black"]


@pytest.mark.parametrize("rate", [48000, 44100, 11000])
def test_the_sound_of_another_film_is_taken_over(tmp_path, rate):
    x = np.random.default_rng(2).normal(0, 0.1, 2 * rate).astype(np.float32)
    source = make_film(tmp_path / "source.mov", sound=x, rate=rate, sound_codec="pcm_s16le")
    with FilmWriter(tmp_path / "copy.mp4", 64, 48, 25, source) as film:
        for frame in frames(source, None):
            film.write(frame.image, frame.t)
    assert probe(tmp_path / "copy.mp4").sample_rate == (48000 if rate == 11000 else rate)
    a, b = load_sound(source), load_sound(tmp_path / "copy.mp4")
    assert len(b) == pytest.approx(len(a), abs=2)
    assert delay(a, b) == 0


def test_a_silent_film_gives_a_silent_film(tmp_path):
    source = make_film(tmp_path / "silent.mp4")
    with FilmWriter(tmp_path / "copy.mp4", 64, 48, 25, source) as film:
        film.write(corners(), 0)
    assert not probe(tmp_path / "copy.mp4").has_audio


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
@pytest.mark.parametrize("written", [0, 30])
def test_nothing_half_written_is_left(tmp_path, error, written):
    (tmp_path / "film.mp4").write_bytes(b"the old one")
    with (
        pytest.raises(error),
        FilmWriter(tmp_path / "film.mp4", 64, 48, 25, (sine(9, 16000), 16000)) as film,
    ):
        for i in range(written):
            film.write(corners(), i / 25)
        raise error
    assert os.listdir(tmp_path) == ["film.mp4"]
    assert (tmp_path / "film.mp4").read_bytes() == b"the old one"


def test_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "film.mp4"
    with raises_error(MediaError, where=path), FilmWriter(path, 64, 48, 25):
        pass
    (tmp_path / "folder.mp4").mkdir()
    with (
        raises_error(MediaError, where=tmp_path / "folder.mp4"),
        FilmWriter(tmp_path / "folder.mp4", 64, 48, 25) as film,
    ):
        film.write(corners(), 0)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.mp4"]


@pytest.mark.parametrize("at_the_end", [False, True])
def test_a_full_disk(tmp_path, at_the_end):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    pictures = np.random.default_rng(0).integers(
        0, 255, (20 if at_the_end else 200, 64, 96, 3), dtype=np.uint8
    )
    with raises_error(MediaError, where=tmp_path / "film.mp4"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, limits[1]))
        try:
            with FilmWriter(tmp_path / "film.mp4", 96, 64, 25) as film:
                for i, picture in enumerate(pictures):
                    film.write(picture, i / 25)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not os.listdir(tmp_path)


def test_pictures_that_do_not_fit_are_refused(tmp_path):
    def write(*pictures):
        with FilmWriter(tmp_path / "film.mp4", 64, 48, 25) as film:
            for image, t in pictures:
                film.write(image, t)

    for pictures in (
        [],
        [(corners(32, 32), 0)],
        [(corners() / 255.0, 0)],
        [(corners(), 0.2), (corners(), 0.2)],
    ):
        with raises_error(MediaError, where=tmp_path / "film.mp4"):
            write(*pictures)
        assert not os.listdir(tmp_path)


@pytest.mark.real
def test_real_recordings_are_read_whole(real_data):
    for path in sorted((real_data / "ravdess").rglob("*.wav"))[::200]:
        x, rate = soundfile.read(path, always_2d=True)
        got = load_sound(path)
        assert len(got) == round(len(x) * 16000 / rate)
        assert 0.001 < np.abs(got).max() <= 1
