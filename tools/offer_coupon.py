"""A coupon for a cart that was left, or for a product looked at again and again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import CODELESS, Draft, Reservation, SlotKind, SlotValue
from agent.domain.customer import CampaignLeft, Channel, Goal
from agent.domain.facts import Omen
from agent.domain.signals import LiveContext, Situation
from tools.contract import FRESH_CART_MINUTES, SEVERAL_VIEWS, Task, message, person


def _aim(situation: Situation) -> Aim | None:
    """A cart that has been left or a product looked at again and again, and a campaign with room."""
    live = situation.signals.live
    campaign = situation.snapshot.campaign(situation.now)
    if live is None or live.purchased or campaign is None:
        return None
    if live.cart and live.cart_age_minutes >= FRESH_CART_MINUTES and _worth_it(live, campaign):
        return Aim(entity=live.cart, because="cart")
    if live.views >= SEVERAL_VIEWS and situation.snapshot.product(live.product):
        return Aim(entity=live.product, because="views")
    return None


def _worth_it(live: LiveContext, campaign: CampaignLeft) -> bool:
    """The cart reaches the coupon's minimum, in the same currency."""
    minimum = campaign.minimum_spend
    if live.cart_value is None or live.cart_value.currency != minimum.currency:
        return False
    return live.cart_value.amount >= minimum.amount


def _weight(situation: Situation) -> float:
    """A cart left this hour weighs most; after three days it weighs half. Who waits for reductions is moved by one more
    than who never does."""
    live, waits = situation.signals.live, situation.snapshot.foresees(Omen.PRICE)
    fresh = 1.5 / (1.0 + live.cart_age_minutes / 4320.0) if live and live.cart else 1.0
    return fresh * (0.75 + 0.5 * waits.chance / 1_000_000) if waits is not None and waits.fitted else fresh


ACTION = Action(
    name="offer_coupon",
    kind=Kind.OFFER,
    channels=(Channel.EMAIL, Channel.KAKAO, Channel.SMS, Channel.PUSH, Channel.PAGE),
    aim=_aim,
    weight=_weight,
    half_life_hours=48.0,
    expires_hours=24.0,
    goal=Goal.PURCHASE,
    best_hour=True,
    uses_campaign=True,
)


CONDITIONS = ("coupon.code", "coupon.percent", "coupon.minimum", "coupon.greatest", "coupon.ends")
"""What stands beside the benefit, always."""


def _campaign(task: Task) -> CampaignLeft:
    found = task.situation.snapshot.campaign(task.situation.now)
    assert found is not None
    return found


def _facts(task: Task) -> Mapping[str, SlotValue]:
    campaign = _campaign(task)
    minimum, face = campaign.minimum_spend, campaign.face_value
    return person(task) | {
        "coupon.percent": SlotValue(kind=SlotKind.PERCENT, value=str(campaign.percent)),
        "coupon.minimum": SlotValue(kind=SlotKind.MONEY, value=str(minimum.amount), unit=minimum.currency),
        "coupon.greatest": SlotValue(kind=SlotKind.MONEY, value=str(face.amount), unit=face.currency),
        "coupon.ends": SlotValue(kind=SlotKind.DATE, value=campaign.ends_at.date().isoformat()),
        "coupon.code": SlotValue(kind=SlotKind.LATE, value=CODELESS),
    }


def _reserved(task: Task, draft: Draft) -> Draft:
    """A single-use code out of the campaign's budget; the offer ends with the campaign."""
    campaign = _campaign(task)
    reservation = Reservation(
        kind="coupon",
        resource=campaign.campaign,
        amount=campaign.face_value,
        budget=campaign.budget,
        share=campaign.share,
        slot="coupon.code",
        minimum=campaign.minimum_spend,
        ends_at=campaign.ends_at,
    )
    return replace(draft, reservations=(reservation,), expires_at=min(draft.expires_at, campaign.ends_at))


TOOL = message(
    ACTION,
    _facts,
    "Offer the running campaign's single-use coupon. Percentage, code, minimum and last day are typed slots.",
    required=CONDITIONS,
    finish=_reserved,
    body="The message. It names minimum spend and last day beside the benefit, as typed slots.",
)
