"""The audit: rows that are hashed when written, chained in the background, and anchored outside the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """One row of the audit at its place in the chain: pseudonymous, append-only."""

    position: int
    at: datetime
    what: str
    subject: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The head of the chain as it was at an instant: kept where whoever can write the database cannot."""

    at: datetime
    position: int
    chain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """What does not hold: `changed`, `missing`, `moved`, `inserted`, `cut`, `rewritten`; and at which position."""

    kind: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """How many rows were checked, how many are not chained yet, how many anchors they were held against."""

    rows: int
    unchained: int
    anchors: int
    breaks: tuple[Break, ...]
