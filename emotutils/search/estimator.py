"""A scikit-learn classifier around any registered network. Taught in
notebooks/06_hyperparameter_search.
"""

import difflib
import inspect
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import joblib
import keras
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from ..errors import DataError, SearchError
from ..networks import entry_of, network_names, network_options, register_network
from ..support.files import clear
from ..support.quiet import no_hints
from ..training import Batches, Recipe, build_for, prepare
from ..training.batches import as_part
from ..training.callbacks import fits, load_arrays, rounded, save_arrays
from .memory import read_fit, write_fit

BATCH = 256  # rows in one compiled call when predicting


class NetworkClassifier(ClassifierMixin, BaseEstimator):
    """A registered network as a scikit-learn classifier: to search with, to put into a Pipeline, to
    clone and pickle.

    Every parameter below can be searched by name, and so can every option of the network's builder
    (``activation``, ``dropout`` …, see ``networks.network_options``): ``set_params(dropout=0.3)``
    puts it into ``options``.

    Written by hand because scikeras is abandoned and breaks on scikit-learn 1.6, and Keras' own
    SKLearnClassifier loses its fit arguments when cloned, has no ``predict_proba`` and refuses
    images.

    Parameters
    ----------
    network, variant : a registered name, ``"thesis"`` or ``"best"``; see ``build_network``.
    epochs, batch_size : whole numbers from 1.
    optimizer : a name that Keras knows, in lower case: ``"adam"``, ``"rmsprop"``, ``"sgd"`` …
    learning_rate : constant; ``None`` is the optimizer's own default, as in the thesis's searches.
    options : further options of the builder, by name.
    memory : a folder that keeps every finished fit, so that the same fit on the same rows is not
        done twice, in whatever process; ``None`` keeps nothing. Failed fits are kept as well, with
        their reason.
    random_state : of weights, order and dropout; the same number gives the same network.

    Attributes
    ----------
    classes_ : (k,) the labels as they were given to ``fit``, sorted.
    model_ : the trained ``keras.Model``. history_ : one dict an epoch, with ``loss``, ``accuracy``
        and ``uar``.
    n_features_in_ : length of the input's second axis.
    """

    def __init__(
        self,
        network="conv2d",
        *,
        variant="thesis",
        epochs=10,
        batch_size=100,
        optimizer="adam",
        learning_rate=None,
        options=None,
        memory=None,
        random_state=0,
    ):
        self.network = network
        self.variant = variant
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.options = options
        self.memory = memory
        self.random_state = random_state

    def get_params(self, deep: bool = True) -> dict:
        """The parameters by name; with ``deep``, the options of the builder too, at their present
        values.
        """
        own = super().get_params(deep=False)
        if not deep:
            return own
        # What is no network, or no mapping, is an error in `fit`: scikit-learn lists parameters
        # before it trusts them.
        options = {}
        if isinstance(self.network, str) and self.network in network_names():
            options.update(network_options(self.network))
        if isinstance(self.options, Mapping):
            options.update(self.options)
        return {**options, **own}

    def set_params(self, **params):
        """Set parameters and options of the builder by name.

        Raises
        ------
        SearchError : a name that is neither, with the nearest ones that are.
        """
        names = self._get_param_names()
        own = {}
        options = {}
        for name, value in params.items():
            if name in names:
                own[name] = value
            else:
                options[name] = value
        super().set_params(**own)
        if options:
            check_names(self, options)
            before = self.options or {}
            self.options = {**before, **options}
        return self

    def fit(self, X, y, sample_weight=None):
        """Train from new weights.

        Parameters
        ----------
        X : (n, …) as the network takes it: faces (n, 48, 48, 1) in 0..255, coefficients (n, 40),
            log-mel (n, frames, bands) …
        y : (n,) labels of any kind.
        sample_weight : (n,) how much each row counts in the loss.

        Raises
        ------
        SearchError : an impossible value of a parameter, or a loss that is no longer a number.
        """
        no_hints()  # a search makes many models, and TensorFlow takes that for a mistake
        X, y = validate_data(self, X, y, allow_nd=True)
        check_classification_targets(y)
        check_values(self.get_params())
        self.classes_, codes = np.unique(y, return_inverse=True)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float32)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        plan = self._recipe()
        part = as_part((X, codes))
        n_labels = len(self.classes_)
        self.model_ = build_for(plan, self.network, part, n_labels, seed)
        prepare(self.model_, part, plan)
        batches = Batches(part, n_labels, plan, seed, 0, sample_weight)
        if self.memory is None:
            self.history_ = _trained(self.model_, batches)
        else:
            decisive = [
                self.network,
                plan.to_dict(),
                X,
                codes,
                sample_weight,
                seed,
                _code(self.network),
            ]
            path = Path(self.memory) / joblib.hash(decisive)
            self.history_ = _recalled(path, self.model_, batches, self.get_params())
        epochs = len(self.history_)
        loss = self.history_[-1]["loss"]
        if not np.isfinite(loss):
            raise SearchError(f"the loss is {loss} in epoch {epochs}: lower the learning rate")
        return self

    def _recipe(self) -> Recipe:
        """The parameters as a recipe: a constant learning rate, and no early stopping."""
        rate = self.learning_rate
        if not rate:
            optimizer = keras.optimizers.get(self.optimizer)
            rate = round(float(optimizer.learning_rate), 9)
        return Recipe(
            variant=self.variant,
            epochs=self.epochs,
            batch_size=self.batch_size,
            optimizer=self.optimizer,
            learning_rate=rate,
            cosine=False,
            monitor=None,
            options=self.options or {},
        )

    def predict_proba(self, X) -> np.ndarray:
        """Probabilities (n, k) of ``classes_``, each row summing to 1."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, allow_nd=True)
        fitted = self.model_.input_shape[1:]
        asked = X.shape[1:]
        if asked != fitted:
            raise SearchError(f"fitted on rows of shape {fitted}, asked about {asked}")
        parts = []
        for start in range(0, len(X), BATCH):
            rows = X[start : start + BATCH].astype(np.float32)
            parts.append(self.model_.predict_on_batch(rows))
        p = np.concatenate(parts).astype(np.float64)
        return p / p.sum(axis=1, keepdims=True)

    def predict(self, X) -> np.ndarray:
        """The most probable label of each row (n,)."""
        answers = self.predict_proba(X).argmax(axis=1)
        return self.classes_[answers]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def __getstate__(self):
        # A worker process knows the networks of the package; one registered in a notebook has to
        # travel along.
        state = super().__getstate__()
        entry = entry_of(self.network)
        if callable(entry.builder):
            return {**state, "_entry": entry}
        return state

    def __setstate__(self, state):
        entry = state.pop("_entry", None)
        if entry:
            register_network(state["network"], entry.builder, entry.kind)
        super().__setstate__(state)


def check_names(estimator: NetworkClassifier, names) -> None:
    """Raise SearchError for a name that is no parameter of the estimator and no option of its
    network.
    """
    builder = entry_of(estimator.network).load_builder()
    arguments = inspect.signature(builder).parameters.values()
    if any(argument.kind is argument.VAR_KEYWORD for argument in arguments):
        return
    known = estimator.get_params()
    for name in names:
        if name not in known:
            raise SearchError(
                f"{name!r} is no parameter of {estimator.network!r}{_nearest(name, known)}; "
                f"known are {', '.join(known)}"
            )


def check_values(params: dict) -> None:
    """Raise SearchError for a value that cannot be: an unknown optimizer or activation, a count
    below 1, no rate.
    """
    for name in ("epochs", "batch_size"):
        count = params.get(name, 1)
        if not _is_whole(count) or count < 1:
            raise SearchError(f"{name}={count!r}: choose a whole number from 1")
    if not isinstance(params.get("options") or {}, Mapping):
        raise SearchError(f"options={params['options']!r}: give a dict of names and values")
    rate = params.get("learning_rate")
    if rate is not None and not 0 < rate < np.inf:
        raise SearchError(
            f"learning_rate={rate!r}: choose a number above 0, or None for the optimizer's own"
        )
    choices = {"optimizer": _optimizers(), "activation": _activations()}
    for name, known in choices.items():
        value = params.get(name)
        if isinstance(value, str) and value not in known:
            raise SearchError(
                f"{name}={value!r} is unknown{_nearest(value, known)}; known are {', '.join(known)}"
            )


def _is_whole(value) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _optimizers() -> list[str]:
    names = []
    for kind in vars(keras.optimizers).values():
        if isinstance(kind, type) and issubclass(kind, keras.Optimizer):
            name = kind.__name__.lower()
            if name not in _ABSTRACT:
                names.append(name)
    return sorted(names)


#: Optimizers that cannot be made by name alone.
_ABSTRACT = {"optimizer", "lossscaleoptimizer", "multioptimizer"}


def _activations() -> list[str]:
    names = []
    for name, function in vars(keras.activations).items():
        public = inspect.isfunction(function) and not name.startswith("_")
        if public and name not in _NO_ACTIVATION:
            names.append(name)
    return sorted(names)


#: Functions that stand beside the activations and are none.
_NO_ACTIVATION = {"get", "serialize", "deserialize"}


def _nearest(name: str, known) -> str:
    near = difflib.get_close_matches(name, list(known), n=2, cutoff=0.5)
    if near:
        return f" (nearest: {', '.join(near)})"
    return ""


def _code(network: str) -> list[str]:
    """What decides what a network is, beside its options: the builder's text and the versions."""
    builder = entry_of(network).load_builder()
    try:
        text = inspect.getsource(builder)
    except OSError:  # typed into a bare interpreter
        text = builder.__qualname__
    return [text, version("emotutils"), version("keras"), keras.backend.backend()]


