"""What the built-in worlds' laws are made of: how a message is noticed, what it adds, whom it bothers.

Published orders of magnitude, named in docs/worlds.md; none was fitted to make a policy look good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

from agent.domain.customer import Channel
from agent.simulation.worlds.world import Law, Need, Person, Standing, Touch

NOTICED: Mapping[Channel, float] = {
    Channel.EMAIL: 0.33,
    Channel.SMS: 0.85,
    Channel.PUSH: 0.45,
    Channel.KAKAO: 0.70,
    Channel.CHAT: 0.55,
    Channel.PAGE: 0.60,
    Channel.DESK: 0.0,
}
STOPS: Mapping[Channel, float] = {
    Channel.EMAIL: 0.0025,
    Channel.SMS: 0.0060,
    Channel.PUSH: 0.0030,
    Channel.KAKAO: 0.0045,
}
"""The chance that a message noticed by a rested customer makes them stop the channel."""
COMPLAINS = 0.05
"""Of those who stop, how many complain as well."""
FRESH_HOURS = 72.0
"""After this long a reminder of something does half as much."""
WEARS = 0.004
"""What a kind of message loses each day, as all sellers use it more: drift."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What an action does at its best. `odds` multiplies those of the need; `alone` is the chance of an order where
    there was no need."""

    odds: float = 1.0
    alone: float = 0.0


def taste(name: str) -> float:
    """A number of somebody's own in [0, 1): the same in every run."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big") / 2**32


def liking(person: Person, channel: Channel, at: datetime) -> float:
    """How well the channel and the hour suit: one channel is somebody's own, and so are the hours before noon or the
    evening. From ten at night to eight in the morning nothing does."""
    if not person.channels:
        return 0.9
    own = person.channels[int(taste(person.name) * len(person.channels))]
    hour = at.astimezone(ZoneInfo(person.zone)).hour
    if hour >= 22 or hour < 8:
        return 0.5
    early = taste(person.name + "hour") < 0.5
    return (1.25 if channel is own else 0.9) * (1.15 if (hour < 14) is early else 0.9)


def is_night(person: Person, at: datetime) -> bool:
    hour = at.astimezone(ZoneInfo(person.zone)).hour
    return hour >= 21 or hour < 8


def answer(
    touch: Touch,
    person: Person,
    standing: Standing,
    need: Need | None,
    chance: float,
    *,
    effect: Effect,
    bother: float,
    day: float,
    value: float,
) -> Law:
    """The law of the built-in worlds. `effect` is what the action does for this person at its best, `bother` how easily
    messages annoy them, `value` (main units) what an order that the touch alone brings is worth."""
    suits = liking(person, touch.channel, touch.at)
    weight = suits / (1.0 + 0.35 * standing.fatigue) * max(0.0, 1.0 - WEARS * day)
    weary = max(0.0, standing.fatigue - 3.0) * 0.06
    if need is not None:
        odds = 1.0 + (effect.odds - 1.0) * weight - weary
        ends_well = moved(chance, max(odds, 0.3))
    else:
        ends_well = min(effect.alone * weight, 0.9)
    late = 3.0 if is_night(person, touch.at) else 1.0
    stops = min(0.5, STOPS.get(touch.channel, 0.0) * bother * (1.0 + standing.fatigue) ** 1.5 * late)
    shown = touch.channel in (Channel.CHAT, Channel.PAGE)
    owed = touch.kind != "offer"
    return Law(
        noticed=min(0.95, NOTICED[touch.channel] * (1.0 if shown else 0.6 + 0.4 * suits)),
        ends_well=ends_well,
        clicks=0.12 * suits,
        accepts=0.0 if touch.action != "offer_chat" else 0.08 if need is None else 0.25,
        declines=0.0 if owed or not shown else 0.10 * bother,
        opts_out=0.0 if owed else stops,
        complains=0.0 if owed else stops * COMPLAINS,
        leaves=0.0 if owed else min(0.02, 0.0002 * standing.fatigue**2),
        value=value,
    )


def moved(chance: float, odds: float) -> float:
    """A chance whose odds are multiplied."""
    if chance >= 1.0:
        return 1.0
    return chance * odds / (1.0 - chance + chance * odds)
