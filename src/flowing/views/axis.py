"""From time to pixels: a line that gives long times without an attempt little room, and marks on it. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from flowing._record import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BREAK_PX: Final = 44.0
_IDLE_TIMES_MIN: Final = 2.0  # times the time in which something went on; what is idle for less, keeps its room
_TICK_PX: Final = 90.0
_SHORTEST_S: Final = 1e-6
_IDLE_MIN_S: Final = 1.0  # less is a wait within a run, as for a commit, and is part of what it took


@record(kw_only=True)
class Axis:
    """Where times are: `times` in seconds since the begin and `places` in pixels, both ascending; straight between.

    `breaks` are the times that were shortened.
    """

    times: tuple[float, ...]
    places: tuple[float, ...]
    breaks: tuple[tuple[float, float], ...] = ()

    def at(self, time_s: float) -> float:
        """Find a time's place."""
        index = min(max(bisect_right(self.times, time_s), 1), len(self.times) - 1)
        begin, end = self.times[index - 1], self.times[index]
        share = (min(max(time_s, begin), end) - begin) / (end - begin) if end > begin else 0.0
        return self.places[index - 1] + share * (self.places[index] - self.places[index - 1])

    @property
    def seconds_per_pixel(self) -> float:
        """Say how fine the parts are that were not shortened."""
        shortened = sum([end - begin for begin, end in self.breaks])
        pixels = self.places[-1] - self.places[0] - _BREAK_PX * len(self.breaks)
        return (self.times[-1] - shortened) / pixels

    def ticks(self) -> Iterator[tuple[float, str]]:
        """Give round times that have room, with their wording."""
        step = _round_step(self.seconds_per_pixel * _TICK_PX)
        last = -math.inf
        for begin, end in self._parts():
            for number in range(math.ceil(begin / step), math.floor(end / step) + 1):
                place = self.at(number * step)
                if place - last >= _TICK_PX / 2:
                    yield place, worded(number * step, step)
                    last = place

    def _parts(self) -> Iterator[tuple[float, float]]:
        begin = 0.0
        for idle_from, idle_until in self.breaks:
            yield begin, idle_from
            begin = idle_until
        yield begin, self.times[-1]


def axis_of(busy: Sequence[tuple[float, float]], *, length_s: float, width: float) -> Axis:
    """Make an axis from 0 to `length_s`, `width` pixels long, that shortens long times outside of `busy`."""
    length_s = max(length_s, _SHORTEST_S)
    idle = [
        (max(0.0, before[1]), after[0])
        for before, after in zip(((0.0, 0.0), *busy), (*busy, (length_s, length_s)), strict=True)
    ]
    busy_s = length_s - sum([max(0.0, until_s - from_s) for from_s, until_s in idle])
    breaks = tuple([each for each in idle if each[1] - each[0] > max(_IDLE_TIMES_MIN * busy_s, _IDLE_MIN_S)])
    if busy_s < _SHORTEST_S or len(breaks) * _BREAK_PX > width / 2:
        breaks = ()
    left_s = length_s - sum([until_s - from_s for from_s, until_s in breaks])
    scale = (width - _BREAK_PX * len(breaks)) / left_s if left_s > 0 else 0.0
    times, places = [0.0], [0.0]
    for from_s, until_s in breaks:
        times += [from_s, until_s]
        near = places[-1] + (from_s - times[-3]) * scale
        places += [near, near + _BREAK_PX]
    return Axis(times=(*times, length_s), places=(*places, width), breaks=breaks)


def _round_step(least_s: float) -> float:
    """Choose 1, 2 or 5 times a power of ten, or a round number of minutes, hours or days."""
    for step in (60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400):
        if 20 < least_s <= step:  # noqa: PLR2004 - 20 s and below are decimal
            return step
    power = 10.0 ** math.floor(math.log10(least_s))
    return next((power * factor for factor in (1, 2, 5) if power * factor >= least_s), power * 10)


def worded(time_s: float, step_s: float = 0.0) -> str:
    """Write a time since the begin as precisely as the step needs."""
    if step_s >= 86_400:  # noqa: PLR2004 - a day
        return f"{time_s / 86_400:g} d"
    if step_s >= 3600:  # noqa: PLR2004 - an hour
        return f"{time_s / 3600:g} h"
    if step_s >= 60:  # noqa: PLR2004 - a minute
        return f"{time_s / 60:g} min"
    if step_s >= 1:
        return f"{time_s:,.0f} s"
    if step_s >= 0.01 and time_s >= 1:  # noqa: PLR2004 - two decimals
        return f"{time_s:.2f} s"
    digits = max(0, -math.floor(math.log10(step_s * 1000))) if step_s else 1
    return f"{time_s * 1000:,.{digits}f} ms"
