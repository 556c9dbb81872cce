"""What a row of a boundary table may say, and the customer, brand and message it stands for.

A row names only what it is about. Everything else is in order: an adult in Seoul with every consent and address, and a
message that fits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Len

from agent.domain.bundle import EffectState, SlotKind
from agent.domain.customer import (
    PER_CHANNEL,
    PUSHED,
    AgeAssurance,
    Basis,
    CampaignLeft,
    Case,
    Channel,
    Condition,
    Consent,
    ConsentStatus,
    Contact,
    Event,
    OpenSlot,
    Product,
    Purpose,
    Reach,
    Register,
    Snapshot,
)
from agent.domain.guideline import Binding
from agent.domain.ids import AddressRef, CustomerId, TenantId
from agent.domain.money import Money
from agent.domain.playbook import (
    Attestations,
    Brand,
    Complaints,
    Economy,
    Goods,
    Kakao,
    Limits,
    Playbook,
    Prior,
    Sending,
    SmsVendor,
)
from agent.guardrails.boundary_facts import everything

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
"""Friday noon in Seoul: the instant of every row that names none."""
DAY = timedelta(days=1)
_FORBID = {"extra": "forbid"}
Days = Annotated[float, Ge(-400)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One entry of the ledger, `on` as purpose or purpose:channel."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    on: str
    status: ConsentStatus = ConsentStatus.GRANTED
    basis: Basis = Basis.CONSENT
    conditions: tuple[Condition, ...] = ()
    given_at: datetime = NOW - 90 * DAY
    expires_at: datetime | None = None
    deal_ended_at: datetime | None = None
    reconfirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    """A contact so many days ago."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    days: Days
    channel: Channel = Channel.EMAIL
    action: str = "any"
    entity: str = "any"
    kind: str = "offer"
    outcome: str = ""
    outcome_days: Days | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    opened: Days
    closed: Days | None = None
    kind: str = "complaint"


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignRow:
    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    left: int
    share: int = 1
    ends: Days = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRow:
    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    kind: SlotKind
    value: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeRow:
    """What is about to leave; by default an e-mail to its own customer, due now."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    tenant: str = "acme"
    recipient: str = "c_1"
    effect_of: str = "c_1"
    address: str = "a_email"
    state: EffectState = EffectState.PENDING
    due_seconds: int = 0
    expires_seconds: int = 3600
    aim: Literal["same", "other", "none"] = "same"
    subject: str = "Hello"
    body: str = "Hello"
    headers: Mapping[str, str] = field(default_factory=dict)
    adds: str = ""
    adds_to: Literal["subject_start", "body_start", "body_end"] = "body_end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table. `expect` is allow, a verdict, or the time to which a message is deferred."""

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID
    expect: Annotated[str, Len(4, 40)]
    note: str = ""
    # the customer
    at: datetime = NOW
    country: str = "KR"
    region: str | None = None
    zone: str | None = "Asia/Seoul"
    locale: Literal["ko", "en"] = "ko"
    age: AgeAssurance = AgeAssurance.ATTESTED
    objected: bool = False
    consents: tuple[str, ...] | None = None
    withdrawn: tuple[str, ...] = ()
    entries: tuple[EntryRow, ...] = ()
    given_at: datetime = NOW - 90 * DAY
    expires: datetime | None = None
    reconfirmed_at: datetime | None = None
    contacts: tuple[ContactRow, ...] = ()
    events: Mapping[str, Days] = field(default_factory=dict)
    cases: tuple[CaseRow, ...] = ()
    campaign: CampaignRow | None = None
    listed: tuple[Channel, ...] = ()
    registers: Mapping[str, datetime] = field(default_factory=dict)
    lowest_price: int | None = None
    known: bool = False
    """Everything that a message may speak of is known: see `boundary_facts`."""
    # the brand
    attested_from: date | None = None
    model_in_country: date | None = None
    authenticated_from: date | None = None
    weekly_contacts: int = 21
    weekly_by_channel: Mapping[Channel, int] = field(default_factory=dict)
    coupon_limit: int = 30
    coupon_amount: int | None = None
    review: tuple[str, ...] = ()
    vendor: SmsVendor | None = None
    kakao: Kakao = field(default_factory=Kakao)
    postal_address: str | None = "서울시 종로구 온결길 12"
    spam_rate: float | None = None
    spam_as_of: date = date(2026, 11, 20)
    illegal: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    binds: Binding | None = None
    # the action and its message
    channel: Channel = Channel.EMAIL
    kind: Literal["offer", "reply", "duty"] = "offer"
    action: str = "offer_coupon"
    entity: str = "lamp"
    because: str = "cart"
    aimless: bool = False
    uses_campaign: bool = False
    uses_location: bool = False
    significant: bool = False
    asks: Purpose | None = None
    generated: bool = False
    words: Mapping[Literal["subject", "body"], str] = field(default_factory=lambda: {"body": "Hello"})
    slots: Mapping[str, SlotRow] = field(
        default_factory=lambda: {"product.price": SlotRow(kind=SlotKind.MONEY, value="40000", unit="KRW")}
    )
    reserves: str = ""
    reserves_amount: int = 0
    required: tuple[str, ...] = ()
    lives_seconds: int = 3600
    envelope: EnvelopeRow = field(default_factory=EnvelopeRow)
    # what an amended message looks like
    subject: str | None = None
    starts: str = ""
    ends: str = ""

    @property
    def long_words(self) -> Mapping[str, str]:
        """The words, with LONG and a number for so many letters."""
        return {
            name: re.sub(r"LONG(\d+)", lambda match: "가" * int(match.group(1)), text)
            for name, text in self.words.items()
        }


