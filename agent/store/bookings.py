"""Demos agreed on, moved and called off; coupons that are used."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from agent.domain.customer import OpenSlot
from agent.domain.errors import InputError, NotFound
from agent.domain.facts import Booking
from agent.domain.ids import CustomerId, EffectId, TenantId, digest
from agent.domain.money import Money
from agent.domain.ports import Clock
from agent.store import schema as t
from agent.store.circumstances import bookings
from agent.store.database import Database
from agent.store.journeys import tell
from agent.store.records import find_effect
from agent.store.resources import ISSUED, REDEEMED, RELEASED, RESERVED
from agent.store.rows import insert_new, move_versions, note

BOOKED = "booked"


class SqlBookings:
    """The `Bookings` port. A place that was given up is free again at once; nobody gets one twice."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def book(self, tenant: TenantId, effect: EffectId) -> str:
        """The customer takes the place that this offer held for them; its booking. Raises NotFound, and InputError
        where the place is no longer held."""
        s = t.slots.c
        with self._database.writing() as connection:
            now = self._clock.now()
            effect = EffectId(find_effect(connection, tenant, effect).effect)
            mine = select(t.slots).where(s.tenant == tenant, s.effect == effect)
            move_versions(connection, tenant, connection.execute(mine.with_only_columns(s.customer)).scalars())
            slot = connection.execute(mine.with_for_update()).first()
            if slot is None:
                raise NotFound("this offer holds no place", next_step="See `tactful journey CUSTOMER`.")
            name = "b_" + digest(tenant, effect, slot.slot)
            if slot.state == BOOKED:
                return name
            if slot.state != RESERVED or slot.starts_at <= now:
                raise InputError("the place is no longer held", place=effect, next_step="Offer another time.")
            connection.execute(update(t.slots).where(s.tenant == tenant, s.slot == slot.slot).values(state=BOOKED))
            row = {"tenant": tenant, "booking": name, "customer": slot.customer, "slot": slot.slot}
            insert_new(connection, t.bookings, [row | {"state": BOOKED, "sequence": 0, "at": now}])
            self._told(connection, tenant, slot.customer, name, BOOKED, now)
        return name

    def move(self, tenant: TenantId, booking: str, to: OpenSlot) -> None:
        """Another time: the new place is taken before the old one is given up. Raises NotFound, InputError."""
        s = t.slots.c
        with self._database.writing() as connection:
            now = self._clock.now()
            found = self._one(connection, tenant, booking)
            new = {
                "customer": found.customer,
                "effect": "",
                "state": BOOKED,
                "at": now,
                "starts_at": to.starts_at,
                "ends_at": to.ends_at,
            }
            freed = connection.execute(
                update(t.slots).where(s.tenant == tenant, s.slot == to.slot_id, s.state == RELEASED).values(**new)
            ).rowcount
            if not freed and not insert_new(connection, t.slots, [new | {"tenant": tenant, "slot": to.slot_id}]):
                raise InputError("that time is taken", place=to.slot_id, next_step="Choose another.")
            self._free(connection, tenant, found.slot)
            self._change(connection, tenant, found, "moved", now, slot=to.slot_id)

    def cancel(self, tenant: TenantId, booking: str) -> None:
        """The place is free again. Raises NotFound, and InputError where it was called off before."""
        with self._database.writing() as connection:
            found = self._one(connection, tenant, booking)
            self._free(connection, tenant, found.slot)
            self._change(connection, tenant, found, "cancelled", self._clock.now())

    def all(self, tenant: TenantId) -> list[tuple[CustomerId, Booking]]:
        """Bookings that are still ahead or were called off, soonest first."""
        b, s = t.bookings.c, t.slots.c
        query = (
            select(t.bookings, s.starts_at, s.ends_at)
            .join(t.slots, (s.tenant == b.tenant) & (s.slot == b.slot))
            .where(b.tenant == tenant, s.ends_at > self._clock.now())
            .order_by(s.starts_at)
        )
        with self._database.reading() as connection:
            return [(CustomerId(row.customer), bookings([row])[0]) for row in connection.execute(query)]

    def _one(self, connection: Connection, tenant: TenantId, booking: str) -> Row[Any]:
        """The booking, its customer locked first: the dispatcher locks in that order too."""
        b = t.bookings.c
        mine = select(t.bookings).where(b.tenant == tenant, b.booking == booking)
        move_versions(connection, tenant, connection.execute(mine.with_only_columns(b.customer)).scalars())
        found = connection.execute(mine.with_for_update()).first()
        if found is None:
            raise NotFound("no such booking", next_step="See `tactful demos list`.")
        if found.state == "cancelled":
            raise InputError("this demo was called off", place=booking, next_step="Offer another time.")
        return found

    def _free(self, connection: Connection, tenant: TenantId, slot: str) -> None:
        s = t.slots.c
        connection.execute(update(t.slots).where(s.tenant == tenant, s.slot == slot).values(state=RELEASED))

    def _change(
        self, connection: Connection, tenant: TenantId, found: Row[Any], state: str, now: datetime, **more: Any
    ) -> None:
        b = t.bookings.c
        connection.execute(
            update(t.bookings)
            .where(b.tenant == tenant, b.booking == found.booking)
            .values(state=state, sequence=found.sequence + 1, at=now, **more)
        )
        self._told(connection, tenant, found.customer, found.booking, state, now)

    def _told(
        self, connection: Connection, tenant: TenantId, customer: str, booking: str, state: str, now: datetime
    ) -> None:
        note(connection, tenant, now, "demo", booking, state=state)
        if state == BOOKED:
            event = {
                "tenant": tenant,
                "event": digest(tenant, booking, "booked"),
                "customer": customer,
                "kind": "demo_booked",
                "entity": booking,
                "occurred_at": now,
                "received_at": now,
                "imported_at": now,
                "properties": {},
            }
            connection.execute(insert(t.events), [event])
            tell(connection, tenant, [(CustomerId(customer), "demo_booked", booking, now)], now)


