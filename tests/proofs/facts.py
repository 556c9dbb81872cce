"""What the oracle knows: plain facts about people, brands and messages, in types of their own.

Nothing here comes from the product: generator, sink and oracle share no code with what they judge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class Statement:
    """One entry of a consent ledger. `status` granted, withdrawn or reconfirmed; `channel` '' where it has none."""

    purpose: str
    channel: str
    status: str
    at: datetime
    basis: str = "consent"
    conditions: frozenset[str] = frozenset()
    expires_at: datetime | None = None
    deal_ended_at: datetime | None = None


@dataclass(frozen=True)
class Touch:
    """An earlier contact. `kind` offer, reply or duty; `outcome` '' where nothing was heard."""

    channel: str
    action: str
    entity: str
    kind: str
    at: datetime
    outcome: str = ""
    outcome_at: datetime | None = None


@dataclass(frozen=True)
class Trouble:
    """A case: complaint, refund, outage, fraud, bereavement, debt, vulnerability."""

    kind: str
    opened: datetime
    closed: datetime | None = None


@dataclass(frozen=True)
class Person:
    """`region` and `phone_region` as ISO 3166-2 (US-FL), '' where unknown; `age` verified, attested, unknown, minor."""

    tenant: str
    customer: str
    country: str
    zone: str
    locale: str
    age: str
    region: str = ""
    phone_region: str = ""
    ledger: tuple[Statement, ...] = ()
    touches: tuple[Touch, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    addresses: dict[str, str] = field(default_factory=dict)
    listed: frozenset[str] = frozenset()
    declined_chat_at: datetime | None = None


@dataclass(frozen=True)
class Coupon:
    """A campaign: what one coupon of it gives, under which conditions, until when (inclusive, on the brand's clock)."""

    name: str
    percent: int
    minimum: Decimal
    greatest: Decimal
    budget: Decimal
    ends_on: date


@dataclass(frozen=True)
class House:
    """The brand. `registers` says when each do-not-call list was last copied; what is None was not stated."""

    tenant: str
    name: str
    country: str
    zone: str
    currency: str
    contact: str
    optout_phone: str
    optout_url: str
    packs: frozenset[str]
    postal_address: str | None = None
    adults_only_since: date | None = None
    weekly_contacts: int = 3
    weekly_by_channel: dict[str, int] = field(default_factory=dict)
    coupon_percent: int = 30
    vendor_certificate: str | None = None
    vendor_valid_to: date | None = None
    vendor_in_house: bool = False
    kakao_product: str = "brand_message"
    kakao_audience: str = "friends"
    kakao_friends: int = 0
    kakao_optout_number: bool = False
    registers: dict[str, datetime] = field(default_factory=dict)
    coupons: tuple[Coupon, ...] = ()
    prices: dict[str, Decimal] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    sensitive: frozenset[str] = frozenset()
    illegal: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Message:
    """What arrived at the sink: who it went to, when it left, and its bytes.

    `free_text` is what the author wrote outside typed slots; `coupon` the campaign whose coupon it gives, `discount`
    the percentage it names; `generated` that a model worded it; `asks_consent` that it asks for one.
    """

    tenant: str
    customer: str
    address: str
    channel: str
    kind: str
    action: str
    entity: str
    at: datetime
    subject: str
    body: str
    free_text: str
    headers: dict[str, str] = field(default_factory=dict)
    coupon: str = ""
    discount: int | None = None
    generated: bool = False
    asks_consent: bool = False