def snapshot_of(row: Row) -> Snapshot:
    found = _customer(row)
    return replace(found, **everything(NOW)) if row.known else found


def _customer(row: Row) -> Snapshot:
    phone = row.region if row.channel is Channel.SMS and row.region else ""
    return Snapshot(
        tenant=TenantId("acme"),
        customer=CustomerId("c_1"),
        version=1,
        ordinal=0,
        country=row.country,
        region=row.region,
        zone=row.zone,
        locale=row.locale,
        age=row.age,
        objected_at=NOW - DAY if row.objected else None,
        reach=tuple(
            Reach(channel=c, address_ref=AddressRef(f"a_{c}"), region=phone, listed=c in row.listed) for c in PUSHED
        ),
        consents=_consents(row),
        events=tuple(Event(kind=kind, at=NOW - days * DAY) for kind, days in row.events.items()),
        contacts=tuple(_contact(c) for c in row.contacts),
        cases=tuple(
            Case(
                case_id=f"k{n}",
                kind=c.kind,
                opened_at=NOW - c.opened * DAY,
                closed_at=NOW - c.closed * DAY if c.closed is not None else None,
            )
            for n, c in enumerate(row.cases)
        ),
        products=(_product(row),),
        campaigns=(_campaign(row.campaign),) if row.campaign else (),
        slots=(OpenSlot(slot_id="Maya@10", starts_at=NOW + 3 * DAY, ends_at=NOW + 3.1 * DAY),),
        registers=tuple(Register(name=name, copied_at=at) for name, at in row.registers.items()),
    )


def _consents(row: Row) -> tuple[Consent, ...]:
    named = row.consents
    if named is None and not row.withdrawn and not row.entries:
        named = ("profiling", "marketing_processing", *(f"ad_sending:{c}" for c in PUSHED))
    dated = {"given_at": row.given_at, "expires_at": row.expires, "reconfirmed_at": row.reconfirmed_at}
    simple = [EntryRow(on=on, **dated) for on in named or ()]  # type: ignore[arg-type]
    simple += [EntryRow(on=on, status=ConsentStatus.WITHDRAWN) for on in row.withdrawn]
    return tuple(_consent(entry) for entry in (*simple, *row.entries))


def _consent(entry: EntryRow) -> Consent:
    name, _, channel = entry.on.partition(":")
    purpose = Purpose(name)
    if (purpose in PER_CHANNEL) != bool(channel):
        raise ValueError(f"{entry.on}: ad_sending and night name a channel, the others none")
    return Consent(
        purpose=purpose,
        channel=Channel(channel) if channel else None,
        status=entry.status,
        given_at=entry.given_at,
        basis=entry.basis,
        expires_at=entry.expires_at,
        conditions=entry.conditions,
        deal_ended_at=entry.deal_ended_at,
        reconfirmed_at=entry.reconfirmed_at,
    )


def _contact(c: ContactRow) -> Contact:
    return Contact(
        channel=c.channel,
        action=c.action,
        entity=c.entity,
        kind=c.kind,
        at=NOW - c.days * DAY,
        outcome=c.outcome,
        outcome_at=NOW - c.outcome_days * DAY if c.outcome_days is not None else None,
    )


def _product(row: Row) -> Product:
    lowest = _won(row.lowest_price) if row.lowest_price is not None else None
    return Product(product_id="lamp", name="청자 램프", price=_won(40_000), lowest_price=lowest)


def _campaign(given: CampaignRow) -> CampaignLeft:
    return CampaignLeft(
        campaign="spring",
        percent=10,
        minimum_spend=_won(50_000),
        budget=_won(100_000),
        budget_left=_won(given.left),
        face_value=_won(14_000),
        ends_at=NOW + given.ends * DAY,
        share=1,
        share_left=given.share,
    )


def _won(amount: int) -> Money:
    return Money(Decimal(amount), "KRW")


def playbook_of(row: Row) -> Playbook:
    return Playbook(
        brand=Brand(
            name="온결",
            locale="ko",
            country="KR",
            zone="Asia/Seoul",
            currency="KRW",
            contact="02-555-0123",
            optout_phone="080-555-0123",
            optout_url="https://ongyeol.example/preferences",
        ),
        packs=("kr",),
        baseline=Prior(rate=0.02, strength=500),
        economy=Economy(margin=0.3, basket=Decimal(50_000), fatigue_price=Decimal(0)),
        actions={},
        limits=Limits(
            weekly_contacts=row.weekly_contacts,
            weekly_by_channel=row.weekly_by_channel,
            coupon_percent=row.coupon_limit,
            coupon_amount=Decimal(row.coupon_amount) if row.coupon_amount is not None else None,
            review=row.review,
        ),
        attestations=Attestations(
            adults_only=row.attested_from,
            model_in_country=row.model_in_country,
            email_authenticated=row.authenticated_from,
        ),
        sending=Sending(
            postal_address=row.postal_address,
            sms_vendor=row.vendor,
            kakao=row.kakao,
            complaints=Complaints(rate=row.spam_rate, as_of=row.spam_as_of) if row.spam_rate is not None else None,
        ),
        goods=Goods(illegal=row.illegal, sensitive=row.sensitive),
    )
