"""How the streams of one film are combined: the rule, what belongs to it, and from when on an
answer is sure. Taught in notebooks/13_fusion.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations

import numpy as np

from ..errors import EmotutilsError
from ..evaluation import Calibration, threshold_for
from ..findings import pairs
from ..fusion import (
    DEFAULT_RULE,
    RULES,
    Fitted,
    Weights,
    check_weights,
    fuse,
    load_fitted,
    prior_of,
    retrained,
    rule_names,
    weights_of,
)
from ..networks import Network, shared_network
from ..support.plugins import check_usable

#: An answer is marked ``unsure`` below the probability above which so many answers were wrong on
#: validation rows.
ERROR_RATE = 0.2
#: Two streams disagree below this agreement, where nothing was fitted for the two
#: (``fusion.Fitted``).
DISAGREE_BELOW = 0.45
JOINT = "joint"
#: What is said of whatever was fitted on pairs ``paired-…``.
MADE_UP = "made-up pairs, not measured on films"
#: The streams that the tool reads itself: weights name them, whether the film has them or not.
READ_HERE = ("face", "voice")


@dataclass(frozen=True)
class Combination:
    """A rule, ready to be applied.

    Attributes
    ----------
    rule : a name in ``fusion.RULES``, or ``"joint"``.
    networks : by stream, and the joint network under ``"joint"`` where it decides.
    weights : {stream: seven numbers} of the rule ``"weighted"``, else None.
    thresholds : by source (``"face"``, ``"voice"``, ``"face+voice"``) the least probability of a
        sure answer; sources of which nothing is known are absent. That of several streams together
        is never below those of the streams in it.
    fitted_on : what the thresholds of several streams, and from when on they disagree, were fitted
        on, in words; empty where nothing was.
    disagree_below : agreement, by pair of streams (``"face+voice"``).
    options : for ``fusion.fuse``.
    notes : what was replaced or is not known, in words.
    """

    rule: str
    networks: dict[str, Network]
    weights: dict[str, list[float]] | None
    thresholds: dict[str, float]
    disagree_below: dict[str, float]
    fitted_on: str = ""
    options: dict = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def settings(self) -> dict:
        """The rule, and from when on an answer is sure and streams disagree: for the result."""
        return {
            "fusion": self.rule,
            "weights": self.weights,
            "unsure_below": self.thresholds,
            "disagree_below": self.disagree_below,
            "fitted_on": self.fitted_on or None,
        }

    @property
    def joint(self) -> Network | None:
        """The network of face and voice, where it decides."""
        return self.networks.get(JOINT)

    def __call__(
        self, streams: Mapping[str, np.ndarray], embeddings: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """All streams together, moment by moment.

        Parameters
        ----------
        streams : by name, each (n, 7) probabilities or rows of NaN.
        embeddings : of streams that the joint network takes, what it makes of each moment: (n, …),
            rows of NaN where there is nothing.

        Returns
        -------
        float64 (n, 7), NaN where no stream has anything.
        """
        if self.joint and embeddings:
            return self.joint.join(embeddings.get("face"), embeddings.get("voice"))
        if self.joint:
            return np.full_like(next(iter(streams.values())), np.nan)
        if self.rule == "stacking" and "stacking" not in self.options:
            # One stream alone: there is nothing to stack.
            return fuse(streams, "mean")
        options = dict(self.options)
        if "weights" in options:
            # A stream that the film lacks says nothing, whatever it would weigh.
            weights = options["weights"]
            options["weights"] = {name: weights.get(name, np.ones(7)) for name in streams}
        return fuse(streams, self.rule, **options)


def without_thresholds(
    combination: Combination,
    shifted: Collection[str],
    streams: Sequence[str],
    aside: Collection[str],
) -> Combination:
    """The same where streams were shifted by a baseline: nothing they take part in is called sure,
    because every threshold was fitted on answers as they come.

    Parameters
    ----------
    shifted : names of streams.
    streams : names of all streams of the film.
    aside : names of those that stand beside and are not fused.
    """
    thresholds = dict(combination.thresholds)
    fused = [name for name in streams if name not in aside]
    for names in [*_subsets(fused), *((name,) for name in aside)]:
        if not set(shifted).isdisjoint(names):
            thresholds["+".join(names)] = np.inf
    return replace(combination, thresholds=thresholds)


def choose_combination(
    rule: str | None,
    weights: Weights | None,
    error_rate: float,
    networks: Mapping[str, Network],
    given: Sequence[str] = (),
    aside: Sequence[str] = (),
) -> Combination:
    """What was asked for, or what these streams allow; what is replaced or not known is noted.

    Parameters
    ----------
    rule : a name in ``fusion.RULES``, ``"joint"``, or None: the default where all streams are
        calibrated, else the plain mean; weights alone ask for the weighted one.
    weights : of the rule ``"weighted"``.
    error_rate : 0..1.
    networks : by stream, of those whose networks' cards say how far to believe them.
    given : names of further streams that take part: of those without a network nothing is known.
    aside : names of streams that are compared with the others and not combined.

    Raises
    ------
    EmotutilsError : an unknown rule, weights that do not fit or stand beside another rule, a rule
        for which too little is known of these streams, an error rate outside 0..1.
    """
    threshold_for([], error_rate)  # refuses a rate outside 0..1, whatever is known
    _check_rule(rule, weights)
    known = _Known(dict(networks), tuple(name for name in given if name not in networks))
    wanted = rule or DEFAULT_RULE
    if rule is None and weights is not None:
        wanted = "weighted"
    chosen = wanted
    if rule is None and weights is None and not known.all_calibrated:
        chosen = "mean"
    joint = {}
    if chosen == JOINT:
        joint = {JOINT: _joint_for(known)}
    options = _options(chosen, weights, known)
    curves = _risk_curves(chosen, weights, known, joint.get(JOINT))
    thresholds = {source: threshold_for(curve, error_rate) for source, curve in curves.items()}
    thresholds = _strictest(thresholds)
    notes = []
    if chosen != wanted:
        notes.append(_no_weights_note(known))
    notes += _threshold_notes(known, thresholds)
    notes += _retrained_notes(known)
    return Combination(
        rule=chosen,
        networks=dict(networks) | joint,
        weights=_rounded(options.get("weights")),
        thresholds=thresholds,
        disagree_below=_disagree_below(known, aside),
        fitted_on=_fitted_on(known, joint.get(JOINT)),
        options=options,
        notes=tuple(notes),
    )


@dataclass(frozen=True)
class _Known:
    """What is known of the streams that take part."""

    networks: dict[str, Network]
    given: tuple[str, ...]

    @property
    def streams(self) -> tuple[str, ...]:
        return (*self.networks, *self.given)

    @cached_property
    def calibrations(self) -> dict[str, Calibration]:
        found = {}
        for stream, network in self.networks.items():
            if "calibration" in network.card:
                found[stream] = Calibration.from_dict(network.card["calibration"])
        return found

    @property
    def trusted(self) -> dict[str, list[float]]:
        """F1 on rows nearer to films, of the streams whose network's card has it."""
        cards = {stream: network.card for stream, network in self.networks.items()}
        return {stream: card["trust"]["f1"] for stream, card in cards.items() if "trust" in card}

    @property
    def all_calibrated(self) -> bool:
        return set(self.calibrations) == set(self.streams)

    @property
    def others(self) -> list[str]:
        """The streams beside face and voice."""
        return [name for name in self.streams if name not in READ_HERE]

    @cached_property
    def cards(self) -> dict[str, dict]:
        """The cards of the networks of face and voice, by stream."""
        return {s: network.card for s, network in self.networks.items() if s in READ_HERE}

    @cached_property
    def fitted(self) -> Fitted | None:
        """What was fitted for the networks together, whatever streams stand beside them."""
        return load_fitted(self.cards)


