"""What only notebooks and teachers need: set-up, Colab, the check, exercises."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["app", "checks", "colab", "marks", "notebook", "serving", "solutions"],
    submod_attrs={"notebook": ["setup_notebook", "show_source"]},
)
