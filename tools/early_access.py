"""Show something new to those who like to be first."""

from __future__ import annotations

from collections.abc import Mapping

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import SlotKind, SlotValue
from agent.domain.customer import Channel, Goal
from agent.domain.facts import Omen
from agent.domain.signals import Situation
from tools.contract import Task, message, named


def _aim(situation: Situation) -> Aim | None:
    """Foreseen to like new things, and such a product is still to be launched."""
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
    channels=(Channel.EMAIL, Channel.KAKAO, Channel.PUSH, Channel.PAGE),
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
    return named(task) | launch


TOOL = message(
    ACTION,
    _facts,
    "Let a customer who likes to be first see a new product before others, from the date in the slot.",
    required=("launch.on",),
)
