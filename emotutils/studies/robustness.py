"""How well a network does on worse pictures and worse sound than it was tested on. Taught in
notebooks/11_evaluation.

Each damage comes in strengths: faces darker, brighter, blurred, partly covered, tilted, squeezed by
JPEG; voices in noise, over a telephone, squeezed by MP3. `robustness` scores a trained network on
test rows that went through each of them, `table` gives what there is to draw. Rows, labels and
drawn places are the same at every strength, so that two strengths differ by nothing else.
"""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from .. import evaluation
from ..errors import DataError, EmotutilsError
from ..evaluation import answers, compare
from ..faces.degradation import blur, brightness, jpeg, occlusion, tilt
from ..networks import Network, as_network
from ..support.machine import surroundings
from ..training import records
from ..training.testing import unseen
from ..voices import SAMPLE_RATE, window_features
from ..voices.degradation import mp3, telephone, white_noise

# --- what there is --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Damage:
    """One way to spoil faces or voices; call it on one batch of faces, or on one recording.

    Attributes
    ----------
    modality : ``"face"`` or ``"voice"``. function : see there. strengths : in ascending severity.
    axis : what the strength is, with its unit. untouched : the strength that changes nothing,
        ``None``: there is none.
    drawn : whether chance takes part.
    """

    modality: str
    function: Callable[..., np.ndarray]
    strengths: tuple[float, ...]
    axis: str
    untouched: float | None = None
    drawn: bool = False

    def __call__(
        self, x: np.ndarray, strength: float, *, seed: int | list[int] = 0, sr: int = SAMPLE_RATE
    ):
        """Faces (n, 48, 48, 1) or a recording (samples,) at ``sr`` Hz, spoiled; the same for the
        same seed.
        """
        options = {"rng": np.random.default_rng(seed)} if self.drawn else {}
        return self.function(
            x, strength, **options, **({"sr": sr} if self.modality == "voice" else {})
        )


#: What `robustness` does, by name.
DAMAGES = {
    "darker": Damage("face", brightness, (-20, -40, -80, -120), "grey levels added", 0),
    "brighter": Damage("face", brightness, (20, 40, 80, 120), "grey levels added", 0),
    "blur": Damage("face", blur, (0.5, 1, 1.5, 2, 3), "Gaussian blur (σ in pixels of 48)", 0),
    "occlusion": Damage(
        "face", occlusion, (0.05, 0.1, 0.2, 0.3, 0.5), "covered share of the face", 0, drawn=True
    ),
    "tilt": Damage(
        "face", tilt, (10, 20, 30, 45, 60, 90), "tilt to either side (degrees)", 0, drawn=True
    ),
    "jpeg": Damage("face", jpeg, (50, 30, 20, 10, 5), "JPEG quality"),
    "noise": Damage(
        "voice", white_noise, (30, 20, 10, 5, 0), "signal-to-noise ratio (dB)", drawn=True
    ),
    "telephone": Damage(
        "voice", telephone, (3400, 2500, 1700), "upper edge of the band from 300 Hz (Hz)"
    ),
    "mp3": Damage("voice", mp3, (64, 32, 24, 16, 8), "MP3 (kbit/s at 16 kHz, mono)"),
}


