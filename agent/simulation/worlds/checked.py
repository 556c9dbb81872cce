"""A world that is believed in nothing: what it says is checked as it is said, and a fault names where it stands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta

from agent.domain.errors import InputError
from agent.simulation.worlds.world import Goods, Law, Need, Person, Standing, Touch, Visit, World

CHANCES = tuple(f.name for f in fields(Law) if f.name != "value")


class CheckedWorld:
    """The same world. Every method raises InputError for what no world may say: a number that is none, a chance that is
    not between 0 and 1, an unknown action, a customer whom it never introduced."""

    def __init__(self, world: World, actions: frozenset[str]) -> None:
        self._world = world
        self._known: frozenset[str] = frozenset()
        self.name = str(getattr(world, "name", type(world).__name__))
        self.recovers: timedelta = world.recovers
        self.longest: timedelta = world.longest
        self.capacity: Mapping[str, int] = world.capacity
        unknown = sorted(set(world.capacity) - actions)
        if unknown:
            raise self._fault("capacity", f"no such action: {unknown[0]!r}")
        if not timedelta() < world.recovers or not timedelta() <= world.longest <= timedelta(days=21):
            raise self._fault("recovers, longest", "recovers is positive, longest at most three weeks")

    def goods(self) -> Sequence[Goods]:
        found = self._world.goods()
        if not found:
            raise self._fault("goods", "nothing is sold")
        for item in found:
            self._amount("goods", f"price of {item.name}", item.price)
        return found

    def people(self, count: int) -> Sequence[Person]:
        found = self._world.people(count)
        names = [person.name for person in found]
        if len(found) != count or len(set(names)) != count:
            raise self._fault("people", f"{count} different customers were asked for, {len(set(names))} came")
        self._known = frozenset(names)
        for person in found:
            for order in person.bought:
                self._amount("people", f"an order of {person.name}", order.value)
        return found

    def day(self, number: int) -> Sequence[Visit]:
        where = f"day({number})"
        found = self._world.day(number)
        for visit in found:
            if visit.person not in self._known:
                raise self._fault(where, f"a customer it never introduced: {visit.person!r}")
            self._aware(where, "a visit", visit.at)
            if visit.bought is not None:
                self._amount(where, f"what {visit.person} buys", visit.bought[1])
            if visit.need is not None:
                self._need(where, visit.need, visit.at)
        return found

    def law(self, touch: Touch, person: Person, standing: Standing, need: Need | None, chance: float) -> Law:
        found = self._world.law(touch, person, standing, need, chance)
        for name in CHANCES:
            value = getattr(found, name)
            if not 0.0 <= value <= 1.0:  # also where it is no number
                raise self._fault(f"law({touch.action}, {touch.channel})", f"{name} is {value}, no chance from 0 to 1")
        self._amount(f"law({touch.action}, {touch.channel})", "value", found.value)
        return found

    def _need(self, where: str, need: Need, opened: datetime) -> None:
        for name in ("chance", "returned"):
            value = getattr(need, name)
            if not 0.0 <= value <= 1.0:
                raise self._fault(where, f"{name} of {need.key} is {value}, no chance from 0 to 1")
        self._amount(where, f"value of {need.key}", need.value)
        self._aware(where, need.key, need.at)
        if not opened <= need.at <= opened + self.longest:
            raise self._fault(where, f"{need.key} shows before its visit, or later than {self.longest.days} days")
        if need.then is not None:
            self._need(where, need.then, need.at)

    def _amount(self, where: str, what: str, value: float) -> None:
        if not (math.isfinite(value) and value >= 0):
            raise self._fault(where, f"{what} is {value}, no amount")

    def _aware(self, where: str, what: str, at: datetime) -> None:
        if at.tzinfo is None:
            raise self._fault(where, f"{what} has a time without a zone")

    def _fault(self, where: str, what: str) -> InputError:
        return InputError(
            what, place=f"world {self.name}: {where}", next_step="Mend the world (docs/worlds.md) and run it again."
        )
