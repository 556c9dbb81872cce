"""What requests and answers look like: the OpenAPI document is made from these."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from agent.domain.bundle import Delivery
from agent.domain.customer import Basis, Channel, Condition, Purpose

PLAIN = r"^[^\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]*$"
"""No control or hidden character."""
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.:@+=~-]*$"
"""Names as systems give them; other characters in a path would read differently on every way there."""
PERSON = r"^[^\x00-\x20\x7f-\xa0]([^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0])?$"
"""Somebody's name, printable, without blanks around it."""
CustomerName = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=NAME), Field(examples=["c-1001"])]
CustomerPath = Annotated[
    str,
    Path(
        min_length=1,
        max_length=120,
        pattern=NAME,
        description="Your own number of the customer, or the pseudonym c_...",
    ),
]
Id = Annotated[str, Path(min_length=1, max_length=160, pattern=r"^[A-Za-z0-9_-]+$")]
Plain = Annotated[str, StringConstraints(max_length=120, pattern=PLAIN)]
Entity = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=NAME)]


class Shape(BaseModel):
    """Unknown fields are refused: a misspelt one would be an instruction that nobody follows."""

    model_config = ConfigDict(extra="forbid", str_max_length=4_000)


class EventKind(StrEnum):
    PAGE_VIEWED = "page_viewed"
    PRODUCT_VIEWED = "product_viewed"
    CART_UPDATED = "cart_updated"
    CART_CLEARED = "cart_cleared"
    PURCHASED = "purchased"
    CHAT_ACCEPTED = "chat_accepted"
    CHAT_DECLINED = "chat_declined"
    DEMO_BOOKED = "demo_booked"
    SEARCHED = "searched"
    ORDER_ASKED = "order_asked"
    HUMAN_ASKED = "human_asked"


class ContextEvent(Shape):
    """What the customer has just done. `message_id` makes it count once, however often it is sent."""

    kind: EventKind
    entity: Entity | None = None
    value: Annotated[Decimal, Field(ge=0, lt=10**9, max_digits=15, decimal_places=6)] | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    dwell_seconds: Annotated[float, Field(ge=0, lt=10**6)] | None = None
    message_id: Entity | None = None


class DecisionRequest(Shape):
    customer: CustomerName
    event: ContextEvent | None = None
    max_results: Annotated[int, Field(ge=1, le=25, strict=True)] = 3
    debug: Annotated[bool, Field(strict=True)] = False
    deadline_ms: Annotated[int, Field(ge=50, le=30_000, strict=True)] | None = None
    dry_run: Annotated[bool, Field(strict=True)] = False
    delivery: Delivery = Delivery.TACTFUL


class Ranked(BaseModel):
    """One result. The first is worded, committed and counted; the others are ranked only. `score` is the expected
    worth in the brand's currency."""

    rank: int
    action: str
    channel: str
    kind: str
    about: str
    at: datetime
    score: float | None
    committed: bool
    effect: str | None = None
    delivery: str | None = None
    state: str | None = None
    subject: str | None = None
    body: str | None = None
    expires_at: datetime | None = None


class Decided(BaseModel):
    """`action` is what is done, or `hold`, whose `reason` then says why nothing is. `degraded`: no model worded it
    though one is configured."""

    decision: str
    customer: str
    pseudonym: str
    as_of: datetime
    action: str
    reason: str | None
    degraded: bool
    dry_run: bool
    results: list[Ranked]
    debug: dict[str, Any] | None = None


class OutcomeKind(StrEnum):
    VIEWED = "viewed"
    CLICKED = "clicked"
    ACCEPTED = "accepted"
    CONVERTED = "converted"
    DECLINED = "declined"
    IGNORED = "ignored"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"


