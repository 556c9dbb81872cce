"""What an offer held and the customer takes: a place in a calendar, a coupon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from agent.domain.errors import InputError
from agent.domain.ids import EffectId, TenantId
from agent.domain.money import Money
from agent.domain.playbook import Playbook
from agent.domain.ports import Bookings, Clock, Coupons, Outcomes
from agent.journeys.calendars import slot_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserving:
    """Places and coupons of one tenant."""

    tenant: TenantId
    playbook: Playbook
    bookings: Bookings
    coupons: Coupons
    outcomes: Outcomes
    clock: Clock

    def book(self, effect: str) -> str:
        """The customer takes the place that an offer held: accepted, and booked. Raises NotFound, InputError."""
        booking = self.bookings.book(self.tenant, EffectId(effect))
        self.outcomes.record(self.tenant, EffectId(effect), "accepted", self.clock.now(), None)
        return booking

    def move(self, booking: str, starts_at: datetime, host: str | None = None) -> None:
        """Another time of a host's calendar. Raises NotFound, and InputError where there is no such place or it is
        taken."""
        found = next((b for _, b in self.bookings.all(self.tenant) if b.booking_id == booking), None)
        who = host or (found.host if found else "")
        brand = self.playbook.brand
        to = slot_at(self.playbook.calendars, brand.country, who, starts_at)
        if to is None or to.starts_at <= self.clock.now():
            raise InputError(
                "no place in this calendar begins then", place="TO", next_step="See `calendars` in the playbook."
            )
        self.bookings.move(self.tenant, booking, to)

    def cancel(self, booking: str) -> None:
        """Raises NotFound, InputError."""
        self.bookings.cancel(self.tenant, booking)

    def redeem(self, code: str, order: str, amount: Decimal) -> Money:
        """Uses a coupon once; what it takes off this order. Raises NotFound, InputError."""
        worth = Money(amount, self.playbook.brand.currency)
        campaign, most = self.coupons.redeem(self.tenant, code, order, worth)
        percent = next((c.percent for c in self.playbook.campaigns if c.name == campaign), 0)
        off = Money.from_micros(worth.micros * percent // 100, worth.currency)
        return off if percent and off.amount < most.amount else most
