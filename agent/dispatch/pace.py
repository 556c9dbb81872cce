"""How many may leave now: at most so many a second, and never a burst after a pause or an outage."""

from __future__ import annotations

from datetime import datetime

from agent.domain.ports import Clock


class Pace:
    """A bucket that holds no more than one second's worth (token bucket, RFC 2697 in spirit)."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._per_second = per_second
        self._clock = clock
        self._room = max(1.0, per_second)
        self._at: datetime | None = None

    def room(self) -> int:
        """Messages that may leave at this moment."""
        now = self._clock.now()
        if self._at is not None:
            gone = max(0.0, (now - self._at).total_seconds())
            self._room = min(max(1.0, self._per_second), self._room + gone * self._per_second)
        self._at = now
        return int(self._room)

    def seconds(self) -> float:
        """How long until another one may leave; 0 where one may now."""
        return 0.0 if self.room() else (1.0 - self._room) / self._per_second

    def take(self, number: int) -> None:
        self._room -= number
