"""Makes the input that tests of odd and damaged films need: small, in a moment, the same each time.

A `film` shows red in its first half and blue in its second, and sounds of 400 Hz, then of 1600 Hz:
`changes` says when a reader sees and hears the change.
"""

import struct
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from PIL import Image

from emotutils import media

RED = (220, 30, 30)
BLUE = (30, 30, 220)
SIZE = (64, 48)
RATE = 10  # pictures a second
SOUND_RATE = 16000
TONES = (400.0, 1600.0)  # Hz


def plain(color, size=SIZE) -> np.ndarray:
    """A picture of one colour: uint8 (height, width, 3)."""
    return np.full((size[1], size[0], 3), color, np.uint8)


def tones(seconds: float, rate: int = SOUND_RATE, tones=TONES) -> np.ndarray:
    """float32 (n,): each tone for its part of the time."""
    t = np.arange(round(seconds * rate)) / rate
    hz = np.array(tones)[np.minimum((t / seconds * len(tones)).astype(int), len(tones) - 1)]
    return (0.3 * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def film(
    path: Path,
    seconds: float = 4.0,
    *,
    codec: str = "libx264",
    sound_codec: str | None = "aac",
    sound_rate: int = SOUND_RATE,
    colors=(RED, BLUE),
    hertz=TONES,
    sound_start: float = 0.0,
    start: float = 0.0,
    options: dict | None = None,
    codec_options: dict | None = None,
) -> Path:
    """A film whose picture and sound change half-way."""
    count = round(seconds * RATE)
    packets = []
    with av.open(str(path), "w", options=options or {}) as out:
        picture = out.add_stream(codec, rate=RATE, options=codec_options or {})
        picture.width, picture.height = SIZE
        picture.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        voice = None
        if sound_codec:
            voice = out.add_stream(sound_codec, rate=sound_rate, layout="mono")
        for k in range(count):
            image = plain(colors[k * len(colors) // count])
            frame = av.VideoFrame.from_ndarray(image).reformat(format=picture.pix_fmt)
            frame.pts, frame.time_base = k + round(start * RATE), Fraction(1, RATE)
            packets += picture.encode(frame)
        packets += picture.encode()
        if voice:
            sound = tones(seconds - sound_start, sound_rate, hertz)
            packets += encoded(voice, sound, sound_rate, start + sound_start)
        _mux(out, packets)
    return path


def encoded(voice, sound: np.ndarray, rate: int, start: float = 0.0) -> list[av.Packet]:
    """The packets of a mono sound that starts at ``start`` (s)."""
    packets = []
    to = av.AudioResampler(format=voice.codec_context.format.name, layout="mono", rate=rate)
    for begin in range(0, len(sound), 4096):
        piece = np.ascontiguousarray(sound[None, begin : begin + 4096])
        frame = av.AudioFrame.from_ndarray(piece, "fltp", "mono")
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = round(start * rate) + begin
        for same in to.resample(frame):
            packets += voice.encode(same)
    return packets + voice.encode()


def _mux(out, packets: Iterable[av.Packet]) -> None:
    known = [packet for packet in packets if packet.dts is not None]
    for packet in sorted(known, key=lambda packet: packet.dts * packet.time_base):
        out.mux(packet)


def remuxed(
    source: Path,
    path: Path,
    *more: Path,
    shift=lambda packet, number: 0.0,
    keep=lambda packet, t: True,
) -> Path:
    """The packets of a film, and of ``more`` behind it, in another container.

    ``shift`` gives the seconds by which a packet's stamps are moved, by the number of its source;
    ``keep`` says which packets are taken, by their time (s).
    """
    sources = [source, *more]
    with av.open(str(path), "w") as out:
        streams: dict[str, av.stream.Stream] = {}
        base = Fraction(0)
        for number, name in enumerate(sources):
            packets = []
            with av.open(str(name)) as film:
                for stream in film.streams:
                    if stream.type not in streams:
                        streams[stream.type] = out.add_stream_from_template(stream)
                for packet in film.demux():
                    if packet.dts is not None and keep(packet, packet.dts * packet.time_base):
                        moved = base + Fraction(shift(packet, number)).limit_denominator(1000)
                        ticks = round(moved / packet.time_base)
                        packet.pts += ticks
                        packet.dts += ticks
                        packets.append(packet)
                base += Fraction(film.duration, av.time_base)
                for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
                    packet.stream = streams[packet.stream.type]
                    out.mux(packet)
    return path


def spoiled(source: Path, path: Path, after: float, kinds=("video", "audio")) -> Path:
    """A film whose packets from ``after`` (s) on hold noise that nothing can decode."""
    rng = np.random.default_rng(0)
    with av.open(str(source)) as film, av.open(str(path), "w") as out:
        streams = {one.index: out.add_stream_from_template(one) for one in film.streams}
        for packet in film.demux():
            if packet.dts is None:
                continue
            own = packet
            if packet.stream.type in kinds and packet.pts * packet.time_base >= after:
                own = av.Packet(rng.bytes(packet.size))
                own.time_base = packet.time_base
                own.pts, own.dts, own.duration = packet.pts, packet.dts, packet.duration
            own.stream = streams[packet.stream.index]
            out.mux(own)
    return path


def joined(path: Path, *parts: Path) -> Path:
    """Files put behind one another, byte by byte: time stamps start again."""
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def with_bytes(path: Path, changed: Path, change) -> Path:
    """A copy whose bytes ``change`` (of a bytearray) has altered in place."""
    data = bytearray(path.read_bytes())
    change(data)
    changed.write_bytes(data)
    return changed


def matroska_length(data: bytearray, milliseconds: float) -> None:
    """Says another length in the head of an mkv."""
    at = data.index(b"\x44\x89\x88") + 3
    data[at : at + 8] = struct.pack(">d", milliseconds)


def matroska_picture(data: bytearray, seconds: float) -> None:
    """Says in the head of an mkv that each picture lasts so long; the time stamps stay."""
    at = data.index(b"\x23\xe3\x83\x84") + 4
    struct.pack_into(">I", data, at, round(seconds * 1e9))


def mp4_track_lengths(data: bytearray, factor: float) -> None:
    """Makes the lengths of an mp4's tracks wrong (mdhd); the film's own stays."""
    at = data.find(b"mdhd")
    while at >= 0:
        (length,) = struct.unpack_from(">I", data, at + 20)
        struct.pack_into(">I", data, at + 20, min(round(length * factor), 2**32 - 1))
        at = data.find(b"mdhd", at + 4)


def avi_stream_length(data: bytearray, length: int) -> None:
    """Says another number of pictures in the head of an avi (strh)."""
    struct.pack_into("<I", data, data.index(b"strh") + 40, length)


def mp4_fragment_times(data: bytearray, factor: int, first: int = 0) -> None:
    """Moves the fragments of a fragmented mp4, from number ``first`` on, in time (tfdt)."""
    at = data.find(b"tfdt")
    number = 0
    while at >= 0:
        assert data[at + 4] == 1, "tfdt of version 1 expected"
        (time,) = struct.unpack_from(">Q", data, at + 8)
        if number >= first:
            struct.pack_into(">Q", data, at + 8, (time + 1) * factor)
        number += 1
        at = data.find(b"tfdt", at + 4)


def many_tracks(path: Path, *, colors=(RED, BLUE), hertz=(400.0, 1600.0), seconds=2.0) -> Path:
    """A film with several pictures and several sounds, the first ones its default."""
    with av.open(str(path), "w") as out:
        packets = []
        seen = [out.add_stream("libx264", rate=RATE, options={"bf": "0"}) for _ in colors]
        heard = [out.add_stream("aac", rate=SOUND_RATE, layout="mono") for _ in hertz]
        for stream in seen:
            stream.width, stream.height = SIZE
            stream.pix_fmt = "yuv420p"
        for stream, color in zip(seen, colors, strict=True):
            for k in range(round(seconds * RATE)):
                frame = av.VideoFrame.from_ndarray(plain(color)).reformat(format="yuv420p")
                frame.pts, frame.time_base = k, Fraction(1, RATE)
                packets += stream.encode(frame)
            packets += stream.encode()
        for stream, tone in zip(heard, hertz, strict=True):
            sound = tones(seconds, tones=(tone,)) if tone else np.zeros(32000, np.float32)
            packets += encoded(stream, sound, SOUND_RATE)
        _mux(out, packets)
    return path


def pictures(path: Path, images, times, *, end: float, codec: str = "libx264", rate=1000) -> Path:
    """A silent film of some pictures, each shown from its time (s) until the next one's."""
    until = [*times[1:], end]
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=25, options={"bf": "0"} if codec == "libx264" else {})
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, rate)
        for image, t, stop in zip(images, times, until, strict=True):
            frame = av.VideoFrame.from_ndarray(image).reformat(format="yuv420p")
            frame.pts, frame.time_base = round(t * rate), Fraction(1, rate)
            frame.duration = round((stop - t) * rate)
            for packet in stream.encode(frame):
                packet.duration = frame.duration
                out.mux(packet)
        out.mux(stream.encode())
    return path


def wav(path: Path, sound: np.ndarray, rate: int = SOUND_RATE, subtype: str = "PCM_16") -> Path:
    """A recording of float (n,) or (n, channels)."""
    soundfile.write(path, sound, rate, subtype=subtype)
    return path


def wav_head(data: bytearray, *, size: int | None = None, rate: int | None = None) -> None:
    """Says another size, or rate, in the head of a wav."""
    if size is not None:
        struct.pack_into("<I", data, 4, size)
        struct.pack_into("<I", data, data.index(b"data") + 4, size)
    if rate is not None:
        struct.pack_into("<I", data, data.index(b"fmt ") + 12, rate)


def surround(path: Path, sound: np.ndarray, layout: str, codec: str, channel: str = "FC") -> Path:
    """A sound on one loudspeaker of many, 16 or 48 kHz as the codec wants it."""
    rate = 48000
    names = [known.name for known in av.AudioLayout(layout).channels]
    packed = np.zeros((len(sound), len(names)), np.float32)
    packed[:, names.index(channel)] = sound
    with av.open(str(path), "w") as out:
        voice = out.add_stream(codec, rate=rate, layout=layout)
        to = av.AudioResampler(format=voice.codec_context.format.name, layout=layout, rate=rate)
        frame = av.AudioFrame.from_ndarray(packed.reshape(1, -1), "flt", layout)
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
        for same in to.resample(frame):
            out.mux(voice.encode(same))
        out.mux(voice.encode())
    return path


def photo(path: Path, image: np.ndarray, orientation: int | None = None) -> Path:
    """A JPEG, with EXIF's tag for how it is to be turned."""
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    Image.fromarray(image).save(path, quality=95, exif=exif)
    return path


def changes(path: Path) -> tuple[float | None, float | None]:
    """When (s) the picture turns blue, and the sound high; None where there is none or it never
    does.
    """
    info = media.probe(path)
    seen = heard = None
    if info.has_video:
        for frame in media.frames(path, None, warn=lambda message: None):
            red, _, blue = frame.image.reshape(-1, 3).mean(axis=0)
            if blue > red:
                seen = frame.t
                break
    if info.has_audio:
        blocks = media.sound_blocks(path, SOUND_RATE, warn=lambda message: None)
        heard = _turns_high(np.concatenate(list(blocks)))
    return seen, heard


def _turns_high(x: np.ndarray) -> float | None:
    size = SOUND_RATE // 50
    pieces = x[: len(x) // size * size].reshape(-1, size)
    spectra = np.abs(np.fft.rfft(pieces, axis=1))
    loud = np.square(pieces).mean(axis=1) > 1e-3
    high = loud & (spectra.argmax(axis=1) * 50 > sum(TONES) / 2)
    if not high.any():
        return None
    return float(np.argmax(high)) / 50
