"""Point out, gently, that something may be worn out by now."""

from __future__ import annotations

from datetime import timedelta

from agent.domain.action import Action, Aim, Kind
from agent.domain.customer import Channel, Goal
from agent.domain.facts import Omen
from agent.domain.signals import Situation
from tools.contract import message, named

AHEAD = timedelta(days=14)


def _aim(situation: Situation) -> Aim | None:
    """Foreseen to be worn out soon."""
    worn = situation.snapshot.foresees(Omen.REPLACEMENT)
    live = situation.signals.live
    if worn is None or worn.due_at is None or live is None or live.purchased:
        return None
    due = situation.now >= worn.due_at - AHEAD and situation.snapshot.product(worn.entity) is not None
    return Aim(entity=worn.entity, because="due") if due else None


def _weight(situation: Situation) -> float:
    """As likely as it is that it is worn out."""
    worn = situation.snapshot.foresees(Omen.REPLACEMENT)
    return 0.5 + worn.chance / 1_000_000 if worn else 1.0


ACTION = Action(
    name="remind_replacement",
    kind=Kind.OFFER,
    channels=(Channel.EMAIL, Channel.KAKAO, Channel.PUSH),
    aim=_aim,
    weight=_weight,
    half_life_hours=240.0,
    expires_hours=96.0,
    goal=Goal.REORDER,
    best_hour=True,
)


TOOL = message(
    ACTION,
    named,
    "Point out that something the customer uses may be worn out by now.",
)
