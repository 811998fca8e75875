"""Follow faces from frame to frame."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from .appearance import Look, alike, is_other
from .crops import Face, overlap

#: s: pictures that come further apart than this stand each by itself.
_APART = 0.5


@dataclass(frozen=True)
class _Track:
    """Where a face was last seen: at ``t`` seconds, in the picture of that number; and what it
    looked like then.
    """

    face: Face
    t: float
    picture: int
    look: Look | None


@dataclass
class _Shot:
    """What was seen since the last cut: how many pictures, which tracks; and the shortest time (s)
    between two pictures of which it has one.
    """

    pictures: int = 0
    tracks: set[int] = field(default_factory=set)
    closest: float = math.inf


class Tracker:
    """Follows faces from picture to picture: the same face keeps its number, for as long as the
    film runs.

    Faces and tracks are paired so that together they moved least and overlap most (Hungarian
    assignment). A track unseen for up to ``max_gap`` seconds is taken up again. Where looks are
    given, a face that is plainly somebody else's is not put into a track, and over a cut, where
    places mean nothing, looks alone count. Without them it goes by place and size only.

    Parameters
    ----------
    max_gap : seconds for which an unseen face keeps its number; one seen in the last picture always
        does.

    Attributes
    ----------
    looks : by number of the track, the mean `appearance.Look` of all its faces: in memory only, see
        there.
    """

    def __init__(self, *, max_gap: float = 1.0) -> None:
        self.max_gap = max_gap
        self.looks: dict[int, Look] = {}
        self._tracks: dict[int, _Track] = {}
        self._confirmed: set[int] = set()
        self._count = 0
        self._picture = 0
        self._shot = _Shot()
        self._t = -math.inf

    def update(
        self,
        t: float,
        faces: list[Face],
        looks: list[Look] | None = None,
        *,
        is_cut: bool = False,
    ) -> list[int]:
        """Number the faces of one picture.

        Parameters
        ----------
        t : seconds of the picture, not before the last one.
        faces : as the detector gave them.
        looks : of each face, what it looks like; all are one person's by default.
        is_cut : whether another shot begins with this picture.

        Returns
        -------
        A number for each face, in the faces' order.

        Raises
        ------
        ValueError : time runs backwards.

        Examples
        --------
        >>> tracker = Tracker()
        >>> left = Face(10, 10, 40, 40, score=1.0)
        >>> right = Face(90, 10, 40, 40, score=1.0)
        >>> tracker.update(0.0, [left, right])
        [0, 1]
        >>> tracker.update(0.2, [right, left])
        [1, 0]
        """
        if t < self._t:
            raise ValueError(f"pictures must come in the order of time: {t} s after {self._t} s")
        gap = t - self._t
        self._t = t
        self._picture += 1
        self._shot.closest = min(self._shot.closest, gap)
        if is_cut:
            self._confirmed |= self._unjudged()
            self._shot = _Shot(closest=gap)
        self._shot.pictures += 1
        for number, track in list(self._tracks.items()):
            if not self._alive(track):
                del self._tracks[number]
        seen = looks or [None] * len(faces)
        known = self._paired(faces, seen, is_cut)
        numbers = []
        for k, (face, look) in enumerate(zip(faces, seen, strict=True)):
            number = known.get(k)
            if number is None:
                number = self._count
                self._count += 1
            elif self._picture - self._tracks[number].picture <= 2:
                self._confirmed.add(number)
            self._tracks[number] = _Track(face, self._t, self._picture, look)
            self._remember(number, look)
            numbers.append(number)
        self._shot.tracks |= set(numbers)
        return numbers

    def _unjudged(self) -> set[int]:
        """The tracks of this shot, if it has too few pictures to tell a false alarm by."""
        if self._shot.pictures < 3 and self._shot.closest >= _APART:
            return self._shot.tracks
        return set()

    def _remember(self, number: int, look: Look | None) -> None:
        if number in self.looks:
            look = self.looks[number].joined(look)
        if look is not None:
            self.looks[number] = look

    def _alive(self, track: _Track) -> bool:
        """Whether a face may still take this track up again."""
        seen_last = track.picture == self._picture - 1
        return seen_last or self._t - track.t <= self.max_gap + 1e-6

    def _paired(self, faces: list[Face], looks: list[Look | None], is_cut: bool) -> dict[int, int]:
        """The track's number for each face (by place in the list) that belongs to one."""
        numbers = list(self._tracks)
        costs = np.ones((len(numbers), len(faces)))
        for i, number in enumerate(numbers):
            track = self._tracks[number]
            gap = self._t - track.t
            for k, (face, look) in enumerate(zip(faces, looks, strict=True)):
                if is_cut and look is not None:
                    costs[i, k] = _unlike(self.looks[number], look)
                elif look is None or not is_other(track.look, look):
                    costs[i, k] = _mismatch(track.face, face, gap)
        return {k: numbers[i] for i, k in _cheapest(costs) if costs[i, k] < 1}

    def confirmed(self, track: int) -> bool:
        """Whether the track was so far seen in two of any three successive pictures; a false alarm
        rarely is. Where there are no three (a photo, slides that stand for long), all are.
        """
        if self._picture < 3:
            return track < self._count
        return track in self._confirmed or track in self._unjudged()


def _cheapest(costs: np.ndarray) -> Iterable[tuple[int, int]]:
    """Rows and columns that together cost least, each at most once."""
    if costs.size == 0:
        return ()
    if costs.size == 1:
        return ((0, 0),)
    # Here: a third of a second, which a film with one face can do without.
    from scipy.optimize import linear_sum_assignment

    return zip(*linear_sum_assignment(costs), strict=True)


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
    moved = (distance / reach) ** 2
    apart = 1 - overlap(old, new)
    return (moved + apart) / 2


def _unlike(known: Look, seen: Look) -> float:
    """The same by looks alone: 0 (nothing differs) to 1 (they may not be one person).

    Clothes do not count: where a camera moves fast, which looks like a cut, a head that tilts shows
    others of them.
    """
    return min(1.0, 1 - alike(known, seen, clothes=False))
