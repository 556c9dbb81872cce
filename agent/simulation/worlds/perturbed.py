"""A built-in world whose law is bent: to see how far a result rests on numbers that nobody knows exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from agent.decisioning.choice import HashRng
from agent.simulation.worlds.world import Goods, Law, Need, Person, Standing, Touch, Visit, World

FARTHEST = 0.5
"""Every part of the law is multiplied by something between one half and three halves."""


class Perturbed:
    """The world `number` of all bent ones: the same people and visits, answering by another law."""

    def __init__(self, world: World, number: int) -> None:
        self._world = world
        self._rng = HashRng(f"perturbed:{number}")
        self.name = f"{world.name}~{number}"
        self.recovers: timedelta = world.recovers * self._factor("recovers")
        self.longest: timedelta = world.longest
        self.capacity: Mapping[str, int] = world.capacity

    def goods(self) -> Sequence[Goods]:
        return self._world.goods()

    def people(self, count: int) -> Sequence[Person]:
        return self._world.people(count)

    def day(self, number: int) -> Sequence[Visit]:
        return self._world.day(number)

    def law(self, touch: Touch, person: Person, standing: Standing, need: Need | None, chance: float) -> Law:
        law = self._world.law(touch, person, standing, need, chance)
        gained = (law.ends_well - chance) * self._factor("gain", touch.action)
        return Law(
            noticed=_within(law.noticed * self._factor("noticed", touch.channel)),
            ends_well=_within(chance + gained),
            clicks=_within(law.clicks * self._factor("clicks")),
            accepts=_within(law.accepts * self._factor("accepts")),
            declines=_within(law.declines * self._factor("declines")),
            opts_out=_within(law.opts_out * self._factor("opts out", touch.channel)),
            complains=_within(law.complains * self._factor("complains")),
            leaves=_within(law.leaves * self._factor("leaves")),
            value=law.value * self._factor("value"),
        )

    def _factor(self, *what: str) -> float:
        return 1.0 - FARTHEST + 2.0 * FARTHEST * self._rng.uniform(*what)


def _within(chance: float) -> float:
    return min(1.0, max(0.0, chance))