def _trained(model: keras.Model, batches: Batches) -> list[dict]:
    # Not by training.fit: it draws dropout anew from the seed and the epoch, so that no recorded
    # search could be had again; it takes no weights of rows; and it ends a training whose loss is
    # no number with an error, where a search has to keep what there was.
    stop = keras.callbacks.TerminateOnNaN()
    fitted = model.fit(
        batches,
        epochs=batches.recipe.epochs,
        shuffle=False,
        callbacks=[stop],
        verbose=0,
    )
    by_name = fitted.history
    history = []
    for epoch in range(len(by_name["loss"])):
        figures = {name: values[epoch] for name, values in by_name.items()}
        history.append(rounded(figures))
    return history


def _remembered(facts: Path, weights: Path, model: keras.Model) -> list[dict] | None:
    """The history of a fit that is remembered, its weights put into the model; None where it is not
    remembered, or a file is damaged.
    """
    if not facts.is_file():
        return None
    with suppress(DataError):
        found = read_fit(facts)
        values = load_arrays(weights)
        if fits(model, values):
            model.set_weights(values)
            os.utime(facts)
            return found["history"]
    return None


def _recalled(path: Path, model: keras.Model, batches: Batches, params: dict) -> list[dict]:
    """The history of a fit, with the model's weights as it left them: from the folder, or trained
    and put there.

    Two files: the weights without pickle, and, written last, a JSON that also tells when a fit was
    last asked for (its time), by which the bar of a search counts.
    """
    clear(path.parent)
    weights = path.with_suffix(".npz")
    facts = path.with_suffix(".json")
    remembered = _remembered(facts, weights, model)
    if remembered is not None:
        return remembered
    started = time.monotonic()
    history = _trained(model, batches)
    save_arrays(weights, model.get_weights())
    seconds = time.monotonic() - started
    found = {
        "parameters": params,
        "rows": len(batches.part),
        "seconds": round(seconds, 2),
        "history": history,
    }
    write_fit(facts, found)
    return history
