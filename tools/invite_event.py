"""Invite customers who are happy with us to a small event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import SlotValue
from agent.domain.customer import Channel
from agent.domain.facts import Occasion, Omen
from agent.domain.signals import Situation
from tools.contract import Task, message, moment, once, person, text

DELIGHTED = 600_000
NOTICE = timedelta(days=2)
"""Nobody is invited for tomorrow."""


def _next(situation: Situation) -> Occasion | None:
    return next((o for o in situation.snapshot.occasions if o.starts_at > situation.now + NOTICE), None)


def _aim(situation: Situation) -> Aim | None:
    """Foreseen to be delighted, and an event of the brand is far enough ahead."""
    happy, occasion = situation.snapshot.foresees(Omen.DELIGHT), _next(situation)
    if happy is None or happy.chance < DELIGHTED or occasion is None:
        return None
    return Aim(entity=occasion.name, because="delighted")


def _weight(situation: Situation) -> float:
    """An invitation sells nothing at once."""
    return 0.8


ACTION = Action(
    name="invite_event",
    kind=Kind.OFFER,
    channels=(Channel.EMAIL, Channel.KAKAO, Channel.PUSH, Channel.PAGE),
    aim=_aim,
    weight=_weight,
    half_life_hours=168.0,
    expires_hours=96.0,
    best_hour=True,
)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    occasion = _next(task.situation)
    if occasion is None:
        return person(task)
    return person(task) | {
        "event.name": text(occasion.name),
        "event.place": text(occasion.place),
        "event.starts": moment(task, occasion.starts_at),
    }


TOOL = message(
    ACTION,
    _facts,
    "Invite a delighted customer to the next small event of the brand. Name, place and time are typed slots.",
    window=once,
    required=("event.starts", "event.place"),
)
