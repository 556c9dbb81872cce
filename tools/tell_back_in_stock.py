"""Tell that something is there again that was gone when the customer looked for it."""

from __future__ import annotations

from datetime import timedelta

from agent.domain.action import Action, Aim, Kind
from agent.domain.customer import Channel, Goal
from agent.domain.signals import Situation
from tools.contract import message, shown

RECENT = timedelta(days=14)
"""What has been back longer than this is no news."""


def _aim(situation: Situation) -> Aim | None:
    """The newest product looked at while it was out of stock, and in stock now."""
    if situation.signals.live is None:
        return None
    for event in sorted(situation.snapshot.events, key=lambda e: (e.at, e.entity), reverse=True):
        product = situation.snapshot.product(event.entity) if event.kind == "product_viewed" else None
        if product is None or product.more.back_at is None or not product.more.units:
            continue
        gone, back = product.more.gone_at, product.more.back_at
        if gone is not None and gone <= event.at < back and back > situation.now - RECENT:
            return Aim(entity=product.product_id, because="wanted")
    return None


def _weight(situation: Situation) -> float:
    """They looked for it when it was not there."""
    return 1.6


ACTION = Action(
    name="tell_back_in_stock",
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
    shown,
    "Tell the customer that a product they looked for is in stock again.",
)
