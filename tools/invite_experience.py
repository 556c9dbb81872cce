"""Invite to try something instead of only looking at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from langchain_core.tools import InjectedToolArg, tool

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import Draft, SlotValue
from agent.domain.customer import Channel, Goal
from agent.domain.signals import Situation
from tools.contract import Task, Tool, day_of, drafted, person, product_name, text


def _aim(situation: Situation) -> Aim | None:
    live = situation.signals.live
    if live is None or live.purchased or live.views < TWICE:
        return None
    product = situation.snapshot.product(live.product)
    return Aim(entity=live.product, because="tries") if product and product.more.experience else None


TWICE = 2


def _weight(situation: Situation) -> float:
    """Trying beats looking."""
    return 1.4


ACTION = Action(
    name="invite_experience",
    kind=Kind.OFFER,
    channels=(
        Channel.CHAT,
        Channel.PAGE,
        Channel.EMAIL,
        Channel.KAKAO,
    ),
    aim=_aim,
    weight=_weight,
    half_life_hours=24.0,
    expires_hours=24.0,
    goal=Goal.PURCHASE,
)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    product = task.situation.snapshot.product(task.candidate.treatment.entity)
    name = product.more.experience if product else ""
    return person(task) | product_name(task) | ({"experience.name": text(name)} if name else {})


@tool("invite_experience", parse_docstring=True)
def invite_experience(
    candidate: str,
    body: str,
    subject: str = "",
    cites: list[str] | None = None,
    *,
    task: Annotated[Task, InjectedToolArg],
) -> Draft:
    """Invite the customer to try the product they keep looking at: what can be tried is a typed slot.

    Args:
        candidate: The reference of one offered candidate, for example c1.
        body: The message. Facts only as the typed slots that the candidate lists.
        subject: The subject of an e-mail or the title of a push; empty elsewhere.
        cites: The ids of the guideline passages that the wording follows.
    """
    return drafted(ACTION, task, _facts(task), body, subject, day_of(task), required=("experience.name",))


TOOL = Tool(action=ACTION, facts=_facts, call=invite_experience)
