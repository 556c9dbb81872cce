"""A subscription: people pay each month, use what they pay for, complain, and one day do not renew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from agent.domain.customer import Channel
from agent.simulation.worlds.answers import Effect, answer
from agent.simulation.worlds.population import Population, Segment
from agent.simulation.worlds.world import (
    NOTHING,
    Doing,
    Foretold,
    Goods,
    Law,
    Need,
    Person,
    Setting,
    Standing,
    Touch,
    Visit,
)

SEGMENTS = (
    Segment(name="settled", share=0.45, visits=6.0, cart=0, now=0, anyway=0.985, reminder=1.0, coupon=1.3, bother=0.7,
            orders=9.0, since=15.0),
    Segment(name="new", share=0.20, visits=8.0, cart=0, now=0, anyway=0.93, reminder=1.0, coupon=1.5, orders=1.5,
            since=15.0),
    Segment(name="wavering", share=0.25, visits=2.5, cart=0, now=0, anyway=0.90, reminder=1.0, coupon=1.8, orders=5.0,
            since=15.0),
    Segment(name="leaving", share=0.10, visits=0.8, cart=0, now=0, anyway=0.70, reminder=1.0, coupon=1.5, bother=1.5,
            orders=4.0, since=15.0),
)  # fmt: skip
KEEPS: Mapping[str, float] = {
    "win_back": 1.5,
    "offer_chat": 1.3,
    "recommend_product": 1.05,
    "apologise": 2.0,
    "hand_off": 2.5,
    "invite_experience": 1.1,
    "invite_event": 1.1,
}
"""What actions do at their best to the odds that somebody renews."""
TITLES = {
    "en": ("Basic plan", "Family plan", "Studio plan"),
    "ko": ("베이직 요금제", "패밀리 요금제", "스튜디오 요금제"),
}
COMPLAINTS = 0.006
FORETELLS = 0.6
"""How many of those who waver or leave a churn model of the seller's would name."""


class Subscription:
    """See docs/worlds.md."""

    name = "subscription"
    recovers = timedelta(days=5)
    longest = timedelta(days=21)
    capacity: Mapping[str, int] = {"offer_chat": 300, "hand_off": 80}

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._of = {segment.name: segment for segment in SEGMENTS}
        prices = (0.4, 0.7, 1.1)
        self._goods = tuple(
            Goods(name=f"plan-{number}", title=title, price=round(setting.basket * price, 2))
            for number, (title, price) in enumerate(zip(TITLES[setting.locale], prices, strict=True))
        )

    def goods(self) -> Sequence[Goods]:
        return self._goods

    def people(self, count: int) -> Sequence[Person]:
        self._population = Population(self._setting, SEGMENTS, count)
        self._rhythm = self._population.rhythm()
        draw = self._setting.draws.table("renewals")
        self._renews = (draw.random(count) * 30).astype(np.int64)
        foretold = draw.random(count)
        people = self._population.people(self._goods)
        self._people = [self._foretold(p, foretold[at] < FORETELLS) for at, p in enumerate(people)]
        return self._people

    def _foretold(self, person: Person, named: bool) -> Person:
        if person.segment not in ("wavering", "leaving") or not named:
            return person
        chance = 0.6 if person.segment == "wavering" else 0.8
        return person.with_signals((Foretold(omen="churn", chance=chance),))

    def day(self, number: int) -> Sequence[Visit]:
        draw = self._setting.draws.table("day", str(number))
        who, times = self._rhythm.day(number, draw)
        trouble, views, looks = (
            draw.random(len(who)),
            2 + (draw.random(len(who)) * 7).astype(int),
            draw.random(len(who)),
        )
        visits = [
            self._visit(int(at), number, when, bool(trouble[row] < COMPLAINTS), int(views[row]), float(looks[row]))
            for row, (at, when) in enumerate(zip(who, times, strict=True))
        ]
        noon = self._rhythm.midnight(number) + timedelta(hours=12)
        renewing = np.flatnonzero(self._renews == number % 30)
        return [*visits, *(self._renewal(int(at), number, noon) for at in renewing)]

    def _visit(self, at: int, number: int, when: datetime, trouble: bool, views: int, looks: float) -> Visit:
        person = self._people[at]
        if trouble:
            opened = Doing(0.0, "case_opened", f"case-{number}-{at}", {"kind": "complaint"})
            return Visit(person=person.name, at=when, doings=(opened,))
        doings = [Doing(25.0 * step, "page_viewed", "account") for step in range(views)]
        if looks < 0.1:
            plan = self._goods[at % len(self._goods)].name
            doings.append(Doing(25.0 * views, "product_viewed", plan, {"dwell_seconds": 40}))
        return Visit(person=person.name, at=when, doings=tuple(doings))

    def _renewal(self, at: int, number: int, noon: datetime) -> Visit:
        """Ten days before the bill, the need opens in which it will be paid or not."""
        person = self._people[at]
        plan = self._goods[at % len(self._goods)]
        need = Need(
            key=f"renewal-{number}-{at}",
            ends_in="stay",
            chance=self._of[person.segment].anyway,
            at=noon + timedelta(days=10),
            entity=plan.name,
            value=plan.price,
        )
        return Visit(person=person.name, at=noon, need=need)

    def law(self, touch: Touch, person: Person, standing: Standing, need: Need | None, chance: float) -> Law:
        if touch.channel is Channel.DESK:
            return NOTHING
        segment = self._of[person.segment]
        odds = segment.coupon if touch.action == "offer_coupon" else KEEPS.get(touch.action, 1.0)
        days = (touch.at - self._setting.begins).total_seconds() / 86_400
        return answer(
            touch, person, standing, need, chance, effect=Effect(odds=odds), bother=segment.bother, day=days, value=0.0
        )
