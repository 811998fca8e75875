"""emotutils: the model and feature code of the course *Multimodal analysis of emotions in
multimedia*.

Names below are loaded on first use, so that ``import emotutils`` stays light (no TensorFlow).
"""

import importlib

_WHERE = {
    "analyze": "analysis",
    "build_network": "networks",
    "load_network": "networks",
    "register_network": "networks",
    "setup_notebook": "course.notebook",
    "show_source": "course.notebook",
}
_MODULES = {"datasets": "datasets", "plots": "plots", "solutions": "course.solutions"}

__all__ = [*_WHERE, *_MODULES]


def __getattr__(name: str):
    if name in _WHERE:
        return getattr(importlib.import_module(f".{_WHERE[name]}", __name__), name)
    if name in _MODULES:
        return importlib.import_module(f".{_MODULES[name]}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