def robustness(
    network: Network | str | os.PathLike, data: str, split: str = "test", root=None, *, damages: Iterable[str] | None = None,
    rows: int | None = None, seed: int = 0, progress: bool = False,
) -> dict:  # fmt: skip
    """Score a trained network on rows it has not learned from, untouched and after each damage at
    each strength.

    Faces are spoiled as stored, already cropped: what a detector would do with the whole picture is
    not asked. Voices are spoiled before silence is trimmed and windows are cut, so that a network
    suffers with its voice activity.

    Parameters
    ----------
    network : a network, a shipped one's name or the path of a ``.keras`` file.
    data, root : a data set's name and the data root, as in ``datasets.load``. A set that the
        network learned from is divided as it was then.
    damages : names in `DAMAGES`; by default all of the network's modality.
    rows : so many of the split's faces or recordings, drawn (``None``: all).
    seed : of the rows and of what the damages draw.
    progress : show a bar.

    Returns
    -------
    A record for `table`, `write` and JSON: network, data, split, ``n`` rows (faces, or recordings:
    the mean over a recording's windows is its answer), ``n_groups`` speakers by whom intervals are
    resampled (``None``: faces, or a single voice), labels, the ``untouched`` score, and under
    ``damages`` for each its ``axis`` and ``points``: ``strength``, ``accuracy`` and ``uar`` with
    their 95 % intervals, the ``drop`` of accuracy against untouched with its interval over pairs,
    the ``commonest`` answer with its share (a network that says one thing to everything has a share
    of 1) and the number of ``windows`` (voices).

    Raises
    ------
    EmotutilsError : an unknown damage, one of the other modality, a network that does not fit the
        set, or a set of which the network has learned other rows than this split leaves out.
    """
    began, judge = time.perf_counter(), as_network(network)
    known = [name for name, damage in DAMAGES.items() if damage.modality == judge.kind]
    names = known if damages is None else list(damages)
    if wrong := [name for name in names if name not in known]:
        raise EmotutilsError(
            f"no damage {wrong[0]!r} for {judge.kind}s: choose from {', '.join(known)}"
        )
    dataset = unseen(judge, data, root)
    chosen = dataset.rows(split)
    if rows is not None and rows < len(chosen):
        chosen = np.sort(np.random.default_rng(seed).choice(chosen, max(rows, 0), replace=False))
    if not len(chosen):
        raise DataError(
            data,
            f"has no {split} rows, or none were asked for",
            "choose another part, or more rows",
        )
    lines = dataset.table.iloc[chosen]
    y = np.array([judge.labels.index(name) for name in lines["label"]])
    groups = (
        lines["group"].to_numpy(str)
        if judge.kind == "voice" and lines["group"].nunique() > 1
        else None
    )
    material = (
        dataset.faces(chosen) if judge.kind == "face" else dataset.voices(chosen, judge.features.sr)
    )

    def score(damage: Damage | None = None, strength: float = 0) -> dict:
        proba, windows = _answers(judge, material, damage, strength, seed) if damage else untouched
        report, lost = evaluation.score(y, proba, judge.labels, groups), {}
        if damage:
            lost["drop"] = compare(y, untouched[0], proba, groups).accuracy.to_dict()
        said = report.confusion.sum(axis=0)
        commonest = {
            "label": judge.labels[said.argmax()],
            "share": round(float(said.max() / len(y)), 4),
        }
        counted = {"windows": windows} if judge.kind == "voice" else {}
        scores = {"accuracy": report.accuracy.to_dict(), "uar": report.uar.to_dict()}
        return {**scores, "commonest": commonest, **lost, **counted}

    untouched = _answers(judge, material, None, 0, seed)
    found = {
        name: {"axis": DAMAGES[name].axis, "untouched": DAMAGES[name].untouched, "points": []}
        for name in names
    }
    steps = [(name, strength) for name in names for strength in DAMAGES[name].strengths]
    for name, strength in tqdm(steps, unit="point", disable=not progress, dynamic_ncols=True):
        found[name]["points"].append({"strength": strength, **score(DAMAGES[name], strength)})
    facts = {"network": judge.name, "run": judge.card["run"], "modality": judge.kind, "data": data, "split": split,
             "n": len(y), "n_groups": None if groups is None else len(set(groups)), "labels": list(judge.labels),
             "seed": seed, "untouched": score(), "damages": found}  # fmt: skip
    return facts | {"wall_time_s": round(time.perf_counter() - began, 1), **surroundings()}


def write(record: dict, folder: Path | None = None, *, publish: bool = False) -> Path:
    """Write a record of `robustness`, ``robustness-<data>-<network>.json``.

    Parameters
    ----------
    record : as `robustness` gives it.
    folder : where to; by default the output root, ``./runs``.
    publish : put it where records ship instead.
    """
    name = f"robustness-{record['data']}-{record['network']}"
    return records.write(name, record, folder=folder, publish=publish)


def table(record: dict, metric: str = "accuracy") -> pd.DataFrame:
    """What there is to draw of a record.

    Parameters
    ----------
    metric : ``"accuracy"`` or ``"uar"``.

    Returns
    -------
    DataFrame, one row a damage and strength in ascending severity: ``damage``, ``strength``, and
    ``value`` with its 95 % interval ``low`` and ``high`` (0..1). Each damage begins with the
    untouched score; its strength is NaN where a damage knows no strength that changes nothing.
    """
    rows = []
    for name, found in record["damages"].items():
        begin = {"strength": found["untouched"], **record["untouched"]}
        rows += [
            {"damage": name, "strength": p["strength"], **p[metric]}
            for p in (begin, *found["points"])
        ]
    return pd.DataFrame(rows, columns=["damage", "strength", "value", "low", "high"]).astype(
        {"strength": float}
    )


def _answers(
    judge: Network, material, damage: Damage | None, strength: float, seed: int
) -> tuple[np.ndarray, int]:
    """Probabilities (rows, k) of spoiled faces or recordings, and how many inputs the network was
    given for them.
    """
    if judge.kind == "face":
        return judge.predict_proba(
            damage(material, strength, seed=seed) if damage else material
        ), len(material)
    if (
        damage
    ):  # one seed a recording: no two get the same noise, and each gets its own at every strength
        sr = judge.features.sr
        material = [
            damage(sound, strength, seed=[seed, i], sr=sr) for i, sound in enumerate(material)
        ]
    windows = [window_features(sound, judge.features) for sound in material]
    code = np.repeat(np.arange(len(windows)), [len(w) for w in windows])
    return answers.by_recording(judge.predict_proba(np.concatenate(windows)), code), len(code)
