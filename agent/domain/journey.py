"""A journey: one goal for one customer and entity, pursued in a few touches and ended in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agent.domain.customer import Goal, Journey


class Exit(StrEnum):
    """Why a journey ended."""

    CONVERTED = "converted"
    DECLINED = "declined"
    OPTED_OUT = "opted_out"
    COMPLAINED = "complained"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a decision does to a journey: this touch, and when to look again. `journey.tried` holds the touch."""

    journey: Journey
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A journey as the timeline shows it, over or not."""

    journey: Journey
    exit: Exit | None
    ended_at: datetime | None


EXITS: dict[str, tuple[Exit, tuple[Goal, ...]]] = {
    "purchased": (Exit.CONVERTED, (Goal.PURCHASE, Goal.REORDER, Goal.CHURN_AVERTED)),
    "demo_held": (Exit.CONVERTED, (Goal.DEMO_HELD,)),
    "case_closed": (Exit.CONVERTED, (Goal.COMPLAINT_SOLVED,)),
    "case_opened": (Exit.COMPLAINED, (Goal.PURCHASE, Goal.DEMO_HELD, Goal.REORDER, Goal.CHURN_AVERTED)),
}
"""Events that end journeys of these goals. Whoever bought, whatever it was, is not followed any further."""
SELLING = (Goal.PURCHASE, Goal.DEMO_HELD, Goal.CHURN_AVERTED, Goal.REORDER)
"""Goals that a refusal ends; a complaint is solved whatever the customer thinks of advertising."""
