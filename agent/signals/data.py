"""All that is fitted on, gathered once: the port's columns under one numbering of customers, as known by one
instant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from agent.domain.columns import Columns, ContactColumns, EventColumns, ProductColumns, TextColumns
from agent.domain.ids import CustomerId, TenantId
from agent.domain.models import Model, Signal
from agent.domain.playbook import Playbook
from agent.signals.purchases import Floats, Ints, Purchases, calendar, day_of, floats, ints, of_lines
from agent.signals.table import SPANS, Deeds, Table, table

OF_EVENTS = {"product_viewed": "views_30", "cart_updated": "carts_30", "case_opened": "cases_90"}
ON_SITE = frozenset({"page_viewed", "product_viewed", "cart_updated", "searched", "chat_accepted"})
"""What customers do of their own accord: where they are is not read, nor what the staff does about them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """Offers that were made, oldest first: `arm` points into `arms` (action, channel); `reached` is when it
    reached its goal (seconds), NaN where it did not."""

    arms: tuple[tuple[str, str], ...]
    who: Ints
    arm: Ints
    at: Floats
    day: Ints
    reached: Floats

    @property
    def success(self) -> Floats:
        """1 where the goal was reached, else 0."""
        return np.asarray(~np.isnan(self.reached), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """`seen_at` is (customer, instant) of everything done on the site, `viewed` (customer, product, day) of every
    product looked at. `cut` is the local day of `as_of`; `horizon` the days to foresee. Codes of customers point into
    `customers`, those of products into `products`. `left_out` did not agree to be profiled."""

    customers: tuple[CustomerId, ...]
    products: tuple[str, ...]
    purchases: Purchases
    deeds: Deeds
    seen_at: tuple[Ints, Floats]
    viewed: tuple[Ints, Ints, Ints]
    offers: Offers
    texts: TextColumns
    writers: Ints
    region: Ints
    regions: tuple[str, ...]
    catalogue: ProductColumns
    playbook: Playbook
    as_of: datetime
    cut: int
    horizon: int
    left_out: int
    before: Mapping[Signal, Model] = field(default_factory=dict)

    def table(self) -> Table:
        return table(self.purchases, self.cut, self.horizon, self.deeds)


def gather(
    columns: Columns,
    tenant: TenantId,
    playbook: Playbook,
    as_of: datetime,
    before: Mapping[Signal, Model],
    step: Callable[[str], None] = lambda _: None,
) -> Data:
    """Reads the columns as of an instant. `step` hears what is read next."""
    zone = playbook.brand.zone
    step("lines")
    lines = columns.lines(tenant, playbook.brand.currency, as_of)
    step("events")
    events = columns.events(tenant, as_of)
    contacts, texts = columns.contacts(tenant, as_of), columns.texts(tenant, as_of)
    numbers = _Numbers(lines.customers)
    seen, asked, wrote = (numbers.of(some.customers) for some in (events, contacts, texts))
    where = columns.regions(tenant, as_of)
    names = numbers.names()
    purchases = of_lines(lines, zone)
    regions = tuple(sorted(set(where.values())))
    number = {name: at for at, name in enumerate(regions)}
    cut = day_of(as_of, zone)
    return Data(
        customers=names,
        products=lines.products,
        purchases=replace(purchases, customers=len(names)),
        deeds=_deeds(events, seen, contacts, asked, zone),
        seen_at=_on_site(events, seen),
        viewed=_viewed(events, seen, lines.products, zone),
        offers=_offers(contacts, asked, zone),
        texts=texts,
        writers=wrote[ints(texts.who)],
        region=np.array([number.get(where.get(name, ""), -1) for name in names], dtype=np.int64),
        regions=regions,
        catalogue=columns.products(tenant, as_of),
        playbook=playbook,
        as_of=as_of,
        cut=cut,
        horizon=horizon_of(purchases, cut, playbook.foresight.horizon_days),
        left_out=lines.left_out,
        before=before,
    )


def horizon_of(purchases: Purchases, cut: int, wanted: int) -> int:
    """As many days as wanted, but at most a third of what was recorded: the rest is needed to learn and to check."""
    recorded = cut - int(purchases.day.min()) + 1 if len(purchases.day) else 0
    return max(7, min(wanted, recorded // 3))


class _Numbers:
    """One number for each customer, in the order of their first appearance."""

    def __init__(self, first: Sequence[CustomerId]) -> None:
        self._number = {name: at for at, name in enumerate(first)}

    def of(self, names: Sequence[CustomerId]) -> Ints:
        """The numbers of these, by their position."""
        return np.array([self._number.setdefault(name, len(self._number)) for name in names], dtype=np.int64)

    def names(self) -> tuple[CustomerId, ...]:
        return tuple(self._number)


def _deeds(events: EventColumns, seen: Ints, contacts: ContactColumns, asked: Ints, zone: str) -> Deeds:
    kinds = list(SPANS)
    code = np.array(
        [kinds.index(OF_EVENTS[kind]) if kind in OF_EVENTS else -1 for kind in events.kinds], dtype=np.int64
    )
    kind = code[ints(events.kind)] if len(code) else np.empty(0, dtype=np.int64)
    these = kind >= 0
    who, day = seen[ints(events.who)][these], calendar(floats(events.at), zone)[0][these]
    to, on = asked[ints(contacts.who)], calendar(floats(contacts.at), zone)[0]
    reached = floats(contacts.reached)
    took = ~np.isnan(reached)
    offered = np.full(len(to), kinds.index("offers_90"))
    taken = np.full(int(took.sum()), kinds.index("taken_90"))
    return Deeds(
        who=np.concatenate([who, to, to[took]]),
        day=np.concatenate([day, on, calendar(reached[took], zone)[0]]),
        kind=np.concatenate([kind[these], offered, taken]).astype(np.int64),
    )


def _on_site(events: EventColumns, seen: Ints) -> tuple[Ints, Floats]:
    these = np.array([kind in ON_SITE for kind in events.kinds], dtype=bool)
    if not len(events.kind):
        return np.empty(0, dtype=np.int64), np.empty(0)
    mask = these[ints(events.kind)]
    return seen[ints(events.who)][mask], floats(events.at)[mask]


def _viewed(events: EventColumns, seen: Ints, products: tuple[str, ...], zone: str) -> tuple[Ints, Ints, Ints]:
    number = {name: at for at, name in enumerate(products)}
    code = np.array([number.get(name, -1) for name in events.entities], dtype=np.int64)
    looked = np.array([kind == "product_viewed" for kind in events.kinds], dtype=bool)
    if not len(events.kind):
        nothing = np.empty(0, dtype=np.int64)
        return nothing, nothing, nothing
    what = code[ints(events.what)]
    these = looked[ints(events.kind)] & (what >= 0)
    return seen[ints(events.who)][these], what[these], calendar(floats(events.at), zone)[0][these]


def _offers(contacts: ContactColumns, asked: Ints, zone: str) -> Offers:
    at = floats(contacts.at)
    return Offers(
        arms=contacts.arms,
        who=asked[ints(contacts.who)],
        arm=ints(contacts.arm),
        at=at,
        day=calendar(at, zone)[0],
        reached=floats(contacts.reached),
    )
