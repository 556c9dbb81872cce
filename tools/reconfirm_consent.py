"""Say again, as the law asks, what somebody agreed to and that they can take it back."""

from __future__ import annotations

from agent.domain.action import Action, Aim, Kind
from agent.domain.customer import Channel
from agent.domain.signals import Situation
from agent.domain.timers import TimerKind
from tools.contract import consent_facts, message, once, owed, settling


def _aim(situation: Situation) -> Aim | None:
    """The first consent whose reconfirmation is due and was not sent (ICT Network Act art. 50(8))."""
    for duty in situation.snapshot.duties:
        if duty.kind == TimerKind.RECONFIRM:
            return Aim(entity=duty.subject, because="reconfirm")
    return None


ACTION = Action(
    name="reconfirm_consent",
    kind=Kind.DUTY,
    channels=(Channel.EMAIL, Channel.KAKAO, Channel.SMS),
    aim=_aim,
    weight=owed,
    half_life_hours=240.0,
    expires_hours=240.0,
)


TOOL = message(
    ACTION,
    consent_facts,
    "Tell the customer on what day they agreed to which channel, that it goes on, and that they can take it back.",
    window=once,
    required=("consent.on", "consent.channel"),
    finish=settling(TimerKind.RECONFIRM),
)
