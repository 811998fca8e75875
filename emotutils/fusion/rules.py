"""Decision-level fusion: several streams' probabilities become one (thesis 3.1, 4.4). Taught in
notebooks/13_fusion.

After Kittler, Hatef, Duin and Matas (1998), "On combining classifiers", IEEE TPAMI 20(3).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from ..emotions import EMOTIONS
from ..errors import EmotutilsError
from ..support.plugins import add_announced, check_usable

#: What a probability of 0 counts as where its logarithm is taken.
LEAST = 1e-6


def _mean(p: np.ndarray, w: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Weighted mean, label by label; the weights of the streams that are there are brought to a sum
    of 1.
    """
    there = ~np.isnan(p)
    weights = w * there
    # Where no stream that is there has a weight for a label, all have the same.
    weighted = weights.sum(axis=0) > 0
    weights = np.where(weighted, weights, there)
    total = weights.sum(axis=0)
    return np.nansum(p * weights, axis=0) / total


def _product(p: np.ndarray, w: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Bayes' rule for streams that are independent given the label: the prior stands in each, and
    must count once.

    Streams that learned with unlike priors share the geometric mean of these (``prior_of``): it
    raises a label that is rare for one of them, so that two that say "anger" may together say
    "disgust".
    """
    logs = np.log(np.clip(p, LEAST, 1))
    there = ~np.isnan(p[:, :, :1])
    extra = there.sum(axis=0) - 1
    summed = np.nansum(logs, axis=0)
    return softmax(summed - extra * np.log(prior), axis=1)


def _maximum(p: np.ndarray, w: np.ndarray, prior: np.ndarray) -> np.ndarray:
    return np.nanmax(p, axis=0)


def _majority(p: np.ndarray, w: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Shares of the votes. A tie, the usual case with two streams, goes to the label of the higher
    mean.
    """
    there = ~np.isnan(p[:, :, 0])
    first = np.nan_to_num(p).argmax(axis=2)
    ballots = np.eye(p.shape[2])[first]
    votes = (ballots * there[:, :, None]).sum(axis=0)
    # Far less than one vote: it decides between equals only.
    return votes + 1e-3 * np.nanmean(p, axis=0)


Formula = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
#: Fusion rules by name; each takes (streams, moments, 7), NaN where a stream has nothing, weights
#: (streams, 1, 7) and the label prior (7,), and gives (moments, 7). ``"stacking"`` is learned and
#: has no formula: see ``Stacking``.
RULES: dict[str, Formula | None] = {
    "weighted": _mean,
    "mean": _mean,
    "product": _product,
    "maximum": _maximum,
    "majority": _majority,
    "stacking": None,
}
#: Chosen on real pairs (``studies.takes``): in each of five folds by actor the product has the
#: highest accuracy on the other four.
DEFAULT_RULE = "product"


def register_rule(name: str, formula: Formula) -> None:
    """Make a rule known under ``name``, to ``fuse``, ``analyze`` and the command line. See `RULES`
    for its form.

    ``fuse`` leaves out moments in which no stream has anything, and brings what the rule gives to a
    sum of 1. A package can also announce a rule by the entry-point group ``emotutils.rules``.

    Raises
    ------
    EmotutilsError : a name that is taken by what is no formula.
    """
    if name in ("weighted", "stacking", "joint"):
        raise EmotutilsError(f"fusion rule {name!r} is more than a formula: choose another name")
    RULES[name] = formula


def rule_names() -> list[str]:
    """The names of all rules, those that other packages announce included."""
    add_announced("rules", RULES, register_rule)
    return list(RULES)


Weights = Mapping[str, float | Sequence[float]]


@dataclass(frozen=True)
class Stacking:
    """A logistic regression on the logarithms of all streams' probabilities (Wolpert 1992).

    Attributes
    ----------
    streams : the streams' names, in the order of the coefficients.
    coef, intercept : (7, 7 · streams) and (7,). Plain numbers, so that a file of them cannot run
        code.
    """

    streams: tuple[str, ...]
    coef: np.ndarray
    intercept: np.ndarray

    @classmethod
    def fit(cls, streams: Mapping[str, np.ndarray], y: np.ndarray) -> "Stacking":
        """Learn it from rows that no network learned from and that test nothing (validation rows).

        Parameters
        ----------
        streams : by name, each (n, 7) probabilities, none missing.
        y : int (n,), indices into ``EMOTIONS``.

        Raises
        ------
        EmotutilsError : a gap in a stream, or a label that never occurs.
        """
        x = _side_by_side(list(streams.values()))
        if np.isnan(x).any():
            raise EmotutilsError(
                "stacking learns from moments in which all streams have an answer: "
                "leave out the others"
            )
        from sklearn.linear_model import LogisticRegression  # here: applying a rule needs it not

        # Newton's method goes all the way to the one best solution: the same in every run.
        model = LogisticRegression(solver="newton-cholesky", tol=1e-8).fit(x, y)
        if len(model.classes_) != len(EMOTIONS):
            raise EmotutilsError(
                f"stacking needs rows of all {len(EMOTIONS)} labels, here are {len(model.classes_)}"
            )
        return cls(tuple(streams), model.coef_, model.intercept_)

    def __call__(self, streams: Mapping[str, np.ndarray]) -> np.ndarray:
        """(n, 7) probabilities where all streams have an answer, NaN elsewhere."""
        x = _side_by_side([streams[name] for name in self.streams])
        scores = x @ self.coef.T + self.intercept
        return softmax(scores, axis=1)

    def to_dict(self) -> dict:
        """As JSON has it."""
        return {
            "streams": list(self.streams),
            "coef": self.coef.round(5).tolist(),
            "intercept": self.intercept.round(5).tolist(),
        }

    @classmethod
    def from_dict(cls, values: Mapping) -> "Stacking":
        """From what ``to_dict`` gave."""
        return cls(
            streams=tuple(values["streams"]),
            coef=np.array(values["coef"]),
            intercept=np.array(values["intercept"]),
        )


def _side_by_side(streams: list[np.ndarray]) -> np.ndarray:
    """(n, 7 · streams) logarithms of the probabilities."""
    logs = [np.log(np.clip(p, LEAST, 1)) for p in streams]
    return np.hstack(logs)


def fuse(
    streams: Mapping[str, np.ndarray],
    rule: str = "mean",
    weights: Weights | None = None,
    *,
    prior: Sequence[float] | None = None,
    stacking: Stacking | None = None,
) -> np.ndarray:
    """Combine streams moment by moment; a stream that has nothing at a moment (NaN) is left out
    there, not filled in.

    Parameters
    ----------
    streams : by name, each (n, 7) probabilities or rows of NaN.
    rule : ``"mean"``; ``"weighted"``, a mean by ``weights``; ``"product"`` of experts, with the
        label prior divided out once; ``"maximum"``; ``"majority"`` of the streams' first labels;
        ``"stacking"``, learned.
    weights : of each stream, one number or one for each label, ≥ 0; what they add up to does not
        matter. Required by ``"weighted"``, refused by the others. A stream whose weights are all 0
        says nothing.
    prior : (7,) shares of the labels that the networks learned with, for ``"product"``; equal by
        default.
    stacking : required by ``"stacking"``; where one of its streams is missing, the mean of those
        that are there.

    Returns
    -------
    float64 (n, 7), rows summing to 1, or NaN where no stream has anything: nothing is guessed.

    Raises
    ------
    EmotutilsError : an unknown rule, no streams, other shapes, or weights, prior or stacking that
        do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> face = np.array([[0.8, 0, 0, 0, 0, 0, 0.2]])
    >>> voice = np.array([[0.2, 0, 0, 0, 0, 0, 0.8]])
    >>> fuse({"face": face, "voice": voice})
    array([[0.5, 0. , 0. , 0. , 0. , 0. , 0.5]])
    >>> fuse({"face": face, "voice": voice}, "weighted", {"face": 3, "voice": 1}).round(2)
    array([[0.65, 0.  , 0.  , 0.  , 0.  , 0.  , 0.35]])
    >>> fuse({"face": face, "voice": np.full((1, 7), np.nan)})  # nobody speaks
    array([[0.8, 0. , 0. , 0. , 0. , 0. , 0.2]])
    """
    _check_options(rule, weights, stacking)
    _check_shapes(streams)
    if weights is None:
        weights = dict.fromkeys(streams, 1.0)
    w = check_weights(weights, streams)
    w = w / w.max()  # what they add up to does not matter: so no sum is too large
    p = np.stack([np.asarray(values, dtype=np.float64) for values in streams.values()])
    p[np.isnan(p).any(axis=2)] = np.nan
    silent = ~w.any(axis=1)
    p[silent] = np.nan
    missing = np.isnan(p[:, :, 0])
    present = ~missing.all(axis=0)
    formula = RULES[rule] or RULES["mean"]
    out = np.full(p.shape[1:], np.nan)
    out[present] = formula(p[:, present], w[:, None], _checked_prior(prior))
    if stacking is not None:
        together = ~missing.any(axis=0)
        out[together] = _stack(stacking, dict(zip(streams, p[:, together], strict=True)))
    return out / out.sum(axis=1, keepdims=True)


def _check_options(rule: str, weights: Weights | None, stacking: Stacking | None) -> None:
    """That the rule is known and has just what belongs to it."""
    if rule not in RULES and rule not in rule_names():
        check_usable("rules", rule)
        raise EmotutilsError(f"unknown fusion rule {rule!r}: known are {', '.join(RULES)}")
    if rule == "weighted" and weights is None:
        raise EmotutilsError(f"fusion rule {rule!r} needs weights")
    if rule != "weighted" and weights is not None:
        raise EmotutilsError(f"fusion rule {rule!r} takes no weights")
    if rule == "stacking" and stacking is None:
        raise EmotutilsError(f"fusion rule {rule!r} needs a fitted Stacking")
    if rule != "stacking" and stacking is not None:
        raise EmotutilsError(f"fusion rule {rule!r} takes no fitted Stacking")


def _check_shapes(streams: Mapping[str, np.ndarray]) -> None:
    if not streams:
        raise EmotutilsError("nothing to fuse: no streams")
    shapes = {name: np.shape(p) for name, p in streams.items()}
    moments = next(iter(shapes.values()))[:1]
    if set(shapes.values()) != {(*moments, len(EMOTIONS))}:
        raise EmotutilsError(
            f"streams must share one shape (moments, {len(EMOTIONS)}), not {shapes}"
        )


def _checked_prior(prior: Sequence[float] | None) -> np.ndarray:
    """(7,) shares of the labels; equal by default."""
    k = len(EMOTIONS)
    if prior is None:
        return np.full(k, 1 / k)
    shares = np.asarray(prior, float)
    if shares.shape != (k,) or not (shares > 0).all():
        raise EmotutilsError(f"the prior must be {k} shares above 0, one for each label")
    return shares


def _stack(stacking: Stacking, streams: Mapping[str, np.ndarray]) -> np.ndarray:
    if set(stacking.streams) != set(streams):
        fitted = ", ".join(stacking.streams)
        raise EmotutilsError(f"this stacking was fitted on {fitted}, not {', '.join(streams)}")
    return stacking(streams)


def check_weights(weights: Weights, streams: Sequence[str] | Mapping) -> np.ndarray:
    """Weights as (streams, 7) in the order of ``streams``.

    Parameters
    ----------
    weights : of each stream, one number or seven, ≥ 0.
    streams : their names.

    Raises
    ------
    EmotutilsError : other streams, another number of labels, a weight below 0 or not finite, or a
        label for which no stream has any weight.
    """
    names = list(streams)
    k = len(EMOTIONS)
    wrong = (
        f"weights must name the streams {', '.join(names)}, one number or {k} each, ≥ 0, "
        "not all 0 for any label"
    )
    if set(weights) != set(names):
        named = ", ".join(weights) or "none"
        raise EmotutilsError(f"{wrong}; these name {named}")
    rows = []
    for name in names:
        try:
            row = np.asarray(weights[name], float)
            rows.append(np.broadcast_to(row, k))
        except ValueError:
            raise EmotutilsError(wrong) from None
    w = np.stack(rows)
    if not np.isfinite(w).all() or (w < 0).any() or not (w > 0).any(axis=0).all():
        raise EmotutilsError(wrong)
    return w


def weights_from(confusion: np.ndarray) -> np.ndarray:
    """How far a stream is trusted with each label: the label's F1 on validation rows.

    A label that is often right when said (precision) and seldom missed (recall) has much weight;
    one that the network neither says nor misses has none.

    Parameters
    ----------
    confusion : (7, 7) counts, rows the true labels.

    Returns
    -------
    float64 (7,), 0..1.
    """
    counts = np.asarray(confusion, float)
    total = counts.sum(axis=0) + counts.sum(axis=1)
    # A label that is neither said nor missed: 0 of 1, not 0 of 0.
    total = np.where(total > 0, total, 1)
    return 2 * np.diag(counts) / total
