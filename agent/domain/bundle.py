"""From a proposal to what one transaction writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from agent.domain.action import Kind, Treatment
from agent.domain.customer import Channel
from agent.domain.decision import Decision
from agent.domain.guideline import Passage
from agent.domain.ids import AddressRef, CustomerId, DecisionId, EffectId, TenantId
from agent.domain.journey import Course
from agent.domain.money import Money
from agent.domain.timers import Timer, TimerKind
from agent.domain.verdict import Amendment

Chooser = Literal["engine", "model", "code"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Sentences with typed slots, `{{name}}` or, for a Korean particle, `{{name|을/를}}`."""

    body: str
    subject: str = ""


class SlotKind(StrEnum):
    TEXT = "text"
    MONEY = "money"
    PERCENT = "percent"
    MOMENT = "moment"
    DATE = "date"
    LATE = "late"
    """Known only at commit (a coupon code) or at sending (a name); shown as a stand-in until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotValue:
    """A typed fact. `value` is plain text: a number, an ISO time or a name; `unit` a currency or a zone."""

    kind: SlotKind
    value: str
    unit: str = ""


NAMELESS = {"ko": "고객", "en": "there"}
"""What stands for the name until it is filled in at sending, and for good where no name is known."""
LINKLESS = "…"
"""What stands for a link until sending makes one."""
CODELESS = "••••-••••"
"""What stands for a coupon's code until commit allocates one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One candidate as the decider sees it: no score, no identifier."""

    ref: str
    treatment: Treatment
    because: str
    slots: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """The least a decider needs: at most eight allowed candidates, what is known in words, the brand's passages.

    `fixed` means that code has drawn the candidate and only words are wanted; `shorter_by` that the words given before
    were so many characters too long for the channel, with the lines that the law adds.
    """

    locale: str
    lines: tuple[Line, ...]
    findings: tuple[str, ...]
    passages: tuple[Passage, ...]
    fixed: bool = False
    shorter_by: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Silence with a date: look again after so many hours, unless this event comes first ('' for none)."""

    hours: float
    unless: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a decider wants done: a candidate by its `ref` (or hold), words and the passages they rest on."""

    action: str
    ref: str
    words: Words
    cites: tuple[str, ...] = ()
    chooser: Chooser = "engine"
    degraded: bool = False
    cause: str = ""
    model: str = ""
    prompt: str = ""
    wait: Wait | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A scarce thing asked for at commit. `resource` names a campaign or a calendar slot.

    `budget` and `share` bound what a campaign gives in all and to one customer; `slot` is the typed slot that the
    allocated code fills. A coupon is worth something on orders of `minimum` until `ends_at`; a place in a calendar
    lasts from `starts_at` to `ends_at`; a credit is money back for trouble had.
    """

    kind: Literal["coupon", "slot", "credit"]
    resource: str
    amount: Money | None = None
    budget: Money | None = None
    share: int = 1
    slot: str = ""
    minimum: Money | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class Delivery(StrEnum):
    CALLER = "caller"
    TACTFUL = "tactful"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Words, facts and legal text apart, so that the same bytes can be made and checked again at sending."""

    words: Words
    slots: Mapping[str, SlotValue] = field(default_factory=dict)
    amendments: tuple[Amendment, ...] = ()
    generated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a tool returns: pure data, nothing has happened.

    `window` makes the effect's key unique in time; `required` names the slots that the words must show;
    `generated` says that a model worded it. `packet` goes to the staff beside the message; `opens` names the case that
    comes with it, '' where there is one already or none is meant. `settles` are the duties it sees to: kind, subject.
    """

    treatment: Treatment
    kind: Kind
    payload: Payload
    window: str
    expires_at: datetime
    reservations: tuple[Reservation, ...] = ()
    required: tuple[str, ...] = ()
    generated: bool = False
    packet: Payload | None = None
    opens: str = ""
    settles: tuple[tuple[TimerKind, str], ...] = ()


class EffectState(StrEnum):
    """Where an effect stands. Everything from `sent` on is final, but for what a person finds out about `unknown`."""

    PENDING = "pending"
    HELD = "held"
    """Waits for a person's approval."""
    CLAIMED = "claimed"
    """One dispatcher's to send; nothing has been handed over yet."""
    SENDING = "sending"
    """Being handed over: it can no longer be stopped."""
    SENT = "sent"
    REFUSED = "refused"
    """The provider will not take it."""
    UNKNOWN = "unknown"
    """It may have arrived: never sent again blindly."""
    BLOCKED = "blocked"
    """The guard kept it back when it was due."""
    CANCELLED = "cancelled"
    """Its reason went away first: the journey ended, a person said no."""
    DEAD = "dead"
    """Tried as often as may be, and never taken."""
    EXPIRED = "expired"
    """Its time passed, or it was decided as of another time than now: never to be sent."""


OPEN = (EffectState.PENDING, EffectState.HELD, EffectState.CLAIMED)
"""States in which an effect can still be stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Something to be done outside, at most once: `key` is stable over every retry."""

    effect_id: EffectId
    key: str
    customer: CustomerId
    decision: DecisionId
    kind: Kind
    action: str
    channel: Channel
    address_ref: AddressRef | None
    entity: str
    payload: Payload
    due_at: datetime
    expires_at: datetime
    delivery: Delivery
    state: EffectState
    journey: str = ""
    approved: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The final bytes of one effect, as a provider would get them. `recipient` is whose address it is."""

    tenant: TenantId
    recipient: CustomerId
    effect: Effect
    subject: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Everything one commit writes, or nothing of it.

    `version` is the snapshot's, for compare-and-swap; None records a hold whatever has moved since. `course` is the
    journey after this touch; `opens` the case that a hand-over opens; `timers` are what a decision to wait arms;
    `settles` the duties that it sees to.
    """

    decision: Decision
    inputs: bytes
    policy: bytes
    version: int | None
    effects: tuple[Effect, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    course: Course | None = None
    opens: str = ""
    settles: tuple[tuple[TimerKind, str], ...] = ()
    timers: tuple[Timer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """The decision as it now stands; `repeated` where its trigger had been decided before."""

    decision: Decision
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A decision fact moved since the snapshot was taken: nothing was written."""

    customer: CustomerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhausted:
    """A resource was gone: nothing was written."""

    customer: CustomerId
    resource: str


Outcome = Committed | Conflict | Exhausted
