"""Recommend a product: the one looked at again and again, or the favourite of someone not seen for a while."""

from __future__ import annotations

from typing import Annotated

from langchain_core.tools import InjectedToolArg, tool

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import Draft
from agent.domain.customer import Channel, Goal
from agent.domain.signals import Situation
from tools.contract import SEVERAL_VIEWS, Task, Tool, about, day_of, drafted, person

AWAY_DAYS = 30.0
"""Someone who bought within a month is not away; someone who returned it all had no favourite."""


def _aim(situation: Situation) -> Aim | None:
    live, value = situation.signals.live, situation.signals.value
    if live is not None and live.purchased:
        return None
    if live is not None and live.views >= SEVERAL_VIEWS and situation.snapshot.product(live.product):
        return Aim(entity=live.product, because="views")
    away = value is not None and value.recency_days >= AWAY_DAYS and value.mean_order.amount > 0
    if value is not None and away and situation.snapshot.product(value.favourite):
        return Aim(entity=value.favourite, because="favourite")
    return None


def _weight(situation: Situation) -> float:
    """Loyal customers care more for their favourite; the weight halves after four months away."""
    value = situation.signals.value
    if value is None:
        return 1.0
    return (0.5 + min(value.orders, 10) / 10.0) / (1.0 + value.recency_days / 120.0)


ACTION = Action(
    name="recommend_product",
    kind=Kind.OFFER,
    channels=(Channel.EMAIL, Channel.KAKAO, Channel.PUSH, Channel.SMS, Channel.PAGE),
    aim=_aim,
    weight=_weight,
    half_life_hours=72.0,
    expires_hours=48.0,
    goal=Goal.PURCHASE,
    best_hour=True,
)


@tool("recommend_product", parse_docstring=True)
def recommend_product(
    candidate: str,
    body: str,
    subject: str = "",
    cites: list[str] | None = None,
    *,
    task: Annotated[Task, InjectedToolArg],
) -> Draft:
    """Recommend one product the customer has shown interest in, without any discount.

    Args:
        candidate: The reference of one offered candidate, for example c1.
        body: The message. Facts only as the typed slots that the candidate lists.
        subject: The subject of an e-mail or the title of a push; empty elsewhere.
        cites: The ids of the guideline passages that the wording follows.
    """
    return drafted(ACTION, task, TOOL.facts(task), body, subject, day_of(task))


TOOL = Tool(action=ACTION, facts=lambda task: person(task) | about(task), call=recommend_product)
