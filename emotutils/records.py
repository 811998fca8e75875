"""What a training leaves behind: a record from which every figure can be had again.

``NAME.json`` holds protocol, options, split, history and test metrics; ``NAME.npz`` (float16) the probabilities for
validation and test rows, from which the metrics are computed. Taught in notebooks/11_evaluation.
"""

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np

from .datasets import Dataset
from .evaluation import evaluate
from .files import replacing
from .networks import modality_of
from .preparation import Part
from .recipes import Recipe

#: How rows are divided unless the user says otherwise (``thesis-NAME``, see ``splits.THESIS``): FER2013's official
#: split; RAVDESS actors 1–16 train, 17–20 validation, 21–24 test.
PROTOCOLS = {"face": "official", "voice": "actors-16-4-4"}
PACKAGES = ("keras", "tensorflow", "numpy", "scipy", "librosa", "scikit-learn", "opencv-python-headless", "av")


def run_name(protocol: str, data: str, network: str, variant: str, seed: int) -> str:
    """``<protocol>-<dataset>-<network>-<variant>-s<seed>``: the name of a run's record."""
    return f"{protocol}-{data}-{network}-{variant}-s{seed}"


def score(part: Part, proba: np.ndarray, labels: tuple[str, ...], modality: str) -> dict:
    """The report of one part, as it stands in a record: by row and, for voices, under ``clips`` by recording.

    A recording's probabilities are the mean over its windows. One speaker's windows are not independent: voices'
    intervals are resampled by speaker.
    """
    if modality == "face":
        return evaluate(part.y, proba, labels).to_dict()
    windows = evaluate(part.y, proba, labels, groups=part.group).to_dict()
    _, first, code = np.unique(part.id, return_index=True, return_inverse=True)
    mean = np.zeros((len(first), len(labels)))
    np.add.at(mean, code, proba)
    mean /= np.bincount(code)[:, None]
    clips = evaluate(part.y[first], mean, labels, groups=part.group[first]).to_dict()
    return {**windows, "clips": clips}


def has_gpu() -> bool:
    """Whether Keras' backend computes on a graphics card. (JAX raises when asked for one that is not there.)"""
    return any(name.lower().startswith(("gpu", "cuda")) for name in keras.distribution.list_devices())


def describe(plan: Recipe, parts: dict[str, Part], modality: str) -> dict:
    """The part of a record that says how it came about: options, split, hardware in words, versions."""
    options = plan.to_dict()
    gpu = "with" if has_gpu() else "no"
    packages = {p: version(p) for p in PACKAGES}
    return {
        "assumed": options.pop("assumed"),
        "options": options,
        "split": {name: {"n": len(p), "groups": _groups(p, modality)} for name, p in parts.items()},
        "hardware": f"{os.cpu_count()} processor cores, {platform.machine()}, {gpu} GPU",
        "versions": {"python": platform.python_version(), "backend": keras.backend.backend(), **packages},
    }


def _groups(part: Part, modality: str) -> list[str] | int:
    """Speakers by name; of pictures only how many distinct ones there are."""
    names = sorted(set(part.group.tolist()))
    return names if modality == "voice" else len(names)


def card(name: str, plan: Recipe, dataset: Dataset, record: dict, input_shape: tuple[int, ...], run: str) -> dict:
    """The card that lies beside a trained network: what it says, takes, learned from and scored."""
    modality = modality_of(name)
    use = "CC BY-NC-SA 4.0, non-commercial" if modality == "voice" else "research and teaching"
    keys = ("n", "n_groups", "accuracy", "uar", "macro_f1")
    return {
        "name": name,
        "builder": name,
        "variant": plan.variant,
        "modality": modality,
        "labels": list(dataset.labels),
        "input_shape": list(input_shape),
        "features": plan.features.to_dict() if plan.features else None,
        "temperature": 1.0,
        "parameters": record["parameters"],
        "data": record["data"],
        "citation": dataset.citation,
        "protocol": record["protocol"],
        "test": {k: record["test"][k] for k in keys},
        "licence": f"weights: {use} (trained on {record['data']}: {dataset.licence})",
        "run": run,
    }


def write(folder: Path, name: str, record: dict, arrays: dict[str, np.ndarray]) -> Path:
    """Put ``NAME.json`` and ``NAME.npz`` into ``folder`` and give the first one's path."""
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / f"{name}.npz") as temporary:
        np.savez_compressed(temporary, **arrays)
    path = folder / f"{name}.json"
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
