"""Show the picture of a product that fits this viewer."""

from __future__ import annotations

from collections.abc import Mapping

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import SlotValue
from agent.domain.customer import Channel
from agent.domain.facts import Omen
from agent.domain.signals import Situation
from tools.contract import Task, message, named, text


def _aim(situation: Situation) -> Aim | None:
    """In the session now, and one of the pictures of a product is foreseen to fit them."""
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
    return named(task) | ({"creative.id": text(fitting.value)} if fitting else {})


TOOL = message(
    ACTION,
    _facts,
    "Show a product with the picture that fits this viewer. The words are one caption line.",
)
