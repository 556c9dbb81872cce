"""The virtual clock: hours, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

TICK = timedelta(hours=1)
"""What happened within one is decided on together, when it ends."""


class VirtualClock:
    """Stands where it is put (the `Clock` port)."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def ticks(self, until: datetime) -> Iterator[datetime]:
        """Moves on, and tells where it stands."""
        while self.at < until:
            self.at = min(self.at + TICK, until)
            yield self.at


def open_at_the_end(at: datetime, begins: datetime) -> datetime:
    """Moved into the second half of its hour: a session is open for half an hour after its last page, and whoever
    visits is to be met while they are there."""
    past = (at - begins) % TICK
    return at + (TICK - past) / 2
