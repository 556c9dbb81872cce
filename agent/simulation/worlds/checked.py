"""A world that is believed in nothing: what it says is checked as it is said, and a fault names where it stands."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TypeVar
from zoneinfo import ZoneInfo

from agent.domain.errors import InputError
from agent.domain.facts import Omen
from agent.simulation.worlds.world import Goods, Law, Need, Person, Standing, Touch, Visit, World

T = TypeVar("T")
CHANCES = tuple(f.name for f in fields(Law) if f.name != "value")


class CheckedWorld:
    """The same world. Every method raises InputError for what no world may say: a number that is none, a chance that is
    not between 0 and 1, an unknown action, a customer whom it never introduced."""

    def __init__(self, world: World, actions: frozenset[str]) -> None:
        self._world = world
        self._known: frozenset[str] = frozenset()
        self._digest = blake2b(digest_size=16)
        self._answers = blake2b(digest_size=16)
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
        found = self._ask("people", lambda: list(self._world.people(count)))
        names = [person.name for person in found]
        if len(found) != count or len(set(names)) != count:
            raise self._fault("people", f"{count} different customers were asked for, {len(set(names))} came")
        self._known = frozenset(names)
        for person in found:
            self._person(person)
        self._digest.update(repr(found).encode())
        return found

    @property
    def story(self) -> str:
        """What was told so far, as a hash: two policies that met the same people on the same days have the same."""
        return self._digest.hexdigest()

    def _person(self, person: Person) -> None:
        where = "people"
        try:
            ZoneInfo(person.zone)
        except (KeyError, ValueError, OSError) as error:
            raise self._fault(where, f"zone of {person.name} is {person.zone!r}") from error
        if person.locale not in ("ko", "en"):
            raise self._fault(where, f"locale of {person.name} is {person.locale!r}, neither ko nor en")
        for order in person.bought:
            self._amount(where, f"an order of {person.name}", order.value)
            self._aware(where, f"an order of {person.name}", order.at)
        for signal in person.foretold:
            if signal.omen not in list(Omen) or not _is_chance(signal.chance):
                raise self._fault(where, f"no such signal, or no chance: {signal.omen!r}, {signal.chance}")

    def day(self, number: int) -> Sequence[Visit]:
        where = f"day({number})"
        found = self._ask(where, lambda: list(self._world.day(number)))
        self._digest.update(repr([(v.person, v.at, v.need, v.bought, len(v.doings)) for v in found]).encode())
        for visit in found:
            if visit.person not in self._known:
                raise self._fault(where, f"a customer it never introduced: {visit.person!r}")
            self._aware(where, "a visit", visit.at)
            if visit.bought is not None:
                self._amount(where, f"what {visit.person} buys", visit.bought[1])
            if any(not (isinstance(d.after, int | float) and 0 <= d.after < 86_400) for d in visit.doings):
                raise self._fault(where, f"{visit.person} does something at no time within a day of their visit")
            if visit.need is not None:
                self._need(where, visit.need, visit.at)
        return found

    def law(self, touch: Touch, person: Person, standing: Standing, need: Need | None, chance: float) -> Law:
        where = f"law({touch.action}, {touch.channel})"
        try:
            found = self._world.law(touch, person, standing, need, chance)
        except Exception as error:
            raise self._fault(where, f"it failed ({type(error).__name__}: {error})") from error
        for name in CHANCES:
            value = getattr(found, name, None)
            if not _is_chance(value):
                raise self._fault(where, f"{name} is {value}, no chance from 0 to 1")
        self._amount(where, "value", found.value)
        self._answers.update(repr(found).encode())
        return found

    @property
    def answers(self) -> str:
        """What the law said so far, as a hash."""
        return self._answers.hexdigest()

    def _ask(self, where: str, asked: Callable[[], list[T]]) -> list[T]:
        try:
            return asked()
        except InputError:
            raise
        except Exception as error:
            raise self._fault(where, f"it failed ({type(error).__name__}: {error})") from error

    def _need(self, where: str, need: Need, opened: datetime) -> None:
        for name in ("chance", "returned"):
            value = getattr(need, name)
            if not _is_chance(value):
                raise self._fault(where, f"{name} of {need.key} is {value}, no chance from 0 to 1")
        if need.ends_in not in ("purchase", "stay", "demo"):
            raise self._fault(where, f"{need.key} ends in {need.ends_in!r}: purchase, stay or demo")
        self._amount(where, f"value of {need.key}", need.value)
        self._aware(where, need.key, need.at)
        if not opened <= need.at <= opened + self.longest:
            raise self._fault(where, f"{need.key} shows before its visit, or later than {self.longest.days} days")
        if need.then is not None:
            self._need(where, need.then, need.at)

    def _amount(self, where: str, what: str, value: float) -> None:
        if not (isinstance(value, int | float) and math.isfinite(value) and value >= 0):
            raise self._fault(where, f"{what} is {value}, no amount")

    def _aware(self, where: str, what: str, at: datetime) -> None:
        if not isinstance(at, datetime) or at.tzinfo is None:
            raise self._fault(where, f"{what} has a time without a zone")

    def _fault(self, where: str, what: str) -> InputError:
        return InputError(
            what, place=f"world {self.name}: {where}", next_step="Mend the world (docs/worlds.md) and run it again."
        )


def _is_chance(value: object) -> bool:
    return isinstance(value, int | float) and 0.0 <= value <= 1.0  # which is false of what is no number
