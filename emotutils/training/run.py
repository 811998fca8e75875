"""Train a registered network on a data set, with checkpoints, resume and a record of the run.

Taught in notebooks/07_conv2d (faces), notebooks/10_conv1d (voices) and notebooks/14_one_network;
the recipes named ``thesis`` follow 4.5–4.9.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from .. import config, datasets
from ..datasets import Pairs, Part, splits
from ..emotions import EMOTIONS
from ..errors import EmotutilsError
from ..networks import input_shape_of, kind_of, save_network
from ..support.files import replacing
from . import describing, records
from .batches import Input, as_floats
from .building import build_for
from .loop import fit
from .recipes import Recipe, recipe_for

SHIPPED_BYTES = (
    10_000_000  # a larger file of weights is too much for everybody who clones the course
)


@dataclass(frozen=True)
class Run:
    """A finished training: its ``record`` (as written) and the paths of record and network
    (``None`` of folds).
    """

    record: dict
    record_path: Path
    network_path: Path | None


def train(
    network: str,
    data: str,
    *,
    recipe: str = "best",
    protocol: str | None = None,
    root: str | os.PathLike | None = None,
    out: str | os.PathLike | None = None,
    seed: int = 0,
    epochs: int | None = None,
    resume: bool = False,
    publish: bool = False,
    progress: bool = True,
) -> Run:
    """Train on the set's training part, choose the epoch on its validation part, report its test
    part once.

    Parameters
    ----------
    network, data : a registered network and a data set's name (see ``datasets.load``; for ``joint``
        see ``datasets.load_pairs``). On a sample no trunk begins with the shipped weights.
    recipe : ``"best"`` or ``"thesis"``.
    protocol : how rows are divided: ``None`` is the set's own split, ``"thesis-NAME"`` one of
        ``splits.THESIS``. Where that holds out a single part, it is both validation and test: it
        may be watched, not chosen by. ``"folds-5"`` trains five networks, each tested on the
        speakers (FER2013: pictures) that the others had, and takes the last epoch of each; its
        record holds the answers of all five.
    root, out : data root and output root; see ``config``.
    seed : of weights, order and augmentation.
    epochs : instead of the recipe's.
    resume : go on from the last finished epoch of the same run, if there is one.
    publish : also put the record and the network where they ship (``data/runs``, ``data/weights``
        of a checkout); of folds, of a thesis protocol (its test rows have twins or speakers in
        training) and of a network beyond ``SHIPPED_BYTES`` the record only.
    progress : show a bar with the time left.

    Raises
    ------
    EmotutilsError : unknown names, missing data, a protocol that leaves nothing to choose by, a
        resumed run with other settings, a loss that is not finite, or memory that ran out.
    """
    plan = recipe_for(network, recipe)
    plan = replace(plan, epochs=epochs) if epochs else plan
    if datasets.parse(data).sample and "weights" in plan.options:
        plan = replace(
            plan, options={**plan.options, "weights": None}
        )  # drawn faces: nothing of a real one helps
    if protocol and protocol.startswith("folds-"):
        options = {
            "recipe": recipe,
            "root": root,
            "out": out,
            "seed": seed,
            "epochs": epochs,
            "resume": resume,
        }
        return _train_folds(network, data, plan, protocol, publish, progress=progress, **options)
    if protocol and protocol.startswith("fold-"):
        plan = replace(plan, monitor=None)
    modality = kind_of(network)
    protocol = protocol or describing.own_protocol(data, modality)
    keras.utils.set_random_seed(seed)
    dataset, parts, draw, held = _material(modality, data, protocol, plan, root, seed)
    name = describing.run_name(protocol, data, network, plan, seed)
    folder = config.output_root(out) / name
    _prepare_folder(folder, plan.to_dict(), resume)
    model = build_for(plan, network, parts["train"], len(dataset.labels))
    history = fit(
        model,
        parts["train"],
        parts["validation"],
        plan,
        seed=seed,
        folder=folder,
        resume=resume,
        progress=progress,
        draw=draw,
    )

    record = {
        "protocol": protocol,
        "data": data,
        "network": network,
        "variant": plan.variant,
        "recipe": recipe,
        "seed": seed,
        "parameters": model.count_params(),
        "notes": describing.notes(network, plan, data),
        **describing.describe(plan, parts, modality),
        "wall_time_s": round(history.seconds, 1),
        "best_epoch": history.best_epoch,
        "history": history.epochs,
    }
    arrays = {}

    def answers(x: Input) -> np.ndarray:
        # Half precision is what ships; the metrics are computed from it, so that they can be had
        # again exactly.
        return model.predict(as_floats(x), batch_size=256, verbose=0).astype(np.float16)

    for split in ("validation", "test"):
        part = parts[split]
        proba = answers(part.x)
        arrays |= {
            f"{split}_id": part.id,
            f"{split}_group": part.group,
            f"{split}_y": part.y,
            f"{split}_proba": proba,
        }
        record[split] = describing.score_part(
            part, proba.astype(np.float64), dataset.labels, modality
        )
    if modality == "face":
        mirrored = answers(parts["test"].x[:, :, ::-1])
        details, more = describing.face_details(
            parts["test"], arrays["test_proba"], mirrored, parts["train"], dataset
        )
        record["test"] |= details
        arrays |= more
    if modality == "both":
        for split in ("validation", "test"):
            details, more = _alone(parts[split], split, answers, dataset.labels)
            record[split] |= details
            arrays |= more
        record["pairs"] = {"frames": datasets.FRAMES, "faces_each": datasets.FACES_EACH}
    # Where one part is both validation and test, what is fitted on it would be fitted on the test.
    chosen_on = (
        (arrays["validation_y"], arrays["validation_proba"].astype(float))
        if len(held) == 2
        else None
    )
    card = describing.card(network, plan, dataset, record, input_shape_of(model), name, chosen_on)
    if modality == "both":
        card["calibration"] |= describing.by_source(arrays, dataset.labels)
    run = Run(
        record,
        records.write(name, record, arrays, folder=folder),
        save_network(model, card, folder),
    )
    if publish:
        records.write(name, record, arrays, publish=True)
        if protocol in splits.OWN and run.network_path.stat().st_size <= SHIPPED_BYTES:
            save_network(model, card, config.shipped_root() / "weights")
    return run


def _material(modality: str, data: str, protocol: str, plan: Recipe, root, seed: int) -> tuple:
    """The set, its parts, of pairs a function that draws the training part anew, and which parts
    are held out.
    """
    if datasets.is_pairs(data) != (modality == "both"):
        raise EmotutilsError(
            f"{data} holds {'pairs' if modality != 'both' else 'no pairs'}: joint learns from pairs, such as "
            "paired-fer2013+ravdess, and no other network does"
        )
    if modality in ("both", "units") and protocol not in splits.OWN:
        own = describing.own_protocol(data, modality)
        raise EmotutilsError(f"protocol {protocol} is not for {data}: its own split is {own}")
    if modality == "both":
        dataset = datasets.load_pairs(data, root)
        draw = dataset.drawer("train", plan.features, speeds=plan.speeds)
        parts = {"train": draw([seed, 0])}
        # Another seed than the training's would be another test: all runs are scored on the same
        # pairs.
        parts |= {split: dataset.part(split, plan.features) for split in ("validation", "test")}
        return dataset, parts, draw, ["validation", "test"]
    dataset = datasets.load(data, root)
    if modality == "units":
        parts = {
            split: datasets.units_part(dataset, split) for split in ("train", "validation", "test")
        }
        return replace(dataset, labels=EMOTIONS), parts, None, ["validation", "test"]
    divided = splits.by_protocol(dataset.table, protocol, seed)
    dataset = replace(dataset, table=dataset.table.assign(split=divided))
    held = [name for name in ("validation", "test") if (divided == name).any()]
    if len(held) < 2 and plan.monitor:
        raise EmotutilsError(
            f"protocol {protocol} leaves no part to choose the epoch by: take --recipe thesis"
        )
    parts = {"train": datasets.part(dataset, "train", modality, plan.features, plan.speeds)}
    for wanted, split in zip(
        ("validation", "test"), 2 * held if len(held) == 1 else held, strict=True
    ):
        parts[wanted] = datasets.part(dataset, split, modality, plan.features)
    return dataset, parts, None, held


def _alone(
    part: Pairs, split: str, answers: Callable, labels: tuple[str, ...]
) -> tuple[dict, dict]:
    """What a joint network answers with the face alone and the voice alone: scores, and the arrays
    behind them.
    """
    details, arrays = {}, {}
    for k, source in enumerate(("face", "voice")):
        x = part.x
        x["present"][:, 1 - k] = 0
        proba = arrays[f"{split}_{source}_proba"] = answers(x)
        details[f"{source}_only"] = describing.score_part(
            part, proba.astype(np.float64), labels, "both"
        )
    return details, arrays


def _train_folds(
    network: str, data: str, plan: Recipe, protocol: str, publish: bool, **options
) -> Run:
    """One network a fold; their out-of-fold answers, together every row of the set, are scored as
    one test part.
    """
    k = protocol.removeprefix("folds-")
    if not k.isdecimal():
        raise EmotutilsError(f"unknown protocol {protocol!r}: folds-5 stands for five folds")
    runs = [train(network, data, protocol=f"fold-{i + 1}-of-{k}", **options) for i in range(int(k))]
    folds = [run.record for run in runs]
    arrays = {}
    for key in ("id", "group", "y", "proba"):
        pieces = []
        for run in runs:
            with np.load(run.record_path.with_suffix(".npz"), allow_pickle=False) as saved:
                pieces.append(saved[f"test_{key}"])
        arrays[f"test_{key}"] = np.concatenate(pieces)
    everything = Part(np.empty(0), *(arrays[f"test_{key}"] for key in ("y", "group", "id")))
    proba, labels = arrays["test_proba"].astype(np.float64), folds[0]["test"]["labels"]
    own = ("seed", "split", "wall_time_s", "best_epoch", "history", "test")
    record = {key: value for key, value in folds[0].items() if key not in (*own, "validation")}
    record |= {
        "protocol": protocol,
        "seed": options["seed"],
        "wall_time_s": round(sum(fold["wall_time_s"] for fold in folds), 1),
        "folds": [{key: fold[key] for key in own} for fold in folds],
        "test": describing.score_part(everything, proba, labels, kind_of(network)),
    }
    name = describing.run_name(protocol, data, network, plan, options["seed"])
    path = records.write(name, record, arrays, folder=config.output_root(options["out"]) / name)
    if publish:
        records.write(name, record, arrays, publish=True)
    return Run(record, path, None)


def _prepare_folder(folder: Path, settings: dict, resume: bool) -> None:
    """Start afresh, or check that the run to go on with was started with the same settings."""
    plan = folder / "plan.json"
    if resume and plan.is_file():
        if json.loads(plan.read_text()) != settings:
            raise EmotutilsError(
                f"{folder} was started with other settings: train without --resume, or elsewhere (--out)"
            )
        return
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise EmotutilsError(f"cannot write to {folder}: {error.strerror}") from None
    with replacing(plan) as temporary:
        temporary.write_text(json.dumps(settings))
