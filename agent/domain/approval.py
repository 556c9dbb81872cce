"""A person's word on one held effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agent.domain.bundle import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """`hash` stands for exactly what would be sent; `state` is open, approved, rejected or expired; `by` who said."""

    effect: Effect
    hash: str
    state: str
    asked_at: datetime
    expires_at: datetime
    by: str = ""
    at: datetime | None = None
