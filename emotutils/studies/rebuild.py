"""Whatever hangs on a default network, made again after it was trained anew.

    python -m emotutils.studies.rebuild [--root DATA]

In order: the cards' calibration, what was fitted for the pair of networks, the study of fused
pairs, robustness, faces as films show them, how far words are to be trusted, the files for LiteRT.
A step that is up to date is left alone; once one is due, so are all after it, because they ask the
network or use what the earlier ones fitted. ``make rebuild`` then writes the tables too. Notebooks
and the words of the bundled film come last, by ``make notebooks`` and ``make test``.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .. import config
from ..errors import EmotutilsError, NetworkError
from ..fusion import fitted, pairing
from ..networks import DEFAULTS, KINDS, convert_network, load_network, save_card, shipped_cards
from ..training import records
from ..training.calibrating import calibrate
from . import paired, robustness, texts


@dataclass(frozen=True)
class Step:
    """One thing that hangs on a network.

    Attributes
    ----------
    name : of the step.
    is_current : whether what is there was made with the present network, as far as can be told.
    make : makes it, and puts it where it ships.
    """

    name: str
    is_current: Callable[[], bool]
    make: Callable[[], object]


def steps(root: Path | None = None) -> list[Step]:
    """All steps for the default networks, in order.

    Parameters
    ----------
    root : the data root.
    """
    face = DEFAULTS["face"]
    voice = DEFAULTS["voice"]
    found = []
    for name in (face, voice):
        found.append(
            Step(f"calibration of {name}", partial(_is_calibrated, name), partial(_fit, name, root))
        )
    pair = fitted.path_of(face, voice)
    found.append(
        Step(
            f"fusion of {face} and {voice}",
            partial(_is_fitted, face, voice),
            lambda: pairing.fit_pair(face, voice, root=root).save(pair),
        )
    )
    found.append(
        Step(
            "study of fused pairs",
            lambda: paired.read() is not None,
            lambda: paired.study(root, face=face, voice=voice).save(publish=True),
        )
    )
    found.append(_degraded(face, "robustness", "test", None, root))
    found.append(_degraded(voice, "robustness", "test", None, root))
    found.append(_degraded(face, "film-validation", "validation", robustness.FILM, root))
    found.append(_degraded(face, "film-test", "test", robustness.FILM, root))
    words = DEFAULTS["words"]
    found.append(
        Step(f"trust in {words}", partial(_is_trusted, words), partial(_trust, words, root))
    )
    # Last, because nothing that comes before asks them.
    found += [_lite(card["name"]) for card in shipped_cards(KINDS)]
    return found


def rebuild(todo: Sequence[Step], tell: Callable[[str], object] = print) -> list[str]:
    """Make what is due, and all that comes after it.

    Parameters
    ----------
    todo : the steps, in order.
    tell : is told of each step.

    Returns
    -------
    The names of the steps that were made.
    """
    made = []
    for step in todo:
        if not made and step.is_current():
            tell(f"{step.name}: up to date")
            continue
        tell(f"{step.name}: is made")
        step.make()
        made.append(step.name)
    return made


def _lite(name: str) -> Step:
    """A network's files for LiteRT. A training writes them; one copied by hand may have none."""
    path = config.shipped_root() / "weights" / f"{name}.keras"
    return Step(
        f"LiteRT's files of {name}", partial(_is_converted, name), lambda: convert_network(path)
    )


def _is_converted(name: str) -> bool:
    try:
        load_network(name, runtime="litert")
    except NetworkError:
        return False
    return True


def _is_calibrated(name: str) -> bool:
    """A training leaves a temperature, but not what bad input costs."""
    return bool(load_network(name).card["calibration"].get("conditions"))


def _is_fitted(face: str, voice: str) -> bool:
    """Whether what was fitted for the two networks was fitted to the weights that they have."""
    cards = {"face": load_network(face).card, "voice": load_network(voice).card}
    return fitted.load_fitted(cards) is not None


def _fit(name: str, root: Path | None) -> None:
    path = config.shipped_root() / "weights" / f"{name}.keras"
    save_card(calibrate(name, root).card, path)


def _is_trusted(name: str) -> bool:
    """Whether the card has what `texts.keep_trust` writes; a training leaves none."""
    return "trust" in load_network(name).card


def _trust(name: str, root: Path | None) -> None:
    found = texts.trust(name, root=root)
    records.write(texts.TRUST_RECORD, found, publish=True)
    texts.keep_trust(records.read(texts.TRUST_RECORD))


def _degraded(
    name: str, what: str, split: str, degradations: dict | None, root: Path | None
) -> Step:
    """A record of `robustness`; it is current where its untouched rows score as in the training."""
    data = records.of_card(load_network(name).card)["data"]

    def is_current() -> bool:
        record = records.read(f"{what}-{data}-{name}")
        if record is None:
            return False
        told = records.read(record["run"])[split]
        told = told.get("clips", told)["accuracy"]["value"]
        asked = record["untouched"]["accuracy"]["value"]
        # Other processors round otherwise: a row or two may fall to the other side.
        return abs(told - asked) <= 2 / record["n"]

    def make() -> None:
        record = robustness.robustness(name, data, split, root, degradations=degradations)
        robustness.write(record, what=what, publish=True)

    return Step(f"{what} of {name}", is_current, make)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, help="the data root")
    args = parser.parse_args()
    try:
        rebuild(steps(args.root))
    except EmotutilsError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
