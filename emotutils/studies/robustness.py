"""How well a network does on worse pictures and worse sound than it was tested on. Taught in
notebooks/11_evaluation.

Each degradation comes in strengths: faces darker, brighter, blurred, partly covered, tilted,
squeezed by JPEG; voices in noise, over a telephone, squeezed by MP3. `robustness` scores a trained
network on test rows that went through each of them, `table` gives what there is to draw. Rows,
labels and drawn places are the same at every strength: two strengths differ by nothing else.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from .. import evaluation
from ..datasets import Dataset
from ..errors import DataError, EmotutilsError
from ..evaluation import Answers, Report, compare
from ..faces.degradation import (
    blur,
    brightness,
    contrast,
    film,
    jpeg,
    occlusion,
    resolution,
    scale,
    shift,
    tilt,
)
from ..networks import Network, as_network
from ..support.machine import surroundings
from ..training import records
from ..training.testing import unseen
from ..voices import SAMPLE_RATE, window_features
from ..voices.degradation import mp3, telephone, white_noise

# --- what there is --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Degradation:
    """One way to make faces or voices worse; call it on one batch of faces, or on one recording.

    Attributes
    ----------
    modality : ``"face"`` or ``"voice"``.
    function : what is called.
    strengths : in ascending severity.
    axis : what the strength is, with its unit.
    untouched : the strength that changes nothing, ``None``: there is none.
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
    ) -> np.ndarray:
        """Faces (n, 48, 48, 1) or a recording (samples,), degraded.

        Parameters
        ----------
        x : float, grey levels 0..255, or samples -1..1.
        strength : one of ``strengths``, or any other on the same axis.
        seed : the same for the same draw.
        sr : of a recording, in Hz.
        """
        options = {}
        if self.drawn:
            options["rng"] = np.random.default_rng(seed)
        if self.modality == "voice":
            options["sr"] = sr
        return self.function(x, strength, **options)


#: What `robustness` does, by name.
DEGRADATIONS = {
    "darker": Degradation("face", brightness, (-20, -40, -80, -120), "grey levels added", 0),
    "brighter": Degradation("face", brightness, (20, 40, 80, 120), "grey levels added", 0),
    "blur": Degradation("face", blur, (0.5, 1, 1.5, 2, 3), "Gaussian blur (σ in pixels of 48)", 0),
    "occlusion": Degradation(
        "face",
        occlusion,
        (0.05, 0.1, 0.2, 0.3, 0.5),
        "covered share of the face",
        untouched=0,
        drawn=True,
    ),
    "tilt": Degradation(
        "face",
        tilt,
        (10, 20, 30, 45, 60, 90),
        "tilt to either side (degrees)",
        untouched=0,
        drawn=True,
    ),
    "jpeg": Degradation("face", jpeg, (50, 30, 20, 10, 5), "JPEG quality"),
    "noise": Degradation(
        "voice",
        white_noise,
        (30, 20, 10, 5, 0),
        "signal-to-noise ratio (dB)",
        drawn=True,
    ),
    "telephone": Degradation(
        "voice",
        telephone,
        (3400, 2500, 1700),
        "upper edge of the band from 300 Hz (Hz)",
    ),
    "mp3": Degradation("voice", mp3, (64, 32, 24, 16, 8), "MP3 (kbit/s at 16 kHz, mono)"),
}

#: What films do to faces, one by one and all at once: ``robustness(…, degradations=FILM)``. On the
#: validation part they choose between networks.
FILM = {
    "smaller": Degradation("face", scale, (0.9, 0.8, 0.7, 0.6), "size of the face", 1),
    "larger": Degradation("face", scale, (1.1, 1.2, 1.3, 1.45), "size of the face", 1),
    "shift": Degradation(
        "face",
        shift,
        (0.05, 0.1, 0.15, 0.2),
        "shift in a drawn direction (share of the side)",
        untouched=0,
        drawn=True,
    ),
    "blur": Degradation("face", blur, (0.7, 1, 1.5, 2), "Gaussian blur (σ in pixels of 48)", 0),
    "less contrast": Degradation("face", contrast, (0.7, 0.5, 0.3), "contrast", 1),
    "more contrast": Degradation("face", contrast, (1.4, 1.8), "contrast", 1),
    "jpeg": Degradation("face", jpeg, (40, 20, 10), "JPEG quality"),
    "resolution": Degradation("face", resolution, (36, 28, 20, 14), "pixels on each side", 48),
    "film": Degradation(
        "face",
        film,
        (0.25, 0.5, 0.75, 1),
        "all at once (strength)",
        untouched=0,
        drawn=True,
    ),
}


