"""Hand over to a colleague, with everything they need to know; selling rests until it is settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import Draft, Payload, SlotValue, Words
from agent.domain.customer import Channel, Goal
from agent.domain.facts import Omen
from agent.domain.packet import answer_by, packet_slots
from agent.domain.signals import Situation
from prompts.loading import template
from tools.contract import Task, message, moment, once, owed, person

DELICATE = ("fraud", "bereavement", "debt", "vulnerability", "other")
ASKED = "asked-"
"""Begins the name of a case that a wish for a person opens."""
UPSET = ("angry", "desperate")


def _aim(situation: Situation) -> Aim | None:
    """Whoever asks for a person; delicate cases; complaints of somebody who is beside themselves."""
    snapshot, case = situation.snapshot, situation.signals.case
    asked = next((e for e in reversed(snapshot.events) if e.kind == "human_asked"), None)
    if asked is not None:
        entity = case.case_id if case else f"{ASKED}{asked.at:%Y%m%d%H%M%S}"
        if not snapshot.contacted("hand_off", entity):
            return Aim(entity=entity, because="asked")
    if case is None or snapshot.contacted("hand_off", case.case_id):
        return None
    mood = snapshot.foresees(Omen.MOOD)
    upset = mood is not None and mood.value in UPSET
    return Aim(entity=case.case_id, because="bad") if case.kind in DELICATE or upset else None


ACTION = Action(
    name="hand_off",
    kind=Kind.REPLY,
    channels=(Channel.CHAT, Channel.EMAIL, Channel.KAKAO, Channel.SMS),
    aim=_aim,
    weight=owed,
    half_life_hours=24.0,
    expires_hours=72.0,
    goal=Goal.COMPLAINT_SOLVED,
)


def _answer_by(task: Task) -> SlotValue:
    return moment(task, answer_by(task.candidate.treatment.at, task.playbook.answer_hours))


def packet(task: Task) -> Payload:
    """For the colleague, in the customer's language: reason, mood, what was tried and promised, by when to answer."""
    locale = task.situation.snapshot.locale
    because = "asked" if task.candidate.treatment.entity.startswith(ASKED) else "bad"
    slots = packet_slots(task.situation, because, locale) | {"answer.by": _answer_by(task)}
    return Payload(words=Words(body=template(locale, "hand_off_packet", "packet", Channel.DESK).body), slots=slots)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    return person(task) | {"answer.by": _answer_by(task)}


def _with_packet(task: Task, draft: Draft) -> Draft:
    """The packet goes along; whoever asked for a person without a case gets one."""
    entity = task.candidate.treatment.entity
    return replace(draft, packet=packet(task), opens=entity if entity.startswith(ASKED) else "")


TOOL = message(
    ACTION,
    _facts,
    "Hand the customer over to a colleague. Says by when an answer comes; never that the writer is human.",
    window=once,
    required=("answer.by",),
    finish=_with_packet,
)
