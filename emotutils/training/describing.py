"""What a training says of itself, in its record and on its network's card."""

import json

import numpy as np
import pandas as pd

from .. import evaluation
from ..datasets import Dataset, Part, from_outside, parse
from ..evaluation import Answers, Calibration, Report
from ..support.machine import surroundings
from .recipes import Recipe, recipe_for

#: Where a network's training cannot match the thesis, or had to choose between its text and its
#: logs.
NOTES = {
    "conv2d": "The text divides into 60/20/20, the log of figure 5.6 counts 75/15/10; "
    "the log is followed, drawn anew.",
    "vgg16": "The thesis's 80 % (figure 5.4) has no digits and no log, "
    "and its Aff-Wild frames cannot be had.",
    "resnet50": "The log of figure 5.2 counts 539 steps an epoch, batches of 50; "
    "the batch of 64 is its search's.",
    "conv1d": "The thesis counts 5,252 recordings; copies differ, "
    "also in the length of the songs: see the rows here.",
}
SHIPPED_TRUNKS = (
    "with the shipped weights of conv2d and crnn, which learned from the same sets' training parts"
)


def notes(
    network: str, kind: str, recipe: Recipe, standard: Recipe, data: str, changes: dict
) -> list[str]:
    """What a reader of the record must know before comparing it: changed, cut short, or not quite
    what the thesis did.

    Parameters
    ----------
    network, kind : the network's name and what it takes, see ``networks.KINDS``.
    recipe, standard : as it was trained, and the recipe of that name.
    data : the set's name.
    changes : what was changed in the recipe, by name.
    """
    found = []
    if recipe.variant == "thesis" and network in NOTES:
        found.append(NOTES[network])
    if kind == "both":
        trunks = "at random"
        weights = recipe.options.get("weights")
        if weights == "shipped":
            trunks = SHIPPED_TRUNKS
        elif weights:
            trunks = f"with the weights of {', '.join(map(str, weights.values()))}"
        found.append(f"The trunks began {trunks}.")
    if parse(data).paired:
        found.append(
            "No film: faces and voices are independent given the label; a gain is overstated."
        )
    if changes:
        values = ", ".join(f"{name}={value!r}" for name, value in changes.items())
        found.append(f"Changed in the recipe {recipe.variant}: {values}.")
    if recipe.epochs < standard.epochs:
        found.append(f"Cut short: {recipe.epochs} of {standard.epochs} epochs.")
    return found


def run_name(
    protocol: str,
    data: str,
    network: str,
    recipe: Recipe,
    seed: int,
    *,
    standard: Recipe | None = None,
    changed: bool = False,
) -> str:
    """``<protocol>-<dataset>-<network>-<variant>-s<seed>``: the name of a run's record.

    A run of another length than its recipe's says so behind the variant, ``best-9-epochs``, and one
    whose recipe was changed, ``best-changed``.

    Parameters
    ----------
    protocol, data, network, recipe, seed : of the run.
    standard : the recipe of that name; of a registered network it is looked up.
    changed : whether anything but the epochs differs from it.

    Examples
    --------
    >>> recipe = recipe_for("crnn", "best").replace(epochs=9)
    >>> run_name("actors-16-4-4", "ravdess", "crnn", recipe, seed=0)
    'actors-16-4-4-ravdess-crnn-best-9-epochs-s0'
    """
    if standard is None:
        standard = recipe_for(network, recipe.variant)
    variant = recipe.variant
    if changed:
        variant += "-changed"
    if recipe.epochs != standard.epochs:
        variant += f"-{recipe.epochs}-epochs"
    return f"{protocol}-{data}-{network}-{variant}-s{seed}"


def score_part(answers: Answers, kind: str) -> dict:
    """The report of one part, as it stands in a record: by row and, for voices, under ``clips`` by
    recording. Intervals of texts are resampled by their groups.

    A recording's probabilities are the mean over its windows (of pairs: those beside one face). One
    speaker's windows are not independent: voices' intervals are resampled by speaker; a single
    speaker's hold for this voice alone.

    Parameters
    ----------
    answers : to the n rows, with the column ``group``.
    kind : what the network takes, see ``networks.KINDS``.
    """
    if kind == "face":
        return evaluation.score(answers.y, answers.proba, answers.labels).to_dict()
    if kind == "text":
        return _score_by_speaker(answers).to_dict()
    windows = _score_by_speaker(answers)
    clips = _score_by_speaker(answers.by_recording())
    return {**windows.to_dict(), "clips": clips.to_dict()}


def _score_by_speaker(answers: Answers) -> Report:
    speakers = answers.groups["group"].to_numpy(str)
    groups = None
    if len(set(speakers)) > 1:
        groups = speakers
    return evaluation.score(answers.y, answers.proba, answers.labels, groups=groups)


