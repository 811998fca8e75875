"""Train a registered network on a data set, with checkpoints, resume and a record of the run.

Taught in notebooks/07_conv2d (faces), notebooks/10_conv1d (voices) and notebooks/14_one_network;
the recipes named ``thesis`` follow 4.5–4.9.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
from tqdm.auto import tqdm

from .. import config, datasets, faces, voices
from ..datasets import Pairs, Part, splits
from ..emotions import EMOTIONS
from ..errors import EmotutilsError
from ..networks import (
    build_network,
    compile_for,
    input_shape_of,
    kind_of,
    save_network,
    with_seed,
)
from ..support.files import replacing
from ..voices import PAD
from . import records
from .recipes import Recipe, recipe_for

SHIPPED_BYTES = (
    10_000_000  # a larger file of weights is too much for everybody who clones the course
)
AUGMENTATIONS: dict[str, Callable] = {
    "faces": faces.augment_faces,
    "log_mel": voices.augment_log_mel,
    "pairs": datasets.augment_pairs,
}


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
    if "sample-" in data and "weights" in plan.options:
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
    protocol = protocol or records.own_protocol(data, modality)
    keras.utils.set_random_seed(seed)
    dataset, parts, draw, held = _material(modality, data, protocol, plan, root, seed)
    name = records.run_name(protocol, data, network, plan, seed)
    folder = config.output_root(out) / name
    _prepare_folder(folder, plan.to_dict(), resume)
    model = build_for(plan, network, parts["train"], len(dataset.labels))
    history, seconds = _fit(model, plan, parts, folder, seed, resume, progress, draw)
    model.load_weights(folder / "best.weights.h5")

    record = {
        "protocol": protocol,
        "data": data,
        "network": network,
        "variant": plan.variant,
        "recipe": recipe,
        "seed": seed,
        "parameters": model.count_params(),
        "notes": records.notes(network, plan, data),
        **records.describe(plan, parts, modality),
        "wall_time_s": round(seconds, 1),
        "best_epoch": _best(history, plan.monitor) + 1,
        "history": history,
    }
    arrays = {}

    def answers(x: Input) -> np.ndarray:
        # Half precision is what ships; the metrics are computed from it, so that they can be had
        # again exactly.
        return model.predict(_floats(x), batch_size=256, verbose=0).astype(np.float16)

    for split in ("validation", "test"):
        part = parts[split]
        proba = answers(part.x)
        arrays |= {
            f"{split}_id": part.id,
            f"{split}_group": part.group,
            f"{split}_y": part.y,
            f"{split}_proba": proba,
        }
        record[split] = records.score(part, proba.astype(np.float64), dataset.labels, modality)
    if modality == "face":
        mirrored = answers(parts["test"].x[:, :, ::-1])
        details, more = records.face_details(
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
    card = records.card(network, plan, dataset, record, input_shape_of(model), name, chosen_on)
    if modality == "both":
        card["calibration"] |= records.by_source(arrays, dataset.labels)
    run = Run(
        record, records.write(folder, name, record, arrays), save_network(model, card, folder)
    )
    if publish:
        records.write(config.shipped_root() / "runs", name, record, arrays)
        if protocol in splits.OWN and run.network_path.stat().st_size <= SHIPPED_BYTES:
            save_network(model, card, config.shipped_root() / "weights")
    return run


#: A network's input: one array, or several by name; rows first.
Input = np.ndarray | dict[str, np.ndarray]


def _floats(x: Input, rows: np.ndarray | slice = slice(None)) -> Input:
    """Some rows of an input as float32."""
    return keras.tree.map_structure(lambda values: values[rows].astype(np.float32), x)


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
        own = records.own_protocol(data, modality)
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
        details[f"{source}_only"] = records.score(part, proba.astype(np.float64), labels, "both")
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
        "test": records.score(everything, proba, labels, kind_of(network)),
    }
    name = records.run_name(protocol, data, network, plan, options["seed"])
    path = records.write(config.output_root(options["out"]) / name, name, record, arrays)
    if publish:
        records.write(config.shipped_root() / "runs", name, record, arrays)
    return Run(record, path, None)


class Batches(keras.utils.PyDataset):
    """Shuffled, augmented training batches; the same seed and epoch give the same batches, also
    after a resume.
    """

    def __init__(
        self,
        part: Part | Pairs,
        n_labels: int,
        recipe: Recipe,
        seed: int,
        epoch: int,
        sample_weight: np.ndarray | None = None,
        draw: Callable[[list[int]], Pairs] | None = None,
    ):
        super().__init__(workers=1)
        self.draw = draw  # other faces beside the same voices, in every epoch
        self.part, self.n_labels, self.recipe, self.seed, self.epoch = (
            part,
            n_labels,
            recipe,
            seed,
            epoch,
        )
        self.weight = sample_weight
        if recipe.balanced:
            counts = np.bincount(part.y, minlength=n_labels)
            balance = (len(part) / (n_labels * np.maximum(counts, 1)))[part.y].astype(np.float32)
            self.weight = balance if sample_weight is None else balance * sample_weight
        options = (
            {"deltas": recipe.features.deltas} if recipe.augment in ("log_mel", "pairs") else {}
        )
        self.augment = partial(AUGMENTATIONS[recipe.augment], **options) if recipe.augment else None
        self._shuffle()

    def _shuffle(self) -> None:
        if self.draw:
            self.part = self.draw([self.seed, self.epoch])
        self.order = np.random.default_rng([self.seed, self.epoch]).permutation(len(self.part))

    def __len__(self) -> int:
        return -(-len(self.part) // self.recipe.batch_size)

    def __getitem__(self, index: int):
        rows = self.order[index * self.recipe.batch_size : (index + 1) * self.recipe.batch_size]
        x = _floats(self.part.x, rows)
        if self.augment:
            x = self.augment(x, np.random.default_rng([self.seed, self.epoch, index]))
        y = np.eye(self.n_labels, dtype=np.float32)[self.part.y[rows]]
        return (x, y) if self.weight is None else (x, y, self.weight[rows])

    def on_epoch_end(self) -> None:
        self.epoch += 1
        self._shuffle()


@keras.saving.register_keras_serializable("emotutils")
class UnweightedAverageRecall(keras.metrics.Metric):
    """Mean of the recalls of the labels that occurred; one-hot labels in, as the training batches
    give them.
    """

    def __init__(self, n_labels: int, name: str = "uar", **kwargs):
        super().__init__(name=name, **kwargs)
        self.n_labels = n_labels
        self.hits = self.add_variable((n_labels,), initializer="zeros", name="hits")
        self.seen = self.add_variable((n_labels,), initializer="zeros", name="seen")

    def update_state(self, y_true, y_pred, sample_weight=None):
        right = keras.ops.equal(keras.ops.argmax(y_true, -1), keras.ops.argmax(y_pred, -1))
        self.hits.assign_add(
            keras.ops.sum(y_true * keras.ops.cast(right, y_true.dtype)[:, None], axis=0)
        )
        self.seen.assign_add(keras.ops.sum(y_true, axis=0))

    def result(self):
        occurred = keras.ops.cast(self.seen > 0, self.seen.dtype)
        return keras.ops.sum(self.hits / keras.ops.maximum(self.seen, 1)) / keras.ops.maximum(
            keras.ops.sum(occurred), 1
        )

    def get_config(self):
        return {**super().get_config(), "n_labels": self.n_labels}


def _layers(model: keras.Model) -> Iterator[keras.Layer]:
    """The layers of a model and of the models in it."""
    for layer in model.layers:
        yield from _layers(layer) if isinstance(layer, keras.Model) else (layer,)


class _State(keras.callbacks.Callback):
    """After each epoch: history, then weights with the optimizer's state. A resume reads the epoch
    off the latter.

    Dropout draws anew from seed and epoch, so that a resumed run drops what an unbroken one would
    have dropped.
    """

    def __init__(
        self, folder: Path, history: list[dict], seed: int, earlier: float, started: float
    ):
        super().__init__()
        self.folder, self.history, self.seed, self.earlier, self.started = (
            folder,
            history,
            seed,
            earlier,
            started,
        )

    def on_epoch_begin(self, epoch, logs=None):
        for i, layer in enumerate(_layers(self.model)):
            if hasattr(layer, "seed_generator"):
                layer.seed_generator.state.assign(
                    np.array([1000 * self.seed + i, epoch], np.uint32)
                )

    def on_epoch_end(self, epoch, logs=None):
        if not np.isfinite(logs["loss"]):
            raise EmotutilsError(
                f"training stopped in epoch {epoch + 1}: the loss is {logs['loss']}; lower the learning rate. "
                f"The epochs before it are kept in {self.folder}"
            )
        self.history.append({k: round(float(v), 5) for k, v in logs.items()})
        seconds = self.earlier + time.monotonic() - self.started
        with replacing(self.folder / "history.json") as temporary:
            temporary.write_text(json.dumps({"seconds": seconds, "epochs": self.history}))
        with replacing(self.folder / "state.weights.h5") as temporary:
            self.model.save_weights(temporary)


class _Best(keras.callbacks.Callback):
    """Keep the weights (averaged ones, where the recipe averages) of the best epoch on validation
    data.
    """

    def __init__(self, folder: Path, history: list[dict], monitor: str | None):
        super().__init__()
        self.folder, self.history, self.monitor = folder, history, monitor

    def on_epoch_end(self, epoch, logs=None):
        if _best(self.history, self.monitor) == len(self.history) - 1:
            with replacing(self.folder / "best.weights.h5") as temporary:
                self.model.save_weights(temporary)


class _Bar(keras.callbacks.Callback):
    """One bar over all epochs, with the time left."""

    def __init__(self, name: str, total: int, done: int):
        super().__init__()
        self.bar = tqdm(desc=name, total=total, initial=done, unit="batch", dynamic_ncols=True)

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update()

    def on_epoch_end(self, epoch, logs=None):
        shown = {
            k: f"{logs[k]:.3f}"
            for k in ("loss", "accuracy", "val_accuracy", "val_uar")
            if k in logs
        }
        self.bar.set_postfix(epoch=epoch + 1, **shown)

    def on_train_end(self, logs=None):
        self.bar.close()


def _fit(model, plan, parts, folder, seed, resume, progress, draw=None) -> tuple[list[dict], float]:
    started = time.monotonic()
    n_labels = model.output_shape[-1]
    batches = Batches(parts["train"], n_labels, plan, seed, 0, draw=draw)
    history: list[dict] = []
    earlier = 0.0
    if resume and (folder / "state.weights.h5").is_file():
        model.load_weights(folder / "state.weights.h5")
        saved = json.loads((folder / "history.json").read_text())
        done = int(model.optimizer.iterations) // len(batches)
        history, earlier = saved["epochs"][:done], saved["seconds"]
        batches = Batches(parts["train"], n_labels, plan, seed, done, draw=draw)
    callbacks = [_State(folder, history, seed, earlier, started)]
    if plan.ema:
        callbacks.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
    callbacks.append(_Best(folder, history, plan.monitor))
    if progress:
        callbacks.append(_Bar(folder.name, plan.epochs * len(batches), len(history) * len(batches)))
    validation = parts["validation"]
    y = np.eye(n_labels, dtype=np.float32)[validation.y]
    try:
        model.fit(
            batches,
            initial_epoch=len(history),
            epochs=plan.epochs,
            shuffle=False,  # the batches are shuffled already, and Keras would use a state that a resume cannot restore
            validation_data=(_floats(validation.x), y),
            validation_batch_size=256,
            callbacks=callbacks,
            verbose=0,
        )
    except Exception as error:
        if (
            "RESOURCE_EXHAUSTED" in str(error)
            or "OOM" in str(error)
            or isinstance(error, MemoryError)
        ):
            raise EmotutilsError(
                f"memory ran out at batch size {plan.batch_size}: close other programs or use a smaller network; "
                f"finished epochs are kept in {folder} (--resume)"
            ) from error
        raise
    return history, earlier + time.monotonic() - started


def build_for(
    plan: Recipe, network: str, train_part: Part, n_labels: int, seed: int | None = None
) -> keras.Model:
    """A network compiled as the recipe says, with its normalisation fitted on the training part;
    untrained.

    Its weights and its dropout come from the seed; without one, from
    ``keras.utils.set_random_seed``.
    """
    x = train_part.x
    shapes = (
        {k: v.shape[1:] for k, v in x.items() if k != "present"}
        if isinstance(x, dict)
        else x.shape[1:]
    )
    model = build_network(
        network, plan.variant, n_labels=n_labels, input_shape=shapes, **plan.options
    )
    model = model if seed is None else with_seed(model, seed)
    if isinstance(x, dict):
        shipped, pictures = plan.options.get("weights"), x["face"].ndim == 5
        if not (shipped and pictures):  # a shipped trunk brings its own
            face = x["face"].reshape(-1, *x["face"].shape[2:]) if pictures else x["face"]
            _adapt(model.get_layer("face_trunk"), face)
        if not shipped:
            _adapt(model.get_layer("voice_trunk"), x["voice"])
    else:
        _adapt(model, x)
    _compile(model, plan, steps=-(-len(train_part) // plan.batch_size))
    return model


def _adapt(model: keras.Model, x: np.ndarray) -> None:
    """Fit the layer ``normalization``, where a network has one, on training rows."""
    if "normalization" not in [layer.name for layer in model.layers]:
        return
    x = x.astype(np.float32)
    if x.ndim == 3:
        # Padding is not sound: mean and variance come from real frames only.
        x = x[x[:, :, 0] != PAD][None]
    model.get_layer("normalization").adapt(x)


def _compile(model: keras.Model, plan: Recipe, steps: int) -> None:
    rate = plan.learning_rate
    if plan.cosine:
        total = max(2, plan.epochs * steps)
        warm = max(1, total // 20)
        rate = keras.optimizers.schedules.CosineDecay(
            plan.learning_rate / 50,
            total - warm,
            warmup_target=plan.learning_rate,
            warmup_steps=warm,
        )
    optimizer = keras.optimizers.get(
        {
            "class_name": plan.optimizer,
            "config": {
                "learning_rate": rate,
                "weight_decay": plan.weight_decay or None,
                "use_ema": plan.ema > 0,
                "ema_momentum": plan.ema or 0.99,
            },
        }
    )
    compile_for(
        model,
        optimizer=optimizer,
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=plan.label_smoothing),
        metrics=["accuracy", UnweightedAverageRecall(model.output_shape[-1])],
    )
    optimizer.build(model.trainable_variables)


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


def _best(history: list[dict], monitor: str | None) -> int:
    return int(np.argmax([epoch[monitor] for epoch in history])) if monitor else len(history) - 1
