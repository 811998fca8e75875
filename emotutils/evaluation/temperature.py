"""A network's probabilities made worth believing, on validation rows. Taught in
notebooks/13_fusion.

Temperature scaling (Guo, Pleiss, Sun and Weinberger 2017, "On calibration of modern neural
networks", ICML) divides the logits by one number: the answers stay, how sure they are changes. What
a small, tilted or blurred face and a noisy voice cost is measured likewise: by the temperature that
such input needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields

import numpy as np
from scipy.special import log_softmax

from ..emotions import EMOTIONS, EMOTIONS_WITH_CALM, to_seven
from ..errors import EmotutilsError
from .calibration import ece, reliability, risk_coverage
from .metrics import LEAST, one_hot


def soften(
    proba: np.ndarray,
    temperature: float | np.ndarray,
    *,
    least: float = LEAST,
) -> np.ndarray:
    """Probabilities at a temperature: 1 changes nothing, above 1 is less sure, below 1 surer; the
    order stays.

    Parameters
    ----------
    proba : (n, k) probabilities.
    temperature : above 0, one for all rows or (n,).
    least : a smaller probability counts as this; as it stands, for answers that were recorded in
        float16.

    Returns
    -------
    float64 (n, k), rows summing to 1, or all NaN where ``proba`` is.

    Raises
    ------
    ValueError : a temperature that is not above 0.

    Examples
    --------
    >>> proba = np.array([[0.8, 0.2]])
    >>> soften(proba, 2).round(2)
    array([[0.67, 0.33]])
    >>> soften(proba, 0.5).round(2)
    array([[0.94, 0.06]])
    """
    proba = np.asarray(proba, np.float64)
    logits = np.log(np.clip(proba, least, 1))
    divisor = np.reshape(temperature, (-1, 1))
    if (divisor <= 0).any():
        raise ValueError(f"a temperature is above 0: at {divisor.min():g} there is no answer")
    cooled = logits / divisor
    return np.exp(log_softmax(cooled, axis=1))


def logs(proba: np.ndarray) -> np.ndarray:
    """Logarithms of probabilities, of which none counts as less than float16's smallest step.

    Parameters
    ----------
    proba : (n, k) probabilities, or NaN.

    Returns
    -------
    float64 (n, k).

    Examples
    --------
    >>> logs(np.array([[1.0, 0.5, 0.0]])).round(2)
    array([[  0.  ,  -0.69, -16.64]])
    """
    clipped = np.clip(np.asarray(proba, np.float64), LEAST, 1)
    return np.log(clipped)


def fit_temperature(y: np.ndarray, proba: np.ndarray) -> float:
    """The temperature at which the true labels are likeliest.

    Parameters
    ----------
    y : int (n,) true labels.
    proba : (n, k) probabilities, of rows that the network did not learn from and that test nothing.

    Returns
    -------
    float, 0.05..20: the ends stand for answers that are always right, or no better than chance.

    Raises
    ------
    ValueError : bad input, as in ``evaluation.score``.
    """
    y = np.asarray(y)
    proba = np.asarray(proba, np.float64)
    reliability(y, proba)  # refuses what cannot be scored
    logits = np.log(np.clip(proba, LEAST, 1))
    rows = np.arange(len(y))

    def loss(log_t: float) -> float:
        cooled = logits / np.exp(log_t)
        likelihoods = log_softmax(cooled, axis=1)
        own = likelihoods[rows, y]
        return -own.mean()

    from scipy.optimize import minimize_scalar  # here: `analyze` starts sooner without it

    bounds = np.log([0.05, 20])
    found = minimize_scalar(loss, bounds=bounds, method="bounded")
    return float(np.exp(found.x))


def threshold_for(curve: Sequence[Sequence[float]], error_rate: float) -> float:
    """The least top probability at which, on validation rows, at most ``error_rate`` of the answers
    were wrong.

    Parameters
    ----------
    curve : rows of (threshold, coverage, risk), highest threshold first, as in
        ``Calibration.risk_coverage``.
    error_rate : 0..1.

    Returns
    -------
    float: 0 where even all answers together keep to it; infinity where no threshold does: never
    sure.

    Raises
    ------
    EmotutilsError : an error rate outside 0..1.
    """
    if not 0 <= error_rate <= 1:
        raise EmotutilsError(
            f"error rate {error_rate}: choose a share of wrong answers from 0 to 1, such as 0.2"
        )
    allowed = []
    for threshold, coverage, risk in curve:
        if risk <= error_rate:
            allowed.append((coverage, threshold))
    if not allowed:
        return float("inf")
    coverage, threshold = max(allowed)
    if coverage >= 1:
        return 0.0
    return float(threshold)


@dataclass(frozen=True)
class Calibration:
    """What validation rows say of a network's probabilities; stands in its card under
    ``calibration``.

    Attributes
    ----------
    rows : how many and which, in words.
    n : their number.
    ece_before, ece_after, nll_before, nll_after : at temperature 1 and at the fitted one, over the
        network's labels.
    confusion : (7, 7) counts over the seven labels, rows the true ones, at the fitted temperature.
    risk_coverage : (threshold, coverage, risk) over the seven labels, thinned; see
        ``threshold_for``.
    conditions : for ``size`` (pixels), ``tilt`` (degrees), ``sharpness`` or ``snr`` (dB) a list of
        (value, factor): the temperature that such input needs, as a factor on the network's own.
    neutral : what the network says of an average neutral row: the mean logarithms (7,) of its
        probabilities at the fitted temperature, over the rows labelled so; None where no row is,
        or on a card from before it was kept. See ``fusion.shifted``.
    """

    rows: str
    n: int
    ece_before: float
    ece_after: float
    nll_before: float
    nll_after: float
    confusion: list[list[int]]
    risk_coverage: list[list[float]]
    conditions: dict[str, list[list[float]]] = field(default_factory=dict)
    neutral: list[float] | None = None

    @classmethod
    def measure(
        cls,
        y: np.ndarray,
        proba: np.ndarray,
        labels: Sequence[str],
        rows: str,
    ) -> tuple[float, "Calibration"]:
        """The temperature and what there is to know at it.

        Parameters
        ----------
        y : int (n,), indices into ``labels``.
        proba : (n, len(labels)) at temperature 1.
        labels : of the network, among the course's own.
        rows : which they are, in words.

        Raises
        ------
        EmotutilsError : other labels.
        ValueError : as ``fit_temperature``.
        """
        if not set(labels) <= set(EMOTIONS_WITH_CALM):
            raise EmotutilsError(
                f"labels {', '.join(labels)}: "
                "only the course's own can be calibrated for a timeline"
            )
        temperature = round(fit_temperature(y, proba), 4)
        before = soften(proba, 1)
        after = soften(proba, temperature)
        seven = to_seven(after, labels)
        truth = one_hot(y, len(labels))
        true_seven = to_seven(truth, labels)
        true = true_seven.argmax(axis=1)
        predicted = seven.argmax(axis=1)
        from sklearn.metrics import confusion_matrix  # here: `analyze` starts sooner without it

        counts = confusion_matrix(true, predicted, labels=range(len(EMOTIONS)))
        calibration = cls(
            rows=rows,
            n=len(y),
            ece_before=_ece(y, before),
            ece_after=_ece(y, after),
            nll_before=_nll(y, before),
            nll_after=_nll(y, after),
            confusion=counts.tolist(),
            risk_coverage=thinned(true, seven),
            neutral=_neutral(seven, y, labels),
        )
        return temperature, calibration

    def to_dict(self) -> dict:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping) -> "Calibration":
        """From what ``to_dict`` gave, whatever a later version has put beside it."""
        known = {one.name: values[one.name] for one in fields(cls) if one.name in values}
        return cls(**known)

    def factor(self, **measured: np.ndarray) -> np.ndarray:
        """By how much the temperature rises for input of these qualities; the worst of them
        decides.

        Parameters
        ----------
        **measured : (n,) values named as in ``conditions``; others, and NaN, count as nothing
            known: factor 1.

        Returns
        -------
        float64 (n,), 1 or more.
        """
        first = next(iter(measured.values()))
        worst = np.ones(len(first))
        for name, values in measured.items():
            if name not in self.conditions:
                continue
            points = sorted(self.conditions[name])
            value, factor = np.array(points).T
            factors = np.interp(values, value, factor)
            factors = np.nan_to_num(factors, nan=1.0)
            worst = np.maximum(worst, factors)
        return worst


def thinned(y: np.ndarray, proba: np.ndarray, points: int = 60) -> list[list[float]]:
    """``risk_coverage`` at evenly spaced coverages, its end included, as a list for JSON."""
    curve = risk_coverage(y, proba)
    wanted = np.linspace(0.02, 1, points)
    rows = np.searchsorted(curve["coverage"], wanted)
    rows = rows.clip(0, len(curve) - 1)
    rows = np.unique(rows)
    points_of_it = curve.iloc[rows].round(5)
    return points_of_it.to_numpy().tolist()


def _neutral(seven: np.ndarray, y: np.ndarray, labels: Sequence[str]) -> list[float] | None:
    """Mean `logs` of the rows labelled neutral; ``calm``, a label of its own, is not among them."""
    rows = np.asarray(labels)[y] == "neutral"
    if not rows.any():
        return None
    mean = logs(seven[rows]).mean(axis=0)
    return mean.round(5).tolist()


def _ece(y: np.ndarray, proba: np.ndarray) -> float:
    table = reliability(y, proba)
    return round(ece(table), 4)


def _nll(y: np.ndarray, proba: np.ndarray) -> float:
    """Mean negative log-likelihood of the true labels, in nats."""
    rows = np.arange(len(y))
    likelihood = proba[rows, y]
    surprise = -np.log(likelihood)
    return round(float(surprise.mean()), 4)