def _check_rule(rule: str | None, weights: Weights | None) -> None:
    if rule not in (None, JOINT, *RULES) and rule not in rule_names():
        check_usable("rules", rule)
        known = ", ".join(RULES)
        raise EmotutilsError(f"unknown fusion rule {rule!r}: choose {known} or {JOINT}")
    if weights is not None and rule not in (None, "weighted"):
        raise EmotutilsError(
            f"weights are for the rule weighted, not for {rule!r}: leave one of the two out"
        )


def _joint_for(known: _Known) -> Network:
    """The joint network, where it can take in all that is there."""
    if known.others:
        others = " and ".join(known.others)
        raise EmotutilsError(
            f"rule joint: that network sees and hears, it cannot take in {others}; take another"
            " rule, or leave out what it cannot take in"
        )
    joint = shared_network(JOINT)
    voice = known.networks.get("voice")
    if voice is not None and voice.features != joint.features:
        raise EmotutilsError(
            f"the joint network needs other features of the sound than {voice.name}: "
            "take --voice-network crnn"
        )
    return joint


def _options(rule: str, weights: Weights | None, known: _Known) -> dict:
    """What ``fusion.fuse`` needs beside the rule's name."""
    if rule == "weighted":
        return {"weights": _weights(weights, known)}
    if rule == "product" and known.all_calibrated:
        return {"prior": prior_of(known.calibrations)}
    if rule == "stacking" and len(known.streams) > 1:
        if known.fitted is None or known.others:
            named = [network.name for network in known.networks.values()]
            together = " and ".join([*named, *known.given])
            raise EmotutilsError(
                f"rule stacking: nothing was fitted for {together} together; take another rule"
            )
        return {"stacking": known.fitted.stacking}
    return {}