def face_details(
    part: Part, proba: np.ndarray, mirrored: np.ndarray, known: Part, dataset: Dataset
) -> tuple[dict, dict[str, np.ndarray]]:
    """What a record holds of a face network's test part beside its score, and the arrays from
    which that can be had again.

    Parameters
    ----------
    part, known : the test and the training part.
    proba, mirrored : (n, k) answers to the test faces and to their mirror images.
    dataset : what the parts are from.

    Returns
    -------
    details : ``flip``: mean of the two answers; ``without_duplicates``: only pictures that no
        training row has, pixel by pixel; ``ferplus``: against FER+'s majority, where the set has
        votes and six of ten agree.
    arrays : ``test_mirrored``, ``test_duplicate`` (bool) and ``test_ferplus`` (int8, -1: no
        majority).
    """
    labels = dataset.labels
    duplicate = np.isin(part.group, known.group)
    mean = (proba.astype(np.float64) + mirrored) / 2
    arrays = {"test_mirrored": mirrored, "test_duplicate": duplicate}
    details = {"flip": _short_score(part.y, mean, labels)}
    if not duplicate.all():
        fresh = ~duplicate
        details["without_duplicates"] = _short_score(part.y[fresh], proba[fresh], labels)
    if "ferplus_label" in dataset.table:
        label = dataset.table.set_index("id")["ferplus_label"].loc[part.id]
        votes = pd.Categorical(label, categories=labels).codes
        arrays["test_ferplus"] = votes
        voted = votes >= 0
        if voted.any():
            details["ferplus"] = _short_score(votes[voted], proba[voted], labels)
    return details, arrays


def _short_score(y: np.ndarray, proba: np.ndarray, labels: tuple[str, ...]) -> dict:
    report = evaluation.score(y, proba.astype(np.float64), labels).to_dict()
    return {key: report[key] for key in ("n", "accuracy", "uar", "macro_f1")}


def describe(recipe: Recipe, parts: dict[str, Part], kind: str) -> dict:
    """The part of a record that says how it came about: options, split and surroundings.

    Parameters
    ----------
    recipe : as it was trained.
    parts : train, validation and test by name.
    kind : what the network takes, see ``networks.KINDS``.
    """
    options = recipe.to_dict()
    assumed = options.pop("assumed")
    split = {}
    for name, part in parts.items():
        split[name] = {"n": len(part), "groups": _groups(part, kind)}
    return {"assumed": assumed, "options": options, "split": split, **surroundings()}


def _groups(part: Part, kind: str) -> list[str] | int:
    """Speakers by name; of pictures and texts only how many distinct ones there are."""
    names = sorted(set(part.group.tolist()))
    if kind in ("face", "text"):
        return len(names)
    return names


def card(
    name: str,
    kind: str,
    recipe: Recipe,
    dataset: Dataset,
    record: dict,
    input_shape: tuple[int, ...] | dict[str, tuple[int, ...]],
    run: str,
    validation: tuple[np.ndarray, np.ndarray] | None = None,
) -> dict:
    """The card that lies beside a trained network: what it says, takes, learned from and scored.

    Parameters
    ----------
    name, kind : the network's name and what it takes, see ``networks.KINDS``.
    recipe : as it was trained.
    dataset : what it learned from, with the labels that it tells apart.
    record, run : the record of the training, and its name.
    input_shape : of one row.
    validation : labels and probabilities of validation rows that tested nothing: it is calibrated
        on them.
    """
    data = record["data"]
    features = None
    if recipe.features:
        features = recipe.features.to_dict()
    temperature = 1.0
    calibration = {}
    if validation is not None:
        rows = f"{len(validation[0]):,} validation rows of {data} ({record['protocol']})"
        temperature, found = Calibration.measure(*validation, dataset.labels, rows)
        calibration["calibration"] = found.to_dict()
    figures = ("n", "n_groups", "accuracy", "uar", "macro_f1")
    return {
        "name": name,
        "builder": name,
        "variant": recipe.variant,
        "modality": kind,
        "labels": list(dataset.labels),
        "input_shape": json.loads(json.dumps(input_shape)),
        "features": features,
        "temperature": temperature,
        "parameters": record["parameters"],
        "data": data,
        "citation": dataset.citation,
        "protocol": record["protocol"],
        "test": {figure: record["test"][figure] for figure in figures},
        "licence": f"weights: {_use(kind, data)} (trained on {data}: {dataset.licence})",
        "run": run,
        **calibration,
    }


def _use(kind: str, data: str) -> str:
    """What a network's weights may be used for."""
    if kind == "text" or from_outside(data):
        return "as the data's licence allows"
    if kind == "face":
        return "research and teaching"
    return "CC BY-NC-SA 4.0, non-commercial"


def by_source(arrays: dict[str, np.ndarray], labels: tuple[str, ...]) -> dict:
    """What a joint network's validation pairs say of its answers from a face, from a voice and from
    both.

    Parameters
    ----------
    arrays : those of the record: ``validation_y``, ``validation_proba``, ``validation_face_proba``
        and ``validation_voice_proba``.
    labels : names of the labels.

    Returns
    -------
    ``temperatures`` and ``curves`` (risk and coverage, for ``evaluation.threshold_for``), each by
    source.
    """
    names = {"face": "face_proba", "voice": "voice_proba", "face+voice": "proba"}
    y = arrays["validation_y"]
    temperatures = {}
    curves = {}
    for source, name in names.items():
        proba = arrays[f"validation_{name}"].astype(float)
        temperatures[source], found = Calibration.measure(y, proba, labels, source)
        curves[source] = found.risk_coverage
    return {"temperatures": temperatures, "curves": curves}
