"""A shop: people browse, fill carts, leave them, come back or do not. Most who come back need no reminder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from agent.domain.customer import Channel
from agent.simulation.worlds.answers import Effect, answer
from agent.simulation.worlds.population import Population, Segment, normals
from agent.simulation.worlds.world import NOTHING, Doing, Goods, Law, Need, Person, Setting, Standing, Touch, Visit

SEGMENTS = (
    Segment(name="loyal", share=0.15, visits=6.1, cart=0.28, now=0.36, anyway=0.30, reminder=1.25, coupon=1.20,
            bother=0.6, orders=6.0, since=18.0, spends=1.1),
    Segment(name="bargain", share=0.25, visits=4.4, cart=0.22, now=0.20, anyway=0.10, reminder=1.25, coupon=2.40,
            bother=0.9, orders=2.5, since=45.0, spends=0.85),
    Segment(name="browser", share=0.35, visits=3.2, cart=0.10, now=0.25, anyway=0.10, reminder=1.20, coupon=1.50,
            bother=1.3, orders=0.8, since=70.0),
    Segment(name="newcomer", share=0.15, visits=3.0, cart=0.14, now=0.22, anyway=0.12, reminder=1.35, coupon=1.80,
            bother=1.0, orders=0.3, since=12.0, spends=0.9),
    Segment(name="dormant", share=0.10, visits=0.7, cart=0.10, now=0.30, anyway=0.10, reminder=1.20, coupon=1.60,
            bother=1.3, orders=2.0, since=190.0),
)  # fmt: skip
ADDED: Mapping[str, tuple[float, float]] = {
    "offer_chat": (1.50, 0.0),
    "book_demo": (1.40, 0.0),
    "recommend_product": (1.10, 0.003),
    "tell_price_drop": (1.60, 0.004),
    "tell_back_in_stock": (1.80, 0.010),
    "remind_reorder": (1.20, 0.020),
    "remind_replacement": (1.10, 0.010),
    "win_back": (1.05, 0.012),
    "early_access": (1.10, 0.008),
    "invite_event": (1.05, 0.004),
    "invite_experience": (1.20, 0.004),
    "show_variant": (1.03, 0.0),
    "nearest_store": (1.20, 0.0),
}
"""What other actions than reminder and coupon do at their best: odds of a need, chance of an order by themselves."""
SOOTHES: Mapping[str, float] = {"apologise": 2.2, "hand_off": 2.8}
"""What they do to the odds that somebody with a complaint stays."""
TITLES = {
    "en": ("Filter coffee", "Espresso beans", "Stoneware mug", "Tea pot", "Wool throw", "Oak tray", "Linen apron",
           "Brass scoop", "Travel press", "Honey jar", "Pine candle", "Glass carafe"),
    "ko": ("드립백 커피", "에스프레소 원두", "도자기 머그", "찻주전자", "모직 담요", "참나무 쟁반", "리넨 앞치마",
           "놋쇠 스푼", "휴대용 프레스", "꿀단지", "솔향 초", "유리 서버"),
}  # fmt: skip
LEAVES_AFTER_COMPLAINT = 0.25
COMPLAINTS = 0.004
"""Visits that bring one."""
KEEN = 0.08
"""Visits without a cart in which one product is looked at again and again."""
RETURNS = 0.10


class Shop:
    """See docs/worlds.md for where its numbers come from."""

    name = "shop"
    recovers = timedelta(days=5)
    longest = timedelta(days=21)
    capacity: Mapping[str, int] = {"offer_chat": 400, "book_demo": 60}

    def __init__(self, setting: Setting, segments: Sequence[Segment] = SEGMENTS) -> None:
        self._setting = setting
        self._segments = segments
        self._of = {segment.name: segment for segment in segments}
        self._goods = tuple(
            Goods(name=f"p{number:02d}", title=title, price=round(setting.basket * (0.35 + 0.12 * number), 2))
            for number, title in enumerate(TITLES[setting.locale])
        )

    def goods(self) -> Sequence[Goods]:
        return self._goods

    def people(self, count: int) -> Sequence[Person]:
        self._population = Population(self._setting, self._segments, count)
        self._rhythm = self._population.rhythm()
        self._people = self._population.people(self._goods)
        return self._people

    def day(self, number: int) -> Sequence[Visit]:
        draw = self._setting.draws.table("day", str(number))
        who, times = self._rhythm.day(number, draw)
        traits = self._traits(who, draw)
        visits: list[Visit] = []
        for row, (at, position) in enumerate(zip(times, who.tolist(), strict=True)):
            mine = {name: column[row] for name, column in traits.items()}
            visits += self._visit(self._people[position], f"{number}-{position}", at, mine)
        return visits

    def _traits(self, who: Any, draw: np.random.Generator) -> dict[str, list[Any]]:
        """What is drawn for each visit, as columns."""
        n, population = len(who), self._population
        carts = draw.random(n) < population.of("cart")[who]
        now = draw.random(n) < population.of("now")[who]
        views = 4 + np.floor(-np.log(1.0 - draw.random(n)) * 5.2).astype(np.int64)
        first = (draw.random(n) ** 1.6 * len(self._goods)).astype(np.int64)
        first = np.where(draw.random(n) < 0.4, population.likes[who] % len(self._goods), first)
        values = self._setting.basket * population.spends[who] * np.exp(0.4 * normals(draw, n))
        delays = 20.0 * np.exp(1.1 * normals(draw, n))
        columns = {
            "cart": carts,
            "now": now,
            "views": np.minimum(views, 20),
            "value": np.round(values, 2),
            "hours": np.clip(delays, 1.0, 24.0 * 21),
            "anyway": population.of("anyway")[who] * (0.6 + 0.8 * draw.random(n)),
            "back": draw.random(n) * 2.0 * RETURNS,
            "trouble": draw.random(n) < COMPLAINTS,
            "dwell": draw.random(n),
            "keen": carts | (draw.random(n) < KEEN),
            "first": first,
        }
        return {name: column.tolist() for name, column in columns.items()}

    def _visit(self, person: Person, key: str, at: datetime, mine: dict[str, Any]) -> list[Visit]:
        doings = self._views(mine)
        last = doings[-1].after
        if mine["trouble"] and person.bought:
            return self._complaint(person, key, at)
        need, bought = None, None
        if mine["cart"]:
            cart = f"cart-{key}"
            worth = {"value": mine["value"], "currency": self._setting.currency}
            doings.append(Doing(last + 20.0, "cart_updated", cart, worth))
            if mine["now"]:
                bought = (self._goods[mine["first"]].name, mine["value"])
            else:
                need = Need(
                    key=f"need-{key}",
                    ends_in="purchase",
                    chance=min(mine["anyway"], 0.95),
                    at=at + timedelta(hours=mine["hours"]),
                    entity=cart,
                    value=mine["value"],
                    returned=mine["back"],
                )
        return [Visit(person=person.name, at=at, doings=tuple(doings), need=need, bought=bought)]

    def _views(self, mine: dict[str, Any]) -> list[Doing]:
        """A page, then products. Whoever is keen on one comes back to it, and looks longer."""
        doings, after = [Doing(0.0, "page_viewed", "home")], 4.0
        for number in range(mine["views"]):
            again = mine["keen"] and number % 2 == 0
            product = self._goods[(mine["first"] + (0 if again else 5 * number + 1)) % len(self._goods)].name
            seconds = int(4 + 14 * mine["dwell"] ** 2) * (3 if again else 1)
            doings.append(Doing(after, "product_viewed", product, {"dwell_seconds": seconds}))
            after += seconds + 3.0
        return doings

    def _complaint(self, person: Person, key: str, at: datetime) -> list[Visit]:
        """Something went wrong: a case for three days, and after a week they have stayed or not."""
        case = f"case-{key}"
        opened = Doing(0.0, "case_opened", case, {"kind": "complaint"})
        need = Need(
            key=f"stay-{key}",
            ends_in="stay",
            chance=1.0 - LEAVES_AFTER_COMPLAINT,
            at=at + timedelta(days=7),
            entity=case,
        )
        closed = Visit(person=person.name, at=at + timedelta(days=3), doings=(Doing(0.0, "case_closed", case),))
        return [Visit(person=person.name, at=at, doings=(opened,), need=need), closed]

    def law(self, touch: Touch, person: Person, standing: Standing, need: Need | None, chance: float) -> Law:
        segment = self._of[person.segment]
        effect = self._effect(touch, segment, need)
        if effect is None:
            return NOTHING
        days = (touch.at - self._setting.begins).total_seconds() / 86_400
        value = self._setting.basket * segment.spends
        return answer(
            touch, person, standing, need, chance, effect=effect, bother=segment.bother, day=days, value=value
        )

    def _effect(self, touch: Touch, segment: Segment, need: Need | None) -> Effect | None:
        if touch.channel is Channel.DESK:
            return None
        if need is not None and need.ends_in == "stay":
            return Effect(odds=SOOTHES.get(touch.action, 1.0))
        if touch.action == "remind_cart":
            return Effect(odds=segment.reminder)
        if touch.action == "offer_coupon":
            return Effect(odds=segment.coupon, alone=0.004 * (segment.coupon - 1.0))
        odds, alone = ADDED.get(touch.action, (1.0, 0.0))
        return Effect(odds=odds, alone=alone * (2.0 if segment.name == "dormant" else 1.0))
