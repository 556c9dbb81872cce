"""Ports of what comes in and goes out over the API: what callers send, who may call, what their systems are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from agent.domain.access import Kept, Key, Scope
from agent.domain.audit import Anchor, Noted, Verified
from agent.domain.ids import CustomerId, TenantId
from agent.domain.imports import Message, Received
from agent.domain.notice import Delivered, Due, Subscription


class Inbox(Protocol):
    """Messages of callers, each once."""

    def receive(self, tenant: TenantId, messages: Sequence[Message], arm: bool = True) -> Received: ...

    def due(self, tenant: TenantId, limit: int = 500) -> list[tuple[str, Mapping[str, Any]]]: ...

    def take_due(self, tenant: TenantId, messages: Sequence[Message]) -> int: ...

    def forget(self, tenant: TenantId) -> int: ...


class Export(Protocol):
    """All that is held about a person."""

    def of(self, tenant: TenantId, customer: CustomerId) -> dict[str, list[dict[str, Any]]]: ...


class AuditChain(Protocol):
    """The audit as a chain of hashes."""

    def extend(self, tenant: TenantId, limit: int = 5_000) -> int: ...

    def head(self, tenant: TenantId) -> Anchor: ...

    def after(self, tenant: TenantId, position: int, limit: int) -> list[Noted]: ...

    def at(self, tenant: TenantId, positions: Sequence[int]) -> dict[int, Noted]: ...

    def verify(self, tenant: TenantId, anchors: Sequence[Anchor]) -> Verified: ...


class Notices(Protocol):
    """Endpoints that want to be told, and their deliveries."""

    def subscribe(self, tenant: TenantId, url: str, types: Sequence[str]) -> tuple[Subscription, str]: ...

    def all(self, tenant: TenantId) -> list[Subscription]: ...

    def change(self, tenant: TenantId, endpoint: str, state: str) -> None: ...

    def rotate(self, tenant: TenantId, endpoint: str, both: timedelta) -> str: ...

    def cursors(self, tenant: TenantId) -> dict[str, tuple[int, tuple[str, ...]]]: ...

    def publish(
        self, tenant: TenantId, told: Mapping[str, Sequence[int]], seen: Mapping[str, tuple[int, int]]
    ) -> int: ...

    def claim(self, tenant: TenantId, limit: int) -> list[Due]: ...

    def finish(self, tenant: TenantId, due: Due, detail: str, wanted: timedelta | None, taken: bool) -> str: ...

    def deliveries(self, tenant: TenantId, endpoint: str, limit: int) -> list[Delivered]: ...

    def replay(self, tenant: TenantId, endpoint: str, since: datetime | None, failed_only: bool) -> int: ...


class Keys(Protocol):
    """Who may call. `find` and `signing` give None for what is no key, or holds no longer."""

    def make(
        self, tenant: TenantId, name: str, scopes: Sequence[Scope], ends_at: datetime | None, signing: bool = False
    ) -> tuple[Key, str]: ...

    def find(self, text: str) -> Key | None: ...

    def signing(self, key_id: str) -> tuple[Key, list[str]] | None: ...

    def all(self, tenant: TenantId) -> list[Key]: ...

    def tenants(self) -> list[TenantId]: ...

    def end(self, tenant: TenantId, key_id: str, at: datetime) -> Key: ...


class Answers(Protocol):
    """What was answered under an Idempotency-Key."""

    def begin(self, tenant: TenantId, key: str, request: str) -> Kept | str: ...

    def finish(self, tenant: TenantId, key: str, lease: str, answer: Kept, customer: CustomerId | None) -> None: ...

    def drop(self, tenant: TenantId, key: str, lease: str) -> None: ...

    def forget(self) -> int: ...
