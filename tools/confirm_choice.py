"""Tell what came of a consent or a refusal, as the law asks."""

from __future__ import annotations

from agent.domain.action import Action, Aim, Kind
from agent.domain.customer import Channel
from agent.domain.signals import Situation
from agent.domain.timers import TimerKind
from tools.contract import consent_facts, message, once, owed, settling


def _aim(situation: Situation) -> Aim | None:
    """The first statement whose result was not told yet (ICT Network Act art. 50(7); for STOP by text, 47 CFR 64.1200).

    Where both ask for it, the one text after STOP is enough.
    """
    stopped = {d.subject for d in situation.snapshot.duties if d.kind == TimerKind.OPT_OUT_CONFIRMATION}
    for duty in situation.snapshot.duties:
        if duty.kind == TimerKind.RECONFIRM:
            continue
        because = "stopped" if duty.subject in stopped else duty.status
        return Aim(entity=duty.subject, because=because) if because in ("stopped", "granted", "withdrawn") else None
    return None


ACTION = Action(
    name="confirm_choice",
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
    "Tell the customer what was done about their consent or refusal, and on what day they stated it.",
    window=once,
    finish=settling(TimerKind.RESULT_NOTICE, TimerKind.OPT_OUT_CONFIRMATION),
)
