"""What is written of an analysis: tables, JSON, a picture, a page that opens offline, the film with
boxes drawn in, and the formats of other programs.

Taught in notebooks/13_fusion and notebooks/16_responsible_use. Names are loaded on first use: a
film is read before matplotlib is needed.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["exports", "overview", "words"],
    submod_attrs={
        "saving": ["result", "save"],
        "webpage": ["page"],
        "words": ["summary_text", "verdict"],
    },
)
