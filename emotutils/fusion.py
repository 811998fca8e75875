"""Decision-level fusion: several streams' probabilities become one (thesis 4.4). Taught in notebooks/13_fusion."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy.spatial.distance import jensenshannon

from .errors import EmotutilsError


def _mean(p: np.ndarray, w: np.ndarray) -> np.ndarray:
    return np.nansum(p * w, axis=0) / np.nansum(w * ~np.isnan(p), axis=0)


def _product(p: np.ndarray, w: np.ndarray) -> np.ndarray:
    # A geometric mean, so that one more stream does not by itself make the answer surer.
    logs = np.log(np.clip(p, 1e-9, 1))
    return _normalised(np.exp(np.nansum(logs * w, axis=0) / np.nansum(w * ~np.isnan(p), axis=0)))


def _maximum(p: np.ndarray, w: np.ndarray) -> np.ndarray:
    return _normalised(np.nanmax(p, axis=0))


def _normalised(p: np.ndarray) -> np.ndarray:
    return p / p.sum(axis=-1, keepdims=True)


#: Fusion rules by name; each takes (streams, moments, 7), NaN where a stream has nothing, and weights of that shape.
RULES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "mean": _mean,
    "weighted": _mean,
    "product": _product,
    "maximum": _maximum,
}
DEFAULT_RULE = "mean"


def fuse(
    streams: Mapping[str, np.ndarray], rule: str = DEFAULT_RULE, weights: Mapping[str, float] | None = None
) -> np.ndarray:
    """Combine streams moment by moment; a stream that has nothing at a moment (NaN) is left out there.

    Parameters
    ----------
    streams : by name, each (n, 7) probabilities or rows of NaN.
    rule : ``"mean"``, ``"weighted"`` (mean by ``weights``), ``"product"`` (geometric mean) or ``"maximum"``.
    weights : of each stream, ≥ 0 and not all 0; required by ``"weighted"``, refused by the others.

    Returns
    -------
    float64 (n, 7), rows summing to 1, or NaN where no stream has anything: nothing is guessed.

    Raises
    ------
    EmotutilsError : an unknown rule, no streams, other shapes, or weights that do not fit.
    """
    if rule not in RULES:
        raise EmotutilsError(f"unknown fusion rule {rule!r}: known are {', '.join(RULES)}")
    if not streams:
        raise EmotutilsError("nothing to fuse: no streams")
    if (rule == "weighted") != (weights is not None):
        raise EmotutilsError(f"fusion rule {rule!r} " + ("needs weights" if weights is None else "takes no weights"))
    shapes = {name: np.shape(p) for name, p in streams.items()}
    if len(set(shapes.values())) != 1 or len(next(iter(shapes.values()))) != 2:
        raise EmotutilsError(f"streams must share one shape (moments, labels), not {shapes}")
    p = np.stack([np.asarray(s, dtype=np.float64) for s in streams.values()])
    given = [1.0 if weights is None else weights.get(name, -1.0) for name in streams]
    if weights is not None and (set(weights) != set(streams) or min(given) < 0 or max(given) == 0):
        raise EmotutilsError(
            f"weights must name the streams {', '.join(streams)}, be ≥ 0 and not all 0: {dict(weights)}"
        )
    # A stream of weight 0 says nothing: where it is alone, there is no answer.
    p[np.array(given) == 0] = np.nan
    out = np.full(p.shape[1:], np.nan)
    present = ~np.isnan(p).any(axis=2).all(axis=0)
    w = np.broadcast_to(np.array(given)[:, None, None], p.shape)
    out[present] = RULES[rule](p[:, present], w[:, present])
    return out


def agreement(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How alike two streams are at each moment: 1 − Jensen–Shannon divergence (base 2), 1 alike, 0 opposite.

    Parameters
    ----------
    a, b : (n, 7) probabilities or rows of NaN.

    Returns
    -------
    float64 (n,); NaN where either stream has nothing.
    """
    return 1 - jensenshannon(a, b, base=2, axis=1) ** 2
