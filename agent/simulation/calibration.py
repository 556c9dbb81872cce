"""A world's numbers from the seller's own data: who buys how often, for how much, when, and who agreed to what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from agent.domain.customer import PUSHED, Basis, Channel, ConsentStatus, Purpose, Snapshot
from agent.domain.errors import InputError

if TYPE_CHECKING:
    from agent.service import Tactful

LEAST_ORDERS, LEAST_DAYS = 200, 28
SAMPLED = 4_000
"""Customers whose consents and addresses are looked at."""
BASKETS = 400
MONTH = 30.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one customer has and agreed to, drawn again for simulated ones."""

    channels: tuple[Channel, ...]
    agreed: tuple[tuple[Purpose, Channel | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Measured on the imported orders. Rates are orders a month of each customer who ordered; baskets in main units,
    evenly spaced quantiles; `hours`, `weekdays` and `months` are shares of orders; gaps in days."""

    customers: int
    orders: int
    days: int
    rates: tuple[float, ...]
    baskets: tuple[float, ...]
    hours: tuple[float, ...]
    weekdays: tuple[float, ...]
    months: tuple[float, ...]
    median_gap: float
    mean_basket: float
    profiles: tuple[Profile, ...]


def calibrate(tactful: Tactful) -> Calibration:
    """Raises InputError where there is too little to calibrate on."""
    columns = tactful.stores.columns.orders(tactful.tenant, tactful.playbook.brand.currency)
    zone = ZoneInfo(tactful.playbook.brand.zone)
    days = (columns.at[-1] - columns.at[0]).days + 1 if columns.at else 0
    if len(columns.at) < LEAST_ORDERS or days < LEAST_DAYS:
        raise InputError(
            f"{len(columns.at)} orders over {days} days are too few to calibrate on",
            place="--from-data",
            next_step=f"Import at least {LEAST_ORDERS} orders over {LEAST_DAYS} days, or choose a --world.",
        )
    local = [at.astimezone(zone) for at in columns.at]
    counts = Counter(columns.customers)
    customers = max(tactful.stores.customers.count(tactful.tenant), len(counts))
    rates = [count * MONTH / days for _, count in sorted(counts.items())]
    rates += [0.0] * (customers - len(counts))
    return Calibration(
        customers=customers,
        orders=len(columns.at),
        days=days,
        rates=tuple(rates),
        baskets=quantiles(columns.value, BASKETS),
        hours=_shares([at.hour for at in local], 24),
        weekdays=_shares([at.weekday() for at in local], 7),
        months=_by_month(local),
        median_gap=median(gaps(columns.customers, [at.timestamp() for at in columns.at])),
        mean_basket=sum(columns.value) / len(columns.value),
        profiles=_profiles(tactful),
    )


def gaps(customers: Sequence[str], seconds: Sequence[float]) -> list[float]:
    """Days between one order and the next of the same customer, on different days; [0] where nobody came back."""
    last: dict[str, float] = {}
    found = []
    for who, at in sorted(zip(customers, seconds, strict=True), key=lambda pair: pair[1]):
        if who in last and at - last[who] >= 86_400:
            found.append((at - last[who]) / 86_400)
        last[who] = at
    return found or [0.0]


def quantiles(values: Sequence[float], count: int) -> tuple[float, ...]:
    """Evenly spaced, least first."""
    ordered = sorted(values)
    return tuple(ordered[min(len(ordered) - 1, int((n + 0.5) / count * len(ordered)))] for n in range(count))


def _shares(values: Sequence[int], size: int) -> tuple[float, ...]:
    counts = Counter(values)
    return tuple(counts[n] / len(values) for n in range(size))


def _by_month(local: Sequence[datetime]) -> tuple[float, ...]:
    """Orders on a day of each month, as shares: months that were seen twice count once. Zero for those never seen."""
    orders = Counter(at.month for at in local)
    first, last = local[0].date(), local[-1].date()
    seen = Counter((first + timedelta(days=n)).month for n in range((last - first).days + 1))
    rates = [orders[month] / seen[month] if seen[month] else 0.0 for month in range(1, 13)]
    return tuple(rate / sum(rates) for rate in rates)


def _profiles(tactful: Tactful) -> tuple[Profile, ...]:
    everybody = tactful.stores.customers.all(tactful.tenant)
    step = max(1, len(everybody) // SAMPLED)
    now = tactful.now()
    snapshots = tactful.stores.snapshots.snapshots(tactful.tenant, everybody[::step], now)
    return tuple(_profile(snapshot) for snapshot in snapshots)


def _profile(snapshot: Snapshot) -> Profile:
    agreed = tuple(
        (c.purpose, c.channel)
        for c in snapshot.consents
        if c.status is ConsentStatus.GRANTED and c.basis is Basis.CONSENT
    )
    return Profile(channels=tuple(r.channel for r in snapshot.reach if r.channel in PUSHED), agreed=agreed)
