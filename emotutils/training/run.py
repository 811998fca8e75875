"""Train a network on a data set, with checkpoints, resume and a record of the run.

Taught in notebooks/07_conv2d (faces), notebooks/10_conv1d (voices) and notebooks/14_one_network;
the recipes named ``thesis`` follow 4.5–4.9.
"""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

import keras
import numpy as np
import pandas as pd

from .. import config, datasets
from ..datasets import Dataset, Pairs, PairSet, Part, splits
from ..errors import DataError, EmotutilsError
from ..evaluation import Answers, concatenate
from ..networks import input_shape_of, kind_of, network_names, save_network
from ..support.files import replacing
from ..support.reading import read_json
from . import describing, records
from .batches import Input, as_floats
from .building import build_for, computing_in, copy_weights
from .callbacks import DAMAGED, STATE
from .history import History
from .loop import fit
from .material import Material, divide, kind_of_rows, load_set, own_protocol
from .recipes import Recipe, recipe_for, standard_recipe

#: A larger file of weights is too much for everybody who clones the course.
SHIPPED_BYTES = 10_000_000
#: How a run was started, in its folder.
PLAN = "plan.json"
PRECISIONS = ("float32", "mixed_bfloat16")


@dataclass(frozen=True)
class Run:
    """A finished training.

    Attributes
    ----------
    record : as it was written.
    record_path, network_path : where record and network lie (of folds no network is kept: None).
    """

    record: dict
    record_path: Path
    network_path: Path | None


@dataclass(frozen=True)
class Job:
    """What is to be trained on what, and how: the arguments of `train`, looked up.

    Attributes
    ----------
    network, kind : the network's name and what it takes, see ``networks.KINDS``.
    model : the network itself, where it was handed over; otherwise it is built by its name.
    dataset : what is learned from.
    recipe, standard : as it is trained, and the recipe of that name.
    changes : what was changed in the recipe, by name; its epochs do not count.
    protocol : how rows are divided.
    out : the output root. The others as in `train`.
    """

    network: str
    kind: str
    model: keras.Model | None
    dataset: Dataset | PairSet
    recipe: Recipe
    standard: Recipe
    changes: dict
    protocol: str
    out: Path
    seed: int
    resume: bool
    overwrite: bool
    publish: bool
    progress: bool
    precision: str

    @property
    def name(self) -> str:
        """Of the run's record and folder."""
        return describing.run_name(
            self.protocol,
            self.dataset.name,
            self.network,
            self.recipe,
            self.seed,
            standard=self.standard,
            changed=bool(self.changes),
        )

    @property
    def folder(self) -> Path:
        return self.out / self.name


def train(
    network: str | keras.Model,
    dataset: str | Dataset | PairSet,
    *,
    recipe: str | Recipe = "best",
    protocol: str | None = None,
    root: str | os.PathLike | None = None,
    out: str | os.PathLike | None = None,
    seed: int = 0,
    epochs: int | None = None,
    resume: bool = False,
    overwrite: bool = False,
    publish: bool = False,
    progress: bool = True,
    precision: str = "float32",
) -> Run:
    """Train on the set's training part, choose the epoch on its validation part, report its test
    part once.

    Parameters
    ----------
    network : a registered network's name, or a Keras model: that very object is trained (in folds,
        new ones of its make), and the run is named after its ``name``.
    dataset : a data set or its name (see ``datasets.load``; for ``joint`` see
        ``datasets.load_pairs``). On a sample, or beside action units, no trunk begins
        with the shipped weights.
    recipe : ``"best"``, ``"thesis"``, or a recipe of your own.
    protocol : how rows are divided: ``None`` is the set's own split, ``"thesis-NAME"`` one of
        ``splits.THESIS``. Where that holds out a single part, it is both validation and test: it
        may be watched, not chosen by. ``"folds-5"`` trains five networks, each tested on the
        speakers (FER2013: pictures) that the others had, and takes the last epoch of each; its
        record holds the answers of all five.
    root, out : data root and output root; see ``config``.
    seed : of weights, order and augmentation. A model that is handed over brings its own weights.
    epochs : instead of the recipe's.
    resume : go on from the last finished epoch of the same run, if there is one.
    overwrite : delete what an earlier run of the same name has left.
    publish : also put the record and the network where they ship (``data/runs``, ``data/weights``
        of a checkout); of folds, of a thesis protocol (its test rows have twins or speakers in
        training), of a network beyond ``SHIPPED_BYTES`` and where another run's network ships under
        this name, the record only.
    progress : show a bar with the time left.
    precision : ``"mixed_bfloat16"``: layers compute with shorter numbers, twice as fast on a
        processor that has them (``avx512_bf16`` among its flags) and slower on others. Weights, and
        the network that is kept, are float32. Not for a model that is handed over.

    Raises
    ------
    EmotutilsError : unknown names, missing data, a protocol that leaves nothing to choose by, a run
        of that name that is there already, a resumed run with other settings, a loss that is not
        finite, or memory that ran out.
    """
    model = None if isinstance(network, str) else network
    name = network if model is None else model.name
    _check(model, name, resume, overwrite, publish)
    _check_precision(model, name, precision)
    _check_seed(seed)
    if model is None or name in network_names():
        kind = kind_of(name)
    else:
        dataset = load_set(dataset, root)
        kind = kind_of_rows(dataset)
    if isinstance(recipe, str):
        recipe = recipe_for(name, recipe, kind)
    dataset = load_set(dataset, root)
    standard = standard_recipe(name, recipe.variant, kind)
    changes = recipe.differences(standard.replace(epochs=recipe.epochs))
    job = Job(
        network=name,
        kind=kind,
        model=model,
        dataset=dataset,
        recipe=_adjusted(recipe, dataset.name, epochs),
        standard=standard,
        changes=changes,
        protocol=protocol or own_protocol(dataset.name, kind),
        out=config.output_root(out),
        seed=seed,
        resume=resume,
        overwrite=overwrite,
        publish=publish,
        progress=progress,
        precision=precision,
    )
    if job.protocol.startswith("folds-"):
        return _train_folds(job)
    return _train_once(job)


