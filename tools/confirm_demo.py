"""Send the calendar entry of a demo: agreed, moved, or called off."""

from __future__ import annotations

from collections.abc import Mapping

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import SlotValue
from agent.domain.customer import Channel
from agent.domain.signals import Situation
from tools.contract import Task, message, moment, once, owed, person, text


def _aim(situation: Situation) -> Aim | None:
    """The first booking whose present state was not told yet."""
    for booking in situation.snapshot.bookings:
        if booking.ends_at > situation.now and not situation.snapshot.contacted("confirm_demo", booking.news):
            return Aim(entity=booking.news, because=booking.state)
    return None


ACTION = Action(
    name="confirm_demo",
    kind=Kind.DUTY,
    channels=(Channel.EMAIL,),
    aim=_aim,
    weight=owed,
    half_life_hours=24.0,
    expires_hours=24.0,
)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    found = next(b for b in task.situation.snapshot.bookings if b.news == task.candidate.treatment.entity)
    return person(task) | {
        "booking.id": text(found.booking_id),
        "booking.state": text(found.state),
        "booking.sequence": text(str(found.sequence)),
        "slot.start": moment(task, found.starts_at),
        "slot.ends": moment(task, found.ends_at),
        "slot.host": text(found.host),
    }


TOOL = message(
    ACTION,
    _facts,
    "Confirm a demo, a change of it, or its cancellation, with a calendar file. Time and host are typed slots.",
    window=once,
    required=("slot.start",),
)
