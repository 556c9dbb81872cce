"""What models say of customers, as columns, and one by one for whoever writes it down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from agent.domain.facts import Foreseen, Omen
from agent.domain.ids import CustomerId
from agent.domain.models import Foretelling
from agent.signals.purchases import DAY, Floats, Ints

Why = tuple[tuple[str, float], ...]
ONE = 1_000_000
"""A chance of one, in millionths; one main unit of money, in micro-units."""
MOST = 9 * 10**18
"""What a whole number of 64 bits holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One omen of many customers: one entry each. A single text stands for all; `due` counts days since 1970.

    `chance`, `low` and `high` are as in `Foretelling`; None stands for one, or for no number.
    """

    omen: Omen
    who: Ints
    entity: Sequence[str] | str = ""
    value: Sequence[str] | str = ""
    chance: Ints | None = None
    number: Ints | None = None
    low: Ints | None = None
    high: Ints | None = None
    due: Floats | None = None
    why: Sequence[Why] = field(default_factory=tuple)
    source: Literal["model", "prior"] = "model"


def millionths(chance: Floats) -> Ints:
    """A chance between 0 and 1 in whole millionths."""
    return np.rint(np.clip(chance, 0.0, 1.0) * ONE).astype(np.int64)


def micros(money: Floats) -> Ints:
    """Main units of money in whole micro-units."""
    return np.rint(np.clip(money * ONE, -MOST, MOST)).astype(np.int64)


def foretellings(
    told: Told, customers: Sequence[CustomerId], model: str, as_of: datetime, lasts_days: float
) -> Iterator[Foretelling]:
    """One by one; each holds from `as_of` for `lasts_days`."""
    ends = as_of + timedelta(days=lasts_days)
    for at, who in enumerate(told.who.tolist()):
        yield Foretelling(
            customer=customers[who],
            foreseen=Foreseen(
                omen=told.omen,
                entity=told.entity if isinstance(told.entity, str) else told.entity[at],
                value=told.value if isinstance(told.value, str) else told.value[at],
                chance=ONE if told.chance is None else int(told.chance[at]),
                number=0 if told.number is None else int(told.number[at]),
                due_at=None if told.due is None else datetime.fromtimestamp(float(told.due[at]) * DAY, UTC),
                source=told.source,
                model=model,
            ),
            low=0 if told.low is None else int(told.low[at]),
            high=0 if told.high is None else int(told.high[at]),
            why=told.why[at] if told.why else (),
            made_at=as_of,
            ends_at=ends,
        )


def standing_out(columns: dict[str, Floats], names: Sequence[str], most: int = 3) -> list[Why]:
    """For each customer the inputs in which they differ most from the median (by logarithms), with their values."""
    logged = np.column_stack([np.log1p(np.maximum(columns[name], 0.0)) for name in names])
    middle = np.median(logged, axis=0)
    spread = np.maximum(np.median(np.abs(logged - middle), axis=0), 0.1)
    order = np.argsort(-np.abs(logged - middle) / spread, axis=1, kind="stable")[:, :most]
    values = np.column_stack([columns[name] for name in names])
    return [tuple((names[i], float(values[row, i])) for i in some) for row, some in enumerate(order)]
