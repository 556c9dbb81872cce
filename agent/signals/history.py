"""Signals from what lies behind: purchases, cases and contacts."""

from __future__ import annotations

from datetime import datetime, timedelta

from agent.domain.customer import Snapshot
from agent.domain.money import Money
from agent.domain.signals import OpenCase, Pressure, Value

WEEK = timedelta(days=7)


def value(snapshot: Snapshot, now: datetime) -> Value | None:
    """Recency, frequency and value (Hughes, Strategic Database Marketing, 1994); None without a purchase."""
    history = snapshot.history
    if history is None or history.orders == 0:
        return None
    return Value(
        recency_days=max(0.0, (now - history.last_at).total_seconds() / 86_400),
        orders=history.orders,
        mean_order=Money.from_micros(max(0, history.net.micros) // history.orders, history.net.currency),
        favourite=history.favourite,
    )


def open_case(snapshot: Snapshot, now: datetime) -> OpenCase | None:
    """The oldest case that stands open at `now`."""
    standing = [c for c in snapshot.cases if c.opened_at <= now and (c.closed_at is None or c.closed_at > now)]
    if not standing:
        return None
    first = min(standing, key=lambda case: (case.opened_at, case.case_id))
    return OpenCase(case_id=first.case_id, kind=first.kind, opened_at=first.opened_at)


def pressure(snapshot: Snapshot, now: datetime) -> Pressure:
    """How often the customer was approached in the last seven days; reserved contacts count as made."""
    return Pressure(contacts_7d=sum(1 for c in snapshot.contacts if c.kind == "offer" and c.at > now - WEEK))
