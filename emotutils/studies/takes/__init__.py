"""Face and voice of the same take: real pairs, of all 24 actors of RAVDESS. `study` makes the
record, `read` reads it and loads no Keras.

The face is what OpenFace measured in the film (35 action units), the voice is ``crnn``'s answer to
the recording of that performance; neither network has learned from the actor. Taught in
notebooks/13_fusion.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["crossing", "outcomes", "running", "summary"],
    submod_attrs={
        "crossing": ["BOTH_WRONG", "Crossing", "cross"],
        "outcomes": ["FLOORS", "NAME", "NETWORK", "TREATMENTS", "Choice", "Outcome", "read"],
        "running": ["study"],
        "summary": ["summarise"],
    },
)
