"""Several streams' answers become one: rules, time, and how far the streams agree (thesis 4.4).

Each stream is calibrated first (``calibrating.calibrate``, ``evaluation.Calibration``), brought to
the timeline's moments (``face_at``, ``voice_at``, ``smooth``), combined by a rule (``fuse``), and
compared with the other (``agreement``, ``disagreements``). Taught in notebooks/13_fusion.
"""

from .fitted import Fitted, combine, load_fitted, prior_of, weights_of
from .moments import agreement, disagreements, face_at, labels_of, smooth, voice_at
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
    "check_weights",
    "combine",
    "disagreements",
    "face_at",
    "fuse",
    "labels_of",
    "load_fitted",
    "prior_of",
    "register_rule",
    "rule_names",
    "smooth",
    "voice_at",
    "weights_from",
    "weights_of",
]
