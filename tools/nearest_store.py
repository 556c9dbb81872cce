"""Tell where, close by, there is what the customer is looking at."""

from __future__ import annotations

from collections.abc import Mapping

from agent.domain.action import Action, Aim, Kind
from agent.domain.bundle import SlotValue
from agent.domain.customer import Channel
from agent.domain.facts import NearStore
from agent.domain.signals import Situation
from tools.contract import Task, message, named, text


def _near(situation: Situation) -> NearStore | None:
    """The nearest shop that has the product most looked at."""
    live = situation.signals.live
    return next((s for s in situation.snapshot.stores if live and s.units.get(live.product, 0) > 0), None)


def _aim(situation: Situation) -> Aim | None:
    """A shop near where they let us know they are has what they look at."""
    live = situation.signals.live
    if live is None or live.purchased or _near(situation) is None:
        return None
    return Aim(entity=live.product, because="near") if situation.snapshot.product(live.product) else None


def _weight(situation: Situation) -> float:
    """The way is short."""
    return 1.5


ACTION = Action(
    name="nearest_store",
    kind=Kind.OFFER,
    channels=(Channel.PUSH, Channel.KAKAO, Channel.CHAT, Channel.PAGE),
    aim=_aim,
    weight=_weight,
    half_life_hours=0.5,
    expires_hours=1.0,
    uses_location=True,
)


def _facts(task: Task) -> Mapping[str, SlotValue]:
    store = _near(task.situation)
    if store is None:
        return named(task)
    near = {"store.name": text(store.name), "store.distance": text(f"{store.metres} m")}
    return named(task) | near


TOOL = message(
    ACTION,
    _facts,
    "Tell the customer about the nearest shop that has what they look at. Needs their consent to the use of location.",
    required=("store.name",),
)
