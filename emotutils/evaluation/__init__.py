"""How good a network is, and how sure of that we can be. Taught in notebooks/11_evaluation (thesis
2.2.5, 4.8).

``score`` scores one network's answers, ``compare`` two networks' answers to the same rows;
``reliability`` and ``risk_coverage`` ask whether its probabilities can be believed,
``parting_epoch`` when a training began to overfit. ``Calibration`` makes probabilities worth
believing, for fusion (notebooks/13_fusion).
"""

from .answers import Answers, by_recording, concatenate
from .calibration import ece, reliability, risk_coverage
from .comparison import Comparison, compare, difference
from .curves import parting_epoch
from .reports import Report, Score, score
from .temperature import Calibration, fit_temperature, logs, soften, thinned, threshold_for

__all__ = [
    "Answers",
    "Calibration",
    "Comparison",
    "Report",
    "Score",
    "by_recording",
    "compare",
    "concatenate",
    "difference",
    "ece",
    "score",
    "fit_temperature",
    "logs",
    "parting_epoch",
    "reliability",
    "risk_coverage",
    "soften",
    "thinned",
    "threshold_for",
]
