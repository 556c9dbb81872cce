"""Who comes on which day, and at what hour: rates, weekdays and hours, drawn for everybody at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOURS: dict[str, tuple[float, ...]] = {
    "daytime": (1, 1, 0, 0, 0, 0, 1, 2, 4, 7, 9, 10, 11, 10, 9, 8, 7, 5, 4, 4, 3, 2, 1, 1),
    "evening": (2, 1, 0, 0, 0, 0, 1, 2, 2, 2, 2, 3, 4, 3, 3, 3, 4, 6, 9, 12, 13, 12, 9, 5),
    "commuter": (1, 0, 0, 0, 0, 1, 5, 12, 11, 4, 2, 2, 6, 5, 2, 2, 3, 7, 12, 9, 6, 5, 3, 2),
}
"""When people of a kind come, by the hour of their own clock; weights."""
WEEKDAYS = (0.97, 0.95, 0.96, 1.0, 1.02, 1.08, 1.1)
"""Monday first."""


class Rhythm:
    """The visits of many people. `rates`: visits a day; `kinds`: which row of `hours` each follows."""

    def __init__(
        self,
        rates: Floats,
        kinds: Ints,
        hours: Floats,
        weekdays: tuple[float, ...],
        begins: datetime,
        zone: str,
    ) -> None:
        self._rates = rates
        self._kinds = kinds
        self._hours = hours
        self._weekdays = weekdays
        self._begins = begins.astimezone(ZoneInfo(zone))

    @cached_property
    def _cumulated(self) -> Floats:
        sums = np.cumsum(self._hours, axis=1)
        return np.asarray(sums / sums[:, -1:], dtype=np.float64)

    def midnight(self, number: int) -> datetime:
        """The local beginning of a day, aware."""
        day = (self._begins + timedelta(days=number)).date()
        return datetime.combine(day, datetime.min.time(), self._begins.tzinfo)

    def day(self, number: int, draw: np.random.Generator) -> tuple[Ints, list[datetime]]:
        """Who comes (by position), and when; nobody twice a day. A rate of several a day counts as one."""
        midnight = self.midnight(number)
        rates = self._rates * self._weekdays[midnight.weekday()]
        who = np.flatnonzero(draw.random(len(rates)) < 1.0 - np.exp(-rates))
        chosen = draw.random(len(who))
        hours = (chosen[:, None] >= self._cumulated[self._kinds[who]]).sum(axis=1)
        seconds = np.minimum(hours, 23) * 3600 + (draw.random(len(who)) * 3600).astype(np.int64)
        start = midnight.astimezone(ZoneInfo("UTC"))
        return who, [start + timedelta(seconds=int(s)) for s in seconds]
