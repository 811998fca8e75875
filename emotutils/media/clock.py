"""One running clock for all tracks of a film, whatever its time stamps do."""

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
    ends : by number of the stream, the film time (s) at which its last packet ends.
    first : by number of the stream, the film time (s) of its first packet.
    counts : by number of the stream, how many packets were seen.
    longest : by number of the stream, the longest time (s) from one packet to the next.
    reached : the latest of ``ends``.
    most : seconds that the file's bytes can hold at all.
    jumps : how often the stamps did not go on from where they were.
    """

    def __init__(self, container: av.container.InputContainer, zero: Fraction):
        self.zero = zero
        self.ends: dict[int, float] = {}
        self.first: dict[int, float] = {}
        self.counts: dict[int, int] = {}
        self.longest: dict[int, float] = {}
        self.reached = 0.0
        self.jumps = 0
        self._pause = _PAUSE
        if container.format.flags & _MAY_JUMP:
            self._pause = _BROADCAST_PAUSE
        self.most = _PAUSE + container.size / _BYTES_A_SECOND
        self._spare = self.most
        self._shifts = [0.0]
        self._shift_of: dict[int, int] = {}
        self._last: dict[int, float] = {}

    def mend(self, packet: av.Packet) -> None:
        """Put the packet's stamps on the clock; the next packet of any track continues from it."""
        stream = packet.stream.index
        tick = float(packet.time_base)
        if not self._is_plausible(packet, tick):
            packet.pts = None
        # Pictures lie in the file in the order in which they are decoded, not shown.
        stamp = packet.dts
        if stamp is None:
            stamp = packet.pts
        shown = self.ends.get(stream, 0.0)
        if stamp is not None:
            start = stamp * tick - float(self.zero)
            ticks = round(self._shift(stream, start) / tick)
            _move(packet, ticks)
            shown = start + ticks * tick
        if packet.dts is not None:
            step = shown - self._last.get(stream, shown)
            self.longest[stream] = max(self.longest.get(stream, 0.0), step)
            self._last[stream] = shown
        if packet.pts is not None:
            shown = packet.pts * tick - float(self.zero)
        self._note(stream, shown, (packet.duration or 0) * tick)

    def _is_plausible(self, packet: av.Packet, tick: float) -> bool:
        """Whether a packet may be shown at its time, going by when it is to be decoded."""
        if packet.pts is None or packet.dts is None:
            return True
        return -_STEP_BACK <= (packet.pts - packet.dts) * tick <= self._longest()

    def _shift(self, stream: int, t: float) -> float:
        """Seconds by which a track's packet at ``t`` has to be moved."""
        newest = len(self._shifts) - 1
        oldest = max(self._shift_of.get(stream, newest), newest - _REMEMBERED)
        for number in range(oldest, newest + 1):
            if self._continues(stream, t + self._shifts[number]):
                self._shift_of[stream] = number
                return self._shifts[number]
        self.jumps += 1
        behind = self.reached
        if self._shift_of.get(stream, newest) < newest:
            behind = self.ends[stream]  # another track has jumped already, by another time
        self._shifts.append(behind - t)
        self._shift_of[stream] = newest + 1
        return self._shifts[-1]

    def _continues(self, stream: int, t: float) -> bool:
        if stream in self._last and t < self._last[stream] - _STEP_BACK:
            return False
        return t - self.reached <= self._longest()

    def _longest(self) -> float:
        """Seconds that may pass with nothing in the file to show for it."""
        return max(_SHORT, min(self._pause, self._spare))

    def _note(self, stream: int, shown: float, duration: float) -> None:
        before = self.reached
        if duration > self._longest():
            duration = 0.0  # no picture stands so long
        end = max(self.ends.get(stream, 0.0), shown + duration)
        self.ends[stream] = end
        self.first.setdefault(stream, shown)
        self.counts[stream] = self.counts.get(stream, 0) + 1
        self.reached = max(before, end)
        if self.reached - before > _SHORT:
            self._spare -= self.reached - before


def _move(packet: av.Packet, ticks: int) -> None:
    if not ticks:
        return
    if packet.pts is not None:
        packet.pts += ticks
    if packet.dts is not None:
        packet.dts += ticks
