"""Show the picture of a product that fits this viewer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from langchain_core.tools import InjectedToolArg, tool

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import Draft, SlotValue
from agent.domain.customer import Channel
from agent.domain.facts import Omen
from agent.domain.signals import Situation
from tools.contract import Task, Tool, day_of, drafted, person, product_name, text


def _aim(situation: Situation) -> Aim | None:
    live, fitting = situation.signals.live, situation.snapshot.foresees(Omen.CREATIVE)
    if live is None or not live.in_session or live.purchased or fitting is None or not fitting.value:
        return None
    return Aim(entity=fitting.entity, because="fits") if situation.snapshot.product(fitting.entity) else None


def _weight(situation: Situation) -> float:
    """A tile on a page asks for little."""
    return 0.7


ACTION = Action(
    name="show_variant",
    kind=Kind.OFFER,
    channels=(Channel.PAGE,),
    aim=_aim,
    weight=_weight,
    half_life_hours=1.0,
    expires_hours=1.0,
)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    fitting = task.situation.snapshot.foresees(Omen.CREATIVE)
    return person(task) | product_name(task) | ({"creative.id": text(fitting.value)} if fitting else {})


@tool("show_variant", parse_docstring=True)
def show_variant(
    candidate: str,
    body: str,
    subject: str = "",
    cites: list[str] | None = None,
    *,
    task: Annotated[Task, InjectedToolArg],
) -> Draft:
    """Show a product with the picture that fits this viewer. The words are one caption line.

    Args:
        candidate: The reference of one offered candidate, for example c1.
        body: The message. Facts only as the typed slots that the candidate lists.
        subject: Leave empty: these channels have no subject.
        cites: The ids of the guideline passages that the wording follows.
    """
    return drafted(ACTION, task, _facts(task), body, subject, day_of(task))


TOOL = Tool(action=ACTION, facts=_facts, call=show_variant)
