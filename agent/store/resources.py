"""What must never be given twice: coupons of a budget, places in a calendar, credits; reserved, issued, given back.

All functions work inside a transaction of their caller. A resource that was given back may be taken again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from agent.domain.bundle import Effect, Reservation
from agent.domain.ids import TenantId
from agent.domain.money import Money
from agent.store import schema as t
from agent.store.rows import Pseudonyms, chunks, insert_new
from agent.store.timers import unsaid

RESERVED, ISSUED, REDEEMED, RELEASED = "reserved", "issued", "redeemed", "released"
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def allocate(
    connection: Connection, tenant: TenantId, names: Pseudonyms, wanted: Reservation, effect: Effect, at: datetime
) -> str | None:
    """The coupon's code or the slot's name, inserted at once; None where nothing is left."""
    common = {
        "tenant": tenant,
        "customer": effect.customer,
        "effect": effect.effect_id,
        "state": RESERVED,
        "at": at,
        "ends_at": wanted.ends_at,
    }
    if wanted.kind == "slot":
        return _take_slot(connection, tenant, wanted, common)
    assert wanted.amount is not None
    assert wanted.budget is not None
    serial = _spend(connection, tenant, wanted, effect.customer, wanted.amount, wanted.budget)
    if serial is None:
        return None
    row = {
        "campaign": wanted.resource,
        "face_micros": wanted.amount.micros,
        "currency": wanted.amount.currency,
        "minimum_micros": wanted.minimum.micros if wanted.minimum else 0,
    }
    for attempt in range(8):
        code = _code(names, wanted.resource, serial, attempt)
        if insert_new(connection, t.coupons, [common | row | {"code": code}]):
            return code
    return None


def _take_slot(connection: Connection, tenant: TenantId, wanted: Reservation, common: dict[str, Any]) -> str | None:
    c = t.slots.c
    values = common | {"starts_at": wanted.starts_at}
    freed = connection.execute(
        update(t.slots).where(c.tenant == tenant, c.slot == wanted.resource, c.state == RELEASED).values(**values)
    ).rowcount
    taken = freed or insert_new(connection, t.slots, [values | {"slot": wanted.resource}])
    return wanted.resource if taken else None


def _spend(
    connection: Connection, tenant: TenantId, wanted: Reservation, customer: str, face: Money, budget: Money
) -> int | None:
    """Takes `face` from the campaign's budget and one from the customer's share; the coupon's serial, or None."""
    row = {"tenant": tenant, "campaign": wanted.resource, "spent_micros": 0, "given": 0}
    insert_new(connection, t.campaigns, [row])
    coupon = t.coupons.c
    mine = connection.execute(
        select(func.count()).where(
            coupon.tenant == tenant,
            coupon.campaign == wanted.resource,
            coupon.customer == customer,
            coupon.state != RELEASED,
        )
    ).scalar_one()
    if mine >= wanted.share:
        return None
    c = t.campaigns.c
    spent = connection.execute(
        update(t.campaigns)
        .where(c.tenant == tenant, c.campaign == wanted.resource, c.spent_micros + face.micros <= budget.micros)
        .values(spent_micros=c.spent_micros + face.micros, given=c.given + 1)
        .returning(c.given)
    ).scalar()
    return int(spent) if spent is not None else None


def _code(names: Pseudonyms, campaign: str, serial: int, attempt: int) -> str:
    """Eight letters that nobody can guess; another attempt gives others, should a code be taken."""
    number = int(names.keyed("coupon", campaign, str(serial), str(attempt)), 16)
    letters = []
    for _ in range(8):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


def issue(connection: Connection, tenant: TenantId, effects: Sequence[str]) -> None:
    """The codes went out: they can be redeemed."""
    c = t.coupons.c
    for some in chunks(effects):
        connection.execute(
            update(t.coupons).where(c.tenant == tenant, c.effect.in_(some), c.state == RESERVED).values(state=ISSUED)
        )


def release(connection: Connection, tenant: TenantId, effects: Sequence[str]) -> None:
    """Gives back what these effects had reserved: the budget, the share, the place, the contact of the cap.

    What was issued or redeemed stays given. A duty that they should have seen to has not been seen to.
    """
    for some in chunks(effects):
        unsaid(connection, tenant, some)
        _release_coupons(connection, tenant, some)
        for table in (t.slots, t.reservations):
            c = table.c
            connection.execute(
                update(table).where(c.tenant == tenant, c.effect.in_(some), c.state == RESERVED).values(state=RELEASED)
            )
        k = t.contacts.c
        connection.execute(
            update(t.contacts)
            .where(k.tenant == tenant, k.contact.in_(some), k.state == RESERVED)
            .values(state=RELEASED)
        )


def free_places(connection: Connection, tenant: TenantId, effects: Sequence[str]) -> int:
    """Frees the places that these offers still hold; how many."""
    c = t.slots.c
    return sum(
        connection.execute(
            update(t.slots).where(c.tenant == tenant, c.effect.in_(some), c.state == RESERVED).values(state=RELEASED)
        ).rowcount
        for some in chunks(effects)
    )


def _release_coupons(connection: Connection, tenant: TenantId, effects: Sequence[str]) -> None:
    c, b = t.coupons.c, t.campaigns.c
    given_back = connection.execute(
        update(t.coupons)
        .where(c.tenant == tenant, c.effect.in_(effects), c.state == RESERVED)
        .values(state=RELEASED)
        .returning(c.campaign, c.face_micros)
    ).all()
    freed: dict[str, int] = {}
    for row in given_back:
        freed[row.campaign] = freed.get(row.campaign, 0) + row.face_micros
    for campaign, micros in sorted(freed.items()):  # always in one order, so that two of us never wait for each other
        connection.execute(
            update(t.campaigns)
            .where(b.tenant == tenant, b.campaign == campaign)
            .values(spent_micros=b.spent_micros - micros)
        )
