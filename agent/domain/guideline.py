"""Brand knowledge: passages and the structured query that finds them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from agent.domain.ids import PassageId

ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One section of a guideline file. Empty `channels` or `actions` mean all of them."""

    passage_id: PassageId
    path: str
    brand: str
    locale: str
    topic: str
    title: str
    text: str
    channels: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidelineQuery:
    """What a passage must fit: filters first, then closeness to `words`. `day` is the customer's date."""

    locale: str
    day: date
    action: str = ANY
    channel: str = ANY
    topic: str = ANY
    words: str = ""
    limit: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    passage: Passage
    score: float
