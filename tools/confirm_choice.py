"""Tell what came of a consent or a refusal, as the law asks."""

from __future__ import annotations

from typing import Annotated

from langchain_core.tools import InjectedToolArg, tool

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import Draft
from agent.domain.customer import Channel
from agent.domain.signals import Situation
from agent.domain.timers import TimerKind
from tools.contract import Task, Tool, consent_facts, drafted


def _aim(situation: Situation) -> Aim | None:
    """The first statement whose result was not told yet (ICT Network Act art. 50(7); for STOP by text, 47 CFR 64.1200).

    Where both ask for it, the one text after STOP is enough.
    """
    stopped = {d.subject for d in situation.snapshot.duties if d.kind == TimerKind.OPT_OUT_CONFIRMATION}
    for duty in situation.snapshot.duties:
        if duty.kind == TimerKind.RECONFIRM or situation.snapshot.contacted("confirm_choice", duty.subject):
            continue
        because = "stopped" if duty.subject in stopped else duty.status
        return Aim(entity=duty.subject, because=because) if because in ("stopped", "granted", "withdrawn") else None
    return None


def _weight(situation: Situation) -> float:
    """What is owed is never weighed."""
    return 1.0


ACTION = Action(
    name="confirm_choice",
    kind=Kind.DUTY,
    channels=(
        Channel.EMAIL,
        Channel.KAKAO,
        Channel.SMS,
    ),
    aim=_aim,
    weight=_weight,
    half_life_hours=240.0,
    expires_hours=240.0,
)


@tool("confirm_choice", parse_docstring=True)
def confirm_choice(
    candidate: str,
    body: str,
    subject: str = "",
    cites: list[str] | None = None,
    *,
    task: Annotated[Task, InjectedToolArg],
) -> Draft:
    """Tell the customer what was done about their consent or refusal, and on what day they stated it.

    Args:
        candidate: The reference of one offered candidate, for example c1.
        body: The message. Facts only as the typed slots that the candidate lists.
        subject: The subject of an e-mail or the title of a push; empty elsewhere.
        cites: The ids of the guideline passages that the wording follows.
    """
    return drafted(ACTION, task, consent_facts(task), body, subject, "once")


TOOL = Tool(action=ACTION, facts=consent_facts, call=confirm_choice)
