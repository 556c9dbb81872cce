"""What the signals say of one customer at one instant; `agent.signals` computes it. None: not permitted, or absent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agent.domain.customer import Snapshot
from agent.domain.money import Money

SIGNALS_VERSION = "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveContext:
    """The session that is running or just ended.

    `dwell_seconds` and `views` belong to `product`, the most looked-at product of the session;
    `cart_value` and `cart_age_minutes` to the newest cart that was neither bought nor emptied. `searched` is what they
    looked for; `returned` says that they had looked at `product` in an earlier session; `leaving`, that they looked at
    a page of those who leave; `reduced` is a product they looked at whose price has fallen since, lately; `near` a
    shop close by.
    """

    in_session: bool
    product: str = ""
    dwell_seconds: float = 0.0
    views: int = 0
    cart: str = ""
    cart_value: Money | None = None
    cart_age_minutes: float = 0.0
    chat_accepted: bool = False
    chat_declined: bool = False
    purchased: bool = False
    searched: str = ""
    returned: bool = False
    leaving: bool = False
    reduced: str = ""
    near: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """Recency (days since the last order), frequency (orders) and value (mean net order)."""

    recency_days: float
    orders: int
    mean_order: Money
    favourite: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase:
    """The oldest case that is open."""

    case_id: str
    kind: str
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure:
    """Offers made on all surfaces in the last 7 days."""

    contacts_7d: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    live: LiveContext | None
    value: Value | None
    case: OpenCase | None
    pressure: Pressure


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A snapshot, the instant it is judged at (aware, UTC) and what the signals make of it."""

    snapshot: Snapshot
    now: datetime
    signals: Signals
