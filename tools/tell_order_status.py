"""Answer where an order is and when it comes."""

from __future__ import annotations

from collections.abc import Mapping

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import SlotValue
from agent.domain.customer import Channel, Event
from agent.domain.facts import Order
from agent.domain.signals import Situation
from tools.contract import Task, day, day_of, message, owed, person, text


def _asked(situation: Situation) -> tuple[Event, Order] | None:
    """The newest question that has no answer yet, and the order it is about: the one named, else the newest."""
    snapshot = situation.snapshot
    for event in reversed([e for e in snapshot.events if e.kind == "order_asked"]):
        order = next((o for o in snapshot.orders if event.entity in ("", o.order_id)), None)
        if order is None:
            continue
        told = any(
            c.action == "tell_order_status" and c.entity == order.order_id and c.at >= event.at
            for c in snapshot.contacts
        )
        return None if told else (event, order)
    return None


def _aim(situation: Situation) -> Aim | None:
    """Asked about an order whose day of delivery is known."""
    found = _asked(situation)
    if found is None:
        return None
    order = found[1]
    late = order.state != "delivered" and order.deliver_by is not None and order.deliver_by < situation.now
    if (order.delivered_at if order.state == "delivered" else order.deliver_by) is None:
        return None  # a colleague has to find out
    return Aim(entity=order.order_id, because="late" if late else order.state)


ACTION = Action(
    name="tell_order_status",
    kind=Kind.REPLY,
    channels=(Channel.CHAT, Channel.EMAIL, Channel.KAKAO, Channel.SMS),
    aim=_aim,
    weight=owed,
    half_life_hours=24.0,
    expires_hours=24.0,
)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    order = next(o for o in task.situation.snapshot.orders if o.order_id == task.candidate.treatment.entity)
    slots = {"order.number": text(order.order_id)}
    if order.deliver_by:
        slots["delivery.by"] = day(task, order.deliver_by)
    if order.delivered_at:
        slots["delivery.on"] = day(task, order.delivered_at)
    return person(task) | slots


def _window(task: Task) -> str:
    """Each question is answered once."""
    found = _asked(task.situation)
    return found[0].at.isoformat() if found else day_of(task)


TOOL = message(
    ACTION,
    _facts,
    "Answer where the customer's order is and when it will arrive, from what the carrier says.",
    window=_window,
    required=("order.number",),
)