def _check(
    model: keras.Model | None, name: str, resume: bool, overwrite: bool, publish: bool
) -> None:
    if resume and overwrite:
        raise EmotutilsError("resume goes on with a run and overwrite deletes it: choose one")
    if model is None:
        return
    if publish:
        raise EmotutilsError(
            f"{name} was handed over as an object: only what is built by its name is published"
        )
    if not type(model).__module__.startswith("keras."):
        raise EmotutilsError(
            f"{name} is a class of its own, which no file can hold safely: give a Sequential or "
            "functional model, or use training.fit, which writes no file"
        )


def _check_precision(model: keras.Model | None, name: str, precision: str) -> None:
    if precision not in PRECISIONS:
        raise EmotutilsError(f"precision {precision!r}: choose from {', '.join(PRECISIONS)}")
    if model is not None and precision != "float32":
        raise EmotutilsError(
            f"{name} was handed over as an object, built already: precision is only for networks "
            "that are built by name"
        )


def _check_seed(seed: int) -> None:
    if not 0 <= seed < 2**32:
        raise EmotutilsError(f"seed {seed}: choose a whole number from 0 to {2**32 - 1}")


def _adjusted(recipe: Recipe, data: str, epochs: int | None) -> Recipe:
    """The recipe with the wanted number of epochs. No trunk begins with the shipped weights on
    drawn faces, which they do not help, nor beside action units, where weights are named.
    """
    if epochs is not None:
        recipe = recipe.replace(epochs=epochs)
    if recipe.epochs < 1:
        raise EmotutilsError(f"{recipe.epochs} epochs: a training has one at least")
    name = datasets.parse(data)
    no_picture = name.sample or "ravdess-units" in name.sets
    if no_picture and recipe.options.get("weights") == "shipped":
        recipe = recipe.replace(options=recipe.options | {"weights": None})
    return recipe


def _train_once(job: Job) -> Run:
    if job.protocol.startswith("fold-"):
        job = replace(job, recipe=job.recipe.replace(monitor=None))
    keras.utils.set_random_seed(job.seed)
    material = divide(job.dataset, job.kind, job.protocol, job.recipe, job.seed)
    _prepare_folder(job, material)
    model = job.model
    if model is None:
        with computing_in(job.precision):
            model = _built(job, material)
    history = fit(
        model,
        material.train,
        material.validation,
        job.recipe,
        seed=job.seed,
        folder=job.folder,
        resume=job.resume,
        progress=job.progress,
        draw=material.draw,
    )
    if job.precision != "float32":
        model = copy_weights(model, _built(job, material))
    scores, arrays = _score(model, material, job.kind)
    record = _record_of(job, material, model, history) | scores
    if job.kind == "both":
        record["pairs"] = {"frames": datasets.FRAMES, "faces_each": datasets.FACES_EACH}
    card = _card_of(job, material, model, record, arrays)
    run = Run(
        record,
        records.write(job.name, record, arrays, folder=job.folder),
        save_network(model, card, job.folder),
    )
    if job.publish:
        _publish(job, run, model, card, arrays)
    return run


