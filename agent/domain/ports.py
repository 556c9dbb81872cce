"""What the core asks of the world. Adapters implement these; `agent.bootstrap` wires them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from agent.domain.action import Action, Candidate
from agent.domain.bundle import Brief, Bundle, Draft, Effect, Outcome, Proposal
from agent.domain.consent import Entry, Receipt
from agent.domain.customer import Channel, Consent, Snapshot
from agent.domain.decision import Decision
from agent.domain.guideline import Found, GuidelineQuery
from agent.domain.ids import CustomerId, DecisionId, EffectId, ExternalId, TenantId
from agent.domain.imports import Row
from agent.domain.money import Money
from agent.domain.playbook import Playbook
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


class Records(Protocol):
    """Decisions as recorded, their effects, and the inputs they rested on."""

    def decision(self, tenant: TenantId, decision: DecisionId) -> Decision: ...

    def newest_of(self, tenant: TenantId, customer: CustomerId) -> Decision: ...

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
    """Timers that are armed: all that are due before an instant, or all about one customer."""

    def due(self, tenant: TenantId, before: datetime, limit: int = 1_000) -> list[Timer]: ...

    def of(self, tenant: TenantId, customer: CustomerId) -> list[Timer]: ...


class Tokens(Protocol):
    """Opaque names of (customer, channel) for unsubscribe links."""

    def make(self, tenant: TenantId, customer: CustomerId, channel: Channel) -> str: ...

    def find(self, tenant: TenantId, token: str) -> tuple[CustomerId, Channel]: ...


class ImportSink(Protocol):
    """Takes rows in batches, each batch in one transaction; a row known by its key changes nothing."""

    def take(self, tenant: TenantId, rows: Sequence[Row]) -> int: ...

    def finish(self, tenant: TenantId, name: str, rows: int, new: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Known:
    """One external id with its pseudonym and country: personal data, for exports and audits."""

    external_id: ExternalId
    customer: CustomerId
    country: str | None


class Customers(Protocol):
    """Who is meant, who there is, and what only the sender may see."""

    def find(self, tenant: TenantId, name: ExternalId | CustomerId) -> CustomerId: ...

    def all(self, tenant: TenantId) -> list[CustomerId]: ...

    def count(self, tenant: TenantId) -> int: ...

    def everyone(self, tenant: TenantId) -> list[Known]: ...

    def where(self, tenant: TenantId, customer: CustomerId) -> tuple[str | None, str | None]: ...

    def first_name(self, tenant: TenantId, customer: CustomerId) -> str: ...
