"""What a tenant's own systems are told, as webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.domain.ids import TenantId

TYPES = (
    "decision.made",
    "message.sent",
    "message.skipped",
    "message.unknown",
    "task.created",
    "journey.ended",
    "consent.changed",
)


TASKS = "task.created"
"""Comes with words: only for who may read personal data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """An endpoint that wants to be told. `state` is `on`, `off` (it answered 410) or `gone`; `cursor` is how much of
    the audit's chain it has been told of. Its secrets are never shown again."""

    endpoint_id: str
    tenant: TenantId
    url: str
    types: tuple[str, ...]
    state: str
    cursor: int
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing told: built anew at every try from what is on record, so that nothing personal is kept twice."""

    type: str
    at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One delivery to be tried now, leased to one worker."""

    endpoint_id: str
    position: int
    url: str
    secrets: tuple[str, ...]
    attempts: int
    lease: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """Where one delivery stands: `pending`, `delivered`, `failed`."""

    message_id: str
    endpoint_id: str
    state: str
    attempts: int
    next_at: datetime | None
    detail: str


def message_id(endpoint: str, position: int) -> str:
    """The `webhook-id`: the same at every try, and at every replay."""
    return f"msg_{endpoint.removeprefix('w_')}_{position}"
