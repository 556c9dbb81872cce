"""Note to operations: what will be wanted where, before it is ordered. No customer hears of it."""

from __future__ import annotations

from collections.abc import Mapping

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import SlotKind, SlotValue
from agent.domain.customer import Channel
from agent.domain.facts import Omen
from agent.domain.signals import Situation
from tools.contract import Task, message, owed, text


def _aim(situation: Situation) -> Aim | None:
    """Demand for a product is foreseen in a region, and operations do not know yet."""
    wanted = situation.snapshot.foresees(Omen.DEMAND)
    if wanted is None or wanted.number < 1 or wanted.due_at is None or wanted.due_at < situation.now:
        return None
    known = situation.snapshot.product(wanted.entity) is not None
    told = situation.snapshot.contacted("note_stock", wanted.entity)
    return Aim(entity=wanted.entity, because="demand") if known and not told else None


ACTION = Action(
    name="note_stock",
    kind=Kind.DUTY,
    channels=(Channel.DESK,),
    aim=_aim,
    weight=owed,
    half_life_hours=48.0,
    expires_hours=72.0,
)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    wanted = task.situation.snapshot.foresees(Omen.DEMAND)
    product = task.situation.snapshot.product(task.candidate.treatment.entity)
    if wanted is None or product is None or wanted.due_at is None:
        return {}
    return {
        "stock.product": text(product.name),
        "stock.region": text(wanted.value),
        "stock.units": text(str(wanted.number)),
        "stock.by": SlotValue(kind=SlotKind.DATE, value=wanted.due_at.date().isoformat()),
    }


TOOL = message(
    ACTION,
    _facts,
    "Propose to operations to move stock near the buyers before they order. Product, region, units and day are slots.",
)
