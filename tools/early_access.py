"""Show something new to those who like to be first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from langchain_core.tools import InjectedToolArg, tool

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import Draft, SlotKind, SlotValue
from agent.domain.customer import Channel, Goal
from agent.domain.facts import Omen
from agent.domain.signals import Situation
from tools.contract import Task, Tool, day_of, drafted, person, product_name


def _aim(situation: Situation) -> Aim | None:
    new = situation.snapshot.foresees(Omen.NOVELTY)
    product = situation.snapshot.product(new.entity) if new else None
    if product is None or product.more.launch_on is None or situation.signals.live is None:
        return None
    ahead = product.more.launch_on >= situation.now.date()
    return Aim(entity=product.product_id, because="hunter") if ahead else None


def _weight(situation: Situation) -> float:
    """As much as they like to be first."""
    new = situation.snapshot.foresees(Omen.NOVELTY)
    return 0.5 + 1.5 * new.chance / 1_000_000 if new else 1.0


ACTION = Action(
    name="early_access",
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
    goal=Goal.PURCHASE,
    best_hour=True,
)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    product = task.situation.snapshot.product(task.candidate.treatment.entity)
    day = product.more.launch_on if product else None
    launch = {"launch.on": SlotValue(kind=SlotKind.DATE, value=day.isoformat())} if day else {}
    return person(task) | product_name(task) | launch


@tool("early_access", parse_docstring=True)
def early_access(
    candidate: str,
    body: str,
    subject: str = "",
    cites: list[str] | None = None,
    *,
    task: Annotated[Task, InjectedToolArg],
) -> Draft:
    """Let a customer who likes to be first see a new product before others, from the date in the slot.

    Args:
        candidate: The reference of one offered candidate, for example c1.
        body: The message. Facts only as the typed slots that the candidate lists.
        subject: The subject of an e-mail or the title of a push; empty elsewhere.
        cites: The ids of the guideline passages that the wording follows.
    """
    return drafted(ACTION, task, _facts(task), body, subject, day_of(task), required=("launch.on",))


TOOL = Tool(action=ACTION, facts=_facts, call=early_access)
