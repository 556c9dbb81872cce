"""What the core asks of the world. Adapters implement these; `agent.bootstrap` wires them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from agent.domain import identity
from agent.domain.action import Action, Candidate
from agent.domain.approval import Approval
from agent.domain.bundle import Brief, Bundle, Draft, Effect, EffectState, Outcome, Proposal
from agent.domain.consent import Entry, Receipt
from agent.domain.customer import Channel, Consent, Happening, Journey, OpenSlot, Snapshot
from agent.domain.decision import Decision
from agent.domain.delivery import Abilities, Claim, Judged, Result, Sendout, Swept, Undecided
from agent.domain.facts import Booking
from agent.domain.guideline import Found, GuidelineQuery
from agent.domain.identity import Merge
from agent.domain.ids import CustomerId, DecisionId, EffectId, ExternalId, TenantId
from agent.domain.imports import Row, Tally
from agent.domain.journey import Chapter
from agent.domain.money import Money
from agent.domain.playbook import Playbook
from agent.domain.quality import Measures
from agent.domain.signals import Situation
from agent.domain.timers import Timer


class Clock(Protocol):
    """The only source of time: aware, UTC."""

    def now(self) -> datetime: ...


class Ids(Protocol):
    """The only source of fresh names and secrets (hex)."""

    def new(self) -> str: ...


class Rng(Protocol):
    """Seeded draws: the same key gives the same number in [0, 1)."""

    def uniform(self, *key: str) -> float: ...


class Snapshots(Protocol):
    """Customers as they were visible at an instant. Unknown ids are left out."""

    def snapshots(self, tenant: TenantId, ids: Sequence[CustomerId], at: datetime) -> Iterator[Snapshot]: ...


class GuidelineIndex(Protocol):
    """Finds passages. `version` names the state of the files that answers come from."""

    @property
    def version(self) -> str: ...

    def find(self, query: GuidelineQuery) -> tuple[Found, ...]: ...


class Toolset(Protocol):
    """What may be done. `schemas` is the constant tool list a model sees; `run` is pure."""

    @property
    def version(self) -> str: ...

    def actions(self) -> tuple[Action, ...]: ...

    def called_for(self, name: str) -> tuple[str, str]:
        """What calls for an action, and in which window the same is said once, in words."""
        ...

    def slots(self, candidate: Candidate, situation: Situation, playbook: Playbook) -> tuple[str, ...]: ...

    def schemas(self) -> list[dict[str, Any]]: ...

    def check(self, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """The arguments as the tool's schema reads them. Raises ValueError for an unknown tool or bad arguments."""
        ...

    def run(self, proposal: Proposal, candidate: Candidate, situation: Situation, playbook: Playbook) -> Draft: ...


class Decider(Protocol):
    """Chooses and words one candidate of the brief, within `deadline` seconds. Raises DeciderError."""

    async def propose(self, brief: Brief, deadline: float) -> Proposal: ...


class Commit(Protocol):
    """Writes each bundle whole or not at all, one result per bundle, in order.

    Compare-and-swap on the customer's version; reservations; one decision per trigger; audit in the same transaction.
    """

    def commit(self, bundles: Sequence[Bundle]) -> list[Outcome]: ...


class Outbox(Protocol):
    """Effects on their way out. A claim is judged in its own transaction and leased to one worker."""

    def stirs(self, channels: Sequence[Channel]) -> bool: ...

    def claim(
        self, judge: Callable[..., Judged], channels: Sequence[Channel], limit: int, lease: timedelta, swept: Swept
    ) -> list[Claim]: ...

    def begin(self, claims: Sequence[Claim]) -> list[Claim]: ...


class Results(Protocol):
    """What came of handing over, and what is still to be found out."""

    def finish(self, answers: Sequence[tuple[Claim, Result]], abilities: Abilities) -> list[EffectState]: ...

    def recover(self, channels: Sequence[Channel], abilities: Abilities) -> int: ...

    def lapse(self) -> int: ...

    def to_ask(self, channels: Sequence[Channel], limit: int) -> list[Undecided]: ...

    def undecided(self) -> list[Undecided]: ...

    def answered(self, effect: EffectId, taken: bool | None, abilities: Abilities) -> EffectState: ...

    def resolve(self, effect: EffectId, arrived: bool, by: str) -> None: ...


