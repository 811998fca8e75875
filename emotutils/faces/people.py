"""From the tracks of a film to the people in it."""

from collections.abc import Mapping, Set

from .appearance import Look, alike


def number_people(looks: Mapping[int, Look], pictures: Mapping[int, Set[int]]) -> dict[int, int]:
    """The number of the person for each track: 1 is seen longest.

    The longest track is the first person. Each next one belongs to the person whom it is most
    alike, if they are alike enough (`appearance.alike`) and never in one picture together; else it
    is somebody new. So two numbers for one person are more likely than one number for two.

    Parameters
    ----------
    looks : by track, the mean over all its faces.
    pictures : by track, the numbers of the pictures in which it was seen.

    Examples
    --------
    >>> import numpy as np
    >>> left, right = np.eye(2, 432, dtype=np.float32)
    >>> skin = np.zeros((3, 3), np.float32)
    >>> looks = {0: Look(left, skin), 1: Look(right, skin), 2: Look(left, skin)}
    >>> number_people(looks, {0: {0}, 1: {0, 1, 2, 3}, 2: {4, 5}})
    {1: 1, 2: 2, 0: 2}
    """
    people: list[_Person] = []
    order = sorted(pictures, key=lambda track: (-len(pictures[track]), track))
    for track in order:
        joined = _Person([track], looks[track], set(pictures[track]))
        if match := _most_alike(joined, people):
            people.remove(match)
            joined = match.joined(joined)
        people.append(joined)
    people.sort(key=lambda person: (-len(person.pictures), min(person.tracks)))
    return {
        track: number for number, person in enumerate(people, start=1) for track in person.tracks
    }


class _Person:
    """The tracks that were put together so far."""

    def __init__(self, tracks: list[int], look: Look, pictures: set[int]) -> None:
        self.tracks = tracks
        self.look = look
        self.pictures = pictures

    def joined(self, other: "_Person") -> "_Person":
        """With the tracks of both."""
        tracks = self.tracks + other.tracks
        look = self.look.joined(other.look)
        return _Person(tracks, look, self.pictures | other.pictures)


def _most_alike(track: _Person, people: list[_Person]) -> _Person | None:
    """Whom a track may belong to; None where there is nobody."""
    best = None
    highest = 0.0
    for person in people:
        if track.pictures & person.pictures:
            continue
        likeness = alike(track.look, person.look)
        if likeness >= highest:
            best = person
            highest = likeness
    return best
