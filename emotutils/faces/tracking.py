"""Follow faces from frame to frame."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from .crops import Face, _overlap


@dataclass(frozen=True)
class _Track:
    """Where a face was last seen: at ``t`` seconds, in the picture of that number."""

    face: Face
    t: float
    picture: int


class Tracker:
    """Follows faces from picture to picture: the same face keeps its number, for as long as the
    film runs.

    Faces and tracks are paired so that together they moved least and overlap most (Hungarian
    assignment). A track unseen for up to ``max_gap`` seconds is taken up again. It goes by place
    and size only: two people who change places behind one another may be taken for each other.

    Parameters
    ----------
    max_gap : seconds for which an unseen face keeps its number; one seen in the last picture always
        does.
    """

    def __init__(self, *, max_gap: float = 1.0) -> None:
        self.max_gap = max_gap
        self._tracks: dict[int, _Track] = {}
        self._confirmed: set[int] = set()
        self._count = 0
        self._picture = 0
        self._t = -math.inf

    def update(self, t: float, faces: list[Face]) -> list[int]:
        """Number the faces of the picture at ``t`` seconds, in their order; ValueError if time runs
        backwards.
        """
        if t < self._t:
            raise ValueError(f"pictures must come in the order of time: {t} s after {self._t} s")
        self._t = t
        self._picture += 1
        alive = {
            number: track
            for number, track in self._tracks.items()
            if t - track.t <= self.max_gap + 1e-6 or track.picture == self._picture - 1
        }
        numbers = list(alive)
        costs = np.array(
            [[_mismatch(alive[n].face, face, t - alive[n].t) for face in faces] for n in numbers]
        )
        costs = costs.reshape(len(numbers), len(faces))
        pairs = {
            j: numbers[i]
            for i, j in zip(*linear_sum_assignment(costs), strict=True)
            if costs[i, j] < 1
        }
        found = []
        for j, face in enumerate(faces):
            number = pairs.get(j)
            if number is None:
                number = self._count
                self._count += 1
            elif self._picture - alive[number].picture <= 2:
                self._confirmed.add(number)
            alive[number] = _Track(face, t, self._picture)
            found.append(number)
        self._tracks = alive
        return found

    def confirmed(self, track: int) -> bool:
        """Whether the track was so far seen in two of any three successive pictures; a false alarm
        rarely is.
        """
        return track in self._confirmed


def _mismatch(old: Face, new: Face, gap: float) -> float:
    """How unlikely two sightings ``gap`` seconds apart are one face: 0 (same place and size) to 1
    (impossible).
    """
    # Heads in films move up to some four face widths a second; the constant part allows for jumps
    # of the box.
    reach = (0.6 + 1.5 * gap) * old.side
    distance = float(np.linalg.norm(new.centre - old.centre))
    if distance >= reach or not 0.5 < new.side / old.side < 2:
        return 1.0
    return ((distance / reach) ** 2 + 1 - _overlap(old, new)) / 2