class Provider(Protocol):
    """Takes one message. `look_up`: whether a key was taken, None where it cannot tell. Neither raises."""

    @property
    def abilities(self) -> Abilities: ...

    def send(self, claim: Claim) -> Result: ...

    def look_up(self, key: str) -> bool | None: ...


class Switches(Protocol):
    """What stands still: all sending (`dispatch`) or one provider, for a tenant or for all."""

    def pause(self, tenant: TenantId, by: str, switch: str = "dispatch") -> bool: ...

    def resume(self, tenant: TenantId, by: str, switch: str = "dispatch") -> bool: ...

    def off(self, tenant: TenantId) -> frozenset[str]: ...


class Bookings(Protocol):
    """Demos: the place an offer held becomes a booking, moved or called off."""

    def book(self, tenant: TenantId, effect: EffectId) -> str: ...

    def move(self, tenant: TenantId, booking: str, to: OpenSlot) -> None: ...

    def cancel(self, tenant: TenantId, booking: str) -> None: ...

    def all(self, tenant: TenantId) -> list[tuple[CustomerId, Booking]]: ...


class Erasure(Protocol):
    """A person's data taken away for good."""

    def erase(self, tenant: TenantId, customer: CustomerId) -> int: ...


class Identities(Protocol):
    """Which customers are one person, as recorded; a merge is a link that can be taken back."""

    def known(self, tenant: TenantId) -> list[identity.Known]: ...

    def merge(self, tenant: TenantId, kept: CustomerId, joined: CustomerId, evidence: str, by: str) -> Merge: ...

    def undo(self, tenant: TenantId, merge_id: str, by: str) -> int: ...

    def merges(self, tenant: TenantId) -> list[Merge]: ...


class GuidelineVersions(Protocol):
    """Which state of a brand's guideline files is in force, for every process alike."""

    def current(self, tenant: TenantId) -> str | None: ...

    def was_replaced(self, tenant: TenantId, version: str) -> bool: ...

    def put(self, tenant: TenantId, version: str, passages: int) -> bool: ...


class Happenings(Protocol):
    """What a customer did, for whoever looks at their story."""

    def of(self, tenant: TenantId, customer: CustomerId, until: datetime, limit: int) -> list[Happening]: ...


class DataQuality(Protocol):
    """Counts over all that a tenant has imported, at an instant."""

    def measures(self, tenant: TenantId, at: datetime) -> Measures: ...


class Coupons(Protocol):
    """Codes that come back."""

    def redeem(self, tenant: TenantId, code: str, order: str, amount: Money) -> tuple[str, Money]: ...


class Approvals(Protocol):
    """Held effects that wait for a person's word."""

    def open(self, tenant: TenantId) -> list[Approval]: ...

    def show(self, tenant: TenantId, effect: EffectId) -> Approval: ...

    def decide(self, tenant: TenantId, effect: EffectId, seen: str, yes: bool, by: str) -> Approval: ...

    def expire(self, tenant: TenantId) -> int: ...


class Records(Protocol):
    """Decisions as recorded, their effects, and the inputs they rested on."""

    def decision(self, tenant: TenantId, decision: DecisionId) -> Decision: ...

    def newest_of(self, tenant: TenantId, customer: CustomerId) -> Decision: ...

    def of_customer(self, tenant: TenantId, customer: CustomerId, limit: int) -> list[Decision]: ...

    def states(self, tenant: TenantId) -> list[tuple[str, int]]: ...

    def effect(self, tenant: TenantId, name: str) -> Effect: ...

    def recorded(self, tenant: TenantId, ids: Sequence[DecisionId]) -> dict[str, Decision]: ...

    def decisions(self, tenant: TenantId) -> Iterator[Decision]: ...

    def effects(self, tenant: TenantId, decision: DecisionId) -> list[Effect]: ...

    def expired(self, tenant: TenantId, as_of: datetime, now: datetime) -> int: ...

    def body(self, tenant: TenantId, digest: str) -> bytes: ...


