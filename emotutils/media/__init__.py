"""Films and sound in and out, with PyAV. Taught in notebooks/04_film_data and
notebooks/05_voice_data.
"""

from .opening import StrPath, Warn
from .pictures import Frame, frames
from .probing import FilmInfo, probe
from .sound import load_sound, sound_blocks
from .subtitles import SubtitleTrack, subtitle_lines, subtitle_tracks
from .writer import FilmWriter

__all__ = [
    "FilmInfo",
    "FilmWriter",
    "Frame",
    "StrPath",
    "SubtitleTrack",
    "Warn",
    "frames",
    "load_sound",
    "probe",
    "sound_blocks",
    "subtitle_lines",
    "subtitle_tracks",
]
