"""What computes here, in words: kept with every record, to place its times and figures."""

import os
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

PACKAGES = (
    "keras",
    "tensorflow",
    "numpy",
    "scipy",
    "librosa",
    "scikit-learn",
    "opencv-python-headless",
    "av",
)


def has_gpu() -> bool:
    """Whether Keras' backend computes on a graphics card. (JAX raises when asked for one that is
    not there.)
    """
    import keras  # here, because whoever only reads a record must not wait for it

    devices = keras.distribution.list_devices()
    return any(name.lower().startswith(("gpu", "cuda")) for name in devices)


def limit_threads(threads: int) -> None:
    """Let OpenCV, with it the search for faces, and TensorFlow if it is not loaded yet, compute
    with so many threads in this process. (BLAS and OpenMP are joblib's business; LiteRT takes one
    anyway.)
    """
    import cv2

    cv2.setNumThreads(threads)
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(name, str(threads))


def surroundings() -> dict:
    """Hardware in words, and the versions of what computes.

    Returns
    -------
    ``hardware``, a sentence, and ``versions`` of Python, Keras' backend and the packages that are
    installed.
    """
    import keras

    gpu = "with GPU" if has_gpu() else "no GPU"
    backend = keras.backend.backend()
    versions = {"python": platform.python_version(), "backend": backend}
    for package in (backend, *PACKAGES):
        with suppress(PackageNotFoundError):  # on JAX there need be no TensorFlow
            versions[package] = version(package)
    return {"hardware": f"{_cores()}, {platform.machine()}, {gpu}", "versions": versions}


def _cores() -> str:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        n = len(os.sched_getaffinity(0))
    else:
        n = os.cpu_count() or 1
    return "1 processor core" if n == 1 else f"{n} processor cores"
