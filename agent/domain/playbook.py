"""A tenant's playbook: catalogue terms, packs, caps, budgets, priors. A file that a marketer edits.

Amounts are plain numbers in the brand's currency; rates lie between 0 and 1; hours are local to `zone`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from annotated_types import Ge, Gt, Le, Len, Lt

from agent.domain.customer import Channel, Goal, Purpose

Locale = Literal["ko", "en"]
Rate = Annotated[float, Gt(0), Lt(1)]
Amount = Annotated[Decimal, Ge(0), Le(10**10)]
Text = Annotated[str, Len(1, 120)]
_FORBID = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """Who speaks. `optout_phone` and `optout_url` are the free ways out that every ad shows."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    name: Text
    locale: Locale
    country: Annotated[str, Len(2, 2)]
    zone: str
    currency: Annotated[str, Len(3, 3)]
    contact: Text
    optout_phone: Text
    optout_url: Text
    site: Text | None = None
    """Where links of messages lead; without it the host of `optout_url`."""

    @property
    def home(self) -> str:
        return (self.site or "/".join(self.optout_url.split("/")[:3])).rstrip("/")

    def __post_init__(self) -> None:
        _known_zone(self.zone)
        if not (self.currency.isalpha() and self.currency.isupper()):
            raise ValueError("currency must be an ISO 4217 code such as GBP or KRW")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestations:
    """Facts a tenant vouches for on behalf of all customers: each is the date it was stated, or absent."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    adults_only: date | None = None
    zone_follows_country: date | None = None
    model_in_country: date | None = None
    """The model's endpoint runs in the customers' own country: nothing crosses a border."""
    email_authenticated: date | None = None
    """SPF, DKIM (over both List-Unsubscribe headers) and DMARC hold for the sending domain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What is believed before outcomes are seen: a rate, as sure as `strength` observations."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    rate: Rate
    strength: Annotated[float, Gt(0), Le(1e6)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Economy:
    """`basket` stands for an order's value where a customer's own is unknown; `fatigue_price` is charged per
    contact of the last seven days; `budget_price` is the shadow price of one unit of coupon budget."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    margin: Annotated[float, Gt(0), Le(1)]
    basket: Amount
    fatigue_price: Amount
    budget_price: Annotated[float, Ge(0), Le(1)] = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one action costs and is believed to do. `channels` narrows what the tool allows, never widens it."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    response: Prior
    cost: Amount
    lever: Annotated[float, Gt(0), Le(10)] = 1.0
    value: Amount | None = None
    channels: tuple[Channel, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A coupon campaign. `greatest_discount` is reserved from `budget` for each coupon given."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    name: Annotated[str, Len(1, 40)]
    percent: Annotated[int, Ge(1), Le(90)]
    minimum_spend: Amount
    greatest_discount: Annotated[Decimal, Gt(0)]
    budget: Amount
    per_customer: Annotated[int, Ge(1), Le(100)] = 1
    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When a host shows the product in person: local hours on weekdays (0 is Monday)."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    host: Text
    zone: str
    weekdays: tuple[Annotated[int, Ge(0), Le(6)], ...]
    opens: time
    closes: time
    minutes: Annotated[int, Ge(10), Le(240)]
    notice_minutes: Annotated[int, Ge(0), Le(10080)] = 60
    holidays: Annotated[str, Len(2, 6)] | None = None
    """Whose public holidays the host keeps: a country or a part of one (GB-ENG); the brand's where none is named."""

    def __post_init__(self) -> None:
        _known_zone(self.zone)
        if self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError('opens and closes are times in quotes, such as "11:00"')
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A marketer's limits: they tighten the packs' own, never loosen them."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    weekly_contacts: Annotated[int, Ge(0), Le(21)] = 3
    weekly_by_channel: Mapping[Channel, Annotated[int, Ge(0), Le(7)]] = field(default_factory=dict)
    """Offers a week on one channel, where the ethics pack leaves that to the owner."""
    coupon_percent: Annotated[int, Ge(0), Le(90)] = 30
    coupon_amount: Amount | None = None
    """A coupon that may take more off than this needs a person's approval."""
    review: tuple[str, ...] = ()
    """Actions that a person approves each time."""
    holdout_percent: Annotated[float, Ge(0), Le(50)] = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsVendor:
    """Who sends the texts. In Korea an outside vendor needs a certificate of sender qualification."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    name: Text
    certificate: Text | None = None
    valid_to: date | None = None
    in_house: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kakao:
    """The Kakao channel: `everyone` (M/N targeting) reaches people who are not its friends."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    product: Literal["brand_message", "friend_talk"] = "brand_message"
    audience: Literal["friends", "everyone"] = "friends"
    friends: Annotated[int, Ge(0)] = 0
    optout_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """The share of mails reported as spam, as the mailbox provider last showed it."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    rate: Annotated[float, Ge(0), Le(1)]
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How messages leave: facts about the sender that laws and platforms ask for. What is absent counts as no.

    `mail_from` is the sender of e-mails, `Brand <hello@brand.example>`, and the organiser of demos.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    mail_from: Text | None = None
    postal_address: Text | None = None
    sms_vendor: SmsVendor | None = None
    kakao: Kakao = field(default_factory=Kakao)
    complaints: Complaints | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensation:
    """Money back for trouble had: what a case of each kind is worth, out of one budget, once a customer."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    budget: Amount
    amounts: Mapping[Literal["complaint", "refund", "outage"], Annotated[Decimal, Gt(0)]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A small event for customers who are happy with the brand."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    name: Annotated[str, Len(1, 60)]
    place: Annotated[str, Len(1, 80)]
    starts_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyTerms:
    """How a goal is pursued: at most so many touches, so far apart, on these channels (all, where none is named), and
    not for longer than `days`."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    touches: Annotated[int, Ge(1), Le(10)] = 3
    spacing_hours: Annotated[float, Ge(1), Le(720)] = 48.0
    days: Annotated[int, Ge(1), Le(90)] = 14
    channels: tuple[Channel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """How far ahead value and churn are foreseen, and what is believed of churn before the data say more: the share of
    customers who stop within that time."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    horizon_days: Annotated[int, Ge(7), Le(365)] = 90
    churn: Prior = field(default_factory=lambda: Prior(rate=0.3, strength=10.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """Products (by id) that may not be advertised by any law, or that speak of health, belief or the like."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    illegal: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    brand: Brand
    packs: Annotated[tuple[str, ...], Len(1)]
    baseline: Prior
    economy: Economy
    actions: Mapping[str, Terms]
    limits: Limits = field(default_factory=Limits)
    attestations: Attestations = field(default_factory=Attestations)
    sending: Sending = field(default_factory=Sending)
    goods: Goods = field(default_factory=Goods)
    foresight: Foresight = field(default_factory=Foresight)
    tighten: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Rules made stricter, by id: parameters as the pack writes them. Loosening one is refused at load."""
    consent_categories: Mapping[str, tuple[Purpose, ...]] = field(default_factory=dict)
    """What the categories of a consent banner (Segment, RudderStack) stand for here."""
    journeys: Mapping[Goal, JourneyTerms] = field(default_factory=dict)
    campaigns: tuple[Campaign, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    compensation: Compensation | None = None
    events: tuple[Event, ...] = ()
    answer_hours: Annotated[float, Gt(0), Le(168)] = 4.0
    """Within how many hours a colleague answers whoever was handed over."""
    best_hours: Mapping[Channel, Annotated[int, Ge(0), Le(23)]] = field(default_factory=dict)
    guidelines: str | None = None
    messages: str | None = None
    """The folder of the brand's own templates, `messages` without it."""

    def __post_init__(self) -> None:
        names = [campaign.name for campaign in self.campaigns]
        if len(set(names)) != len(names):
            raise ValueError("campaigns: two campaigns have the same name")


def _known_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"zone: {name!r} is not an IANA zone such as Asia/Seoul or Europe/London") from error
