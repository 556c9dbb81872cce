"""Point out, gently, that something may be worn out by now."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from langchain_core.tools import InjectedToolArg, tool

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import Draft
from agent.domain.customer import Channel, Goal
from agent.domain.facts import Omen
from agent.domain.signals import Situation
from tools.contract import Task, Tool, day_of, drafted, person, product_name

AHEAD = timedelta(days=14)


def _aim(situation: Situation) -> Aim | None:
    worn = situation.snapshot.foresees(Omen.REPLACEMENT)
    live = situation.signals.live
    if worn is None or worn.due_at is None or live is None or live.purchased:
        return None
    due = situation.now >= worn.due_at - AHEAD and situation.snapshot.product(worn.entity) is not None
    return Aim(entity=worn.entity, because="due") if due else None


def _weight(situation: Situation) -> float:
    """As likely as it is that it is worn out."""
    worn = situation.snapshot.foresees(Omen.REPLACEMENT)
    return 0.5 + worn.chance / 1_000_000 if worn else 1.0


ACTION = Action(
    name="remind_replacement",
    kind=Kind.OFFER,
    channels=(
        Channel.EMAIL,
        Channel.KAKAO,
        Channel.PUSH,
    ),
    aim=_aim,
    weight=_weight,
    half_life_hours=240.0,
    expires_hours=96.0,
    goal=Goal.REORDER,
    best_hour=True,
)


@tool("remind_replacement", parse_docstring=True)
def remind_replacement(
    candidate: str,
    body: str,
    subject: str = "",
    cites: list[str] | None = None,
    *,
    task: Annotated[Task, InjectedToolArg],
) -> Draft:
    """Point out that something the customer uses may be worn out by now.

    Args:
        candidate: The reference of one offered candidate, for example c1.
        body: The message. Facts only as the typed slots that the candidate lists.
        subject: The subject of an e-mail or the title of a push; empty elsewhere.
        cites: The ids of the guideline passages that the wording follows.
    """
    return drafted(ACTION, task, TOOL.facts(task), body, subject, day_of(task))


TOOL = Tool(action=ACTION, facts=lambda task: person(task) | product_name(task), call=remind_replacement)
