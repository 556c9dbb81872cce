"""Who may call: keys with scopes, and what they were answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agent.domain.ids import TenantId


class Scope(StrEnum):
    """What a key may do. `personal` opens personal data on top of a reading scope."""

    EVENTS = "events:write"
    DECIDE = "decisions:write"
    READ = "decisions:read"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    CATALOGUE = "catalogue:write"
    APPROVE = "approvals:write"
    WEBHOOKS = "webhooks:write"
    OPERATE = "operations:read"
    PERSONAL = "personal:read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key without its secret. `ends_at` in the past: revoked or run out. `signing`: it signs webhooks that come
    in."""

    key_id: str
    tenant: TenantId
    name: str
    scopes: frozenset[Scope]
    made_at: datetime
    ends_at: datetime | None
    signing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The answer that was given to the first request under a key, to be given again byte by byte."""

    status: int
    body: bytes


class Busy(Exception):
    """The same key is being answered just now."""


class Reused(Exception):
    """The key was used before for another request."""
