"""Send the calendar entry of a demo: agreed, moved, or called off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from langchain_core.tools import InjectedToolArg, tool

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import Draft, SlotKind, SlotValue
from agent.domain.customer import Channel
from agent.domain.signals import Situation
from tools.contract import Task, Tool, drafted, person, text


def _aim(situation: Situation) -> Aim | None:
    """The first booking whose present state was not told yet."""
    for booking in situation.snapshot.bookings:
        if booking.ends_at > situation.now and not situation.snapshot.contacted("confirm_demo", booking.news):
            return Aim(entity=booking.news, because=booking.state)
    return None


def _weight(situation: Situation) -> float:
    """What is owed is never weighed."""
    return 1.0


ACTION = Action(
    name="confirm_demo",
    kind=Kind.DUTY,
    channels=(Channel.EMAIL,),
    aim=_aim,
    weight=_weight,
    half_life_hours=24.0,
    expires_hours=24.0,
)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    found = next(b for b in task.situation.snapshot.bookings if b.news == task.candidate.treatment.entity)
    zone = task.situation.snapshot.zone or task.playbook.brand.zone
    return person(task) | {
        "booking.id": text(found.booking_id),
        "booking.state": text(found.state),
        "booking.sequence": text(str(found.sequence)),
        "slot.start": SlotValue(kind=SlotKind.MOMENT, value=found.starts_at.isoformat(), unit=zone),
        "slot.ends": SlotValue(kind=SlotKind.MOMENT, value=found.ends_at.isoformat(), unit=zone),
        "slot.host": text(found.host),
    }


@tool("confirm_demo", parse_docstring=True)
def confirm_demo(
    candidate: str,
    body: str,
    subject: str = "",
    cites: list[str] | None = None,
    *,
    task: Annotated[Task, InjectedToolArg],
) -> Draft:
    """Confirm a demo, a change of it, or its cancellation, with a calendar file. Time and host are typed slots.

    Args:
        candidate: The reference of one offered candidate, for example c1.
        body: The message. Facts only as the typed slots that the candidate lists.
        subject: The subject of an e-mail or the title of a push; empty elsewhere.
        cites: The ids of the guideline passages that the wording follows.
    """
    return drafted(ACTION, task, _facts(task), body, subject, "once", required=("slot.start",))


TOOL = Tool(action=ACTION, facts=_facts, call=confirm_demo)
