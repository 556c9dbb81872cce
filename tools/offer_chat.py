"""Offer a live chat to a visitor who lingers on a product."""

from __future__ import annotations

from agent.domain.action import Action, Aim, Kind
from agent.domain.customer import Channel
from agent.domain.signals import Situation
from tools.contract import MOMENTS_OF_INTEREST, SEVERAL_VIEWS, message, shown


def _aim(situation: Situation) -> Aim | None:
    """In the session now, lingering on one product or coming back to it, and not asked before."""
    live = situation.signals.live
    if live is None or not live.in_session or live.purchased or live.chat_accepted or live.chat_declined:
        return None
    lingers = live.dwell_seconds >= MOMENTS_OF_INTEREST or live.views >= SEVERAL_VIEWS
    known = situation.snapshot.product(live.product) is not None
    return Aim(entity=live.product, because="lingers") if lingers and known else None


def _weight(situation: Situation) -> float:
    """Up to twice the weight for five minutes on one product."""
    live = situation.signals.live
    return 1.0 + min(live.dwell_seconds, 300.0) / 300.0 if live else 1.0


ACTION = Action(
    name="offer_chat",
    kind=Kind.OFFER,
    channels=(Channel.CHAT, Channel.PAGE),
    aim=_aim,
    weight=_weight,
    half_life_hours=0.2,
    expires_hours=0.5,
)


TOOL = message(
    ACTION,
    shown,
    "Offer a live chat about the product the visitor is looking at. Nothing is sold yet.",
)
