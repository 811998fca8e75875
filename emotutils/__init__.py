"""emotutils: the model and feature code of the course *Multimodal analysis of emotions in
multimedia*.

Names below are loaded on first use, so that ``import emotutils`` stays light (no TensorFlow).
"""

import lazy_loader

from .support.quiet import no_hints

no_hints()  # before any of these libraries is loaded

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["datasets", "plots"],
    submod_attrs={
        "analysis": ["analyze"],
        "analysis.many": ["analyze_many"],
        "course": ["setup_notebook", "show_source", "solutions"],
        "networks": ["build_network", "load_network", "register_network"],
        "training": ["evaluate", "fit", "train"],
    },
)