class Outcomes(Protocol):
    """What came of effects: one outcome each, counted for its arm."""

    def record(self, tenant: TenantId, effect: EffectId, kind: str, at: datetime, value: Money | None) -> bool: ...


class Duties(Protocol):
    """What the law sets a time for: the timers that follow from a statement, or from a copied register."""

    def of_consent(
        self, consent: Consent, subject: str, customer: CustomerId, country: str | None, by_text: bool = False
    ) -> tuple[Timer, ...]: ...

    def of_register(self, name: str, copied_at: datetime) -> tuple[Timer, ...]: ...


class Ledger(Protocol):
    """Append-only consents. Recording moves the customer's version at once and arms the timers that follow."""

    def record(
        self, tenant: TenantId, customer: CustomerId, entries: Sequence[Entry], source: str
    ) -> list[Receipt]: ...

    def history(self, tenant: TenantId, customer: CustomerId) -> list[Receipt]: ...

    def receipt(self, tenant: TenantId, receipt_id: str) -> Receipt: ...


class Timers(Protocol):
    """Timers that are armed: those of one customer, or (None) of nobody; and those that are to be fired now."""

    def of(self, tenant: TenantId, customer: CustomerId | None) -> list[Timer]: ...

    def missed(self, tenant: TenantId) -> list[Timer]: ...

    def claim(self, tenant: TenantId, now: datetime, limit: int, lease: str, until: datetime) -> list[Timer]: ...

    def done(self, tenant: TenantId, timers: Sequence[Timer], lease: str) -> int: ...

    def later(self, tenant: TenantId, timers: Sequence[Timer], lease: str, at: datetime) -> tuple[int, int]: ...


class Journeys(Protocol):
    """Journeys under way and over, and what was sent for them."""

    def woken(self, tenant: TenantId, names: Sequence[str]) -> dict[str, Journey]: ...

    def expire(self, tenant: TenantId, names: Sequence[str]) -> None: ...

    def again(self, tenant: TenantId, looks: Sequence[tuple[CustomerId, str, datetime]]) -> None: ...

    def chapters(self, tenant: TenantId, customer: CustomerId) -> list[Chapter]: ...

    def effects(self, tenant: TenantId, customer: CustomerId) -> list[Sendout]: ...


class Tokens(Protocol):
    """Opaque names of (customer, channel) for unsubscribe links."""

    def make(self, tenant: TenantId, customer: CustomerId, channel: Channel) -> str: ...

    def find(self, tenant: TenantId, token: str) -> tuple[CustomerId, Channel]: ...

    def also(self, tenant: TenantId, customer: CustomerId) -> list[CustomerId]: ...


class ImportSink(Protocol):
    """Takes rows in batches, each batch in one transaction; a row known by its key changes nothing."""

    def take(self, tenant: TenantId, rows: Sequence[Row], met: dict[ExternalId, CustomerId] | None = None) -> int: ...

    def finish(self, tenant: TenantId, name: str, tally: Tally, file: str, since: datetime) -> None: ...

    def now(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Known:
    """One external id with its pseudonym and country: personal data, for exports and audits."""

    external_id: ExternalId
    customer: CustomerId
    country: str | None


class Customers(Protocol):
    """Who is meant, who there is, and what only the sender may see. Of one person under several names: the one kept."""

    def heads(self, tenant: TenantId, customers: Sequence[CustomerId]) -> dict[CustomerId, CustomerId]: ...

    def find(self, tenant: TenantId, name: ExternalId | CustomerId) -> CustomerId: ...

    def find_many(self, tenant: TenantId, names: Sequence[ExternalId]) -> dict[str, CustomerId]: ...

    def all(self, tenant: TenantId) -> list[CustomerId]: ...

    def count(self, tenant: TenantId) -> int: ...

    def everyone(self, tenant: TenantId) -> list[Known]: ...

    def where(self, tenant: TenantId, customer: CustomerId) -> tuple[str | None, str | None]: ...

    def first_name(self, tenant: TenantId, customer: CustomerId) -> str: ...

    def external(self, tenant: TenantId, customer: CustomerId) -> list[ExternalId]:
        """The numbers under which the caller knows them, the kept one's first: personal data."""
        ...
