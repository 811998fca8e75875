"""Several streams' answers become one: rules, time, and how far the streams agree (thesis 4.4).

Each stream is calibrated first (``calibrating.calibrate``, ``evaluation.Calibration``), brought to
the timeline's moments (``at_moments``, ``smooth``), combined by a rule (``fuse``), and compared
with each other stream (``agreement``, ``disagreements``). Taught in notebooks/13_fusion.
"""

from .baseline import shift_to, shifted
from .fitted import Fitted, combine, load_fitted, prior_of, retrained, weights_of
from .moments import (
    agreement,
    at_moments,
    disagreements,
    mean_around,
    nearest_window,
    smooth,
)
from .rules import (
    DEFAULT_RULE,
    RULES,
    Stacking,
    Weights,
    check_weights,
    fuse,
    register_rule,
    rule_names,
    weights_from,
)

__all__ = [
    "DEFAULT_RULE",
    "RULES",
    "Fitted",
    "Stacking",
    "Weights",
    "agreement",
    "at_moments",
    "check_weights",
    "combine",
    "disagreements",
    "fuse",
    "load_fitted",
    "mean_around",
    "nearest_window",
    "prior_of",
    "register_rule",
    "retrained",
    "rule_names",
    "shift_to",
    "shifted",
    "smooth",
    "weights_from",
    "weights_of",
]