def _built(job: Job, material: Material) -> keras.Model:
    return build_for(job.recipe, job.network, material.train, len(material.labels))


def _record_of(job: Job, material: Material, model: keras.Model, history: History) -> dict:
    """What a record says of how the training came about and went."""
    return {
        "protocol": job.protocol,
        "data": job.dataset.name,
        **_source(job.dataset),
        "network": job.network,
        "variant": job.recipe.variant,
        "recipe": job.recipe.variant,
        "seed": job.seed,
        "precision": job.precision,
        "parameters": model.count_params(),
        "notes": _notes(job),
        **describing.describe(job.recipe, material.parts, job.kind),
        "wall_time_s": round(history.seconds, 1),
        "best_epoch": history.best_epoch,
        "history": history.epochs,
    }


def _source(dataset: Dataset | PairSet) -> dict[str, str]:
    """Which form of the set was learned from, where there are several."""
    if not dataset.source:
        return {}
    return {"source": dataset.source}


def _notes(job: Job) -> list[str]:
    found = describing.notes(
        job.network, job.kind, job.recipe, job.standard, job.dataset.name, job.changes
    )
    if job.model is not None and job.network in network_names():
        found.append(f"The network came as an object: it may not be what {job.network} builds.")
    return found


def _score(model: keras.Model, material: Material, kind: str) -> tuple[dict, dict]:
    """The scores of the validation and the test part, and the arrays from which they can be had
    again.
    """
    scores = {}
    arrays = {}
    for split in ("validation", "test"):
        part = material.parts[split]
        answers = _answers(part, _predict(model, part.x), material.labels)
        scores[split] = describing.score_part(answers, kind)
        arrays |= answers.arrays(split)
        if kind == "both":
            details, more = _score_alone(model, part, split, material.labels)
            scores[split] |= details
            arrays |= more
    if kind == "face":
        test = material.test
        mirrored = _predict(model, test.x[:, :, ::-1])
        details, more = describing.face_details(
            test, arrays["test_proba"], mirrored, material.train, material.source
        )
        scores["test"] |= details
        arrays |= more
    return scores, arrays


def _answers(part: Part | Pairs, proba: np.ndarray, labels: tuple[str, ...]) -> Answers:
    return Answers(
        id=part.id,
        groups=pd.DataFrame({"group": part.group}),
        y=part.y,
        proba=proba.astype(np.float64),
        labels=labels,
    )


def _predict(model: keras.Model, x: Input) -> np.ndarray:
    """Probabilities (n, k) in half precision: that is what ships, and the metrics are computed from
    it, so that they can be had again exactly.
    """
    return model.predict(as_floats(x), batch_size=256, verbose=0).astype(np.float16)


def _score_alone(
    model: keras.Model, part: Pairs, split: str, labels: tuple[str, ...]
) -> tuple[dict, dict]:
    """What a joint network answers with the face alone and the voice alone: scores, and the arrays
    behind them.
    """
    scores = {}
    arrays = {}
    for k, source in enumerate(("face", "voice")):
        x = part.x
        x["present"][:, 1 - k] = 0
        proba = _predict(model, x)
        arrays[f"{split}_{source}_proba"] = proba
        answers = _answers(part, proba, labels)
        scores[f"{source}_only"] = describing.score_part(answers, "both")
    return scores, arrays


def _card_of(
    job: Job, material: Material, model: keras.Model, record: dict, arrays: dict[str, np.ndarray]
) -> dict:
    """The card of a trained network, calibrated where there are rows that tested nothing."""
    validation = None
    if material.tested_once:
        validation = (arrays["validation_y"], arrays["validation_proba"].astype(float))
    source = replace(material.source, labels=material.labels)
    card = describing.card(
        job.network,
        job.kind,
        job.recipe,
        source,
        record,
        input_shape_of(model),
        job.name,
        validation,
    )
    card |= _source(material.source)
    if job.kind == "both":
        card["calibration"] |= describing.by_source(arrays, material.labels)
    return card


def _publish(
    job: Job, run: Run, model: keras.Model, card: dict, arrays: dict[str, np.ndarray]
) -> None:
    records.write(job.name, run.record, arrays, publish=True)
    if _ships(job, run.network_path):
        save_network(model, card, config.shipped_root() / "weights")


