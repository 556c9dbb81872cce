"""Recommend a product: looked at again and again, bought together with theirs, similar, or an old favourite."""

from __future__ import annotations

from collections.abc import Mapping

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import SlotValue
from agent.domain.customer import Channel, Goal, Product
from agent.domain.facts import Foreseen, Omen
from agent.domain.signals import Situation
from tools.contract import SEVERAL_VIEWS, Task, message, shown, text

AWAY_DAYS = 30.0
"""Someone who bought within a month is not away; someone who returned it all had no favourite."""


def _aim(situation: Situation) -> Aim | None:
    """Looked at several times; goes with or is like something of theirs; or an old favourite after a month."""
    live, value = situation.signals.live, situation.signals.value
    if live is not None and live.purchased:
        return None
    if live is not None and live.views >= SEVERAL_VIEWS and situation.snapshot.product(live.product):
        return Aim(entity=live.product, because="views")
    for omen, because in ((Omen.TOGETHER, "together"), (Omen.SIMILAR, "similar")):
        found = situation.snapshot.foresees(omen)
        if live is not None and found and situation.snapshot.product(found.entity) and _anchor(situation, found):
            return Aim(entity=found.entity, because=because)
    away = value is not None and value.recency_days >= AWAY_DAYS and value.mean_order.amount > 0
    if value is not None and away and situation.snapshot.product(value.favourite):
        return Aim(entity=value.favourite, because="favourite")
    return None


def _anchor(situation: Situation, found: Foreseen) -> Product | None:
    """What the recommended product goes with, or is like."""
    return situation.snapshot.product(found.value)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    situation, entity = task.situation, task.candidate.treatment.entity
    foreseen = (situation.snapshot.foresees(omen) for omen in (Omen.TOGETHER, Omen.SIMILAR))
    anchor = next((_anchor(situation, f) for f in foreseen if f and f.entity == entity), None)
    return shown(task) | ({"anchor.name": text(anchor.name)} if anchor else {})


def _weight(situation: Situation) -> float:
    """Loyal customers care more for their favourite; the weight halves after four months away."""
    value = situation.signals.value
    if value is None:
        return 1.0
    return (0.5 + min(value.orders, 10) / 10.0) / (1.0 + value.recency_days / 120.0)


ACTION = Action(
    name="recommend_product",
    kind=Kind.OFFER,
    channels=(Channel.EMAIL, Channel.KAKAO, Channel.PUSH, Channel.SMS, Channel.PAGE),
    aim=_aim,
    weight=_weight,
    half_life_hours=72.0,
    expires_hours=48.0,
    goal=Goal.PURCHASE,
    best_hour=True,
)


TOOL = message(
    ACTION,
    _facts,
    "Recommend one product the customer has shown interest in, without any discount.",
)
