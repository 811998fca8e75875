"""How well the looks of faces tell the people of a film apart, on stand-ins for people.

No set here shows real people several times with their names. So one FER2013 picture stands for one
person: it is moved, lit, blurred and made smaller as in several shots of a film. Expressions do not
change in them, and colours there are none. Drawn people have both, but one head in several sizes.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations, pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd

from .. import datasets
from ..faces import appearance, build_detector, cut_faces, effects, number_people
from ..faces.appearance import Look
from ..faces.fingerprints import near_faces
from ..samples.muscles import EXPRESSIONS, Identity
from ..samples.scene import Scene
from ..support.machine import surroundings

#: Pictures of which a shot consists.
PICTURES = 5
#: What drawn people do, one in each shot.
ACTED = ("neutral", "happiness", "sadness", "surprise")
#: People of one film put together for a trial.
CAST = 4
#: Of different people's shots so large a share may be taken for one person's.
ALLOWED = 0.001
#: Of one drawn person's shots so large a share has to keep within the colours.
KEPT = 0.95
_NO_COLOUR = np.zeros((3, 3), np.float32)

#: All shots of one person: of each shot the look of each picture.
Person = list[list[Look]]


def study(*, root=None, people: int = 400, drawn: int = 40, shots: int = 4, seed: int = 0) -> dict:
    """False merges and false splits: of pairs of shots, and of films with several people.

    Parameters
    ----------
    root : the data root, with FER2013.
    people : FER2013 pictures drawn from each of PublicTest and PrivateTest.
    drawn : drawn people; the first half to choose on, the others to report.
    shots : of each person.
    seed : of what is drawn.

    Returns
    -------
    A record: ``details``, ``colours`` and ``moment`` with the constant in use, and for the part
    to choose on and the part to report the shares of ``false_merges`` and ``false_splits``;
    ``chosen``, what the part to choose on gives for the first two; ``films``.
    """
    began = time.perf_counter()
    rng = np.random.default_rng(seed)
    data = datasets.load("fer2013", root)
    pictured = {}
    for split in ("validation", "test"):
        pictured[split] = _pictured(data, split, people, shots, rng)
    everybody = [_drawn_person(rng, number) for number in range(drawn)]
    acted = {"validation": everybody[: drawn // 2], "test": everybody[drawn // 2 :]}
    return {
        "people": {split: len(found) for split, found in pictured.items()},
        "drawn": {split: len(found) for split, found in acted.items()},
        "shots": shots,
        "pictures": PICTURES,
        "seed": seed,
        "chosen": {
            "details": round(_chosen_details(pictured["validation"]), 4),
            "colours": round(_chosen_colours(acted["validation"]), 2),
        },
        "details": {"limit": appearance.DETAILS} | _rates(pictured, _same_details),
        "colours": {"limit": appearance.COLOURS} | _rates(acted, _same_colours),
        "moment": _moments(pictured, acted),
        "films": {
            "fer2013": _films(pictured["test"], rng),
            "drawn": _films(acted["test"], rng),
        },
        "wall_time_s": round(time.perf_counter() - began, 1),
        **surroundings(),
    }


def _pictured(
    data: datasets.Dataset, split: str, people: int, shots: int, rng: np.random.Generator
) -> list[Person]:
    """FER2013 pictures of a part as people, no two of them one photograph, none of them plain."""
    rows = np.flatnonzero(data.table["split"] == split)
    more = people + people // 10
    x = data.faces(rng.permutation(rows)[:more])
    pairs = near_faces(x)
    twins = pairs[:, 1]
    found = []
    for k, face in enumerate(x):
        is_plain = face.std() <= 10
        if k in twins or is_plain or len(found) == people:
            continue
        person = _pictured_person(face[..., 0], shots, rng)
        found.append(person)
    return found


def _pictured_person(face: np.ndarray, shots: int, rng: np.random.Generator) -> Person:
    person = []
    for _ in range(shots):
        shot = _Shot.drawn(rng)
        crops = [shot.filmed(face, rng) for _ in range(PICTURES)]
        person.append([Look(appearance.details(crop), _NO_COLOUR) for crop in crops])
    return person


@dataclass(frozen=True)
class _Shot:
    """How one shot shows a face; what is not said is as in `faces.effects`.

    Attributes
    ----------
    contrast, light : factor, and grey levels more.
    side_light : share by which (right, lower) is brighter than the middle.
    sigma : of the blur, in pixels of 48.
    pixels : on each side of the face in the film.
    """

    degrees: float
    scale: float
    shift: np.ndarray
    contrast: float
    light: float
    side_light: np.ndarray
    sigma: float
    pixels: int

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "_Shot":
        return cls(
            degrees=rng.uniform(-4, 4),
            scale=rng.uniform(0.92, 1.08),
            shift=rng.uniform(-2, 2, 2),
            contrast=rng.uniform(0.6, 1.15),
            light=rng.uniform(-35, 35),
            side_light=rng.uniform(-0.35, 0.35, 2),
            sigma=rng.uniform(0.2, 1.2),
            pixels=int(rng.integers(26, 49)),
        )

    def filmed(self, face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One picture of the shot: the head moves a little, the camera has noise."""
        degrees = self.degrees + rng.normal(0, 2)
        scale = self.scale * rng.normal(1, 0.02)
        shift = self.shift + rng.normal(0, 0.7, 2)
        x = face.astype(np.float32)
        x = effects.moved(x, degrees, scale, shift)
        x = effects.contrasted(x, self.contrast)
        x = (x + self.light) * self._side_light(len(x))
        x = x.astype(np.float32)
        x = effects.shrunk(x, self.pixels)
        x = effects.blurred(x, self.sigma)
        x = x + rng.normal(0, 2, x.shape)
        x = np.clip(x, 0, 255)
        return x.astype(np.float32)

    def _side_light(self, size: int) -> np.ndarray:
        """Factors (size, size)."""
        right, lower = self.side_light
        across = np.linspace(-1, 1, size)
        columns = right * across
        rows = lower * across
        return 1 + columns[None, :] + rows[:, None]


