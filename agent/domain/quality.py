"""How good a tenant's data is: what is missing, stale, double, impossible or drifting, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

DRIFT, STRONG_DRIFT = 0.1, 0.25
"""Population stability index: below the first nothing moved, above the second the populations differ (Siddiqi 2006)."""
ENOUGH = 100
"""Observations on either side without which a drift would be noise."""


class Kind(StrEnum):
    MISSING = "missing"
    STALE = "stale"
    DUPLICATE = "duplicate"
    IMPOSSIBLE = "impossible"
    DRIFTING = "drifting"


class Weight(StrEnum):
    """`stop`: something cannot work so. `look`: worth a look. `fine`: as it should be."""

    STOP = "stop"
    LOOK = "look"
    FINE = "fine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`what` names the matter, `count` of `total` the rows or customers concerned; `number` is another measure of it:
    days of age, an index of drift."""

    kind: Kind
    what: str
    weight: Weight
    count: int = 0
    total: int = 0
    number: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One distribution before and of late, by the names of its bins."""

    what: str
    before: Mapping[str, int]
    lately: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """`month` is 2026-11; `revenue` in the brand's currency, returns taken off."""

    month: str
    orders: int
    revenue: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Counts read from the store at an instant; `newest` says when each kind of fact was last heard of."""

    at: datetime
    customers: int
    lacking: Mapping[str, int]
    consents: Mapping[str, int]
    newest: Mapping[str, datetime | None]
    doubles: Mapping[str, int]
    impossible: Mapping[str, int]
    totals: Mapping[str, int]
    quarantined: Mapping[str, int]
    months: Sequence[Month] = ()
    shifts: Sequence[Shift] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The report: findings, the worst first within their kind, and the measures they rest on."""

    findings: tuple[Finding, ...]
    measures: Measures


_OF = {"products_unpriced": "products", "products_unnamed": "products", "orders_undated": "orders"}
_NEEDED = ("country", "consent", "address")
"""Without these nobody can be contacted at all."""
_FRESH_DAYS = {"events": 7, "transactions": 30, "stock": 2, "prices": 90, "consents": 180}
_TOTAL_OF = {
    "lines_ahead": "transactions",
    "events_ahead": "events",
    "consents_ahead": "consents",
    "free_lines": "transactions",
    "huge_lines": "transactions",
    "returned_more": "buyers",
    "zone_elsewhere": "customers",
    "orders_of_several": "orders",
    "lines_twice": "transactions",
    "to_join": "customers",
    "kept_apart": "customers",
}


def judge(measures: Measures) -> Quality:
    found = [*_missing(measures), *_stale(measures), *_counted(measures), *_drifting(measures)]
    order = {weight: number for number, weight in enumerate(Weight)}
    kinds = {kind: number for number, kind in enumerate(Kind)}
    found.sort(key=lambda f: (kinds[f.kind], order[f.weight], -f.count, f.what))
    return Quality(findings=tuple(found), measures=measures)


def _missing(m: Measures) -> list[Finding]:
    found = []
    for what, count in m.lacking.items():
        total = m.totals.get(_OF[what], 0) if what in _OF else m.customers
        if total:
            weight = Weight.STOP if what in _NEEDED and count == total else Weight.LOOK if count else Weight.FINE
            found.append(Finding(kind=Kind.MISSING, what=what, weight=weight, count=count, total=total))
    return found


def _stale(m: Measures) -> list[Finding]:
    found = []
    for what, most in _FRESH_DAYS.items():
        newest = m.newest.get(what)
        if newest is not None:
            days = max(0.0, (m.at - newest).total_seconds() / 86_400)
            weight = Weight.LOOK if days > most else Weight.FINE
            found.append(Finding(kind=Kind.STALE, what=what, weight=weight, number=round(days, 1)))
    return found


def _counted(m: Measures) -> list[Finding]:
    found = []
    for kind, counts in ((Kind.DUPLICATE, m.doubles), (Kind.IMPOSSIBLE, m.impossible)):
        for what, count in counts.items():
            if total := m.totals.get(_TOTAL_OF[what], 0):
                weight = Weight.LOOK if count else Weight.FINE
                found.append(Finding(kind=kind, what=what, weight=weight, count=count, total=total))
    return found


def _drifting(m: Measures) -> list[Finding]:
    found = []
    for shift in m.shifts:
        before, lately = sum(shift.before.values()), sum(shift.lately.values())
        if min(before, lately) < ENOUGH:
            continue
        index = stability(shift)
        weight = Weight.LOOK if index >= DRIFT else Weight.FINE
        found.append(
            Finding(
                kind=Kind.DRIFTING, what=shift.what, weight=weight, count=lately, total=before, number=round(index, 3)
            )
        )
    return found


def stability(shift: Shift) -> float:
    """The population stability index of the two distributions, half an observation added to each bin."""
    bins = sorted(shift.before.keys() | shift.lately.keys())
    before, lately = (
        [(counts.get(name, 0) + 0.5) / (sum(counts.values()) + 0.5 * len(bins)) for name in bins]
        for counts in (shift.before, shift.lately)
    )
    return sum((new - old) * math.log(new / old) for old, new in zip(before, lately, strict=True))
