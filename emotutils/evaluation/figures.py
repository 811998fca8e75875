"""A figure with its interval. Taught in notebooks/11_evaluation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """A figure with its 95 % interval: a share (0..1), unless it is one of ``reports.PLAIN``.

    Attributes
    ----------
    value : of the rows at hand.
    low, high : the ends of the interval; None where there are too few groups for one.

    Examples
    --------
    >>> accuracy = Score(0.7, low=0.651, high=0.745)
    >>> print(accuracy)
    70.0 % (65.1–74.5)
    >>> print(Score(0.7, low=None, high=None))
    70.0 % (no interval)
    >>> accuracy.to_dict()
    {'value': 0.7, 'low': 0.651, 'high': 0.745}
    """

    value: float
    low: float | None
    high: float | None

    def to_dict(self) -> dict[str, float | None]:
        """As JSON has it, with four decimals."""
        return {
            "value": round(self.value, 4),
            "low": _rounded(self.low),
            "high": _rounded(self.high),
        }

    def __str__(self) -> str:
        if self.low is None:
            return f"{100 * self.value:.1f} % (no interval)"
        return f"{100 * self.value:.1f} % ({100 * self.low:.1f}–{100 * self.high:.1f})"


def _rounded(end: float | None) -> float | None:
    if end is None:
        return None
    return round(end, 4)