class Worth(Shape):
    amount: Annotated[Decimal, Field(ge=0, lt=10**9, max_digits=15, decimal_places=6)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class OutcomeRequest(Shape):
    kind: OutcomeKind
    effect: Annotated[str, StringConstraints(pattern=r"^e_[0-9a-f]{20}$")] | None = None
    value: Worth | None = None


class Recorded(BaseModel):
    effect: str
    kind: str
    new: bool


class CustomerRequest(Shape):
    """Facts to set; what is left out stays as it is. Values that cannot be read are refused with their field."""

    first_name: Plain | None = None
    email: Annotated[str, StringConstraints(max_length=320)] | None = None
    phone: Annotated[str, StringConstraints(max_length=40)] | None = None
    push_token: Plain | None = None
    kakao_id: Plain | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2}$")] | None = None
    region: Annotated[str, StringConstraints(max_length=8)] | None = None
    zone: Annotated[str, StringConstraints(max_length=64)] | None = None
    locale: Literal["ko", "en"] | None = None
    age: Literal["unknown", "attested", "verified", "minor"] | None = None
    also: Annotated[list[CustomerName], Field(max_length=10)] = []


class CustomerAnswer(BaseModel):
    """Personal data only with the scope `personal:read`."""

    customer: str
    pseudonym: str
    country: str | None
    zone: str | None
    locale: str
    age: str
    channels: list[str]
    consents: list[dict[str, Any]]
    open_cases: list[str]
    first_name: str | None = None
    known_as: list[str] | None = None


class ConsentRequest(Shape):
    """Without `purpose` a withdrawal is of everything."""

    status: Literal["granted", "withdrawn"]
    purpose: Purpose | None = None
    channel: Channel | None = None
    basis: Basis = Basis.CONSENT
    conditions: Annotated[list[Condition], Field(max_length=10)] = []
    deal_ended_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    wording: Annotated[str, StringConstraints(max_length=80, pattern=PLAIN)] = ""
    evidence: Annotated[str, StringConstraints(max_length=400, pattern=PLAIN)] = ""


class CaseKind(StrEnum):
    COMPLAINT = "complaint"
    REFUND = "refund"
    OUTAGE = "outage"
    FRAUD = "fraud"
    BEREAVEMENT = "bereavement"
    DEBT = "debt"
    VULNERABILITY = "vulnerability"
    OTHER = "other"


class CaseRequest(Shape):
    customer: CustomerName
    case: Entity
    kind: CaseKind = CaseKind.COMPLAINT


class CaseAnswer(BaseModel):
    case: str
    state: str


class Items(Shape):
    """Rows in the columns of the file of this name (docs/files.md)."""

    items: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1_000)]


class Taken(BaseModel):
    """How many rows were taken, and which were not, by their place in the list, with the reason."""

    taken: int
    new: int
    refused: list[str]


class Messages(BaseModel):
    """Segment's answer, and what became of the messages. Those that could not be read are kept as a reason."""

    success: bool = True
    accepted: int
    duplicates: int
    waiting: int
    quarantined: int
    reasons: list[str] = []


class ApprovalRequest(Shape):
    """`hash` is that of the request as it was shown: it stands for exactly what would be sent."""

    answer: Literal["approve", "reject"]
    hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12,64}$")]
    by: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=PERSON)]


class ApprovalAnswer(BaseModel):
    effect: str
    action: str
    channel: str
    state: str
    hash: str
    asked_at: datetime
    expires_at: datetime
    by: str
    subject: str | None = None
    body: str | None = None


class WebhookRequest(Shape):
    url: Annotated[str, StringConstraints(min_length=9, max_length=2_000)]
    types: Annotated[list[str], Field(max_length=20)] = []


class WebhookAnswer(BaseModel):
    """`secret` is shown once, when it is made."""

    webhook: str
    url: str
    types: list[str]
    state: str
    made_at: datetime
    secret: str | None = None


class ReplayRequest(Shape):
    """Tells again what was told since then; or, with `failed`, what could not be told."""

    since: AwareDatetime | None = None
    failed: Annotated[bool, Field(strict=True)] = True


class DeliveryAnswer(BaseModel):
    message: str
    state: str
    attempts: int
    next_at: datetime | None
    detail: str


class Erased(BaseModel):
    """`handed_over`: messages that were leaving just then and could not be stopped."""

    erased: bool
    handed_over: int


class Status(BaseModel):
    status: str


class Again(BaseModel):
    """How many are told again."""

    again: int


class Replayed(BaseModel):
    """Whether the same came out, and the names of the fields that differ."""

    same: bool
    differences: list[str]


class Open(BaseModel):
    """An answer whose parts stand in the documentation of the command line's --json."""

    model_config = ConfigDict(extra="allow")
