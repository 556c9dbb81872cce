"""Small simulated worlds and people for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from agent.domain.customer import Channel, Purpose
from agent.simulation.draws import Draws
from agent.simulation.worlds.world import Goods, Law, Need, Person, Setting, Standing, Touch, Visit

MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
ACTIONS = frozenset({"offer_coupon", "remind_cart", "win_back", "offer_chat", "book_demo", "recommend_product"})


def setting(
    locale: Literal["ko", "en"] = "en", *, days: int = 7, seed: int = 7, arm: str = "", basket: float = 40.0
) -> Setting:
    korean = locale == "ko"
    return Setting(
        locale=locale,
        country="KR" if korean else "GB",
        zone="Asia/Seoul" if korean else "Europe/London",
        currency="KRW" if korean else "GBP",
        basket=basket,
        begins=MONDAY,
        days=days,
        draws=Draws(seed, arm),
    )


def somebody(name: str = "ann", *channels: Channel) -> Person:
    """Somebody who agreed to everything on these channels, e-mail where none is named."""
    mine = channels or (Channel.EMAIL,)
    ads = tuple((Purpose.AD_SENDING, channel) for channel in mine)
    return Person(
        name=name,
        segment="loyal",
        locale="en",
        country="GB",
        zone="Europe/London",
        channels=mine,
        agreed=((Purpose.PROFILING, None), (Purpose.MARKETING_PROCESSING, None), *ads),
    )


def need(chance: float = 0.0, *, hours: float = 48.0, value: float = 40.0, **more: object) -> Need:
    """A cart that is bought with this chance."""
    made = {
        "key": "need-1",
        "ends_in": "purchase",
        "chance": chance,
        "at": MONDAY + timedelta(hours=10 + hours),
        "entity": "cart-1",
        "value": value,
    }
    return Need(**(made | more))  # type: ignore[arg-type]


@dataclass
class Told:
    """A world that tells what it was given, and answers by one law."""

    visits: Sequence[Visit] = ()
    answers: Law = field(default_factory=lambda: Law(noticed=1.0, ends_well=1.0))
    persons: Sequence[Person] = field(default_factory=lambda: [somebody()])
    name: str = "told"
    recovers: timedelta = timedelta(days=5)
    longest: timedelta = timedelta(days=21)
    capacity: Mapping[str, int] = field(default_factory=dict)
    standing: list[float] = field(default_factory=list)

    def goods(self) -> Sequence[Goods]:
        return [Goods(name="p1", title="Mug", price=12.0)]

    def people(self, count: int) -> Sequence[Person]:
        return list(self.persons)[:count]

    def day(self, number: int) -> Sequence[Visit]:
        begins = MONDAY + timedelta(days=number)
        return [v for v in self.visits if begins <= v.at < begins + timedelta(days=1)]

    def law(self, touch: Touch, person: Person, standing: Standing, need: Need | None, chance: float) -> Law:
        self.standing.append(standing.fatigue)
        return self.answers
