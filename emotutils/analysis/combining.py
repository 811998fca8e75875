"""How the streams of one film are combined: the rule, what belongs to it, and from when on an
answer is sure.

Taught in notebooks/13_fusion.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import EmotutilsError
from ..evaluation import Calibration, threshold_for
from ..fusion import (
    DEFAULT_RULE,
    RULES,
    Weights,
    check_weights,
    fuse,
    load_fitted,
    prior_of,
    rule_names,
    weights_of,
)
from ..networks import Network, load_network

#: An answer is marked ``unsure`` below the probability above which so many answers were wrong on
#: validation rows.
ERROR_RATE = 0.2
#: Face and voice disagree below this agreement, where nothing was fitted for the two networks
#: (``fusion.Fitted``).
DISAGREE_BELOW = 0.45
JOINT = "joint"


@dataclass(frozen=True)
class Combination:
    """A rule, ready to be applied.

    Attributes
    ----------
    rule : a name in ``fusion.RULES``, or ``"joint"``.
    networks : by stream, and the joint network under ``"joint"`` where it decides.
    weights : {stream: seven numbers} of the rule ``"weighted"``, else None.
    thresholds : by source (``"face"``, ``"voice"``, ``"face+voice"``) the least probability of a
        sure answer; sources of which nothing is known are absent.
    disagree_below : agreement.
    options : for ``fusion.fuse``.
    """

    rule: str
    networks: dict[str, Network]
    weights: dict[str, list[float]] | None
    thresholds: dict[str, float]
    disagree_below: float
    options: dict = field(default_factory=dict)

    @property
    def joint(self) -> Network | None:
        return self.networks.get(JOINT)

    @classmethod
    def choose(
        cls,
        rule: str | None,
        weights: Weights | None,
        error_rate: float,
        networks: Mapping[str, Network],
        notes: list[str],
    ) -> "Combination":
        """What was asked for, or what these networks allow; whatever is replaced or not known is
        noted.

        Raises
        ------
        EmotutilsError : an unknown rule, weights that do not fit or stand beside another rule, a
            rule for which these networks know too little, an error rate outside 0..1.
        """
        threshold_for(
            [], error_rate
        )  # refuses a rate outside 0..1, whatever is known of the networks
        if rule not in (None, JOINT, *RULES) and rule not in rule_names():
            raise EmotutilsError(
                f"unknown fusion rule {rule!r}: choose {', '.join(RULES)} or {JOINT}"
            )
        if weights is not None and rule not in (None, "weighted"):
            raise EmotutilsError(
                f"weights are for the rule weighted, not for {rule!r}: leave one of the two out"
            )
        cards = {stream: network.card for stream, network in networks.items()}
        known = {
            s: Calibration.from_dict(c["calibration"])
            for s, c in cards.items()
            if "calibration" in c
        }
        fitted = load_fitted(cards)
        both = len(networks) == 2
        asked, rule = rule, rule or DEFAULT_RULE
        curves = {stream: found.risk_coverage for stream, found in known.items()}
        if fitted and weights is None and rule in fitted.risk_coverage:
            curves["face+voice"] = fitted.risk_coverage[rule]
        options: dict = {}
        named = dict(networks)
        if rule == JOINT:
            named[JOINT] = joint = load_network(JOINT)
            if "voice" in networks and networks["voice"].features != joint.features:
                name = networks["voice"].name
                raise EmotutilsError(
                    f"the joint network needs other features of the sound than {name}: take --voice-network crnn"
                )
            curves = named[JOINT].card.get("calibration", {}).get("curves", {})
        elif rule == "weighted":
            if weights is not None:
                table = check_weights(weights, ("face", "voice"))
                options["weights"] = dict(zip(("face", "voice"), table, strict=True))
            elif len(known) == len(networks):
                options["weights"] = weights_of(known)
            elif asked is None:
                rule = "mean"
                notes.append(
                    "without calibration there are no weights: face and voice count alike (rule mean)"
                )
            else:
                raise EmotutilsError(
                    "rule weighted: these networks know no weights; give weights, or take rule mean"
                )
        elif rule == "product" and len(known) == len(networks):
            options["prior"] = prior_of(known)
        elif rule == "stacking" and both:
            if fitted is None:
                names = " and ".join(network.name for network in networks.values())
                raise EmotutilsError(
                    f"rule stacking: nothing was fitted for {names} together; take another rule"
                )
            options["stacking"] = fitted.stacking
        thresholds = {source: threshold_for(curve, error_rate) for source, curve in curves.items()}
        sources = [*networks, "face+voice"] if both else list(networks)
        if unknown := [source for source in sources if source not in thresholds]:
            notes.append(
                f"no threshold is known for {', '.join(unknown)}: nothing there is marked unsure"
            )
        shown = (
            {s: [round(float(v), 4) for v in w] for s, w in options["weights"].items()}
            if "weights" in options
            else None
        )
        return cls(
            rule,
            named,
            shown,
            thresholds,
            fitted.disagree_below if fitted else DISAGREE_BELOW,
            options,
        )

    def __call__(
        self, streams: Mapping[str, np.ndarray], embeddings: Mapping[str, np.ndarray | None]
    ) -> np.ndarray:
        """(n, 7) of all streams together.

        Parameters
        ----------
        streams : by name, each (n, 7) or rows of NaN.
        embeddings : by the same names, what the joint network makes of each moment: (n, …), rows of
            NaN where there is nothing, or None where there never is.
        """
        if self.joint:
            if embeddings["face"] is None and embeddings["voice"] is None:
                return np.full_like(streams["face"], np.nan)
            return self.joint.join(embeddings["face"], embeddings["voice"])
        options = dict(self.options)
        if (
            self.rule == "stacking" and "stacking" not in options
        ):  # one stream alone: there is nothing to stack
            return fuse(streams, "mean")
        if (
            "weights" in options
        ):  # a stream that the film lacks says nothing, whatever it would weigh
            options["weights"] = {
                name: options["weights"].get(name, np.ones(7)) for name in streams
            }
        return fuse(streams, self.rule, **options)
