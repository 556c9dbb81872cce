"""Are some groups offered less, held back more, or given smaller amounts than the others?

A rate ratio outside four fifths to five quarters (EEOC Uniform Guidelines, 29 CFR 1607.4 D) that is also significant
is a flag, never a proof; groups under thirty are not judged. Attributes come from an audit copy and are not kept.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

LEAST_GROUP = 30
LOW, HIGH = 0.8, 1.25
GREATEST_GINI = 0.1
SIGNIFICANT = 0.05
MOSTLY = 0.9
"""A column with this share of numbers is judged as numbers too; a few blanks or unknowns change nothing."""
MOST_VALUES = 20

Finding = Literal["even", "flag", "too few"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a customer got by their newest decision: an offer or not, and the greatest amount it gives (0 for none)."""

    customer: str
    offered: bool
    amount: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One group against all others. `measure` is offers, holds or amounts; `p` is corrected for all lines (Holm)."""

    attribute: str
    value: str
    measure: str
    group: int
    others: int
    rate: float
    others_rate: float
    ratio: float | None
    p: float | None
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far a numeric attribute tells those offered from those held: 0 not at all, 1 wholly (|2 AUC - 1|)."""

    attribute: str
    group: int
    gini: float | None
    p: float | None
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    customers: int
    lines: tuple[Line, ...]
    spreads: tuple[Spread, ...]

    @property
    def flagged(self) -> int:
        return sum(x.finding == "flag" for x in self.lines) + sum(x.finding == "flag" for x in self.spreads)


def audit(seen: Sequence[Seen], attributes: Mapping[str, Mapping[str, str]]) -> Report:
    """`attributes` maps a column to each customer's value; a column of numbers is judged by its Gini instead."""
    lines: list[Line] = []
    spreads: list[Spread] = []
    for name, values in attributes.items():
        known = [(one, values[one.customer]) for one in seen if values.get(one.customer, "") != ""]
        numbers = [_number(value) for _, value in known]
        counted = [n for n in numbers if n is not None]
        if len(counted) >= MOSTLY * len(known) and len(set(counted)) > MOST_VALUES:
            spreads.append(
                _spread(name, [(n, one.offered) for n, (one, _) in zip(numbers, known, strict=True) if n is not None])
            )
        for value, _ in Counter(value for _, value in known).most_common(MOST_VALUES):
            mine = [one for one, v in known if v == value]
            rest = [one for one, v in known if v != value]
            lines += _lines(name, value, mine, rest)
    return Report(customers=len(seen), lines=tuple(_corrected(lines)), spreads=tuple(spreads))


def _lines(name: str, value: str, mine: list[Seen], rest: list[Seen]) -> list[Line]:
    offered = [[float(o.offered) for o in group] for group in (mine, rest)]
    held = [[float(not o.offered) for o in group] for group in (mine, rest)]
    given = [[o.amount for o in group if o.amount > 0] for group in (mine, rest)]
    return [
        _compared(name, value, measure, *groups)
        for measure, groups in (("offers", offered), ("holds", held), ("amounts", given))
    ]


def _compared(name: str, value: str, measure: str, mine: list[float], rest: list[float]) -> Line:
    """Means against each other by Welch's test in its normal limit; for yes and no that is the test of two shares."""
    rate, others = _mean(mine), _mean(rest)
    enough = min(len(mine), len(rest)) >= LEAST_GROUP
    ratio = rate / others if others > 0 else None
    spread = math.sqrt(_variance(mine) / len(mine) + _variance(rest) / len(rest)) if enough else 0.0
    p = math.erfc(abs(rate - others) / spread / math.sqrt(2)) if spread > 0 else None
    if not enough:
        finding: Finding = "too few"
    elif p is None:
        finding = "even" if rate == others else "flag"
    else:
        finding = "flag" if (ratio is None or _far(ratio)) and p < SIGNIFICANT else "even"
    return Line(
        attribute=name,
        value=value,
        measure=measure,
        group=len(mine),
        others=len(rest),
        rate=rate,
        others_rate=others,
        ratio=ratio,
        p=p,
        finding=finding,
    )


def _corrected(lines: list[Line]) -> list[Line]:
    """Holm's correction over the questions asked: with many, some would look uneven by chance alone.

    Offers and holds ask the same, and so do the two values of a two-valued attribute.
    """
    smallest: dict[tuple[str, str, str], float] = {}
    for line in lines:
        if line.p is not None and line.finding != "too few":
            smallest[_question(line, lines)] = min(line.p, smallest.get(_question(line, lines), 1.0))
    worst, fixed = 0.0, {}
    for rank, (question, p) in enumerate(sorted(smallest.items(), key=lambda item: item[1])):
        worst = max(worst, min(1.0, p * (len(smallest) - rank)))
        fixed[question] = worst
    return [_with_p(line, fixed.get(_question(line, lines))) for line in lines]


def _question(line: Line, lines: list[Line]) -> tuple[str, str, str]:
    values = sorted({x.value for x in lines if x.attribute == line.attribute})
    measure = "amounts" if line.measure == "amounts" else "offers"
    return line.attribute, values[0] if len(values) == 2 else line.value, measure


def _with_p(line: Line, p: float | None) -> Line:
    if p is None or line.p is None or line.finding == "too few":
        return line
    return replace(line, p=p, finding="even" if line.finding == "flag" and p >= SIGNIFICANT else line.finding)


def _spread(name: str, pairs: list[tuple[float, bool]]) -> Spread:
    """Gini of the attribute, with the significance of the Mann-Whitney test (normal limit, ties averaged)."""
    offered = sum(1 for _, yes in pairs if yes)
    held = len(pairs) - offered
    if min(offered, held) < LEAST_GROUP:
        return Spread(attribute=name, group=len(pairs), gini=None, p=None, finding="too few")
    order = sorted(value for value, _ in pairs)
    first: dict[float, int] = {}
    count = Counter(order)
    for place, value in enumerate(order):
        first.setdefault(value, place)
    ranks = sum(first[value] + (count[value] + 1) / 2 for value, yes in pairs if yes)
    auc = (ranks - offered * (offered + 1) / 2) / (offered * held)
    sigma = math.sqrt((len(pairs) + 1) / (12 * offered * held))
    gini, p = abs(2 * auc - 1), math.erfc(abs(auc - 0.5) / sigma / math.sqrt(2))
    flag = gini > GREATEST_GINI and p < SIGNIFICANT
    return Spread(attribute=name, group=len(pairs), gini=gini, p=p, finding="flag" if flag else "even")


def _number(value: str) -> float | None:
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _far(ratio: float) -> bool:
    return ratio < LOW or ratio > HIGH


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _variance(values: list[float]) -> float:
    mean = _mean(values)
    return sum((v - mean) ** 2 for v in values) / (len(values) - 1)
