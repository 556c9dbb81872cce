"""Win somebody back who has been away for long, with what they loved."""

from __future__ import annotations

from agent.domain.action import Action, Aim, Kind
from agent.domain.customer import Channel, Goal
from agent.domain.facts import Omen
from agent.domain.signals import Situation
from tools.contract import message, named

AWAY_DAYS = 120.0
"""A rule of thumb where nothing is foreseen: after four months without an order somebody is leaving."""
LIKELY = 500_000


def _aim(situation: Situation) -> Aim | None:
    """Away for long, or foreseen to leave, with a product they loved."""
    value, leaving = situation.signals.value, situation.snapshot.foresees(Omen.CHURN)
    live = situation.signals.live
    if value is None or value.mean_order.amount <= 0 or (live is not None and live.purchased):
        return None
    going = leaving.chance >= LIKELY if leaving else value.recency_days >= AWAY_DAYS
    loved = situation.snapshot.product(value.favourite)
    return Aim(entity=value.favourite, because="loved") if going and loved else None


def _weight(situation: Situation) -> float:
    """Whoever bought often is worth more effort, and is less likely to come back the longer they have been gone."""
    value = situation.signals.value
    return (0.6 + min(value.orders, 10) / 10.0) / (1.0 + value.recency_days / 365.0) if value else 1.0


ACTION = Action(
    name="win_back",
    kind=Kind.OFFER,
    channels=(Channel.EMAIL, Channel.KAKAO, Channel.PUSH),
    aim=_aim,
    weight=_weight,
    half_life_hours=240.0,
    expires_hours=96.0,
    goal=Goal.CHURN_AVERTED,
    best_hour=True,
)


TOOL = message(
    ACTION,
    named,
    "Say hello to a customer who has been away for long, with what they loved most. No guilt, no pressure.",
)
