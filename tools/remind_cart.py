"""Remind of a cart that was left: once, without a discount and without hurry."""

from __future__ import annotations

from collections.abc import Mapping

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import SlotValue
from agent.domain.customer import Channel, Goal
from agent.domain.signals import Situation
from tools.contract import FRESH_CART_MINUTES, Task, message, money, person


def _aim(situation: Situation) -> Aim | None:
    """A cart that is not being filled any more and was not bought."""
    live = situation.signals.live
    if live is None or live.purchased or not live.cart or live.cart_age_minutes < FRESH_CART_MINUTES:
        return None
    return Aim(entity=live.cart, because="cart")


def _weight(situation: Situation) -> float:
    """A cart left this hour weighs most; after two days it weighs half."""
    live = situation.signals.live
    return 1.2 / (1.0 + live.cart_age_minutes / 2880.0) if live else 1.0


ACTION = Action(
    name="remind_cart",
    kind=Kind.OFFER,
    channels=(Channel.EMAIL, Channel.KAKAO, Channel.SMS, Channel.PUSH, Channel.PAGE),
    aim=_aim,
    weight=_weight,
    half_life_hours=48.0,
    expires_hours=24.0,
    goal=Goal.PURCHASE,
    best_hour=True,
)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    live = task.situation.signals.live
    value = live.cart_value if live else None
    return person(task) | ({"cart.value": money(value)} if value else {})


TOOL = message(
    ACTION,
    _facts,
    "Remind the customer of the cart that they left, without a discount and without any hurry.",
)
