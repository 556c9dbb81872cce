"""Tell of a lower price for something the customer looked at before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import SlotValue
from agent.domain.customer import Channel, Goal
from agent.domain.signals import Situation
from tools.contract import Task, message, money, shown

RECENT = timedelta(days=7)
"""A price that has held longer than this is no news."""


def _aim(situation: Situation) -> Aim | None:
    """The newest product looked at before its price went below everything of the thirty days before."""
    live = situation.signals.live
    if live is None or live.purchased:
        return None
    for event in sorted(situation.snapshot.events, key=lambda e: (e.at, e.entity), reverse=True):
        product = situation.snapshot.product(event.entity) if event.kind == "product_viewed" else None
        changed = product.more.price_changed_at if product else None
        if product is None or changed is None or not event.at < changed > situation.now - RECENT:
            continue
        price, before = product.price, product.lowest_price
        if price and before and price.currency == before.currency and price.amount < before.amount:
            return Aim(entity=product.product_id, because="viewed")
    return None


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
