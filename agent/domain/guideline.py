"""Brand knowledge: passages and the structured query that finds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le, Len

from agent.domain.ids import PassageId

ANY = "any"
Word = Annotated[str, Len(1, 60)]
"""A word, or a phrase; Korean ones match inside words, English ones whole words, or a beginning marked with a star."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What a guideline file demands rather than advises; the guard holds every message to it.

    `preferred_words` leads from a word that the brand does not say to the one it says instead, `avoid_topics` from a
    topic to the words that give it away. `formality` is for Korean (존댓말 or 반말); `greatest_discount` in percent.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    forbidden_words: tuple[Word, ...] = ()
    preferred_words: Mapping[Word, Word] = field(default_factory=dict, hash=False)
    avoid_topics: Mapping[Annotated[str, Len(1, 40)], Annotated[tuple[Word, ...], Len(1)]] = field(
        default_factory=dict, hash=False
    )
    formality: Literal["formal", "casual"] | None = None
    emoji: bool = True
    greatest_discount: Annotated[int, Ge(0), Le(100)] | None = None


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
    binds: Binding | None = None

    def holds(self, locale: str, day: date, action: str, channel: str) -> bool:
        """True where the passage speaks of this action on this channel, in this language, on this day."""
        return (
            self.locale == locale
            and (not self.channels or channel in self.channels)
            and (not self.actions or action in self.actions)
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day <= self.valid_to)
        )


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
