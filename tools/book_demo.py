"""Book a personal demo with someone who already talks to us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import Draft, Reservation, SlotValue
from agent.domain.customer import Channel, Goal, OpenSlot
from agent.domain.signals import Situation
from tools.contract import Task, message, moment, shown, text


def _aim(situation: Situation) -> Aim | None:
    """Somebody accepted the chat about a product, and a host has time."""
    live = situation.signals.live
    if live is None or not live.chat_accepted or live.purchased or not situation.snapshot.slots:
        return None
    return Aim(entity=live.product, because="talks") if situation.snapshot.product(live.product) else None


def _weight(situation: Situation) -> float:
    """Somebody who accepted the chat is at their most willing."""
    return 2.0


ACTION = Action(
    name="book_demo",
    kind=Kind.OFFER,
    channels=(Channel.CHAT, Channel.EMAIL),
    aim=_aim,
    weight=_weight,
    half_life_hours=4.0,
    expires_hours=2.0,
    goal=Goal.DEMO_HELD,
)


def _slot(task: Task) -> OpenSlot:
    return task.situation.snapshot.slots[0]


def _facts(task: Task) -> Mapping[str, SlotValue]:
    start = moment(task, _slot(task).starts_at)
    host = text(_slot(task).slot_id.rpartition("@")[0])
    return shown(task) | {"slot.start": start, "slot.host": host}


def _window(task: Task) -> str:
    """Once with the same place in a calendar."""
    return _slot(task).slot_id


def _held(task: Task, draft: Draft) -> Draft:
    """The place is held for this customer, until it begins at the latest."""
    slot = _slot(task)
    held = Reservation(kind="slot", resource=slot.slot_id, starts_at=slot.starts_at, ends_at=slot.ends_at)
    return replace(draft, reservations=(held,), expires_at=min(draft.expires_at, slot.starts_at))


TOOL = message(
    ACTION,
    _facts,
    "Hold the next free place in the host's calendar for a personal demo, and offer it to the customer.",
    window=_window,
    required=("slot.start", "product.name"),
    finish=_held,
)
