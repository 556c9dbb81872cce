"""Every slot of a message resolves to a fact that was read in this very decision."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.domain.bundle import CODELESS, LINKLESS, NAMELESS, SlotKind, SlotValue
from agent.domain.customer import CampaignLeft, Product
from agent.domain.facts import Booking, Duty, Foreseen, NearStore, Occasion, Omen, Order, in_one_go
from agent.domain.money import Money
from agent.domain.packet import answer_by, channels_of
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


def _zone(case: TextCase) -> str:
    return case.situation.snapshot.zone or case.playbook.brand.zone


def _moment(at: datetime, zone: str) -> SlotValue:
    return SlotValue(kind=SlotKind.MOMENT, value=at.isoformat(), unit=zone)


def _day(at: datetime, zone: str) -> SlotValue:
    return SlotValue(kind=SlotKind.DATE, value=at.astimezone(ZoneInfo(zone)).date().isoformat())


def _places(case: TextCase) -> list[tuple[str, datetime, datetime]]:
    """(host, start, end) of the place the draft reserves, or of the booking it tells of."""
    wanted = {r.resource for r in case.draft.reservations if r.kind == "slot"}
    snapshot = case.situation.snapshot
    found = [(s.slot_id.rpartition("@")[0], s.starts_at, s.ends_at) for s in snapshot.slots if s.slot_id in wanted]
    return found + [(b.host, b.starts_at, b.ends_at) for b in _bookings(case)]


def _bookings(case: TextCase) -> list[Booking]:
    return [b for b in case.situation.snapshot.bookings if b.news == case.draft.treatment.entity]


def _anchors(case: TextCase) -> Iterable[SlotValue]:
    """What a recommended product goes with, or is like."""
    snapshot = case.situation.snapshot
    for found in snapshot.foreseen:
        if found.omen in (Omen.TOGETHER, Omen.SIMILAR) and found.entity == case.draft.treatment.entity:
            product = snapshot.product(found.value)
            if product is not None:
                yield _text(product.name)


def _cart(case: TextCase) -> Iterable[SlotValue]:
    live = case.situation.signals.live
    return (_money(live.cart_value),) if live and live.cart_value else ()


def _link(case: TextCase) -> Iterable[SlotValue]:
    """Made at sending, from the brand's own address."""
    return (SlotValue(kind=SlotKind.LATE, value=LINKLESS),)


def _launch(case: TextCase) -> Iterable[SlotValue]:
    product = _product(case)
    day = product.more.launch_on if product else None
    return (SlotValue(kind=SlotKind.DATE, value=day.isoformat()),) if day else ()


def _experience(case: TextCase) -> Iterable[SlotValue]:
    product = _product(case)
    return (_text(product.more.experience),) if product and product.more.experience else ()


def _occasions(case: TextCase) -> list[Occasion]:
    return [o for o in case.situation.snapshot.occasions if o.name == case.draft.treatment.entity]


def _stores(case: TextCase) -> list[NearStore]:
    """Shops that have what the message is about."""
    return [s for s in case.situation.snapshot.stores if s.units.get(case.draft.treatment.entity, 0) > 0]


def _credit(case: TextCase) -> Iterable[SlotValue]:
    """What the brand gives for trouble of a kind that the customer has, where the draft reserves it."""
    snapshot = case.situation.snapshot
    kinds = {trouble.kind for trouble in snapshot.cases if trouble.closed_at is None}
    reserved = [r.amount for r in case.draft.reservations if r.kind == "credit"]
    return (_money(c.amount) for c in snapshot.credits if c.case_kind in kinds and c.amount in reserved)


def _answer(case: TextCase) -> Iterable[SlotValue]:
    return (_moment(answer_by(case.draft.treatment.at, case.playbook.answer_hours), _zone(case)),)


def _orders(case: TextCase) -> list[Order]:
    return [o for o in case.situation.snapshot.orders if o.order_id == case.draft.treatment.entity]


def _statements(case: TextCase) -> tuple[Duty, ...]:
    return in_one_go(case.situation.snapshot.duties, case.draft.treatment.entity)


def _channels(case: TextCase) -> Iterable[SlotValue]:
    form = _statements(case)
    return (_text(channels_of(form, case.situation.snapshot.locale)),) if form else ()


def _demands(case: TextCase) -> list[Foreseen]:
    wanted = case.draft.treatment.entity
    return [f for f in case.situation.snapshot.foreseen if f.omen is Omen.DEMAND and f.entity == wanted]


def _pictures(case: TextCase) -> Iterable[SlotValue]:
    wanted = case.draft.treatment.entity
    found = (f for f in case.situation.snapshot.foreseen if f.omen is Omen.CREATIVE and f.entity == wanted)
    return (_text(f.value) for f in found)


Known = Callable[[TextCase], Iterable[SlotValue]]


_FACTS: dict[str, Known] = {
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
    "slot.start": lambda case: (_moment(start, _zone(case)) for _, start, _ in _places(case)),
    "slot.ends": lambda case: (_moment(end, _zone(case)) for _, _, end in _places(case)),
    "slot.host": lambda case: (_text(host) for host, _, _ in _places(case)),
    "booking.id": lambda case: (_text(b.booking_id) for b in _bookings(case)),
    "booking.state": lambda case: (_text(b.state) for b in _bookings(case)),
    "booking.sequence": lambda case: (_text(str(b.sequence)) for b in _bookings(case)),
    "anchor.name": _anchors,
    "cart.value": _cart,
    "reorder.link": _link,
    "launch.on": _launch,
    "event.name": lambda case: (_text(o.name) for o in _occasions(case)),
    "event.place": lambda case: (_text(o.place) for o in _occasions(case)),
    "event.starts": lambda case: (_moment(o.starts_at, _zone(case)) for o in _occasions(case)),
    "experience.name": _experience,
    "creative.id": _pictures,
    "store.name": lambda case: (_text(s.name) for s in _stores(case)),
    "store.distance": lambda case: (_text(f"{s.metres} m") for s in _stores(case)),
    "credit.amount": _credit,
    "answer.by": _answer,
    "order.number": lambda case: (_text(o.order_id) for o in _orders(case)),
    "delivery.by": lambda case: (_day(o.deliver_by, _zone(case)) for o in _orders(case) if o.deliver_by),
    "delivery.on": lambda case: (_day(o.delivered_at, _zone(case)) for o in _orders(case) if o.delivered_at),
    "consent.on": lambda case: (_day(d.given_at, _zone(case)) for d in _statements(case)),
    "consent.channel": _channels,
    "stock.product": _names,
    "stock.region": lambda case: (_text(f.value) for f in _demands(case)),
    "stock.units": lambda case: (_text(str(f.number)) for f in _demands(case)),
    "stock.by": lambda case: (
        SlotValue(kind=SlotKind.DATE, value=f.due_at.date().isoformat()) for f in _demands(case) if f.due_at
    ),
}
