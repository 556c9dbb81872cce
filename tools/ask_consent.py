"""Ask whether we may write: once, without pressure, and never to somebody who has said no."""

from __future__ import annotations

from agent.domain.action import Action, Aim, Kind
from agent.domain.customer import Channel, Purpose
from agent.domain.signals import Situation
from tools.contract import message, once, person

ASKED_FOR = (Channel.EMAIL, Channel.KAKAO, Channel.SMS, Channel.PUSH)
"""In the order in which people mind least."""


def _aim(situation: Situation) -> Aim | None:
    """The first channel that has an address, where nothing was ever agreed to or refused and no channel is open yet."""
    live, snapshot = situation.signals.live, situation.snapshot
    if live is None or not live.in_session or live.chat_declined:
        return None
    if any(snapshot.granted(Purpose.AD_SENDING, channel, situation.now) for channel in ASKED_FOR):
        return None
    reachable = {reach.channel for reach in snapshot.reach}
    answered = {c.channel for c in snapshot.consents if c.purpose is Purpose.AD_SENDING}
    for channel in ASKED_FOR:
        if channel in reachable and channel not in answered:
            return Aim(entity=channel, because=channel)
    return None


def _weight(situation: Situation) -> float:
    """Somebody who bought today has a reason to stay in touch."""
    live = situation.signals.live
    return 1.2 if live and live.purchased else 0.6


ACTION = Action(
    name="ask_consent",
    kind=Kind.OFFER,
    channels=(Channel.CHAT, Channel.PAGE),
    aim=_aim,
    weight=_weight,
    half_life_hours=0.5,
    expires_hours=0.5,
    asks=Purpose.AD_SENDING,
)


TOOL = message(
    ACTION,
    person,
    "Ask whether the brand may write on one channel. Says that it is voluntary, and promises nothing for a yes.",
    window=once,
    body="The question. It names the channel and that consent can be taken back at any time.",
)
