"""Costly things that people want to see first: demos have few places, and orders follow weeks later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from agent.domain.customer import Channel
from agent.simulation.worlds.answers import Effect, answer
from agent.simulation.worlds.population import Population, Segment
from agent.simulation.worlds.world import NOTHING, Doing, Goods, Law, Need, Person, Setting, Standing, Touch, Visit

SEGMENTS = (
    Segment(name="studio", share=0.2, visits=4.0, cart=0.10, now=0.02, anyway=0.05, reminder=1.2, coupon=1.2,
            bother=0.8, orders=1.5, since=120.0, spends=1.4),
    Segment(name="household", share=0.5, visits=2.6, cart=0.06, now=0.01, anyway=0.03, reminder=1.2, coupon=1.5,
            orders=0.5, since=200.0),
    Segment(name="curious", share=0.3, visits=3.2, cart=0.02, now=0.0, anyway=0.01, reminder=1.1, coupon=1.2,
            bother=1.4, orders=0.1, since=200.0, spends=0.8),
)  # fmt: skip
WANTS = {"studio": 0.16, "household": 0.10, "curious": 0.04}
"""Visits of somebody who would like to be shown the thing."""
ASKS = 0.01
"""How many of those ask for a demo by themselves."""
SAYS_YES: Mapping[str, float] = {"book_demo": 18.0, "offer_chat": 6.0, "invite_experience": 8.0}
"""What an invitation does to those odds at its best."""
BUYS_AFTER = {"studio": 0.34, "household": 0.22, "curious": 0.08}
"""Who orders within three weeks of a demo that was held."""
TITLES = {
    "en": ("Espresso machine", "Grinder", "Kiln", "Loom"),
    "ko": ("에스프레소 머신", "그라인더", "전기 가마", "베틀"),
}
PRICE = 6.0
"""Of the usual basket."""


class Services:
    """See docs/worlds.md."""

    name = "services"
    recovers = timedelta(days=5)
    longest = timedelta(days=21)
    capacity: Mapping[str, int] = {"book_demo": 40, "offer_chat": 200}

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._of = {segment.name: segment for segment in SEGMENTS}
        self._goods = tuple(
            Goods(name=f"m{number}", title=title, price=round(setting.basket * (PRICE + number), 2))
            for number, title in enumerate(TITLES[setting.locale])
        )

    def goods(self) -> Sequence[Goods]:
        return self._goods

    def people(self, count: int) -> Sequence[Person]:
        self._population = Population(self._setting, SEGMENTS, count)
        self._rhythm = self._population.rhythm()
        self._people = self._population.people(self._goods)
        return self._people

    def day(self, number: int) -> Sequence[Visit]:
        draw = self._setting.draws.table("day", str(number))
        who, times = self._rhythm.day(number, draw)
        wants, views, delay = draw.random(len(who)), 3 + (draw.random(len(who)) * 7).astype(int), draw.random(len(who))
        found = []
        for row, (at, when) in enumerate(zip(who.tolist(), times, strict=True)):
            person = self._people[at]
            keen = bool(wants[row] < WANTS[person.segment])
            mine = {"key": f"{number}-{at}", "views": int(views[row]), "delay": float(delay[row]), "keen": keen}
            found.append(self._visit(person, when, at, mine))
        return found

    def _visit(self, person: Person, when: datetime, at: int, mine: dict[str, Any]) -> Visit:
        product = self._goods[(int(self._population.likes[at]) + (not mine["keen"]) * mine["views"]) % len(self._goods)]
        seconds = 35 if mine["keen"] else 9
        doings = [Doing(0.0, "page_viewed", "home")]
        for step in range(mine["views"]):
            doings.append(
                Doing(5.0 + (seconds + 4.0) * step, "product_viewed", product.name, {"dwell_seconds": seconds})
            )
        need = self._demo(person, product, when, mine) if mine["keen"] else None
        return Visit(person=person.name, at=when, doings=tuple(doings), need=need)

    def _demo(self, person: Person, product: Goods, when: datetime, mine: dict[str, Any]) -> Need:
        """A demo that they would like; an order that may follow it."""
        asks = when + timedelta(days=1 + 4 * mine["delay"])
        after = Need(
            key=f"order-{mine['key']}",
            ends_in="purchase",
            chance=BUYS_AFTER[person.segment],
            at=asks + timedelta(days=2 + 18 * mine["delay"]),
            entity=product.name,
            value=round(product.price * self._of[person.segment].spends, 2),
            returned=0.04,
        )
        return Need(key=f"demo-{mine['key']}", ends_in="demo", chance=ASKS, at=asks, entity=product.name, then=after)

    def law(self, touch: Touch, person: Person, standing: Standing, need: Need | None, chance: float) -> Law:
        if touch.channel is Channel.DESK:
            return NOTHING
        segment = self._of[person.segment]
        if need is not None and need.ends_in == "demo":
            odds = SAYS_YES.get(touch.action, 1.0)
        else:
            odds = {"offer_coupon": segment.coupon, "remind_cart": segment.reminder, "offer_chat": 1.2}.get(
                touch.action, 1.0
            )
        days = (touch.at - self._setting.begins).total_seconds() / 86_400
        return answer(
            touch, person, standing, need, chance, effect=Effect(odds=odds), bother=segment.bother, day=days, value=0.0
        )
