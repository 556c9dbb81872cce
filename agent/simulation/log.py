"""What happened under one policy, in columns: every measure is a sum over these, up to whatever day is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]


class Order(NamedTuple):
    """Something was bought. Times are seconds since the beginning, money in main units. `anyway`: it would have been
    bought without a word; `coupon`: one was used, which took `off`; `touched`: something was said about it before."""

    who: int
    at: float
    value: float
    off: float
    anyway: bool
    coupon: bool
    touched: bool
    renewal: bool


class Returned(NamedTuple):
    who: int
    at: float
    value: float
    off: float


class Touched(NamedTuple):
    """A message reached somebody; `hour` and `weekday` are on their own clock. What was wrong with it counts for arms
    without a guard: no consent, at night, one more than three in a week."""

    who: int
    at: float
    action: str
    channel: str
    kind: str
    hour: int
    weekday: int
    coupon: bool
    noticed: bool
    unasked: bool
    night: bool
    many: bool


class Ended(NamedTuple):
    """Somebody stopped a channel, complained, left for good, or had a demo (`held`, or `missed`)."""

    who: int
    at: float
    what: str
    channel: str


@dataclass(slots=True)
class Log:
    orders: list[Order] = field(default_factory=list)
    returns: list[Returned] = field(default_factory=list)
    touches: list[Touched] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    opened: int = 0
    """Needs that people came with."""
    late: int = 0
    """Of them, those that showed after the last day."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one kind as columns, by name."""

    columns: dict[str, Column]

    @classmethod
    def of(cls, rows: list[Any], shape: type[Any]) -> Table:
        names = shape._fields
        if not rows:
            return cls({name: np.zeros(0, dtype=object if name in TEXTS else float) for name in names})
        return cls({name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)})

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def where(self, kept: Column) -> Table:
        return Table({name: column[kept] for name, column in self.columns.items()})


TEXTS = ("action", "channel", "kind", "what")


@dataclass(frozen=True, slots=True)
class Tables:
    """A whole log as columns."""

    orders: Table
    returns: Table
    touches: Table
    ended: Table
    opened: int
    late: int

    @classmethod
    def of(cls, log: Log) -> Tables:
        return cls(
            orders=Table.of(log.orders, Order),
            returns=Table.of(log.returns, Returned),
            touches=Table.of(log.touches, Touched),
            ended=Table.of(log.ended, Ended),
            opened=log.opened,
            late=log.late,
        )

    def same_as(self, other: Tables) -> bool:
        """Row for row."""
        mine, theirs = (
            [t.columns[name].tolist() for t in (x.orders, x.returns, x.touches, x.ended) for name in t.columns]
            for x in (self, other)
        )
        return mine == theirs

    def until(self, seconds: float) -> Tables:
        """What had happened by then, for two arms of which one was stopped earlier."""
        cut = {
            f.name: getattr(self, f.name).where(getattr(self, f.name)["at"] <= seconds)
            for f in fields(self)
            if f.name not in ("opened", "late")
        }
        return Tables(**cut, opened=self.opened, late=self.late)
