"""Hand over to a colleague, with everything they need to know; selling rests until it is settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from langchain_core.tools import InjectedToolArg, tool

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import Draft, Payload, SlotKind, SlotValue, Words
from agent.domain.customer import Channel, Goal
from agent.domain.facts import Omen
from agent.domain.packet import answer_by, packet_slots
from agent.domain.signals import Situation
from prompts.loading import template
from tools.contract import Task, Tool, drafted, person

DELICATE = ("fraud", "bereavement", "debt", "vulnerability", "other")
UPSET = ("angry", "desperate")


def _aim(situation: Situation) -> Aim | None:
    """Whoever asks for a person; delicate cases; complaints of somebody who is beside themselves."""
    snapshot, case = situation.snapshot, situation.signals.case
    asked = next((e for e in reversed(snapshot.events) if e.kind == "human_asked"), None)
    if asked is not None:
        entity = case.case_id if case else f"asked-{asked.at:%Y%m%d%H%M%S}"
        if not snapshot.contacted("hand_off", entity):
            return Aim(entity=entity, because="asked")
    if case is None or snapshot.contacted("hand_off", case.case_id):
        return None
    mood = snapshot.foresees(Omen.MOOD)
    upset = mood is not None and mood.value in UPSET
    return Aim(entity=case.case_id, because="bad") if case.kind in DELICATE or upset else None


def _weight(situation: Situation) -> float:
    """What is owed is never weighed."""
    return 1.0


ACTION = Action(
    name="hand_off",
    kind=Kind.REPLY,
    channels=(
        Channel.CHAT,
        Channel.EMAIL,
        Channel.KAKAO,
        Channel.SMS,
    ),
    aim=_aim,
    weight=_weight,
    half_life_hours=24.0,
    expires_hours=72.0,
    goal=Goal.COMPLAINT_SOLVED,
)


def answer_slot(task: Task) -> SlotValue:
    zone = task.situation.snapshot.zone or task.playbook.brand.zone
    at = answer_by(task.candidate.treatment.at, task.playbook.answer_hours)
    return SlotValue(kind=SlotKind.MOMENT, value=at.isoformat(), unit=zone)


def packet(task: Task) -> Payload:
    """For the colleague, in the brand's language: reason, mood, what was tried and promised, by when to answer."""
    locale = task.situation.snapshot.locale
    because = "asked" if task.candidate.treatment.entity.startswith("asked-") else "bad"
    slots = packet_slots(task.situation, because, locale) | {"answer.by": answer_slot(task)}
    return Payload(words=Words(body=template(locale, "hand_off_packet", "packet", Channel.DESK).body), slots=slots)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    return person(task) | {"answer.by": answer_slot(task)}


@tool("hand_off", parse_docstring=True)
def hand_off(
    candidate: str,
    body: str,
    subject: str = "",
    cites: list[str] | None = None,
    *,
    task: Annotated[Task, InjectedToolArg],
) -> Draft:
    """Hand the customer over to a colleague. Says by when an answer comes; never that the writer is human.

    Args:
        candidate: The reference of one offered candidate, for example c1.
        body: The message. Facts only as the typed slots that the candidate lists.
        subject: The subject of an e-mail or the title of a push; empty elsewhere.
        cites: The ids of the guideline passages that the wording follows.
    """
    draft = drafted(ACTION, task, _facts(task), body, subject, "once", required=("answer.by",))
    entity = task.candidate.treatment.entity
    opens = entity if entity.startswith("asked-") else ""
    return replace(draft, packet=packet(task), opens=opens)


TOOL = Tool(action=ACTION, facts=_facts, call=hand_off)