class SqlCoupons:
    """The `Coupons` port: codes that came back."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def redeem(self, tenant: TenantId, code: str, order: str, amount: Money) -> tuple[str, Money]:
        """Uses a code once, for an order that reaches its minimum; its campaign and the most that it may take off.

        The same order may ask again and gets the same answer. Raises NotFound and InputError.
        """
        c = t.coupons.c
        with self._database.writing() as connection:
            now = self._clock.now()
            found = connection.execute(
                select(t.coupons).where(c.tenant == tenant, c.code == code.strip().upper()).with_for_update()
            ).first()
            if found is None:
                raise NotFound("no such code", next_step="Copy it as the message shows it.")
            face = Money.from_micros(found.face_micros, found.currency)
            if found.state == REDEEMED and found.redeemed_for == order:
                return found.campaign, face
            _refuse_code(found, amount, now)
            connection.execute(
                update(t.coupons)
                .where(c.tenant == tenant, c.code == found.code)
                .values(state=REDEEMED, redeemed_at=now, redeemed_for=order)
            )
            note(connection, tenant, now, "coupon", found.campaign, redeemed=True)
        return found.campaign, face


def _refuse_code(found: Row[Any], amount: Money, now: datetime) -> None:
    def no(what: str) -> InputError:
        return InputError(what, place="code", next_step="Tell the customer why, and offer help.")

    if found.state == REDEEMED:
        raise no("this code was used before")
    if found.state not in (ISSUED, RESERVED):
        raise no("this code was never given")
    if found.ends_at is not None and now > found.ends_at:
        raise no("this code has expired")
    if amount.currency != found.currency:
        raise no(f"this code is for orders in {found.currency}")
    if amount.micros < found.minimum_micros:
        raise no(f"this code needs an order of {Money.from_micros(found.minimum_micros, found.currency)} or more")
