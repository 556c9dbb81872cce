"""The words of a crowd: what is told of people, what they want, how they live."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from agent.simulation.worlds.world import Need, Person, Standing

What = Literal["visited", "bought", "returned", "answered", "held"]


class Happening(NamedTuple):
    """What a seller gets to know. `detail` is the visit, the order, or (effect, outcome, worth)."""

    at: datetime
    person: Person
    what: What
    detail: Any


class Purchase(NamedTuple):
    """An order as the seller sees it: `value` before what a coupon took `off`, in main units; negative if it came
    back. `effect` is what it is put down to."""

    number: str
    product: str
    value: float
    off: float
    effect: str


@dataclass(slots=True, eq=False)
class OpenNeed:
    """A need under way: `die` decides, `chance` is what it has come to."""

    need: Need
    die: float
    chance: float
    done: bool = False
    touched: str = ""
    brought: bool = False
    """It would not be open at all but for a touch: an order after a demo that nobody had asked for."""
    percent: int = 0
    most_off: float = 0.0
    until: datetime | None = None


@dataclass(slots=True, eq=False)
class Life:
    person: Person
    at: int
    standing: Standing = field(default_factory=Standing)
    needs: list[OpenNeed] = field(default_factory=list)
    touched: deque[float] = field(default_factory=deque)
    said: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    asked: int = 0
