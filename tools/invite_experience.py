"""Invite to try something instead of only looking at it."""

from __future__ import annotations

from collections.abc import Mapping

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import SlotValue
from agent.domain.customer import Channel, Goal
from agent.domain.signals import Situation
from tools.contract import Task, message, named, text


def _aim(situation: Situation) -> Aim | None:
    """Looked twice at a product that can be tried."""
    live = situation.signals.live
    if live is None or live.purchased or live.views < TWICE:
        return None
    product = situation.snapshot.product(live.product)
    return Aim(entity=live.product, because="tries") if product and product.more.experience else None


TWICE = 2


def _weight(situation: Situation) -> float:
    """Trying beats looking."""
    return 1.4


ACTION = Action(
    name="invite_experience",
    kind=Kind.OFFER,
    channels=(Channel.CHAT, Channel.PAGE, Channel.EMAIL, Channel.KAKAO),
    aim=_aim,
    weight=_weight,
    half_life_hours=24.0,
    expires_hours=24.0,
    goal=Goal.PURCHASE,
)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    product = task.situation.snapshot.product(task.candidate.treatment.entity)
    name = product.more.experience if product else ""
    return named(task) | ({"experience.name": text(name)} if name else {})


TOOL = message(
    ACTION,
    _facts,
    "Invite the customer to try the product they keep looking at: what can be tried is a typed slot.",
    required=("experience.name",),
)
