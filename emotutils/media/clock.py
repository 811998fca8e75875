"""One running clock for all tracks of a film, whatever its time stamps do."""

from dataclasses import dataclass
from fractions import Fraction

import av

#: s: the stamps of one track may step back by so much without having started again.
_STEP_BACK = 0.5
#: s: a longer time without picture or sound has to be paid for in bytes.
_SHORT = 0.5
#: s: so long a time without any packet is a pause; a longer one is a jump of the clock.
_PAUSE = 600.0
#: The same for formats whose stamps may jump, as in what a camera or a broadcast cut together.
_BROADCAST_PAUSE = 10.0
#: Of a film that has hardly any bytes, pauses may add up to ``_PAUSE``; of others to a second for
#: each so many bytes. The slowest codecs for speech need more.
_BYTES_A_SECOND = 250
_MAY_JUMP = 0x0200  # AVFMT_TS_DISCONT
#: Behind a jump, tracks change over one after the other; none is so many jumps behind.
_REMEMBERED = 8


@dataclass
class Course:
    """How one track has run so far, in film time (s).

    Attributes
    ----------
    shift : number of the shift that its stamps need.
    count : its packets.
    first, end : when the first one begins and the last one ends.
    last : when the last one is shown.
    decoded : when the last one is to be decoded; None: not said yet.
    longest : time from one packet to the next.
    lasts : how long the last one says to last.
    overlaps : packets say to last longer than until the next, so none is taken at its word.
    """

    shift: int
    count: int = 0
    first: float = 0.0
    end: float = 0.0
    last: float = 0.0
    decoded: float | None = None
    longest: float = 0.0
    lasts: float = 0.0
    overlaps: bool = False

    def steps_back(self, t: float) -> bool:
        """Whether a packet to be decoded at ``t`` comes out of order."""
        return self.decoded is not None and t < self.decoded - _STEP_BACK

    def note_decoded(self, t: float) -> None:
        if self.decoded is not None:
            step = t - self.decoded
            self.longest = max(self.longest, step)
            if self.lasts > step + _SHORT and not self.overlaps:
                self.overlaps = True
                self.end = self.last + self.longest
        self.decoded = t

    def note_shown(self, t: float, duration: float) -> None:
        if self.count == 0:
            self.first = t
        self.count += 1
        self.lasts = duration
        if self.overlaps:
            duration = min(duration, self.longest)
        self.last = max(self.last, t)
        self.end = max(self.end, t + duration)


class Clock:
    """Puts the packets of a film on one clock that starts at 0 and runs on.

    Where two recordings were put behind one another, stamps start again; in broadcasts they jump.
    What follows is then put behind what was before, all tracks by the same shift, so that picture
    and sound keep together. A pause is left as it is, but no longer than one can be, and all of
    them no longer than the file's bytes allow: what a head says of time is no reason to wait.

    Parameters
    ----------
    container : the open film.
    zero : its time stamp, in seconds, at which a player starts.

    Attributes
    ----------
    zero : as given.
    reached : the film time (s) at which the last packet of any track ends.
    jumps : how often the stamps did not go on from where they were.
    most : seconds that the file's bytes can hold at all.
    """

    def __init__(self, container: av.container.InputContainer, zero: Fraction):
        self.zero = zero
        self.reached = 0.0
        self.jumps = 0
        self.most = _PAUSE + container.size / _BYTES_A_SECOND
        self._spare = self.most
        self._pause = _PAUSE
        if container.format.flags & _MAY_JUMP:
            self._pause = _BROADCAST_PAUSE
        self._shifts = [0.0]
        self._courses: dict[int, Course] = {}

    def of(self, stream: av.stream.Stream) -> Course:
        """How this track has run so far."""
        newest = len(self._shifts) - 1
        return self._courses.setdefault(stream.index, Course(newest))

    def mend(self, packet: av.Packet) -> None:
        """Put the packet's stamps on the clock; the next packet of any track continues from it."""
        course = self.of(packet.stream)
        tick = float(packet.time_base)
        zero = float(self.zero)
        if not self._is_plausible(packet, tick):
            packet.pts = None
        # Pictures lie in the file in the order in which they are decoded, not shown.
        stamp = packet.dts
        if stamp is None:
            stamp = packet.pts
        shown = course.end
        if stamp is not None:
            start = stamp * tick - zero
            ticks = round(self._shift(course, start) / tick)
            _move(packet, ticks)
            shown = start + ticks * tick
        if packet.dts is not None:
            course.note_decoded(shown)
        if packet.pts is not None:
            shown = packet.pts * tick - zero
        duration = (packet.duration or 0) * tick
        self._note(course, shown, duration)

    def _is_plausible(self, packet: av.Packet, tick: float) -> bool:
        """Whether a packet may be shown at its time, going by when it is to be decoded."""
        if packet.pts is None or packet.dts is None:
            return True
        ahead = (packet.pts - packet.dts) * tick
        return -_STEP_BACK <= ahead <= self._longest()

    def _shift(self, course: Course, t: float) -> float:
        """Seconds by which a track's packet at ``t`` has to be moved."""
        newest = len(self._shifts) - 1
        oldest = max(course.shift, newest - _REMEMBERED)
        for number in range(oldest, newest + 1):
            moved = t + self._shifts[number]
            if self._continues(course, moved):
                course.shift = number
                return moved - t
        self.jumps += 1
        behind = self.reached
        if course.shift < newest:
            behind = course.end  # another track has jumped already, by another time
        self._shifts.append(behind - t)
        course.shift = newest + 1
        return behind - t

    def _continues(self, course: Course, t: float) -> bool:
        if course.steps_back(t):
            return False
        pause = t - self.reached
        return pause <= self._longest()

    def _longest(self) -> float:
        """Seconds that may pass with nothing in the file to show for it."""
        allowed = min(self._pause, self._spare)
        return max(_SHORT, allowed)

    def _note(self, course: Course, shown: float, duration: float) -> None:
        if duration > self._longest():
            duration = 0.0  # no picture stands so long
        course.note_shown(shown, duration)
        passed = course.end - self.reached
        if passed > _SHORT:
            self._spare -= passed
        self.reached = max(self.reached, course.end)


def _move(packet: av.Packet, ticks: int) -> None:
    if not ticks:
        return
    if packet.pts is not None:
        packet.pts += ticks
    if packet.dts is not None:
        packet.dts += ticks
