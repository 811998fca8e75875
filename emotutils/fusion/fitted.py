"""What two streams' validation answers, put together, say of the rules: prior, stacking,
thresholds.

Kept beside the weights as ``fusion-FACE-VOICE.json``; it serves just these weights and no others.
Taught in notebooks/13_fusion.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, NotRequired, TypedDict

import numpy as np
from msgspec import Meta

from .. import config
from ..emotions import EMOTIONS
from ..errors import DataError
from ..evaluation import Calibration
from ..support.files import replacing
from ..support.reading import read_json
from .rules import LEAST, Stacking, fuse, weights_from

#: Of a hundred moments in which face and voice were labelled alike, so many may look like a
#: disagreement; to be listed, a stretch has to last for seconds on top (``disagreements``).
FALSE_ALARMS = 20
#: Made-up pairs: FER2013's faces beside RAVDESS's voices of the same label.
PAIRED = "paired-fer2013+ravdess"


REMEDY = "put the file of the release back, or fit the two networks anew (fusion.pairing.fit_pair)"

Share = Annotated[float, Meta(ge=0, le=1)]
Number = Annotated[float, Meta(ge=-1e6, le=1e6)]
SevenOf = Meta(min_length=len(EMOTIONS), max_length=len(EMOTIONS))


class StackingFields(TypedDict):
    """`Stacking` as JSON has it: a row of ``coef`` for each label, of seven numbers a stream."""

    streams: Annotated[list[str], Meta(min_length=1, max_length=10)]
    coef: Annotated[list[list[Number]], SevenOf]
    intercept: Annotated[list[Number], SevenOf]


class FittedFields(TypedDict):
    """`Fitted` as JSON has it."""

    runs: dict[str, str]
    data: str
    n: Annotated[int, Meta(ge=0, le=10**12)]
    stacking: StackingFields
    disagree_below: Share
    risk_coverage: dict[str, list[tuple[Share, Share, Share]]]
    weights_hashes: NotRequired[dict[str, str]]


@dataclass(frozen=True)
class Fitted:
    """What was fitted for one pair of networks.

    Attributes
    ----------
    runs : ``{"face": …, "voice": …}``, the run records of the two networks.
    data, n : the validation pairs it was fitted on; ``paired-…`` are made up.
    stacking : for the rule of that name.
    disagree_below : agreement that only ``FALSE_ALARMS`` in a hundred pairs of one label do not
        reach.
    risk_coverage : by rule, rows of (threshold, coverage, risk): see ``evaluation.threshold_for``.
    weights_hashes : by stream, what tells the network's weights from others, as its card has it.
    """

    runs: dict[str, str]
    data: str
    n: int
    stacking: Stacking
    disagree_below: float
    risk_coverage: dict[str, list[list[float]]]
    weights_hashes: dict[str, str] = field(default_factory=dict)

    def save(self, path: Path) -> Path:
        """Write it as JSON."""
        values = {**vars(self), "stacking": self.stacking.to_dict()}
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(values) + "\n", encoding="utf-8")
        return path


def path_of(face: str, voice: str) -> Path:
    """Where what was fitted for two networks ships."""
    return config.shipped_root() / "weights" / f"fusion-{face}-{voice}.json"


def load_fitted(cards: Mapping[str, dict]) -> Fitted | None:
    """What was fitted for just these two networks, or None.

    Parameters
    ----------
    cards : the networks' cards under ``"face"`` and ``"voice"``; with fewer there is nothing to
        combine.
    """
    found = _for_names(cards)
    if found is None or _other_weights(found, cards):
        return None
    return found


def retrained(cards: Mapping[str, dict]) -> list[str]:
    """The streams whose network has other weights than the one of its name for which something was
    fitted; none where nothing was.

    Parameters
    ----------
    cards : as for `load_fitted`.
    """
    found = _for_names(cards)
    if found is None:
        return []
    return _other_weights(found, cards)


def _other_weights(found: Fitted, cards: Mapping[str, dict]) -> list[str]:
    """The streams whose card does not say that its network has the weights fitted for."""
    others = []
    for stream, card in cards.items():
        now = card.get("weights_hash")
        if now is None or now != found.weights_hashes.get(stream):
            others.append(stream)
    return others


def _for_names(cards: Mapping[str, dict]) -> Fitted | None:
    """What was fitted for networks of these names, whatever their weights."""
    if set(cards) != {"face", "voice"}:
        return None
    path = path_of(cards["face"]["name"], cards["voice"]["name"])
    if not path.is_file():
        return None
    return read_fitted(path)


def read_fitted(path: Path) -> Fitted:
    """What `Fitted.save` wrote, whatever a later version has put beside it.

    Raises
    ------
    DataError : a damaged file.
    """
    values = read_json(path, FittedFields, REMEDY)
    stacking = values["stacking"]
    if sorted(stacking["streams"]) != sorted(values["runs"]):
        raise DataError(path, "stacking.streams: not those of the networks", REMEDY)
    width = len(EMOTIONS) * len(stacking["streams"])
    if any(len(row) != width for row in stacking["coef"]):
        raise DataError(path, f"stacking.coef: not {width} numbers a row", REMEDY)
    values["stacking"] = Stacking.from_dict(stacking)
    known = {one.name: values[one.name] for one in fields(Fitted) if one.name in values}
    return Fitted(**known)


def weights_of(
    calibrations: Mapping[str, Calibration], trusted: Mapping[str, Sequence[float]] | None = None
) -> dict[str, np.ndarray]:
    """Weights (7,) of each stream for the rule ``"weighted"``: each label's F1 on validation rows.

    None is quite 0: a label that neither network ever gets right is for both, or for the only one
    there, to say.

    Parameters
    ----------
    calibrations : by stream; their confusions give the weights.
    trusted : by stream, F1 (7,) on rows nearer to films than the calibration's (``trust`` of the
        network's card): these count instead.
    """
    trusted = trusted or {}
    weights = {}
    for stream, found in calibrations.items():
        f1 = trusted.get(stream, weights_from(found.confusion))
        weights[stream] = np.maximum(f1, LEAST)
    return weights


def prior_of(calibrations: Mapping[str, Calibration]) -> np.ndarray:
    """Shares (7,) of the labels for the rule ``"product"``: the geometric mean of the streams'
    validation shares.
    """
    logarithms = []
    for found in calibrations.values():
        counts = np.sum(found.confusion, axis=1) + 1  # no share is 0
        logarithms.append(np.log(counts / counts.sum()))
    mean = np.exp(np.mean(logarithms, axis=0))
    return mean / mean.sum()


def combine(
    streams: Mapping[str, np.ndarray],
    rule: str,
    calibrations: Mapping[str, Calibration],
    stacking: Stacking | None = None,
) -> np.ndarray:
    """``fuse`` with the weights, prior or stacking that belong to these networks.

    Parameters
    ----------
    streams : by name, each (n, 7).
    rule : in ``rules.RULES``.
    calibrations : by the same names.
    stacking : for the rule of that name.
    """
    options = {}
    if rule == "weighted":
        options["weights"] = weights_of(calibrations)
    elif rule == "product":
        options["prior"] = prior_of(calibrations)
    elif rule == "stacking":
        options["stacking"] = stacking
    return fuse(streams, rule, **options)
