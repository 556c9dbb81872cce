"""What is known of one customer at one instant. Pseudonymous: no name, no address, no external id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from agent.domain.ids import AddressRef, CustomerId, TenantId
from agent.domain.money import Money


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    KAKAO = "kakao"
    CHAT = "chat"
    PAGE = "page"


PUSHED = (Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.KAKAO)
"""The surface that reaches people where they are: it needs consent to ads."""
IN_SESSION = (Channel.CHAT, Channel.PAGE)
"""The surface that the caller shows while the customer is there; it counts towards fatigue all the same."""


class Purpose(StrEnum):
    """Purposes of consent (reference: PIPA art. 22, ICT Network Act art. 50, GDPR art. 6 and 9)."""

    PROFILING = "profiling"
    MARKETING_PROCESSING = "marketing_processing"
    AD_SENDING = "ad_sending"
    NIGHT = "night"
    LOCATION = "location"
    SENSITIVE = "sensitive"
    CROSS_BORDER_MODEL = "cross_border_model"
    GUARDIAN = "guardian"


class ConsentStatus(StrEnum):
    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The newest entry of the ledger for one purpose (and channel, for ad sending and night)."""

    purpose: Purpose
    channel: Channel | None
    status: ConsentStatus
    given_at: datetime
    basis: str = "consent"
    expires_at: datetime | None = None


class AgeAssurance(StrEnum):
    UNKNOWN = "unknown"
    ATTESTED = "attested"
    VERIFIED = "verified"
    MINOR = "minor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A channel the customer can be reached on, by reference to an address held with the person."""

    channel: Channel
    address_ref: AddressRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something the customer did. `properties` are plain values from outside: hostile data."""

    kind: str
    at: datetime
    entity: str = ""
    properties: Mapping[str, str | int | float] = field(default_factory=dict)

    def number(self, name: str) -> float:
        """The property as a finite number of zero or more, else 0."""
        value = self.properties.get(name, 0)
        if isinstance(value, str):
            return 0.0
        return float(value) if 0 <= value < 1e10 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One touch that was reserved, shown or sent; every surface counts towards fatigue."""

    channel: Channel
    action: str
    entity: str
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A complaint, refund, outage, fraud, bereavement or debt case."""

    case_id: str
    kind: str
    opened_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseHistory:
    """Purchases visible at the instant: `net` is after returns; `favourite` the product on most orders."""

    orders: int
    first_at: datetime
    last_at: datetime
    net: Money
    favourite: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A catalogue fact. `price` is None where it was not yet known at the instant."""

    product_id: str
    name: str
    price: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignLeft:
    """What a coupon campaign can still give away, in all and to this customer; `face_value` is reserved for each."""

    campaign: str
    percent: int
    minimum_spend: Money
    budget: Money
    budget_left: Money
    face_value: Money
    ends_at: datetime
    share: int
    share_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSlot:
    """A free place in a host's calendar."""

    slot_id: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """Outcomes counted so far for one action on one channel: they move the playbook's prior."""

    action: str
    channel: Channel
    trials: int
    successes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All facts one decision rests on. Two equal snapshots give two equal decisions.

    `version` moves when a decision fact moves (consent, contact, case, identity), not with page views.
    `ordinal` counts the customer's decisions before this one and seeds the draws.
    `zone` is an IANA name; `country` ISO 3166-1 alpha-2; both None where unknown.
    """

    tenant: TenantId
    customer: CustomerId
    version: int
    ordinal: int
    country: str | None
    zone: str | None
    locale: str
    age: AgeAssurance
    objected_at: datetime | None = None
    reach: tuple[Reach, ...] = ()
    consents: tuple[Consent, ...] = ()
    events: tuple[Event, ...] = ()
    history: PurchaseHistory | None = None
    contacts: tuple[Contact, ...] = ()
    cases: tuple[Case, ...] = ()
    products: tuple[Product, ...] = ()
    campaigns: tuple[CampaignLeft, ...] = ()
    slots: tuple[OpenSlot, ...] = ()
    arms: tuple[Arm, ...] = ()

    def granted(self, purpose: Purpose, channel: Channel | None, at: datetime) -> bool:
        """True only for a consent on file that was given, not withdrawn and not expired at `at`."""
        for consent in self.consents:
            if consent.purpose is purpose and consent.channel is channel:
                alive = consent.expires_at is None or at < consent.expires_at
                return consent.status is ConsentStatus.GRANTED and consent.given_at <= at and alive
        return False

    def withdrawn(self, purpose: Purpose, channel: Channel | None) -> bool:
        """True where the newest word on this purpose is a refusal."""
        return any(
            c.purpose is purpose and c.channel is channel and c.status is ConsentStatus.WITHDRAWN for c in self.consents
        )

    def campaign(self, at: datetime) -> CampaignLeft | None:
        """The first running campaign with room for this customer, else the first that is there at all."""
        running = [c for c in self.campaigns if c.ends_at > at]
        with_room = (c for c in running if c.share_left > 0 and c.budget_left.micros >= c.face_value.micros)
        return next(with_room, running[0] if running else None)

    def product(self, product_id: str) -> Product | None:
        return next((p for p in self.products if p.product_id == product_id), None)


def price_of(value: float, currency: str) -> Money:
    """Money from a number of an event, cut to the micro-unit."""
    return Money(Decimal(str(value)), currency)