# --- scoring --------------------------------------------------------------------------------------


def robustness(
    network: Network | str | os.PathLike,
    data: str,
    split: str = "test",
    root: str | os.PathLike | None = None,
    *,
    degradations: Iterable[str] | Mapping[str, Degradation] | None = None,
    rows: int | None = None,
    seed: int = 0,
    progress: bool = False,
) -> dict:
    """Score a trained network on rows it has not learned from, untouched and after each degradation
    at each strength.

    Faces are degraded as stored, already cropped: what a detector would do with the whole picture
    is not asked. Voices are degraded before silence is trimmed and windows are cut, so that a
    network suffers with its voice activity.

    Parameters
    ----------
    network : a network, a shipped one's name or the path of a ``.keras`` file.
    data : a data set's name, as in ``datasets.load``. One that the network learned from is
        divided as it was then.
    split : the part that is scored.
    root : the data root.
    degradations : names in `DEGRADATIONS`, by default all of the network's kind; or others by name,
        such as `FILM`.
    rows : so many of the split's faces or recordings, drawn (``None``: all).
    seed : of the rows and of what the degradations draw.
    progress : show a bar.

    Returns
    -------
    A record for `table`, `write` and JSON: network, data, split, ``n`` rows (faces, or recordings:
    the mean over a recording's windows is its answer), ``n_groups`` speakers by whom intervals are
    resampled (``None``: faces, or a single voice), labels, the ``untouched`` score, and under
    ``damages`` for each degradation its ``axis`` and ``points``: ``strength``, ``accuracy`` and
    ``uar`` with their 95 % intervals, the ``drop`` of accuracy against untouched with its interval
    over pairs, the ``commonest`` answer with its share (a network that answers one thing to
    everything has a share of 1) and the number of ``windows`` (voices).

    Raises
    ------
    EmotutilsError : an unknown degradation, one of the other kind, a network that does not fit the
        set, or a set of which the network has learned other rows than this split leaves out.
    """
    began = time.perf_counter()
    network = as_network(network)
    chosen = _chosen(network, degradations)
    dataset = unseen(network, data, root)
    trial = _Trial(network, dataset, _chosen_rows(dataset, data, split, rows, seed), seed)
    untouched = trial.ask()
    found = {}
    for name, one in chosen.items():
        found[name] = {"axis": one.axis, "untouched": one.untouched, "points": []}
    steps = [(name, strength) for name, one in chosen.items() for strength in one.strengths]
    for name, strength in tqdm(steps, unit="point", disable=not progress, dynamic_ncols=True):
        asked = trial.ask(chosen[name], strength)
        point = {"strength": strength, **trial.describe(asked, untouched)}
        found[name]["points"].append(point)
    groups = trial.groups
    return {
        "network": network.name,
        "run": network.card["run"],
        "modality": network.kind,
        "data": data,
        "split": split,
        "n": len(untouched.answers),
        "n_groups": None if groups is None else len(set(groups)),
        "labels": list(network.labels),
        "seed": seed,
        "untouched": trial.describe(untouched),
        "damages": found,
        "wall_time_s": round(time.perf_counter() - began, 1),
        **surroundings(),
    }


def _chosen(
    network: Network, wanted: Iterable[str] | Mapping[str, Degradation] | None
) -> dict[str, Degradation]:
    offered = DEGRADATIONS
    if isinstance(wanted, Mapping):
        offered = wanted
    known = {name: one for name, one in offered.items() if one.modality == network.kind}
    if wanted is None:
        return known
    names = list(wanted)
    for name in names:
        if name not in known:
            raise EmotutilsError(
                f"no degradation {name!r} for {network.kind}s: choose from {', '.join(known)}"
            )
    return {name: known[name] for name in names}


def _chosen_rows(
    dataset: Dataset, data: str, split: str, rows: int | None, seed: int
) -> np.ndarray:
    chosen = dataset.rows(split)
    if rows is not None and rows < len(chosen):
        drawn = np.random.default_rng(seed).choice(chosen, max(rows, 0), replace=False)
        chosen = np.sort(drawn)
    if not len(chosen):
        raise DataError(
            data,
            f"has no {split} rows, or none were asked for",
            "choose another part, or more rows",
        )
    return chosen


@dataclass(frozen=True)
class _Asked:
    """Answers, and how many inputs the network was given for them."""

    answers: Answers
    inputs: int


