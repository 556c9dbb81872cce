"""What is known of one customer at one instant. Pseudonymous: no name, no address, no external id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from agent.domain.facts import Booking, Catalogued, CreditLeft, Duty, Foreseen, NearStore, Occasion, Omen, Order
from agent.domain.ids import AddressRef, CustomerId, TenantId
from agent.domain.money import Money


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    KAKAO = "kakao"
    CHAT = "chat"
    PAGE = "page"
    VOICE = "voice"
    """Known, so that it can be refused: nothing is ever said by telephone."""
    DESK = "desk"
    """Tasks and notes for the staff, in the CRM: no customer ever sees them."""


PUSHED = (Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.KAKAO)
"""The surface that reaches people where they are: it needs consent to ads."""
IN_SESSION = (Channel.CHAT, Channel.PAGE)
"""The surface that the caller shows while the customer is there; it counts towards fatigue all the same."""


CASE_EVENTS = ("case_opened", "case_closed")
SERVICE_EVENTS = ("order_asked", "human_asked")
"""What a customer asks of us: answered without any consent to profiling."""
REFUSING_EVENTS = ("chat_declined",)
"""What a customer does that says no to an offer: kept as long as a rule may ask for it, longer than other events."""


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


PER_CHANNEL = (Purpose.AD_SENDING, Purpose.NIGHT)
"""Purposes that are agreed to for each channel apart; the others have no channel."""


class ConsentStatus(StrEnum):
    GRANTED = "granted"
    WITHDRAWN = "withdrawn"
    RECONFIRMED = "reconfirmed"
    """The two-yearly notice went out and the consent stands as it was (ICT Network Act art. 50(8))."""


class Basis(StrEnum):
    """Why a message may be sent. All but `consent` are exceptions, which a refusal ends for good."""

    CONSENT = "consent"
    EXISTING_DEAL = "existing_deal"
    SOFT_OPT_IN = "soft_opt_in"
    INQUIRY = "inquiry"
    CONTRACT = "contract"


class Condition(StrEnum):
    """What an entry of the ledger vouches for, where the law makes the basis depend on it."""

    OWN_CUSTOMER = "own_customer"
    COLLECTED_DIRECTLY = "collected_directly"
    COLLECTED_IN_SALE = "collected_in_sale"
    OWN_GOODS = "own_goods"
    SAME_KIND = "same_kind"
    OPT_OUT_OFFERED = "opt_out_offered"
    SIGNED = "signed"
    NAMES_SELLER = "names_seller"
    NOT_CONDITIONAL = "not_conditional"
    NAMES_KAKAO = "names_kakao"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What stands in the ledger for one purpose (and channel, for ad sending and night) on one basis."""

    purpose: Purpose
    channel: Channel | None
    status: ConsentStatus
    given_at: datetime
    basis: Basis = Basis.CONSENT
    expires_at: datetime | None = None
    conditions: tuple[Condition, ...] = ()
    deal_ended_at: datetime | None = None
    reconfirmed_at: datetime | None = None


class AgeAssurance(StrEnum):
    UNKNOWN = "unknown"
    ATTESTED = "attested"
    VERIFIED = "verified"
    MINOR = "minor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A channel the customer can be reached on, by reference to an address held with the person.

    `region` is what the address itself gives away: the state of a telephone's area code (ISO 3166-2), or ''.
    `listed` says that the address stands on a suppression or do-not-call list.
    """

    channel: Channel
    address_ref: AddressRef
    region: str = ""
    listed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Our copy of a do-not-call list: how old it is decides whether it may be relied on."""

    name: str
    copied_at: datetime


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
    """One touch that was reserved, shown or sent; every surface counts towards fatigue.

    `outcome` is what came of it (accepted, converted, declined, ignored), '' where nothing was heard.
    """

    channel: Channel
    action: str
    entity: str
    kind: str
    at: datetime
    contact_id: str = ""
    outcome: str = ""
    outcome_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A complaint, refund, outage, fraud, bereavement, debt or vulnerability case. Why somebody is vulnerable is not
    kept: it must never become a feature."""

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
    """A catalogue fact. `price` is None where it was not yet known at the instant.

    `lowest_price` is the lowest of the last thirty days, None where no history is kept.
    """

    product_id: str
    name: str
    price: Money | None = None
    lowest_price: Money | None = None
    more: Catalogued = field(default_factory=Catalogued)


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


class Goal(StrEnum):
    PURCHASE = "purchase"
    DEMO_HELD = "demo_held"
    CHURN_AVERTED = "churn_averted"
    COMPLAINT_SOLVED = "complaint_solved"
    REORDER = "reorder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """What was tried, where, and when it was due."""

    action: str
    channel: Channel
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """A journey that is under way: no customer has two of one goal and entity."""

    journey_id: str
    goal: Goal
    entity: str
    tried: tuple[Touch, ...]
    started_at: datetime
    next_at: datetime | None
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All facts one decision rests on. Two equal snapshots give two equal decisions.

    `version` moves when a decision fact moves (consent, contact, case, identity), not with page views.
    `ordinal` counts the customer's decisions before this one and seeds the draws.
    `zone` is an IANA name; `country` ISO 3166-1 alpha-2; `region` ISO 3166-2; each None where unknown.
    """

    tenant: TenantId
    customer: CustomerId
    version: int
    ordinal: int
    country: str | None
    zone: str | None
    locale: str
    age: AgeAssurance
    region: str | None = None
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
    registers: tuple[Register, ...] = ()
    journeys: tuple[Journey, ...] = ()
    foreseen: tuple[Foreseen, ...] = ()
    orders: tuple[Order, ...] = ()
    stores: tuple[NearStore, ...] = ()
    bookings: tuple[Booking, ...] = ()
    occasions: tuple[Occasion, ...] = ()
    credits: tuple[CreditLeft, ...] = ()
    duties: tuple[Duty, ...] = ()

    def granted(self, purpose: Purpose, channel: Channel | None, at: datetime) -> bool:
        """True only for a consent on file that was given, not withdrawn and not expired at `at`."""
        return self.grant(purpose, channel, Basis.CONSENT, at) is not None

    def grant(self, purpose: Purpose, channel: Channel | None, basis: Basis, at: datetime) -> Consent | None:
        """The entry that permits the purpose on this basis at `at`, None where there is none."""
        for consent in self.consents:
            if consent.purpose is purpose and consent.channel is channel and consent.basis is basis:
                alive = consent.expires_at is None or at < consent.expires_at
                granted = consent.status is ConsentStatus.GRANTED and consent.given_at <= at and alive
                return consent if granted else None
        return None

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
        for product in self.products:  # a plain loop: it is asked for dozens of times in each decision
            if product.product_id == product_id:
                return product
        return None

    def foresees(self, omen: Omen) -> Foreseen | None:
        """The likeliest thing of this kind that is foreseen."""
        found = [f for f in self.foreseen if f.omen is omen]
        return max(found, key=lambda f: (f.chance, f.entity), default=None)

    def contacted(self, action: str, entity: str) -> bool:
        """True where this was said about this before."""
        return any(c.action == action and c.entity == entity for c in self.contacts)


def price_of(value: float, currency: str) -> Money:
    """Money from a number of an event, cut to the micro-unit."""
    return Money(Decimal(str(value)), currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing a customer did, as a timeline tells it.

    `count` is how many (views of a product, lines of an order, stars of a review), `words` what they wrote: data of
    theirs, never instructions.
    """

    at: datetime
    kind: str
    entity: str = ""
    name: str = ""
    count: int = 1
    worth: Money | None = None
    words: str = ""
