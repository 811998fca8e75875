"""What a film or recording is: how long, how large, with picture or sound."""

from dataclasses import dataclass
from pathlib import Path

import av
from av.video.stream import VideoStream

from ..errors import MediaError
from .opening import StrPath, Track, declared_end, first_frame, ignore, open_film, stream_of
from .pictures import display_matrix, rotation, shown_size


@dataclass(frozen=True)
class FilmInfo:
    """What a film or recording is.

    ``duration`` in seconds: what the file declares, or else the end of its last packet. ``width``
    and ``height`` in pixels as shown: upright, with square pixels. ``fps`` is the average.
    ``rotation`` is the clockwise turn in degrees (0, 90, 180, 270) that sets the stored picture
    upright; ``frames`` applies it. ``has_video`` and ``has_audio`` say that at least one picture,
    or some sound, can be decoded; a cover picture in a recording is no video.
    """

    path: Path
    duration: float
    width: int | None
    height: int | None
    fps: float | None
    rotation: int
    has_video: bool
    has_audio: bool
    sample_rate: int | None
    size: int
    container: str | None
    video_codec: str | None
    audio_codec: str | None


def probe(path: StrPath) -> FilmInfo:
    """Look at a film or recording without reading it through (unless it does not say how long it
    is).

    Raises
    ------
    MediaError : missing, a folder, empty, not a film or recording, or one without any picture or
        sound to decode.

    Examples
    --------
    >>> from emotutils import config, media
    >>> info = media.probe(config.shipped_root() / "sample" / "demo.mp4")
    >>> info.has_video, info.has_audio, info.rotation
    (True, True, 0)
    """
    path = Path(path)
    shown = first_frame(path, "video")
    sounding = first_frame(path, "audio")
    if shown is None and sounding is None:
        raise MediaError(
            path,
            "holds neither a picture nor a sound that can be read",
            "check the file in a player",
        )
    with open_film(path) as container:
        picture = stream_of(container, "video") if shown else None
        sound = stream_of(container, "audio") if sounding else None
        return FilmInfo(
            path=path,
            duration=_duration(Track(container, picture or sound, ignore)),
            has_video=shown is not None,
            has_audio=sounding is not None,
            sample_rate=sounding.sample_rate if sounding else None,
            size=path.stat().st_size,
            container=container.format.name,
            video_codec=_codec(picture),
            audio_codec=_codec(sound),
            **_picture_facts(shown, picture),
        )


def _duration(track: Track) -> float:
    duration = declared_end(track.container, track.zero)
    if duration is None:
        for _ in track.packets():
            pass
        duration = track.reached
    return float(duration)


def _codec(stream) -> str | None:
    return stream and stream.codec_context.codec.canonical_name


def _picture_facts(shown: av.VideoFrame | None, stream: VideoStream | None) -> dict:
    if shown is None:
        return {"width": None, "height": None, "fps": None, "rotation": 0}
    matrix = display_matrix(shown)
    width, height = shown_size(shown, stream, matrix)
    rate = stream.average_rate or stream.guessed_rate
    return {
        "width": width,
        "height": height,
        "fps": float(rate) if rate else None,
        "rotation": rotation(matrix),
    }
