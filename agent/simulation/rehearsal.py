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
from agent.domain.errors import InputError
from agent.service import Tactful
from agent.settings import Settings

DECIDES_AT = time(10)
"""The hour of the brand's day at which everybody is thought of."""
LONGEST = 92
"""Days."""


class HandClock:
    """Stands where it is put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@dataclass(slots=True)
class Day:
    """What one day came to: decisions by what was done or why not, and messages that left by channel."""

    on: date
    decided: Counter[str] = field(default_factory=Counter)
    left: int = 0


class Rehearsal:
    """One tenant's store, copied into `home`/rehearsal; whatever stood there from an earlier rehearsal is replaced."""

    def __init__(self, settings: Settings, tenant: str, first: date, days: int) -> None:
        """Raises InputError where there is nothing to copy, or the time cannot be meant."""
        if not 1 <= days <= LONGEST:
            raise InputError(f"1 to {LONGEST} days", place="--days", next_step="Rehearse a shorter time.")
        self.home = _copied(settings)
        self._clock = HandClock(datetime.combine(first, time(), ZoneInfo("UTC")))
        outbox = Route(FileProvider(self.home / "outbox" / tenant), (*PUSHED, Channel.DESK))
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
                day.left += self.tactful.dispatch().counts.get("sent", 0)
                if hour == DECIDES_AT.hour:
                    for decision in self.tactful.decide_all():
                        chosen = decision.chosen
                        day.decided[chosen.action if chosen else f"hold: {decision.hold.reason}"] += 1
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
