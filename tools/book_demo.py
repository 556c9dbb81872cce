"""Book a personal demo with someone who already talks to us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from langchain_core.tools import InjectedToolArg, tool

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import Draft, Reservation, SlotKind, SlotValue
from agent.domain.customer import Channel, Goal, OpenSlot
from agent.domain.signals import Situation
from tools.contract import Task, Tool, about, drafted, person


def _aim(situation: Situation) -> Aim | None:
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
    zone = task.situation.snapshot.zone or task.playbook.brand.zone
    start = SlotValue(kind=SlotKind.MOMENT, value=_slot(task).starts_at.isoformat(), unit=zone)
    host = SlotValue(kind=SlotKind.TEXT, value=_slot(task).slot_id.rpartition("@")[0])
    return person(task) | about(task) | {"slot.start": start, "slot.host": host}


@tool("book_demo", parse_docstring=True)
def book_demo(
    candidate: str,
    body: str,
    subject: str = "",
    cites: list[str] | None = None,
    *,
    task: Annotated[Task, InjectedToolArg],
) -> Draft:
    """Hold the next free place in the host's calendar for a personal demo, and offer it to the customer.

    Args:
        candidate: The reference of one offered candidate, for example c1.
        body: The message. Facts only as the typed slots that the candidate lists.
        subject: The subject of an e-mail; empty for chat.
        cites: The ids of the guideline passages that the wording follows.
    """
    reservation = Reservation(
        kind="slot", resource=_slot(task).slot_id, starts_at=_slot(task).starts_at, ends_at=_slot(task).ends_at
    )
    slot = _slot(task)
    required = ("slot.start", "product.name")
    return drafted(
        ACTION, task, _facts(task), body, subject, slot.slot_id, (reservation,), required, ends_at=slot.starts_at
    )


TOOL = Tool(action=ACTION, facts=_facts, call=book_demo)
