"""Facts about goods, orders and what is foreseen: read into the snapshot, so that every decision can be replayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from agent.domain.money import Money

CREDITS = "compensation"
"""The budget that credits are taken from."""


class Omen(StrEnum):
    """What can be foreseen of a customer: fitted, brought by a file, or a rule of thumb that is marked as one."""

    TOGETHER = "together"
    """`entity` is often bought with `value`, a product that they have."""
    SIMILAR = "similar"
    """`entity` is like `value`, a product that they looked at."""
    REPLENISHMENT = "replenishment"
    """They will need `entity` again by `due_at`."""
    REPLACEMENT = "replacement"
    """Their `entity` will be worn out by `due_at`."""
    CHURN = "churn"
    """They will leave, with this chance."""
    NOVELTY = "novelty"
    """They like to be first: `entity` is new."""
    DELIGHT = "delight"
    """They are happy with us."""
    MOOD = "mood"
    """`value` is what their words sound like: angry, sad, worried."""
    CREATIVE = "creative"
    """Of the pictures of `entity`, the one that fits them is `value`."""
    DEMAND = "demand"
    """`number` units of `entity` will be wanted in the region `value` by `due_at`."""
    VALUE = "value"
    """They will spend `number` (micro-units of the brand's currency) by `due_at`."""
    LIFETIME = "lifetime"
    """What they will spend in three years, discounted by 10 % a year: `number`, in micro-units."""
    ALIVE = "alive"
    """They are still a customer, with this chance."""
    RETURN = "return"
    """They buy within 30 days unasked, with this chance; `number`: the average customer's chance, in millionths."""
    BASKET = "basket"
    """What their next order is worth: `number`, in micro-units."""
    RESPONSE = "response"
    """They take up `entity` (action:channel), with this chance; `number`: everybody's, in millionths."""
    HOUR = "hour"
    """`number` is the hour of their day at which they are most often there."""
    WEEKDAY = "weekday"
    """`number` is their day of the week (0 is Monday)."""
    CHANNEL = "channel"
    """`value` is the channel that they answer on most."""
    NEXT = "next"
    """`entity` will be in their next basket, with this chance."""
    PRICE = "price"
    """They wait for reductions, with this chance."""
    SEGMENT = "segment"
    """They belong to the segment `value`."""


IMPORTED = frozenset(
    {Omen.TOGETHER, Omen.SIMILAR, Omen.REPLENISHMENT, Omen.REPLACEMENT, Omen.CHURN, Omen.NOVELTY, Omen.DELIGHT}
    | {Omen.MOOD, Omen.CREATIVE, Omen.DEMAND}
)
"""Omens that a file may bring."""
OF_PRODUCTS = frozenset(
    {Omen.TOGETHER, Omen.SIMILAR, Omen.REPLENISHMENT, Omen.REPLACEMENT, Omen.NOVELTY, Omen.CREATIVE, Omen.DEMAND}
    | {Omen.NEXT}
)
"""Omens whose `entity` is a product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """One thing foreseen. `chance` in millionths; `source` says how: by a fitted model (which one is in `model`), a
    file, a rule of thumb, or, for want of data, the playbook's prior."""

    omen: Omen
    entity: str = ""
    value: str = ""
    chance: int = 1_000_000
    number: int = 0
    due_at: datetime | None = None
    source: Literal["model", "imported", "rule", "prior"] = "imported"
    model: str = ""

    @property
    def fitted(self) -> bool:
        """True where a model of ours has said it: what moves scores and hours is never taken from a file's word."""
        return bool(self.model) and self.source == "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as its shipments tell it. `state`: preparing, shipped or delivered; `deliver_by` the newest estimate."""

    order_id: str
    state: Literal["preparing", "shipped", "delivered"]
    placed_at: datetime | None
    deliver_by: datetime | None = None
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NearStore:
    """A shop near where the customer is now, and what it has of the products they look at."""

    store_id: str
    name: str
    metres: int
    units: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A demo agreed on. `sequence` counts its changes; `state`: booked, moved or cancelled."""

    booking_id: str
    state: Literal["booked", "moved", "cancelled"]
    sequence: int
    host: str
    starts_at: datetime
    ends_at: datetime

    @property
    def news(self) -> str:
        """The name of this very state, which is told once."""
        return f"{self.booking_id}:{self.sequence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """A small event of the brand's, for customers who are happy with it."""

    name: str
    place: str
    starts_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditLeft:
    """What the brand gives for trouble of this kind, and what its budget has left."""

    case_kind: str
    amount: Money
    budget: Money
    budget_left: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Something that the law sets a date for and that this decision is to see to, its timer having fired. `given_at` is
    the statement's date."""

    kind: str
    subject: str
    status: str
    channel: str
    given_at: datetime
    due_at: datetime


def in_one_go(duties: Sequence[Duty], subject: str) -> tuple[Duty, ...]:
    """The duties of the same kind about everything that was stated together with this: one form, one answer."""
    first = next((d for d in duties if d.subject == subject), None)
    if first is None:
        return ()
    return tuple(d for d in duties if (d.kind, d.status, d.given_at) == (first.kind, first.status, first.given_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogued:
    """What is known of a product beside its price: `experience` names what can be tried, `launch_on` its first day."""

    experience: str = ""
    launch_on: date | None = None
    price_changed_at: datetime | None = None
    units: int | None = None
    gone_at: datetime | None = None
    back_at: datetime | None = None