def _drawn_person(rng: np.random.Generator, number: int) -> Person:
    """Somebody drawn who acts one expression a shot, in two pictures; each shot has its light."""
    scene = Scene(Identity.random(rng), 320, 240, seed=number)
    detector = build_detector()
    person = []
    for shot, acted in enumerate(ACTED):
        gain = rng.uniform(0.85, 1.1)
        gain = gain * rng.uniform(0.97, 1.03, 3)
        gamma = rng.uniform(0.95, 1.05)
        start = 7.0 * shot
        seen = []
        for t in (start, start + 0.6):
            mouth = rng.uniform(0, 0.6)
            picture = scene.picture(t, EXPRESSIONS[acted], mouth)
            frame = SimpleNamespace(t=t, index=0, image=_lit(picture, gain, gamma))
            found = cut_faces(frame, detector)
            for face in found[:1]:
                measured = appearance.look(frame.image, face.found, face.crop)
                seen.append(measured)
        if seen:
            person.append(seen)
    return person


def _lit(picture: np.ndarray, gain: np.ndarray, gamma: float) -> np.ndarray:
    """A picture in another light, uint8 RGB."""
    light = gain * picture / 255
    light = light.clip(0, 1) ** gamma
    grey = np.rint(255 * light)
    return grey.astype(np.uint8)


def _mean(shot: Iterable[Look]) -> Look:
    return reduce(Look.joined, shot)


def _pairs(people: Sequence[Person]) -> tuple[list[tuple[Look, Look]], list[tuple[Look, Look]]]:
    """Shots of one person, and shots of two, each as the means of two shots."""
    means = []
    same = []
    others = []
    for person in people:
        shots = [_mean(shot) for shot in person]
        means.append(shots)
        same += combinations(shots, 2)
    for one, two in combinations(means, 2):
        others += zip(one, two, strict=False)
    return same, others


def _chosen_details(people: Sequence[Person]) -> float:
    _, others = _pairs(people)
    cosines = [appearance.cosine(a, b) for a, b in others]
    return float(np.quantile(cosines, 1 - ALLOWED))


def _chosen_colours(people: Sequence[Person]) -> float:
    same, _ = _pairs(people)
    distances = [appearance.distance(a, b) for a, b in same]
    return float(np.quantile(distances, KEPT))


def _same_details(a: Look, b: Look) -> bool:
    return appearance.cosine(a, b) >= appearance.DETAILS


def _same_colours(a: Look, b: Look) -> bool:
    return appearance.distance(a, b) <= appearance.COLOURS


def _rates(parts: dict[str, list[Person]], is_same: Callable[[Look, Look], bool]) -> dict:
    """Of each part the shares of pairs of shots that are judged wrongly, and how many there are."""
    found = {}
    for split, people in parts.items():
        same, others = _pairs(people)
        found[split] = {
            "false_merges": _share(is_same(a, b) for a, b in others),
            "false_splits": _share(not is_same(a, b) for a, b in same),
            "pairs_of_two": len(others),
            "pairs_of_one": len(same),
        }
    return found


def _moments(pictured: dict[str, list[Person]], drawn: dict[str, list[Person]]) -> dict:
    """From one picture to the next: how often somebody stays and is taken for another, and how
    often another is noticed.
    """
    found = {"limits": [appearance.OTHER_DETAILS, appearance.OTHER_COLOURS]}
    for name, parts in (("fer2013", pictured), ("drawn", drawn)):
        people = parts["test"]
        stayed = []
        for person in people:
            for shot in person:
                stayed += pairwise(shot)
        first = [person[0][0] for person in people]
        changed = combinations(first, 2)
        found[name] = {
            "lost": _share(appearance.is_other(a, b) for a, b in stayed),
            "noticed": _share(appearance.is_other(a, b) for a, b in changed),
        }
    return found


def _films(people: list[Person], rng: np.random.Generator, films: int = 200) -> dict:
    """Films with a cast drawn from some people, a track a shot: whom ``number_people`` sees.

    Returns
    -------
    ``films``; ``cast``; ``tracks``; ``two_in_one``, films in which one number stands for two
    people; ``numbers``, how many people were counted, on average; ``whole``, the share of people
    with one number.
    """
    counted = []
    for _ in range(films):
        order = rng.permutation(len(people))
        cast = [people[k] for k in order[:CAST]]
        counted.append(_film(cast))
    means = pd.DataFrame(counted).mean()
    return {
        "films": films,
        "cast": CAST,
        "two_in_one": _share(film["merged"] > 0 for film in counted),
        "numbers": round(means["numbers"], 2),
        "whole": round(means["whole"], 4),
    }


def _film(cast: Sequence[Person]) -> dict:
    looks = {}
    pictures = {}
    truth = {}
    first = 0
    for name, person in enumerate(cast):
        for shot in person:
            track = len(looks)
            end = first + len(shot)
            looks[track] = _mean(shot)
            pictures[track] = set(range(first, end))
            truth[track] = name
            first = end
    numbered = number_people(looks, pictures)
    met = {(person, truth[track]) for track, person in numbered.items()}
    numbers = {person for person, _ in met}
    counts = Counter(name for _, name in met)
    single = [name for name, count in counts.items() if count == 1]
    return {
        "numbers": len(numbers),
        "merged": len(met) - len(numbers),
        "whole": len(single) / len(cast),
    }


def _share(judged: Iterable[bool]) -> float:
    share = np.mean(list(judged))
    return round(float(share), 5)
