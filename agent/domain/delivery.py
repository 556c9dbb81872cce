"""What leaves the house: effects that are claimed, handed to a provider once, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.domain.bundle import Effect, Envelope
from agent.domain.customer import Snapshot
from agent.domain.ids import EffectId
from agent.domain.verdict import Ruling

TRIES = (0.0, 5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
"""Seconds before each try: ten tries within 75 h 35 min 5 s (Standard Webhooks 1.0, deliverability)."""


ANSWER_SECONDS = 15.0
"""How long a provider may take to answer (Standard Webhooks 1.0 asks senders to wait 15 to 30 seconds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file beside the words: its name, media type and content, as text."""

    name: str
    media_type: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """All that is needed to judge and to send one effect: read in the transaction that claims it.

    `address` and `first_name` are personal data and go nowhere but to the provider. `token` names (customer, channel)
    in unsubscribe links.
    """

    effect: Effect
    snapshot: Snapshot
    address: str
    first_name: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The final bytes, and what the guard says of sending them now."""

    envelope: Envelope
    ruling: Ruling
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One effect that this worker alone may send until `lease_until`."""

    effect: Effect
    envelope: Envelope
    address: str
    attachments: tuple[Attachment, ...]
    lease: str
    lease_until: datetime

    @property
    def key(self) -> str:
        """The same at every try: what a provider can tell repetitions by."""
        return self.effect.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The provider has taken it. `receipt` is the provider's own name for it."""

    receipt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The provider has certainly not taken it. `temporary`: another try may be taken, after `retry_after`."""

    reason: str
    temporary: bool = False
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """It may have been taken or not: the answer was lost, or made no sense."""

    reason: str


Result = Sent | Refused | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a provider can do. `honours_keys`: a repetition with the same key is taken once. `can_look_up`: it can be
    asked whether a key was taken. One that has neither gets one try, and what is unknown goes to a person. One that
    answers `at_once` needs no threads."""

    name: str
    honours_keys: bool = False
    can_look_up: bool = False
    per_second: float = 20.0
    concurrency: int = 4
    at_once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """An effect whose fate is unknown, for reconciliation or for a person."""

    effect_id: EffectId
    key: str
    customer: str
    action: str
    channel: str
    provider: str
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sendout:
    """One effect as the timeline shows it: `why` it stands as it does, and what came of it when."""

    effect: Effect
    why: str
    outcomes: tuple[tuple[str, datetime], ...] = ()


@dataclass(slots=True)
class Swept:
    """What one round of dispatching did, by result."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, number: int = 1) -> None:
        if number:
            self.counts[what] = self.counts.get(what, 0) + number

    def merge(self, other: Mapping[str, int]) -> None:
        for what, number in other.items():
            self.add(what, number)

    @property
    def total(self) -> int:
        return sum(self.counts.values())
