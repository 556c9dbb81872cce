"""A rehearsal: a stretch of time played through on a copy of the store, with its own clock, and nothing that leaves.

Customers do what the imported files say they did; nobody answers a message. What the brand would have said, and when it
would have kept silent, can then be looked at customer by customer.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.bootstrap import open_tactful
from agent.dispatch.dispatcher import Route
from agent.dispatch.providers.files import FileProvider
from agent.domain.customer import PUSHED, Channel
from agent.domain.delivery import Claim, Result
from agent.domain.errors import InputError
from agent.service import Tactful
from agent.settings import Settings
from agent.simulation.clock import VirtualClock

DECIDES_AT = time(10)
"""The hour of the brand's day at which everybody is thought of."""
LONGEST = 92
"""Days."""


@dataclass(slots=True)
class Day:
    """What one day came to: decisions by what was done or why not, and messages that would have left by action."""

    on: date
    decided: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)


class Counting(FileProvider):
    """Files, and what they would have been, by action."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sent: Counter[str] = Counter()

    def send(self, claim: Claim) -> Result:
        self.sent[claim.effect.action] += 1
        return super().send(claim)


class Rehearsal:
    """One tenant's store, copied into `home`/rehearsal; whatever stood there from an earlier rehearsal is replaced."""

    def __init__(self, settings: Settings, tenant: str, first: date, days: int) -> None:
        """Raises InputError where there is nothing to copy, or the time cannot be meant."""
        if not 1 <= days <= LONGEST:
            raise InputError(f"not 1 to {LONGEST} days", place="--days", next_step="Give a number between them.")
        if not 2000 <= first.year <= 2100:
            raise InputError("a year out of range", place="--from", next_step="Begin between 2000 and 2100.")
        self.home = _copied(settings)
        self._clock = VirtualClock(datetime.combine(first, time(), ZoneInfo("UTC")))
        self._outbox = Counting(self.home / "outbox" / tenant)
        outbox = Route(self._outbox, (*PUSHED, Channel.DESK))
        own = settings.model_copy(update={"home": self.home, "database_url": None, "model_name": None})
        self.tactful: Tactful = open_tactful(own, tenant, clock=self._clock, routes=[outbox])
        self._first, self._days = first, days

    def play(self) -> Iterator[Day]:
        """Day by day: every hour what is due, once a day a decision for everybody."""
        zone = ZoneInfo(self.tactful.playbook.brand.zone)
        for number in range(self._days):
            day = Day(self._first + timedelta(days=number))
            for hour in range(24):
                self._clock.at = datetime.combine(day.on, time(hour), zone).astimezone(ZoneInfo("UTC"))
                self.tactful.dispatch()
                if hour == DECIDES_AT.hour:
                    for decision in self.tactful.decide_all():
                        chosen = decision.chosen
                        day.decided[chosen.action if chosen else f"hold: {decision.hold.reason}"] += 1
            day.left, self._outbox.sent = self._outbox.sent, Counter()
            yield day


def _copied(settings: Settings) -> Path:
    source = settings.home / "tactful.db"
    if settings.database_url is not None or not source.exists():
        raise InputError(
            "a rehearsal works on a copy of a SQLite store, and there is none",
            place=str(settings.home),
            next_step="Import into a folder of its own first, without TACTFUL_DATABASE_URL.",
        )
    home = settings.home / "rehearsal"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(home / "tactful.db")) as new:
        old.backup(new)
    return home
