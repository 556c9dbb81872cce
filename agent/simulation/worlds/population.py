"""People drawn from segments: who they are, what they agreed to, what they bought before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from agent.domain.customer import AgeAssurance, Channel, Purpose
from agent.simulation.worlds.rhythm import HOURS, WEEKDAYS, Floats, Ints, Rhythm
from agent.simulation.worlds.world import Bought, Goods, Person, Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """People of a kind. `visits` a month; `cart`: visits that fill one; `now`: carts bought on the spot; `anyway`: of
    those left, how many are bought later without a word. `reminder` and `coupon` multiply the odds of a left cart.

    `bother` multiplies how easily messages annoy; `orders` is the mean number before the beginning, the newest of them
    `since` days ago on average; `spends` multiplies the basket.
    """

    name: str
    share: float
    visits: float
    cart: float
    now: float
    anyway: float
    reminder: float
    coupon: float
    bother: float = 1.0
    orders: float = 1.0
    since: float = 40.0
    spends: float = 1.0


CHANNELS: dict[str, dict[Channel, tuple[float, float]]] = {
    "ko": {
        Channel.EMAIL: (0.90, 0.50),
        Channel.SMS: (0.85, 0.30),
        Channel.PUSH: (0.45, 0.55),
        Channel.KAKAO: (0.80, 0.50),
    },
    "en": {Channel.EMAIL: (0.95, 0.62), Channel.SMS: (0.60, 0.28), Channel.PUSH: (0.35, 0.50)},
}
"""Who has an address on a channel, and how many of those agreed to advertising there."""
PROFILING, PROCESSING = 0.82, 0.88
"""Who agreed to having their visits read, and to the use of their data for marketing."""
ADULT = 0.97
"""Whose age somebody vouched for; of the rest one in five says they are a minor."""


class Population:
    """So many people of the given segments, with the traits that worlds need as arrays, by position."""

    def __init__(self, setting: Setting, segments: Sequence[Segment], count: int) -> None:
        self._setting = setting
        draw = setting.draws.table("people")
        shares = np.cumsum([s.share for s in segments])
        self.segments = tuple(segments)
        self.segment: Ints = np.searchsorted(shares / shares[-1], draw.random(count), side="right")
        self.hours: Ints = np.searchsorted(np.array([0.4, 0.8]), draw.random(count), side="right")
        eager = -np.log(1.0 - draw.random(count)) * 0.5 + 0.5
        self.rates: Floats = self.of("visits") / 30.4 * eager
        self.spends: Floats = self.of("spends") * np.exp(0.35 * normals(draw, count))
        self.likes: Ints = (draw.random(count) * 1_000_003).astype(np.int64)
        self._draw = draw
        self._count = count

    def of(self, trait: str) -> Floats:
        """A trait of the segments, for each person."""
        return np.array([getattr(s, trait) for s in self.segments], dtype=np.float64)[self.segment]

    def rhythm(self) -> Rhythm:
        table = np.array(list(HOURS.values()), dtype=np.float64)
        return Rhythm(self.rates, self.hours, table, WEEKDAYS, self._setting.begins, self._setting.zone)

    def people(self, goods: Sequence[Goods]) -> list[Person]:
        """The persons themselves. Each call draws anew: call it once."""
        draw, n, where = self._draw, self._count, CHANNELS[self._setting.locale]
        has = {c: draw.random(n) < share for c, (share, _) in where.items()}
        ads = {c: draw.random(n) < share for c, (_, share) in where.items()}
        profiled, processed = draw.random(n) < PROFILING, draw.random(n) < PROCESSING
        ages, other = draw.random(n), draw.random(n)
        orders = np.floor(-np.log(1.0 - draw.random(n)) * self.of("orders") + 0.5).astype(int)
        newest = -np.log(1.0 - draw.random(n)) * self.of("since") + 2.0
        found = []
        for at in range(n):
            age = AgeAssurance.ATTESTED
            if ages[at] > ADULT:
                age = AgeAssurance.MINOR if other[at] < 0.2 else AgeAssurance.UNKNOWN
            agreed: list[tuple[Purpose, Channel | None]] = []
            agreed += [(Purpose.PROFILING, None)] * bool(profiled[at])
            agreed += [(Purpose.MARKETING_PROCESSING, None)] * bool(processed[at])
            agreed += [(Purpose.AD_SENDING, c) for c in where if has[c][at] and ads[c][at]]
            found.append(
                Person(
                    name=f"{self._setting.locale}-{at:06d}",
                    segment=self.segments[self.segment[at]].name,
                    locale=self._setting.locale,
                    country=self._setting.country,
                    zone=self._setting.zone,
                    age=age,
                    channels=tuple(c for c in where if has[c][at]),
                    agreed=tuple(agreed),
                    bought=self._orders(at, int(min(orders[at], 12)), float(newest[at]), goods),
                )
            )
        return found

    def _orders(self, at: int, count: int, newest: float, goods: Sequence[Goods]) -> tuple[Bought, ...]:
        """Orders before the beginning, the favourite most often; some forty days apart."""
        begins, basket = self._setting.begins, self._setting.basket * float(self.spends[at])
        return tuple(
            Bought(
                at=begins - timedelta(days=newest + 41.0 * number),
                product=goods[(int(self.likes[at]) + (number % 3 == 2)) % len(goods)].name,
                value=round(basket * (0.8 + 0.1 * (number % 5)), 2),
            )
            for number in range(count)
        )


def normals(draw: np.random.Generator, count: int) -> Floats:
    """Standard normals by Box and Muller (1958), whose bits no release of the library changes."""
    one, other = draw.random(count), draw.random(count)
    return np.asarray(np.sqrt(-2.0 * np.log(1.0 - one)) * np.cos(2.0 * np.pi * other), dtype=np.float64)
