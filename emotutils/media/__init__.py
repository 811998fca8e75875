"""Films and sound in and out, with PyAV. Names are loaded on first use: a training on faces needs
no PyAV. Taught in notebooks/04_film_data and notebooks/05_voice_data.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "clock",
        "mixing",
        "opening",
        "pictures",
        "probing",
        "sound",
        "subtitles",
        "writer",
    ],
    submod_attrs={
        "opening": ["StrPath", "Warn"],
        "pictures": ["Frame", "frames"],
        "probing": ["FilmInfo", "probe"],
        "sound": ["load_sound", "sound_blocks"],
        "subtitles": ["SubtitleTrack", "subtitle_lines", "subtitle_tracks"],
        "writer": ["FilmWriter"],
    },
)
