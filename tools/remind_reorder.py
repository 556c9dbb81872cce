"""Remind of something that is used up by now, with one tap to ask for it again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import LINKLESS, SlotKind, SlotValue
from agent.domain.customer import Channel, Goal
from agent.domain.facts import Foreseen, Omen
from agent.domain.signals import Situation
from tools.contract import Task, message, named

EARLY, LATE = timedelta(days=3), timedelta(days=14)
"""From when to when a reminder is of use."""


def _aim(situation: Situation) -> Aim | None:
    """Foreseen to be used up about now."""
    live = situation.signals.live
    if live is None or live.purchased:
        return None
    due = _due(situation)
    return Aim(entity=due.entity, because="due") if due is not None else None


def _due(situation: Situation) -> Foreseen | None:
    """Of what is used up about now, the likeliest."""
    snapshot, now = situation.snapshot, situation.now
    timely = [
        f
        for f in snapshot.foreseen
        if f.omen is Omen.REPLENISHMENT
        and f.due_at is not None
        and f.due_at - EARLY <= now <= f.due_at + LATE
        and snapshot.product(f.entity) is not None
    ]
    return max(timely, key=lambda f: (f.chance, f.entity), default=None)


def _weight(situation: Situation) -> float:
    """As likely as it is that they need it."""
    due = _due(situation)
    return 0.5 + 1.5 * due.chance / 1_000_000 if due else 1.0


ACTION = Action(
    name="remind_reorder",
    kind=Kind.OFFER,
    channels=(Channel.EMAIL, Channel.KAKAO, Channel.PUSH, Channel.SMS),
    aim=_aim,
    weight=_weight,
    half_life_hours=120.0,
    expires_hours=72.0,
    goal=Goal.REORDER,
    best_hour=True,
)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    link = SlotValue(kind=SlotKind.LATE, value=LINKLESS)
    return named(task) | {"reorder.link": link}


TOOL = message(
    ACTION,
    _facts,
    "Remind the customer of something they will need again, with a link that asks to order it. Nothing is ordered yet.",
    required=("reorder.link",),
)