class _Trial:
    """A network, and the rows that it is asked about again and again.

    Attributes
    ----------
    groups : (n,) speakers by whom intervals are resampled, or None.
    """

    def __init__(self, network: Network, dataset: Dataset, rows: np.ndarray, seed: int):
        self.network = network
        self.seed = seed
        self.table = dataset.table.iloc[rows].reset_index(drop=True)
        self.y = np.array([network.labels.index(name) for name in self.table["label"]])
        self.groups = None
        if network.kind == "face":
            self.material = dataset.faces(rows)
        else:
            self.material = dataset.voices(rows, network.features.sr)
            if self.table["group"].nunique() > 1:
                self.groups = self.table["group"].to_numpy(str)

    def ask(self, degradation: Degradation | None = None, strength: float = 0) -> _Asked:
        """The network's answers to the rows, degraded or untouched."""
        if self.network.kind == "face":
            faces = self.material
            if degradation:
                faces = degradation(faces, strength, seed=self.seed)
            proba = self.network.predict_proba(faces)
            inputs = len(faces)
        else:
            proba, inputs = self._ask_about_voices(degradation, strength)
        answers = Answers(
            id=self.table["id"].to_numpy(str),
            groups=self.table[["group"]],
            y=self.y,
            proba=proba,
            labels=self.network.labels,
        )
        return _Asked(answers, inputs)

    def _ask_about_voices(
        self, degradation: Degradation | None, strength: float
    ) -> tuple[np.ndarray, int]:
        features = self.network.features
        windows = []
        code = []
        for i, sound in enumerate(self.material):
            if degradation:
                # One seed a recording: no two get the same noise, and each gets its own at every
                # strength.
                sound = degradation(sound, strength, seed=[self.seed, i], sr=features.sr)
            cut = window_features(sound, features)
            windows.append(cut)
            code += [i] * len(cut)
        proba = self.network.predict_proba(np.concatenate(windows))
        return evaluation.by_recording(proba, np.array(code)), len(code)

    def describe(self, asked: _Asked, untouched: _Asked | None = None) -> dict:
        """The scores of some answers, as the record has them."""
        answers = asked.answers
        report = evaluation.score(answers.y, answers.proba, answers.labels, self.groups)
        facts = {
            "accuracy": report.accuracy.to_dict(),
            "uar": report.uar.to_dict(),
            "commonest": _commonest(report),
        }
        if untouched is not None:
            lost = compare(answers.y, untouched.answers.proba, answers.proba, self.groups)
            facts["drop"] = lost.accuracy.to_dict()
        if self.network.kind == "voice":
            facts["windows"] = asked.inputs
        return facts


def _commonest(report: Report) -> dict:
    """The commonest answer and its share of all."""
    counts = report.confusion.sum(axis=0)
    share = float(counts.max() / report.n)
    return {"label": report.labels[counts.argmax()], "share": round(share, 4)}


# --- records --------------------------------------------------------------------------------------


def write(
    record: Mapping,
    folder: Path | None = None,
    *,
    what: str = "robustness",
    publish: bool = False,
) -> Path:
    """Write a record of `robustness`, ``robustness-<data>-<network>.json``.

    Parameters
    ----------
    record : as `robustness` gives it.
    folder : where to; by default the output root, ``./runs``.
    what : the first part of the name; of `FILM` it is ``"film-validation"`` and ``"film-test"``.
    publish : put it where records ship instead.
    """
    name = f"{what}-{record['data']}-{record['network']}"
    return records.write(name, record, folder=folder, publish=publish)


def table(record: Mapping, metric: str = "accuracy") -> pd.DataFrame:
    """What there is to draw of a record.

    Parameters
    ----------
    record : as `robustness` gives it, or a shipped one.
    metric : ``"accuracy"`` or ``"uar"``.

    Returns
    -------
    DataFrame, one row a degradation and strength in ascending severity: ``degradation``,
    ``strength``, and ``value`` with its 95 % interval ``low`` and ``high`` (0..1). Each degradation
    begins with the untouched score; its strength is NaN where no strength changes nothing.
    """
    rows = []
    for name, found in record["damages"].items():
        first = {"strength": found["untouched"], **record["untouched"]}
        for point in (first, *found["points"]):
            rows.append({"degradation": name, "strength": point["strength"], **point[metric]})
    columns = ["degradation", "strength", "value", "low", "high"]
    numbers = dict.fromkeys(columns[1:], float)  # None, where there is no interval, becomes NaN
    return pd.DataFrame(rows, columns=columns).astype(numbers)
