"""Say again, as the law asks, what somebody agreed to and that they can take it back."""

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
    """The first consent whose reconfirmation is due and was not sent (ICT Network Act art. 50(8))."""
    for duty in situation.snapshot.duties:
        if duty.kind == TimerKind.RECONFIRM and not situation.snapshot.contacted("reconfirm_consent", duty.subject):
            return Aim(entity=duty.subject, because="reconfirm")
    return None


def _weight(situation: Situation) -> float:
    """What is owed is never weighed."""
    return 1.0


ACTION = Action(
    name="reconfirm_consent",
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


@tool("reconfirm_consent", parse_docstring=True)
def reconfirm_consent(
    candidate: str,
    body: str,
    subject: str = "",
    cites: list[str] | None = None,
    *,
    task: Annotated[Task, InjectedToolArg],
) -> Draft:
    """Tell the customer on what day they agreed to which channel, that it goes on, and that they can take it back.

    Args:
        candidate: The reference of one offered candidate, for example c1.
        body: The message. Facts only as the typed slots that the candidate lists.
        subject: The subject of an e-mail or the title of a push; empty elsewhere.
        cites: The ids of the guideline passages that the wording follows.
    """
    return drafted(
        ACTION,
        task,
        consent_facts(task),
        body,
        subject,
        "once",
        required=(
            "consent.on",
            "consent.channel",
        ),
    )


TOOL = Tool(action=ACTION, facts=consent_facts, call=reconfirm_consent)
