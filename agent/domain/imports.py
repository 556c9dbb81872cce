"""Rows on their way in, and what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from agent.domain.consent import Entry
from agent.domain.customer import AgeAssurance, Channel
from agent.domain.money import Money


class RowOutcome(StrEnum):
    """Exactly one for every row read."""

    TAKEN = "taken"
    RETURN = "return"
    WITHOUT_CUSTOMER = "without_customer"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an invoice. `received_at` is when the seller knew it: the file's own column, else `occurred_at`."""

    key: str
    order: str
    external_id: str | None
    country: str | None
    occurred_at: datetime
    received_at: datetime
    product_id: str
    product_name: str
    quantity: int
    price: Money
    outcome: RowOutcome
    total: Money | None = None
    """What the line came to, where a file says that and the price of one piece only follows from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    """A person and the decision facts about them. Empty means: not stated, leave as it is."""

    key: str
    external_id: str
    first_name: str = ""
    addresses: Mapping[Channel, str] = field(default_factory=dict)
    country: str | None = None
    zone: str | None = None
    locale: str | None = None
    region: str | None = None
    age: AgeAssurance | None = None
    regions: Mapping[Channel, str] = field(default_factory=dict)
    """What an address gives away of where its owner lives: the state of an area code."""
    also: tuple[str, ...] = ()
    """Other numbers under which the same customer stands elsewhere: in the till, the loyalty scheme, the app."""
    stated_at: datetime | None = None
    """When it was said: what is newer stands, in whatever order it comes. None for a file, which is read as of now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRow:
    key: str
    external_id: str
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class BannerRow:
    """What a consent banner reported beside an event: categories allowed or denied, and Global Privacy Control.

    A category that is not named has not changed.
    """

    key: str
    external_id: str
    at: datetime
    method: str
    choices: Mapping[str, bool] = field(default_factory=dict)
    gpc: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionRow:
    """One address of a do-not-call register or suppression list."""

    key: str
    register: str
    address: str
    copied_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    key: str
    external_id: str
    kind: str
    occurred_at: datetime
    received_at: datetime
    entity: str
    properties: Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A row that could not be read: where it stood and why, without its content."""

    key: str
    place: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRow:
    """One fact for one table of the catalogue. `at` is since when it holds, or None: since it was read."""

    key: str
    table: Literal["products", "prices", "stock", "stores", "orders", "shipments", "foreseen"]
    at: datetime | None
    values: Mapping[str, Any]
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow:
    """What a customer said of a product: stars from 1 to 5 (0: none given) and words."""

    key: str
    external_id: str
    product: str
    at: datetime
    rating: int
    words: str
    received_at: datetime | None = None
    """When the seller knew it: the file's own column, else when it was written."""


Row = ReviewRow | Line | CustomerRow | ConsentRow | BannerRow | SuppressionRow | EventRow | FactRow | Quarantined


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a caller: what it says as rows, under the key by which it is known when it comes again.

    `body` is the message itself, for one that lies ahead and is read again when its time has come.
    """

    key: str
    external_id: str
    at: datetime
    rows: tuple[Row, ...]
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What became of some messages."""

    accepted: int = 0
    duplicates: int = 0
    waiting: int = 0
    quarantined: int = 0


@dataclass(slots=True)
class Tally:
    """Outcomes over all rows read, and how many of them were new to the store."""

    rows: int = 0
    new: int = 0
    outcomes: Counter[RowOutcome] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    places: dict[str, list[int]] = field(default_factory=dict)
    """The first few lines of the file that each reason stands for."""
    unused: tuple[str, ...] = ()
    """Columns of the file that nothing reads."""
    unknown: tuple[str, ...] = ()
    """What this kind of file never says, by name: nothing is assumed in its place."""
