"""Films and sound in and out, with PyAV. Taught in notebooks/04_film_data and notebooks/13_fusion."""

from .reading import FilmInfo, Frame, StrPath, Warn, frames, load_sound, probe, sound_blocks
from .writer import FilmWriter

__all__ = [
    "FilmInfo",
    "FilmWriter",
    "Frame",
    "StrPath",
    "Warn",
    "frames",
    "load_sound",
    "probe",
    "sound_blocks",
]
