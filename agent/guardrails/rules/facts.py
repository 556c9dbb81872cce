"""Every slot of a message resolves to a fact that was read in this very decision."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from agent.domain.bundle import CODELESS, NAMELESS, SlotKind, SlotValue
from agent.domain.customer import CampaignLeft, Product
from agent.domain.money import Money
from agent.guardrails.cases import Breach, Nothing, TextCase


def slots_resolve(case: TextCase, rule: Nothing) -> Breach | None:
    """A price is the catalogue's, a percentage the campaign's, a time the calendar's: nothing else may fill a slot."""
    for name, slot in case.draft.payload.slots.items():
        known = _FACTS.get(name)
        if known is None or slot not in known(case):
            return Breach(detail=f"slot {name} is no fact of this decision")
    return None


def _money(value: Money) -> SlotValue:
    return SlotValue(kind=SlotKind.MONEY, value=str(value.amount), unit=value.currency)


def _text(value: str) -> SlotValue:
    return SlotValue(kind=SlotKind.TEXT, value=value)


def _nameless(case: TextCase) -> Iterable[SlotValue]:
    """Filled at sending; until then the slot holds a stand-in."""
    return (SlotValue(kind=SlotKind.LATE, value=NAMELESS[case.situation.snapshot.locale]),)


def _codeless(case: TextCase) -> Iterable[SlotValue]:
    """Filled at commit, from the campaign that the draft reserves from."""
    return (SlotValue(kind=SlotKind.LATE, value=CODELESS),) if any(_campaigns(case)) else ()


def _product(case: TextCase) -> Product | None:
    return case.situation.snapshot.product(case.draft.treatment.entity)


def _names(case: TextCase) -> Iterable[SlotValue]:
    product = _product(case)
    return (_text(product.name),) if product else ()


def _prices(case: TextCase) -> Iterable[SlotValue]:
    product = _product(case)
    return (_money(product.price),) if product and product.price else ()


def _lowest(case: TextCase) -> Iterable[SlotValue]:
    product = _product(case)
    return (_money(product.lowest_price),) if product and product.lowest_price else ()


def _campaigns(case: TextCase) -> Iterable[CampaignLeft]:
    """The campaign that the draft reserves from: it must be running, and stand in what was read."""
    wanted = {r.resource for r in case.draft.reservations if r.kind == "coupon"}
    return (c for c in case.situation.snapshot.campaigns if c.campaign in wanted and c.ends_at > case.situation.now)


def _starts(case: TextCase) -> Iterable[SlotValue]:
    zone = case.situation.snapshot.zone or case.playbook.brand.zone
    return (
        SlotValue(kind=SlotKind.MOMENT, value=slot.starts_at.isoformat(), unit=zone)
        for slot in case.situation.snapshot.slots
        if slot.slot_id in {r.resource for r in case.draft.reservations}
    )


def _hosts(case: TextCase) -> Iterable[SlotValue]:
    return (_text(r.resource.rpartition("@")[0]) for r in case.draft.reservations if r.kind == "slot")


_FACTS: dict[str, Callable[[TextCase], Iterable[SlotValue]]] = {
    "customer.name": _nameless,
    "brand.name": lambda case: (_text(case.playbook.brand.name),),
    "product.name": _names,
    "product.price": _prices,
    "product.price_before": _lowest,
    "coupon.code": _codeless,
    "coupon.percent": lambda case: (SlotValue(kind=SlotKind.PERCENT, value=str(c.percent)) for c in _campaigns(case)),
    "coupon.minimum": lambda case: (_money(c.minimum_spend) for c in _campaigns(case)),
    "coupon.greatest": lambda case: (_money(c.face_value) for c in _campaigns(case)),
    "coupon.ends": lambda case: (
        SlotValue(kind=SlotKind.DATE, value=c.ends_at.date().isoformat()) for c in _campaigns(case)
    ),
    "slot.start": _starts,
    "slot.host": _hosts,
}