def _weights(weights: Weights | None, known: _Known) -> dict[str, np.ndarray]:
    """The weights asked for, or those of validation rows."""
    if weights is not None:
        names = (*READ_HERE, *known.others)
        return dict(zip(names, check_weights(weights, names), strict=True))
    if not known.all_calibrated:
        raise EmotutilsError(
            f"rule weighted: no weights are known for {_uncalibrated(known)}; give weights, or"
            " take rule mean"
        )
    return weights_of(known.calibrations, known.trusted)


def _uncalibrated(known: _Known) -> str:
    return " and ".join(s for s in known.streams if s not in known.calibrations)


def _risk_curves(
    rule: str, weights: Weights | None, known: _Known, joint: Network | None
) -> dict[str, list[list[float]]]:
    """By source, what share was wrong on validation rows above which probability."""
    if joint is not None:
        return joint.card.get("calibration", {}).get("curves", {})
    curves = {stream: found.risk_coverage for stream, found in known.calibrations.items()}
    if known.fitted and weights is None and rule in known.fitted.risk_coverage:
        curves["+".join(READ_HERE)] = known.fitted.risk_coverage[rule]
    return curves


def _strictest(thresholds: Mapping[str, float]) -> dict[str, float]:
    """Thresholds of several streams are known from made-up pairs only: where one of the streams
    alone has to be surer, together they have to be as sure.
    """
    found = {}
    for source, threshold in thresholds.items():
        alone = [thresholds.get(name, threshold) for name in source.split("+")]
        found[source] = max(threshold, *alone)
    return found


def _fitted_on(known: _Known, joint: Network | None) -> str:
    """On what pairs everything of several streams was fitted, in words."""
    data = ""
    if joint is not None:
        data = joint.card["data"]
    elif known.fitted:
        data = known.fitted.data
    if data.startswith("paired-"):
        return f"{data}: {MADE_UP}"
    return data


def _no_weights_note(known: _Known) -> str:
    streams = " and ".join(known.streams)
    if len(known.streams) > 2:
        streams = f"{', '.join(known.streams[:-1])} and {known.streams[-1]}"
    alike = f"without calibration there are no weights: {streams} count alike (rule mean)"
    if not known.given:
        return alike
    return f"nothing says how far to believe {_uncalibrated(known)}; {alike}"


def _threshold_notes(known: _Known, thresholds: Mapping[str, float]) -> list[str]:
    sources = ["+".join(names) for names in _subsets(list(known.networks))]
    unknown = [source for source in sources if source not in thresholds]
    unknown += [f"whatever {name} takes part in" for name in known.given]
    if not unknown:
        return []
    return [f"no threshold is known for {', '.join(unknown)}: nothing there is marked unsure"]


def _retrained_notes(known: _Known) -> list[str]:
    """Why what was fitted for networks of these names is not used."""
    others = [known.networks[stream].name for stream in retrained(known.cards)]
    if not others:
        return []
    together = " and ".join(card["name"] for card in known.cards.values())
    return [
        f"what was fitted for {together} together is not used: it was fitted to other weights of "
        f"{' and '.join(others)} (fusion.pairing.fit_pair fits it anew)"
    ]


def _subsets(names: Sequence[str]) -> list[tuple[str, ...]]:
    sizes = range(1, len(names) + 1)
    return [subset for size in sizes for subset in combinations(names, size)]


def _disagree_below(known: _Known, aside: Sequence[str]) -> dict[str, float]:
    names = (*READ_HERE, *known.others, *aside)
    below = {"+".join(pair): DISAGREE_BELOW for pair in pairs(names)}
    if known.fitted:
        below["+".join(READ_HERE)] = known.fitted.disagree_below
    return below


def _rounded(weights: Mapping[str, np.ndarray] | None) -> dict[str, list[float]] | None:
    if weights is None:
        return None
    return {stream: np.round(values, 4).tolist() for stream, values in weights.items()}
