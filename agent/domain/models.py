"""Fitted models: what was learned, from what, how good it is, and what it says of whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from agent.domain.facts import Foreseen, Omen
from agent.domain.ids import CustomerId, TenantId


class Signal(StrEnum):
    """What can be fitted; each brings its own omens."""

    VALUE = "value"
    CHURN = "churn"
    RESPONSE = "response"
    AFFINITY = "affinity"
    REPLENISHMENT = "replenishment"
    TIMING = "timing"
    TEXT = "text"
    SEGMENTS = "segments"
    DEMAND = "demand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a reader must know of a model before trusting it.

    `figures` were measured on a later stretch of time than the model was fitted on; `chosen` names the method that won
    there; `notes` are codes with values, worded by `agent.console`; `source` is prior where the data were too few.
    """

    signal: Signal
    chosen: str
    source: str
    as_of: datetime
    rows: int
    customers: int
    figures: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[tuple[str, str], ...] = ()
    segments: Mapping[str, str] = field(default_factory=dict)
    """Names of segments by their stable ids."""
    baseline: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Shares of customers in tenths of each input, as of the fit: what drift is measured against."""
    edges: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """The nine borders between those tenths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One fitted model. `hash` is the SHA-256 of `body`; `model` its first twelve digits, written on decisions."""

    model: str
    hash: str
    card: Card
    fitted_at: datetime
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretelling:
    """One thing foretold of one customer, with all that is known about it.

    `low` and `high` are the ends of its 80 % interval: in millionths for a chance, in the unit of `number` for a
    number, in days around `due_at` for a date. `why` names up to three inputs and their values, strongest first.
    """

    customer: CustomerId
    foreseen: Foreseen
    low: int = 0
    high: int = 0
    why: tuple[tuple[str, float], ...] = ()
    made_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far the inputs of a model have moved since it was fitted: the population stability index of each, and the
    greatest. Under 0.1 nothing moved, above 0.25 it did (Siddiqi, Credit Risk Scorecards, 2006)."""

    model: Model
    indices: Mapping[str, float]

    @property
    def greatest(self) -> float:
        return max(self.indices.values(), default=0.0)

    @property
    def drifted(self) -> bool:
        return self.greatest > 0.25


class Models(Protocol):
    """Fitted models and what they foretell."""

    def keep(
        self, tenant: TenantId, models: Sequence[Model], told: Iterable[Foretelling], omens: Sequence[Omen]
    ) -> int:
        """These models are current, and what they foretell stands in place of all that models foretold of these omens.
        What a file brought stands. How many foretellings were written. Raises StoreError where another fit ended
        meanwhile."""
        ...

    def file(self, tenant: TenantId, models: Sequence[Model]) -> None:
        """Models to be looked at, not to be current: nothing that is foretold changes."""
        ...

    def current(self, tenant: TenantId) -> list[Model]:
        """The newest model of each signal, with its body. Raises StoreError where a body does not match its hash."""
        ...

    def named(self, tenant: TenantId, name: str) -> Model:
        """By its name, or the beginning of it, or a signal's newest. Raises NotFound, StoreError."""
        ...

    def count(self, tenant: TenantId, models: Sequence[str]) -> int:
        """How many things these models foretell."""
        ...

    def product_name(self, tenant: TenantId, product: str) -> str:
        """What a product is called; its id where that is unknown."""
        ...

    def told(self, tenant: TenantId, customer: CustomerId, at: datetime) -> list[Foretelling]:
        """All that is foretold of one customer at an instant."""
        ...