def _ships(job: Job, network: Path) -> bool:
    """Whether a trained network goes where networks ship: not in place of another run's."""
    if job.protocol not in splits.OWN or network.stat().st_size > SHIPPED_BYTES:
        return False
    shipped = config.shipped_root() / "weights" / f"{job.network}.card.json"
    if not shipped.is_file():
        return True
    return json.loads(shipped.read_text(encoding="utf-8"))["run"] == job.name


def _train_folds(job: Job) -> Run:
    """One network a fold; their out-of-fold answers, together every row of the set, are scored as
    one test part.
    """
    k = job.protocol.removeprefix("folds-")
    if not k.isdecimal() or int(k) < 2:
        raise DataError("protocol", f"{job.protocol!r} is unknown", "folds-5 stands for five folds")
    runs = []
    for i in range(int(k)):
        fold = replace(job, protocol=f"fold-{i + 1}-of-{k}", publish=False)
        if job.model is not None:
            keras.utils.set_random_seed(job.seed)
            fold = replace(fold, model=type(job.model).from_config(job.model.get_config()))
        runs.append(_train_once(fold))
    answers = _out_of_fold(runs)
    arrays = answers.arrays("test")
    record = _record_of_folds(job, [run.record for run in runs], answers)
    path = records.write(job.name, record, arrays, folder=job.folder)
    if job.publish:
        records.write(job.name, record, arrays, publish=True)
    return Run(record, path, None)


def _out_of_fold(runs: list[Run]) -> Answers:
    """The answers of all folds to their test parts, one below the other."""
    parts = []
    for run in runs:
        path = run.record_path
        answers = records.read(path.stem, path.parent).answers("test")
        parts.append(replace(answers, groups=answers.groups[["group"]]))
    return concatenate(parts)


def _record_of_folds(job: Job, folds: list[dict], answers: Answers) -> dict:
    """What the folds have in common, then each fold by itself, then the score of all."""
    own = ("seed", "split", "wall_time_s", "best_epoch", "history", "test")
    record = {}
    for key, value in folds[0].items():
        if key not in own and key != "validation":
            record[key] = value
    record["protocol"] = job.protocol
    record["seed"] = job.seed
    record["wall_time_s"] = round(sum(fold["wall_time_s"] for fold in folds), 1)
    record["folds"] = [{key: fold[key] for key in own} for fold in folds]
    record["test"] = describing.score_part(answers, job.kind)
    return record


class PlanFields(TypedDict):
    """What ``plan.json`` says: how a run was started, and on what."""

    recipe: dict
    precision: str
    rows: dict[str, int]
    ids: str


def _plan(job: Job, material: Material) -> PlanFields:
    parts = material.parts
    ids = hashlib.sha256()
    for part in parts.values():
        for values in (part.id, part.group, part.y):
            ids.update("\n".join(map(str, values)).encode())
    return {
        "recipe": job.recipe.to_dict(),
        "precision": job.precision,
        "rows": {name: len(part) for name, part in parts.items()},
        "ids": ids.hexdigest(),
    }


def _check_plan(folder: Path, plan: PlanFields) -> None:
    """Refuse to go on with a run of other settings or other rows, or without its plan."""
    path = folder / PLAN
    if not path.is_file() and not (folder / STATE).is_file():
        return
    before = read_json(path, PlanFields, DAMAGED)
    settings = ("recipe", "precision")
    if any(before[key] != plan[key] for key in settings):
        raise DataError(folder, "was started with other settings", DAMAGED)
    if before != plan:
        rows = sum(before["rows"].values())
        now = sum(plan["rows"].values())
        what = f"was started on other data ({rows:,} rows then, {now:,} now)"
        raise DataError(folder, what, DAMAGED)


def _prepare_folder(job: Job, material: Material) -> None:
    """Start afresh, or check that the run to go on with was started like this one."""
    folder = job.folder
    plan = _plan(job, material)
    if job.resume:
        _check_plan(folder, plan)
    if job.resume and (folder / PLAN).is_file():
        return
    if (folder / STATE).is_file() and not job.overwrite:
        raise EmotutilsError(
            f"{folder} holds this run already: go on with it (--resume), delete it (--overwrite), "
            "or train elsewhere (--out)"
        )
    shutil.rmtree(folder, ignore_errors=True)
    with replacing(folder / PLAN) as temporary:
        temporary.write_text(json.dumps(plan), encoding="utf-8")
