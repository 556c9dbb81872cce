"""Invite customers who are happy with us to a small event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from langchain_core.tools import InjectedToolArg, tool

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import Draft, SlotKind, SlotValue
from agent.domain.customer import Channel
from agent.domain.facts import Occasion, Omen
from agent.domain.signals import Situation
from tools.contract import Task, Tool, drafted, person, text

DELIGHTED = 600_000
NOTICE = timedelta(days=2)
"""Nobody is invited for tomorrow."""


def _next(situation: Situation) -> Occasion | None:
    return next((o for o in situation.snapshot.occasions if o.starts_at > situation.now + NOTICE), None)


def _aim(situation: Situation) -> Aim | None:
    happy, occasion = situation.snapshot.foresees(Omen.DELIGHT), _next(situation)
    if happy is None or happy.chance < DELIGHTED or occasion is None:
        return None
    return Aim(entity=occasion.name, because="delighted")


def _weight(situation: Situation) -> float:
    """An invitation sells nothing at once."""
    return 0.8


ACTION = Action(
    name="invite_event",
    kind=Kind.OFFER,
    channels=(
        Channel.EMAIL,
        Channel.KAKAO,
        Channel.PUSH,
        Channel.PAGE,
    ),
    aim=_aim,
    weight=_weight,
    half_life_hours=168.0,
    expires_hours=96.0,
    best_hour=True,
)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    occasion = _next(task.situation)
    zone = task.situation.snapshot.zone or task.playbook.brand.zone
    if occasion is None:
        return person(task)
    return person(task) | {
        "event.name": text(occasion.name),
        "event.place": text(occasion.place),
        "event.starts": SlotValue(kind=SlotKind.MOMENT, value=occasion.starts_at.isoformat(), unit=zone),
    }


@tool("invite_event", parse_docstring=True)
def invite_event(
    candidate: str,
    body: str,
    subject: str = "",
    cites: list[str] | None = None,
    *,
    task: Annotated[Task, InjectedToolArg],
) -> Draft:
    """Invite a delighted customer to the next small event of the brand. Name, place and time are typed slots.

    Args:
        candidate: The reference of one offered candidate, for example c1.
        body: The message. Facts only as the typed slots that the candidate lists.
        subject: The subject of an e-mail or the title of a push; empty elsewhere.
        cites: The ids of the guideline passages that the wording follows.
    """
    return drafted(
        ACTION,
        task,
        _facts(task),
        body,
        subject,
        task.candidate.treatment.entity,
        required=(
            "event.starts",
            "event.place",
        ),
    )


TOOL = Tool(action=ACTION, facts=_facts, call=invite_event)
