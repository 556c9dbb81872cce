"""Tell of a lower price for something the customer looked at before."""

from __future__ import annotations

from collections.abc import Mapping

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import SlotValue
from agent.domain.customer import Channel, Goal
from agent.domain.signals import Situation
from tools.contract import Task, message, money, shown


def _aim(situation: Situation) -> Aim | None:
    """A product whose price fell, in these days, after the customer last looked at it."""
    live = situation.signals.live
    return Aim(entity=live.reduced, because="viewed") if live and live.reduced and not live.purchased else None


def _weight(situation: Situation) -> float:
    """The news is of use while the interest lasts."""
    return 1.5


ACTION = Action(
    name="tell_price_drop",
    kind=Kind.OFFER,
    channels=(Channel.EMAIL, Channel.KAKAO, Channel.PUSH, Channel.SMS, Channel.PAGE),
    aim=_aim,
    weight=_weight,
    half_life_hours=72.0,
    expires_hours=48.0,
    goal=Goal.PURCHASE,
    best_hour=True,
)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    product = task.situation.snapshot.product(task.candidate.treatment.entity)
    before = product.lowest_price if product else None
    return shown(task) | ({"product.price_before": money(before)} if before else {})


TOOL = message(
    ACTION,
    _facts,
    "Tell the customer that something they looked at costs less now. Both prices stand in the text.",
    required=("product.price", "product.price_before"),
)
