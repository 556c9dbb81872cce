"""Instants: how they are written, and which of them are the present."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agent.domain.errors import InputError

PRESENT = timedelta(minutes=15)
"""An instant further from the clock than this is about the past or the future."""

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for: since nobody knows when."""


def instant(text: str, place: str = "as_of") -> datetime:
    """An ISO 8601 time with its zone, in UTC. Raises InputError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            "not an ISO 8601 time", place=place, next_step="Write it as 2026-11-22T13:00+00:00."
        ) from error
    if found.tzinfo is None:
        raise InputError("the time has no zone", place=place, next_step="Add one, as in 2026-11-22T13:00+00:00.")
    return found.astimezone(UTC)


def is_present(asked: datetime, now: datetime) -> bool:
    return abs(now - asked) <= PRESENT


def as_present(asked: datetime, now: datetime) -> datetime:
    """The instant to act at: a moment ago is now, or what happened since would be missed. Further back it is a look at
    the past, which stays there."""
    return now if asked < now <= asked + PRESENT else asked
