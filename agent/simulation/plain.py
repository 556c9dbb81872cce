"""A policy of today, played without a store: visits come in, messages go out, nobody asks whether they may."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from agent.domain.customer import IN_SESSION, Channel, Purpose
from agent.domain.errors import InputError
from agent.domain.playbook import Playbook
from agent.simulation.clock import VirtualClock
from agent.simulation.crowd import Crowd
from agent.simulation.lives import Happening, Purchase
from agent.simulation.policies import Cart, Look, Policy, Say, Seen
from agent.simulation.worlds.world import Person, Touch, Visit


@dataclass(frozen=True, slots=True)
class Coupon:
    """What the playbook's first campaign takes off: percent, and at most so much in main units."""

    percent: int
    most_off: float


def coupon_of(playbook: Playbook) -> Coupon:
    if not playbook.campaigns:
        return Coupon(0, 0.0)
    first = playbook.campaigns[0]
    return Coupon(first.percent, float(first.greatest_discount))


MOST_ANSWERS = 50
"""Of one question: a policy that never ends is cut off."""


class PlainArm:
    """One policy over one crowd."""

    def __init__(self, policy: Policy, crowd: Crowd, people: Sequence[Person], coupon: Coupon, known: frozenset[str]):
        """`known` are the actions there are."""
        self._policy = policy
        self._crowd = crowd
        self._coupon = coupon
        self._known = known
        self._looks: list[tuple[datetime, str]] = []
        self._seen = {person.name: seen_of(person) for person in people}
        self._number = 0
        self._here: set[str] = set()

    def begin(self, now: datetime) -> None:
        for seen in self._seen.values():
            self._ask(seen, now)

    def tick(self, clock: VirtualClock) -> None:
        """One step: what happened, then what the policy says to it."""
        asked: dict[str, Seen] = {}
        self._here.clear()
        for what in self._crowd.until(clock.at):
            seen = self._seen[what.person.name]
            self._notice(seen, what)
            if what.what in ("visited", "held"):
                asked[seen.name] = seen
                self._here.add(seen.name)
        while self._looks and self._looks[0][0] <= clock.at:
            _, name = heapq.heappop(self._looks)
            asked[name] = self._seen[name]
        for seen in asked.values():
            self._ask(seen, clock.at)

    def _ask(self, seen: Seen, now: datetime) -> None:
        for answer in self._answers(seen, now):
            if isinstance(answer, Look):
                if answer.at > now:
                    heapq.heappush(self._looks, (answer.at, seen.name))
            else:
                self._say(seen, answer, now)

    def _answers(self, seen: Seen, now: datetime) -> Iterable[Say | Look]:
        try:
            found = list(islice(self._policy.decide(seen, now), MOST_ANSWERS))
        except Exception as error:
            raise _fault(self._policy, f"decide failed ({type(error).__name__}: {error})") from error
        for answer in found:
            if not isinstance(answer, Say | Look):
                raise _fault(self._policy, f"neither Say nor Look: {type(answer).__name__}")
            if isinstance(answer, Look) and not (isinstance(answer.at, datetime) and answer.at.tzinfo):
                raise _fault(self._policy, "a Look needs a time with its zone")
            if isinstance(answer, Say) and (answer.action not in self._known or answer.channel not in Channel):
                raise _fault(self._policy, f"no such action or channel: {answer.action!r}, {answer.channel!r}")
        return found

    def _say(self, seen: Seen, say: Say, now: datetime) -> None:
        here = say.channel in IN_SESSION and seen.name in self._here
        if not here and say.channel not in seen.channels:
            return
        self._number += 1
        seen.said[say.action] = now
        seen.said[say.entity] = now
        percent, most_off = (self._coupon.percent, self._coupon.most_off) if say.coupon else (0, 0.0)
        effect = f"s-{self._number}"
        self._crowd.touch(
            Touch(seen.name, now, say.action, say.channel, "offer", say.entity, percent, most_off, effect)
        )

    def _notice(self, seen: Seen, what: Happening) -> None:
        if what.what == "visited":
            visit: Visit = what.detail
            seen.seen_at = what.at
            for doing in visit.doings:
                if doing.kind == "cart_updated":
                    seen.cart = Cart(doing.entity, float(doing.properties.get("value", 0.0)), what.at)
        elif what.what == "bought":
            purchase: Purchase = what.detail
            seen.orders += purchase.value > 0
            seen.bought_at, seen.cart = what.at, None
        elif what.what == "answered" and what.detail[1] == "unsubscribed":
            seen.subscribed &= set(seen.channels) - self._crowd.life(seen.name).standing.stopped


def seen_of(person: Person) -> Seen:
    ads = {channel for purpose, channel in person.agreed if purpose is Purpose.AD_SENDING and channel is not None}
    return Seen(
        name=person.name,
        locale=person.locale,
        zone=person.zone,
        channels=person.channels,
        subscribed=ads & set(person.channels),
        orders=len(person.bought),
        bought_at=max((order.at for order in person.bought), default=None),
    )


def _fault(policy: Policy, what: str) -> InputError:
    return InputError(
        what,
        place=f"policy {getattr(policy, 'name', type(policy).__name__)}",
        next_step="Mend its `decide` (docs/worlds.md says what it may answer).",
    )
