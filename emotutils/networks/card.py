"""What a network's card must say, and in which form: ``NAME.card.json`` is read by this alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NotRequired, TypedDict

from msgspec import Meta

from ..errors import DataError, NetworkError
from ..support.reading import read_json
from ..texts import Tokens
from ..voices import Features
from .network import KINDS

REMEDY = "put the card back that was saved with the network"

Count = Annotated[int, Meta(ge=0, le=10**15)]
Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0, le=1e6)]
Number = Annotated[float, Meta(ge=-1e9, le=1e9)]
Hertz = Annotated[float, Meta(ge=0, le=192_000)]
Size = Annotated[int, Meta(ge=1, le=100_000)]
Shape = Annotated[list[Size], Meta(min_length=1, max_length=8)]
FileName = Annotated[str, Meta(pattern=r"^[^/\\\x00]{1,200}$")]
#: Threshold, coverage, risk: see ``evaluation.threshold_for``.
Curve = list[tuple[Share, Share, Share]]
Seven = Annotated[list[Number], Meta(min_length=7, max_length=7)]
SevenCounts = Annotated[list[Count], Meta(min_length=7, max_length=7)]


class FeaturesFields(TypedDict, total=False):
    """``voices.Features`` or ``texts.Tokens``, which say what else must hold."""

    kind: str
    n_mels: Size
    n_mfcc: Size
    n_fft: Annotated[int, Meta(ge=2, le=65_536)]
    hop_length: Size
    fmin: Hertz
    fmax: Hertz
    seconds: Annotated[float, Meta(gt=0, le=60)]
    sr: Annotated[int, Meta(ge=1000, le=192_000)]
    level: str
    deltas: int
    words: Size
    pieces: Size
    sizes: Annotated[list[Size], Meta(max_length=8)]
    buckets: Annotated[int, Meta(ge=1, le=1_000_000)]


class ScoreFields(TypedDict):
    """A figure and its 95 % interval, where there is one."""

    value: Share
    low: Share | None
    high: Share | None


class TestFields(TypedDict):
    """The score of the test part."""

    n: Count
    n_groups: Count | None
    accuracy: ScoreFields
    uar: ScoreFields
    macro_f1: ScoreFields


class CalibrationFields(TypedDict):
    """``evaluation.Calibration``; of a joint network also temperatures and curves by source."""

    rows: str
    n: Count
    ece_before: Number
    ece_after: Number
    nll_before: Number
    nll_after: Number
    confusion: Annotated[list[SevenCounts], Meta(min_length=7, max_length=7)]
    risk_coverage: Curve
    conditions: NotRequired[dict[str, Annotated[list[tuple[Number, Positive]], Meta(min_length=1)]]]
    neutral: NotRequired[Seven | None]
    temperatures: NotRequired[dict[str, Positive]]
    curves: NotRequired[dict[str, Curve]]


class TrustFields(TypedDict):
    """How far each of the seven labels is to be trusted in films: its F1 on rows that are nearer to
    films than those the network learned from; ``record`` says how it was measured.
    """

    rows: str
    record: FileName
    f1: Annotated[list[Share], Meta(min_length=7, max_length=7)]


class LiteFields(TypedDict):
    """The hashes of the ``.keras`` file and of what LiteRT runs in its place."""

    keras: str
    files: dict[FileName, str]


class Card(TypedDict):
    """All fields of a card."""

    name: FileName
    builder: str
    variant: str
    modality: str
    labels: Annotated[list[str], Meta(min_length=1, max_length=10_000)]
    input_shape: Shape | dict[str, Shape]
    features: FeaturesFields | None
    temperature: Positive
    parameters: Count
    data: str
    protocol: str
    test: TestFields
    licence: str
    run: FileName
    citation: NotRequired[str]
    source: NotRequired[str]
    calibration: NotRequired[CalibrationFields]
    trust: NotRequired[TrustFields]
    weights_hash: NotRequired[str]
    litert: NotRequired[LiteFields | None]


#: What makes the input of a network, by what it is given.
FEATURES = {"voice": Features, "both": Features, "text": Tokens}

#: What no card may lack.
CARD_FIELDS = Card.__required_keys__


def read_card(path: Path) -> dict:
    """A card, if all that it says can be used.

    Parameters
    ----------
    path : of the ``.card.json`` file.

    Raises
    ------
    NetworkError : a file that is damaged, or a field that is missing or holds what it may not.
    """
    try:
        card = read_json(path, Card, REMEDY)
        _check_features(card, path)
    except DataError as error:
        raise NetworkError(str(error)) from None
    if card["modality"] not in KINDS:
        known = ", ".join(KINDS)
        raise NetworkError(f"{path}: modality {card['modality']!r} is none of {known}; {REMEDY}")
    if len(set(card["labels"])) < len(card["labels"]):
        raise NetworkError(f"{path}: labels: one comes twice; {REMEDY}")
    return card


def _check_features(card: dict, path: Path) -> None:
    """A voice or text network's features give what its input takes."""
    shape = card["input_shape"]
    if card["modality"] == "both":
        if not isinstance(shape, dict) or set(shape) != {"face", "voice"}:
            raise DataError(path, "input_shape: expected a face's and a voice's", REMEDY)
        shape = shape["voice"]
    elif isinstance(shape, dict):
        raise DataError(path, "input_shape: expected a list", REMEDY)
    if card["modality"] not in FEATURES:
        return
    if card["features"] is None:
        raise DataError(path, "features: a network that hears or reads must say of what", REMEDY)
    try:
        features = FEATURES[card["modality"]].from_dict(card["features"])
    except ValueError as error:
        raise DataError(path, f"features: {error}", REMEDY) from None
    if list(features.shape) != shape:
        what = f"features: they give {list(features.shape)}, input_shape says {shape}"
        raise DataError(path, what, REMEDY)


def unknown_fields(card: dict) -> Iterator[str]:
    """What a card says that this version does not know: a later one may have written it."""
    yield from sorted(card.keys() - Card.__annotations__.keys())
    known = CalibrationFields.__annotations__.keys()
    for name in sorted(card.get("calibration", {}).keys() - known):
        yield f"calibration.{name}"


def check_card(card: dict) -> None:
    """Raise NetworkError for a card that lacks a field."""
    missing = sorted(CARD_FIELDS - set(card))
    if missing:
        name = card.get("name", "this network")
        raise NetworkError(f"the card of {name!r} lacks {', '.join(missing)}")
