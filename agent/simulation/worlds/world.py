"""What a world is: people, what they do when left alone, and the law by which they answer. See docs/worlds.md.

A world draws nothing twice: given the same setting it tells the same story, whatever is done to its people. What a
policy does changes the outcome of needs only by the law, so that two policies meet the same people on the same days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Protocol

from agent.domain.customer import AgeAssurance, Channel, Purpose
from agent.simulation.draws import Draws

Ending = Literal["purchase", "stay", "demo"]
"""What a need may end in: something is bought, a customer stays, a demo is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where and when a world plays. `basket` is an order's usual value in main units of `currency`."""

    locale: Literal["ko", "en"]
    country: str
    zone: str
    currency: str
    basket: float
    begins: datetime
    days: int
    draws: Draws


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """One product that is sold; `price` in main units."""

    name: str
    title: str
    price: float


class Bought(NamedTuple):
    """An order of the time before: `value` in main units."""

    at: datetime
    product: str
    value: float


class Foretold(NamedTuple):
    """A signal that the seller's own models bring: `omen` is the name of a kind (churn, delight, ...)."""

    omen: str
    chance: float
    entity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One simulated customer. `name` is the number under which the seller knows them."""

    name: str
    segment: str
    locale: Literal["ko", "en"]
    country: str
    zone: str
    age: AgeAssurance = AgeAssurance.ATTESTED
    channels: tuple[Channel, ...] = ()
    agreed: tuple[tuple[Purpose, Channel | None], ...] = ()
    bought: tuple[Bought, ...] = ()
    foretold: tuple[Foretold, ...] = ()

    def with_signals(self, foretold: tuple[Foretold, ...]) -> Person:
        return replace(self, foretold=foretold)

    def may_be_sent(self, channel: Channel) -> bool:
        """They agreed to advertising on it, and have an address there."""
        return channel in self.channels and (Purpose.AD_SENDING, channel) in self.agreed


class Doing(NamedTuple):
    """One event of a visit, `after` seconds from its beginning."""

    after: float
    kind: str
    entity: str = ""
    properties: Mapping[str, str | int | float] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that may come of a visit, also when nobody says a word: a cart is bought, a customer stays.

    A `stay` that is worth something is a bill that is then paid. `chance` is how likely it comes when nobody is
    contacted, `at` when that shows at the latest; `value` in main units.
    """

    key: str
    ends_in: Ending
    chance: float
    at: datetime
    entity: str = ""
    value: float = 0.0
    returned: float = 0.0
    """The chance that what is bought comes back."""
    then: Need | None = None
    """What may follow where a demo was held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What one person does in one go when left alone. `bought` is what they buy there and then, in main units."""

    person: str
    at: datetime
    doings: tuple[Doing, ...] = ()
    need: Need | None = None
    bought: tuple[str, float] | None = None

    @property
    def lasts(self) -> timedelta:
        return timedelta(seconds=self.doings[-1].after if self.doings else 0.0)


class Touch(NamedTuple):
    """One message that reached somebody. `percent` is what a coupon takes off, 0 without one."""

    person: str
    at: datetime
    action: str
    channel: Channel
    kind: str = "offer"
    entity: str = ""
    percent: int = 0
    most_off: float = 0.0
    effect: str = ""


@dataclass(slots=True)
class Standing:
    """How somebody stands with the brand. `fatigue` is how many recent messages weigh on them: each counts one at
    first and half after every `World.recovers`."""

    fatigue: float = 0.0
    tired_at: datetime | None = None
    touches: int = 0
    left: bool = False
    stopped: set[Channel] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """How a touch is answered, as chances. `noticed` comes first; the others are given that it was.

    `ends_well` is the chance that the need comes from now on, instead of what it was; without a need, that the touch
    alone leads to an order of `value`.
    """

    noticed: float
    ends_well: float
    clicks: float = 0.0
    accepts: float = 0.0
    """A chat that is offered is taken up."""
    declines: float = 0.0
    opts_out: float = 0.0
    complains: float = 0.0
    leaves: float = 0.0
    value: float = 0.0


NOTHING = Law(noticed=0.0, ends_well=0.0)


class World(Protocol):
    """A world of people. `recovers`: after this long a message weighs half as much. `longest`: no answer comes later.

    `capacity`: how many answers to an action the seller's people can serve in a day; whoever comes later is not served.
    """

    name: str
    recovers: timedelta
    longest: timedelta
    capacity: Mapping[str, int]

    def goods(self) -> Sequence[Goods]:
        """All that is sold."""
        ...

    def people(self, count: int) -> Sequence[Person]:
        """So many customers, known from the beginning."""
        ...

    def day(self, number: int) -> Sequence[Visit]:
        """All visits of a day (0 is the first), in any order."""
        ...

    def law(self, touch: Touch, person: Person, standing: Standing, need: Need | None, chance: float) -> Law:
        """How this touch is answered. `chance` is what the need's stands at, after all touches before."""
        ...
